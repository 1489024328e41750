"""Segments: what was planted is found again, and where nothing was planted there are none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from openchair.core.estimate import Unknown
from openchair.focus.segments import Feature, adjusted_rand, agreement, apart, components, kmeans, nearest, segments

Codes = NDArray[np.int64]


def cells(codes: Codes, ordered: list[bool]) -> tuple[list[Feature], NDArray[np.float64], Codes]:
    """Customers' codes, a column a feature, as features of distinct cells, their weights, and each one's cell."""
    kinds, cell = np.unique(codes, axis=0, return_inverse=True)
    features = [
        Feature(f"f{k}", tuple(str(level) for level in range(codes[:, k].max() + 1)), kinds[:, k], how)
        for k, how in enumerate(ordered)
    ]
    return features, np.bincount(cell.ravel()).astype(float), cell.ravel()


def planted(rng: np.random.Generator, k: int, n: int = 2_000) -> tuple[Codes, Codes, list[bool]]:
    """k kinds of customers who differ in three behaviours and four traits, each known with slips."""
    kind = rng.choice(k, n)
    behaviour = [np.clip(np.round(rng.permutation(5)[:k][kind] + rng.normal(0, 0.8, n)), 0, 4) for _ in range(3)]
    traits = [
        np.where(rng.random(n) < 0.75, rng.permutation(max(4, k))[:k][kind], rng.integers(0, 4, n)) for _ in range(4)
    ]
    return kind, np.column_stack([*behaviour, *traits]).astype(np.int64), [True] * 3 + [False] * 4


def degrees(rng: np.random.Generator, n: int = 2_000) -> tuple[Codes, list[bool]]:
    """Customers who differ by two degrees, each shown by six behaviours, and fall into no groups."""
    taste = rng.normal(size=(n, 2))
    felt = taste @ rng.normal(size=(2, 6)) * 0.85 + rng.normal(size=(n, 6))
    return np.digitize(felt, [-1.5, -0.5, 0.3, 1.0, 1.8]).astype(np.int64), [True] * 6


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 4])
def test_planted_segments_are_recovered_in_number_and_kind(k: int) -> None:
    """The right number in five of six shops, and then nine of ten customers or more are placed as they truly are."""
    right = 0
    for seed in range(6):
        rng = np.random.default_rng([seed, k])
        kind, codes, ordered = planted(rng, k)
        features, weights, cell = cells(codes, ordered)
        found = segments(features, weights, rng)
        if not isinstance(found, Unknown) and found.number == k:
            right += adjusted_rand(found.of[cell], kind, np.ones(len(kind))) > 0.8
    assert right >= 5


def test_there_are_no_segments_in_noise() -> None:
    """Things that have nothing to do with each other make no segments, in ten shops at most once."""
    found = 0
    for seed in range(10):
        rng = np.random.default_rng([seed, 1])
        codes = np.column_stack(
            [
                np.minimum(rng.geometric(0.4, 2_000) - 1, 5),
                rng.integers(0, 5, 2_000),
                rng.choice(3, 2_000, p=[0.7, 0.2, 0.1]),
            ]
        )
        features, weights, _cell = cells(codes.astype(np.int64), [True, True, False])
        found += not isinstance(segments(features, weights, rng), Unknown)
    assert found <= 1


def test_differing_by_degrees_is_no_segments() -> None:
    """Where heavy buyers shade into light ones, cutting between them would be arbitrary."""
    for seed in range(3):
        rng = np.random.default_rng([seed, 2])
        features, weights, _cell = cells(*degrees(rng))
        assert isinstance(segments(features, weights, rng), Unknown)


def test_two_traits_that_lean_on_each_other_a_little_make_no_segments() -> None:
    """Distinct values are not yet groups."""
    rng = np.random.default_rng(3)
    one = rng.integers(0, 2, 3_000)
    other = np.where(rng.random(3_000) < 0.3, one, rng.integers(0, 2, 3_000))
    features, weights, _cell = cells(np.column_stack([one, other, rng.integers(0, 4, 3_000)]), [False, False, True])
    assert isinstance(segments(features, weights, rng), Unknown)


def test_too_few_customers_are_not_segmented() -> None:
    """It says how many more would do."""
    features = [Feature("diet", ("vegan", "none"), np.array([0, 1]))]
    found = segments(features, np.array([20.0, 30.0]), np.random.default_rng(1))
    assert isinstance(found, Unknown)
    assert found.needed == 150


def test_not_knowing_brings_nobody_together() -> None:
    """Customers of whom a trait is unknown stand in the middle of it, and one that nobody has tells nothing."""
    rng = np.random.default_rng(4)
    kind, codes, ordered = planted(rng, 3)
    hidden = np.where(rng.random(codes.shape) < 0.3, -1, codes)
    features, weights, cell = cells(hidden, ordered)
    features.append(Feature("nobody's", ("a", "b"), np.full(len(weights), -1)))
    found = segments(features, weights, rng)
    assert not isinstance(found, Unknown)
    assert found.number == 3
    assert adjusted_rand(found.of[cell], kind, np.ones(len(kind))) > 0.6


def test_a_cell_of_many_counts_as_many_cells_of_one() -> None:
    """Weights are customers: groups and their agreement follow from counts alone."""
    places = np.array([[0.0], [0.1], [5.0], [5.1]])
    weights = np.array([900.0, 100.0, 900.0, 100.0])
    centres = np.sort(kmeans(places, weights, 2, np.random.default_rng(1)).ravel())
    assert centres == pytest.approx([0.01, 5.01])
    assert agreement(places, weights, 2, np.random.default_rng(1)) == 1.0
    assert len(set(nearest(places, kmeans(places, weights, 2, np.random.default_rng(1))).tolist())) == 2


def test_unrelated_features_have_no_component() -> None:
    """What goes together must exceed what chance puts together."""
    rng = np.random.default_rng(6)
    features, weights, _cell = cells(rng.integers(0, 4, (2_000, 4)), [True, True, False, False])
    assert components(features, weights, rng).shape[2] == 0


def test_a_segment_is_described_by_what_sets_it_apart() -> None:
    """The most telling first, an order told as at least or below, and what everybody is not at all."""
    features = [
        Feature("orders", ("1", "2", "4"), np.array([0, 1, 2, 2]), ordered=True),
        Feature("language", ("en", "ur"), np.array([0, 0, 1, 1])),
        Feature("currency", ("EUR",), np.array([0, 0, 0, 0])),
    ]
    marks = apart(features, np.array([40.0, 40.0, 10.0, 10.0]), np.array([False, False, True, True]))
    assert [(one.feature, one.value, one.share, one.others) for one in marks] == [
        ("orders", "4 or more", 1.0, 0.0),
        ("language", "ur", 1.0, 0.0),
    ]
