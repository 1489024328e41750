"""Worth for 12 months, 36 months and life: against published formulas, simulation, and what discounting must do."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyperu

from openchair.core.errors import BadInput
from openchair.value import lifetime, spend, spender
from openchair.value.calibration import tenths
from openchair.value.lifetime import HORIZONS, WEEKS_A_YEAR, present
from openchair.value.spend import Spend
from openchair.value.spender import Spender

CDNOW = Spender("pareto/nbd", {"r": 0.5532, "alpha": 10.578, "s": 0.6061, "beta": 11.656})
MONEY = Spend({"p": 6.25, "q": 3.74, "gamma": 15.44})
BUYING = {"r": 0.9, "alpha": 4.0, "a": 0.8, "b": 4.0}
BUYERS = (
    ("bg/nbd", BUYING),
    ("mbg/nbd", BUYING | {"a": 1.0}),
    ("bg/nbd-3", BUYING | {"a": 2.0}),
    ("mbg/nbd-2", BUYING),
    ("mbg/nbd-2", {"r": 1.4, "alpha": 0.7, "a": 3.94, "b": 2853.0}),  # a grocer's: often, and hardly ever lost
    ("pareto/nbd", dict(CDNOW.params)),
    ("pareto/nbd", {"r": 2.9, "alpha": 5.3, "s": 44_700.0, "beta": 787_400.0}),  # all are lost at about one rate
    ("nbd", {"r": 0.9, "alpha": 14.0}),
)


def test_discounted_residual_transactions_are_the_published_formula() -> None:
    """Fader, Hardie & Lee (2005, "RFM and CLV"), equation 4: with the confluent hypergeometric function, 15% a year."""
    r, alpha, s, beta = CDNOW.values
    d = np.log1p(0.15) / WEEKS_A_YEAR
    for x, t_x, T in ((0, 0, 39), (1, 30, 38), (7, 35, 38.9), (14, 20, 30)):
        density = float(CDNOW.log_density(x, t_x, T))
        front = r * np.log(alpha) + s * np.log(beta) + (s - 1) * np.log(d) + gammaln(r + x + 1) - gammaln(r)
        formula = np.exp(front - (r + x + 1) * np.log(alpha + T) - density) * hyperu(s, s, d * (beta + T))
        found = present(CDNOW, MONEY, None, x, t_x, T, 30, 1, yearly_rate=0.15)
        assert found.purchases == pytest.approx(formula, rel=1e-6)


@pytest.mark.parametrize("model", ["bg/nbd", "mbg/nbd", "pareto/nbd", "nbd"])
def test_discounting_is_the_integral_over_purchases(model: str) -> None:
    """Against an adaptive rule over the rate of buying itself, for 36 months."""
    known = Spender(model, {"nbd": {"r": 0.9, "alpha": 14.0}, "pareto/nbd": dict(CDNOW.params)}.get(model, BUYING))
    d, end = np.log1p(0.2) / WEEKS_A_YEAR, 3 * WEEKS_A_YEAR

    def worth(t: float) -> float:
        step = 1e-3 * (t + 1)
        near, far = known.expected([max(t - step, 0), t + step], 3, 20, 30)
        return float(np.exp(-d * t) * (far - near) / (t + step - max(t - step, 0)))

    integral = quad(worth, 0, end, epsabs=1e-8, limit=200)[0]
    found = present(known, MONEY, end, 3, 20, 30, 30, 3, yearly_rate=0.2)
    assert found.purchases == pytest.approx(integral, rel=1e-4)


@pytest.mark.parametrize(("model", "params"), BUYERS)
def test_life_is_a_horizon_after_which_nothing_counts(model: str, params: dict[str, float]) -> None:
    """A mean over rates of buying equals the integral over time, for buyers of every kind."""
    known, rate = Spender(model, params), 0.5
    end = 18 * WEEKS_A_YEAR / np.log1p(rate)
    for x, t_x, T in ((0, 0, 30), (3, 20, 60), (12, 50, 60)):
        whole, long = (present(known, MONEY, t, x, t_x, T, 30, x, yearly_rate=rate).purchases for t in (None, end))
        assert whole == pytest.approx(long, rel=1e-6)


@given(
    x=st.integers(0, 40),
    last=st.floats(0.01, 1),
    margin=st.floats(0.01, 1),
    rate=st.floats(0.001, 2),
)
@settings(max_examples=40, deadline=None)
def test_longer_is_worth_more_and_later_less(x: int, last: float, margin: float, rate: float) -> None:
    """12 months <= 36 months <= life; never more than without discount; margin scales all; low <= value <= high."""
    known = Spender("bg/nbd", BUYING)
    rows = (x, 30 * last if x else 0, 30, 35, x)
    found = [present(known, MONEY, t, *rows, margin=margin, yearly_rate=rate) for t in HORIZONS.values()]
    values = np.array([one.value[0] for one in found])
    assert (np.diff(values) >= -1e-9 * values[1:]).all()
    plain = present(known, MONEY, WEEKS_A_YEAR, *rows, yearly_rate=0)
    assert values[0] <= margin * plain.value[0] * (1 + 1e-9)
    assert all(0 <= one.low[0] <= one.value[0] <= one.high[0] for one in found)
    whole = present(known, MONEY, None, *rows, yearly_rate=rate)
    assert found[-1].value == pytest.approx(margin * whole.value, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("t", HORIZONS.values(), ids=list(HORIZONS))
def test_intervals_cover_at_their_rate(shop: Any, t: float | None) -> None:
    """What 20,000 customers spend in forty years, discounted, passes each edge about as often as promised."""
    rng = np.random.default_rng(21)
    n, rate = 20_000, 0.15
    T = rng.integers(5, 81, n).astype(float)
    who, when = shop(BUYING, (6.25, 3.74, 15.44)).events(T + (2_000 if t is None else t), rng)
    repeat, later = (when > 0) & (when <= T[who]), when > T[who]
    x, t_x = np.bincount(who[repeat], minlength=n), np.zeros(n)
    np.maximum.at(t_x, who[repeat], when[repeat])
    spent = rng.gamma(6.25, 1, len(who)) / rng.gamma(3.74, 1 / 15.44, n)[who]
    discount = np.exp(-np.log1p(rate) / WEEKS_A_YEAR * (when - T[who]))
    came = np.bincount(who[later], (spent * discount)[later], n)
    mean = np.bincount(who[repeat], spent[repeat], n) / np.maximum(x, 1)
    found = present(Spender("bg/nbd", BUYING), MONEY, t, x, t_x, T, mean, x, yearly_rate=rate)
    assert found.value.mean() == pytest.approx(came.mean(), rel=4 * came.std() / came.mean() / np.sqrt(n))
    some = found.high > found.value * (1 + 1e-9)
    assert (came > found.high)[some].mean() == pytest.approx(0.1, abs=0.02)
    surely = found.p_none < 0.05
    assert (came < found.low)[surely].mean() == pytest.approx(0.1, abs=0.03)


def test_cdnow_is_calibrated_by_tenths(cdnow: Any) -> None:
    """Purchases of 39 held-out weeks by tenths of what Pareto/NBD foretold: they rise, and most lie in the interval."""
    fit = spender.fit(cdnow.x, cdnow.t_x, cdnow.T, model="pareto/nbd")
    found = tenths(fit.expected(39, cdnow.x, cdnow.t_x, cdnow.T), cdnow.later, confidence=0.99)
    assert len(found) == 10
    assert sum(one.came.n for one in found) == 2357
    came = [one.came.value for one in found]
    assert np.corrcoef(came, [one.foretold for one in found])[0, 1] > 0.98
    assert sum(one.came.low <= one.foretold <= one.came.high for one in found) >= 6


def test_weights_stand_for_customers() -> None:
    told, came = [1.0, 2.0, 3.0], [0.0, 3.0, 2.0]
    one_by_one = tenths(np.repeat(told, 10), np.repeat(came, 10), groups=3)
    assert tenths(told, came, [10, 10, 10], groups=3) == one_by_one


def test_bad_arguments_are_named() -> None:
    known = Spender("bg/nbd", BUYING)
    with pytest.raises(BadInput, match=r"margin: got 0; must be in \(0, 1\]\. \S"):
        present(known, MONEY, 52, 1, 1, 2, 30, 1, margin=0)
    with pytest.raises(BadInput, match=r"yearly_rate: got 0; must be in \[0, 10\], for life above 0\. \S"):
        present(known, MONEY, None, 1, 1, 2, 30, 1, yearly_rate=0)
    with pytest.raises(BadInput, match=r"foretold, row 1: got nan; .*\. \S"):
        tenths([1, np.nan], [1, 1])


def test_spending_models_serve_all_horizons(cdnow: Any) -> None:
    """CDNOW's fits at all three horizons are finite and in order."""
    buying, money = spender.fit(cdnow.x, cdnow.t_x, cdnow.T), spend.fit(cdnow.x, cdnow.mean_spend)
    rows = (cdnow.x, cdnow.t_x, cdnow.T, cdnow.mean_spend, cdnow.x)
    totals = [lifetime.present(buying, money, t, *rows, margin=0.3).value.sum() for t in HORIZONS.values()]
    assert 0 < totals[0] < totals[1] < totals[2] < np.inf
