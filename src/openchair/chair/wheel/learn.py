"""Learn: what came of decisions, joined with them in the engine, and what is believed because of it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.state.records import SINCE
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.settings import Settings
from openchair.dossier import consent
from openchair.facts.days import local_day
from openchair.learning import beliefs, online, outcomes
from openchair.learning.beliefs import Learned
from openchair.loyalty.actions import Action

MODEL = "decisions"
"""The name under which the state keeps what was learned."""
LOOKED_BACK_DAYS = 7 * beliefs.PERIODS
EVERY_DAYS = 7
"""How often a customer with whom nothing is done is looked at."""
CUSTOMERS = 40_000
"""At most from so many customers, drawn by lot, effects are learned."""
COMPLAINT, WITHDRAWAL = -5.0, -3.0
"""What a complaint and a consent taken back count for, in points of satisfaction of 0 to 10."""
_EPOCH = date(1970, 1, 1)


def settle(state: State, engine: Engine, days: ir.Table, moment: Moment) -> int:
    """Join outcomes to decisions whose window is over: what was spent in it, from the decision's day on."""
    waiting = state.unsettled(moment.day)
    if not waiting.num_rows:
        return 0
    spent = _within(engine, waiting, days.rename(came="spent_minor"), "window_days")
    totals = spent.group_by("decision_id").agg(outcome_minor=_.came.sum().fill_null(0).cast("int64"))
    found: pa.Table = engine.rows(totals)
    at = pa.array([moment.now] * found.num_rows, pa.timestamp("us", tz="UTC"))
    state.set_outcomes(found.append_column("outcome_at", at))
    return int(found.num_rows)


def learn(
    state: State,
    engine: Engine,
    facts: dict[str, ir.Table],
    days: ir.Table,
    identities: ir.Table,
    actions: Sequence[Action],
    settings: Settings,
    moment: Moment,
) -> Learned:
    """What the last half year teaches of actions. days: customer_id, day, spent_minor."""
    since, until = moment.day - timedelta(days=LOOKED_BACK_DAYS), number_of(moment.day)
    looks = [since + timedelta(days=k) for k in range(0, LOOKED_BACK_DAYS, EVERY_DAYS)]
    log, ids = _looked_at(state, since, looks, actions)
    log = outcomes.log_of(log.part(log.day < until))
    end = outcomes.ends(log, until)
    spent = _in_order(engine, log, ids, end, days.rename(came="spent_minor"))
    good = _in_order(engine, log, ids, end, _points(engine, facts, identities, moment))
    return beliefs.learn_from(actions, log, settings.margin * spent, good, until=until, customer_ids=ids.to_pylist())


def learn_since(
    state: State,
    engine: Engine,
    facts: dict[str, ir.Table],
    days: ir.Table,
    identities: ir.Table,
    actions: Sequence[Action],
    settings: Settings,
    moment: Moment,
    learned: Learned,
    known: tuple[float, float],
) -> Learned:
    """What a turn learned, with what has come since.

    known: until when it is known what was spent, and what people said, as days with their part that has passed.
    """
    since = _EPOCH + timedelta(days=learned.until)
    longest = max((one.window_days or settings.outcome_days for one in actions), default=settings.outcome_days)
    log, ids = _looked_at(state, since - timedelta(days=longest), [since], actions)
    log = outcomes.log_of(log)
    spent, good = (online.ends(log, learned, until) for until in known)
    return online.with_since(
        learned,
        actions,
        log,
        ids.to_pylist(),
        online.Came(spent, settings.margin * _in_order(engine, log, ids, spent, days.rename(came="spent_minor"))),
        online.Came(good, _in_order(engine, log, ids, good, _points(engine, facts, identities, moment))),
    )


def believed(state: State) -> Learned | None:
    """What is believed now: what the last turn learned, with what came since where that was learned from too."""
    last, since = next(iter(state.turns(1)), None), state.model(SINCE)
    of, _, body = (since or b"").partition(b"\n")
    newest = body if last is not None and of == last.turn_id.encode() else state.model(MODEL)
    return beliefs.unpacked(newest) if newest else None


