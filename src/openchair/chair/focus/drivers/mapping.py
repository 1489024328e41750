"""The focus map: what to be excellent at, what to leave mediocre on purpose, and where effort goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import msgspec
from ibis import _

from openchair.chair.actor import Actor
from openchair.chair.focus.drivers import placed
from openchair.chair.focus.drivers.driving import OUTCOMES, study
from openchair.chair.focus.drivers.figures import Effort, FocusReport, OutcomeFigures, packed, unpacked
from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.views import Finding, TurnReport
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.core.money import show
from openchair.core.settings import Settings
from openchair.core.words import listed, plural
from openchair.focus import placing
from openchair.focus.placing import PLACES, Said, Totals
from openchair.loyalty.pillars import PILLAR_IDS

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

MODEL = "drivers"
"""The name under which the state keeps what the last turn found."""
WEEKS = 4
"""Contacts of the last so many weeks say what is spent in a week."""
LONGEST = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Focusing:
    """What a shop's customers care about most, and what the shop makes of it."""

    chair: "Chair"

    def report(self, outcome: str = "") -> FocusReport:
        """The focus map by one outcome: nps, csat, retention or worth; left out, the first of which drivers are known.

        Raises BadInput.
        """
        if outcome and outcome not in OUTCOMES:
            raise BadInput(
                "outcome", value=outcome, bound=f"one of {', '.join(OUTCOMES)}", remedy="Choose one of these."
            )
        return report_of(self.chair.state, self.chair.currency, self.chair.simulated, outcome)

    def move(
        self,
        name: str,
        place: str,
        *,
        why: str,
        by: Actor,
        pillars: tuple[str, ...] | None = None,
        cost: int | None = None,
        hours: float | None = None,
        money_minor: float | None = None,
    ) -> FocusReport:
        """Place a driver, with a reason.

        pillars: whose actions serve it. cost: of a step better, 1 to 5. hours, money_minor: what it takes a week. What
        is left out stays as it was. It holds until it is undone, whatever later turns find; decisions follow from the
        next on. Raises BadInput, NotAllowed, NotFound.
        """
        words = _reason(by, why)
        if place not in PLACES:
            raise BadInput("place", value=place, bound=f"one of {', '.join(PLACES)}", remedy="Choose one of these.")
        one = self._driver(name)
        before = placed.said(self.chair.state.chosen(placed.DRIVER)).get(name, Said())
        held = before.pillars if before.pillars is not None else placing.guessed(one)
        given = {"cost": cost, "hours": hours, "money_minor": money_minor}
        now = {"cost": before.cost, "hours": before.hours, "money_minor": before.money_minor}
        now |= {key: value for key, value in given.items() if value is not None}
        body = placing.read(Said, now | {"place": place, "pillars": held if pillars is None else tuple(pillars)})
        unknown = sorted(set(body.pillars or ()) - set(PILLAR_IDS))
        if unknown:
            bound = f"some of {', '.join(PILLAR_IDS)}"
            raise BadInput("pillars", value=unknown[0], bound=bound, remedy="Choose of these.")
        return self._keep(name, body, by, words)

    def undo(self, name: str, *, by: Actor) -> FocusReport:
        """Put back what was said of a driver before the last change; done twice, that change holds again.

        Raises NotAllowed, NotFound, Conflict where nothing was changed.
        """
        _of_the_team(by)
        self._driver(name)
        past = self.chair.state.choices(placed.DRIVER, name)
        if not past:
            raise Conflict("driver", value=name, bound="was never moved", remedy="There is nothing to undo.")
        before = placing.read(Said, past[1].body) if len(past) > 1 else Said()
        return self._keep(name, before, by, f"undone: {past[0].why}"[:LONGEST])

    def take(self, *, by: Actor, why: str = "as the figures say") -> FocusReport:
        """Place every driver that nobody moved where the figures put it, so that decisions follow the whole map."""
        words = _reason(by, why)
        report = self.report()
        for one in report.map:
            if not one.moved_by:
                self.move(one.name, one.suggested, why=words, by=by)
        return self.report()

    def spend(
        self,
        *,
        by: Actor,
        hours: float | None = None,
        money_minor: float | None = None,
        contacts: float | None = None,
        why: str = "",
    ) -> FocusReport:
        """Say what there is to spend in a week; left out, it is what is spent now. Raises BadInput, NotAllowed."""
        _of_the_team(by)
        body = placing.read(Totals, {"hours": hours, "money_minor": money_minor, "contacts": contacts})
        chair = self.chair
        chair.state.choose(
            placed.EFFORT, "", msgspec.json.encode(body).decode(), by=by.name, at=chair.clock(), why=why[:LONGEST]
        )
        return self.report()

    def _keep(self, name: str, body: Said, by: Actor, why: str) -> FocusReport:
        chair = self.chair
        now = chair.clock()
        chair.state.choose(placed.DRIVER, name, msgspec.json.encode(body).decode(), by=by.name, at=now, why=why)
        chair.state.log(by.name, "moved a driver", None, f"{name} {body.place or 'as found'}: {why}", now)
        return self.report()

    def _driver(self, name: str) -> str:
        """What a driver is called. Raises NotFound."""
        found = {one.name: one.title for outcome in kept(self.chair.state)[1] for one in outcome.drivers}
        if name not in found:
            raise NotFound("driver", value=name, bound="is not on the map", remedy="See openchair report focus.")
        return found[name]


