"""The focus map over the API: a driver is placed with a reason, put back, and effort is shared out."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.pages.made_up_focus import NOTHING, NPS, THEN
from tests.server.conftest import Shop
from tests.server.test_api import get
from tests.server.test_ingest import problem

from openchair.chair.focus.drivers.figures import packed
from openchair.chair.focus.drivers.mapping import MODEL


@pytest.fixture
def found(shop: Shop) -> Iterator[Shop]:
    """A shop whose last turn found drivers."""
    before = shop.chair.state.model(MODEL)
    shop.chair.state.put_models({MODEL: packed((NPS, NOTHING), THEN, {})}, THEN)
    yield shop
    shop.chair.state.put_models({MODEL: before or packed((), THEN, {})}, THEN)


def post(shop: Shop, path: str, body: Any, **headers: str) -> Any:
    return shop.client.post(f"/api/v1/focus/{path}", json=body, headers=shop.bearer("value") | headers)


def test_a_driver_is_placed_and_put_back(found: Shop) -> None:
    """The answer is the map as it is then; the same request twice is one change; the report shows who and why."""
    body = {"place": "stop", "why": "we leave it", "pillars": ["plus"]}
    keyed = {"Idempotency-Key": "once"}
    moved = [post(found, "drivers/survey:2/place", body, **keyed).json() for _ in range(2)]
    assert moved[0] == moved[1] and moved[0]["weights"] == {"plus": 0.3}
    assert len(found.chair.state.choices("driver", "survey:2")) == 1
    (one,) = [one for one in get(found, "/reports/focus", "value")["map"] if one["name"] == "survey:2"]
    assert (one["place"], one["why"], one["wanted_share"]) == ("stop", "we leave it", 0.0)
    effort = post(found, "effort", {"hours": 30, "contacts": 10}).json()
    assert sum(one["wanted"]["hours"] for one in effort["map"]) == 30
    odd = post(found, "drivers/survey%3Aa%2Fb%3F/place", body)
    assert "survey:a/b?" in problem(odd, 404, "not_found")["message"]
    undone = post(found, "drivers/survey:2/undo", None).json()
    assert undone["weights"] == {}


def test_what_cannot_be_is_a_problem(found: Shop) -> None:
    """Unknown drivers 404, never moved 409, wrong bodies 400, another scope 403; never a crash."""
    problem(post(found, "drivers/fame/place", {"place": "keep", "why": "so"}), 404, "not_found")
    problem(post(found, "drivers/survey:5/undo", None), 409, "conflict")
    for body in (
        {}, {"place": "top", "why": "so"}, {"place": "keep", "why": ""}, {"place": "keep", "why": "x" * 501},
        {"place": "keep", "why": "so", "cost": 9}, {"place": "keep", "why": "so", "hours": -1},
        {"place": "keep", "why": "so", "pillars": ["fame"]}, {"place": "keep", "why": "so", "money_minor": 1e300}, [],
    ):  # fmt: skip
        problem(post(found, "drivers/survey:1/place", body), 400, "bad_input")
    refused = found.client.post("/api/v1/focus/effort", json={}, headers=found.bearer("listening"))
    problem(refused, 403, "not_allowed")
