"""What must be true of a customer at once, between turns too: folded anew from what the state holds of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from openchair.chair.ports import STANDING_COLUMNS, Engine, History
from openchair.chair.state import State
from openchair.chair.wheel import choose, stand
from openchair.core.clock import Moment
from openchair.core.settings import Settings
from openchair.dossier import standing
from openchair.learning.deciding import DAILY
from openchair.loyalty.actions import Action

FEW = 200
"""Customers up to which each is folded alone; more are counted together in the engine."""


def catch_up(state: State, history: History, kinds: Collection[str]) -> list[str]:
    """Bring the state's index of these kinds up to history; gives identifiers about whom something binding was said.

    Safe at any time and from several processes: a fact that is known changes nothing.
    """
    bound: set[str] = set()
    for kind in kinds:
        files = history.files(kind)
        known = state.indexed(kind)
        if new := [file for file in files if file not in known]:
            state.index(kind, _watched(history.read(kind, new), kind, bound), files)
    return sorted(bound)


def bound_since(history: History, kinds: Collection[str], files: Collection[str]) -> list[str]:
    """Identifiers about whom something binding stands in files of history that are not among these."""
    bound: set[str] = set()
    for kind in kinds:
        new = [file for file in history.files(kind) if file not in files]
        for _ in _watched(history.read(kind, new), kind, bound):
            pass
    return sorted(bound)


def _watched(rows: pa.RecordBatchReader, kind: str, bound: set[str]) -> pa.RecordBatchReader:
    """The rows unchanged, while those whom they bind are remembered."""

    def batches() -> Any:
        for batch in rows:
            some = batch.filter(batch["identifier"].is_valid())
            if kind == "traits":
                names = some["name"].dictionary_encode()
                binds = pa.array([standing.binds(name) for name in names.dictionary.to_pylist()], pa.bool_())
                bound.update(some.filter(binds.take(names.indices))["identifier"].unique().to_pylist())
            elif kind == "contacts":
                bound.update(some["identifier"].unique().to_pylist())
            yield some

    return pa.RecordBatchReader.from_batches(rows.schema, batches())


def row_of(
    state: State,
    customer_id: str,
    catalogue: Sequence[Action],
    settings: Settings,
    moment: Moment,
    *,
    without: str | None = None,
) -> dict[str, Any]:
    """STANDING_COLUMNS of one customer, from all that was said until now, merged records together; and `contacts`.

    without: a decision whose own contacts are not to count, while it is asked whether it may be carried on.
    """
    said, contacts = state.said("traits", customer_id), state.said("contacts", customer_id)
    others = [one for one in contacts if without is None or one["decision_id"] != without]
    ideas = stand.ideas_of(state, catalogue)
    return {"customer_id": customer_id, **stand.row_of(said, others, ideas, settings, moment)}


def restand(
    state: State,
    engine: Engine | None,
    customer_ids: Sequence[str],
    catalogue: Sequence[Action],
    settings: Settings,
    moment: Moment,
) -> None:
    """Let what was said of these customers bind now: their rows, and what was proposed for them and not yet done.

    engine: counts where there are many of them; None folds each alone.
    """
    if not customer_ids:
        return
    if engine is None or len(customer_ids) <= FEW:
        rows: list[Mapping[str, Any]] = [row_of(state, one, catalogue, settings, moment) for one in customer_ids]
        table = pa.Table.from_pylist(rows, pa.schema(list(STANDING_COLUMNS.items())))
    else:
        table = stand.rows_of(state, engine, customer_ids, catalogue, settings, moment)
    state.restand(table)
    last = next(iter(state.turns(1)), None)
    if last is not None:
        at = Moment(last.as_of, moment.zone)
        chosen = choose.for_these(state, state.rows_of(customer_ids), catalogue, settings, at)
        state.redecide(last.day, DAILY, chosen.situations, chosen.decisions)
