"""Spender value as a turn tells it: its horizons, and the terms (margin, discount) that the settings give."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.chair.conftest import Shop, at, regulars

from openchair.chair.value import worth
from openchair.core.estimate import Estimate, Unknown


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
    told, orders = [], []
    for terms in ({"margin": 1.0, "yearly_rate": 0.1}, {"margin": 0.5, "yearly_rate": 0.1}, {"yearly_rate": 0.5}):
        shop = new_shop()
        shop.settings = replace(shop.settings, **terms)
        shop.write("purchases", *bought)
        models = shop.turn().models["spender"]
        assert (models["margin"], models["yearly_rate"]) == (shop.settings.margin, shop.settings.yearly_rate)
        told.append(np.array([(r["value_minor"], r["value_low"], r["value_high"]) for r in known(shop)]))
        orders.append([row["expected_orders"] for row in known(shop)])
    assert told[1] == pytest.approx(told[0] / 2)
    assert (told[2] < told[0])[told[0] > 0].all()
    assert orders[0] == orders[1] == orders[2]


def test_where_nothing_can_be_said_no_horizon_has_a_figure(shop: Shop) -> None:
    """Too few came back: each horizon gives the reason that spender value gives."""
    shop.write("purchases", *regulars(12))
    models = shop.turn().models["spender"]
    for row in shop.customers().values():
        assert set(map(type, worth.horizons(row, models, at(180).day, 0.8).values())) == {Unknown}
