"""Whom to ask, as cases: exact for few, narrower than other ways for as many contacts, and just by chance."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.listening.asking.sampling import Parts, allocate, drawn, most_telling, response

NPS = (100.0, 0.0, -100.0)
IDS = np.array([digest("customer", str(n)) for n in range(4000)])


def parts(*rows: tuple[int, int, tuple[int, int, int], int, int]) -> Parts:
    """Parts from rows: customers, eligible, answers, asked, answered."""
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    return Parts(*columns)


@given(
    st.lists(
        st.tuples(st.floats(0, 9e3), st.floats(0.5, 40), st.floats(0.01, 1), st.integers(0, 6)), min_size=1, max_size=4
    ),
    st.integers(0, 9),
)
def test_nothing_is_better(rows: list[tuple[float, float, float, int]], budget: int) -> None:
    """No other way to ask as many leaves less variance: every one of them is tried."""
    scale, weight, rate, most = (np.array(column) for column in zip(*rows, strict=True))

    def left(ask: np.ndarray) -> float:
        return float((scale / (weight + rate * ask)).sum())

    asked = most_telling(scale, weight, rate, most, budget)
    assert (asked <= most).all()
    assert asked.sum() == min(budget, most.sum())
    ways = (np.array(way) for way in product(*(range(n + 1) for n in most)))
    best = min(left(way) for way in ways if way.sum() <= budget)
    assert left(asked) <= best * (1 + 1e-12)


def test_the_interval_is_narrower_than_by_other_ways() -> None:
    """For 300 contacts the score found is off by less than with shares alike or left to chance, and its interval less
    wide: 1,500 shops are asked, each in all three ways."""
    rng = np.random.default_rng(7)
    customers = np.array([600, 250, 100, 50]) * 40
    share = customers / customers.sum()
    truth = np.array([[0.9, 0.09, 0.01], [0.5, 0.2, 0.3], [0.3, 0.2, 0.5], [0.45, 0.1, 0.45]])
    rate, asked = np.array([0.5, 0.15, 0.2, 0.1]), np.array([100, 100, 50, 50])

    def answering(ask: np.ndarray) -> np.ndarray:
        return np.array([rng.multinomial(n, p) for n, p in zip(rng.binomial(ask, rate), truth, strict=True)])

    off, width = np.zeros((1500, 3)), np.zeros((1500, 3))
    for shop in range(1500):
        before = answering(asked)
        ours = allocate(Parts(customers, customers, before, asked, before.sum(axis=1)), NPS, 300).ask
        alike = np.round(300 * share).astype(np.int64)
        for way, ask in enumerate((ours, alike, rng.multinomial(300, share))):
            answers = before + answering(ask)
            found = allocate(Parts(customers, customers * 0, answers, asked + ask, answers.sum(axis=1)), NPS, 0).before
            off[shop, way] = found.value - share @ (truth @ NPS)
            width[shop, way] = found.high - found.low
    ours, *others = np.sqrt((off**2).mean(axis=0))
    assert ours < 0.9 * min(others)
    ours, *others = width.mean(axis=0)
    assert ours < 0.95 * min(others)


def test_the_expected_interval_covers() -> None:
    """Nine in ten intervals of that width hold the true score, where the parts are as they were taken to be."""
    rng = np.random.default_rng(3)
    customers = np.array([5000, 3000, 2000])
    inside = 0
    for _ in range(400):
        truth = rng.dirichlet([6, 3, 3], size=3)
        answers = np.array([rng.multinomial(40, p) for p in truth])
        zero = np.zeros(3, dtype=np.int64)
        found = allocate(Parts(customers, zero, answers, zero, zero), NPS, 0, confidence=0.9).before
        inside += found.low <= float(customers / 10_000 @ (truth @ NPS)) <= found.high
    assert 0.87 <= inside / 400 <= 0.95


def test_who_answers_rarely_is_not_forgotten() -> None:
    """A part that answers half as often is not asked half as much: what counts are answers, and their spread."""
    row = (10, 10, 10)
    alike = parts((1000, 1000, row, 100, 30), (1000, 1000, row, 100, 30))
    apart = parts((1000, 1000, row, 200, 60), (1000, 1000, row, 200, 30))
    assert allocate(alike, NPS, 100).ask.tolist() == [50, 50]
    assert allocate(apart, NPS, 100).ask[1] > 30


def test_before_anybody_was_asked() -> None:
    """Without a single answer there is a plan by the parts' sizes, and an interval that owns to knowing nothing."""
    fresh = parts((900, 900, (0, 0, 0), 0, 0), (100, 100, (0, 0, 0), 0, 0))
    found = allocate(fresh, NPS, 60)
    assert found.before.value == pytest.approx(0)
    assert found.before.high - found.before.low > 100
    assert found.ask[0] > found.ask[1] >= 0
    assert found.ask.sum() == 60
    assert found.after.n == pytest.approx(60 * 0.2)


def test_no_more_than_may_be_asked() -> None:
    """Whoever may not be asked is not, and a budget that cannot be spent is left over."""
    few = parts((500, 3, (5, 5, 5), 40, 15), (500, 4, (5, 5, 5), 40, 15))
    assert allocate(few, NPS, 1000).ask.tolist() == [3, 4]
    with pytest.raises(BadInput, match="at least 0"):
        allocate(few, NPS, -1)
    with pytest.raises(BadInput, match="no customer"):
        allocate(parts((0, 0, (0, 0, 0), 0, 0)), NPS, 1)


@given(st.integers(0, 50), st.integers(0, 50))
def test_response_is_a_share(asked: int, more: int) -> None:
    """A part's response lies between its own and everybody's, and never at an end."""
    answered = min(asked, more)
    rate = response(np.array([asked, 1000]), np.array([answered, 300]))
    assert ((rate > 0) & (rate < 1)).all()


def test_chance_is_repeatable_and_just() -> None:
    """The same salt draws the same customers in any company; over many salts each is drawn alike."""
    part = np.arange(len(IDS)) % 3
    ask = np.array([20, 0, 50])
    once = drawn(IDS, part, ask, "1", "survey")
    assert np.bincount(part[once], minlength=3).tolist() == [20, 0, 50]
    turned = drawn(IDS[::-1], part[::-1], ask, "1", "survey")
    assert set(IDS[once]) == set(IDS[::-1][turned])
    assert set(once) != set(drawn(IDS, part, ask, "2", "survey"))
    times = np.zeros(60)
    for salt in range(2000):
        times[drawn(IDS[:60], np.zeros(60, dtype=np.int64), np.array([15]), str(salt))] += 1
    assert times.sum() == 2000 * 15
    # Chi-square with 59 degrees of freedom stays below 102 in 999 of 1,000 just draws (less here: without replacement).
    assert ((times - 500) ** 2 / 500).sum() < 102
