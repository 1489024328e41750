"""The journey of a shop's customers: where it hurts, where it delights, what a person says of a step."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from openchair.chair.actor import Actor
from openchair.chair.journey import figuring, reading
from openchair.chair.journey.figuring import Counts
from openchair.chair.journey.reading import LEFT_OUT, MOMENT, TACKLED, Journeys
from openchair.chair.journey.views import Example, JourneyReport, Pain, StepFigures, Tackled
from openchair.chair.ports import Engine
from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.journey import counting, pains, timing
from openchair.journey.cutting import DAY_S, MOMENTS, patient
from openchair.journey.next import contexts, standing
from openchair.journey.pains import Hurt

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.chair.state.records import Choice

SEED = 20_261_126
"""Of the draws: the same facts give the same figures."""
TOLD, EXAMPLES, LOOKED_AT = 3, 3, 40
"""Pain points told with examples, examples of each, and customers who are looked at for words."""
BESIDE_DAYS = 180
"""Days before a pain point was tackled that it is compared with."""
FARED = ("needs", "met", "contacts", "first_days", "latest_days")
"""Measures that an example has, in its order."""
MOST_NAMES = 1_000
"""Names of steps that the report lists, the commonest."""
FAINT = 0.15
"""A need in so many or more with the sign makes it the thing to try first."""


@dataclass(frozen=True, slots=True)
class Journeying:
    """The journeys of a shop's customers. Counting may take a while, so it has an engine of its own."""

    chair: "Chair"

    def report(self, *, as_of: str = "") -> JourneyReport:
        """Everybody's journeys up to a moment, or to now. Raises BadInput for a time that is none."""
        chair, moment = self.chair, self._moment(as_of)
        with closing(chair.engine()) as engine:
            found = reading.journeys(chair, engine, moment)
            if found is None:
                return _nothing(chair)
            return _Told(chair, engine, found, moment).report()

    def lost(self, step: str, *, limit: int = 50) -> tuple[Example, ...]:
        """The latest customers lost at a step, with what they said around that time. Raises BadInput."""
        if not 1 <= limit <= 1_000:
            raise BadInput("limit", value=limit, bound="1 to 1,000", remedy="Give 50.")
        with closing(self.chair.engine()) as engine:
            moment = self._moment("")
            found = reading.journeys(self.chair, engine, moment)
            names = [one.name for one in found.codes.steps] if found else []
            if found is None or step not in names:
                bound = "is no step that customers took"
                raise BadInput("step", value=step, bound=bound, remedy="Name one of the report.")
            return _Told(self.chair, engine, found, moment).examples(names.index(step), limit, limit)

    def place(self, step: str, moment: str, *, by: Actor, why: str = "") -> None:
        """Say which moment a step belongs to, `none` to leave it out; empty: go back to the guess. Raises BadInput."""
        if moment not in (*MOMENTS, LEFT_OUT, ""):
            bound = f"one of {', '.join(MOMENTS)}, or {LEFT_OUT}"
            raise BadInput("moment", value=moment, bound=bound, remedy="Choose one of these.")
        self._choose(MOMENT, _named(step), moment, by, why)

    def tackle(self, step: str, what: str, *, by: Actor) -> None:
        """Say what was done about a pain point, from now on; empty takes that back. Raises BadInput."""
        if len(what) > 500:
            raise BadInput("what was done", value=what[:60], bound="up to 500 characters", remedy="Say it in short.")
        self._choose(TACKLED, _named(step), what.strip(), by, "")

    def _choose(self, kind: str, step: str, body: str, by: Actor, why: str) -> None:
        now = self.chair.now_or_last()
        self.chair.state.choose(kind, step, body, by=by.name, at=now, why=why)
        by.did(self.chair, kind, None, f"{step}: {body}")

    def _moment(self, as_of: str) -> Moment:
        now = self.chair.moment(as_of)
        return now if as_of else Moment(max(now.now, self.chair.now_or_last()), now.zone)


def _named(step: str) -> str:
    if not 1 <= len(step) <= 300:
        raise BadInput("step", value=step[:60], bound="1 to 300 characters", remedy="Name one of the report.")
    return step