def number_of(day: date) -> int:
    """A day as a whole number, as outcomes.Log has it."""
    return (day - _EPOCH).days


def _looked_at(
    state: State, since: date, looks: Sequence[date], actions: Sequence[Action]
) -> tuple[outcomes.Log, pa.Array]:
    """Decisions from a day on that are looked at (State.lately), and what its customers are called."""
    table = state.lately(since, looks, beliefs.NAME, CUSTOMERS)
    ids = table["customer_id"].combine_chunks().dictionary_encode()
    did = pc.index_in(table["action"], value_set=pa.array([one.id for one in actions], pa.string())).fill_null(-1)

    def numbers(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)

    log = outcomes.Log(
        customer=ids.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        day=table["day"].cast(pa.int32()).to_numpy().astype(np.int64),
        action=did.to_numpy().astype(np.int64),
        features=table["features"].to_numpy().astype(np.int64),
        worth_minor=np.nan_to_num(numbers("worth_minor")),
        daily_minor=numbers("expected_minor") / numbers("window_days"),
        window_days=table["window_days"].to_numpy().astype(np.int64),
    )
    return log, ids.dictionary


def _points(engine: Engine, facts: dict[str, ir.Table], identities: ir.Table, moment: Moment) -> ir.Table:
    """customer_id, day and `came`: points of satisfaction, as answers, complaints and consents taken back have them."""
    by = {kind: owned(facts[kind], identities) for kind in ("answers", "voices", "traits")}
    by = {kind: t.mutate(day=local_day(t.happened_at, moment.zone)) for kind, t in by.items()}
    answers = by["answers"].filter(by["answers"].score.notnull())
    scaled = answers.mutate(
        points=ibis.cases(
            (answers.metric == "nps", answers.score),
            (answers.metric == "csat", (answers.score - 1) * 2.5),
            (answers.metric == "ces", (answers.score - 1) * 10 / 6),
        )
    ).filter(_.points.notnull())
    usual = scaled.mutate(came=scaled.points - scaled.points.mean().over(ibis.window(group_by="metric")))
    voices = by["voices"]
    complaints = voices.filter((voices.channel == "ticket") | (voices.rating <= 2)).mutate(came=COMPLAINT)
    said = by["traits"].filter(by["traits"].name.startswith("consent."))
    words = engine.rows(said.select("value").distinct())["value"].to_pylist()
    no = [word for word in words if word is not None and consent.answer_of(word) == "no"]
    withdrawn = said.filter(said.value.isin(no)).mutate(came=WITHDRAWAL)
    parts = [t.select("customer_id", "day", came=t.came.cast("float64")) for t in (usual, complaints, withdrawn)]
    return ibis.union(*parts)


def _within(engine: Engine, decided: pa.Table, came: ir.Table, days: str) -> ir.Table:
    """What came from each decision's day on, in so many days. decided, came: with customer_id and day."""
    ours = engine.share(decided).rename(decided_on="day")
    since = came.day.delta(ours.decided_on, unit="day")
    return ours.left_join(came, [ours.customer_id == came.customer_id, since >= 0, since < ours[days]])


def _in_order(
    engine: Engine, log: outcomes.Log, ids: pa.Array, end: np.ndarray[Any, Any], came: ir.Table
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(m,) what came in each stretch, in their order. ids: what customers are called. end: (m,)."""
    begun = np.flatnonzero(end > log.day)
    stretches = pa.table(
        {
            "decision_id": pa.array(begun.astype(str)),
            "customer_id": ids.take(pa.array(log.customer[begun])),
            "day": pa.array(log.day[begun].astype(np.int32)).cast(pa.date32()),
            "days": (end - log.day)[begun],
        }
    )
    sums = engine.rows(_within(engine, stretches, came, "days").group_by("decision_id").agg(total=_.came.sum()))
    total = np.zeros(len(log))
    total[sums["decision_id"].to_numpy(zero_copy_only=False).astype(np.int64)] = np.nan_to_num(
        sums["total"].to_numpy(zero_copy_only=False).astype(np.float64)
    )
    return total
