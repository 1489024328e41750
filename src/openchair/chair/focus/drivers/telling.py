"""How the report of focus is told: the map, effort now against effort wanted, what moves each outcome, in blocks."""

from collections.abc import Iterator

from openchair.chair.focus.customer.naming import called
from openchair.chair.focus.drivers.figures import DriverFigures, FocusReport, OutcomeFigures, Placed
from openchair.chair.focus.drivers.placed import share
from openchair.core.blocks import Block, Cell, Column, Dot, Empty, Group, Link, Scatter, Sentence, Table, Told, Unit
from openchair.core.estimate import Estimate
from openchair.core.figures import digits, interval
from openchair.core.words import listed, plural
from openchair.focus.placing import GOOD, TITLES

PATH = "/focus"
ABOUT = (
    "The focus map places whatever customers meet with by how much it matters to them and how well it is done: what to "
    "be excellent at, what to keep, what to leave mediocre on purpose, what to stop."
)


def focus(view: FocusReport) -> Told:
    """Focus: what to be excellent at, the map, where effort goes now and should, and what moves each outcome."""
    if not view.map:
        nothing = Empty("No driver is known yet", f"{ABOUT} {view.unknown.capitalize()}.", "Ask customers", "/surveys")
        rest = tuple(_outcome(one) for one in view.outcomes if one.drivers)
        return Told("focus", "What matters most to customers?", (nothing, *rest), view.currency, view.simulated)
    headline = (
        f"Be excellent at {listed([f'“{one}”' for one in view.watched])}"
        if view.watched
        else "Nothing is surely worth excelling at yet"
    )
    return Told("focus", headline, (*_blocks(view),), view.currency, view.simulated)


def _blocks(view: FocusReport) -> Iterator[Block]:
    outcome = next(one for one in view.outcomes if one.outcome == view.outcome)
    yield Sentence(_lead(outcome), "lead")
    yield from (Sentence(text, "warning") for text in view.misspent)
    if any(isinstance(one.performance, Estimate) for one in view.map):
        yield _plane(view)
    else:
        unseen = "How well each of these is done, only customers can say: ask them, and the map is drawn."
        yield Empty("How well is it done?", unseen, "Ask customers", "/surveys")
    yield Table(
        "What to be excellent at, and what not",
        (
            Column("Driver"), Column("Place"), Column("Importance", "share", drawn=True),
            Column("Performance", "share"), Column("Wanted effort", "share"),
        ),
        tuple(_row(one) for one in view.map),
        note="Importance is its part of what is explained. A place is given away only where the interval says so; "
        "whoever moves a driver says why.",
        ways=tuple(
            Link(one.title, f"{PATH}?outcome={one.outcome}", "shown" if one.outcome == view.outcome else "")
            for one in view.outcomes
            if one.drivers
        ),
    )  # fmt: skip
    yield _effort(view)
    if view.weights:
        told = listed([f"{pillar} {weight:g} times" for pillar, weight in sorted(view.weights.items())])
        yield Sentence(f"In decisions the gain of an action counts by the pillar it belongs to: {told}.")
    else:
        yield Sentence("Decisions do not follow the map yet: nobody has placed a driver.", "note")
    yield from (Sentence(text, "note") for text in (view.caveat, *view.notes))
    known = [one for one in view.outcomes if any(each.driver.important for each in one.drivers)]
    yield from map(_outcome, known)
    if unsure := [f"“{one.title}”" for one in view.outcomes if one.drivers and one not in known]:
        yield Sentence(f"Of nothing that customers met with is it known that it matters for {listed(unsure)}.", "note")


def _lead(outcome: OutcomeFigures) -> str:
    drivers = plural(len(outcome.drivers), "driver explains", "drivers explain")
    people = plural(outcome.n, "customer", "customers")
    explained = interval(outcome.r2, "share", "") if isinstance(outcome.r2, Estimate) else "nothing"
    whose = f" who are the primary customer, {called(outcome.primary)}," if outcome.primary else ""
    return f"{drivers} {explained} of how {people}{whose} differ in: {outcome.title}."


def _plane(view: FocusReport) -> Scatter:
    return Scatter(
        "What matters, and how well is it done?",
        "How well it is done",
        "How much it matters",
        tuple(Dot(one.title, one.performance, one.share, group=TITLES[one.place]) for one in view.map),
        "share",
        "share",
        GOOD,
        1 / len(view.map),
        ("mediocre on purpose", "stop", "excel", "keep"),
        note="What stands in a corner without being sure to is kept.",
    )


def _row(one: Placed) -> tuple[Cell, ...]:
    who = f"{one.moved_by}: {one.why}" if one.moved_by else one.because
    rank = f"rank {one.rank.low:.0f} to {one.rank.high:.0f}"
    proven = "proven by an experiment" if one.proven else ""
    known = one.performance if isinstance(one.performance, Estimate) else None
    stated = f"stated importance {digits(one.stated)}" if one.stated is not None else ""
    note = "; ".join(filter(None, (who, rank, one.shape, stated, proven)))
    return Link(one.title, note=note), TITLES[one.place], one.share, known, one.wanted_share


def _effort(view: FocusReport) -> Table:
    kinds: tuple[tuple[str, str, Unit], ...] = (
        ("hours", "Hours", "number"),
        ("money_minor", "Money", "money"),
        ("contacts", "Contacts", "count"),
    )
    shown = [kind for kind in kinds if getattr(view.totals, kind[0]) is not None]
    columns = [Column("Driver")]
    for _, title, unit in shown:
        columns += [Column(f"{title} now", unit), Column(f"{title} wanted", unit)]
    rows = [
        (one.title, *(getattr(side, kind) for kind, *_ in shown for side in (one.now, one.wanted))) for one in view.map
    ]
    whole = [(sum(getattr(one.now, kind) or 0.0 for one in view.map), getattr(view.totals, kind)) for kind, *_ in shown]
    return Table(
        "Effort in a week, now and wanted",
        tuple(columns),
        tuple(rows) if shown else (),
        note="Contacts, and their cost, are those of the last four weeks, by the pillar that serves a driver.",
        total=("all", *(amount for both in whole for amount in both)) if shown else (),
        empty="Say what there is to spend in a week, and it is shared out by place and importance.",
    )


def _outcome(one: OutcomeFigures) -> Group:
    """What moves an outcome: the drivers that surely do, each with its intervals."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Link(each.title, note=each.driver.shape), share(each, one.r2), each.driver.goes_with, *_both_ends(each))
        for each in one.drivers
        if each.driver.important
    )
    columns = (
        Column("Driver"), Column("Importance", "share", drawn=True), Column("Correlation", "number"),
        Column("A point more, where bad", "number"), Column("Where good", "number"),
    )  # fmt: skip
    nothing = "Of nothing that customers met with is it known that it matters here." if one.drivers else str(one.r2)
    table = Table("What goes with it for sure", columns, rows, empty=nothing.capitalize())
    stated = f" What people say matters agrees with it at {digits(one.agreement)}, by rank." if one.agreement else ""
    lead = (Sentence(_lead(one) + stated),) if one.drivers else ()
    return Group(one.title, (*lead, table), "what moves")


def _both_ends(one: DriverFigures) -> tuple[Cell, Cell]:
    """What a unit of it is worth where it is bad, and where it is good; nothing where too few are either."""
    hurts, delights = (each if isinstance(each, Estimate) else None for each in (one.driver.hurts, one.driver.delights))
    return hurts, delights
