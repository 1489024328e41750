"""How the report of the primary customer is told: whom to serve first, who picks the shop, and what is not known."""

from collections.abc import Iterator

from openchair.chair.focus.customer.naming import called, phrase
from openchair.chair.focus.customer.views import Leading, Pick, PrimaryReport, Segment, Target
from openchair.core.blocks import Block, Cell, Column, Empty, Group, Link, Sentence, Table, Told
from openchair.core.estimate import Estimate, Unknown
from openchair.core.figures import chance, ends, interval
from openchair.core.words import plural

ABOUT = (
    "Every shop has one primary customer, also one with several sides. This page says who really buys, whether that is "
    "whom the shop means to be for, what those who come back have in common, and whom to serve first."
)
CAVEAT = "These things go with coming back; whether they bring it about only an experiment can tell."


def primary(view: PrimaryReport) -> Told:
    """The primary customer: who it is or should be, with what it rests on, segments, the target, who picks the shop."""
    if view.unknown:
        more = f", {plural(view.needed, 'more day is', 'more days are')} needed" if view.needed else ""
        nothing = Empty("Not enough is known yet", f"{ABOUT} So far {view.unknown}{more}.", "Import orders", "/imports")
        return Told("primary", "Who is this shop for?", (nothing,), view.currency, view.simulated)
    best = view.confirmed or (None if view.no_segments else view.recommendation)
    headline = f"Serve first: {called(best.name)}" if best else "Who is this shop for?"
    return Told("primary", headline, (*_blocks(view),), view.currency, view.simulated)


def _blocks(view: PrimaryReport) -> Iterator[Block]:
    if view.confirmed:
        said = f"Confirmed by {view.confirmed.by} on {view.confirmed.at.day} {view.confirmed.at:%B %Y}"
        yield Sentence(f"{said}: {view.confirmed.why}" if view.confirmed.why else f"{said}.", "lead")
    if view.changed:
        yield Sentence(view.changed, "warning")
    if view.no_segments:
        why = (
            f"Why there are no segments: {view.no_segments}. Where people live, what they speak and whom they buy for "
            "make kinds of customers: bring in what you know of them, or ask."
        )
        yield Empty("Buyers are of one kind so far", why, "Bring in customers", "/imports")
    elif best := view.recommendation:
        unsure = (
            () if best.sure else (Sentence("Another segment may be worth as much: the intervals overlap.", "note"),)
        )
        lines = tuple(Sentence(text) for text in (best.value, best.growth, best.dependency))
        yield Group(called(best.name), (*lines, *unsure), over="What the figures recommend")
    else:
        yield Empty("No recommendation yet", "The next turn of the wheel tells what customers are worth.")
    yield _segments(view)
    yield from _target(view.target)
    yield _picks(view)
    if len(view.sides) > 1:
        yield from _sides(view)
    for reason, facts in view.excluded:
        yield Sentence(f"Left out: {plural(facts, 'line', 'lines')} of orders, {reason}.", "note")


def _segments(view: PrimaryReport) -> Table:
    columns = (
        Column("Segment"), Column("Buyers", "count"), Column("Worth in 12 months", "money", drawn=True),
        Column("Of all worth", "share"), Column("Revenue against before", "change"), Column("Came back", "share"),
    )  # fmt: skip
    agreed = f" Found again in another half of the buyers: {view.agreement:.2f} of 1." if view.agreement else ""
    return Table(
        "Who really buys?",
        columns,
        tuple(_segment(one) for one in view.segments),
        note=f"Came back: bought again within 90 days of the first purchase.{agreed}",
    )


def _segment(one: Segment) -> tuple[Cell, ...]:
    apart = "; ".join(f"{phrase(m.feature, m.value)}: {m.share:.0%}, others {m.others:.0%}" for m in one.apart)
    return Link(called(one.name), note=apart), one.customers, one.worth, one.worth_share, one.moved, one.came_back


def _target(target: Target | None) -> Iterator[Block]:
    title = "Is that whom the shop means to be for?"
    if target is None:
        yield Empty(title, "Nobody has said yet whom the shop is for.", "Say whom", "#target")
        return
    meant = called("; ".join(f"{name}: {value}" for name, value in target.conditions.items()))
    said = [f"{target.declared_by} said on {target.declared_at.day} {target.declared_at:%B %Y}: for {meant}."]
    if isinstance(target.share, Estimate):
        said.append(f"They are {interval(target.share, 'share', '')} of the buyers of whom it is known.")
    else:
        said.append(f"Of too few buyers it is known whether they are ({target.share}).")
    if isinstance(target.lift, Estimate):
        said.append(
            f"They came back {target.lift.value:.2f} times as often as others ({ends(target.lift, 'number', '')})."
        )
    if target.revenue_share is not None:
        said.append(f"They brought {chance(target.revenue_share)} of the revenue.")
    yield Group(title, tuple(Sentence(text) for text in said))


def _picks(view: PrimaryReport) -> Table:
    sure = [one for one in view.picks if one.sure]
    rate = interval(view.came_back, "share", "") if isinstance(view.came_back, Estimate) else str(view.came_back)
    looked_at = (
        f"{plural(view.looked_at, 'thing was', 'things were')} looked at; of those shown, 1 in 20 is expected to be "
        f"chance. {CAVEAT}"
    )
    return Table(
        "Who picks you, and why?",
        (Column("What is known"), Column("Buyers", "count"), Column("Came back", "share"),
         Column("Times as often as others", "number", drawn=True)),
        tuple(_pick(one) for one in sure),
        note=f"Of all buyers, {rate} came back. {looked_at if sure else ''}".rstrip(),
        empty=f"Nothing stands out: of {plural(view.looked_at, 'thing', 'things')} looked at, none surely goes with "
        "coming back.",
    )  # fmt: skip


def _pick(one: Pick) -> tuple[Cell, ...]:
    return called(f"{one.name}: {one.value}"), one.customers, one.share, one.lift


def _sides(view: PrimaryReport) -> Iterator[Block]:
    columns = (Column("Side"), Column("People", "count"), Column("Of them bought", "count"),
               Column("New of late", "count"), Column("New before", "count"))  # fmt: skip
    rows = tuple((Link(s.name, note=s.because), s.people, s.buyers, s.new_after, s.new_before) for s in view.sides)
    yield Table("Which sides has the market?", columns, rows)
    led = (Column("By"), Column("Who moves first"), Column("Weeks behind", "number"), Column("Correlation", "number"))
    yield Table("Which side moves first?", led, tuple(_lead(one) for one in view.leading), note=view.caveat)


def _lead(one: Leading) -> tuple[Cell, ...]:
    known = not isinstance(one.strength, Unknown)
    told = one.verdict if known else f"{one.verdict}: {str(one.strength).partition(': ')[2]}"
    weeks, strength = (None if isinstance(number, Unknown) else number for number in (one.weeks, one.strength))
    return f"{one.first} and {one.second}, {one.by}", told, weeks, strength
