"""From beliefs to decisions: each arm keeps to its rule with exact chances, harm is out, and its price is told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.decisions.conftest import DAY, columns

from openchair.core.errors import BadInput
from openchair.decisions.reasons import HARMS, HELD_BACK
from openchair.learning import beliefs
from openchair.learning.arms import ARMS, HOLDOUT, IMPERSONAL, LEARNED, RANDOM, SINGLE, Shares
from openchair.learning.deciding import Chosen, Held, decide
from openchair.learning.effects import Effects, Leanings
from openchair.loyalty.actions import default
from openchair.loyalty.pillars import PILLAR_IDS

ACTIONS = default()
HELD = beliefs.held(beliefs.nothing(ACTIONS), ACTIONS, shares=Shares(holdout=0.2, comparison=0.2))


@pytest.fixture(scope="module")
def customers() -> dict[str, Any]:
    return columns(6_000)


@pytest.fixture(scope="module")
def chosen(customers: dict[str, Any]) -> Chosen:
    return decide(customers, HELD, DAY)


@pytest.mark.parametrize("arm", range(len(ARMS)), ids=ARMS)
def test_the_contract_of_an_arm(chosen: Chosen, arm: int) -> None:
    """Chances sum to 1, none for what is ruled out, a floor for what is not; that of what is drawn is logged."""
    mine = chosen.seen.situations.arm == arm
    chances, codes = chosen.choice.probabilities[mine], chosen.choice.codes[mine]
    assert mine.sum() > 100
    assert np.abs(chances.sum(axis=1) - 1).max() < 1e-9
    assert not chances[:, :-1][codes != 0].any()
    open_ = np.column_stack([codes == 0, np.ones(mine.sum(), dtype=np.bool_)])
    each = open_.sum(axis=1, keepdims=True)
    floor = {RANDOM: 1.0, SINGLE: 0.0}.get(arm, HELD.exploration) / each
    assert (chances >= floor - 1e-12)[open_].all()
    who = np.flatnonzero(chosen.seen.arm == arm)
    assert (chosen.propensity[who] == chosen.choice.probabilities[chosen.seen.inverse[who], chosen.action[who]]).all()


def test_all_arms_were_tried() -> None:
    """The suite above knows each arm there is."""
    assert ARMS == ("learned", "holdout", "single", "random", "impersonal")


def test_the_holdout_gets_nothing_but_what_is_essential(chosen: Chosen) -> None:
    """Whatever else was permitted is ruled out, and says why."""
    who = chosen.seen.arm == HOLDOUT
    did = set(chosen.action[who].tolist()) - {len(ACTIONS)}
    assert all(ACTIONS[place].essential for place in did)
    assert (chosen.choice.codes[chosen.seen.situations.arm == HOLDOUT] == HELD_BACK).any()
    assert set(chosen.action[chosen.seen.arm == LEARNED].tolist()) - did


def test_the_single_action_is_one(chosen: Chosen) -> None:
    """In its lot it is done wherever it is permitted, and nothing else but what is essential."""
    lot = chosen.seen.situations.arm == SINGLE
    chances = chosen.choice.probabilities[lot]
    permitted = chosen.seen.situations.codes[lot, chosen.seen.single] == 0
    assert permitted.any() and (chances[permitted, chosen.seen.single] == 1).all()


def test_chances_are_how_often_it_is_drawn(customers: dict[str, Any]) -> None:
    """Over forty seeds each of a few situations' chances is met within four standard errors."""
    few = {name: column[:1_500] for name, column in customers.items()}
    hits, expected, variance = np.zeros(len(ACTIONS) + 1), np.zeros(len(ACTIONS) + 1), np.zeros(len(ACTIONS) + 1)
    for seed in range(40):
        one = decide(few, replace(HELD, seed=seed, shares=Shares(0.0, 0.0)), DAY)
        chance = one.choice.probabilities[one.seen.inverse]
        hits += np.bincount(one.action, minlength=len(hits))
        expected += chance.sum(axis=0)
        variance += (chance * (1 - chance)).sum(axis=0)
    assert (np.abs(hits - expected) <= 4 * np.sqrt(variance) + 1e-6).all()


def test_who_is_beside_them_changes_nothing(customers: dict[str, Any], chosen: Chosen) -> None:
    """A customer alone is decided for as among all, once the best single action is known."""
    held = replace(HELD, single=chosen.seen.single)
    some = {name: column[100:140] for name, column in customers.items()}
    alone = decide(some, held, DAY)
    assert (alone.action == chosen.action[100:140]).all()
    assert alone.propensity == pytest.approx(chosen.propensity[100:140], abs=1e-12)


