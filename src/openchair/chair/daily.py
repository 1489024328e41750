"""The day: the page an owner reads first, in ten seconds: what was found, what waits, what went out, whom to call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from openchair.chair import tell, views
from openchair.chair.views import Customer, Decision, Finding, Lens, TimelineEntry
from openchair.chair.wheel.limits import monday
from openchair.core.blocks import Block, Column, Empty, Figure, Group, Link, Quote, Sentence, Table, Told, Unit
from openchair.core.estimate import Estimate, Unknown
from openchair.core.words import listed, plural
from openchair.dossier.attention import WEIGHTS

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

BY_HAND = 1_000
"""Decisions to be done by hand that are counted at most."""
WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class OnTheTable:
    """What waits for somebody, and what became of what went out in the last seven days."""

    approvals: int = 0
    """Decisions that wait for a yes."""
    by_hand: int = 0
    """Approved decisions that nothing carries out but the team."""
    cases: int = 0
    """Unhappy customers who are owed an answer, and of them those whose time is over."""
    overdue: int = 0
    calls: int = 0
    """Customers on this week's call lists who were not called yet."""
    became: Mapping[str, int] = field(default_factory=dict)
    """Of the last seven days' decisions to do something, how many have each status."""


@dataclass(frozen=True, slots=True)
class Today:
    """The first page of the day."""

    day: date
    as_of: datetime | None
    """The moment of the last turn; None before the first."""
    shop: str
    currency: str
    simulated: bool
    lenses: tuple[Lens, ...]
    """Two or three figures; the first is the Net Promoter Score, with a None value while unknown."""
    customers: int
    arrived: Mapping[str, int]
    """Facts by kind since the turn before."""
    decisions: tuple[Decision, ...]
    waiting: int
    """Decisions beyond the list, and decisions to wait."""
    findings: tuple[Finding, ...]
    voice: TimelineEntry | None
    """Whoever sits in the empty chair today, in their own words."""
    voice_customer: Customer | None
    table: OnTheTable


def today(chair: "Chair", last: views.TurnReport | None, limit: int) -> Today:
    """The first page of the day, from the last turn; before the first it says so by `as_of` None."""
    state, day = chair.state, last.day if last else date.min
    rows, _ = state.decisions(day=day, acting=True, limit=limit) if last else ([], False)
    chosen = tuple(tell.decision(chair, row) for row in rows)
    voice_of = state.customer(last.voice_of) if last and last.voice_of else None
    return Today(
        day=day,
        as_of=last.as_of if last else None,
        shop=chair.settings.name,
        currency=chair.currency,
        simulated=chair.simulated,
        lenses=last.lenses if last else (),
        customers=last.customers if last else 0,
        arrived=last.arrived if last else {},
        decisions=chosen,
        waiting=last.customers - len(chosen) if last else 0,
        findings=last.findings if last else (),
        voice=last.voice if last and voice_of else None,
        voice_customer=tell.customer(voice_of) if voice_of else None,
        table=_table(chair, last.day) if last else OnTheTable(),
    )


def _table(chair: "Chair", day: date) -> OnTheTable:
    state, now = chair.state, chair.now_or_last()
    hand = [name for name in WEIGHTS if name not in chair.channels]
    open_ = [row["due_at"] for row in state.case_times(now) if row["decided_at"] is None]
    became = state.became(day - WEEK, day)
    return OnTheTable(
        approvals=sum(row["n"] for row in state.tallies(day).to_pylist() if row["status"] == "proposed"),
        by_hand=sum(one.kind == "decision" for one in state.due(chair.clock(), hand, BY_HAND)),
        cases=len(open_),
        overdue=sum(due < now for due in open_),
        calls=sum(not row["status"] for row in state.calls(monday(now.astimezone(chair.moment().zone).date()))),
        became={status: n for status, n in became.items() if status != "proposed"},
    )


