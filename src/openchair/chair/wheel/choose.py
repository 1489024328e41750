"""Choose: one decision a customer and day. Chances are worked out once a situation; the draw is the customer's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from openchair.core.clock import Moment
from openchair.core.errors import NotFound
from openchair.core.ids import SEPARATOR, digest, uniforms
from openchair.core.settings import Settings
from openchair.decisions import choice, explain, guard, situation
from openchair.learning import policy
from openchair.loyalty.actions import WAIT, Action

DAILY = "daily"
"""The occasion of the decisions that a turn takes for everyone."""

LOOKED_AT = (
    "stage", "orders", "spent_minor", "worth_minor", "rules", "food_safety", "consents", "nps_score", "sent_friends",
    "complained_on", "contacted_on", "attention_budget", "attention_spent", "resting",
)  # fmt: skip
"""Columns of a customer's row that situations are made of."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Decisions of one day: DECISION_COLUMNS and SITUATION_COLUMNS, and how many of them are to do something."""

    decisions: pa.Table
    situations: pa.Table
    acting: int
    learned: Mapping[str, Any]


def for_everyone(
    state: State, engine: Engine, customers: ir.Table, actions: Sequence[Action], settings: Settings, moment: Moment
) -> Chosen:
    """The day's decision for every customer. customers: CUSTOMER_COLUMNS."""
    parts = ("decision", customers.customer_id, moment.day.isoformat(), DAILY)
    decision_id = ibis.literal(SEPARATOR).join([ibis.literal(p) if isinstance(p, str) else p for p in parts])
    wanted = customers.select("customer_id", *LOOKED_AT, decision_id=decision_id.hexdigest("md5"))
    table = engine.rows(wanted.order_by("customer_id"))
    held = _beliefs(state, actions, settings)
    return _choose(table, held, weights_of(state, actions), actions, settings, moment, DAILY)


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
    held = _beliefs(state, actions, settings)
    return _choose(table, held, weights_of(state, actions), actions, settings, moment, occasion)


def for_one(
    state: State, customer_id: str, occasion: str, actions: Sequence[Action], settings: Settings, moment: Moment
) -> str:
    """Decide for one customer and occasion of the day, unless it was done; gives the decision's id. Raises NotFound.

    What was decided before stands as long as the guard lets it: what was forbidden since is chosen anew.
    """
    decision_id = decision_id_of(customer_id, moment, occasion)
    before, row = state.decision(decision_id), state.rows_of([customer_id])
    if before is not None and not _barred(before, row, actions, settings, moment):
        return decision_id
    if not row.num_rows:
        raise NotFound("customer", value=customer_id, bound="no turn has seen them yet", remedy="Turn the wheel first.")
    chosen = for_these(state, row, actions, settings, moment, occasion)
    state.redecide(moment.day, occasion, chosen.situations, chosen.decisions)  # what others were offered stays
    return decision_id


def _barred(
    decided: Mapping[str, Any], rows: pa.Table, actions: Sequence[Action], settings: Settings, moment: Moment
) -> bool:
    """Whether the guard is against what was proposed to a customer."""
    things = [guard.thing_of(action) for action in actions if action.id == decided["action"]]
    if decided["status"] != "proposed" or not things or not rows.num_rows:
        return False
    return guard.cleared(rows.to_pylist()[0], "plan", things, moment=moment, settings=settings)[0][0] != "clear"


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


def _beliefs(state: State, actions: Sequence[Action], settings: Settings) -> policy.Beliefs:
    sums = state.rewards()
    seen = policy.evidence(
        actions,
        sums["action"].to_pylist(),
        sums["stage"].to_pylist(),
        {name: sums[name].to_numpy() for name in policy.SUMS},
        settings.margin,
    )
    return policy.beliefs(actions, seen)


def columns_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """Rows with LOOKED_AT as decisions.situation reads them."""
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    floats = ("worth_minor", "nps_score", "attention_budget", "attention_spent")
    return columns | {name: columns[name].astype(np.float64) for name in floats}


def _choose(
    table: pa.Table,
    beliefs: policy.Beliefs,
    weights: Sequence[float],
    actions: Sequence[Action],
    settings: Settings,
    moment: Moment,
    occasion: str,
) -> Chosen:
    columns = columns_of(table)
    worth = columns["worth_minor"]
    found, place = situation.circumstances_of(columns, moment.day)
    situations, inverse = situation.situations_of(found, place, guard.permitted(found, actions))
    gains = policy.gains(situations, actions, beliefs, settings.confidence)
    discounts = [one.is_discount for one in actions]
    floor = settings.exploration
    picked = choice.choose(gains, situations.codes, discounts=discounts, weights=weights, floor=floor)
    salt = (str(settings.seed), moment.day.isoformat(), occasion, choice.POLICY)
    chance = uniforms(columns["customer_id"].astype("U"), *salt)
    action, propensity = choice.draw(picked.probabilities, inverse, chance)
    records = explain.records_of(situations, actions, gains, picked, weights)
    ids = situation.ids(records, *salt)
    value, spread = _own_gain(situations, inverse, action, worth, actions, beliefs)
    names = pa.array([one.id for one in actions] + [WAIT])
    decisions = pa.table(
        {
            "decision_id": table["decision_id"],
            "customer_id": table["customer_id"],
            "situation_id": pa.array(ids, pa.string()).take(pa.array(inverse)),
            "action": names.take(pa.array(action)),
            "gain_minor": value,
            "gain_low": value - gains.z * spread,
            "gain_high": value + gains.z * spread,
            "propensity": propensity,
            "policy": pa.repeat(choice.POLICY, table.num_rows),
            "worth_minor": pa.array(worth, mask=np.isnan(worth)),
            "arm": pa.repeat("learned", table.num_rows),
            "channel": pa.array([*(one.channel for one in actions), ""]).take(pa.array(action)),
            "features": np.zeros(table.num_rows, np.int64),
            "window_days": np.full(table.num_rows, settings.outcome_days, np.int64),
            "expected_minor": pa.nulls(table.num_rows, pa.float64()),
        },
        schema=pa.schema(list(DECISION_COLUMNS.items())),
    )
    return Chosen(
        decisions=decisions,
        situations=pa.table(
            {"situation_id": ids, "record": records}, schema=pa.schema(list(SITUATION_COLUMNS.items()))
        ),
        acting=int((action < len(actions)).sum()),
        learned={"policy": choice.POLICY, "situations": len(situations), "outcomes": float(beliefs.n.sum())},
    )


def _own_gain(
    situations: situation.Situations,
    inverse: NDArray[np.int64],
    action: NDArray[np.int64],
    worth: NDArray[np.float64],
    actions: Sequence[Action],
    beliefs: policy.Beliefs,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the drawn action brings at each customer's own worth, not the edge of its band: mean and sd; 0 to wait."""
    stage = situations.stage[inverse]
    own = np.where(np.isnan(worth), situations.value_minor[inverse], worth)
    flat = np.array([*(one.flat_minor for one in actions), 0.0])[action]
    cost = np.array([*(one.cost_minor for one in actions), 0.0])[action]
    nothing = np.zeros((1, beliefs.mean.shape[1]))
    mean, sd = (np.vstack([part, nothing])[action, stage] for part in (beliefs.mean, beliefs.sd))
    return mean * own + flat - cost, np.hypot(sd * own, flat)
