"""Learning: whether deciding pays, what it costs, what moves whom, and which way of choosing would be better."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
from ibis import _

from openchair.chair.learning.counting import UNIT_DAYS, Counted, count
from openchair.chair.learning.judgement import Judgement
from openchair.chair.learning.living import live_policy, promoted
from openchair.chair.learning.views import ArmLift, CustomerFirst, Discounts, LearningReport, Look, Wait, Week
from openchair.chair.ports import Engine
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.facts.days import local_day
from openchair.learning import proof
from openchair.learning.arms import ABOUT, ARMS, HOLDOUT, LEARNED
from openchair.loyalty.actions import WAIT, Action
from openchair.value import growth
from openchair.value.worth import purchase_days

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

EFFECTS = (0.02, 0.05, 0.1, 0.2)
"""Shares of what customers bring, for each of which it is said how long it takes to be told."""
LITTLE = 0.02
"""A lift below this share at the upper end of its interval is told as nothing."""
WEEKS = 26
TURNS = 28
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Learning:
    """Whether deciding pays."""

    chair: "Chair"

    def report(self) -> LearningReport:
        """The lift over the holdout and over other arms, its course, its cost; what moves whom; candidates."""
        chair = self.chair
        now = chair.moment()
        moment = Moment(max(now.now, chair.now_or_last()), now.zone)
        with chair.reading() as engine:
            counted = count(chair.state, engine, bought(chair, engine, moment), moment.day, chair.settings.margin)
        tally = chair.state.tally().to_pylist()
        if counted is None:
            return _nothing(chair, tally)
        costs = _costs(tally, chair.catalogue)
        courses = {
            arm: proof.course(counted.against(arm)) for arm in range(len(ARMS)) if arm != LEARNED and counted.time[arm]
        }
        days = max((counted.to - counted.begins).days, 1)
        arms = tuple(_arm(arm, course, counted, costs, days) for arm, course in courses.items())
        holdout = next((one for one in arms if one.arm == ARMS[HOLDOUT]), None)
        judgement = Judgement.of(chair)
        turns = chair.state.turns(TURNS)
        learned = turns[0].models.get("policy", {}) if turns else {}
        return LearningReport(
            currency=chair.currency,
            begun=counted.begins,
            to=counted.to,
            days=days,
            unit_days=UNIT_DAYS,
            customers=counted.customers[LEARNED],
            holdout=chair.settings.holdout,
            comparison=chair.settings.comparison,
            lift=holdout.lift if holdout else _NOBODY,
            lift_share=holdout.share if holdout else _NOBODY,
            n=holdout.n if holdout else 0,
            verdict=_verdict(holdout),
            discounts=_discounts(tally, chair.catalogue),
            customer_first=_customer_first([turn.models.get("policy", {}) for turn in turns]),
            arms=arms,
            looks=_looks(courses[HOLDOUT], counted) if holdout else (),
            waits=_waits(courses[HOLDOUT], days) if holdout else (),
            weeks=_weeks(tally, chair.catalogue),
            pillars=judgement.pillars(),
            explored=judgement.explored,
            policy=live_policy(chair.state).version,
            beliefs=str(learned.get("policy", "")),
            promotion=chair.settings.promote,
            drift=tuple(learned.get("drifted", ())),
            candidates=judgement.candidates(),
            logged=judgement.rows,
            promoted=promoted(chair.state),
            simulated=chair.simulated,
        )


_NOBODY = Unknown("nobody was left alone yet")


def bought(chair: "Chair", engine: Engine, moment: Moment, since: datetime | None = None) -> ir.Table:
    """What customers spent, a row a customer and day, of the lines that count; of all time, or since one."""
    identities = engine.share(chair.state.identities()).select("identifier", "customer_id")
    facts = engine.facts("purchases")
    until = facts.filter(facts.happened_at < moment.now)
    mine = owned(until.filter(until.happened_at >= since) if since else until, identities)
    lines = growth.judged(mine.mutate(day=local_day(mine.happened_at, moment.zone)), chair.currency)
    return purchase_days(lines.filter(_.reason == "").distinct(on="fact_id", keep="first"))


def _nothing(chair: "Chair", tally: Sequence[Row]) -> LearningReport:
    why = "nothing was bought since the first decision" if tally else "nothing was decided for anybody yet"
    unknown = Unknown(why)
    return LearningReport(
        currency=chair.currency,
        begun=None,
        to=None,
        days=0,
        unit_days=UNIT_DAYS,
        customers=0,
        holdout=chair.settings.holdout,
        comparison=chair.settings.comparison,
        lift=unknown,
        lift_share=unknown,
        n=0,
        verdict="unknown",
        discounts=None,
        customer_first=None,
        policy=live_policy(chair.state).version,
        promotion=chair.settings.promote,
        unknown=why,
        simulated=chair.simulated,
    )


def _arm(arm: int, course: proof.Course, counted: Counted, costs: dict[str, float], days: int) -> ArmLift:
    told = course.told(days)
    cost = _each(costs, counted, LEARNED) - _each(costs, counted, arm)
    lift, base = _less(told.effect, cost), float(course.base[-1])
    return ArmLift(
        arm=ARMS[arm],
        about=ABOUT[ARMS[arm]],
        customers=counted.customers[arm],
        n=int(course.smaller[-1]),
        lift=lift,
        share=_over(lift, base),
        cost_minor=cost,
        detectable_minor=told.detectable,
        days_more=course.days_until(abs(lift.value) if isinstance(lift, Estimate) else float("inf"), days),
        explained=told.explained,
    )


def _less(effect: Number, cost: float) -> Number:
    if isinstance(effect, Unknown):
        return effect
    return Estimate(effect.value - cost, effect.low - cost, effect.high - cost, effect.n)


def _over(lift: Number, base: float) -> Number:
    if isinstance(lift, Unknown):
        return lift
    if not base > 0:
        return Unknown("customers of that arm brought nothing")
    return Estimate(lift.value / base, lift.low / base, lift.high / base, lift.n)


def _each(costs: dict[str, float], counted: Counted, arm: int) -> float:
    """What was done for customers of an arm cost, a customer in UNIT_DAYS."""
    return costs.get(ARMS[arm], 0.0) / counted.time[arm] if counted.time[arm] else 0.0


def _verdict(holdout: ArmLift | None) -> str:
    if holdout is None or isinstance(holdout.lift, Unknown):
        return "unknown"
    if holdout.lift.low > 0:
        return "pays"
    if holdout.lift.high < 0:
        return "costs"
    return "nothing" if isinstance(holdout.share, Estimate) and holdout.share.high < LITTLE else "unknown"


def _looks(course: proof.Course, counted: Counted) -> tuple[Look, ...]:
    """The lift as it stood at each look, before what was done cost anything is taken off."""
    found = []
    by_look = (of.tolist() for of in (course.effect, course.half, course.smaller))
    for day, effect, half, n in zip(counted.days, *by_look, strict=True):
        if not n:
            continue  # nobody was in the smaller arm yet
        known = effect == effect and half == half
        number: Number = Estimate(effect, effect - half, effect + half, n=n) if known else _TOO_FEW
        found.append(Look(day, number, int(n)))
    return tuple(found)


_TOO_FEW = Unknown("too few customers in the smaller group")


def _waits(course: proof.Course, days: int) -> tuple[Wait, ...]:
    base = course.level
    if not base > 0:
        return ()
    return tuple(Wait(share, course.days_until(share * base, days)) for share in EFFECTS)


def _costs(tally: Sequence[Row], actions: Iterable[Action]) -> dict[str, float]:
    """What was done cost, by arm, minor units."""
    cost = {one.id: float(one.cost_minor) for one in actions}
    spent: Counter[str] = Counter()
    for row in tally:
        if row["done"]:
            spent[row["arm"]] += row["n"] * cost.get(row["action"], 0.0)
    return dict(spent)


def _discounts(tally: Sequence[Row], actions: Iterable[Action]) -> Discounts:
    of = {one.id: one for one in actions}
    done = [(of[row["action"]], row["n"]) for row in tally if row["done"] and row["action"] in of]
    all_spent, all_done = sum(one.cost_minor * n for one, n in done), sum(n for _one, n in done)
    spent, number = (
        sum(x) for x in zip((0, 0), *((a.cost_minor * n, n) for a, n in done if a.is_discount), strict=True)
    )
    return Discounts(
        float(spent), spent / all_spent if all_spent else None, number, number / all_done if all_done else None
    )


def _customer_first(learned: Sequence[Mapping[str, Any]]) -> CustomerFirst | None:
    """learned: what turns kept of deciding, the newest first."""
    costs = [float(one["customer_first_minor"]) for one in learned if "customer_first_minor" in one]
    return CustomerFirst(costs[0], sum(costs) / len(costs), len(costs)) if costs else None


def _weeks(tally: Sequence[Row], actions: Iterable[Action]) -> tuple[Week, ...]:
    discount = {one.id for one in actions if one.is_discount}
    by: dict[date, list[Row]] = {}
    for row in tally:
        if row["arm"] == ARMS[LEARNED]:
            by.setdefault(row["day"] - timedelta(days=row["day"].weekday()), []).append(row)
    return tuple(_week(monday, rows, discount) for monday, rows in sorted(by.items())[-WEEKS:])


def _week(monday: date, rows: Sequence[Row], discount: set[str]) -> Week:
    acts: Counter[str] = Counter()
    for row in rows:
        if row["action"] != WAIT:
            acts[row["action"]] += row["n"]
    acting = acts.total()

    def part(n: int) -> float | None:
        return n / acting if acting else None

    return Week(
        begins=monday,
        decided=sum(row["n"] for row in rows),
        acting=acting,
        done=part(sum(row["n"] for row in rows if row["done"] and row["action"] != WAIT)),
        same=part(max(acts.values(), default=0)),
        discounts=part(sum(n for name, n in acts.items() if name in discount)),
    )
