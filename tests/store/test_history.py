"""The history: append-only, and exactly once whoever syncs, however often it is interrupted."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openchair.chair.intake.sync import sync
from openchair.chair.ports import Envelope
from openchair.core.errors import BadInput, Conflict
from openchair.facts import kinds
from openchair.store.history import SMALL_FILES, DeltaHistory
from openchair.store.sql.state import SqlState, open_state

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
Make = Callable[..., Envelope]


def events(*keys: str) -> pa.Table:
    rows = [{"fact_id": k, "source": "shop", "received_at": NOW, "happened_at": NOW, "name": "Hi"} for k in keys]
    return pa.Table.from_pylist(rows, kinds.schema("events"))


def facts_of(body: bytes, source: str, key: str, received_at: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """Every event is a fact; every third a voice too; what says so is bad."""
    said = json.loads(body)
    if "bad" in said:
        raise BadInput("event", value=said["bad"], bound="must be good", remedy="Send a good one.")
    plain = {"fact_id": key, "source": source, "received_at": received_at, "happened_at": received_at}
    facts: list[tuple[str, Mapping[str, Any]]] = [("events", {**plain, "name": said.get("name", "Hi")})]
    if said.get("voice"):
        facts.append(("voices", {**plain, "channel": "chat", "text": said["voice"]}))
    return facts


def kept(history: DeltaHistory, kind: str = "events") -> list[str]:
    return [key for file in history.files(kind) for key in pq.read_table(file)["fact_id"].to_pylist()]


def test_what_is_appended_is_there(history: DeltaHistory) -> None:
    """By table or stream; a kind nobody spoke of has no files."""
    assert history.files("events") == []
    assert history.append("events", events("a", "b")) == 2
    assert history.append("events", events("c").to_reader()) == 1
    assert sorted(kept(history)) == ["a", "b", "c"]
    assert history.files("voices") == []


def test_a_commit_carries_who_made_it_and_how_far(history: DeltaHistory) -> None:
    """Each app has its own count, and a commit without one leaves it."""
    assert history.version("events", "inbox") == -1
    history.append("events", events("a"), app="inbox", version=7)
    history.append("events", events("b"))
    assert history.version("events", "inbox") == 7
    assert history.version("events", "other") == -1
    assert DeltaHistory(history.root).version("events", "inbox") == 7


def test_whoever_comes_second_is_told_and_adds_nothing(history: DeltaHistory) -> None:
    """Two that read the same count cannot both commit on it."""
    second = DeltaHistory(history.root)
    history.version("events", "inbox")
    second.version("events", "inbox")
    history.append("events", events("a"), app="inbox", version=1)
    with pytest.raises(Conflict, match="another process"):
        second.append("events", events("a"), app="inbox", version=2)
    assert kept(history) == ["a"]
    assert second.version("events", "inbox") == 1


def test_rows_that_break_off_leave_nothing(history: DeltaHistory) -> None:
    """The engine's own error is told, not Delta's; what is not a fact of the kind is refused."""

    def breaking() -> Any:
        yield from events("a").to_batches()
        raise ZeroDivisionError("the engine broke off")

    with pytest.raises(ZeroDivisionError):
        history.append("events", pa.RecordBatchReader.from_batches(events().schema, breaking()))
    with pytest.raises(KeyError):
        history.append("events", events("a").drop_columns(["name"]))
    assert kept(history) == []


def test_small_files_are_joined_and_nothing_is_lost(history: DeltaHistory) -> None:
    """Many small commits become few files; the count of the inbox stays."""
    for i in range(12):
        history.version("events", "inbox")
        history.append("events", events(f"k{i}"), app="inbox", version=i)
    assert history.compact("events", most=50) == 12
    assert history.compact("events", most=10) == 1
    assert sorted(kept(history)) == sorted(f"k{i}" for i in range(12))
    assert history.version("events", "inbox") == 11
    assert history.compact("voices") == 0


@pytest.mark.slow
def test_a_history_of_many_syncs_stays_in_few_files(history: DeltaHistory) -> None:
    """Each sync makes a small file; they are joined as they come, and every fact stays once."""
    for i in range(SMALL_FILES * 2 + 5):
        history.version("events", "inbox")
        history.append("events", events(f"k{i}"), app="inbox", version=i)
    assert len(history.files("events")) <= SMALL_FILES
    assert sorted(kept(history)) == sorted(f"k{i}" for i in range(SMALL_FILES * 2 + 5))
    assert history.version("events", "inbox") == SMALL_FILES * 2 + 4


def test_sync_moves_each_event_once(state: SqlState, history: DeltaHistory, event: Make) -> None:
    """In batches; an event may be facts of several kinds; a second sync finds nothing."""
    state.inbox.put([event(i, body=b'{"voice": "Good"}' if i % 3 == 0 else b"{}") for i in range(25)])
    assert sync(state, history, to_facts=facts_of, batch=10) == {"events": 25, "voices": 9}
    assert sync(state, history, to_facts=facts_of, batch=10) == {}
    assert sorted(kept(history), key=int) == [str(i) for i in range(25)]
    assert len(kept(history, "voices")) == 9
    assert state.inbox.waiting() == 0


def test_an_event_that_cannot_be_read_is_kept_with_its_reason(
    state: SqlState, history: DeltaHistory, event: Make
) -> None:
    """Whether the reader refuses it, trips over it, or makes something that is no fact; the others go on."""
    bad = [b'{"bad": 1}', b"not JSON", b'{"name": ""}', b'{"name": 5}', b"[]"]
    state.inbox.put([event(f"bad{i}", body=body) for i, body in enumerate(bad)] + [event("good")])
    assert sync(state, history, to_facts=facts_of) == {"events": 1}
    rejects = list(state.rejects(None))
    assert [reject.row.encode() for reject in rejects] == bad
    assert "must be good" in rejects[0].reason
    assert state.imports(5)[0].rejected == len(bad)
    assert state.inbox.waiting() == 0


class Broken(RuntimeError):
    pass


@pytest.mark.parametrize("step", ["append 1", "append 2", "clear 1", "clear 2"])
def test_a_sync_that_is_cut_off_anywhere_is_finished_by_the_next(
    state: SqlState, history: DeltaHistory, event: Make, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """After one kind's commit and before the next, or before the inbox forgets, and with another batch size later."""
    state.inbox.put([event(i, body=b'{"voice": "Good"}') for i in range(20)])
    name, _, number = step.partition(" ")
    where, left = (history, "append") if name == "append" else (state.inbox, "clear"), [int(number)]
    does = getattr(*where)

    def breaking(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Broken
        return does(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(*where, breaking)
        with pytest.raises(Broken):
            sync(state, history, to_facts=facts_of, batch=8)
    state.inbox.put([event(i, body=b'{"voice": "Good"}') for i in range(20, 23)])
    sync(state, history, to_facts=facts_of, batch=50)
    for kind in ("events", "voices"):
        assert sorted(kept(history, kind), key=int) == [str(i) for i in range(23)]


def test_two_that_sync_at_once_count_nothing_twice(state_url: str, tmp_path: Path, event: Make) -> None:
    """While others go on putting, two syncing states over one history: every event once."""
    states = [open_state(state_url) for _ in range(3)]

    def run(who: int) -> None:
        history = DeltaHistory(tmp_path / "history")
        for i in range(12):
            if who == 2:
                states[2].inbox.put([event(f"{i}-{j}") for j in range(20)])
            else:
                sync(states[who], history, to_facts=facts_of, batch=7 + 6 * who)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    history = DeltaHistory(tmp_path / "history")
    sync(states[0], history, to_facts=facts_of)
    for one in states:
        one.close()
    assert sorted(kept(history)) == sorted(f"{i}-{j}" for i in range(12) for j in range(20))
