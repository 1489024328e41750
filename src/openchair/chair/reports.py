"""Reports: each is read into a frozen view, which JSON shows, and told in blocks, which people see, wherever they look.

Names and help texts weigh nothing: what tells a report is imported when it is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_type_hints

from openchair.core.clock import day_of
from openchair.core.errors import BadInput, NotFound

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.core.blocks import Told

MOST_DAYS = 3_660
DAYS = 90
"""The days that count where a report is asked for none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a report; each report takes some of these. None or empty: not asked."""

    by: str = ""
    days: int | None = None
    since: date | None = None
    start: date | None = None
    to: date | None = None
    as_of: str = ""
    side: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of reports: the field of Asked, what it is given as (str, int of days, date), and its help."""

    field: str
    kind: type
    about: str


OPTIONS: Mapping[str, Option] = {
    "by": Option("by", str, "What to break it down by: stage, worth, the name of a trait; a score also by product, "
                            "step, survey."),
    "days": Option("days", int, f"The days that count, 1 to {MOST_DAYS:,}; left out: {DAYS}."),
    "since": Option("since", date, "A day after which it may have changed."),
    "from": Option("start", date, "The first day of the later period; left out: a year back."),
    "to": Option("to", date, "Its last day; left out: the last day with an order. The days before are compared."),
    "as_of": Option("as_of", str, "A date or ISO 8601 time; facts from then on do not count. Left out: now."),
    "outcome": Option("outcome", str, "What is to be moved: nps, csat, retention, worth; left out: the first known."),
    "side": Option("side", str, "A side of the market, where the shop has several."),
}  # fmt: skip
"""By the name they have at the command line (with dashes), in the API and in a page's address."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report under its name: what it is about, the scope a key needs for it, the options that it takes.

    read: gives the view. told_by: where the function is that tells a view in blocks, as `module:name` within `chair`;
    the annotation of its argument is the view's type.
    """

    name: str
    title: str
    about: str
    scope: str
    takes: tuple[str, ...]
    read: Callable[["Chair", Asked], Any]
    told_by: str

    @property
    def tell(self) -> Callable[[Any], "Told"]:
        """The function that tells a view in blocks."""
        module, _, name = self.told_by.partition(":")
        found: Callable[[Any], Told] = getattr(import_module(f"openchair.chair.{module}"), name)
        return found

    @property
    def view(self) -> type:
        """What it is read into."""
        hints = get_type_hints(self.tell)
        found: type = next(hint for name, hint in hints.items() if name != "return")
        return found

    def asked(self, given: Mapping[str, object]) -> Asked:
        """Options by name, as a person or a program gave them. Raises BadInput for one that the report does not take.

        >>> REPORTS["growth"].asked({"from": "2026-07-01", "by": ""}).start
        datetime.date(2026, 7, 1)
        """
        found: dict[str, Any] = {}
        for name, value in given.items():
            if value in (None, ""):
                continue
            if name not in self.takes:
                bound = f"is not asked of the report {self.name}"
                remedy = f"It takes {', '.join(self.takes)}." if self.takes else "It takes no options."
                raise BadInput(name, value=value, bound=bound, remedy=remedy)
            option = OPTIONS[name]
            found[option.field] = _KINDS[option.kind](value) if isinstance(value, str) else value
        if found.get("days") is not None and not 1 <= found["days"] <= MOST_DAYS:
            raise BadInput("days", value=found["days"], bound=f"1 to {MOST_DAYS:,}", remedy="Give 90, say.")
        return Asked(**found)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInput("days", value=text, bound="a whole number", remedy="Give 90, say.") from None


_KINDS: Mapping[type, Callable[[str], object]] = {str: str, int: _whole, date: day_of}


def _scored(metric: str) -> Callable[["Chair", Asked], Any]:
    return lambda chair, asked: chair.scores.report(
        metric, days=asked.days or DAYS, by=asked.by, since=asked.since, as_of=asked.as_of
    )


_SCORE = ("days", "by", "since", "as_of")
_ALL = (
    Report("day", "Today", "what the last turn found and what to do", "read", (),
           lambda chair, asked: chair.today(), "daily:day"),
    Report("plan", "Plan and approvals", "what is planned for today, what waits for a yes, and the budgets", "read", (),
           lambda chair, asked: chair.planning.report(), "acting.planned:plan"),
    Report("nps", "Net Promoter Score", "whether customers would recommend us", "listening", _SCORE,
           _scored("nps"), "listening.scores.telling:score"),
    Report("csat", "Satisfaction", "how many customers are satisfied", "listening", _SCORE,
           _scored("csat"), "listening.scores.telling:score"),
    Report("ces", "Effort", "how easy customers find it", "listening", _SCORE,
           _scored("ces"), "listening.scores.telling:score"),
    Report("value", "Value", "what customers are worth, who spends, who sends, and who moves", "value", (),
           lambda chair, asked: chair.worth.report(), "value.valued:value"),
    Report("growth", "Growth", "why revenue changed, and what to move next", "value", ("from", "to", "by"),
           lambda chair, asked: chair.growth.report(since=asked.start, to=asked.to, by=asked.by),
           "value.telling:growth"),
    Report("audit", "Loyalty", "how much of loyalty is bought, from 1.0 to 3.0", "value", (),
           lambda chair, asked: chair.loyalty.report(), "value.telling:audit"),
    Report("journey", "Journey", "where customers are lost on their way, and what that costs", "listening", ("as_of",),
           lambda chair, asked: chair.journey.report(as_of=asked.as_of), "journey.telling:journey"),
    Report("primary", "Primary customer", "who picks the shop, and whom to serve first", "value", (),
           lambda chair, asked: chair.primary.report(), "focus.customer.telling:primary"),
    Report("opportunities", "Opportunities", "needs that matter and are not met, ranked", "listening", ("days",),
           lambda chair, asked: chair.opportunities.report(asked.days or 365),
           "focus.opportunities.telling:opportunities"),
    Report("learning", "Learning", "whether deciding pays, what moves whom, and what might be better", "value", (),
           lambda chair, asked: chair.learning.report(), "learning.telling:learning"),
    Report("focus", "Focus", "what matters to customers, what to excel at, where effort goes", "value", ("outcome",),
           lambda chair, asked: chair.focus.report(asked.outcome), "focus.drivers.telling:focus"),
)  # fmt: skip
REPORTS: Mapping[str, Report] = {one.name: one for one in _ALL}


def report_of(name: str) -> Report:
    """A report by its name. Raises NotFound."""
    if name not in REPORTS:
        raise NotFound("report", value=name, bound=f"one of {', '.join(REPORTS)}", remedy="Choose one of these.")
    return REPORTS[name]
