"""Sync: what was acknowledged becomes history, exactly once, whenever and however often it is interrupted.

Each kind's append carries the highest sequence number it stands for. Whoever comes again, after a crash or at the
same time, drops what a kind already holds; only when every kind holds a batch does the inbox forget it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from openchair.chair.ports import SOURCE, Envelope, History
from openchair.chair.state import State
from openchair.chair.views import ImportReport, Reject
from openchair.core.errors import Conflict, OpenchairError
from openchair.core.ids import digest
from openchair.facts import kinds

ToFacts = Callable[[bytes, str, str, datetime], Sequence[tuple[str, Mapping[str, Any]]]]
"""(body, source, key, received_at) -> (kind, row) of each fact in it; raises BadInput."""

TRIES = 20
"""How often another process may commit first before this one gives up."""

_Rows = dict[str, list[tuple[int, Mapping[str, Any]]]]


def sync(state: State, history: History, *, to_facts: ToFacts, batch: int = 50_000) -> dict[str, int]:
    """Move what waits in the inbox to history; gives how many facts of each kind were added.

    An event that cannot be read is kept among the rejects with its reason, and the others go on.
    Raises Conflict when others keep committing first, StorageFull when there is no room; then nothing is forgotten.
    """
    added: dict[str, int] = {}
    for waiting in state.inbox.batches(batch):
        upto = waiting[-1][0]
        rows, rejected = _read(waiting, to_facts)
        for kind, some in rows.items():
            count = _append(history, kind, some, state.inbox.name, upto)
            if count:
                added[kind] = added.get(kind, 0) + count
        if rejected:
            first, rejects = rejected[0][0], [reject for _, reject in rejected]
            state.save_import(refused(first.source, first.received_at, rejects), rejects)
        state.mark_answered(_answered(rows.get("contacts", [])))
        state.inbox.clear(upto)
        if len(waiting) < batch:
            break  # what arrived meanwhile is the next round's: under a steady load this one would never end
    return added


def _read(waiting: list[tuple[int, Envelope]], to_facts: ToFacts) -> tuple[_Rows, list[tuple[Envelope, Reject]]]:
    rows: _Rows = {}
    rejected: list[tuple[Envelope, Reject]] = []
    for seq, event in waiting:
        try:
            facts = to_facts(event.body, event.source, event.key, event.received_at)
            for kind, row in facts:
                kinds.check(kind, row)
        except (OpenchairError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as wrong:
            # One event that our reader trips over must not hold up all that come after it.
            text = event.body.decode("utf-8", "replace")
            rejected.append((event, Reject(f"inbox: {event.source}", seq, str(wrong), text)))
            continue
        for kind, row in facts:
            rows.setdefault(kind, []).append((seq, row))
    return rows, rejected


def _answered(contacts: list[tuple[int, Mapping[str, Any]]]) -> dict[str, datetime]:
    """The invitations of ours that were answered, and when."""
    ours = (row for _, row in contacts if row["source"] == SOURCE and row["status"] == "answered")
    told = ((msgspec.json.decode(row.get("properties") or "{}"), row["happened_at"]) for row in ours)
    return {about["invitation"]: at for about, at in told if "invitation" in about}


def _append(history: History, kind: str, rows: list[tuple[int, Mapping[str, Any]]], app: str, upto: int) -> int:
    for _ in range(TRIES):
        have = history.version(kind, app)
        new = [row for seq, row in rows if seq > have]
        if not new:
            return 0
        try:
            return history.append(kind, pa.Table.from_pylist(new, kinds.schema(kind)), app=app, version=upto)
        except Conflict:
            continue
    raise Conflict(f"history of {kind}", bound=f"others committed first {TRIES} times", remedy="Try again later.")


def refused(source: str, received_at: datetime, rejects: Sequence[Reject]) -> ImportReport:
    """What was refused of some events, as the report that keeps it; the same refusals again are the same report."""
    return ImportReport(
        import_id=digest("refused", source, rejects[0].file, *(reject.row for reject in rejects)),
        file=rejects[0].file,
        format="segment",
        source=source,
        started_at=received_at,
        seconds=0.0,
        rows=len(rejects),
        accepted=0,
        rejected=len(rejects),
        duplicates=0,
        facts={},
    )
