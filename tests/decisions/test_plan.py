"""The daily plan: always feasible, never above what linear programming allows, and close to the best there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from openchair.core.errors import BadInput
from openchair.decisions.plan import Budget, Plan, plan


def shop(seed: int, n: int, actions: int, budgets: int, rows: int | None = None) -> tuple[np.ndarray, list[Budget]]:
    """Gains of n customers, of `rows` kinds where given, and budgets for a part of what they would use."""
    rng = np.random.default_rng(seed)
    gains = rng.normal(1, 4, (rows or n, actions))
    gains = np.where(rng.random(gains.shape) < 0.1, -np.inf, gains)[rng.integers(0, rows, n) if rows else slice(None)]
    return gains, [
        Budget(f"budget {b}", n * rng.uniform(0.05, 0.6), rng.choice([0, 0.5, 1, 2, 3], actions))
        for b in range(budgets)
    ]


def ranks(n: int) -> np.ndarray:
    return np.random.default_rng(7).permutation(n) / n


def best(gains: np.ndarray, budgets: list[Budget], home: np.ndarray, *, whole: bool = False) -> float:
    """The best plan by HiGHS, customers whole or shared; what alone exceeds a budget is left out, as by the plan."""
    n, number = gains.shape
    uses = np.array([one.uses for one in budgets]).reshape(-1, number)
    limits = np.array([one.limit for one in budgets])
    who, what = np.nonzero((gains > 0) & (uses <= limits[:, None]).all(axis=0))
    if not len(who):
        return 0.0
    once = sparse.csr_array((np.ones(len(who)), (home[who], np.arange(len(who)))), shape=(n, len(who)))
    within = LinearConstraint(sparse.vstack([once, sparse.csr_array(uses[:, what])]), ub=[*np.ones(n), *limits])
    precise = {"mip_rel_gap": 1e-3}
    return -float(
        milp(-gains[who, what], constraints=within, bounds=Bounds(0, 1), integrality=whole, options=precise).fun
    )


def feasible(found: Plan, gains: np.ndarray, budgets: list[Budget], home: np.ndarray) -> bool:
    """Within every budget, nothing that is not permitted, one a household, and the gain is what it says."""
    acts = np.flatnonzero(found.action < gains.shape[1])
    brought = gains[acts, found.action[acts]]
    used = np.array([np.array(one.uses)[found.action[acts]].sum() for one in budgets])
    limits = np.array([one.limit for one in budgets])
    return bool(
        (brought > 0).all()
        and (used <= limits * (1 + 1e-9)).all()
        and np.allclose(used, found.used)
        and len(np.unique(home[acts])) == len(acts)
        and np.isclose(brought.sum(), found.gain)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 6), st.integers(0, 4), st.booleans(), st.booleans())
def test_a_plan_is_feasible_and_its_bound_is_the_linear_programs(
    seed: int, n: int, actions: int, budgets: int, alike: bool, together: bool
) -> None:
    """Whatever the gains, uses, limits and households; also where nearly all customers are the same."""
    gains, scarce = shop(seed, n, actions, budgets, rows=2 if alike else None)
    home = np.random.default_rng(seed).integers(0, n, n) if together else np.arange(n)
    found = plan(gains, scarce, ranks(n), home if together else None)
    shared = best(gains, scarce, home)
    assert feasible(found, gains, scarce, home)
    assert found.gain <= shared * (1 + 1e-7) + 1e-9
    assert found.bound == pytest.approx(shared, rel=1e-5, abs=1e-9)
    assert 0 <= found.gap <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 3), st.integers(0, 3))
def test_the_best_of_all_plans_lies_within_the_gap(seed: int, n: int, actions: int, budgets: int) -> None:
    """Of every assignment tried by hand, none brings more than the bound, and few more than the plan."""
    gains, scarce = shop(seed, n, actions, budgets)
    own = np.column_stack([gains, np.zeros(n)])
    uses = np.array([[*one.uses, 0] for one in scarce]).reshape(budgets, actions + 1)
    limits = np.array([one.limit for one in scarce])
    most = max(
        own[np.arange(n), each].sum()
        for each in map(list, product(range(actions + 1), repeat=n))
        if (uses[:, each].sum(axis=1) <= limits).all()
    )
    found = plan(gains, scarce, ranks(n))
    assert found.gain <= most + 1e-9
    assert most <= found.bound * (1 + 1e-6) + 1e-9


def test_small_shops_lose_little() -> None:
    """Fifty customers, three narrow budgets: on average within two in a hundred of the best plan there is."""
    shops = [shop(seed, 50, 5, 3) for seed in range(10)]
    lost = [1 - plan(*one, ranks(50)).gain / best(*one, np.arange(50), whole=True) for one in shops]
    assert np.mean(lost) < 0.02


@pytest.mark.parametrize("rows", [None, 3])
def test_the_order_of_customers_changes_nothing(rows: int | None) -> None:
    """Each customer gets the same to the letter, also where many are alike and only some can be served."""
    gains, scarce = shop(5, 5_000, 6, 3, rows)
    home = np.random.default_rng(1).integers(0, 4_000, 5_000)
    shuffled = np.random.default_rng(2).permutation(5_000)
    one = plan(gains, scarce, ranks(5_000), home)
    other = plan(gains[shuffled], scarce, ranks(5_000)[shuffled], home[shuffled])
    assert (one.action[shuffled] == other.action).all()
    assert (one.gain, one.bound) == (pytest.approx(other.gain), other.bound)


def test_seventeen_thousand_customers_within_a_thousandth() -> None:
    """Prices first looked for among a few hold for all: with a capacity for each action the gap is below 0.1%."""
    gains, scarce = shop(11, 17_000, 12, 4)
    scarce += [Budget(f"capacity {a}", 900, np.eye(12)[a]) for a in range(12)]
    found = plan(gains, scarce, ranks(17_000))
    assert feasible(found, gains, scarce, np.arange(17_000))
    assert 0 <= found.gap < 0.001


def test_equals_share_what_there_is() -> None:
    """A thousand alike, two hours for every ten who would each need one: 200 get it, and one more hour is worth 5."""
    found = plan(np.full((1_000, 1), 5.0), [Budget("hours", 200, [1])], ranks(1_000))
    assert (found.action == 0).sum() == 200
    assert found.price == pytest.approx([5.0])
    assert found.gap == pytest.approx(0.0, abs=1e-6)


def test_units_of_money_change_nothing() -> None:
    """Gains in thousandths or in millions give the same plan, at prices in that unit."""
    gains, scarce = shop(3, 400, 5, 3)
    one, small, large = (plan(gains * unit, scarce, ranks(400)) for unit in (1, 1e-6, 1e9))
    for other, unit in ((small, 1e-6), (large, 1e9)):
        assert other.gain / unit == pytest.approx(one.gain, rel=1e-3)
        assert other.bound / unit == pytest.approx(one.bound, rel=1e-5)


@pytest.mark.parametrize("limit", [0.0, 0.5])
def test_with_nothing_to_spend_everyone_waits(limit: float) -> None:
    """A budget of zero, or of less than one action takes."""
    gains, _ = shop(1, 30, 3, 0)
    found = plan(gains, [Budget("money", limit, [1, 1, 1])], ranks(30))
    assert (found.action == 3).all()
    assert (found.gain, found.bound, found.gap) == (0, 0, 0)
    assert len(plan(gains[:0], [Budget("money", 1, [1, 1, 1])], ranks(0)).action) == 0


def test_without_limits_everyone_gets_their_best() -> None:
    """No budgets, or only infinite ones, and nothing costs its users anything."""
    gains, _ = shop(2, 200, 4, 0)
    for budgets in ([], [Budget("money", np.inf, [1, 2, 3, 4])]):
        found = plan(gains, budgets, ranks(200))
        assert found.gain == pytest.approx(gains.max(axis=1).clip(0).sum())
        assert not found.price.any()


@pytest.mark.parametrize(
    ("gain", "budget", "told"),
    [
        (1.0, Budget("money", -5, [1.0]), "budget money: got -5; must be 0 or more"),
        (1.0, Budget("money", np.nan, [1.0]), "budget money: got nan"),
        (1.0, Budget("hours", 5, [np.nan]), "what actions use of hours"),
        (1.0, Budget("hours", 5, [-1.0]), "what actions use of hours"),
        (1.0, Budget("hours", 5, [1.0, 2.0]), "must be 1 finite numbers"),
        (np.nan, Budget("hours", 5, [1.0]), "gain of action 0 with customer 0: got nan"),
        (np.inf, Budget("hours", 5, [1.0]), "gain of action 0 with customer 0: got inf"),
    ],
)
def test_what_cannot_be_is_refused_by_name(gain: float, budget: Budget, told: str) -> None:
    """The error names what is wrong, its value and what is allowed."""
    with pytest.raises(BadInput, match=told):
        plan(np.array([[gain]]), [budget], ranks(1))
