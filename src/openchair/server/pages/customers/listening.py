"""Listening: the score with its interval, what customers speak of, need and hope for, and who waits for an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from openchair.chair.chair import Chair
from openchair.chair.listening.views import Change, Heard, ScoreReport, Theme
from openchair.chair.listening.voices.figuring import since_when
from openchair.chair.reports import REPORTS, Asked
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate
from openchair.server.pages.drawing.bars import Scale, scale_of
from openchair.server.pages.drawing.charts import spark_of, trend_of
from openchair.server.pages.page import Form, Page, Visit

DAYS = 90
SHOWN = 12
"""Themes shown at first."""
READINGS = ("pain", "need", "want", "aspiration", "praise", "other")
PARTS = ("stage", "worth", "language", "product")
"""By what the score may be taken apart on the page; the API and the command line take any trait."""
METRICS: Mapping[str, tuple[str, str]] = {
    "nps": ("Net Promoter Score", "points"),
    "csat": ("Satisfied customers", "percent"),
    "ces": ("Ease, from 1 to 7", "points of seven"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence about change, and whether it is one to act on."""

    text: str
    sure: bool


def headline(report: ScoreReport, heard: Heard) -> str:
    """The one sentence that the page begins with."""
    loudest = heard.themes[0].name if heard.themes else ""
    if report.value is None:
        return f"Customers speak most of “{loudest}”" if loudest else "Nobody has been heard yet"
    score = f"Customers score us {report.value:.0f}"
    return f"{score}, and speak most of “{loudest}”" if loudest else score


def told(change: Change | None, unit: str = "points") -> Verdict | None:
    """What a test of change says, in words; None where there is no test yet.

    >>> from datetime import date
    >>> known = Estimate(4.0, -3.0, 11.0, 200)
    >>> told(Change(date(2026, 11, 1), known, known, known, changed=False)).text
    'Since 1 November: up 4 (−3 to +11); this could be chance.'
    """
    if change is None or not isinstance(change.difference, Estimate):
        return None
    moved = change.difference
    way = "up" if moved.value >= 0 else "down"
    ends = " to ".join(f"{end:+.0f}".replace("-", "−") for end in (moved.low, moved.high))
    sure = "this is more than chance" if change.changed else "this could be chance"
    since = f"Since {change.since.day} {change.since:%B}"
    return Verdict(f"{since}: {way} {abs(moved.value):.0f} ({ends}); {sure}.", change.changed)


def _score(chair: Chair, metric: str, by: str = "", since: date | None = None) -> ScoreReport:
    found: ScoreReport = chair.shelf.read(chair, REPORTS[metric], Asked(days=DAYS, by=by, since=since))
    return found


def _listening(at: Visit) -> Response:
    chair, since = at.chair, since_when(at.house.day)
    by = at.asked("by") if at.asked("by") in PARTS else PARTS[0]
    try:
        report = _score(chair, "nps", by, since)
    except BadInput:  # nobody has that trait yet
        report = _score(chair, "nps", PARTS[0], since)
    weekly = sum(point.value is not None for point in report.trend) > len(report.trend) / 2
    heard = chair.voices.heard(days=DAYS)
    return at.draw(
        "listening.html", headline=headline(report, heard), report=report,
        others=[_score(chair, metric) for metric in METRICS if metric != "nps"], metrics=METRICS,
        chart=trend_of(report.trend if weekly else report.daily), weekly=weekly, shares=parts_of(report), heard=heard,
        themes=heard.themes if "all" in at.request.query_params else heard.themes[:SHOWN], scale=Scale(-100.0, 100.0),
        most=max((share_of(theme) for theme in heard.themes), default=0.0) or 1.0,
        stakes=scale_of(theme.at_stake for theme in heard.themes), by=report.by, by_all=PARTS,
        figures=chair.cases.figures(), waiting=chair.cases.waiting(limit=5), told=told, spark_of=spark_of,
    )  # fmt: skip


def _theme(at: Visit) -> Response:
    found = at.chair.voices.theme(at.key("theme_id"), days=DAYS)
    return at.draw("theme.html", theme=found, chart=trend_of(found.trend), told=told, readings=READINGS)


def _correct(at: Visit) -> None:
    place = int(at.key("place"))
    at.chair.voices.correct(at.key("fact_id"), place, reading=at.said("reading"), by=at.by)


def share_of(theme: Theme) -> float:
    """The upper end of a theme's share of customers, for a scale that all themes share."""
    return theme.share.high if isinstance(theme.share, Estimate) else 0.0


def parts_of(report: ScoreReport) -> list[tuple[str, int, float]]:
    """Promoters, passives and detractors with their shares of a hundred."""
    total = report.promoters + report.passives + report.detractors
    named = (("promoters", report.promoters), ("passives", report.passives), ("detractors", report.detractors))
    return [(name, n, 100 * n / total if total else 0.0) for name, n in named]


PAGES = (
    Page("/listening", _listening, (Form("readings/{fact_id}/{place:int}", _correct, raises=True),)),
    Page(
        "/listening/themes/{theme_id}",
        _theme,
        (Form("name", lambda at: at.chair.voices.rename(at.key("theme_id"), at.said("name"), by=at.by)),),
    ),
)
