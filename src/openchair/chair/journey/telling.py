"""How the report of journeys is told: the map, what hurts most with customers' own words, what delights, the rest."""

from collections.abc import Sequence

from openchair.chair.journey.views import Example, JourneyReport, Pain, StepFigures
from openchair.core.blocks import (
    Block,
    Cell,
    Column,
    Empty,
    Figure,
    Flow,
    Group,
    Line,
    Lines,
    Link,
    Sentence,
    Stop,
    Table,
    Told,
    Way,
)  # fmt: skip
from openchair.core.estimate import Estimate
from openchair.core.figures import cell, chance
from openchair.core.words import count, listed, plural
from openchair.journey.cutting import MOMENTS
from openchair.journey.timing import WITHIN

PATH = "/journey"
STOPS, WAYS = 16, 28
"""Steps and ways that the map draws, the busiest."""
TOLD = 3
"""Pain points told at length; those at places of the table beyond are told in a row."""
HOWS = {
    "quick": "it came as quickly as in its best tenth",
    "easy": "nothing had to be done twice",
    "glad": "they said something good",
}
"""How a step went that went well, in an owner's words."""


def journey(view: JourneyReport) -> Told:
    """The journey: how needs went, the map, pain points, chances to delight, steps, paths and rounds."""
    if view.unknown or view.since is None or view.to is None:
        about = (
            "The journey follows each need of your customers from when they notice it, through what they ask for and "
            "receive, until they come back; and says which step loses whom, and what that costs. It reads steps sent "
            "by your shop, orders, returns, messages, and what customers did about yours."
        )
        return Told("journey", "Where does it hurt?", (_empty(about),), view.currency, view.simulated)
    worst = view.pains[0] if view.pains else None
    met = f" Of those that are over, {chance(view.met.value)} were met." if isinstance(view.met, Estimate) else ""
    lead = f"{plural(view.customers, 'customer', 'customers')} had {plural(view.needs, 'need', 'needs')}.{met}"
    blocks: list[Block] = [Sentence(lead, "lead"), *_unplaced(view), _map(view), *_unseen(view)]
    blocks += [*(_hurt(pain, view) for pain in view.pains[:1]), *_pains(view)]
    blocks += [_hurt(pain, view, folded=True) for pain in view.pains[1:TOLD]]
    drawn, rounds = _rounds(view)
    blocks += [*_standing(view), *_delights(view), *drawn]
    blocks += [Group("Every step, and every way", (_steps(view), _paths(view), *rounds), folded=True), *_left_out(view)]
    headline = f"{worst.step} loses the most" if worst else "No step surely loses more than it should"
    return Told("journey", headline, tuple(blocks), view.currency, view.simulated)


def lost(step: str, those: Sequence[Example], currency: str, simulated: bool) -> Told:
    """The customers lost at a step, those with words first."""
    return Told("lost", f"Who was lost at {step}?", (_lost(those, ""),), currency, simulated)


def _lost(those: Sequence[Example], title: str) -> Table:
    rows = tuple(
        (
            Link(one.name or one.customer_id, f"/customers/{one.customer_id}"), one.lost_at.date(), one.words or None,
            f"{one.met} of {one.needs}", one.contacts, _sooner(one),
        )
        for one in those
    )  # fmt: skip
    columns = (
        Column("Who"), Column("When"), Column("What they said"), Column("Met"),
        Column("Asked help", "count"), Column("First → latest"),
    )  # fmt: skip
    return Table(title or "The latest", columns, rows, empty="Nobody was lost here.")


def _sooner(one: Example) -> str | None:
    """How long a customer's first round took, and the latest."""
    if one.first_days is None:
        return None
    return f"{lasting(one.first_days)} → {lasting(one.latest_days)}"


def address(step: str) -> str:
    """Where the customers lost at a step are listed.

    >>> address("Box Delivered")
    '/journey/lost?step=Box%20Delivered'
    """
    quoted = "".join(c if c.isascii() and c.isalnum() else "".join(f"%{b:02X}" for b in c.encode()) for c in step)
    return f"{PATH}/lost?step={quoted}"


def lasting(days: float | None) -> str | None:
    """A length of time as people say it.

    >>> lasting(0.0026), lasting(0.3), lasting(12.4), lasting(0.0), lasting(None)
    ('4 minutes', '7 hours', '12 days', 'at once', None)
    """
    if days is None:
        return None
    if not days:
        return "at once"
    units = ((1.0, "day", "days"), (1 / 24, "hour", "hours"), (1 / 1440, "minute", "minutes"))
    size, one, many = next((unit for unit in units if days >= unit[0]), (1 / 86400, "second", "seconds"))
    return plural(round(days / size), one, many)


def _empty(about: str) -> Block:
    return Empty("No steps yet", about, "Bring in files", "/imports")


