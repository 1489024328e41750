"""What was said of whom: in step with history, binding as soon as it is recorded, on both databases."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.store.making import HOUR, NOW, facts, linked, people

from openchair.chair.ports import CUSTOMER_COLUMNS, INDEXED_KINDS, STANDING_COLUMNS, Envelope
from openchair.core.errors import NotFound
from openchair.facts.kinds import schema
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import SqlState, open_state


def ids(state: SqlState, kind: str, customer_id: str) -> list[str]:
    return [row["fact_id"] for row in state.said(kind, customer_id)]


@pytest.mark.parametrize("kind", INDEXED_KINDS)
def test_facts_come_back_as_they_were_oldest_first(state: SqlState, kind: str) -> None:
    """With their types and of every identifier of the customer; those about nobody are left out."""
    state.link(linked(("id:1", "a"), ("email:a@x.org", "a"), ("id:2", "b")), NOW)
    told = facts(
        kind,
        {"fact_id": "3", "identifier": "id:1", "happened_at": NOW + HOUR, "properties": '{"by": "ada"}'},
        {"fact_id": "2", "identifier": "email:a@x.org"},
        {"fact_id": "1", "identifier": "id:1"},
        {"fact_id": "4", "identifier": "id:2"},
        {"fact_id": "5", "identifier": None},
    )
    state.index(kind, told.to_reader(), ["one.parquet"])
    assert ids(state, kind, "a") == ["1", "2", "3"]
    assert state.said(kind, "a") == told.take([2, 1, 0]).to_pylist()
    assert ids(state, kind, "b") == ["4"]
    assert state.said(kind, "x") == []


def test_a_tie_is_said_of_both_ends(state: SqlState) -> None:
    """Once, also where both ends are one person by now."""
    state.link(linked(("id:1", "a"), ("id:9", "b"), ("id:3", "c")), NOW)
    rows = ({"fact_id": "1", "identifier": "id:1"}, {"fact_id": "2", "identifier": "id:3", "other": "id:1"})
    state.index("ties", facts("ties", *rows), [])
    assert (ids(state, "ties", "a"), ids(state, "ties", "b"), ids(state, "ties", "c")) == (["1", "2"], ["1"], ["2"])


def test_what_is_known_changes_nothing_and_files_follow_history(state: SqlState) -> None:
    """Files that history has no more are forgotten; a file read again adds nothing."""
    state.link(linked(("id:1", "a")), NOW)
    first = facts("traits", {"fact_id": "1", "identifier": "id:1"}, {"fact_id": "1", "identifier": "id:1"})
    assert state.indexed("traits") == frozenset()
    state.index("traits", first, ["f1"])
    state.index("traits", facts("traits", {"fact_id": "2", "identifier": "id:1"}), ["f1", "f2"])
    assert state.indexed("traits") == {"f1", "f2"}
    assert state.indexed("ties") == frozenset()
    state.index("traits", first, ["f3"])
    assert state.indexed("traits") == {"f3"}
    assert ids(state, "traits", "a") == ["1", "2"]


def test_facts_that_break_off_leave_neither_facts_nor_files(state: SqlState) -> None:
    """So the next reading begins again."""
    state.link(linked(("id:1", "a")), NOW)

    def breaking() -> Any:
        yield from facts("traits", {"fact_id": "1", "identifier": "id:1"}).to_batches()
        raise RuntimeError("history broke off")

    with pytest.raises(RuntimeError):
        state.index("traits", pa.RecordBatchReader.from_batches(schema("traits"), breaking()), ["f1"])
    assert (state.indexed("traits"), state.said("traits", "a")) == (frozenset(), [])
    state.index("traits", facts("traits", {"fact_id": "1", "identifier": "id:1"}), ["f1"])
    assert ids(state, "traits", "a") == ["1"]


def test_what_is_recorded_is_said_and_waits_for_history(state: SqlState, event: Callable[..., Envelope]) -> None:
    """In one transaction: an event that cannot be kept leaves no fact, nor a fact that cannot be an event."""
    state.link(linked(("id:1", "a")), NOW)
    told = facts("traits", {"fact_id": "1", "identifier": "id:1"}, {"fact_id": "2", "identifier": None})
    state.record([event("m1")], {"traits": told, "voices": pa.table({"text": ["not indexed"]})})
    assert ids(state, "traits", "a") == ["1"]
    state.record([event("m1")], {"traits": told})
    assert ids(state, "traits", "a") == ["1"]
    assert [envelope.key for batch in state.inbox.batches(5) for _, envelope in batch] == ["m1"]
    broken = facts("traits", {"fact_id": "3", "identifier": "id:1", "name": None})
    with pytest.raises(Exception, match=r"(?i)null"):
        state.record([event("m2")], {"traits": broken})
    assert state.inbox.waiting() == 1
    assert ids(state, "traits", "a") == ["1"]


def test_of_the_erased_nothing_is_taken_in_again(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Neither from an old file that someone still reads, nor by a word that comes too late."""
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.bury(["id:1"], NOW)
    ties = ({"fact_id": "1", "identifier": "id:2", "other": "id:1"}, {"fact_id": "2", "identifier": "id:2"})
    state.index("ties", facts("ties", *ties, {"fact_id": "3", "identifier": "id:1"}), ["f1"])
    assert (ids(state, "ties", "a"), ids(state, "ties", "b")) == ([], ["2"])
    with pytest.raises(NotFound, match="erased"):
        state.record([event("m1")], {"traits": facts("traits", {"fact_id": "9", "identifier": "id:1"})})
    assert state.inbox.waiting() == 0