@dataclass(frozen=True, slots=True)
class _Told:
    """A report under way: the journeys, and the engine that holds them."""

    chair: "Chair"
    engine: Engine
    of: Journeys
    moment: Moment

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.rows(expression).to_pylist()
        return found

    def facts(self, kind: str) -> ir.Table:
        facts = self.engine.facts(kind)
        return facts.filter(facts.happened_at < self.moment.now)

    def report(self) -> JourneyReport:
        of, codes, chair = self.of, self.of.codes, self.chair
        counts = Counts(
            ways=self.rows(counting.ways(of.steps)),
            arrivals=self.rows(counting.arrivals(of.steps)),
            held=self.engine.rows(counting.held(of.needs)),
            eased=self.rows(counting.eased(of.needs, reading.ease(self.facts("answers"), of.known))),
        )
        counted = figuring.counted(of, counts)
        hurts = pains.hurts(counted, codes, np.random.default_rng(SEED))
        figures = figuring.steps(counts, counted, hurts, codes)
        by_name = {one.step: one for one in figures}
        quick = self.engine.share(figuring.quick(counts.arrivals, codes))
        every = max(1, of.counted // counting.SAMPLE_STEPS)
        needs = self.rows(of.needs.agg(n=of.needs.count(), customers=of.needs.who.nunique()))[0]
        return JourneyReport(
            currency=chair.currency,
            since=of.first.astimezone(self.moment.zone).date(),
            to=(self.moment.now - timedelta(microseconds=1)).astimezone(self.moment.zone).date(),
            steps=of.counted,
            customers=needs["customers"],
            needs=needs["n"],
            met=figuring.met(counts.held),
            visit_hours=of.visit_s / 3600,
            need_days=patient(of.usual_s, of.visit_s) / DAY_S,
            value_days=of.value_days,
            figures=figures,
            ways=figuring.ways(counts.ways, codes),
            paths=figuring.paths(self.rows(counting.paths(of.needs)), codes),
            pains=self.pains(hurts, by_name),
            delights=figuring.delights(
                self.rows(counting.delights(of.steps, of.needs, quick, every)), codes
            ),
            rounds=figuring.rounds(
                self.rows(counting.rounds(of.needs)),
                self.rows(counting.accepted(reading.offers(self.facts("contacts"), of.known))),
            ),
            standing=figuring.standing(*self.ahead(every), codes, every),
            mapping=of.mapping[:MOST_NAMES],
            left_out=of.left_out,
            robots=of.robots,
            notes=tuple(_notes(of, every)),
            simulated=chair.simulated,
        )  # fmt: skip

    def ahead(self, every: int) -> tuple[pa.Table, pa.Table]:
        """What followed which last steps, and where customers stand, of one customer in so many."""
        steps = self.of.steps.filter(self.of.steps.who % every == 0)
        return self.engine.rows(contexts(steps)), self.engine.rows(standing(steps))

    def pains(self, hurts: Sequence[Hurt], figures: Mapping[str, StepFigures]) -> tuple[Pain, ...]:
        """Steps that surely lose more than they should, and those that somebody tackled; the most at stake first."""
        tackled = {step: one for step, one in self.chair.state.chosen(TACKLED).items() if one.body}
        history = self.history(tackled)
        found: list[Pain] = []
        for hurt in hurts:
            step = figures[self.of.codes.steps[hurt.code].name]
            sure = isinstance(hurt.excess, Estimate) and hurt.excess.low > 0
            if not sure and step.step not in history:
                continue
            pain = Pain(
                step.step, step.moment, step.compared_with, step.entrants, hurt.excess, hurt.value, hurt.stake,
                hurt.p_worst, remedy(step), tackled=history.get(step.step),
            )  # fmt: skip
            if len(found) < TOLD:
                pain = replace(pain, examples=self.examples(hurt.code, EXAMPLES, LOOKED_AT))
            found.append(pain)
        return tuple(found)

    def history(self, tackled: Mapping[str, "Choice"]) -> dict[str, Tackled]:
        """What became of pain points since somebody did something about them."""
        places = {step.name: k for k, step in enumerate(self.of.codes.steps)}
        those = {places[step]: one for step, one in tackled.items() if step in places}
        if not those:
            return {}
        times = pa.array([int(one.at.timestamp()) for one in those.values()], pa.int64())
        marks = self.engine.share(pa.table({"code": pa.array(list(those), pa.int8()), "done_at": times}))
        sums = {
            (row["code"], row["after"]): (float(row["lost"]), float(row["n"]))
            for row in self.rows(counting.since(self.of.steps, marks, BESIDE_DAYS))
        }
        found = {}
        for code, one in those.items():
            before, after = (sums.get((code, side), (0.0, 0.0)) for side in (False, True))
            found[one.subject] = Tackled(
                one.by, one.at.astimezone(self.moment.zone).date(), one.body, timing.share(*before),
                timing.share(*after), pains.change(before, after),
            )  # fmt: skip
        return found

    def examples(self, code: int, limit: int, looked_at: int) -> tuple[Example, ...]:
        """Customers lost at a step, those with words first, then the latest."""
        needs = self.of.needs
        holds = ((needs.mask & 2**code) > 0) & needs.met_at.notnull()
        here = holds if self.of.codes.after(code) else needs["last"] == code
        lost = needs.filter(here, needs.end == "lost").group_by("who").agg(last_at=needs.last_at.max())
        lost = lost.inner_join(self.of.people, "who").order_by(ibis.desc("last_at"), "customer_id").limit(looked_at)
        rows = self.rows(lost)
        said = reading.words(self.engine, self.facts("voices"), self.of.known, rows)
        those = self.of.measures().filter(lambda t: t.customer_id.isin([row["customer_id"] for row in rows]))
        fared = {row["customer_id"]: row for row in self.rows(those)} if rows else {}
        found = [
            Example(
                row["customer_id"], datetime.fromtimestamp(row["last_at"], UTC), said.get(row["who"], ""),
                *(fared[row["customer_id"]][name] for name in FARED),
            )
            for row in rows
        ]  # fmt: skip
        shown = sorted(found, key=lambda one: not one.words)[:limit]
        known = self.chair.state.rows_of([one.customer_id for one in shown])
        names = dict(zip(known["customer_id"].to_pylist(), known["name"].to_pylist(), strict=True))
        return tuple(replace(one, name=names.get(one.customer_id) or "") for one in shown)


def remedy(step: StepFigures) -> str:
    """What to try first at a step: by what stands out, else by its moment."""
    if step.repeats >= FAINT:
        return "Customers come back to it: let one visit do, keep what they entered, and say what is still missing."
    if step.contacts >= FAINT:
        return "Customers ask for help around it: answer the question where it arises, before they have to write."
    if isinstance(step.mood, Estimate) and step.mood.high < 0:
        return "What customers say around it is unhappy: ring three of those below, and put right what they name."
    return _TRY[step.moment]


_TRY = {
    "recognise": "Show sooner what is there for whom: fewer things, chosen for them, with the next step in sight.",
    "request": "Take a field, a choice or a page out of it, and let customers go on without it.",
    "respond": "Promise a time and keep it; when it slips, say so first and make it good without being asked.",
    "repeat": "Give a reason to come back that is about them: what they liked, when it will run out, what suits it.",
}


def _notes(of: Journeys, every: int) -> list[str]:
    said = []
    if all(one.said_by == "place" for one in of.mapping):
        said.append("No step’s name tells its moment; all were guessed from where in journeys they occur.")
    if of.mapping[MOST_NAMES:]:
        said.append(f"{len(of.mapping) - MOST_NAMES:,} names of steps, the rarest, are told together with others.")
    if every > 1:
        said.append(f"Chances to delight and what comes next were looked for among one customer in {every:,}.")
    said.append(
        "What follows a step need not come of it: whoever meets one may differ from whoever does not. To know what a "
        "change brings, keep it from some customers by lot."
    )
    return said


def _nothing(chair: "Chair") -> JourneyReport:
    absent = Unknown("nobody took a step yet", needed=timing.FEWEST)
    return JourneyReport(
        chair.currency, None, None, 0, 0, 0, absent, None, None, 0, (), (), (), (), (), (), (), {}, (), (),
        unknown="nobody took a step yet", simulated=chair.simulated,
    )  # fmt: skip
