"""The state: dossiers' rows, decisions, reports and leases, the same on SQLite and PostgreSQL."""

import base64
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.making import DAY, NOW, answered, chosen, joined, linked, met, people

from openchair.chair.ports import CUSTOMER_COLUMNS, DECISION_COLUMNS, Envelope
from openchair.chair.views import Finding, ImportReport, Lens, Reject, TurnReport
from openchair.core.errors import BadInput, NotFound
from openchair.store.sql.columns import LONG, PACKED, packed, unpacked
from openchair.store.sql.state import SqlState, open_state


def walk(state: SqlState, order: str, limit: int = 2, search: str = "") -> list[str]:
    """Every customer of a list, page after page."""
    seen: list[str] = []
    after = None
    while True:
        rows, more = state.customers(search=search, order=order, limit=limit, after=after)
        seen += [row["customer_id"] for row in rows]
        if not more:
            return seen
        after = seen[-1]


def test_a_word_is_remembered(state: SqlState) -> None:
    """The last one said counts."""
    assert state.note("simulated") is None
    state.set_note("simulated", "no")
    state.set_note("simulated", "yes")
    assert state.note("simulated") == "yes"


def test_an_empty_state_answers(state: SqlState) -> None:
    """Every question has an answer before anything has happened."""
    assert state.identities().num_rows == 0
    assert state.customers(search="", order="worth", limit=10, after=None) == ([], False)
    assert state.decisions() == ([], False)
    assert (state.customer("x"), state.decision("x"), state.turns(5), state.imports(5)) == (None, None, [], [])
    assert list(state.rejects(None)) == []
    assert state.unsettled(DAY).num_rows == state.lately(DAY, [DAY], "p1", 9).num_rows == 0


def test_a_customers_row_comes_back_with_its_types(state: SqlState) -> None:
    """Days are days, money is whole, what is unknown stays None, and not-a-number is unknown."""
    row = {
        "customer_id": "c1",
        "name": "Zoë 'x' \"y\", ซื้อ\n",
        "first_on": date(2010, 12, 1),
        "orders": 3,
        "spent_minor": 2**53 + 1,
        "value_minor": 1234.5,
        "value_low": float("nan"),
        "stage": "",
        "rules": 5,
    }
    assert state.replace_customers(people(row)) == 1
    kept = state.customer("c1")
    assert kept is not None
    assert set(kept) == set(CUSTOMER_COLUMNS)
    assert kept == {**dict.fromkeys(CUSTOMER_COLUMNS), **row, "value_low": None}


