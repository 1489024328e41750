"""Segments lean on the shop as far as they must: known truth, and what a few customers cannot say."""

from typing import Any

import numpy as np
import pytest

from openchair.value import spender
from openchair.value.spenders import segments

TRUTH = {"r": 0.9, "alpha": 6.0, "a": 0.8, "b": 2.5}


def drawn(shop: Any, alphas: Any, sizes: Any, seed: int) -> tuple[Any, ...]:
    """Segments which differ in how often their customers buy: names, triples, and what they buy in 40 weeks after."""
    rng = np.random.default_rng(seed)
    parts = [
        shop({**TRUTH, "alpha": alpha}, (6, 4, 15)).customers(rng.uniform(10, 60, n), 40, rng)
        for alpha, n in zip(alphas, sizes, strict=True)
    ]
    names = np.repeat([f"segment {i}" for i in range(len(sizes))], sizes)
    return names, *(np.concatenate([getattr(part, f) for part in parts]) for f in ("x", "t_x", "T", "later"))


def test_segments_that_do_not_differ_are_the_shop(shop: Any) -> None:
    """Of twelve segments of 60 customers each, alike in truth, none is made out to be special."""
    names, x, t_x, T, _ = drawn(shop, [6.0] * 12, [60] * 12, 1)
    found = segments.fit(names, x, t_x, T)
    assert found.spread <= 0.1
    for one in found.segments.values():
        assert one.params == pytest.approx(found.shop.params, rel=0.15)


@pytest.mark.slow
def test_small_segments_are_foretold_better_than_alone_and_than_as_the_shop(shop: Any) -> None:
    """Twelve segments of 40 to 300 customers who differ: pooled, the error of their mean is the least."""
    rng = np.random.default_rng(2)
    errors: dict[str, list[float]] = {"pooled": [], "alone": [], "shop": []}
    for seed in range(4):
        sizes = rng.integers(40, 300, 12)
        names, x, t_x, T, later = drawn(shop, 6.0 * np.exp(rng.normal(0, 0.5, 12)), sizes, 10 + seed)
        found = segments.fit(names, x, t_x, T)
        for name, pooled in found.segments.items():
            some = names == name
            rows = x[some], t_x[some], T[some]
            models = {"pooled": pooled, "alone": spender.fit(*rows), "shop": found.shop}
            for key, model in models.items():
                expected = model.expected(40, *rows).mean()
                errors[key].append((expected - later[some].mean()) ** 2)
    means = {key: np.mean(values) for key, values in errors.items()}
    assert means["pooled"] < means["shop"]
    assert means["pooled"] < 1.02 * means["alone"]


def test_a_segment_of_which_nobody_came_back_has_a_model(shop: Any) -> None:
    """Alone it could not be fitted; leaning on the shop it is foretold to buy less."""
    names, x, t_x, T, _ = drawn(shop, [6.0] * 3, [300] * 3, 3)
    quiet = np.full(25, "quiet")
    found = segments.fit(
        np.concatenate([names, quiet]),
        *(np.concatenate([c, v]) for c, v in ((x, np.zeros(25)), (t_x, np.zeros(25)), (T, np.full(25, 50.0)))),
    )
    few = found.segments["quiet"]
    assert few.n == 25
    assert few.expected_new(40) < found.shop.expected_new(40)
    assert np.isfinite(list(few.standard_errors.values())).all()


def test_many_customers_outweigh_the_shop(shop: Any) -> None:
    names, x, t_x, T, _ = drawn(shop, [3.0, 12.0], [6_000, 6_000], 4)
    found = segments.fit(names, x, t_x, T)
    some = names == "segment 1"
    alone = spender.fit(x[some], t_x[some], T[some])
    assert found.segments["segment 1"].expected_new(40) == pytest.approx(alone.expected_new(40), rel=0.02)
