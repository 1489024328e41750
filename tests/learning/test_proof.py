"""Proof: no lift is told where there is none, however often one looks; a true one is found."""

import numpy as np
import pytest

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.core.sequential import boundary
from openchair.learning.proof import LEAST, Course, Lift, Lot, Sums, course, lift, sequence

RUNS, DAYS = 400, 120


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "held_back"), [(0.7, 4), (1.2, 4), (0.7, 20)])
def test_looking_every_day_raises_no_false_alarm(spread: float, held_back: int) -> None:
    """A/A: most never buy, few spend much, one in eleven or one in two is held back; at most 5% of shops see a lift."""
    rng = np.random.default_rng(5)
    everyone = 44 if held_back == 4 else 40
    _, low, high = sequence(customers(rng, everyone - held_back, spread), customers(rng, held_back, spread))
    assert ((low > 0) | (high < 0)).any(axis=1).mean() <= 0.05


def test_an_interval_for_one_look_raises_many() -> None:
    """The same shops under 1.96 standard errors: far more than 5% see a lift that is not there."""
    rng = np.random.default_rng(5)
    treated, holdout = customers(rng, 20, 0.7), customers(rng, 20, 0.7)
    effect, low, high = sequence(treated, holdout, tuned_for=500)
    n = treated.n.cumsum(axis=1) * holdout.n.cumsum(axis=1) / (treated.n + holdout.n).cumsum(axis=1)
    standard_error = (high - low) / 2 * np.sqrt(n) / boundary(n, tuned_for=500)
    assert (np.abs(effect) > 1.96 * standard_error)[:, 10:].any(axis=1).mean() > 0.2


def test_a_true_lift_lies_within_on_every_day_and_is_found() -> None:
    """Those decided for bring half as much again: the truth is outside in at most 5% of shops, and most find it."""
    rng = np.random.default_rng(6)
    truth = 0.5 * customers(rng, 50, 0.7).after.sum() / (50 * RUNS * DAYS)
    _, low, high = sequence(customers(rng, 50, 0.7, effect=1.5), customers(rng, 10, 0.7))
    assert ((low > truth) | (high < truth)).any(axis=1).mean() <= 0.05
    assert (low > 0).any(axis=1).mean() > 0.5


def test_what_was_before_narrows_the_interval_and_moves_nothing() -> None:
    """Half the variance explained is an interval a third narrower; the mean lift over shops is the same."""
    rng = np.random.default_rng(7)
    told = []
    for _ in range(200):
        taste = rng.normal(10, 5, 2_000)
        after, before = taste + rng.normal(0, 2, 2_000), taste + rng.normal(0, 2, 2_000)
        treated = Sums.of(after[:1_500] + 1, before[:1_500])
        holdout, nothing = Sums.of(after[1_500:], before[1_500:]), np.zeros(1_500)
        blind = lift(Sums.of(after[:1_500] + 1, nothing), Sums.of(after[1_500:], nothing[:500]))
        told.append([figures(lift(treated, holdout)), figures(blind)])
    helped, plain = np.array(told).swapaxes(0, 1)
    assert helped[:, 0].mean() == pytest.approx(1, abs=0.03) and plain[:, 0].mean() == pytest.approx(1, abs=0.06)
    # Correlation 25/29: 1 - (25/29)^2 of the variance is left.
    assert helped[:, 2].mean() == pytest.approx((25 / 29) ** 2, abs=0.02) and (plain[:, 2] == 0).all()
    assert (helped[:, 1] / plain[:, 1]).mean() == pytest.approx(np.sqrt(1 - (25 / 29) ** 2), abs=0.02)


def test_days_and_rows_give_the_same_lift() -> None:
    """Only sums count: a day, two days or another order of days end in the same effect and interval."""
    rng = np.random.default_rng(8)
    after, before = rng.exponential(40, 600), rng.exponential(40, 600)
    parts = [Sums.of(after[i : i + 100], before[i : i + 100]) for i in range(0, 400, 100)]
    holdout = Sums.of(after[400:], before[400:])
    nobody = Sums.of([], [])
    whole = lift(Sums.of(after[:400], before[:400]), holdout)
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        split = lift(joined([parts[i] for i in order]), joined([holdout, nobody, nobody, nobody]))
        assert isinstance(split.effect, Estimate) and isinstance(whole.effect, Estimate)
        assert (split.effect.value, split.effect.low) == pytest.approx((whole.effect.value, whole.effect.low))


