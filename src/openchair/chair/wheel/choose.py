"""Choose: one decision a customer and day. Chances are worked out once a situation; the draw is the customer's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from openchair.chair.focus.drivers.placed import weights_of
from openchair.chair.ports import DECISION_COLUMNS, SITUATION_COLUMNS, Engine
from openchair.chair.state import State
from openchair.chair.state.planning import Mark
from openchair.chair.wheel.rationed import Laid, remembered
from openchair.core.clock import Moment
from openchair.core.ids import SEPARATOR, digest
from openchair.core.settings import Settings
from openchair.decisions import choice, features, situation
from openchair.dossier.stage import STAGES
from openchair.learning import policy
from openchair.learning.arms import ARMS, Shares
from openchair.learning.deciding import DAILY, LOOKED_AT, Effects, Held, Leanings, Plan, decide, named
from openchair.learning.deciding import Chosen as Drawn
from openchair.loyalty.actions import Action


@dataclass(frozen=True, slots=True)
class Chosen:
    """Decisions of one day: DECISION_COLUMNS and SITUATION_COLUMNS, and how many of them are to do something."""

    decisions: pa.Table
    situations: pa.Table
    acting: int
    learned: Mapping[str, Any]
    planned: Mapping[str, Any] = field(default_factory=dict)
    """What a turn says of its plan (wheel.rationed.Laid.told)."""
    put_off: Sequence[Mark] = ()
    """Decisions that chance drew beyond a budget."""


def for_everyone(
    state: State,
    engine: Engine,
    customers: ir.Table,
    actions: Sequence[Action],
    settings: Settings,
    moment: Moment,
    laid: Laid,
) -> Chosen:
    """The day's decision for every customer, within what is laid for the day. customers: CUSTOMER_COLUMNS."""
    parts = ("decision", customers.customer_id, moment.day.isoformat(), DAILY)
    decision_id = ibis.literal(SEPARATOR).join([ibis.literal(p) if isinstance(p, str) else p for p in parts])
    wanted = customers.select("customer_id", *LOOKED_AT, decision_id=decision_id.hexdigest("md5"))
    table = engine.rows(wanted.order_by("customer_id"))
    chosen = _choose(table, held_of(state, actions, settings), moment, DAILY, laid.plan)
    put_off = laid.put_off(chosen.decisions)
    return replace(chosen, put_off=put_off, planned=laid.told(chosen.decisions, put_off))


def for_these(
    state: State,
    customers: pa.Table,
    actions: Sequence[Action],
    settings: Settings,
    moment: Moment,
    occasion: str = DAILY,
) -> Chosen:
    """The decisions of a day and an occasion for some customers, as a turn would take them. customers: their rows."""
    ids = [decision_id_of(one, moment, occasion) for one in customers["customer_id"].to_pylist()]
    table = customers.select(["customer_id", *LOOKED_AT]).append_column("decision_id", pa.array(ids, pa.string()))
    return _choose(table, held_of(state, actions, settings), moment, occasion)


def decision_id_of(customer_id: str, moment: Moment, occasion: str) -> str:
    """The id of a customer's decision for a day and an occasion; the engine makes the same (see for_everyone)."""
    return digest("decision", customer_id, moment.day.isoformat(), occasion)


def settle(state: State, engine: Engine, days: ir.Table, moment: Moment, outcome_days: int) -> int:
    """Join outcomes to decisions old enough to have one: what was spent in the days from the decision on."""
    waiting = state.unsettled(moment.day - timedelta(days=outcome_days))
    if not waiting.num_rows:
        return 0
    ours = engine.share(waiting).rename(decided_on="day")
    spent = ours.left_join(
        days,
        [
            ours.customer_id == days.customer_id,
            days.day >= ours.decided_on,
            days.day < ours.decided_on + ibis.interval(days=outcome_days),
        ],
    )
    totals = spent.group_by("decision_id").agg(outcome_minor=_.spent_minor.sum().fill_null(0).cast("int64"))
    outcomes: pa.Table = engine.rows(totals)
    at = pa.array([moment.now] * outcomes.num_rows, pa.timestamp("us", tz="UTC"))
    state.set_outcomes(outcomes.append_column("outcome_at", at))
    return int(outcomes.num_rows)