def _of_the_team(by: Actor) -> None:
    if by.role == "customer":
        raise NotAllowed("focus", value=by.name, bound="is for the team to set", remedy="Ask them.")


def _reason(by: Actor, why: str) -> str:
    _of_the_team(by)
    words = " ".join(why.split())
    if not 1 <= len(words) <= LONGEST:
        raise BadInput("reason", value=why, bound=f"must have 1 to {LONGEST} characters", remedy="Say why.")
    return words


def look(
    engine: Engine,
    state: State,
    facts: Mapping[str, ir.Table],
    identities: ir.Table,
    moment: Moment,
    currency: str,
    catalogue: Any,
    settings: Settings,
) -> dict[str, Any]:
    """Find the drivers anew and keep them until the next turn; gives what a turn says of them. A step of a turn."""
    outcomes = study(engine, state, facts, identities, moment, currency, settings.seed, settings.confidence)
    contacts = facts["contacts"]
    sent = contacts.filter(contacts.status == "sent", contacts.happened_at >= moment.now - timedelta(weeks=WEEKS))
    times = engine.rows(sent.group_by("action").agg(n=_.count())).to_pylist()
    of = {action.id: action for action in catalogue}
    spent: dict[str, dict[str, float]] = {}
    for row in times:
        if row["action"] in of:
            took = spent.setdefault(of[row["action"]].pillar, {"contacts": 0.0, "money_minor": 0.0})
            took["contacts"] += row["n"] / WEEKS
            took["money_minor"] += row["n"] * of[row["action"]].cost_minor / WEEKS
    state.put_models({MODEL: packed(outcomes, moment.now, spent)}, moment.now)
    report = report_of(state, currency, False)
    return {
        "outcome": report.outcome,
        "unknown": report.unknown,
        "weights": dict(report.weights),
        "excel": [one.title for one in report.map if one.place == "excel"],
        "performance": {
            one.title: one.performance.value for one in report.map if isinstance(one.performance, Estimate)
        },
        "budget": {one.title: {"place": one.place, "share": round(one.wanted_share, 4)} for one in report.map},
    }


def watched(found: Mapping[str, Any], last: TurnReport | None, day: date) -> tuple[Finding, ...]:
    """How well the drivers to excel at are done, against an earlier day's turn: what the daily report watches."""
    earlier = last.models.get("focus", {}) if last and last.day < day else {}
    now, before = found["performance"], earlier.get("performance", {})
    told = [
        f"“{title}” {now[title]:.0%}" + (f" ({before[title]:.0%} the turn before)" if title in before else "")
        for title in found["excel"]
        if title in now
    ]
    note = "How well it is done, from 0% to 100%; the page Focus says why it matters."
    return (Finding(f"To be excellent at: {listed(told)}.", note),) if told else ()


def kept(state: State) -> tuple[datetime | None, tuple[OutcomeFigures, ...], Mapping[str, Mapping[str, float]]]:
    """What the last turn found: when, the outcomes, and what was spent in a week by pillar."""
    body = state.model(MODEL)
    return unpacked(body) if body else (None, (), {})


def report_of(state: State, currency: str, simulated: bool, outcome: str = "") -> FocusReport:
    """The report, from what the last turn found and what persons have said since."""
    at, outcomes, spent = kept(state)
    known = {one.outcome: one for one in outcomes if isinstance(one.r2, Estimate)}
    wanted = outcome or next(iter(known), next(iter(OUTCOMES)))
    choices, given = state.chosen(placed.DRIVER), placed.totals(state)
    weights = placed.pillars_of(placed.said(choices))
    here = known.get(wanted)
    if here is None:
        why = next((one.r2 for one in outcomes if one.outcome == wanted), Unknown("no turn has looked for drivers yet"))
        effort = Effort(given.hours, given.money_minor, given.contacts)
        return FocusReport(
            currency, at, wanted, "", outcomes, (), effort, weights, (), (), unknown=str(why), simulated=simulated
        )
    drivers, totals = placed.map_of(here, choices, given, spent)
    return FocusReport(
        currency=currency,
        as_of=at,
        outcome=wanted,
        primary=here.primary,
        outcomes=outcomes,
        map=drivers,
        totals=totals,
        weights=weights,
        misspent=placed.misspent(drivers, totals, lambda effort: written(effort, currency)),
        watched=tuple(one.title for one in drivers if one.place == "excel"),
        notes=_notes(here),
        simulated=simulated,
    )


def written(effort: Effort, currency: str) -> str:
    """Effort in words.

    >>> written(Effort(2.0, 0.0, 31.7), "EUR"), written(Effort(0.0, None, 0.0), "EUR")
    ('2 hours and 32 contacts', 'nothing')
    """
    parts = []
    if effort.hours:
        parts.append(f"{effort.hours:g} {'hour' if effort.hours == 1 else 'hours'}")
    if effort.money_minor:
        parts.append(show(effort.money_minor, currency))
    if effort.contacts:
        parts.append(plural(round(effort.contacts), "contact", "contacts"))
    return listed(parts) or "nothing"


def _notes(outcome: OutcomeFigures) -> tuple[str, ...]:
    said = [f"{title}: {why}." for title, why in outcome.left.items()]
    best = max((one.driver.answered for one in outcome.drivers), default=0)
    few = [one.title for one in outcome.drivers if one.driver.answered < best / 2]
    if few:
        said.append(f"Known of fewer than half of those asked: {listed(few)}.")
    return tuple(said)