def test_it_says_how_long_an_answer_will_take() -> None:
    """At the pace and effect so far: after so many more of the same days it is told, and a day before it is not."""
    rng = np.random.default_rng(9)
    treated, holdout = rng.normal(100.8, 10, 950), rng.normal(100.0, 10, 50)
    a_day = (Sums.of(treated - treated.mean() + 100.8, np.zeros(950)),
             Sums.of(holdout - holdout.mean() + 100.0, np.zeros(50)))  # fmt: skip
    so_far = [joined([one] * 5) for one in a_day]
    told = lift(*so_far)
    assert isinstance(told.days_more, int) and told.days_more > 1 and told.detectable > 0.8
    assert lift(*(joined([one] * (5 + told.days_more)) for one in a_day)).days_more == 0
    assert lift(*(joined([one] * (4 + told.days_more)) for one in a_day)).days_more == 1


def test_without_an_effect_it_does_not_promise_an_answer() -> None:
    """The same in both groups: not known, not a million days."""
    same = Sums.of(np.tile([0.0, 50.0], 100), np.zeros(200))
    assert isinstance(lift(same, same).days_more, Unknown)


def test_a_small_holdout_is_not_yet_an_answer() -> None:
    """It says how many customers more; the sequence is NaN until then."""
    few, many = Sums.of(np.arange(LEAST - 8.0), np.zeros(LEAST - 8)), Sums.of(np.arange(900.0), np.zeros(900))
    told = lift(many, few)
    assert isinstance(told.effect, Unknown) and told.effect.needed == 8 and told.detectable is None
    assert all(np.isnan(one).all() for one in sequence(many, few))
    assert isinstance(lift(many, Sums.of([], [])).effect, Unknown)