def test_impersonal_sees_nobody(chosen: Chosen) -> None:
    """By what is believed of everybody alike: gains of an action differ by nothing but what is permitted."""
    lot = chosen.seen.situations.arm == IMPERSONAL
    assert np.ptp(chosen.seen.gains.mean[lot], axis=0).max() < 1e-9
    assert np.ptp(chosen.seen.gains.mean[chosen.seen.situations.arm == LEARNED], axis=0).max() > 100


def harming(held: Held, place: int, points: float, sd: float) -> Held:
    mean, cov = np.zeros_like(held.good.mean), np.zeros_like(held.good.cov)
    cov[:, 0, 0] = sd**2
    mean[place, 0] = points
    return replace(held, good=Effects(mean, cov, held.good.n))


def test_what_harms_is_out_and_its_price_is_told(customers: dict[str, Any], chosen: Chosen) -> None:
    """The action most often done, once it is known to harm, is done to nobody; nothing is forgone where none does."""
    lot = replace(HELD, shares=Shares(0.0, 0.0))
    before = decide(customers, lot, DAY)
    place = int(np.bincount(before.action[before.action < len(ACTIONS)]).argmax())
    after = decide(customers, harming(lot, place, -1.0, 0.1), DAY)
    assert before.forgone_minor == 0 < after.forgone_minor
    assert not (after.action == place).any() and (before.action == place).any()
    assert (after.choice.codes[:, place] == HARMS).any()
    gains = [
        float(one.seen.situations.weight @ (one.choice.probabilities[:, :-1] * one.seen.gains.mean).sum(axis=1))
        for one in (before, after)
    ]
    assert gains[0] - gains[1] == pytest.approx(after.forgone_minor, rel=1e-6)


@pytest.mark.parametrize(("points", "sure"), [(-1.0, 0.3), (-0.12, 0.01), (-1.0, 5.0), (-0.02, 0.01), (0.5, 0.1)])
def test_harm_must_be_likely_and_felt(customers: dict[str, Any], points: float, sure: float) -> None:
    """Ruled out where less than a tenth of a point worse has more than the set chance: 8 in 10."""
    from scipy.stats import norm

    lot = harming(replace(HELD, shares=Shares(0.0, 0.0)), 5, points, sure)
    found = decide({name: column[:500] for name, column in customers.items()}, lot, DAY)
    assert (found.choice.codes[:, 5] == HARMS).any() == (norm(points, sure).cdf(-0.1) > 0.8)


def test_a_customers_own_leaning_counts_for_them_alone(customers: dict[str, Any]) -> None:
    """Two steps towards service raise what its actions are expected to bring with that customer, and nobody else."""
    lot = replace(HELD, shares=Shares(0.0, 0.0))
    steps = np.zeros((1, len(PILLAR_IDS)), dtype=np.int8)
    steps[0, PILLAR_IDS.index("service")] = 2
    plain = decide(customers, lot, DAY)
    open_ = (plain.choice.codes[plain.seen.inverse] == 0) & [one.pillar == "service" for one in ACTIONS]
    who = int(np.flatnonzero(open_.any(axis=1) & np.isfinite(customers["worth_minor"]))[0])
    keys = Leanings.key(customers["customer_id"][[who]])
    leant = decide(customers, replace(lot, leanings=Leanings(keys, steps, 0.05)), DAY)
    more = leant.seen.gains.mean[leant.seen.inverse] - plain.seen.gains.mean[plain.seen.inverse]
    value = plain.seen.situations.value_minor[plain.seen.inverse[who]]
    service = np.array([one.pillar == "service" for one in ACTIONS])
    assert more[who, service] == pytest.approx(0.1 * value) and not more[who, ~service].any()
    assert not np.delete(more, who, axis=0).any()


def test_an_occasion_that_is_none_is_refused(customers: dict[str, Any]) -> None:
    """It is named, with those that there are."""
    with pytest.raises(BadInput, match="daily"):
        decide(customers, HELD, DAY, "full moon")


def test_with_fifty_customers_priors_decide_and_say_how_unsure_they_are(customers: dict[str, Any]) -> None:
    """Nothing was seen: most have something sensible to be done, none that cannot be worth it, with wide intervals."""
    few = {name: column[:50] for name, column in customers.items()}
    found = decide(few, replace(HELD, shares=Shares(0.0, 0.0)), DAY)
    acts = found.action < len(ACTIONS)
    assert acts.mean() > 0.3
    assert (found.gain_sd[acts] > 0).all() and (found.gain[acts] + 1.3 * found.gain_sd[acts] >= 0).all()
    assert np.median(found.gain_sd[acts] / np.maximum(np.abs(found.gain[acts]), 1)) > 0.3
    assert HELD.outcomes == 0
