"""The routes of voices: what they answer is what their document says, and what cannot be asked is a 400."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, post, true_to
from tests.server.test_ingest import problem

from openchair.chair.listening.views import Heard, Theme

SAID = (
    "The parcel came late.",
    "The price is too high.",
    "I need a box that comes when I am home.",
    "<b>Late</b> parcel 😀",
)


def reviewed(number: int) -> dict[str, Any]:
    """A review as a shop's page sends it."""
    return {
        "type": "track",
        "event": "Product Reviewed",
        "userId": f"member-{number % 20}",
        "messageId": f"review-{number}",
        "timestamp": (datetime.now(UTC) - timedelta(hours=number)).isoformat(),
        "properties": {"product_id": "bar", "review_id": str(number), "review_body": SAID[number % 4], "rating": 2},
    }


def test_what_was_sent_is_heard(shop: Shop) -> None:
    """Sixty reviews sent are heard at the next turn; a theme is named; a sentence is corrected, once for its key."""
    assert shop.send(*(reviewed(i) for i in range(60))).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    heard = get(shop, "/themes", "listening", days=30)
    true_to(Heard, heard)
    assert (heard["messages"], heard["customers"]) == (60, 20)
    theme = heard["themes"][0]
    found = get(shop, f"/themes/{theme['theme_id']}", "listening")
    true_to(Theme, found)
    named = post(shop, f"/themes/{theme['theme_id']}/name", {"name": "Late parcels"}, "listening")
    assert named.status_code == 200 and named.json()["name"] == "Late parcels"
    quote = found["quotes"][0]
    path = f"/readings/{quote['fact_id']}/{quote['place']}"
    for _ in range(2):
        assert post(shop, path, {"reading": "need"}, "listening", **{"Idempotency-Key": "k"}).status_code == 204
    again = get(shop, f"/themes/{theme['theme_id']}", "listening")["quotes"]
    assert any(one["reading"] == "need" and one["read_by"] == "key listening key" for one in again)
    assert "<script" not in json.dumps(heard)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "/themes?days=0", None, 400, "days"),
        ("GET", "/themes?days=many", None, 400, "days"),
        ("GET", "/themes/nothing", None, 404, "theme"),
        ("POST", "/themes/nothing/name", {"name": "x"}, 404, "theme"),
        ("POST", "/themes/nothing/name", {"name": ""}, 400, "name"),
        ("POST", "/themes/nothing/name", {"name": "x" * 81}, 400, "name"),
        ("POST", "/readings/nothing/0", {"reading": "need"}, 404, "sentence"),
        ("POST", "/readings/nothing/-1", {"reading": "need"}, 400, "place"),
        ("POST", "/readings/nothing/0", {"reading": "wish"}, 400, "reading"),
        ("POST", "/readings/nothing/0", {}, 400, "reading"),
        ("POST", "/readings/nothing/0", {"theme_id": "x"}, 404, "theme"),
    ],
)
def test_what_cannot_be_asked_is_answered(
    shop: Shop, method: str, path: str, body: Any, status: int, named: str
) -> None:
    """The problem names the value, the bound and what to do."""
    answer = shop.client.request(method, f"/api/v1{path}", json=body, headers=shop.bearer("listening"))
    assert answer.status_code == status
    assert named in problem(answer, status, "bad_input" if status == 400 else "not_found")["message"]
