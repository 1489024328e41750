"""How value is told: all together, who spends and who sends, who moves, and whether what was foretold came."""

from collections.abc import Iterator, Sequence

from openchair.chair.value.reports import Cell, Mover, Valued, ValueReport
from openchair.core.blocks import (
    Block,
    Column,
    Dot,
    Empty,
    Figure,
    Group,
    Line,
    Lines,
    Link,
    Scatter,
    Sentence,
    Table,
    Told,
)
from openchair.core.blocks import Cell as Shown
from openchair.core.estimate import Estimate, Unknown
from openchair.core.figures import chance
from openchair.core.money import show
from openchair.core.words import count, listed, plural
from openchair.value.worth import HELD_OUT_DAYS

QUADRANTS = {
    "champion": ("Champions", "spend and send more than the middle customer"),
    "affluent": ("Affluents", "spend more and send less"),
    "advocate": ("Advocates", "send more and spend less"),
    "miser": ("Misers", "spend and send less"),
}
"""Each quadrant's name and what its customers do."""
MODELS = {
    "bg/nbd": ("BG/NBD", "may leave after any purchase but the first"),
    "mbg/nbd": ("MBG/NBD", "may leave after any purchase"),
    "pareto/nbd": ("Pareto/NBD", "may leave at any time"),
    "nbd": ("NBD", "never leave"),
}
"""Each model of buying as its authors call it, and what it takes customers to do."""
CORNERS = ("miser", "affluent", "advocate", "champion")


def value(view: ValueReport) -> Told:
    """Value: everybody's together, the plane of spending and sending, movers, calibration and the choice of model."""
    if view.day is None or not view.customers:
        about = "Value says what each customer will spend and whom they will send, and who they are by that."
        more = f" {plural(view.needed, 'more is', 'more are')} needed." if view.needed else ""
        why = f"{about} Not yet: {view.unknown}.{more}"
        nothing = Empty("Not enough is known yet", why, "Import orders", "/imports")
        return Told("value", "What are customers worth?", (nothing,), view.currency, view.simulated)
    year = next(iter(view.totals.values()), Unknown(""))
    headline = "What are customers worth?"
    if isinstance(year, Estimate):
        headline = f"Customers are worth {show(year.value, view.currency)} over the next 12 months"
    kept = "all of it" if view.margin == 1 else f"{chance(view.margin)} of it, the margin"
    lead = (
        f"What {plural(view.customers, 'customer', 'customers')} who bought will spend, {kept}, in money of "
        f"{view.day.day} {view.day:%B %Y}, what is later discounted by {chance(view.yearly_rate)} a year."
    )
    blocks = (Sentence(lead, "lead"), *_figures(view), *_plane(view), *_turning(view), *_moved(view), *_foretold(view))
    return Told("value", headline, blocks, view.currency, view.simulated)


def _figures(view: ValueReport) -> Iterator[Block]:
    for name, number in view.totals.items():
        yield Figure(f"As spenders, {name}", number, "money")
    if view.sender_total_minor is not None:
        sent = view.sender_total_minor
        yield Figure("As senders, 12 months", sent, "money", "friends yet to come, who are nobody’s customers yet")


def _plane(view: ValueReport) -> Iterator[Block]:
    if not view.quadrants:
        why = "Who sends is not known yet: too few customers were brought by others."
        yield Sentence(
            f"{why} Codes that customers hand on, and asking newcomers who told them, make it known.", "note"
        )
        yield _table("Who is worth most?", view.top, "There is nobody yet.")
        return
    size = {one.name: one.likeliest for one in view.quadrants}
    corners = tuple(f"{QUADRANTS[name][0]}: {count(size[name])}" for name in CORNERS)
    yield Scatter(
        "Who spends, who sends?",
        "Worth as spender",
        "Worth as sender",
        (*(_crowd(cell, view.currency) for cell in view.cells), *map(_person, view.top)),
        "money",
        "money",
        view.middle.get("spender"),
        view.middle.get("sender"),
        (corners[0], corners[1], corners[2], corners[3]),
        f"Every customer is in it: those who are alike as one dot, the larger the more they are, and the "
        f"{len(view.top)} worth most each by themselves. The dashed lines are the middle customer’s.",
    )
    columns = (
        Column("Quadrant"), Column("Most likely", "count"), Column("To be expected", "count", drawn=True),
        Column("Mean chance", "share"), Column("Worth together", "money"),
    )  # fmt: skip
    yield Table(
        "Who are they?",
        columns,
        tuple(
            (Link(QUADRANTS[one.name][0], note=QUADRANTS[one.name][1]), one.likeliest, one.expected, one.chance,
             one.worth_minor)
            for one in view.quadrants
        ),
        note="Nobody’s side of the middle is sure. The first figure puts everybody where they most likely are, with "
        "the mean chance of being right; the second adds up everybody’s chances.",
    )  # fmt: skip


