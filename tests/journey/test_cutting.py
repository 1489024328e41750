"""Steps become needs as they would by hand, whatever arrives first, twice, or at the same instant."""

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openchair.journey import counting, cutting
from openchair.journey.cutting import DAY_S, Code, Codes
from openchair.store.counting.engine import DuckEngine

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW_S = int((START + timedelta(days=200)).timestamp())
CODES = Codes((Code("see", 0), Code("ask", 1), Code("buy", 1, order=True), Code("get", 2), Code("again", 3)))
VISIT_S, USUAL_S = 3600, 20 * DAY_S
SHAPE = pa.schema(
    [("who", pa.int32()), ("at", pa.timestamp("us", tz="UTC")), ("code", pa.int8()), ("money", pa.int64()),
     ("mood", pa.int64())]
)  # fmt: skip
Step = tuple[int, int, int]
"""who, seconds after the start, code."""
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(st.integers(0, 9_000), st.integers(0, 40).map(lambda day: day * DAY_S * 3)),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=40,
)


ENGINE = DuckEngine(None, threads=1)  # type: ignore[arg-type]  # no facts are read


def timed(steps: Sequence[Step]) -> Any:
    rows = [
        {"who": who, "at": START + timedelta(seconds=at), "code": code, "money": 500 * (code == 2), "mood": None}
        for who, at, code in steps
    ]
    return ENGINE.keep(cutting.timed(ENGINE.share(pa.Table.from_pylist(rows, SHAPE))))


def cut(steps: Sequence[Step], usual_s: int = USUAL_S) -> list[dict[str, Any]]:
    those = timed(steps)
    own = cutting.patience(those, VISIT_S, usual_s)
    found = cutting.cut(those, own, CODES, VISIT_S, usual_s, NOW_S).order_by("who", "at", "turn", "code")
    rows: list[dict[str, Any]] = ENGINE.rows(found).to_pylist()
    ENGINE.release()
    return rows


def by_hand(steps: Sequence[Step], patience: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """who, at, code and need, one step after another."""
    found = []
    for who in sorted({step[0] for step in steps}):
        last, need, met, before = 0, 0, False, -1
        for _who, at, code in sorted(step for step in steps if step[0] == who):
            if need and (at, code) == (last, before) and code != 2:
                continue
            gap = at - last
            early = CODES.steps[code].lane < 2
            if not need or (
                early and gap > VISIT_S and (met or gap > patience.get(who, cutting.patient(USUAL_S, VISIT_S)))
            ):
                need, met = need + 1, False
            met = met or code in CODES.meets
            found.append((who, at, code, need))
            last, before = at, code
    return found


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_needs_are_cut_as_by_hand(steps: list[Step]) -> None:
    """By silence, by the customer's own patience, and anew once a need was met."""
    own = ENGINE.rows(cutting.patience(timed(steps), VISIT_S, USUAL_S)).to_pylist()
    start = int(START.timestamp())
    found = [(r["who"], r["at"] - start, r["code"], r["need"]) for r in cut(steps)]
    assert sorted(found) == sorted(by_hand(steps, {row["who"]: row["cut"] for row in own}))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_neither_the_order_of_arrival_nor_hearing_twice_changes_anything(steps: list[Step], random: Any) -> None:
    """Orders are told apart by their own ids before this, so here only steps without money are repeated."""
    again = [step for step in steps if step[2] != 2]
    other = [*steps, *again]
    random.shuffle(other)
    assert cut(steps) == cut(other)


def test_every_step_ends_in_one_way() -> None:
    """Met and back, lost unmet, met and never back, too early to say."""
    day = DAY_S
    steps = [
        (0, 0, 0), (0, 60, 2), (0, 30 * day, 0), (0, 30 * day + 60, 1),
        (1, 199 * day, 0), (2, 10 * day, 2),
    ]  # fmt: skip
    ends = [(r["who"], r["code"], r["end"]) for r in cut(steps)]
    assert ends == [(0, 0, ""), (0, 2, "back"), (0, 0, ""), (0, 1, "lost"), (1, 0, "open"), (2, 2, "lost")]


def test_a_slow_customer_is_given_more_time() -> None:
    """Forty days of silence are a new need for whoever is usually quick, and not for whoever never is."""
    slow = [(0, day * DAY_S, 0) for day in range(0, 400, 40)]
    quick = [(1, day * DAY_S, 0) for day in range(0, 100, 5)] + [(1, 135 * DAY_S, 0)]
    rows = cut([*slow, *quick])
    assert max(r["need"] for r in rows if r["who"] == 0) == 1
    assert max(r["need"] for r in rows if r["who"] == 1) == 2


def test_robots_are_told_from_busy_people() -> None:
    """A million steps, or more than a thousand a day; somebody with ninety a day for a year is no robot."""
    times = {"robot": np.arange(1_000_000) * 7, "burst": np.arange(5_000) // 100, "busy": np.arange(30_000) * 960}
    names = pa.array([f"id:{name}" for name, of in times.items() for _ in range(len(of))])
    at = pa.array(np.concatenate([*times.values()]) * 1_000_000, pa.timestamp("us", tz="UTC"))
    made = ENGINE.share(pa.table({"identifier": names, "at": at}))
    who = ENGINE.share(pa.table({"identifier": ["id:robot", "id:burst", "id:busy"], "who": [1, 2, 3]}))
    found = ENGINE.rows(cutting.robots(made, who)).to_pylist()
    assert sorted((r["who"], r["steps"]) for r in found) == [(1, 1_000_000), (2, 5_000)]


def test_a_cycle_without_end_is_one_need() -> None:
    """Back and forth in one visit counts as repeats and backtracks, and the path keeps its first steps only."""
    steps = [(0, k, k % 2) for k in range(400)]
    those = timed(steps)
    rows = cutting.cut(those, cutting.patience(those, VISIT_S, USUAL_S), CODES, VISIT_S, USUAL_S, NOW_S)
    (need,) = ENGINE.rows(counting.needs(rows, CODES, 90, NOW_S)).to_pylist()
    assert (need["steps"], need["repeats"], need["backs"], need["end"]) == (400, 398, 199, "lost")
    assert counting.digits(need["path"]) == (0, 1) * 5


def test_where_visits_part_is_found_in_everybodys_silences() -> None:
    """Between the minutes within a visit and the days between them; one kind of silence alone says nothing."""
    minutes, days = [7, 8, 9, 10], [bisect(cutting.EDGES_S, day * DAY_S) for day in (2, 3, 4, 5)]
    found = cutting.visit_seconds(minutes + days, [100] * 8)
    assert 20 * 60 <= found <= DAY_S
    assert cutting.visit_seconds([], []) == cutting.USUAL_VISIT_S
    assert cutting.usual_seconds(minutes + days, [100] * 8, found) == 6 * DAY_S


def test_a_clock_that_was_wrong_by_a_century_breaks_nothing() -> None:
    """A step in 1905 is one like any other, with a silence as long as is counted."""
    long_ago = -121 * 365 * DAY_S
    rows = cut([(0, long_ago, 0), (0, 0, 0)])
    assert [(r["need"], r["end"]) for r in rows] == [(1, "lost"), (2, "lost")]
    assert rows[0]["silence"] == rows[1]["gap"] == cutting.LIFE_S
