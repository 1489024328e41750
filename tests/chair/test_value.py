"""What a shop's customers are worth: totals, quadrants, movers, calibration, as the last turn scored them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.chair.conftest import START, Shop, at, regulars
from tests.chair.test_send import first_days, friends
from tests.chair.test_subscriptions import subscribers

from openchair.chair.value.reports import ValueReport
from openchair.chair.value.valued import value as told
from openchair.chair.value.valuing import NEAR_EVEN, Valuing
from openchair.chair.value.worth import horizons
from openchair.core.blocks import Sentence
from openchair.core.estimate import Estimate, Unknown
from openchair.value import worth

HORIZONS = ["12 months", "36 months", "lifetime"]


def valued(shop: Shop) -> ValueReport:
    """The report of a shop."""

    @contextmanager
    def reading() -> Iterator[Any]:
        yield shop.engine()

    chair: Any = SimpleNamespace(
        state=shop.state, settings=shop.settings, currency="EUR", simulated=False, reading=reading
    )
    return Valuing(chair).report()


@pytest.fixture(scope="module")
def bought() -> list[dict[str, Any]]:
    return regulars(300)


@pytest.fixture
def busy(shop: Shop, bought: list[dict[str, Any]]) -> Shop:
    """300 customers who bought, of whom some brought others."""
    shop.write("purchases", *bought)
    shop.write("referrals", *friends(first_days(bought), 60))
    shop.turn()
    return shop


def test_everybody_is_counted_once(busy: Shop) -> None:
    """The total, the quadrants, the chances and the grid are all of the customers with a value, however shown."""
    report, rows = valued(busy), [row for row in busy.customers().values() if row["value_minor"] is not None]
    assert report.customers == len(rows) == sum(cell.customers for cell in report.cells)
    assert report.customers == sum(one.likeliest for one in report.quadrants)
    expected = [one.expected for one in report.quadrants]
    assert sum(one.value for one in expected if isinstance(one, Estimate)) == pytest.approx(report.customers)
    year = report.totals["12 months"]
    assert isinstance(year, Estimate) and year.value == pytest.approx(sum(r["value_minor"] for r in rows), rel=1e-4)
    worths = [one.worth.value for one in report.top if isinstance(one.worth, Estimate)]
    assert worths == sorted((r["worth_minor"] for r in rows), reverse=True)[: len(worths)]
    assert all(one.quadrant and one.chance >= 0.25 for one in report.top)


def test_longer_horizons_are_those_of_everybody(busy: Shop) -> None:
    """Reckoned for some, they come out as reckoned for all, within their own intervals; longer is worth more."""
    report, models = valued(busy), busy.state.turns(1)[0].models["spender"]
    rows = [row for row in busy.customers().values() if row["orders"]]
    cases = {name: np.array([row[name] for row in rows]) for name in ("orders", "spent_minor", "segment")}
    cases["recency_days"] = np.array([(row["last_on"] - row["first_on"]).days for row in rows])
    cases["age_days"] = np.array([max((at(180).day - row["first_on"]).days, 1) for row in rows])
    whole = worth.ahead(worth.told(models), cases, 0.8)
    totals = [report.totals[name] for name in HORIZONS]
    for name, total in zip(HORIZONS, totals, strict=True):
        true = sum(one.value for one in whole[name] if isinstance(one, Estimate))
        assert isinstance(total, Estimate) and total.value == pytest.approx(true, rel=0.05)
        assert total.low < true < total.high
    assert totals == sorted(totals, key=lambda one: one.value if isinstance(one, Estimate) else 0)


def test_whoever_is_about_to_change_is_near_a_middle(busy: Shop) -> None:
    """Their likeliest quadrant is hardly likelier than the next; nobody who is clear of both middles is among them."""
    report = valued(busy)
    assert report.turning
    assert all(one.chance <= NEAR_EVEN + 1e-9 and one.even for one in report.turning)


def test_movers_are_held_against_an_earlier_turn(busy: Shop) -> None:
    """Who bought since rose, whoever should have bought and did not fell; one turn alone has no movers."""
    assert valued(busy).since is None
    rows = sorted((r for r in busy.customers().values() if r["value_minor"]), key=lambda row: -row["value_minor"])
    quiet, loud = rows[0]["name"], rows[100]["name"]
    again = [
        {"identifier": f"id:{loud}", "happened_at": START + timedelta(days=d), "amount_minor": 90_000}
        for d in (185, 195, 205)
    ]
    busy.write("purchases", *again)
    busy.turn(210)
    report = valued(busy)
    assert report.since == at(180).day
    assert loud == report.risen[0].name
    assert quiet in {one.name for one in report.fallen}
    for one in (*report.risen, *report.fallen):
        assert isinstance(one.worth, Estimate)
        assert (one.worth.value > one.before_minor) == (one in report.risen)


def test_the_choice_of_model_is_told_with_what_came(busy: Shop) -> None:
    """Why this model, what was tried, and purchases foretold beside those that came, least foretold first."""
    report = valued(busy)
    assert report.chosen and report.model in {one.model for one in report.tried}
    foretold = [one.foretold for one in report.calibration]
    assert len(foretold) > 5 and foretold == sorted(foretold)


def test_without_referrals_there_are_no_quadrants(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """Spending is told; who sends is not known, and nobody is put into a corner."""
    shop.write("purchases", *bought)
    shop.turn()
    report = valued(shop)
    assert report.customers and not report.quadrants and not report.turning and report.sender_total_minor is None
    assert all(isinstance(one.sender, Unknown) and not one.quadrant for one in report.top)


def test_a_shop_without_a_figure_says_why(new_shop: Callable[[], Shop]) -> None:
    """No turn, and too few who came back: a reason, no figure."""
    shop = new_shop()
    assert valued(shop).unknown == "the wheel has not turned yet"
    shop.write("purchases", *regulars(10))
    shop.turn()
    report = valued(shop)
    assert report.customers == 0 and "came back" in report.unknown and not report.totals


def test_subscribers_are_in_the_totals(shop: Shop) -> None:
    """What is paid for subscriptions is in every horizon, as it is in each subscriber's own."""
    steps, paid, _runs = subscribers()
    shop.write("purchases", *regulars(), *paid)
    shop.write("steps", *steps)
    models = shop.turn().models["spender"]
    report = valued(shop)
    rows = [row for row in shop.customers().values() if row["value_minor"] is not None]
    for name in HORIZONS:
        own = [horizons(row, models, at(180).day, 0.8)[name] for row in rows]
        total = report.totals[name]
        true = sum(one.value for one in own if isinstance(one, Estimate))
        assert isinstance(total, Estimate) and total.low < true < total.high
        assert total.value == pytest.approx(true, rel=0.07)
    assert report.subscriptions is not None and report.subscriptions.left_out == ()
    said = [block.text for block in told(report).blocks if isinstance(block, Sentence)]
    assert any("80 subscriptions" in one and "are paid for now" in one for one in said)
