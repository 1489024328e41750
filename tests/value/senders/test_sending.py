"""How many friends a customer will bring, and what they are worth: truth recovered, promises kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.value.senders import sending
from openchair.value.senders.newcomers import Anyway, Year
from openchair.value.senders.sending import Friend, Sending

SHAPE, MEAN, LEVELS = 0.4, 0.3, np.array([0.5, 1.0, 2.0])
N = 40_000


class Town:
    """Customers who bring friends at Gamma rates in three groups, seen for up to four years and then one year more."""

    def __init__(self, seed: int, n: int = N) -> None:
        rng = np.random.default_rng(seed)
        self.group = rng.integers(0, 3, n)
        self.years = rng.integers(1, 4 * 365, n) / 365
        self.rate = rng.gamma(SHAPE, MEAN / SHAPE, n) * LEVELS[self.group]
        self.brought = rng.poisson(self.rate * self.years)
        self.later = rng.poisson(self.rate)
        self.rng = rng

    def fit(self) -> Sending:
        found = sending.fit(self.brought, self.years, self.group, 3, np.ones(len(self.years)))
        assert isinstance(found, Sending)
        return found


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(11)


def test_the_rate_and_its_spread_are_recovered(town: Town) -> None:
    """Shape, mean and the groups' levels are those that friends were drawn with."""
    found = town.fit()
    assert found.shape == pytest.approx(SHAPE, rel=0.08)
    levels = np.array(found.levels) * found.mean
    assert levels == pytest.approx(MEAN * LEVELS, rel=0.05)
    assert 0 < found.mean_error < 0.03


def test_a_steady_pace_changes_nothing_and_a_falling_one_is_followed(town: Town) -> None:
    """Friends of the last quarter as expected: the same model, a little less sure. A third of them: a third to come."""
    found, one = town.fit(), np.ones(N)
    level = MEAN * LEVELS[town.group]
    expected = float((level * np.minimum(town.years, sending.LATELY_DAYS / 365)).sum())
    steady = sending.lately(found, expected, town.years, town.group, one)
    slower = sending.lately(found, expected / 3, town.years, town.group, one)
    assert steady.pace == pytest.approx(1, abs=0.03) and found.mean_error < steady.mean_error < 0.05
    assert slower.pace == pytest.approx(1 / 3, abs=0.02)
    before, after = (np.sum(each.ahead(town.brought, town.years, town.group)[1]) for each in (found, slower))
    assert after / before == pytest.approx(slower.pace)


def test_equal_customers_may_be_counted_together(town: Town) -> None:
    """Rows with weights give what the customers themselves give."""
    cells, inverse = np.unique(np.stack([town.brought, np.ceil(town.years), town.group]), axis=1, return_inverse=True)
    weights = np.bincount(inverse)
    apart = sending.fit(town.brought, np.ceil(town.years), town.group, 3, np.ones(N))
    whole = sending.fit(cells[0], cells[1], cells[2].astype(int), 3, weights)
    assert isinstance(apart, Sending) and isinstance(whole, Sending)
    assert whole.shape == pytest.approx(apart.shape, rel=1e-5) and whole.mean == pytest.approx(apart.mean, rel=1e-5)


def test_who_brought_more_will_bring_more(town: Town) -> None:
    """What is expected of everyone agrees with their own true rate as well as counts can; in sum it comes to pass."""
    _, mean = town.fit().ahead(town.brought, town.years, town.group)
    assert mean.sum() == pytest.approx(town.later.sum(), rel=0.05)
    some = town.brought > 0
    assert spearmanr(mean[some], town.rate[some]).statistic > 0.6
    for least, most in ((0, 1), (1, 3), (3, 100)):
        these = (town.brought >= least) & (town.brought < most)
        assert mean[these].mean() == pytest.approx(town.later[these].mean(), rel=0.1)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_intervals_hold_as_often_as_they_say(confidence: float) -> None:
    """Where friends may well come, the year's money lies in the interval as often as promised."""
    town = Town(5, 60_000)
    rng, one = town.rng, Friend(mean=100.0, square=100.0**2 + 80.0**2, error=0.0)
    brought = rng.poisson(8 * town.rate * town.years)
    later = rng.poisson(8 * town.rate)
    found = sending.fit(brought, town.years, town.group, 3, np.ones(len(brought)))
    assert isinstance(found, Sending)
    shape, mean = found.ahead(brought, town.years, town.group)
    value, low, high = sending.value(shape, mean, one, confidence)
    k = 100.0**2 / 80.0**2
    money = np.where(later > 0, rng.gamma(k * np.maximum(later, 1)) / k * 100.0, 0.0)
    likely = mean > 2.0
    assert likely.sum() > 5_000
    assert ((low <= money) & (money <= high))[likely].mean() == pytest.approx(confidence, abs=0.03)
    assert ((low <= money) & (money <= high)).mean() > confidence - 0.02
    assert value.sum() == pytest.approx(money.sum(), rel=0.05)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 50), st.floats(1e-9, 1e3), st.floats(0, 1e6), st.floats(0, 3), st.floats(0, 1))
