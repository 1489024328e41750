"""Confidence sequences: the published digits, and that looking every day costs nothing but width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.sequential import (
    boundary,
    bounded_boundary,
    half_width,
    heavy_boundary,
    mean_sequence,
    mixing,
    rate_sequence,
    stitched,
)

DAYS = 365


def test_the_boundaries_are_those_of_the_papers_own_software() -> None:
    """confseq's tests: at V = 100, tuned for 100, alpha .05."""
    assert mixing(100) == pytest.approx(12.60056, abs=5e-6)
    assert float(boundary(100, tuned_for=100)) == pytest.approx(30.35209, abs=5e-6)
    assert float(boundary(100, tuned_for=100, sides=1)) == pytest.approx(27.66071, abs=5e-6)
    assert float(heavy_boundary(100, scale=2, tuned_for=100)) == pytest.approx(33.02017, abs=5e-6)
    assert float(bounded_boundary(100, below=0.2, above=0.8, tuned_for=100)) == pytest.approx(31.4308, abs=5e-6)
    assert float(stitched(100, least=10, scale=3)) == pytest.approx(64.48755, abs=5e-6)


@pytest.mark.parametrize(
    ("successes", "n", "tuned", "low", "high"),
    [(700, 1_000, 100, 0.651629, 0.745949), (15, 50, 50, 0.129556, 0.511896), (5, 50, 50, 0.013021, 0.269264)],
)
def test_the_interval_of_a_share_is_that_of_the_papers_own_software(
    successes: int, n: int, tuned: int, low: float, high: float
) -> None:
    """confseq's tests, which print six digits without rounding the seventh."""
    found = rate_sequence(successes, n, tuned_for_n=tuned)
    assert [float(end) for end in found] == pytest.approx([low, high], abs=1e-6)


def test_the_interval_of_a_share_holds_from_the_first_case_on() -> None:
    """Of 200 shops where one in fifty complains, at most 5% ever see the truth outside, from the first day."""
    hits = np.random.default_rng(3).binomial(5, 0.02, (200, 30)).cumsum(axis=1)
    low, high = rate_sequence(hits, np.broadcast_to(5 * np.arange(1, 31), hits.shape), tuned_for_n=250)
    assert ((low > 0.02) | (high < 0.02)).any(axis=1).mean() <= 0.05
    assert float(rate_sequence(0, 10, tuned_for_n=100)[0]) == 0.0
    assert float(rate_sequence(10, 10, tuned_for_n=100)[1]) == 1.0


def test_the_heavy_boundary_holds_for_what_it_is_exact_for_and_the_normal_one_does_not() -> None:
    """Revenue of an exponential tail: the sum above its mean crosses in at most 5%; the normal boundary fails."""
    above = (np.random.default_rng(4).exponential(1.0, (20_000, 200)) - 1.0).cumsum(axis=1)
    cases = np.arange(1, 201)
    assert (above >= heavy_boundary(cases, scale=1.0, tuned_for=5)).any(axis=1).mean() <= 0.05
    assert (above >= stitched(cases, least=5, scale=1.0)).any(axis=1).mean() <= 0.05
    assert (above >= boundary(cases, tuned_for=5, sides=1)).any(axis=1).mean() > 0.05


@pytest.mark.parametrize(("promoters", "detractors"), [(0.5, 0.2), (0.85, 0.05), (0.95, 0.01), (0.2, 0.6)])
def test_a_sequence_holds_on_every_day_together(promoters: float, detractors: float) -> None:
    """Five answers a day for a year, looked at daily: at most 5% of shops ever see the truth outside it."""
    low, high, truth = daily_looks(promoters, detractors)
    ever = ((low > truth) | (high < truth)).any(axis=1).mean()
    assert ever <= 0.05
    # Not by being wide without end: where it is tuned for, at most three quarters wider than an interval for one look.
    assert np.mean((high - low)[:, 48]) < 1.75 * fixed_width(promoters, detractors, 250)


def test_an_interval_for_one_look_fails_when_looked_at_daily() -> None:
    """The same answers under the usual 95% interval: far more than 5% of shops see the truth outside."""
    rng = np.random.default_rng(11)
    n, mean, spread = running(rng, 0.5, 0.2)
    half = 1.959964 * np.sqrt(spread / n)
    assert (np.abs(mean - 0.3) > half).any(axis=1).mean() > 0.25


def test_one_side_is_closer_than_two() -> None:
    """Who only asks whether it rose may stop sooner; both grow with variance."""
    variance = np.geomspace(1, 1e6, 40)
    one, two = (boundary(variance, tuned_for=100, sides=sides) for sides in (1, 2))
    assert (one < two).all() and (np.diff(one) > 0).all() and (np.diff(two) > 0).all()


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(0.001, 0.4))
def test_the_width_scales_with_its_unit(spread: float, tuned_for: float, alpha: float) -> None:
    """Points or shares: a hundred times the standard error is a hundred times the width."""
    narrow = float(half_width(spread, tuned_for=tuned_for, alpha=alpha))
    assert float(half_width(100 * spread, tuned_for=100 * tuned_for, alpha=alpha)) == pytest.approx(100 * narrow)


def test_what_cannot_be_tuned_for_is_refused() -> None:
    """The error names the bound."""
    with pytest.raises(BadInput, match="tuned_for"):
        mixing(0)
    with pytest.raises(BadInput, match="alpha"):
        mixing(1, alpha=0.6, sides=1)
    with pytest.raises(BadInput, match="scale"):
        heavy_boundary(1, scale=0, tuned_for=1)
    with pytest.raises(BadInput, match="successes"):
        rate_sequence(11, 10, tuned_for_n=10)


def daily_looks(promoters: float, detractors: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Low and high of each shop and day, from the tenth answer on."""
    n, mean, spread = running(np.random.default_rng(11), promoters, detractors)
    return *mean_sequence(n, mean, spread, tuned_for_n=250, bounds=(-1, 1)), promoters - detractors


def running(rng: np.random.Generator, promoters: float, detractors: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """2,000 shops' answers so far, their mean and variance, by day."""
    counts = rng.multinomial(5, [promoters, 1 - promoters - detractors, detractors], (2_000, DAYS)).cumsum(axis=1)
    n = 5.0 * np.arange(1, DAYS + 1)
    mean = (counts[..., 0] - counts[..., 2]) / n
    spread = (counts[..., 0] + counts[..., 2]) / n - mean**2
    return n[1:], mean[:, 1:], spread[:, 1:]


def fixed_width(promoters: float, detractors: float, n: int) -> float:
    """How wide an interval for one look is."""
    return float(2 * 1.96 * np.sqrt((promoters + detractors - (promoters - detractors) ** 2) / n))
