"""The whole loop on simulated shops with known truth: what was learned pays, harms nobody, and keeps every rule.

A few small shops; `python -m benchmarks loop` has twenty larger ones.
"""

import numpy as np
import pytest
from benchmarks import loop
from benchmarks.loop import (
    ACTIONS,
    NOTHING,
    ORACLE,
    SINGLE,
    WAITS,
    Compared,
    by,
    compared,
    drawn,
    falls,
    informed,
    played,
    reached,
    shares,
    total,
)
from benchmarks.shop import Shop

from openchair.simulation.moved import UNSEEN, truth_of

pytestmark = pytest.mark.slow
SHOPS, MEMBERS = 5, 4_000


@pytest.fixture(scope="module")
def shops() -> list[Compared]:
    return [compared(seed, MEMBERS) for seed in range(1, 1 + SHOPS)]


def test_what_was_learned_beats_the_best_single_action_and_chance(shops: list[Compared]) -> None:
    """In twelve weeks, in each shop: in what it truly adds, and in what members really brought on equal luck."""
    for one in shops:
        for other in ("single", "uniform"):
            assert one.gain["learned"].sum() > one.gain[other].sum()
            assert one.brought["learned"] > one.brought[other]


def test_most_of_what_could_be_earned_is(shops: list[Compared]) -> None:
    """Also of few members: of the oracle's gain over nothing at least two thirds in the last eight weeks."""
    assert shares(shops, "learned", slice(4, None)).mean() > 2 / 3


def test_what_was_learned_holds_of_people_never_seen(shops: list[Compared]) -> None:
    """Of the same truth, with nothing learned any more: three quarters of the oracle's gain, known from few members."""
    assert np.mean([one.after["learned"].sum() / one.after["oracle"].sum() for one in shops]) > 3 / 4


def test_the_truth_is_hard(shops: list[Compared]) -> None:
    """The best single action earns at most half of the oracle's gain; who sees only what can be seen, never all."""
    assert shares(shops, "single", slice(None)).max() <= SINGLE
    assert shares(shops, "informed", slice(None)).max() < 0.97


def test_nothing_is_broken_and_harm_ends(shops: list[Compared]) -> None:
    """No rule, consent, limit of attention or holdout, said from outside; what harms is hardly done after a month."""
    for one in shops:
        assert not any(one.broken.values()), one.broken
        assert one.harmful[4:].max() < 0.01


def test_regret_falls_week_by_week(shops: list[Compared]) -> None:
    """Page's trend test over the shops."""
    assert falls(shops) < 0.05


def test_a_shop_that_one_action_suits_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the best single action earns no more than may be; decided on the truth alone, and the same each time."""
    truth, oracle, one, again = drawn(1, 500, UNSEEN)
    assert again == 0 and np.array_equal(truth.by_seen, truth_of(ACTIONS, 1).by_seen)
    earned = total(one) / total(oracle)
    monkeypatch.setattr(loop, "SINGLE", earned - 0.01)
    other, oracle, one, again = drawn(1, 500, UNSEEN)
    assert again > 0 and not np.array_equal(other.by_seen, truth.by_seen)
    assert total(one) <= earned * total(oracle)


def test_who_sees_more_earns_more() -> None:
    """Doing nothing adds nothing; who sees what can be seen less than the oracle, who sees all, on the same luck."""
    truth = truth_of(ACTIONS, 3)
    nothing, oracle, seen = (played(policy, truth, 3, 2_000) for policy in (NOTHING, ORACLE, by(informed)))
    total = [sum(week.gain.sum() for week in of) for of in (nothing, seen, oracle)]
    assert total[0] == 0 < total[1] < total[2]
    assert all((week.action == WAITS).all() for week in nothing)
    # What is done shows in what is bought, late: little in the first week, more over all.
    more = np.array([(one.spent - none.spent).mean() for one, none in zip(oracle, nothing, strict=True)])
    assert more[0] < more[1:8].mean()


def test_each_week_the_best_is_bounded_by_what_is_permitted() -> None:
    """What could have been added counts only what the guard permits and harms nobody."""
    truth = truth_of(ACTIONS, 4)
    shop = Shop(truth, 4, 1_000)
    open_, _ = reached(shop)
    assert not open_[:, truth.good < 0].any()
    first = played(ORACLE, truth, 4, 1_000)[0]
    assert open_[np.flatnonzero(first.action < WAITS), first.action[first.action < WAITS]].all()
    assert first.gain == pytest.approx(first.best)
