"""Reports of value in the API: what they answer is what their document says, and what cannot be asked is a 400."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem

from openchair.chair.value.reports import AuditReport, GrowthReport


def ordered(number: int, days: int, price: float, currency: str = "EUR") -> dict[str, Any]:
    """A customer's order of one thing, so many days ago, as a shop system sends it."""
    product = {"product_id": "figs", "price": price, "quantity": 1}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": f"buyer-{number}",
        "messageId": f"order-{number}-{days}-{price}",
        "timestamp": (datetime.now(UTC) - timedelta(days=days)).isoformat(),
        "properties": {"order_id": f"{number}-{days}", "currency": currency, "products": [product]},
    }


def test_growth_from_orders_as_they_were_sent(shop: Shop) -> None:
    """Orders sent twice count once; the causes add up; nothing sold is told as not known."""
    empty = get(shop, "/reports/growth", "value")
    true_to(GrowthReport, empty)
    assert empty["before_minor"] is None and empty["unknown"]
    currency = shop.chair.currency
    rows = [ordered(1, 30, 10.0, currency), ordered(1, 2, 12.5, currency), ordered(2, 29, 7.0, currency)]
    assert shop.send(*rows, rows[0], ordered(3, 2, 5.0, currency), ordered(3, 2, -4.0, currency)).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    today = datetime.now(UTC).date()
    days = {"from": (today - timedelta(days=13)).isoformat(), "to": today.isoformat()}
    assert get(shop, "/reports/growth", "value", **days)["after_minor"] == 1750
    found = get(shop, "/reports/growth", "value", by="stage")
    true_to(GrowthReport, found)
    assert sum(one["minor"] for one in found["causes"]) == found["after_minor"] - found["before_minor"]


def test_the_loyalty_audit_from_orders_as_they_were_sent(shop: Shop) -> None:
    """Nothing sold is not known; five weeks of orders have scores, and what is not known among them says why."""
    empty = get(shop, "/reports/audit", "value")
    true_to(AuditReport, empty)
    assert empty["overall"] is None and empty["unknown"] == "nothing was sold yet"
    currency = shop.chair.currency
    assert shop.send(*(ordered(k % 7, 1 + k, 10.0 + k, currency) for k in range(40))).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    found = get(shop, "/reports/audit", "value")
    true_to(AuditReport, found)
    assert found["rewarded_minor"] == 0 and {one["name"]: one["value"] for one in found["scores"]}["price"] == 3.0
    assert found["same"] is None and found["brought"]["reason"]
    other = shop.client.get("/api/v1/reports/audit", headers=shop.bearer("listening"))
    assert other.status_code == 403


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "2999-01-01"}, "to"),
        ({"from": "1000-01-01"}, "from"),
        ({"by": "x" * 301}, "by"),
        ({"by": "horoscope"}, "by"),
    ],
)
def test_what_cannot_be_asked_is_answered(shop: Shop, query: dict[str, Any], named: str) -> None:
    """The problem names the value, the bound and what to do."""
    shop.send(*(ordered(1, days, 10.0, shop.chair.currency) for days in range(1, 30)))
    shop.chair.sync()
    shop.chair.turn()
    answer = shop.client.get("/api/v1/reports/growth", params=query, headers=shop.bearer("value"))
    assert named in problem(answer, 400, "bad_input")["message"]
