"""Raking: a published case to its digits, margins that agree, weights that are cut, errors that say what to join."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openchair.core.errors import BadInput, FitFailed
from openchair.listening.scores.weighting import MOST, kish, margin, rake

# Meta's `balance`, its simulated data (10,000 people, 1,000 answers): answers by gender (male, female, not told) and
# age (18-24, 25-34, 35-44, 45+), mean happiness of each cell, and everyone's counts.
ANSWERS = np.array([[321, 187, 95, 41], [123, 86, 50, 9], [47, 27, 11, 3]])
HAPPINESS = np.array(
    [
        [39.9867, 40.8495, 47.7256, 60.3543],
        [63.1488, 58.8982, 66.2667, 69.5051],
        [48.1953, 47.2239, 49.6913, 72.5073],
    ]
)
GENDERS, AGES = [4551, 4551, 898], [1971, 2974, 2992, 2063]
CELLS = np.argwhere(ANSWERS >= 0)


def test_the_published_case_to_its_digits() -> None:
    """Happiness: raw 48.559, raked on gender and age 55.484, where the truth is 56.278."""
    counts, means = ANSWERS.ravel(), HAPPINESS.ravel()
    assert np.average(means, weights=counts) == pytest.approx(48.559, abs=5e-4)
    raked = rake(CELLS, counts, [GENDERS, AGES], most=np.inf)
    assert np.average(means, weights=counts * raked.weights) == pytest.approx(55.484, abs=1e-3)
    assert raked.off_by < 1e-9 and raked.trimmed == 0
    assert raked.effective_n == kish(raked.weights, counts) == pytest.approx(475.57, abs=0.01)


def test_cutting_weights_trades_agreement_for_precision() -> None:
    """At most three times the average: worth more answers, and the shares are off by what is said."""
    counts = ANSWERS.ravel()
    whole, cut = (rake(CELLS, counts, [GENDERS, AGES], most=most) for most in (np.inf, 3.0))
    assert whole.weights.max() > 3 >= cut.weights.max() * (1 - 1e-9)
    assert cut.effective_n > whole.effective_n and cut.off_by > 0 and 0 < cut.trimmed < 0.2
    assert counts @ cut.weights == pytest.approx(counts.sum())


@given(
    st.lists(st.integers(1, 60), min_size=6, max_size=6),
    st.lists(st.integers(1, 20), min_size=2, max_size=2),
    st.lists(st.integers(1, 20), min_size=3, max_size=3),
    st.permutations(range(6)),
)
def test_margins_agree_and_the_order_of_cells_changes_nothing(
    counts: list[int], first: list[int], second: list[int], order: list[int]
) -> None:
    """Whatever the answers and the shares wanted, where every cell has answers."""
    cells, n = np.argwhere(np.ones((2, 3))), np.array(counts)
    raked = rake(cells, n, [first, second], most=np.inf)
    for place, wanted in enumerate((first, second)):
        share = np.bincount(cells[:, place], raked.weights * n) / n.sum()
        assert share == pytest.approx(np.array(wanted) / sum(wanted), abs=1e-6)
    again = rake(cells[order], n[order], [first, second], most=np.inf)
    assert again.weights == pytest.approx(raked.weights[order], rel=1e-6)
    assert 0 < raked.effective_n <= n.sum() * (1 + 1e-12)


@given(st.lists(st.integers(1, 60), min_size=4, max_size=4))
def test_who_answers_as_customers_are_is_left_alone(counts: list[int]) -> None:
    """Equal shares give weights of one."""
    assert rake([[0], [1], [2], [3]], counts, [counts]).weights == pytest.approx(1)


@given(st.lists(st.integers(1, 40), min_size=3, max_size=3), st.lists(st.integers(1, 40), min_size=3, max_size=3))
def test_no_weight_passes_the_limit(counts: list[int], wanted: list[int]) -> None:
    """However few answers a group has; and the weights' mean stays one."""
    assume(max(w / sum(wanted) * sum(counts) / n for n, w in zip(counts, wanted, strict=True)) > 2)
    raked = rake([[0], [1], [2]], counts, [wanted], most=2.0)
    assert raked.weights.max() <= 2 + 1e-6 and np.array(counts) @ raked.weights == pytest.approx(sum(counts))


def test_a_group_in_which_nobody_answered_is_named() -> None:
    """The error says which, of what share, and what to do."""
    with pytest.raises(BadInput, match=r"group 2 of stage.*25.0% of customers.*Join it"):
        rake([[0], [1]], [5, 5], [[2, 1, 1]], names=["stage"])


def test_traits_that_contradict_each_other_cannot_be_raked() -> None:
    """Answers lie on a diagonal, and the wanted shares differ between the two traits."""
    with pytest.raises(FitFailed, match="Leave a trait out"):
        rake([[0, 0], [1, 1]], [10, 10], [[0.7, 0.3], [0.3, 0.7]])


def test_weights_reach_a_cell_without_answers_by_its_groups() -> None:
    """So an answer of another week finds its weight, too."""
    cells = [[0, 0], [0, 1], [1, 0], [1, 1]]
    weights = rake(cells, [30, 30, 30, 0], [[0.5, 0.5], [0.8, 0.2]], most=np.inf).weights
    assert weights[3] / weights[2] == pytest.approx(weights[1] / weights[0])


def test_a_trait_is_used_where_it_is_known_of_most() -> None:
    """Rare values and those not known stand together; a value nobody with it answered is among them."""
    customers = {"en": 600, "ur": 250, "th": 100, "pt": 10, None: 40}
    found = margin("language", customers, {"en": 80, "ur": 30, "th": 3, None: 12})
    assert found is not None and found.place == {"ur": 0, "en": 1}
    assert found.shares == pytest.approx((0.25, 0.6, 0.15))
    assert [found.group(value) for value in ("ur", "en", "th", "pt", "", None, "xx")] == [0, 1, 2, 2, 2, 2, 2]
    assert margin("language", {"en": 500, None: 500}, {"en": 80, "ur": 30}) is None
    assert margin("language", {"en": 500}, {"en": 80}) is None
    assert margin("language", {}, {}) is None


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 400), st.integers(0, 40)), min_size=1),
    st.tuples(st.integers(0, 100), st.integers(0, 9)),
)
def test_what_a_margin_gives_can_always_be_raked(values: dict[str, tuple[int, int]], unknown: tuple[int, int]) -> None:
    """Whatever values customers and answers have: every group has answers, and the shares sum to one."""
    customers = {**{v: n for v, (n, _) in values.items()}, None: unknown[0]}
    answered = {**{v: n for v, (_, n) in values.items()}, None: unknown[1]}
    if (found := margin("t", customers, answered)) is not None:
        assert sum(found.shares) == pytest.approx(1)
        counts = list(answered.values())
        raked = rake([[found.group(v)] for v in answered], counts, [found.shares])
        assert raked.weights.max() <= MOST * (1 + 1e-6)
