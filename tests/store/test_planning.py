"""The plan of a day in the database, alike on both: what is planned and used, many answers in one transaction."""

from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pytest
from tests.store.making import DAY, NOW, chosen, facts, joined, linked, met, named

from openchair.chair.ports import Envelope
from openchair.chair.state.records import Mark
from openchair.core.errors import Conflict
from openchair.store.sql.state import SqlState

MANY = 300


def planned(state: SqlState, n: int = MANY) -> list[str]:
    """A plan of n decisions to call or to write, and as many to wait."""
    state.link(linked(*((f"id:{i}", f"c{i:04d}") for i in range(n))), NOW)
    state.replace_customers(named(*(f"c{i:04d}" for i in range(n))))
    rows = [
        {"decision_id": f"d{i:04d}", "customer_id": f"c{i:04d}", "gain_minor": float(i), "gain_low": -1.0,
         "gain_high": 2.0 * i, "action": ("call", "write", "wait")[i % 3], "channel": ("call", "letter", "")[i % 3]}
        for i in range(n)
    ]  # fmt: skip
    state.save_decisions(DAY, "daily", met(("s1", "{}")), chosen(*rows))
    return [str(row["decision_id"]) for row in rows if row["action"] != "wait"]


def marks(ids: list[str], status: str, event: Callable[..., Envelope], before: str = "proposed") -> list[Mark]:
    return [Mark(one, before, status, "so", event(f"{one} {status}")) for one in ids]


def told(ids: list[str], status: str) -> dict[str, pa.Table]:
    rows = [
        {"fact_id": f"{one} {status}", "identifier": f"id:{int(one[1:])}", "decision_id": one, "status": status}
        for one in ids
    ]
    return {"contacts": facts("contacts", *rows)}


def test_a_plan_is_read_best_first(state: SqlState) -> None:
    """By day, status and action, to a limit; with the customer's name; by ids whatever the day."""
    ids = planned(state)
    rows = state.planned(day=DAY, limit=MANY).to_pylist()
    assert [row["decision_id"] for row in rows] == sorted(ids, reverse=True)
    assert rows[0]["name"] == f"Name {rows[0]['customer_id']}" and rows[0]["day"] == DAY
    assert {row["action"] for row in state.planned(day=DAY, action="call", limit=9).to_pylist()} == {"call"}
    assert state.planned(day=DAY, statuses=["approved"], limit=9).num_rows == 0
    assert state.planned(day=DAY + timedelta(days=1), limit=9).num_rows == 0
    assert state.planned(decision_ids=["d0003", "d0002", "gone"], limit=9)["decision_id"].to_pylist() == ["d0003"]
    state.put_merges([joined("c0000", "c0003")])
    assert "d0003" not in state.planned(day=DAY, limit=MANY)["decision_id"].to_pylist()
    one = state.planned(decision_ids=["d0003"], limit=9).to_pylist()[0]
    assert (one["customer_id"], one["decided_for"]) == ("c0000", "c0003")


def test_many_are_answered_and_taken_back_at_once(state: SqlState, event: Callable[..., Envelope]) -> None:
    """With a fact each; what has another status by now stays, and so does its fact."""
    ids = planned(state)
    assert state.mark(marks(ids[:50], "approved", event), told(ids[:50], "approved"), by="ada", at=NOW) == ids[:50]
    again = state.mark(marks(ids[:60], "dismissed", event), told(ids[:60], "dismissed"), by="ben", at=NOW)
    assert again == ids[50:60]
    assert state.inbox.waiting() == 60
    assert [row["status"] for row in state.said("contacts", "c0000")] == ["approved"]
    counts = state.tallies(DAY).to_pylist()
    assert {(row["status"], row["stopped_by"]) for row in counts} == {
        ("approved", ""), ("dismissed", "ben"), ("proposed", ""),
    }  # fmt: skip
    assert sum(row["n"] for row in counts) == len(ids)
    back = state.mark(marks(ids[:60], "proposed", event, "approved"), told(ids[:60], "deferred"), by="ada", at=NOW)
    assert back == ids[:50] and state.became(DAY, DAY) == {"dismissed": 10, "proposed": len(ids) - 10}
    kept = state.decision(ids[0])
    assert kept is not None and (kept["status"], kept["why"], kept["decided_by"]) == ("proposed", "so", "ada")
    assert kept["decided_at"] == NOW


