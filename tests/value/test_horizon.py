"""What customers will spend: exact means, intervals that cover simulated customers, and the published ones."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.value import horizon, spend, spender
from openchair.value.spend import Spend
from openchair.value.spender import MODELS, Spender

BUYING = {"r": 0.9, "alpha": 4.0, "a": 0.8, "b": 4.0}
SPENDING = {"p": 6.25, "q": 3.74, "gamma": 15.44}
KINDS = {
    "bg/nbd": BUYING,
    "mbg/nbd": BUYING,
    "pareto/nbd": {"r": 0.9, "alpha": 4.0, "s": 0.7, "beta": 15.0},
    "nbd": {"r": 0.9, "alpha": 14.0},
    "mbg/nbd-3": {**BUYING, "alpha": 1.4},
}


def predict(model: str, seen: Any, t: float, spending: Any = SPENDING, **rest: Any) -> horizon.Horizon:
    known = Spender(model, KINDS[model]), Spend(spending)
    return horizon.predict(*known, t, seen.x, seen.t_x, seen.T, seen.mean_spend, seen.x, **rest)


@pytest.mark.parametrize("model", KINDS)
class TestEveryModel:
    @given(
        params=st.tuples(*[st.floats(0.05, 20)] * 4), x=st.integers(0, 400), T=st.floats(0, 200), t=st.floats(0.01, 99)
    )
    @settings(max_examples=100, deadline=None)
    def test_the_sum_over_counts_has_the_mean_of_the_formula(
        self, model: str, params: Any, x: int, T: float, t: float
    ) -> None:
        """E[Y] summed from P(Y >= k) is E[Y] by the hypergeometric function."""
        mathematics, at = MODELS[model], np.array(params)[: len(KINDS[model])]
        rows = np.array([[t], [x], [T / 2 if x else 0], [T]], dtype=float)
        stays, lost = mathematics.moments(at, *rows)
        mean = mathematics.expected_alive(at, *rows)
        assert stays.mean + lost.mean == pytest.approx(mean, rel=1e-6, abs=1e-9)

    def test_moments_of_a_new_customer_are_those_of_the_probabilities(self, model: str) -> None:
        """Against P(X(t) = n), which is derived apart from the sums."""
        known, n = Spender(model, KINDS[model]), np.arange(3000)
        new = horizon.predict(known, Spend(SPENDING), 39, 0, 0, 0, 0, 0)
        if not model.startswith("mbg/nbd"):  # where one seen at T = 0 may already be lost, as a new customer may
            assert new.p_alive == 1
        chances = known.probability(n, 39)
        stays, lost = MODELS[model].moments(known.values, np.full(1, 39.0), *np.zeros((3, 1)))
        alive = new.p_alive
        assert new.p_none == pytest.approx(chances[0], rel=1e-10)
        assert new.purchases == pytest.approx(chances @ n, rel=1e-10)
        assert alive * (stays.square + lost.square) == pytest.approx(chances @ n**2, rel=1e-9)

    def test_simulated_customers_do_as_foretold(self, shop: Any, model: str) -> None:
        """Mean purchases, mean spend and the chance of none, for customers of every history."""
        rng = np.random.default_rng(11)
        truth = shop(KINDS[model], tuple(SPENDING.values()), model)
        seen = truth.customers(rng.integers(0, 81, 150_000), 40, rng)
        found = predict(model, seen, 40)
        for group in (seen.x == 0, (seen.x > 0) & (seen.x < 4), seen.x >= 4):
            noise = 4 / np.sqrt(group.sum())
            assert found.purchases[group].mean() == pytest.approx(
                seen.later[group].mean(), abs=noise * seen.later[group].std()
            )
            assert found.value[group].mean() == pytest.approx(
                seen.spent_later[group].mean(), abs=noise * seen.spent_later[group].std()
            )
            assert found.p_none[group].mean() == pytest.approx((seen.later[group] == 0).mean(), abs=noise)

    @pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
    def test_intervals_cover_at_their_rate(self, shop: Any, model: str, confidence: float) -> None:
        """Each side is passed by as many as it says: the upper for all, the lower where nothing is unlikely enough."""
        rng = np.random.default_rng(12)
        truth = shop(KINDS[model], tuple(SPENDING.values()), model)
        seen = truth.customers(rng.integers(0, 81, 100_000), 40, rng)
        found = predict(model, seen, 40, confidence=confidence)
        cut = (1 - confidence) / 2
        above, below = seen.spent_later > found.high, seen.spent_later < found.low
        for low, high in ((0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 1 - cut)):
            group = (found.p_none >= low) & (found.p_none < high) & (found.high > found.value)
            assert group.sum() > 500
            noise = 4 * np.sqrt(cut * (1 - cut) / group.sum())
            assert above[group].mean() == pytest.approx(cut, abs=noise + 0.012)
            surely = group & (found.p_none < cut)
            if surely.sum() > 500:
                assert below[surely].mean() == pytest.approx(cut, abs=4 * np.sqrt(cut / surely.sum()) + 0.012)
        assert not below[found.p_none > cut].any()

    @given(
        params=st.tuples(*[st.floats(0.05, 20)] * 4),
        spending=st.tuples(st.floats(0.1, 30), st.floats(1.01, 20), st.floats(0.1, 1e5)),
        x=st.integers(0, 300),
        T=st.floats(0, 200),
        last=st.floats(0, 1),
        t=st.floats(0, 100),
        mean_spend=st.floats(-10, 1e5),
        confidence=st.floats(0.01, 0.99),
    )
    @settings(max_examples=150, deadline=None)
    def test_bounds(
        self,
        model: str,
        params: Any,
        spending: Any,
        x: int,
        T: float,
        last: float,
        t: float,
        mean_spend: float,
        confidence: float,
    ) -> None:
        """0 <= low <= value <= high, all finite, whatever the parameters: also where the variance is infinite."""
        t_x = T * last if x else 0
        assume(not x or t_x > 0)
        known = Spender(model, dict(zip(KINDS[model], params, strict=False)))
        money = Spend(dict(zip(("p", "q", "gamma"), spending, strict=True)))
        found = horizon.predict(known, money, t, x, t_x, T, mean_spend, x, confidence)
        assert 0 <= found.low[0] <= found.value[0] <= found.high[0] < np.inf
        assert 0 <= found.p_none[0] <= 1
        assert 0 <= found.p_alive[0] <= 1
        assert found.purchases[0] >= 0
        if t == 0:
            assert found.high[0] == 0


def test_intervals_hold_where_the_variance_is_infinite(shop: Any) -> None:
    """With q <= 2 the spend of a customer not yet seen spending has no variance; its quantiles are still right."""
    rng = np.random.default_rng(13)
    spending = {"p": 2.0, "q": 1.3, "gamma": 10.0}
    seen = shop(BUYING, tuple(spending.values())).customers(np.full(100_000, 4.0), 100, rng)
    new = seen.x == 0
    found = predict("bg/nbd", seen, 100, spending)
    assert (seen.spent_later > found.high)[new & (found.high > found.value)].mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("model", ["bg/nbd", "mbg/nbd", "pareto/nbd"])
def test_held_out_weeks_of_cdnow(cdnow: Any, model: str) -> None:
    """Real customers: 80% intervals over 39 held-out weeks hold at least 80% of what was spent."""
    buying = spender.fit(cdnow.x, cdnow.t_x, cdnow.T, model=model)
    money = spend.fit(cdnow.x, cdnow.mean_spend)
    found = horizon.predict(buying, money, 39, cdnow.x, cdnow.t_x, cdnow.T, cdnow.mean_spend, cdnow.x)
    held = (found.low <= cdnow.spent_later) & (cdnow.spent_later <= found.high)
    assert 0.8 < held.mean() < 0.95
    assert found.value.sum() == pytest.approx(cdnow.spent_later.sum(), rel=0.2)
    assert np.corrcoef(found.value, cdnow.spent_later)[0, 1] > 0.5


def test_more_purchases_behind_a_mean_narrow_the_interval() -> None:
    known, money = Spender("bg/nbd", BUYING), Spend(SPENDING)
    found = horizon.predict(known, money, 40, [9, 9], [38, 38], 39, 35.2, [1, 50])
    assert np.diff(found.high - found.low) < 0


def test_same_customers_same_answers_in_any_order(shop: Any) -> None:
    rng = np.random.default_rng(14)
    seen = shop(BUYING, tuple(SPENDING.values())).customers(rng.uniform(0, 80, 3_000), 1, rng)
    order = rng.permutation(3_000)
    shuffled = type(seen)(*(getattr(seen, name)[order] for name in seen.__dataclass_fields__))
    whole, mixed = predict("bg/nbd", seen, 40), predict("bg/nbd", shuffled, 40)
    for name in horizon.Horizon.__dataclass_fields__:
        assert getattr(mixed, name) == pytest.approx(getattr(whole, name)[order], rel=1e-12)


@pytest.mark.parametrize(
    ("t", "confidence", "message"),
    [
        (10, 1.0, r"confidence: got 1\.0; must be in \(0, 1\)\. \S"),
        (10, float("nan"), r"confidence: got nan; .*\. \S"),
        (-1, 0.8, r"t: got -1\.0; .*0 or more\. \S"),
        ([1, 2], 0.8, r"t: got \(2,\); must be one number\. \S"),
    ],
)
def test_bad_arguments_are_named(t: Any, confidence: float, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        horizon.predict(Spender("bg/nbd", BUYING), Spend(SPENDING), t, 1, 1, 2, 30, 1, confidence)


class TestDoubt:
    """What few customers leave uncertain of the parameters is in the intervals."""

    @pytest.mark.slow
    def test_small_shops_are_covered_as_large_ones_are(self, shop: Any) -> None:
        """60 shops of 120 customers: with the parameters' doubt as many as promised stay below; without it, fewer."""
        passed, surely, certain = [], [], []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            seen = shop(BUYING, tuple(SPENDING.values())).customers(rng.integers(10, 81, 120), 100, rng)
            buying, money = spender.fit(seen.x, seen.t_x, seen.T), spend.fit(seen.x, seen.mean_spend)
            rows = (100, seen.x, seen.t_x, seen.T, seen.mean_spend, seen.x)
            found = horizon.predict(buying, money, *rows)
            known = horizon.predict(Spender("bg/nbd", buying.params), Spend(money.params), *rows)
            some = known.high > known.value
            passed.append((seen.spent_later > found.high)[some].mean())
            surely.append((seen.spent_later > known.high)[some].mean())
            certain.append(np.log(found.high / known.high)[some].mean())
        assert np.mean(passed) == pytest.approx(0.1, abs=0.012)
        assert np.mean(passed) < np.mean(surely)
        assert 0.02 < np.mean(certain) < 0.3

    @pytest.mark.slow
    def test_the_delta_method_agrees_with_a_parametric_bootstrap(self, shop: Any) -> None:
        """The mean's standard error against that over shops simulated anew and fitted anew."""
        history = ([0.0, 2.0, 9.0], [0.0, 20.0, 38.0], 40.0)
        means, errors = [], []
        for seed in range(120):
            rng = np.random.default_rng(100 + seed)
            seen = shop(BUYING, tuple(SPENDING.values())).customers(rng.integers(10, 81, 800), 0, rng)
            fit = spender.fit(seen.x, seen.t_x, seen.T)
            means.append(np.log(fit.expected(40, *history)))
            errors.append(horizon.doubt_of(fit, lambda model: model.expected(40, *history)))
        assert np.mean(errors, axis=0) == pytest.approx(np.std(means, axis=0), rel=0.25)

    def test_it_vanishes_as_customers_are_many(self, cdnow: Any) -> None:
        """A hundred times CDNOW tells the parameters so well that intervals are those of known ones."""
        buying = spender.fit(cdnow.x, cdnow.t_x, cdnow.T, np.full(len(cdnow.x), 1000.0))
        money = spend.fit(cdnow.x, cdnow.mean_spend, np.full(len(cdnow.x), 1000.0))
        rows = (39, cdnow.x, cdnow.t_x, cdnow.T, cdnow.mean_spend, cdnow.x)
        found = horizon.predict(buying, money, *rows)
        known = horizon.predict(Spender("bg/nbd", buying.params), Spend(money.params), *rows)
        assert found.high == pytest.approx(known.high, rel=1e-12)
        assert found.low == pytest.approx(known.low, rel=1e-12)
