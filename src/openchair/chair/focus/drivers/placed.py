"""Placed: what persons said of drivers, and what follows from it where effort goes and decisions are taken."""

from collections.abc import Callable, Mapping, Sequence

from openchair.chair.focus.drivers.figures import DriverFigures, Effort, OutcomeFigures, Placed
from openchair.chair.state import State
from openchair.chair.state.records import Choice
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus import placing
from openchair.focus.placing import Evidence, Said, Totals
from openchair.loyalty.actions import Action

DRIVER, EFFORT = "driver", "effort"
"""Kinds of choices (chair.state.records): one a driver, and one for all the effort there is."""
AIMS = {"mediocre": "left mediocre on purpose", "stop": "stopped"}
BEYOND = 0.03
"""Part of all effort by which more than is wanted is worth a word."""


def weights_of(state: State, actions: Sequence[Action]) -> list[float]:
    """How many times each action's gain counts: what its pillar serves, and where a person placed that."""
    of = pillars_of(said(state.chosen(DRIVER)))
    return [of.get(action.pillar, 1.0) for action in actions] if of else []


def pillars_of(told: Mapping[str, Said]) -> dict[str, float]:
    """The weight of each pillar that serves a driver which a person placed."""
    return placing.weights({name: (one.place, one.pillars or ()) for name, one in told.items() if one.place})


def said(choices: Mapping[str, Choice]) -> dict[str, Said]:
    """What persons said of drivers, by name."""
    return {name: placing.read(Said, choice.body) for name, choice in choices.items()}


def totals(state: State) -> Totals:
    """What there is to spend in a week, as far as somebody said."""
    choice = state.chosen(EFFORT).get("")
    return placing.read(Totals, choice.body) if choice else Totals()


def evidence(outcome: OutcomeFigures, told: Mapping[str, Said]) -> list[Evidence]:
    """What is known of each driver of an outcome."""
    return [
        Evidence(
            one.name, share(one, outcome.r2), one.driver.important, one.performance, told.get(one.name, Said()).cost
        )
        for one in outcome.drivers
    ]


def share(one: DriverFigures, r2: Number) -> Number:
    """A driver's part in what all explain."""
    part = one.driver.importance
    if not isinstance(r2, Estimate) or not r2.value:
        return Unknown("nothing is explained")
    return Estimate(part.value / r2.value, part.low / r2.value, min(part.high / r2.value, 1.0), part.n)


def map_of(
    outcome: OutcomeFigures, choices: Mapping[str, Choice], given: Totals, spent: Mapping[str, Mapping[str, float]]
) -> tuple[tuple[Placed, ...], Effort]:
    """Every driver on the map, the most important first, and the effort there is in a week.

    spent: contacts and money_minor in a week by pillar, as they are now.
    """
    told = said(choices)
    known = evidence(outcome, told)
    suggested = placing.suggested(known)
    places = {
        name: told[name].place if name in told and told[name].place else place for name, (place, _) in suggested.items()
    }
    served = {
        one.name: of.pillars if (of := told.get(one.name)) and of.pillars is not None else placing.guessed(one.title)
        for one in outcome.drivers
    }
    now = _now(known, served, told, spent)
    whole = Effort(*(_total(getattr(given, kind), [getattr(one, kind) for one in now.values()]) for kind in _KINDS))
    shares = placing.budget(places, known)
    amounts = [placing.parts(total, shares) if (total := getattr(whole, kind)) is not None else {} for kind in _KINDS]

    def placed(one: DriverFigures, of: Evidence) -> Placed:
        choice = choices.get(one.name)
        moved = choice if choice and told[one.name].place else None
        return Placed(
            name=one.name,
            title=one.title,
            place=places[one.name],
            suggested=suggested[one.name][0],
            because=suggested[one.name][1],
            share=of.share,
            rank=one.driver.rank,
            performance=one.performance,
            shape=one.driver.shape,
            stated=one.driver.stated,
            proven=one.driver.proven,
            cost=of.cost,
            pillars=tuple(served[one.name]),
            moved_by=moved.by if moved else "",
            moved_at=moved.at if moved else None,
            why=moved.why if moved else "",
            wanted_share=shares[one.name],
            wanted=Effort(*(kind.get(one.name) for kind in amounts)),
            now=now[one.name],
            undoable=choice is not None,
        )

    return tuple(placed(*both) for both in zip(outcome.drivers, known, strict=True)), whole


_KINDS = ("hours", "money_minor", "contacts")


def _now(
    known: Sequence[Evidence],
    served: Mapping[str, Sequence[str]],
    told: Mapping[str, Said],
    spent: Mapping[str, Mapping[str, float]],
) -> dict[str, Effort]:
    """What each driver gets in a week now: what somebody said, and its part of what its pillars' actions took, by how
    much each driver that a pillar serves matters."""
    matters = {e.name: e.share.value if isinstance(e.share, Estimate) else 0.0 for e in known}
    whole = {pillar: sum(matters[name] for name, pillars in served.items() if pillar in pillars) for pillar in spent}
    found = {}
    for name, pillars in served.items():
        parts = {pillar: matters[name] / whole[pillar] for pillar in pillars if whole.get(pillar)}
        money, contacts = (
            sum(spent[pillar][kind] * part for pillar, part in parts.items()) for kind in ("money_minor", "contacts")
        )
        of = told.get(name, Said())
        found[name] = Effort(of.hours, of.money_minor + money, contacts)
    return found


def _total(given: float | None, now: Sequence[float | None]) -> float | None:
    """What somebody said there is, else what is spent now, else not known."""
    spent = sum(one or 0.0 for one in now)
    return given if given is not None else spent or None


def misspent(placed: Sequence[Placed], whole: Effort, amount: Callable[[Effort], str]) -> tuple[str, ...]:
    """What is spent on what should be mediocre or stopped, well beyond what is wanted there, the most important first.

    amount: writes an Effort.
    """
    found = []
    for one in placed:
        over = [
            (getattr(one.now, kind) or 0.0) - (getattr(one.wanted, kind) or 0.0) > BEYOND * total
            for kind in _KINDS
            if (total := getattr(whole, kind))
        ]
        if one.place in AIMS and any(over):
            aim, now, wanted = AIMS[one.place], amount(one.now), amount(one.wanted)
            found.append(f"“{one.title}” is to be {aim}, and takes {now} a week; wanted is {wanted}.")
    return tuple(found)
