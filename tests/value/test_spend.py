"""How much customers spend at a purchase: published numbers, known truth, and who says nothing of it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from openchair.core.errors import BadInput, FitFailed
from openchair.value import spend
from openchair.value.spend import Spend

KNOWN = Spend({"p": 6.25, "q": 3.74, "gamma": 15.44})


def test_cdnow_to_the_printed_digits(cdnow: Any) -> None:
    """Fader & Hardie (2013) and BTYD: parameters, log-likelihood, and the mean of one who never came back."""
    fit = spend.fit(cdnow.x, cdnow.mean_spend)
    assert {name: round(value, 2) for name, value in fit.params.items()} == {"p": 6.25, "q": 3.74, "gamma": 15.44}
    assert round(fit.log_likelihood, 3) == -4055.918
    assert round(float(fit.expected(0, 0)), 2) == 35.17
    assert fit.n == 946


def test_truth_is_recovered(shop: Any) -> None:
    """Over 12 shops the parameters' errors, in standard errors, have mean 0 and deviation 1."""
    truth = {"p": 5.0, "q": 3.0, "gamma": 20.0}
    off = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        seen = shop({"r": 1.0, "alpha": 4.0, "a": 0.8, "b": 2.5}, tuple(truth.values())).customers(
            rng.uniform(20, 80, 8_000), 0, rng
        )
        fit = spend.fit(seen.x, seen.mean_spend)
        off.append([(fit.params[name] - value) / fit.standard_errors[name] for name, value in truth.items()])
    assert np.abs(np.mean(off, axis=0)).max() < 3 / np.sqrt(12)
    assert 0.5 < np.std(off, axis=0).min() < np.std(off, axis=0).max() < 1.6


def test_next_purchases_are_as_foretold(shop: Any) -> None:
    """Simulated customers' later purchases have the mean foretold, whatever they spent before."""
    rng = np.random.default_rng(4)
    seen = shop({"r": 1.0, "alpha": 4.0, "a": 0.3, "b": 2.5}, (6.25, 3.74, 15.44)).customers(
        np.full(200_000, 30.0), 30, rng
    )
    again = seen.later > 0
    expected = KNOWN.expected(seen.x, seen.mean_spend)
    for low, high in ((-1, 0), (0, 20), (20, 50), (50, 1e9)):
        group = again & (seen.mean_spend > low) & (seen.mean_spend <= high)
        later = seen.spent_later[group] / seen.later[group]
        assert expected[group].mean() == pytest.approx(later.mean(), abs=4 * later.std() / np.sqrt(group.sum()))


def test_the_likelihood_is_a_density() -> None:
    """For one purchase the model is a beta prime, whose density has the whole of its mass above 0."""
    at = np.array([6.25, 2.74, 15.44])

    def density(mean: float) -> float:
        return float(np.exp(spend._objective(np.ones(1), np.array([mean]), np.ones(1))(at)[0]))

    assert quad(density, 0, np.inf)[0] == pytest.approx(1, abs=1e-7)
    assert quad(lambda mean: mean * density(mean), 0, np.inf)[0] == pytest.approx(float(KNOWN.expected(0, 0)), rel=1e-6)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    x, mean, weights = np.array([[1, 20, 1], [3, 7.5, 2], [40, 90, 1.5]], dtype=float).T
    objective = spend._objective(x, mean, weights)
    for params in ([6.0, 2.7, 15.0], [0.4, 0.1, 300.0]):
        at = np.array(params)
        slope = [(objective(at + h)[0] - objective(at - h)[0]) / 2e-6 for h in np.eye(3) * 1e-6]
        assert objective(at)[1] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_customers_without_spend_say_nothing(cdnow: Any) -> None:
    """Those with no purchase, or with refunds of all they bought, change no fit and are given the mean of all."""
    bought = cdnow.x > 0
    whole = spend.fit(cdnow.x, np.where(bought, cdnow.mean_spend, -5))
    assert whole == spend.fit(cdnow.x[bought], cdnow.mean_spend[bought])
    assert len({float(KNOWN.expected(x, m)) for x, m in ((0, 0), (0, 99), (7, 0), (7, -3))}) == 1


def test_unit_of_money_does_not_matter(cdnow: Any) -> None:
    dollars, cents = (spend.fit(cdnow.x, cdnow.mean_spend * unit) for unit in (1, 100))
    assert cents.params == pytest.approx({**dollars.params, "gamma": dollars.params["gamma"] * 100}, rel=1e-7)


@given(
    rows=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 500), st.integers(1, 4)), min_size=3, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_order_and_splitting_of_weights_change_nothing(rows: Any, seed: int) -> None:
    def fit_or_error(*columns: Any) -> Spend | str:
        try:
            return spend.fit(*columns)
        except FitFailed as failed:
            return str(failed)

    x, mean, weights = np.array(rows, dtype=float).T
    one_by_one = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(x)), weights.astype(int)))
    assert fit_or_error(x[one_by_one], mean[one_by_one]) == fit_or_error(x, mean, weights)


@given(x=st.integers(1, 10_000), mean=st.floats(0.01, 1e6))
def test_the_mean_lies_between_ones_own_and_that_of_all(x: int, mean: float) -> None:
    prior, own = sorted([float(KNOWN.expected(0, 0)), mean])
    assert prior * (1 - 1e-12) <= KNOWN.expected(x, mean) <= own * (1 + 1e-12)


@pytest.mark.parametrize(
    ("x", "mean_spend", "weights", "message"),
    [
        ([1, 2], [5, np.nan], None, r"mean_spend, row 1: got nan; must be a finite number\. \S"),
        ([1, 2.5], [5, 5], None, r"x, row 1: got 2\.5; must be a whole number\. \S"),
        ([1, -2], [5, 5], None, r"x, row 1: got -2\.0; .*\. \S"),
        ([1, 2], ["five", 5], None, r"mean_spend: got .*; must be numbers\. \S"),
        ([1, 2, 3], [5, 5], None, r"x and mean_spend: got .*; must be of one length\. \S"),
        ([], [], None, r"x and mean_spend: got \[\]; must have at least one row\. \S"),
        ([1, 2], [5, 6], [1, 0], r"weights, row 1: got 0\.0; must be above 0\. \S"),
    ],
)
def test_bad_rows_are_named(x: Any, mean_spend: Any, weights: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        spend.fit(x, mean_spend, weights)


def test_parameters_without_a_finite_mean_are_refused() -> None:
    with pytest.raises(BadInput, match=r"q: got 1; must be a finite number above 1\. \S"):
        Spend({"p": 6, "q": 1, "gamma": 15})
    with pytest.raises(BadInput, match=r"params: got .*; must be p, q, gamma\. \S"):
        Spend({"p": 6, "q": 2})


def test_one_customer_is_no_fit() -> None:
    with pytest.raises(FitFailed, match=r"spend: got 1; at least 2 customers must differ in it\. \S"):
        spend.fit([3, 0], [20, 0])