def test_sums_that_do_not_fit_are_refused() -> None:
    """By name."""
    day, two = Sums.of([1.0, 2.0], [1.0, 2.0]), joined([Sums.of([1.0], [2.0])] * 2)
    with pytest.raises(BadInput, match=r"holdout\.n"):
        lift(day, two)
    with pytest.raises(BadInput, match=r"treated\.after"):
        lift(Sums.of([np.nan], [1.0]), day)
    with pytest.raises(BadInput, match="before"):
        Sums.of([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("share", "effect"), [(0.1, 0.0), (0.5, 0.0), (0.5, 0.3)])
def test_lots_drawn_anew_hold_the_truth_at_every_look(share: float, effect: float) -> None:
    """The same people for four quarters, drawn anew each, looked at every week: the truth is outside in at most 5% of
    shops, also where it is nothing (A/A)."""
    rng, missed = np.random.default_rng(15), 0
    for _ in range(150):
        looks, truth = quarters(rng, share, effect)
        missed += bool((np.abs(looks.effect - truth) > looks.half).any())
    assert missed <= 7


def test_quarters_add_up() -> None:
    """Two lots tell more than one: the interval is narrower by about the root of two, and a quarter in which nobody is
    left alone changes nothing."""
    one, _ = quarters(np.random.default_rng(16), 0.4, 0.0, number=1)
    two, _ = quarters(np.random.default_rng(16), 0.4, 0.0, number=2)
    assert one.half[-1] / two.half[12 + 13] == pytest.approx(np.sqrt(2), rel=0.25)
    nobody, some = Sums.of([], []), Sums.of(np.arange(60.0), np.zeros(60))
    full = Lot(some, some, np.ones(1))
    alone = course([full, Lot(some, nobody, np.ones(1))])
    assert (alone.effect[1], alone.half[1]) == (alone.effect[0], alone.half[0])


def test_a_lot_of_which_each_counts_once_is_a_lift() -> None:
    """The same effect, and an interval of the same width where what was before is as spread as what came after."""
    rng = np.random.default_rng(17)
    after, before = rng.normal(50, 10, 600), rng.normal(50, 10, 600)
    sums = Sums.of(after[:400], before[:400]), Sums.of(after[400:], before[400:])
    told, plain = course([Lot(*sums, np.ones(1))], tuned_for=500).told(1), lift(*sums)
    assert isinstance(told.effect, Estimate) and isinstance(plain.effect, Estimate)
    assert told.effect.value == pytest.approx(plain.effect.value)
    assert told.effect.high - told.effect.low == pytest.approx(plain.effect.high - plain.effect.low, rel=0.02)
    double = course([Lot(*sums, np.full(1, 2.0))], tuned_for=500).told(1).effect
    assert isinstance(double, Estimate) and double.value == pytest.approx(told.effect.value / 2)


def test_how_long_an_effect_takes_is_foretold() -> None:
    """The larger, the sooner; too small, never within ten years; and not before fifty are left alone."""
    looks, _ = quarters(np.random.default_rng(18), 0.1, 0.0)
    level = looks.level
    days = [looks.days_until(share * level, 364) for share in (0.001, 0.2, 0.3, 5.0)]
    assert isinstance(days[0], Unknown) and isinstance(days[1], int) and isinstance(days[2], int)
    assert days[1] > days[2] >= 0 == days[3]
    few, _ = quarters(np.random.default_rng(18), 0.02, 0.0)
    sooner = few.days_until(1e9, 364)
    assert isinstance(sooner, int) and sooner == pytest.approx(364 * (LEAST / few.smaller[-1] - 1), abs=1)
    assert isinstance(few.told(364).effect, Unknown)


def quarters(rng: np.random.Generator, share: float, effect: float, number: int = 4) -> tuple[Course, float]:
    """The course over quarters of 400 people who buy now and then, and the true lift a week."""
    taste = rng.normal(0, 1, 400)
    often = 0.35 / (1 + np.exp(0.5 - taste))

    def weeks() -> np.ndarray:
        spent = np.exp(3.5 + taste[:, None] / 2 + 0.7 * rng.standard_normal((400, 13)))
        return np.asarray((rng.random((400, 13)) < often[:, None]) * spent)

    before, lots = weeks(), []
    for _ in range(number):
        held = rng.random(400) < share
        after = weeks() * np.where(held, 1, 1 + effect)[:, None]
        lots.append(Lot(*(running(after[who], before[who].mean(axis=1)) for who in (~held, held)), np.arange(1, 14.0)))
        before = after
    # What those who are decided for bring more: of everybody's mean spending in a week.
    truth = effect * float((often * np.exp(3.5 + taste / 2 + 0.7**2 / 2)).mean())
    return course(lots), truth


def running(after: np.ndarray, before: np.ndarray) -> Sums:
    """Sums by week of people counted once, by what they brought so far."""
    total, start = after.cumsum(axis=1), np.eye(1, after.shape[1])[0]
    parts = (after.sum(axis=0), (total**2).sum(axis=0), (total * before[:, None]).sum(axis=0))
    y, yy, xy = parts[0], *(np.diff(part, prepend=0) for part in parts[1:])
    return Sums(len(before) * start, y, before.sum() * start, yy, before @ before * start, xy)


def figures(told: Lift) -> list[float]:
    """Effect, what could be told from none, and the share explained."""
    assert isinstance(told.effect, Estimate) and told.detectable is not None and told.explained is not None
    return [told.effect.value, told.detectable, told.explained]


def joined(days: list[Sums]) -> Sums:
    """Days one after the other."""
    return Sums(*(np.concatenate([getattr(one, name) for one in days]) for name in Sums.__slots__))


def customers(rng: np.random.Generator, a_day: int, spread: float, effect: float = 1.0) -> Sums:
    """Many shops: a quarter buys, by taste; what is spent is lognormal, before as after."""
    shape = (RUNS, DAYS, a_day)
    taste = rng.standard_normal(shape, dtype=np.float32)
    after, before = (
        (rng.random(shape, dtype=np.float32) < 1 / (1 + np.exp(1.2 - taste)))
        * np.exp(3.5 + taste / 2 + np.float32(spread) * rng.standard_normal(shape, dtype=np.float32))
        for _ in range(2)
    )
    after, before = (what.astype(np.float64) for what in (effect * after, before))
    n = np.full((RUNS, DAYS), float(a_day))
    sums = (after.sum(-1), before.sum(-1), (after**2).sum(-1), (before**2).sum(-1), (after * before).sum(-1))
    return Sums(n, *sums)
