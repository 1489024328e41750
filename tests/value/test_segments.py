"""Segments lean on the shop as far as they must: known truth, and what a few customers cannot say."""

from typing import Any

import numpy as np
import pytest

from openchair.value import spender
from openchair.value.spenders import segments
from openchair.value.spenders.choosing import Split

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
    assert found.spreads["bg/nbd"] <= 0.1
    for one in found.segments.values():
        assert one.params == pytest.approx(found.shops["bg/nbd"].params, rel=0.15)


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
            models = {"pooled": pooled, "alone": spender.fit(*rows), "shop": found.shops["bg/nbd"]}
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
    assert few.expected_new(40) < found.shops["bg/nbd"].expected_new(40)
    assert np.isfinite(list(few.standard_errors.values())).all()


@pytest.mark.slow
def test_a_covariates_effect_is_recovered(shop: Any) -> None:
    """Customers of one kind buy twice as often: over ten shops the ratio of the rates found is 2, give or take."""
    logs = []
    for seed in range(10):
        names, x, t_x, T, _ = drawn(shop, [4.0, 8.0], [1_500, 1_500], 40 + seed)
        found = segments.fit(names, x, t_x, T).segments
        often, seldom = (found[f"segment {i}"].params for i in (0, 1))
        logs.append(np.log(often["r"] / often["alpha"] / (seldom["r"] / seldom["alpha"])))
    error = np.std(logs, ddof=1) / np.sqrt(len(logs))
    assert np.mean(logs) == pytest.approx(np.log(2), abs=3 * error)
    assert error < 0.05


def test_many_customers_outweigh_the_shop(shop: Any) -> None:
    names, x, t_x, T, _ = drawn(shop, [3.0, 12.0], [6_000, 6_000], 4)
    found = segments.fit(names, x, t_x, T)
    some = names == "segment 1"
    alone = spender.fit(x[some], t_x[some], T[some])
    assert found.segments["segment 1"].expected_new(40) == pytest.approx(alone.expected_new(40), rel=0.02)


@pytest.mark.slow
def test_segments_choose_for_themselves_where_they_have_enough(shop: Any) -> None:
    """Regular and random buyers in one shop, and a few of whom nothing can be told: each is given what it can bear."""
    rng = np.random.default_rng(6)
    kinds = {"regular": ("mbg/nbd-3", {**TRUTH, "alpha": 2.0}, 3_000), "random": ("mbg/nbd", TRUTH, 3_000),
             "few": ("mbg/nbd", TRUTH, 20)}  # fmt: skip
    parts, names = [], []
    for name, (model, buying, n) in kinds.items():
        T = rng.uniform(20, 60, n)
        who, when = shop(buying, (6, 4, 15), model).events(T + 20, rng)
        parts.append((T, *_until(who, when, T), *_until(who, when, T + 20)))
        names += [name] * n
    T, x, t_x, gaps, x_now, t_x_now, gaps_now = (np.concatenate(column) for column in zip(*parts, strict=True))
    split = Split((x, t_x, T), (x_now, t_x_now, T + 20), gaps, gaps_now, np.ones(len(T)))
    chosen = segments.choose(names, split)
    assert chosen["regular"].model == "mbg/nbd-3"
    assert chosen["random"].model in ("bg/nbd", "mbg/nbd", "pareto/nbd")
    assert chosen["few"].customers == len(T)
    found = segments.fit(names, x, t_x, T, models={name: choice.model for name, choice in chosen.items()})
    assert {name: one.model for name, one in found.segments.items()} == {n: c.model for n, c in chosen.items()}


def _until(who: Any, when: Any, end: Any) -> tuple[Any, Any, Any]:
    """Repeats, the last of them, and the summed logarithms of gaps of purchases up to an end each."""
    seen = when <= end[who]
    who, when = who[seen], when[seen]
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    again = np.append(False, who[1:] == who[:-1])
    last = np.zeros(len(end))
    np.maximum.at(last, who, when)
    gaps = np.diff(when, prepend=0.0)[again]
    return np.bincount(who[again], minlength=len(end)), last, np.bincount(who[again], np.log(gaps), len(end))
