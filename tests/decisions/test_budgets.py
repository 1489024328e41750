"""Budgets: what cannot be is refused, what is used is remembered, prices fit the chances, the lot keeps the rest."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.decisions import budgets
from openchair.decisions.budgets import Allowed, Done, Prices, Standing
from openchair.decisions.choice import Choice, Gains, choose, draw
from openchair.decisions.plan import Budget, plan
from openchair.dossier.rules import Channel
from openchair.loyalty.actions import default

ACTIONS = default()


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"euros": {"day": 1}}, "got 'euros'; one of money"),
        ({"call": {"day": -1}}, "got -1; must be a number from 0"),
        ({"hours": {"week": float("nan")}}, "got nan; must be a number"),
        ({"hours": {"week": float("inf")}}, "got inf; must be a number"),
        ({"hours": {"year": 1}}, "must be for a day or a week"),
        ({"call": {"week": 5, "day": 20}}, "got 20.0; is more than the 5 of its week"),
        ({"money": {"week": 499}}, "got 499; must not be less than was used already, 500"),
    ],
)
def test_impossible_budgets_are_refused(given_: dict[str, Any], says: str) -> None:
    """The value, the bound and the remedy are named."""
    with pytest.raises(BadInput, match=says) as refused:
        budgets.read(given_, {("money", "week"): 500.0})
    assert refused.value.remedy


def test_what_is_not_named_has_no_limit() -> None:
    """Nor has what was left empty; every channel has a budget of its own."""
    assert budgets.read({"call": {"day": None, "week": 9}, "letter": {}}, {}) == {"call": Allowed(week=9.0)}
    assert set(get_args(Channel)) < set(budgets.TITLES)


def test_a_week_remembers_what_was_used_since_monday() -> None:
    """Today's budget knows of today, the week's of all of it; capacity is a budget of one action."""
    call = next(one for one in ACTIONS if one.channel == "call" and not one.capacity)
    voucher = next(one for one in ACTIONS if one.is_discount)
    given_ = {"money": Allowed(week=10**6), "discounts": Allowed(week=10**6), "call": Allowed(day=3, week=9)}
    done = [
        Done(call.id, "call", False, 4),
        Done(call.id, "call", True, 2),
        Done(voucher.id, voucher.channel, False, 5),
    ]
    stands = budgets.standings(given_, ACTIONS, [*done, Done("long-gone", "call", True, 7)])
    used = {(one.name, one.span): one.used for one in stands}
    assert used["call", "day"] == 2 and used["call", "week"] == 6
    assert used["money", "week"] == 6 * call.cost_minor + 5 * voucher.cost_minor
    assert used["discounts", "week"] == 5 * voucher.cost_minor
    tight = {one.name: one.limit for one in budgets.tightest(stands)}
    assert tight["call"] == 1, "of a day with one left and a week with three, the day binds"


def standing(name: str, limit: float, uses: list[float]) -> Standing:
    return Standing(name, name, "day", limit, 0.0, np.array(uses))


def some(seed: int, k: int = 60, actions: int = 8) -> tuple[Gains, np.ndarray, np.ndarray, list[Budget]]:
    """Gains of k situations, what is ruled out, how many are in each, and budgets for a part of what would be used."""
    rng = np.random.default_rng(seed)
    gains = Gains(rng.normal(3, 4, (k, actions)), np.ones((k, actions)), np.ones((k, actions)))
    codes = np.where(rng.random((k, actions)) < 0.2, 3, 0).astype(np.int16)
    uses = rng.choice([0.0, 0.5, 1.0, 2.0], (3, actions))
    weight = rng.integers(1, 200, k)
    return (
        gains,
        codes,
        weight,
        [Budget(f"b{b}", weight.sum() * rng.uniform(0.1, 0.4), u.tolist()) for b, u in enumerate(uses)],
    )


def at(gains: Gains, codes: np.ndarray) -> Callable[[np.ndarray], Choice]:
    """The choice at what actions cost: what would bring less than it takes elsewhere is out."""
    return lambda cost: choose(
        Gains(np.where(np.isfinite(cost), gains.mean - np.nan_to_num(cost, posinf=0), -1.0), gains.sd, gains.n), codes
    )


def priced(gains: Gains, codes: np.ndarray, weight: np.ndarray, limits: list[Budget], free: list[int]) -> Prices:
    """The prices at which it fits."""
    mask = np.isin(np.arange(gains.mean.shape[1]), free)

    def expected(cost: np.ndarray) -> tuple[float, np.ndarray]:
        chance = at(gains, codes)(cost).probabilities[:, :-1]
        return float(weight @ np.where(chance > 0, gains.mean * chance, 0).sum(axis=1)), weight @ chance

    return budgets.prices_of(limits, expected, mask)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_expected_under_the_chances_fits(seed: int) -> None:
    """Not only what would be used if everyone got their best: with chances for all, every budget lasts, and of what is
    scarce nothing is left."""
    gains, codes, weight, limits = some(seed)
    prices = priced(gains, codes, weight, limits, [])
    chance = prices.mixed(at(gains, codes)).probabilities
    uses, most = np.array([one.uses for one in limits]), np.array([one.limit for one in limits])
    used = uses @ (weight @ chance[:, :-1])
    assert np.allclose(chance.sum(axis=1), 1) and (chance >= 0).all()
    assert (used <= most * (1 + 1e-6)).all()
    scarce = [place for place, one in enumerate(limits) if prices.worth.get(one.name, 0) > 1e-6]
    assert scarce and np.allclose(used[scarce], most[scarce], rtol=1e-3)
    best = plan(np.repeat(np.where(codes == 0, gains.mean, -np.inf), weight, axis=0), limits,
                np.random.default_rng(1).random(weight.sum()))  # fmt: skip
    brought = float(weight @ np.where(chance[:, :-1] > 0, gains.mean * chance[:, :-1], 0).sum(axis=1))
    assert 0.6 * best.bound < brought <= best.bound


def test_where_all_fits_nothing_has_a_price() -> None:
    """Budgets that nobody would reach change no chance."""
    gains, codes, weight, limits = some(2)
    prices = priced(gains, codes, weight, [Budget(one.name, 1e9, one.uses) for one in limits], [])
    assert (prices.cost == 0).all() and not prices.worth
    assert np.array_equal(prices.mixed(at(gains, codes)).probabilities, choose(gains, codes).probabilities)


def test_one_situation_is_shared_between_having_and_not() -> None:
    """Where all are alike no price lets some of them have it: they have it by chance, as many as there is for."""
    gains = Gains(np.array([[10.0]]), np.ones((1, 1)), np.ones((1, 1)))
    codes, weight, limits = np.zeros((1, 1), np.int16), np.array([1000]), [Budget("calls", 50, [1.0])]
    chance = priced(gains, codes, weight, limits, []).mixed(at(gains, codes)).probabilities
    assert chance[0, 0] * 1000 == pytest.approx(50)
    owed = priced(gains, codes, weight, limits, [0]).mixed(at(gains, codes)).probabilities
    assert owed[0, 0] > 0.9, "what is owed is not priced out"


def test_propensities_stay_exact_under_prices() -> None:
    """Prices are known before the draw, so the frequency of every action is the chance that is kept with it."""
    gains, codes, weight, limits = some(3)
    found = priced(gains, codes, weight, limits, []).mixed(at(gains, codes)).probabilities
    row = int(np.argmax((found > 0.05).sum(axis=1)))
    u = np.random.default_rng(4).random(200_000)
    action, propensity = draw(found[row : row + 1], np.zeros(len(u), dtype=np.int64), u)
    for a in range(9):
        assert abs((action == a).mean() - found[row, a]) < 4 * np.sqrt(found[row, a] / len(u)) + 1e-9
    assert np.array_equal(propensity, found[row, action])


@given(
    st.integers(0, 10**6),
    st.lists(st.floats(0, 40), min_size=1, max_size=4),
)
def test_no_budget_is_ever_exceeded(seed: int, limits: list[float]) -> None:
    """Whatever was drawn, what the lot keeps fits every budget; of whoever waits, nobody stands before one who is kept
    and needs as little of what was used up."""
    rng = np.random.default_rng(seed)
    n, actions = 60, 5
    stands = [
        standing(f"b{b}", one, rng.choice([0.0, 0.5, 1.0, 3.0], actions).tolist()) for b, one in enumerate(limits)
    ]
    action, ranks, first = rng.integers(0, actions + 1, n), rng.random(n), rng.random(n) < 0.1
    waits = budgets.lot(action, stands, ranks, first)
    assert (waits[action == actions] == -1).all()
    for place, one in enumerate(stands):
        each = np.append(one.uses, 0.0)[action]
        assert each[waits < 0].sum() <= one.limit * (1 + 1e-9)
        assert (each[waits == place] > 0).all()
    if len(stands) == 1 and (waits >= 0).any():
        order = np.lexsort((ranks, ~first))
        needs = np.append(stands[0].uses, 0.0)[action[order]] > 0
        stopped = np.argmax(waits[order] >= 0)
        assert (waits[order][stopped:][needs[stopped:]] >= 0).all()


def test_the_lot_knows_nothing_of_gains_and_what_is_owed_goes_first() -> None:
    """Of many who would use the same, each waits as often as another; those who are owed it never do before others."""
    n, limit = 200, 50
    one = standing("calls", limit, [1.0])
    action, owed = np.zeros(n, dtype=np.int64), np.arange(n) < 20
    kept = np.zeros(n)
    for seed in range(400):
        kept += budgets.lot(action, [one], np.random.default_rng(seed).random(n), owed) < 0
    assert (kept[owed] == 400).all()
    share = (limit - 20) / (n - 20)
    assert np.abs(kept[~owed] / 400 - share).max() < 5 * np.sqrt(share / 400)


def test_what_is_owed_costs_nothing_and_what_alone_is_too_much_is_out() -> None:
    """However dear an hour is, a remedy is not held up by its price."""
    cost = budgets.cost_of([Budget("hours", 1.0, [0.5, 2.0, 1.0])], np.array([1e9]), np.array([True, True, False]))
    assert cost.tolist() == [0.0, np.inf, 1e9]
