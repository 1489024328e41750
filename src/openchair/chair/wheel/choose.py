"""Choose: one decision a customer and day. Chances are worked out once a situation; the draw is the customer's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from openchair.chair.focus.drivers.placed import weights_of
from openchair.chair.learning.living import live_policy
from openchair.chair.ports import DECISION_COLUMNS, SITUATION_COLUMNS, Engine
from openchair.chair.state import State
from openchair.chair.state.records import Mark
from openchair.chair.wheel.learn import MODEL, believed
from openchair.chair.wheel.rationed import Laid, remembered
from openchair.core.clock import Moment
from openchair.core.ids import SEPARATOR, digest
from openchair.core.settings import Settings
from openchair.decisions import situation
from openchair.learning import beliefs
from openchair.learning.arms import ARMS, Shares
from openchair.learning.beliefs import Learned
from openchair.learning.candidates import USUAL
from openchair.learning.deciding import DAILY, LOOKED_AT, Held, decide
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
    learned: Learned,
) -> Chosen:
    """The day's decision for every customer, within what is laid for the day, by what was learned, which is kept.

    customers: CUSTOMER_COLUMNS.
    """
    parts = ("decision", customers.customer_id, moment.day.isoformat(), DAILY)
    decision_id = ibis.literal(SEPARATOR).join([ibis.literal(p) if isinstance(p, str) else p for p in parts])
    wanted = customers.select("customer_id", *LOOKED_AT, decision_id=decision_id.hexdigest("md5"))
    table = engine.rows(wanted.order_by("customer_id"))
    held = held_of(state, actions, settings, learned)
    found = decide(columns_of(table), held, moment.day, DAILY, laid.plan)
    best = actions[found.seen.single].id if actions else ""
    state.put_models({MODEL: beliefs.packed(replace(learned, single=best))}, moment.now)
    chosen = written(found, table, held, moment, DAILY)
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
    held = held_of(state, actions, settings)
    return written(decide(columns_of(table), held, moment.day, occasion), table, held, moment, occasion)


def decision_id_of(customer_id: str, moment: Moment, occasion: str) -> str:
    """The id of a customer's decision for a day and an occasion; the engine makes the same (see for_everyone)."""
    return digest("decision", customer_id, moment.day.isoformat(), occasion)


def held_of(state: State, actions: Sequence[Action], settings: Settings, learned: Learned | None = None) -> Held:
    """All that deciding rests on. learned: what a turn has just learned; None for what is believed now."""
    learned = learned or believed(state) or beliefs.nothing(actions)
    held = beliefs.held(
        learned,
        actions,
        weights=weights_of(state, actions),
        shares=Shares(settings.holdout, settings.comparison),
        confidence=settings.confidence,
        exploration=settings.exploration,
        customer_first=settings.customer_first,
        outcome_days=settings.outcome_days,
        seed=settings.seed,
        prices=remembered(state, actions),
        policy=live_policy(state),
    )
    return held if held.policy == USUAL else replace(held, version=f"{held.version}; {held.policy.version}")


def columns_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """Rows with LOOKED_AT as deciding reads them."""
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    floats = ("value_minor", "worth_minor", "nps_score", "attention_budget", "attention_spent")
    return columns | {name: columns[name].astype(np.float64) for name in floats}


def situation_ids(records: Sequence[str], held: Held, moment: Moment, occasion: str) -> list[str]:
    """The ids of situations, from their records."""
    return situation.ids(records, str(held.seed), moment.day.isoformat(), occasion, held.version)


def drawn(found: Drawn, held: Held, situation_ids: Sequence[str]) -> dict[str, NDArray[Any]]:
    """DECISION_COLUMNS of what was drawn for n customers, (n,) each, but who they are; NaN where nothing is known."""
    z = found.seen.gains.z
    return {
        "situation_id": np.array(situation_ids)[found.seen.inverse],
        "action": held.names[found.action],
        "gain_minor": found.gain,
        "gain_low": found.gain - z * found.gain_sd,
        "gain_high": found.gain + z * found.gain_sd,
        "propensity": found.propensity,
        "policy": np.full(len(found.action), held.version),
        "worth_minor": np.asarray(found.seen.columns["worth_minor"]),
        "arm": np.array(ARMS)[found.seen.arm],
        "channel": found.channels(held),
        "features": found.features,
        "window_days": found.window_days,
        "expected_minor": found.expected,
    }


def written(found: Drawn, table: pa.Table, held: Held, moment: Moment, occasion: str) -> Chosen:
    """What was drawn, as the state keeps it. table: the customers' `customer_id` and `decision_id`."""
    records = found.records(held)
    ids = situation_ids(records, held, moment, occasion)
    columns = {
        name: pa.array(values, DECISION_COLUMNS[name], from_pandas=True)
        for name, values in drawn(found, held, ids).items()
    }
    whose = {name: table[name] for name in ("decision_id", "customer_id")}
    return Chosen(
        decisions=pa.table(whose | columns, schema=pa.schema(list(DECISION_COLUMNS.items()))),
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
