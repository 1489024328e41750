"""Arms and the log in the state, on both databases."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import update
from tests.store.making import HOUR, NOW, chosen, joined, linked, met, named

from openchair.core.ids import digest
from openchair.store.sql.schema import decisions
from openchair.store.sql.state import SqlState

FIRST = date(2026, 3, 30)
IDS = sorted(digest(str(k)) for k in range(6))


def decided(state: SqlState, day: date, *rows: dict[str, Any]) -> None:
    """The decisions of a day for the first customers, in order."""
    plain = [{"customer_id": who, "decision_id": f"{day}{who}"} for who in IDS]
    both = [{**of, **row} for of, row in zip(plain, rows, strict=False)]
    state.save_decisions(day, "daily", met(("s1", "{}")), chosen(*both))


def test_a_customer_is_in_the_arm_of_their_first_decision_of_the_quarter(state: SqlState) -> None:
    """Whoever comes later enters later; a merged customer has no lot of their own; another quarter is another lot."""
    state.link(linked(*((f"id:{k}", who) for k, who in enumerate(IDS))), NOW)
    state.replace_customers(named(*IDS))
    assert state.decided_between() is None
    decided(state, FIRST, {"arm": "holdout"}, {"arm": "learned"})
    decided(state, FIRST + timedelta(days=2), *({"arm": arm} for arm in ("learned", "learned", "single", "random")))
    assert state.decided_between() == (FIRST, FIRST + timedelta(days=2))
    before, after = state.lots(date(2026, 1, 1), date(2026, 4, 1)), state.lots(date(2026, 4, 1), date(2026, 7, 1))
    assert before["arm"].to_pylist() == ["holdout", "learned"] and set(before["entered"].to_pylist()) == {FIRST}
    assert after["arm"].to_pylist() == ["learned", "learned", "single", "random"]
    state.put_merges([joined(IDS[0], IDS[1])])
    assert state.lots(date(2026, 1, 1), date(2026, 4, 1))["customer_id"].to_pylist() == IDS[:1]


def test_decisions_are_counted_by_arm_and_what_became_of_them(state: SqlState) -> None:
    """Of each day, arm and action: how many, how many were done, of how many it is known what came."""
    decided(state, FIRST, {}, {}, {"action": "wait", "arm": "holdout"}, {"action": "mail"})
    with state._database.write() as connection:
        first = decisions.c.decision_id == f"{FIRST}{IDS[0]}"
        connection.execute(update(decisions).where(first).values(status="approved"))
    settled = pa.table({"decision_id": [f"{FIRST}{IDS[2]}"], "outcome_minor": [500], "outcome_at": [NOW + HOUR]})
    state.set_outcomes(settled)
    told = {(row["arm"], row["action"], row["done"]): (row["n"], row["settled"]) for row in state.tally().to_pylist()}
    assert told == {
        ("learned", "call", True): (1, 0),
        ("learned", "call", False): (1, 0),
        ("learned", "mail", False): (1, 0),
        ("holdout", "wait", False): (1, 1),
    }


def test_the_log_holds_what_can_be_judged_by(state: SqlState) -> None:
    """Decisions of the arm that learns of days that are settled wholly, with their records; of many, those of a part of
    customers."""
    arms = ("learned", "learned", "holdout", "learned", "random", "single")
    decided(state, FIRST, *({"arm": arm, "expected_minor": 2.5, "propensity": 0.25} for arm in arms))
    later = FIRST + timedelta(days=1)
    decided(state, later, {}, {})
    ids = [*(f"{FIRST}{who}" for who in IDS), f"{later}{IDS[0]}"]
    state.set_outcomes(pa.table({"decision_id": ids, "outcome_minor": [1, 2, 3, 4, 5, 6, 7], "outcome_at": [NOW] * 7}))
    rows, records = state.tried(100)
    assert rows["outcome_minor"].to_pylist() == [1, 2, 4] and rows["customer_id"].to_pylist() == [*IDS[:2], IDS[3]]
    assert set(rows["expected_minor"].to_pylist()) == {2.5} and set(rows["propensity"].to_pylist()) == {0.25}
    assert list(records.values()) == ["{}"] and set(records) == set(rows["record_id"].to_pylist())
    fewer, _ = state.tried(2)
    assert set(fewer["customer_id"].to_pylist()) < set(rows["customer_id"].to_pylist())
    bound = f"{int(16**8 * 2 / 3):08x}"
    assert all(who < bound for who in fewer["customer_id"].to_pylist())


def test_records_of_a_day_are_of_so_many_customers(state: SqlState) -> None:
    """Those who learn, each distinct record once."""
    decided(state, FIRST, {}, {"arm": "holdout"}, {}, {})
    assert list(state.met(FIRST).values()) == [("{}", 3)]
    assert state.met(FIRST + timedelta(days=1)) == {}
