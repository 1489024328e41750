"""Rationing: what is decided for everyone fits what there is, one of a household at a time, with exact chances."""

import time
from typing import Any

import numpy as np
import pytest
from tests.decisions.conftest import DAY, columns

from openchair.core.ids import uniforms
from openchair.decisions import budgets
from openchair.decisions.budgets import Allowed
from openchair.decisions.households import Households, households_of
from openchair.learning import beliefs
from openchair.learning.deciding import Held, draw, look, weigh
from openchair.learning.rationing import Rationed, behind, ration
from openchair.loyalty.actions import default

ACTIONS = default()
SCARCE = {
    "hours": Allowed(day=25.0),
    "e-mail": Allowed(day=60.0),
    "letter": Allowed(day=90.0),
    "call": Allowed(day=9.0),
}
ALONE = Households(np.zeros(0, np.int64), np.zeros(0, np.int64))


def laid(customers: dict[str, Any], allowed: dict[str, Allowed], of: Households = ALONE) -> tuple[Held, Rationed]:
    """Everyone decided for, but for the draw."""
    held = beliefs.held(beliefs.nothing(ACTIONS), ACTIONS, exploration=0.05)
    tight = budgets.tightest(budgets.standings(allowed, ACTIONS, []))
    ranks = uniforms(customers["customer_id"], "lot")
    return held, ration(look(customers, held, DAY), held, tight, of, ranks)


@pytest.fixture(scope="module")
def few() -> dict[str, Any]:
    return columns(6_000, seed=3)


def expected(found: Rationed) -> np.ndarray:
    """(A,) how often each action is to be expected, those aside who are decided for to compare with."""
    weight = np.where(behind(found.seen.situations.arm), 0, found.seen.situations.weight)
    times: np.ndarray = weight @ found.choice.probabilities[:, :-1]
    return times


def test_what_is_to_be_expected_fits_and_what_is_drawn_is_close(few: dict[str, Any]) -> None:
    """What is owed aside; and the chances that are kept are those that were drawn by."""
    _, free = laid(few, {})
    held, found = laid(few, SCARCE)
    assert found.prices.worth and set(found.prices.worth) <= {*SCARCE, *(one.id for one in ACTIONS)}
    owed = budgets.owed(ACTIONS)
    for one in budgets.standings(SCARCE, ACTIONS, []):
        used, before = (float(one.uses @ np.where(owed, 0, expected(each))) for each in (found, free))
        assert used <= one.limit * (1 + 1e-6) or used < before * 1e-9
    chosen = draw(found.seen, found.choice, held)
    assert np.array_equal(chosen.propensity, found.choice.probabilities[found.seen.inverse, chosen.action])
    assert np.allclose(found.choice.probabilities.sum(axis=1), 1)
    counted = chosen.action[~behind(found.seen.arm)]
    drawn = np.bincount(counted, minlength=len(ACTIONS) + 1)[:-1]
    assert (np.abs(drawn - expected(found)) <= 5 * np.sqrt(expected(found)) + 5).all()


def test_nothing_brings_more_than_the_bound(few: dict[str, Any]) -> None:
    """Nor is more to be expected within budgets than without."""
    _, free = laid(few, {})
    _, found = laid(few, SCARCE)
    for one in (found, free):
        times = one.seen.situations.weight[:, None] * one.choice.probabilities[:, :-1]
        assert float((times * np.where(times > 0, one.seen.gains.mean, 0)).sum()) <= one.bound
    assert found.bound < free.bound


def test_where_nothing_is_scarce_nothing_changes(few: dict[str, Any]) -> None:
    """Budgets that nobody would reach leave every chance as it was."""
    plenty = {name: Allowed(day=1e9) for name in SCARCE}
    free = [action for action in ACTIONS if action.capacity is None]
    held = beliefs.held(beliefs.nothing(free), free, exploration=0.05)
    seen = look(few, held, DAY)
    tight = budgets.tightest(budgets.standings(plenty, free, []))
    found = ration(seen, held, tight, ALONE, uniforms(few["customer_id"], "lot"))
    assert np.array_equal(found.choice.probabilities, weigh(seen, held).probabilities) and not found.prices.worth


def test_of_a_household_one_has_any_chance(few: dict[str, Any]) -> None:
    """On random ties, budgets or not: the others wait with certainty, for all but what is owed."""
    rng = np.random.default_rng(5)
    left, right = rng.integers(0, 6_000, (2, 1_500))
    of = households_of(6_000, left[left != right], right[left != right])
    held, found = laid(few, SCARCE, of)
    chance = found.choice.probabilities[found.seen.inverse][:, :-1]
    able = (chance[:, ~budgets.owed(ACTIONS)] > 0).any(axis=1)
    assert np.bincount(of.home[able[of.who]]).max() == 1
    assert found.at_home > 0
    action = draw(found.seen, found.choice, held).action
    acted = (action < len(ACTIONS)) & ~np.append(budgets.owed(ACTIONS), True)[action]
    assert np.bincount(of.home[acted[of.who]]).max() == 1


@pytest.mark.slow
def test_a_hundred_thousand_customers_are_planned_within_seconds() -> None:
    """With twenty budgets and capacities, and forty actions."""
    customers = columns(100_000, seed=2)
    begun = time.process_time()
    _, found = laid(customers, {name: Allowed(day=10 * (one.day or 0)) for name, one in SCARCE.items()})
    assert time.process_time() - begun < 60
    assert found.prices.worth
