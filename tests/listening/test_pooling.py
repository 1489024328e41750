"""Small groups lean on the others as far as these are like them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.scores.pooling import concentration, pooled

POINTS = np.array([100.0, 0.0, -100.0])
CENTRE = np.array([0.5, 0.3, 0.2])


def shop(rng: np.random.Generator, a0: float, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups whose shares come from a Dirichlet distribution: their answers, and the true scores."""
    shares = rng.dirichlet(a0 * CENTRE, len(sizes)) if np.isfinite(a0) else np.tile(CENTRE, (len(sizes), 1))
    return np.array([rng.multinomial(n, p) for n, p in zip(sizes, shares, strict=True)]), shares @ POINTS


@pytest.mark.parametrize(("a0", "most", "left"), [(5.0, 0.97, 0.7), (30.0, 0.97, 0.35), (np.inf, 1.0, 0.1)])
def test_intervals_of_groups_cover_and_pooling_is_nearer_the_truth_than_each_alone(
    a0: float, most: float, left: float
) -> None:
    """200 shops of twelve groups of 1 to 60 answers: 95% intervals cover 93 to 97% (more where groups are all alike),
    and so much of the squared error of each group's own score is left."""
    rng = np.random.default_rng(5)
    held, pooled_error, own_error = [], [], []
    for _ in range(200):
        counts, truth = shop(rng, a0, rng.integers(1, 60, 12))
        found = pooled(counts)
        assert all(isinstance(one, Estimate) for one in found)
        held += [one.low <= t <= one.high for one, t in zip(found, truth, strict=True) if isinstance(one, Estimate)]
        values = np.array([one.value for one in found if isinstance(one, Estimate)])
        pooled_error.append(np.mean((values - truth) ** 2))
        own_error.append(np.mean((counts @ POINTS / counts.sum(axis=1) - truth) ** 2))
    assert 0.93 <= np.mean(held) <= most
    assert np.mean(pooled_error) < left * np.mean(own_error)


def test_the_concentration_is_recovered() -> None:
    """From 300 groups of 40 answers: 12 answers' worth, within a quarter; without differences, more than 300."""
    rng = np.random.default_rng(6)
    assert concentration(shop(rng, 12.0, np.full(300, 40))[0]) == pytest.approx(12, rel=0.25)
    assert concentration(shop(rng, np.inf, np.full(300, 40))[0]) > 300


def test_the_posterior_is_dirichlets_own() -> None:
    """Groups that are all alike and large: the mean and variance of a Dirichlet of nearly all their answers."""
    counts = np.tile([500, 300, 200], (20, 1))
    for one in pooled(counts):
        assert isinstance(one, Estimate) and one.value == pytest.approx(30, abs=0.1)
        alone = 1.96 * 100 * np.sqrt((0.7 - 0.09) / 1_001)
        assert one.high - one.value < alone / 2


@given(st.lists(st.tuples(*[st.integers(0, 50)] * 3), min_size=3, max_size=8), st.randoms())
def test_the_order_of_groups_changes_nothing_and_all_stay_on_the_scale(
    counts: list[tuple[int, int, int]], random: st.DataObject
) -> None:
    """Each group keeps its score wherever it stands; a group without answers stays unknown."""
    order = list(range(len(counts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight, shuffled = pooled(counts), pooled([counts[i] for i in order])
    for place, i in enumerate(order):
        one, two = straight[i], shuffled[place]
        assert isinstance(one, Estimate) == isinstance(two, Estimate)
        if isinstance(one, Estimate) and isinstance(two, Estimate):
            assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))
            assert -100 <= one.low <= one.high <= 100
        else:
            assert sum(counts[i]) == 0 or np.sum(counts) < 10 or np.count_nonzero(np.sum(counts, axis=1)) < 3


def test_two_groups_say_nothing_of_how_groups_differ() -> None:
    """Unknown, with how many more answers are needed."""
    found = pooled([[2, 1, 0], [3, 0, 0]])
    assert all(isinstance(one, Unknown) and one.needed == 4 for one in found)


def test_unlike_lengths_are_refused() -> None:
    """The error says what belongs together."""
    with pytest.raises(BadInput, match="column for each point"):
        pooled([[1, 2]])
