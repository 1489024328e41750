"""Confidence sequences: the published digits, and that looking every day costs nothing but width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.sequential import boundary, half_width, mean_sequence, mixing

DAYS = 365


def test_the_boundaries_are_those_of_the_papers_own_software() -> None:
    """confseq's tests: at V = 100, tuned for 100, alpha .05."""
    assert mixing(100) == pytest.approx(12.60056, abs=5e-6)
    assert float(boundary(100, tuned_for=100)) == pytest.approx(30.35209, abs=5e-6)
    assert float(boundary(100, tuned_for=100, sides=1)) == pytest.approx(27.66071, abs=5e-6)


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