def test_what_happened_long_ago_is_dropped(state: SqlState) -> None:
    """All that is older than a time, and nothing else."""
    state.link(linked(("id:1", "a")), NOW)
    rows = [{"fact_id": str(n), "identifier": "id:1", "happened_at": NOW + n * HOUR} for n in range(4)]
    state.index("contacts", facts("contacts", *rows), ["f1"])
    state.drop("contacts", NOW + 2 * HOUR)
    assert ids(state, "contacts", "a") == ["2", "3"]


def test_speakers_are_the_customers_of_identifiers(state: SqlState) -> None:
    """Each once; unknown identifiers mean nobody."""
    state.link(linked(("id:1", "a"), ("email:a@x.org", "a"), ("id:2", "b"), ("id:3", "c")), NOW)
    assert state.speakers(["id:2", "id:1", "email:a@x.org", "id:7"]) == ["a", "b"]
    assert state.speakers([]) == []


def test_the_newest_consents_come_with_who_said_them(state: SqlState) -> None:
    """Only names with that beginning, newest first, no more than asked for."""
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.replace_customers(people({"customer_id": "a", "name": "Ada"}))
    names = ["consent.email.marketing", "consents", "consent.profiling", "city", "consent", "consent.call.marketing"]
    rows = [
        {"fact_id": str(n), "identifier": f"id:{1 + n % 2}", "name": name, "happened_at": NOW + n * HOUR}
        for n, name in enumerate(names)
    ]
    state.index("traits", facts("traits", *rows), ["f1"])
    found = state.recent_traits("consent.", 2)
    assert [(row["fact_id"], row["name"], row["customer_id"], row["customer"]) for row in found] == [
        ("5", "consent.call.marketing", "b", None),
        ("2", "consent.profiling", "a", "Ada"),
    ]
    assert found[1]["happened_at"] == NOW + 2 * HOUR
    assert len(state.recent_traits("consent.", 9)) == 3


def test_what_must_be_true_at_once_is_set_in_the_row(state: SqlState) -> None:
    """Of those who have one; all else of the row stays."""
    rows = [{"customer_id": one, "name": one.upper(), "orders": 3, "rules": 1} for one in "ab"]
    state.replace_customers(people(*rows))
    stands = {"rules": 5, "food_safety": "declared", "consents": 6, "contacted_on": NOW.date(), "resting": "x,y"}
    stands |= {"attention_budget": 4.0, "attention_spent": 1.5, "quiet": "21-8 Asia/Karachi"}
    told = [{"customer_id": one, **stands} for one in ("b", "z")]
    state.restand(pa.Table.from_pylist(told, pa.schema(list(STANDING_COLUMNS.items()))))
    assert state.customer("a") == {**dict.fromkeys(CUSTOMER_COLUMNS), **rows[0]}
    assert state.customer("b") == {**dict.fromkeys(CUSTOMER_COLUMNS), **rows[1], **stands}
    assert state.customer("z") is None


RECORDING = """
import sys
from datetime import UTC, datetime
import pyarrow as pa
from openchair.chair.ports import Envelope
from openchair.facts.kinds import schema
from openchair.store.sql.state import open_state
state = open_state(sys.argv[1])
now = datetime.now(UTC)
print("ready", flush=True)
for i in range(1_000_000):
    row = {"fact_id": str(i), "source": "openchair", "received_at": now, "happened_at": now, "identifier": "id:1"}
    row |= {"name": "never", "value": str(i), "said_by": "customer", "confidence": 1.0}
    told = pa.Table.from_pylist([row], schema("traits"))
    state.record([Envelope(str(i), "openchair", now, b"{}")], {"traits": told})
    print(i, flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_index_and_inbox_hold_the_same(tmp_path: Path) -> None:
    """What was recorded when the process was killed is in both; what was not is in neither."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    state = open_state(url)
    state.link(linked(("id:1", "a")), NOW)
    for wait in (30, 80, 55):
        running = subprocess.Popen([sys.executable, "-c", RECORDING, url], stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        for line in running.stdout:
            if line == f"{wait}\n":
                running.kill()
        running.wait()
        running.stdout.close()
        waiting = {envelope.key for batch in state.inbox.batches(500) for _, envelope in batch}
        assert waiting == set(ids(state, "traits", "a"))
        assert len(waiting) > wait
    state.close()


def test_facts_before_a_time_leave_history_and_its_files(history: DeltaHistory) -> None:
    """Those at that very moment stay; what is let go twice goes once."""
    rows = [{"fact_id": f"fact-{n}", "identifier": "id:1", "happened_at": NOW + n * HOUR} for n in range(4)]
    history.append("contacts", facts("contacts", *rows[:2]))
    history.append("contacts", facts("contacts", *rows[2:]))
    assert history.retain("contacts", NOW + 1 * HOUR) == 1
    assert history.retain("contacts", NOW + 1 * HOUR) == 0
    assert history.retain("voices", NOW) == 0
    left = history.read("contacts", history.files("contacts")).read_all()
    assert sorted(left["fact_id"].to_pylist()) == ["fact-1", "fact-2", "fact-3"]
    kept = b"".join(path.read_bytes() for path in Path(history.root).rglob("*") if path.is_file())
    assert b"fact-1" in kept
    assert b"fact-0" not in kept


def test_owners_of_a_few_identifiers(state: SqlState) -> None:
    """Who each one means now, with the name that the last turn knew; nobody for what is unknown."""
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    assert state.owners(["id:1", "id:2", "id:7"]) == {"id:1": ("a", None), "id:2": ("b", None)}
    assert state.owners([]) == {}
