"""Spender value as a turn tells it: its horizons, and the terms (margin, discount) that the settings give."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.chair.conftest import Shop, at, regulars

from openchair.chair.value import worth
from openchair.core.estimate import Estimate, Unknown
from openchair.value.worth import ahead, told


@pytest.fixture(scope="module")
def bought() -> list[dict[str, Any]]:
    return regulars(300)


def known(shop: Shop) -> list[dict[str, Any]]:
    return [row for row in shop.customers().values() if row["value_minor"] is not None]


def test_every_horizon_is_an_estimate_and_longer_is_worth_more(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """12 months is the row's own figure; 36 months and life follow from the models in the turn's record."""
    shop.write("purchases", *bought)
    models = shop.turn().models
    for row in known(shop)[:20]:
        found = worth.horizons(row, models["spender"], at(180).day, 0.8)
        assert list(found) == ["12 months", "36 months", "lifetime"]
        assert found["12 months"] == worth.spender(row)
        values = [one.value for one in found.values() if isinstance(one, Estimate)]
        assert len(values) == 3 and values == sorted(values)


def test_margin_and_discount_are_in_every_figure(new_shop: Callable[[], Shop], bought: list[dict[str, Any]]) -> None:
    """Half the margin is half the worth; a dearer tomorrow is worth less today; what is foretold stays the same."""
    figures, orders = [], []
    for terms in ({"margin": 1.0, "yearly_rate": 0.1}, {"margin": 0.5, "yearly_rate": 0.1}, {"yearly_rate": 0.5}):
        shop = new_shop()
        shop.settings = replace(shop.settings, **terms)
        shop.write("purchases", *bought)
        models = shop.turn().models["spender"]
        assert (models["margin"], models["yearly_rate"]) == (shop.settings.margin, shop.settings.yearly_rate)
        figures.append(np.array([(r["value_minor"], r["value_low"], r["value_high"]) for r in known(shop)]))
        orders.append([row["expected_orders"] for row in known(shop)])
    assert figures[1] == pytest.approx(figures[0] / 2)
    assert (figures[2] < figures[0])[figures[0] > 0].all()
    assert orders[0] == orders[1] == orders[2]


def test_where_nothing_can_be_said_no_horizon_has_a_figure(shop: Shop) -> None:
    """Too few came back: each horizon gives the reason that spender value gives."""
    shop.write("purchases", *regulars(12))
    models = shop.turn().models["spender"]
    for row in shop.customers().values():
        assert set(map(type, worth.horizons(row, models, at(180).day, 0.8).values())) == {Unknown}


def kinds(rows: list[dict[str, Any]], part: Callable[[int], str]) -> list[dict[str, Any]]:
    """A trait `kind` for every customer, by their number."""
    who = sorted({row["identifier"] for row in rows})
    return [{"identifier": one, "name": "kind", "value": part(int(one[4:]))} for one in who]


def two_kinds(n: int) -> list[dict[str, Any]]:
    """Customers with even numbers buy on as regulars; those with odd ones stop after their second time."""
    times: dict[str, int] = {}
    kept = []
    for row in sorted(regulars(n), key=lambda one: one["happened_at"]):
        times[row["identifier"]] = times.get(row["identifier"], 0) + 1
        if int(row["identifier"][4:]) % 2 == 0 or times[row["identifier"]] <= 2:
            kept.append(row)
    return kept


def segmented(shop: Shop, rows: list[dict[str, Any]], part: Callable[[int], str]) -> Any:
    shop.settings = replace(shop.settings, segments_by="kind")
    shop.write("purchases", *rows)
    shop.write("traits", *kinds(rows, part))
    return shop.turn().models["spender"]


@pytest.mark.slow
def test_segments_that_differ_have_models_of_their_own(shop: Shop) -> None:
    """Regulars and passers-by: each has a model and why it is believed; twenty of a third kind are pooled as others."""
    rows = two_kinds(500)
    models = segmented(shop, rows, lambda i: "rare" if i < 20 else ("passer-by", "regular")[i % 2 == 0])
    assert set(models["segments"]) == {"passer-by", "regular", "others"}
    assert models["segmented"].startswith("Models by segment foretold better than one for all")
    for one in models["segments"].values():
        assert one["customers"] > 0 and one["chosen"]
    found = shop.customers()
    assert {found[f"C{i:04d}"]["segment"] for i in range(20) if f"C{i:04d}" in found} == {"others"}
    alive = {name: np.mean([r["p_alive"] for r in known(shop) if r["segment"] == name]) for name in models["segments"]}
    assert alive["passer-by"] < alive["regular"]
    # A dossier reckons with the model of the customer's own segment: its first horizon comes out as the turn's figure.
    for row in known(shop)[:5]:
        case = {"orders": row["orders"], "spent_minor": row["spent_minor"], "segment": row["segment"]}
        case |= {"recency_days": (row["last_on"] - row["first_on"]).days}
        case |= {"age_days": (at(180).day - row["first_on"]).days}
        again = ahead(told(models), {name: np.array([value]) for name, value in case.items()}, 0.8)
        (year,) = again["12 months"]
        assert isinstance(year, Estimate)
        assert (year.value, year.low, year.high) == pytest.approx(
            (row["value_minor"], row["value_low"], row["value_high"])
        )


@pytest.mark.slow
def test_segments_that_are_alike_share_one_model(shop: Shop) -> None:
    """Names given by chance foretell nothing, and the turn says that one model did as well."""
    names = np.random.default_rng(5).integers(0, 3, 500)
    models = segmented(shop, regulars(400), lambda i: f"kind {names[i]}")
    assert models["segments"] == {}
    assert models["segmented"].startswith("One model for all foretold as well as models by segment")


def test_a_name_that_nobody_has_parts_nobody(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """A trait nobody has: all are `not known`, and have the shop's model."""
    shop.settings = replace(shop.settings, segments_by="sign of the zodiac")
    shop.write("purchases", *bought)
    models = shop.turn().models["spender"]
    assert models["segments"] == {} and len(known(shop)) > 200
    assert {row["segment"] for row in known(shop)} == {"not known"}