def waits(table: OnTheTable) -> Iterator[Link]:
    """What waits for somebody, each with where it is answered."""
    for n, one, many, href in (
        (table.approvals, "decision waits for a yes", "decisions wait for a yes", "/plan"),
        (
            table.by_hand,
            "approved thing is to be done by hand",
            "approved things are to be done by hand",
            "/plan#by-hand",
        ),
        (table.cases, "unhappy customer is owed an answer", "unhappy customers are owed an answer", "/cases"),
        (table.calls, "customer to call this week", "customers to call this week", "/calls"),
    ):
        if n:
            late = f"{table.overdue:,} overdue" if href == "/cases" and table.overdue else ""
            yield Link(plural(n, one, many), href, late)


def became(table: OnTheTable) -> str:
    """What became of the last seven days' decisions, in one sentence; empty where nothing was answered.

    >>> became(OnTheTable(became={"approved": 2, "delivered": 9, "opened": 3, "failed": 1, "dismissed": 4}))
    'In the last seven days 15 went out or are on their way: 3 opened and 1 could not be sent; 4 were let be.'
    """
    had = table.became
    gone = sum(had.get(status, 0) for status in (*_GONE, "failed", "vetoed"))
    if not gone + had.get("dismissed", 0):
        return ""
    told = [f"{had[status]:,} {word}" for status, word in _BECAME.items() if had.get(status)]
    sent = f"{gone:,} went out or {'is on its' if gone == 1 else 'are on their'} way" if gone else "nothing went out"
    rest = f"; {had['dismissed']:,} {'was' if had['dismissed'] == 1 else 'were'} let be" if had.get("dismissed") else ""
    return f"In the last seven days {sent}{': ' + listed(told) if told else ''}{rest}."


_GONE = ("approved", "sent", "delivered", "opened", "clicked", "answered")
_BECAME: Mapping[str, str] = {
    "opened": "opened", "clicked": "followed", "answered": "answered", "vetoed": "vetoed by the customer",
    "failed": "could not be sent",
}  # fmt: skip


def day(view: Today) -> Told:
    """The day: its figures, what the turn found, what to do, and who sits in the empty chair."""
    if view.as_of is None:
        nothing = Empty("Nothing is known yet", "Import orders, then turn the wheel.", "Import orders", "/imports")
        return Told("day", "The wheel has not turned yet", (nothing,), view.currency, view.simulated)
    figures = tuple(map(_figure, view.lenses))
    found = tuple(Sentence(f"{one.text} {one.note}".rstrip()) for one in view.findings)
    rows = tuple((one, one.note) for one in waits(view.table))
    table: tuple[Block, ...] = (Table("On the table", (Column("What"), Column("Besides")), rows),) if rows else ()
    if said := became(view.table):
        table = (*table, Sentence(said))
    todo = Table(
        f"What to do, best first ({len(view.decisions)})",
        (Column("Customer"), Column("What"), Column("Why"), Column("Gain in 12 months", "money", drawn=True)),
        tuple(
            (Link(one.customer, f"/customers/{one.customer_id}"), one.title, " ".join(one.reasons), one.gain)
            for one in view.decisions
        ),
        empty="Today there is nothing to do.",
    )
    chair: tuple[Block, ...] = ()
    if view.voice and view.voice_customer:
        who = view.voice_customer
        chair = (Group("In the empty chair", (Quote(view.voice.detail, who.name, f"/customers/{who.customer_id}"),)),)
    headline = f"{view.shop}, {view.day.day} {view.day:%B %Y}"
    return Told("day", headline, (*figures, *table, *found, todo, *chair), view.currency, view.simulated)


def _figure(lens: Lens) -> Figure:
    unit = cast(Unit, lens.unit)
    if lens.value is None:
        return Figure(lens.title, Unknown(lens.note.removeprefix("not enough data yet: ")), unit)
    counted = lens.low is None or lens.high is None
    value = lens.value if counted else Estimate(lens.value, lens.low or 0.0, lens.high or 0.0, n=0)
    return Figure(lens.title, value, unit, lens.note)
