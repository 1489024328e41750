"""Spender value as a turn tells it: its horizons, and the terms (margin, discount) that the settings give."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.chair.conftest import START, Shop, at, regulars
from tests.chair.test_value import valued

from openchair.chair.value import worth
from openchair.chair.value.valued import value
from openchair.core.blocks import Table
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
    report = valued(shop)
    assert {one.name: one.model for one in report.segments} == {n: m["model"] for n, m in models["segments"].items()}
    assert "A model for each segment" in [table.title for table in value(report).of(Table) if isinstance(table, Table)]
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


def test_absurd_lines_are_in_nobodys_value_and_counted(
    new_shop: Callable[[], Shop], bought: list[dict[str, Any]]
) -> None:
    """Prices below 0, absurd amounts, quantities of nothing, returns that cost: each told with its number, all else as
    without them."""
    sound, odd = new_shop(), new_shop()
    base = {"identifier": "id:C0001", "happened_at": START + timedelta(days=100)}
    for shop in (sound, odd):
        shop.write("purchases", *bought)
    odd.write(
        "purchases",
        base | {"amount_minor": -500, "is_return": False},
        base | {"amount_minor": 10**14},
        base | {"amount_minor": 10**12, "is_return": True},
        base | {"amount_minor": 700, "is_return": True},
        base | {"amount_minor": 900, "quantity": 0.0},
        base | {"amount_minor": 900, "quantity": 1e12},
    )
    sound.turn()
    said = " ".join(finding.text for finding in odd.turn().findings)
    for reason in (
        "1 order line in nobody's value: a price below 0 that is not a return",
        "2 order lines in nobody's value: an amount beyond 100,000,000,000 minor units",
        "1 order line in nobody's value: a return of which nothing was given back",
        "2 order lines in nobody's value: a quantity of 0 or less",
    ):
        assert reason in said
    figures = [{n: (r["value_minor"], r["spent_minor"]) for n, r in s.customers().items()} for s in (sound, odd)]
    assert figures[0] == figures[1]


def test_a_history_of_one_day_says_what_is_lacking(shop: Shop) -> None:
    """Two hundred customers, all on one day, a thousand orders: no model, no value, no crash; the reason is told."""
    rows = [{"identifier": f"id:C{i % 200:04d}", "happened_at": START, "amount_minor": 100 + i} for i in range(1_000)]
    shop.write("purchases", *[row | {"order_id": str(i)} for i, row in enumerate(rows)])
    report = shop.turn(1)
    assert "0 customers came back, 30 more needed" in report.models["spender"]["unknown"]
    assert all(row["value_minor"] is None and row["orders"] == 1 for row in shop.customers().values())


def test_how_much_was_bought_with_discounts_is_shown_and_changes_nothing(
    new_shop: Callable[[], Shop], bought: list[dict[str, Any]]
) -> None:
    """Lines with a discount or a coupon as a share of what was paid; value is the same with them and without."""
    plain, rewarded = new_shop(), new_shop()
    with_it = [row | ({"discount_minor": 50} if i % 2 else {"coupon": "TEN"}) for i, row in enumerate(bought)]
    half = [one if i % 3 else row for i, (row, one) in enumerate(zip(bought, with_it, strict=True))]
    plain.write("purchases", *bought)
    rewarded.write("purchases", *half)
    plain.turn(), rewarded.turn()
    before = plain.customers()
    assert {row["rewarded_share"] for row in before.values()} == {0.0}
    paid: dict[str, list[tuple[int, bool]]] = {}
    for i, row in enumerate(bought):
        paid.setdefault(row["identifier"][3:], []).append((row["amount_minor"], bool(i % 3)))
    for name, row in rewarded.customers().items():
        whole = sum(amount for amount, _ in paid[name])
        assert row["rewarded_share"] == pytest.approx(sum(a for a, yes in paid[name] if yes) / whole)
        assert row["value_minor"] == before[name]["value_minor"]
