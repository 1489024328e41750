"""Importance by known figures, by a slow way that cannot err, and by what must be true of any."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.focus import drivers

SWISS = {
    drivers.lmg: (0.057091, 0.171173, 0.260135, 0.105570, 0.112766),
    drivers.johnson: (0.048417, 0.154708, 0.271964, 0.114680, 0.116966),
    drivers.last: (0.042870, 0.007387, 0.161963, 0.062373, 0.056945),
    drivers.first: (0.124665, 0.417164, 0.440616, 0.215004, 0.173519),
}


@pytest.mark.parametrize("measure", SWISS, ids=lambda m: m.__name__)
def test_swiss_to_six_digits(swiss, measure):
    """R's relaimpo says so of Fertility on five (Groemping, 2006)."""
    assert measure(swiss).round(6).tolist() == list(SWISS[measure])


def test_the_parts_of_swiss_are_the_whole(swiss):
    """LMG and Johnson's weights each add up to R2."""
    for measure in (drivers.lmg, drivers.johnson):
        assert measure(swiss).sum() == pytest.approx(0.706735, abs=5e-7)


def by_hand(cov: np.ndarray) -> np.ndarray:
    """LMG as it is defined: regressions of every subset, every order of entering."""
    p = len(cov) - 1

    def r2(some: tuple[int, ...]) -> float:
        rows = sorted(some)
        return float(cov[rows, p] @ np.linalg.lstsq(cov[np.ix_(rows, rows)], cov[rows, p])[0]) / cov[p, p]

    total = np.zeros(p)
    orders = list(permutations(range(p)))
    for order in orders:
        for place, one in enumerate(order):
            total[one] += r2(order[: place + 1]) - r2(order[:place])
    return total / len(orders)


covariances = st.integers(0, 2**32 - 1).flatmap(lambda seed: st.tuples(st.just(seed), st.integers(1, 5)))


def drawn(seed: int, p: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cov(rng.normal(size=(p + 5, p + 1)) @ rng.normal(size=(p + 1, p + 1)), rowvar=False)


@given(covariances)
def test_exact_lmg_is_its_definition(case):
    """All subsets swept at once give what regressions one by one give."""
    cov = drawn(*case)
    assert drivers.lmg(cov) == pytest.approx(by_hand(cov), abs=1e-9)


@given(covariances)
def test_neither_scale_nor_order_matters(case):
    """Importance follows its driver, whatever unit it is in and wherever it stands; no part is below 0."""
    cov = drawn(*case)
    rng = np.random.default_rng(case[0])
    order = rng.permutation(case[1])
    place, size = np.append(order, case[1]), rng.uniform(0.1, 9, case[1] + 1) * rng.choice([-1, 1], case[1] + 1)
    other = (cov * np.outer(size, size))[np.ix_(place, place)]
    for measure in SWISS:
        assert measure(other) == pytest.approx(measure(cov)[order], abs=1e-8)
    assert (drivers.lmg(cov) > -1e-12).all()
    assert drivers.lmg(cov).sum() == pytest.approx(drivers.johnson(cov).sum(), abs=1e-8)


def test_one_that_is_the_sum_of_others_adds_nothing_and_shares():
    """Collinear drivers share what they explain; none is divided by 0."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 2))
    y = x.sum(axis=1) + rng.normal(size=200)
    cov = np.cov(np.column_stack([x, x.sum(axis=1), np.zeros(200), y]), rowvar=False)
    shares = drivers.lmg(cov)
    assert shares.sum() == pytest.approx(drivers.johnson(cov).sum(), abs=1e-9)
    assert shares[3] == 0 and drivers.last(cov)[:3] == pytest.approx(0, abs=1e-9)


def test_sampled_orders_agree_with_all_within_their_error(swiss):
    """The error that is shown is the error that is made, and it falls with the orders."""
    found = [drivers.lmg_sampled(swiss, 100, np.random.default_rng(seed)) for seed in range(60)]
    off = np.array([one.value - drivers.lmg(swiss) for one in found])
    shown = np.array([one.error for one in found])
    assert (abs(off) < 2 * shown).mean() == pytest.approx(0.95, abs=0.04)
    assert drivers.lmg_sampled(swiss, 1600, np.random.default_rng(1)).error.mean() < shown.mean() / 3


@pytest.mark.slow
def test_two_hundred_drivers_by_sampling():
    """Beyond twenty there are too many subsets; the parts still add up to R2."""
    cov = drawn(7, 200)
    found = drivers.lmg_sampled(cov, 40, np.random.default_rng(0))
    assert found.value.sum() == pytest.approx(drivers.johnson(cov).sum(), abs=1e-4)
    assert found.error.max() < 0.02


@pytest.mark.parametrize(
    ("matrix", "named"),
    [([[1.0]], "covariance"), ([[1, 0.5], [0.4, 1]], "covariance"), ([[1, np.nan], [np.nan, 1]], "covariance"),
     ([[1, 0], [0, 0]], "outcome"), (np.eye(22), "at most 20"), ([1, 2], "covariance")],
)  # fmt: skip
def test_what_is_no_covariance_is_refused(matrix, named):
    """The error says what was given and what is allowed."""
    with pytest.raises(BadInput, match=named):
        drivers.lmg(matrix)
