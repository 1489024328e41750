"""How the loop closes: the median of times that are partly unknown, and what comes after."""

import numpy as np
import pytest

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening import closing

MEDIAN = 20.0


def looked_at(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Cases of a shop that takes 20 hours in the median, opened over four days and looked at now."""
    takes = MEDIAN * rng.weibull(1.4, n) / np.log(2) ** (1 / 1.4)
    opened_ago = rng.uniform(0, 96, n)
    return np.minimum(takes, opened_ago), takes <= opened_ago


def test_the_median_of_closed_and_open_cases_is_recovered() -> None:
    """Of many cases it is the true one; leaving out those still open would call the shop quicker than it is."""
    hours, closed = looked_at(np.random.default_rng(1), 20_000)
    found = closing.median_time(hours, closed)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(MEDIAN, rel=0.02)
    assert found.low <= MEDIAN <= found.high
    assert float(np.median(hours[closed])) < 0.92 * MEDIAN


@pytest.mark.parametrize("n", [12, 40])
def test_the_interval_holds_the_true_median_as_often_as_it_says(n: int) -> None:
    """At 95%, in 1,000 shops of few cases: nominal, give or take chance and what small samples round to."""
    rng = np.random.default_rng(n)
    found = [closing.median_time(*looked_at(rng, n)) for _ in range(1000)]
    known = [one for one in found if isinstance(one, Estimate)]
    assert len(known) > 700
    held = np.mean([one.low <= MEDIAN <= one.high for one in known])
    assert 0.93 <= held <= 0.985


def test_where_nothing_is_open_it_is_the_plain_median() -> None:
    """Without censoring, Kaplan and Meier's median is the middle one."""
    hours = np.random.default_rng(2).exponential(9, 101)
    found = closing.median_time(hours, np.ones(101, dtype=bool))
    assert isinstance(found, Estimate)
    assert found.value == float(np.median(hours))


def test_too_little_is_said_to_be_too_little() -> None:
    """Below ten cases, and while most are open: the reason, never a number."""
    assert closing.median_time([1.0] * 3, [True] * 3) == Unknown("3 cases", needed=7)
    assert isinstance(closing.median_time(np.arange(40.0), [False] * 40), Unknown)
    assert closing.mean_change([1.0], [9.0]) == Unknown("1 answer after a case was closed", needed=9)


def test_the_order_of_cases_changes_nothing() -> None:
    """Nor do equal times."""
    rng = np.random.default_rng(3)
    hours, closed = (column.round() if column.dtype == float else column for column in looked_at(rng, 60))
    mixed = rng.permutation(60)
    assert closing.median_time(hours, closed) == closing.median_time(hours[mixed], closed[mixed])


@pytest.mark.parametrize(("hours", "closed"), [([-1.0] * 12, [True] * 12), ([1.0] * 12, [True] * 11)])
def test_times_that_are_none(hours: list[float], closed: list[bool]) -> None:
    """A time before the beginning, and columns of two lengths, are refused."""
    with pytest.raises(BadInput):
        closing.median_time(hours, closed)
