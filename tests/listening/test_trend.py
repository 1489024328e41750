"""Scores over time: every window is a sum of spans, and a change test keeps its promise however often one looks."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.estimate import Estimate, Unknown
from openchair.listening.scores.metric import METRICS, Tally
from openchair.listening.scores.trend import NEVER, Spans, daily, difference, weeks

NPS = METRICS["nps"]
TODAY = date(2026, 7, 1)
answers = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40), st.integers(0, 10)), max_size=60)


def spans_of(said: list[tuple[int, int, int]]) -> Spans:
    """Spans of answers (customer, days ago, score), of which a customer has one a day: the greatest."""
    rows = []
    for who in {who for who, _, _ in said}:
        own = {ago: max(s for w, a, s in said if (w, a) == (who, ago)) for w, ago, _ in said if w == who}
        order = sorted(own, reverse=True)
        for ago, after in zip(order, [*order[1:], None], strict=True):
            leaves = NEVER if after is None else (TODAY - timedelta(days=after)).toordinal()
            rows.append(((TODAY - timedelta(days=ago)).toordinal(), leaves, own[ago]))
    table = np.array(rows, np.int64).reshape(-1, 3)
    one = np.ones(len(table))
    scores = np.arange(11.0)
    return Spans(NPS, scores, np.full(11, 10.0), table[:, 0], table[:, 1], table[:, 2], one, one, one)


def tally(promoters: int, passives: int, detractors: int) -> Tally:
    """NPS answers as counts."""
    n = np.array([promoters, passives, detractors], float)
    return NPS.tally(np.array([10.0, 8.0, 3.0]), np.full(3, 10.0), n, n, n)


@given(answers, st.integers(0, 40), st.integers(1, 41))
def test_any_window_has_each_customers_newest_answer_in_it(
    said: list[tuple[int, int, int]], back: int, days: int
) -> None:
    """Compared with the plain way: look at every answer."""
    found = spans_of(said).window(TODAY - timedelta(days=back), days)
    newest: dict[int, tuple[int, int]] = {}
    for who, ago, score in said:
        if back <= ago < back + days:
            newest[who] = min(newest.get(who, (99, 0)), (ago, -score))
    scores = [-score for _, score in newest.values()]
    assert found.answers == len(scores)
    groups = (sum(s >= 9 for s in scores), sum(7 <= s < 9 for s in scores), sum(s < 7 for s in scores))
    assert tuple(found.of(group) for group in (1, 0, -1)) == groups


def test_weeks_begin_on_monday_and_days_roll() -> None:
    """The last week ends today; a day's window is the days before it and itself."""
    spans = spans_of([(1, 0, 10), (2, 2, 0), (3, 3, 9), (3, 0, 2)])
    assert [(str(day), one.answers) for day, one in weeks(spans, TODAY, 2)] == [("2026-06-22", 1), ("2026-06-29", 3)]
    rolled = [(str(day), one.of(1), one.of(-1)) for day, one in daily(spans, TODAY, 2, 4)]
    assert rolled == [("2026-06-30", 1, 1), ("2026-07-01", 1, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.85, 0.1, 0.05)])
def test_a_change_that_never_was_is_not_found_by_looking_daily(shares: tuple[float, float, float]) -> None:
    """400 shops, 100 answers before, 4 a day after for 100 days, looked at daily: at most 5% ever see a change."""
    rng = np.random.default_rng(9)
    false, usual = 0, 0
    for _ in range(400):
        before = tally(*rng.multinomial(100, shares).tolist())
        after = rng.multinomial(4, shares, 100).cumsum(axis=0)
        looks = [difference(NPS, before, tally(*row.tolist())) for row in after]
        false += any(isinstance(d, Estimate) and not d.low <= 0 <= d.high for d in looks)
        z = [abs(t.mean - before.mean) / np.sqrt((t.variance + 1) / t.answers + (before.variance + 1) / 100)
             for t in (tally(*row.tolist()) for row in after[2:])]  # fmt: skip
        usual += max(z) > 1.96
    assert false <= 0.05 * 400
    # The usual test, looked at as often, cries wolf more than twice as often as it says.
    assert usual > 0.1 * 400


def test_a_change_that_was_is_found() -> None:
    """From 30 points to 70, 400 answers either side; the difference lies in its interval."""
    found = difference(NPS, tally(200, 120, 80), tally(300, 80, 20))
    assert isinstance(found, Estimate) and found.value == pytest.approx(40) and 0 < found.low < 40 < found.high < 60


def test_ten_answers_on_either_side_are_needed() -> None:
    """Unknown says on which side they lack, and how many."""
    found = difference(NPS, tally(5, 3, 3), tally(3, 1, 0))
    assert isinstance(found, Unknown) and "since" in found.reason and found.needed == 6