def _crowd(cell: Cell, currency: str) -> Dot:
    x, y = cell.spender_minor, cell.sender_minor
    people = plural(cell.customers, "customer", "customers")
    name = f"{people}, about {show(x, currency)} and {show(y, currency)}"
    return Dot(name, x, y, cell.customers, "customers alike")


def _person(one: Valued) -> Dot:
    return Dot(one.name, one.spender, one.sender, 1.0, "those worth most", _dossier(one.customer_id))


def _dossier(customer_id: str) -> str:
    return f"/customers/{customer_id}"


def _turning(view: ValueReport) -> Iterator[Block]:
    if view.quadrants:
        yield _table("Who is about to change?", view.turning, "It is clear of everybody where they belong.")


def _table(title: str, some: Sequence[Valued], empty: str) -> Table:
    """Customers one a row; of their sending, where anything is known of it."""
    sending = any(one.quadrant for one in some)
    between = (
        Column("Most likely"), Column("Chance", "share"), Column("Near even"), Column("As sender", "money"),
    )  # fmt: skip
    columns = (Column("Customer"), *(between if sending else ()), Column("As spender", "money", drawn=True))
    return Table(title, columns, tuple(_placed(one, sending) for one in some), empty=empty)


def _placed(one: Valued, sending: bool) -> tuple[Shown, ...]:
    placed = (one.quadrant, one.chance, one.even or None) if one.quadrant else (None, None, None)
    return Link(one.name, _dossier(one.customer_id)), *((*placed, one.sender) if sending else ()), one.spender


def _moved(view: ValueReport) -> Iterator[Block]:
    if view.since is None:
        yield Sentence("Whose worth moved is known once a later turn can be held against an earlier one.", "note")
        return
    rose = _movers("Rose most", view.risen, "Nobody’s worth rose.")
    fell = _movers("Fell most", view.fallen, "Nobody’s worth fell.")
    yield Group(f"Who moved since {view.since.day} {view.since:%B %Y}?", (rose, fell))


def _movers(title: str, some: Sequence[Mover], empty: str) -> Table:
    columns = (
        Column("Customer"), Column("Last order"), Column("Then", "money"), Column("Now", "money"),
        Column("Change", "change", drawn=True),
    )  # fmt: skip
    rows = tuple(
        (
            Link(one.name, _dossier(one.customer_id)), one.last_on, one.before_minor,
            one.worth.value if isinstance(one.worth, Estimate) else None,
            one.worth.value - one.before_minor if isinstance(one.worth, Estimate) else None,
        )
        for one in some
    )  # fmt: skip
    return Table(title, columns, rows, empty=empty)


def _model(name: str) -> Link:
    """A model by its name, with what sets it apart.

    >>> _model("mbg/nbd-3")
    Link(text='MBG/NBD, k = 3', href='', note='may leave after any purchase, and buy 3 times as regularly as chance')
    """
    kind, regular, k = name.partition("-")
    known, does = MODELS[kind]
    return (
        Link(f"{known}, k = {k}", note=f"{does}, and buy {k} times as regularly as chance")
        if regular
        else Link(known, note=does)
    )


def _foretold(view: ValueReport) -> Iterator[Block]:
    if view.calibration:
        came = [one.came for one in view.calibration]
        yield Lines(
            "Did what was foretold come?",
            (*(str(k) for k in range(1, len(came))), "most foretold"),
            (
                Line(
                    "came, with its interval",
                    tuple(one.value for one in came),
                    tuple(one.low for one in came),
                    tuple(one.high for one in came),
                ),
                Line("foretold", tuple(one.foretold for one in view.calibration)),
            ),
            note=f"Purchases a customer made in {HELD_OUT_DAYS} days that the model did not know, by tenths of "
            "customers: from whom least was foretold to whom most.",
            x_title="Tenth",
        )
    if view.chosen:
        columns = (Column("Model"), Column("Behind the best", "number"), Column("Standard error", "number"))
        rows = tuple((_model(one.model), one.behind, one.error) for one in view.tried)
        said = " ".join(filter(None, (view.chosen, view.segmented)))
        models = Table("Which model of buying?", columns, rows, said, empty=said)
        kinds = (Column("Segment"), Column("Customers", "count"), Column("Model"), Column("Why"))
        parts = tuple((one.name, one.customers, _model(one.model), one.chosen) for one in view.segments)
        each = (Table("A model for each segment", kinds, parts),) if parts else ()
        yield Group("How buying is foretold", (models, *each), folded=True)
    if view.subscriptions:
        found = view.subscriptions
        why = listed([f"{count(one.facts)} {one.reason}" for one in found.left_out])
        many = plural(int(found.subscriptions), "subscription", "subscriptions")
        yield Sentence(
            f"Of {many} {count(found.running)} are paid for now and in the figures above, beside what their customers"
            f" buy otherwise{why and '; left out: ' + why}."
        )