def held_of(state: State, actions: Sequence[Action], settings: Settings) -> Held:
    """All that deciding rests on, as the state has it."""
    sums = state.rewards()
    seen = policy.evidence(
        actions,
        sums["action"].to_pylist(),
        sums["stage"].to_pylist(),
        {name: sums[name].to_numpy() for name in policy.SUMS},
        settings.margin,
    )
    believed = policy.beliefs(actions, seen)
    d = len(features.FEATURES)
    mean, cov = np.zeros((len(actions), d)), np.zeros((len(actions), d, d))
    stages = slice(1, 1 + len(STAGES))
    mean[:, stages] = believed.mean
    cov[:, range(1, 1 + len(STAGES)), range(1, 1 + len(STAGES))] = believed.sd**2
    nothing = Effects(np.zeros((len(actions), d)), np.tile(np.eye(d), (len(actions), 1, 1)), np.zeros(len(actions)))
    return Held(
        actions=tuple(actions),
        worth=Effects(mean, cov, believed.n.sum(axis=1)),
        good=nothing,
        leanings=Leanings.none(),
        typical=6.0,
        x=np.eye(d)[0],
        worth_minor=10_000.0,
        outcomes=float(believed.n.sum()),
        version=choice.POLICY,
        weights=weights_of(state, actions),
        shares=Shares(settings.holdout, settings.comparison),
        confidence=settings.confidence,
        exploration=settings.exploration,
        customer_first=settings.customer_first,
        outcome_days=settings.outcome_days,
        seed=settings.seed,
        prices=remembered(state, actions),
    )


def columns_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """Rows with LOOKED_AT as deciding reads them."""
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    floats = ("value_minor", "worth_minor", "nps_score", "attention_budget", "attention_spent")
    return columns | {name: columns[name].astype(np.float64) for name in floats}


def _choose(table: pa.Table, held: Held, moment: Moment, occasion: str, plan: Plan | None = None) -> Chosen:
    return written(decide(columns_of(table), held, moment.day, occasion, plan), table, held, moment, occasion)


def written(found: Drawn, table: pa.Table, held: Held, moment: Moment, occasion: str) -> Chosen:
    """What was drawn, as the state keeps it. table: the customers' `customer_id` and `decision_id`."""
    records = found.records(held)
    ids = situation.ids(records, str(held.seed), moment.day.isoformat(), occasion, held.version)
    worth = np.asarray(found.seen.columns["worth_minor"])
    z = found.seen.gains.z
    decisions = pa.table(
        {
            "decision_id": table["decision_id"],
            "customer_id": table["customer_id"],
            "situation_id": pa.array(ids, pa.string()).take(pa.array(found.seen.inverse)),
            "action": pa.array(named(held.actions)).take(pa.array(found.action)),
            "gain_minor": found.gain,
            "gain_low": found.gain - z * found.gain_sd,
            "gain_high": found.gain + z * found.gain_sd,
            "propensity": found.propensity,
            "policy": pa.repeat(held.version, table.num_rows),
            "worth_minor": pa.array(worth, mask=np.isnan(worth)),
            "arm": pa.array(ARMS).take(pa.array(found.seen.arm)),
            "channel": pa.array(found.channels(held.actions)),
            "features": found.features,
            "window_days": found.window_days,
            "expected_minor": pa.array(found.expected, mask=np.isnan(found.expected)),
        },
        schema=pa.schema(list(DECISION_COLUMNS.items())),
    )
    return Chosen(
        decisions=decisions,
        situations=pa.table(
            {"situation_id": ids, "record": records}, schema=pa.schema(list(SITUATION_COLUMNS.items()))
        ),
        acting=int((found.action < len(held.actions)).sum()),
        learned={
            "policy": held.version,
            "situations": len(found.seen.situations),
            "outcomes": held.outcomes,
            "customer_first_minor": found.forgone_minor,
        },
    )
