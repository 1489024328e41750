"""NPS: three counts, an interval that covers, and silence while there are too few answers."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.nps import FEWEST, nps

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


def test_a_negative_count_is_refused() -> None:
    """The error names the count."""
    with pytest.raises(BadInput, match="passives"):
        nps(3, -1, 2)
