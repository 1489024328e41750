"""Households: one member a day, whatever the ties; the others wait for all but what is owed, with exact chances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.decisions import households
from openchair.decisions.choice import Gains, choose, draw
from openchair.decisions.reasons import HOUSEHOLD, HOUSEHOLD_IDEA
from openchair.decisions.situation import Situations


def made(n: int, actions: int, seed: int) -> tuple[Situations, np.ndarray, Gains]:
    """n customers in a few situations at random."""
    rng = np.random.default_rng(seed)
    k = 6
    inverse = rng.integers(0, k, n)
    given_ = {name: np.zeros(k) for name in Situations.__dataclass_fields__}
    codes = np.where(rng.random((k, actions)) < 0.2, 3, 0).astype(np.int16)
    weight = np.bincount(inverse, minlength=k)
    gains = Gains(rng.normal(2, 3, (k, actions)), np.ones((k, actions)), np.ones((k, actions)))
    return Situations(**given_ | {"codes": codes, "weight": weight}), inverse, gains  # type: ignore[arg-type]


@given(st.integers(0, 10**6), st.integers(0, 40))
def test_nobody_is_acted_on_beside_another_of_their_household(seed: int, ties: int) -> None:
    """On random ties: of each household at most one gets anything that is not owed, and whoever lives alone is as
    before."""
    rng = np.random.default_rng(seed)
    n, actions = 40, 4
    situations, inverse, gains = made(n, actions, seed)
    left, right = rng.integers(0, n, (2, ties))
    of = households.households_of(n, left[left != right], right[left != right])
    best = np.where(situations.codes == 0, gains.mean, -np.inf).max(axis=1)[inverse]
    up = households.up_of(of, best[of.who], best[of.who] > 0, rng.random(len(of.who)))
    owed = np.array([True, False, False, False])
    heard = np.zeros((len(of.who), actions), dtype=bool)
    after, before, where = households.apart(situations, inverse, of, up, heard, owed)
    assert (before[where] == inverse).all()
    assert (after.weight == np.bincount(where, minlength=len(after))).all()
    chosen = choose(Gains(gains.mean[before], gains.sd[before], gains.n[before]), after.codes)
    action, _ = draw(chosen.probabilities, where, rng.random(n))
    acted = (action[of.who] > 0) & (action[of.who] < actions)
    assert np.bincount(of.home[acted], minlength=1).max(initial=0) <= 1
    assert np.bincount(of.home[up], minlength=1).max(initial=0) == min(1, len(of))
    alone = np.setdiff1d(np.arange(n), of.who)
    assert np.array_equal(after.codes[where[alone]], situations.codes[inverse[alone]])
    others = of.who[~up]
    barred = after.codes[where[others]]
    assert np.array_equal(barred == HOUSEHOLD, (situations.codes[inverse[others]] == 0) & ~owed)


def test_whoever_gains_most_is_up_and_equals_by_lot() -> None:
    """Known before the draw; who cannot be acted on is never up before one who can."""
    of = households.households_of(6, np.array([0, 1, 3]), np.array([1, 2, 4]))
    best = np.array([5.0, 9.0, 9.0, 1.0, 8.0])
    able = np.array([True, True, True, True, False])
    ups = [
        of.who[households.up_of(of, best, able, np.random.default_rng(seed).random(5))].tolist() for seed in range(200)
    ]
    assert {tuple(up) for up in ups} == {(1, 3), (2, 3)}
    assert 60 < sum(up[0] == 1 for up in ups) < 140


@pytest.mark.parametrize(("days", "heard"), [(3.0, True), (7.0, False), (np.inf, False)])
def test_an_idea_is_not_for_a_second_member_too_soon(days: float, heard: bool) -> None:
    """What one of a household heard within an action's spacing is barred for all of them, under its own reason."""
    of = households.households_of(2, np.array([0]), np.array([1]))
    rests = np.array([[True, False], [False, False]])
    found = households.heard_at_home(of, rests, np.array([days, np.inf]), np.array([7.0, 7.0]))
    assert found.tolist() == [[heard, False]] * 2
    situations, _, _ = made(2, 2, 1)
    situations.codes[:] = 0
    up = np.array([False, True])
    after, _, where = households.apart(situations, np.array([0, 0]), of, up, found, np.array([False, False]))
    assert after.codes[where[1]].tolist() == [HOUSEHOLD_IDEA if heard else 0, 0]
