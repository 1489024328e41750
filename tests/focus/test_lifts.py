"""Lifts: a planted one is found with an interval that keeps its promise, and chance is not taken for one."""

import numpy as np
import pytest

from openchair.focus.lifts import against, discoveries, lifts


def test_the_interval_of_a_planted_lift_holds_as_often_as_it_says() -> None:
    """Nine times of ten at nine of ten, for small groups and rare returns too."""
    rng = np.random.default_rng(1)
    for n, others, share, lift in ((40, 400, 0.2, 1.5), (200, 2_000, 0.5, 1.2), (30, 60, 0.1, 1.0)):
        picked = rng.binomial(n, share * lift, 4_000).astype(float)
        rest = rng.binomial(others, share, 4_000).astype(float)
        _ratio, low, high, _z = against(np.full(4_000, n), picked, np.full(4_000, others), rest, 0.9)
        assert 0.88 <= ((low <= lift) & (lift <= high)).mean() <= 0.97


def test_of_many_things_that_mean_nothing_none_is_sure() -> None:
    """In twenty shops with a hundred things each, hardly ever one."""
    rng = np.random.default_rng(2)
    names = [("trait", str(k)) for k in range(100)]
    wrong = 0
    for _ in range(20):
        true, known = np.full(100, 200.0), np.full(100, 1_000.0)
        picked = rng.binomial(200, 0.4, 100).astype(float)
        found = lifts(names, true, picked, known, picked + rng.binomial(800, 0.4, 100))
        wrong += any(one.sure for one in found)
    assert wrong <= 3


def test_a_planted_lift_is_sure_and_comes_first() -> None:
    """Among fifty that mean nothing, with its share, its customers and how many it is known of."""
    rng = np.random.default_rng(3)
    names = [("need", str(k)) for k in range(50)]
    true, known = np.full(50, 300.0), np.full(50, 1_500.0)
    picked = rng.binomial(300, 0.3, 50).astype(float)
    picked[7] = 150
    first, *rest = lifts(names, true, picked, known, picked + rng.binomial(1_200, 0.3, 50))
    assert (first.value, first.sure, first.customers, first.share, first.lift.n) == ("7", True, 300, 0.5, 1_500)
    assert first.lift.low > 1.2
    assert sum(one.sure for one in rest) <= 1


def test_nothing_looked_at_is_nothing_found() -> None:
    """No things, no lifts."""
    nothing = np.zeros(0)
    assert lifts([], nothing, nothing, nothing, nothing) == ()
    assert discoveries(nothing, 0.05).tolist() == []


@pytest.mark.parametrize("picked", [0.0, 50.0])
def test_none_or_all_coming_back_gives_a_finite_interval(picked: float) -> None:
    """Half a customer in each cell keeps ratios finite."""
    ratio, low, high, z = against(*(np.array([x]) for x in (50.0, picked, 100.0, 100.0)))
    assert np.isfinite([ratio, low, high, z]).all()
    assert 0 < low[0] < ratio[0] < high[0]
