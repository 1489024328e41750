"""Which side moves first: a planted lag is found with its sign, and what is not there is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from openchair.core.estimate import Unknown
from openchair.focus.leading import FEWEST_WEEKS, Lead, lead


def followed(seed: int, weeks: int, n: int = 150) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A side whose newcomers wander about a hundred a week, and one of half its size that follows it."""
    rng = np.random.default_rng(seed)
    wander = np.cumsum(rng.normal(0, 0.15, n + 60))
    wander = np.clip(wander - wander.mean(), -1.5, 1.5)
    first, second = (100 * np.exp(wander[30 - lag : 30 - lag + n]) for lag in (0, weeks))
    return rng.poisson(first).astype(float), rng.poisson(second / 2).astype(float)


@pytest.mark.parametrize("weeks", [8, -5])
def test_a_planted_lag_is_found_with_its_sign(weeks: int) -> None:
    """In nine of ten shops the very week lies in the interval; who is first is told in most, and never wrongly."""
    found = [lead(*followed(seed, weeks), np.random.default_rng(seed)) for seed in range(20)]
    held = [one.found and one.weeks.low <= weeks <= one.weeks.high for one in found if isinstance(one, Lead)]
    signs = [one.first for one in found if isinstance(one, Lead)]
    assert sum(held) >= 18
    assert signs.count(1 if weeks > 0 else -1) >= 14
    assert (-1 if weeks > 0 else 1) not in signs


def test_sides_that_move_together_have_no_first() -> None:
    """A link is found, and neither is called the leader."""
    found = [lead(*followed(seed, 0), np.random.default_rng(seed)) for seed in range(10)]
    assert sum(isinstance(one, Lead) and one.found for one in found) >= 9
    assert all(isinstance(one, Lead) and one.first == 0 for one in found)


def test_independent_sides_are_seldom_linked() -> None:
    """At 5 in 100; also where both grow, which differences take away."""
    linked = growing = 0
    for seed in range(60):
        rng = np.random.default_rng([seed, 9])
        one, other = followed(seed, 0)[0], followed(seed + 1_000, 0)[1]
        linked += _found(lead(one, other, rng))
        up = (rng.poisson(np.linspace(5, top, 150)).astype(float) for top in (80, 60))
        growing += _found(lead(*up, rng))
    assert linked <= 8
    assert growing <= 8


def _found(one: Lead | Unknown) -> bool:
    return isinstance(one, Lead) and one.found


def test_too_short_or_too_few_is_not_known() -> None:
    """It says how many more weeks, or how many more people, would do; a side that never changes tells nothing."""
    rng, some = np.random.default_rng(1), np.ones(200)
    short = lead(some[:20], some[:20], rng)
    few = lead(some, np.r_[np.ones(12), np.zeros(188)], rng)
    still = lead(some * 5, some * 3, rng)
    assert isinstance(short, Unknown) and short.needed == FEWEST_WEEKS - 20
    assert isinstance(few, Unknown) and few.needed == 38
    assert isinstance(still, Unknown)


def test_the_same_seed_gives_the_same_answer() -> None:
    """Blocks are drawn from the generator that is given."""
    sides = followed(1, 8)
    assert lead(*sides, np.random.default_rng(7)) == lead(*sides, np.random.default_rng(7))