def test_a_value_lies_in_its_interval(shape: float, mean: float, worth: float, cv: float, error: float) -> None:
    """Whatever the model, the value is in its interval, nothing is negative, and surer intervals are wider."""
    one = Friend(worth, worth**2 * (1 + cv**2), error)
    a, m = np.array([shape]), np.array([mean])
    value, low, high = sending.value(a, m, one, 0.8)
    _, wide_low, wide_high = sending.value(a, m, one, 0.95)
    assert 0 <= low <= value <= high and np.isfinite(high)
    assert wide_low <= low * (1 + 1e-9) + 1e-9 and wide_high >= high * (1 - 1e-9) - 1e-9


def test_few_friends_say_nothing() -> None:
    """A shop to which 19 friends came has no rate yet, and says how many are lacking."""
    found = sending.fit([19, 0], [1.0, 1.0], [0, 0], 1, [1, 500])
    assert isinstance(found, Unknown) and found.needed == 1


def test_a_group_of_a_few_keeps_near_the_level_of_all(town: Town) -> None:
    """Three lucky customers do not make their group ten times as good."""
    x = np.concatenate([town.brought, [2, 2, 2]])
    found = sending.fit(x, np.append(town.years, [1, 1, 1]), np.append(0 * town.group, [1, 1, 1]), 2, np.ones(len(x)))
    assert isinstance(found, Sending) and 1 < found.levels[1] < 2


@pytest.mark.parametrize(
    ("brought", "years", "group"), [(-1, 1.0, 0), (1.5, 1.0, 0), (1, 0.0, 0), (1, np.nan, 0), (1, 1.0, 3)]
)
def test_nonsense_is_refused(brought: float, years: float, group: int) -> None:
    """Counts that are none, no time, and groups that are not there."""
    with pytest.raises(BadInput):
        sending.fit([brought], [years], [group], 1, [1])


def anyway(share: float, shared: float = 0.0) -> Anyway:
    return Anyway(Estimate(share, share, share, n=0), shared, "lot", (0.0, 0.0, 0.0))


def test_a_friend_who_would_have_come_anyway_counts_with_what_winning_them_costs() -> None:
    """Type one counts the first year, type two the saving; doubt of which is which widens the error of both."""
    found = Sending(1.0, 1e-9, (1.0,), 0.0, 0.0, 1, 1)
    year = Year(mean=10_000.0, error=0.0, spread=5_000.0, n=100, seen_months=12)
    today = 1.1**-0.5
    assert sending.friend(found, year, anyway(0.0), 700).mean == pytest.approx(10_000 * today)
    assert sending.friend(found, year, anyway(1.0), 700).mean == pytest.approx(700 * today)
    unsure = sending.friend(found, year, anyway(0.5, 0.29), 700)
    assert unsure.mean == pytest.approx(5_350 * today) and unsure.error == pytest.approx(9_300 * 0.29 / 5_350, rel=1e-6)


def test_friends_of_friends_count_for_less_and_never_without_end() -> None:
    """More sending raises a friend's worth, by less than what it adds, and within bounds in the wildest shop."""
    year = Year(10_000.0, 0.0, 0.0, 100, 12)
    worth = [sending.friend(Sending(1.0, m, (1.0,), 0.0, 0.0, 1, 1), year, anyway(0.0), 0).mean for m in (0.1, 1, 1e6)]
    assert worth[0] < worth[1] < worth[2] <= 10 * 10_000
    assert worth[0] == pytest.approx(1.1**-0.5 * 10_000 / (1 - 0.05 / 1.1))
