"""Subscriptions: published shares kept, known truth, and bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import hyp2f1

from openchair.core.errors import BadInput, FitFailed
from openchair.value.spenders import contract
from openchair.value.spenders.contract import Contract

REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]


def seen_for(kept: list[int], periods: int) -> Contract:
    """The fit to a cohort of a thousand of whom so many were kept, seen for some periods."""
    lost = -np.diff(kept[: periods + 1])
    renewed = [*range(periods), periods]
    return contract.fit(renewed, [*[1] * periods, 0], [*lost, kept[periods]])


@pytest.mark.parametrize(
    ("kept", "alpha", "beta"), [(REGULAR, 0.704, 1.182), (HIGH_END, 0.668, 3.806)], ids=["regular", "high end"]
)
def test_published_cohorts(kept: list[int], alpha: float, beta: float) -> None:
    """Fader & Hardie (2007): both cohorts' parameters from seven years, and five years more foretold."""
    fit = seen_for(kept, 7)
    assert {name: round(value, 3) for name, value in fit.params.items()} == {"alpha": alpha, "beta": beta}
    assert fit.kept(np.arange(8, 13)) == pytest.approx(np.array(kept[8:]) / 1000, abs=0.021)


def test_truth_is_recovered() -> None:
    """Over 40 cohorts the errors of both parameters, in standard errors, have mean 0 and deviation 1."""
    off = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        leaves = rng.geometric(rng.beta(0.8, 2.5, 4_000)) - 1
        fit = contract.fit(np.minimum(leaves, 6), leaves < 6)
        off.append([(fit.params[n] - v) / fit.standard_errors[n] for n, v in (("alpha", 0.8), ("beta", 2.5))])
    assert np.abs(np.mean(off, axis=0)).max() < 3 / np.sqrt(40)
    assert 0.7 < np.std(off, axis=0).min() < np.std(off, axis=0).max() < 1.3


def test_discounted_renewals_are_the_published_formula() -> None:
    """Fader & Hardie (2010), equation 6, by 2F1; after n - 1 renewals they wait for the n-th end."""
    a, b, d = 0.668, 3.806, 0.1
    for renewed in (0, 1, 4):
        n = renewed + 1
        formula = (b + n - 1) / (a + b + n - 1) * hyp2f1(1, b + n, a + b + n, 1 / (1 + d))
        mean = Contract({"alpha": a, "beta": b}).renewals(renewed, rate=d)
        assert mean * (1 + d) == pytest.approx(formula, rel=1e-9)  # theirs are due now, ours at the period's end


@given(alpha=st.floats(0.05, 20), beta=st.floats(0.05, 20), renewed=st.integers(0, 50), periods=st.integers(1, 60))
def test_who_stayed_longer_stays_more_surely(alpha: float, beta: float, renewed: int, periods: int) -> None:
    known = Contract({"alpha": alpha, "beta": beta})
    assert 0 <= known.kept(periods, renewed) <= known.kept(periods, renewed + 1) <= 1
    assert 0 <= known.renewals(renewed, periods, 0.01) <= known.renewals(renewed, periods) <= periods


def test_bad_rows_are_named() -> None:
    with pytest.raises(BadInput, match=r"renewed, row 1: got -1\.0; .*\. \S"):
        contract.fit([1, -1], [0, 1])
    with pytest.raises(FitFailed, match=r"subscriptions of 2: .* some must have ended and some renewed\. \S"):
        contract.fit([3, 2], [0, 0])
    with pytest.raises(BadInput, match=r"rate: got 0\.0; must be above 0 for a lifetime.*\. \S"):
        Contract({"alpha": 1, "beta": 1}).renewals(0)
    with pytest.raises(BadInput, match=r"params: got .*; must be alpha and beta.*\. \S"):
        Contract({"alpha": -1, "beta": 1})
