"""NPS: three counts, an interval that covers, and silence while there are too few answers."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.nps import FEWEST, answers_needed, nps
from openchair.listening.scores.weighting import kish

counts = st.integers(0, 10_000)


@given(counts, counts, counts)
def test_the_score_lies_in_its_interval_and_both_on_the_scale(promoters: int, passives: int, detractors: int) -> None:
    """Whatever the counts, also when everybody says the same."""
    score = nps(promoters, passives, detractors)
    if promoters + passives + detractors < FEWEST:
        assert isinstance(score, Unknown)
        assert score.needed == FEWEST - promoters - passives - detractors
    else:
        assert isinstance(score, Estimate)
        assert -100 <= score.low <= score.value <= score.high <= 100


def test_the_interval_is_rocks_adjusted_wald() -> None:
    """50 promoters, 30 passives, 20 detractors: by hand, with three answers added."""
    up, down = 50.75 / 103, 20.75 / 103
    half = 1.959963984540054 * sqrt((up + down - (up - down) ** 2) / 103)
    score = nps(50, 30, 20)
    assert isinstance(score, Estimate)
    assert score.low == pytest.approx(100 * (up - down - half))
    assert score.high == pytest.approx(100 * (up - down + half))


@pytest.mark.parametrize(("p", "d"), [(0.5, 0.2), (0.8, 0.05), (0.1, 0.6)])
@pytest.mark.parametrize("n", [20, 100])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(p: float, d: float, n: int) -> None:
    """4,000 simulated surveys: 95% intervals cover between 93% and 98% of the time."""
    rng = np.random.default_rng(7)
    draws, how_often = np.unique(rng.multinomial(n, [p, 1 - p - d, d], size=4_000), axis=0, return_counts=True)
    held = [isinstance(s := nps(*map(int, row)), Estimate) and s.low <= 100 * (p - d) <= s.high for row in draws]
    assert 0.93 <= np.average(held, weights=how_often) <= 0.98


@pytest.mark.parametrize(("p", "d"), [(0.5, 0.2), (0.7, 0.1), (0.3, 0.3)])
def test_weighted_answers_cover_the_truth_about_as_often_as_it_says(p: float, d: float) -> None:
    """Half of those asked answer three times as often; weighted back, on so many answers as they are then worth."""
    rng, held = np.random.default_rng(8), []
    for _ in range(2_000):
        # Both are half of the customers; the seldom heard are less happy by as much as the others are happier.
        often, seldom = rng.multinomial(90, [p + 0.1, 0.9 - p - d, d]), rng.multinomial(30, [p - 0.1, 1.1 - p - d, d])
        weights = np.repeat([2 / 3, 2.0], [90, 30])
        score = nps(*(2 / 3 * often + 2.0 * seldom).tolist(), effective_n=kish(weights))
        held.append(isinstance(score, Estimate) and score.low <= 100 * (p - d) <= score.high)
    assert 0.93 <= np.mean(held) <= 0.98


def test_plus_or_minus_five_points_needs_about_937_answers() -> None:
    """At half promoters and a fifth detractors (a standard error of 7.81 points with 100); and they do suffice."""
    needed = answers_needed(5, promoters=0.5, detractors=0.2)
    assert needed == pytest.approx(937, abs=1)
    score = nps(0.5 * needed, 0.3 * needed, 0.2 * needed)
    assert isinstance(score, Estimate) and 4.98 < (score.high - score.low) / 2 <= 5
    assert 100 * sqrt(0.61 / 100) == pytest.approx(7.81, abs=0.005)
    assert answers_needed(100, promoters=1, detractors=0) == FEWEST


@pytest.mark.parametrize("wrong", [{"half_width": 0}, {"promoters": 0.9}, {"detractors": -0.1}, {"confidence": 1}])
def test_what_cannot_be_planned_is_refused(wrong: dict[str, float]) -> None:
    """A width of nothing, shares above one or below nothing, certainty."""
    with pytest.raises(BadInput):
        answers_needed(**{"half_width": 5, "promoters": 0.5, "detractors": 0.2} | wrong)  # type: ignore[arg-type]


def test_a_negative_count_is_refused() -> None:
    """The error names the count."""
    with pytest.raises(BadInput, match="passives"):
        nps(3, -1, 2)