def _unplaced(view: JourneyReport) -> list[Block]:
    """Names that tell no moment, to be looked at by a person."""
    dark = [one.step for one in view.mapping if one.said_by == "place"]
    if not dark:
        return []
    shown = listed([*dark[:5], *([f"{count(len(dark) - 5)} more"] if dark[5:] else [])])
    tell = "name tells" if len(dark) == 1 else "names tell"
    said = f"{plural(len(dark), tell, tell)} no moment and {'was' if len(dark) == 1 else 'were'} placed by where"
    return [Sentence(f"{said} in journeys they occur: {shown}. Please look at them below.", "note")]


def _unseen(view: JourneyReport) -> list[Block]:
    """What to do where most moments are dark."""
    dark = [moment for moment in MOMENTS if moment not in {one.moment for one in view.figures}]
    if len(dark) < 2:
        return []
    why = (
        f"Nothing is seen of how customers {listed(dark)}. Send what your shop, your help desk and your parcels know, "
        "step by step, and this page says which of them loses whom."
    )
    return [Empty("Most of the journey is dark", why, "Bring in steps", "/imports")]


def _pained(view: JourneyReport) -> dict[str, float]:
    """The share of all that is at stake, or of needs lost where no money is known, of each pain point."""
    stakes = {one.step: one.stake.value for one in view.pains if isinstance(one.stake, Estimate)} or {
        one.step: one.entrants * one.excess.value for one in view.pains if isinstance(one.excess, Estimate)
    }
    whole = sum(stakes.values())
    return {step: stake / whole for step, stake in stakes.items()} if whole > 0 else {}


def _map(view: JourneyReport) -> Flow:
    pained, shown = _pained(view), sorted(view.figures, key=lambda one: -one.entrants)[:STOPS]
    shown = [one for one in view.figures if one in shown]
    places = {one.step: k for k, one in enumerate(shown)}
    between = [way for way in view.ways if way.start in places and way.end in places][:WAYS]

    since, to = (cell(day, "text", "") for day in (view.since, view.to))

    def hurts(step: StepFigures) -> float | None:
        return pained.get(step.step, 0.0) if isinstance(step.excess, Estimate) else None

    return Flow(
        "From a need to the next",
        tuple(moment.capitalize() for moment in MOMENTS),
        tuple(
            Stop(one.step, MOMENTS.index(one.moment), one.entrants, hurts(one), address(one.step)) for one in shown
        ),
        tuple(
            Way(places[way.start], places[way.end], way.times, hurts(shown[places[way.end]])) for way in between
        ),
        note=f"Counted in needs and times, {since} to {to}. Colour and ▲ say how much of all that is at "
        "stake is lost at the step a way leads to.",
    )  # fmt: skip


def _against(pain: Pain) -> str:
    if pain.compared_with:
        return f"than {pain.compared_with}, which of its moment surely loses least"
    return "than needs that were met without it"


def _hurt(pain: Pain, view: JourneyReport, *, folded: bool = False) -> Group:
    """A pain point at length: what is at stake, what to try, who was lost, and what became of it."""
    blocks: list[Block] = [
        Figure("At stake", pain.stake, "money", f"what {count(pain.entrants)} needs would have brought"),
        Figure("Lost more often", pain.excess, "share", _against(pain)),
        Figure("The worst of all", pain.p_worst, "share", "the chance of it"),
        Sentence(pain.action),
    ]
    if pain.tackled:
        done = pain.tackled
        said = f"{done.what} ({done.by}, {done.on})"
        blocks.append(Sentence(f"Tackled: {said}."))
        blocks.append(Figure("Lost since, against before", done.change, "share", "below 0 is better"))
    pair = [one for one in view.figures if one.step in (pain.step, pain.compared_with)]
    if len(pair) == 2:
        lines = tuple(Line(one.step, one.within) for one in sorted(pair, key=lambda one: one.step != pain.step))
        blocks.append(Lines("How soon do they go on?", tuple(WITHIN), lines, "share"))
    if pain.examples:
        blocks.append(_lost(pain.examples, "Lost here lately"))
    title = f"Who is lost at {pain.step}" if folded else pain.step
    return Group(title, tuple(blocks), over="Where it hurts most", folded=folded)


def _pains(view: JourneyReport) -> list[Block]:
    if not view.pains:
        return []
    columns = (
        Column("Step"), Column("Needs", "count"), Column("Lost more often", "share"), Column("Worth each", "money"),
        Column("At stake", "money", drawn=True), Column("Worst of all", "share"),
    )  # fmt: skip
    table = Table(
        "What is at stake, step by step?",
        columns,
        tuple(
            (
                Link(one.step, address(one.step), f"than {one.compared_with or 'needs without it'}"), one.entrants,
                one.excess, one.value, one.stake, one.p_worst,
            )
            for one in view.pains
        ),
        note=f"Needs, times how much more often they are lost here, times what those who go on bring more within "
        f"{plural(view.value_days, 'day', 'days')}.",
    )  # fmt: skip
    return [table]