def test_a_turns_customers_take_the_place_of_the_last_ones(state: SqlState) -> None:
    """All at once, and if the rows break off halfway the old ones stay."""
    state.replace_customers(people({"customer_id": "old"}))
    schema = people().schema

    def breaking() -> Any:
        yield from people({"customer_id": "new"}).to_batches()
        raise RuntimeError("the engine broke off")

    with pytest.raises(RuntimeError):
        state.replace_customers(pa.RecordBatchReader.from_batches(schema, breaking()))
    assert walk(state, "worth") == ["old"]
    assert state.replace_customers(people({"customer_id": "b"}, {"customer_id": "a"})) == 2
    assert walk(state, "worth") == ["b", "a"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("worth", ["c", "b", "a", "e", "d"]),
        ("recent", ["b", "a", "e", "d", "c"]),
        ("name", ["b", "c", "a", "d", "e"]),
        ("orders", ["e", "d", "c", "b", "a"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_in_every_order_show_everyone_once(state: SqlState, order: str, expected: list[str], limit: int) -> None:
    """Ties and customers without the value included; those come last."""
    state.replace_customers(
        people(
            {"customer_id": "a", "name": "Émile", "value_minor": 5.0, "last_on": date(2026, 1, 2)},
            {"customer_id": "b", "name": "Anna", "value_minor": 5.0, "last_on": date(2026, 1, 3)},
            {"customer_id": "c", "name": "bob", "value_minor": 9.0},
            {"customer_id": "d", "orders": 1},
            {"customer_id": "e", "orders": 2},
        )
    )
    assert walk(state, order, limit) == expected


def test_search_takes_part_of_a_name_or_an_identifier_literally(state: SqlState) -> None:
    """Without regard to case in any alphabet; % and _ are letters like any other."""
    state.link(linked(("email:ada@example.org", "a"), ("id:SKU_7%", "b"), ("id:17850", "c")), NOW)
    state.replace_customers(
        people(
            {"customer_id": "a", "name": "Ada Lovelace"},
            {"customer_id": "b", "name": "ÖZIL 100%"},
            {"customer_id": "c", "name": "x_y"},
        )
    )
    found = {
        text: walk(state, "name", search=text)
        for text in ("love", "EXAMPLE.org", "özil", "%", "_", "sku_7", "785", "17850", "b", "nothing", " ada ")
    }
    assert found == {
        "love": ["a"],
        "EXAMPLE.org": ["a"],
        "özil": ["b"],
        "%": ["b"],
        "_": ["c", "b"],
        "sku_7": ["b"],
        "785": ["c"],
        "17850": ["c"],
        "b": ["b"],
        "nothing": [],
        " ada ": ["a"],
    }


def test_a_wrong_order_or_cursor_is_named(state: SqlState) -> None:
    """The order lists what is possible; a cursor that is gone says to start again."""
    with pytest.raises(BadInput, match="worth, recent, name, orders"):
        state.customers(search="", order="size", limit=1, after=None)
    with pytest.raises(BadInput, match="first page"):
        state.customers(search="", order="worth", limit=1, after="gone")


def test_decisions_come_with_their_situation_and_customer(state: SqlState) -> None:
    """Best gain first within the newest day, waits left out on request, in pages."""
    state.replace_customers(people({"customer_id": "a", "name": "Ada", "stage": "loyal", "value_minor": 7.0}))
    state.save_decisions(
        DAY - timedelta(days=1), "day", met(("s1", "{}")), chosen({"decision_id": "0", "customer_id": "a"})
    )
    state.save_decisions(
        DAY,
        "day",
        met(("s1", '{"stage": "loyal"}'), ("s2", "{}")),
        chosen(
            {"decision_id": "1", "customer_id": "a", "gain_minor": 5.0},
            {"decision_id": "2", "customer_id": "b", "gain_minor": 9.0, "situation_id": "s2"},
            {"decision_id": "3", "customer_id": "c", "gain_minor": 0.0, "action": "wait"},
            {"decision_id": "4", "customer_id": "d", "gain_minor": 5.0},
        ),
    )
    seen: list[str] = []
    more, after = True, None
    while more:
        rows, more = state.decisions(limit=2, after=after)
        seen += [row["decision_id"] for row in rows]
        after = seen[-1]
    assert seen == ["2", "4", "1", "3", "0"]
    assert [r["decision_id"] for r in state.decisions(day=DAY, acting=True)[0]] == ["2", "4", "1"]
    assert [r["decision_id"] for r in state.decisions(customer_id="a")[0]] == ["1", "0"]
    one = state.decision("1")
    assert one is not None
    assert (one["name"], one["stage"], one["value_minor"], one["record"]) == ("Ada", "loyal", 7.0, '{"stage": "loyal"}')
    assert (one["day"], one["moment"], one["status"], one["outcome_minor"]) == (DAY, "day", "proposed", None)
    assert set(one) > set(DECISION_COLUMNS) | set(CUSTOMER_COLUMNS)
    two = state.decision("2")
    assert two is not None
    assert two["name"] is None
    with pytest.raises(BadInput, match="first page"):
        state.decisions(after="gone")


def test_a_second_turn_of_the_day_replaces_only_what_nobody_acted_on(
    state: SqlState, event: Callable[..., Envelope]
) -> None:
    """An approved decision stays, with the record it rested on; the others are decided anew."""
    state.save_decisions(
        DAY,
        "day",
        met(("s1", "first")),
        chosen({"decision_id": "1", "customer_id": "a"}, {"decision_id": "2", "customer_id": "b"}),
    )
    answered(state, "1", "approved", event("m1"), "ada@example.org")
    state.save_decisions(
        DAY,
        "day",
        met(("s1", "second")),
        chosen(
            {"decision_id": "1", "customer_id": "a", "action": "gift"},
            {"decision_id": "2", "customer_id": "b", "action": "gift"},
        ),
    )
    kept, fresh = state.decision("1"), state.decision("2")
    assert kept is not None
    assert fresh is not None
    assert (kept["action"], kept["record"], kept["status"], kept["decided_by"]) == (
        "call",
        "first",
        "approved",
        "ada@example.org",
    )
    assert kept["decided_at"] == NOW
    assert (fresh["action"], fresh["record"], fresh["status"]) == ("gift", "second", "proposed")


def test_deciding_again_for_some_leaves_the_others_alone(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Only what was proposed to the same customers that day on that occasion is replaced."""
    everyone = [{"decision_id": f"{who}{DAY.day}", "customer_id": who} for who in "abc"]
    state.save_decisions(DAY, "daily", met(("s1", "first")), chosen(*everyone))
    state.save_decisions(DAY, "checkout", met(("s1", "first")), chosen({"decision_id": "x", "customer_id": "a"}))
    answered(state, "b1", "approved", event("m1"))
    again = [{**one, "action": "wait", "situation_id": "s2"} for one in everyone[:2]]
    state.redecide(DAY, "daily", met(("s2", "second")), chosen(*again))
    found = {row["decision_id"]: (row["action"], row["record"]) for row in state.decisions()[0]}
    first, second = ("call", "first"), ("wait", "second")
    assert found == {"a1": second, "b1": first, "c1": first, "x": first}
    state.redecide(DAY, "daily", met(), chosen())
    assert len(state.decisions()[0]) == 4


def test_what_is_queued_is_approved_or_deferred_of_late(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Of these customers alone, also of records that are part of them now; not what is old or has an outcome."""
    state.link(linked(("id:a", "a"), ("id:b", "b"), ("id:c", "c")), NOW)
    everyone = [{"decision_id": f"{who}{n}", "customer_id": who} for who in "abc" for n in "12"]
    state.save_decisions(DAY, "daily", met(("s1", "{}")), chosen(*everyone[::2]))
    state.save_decisions(DAY, "checkout", met(("s1", "{}")), chosen(*everyone[1::2]))
    for number, (one, status) in enumerate(
        {"a1": "approved", "b1": "deferred", "b2": "sent", "c1": "approved"}.items()
    ):
        answered(state, one, status, event(f"m{number}"))
    assert state.queued([], DAY) == [] and state.queued(["a"], DAY) == ["a1"]
    assert state.queued(["a", "b"], DAY) == ["a1", "b1"] and state.queued(["a"], DAY + timedelta(days=1)) == []
    state.put_merges([joined("a", "c")])
    assert state.queued(["a"], DAY) == ["a1", "c1"]


def test_a_mark_and_its_fact_are_kept_together_or_not_at_all(state: SqlState, event: Callable[..., Envelope]) -> None:
    """The fact waits in the inbox as soon as the status is set; an unknown decision, or one that somebody else was
    quicker to answer, leaves neither."""
    state.save_decisions(DAY, "day", met(("s1", "{}")), chosen({"decision_id": "1", "customer_id": "a"}))
    assert answered(state, "9", "approved", event("m9")) == [] and state.inbox.waiting() == 0
    assert answered(state, "1", "dismissed", event("m1")) == ["1"]
    assert answered(state, "1", "approved", event("m2")) == []
    assert [envelope.key for batch in state.inbox.batches(5) for _, envelope in batch] == ["m1"]


def test_a_decision_without_its_situation_is_refused(state: SqlState) -> None:
    """Nothing of that day is kept then."""
    with pytest.raises(BadInput, match="s9"):
        state.save_decisions(
            DAY, "day", met(("s1", "{}")), chosen({"decision_id": "1", "customer_id": "a", "situation_id": "s9"})
        )
    assert state.decisions() == ([], False)


def test_outcomes_settle_decisions_and_teach(state: SqlState, event: Callable[..., Envelope]) -> None:
    """A dismissed action teaches what waiting brings; one that nobody looked at teaches nothing."""
    state.replace_customers(people({"customer_id": "a", "stage": "loyal"}))
    state.save_decisions(
        DAY,
        "day",
        met(("s1", "{}")),
        chosen(
            {"decision_id": "1", "customer_id": "a", "worth_minor": 100.0, "propensity": 0.25},
            {"decision_id": "2", "customer_id": "b", "worth_minor": 10.0},
            {"decision_id": "3", "customer_id": "c", "worth_minor": 20.0, "action": "wait", "propensity": 1.0},
            {"decision_id": "4", "customer_id": "d", "worth_minor": 10.0},
            {"decision_id": "5", "customer_id": "e"},
        ),
    )
    answered(state, "1", "approved", event(1))
    answered(state, "2", "dismissed", event(2))
    assert state.unsettled(DAY + timedelta(days=28)).num_rows == 0
    assert state.unsettled(DAY + timedelta(days=29)).num_rows == 5
    state.replace_customers(people({"customer_id": "a", "stage": "lost"}))
    state.set_outcomes(
        pa.table(
            {
                "decision_id": ["1", "2", "3", "4"],
                "outcome_minor": [300, 20, 40, 1000],
                "outcome_at": pa.array([NOW] * 4, pa.timestamp("us", tz="UTC")),
            }
        )
    )
    left = state.unsettled(DAY + timedelta(days=29))
    assert left.to_pylist() == [{"decision_id": "5", "customer_id": "e", "day": DAY, "window_days": 28}]
    settled = state.decision("1")
    assert settled is not None
    assert (settled["outcome_minor"], settled["outcome_at"]) == (300, NOW)


def test_what_is_learned_from_is_what_was_done_and_some_days_of_waiting(
    state: SqlState, event: Callable[..., Envelope]
) -> None:
    """Of looked-at days all, of others what was done; of the policy's own versions; of many customers a part."""
    ids = [f"{k:x}" * 8 for k in range(16)]
    state.replace_customers(people(*({"customer_id": one} for one in ids)))
    for number, (day, policy) in enumerate(((0, "p1:a"), (1, "p1:b"), (2, "p1:b"), (7, "p2"))):
        rows = ({"decision_id": f"{number}{one}", "customer_id": one, "policy": policy} for one in ids)
        state.save_decisions(DAY + timedelta(days=day), "daily", met(("s1", "{}")), chosen(*rows))
    answered(state, f"1{ids[3]}", "approved", event(1))
    looks = [DAY, DAY + timedelta(days=7)]
    found = state.lately(DAY, looks, "p1", 16).to_pylist()
    did = [(row["customer_id"], row["action"]) for row in found if row["action"] != "wait"]
    assert did == [(ids[3], "call")] and len(found) == 17
    assert [row["customer_id"] for row in found] == sorted([*ids, ids[3]])
    assert {row["customer_id"] for row in state.lately(DAY, looks, "p1", 4).to_pylist()} == set(ids[:4])
    assert state.lately(DAY + timedelta(days=1), looks, "p1", 16).num_rows == 1


def a_turn(number: int) -> TurnReport:
    return TurnReport(
        turn_id=f"t{number}",
        as_of=NOW,
        day=DAY,
        started_at=NOW + timedelta(hours=number),
        customers=3,
        decisions=2,
        seconds={"know": 0.5},
        findings=(Finding("Sales rose.", "n = 3"),),
        models={"spender": {"r": np.float64(0.25), "n": np.int64(3)}},
        lenses=(Lens("NPS", "points", None, None, None, "not enough answers"),),
    )


def test_reports_come_back_as_they_were_newest_first(state: SqlState) -> None:
    """Turns and imports; saving one again replaces it."""
    for number in (1, 3, 2, 3):
        state.save_turn(a_turn(number))
    assert [turn.turn_id for turn in state.turns(2)] == ["t3", "t2"]
    assert state.turns(1)[0] == a_turn(3)


def test_rejects_of_a_file_read_twice_are_kept_once_and_count_as_duplicates_then(state: SqlState) -> None:
    """Both imports list them; accepted + rejected + duplicates stays the number of rows."""
    facts, columns = {"purchases": 2}, {"customer": "Email"}
    first = ImportReport("i1", "orders.csv", "csv", "shop", NOW, 1.5, 5, 2, 2, 1, facts, columns)
    again = replace(first, import_id="i2", started_at=NOW + timedelta(hours=1), accepted=0, duplicates=3, facts={})
    bad = [Reject("orders.csv", line, "no date", f"a\x00b{line}") for line in (3, 2)]
    assert state.save_import(first, iter(bad)) == first
    assert state.save_import(again, iter(bad)) == replace(again, rejected=0, duplicates=5)
    assert [report.import_id for report in state.imports(5)] == ["i2", "i1"]
    assert state.imports(5)[1] == first
    for import_id in ("i1", "i2"):
        assert [reject.line for reject in state.rejects(import_id)] == [3, 2]
    assert len(list(state.rejects(None))) == 2
    with pytest.raises(NotFound, match="i3"):
        state.rejects("i3")


def test_a_lease_is_one_owners_until_it_ends(state: SqlState) -> None:
    """It is renewed by its owner, taken by another only when expired or given back."""
    assert state.lease("turn", "me", NOW, 10)
    assert not state.lease("turn", "you", NOW + timedelta(seconds=9), 10)
    assert state.lease("turn", "me", NOW + timedelta(seconds=9), 10)
    assert not state.lease("turn", "you", NOW + timedelta(seconds=18), 10)
    assert state.lease("turn", "you", NOW + timedelta(seconds=19), 10)
    state.free("turn", "me")
    assert not state.lease("turn", "me", NOW + timedelta(seconds=20), 10)
    state.free("turn", "you")
    assert state.lease("turn", "me", NOW + timedelta(seconds=20), 10)
    assert state.lease("sync", "you", NOW, 10)


def test_what_is_kept_is_there_after_opening_again(state_url: str) -> None:
    """A second opening finds the tables made and the words said."""
    first = open_state(state_url)
    first.set_note("a", "b")
    first.close()
    second = open_state(state_url)
    assert second.note("a") == "b"
    assert second.migrated()
    second.close()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_url_that_cannot_hold_a_state_is_refused(url: str) -> None:
    """The error names it and says what is possible."""
    with pytest.raises(BadInput, match="sqlite:///FILE"):
        open_state(url)


def test_after_a_checkpoint_the_file_alone_holds_what_was_kept(tmp_path: Path) -> None:
    """What was in the log is in the file, so that no commit has to move it; on PostgreSQL there is nothing to do."""
    state = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    state.set_note("word", "kept")
    alone = [shutil.copy(tmp_path / "state.db", tmp_path / "before.db")]
    state.checkpoint()
    alone.append(shutil.copy(tmp_path / "state.db", tmp_path / "after.db"))
    state.close()
    assert [open_state(f"sqlite:///{file}").note("word") for file in alone] == [None, "kept"]


@settings(deadline=None)
@given(st.lists(st.text(), max_size=3), st.text(), st.text())
def test_texts_that_begin_alike_come_back_as_they_were(lines: list[str], one: str, other: str) -> None:
    """Lines before the last are packed once for all that begin so, and every text is a whole one; so are older ones."""
    begin = "\n".join([*lines, "alike " * LONG, ""])
    for text in (begin + one, begin + other, begin + one, one * LONG):
        assert unpacked(packed(text)) == text
    before = PACKED + base64.b64encode(zlib.compress((begin + one).encode(), 1)).decode()
    assert unpacked(before) == begin + one
