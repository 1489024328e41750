"""The API of cases and calls: who is unhappy, what was done, whom to call and what was heard."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, post, true_to

from openchair.chair.listening.views import Call, Case
from openchair.server.api.frame import Page


@pytest.fixture(scope="module")
def unhappy(busy_shop: Shop) -> Iterator[list[dict[str, Any]]]:
    """The open cases after three customers of the shop have answered low."""
    for number in range(3):
        sent = {"type": "track", "event": "Survey Answered", "userId": f"member-{number}", "messageId": f"low-{number}"}
        when = (datetime.now(UTC) - timedelta(hours=number)).isoformat()
        about = {"survey_id": "s", "metric": "nps", "score": number, "comment": "<b>Late</b>"}
        assert busy_shop.send({**sent, "timestamp": when, "properties": about}).status_code == 200
    busy_shop.chair.sync()
    yield get(busy_shop, "/cases", "cases")["data"]


def test_cases_are_listed_and_read(unhappy: list[dict[str, Any]], busy_shop: Shop) -> None:
    """As the document says, the first that is due first; text is text; one that is none is a problem."""
    assert [case["score"] for case in unhappy] == [2.0, 1.0, 0.0]
    assert {case["words"] for case in unhappy} == {"<b>Late</b>"}
    true_to(Page[Case], get(busy_shop, "/cases", "cases", limit=2))
    assert get(busy_shop, "/cases", "cases", limit=2)["has_more"]
    after = get(busy_shop, "/cases", "cases", starting_after=unhappy[1]["case_id"])["data"]
    assert [case["case_id"] for case in after] == [unhappy[2]["case_id"]]
    true_to(Case, get(busy_shop, f"/cases/{unhappy[0]['case_id']}", "cases"))
    assert busy_shop.client.get("/api/v1/cases/nothing", headers=busy_shop.bearer("cases")).status_code == 404
    assert busy_shop.client.get("/api/v1/cases?status=eaten", headers=busy_shop.bearer("cases")).status_code == 400


def test_a_case_is_given_and_closed_once(unhappy: list[dict[str, Any]], busy_shop: Shop) -> None:
    """Repeated with its key it is done once; without, the second is told that it is closed."""
    case_id = unhappy[0]["case_id"]
    given = post(busy_shop, f"/cases/{case_id}/owner", {"owner": "lea"}, "cases")
    assert given.json()["owner"] == "lea"
    body = {"verdict": "fixed", "done": "A new box", "words": "Thanks"}
    keyed = {**busy_shop.bearer("cases"), "Idempotency-Key": "close-1"}
    first = busy_shop.client.post(f"/api/v1/cases/{case_id}/close", json=body, headers=keyed)
    again = busy_shop.client.post(f"/api/v1/cases/{case_id}/close", json=body, headers=keyed)
    assert first.json() == again.json()
    assert first.json()["verdict"] == "fixed"
    assert post(busy_shop, f"/cases/{case_id}/close", body, "cases").status_code == 409
    wrong = post(busy_shop, f"/cases/{unhappy[1]['case_id']}/close", {"verdict": "eaten"}, "cases")
    assert wrong.status_code == 400
    assert "no answer wanted" in wrong.json()["message"]
    long = {"verdict": "fixed", "words": "x" * 1_000_000}
    refused = post(busy_shop, f"/cases/{unhappy[1]['case_id']}/close", long, "cases")
    assert refused.status_code == 400
    assert "20,000" in refused.json()["message"]


def test_reviews_name_cases_and_do_not_answer_them(unhappy: list[dict[str, Any]], busy_shop: Shop) -> None:
    """One queue of questions; a case has an answer of its own kind."""
    asked = get(busy_shop, "/reviews", "merges", kind="case")["data"]
    assert unhappy[1]["case_id"] in {review["review_id"] for review in asked}
    refused = post(busy_shop, f"/reviews/{unhappy[1]['case_id']}", {"verdict": "merge"}, "merges")
    assert refused.status_code == 400


def test_calls_are_listed_and_noted(busy_shop: Shop) -> None:
    """A week's calls of a leader; a note by the call, or by whatever a customer is known by."""
    busy_shop.chair.calls.make(["lea@shop.example"])
    calls = get(busy_shop, "/calls", "cases", leader="lea@shop.example")
    assert len(calls) == 30
    true_to(list[Call], calls)
    assert get(busy_shop, "/calls", "cases", week="2020-01-06") == []
    noted = post(busy_shop, f"/calls/{calls[0]['call_id']}/note", {"status": "reached", "words": "Figs"}, "cases")
    assert noted.json()["status"] == "reached"
    assert post(busy_shop, f"/calls/{calls[0]['call_id']}/note", {"status": "reached"}, "cases").status_code == 409
    listed = {call["customer"]["customer_id"] for call in calls}
    other = next(f"member-{n}" for n in range(150) if busy_shop.chair.find(f"member-{n}") not in listed)
    outside = post(busy_shop, f"/calls/{other}/note", {"status": "not reached", "leader": "lea@shop.example"}, "cases")
    assert (outside.json()["reason"], outside.json()["leader"]) == ("noted", "lea@shop.example")
    assert post(busy_shop, "/calls/nobody@example.org/note", {"status": "reached"}, "cases").status_code == 404
    assert busy_shop.client.get("/api/v1/calls?week=soon", headers=busy_shop.bearer("cases")).status_code == 400