def _standing(view: JourneyReport) -> list[Block]:
    """Where customers stand, and what comes next."""
    columns = (
        Column("Last step"), Column("Customers", "count"), Column("Likely next"), Column("Chance", "share"),
        Column("Never again", "share"),
    )  # fmt: skip
    rows = tuple(
        (
            Link(one.step, note=one.moment), one.customers,
            (one.likely or "nothing more") if isinstance(one.chance, Estimate) else None, one.chance, one.lost,
        )
        for one in view.standing
    )  # fmt: skip
    note = "By what others did after the same last steps and as long a silence. Lost customers are left out."
    return [Table("Where are they now, and what comes next?", columns, rows, note=note)] if rows else []


def _delights(view: JourneyReport) -> list[Block]:
    if not view.delights:
        return [Sentence("No step is yet known to go with more spent later when it goes well.", "note")]
    table = Table(
        "Where could you delight?",
        (Column("Step"), Column("When"), Column("Customers", "count"), Column("Spent more later", "money", drawn=True)),
        tuple(
            (Link(one.step, note=one.moment), HOWS[one.how], one.customers, one.later) for one in view.delights
        ),
        note="Against the others of the same step, newcomers among newcomers. It foretells and may not cause.",
    )  # fmt: skip
    return [table]


def _steps(view: JourneyReport) -> Table:
    columns = (
        Column("Step"), Column("Needs", "count"), Column("Lost here", "share"), Column("To the next"),
        Column("Repeats", "number"), Column("Back a moment", "number"), Column("Asked for help", "number"),
        Column("Ease, 1 to 7", "number"), Column("Mood, −1 to 1", "number"), Column("Not met without it", "share"),
    )  # fmt: skip

    def known(number: object) -> Cell:
        return number if isinstance(number, Estimate) else None

    return Table(
        "How does each step go?",
        columns,
        tuple(
            (
                one.step, one.entrants, known(one.drop), lasting(one.next_days[1]), one.repeats,
                one.backtracks, one.contacts, known(one.effort), known(one.mood), one.removal,
            )
            for one in view.figures
        ),
        note="To the next: the median, those still under way counted as long as seen; left out where fewer than half "
        "ever go on. The last column is the share of needs now met that would not be if everybody who "
        "comes to the step were lost.",
    )  # fmt: skip


def _paths(view: JourneyReport) -> Table:
    columns = (
        Column("Begins with"), Column("Needs", "count"), Column("Met", "share"), Column("Behind the best", "share"),
        Column("Took"), Column("Spent", "money"),
    )  # fmt: skip
    return Table(
        "Which ways do they go?",
        columns,
        tuple(
            (
                " → ".join(one.steps), one.needs, one.met, one.behind if isinstance(one.behind, Estimate) else None,
                lasting(one.days), one.spent,
            )
            for one in view.paths
        ),
    )  # fmt: skip


def _rounds(view: JourneyReport) -> tuple[list[Block], list[Block]]:
    """Repeat: whether each time round is quicker and fits better, drawn; and its figures."""
    shown = [one for one in view.rounds if isinstance(one.ratio, Estimate) or isinstance(one.accepted, Estimate)]
    if len(shown) < 2:
        return [], []

    def line(name: str, pick: str) -> Line:
        numbers = [getattr(one, pick) for one in shown]
        sides = [
            tuple(getattr(n, side) if isinstance(n, Estimate) else None for n in numbers)
            for side in ("value", "low", "high")
        ]
        return Line(name, *sides)

    columns = (Column("Time round"), Column("Days", "days"), Column("Against their first", "share"))
    table = Table(
        "How long does each round take?",
        (*columns, Column("Took what was offered", "share")),
        tuple((f"{one.nth}.", one.days, one.ratio, one.accepted) for one in shown),
        note="Against the first time of the same customers; 100% is as long.",
    )
    labels = tuple(str(one.nth) for one in shown)
    drawn = Lines(
        "Does it get quicker, and fit better?", labels,
        (line("time, against their first", "ratio"), line("took what was offered", "accepted")), "share",
        note="Time is against the first of the same customers: 100% is as long.", x_title="Time round",
    )  # fmt: skip
    return [drawn], [table]


def _left_out(view: JourneyReport) -> list[Block]:
    said = [f"{plural(n, 'step', 'steps')} ({why})" for why, n in view.left_out.items()]
    notes = [f"Left out: {listed(said)}."] if said else []
    if view.robots:
        first = f"{view.robots[0][0]} took {count(view.robots[0][1])}"
        notes.append(f"{plural(len(view.robots), 'robot is', 'robots are')} set apart; {first}.")
    if view.visit_hours and view.need_days:
        notes.append(
            f"A visit ends after {view.visit_hours:.2g} hours of silence; a beginning after more silence than is usual "
            f"for the customer, {view.need_days:.0f} days for the middle one, is a new need."
        )
    return [Sentence(text, "note") for text in (*notes, *view.notes)]
