"""The truth of what actions do is as hard as it is said to be: each claim is held against the truth of twenty shops."""

from pathlib import Path

import numpy as np
import pytest

from openchair.loyalty.actions import default
from openchair.loyalty.pillars import PILLAR_IDS
from openchair.simulation.moved import COMES, HORIZON_DAYS, Members, Tired, Truth, truth_of
from openchair.simulation.respond import read_truth
from openchair.simulation.truth import alive, members_of
from openchair.simulation.world import STAGES

ACTIONS = default()
DAY = 20_640


@pytest.fixture(scope="module")
def shops() -> list[Truth]:
    return [truth_of(ACTIONS, seed) for seed in range(20)]


@pytest.fixture(scope="module")
def members(folder: Path) -> Members:
    """Those who are still there."""
    truth = read_truth(folder)
    return members_of(truth.filter(alive(truth)))


def explained(effects: np.ndarray, members: Members) -> np.ndarray:
    """What a linear model makes of all that can be seen, each stage by itself: the best there is of such effects."""
    stage = np.eye(len(STAGES))[members.stage]
    x = np.column_stack([stage, *(stage[:, [k]] * members.seen for k in range(len(STAGES)))])
    fitted: np.ndarray = x @ np.linalg.lstsq(x, effects, rcond=None)[0]
    return fitted


def test_a_fifth_of_what_tells_customers_apart_is_seen_by_nobody(shops: list[Truth], members: Members) -> None:
    """Of the variance of response between customers, on average over shops, and in none less than a tenth."""
    shares = []
    for truth in shops:
        effects = truth.effects(members)
        left = effects - explained(effects, members)
        shares.append(left.var(axis=0).sum() / effects.var(axis=0).sum())
    assert np.mean(shares) > 0.2
    assert min(shares) > 0.1


def test_how_much_is_seen_by_nobody_can_be_given(shops: list[Truth], members: Members) -> None:
    """None, or about a tenth; what can be seen of members moves them as before."""
    for part, low, high in ((0.0, 0.0, 1e-9), (0.1, 0.06, 0.15)):
        shares = []
        for seed in range(5):
            effects = truth_of(ACTIONS, seed, unseen=part).effects(members)
            left = effects - explained(effects, members)
            shares.append(left.var(axis=0).sum() / effects.var(axis=0).sum())
        assert low <= np.mean(shares) <= high, (part, shares)
    same = truth_of(ACTIONS, 3, unseen=0.1)
    assert np.array_equal(same.by_seen, shops[3].by_seen) and np.array_equal(same.by_stage, shops[3].by_stage)


def test_effects_are_a_few_percent(shops: list[Truth], members: Members) -> None:
    """Of a year's worth: one to three on average, and below seven for nineteen of twenty customers and actions."""
    for truth in shops:
        effects = np.abs(truth.effects(members))
        assert 0.01 < effects.mean() < 0.03
        assert np.quantile(effects, 0.95) < 0.07


def test_people_differ_in_what_is_best_for_them(shops: list[Truth], members: Members) -> None:
    """Of what harms nobody, and were all of it permitted: on average over shops no action is best for more than two in
    five, and the best for each moves them a third more than the best for all."""
    commonest, more = [], []
    for truth in shops:
        effects = truth.effects(members)[:, truth.good > 0]
        commonest.append(np.bincount(effects.argmax(axis=1)).max() / len(effects))
        more.append(effects.max(axis=1).mean() / effects.mean(axis=0).max())
    assert np.mean(commonest) < 0.4
    assert np.mean(more) > 4 / 3


def test_effects_come_over_weeks() -> None:
    """Next to nothing on the first day, most within four weeks, and not all of it even then."""
    assert COMES.sum() == pytest.approx(1)
    assert COMES[0] < 0.02 < COMES.max()
    assert COMES[:7].sum() < 0.3
    assert 0.9 < COMES[:28].sum() < 0.95
    assert len(COMES) == HORIZON_DAYS


def test_repetition_tires(shops: list[Truth]) -> None:
    """The same idea again at once moves less than half, its pillar a little less, others as before; it passes."""
    truth = shops[0]
    action = 0
    fresh = Tired.none(truth, 2, DAY)
    had = fresh.after(truth, np.array([0]), np.array([action]))
    left = had.left(truth)[0]
    same_idea = np.array([(one.idea or one.id) == (ACTIONS[action].idea or ACTIONS[action].id) for one in ACTIONS])
    pillar = truth.pillar == truth.pillar[action]
    assert (left[same_idea & pillar] < 0.5).all()
    assert np.allclose(left[pillar & ~same_idea], 0.85)
    assert (left[~pillar & ~same_idea] == 1).all() and (had.left(truth)[1] == 1).all()
    later = [had.on(DAY + days).left(truth)[0, action] for days in (0, 7, 28, 120)]
    assert later == sorted(later) and later[-1] > 0.99
    assert had.after(truth, np.array([0]), np.array([action])).left(truth)[0, action] < left[action]
    # In two steps or in one, time passes alike.
    assert had.on(DAY + 5).on(DAY + 9).left(truth) == pytest.approx(had.on(DAY + 9).left(truth))


def test_effects_drift_with_the_season(shops: list[Truth]) -> None:
    """Within twelve weeks each shop has a pillar that moves a fifth more or less than it did; pillars differ."""
    for truth in shops:
        seasons = np.array([truth.season(day) for day in range(DAY, DAY + 84)])
        assert (seasons.max(axis=0) / seasons.min(axis=0)).max() > 1.2
        assert seasons.min() > 0.69 and seasons.max() < 1.31
        assert len(np.unique(seasons[0])) == len(PILLAR_IDS)


def test_what_harms_pays_now(shops: list[Truth], members: Members) -> None:
    """One action in ten, all of a marketing kind: more complaints and withdrawals, and more sold than by the others."""
    harmful, gentle = [], []
    for truth in shops:
        harms = truth.good < 0
        assert harms.sum() == 4
        assert {one.purpose for one, bad in zip(ACTIONS, harms, strict=True) if bad} == {"marketing"}
        assert truth.complaint[:-1][harms].min() > 10 * truth.complaint[-1] == 10 * truth.complaint[:-1][~harms].max()
        assert truth.withdrawal[:-1][harms].min() > 10 * truth.withdrawal[-1]
        effects = truth.effects(members).mean(axis=0)
        harmful.append(effects[harms].mean())
        gentle.append(effects[~harms].mean())
    assert np.mean(harmful) > np.mean(gentle) + 0.008


def test_the_truth_follows_from_the_seed(shops: list[Truth], members: Members) -> None:
    """The same seed, the same truth, whatever order the catalogue has; another seed, another."""
    again = truth_of(tuple(reversed(ACTIONS)), 3)
    assert np.array_equal(again.effects(members)[:, ::-1], shops[3].effects(members))
    assert np.corrcoef(shops[3].effects(members).mean(axis=0), shops[4].effects(members).mean(axis=0))[0, 1] < 0.7
    fewer = truth_of(ACTIONS[:20], 3)
    kept = (fewer.good > 0) & (shops[3].good[:20] > 0)
    assert np.array_equal(fewer.effects(members)[:, kept], shops[3].effects(members)[:, :20][:, kept])