def test_what_was_used_is_counted_by_action_and_channel(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Of today and of the days before; what was dismissed, put off or taken back used nothing."""
    ids = planned(state)
    state.mark(marks(ids[:10], "approved", event), {}, by="ada", at=NOW)
    state.mark(marks(ids[10:20], "dismissed", event), {}, by="ada", at=NOW)
    for day, today in ((DAY, 1), (DAY + timedelta(days=1), 0)):
        done = {(row["action"], row["channel"]): row for row in state.done(DAY, day).to_pylist()}
        assert {pair: (row["today"], row["times"]) for pair, row in done.items()} == {
            ("call", "call"): (today, 5), ("write", "letter"): (today, 5),
        }  # fmt: skip
    assert state.done(DAY + timedelta(days=1), DAY + timedelta(days=6)).num_rows == 0


def test_an_answer_that_rests_on_less_than_was_used_is_refused(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Then nothing of it is kept, so that two who approve at once never exceed a budget together."""
    ids = planned(state)
    state.mark(marks(ids[:10], "approved", event), {}, by="ada", at=NOW, seen=(DAY, DAY, 0))
    with pytest.raises(Conflict, match="more was approved in the meantime"):
        state.mark(marks(ids[10:20], "approved", event), {}, by="ben", at=NOW, seen=(DAY, DAY, 0))
    assert state.done(DAY, DAY)["times"].to_pylist() == [5, 5] and state.inbox.waiting() == 10
    assert len(state.mark(marks(ids[10:20], "approved", event), {}, by="ben", at=NOW, seen=(DAY, DAY, 10))) == 10


def test_what_was_put_off_by_lot_is_decided_anew_by_the_next_turn_alone(state: SqlState) -> None:
    """Not by a word of the customer: its place in the budget has gone to others."""
    planned(state, 6)
    state.mark([Mark("d0003", "proposed", "deferred", "today's budget of calls was used")], {}, by="", at=NOW)
    again = {"decision_id": "d0003", "customer_id": "c0003", "action": "write"}
    state.redecide(DAY, "daily", met(("s1", "{}")), chosen(again))
    kept = state.decision("d0003")
    assert kept is not None and (kept["action"], kept["status"], kept["decided_by"]) == ("call", "deferred", None)
    state.save_decisions(DAY, "daily", met(("s1", "{}")), chosen(again))
    kept = state.decision("d0003")
    assert kept is not None and (kept["action"], kept["status"], kept["why"]) == ("write", "proposed", "")


def test_ties_of_families_and_firms_are_told_apart(state: SqlState) -> None:
    """Surveys ask one of a family; the plan acts on one of a family or a firm."""
    planned(state, 6)
    ties = [{"fact_id": f"t{n}", "identifier": f"id:{n}", "other": f"id:{n + 1}", "relation": one}
            for n, one in enumerate(("family", "company", "friend"))]  # fmt: skip
    state.index("ties", facts("ties", *ties), ["ties.parquet"])
    assert state.relatives().to_pylist() == [{"left_id": "c0000", "right_id": "c0001"}]
    assert state.relatives(("family", "company")).num_rows == 2
    everyone, home = [f"c{n:04d}" for n in range(6)], ("family", "company")
    assert state.acted_at_home(everyone, DAY, home) == set()
    state.mark([Mark("d0001", "proposed", "approved", "")], {}, by="ada", at=NOW)
    assert state.acted_at_home(everyone, DAY, home) == {"c0000", "c0002"}, "either end of a tie, and not who it is"
    assert state.acted_at_home(everyone, DAY, ("family",)) == {"c0000"}
    assert state.acted_at_home(everyone, DAY + timedelta(days=1), home) == set()
