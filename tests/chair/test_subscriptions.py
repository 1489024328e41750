"""Subscriptions in a turn: counted from steps, worth what is still paid, and never counted twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.chair.conftest import START, Shop, at, regulars

from openchair.chair.value import worth
from openchair.core.estimate import Estimate, Unknown
from openchair.facts import track

MONTH = 30
PRICE = 1_900


def step(who: str, name: str, day: int, **properties: Any) -> dict[str, Any]:
    """A step as the inbox makes it of a track call."""
    base = {"identifier": f"id:{who}", "happened_at": START + timedelta(days=day), "properties": "{}", "_key": "k"}
    said = {"price": "19.00", "interval": "day", "interval_count": MONTH} | properties
    ((kind, row),) = track.tracked(name, said, base, "EUR")
    assert kind == "steps"
    row.pop("_key")
    return row


def subscribers(n: int = 80, seed: int = 2) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[bool]]:
    """Steps of n subscribers who pay each month, their payments as purchases, and whether each still pays."""
    rng = np.random.default_rng(seed)
    steps, paid, runs = [], [], []
    for i in range(n):
        begun, lasts = int(rng.integers(0, 120)), int(rng.geometric(rng.beta(0.8, 2.5)))
        due = [begun + MONTH * k for k in range(lasts) if begun + MONTH * k < 178]
        who = f"S{i:04d}"
        for k, day in enumerate(due):
            steps.append(step(who, "Subscription Renewed" if k else "Subscription Started", day))
            when = {"happened_at": START + timedelta(days=day, hours=1)}
            paid.append({"identifier": f"id:{who}", "amount_minor": PRICE, **when})
        if ended := begun + MONTH * lasts < 178:
            steps.append(step(who, "Subscription Cancelled", begun + MONTH * lasts))
        runs.append(not ended)
    return steps, paid, runs


def only(rows: dict[str, dict[str, Any]], letter: str) -> list[dict[str, Any]]:
    return [row for name, row in sorted(rows.items()) if name.startswith(letter)]


def test_subscribers_are_worth_what_they_will_still_pay(shop: Shop) -> None:
    """Running ones have a value with its interval, ended ones none of it; the turn's record says how they were fitted.

    Nobody is worth more than a payment each month for a year, and nobody who pays less than one.
    """
    steps, paid, runs = subscribers()
    shop.write("purchases", *regulars(), *paid)
    shop.write("steps", *steps)
    learned = shop.turn().models["spender"]["subscriptions"]
    assert learned["subscriptions"] == 80 and learned["running"] == sum(runs) and learned["left_out"] == {}
    rows = only(shop.customers(), "S")
    for row, running in zip(rows, runs, strict=True):
        if running:
            assert 0 <= row["value_low"] <= row["value_minor"] <= row["value_high"]
            assert 1_000 < row["value_minor"] < 13 * PRICE
        else:
            assert row["value_minor"] is None
            assert worth.spender(row) == Unknown("their subscription ended, and they bought nothing else")


def test_a_payment_is_counted_once(new_shop: Callable[[], Shop]) -> None:
    """Whether payments come as orders beside the steps or not, everybody is worth the same."""
    steps, paid, _runs = subscribers()
    values = []
    for more in ([], paid):
        shop = new_shop()
        shop.write("purchases", *regulars(), *more)
        shop.write("steps", *steps)
        shop.turn()
        rows = shop.customers()
        values.append({name: row["value_minor"] or 0.0 for name, row in rows.items()})
    assert values[0] == pytest.approx(values[1])


def test_what_else_they_buy_is_added(new_shop: Callable[[], Shop]) -> None:
    """A regular who subscribes, too, is worth what the subscription adds, and their orders beside it count as ever."""
    steps, paid, runs = subscribers()
    one = next(i for i, running in enumerate(runs) if running)
    also = [row for row in regulars(5) if row["identifier"] == "id:C0001"]
    both, alone = new_shop(), new_shop()
    for shop, extra in ((both, also), (alone, [])):
        mine = [row | {"identifier": f"id:S{one:04d}", "happened_at": row["happened_at"]} for row in extra]
        shop.write("purchases", *regulars(), *paid, *mine)
        shop.write("steps", *steps)
        shop.turn()
    more, less, other = (
        both.customers()[f"S{one:04d}"], alone.customers()[f"S{one:04d}"], both.customers()["C0001"]
    )  # fmt: skip
    assert more["value_minor"] > less["value_minor"] and more["value_high"] > less["value_high"]
    assert more["orders"] > less["orders"]
    assert more["value_minor"] - less["value_minor"] == pytest.approx(other["value_minor"], rel=0.2)


def test_horizons_hold_subscriptions_too(shop: Shop) -> None:
    """12 months is the turn's figure; longer is worth more; all are estimates."""
    steps, paid, runs = subscribers()
    shop.write("purchases", *regulars(), *paid)
    shop.write("steps", *steps)
    models = shop.turn().models["spender"]
    rows = [row for row, running in zip(only(shop.customers(), "S"), runs, strict=True) if running]
    for row in rows[:10]:
        found = list(worth.horizons(row, models, at(180).day, 0.8).values())
        assert all(isinstance(one, Estimate) for one in found)
        assert [one.value for one in found] == sorted(one.value for one in found)
        # Reckoned anew from what the row keeps, the first horizon is the turn's own.
        again = worth.reckoned(row, models, at(180).day, 0.8)["12 months"]
        assert (again.value, again.low, again.high) == pytest.approx(
            (row["value_minor"], row["value_low"], row["value_high"])
        )


def test_few_subscriptions_are_buying_like_any(new_shop: Callable[[], Shop]) -> None:
    """Of six subscriptions nothing can be told: their payments stay what they are, orders."""
    steps, paid, _runs = subscribers(6)
    one, two = new_shop(), new_shop()
    for shop in (one, two):
        shop.write("purchases", *regulars(), *paid)
    one.write("steps", *steps)
    assert "subscriptions" not in one.turn().models["spender"]
    two.turn()
    assert {n: r["value_minor"] for n, r in one.customers().items()} == {
        n: r["value_minor"] for n, r in two.customers().items()
    }


def test_what_cannot_be_counted_is_left_out_with_its_reason(shop: Shop) -> None:
    """Another currency, no price, a price below nothing, an unknown period: counted, in nobody's value; no crash."""
    steps, paid, _runs = subscribers()
    odd = [
        step("X1", "Subscription Started", 170, currency="USD"),
        step("X2", "Subscription Started", 170, price=None),
        step("X3", "Subscription Started", 170, price=-5),
        step("X4", "Subscription Started", 170, interval="fortnight of moons"),
        step("X5", "Subscription Started", 170, price=9e12),
        step("X6", "Subscription Cancelled", 10),
        step("X7", "Subscription Started", 400),
    ]
    shop.write("purchases", *regulars(), *paid)
    shop.write("steps", *steps, *odd)
    learned = shop.turn().models["spender"]["subscriptions"]
    assert learned["left_out"] == {"currency": 1, "period": 1, "price": 3}
    rows = shop.customers()
    assert all(rows[f"X{i}"]["value_minor"] is None for i in range(1, 7))
