"""The opportunity score: what it is, how sure it is, and what a draft is made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.estimate import Estimate, Unknown
from openchair.focus.opportunities import FIELDS, Evidence, asked, draft, scored

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def test_the_interval_of_the_score_holds_as_often_as_it_says() -> None:
    """Over planted needs, where importance is above satisfaction and where it is below."""
    rng = np.random.default_rng(1)
    for important, met, n in ((0.7, 0.3, 60), (0.4, 0.8, 60), (0.6, 0.5, 400)):
        true = 10 * (important + max(important - met, 0))
        held = 0
        for _ in range(200):
            one = scored((rng.binomial(n, important), n), (rng.binomial(n, met), n), n, 1.0, rng, 0.9).score
            held += isinstance(one, Estimate) and one.low <= true <= one.high
        assert 0.84 <= held / 200 <= 0.97


@given(st.integers(30, 500), st.data())
def test_a_score_lies_in_its_bounds(n: int, data: st.DataObject) -> None:
    """Importance and satisfaction from 0 to 10, the score from 0 to 20 and never below importance."""
    wanted, met = (data.draw(st.integers(0, n)) for _ in range(2))
    found = scored((wanted, n), (met, n), n, 1.0, np.random.default_rng(1))
    for one, most in ((found.importance, 10), (found.satisfaction, 10), (found.score, 20)):
        assert isinstance(one, Estimate)
        assert -1e-9 <= one.low <= one.value <= one.high <= most + 1e-9
    assert isinstance(found.score, Estimate) and isinstance(found.importance, Estimate)
    assert found.score.value >= found.importance.value


def test_fewer_than_thirty_answers_are_not_known() -> None:
    """It says how many more would do."""
    found = scored((20, 25), (5, 25), 25, 1.0, np.random.default_rng(1))
    assert found.score == found.importance == Unknown("25 answers", needed=5)


def test_what_was_asked_counts_each_customers_newest_answer() -> None:
    """The two highest steps of its own scale; what is beyond it, of nobody, or asks something else does not count."""

    def answer(who: str, asks: str, score: float, days: int, more: str = "") -> dict[str, object]:
        said = f'{{"need": "less to decide", "asks": "{asks}"{more}}}'
        return {"customer_id": who, "fact_id": f"{who}{asks}{days}", "happened_at": NOW - timedelta(days=days),
                "score": score, "properties": said}  # fmt: skip

    rows = [
        answer("a", "importance", 2, 9), answer("a", "importance", 5, 1), answer("b", "importance", 4, 1),
        answer("c", "importance", 3, 1), answer("d", "importance", 9, 1, ', "scale": 10'),
        answer("e", "importance", 7, 1),
        answer("a", "satisfaction", 1, 1), answer("f", "satisfaction", 4, 1), answer("f", "mood", 4, 1),
        {**answer("g", "importance", 5, 1), "properties": None},
    ]  # fmt: skip
    table = ibis.memtable(pa.Table.from_pylist(rows))
    found = {row["asks"]: (row["top"], row["n"]) for row in ibis.duckdb.connect().to_pyarrow(asked(table)).to_pylist()}
    assert found == {"importance": (3, 4), "satisfaction": (1, 2)}


@pytest.mark.parametrize("held", ["", "Write to swap what they leave over"])
def test_a_draft_says_only_what_is_known(held: str) -> None:
    """Who asked, what it is worth, how it is met, whether the shop can; every part is written."""
    known = Evidence(
        "Figs & Co", "less to decide", "need", 41, 300, "€ 900.", "6 of 10.", ("an empty bin",), held, "f 1"
    )
    sheet = draft(known)
    assert all(getattr(sheet, name) for name in FIELDS)
    assert "41 customers" in sheet.announcement and "an empty bin" in sheet.announcement
    assert ("lacking" in sheet.questions) is (not held)
    assert "until 60 say" in sheet.first_test
    many = draft(replace(known, customers=240)).first_test
    assert "120 drawn by lot" in many and "until" not in many
    assert sheet.quote == "f 1"
