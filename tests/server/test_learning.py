"""Learning behind the server: the report is as documented; candidates are proposed, refused, and taken back."""

from collections.abc import Callable

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem

from openchair.chair.learning.views import LearningReport

CANDIDATE = {"name": "<script>bold", "hope": 2, "floor": 0.1}


def post(shop: Shop, path: str, body: object, scope: str = "value") -> "object":
    return shop.client.post(f"/api/v1{path}", json=body, headers=shop.bearer(scope))


def test_the_report_and_candidates(shop: Shop, sign_in: Callable[[], None]) -> None:
    """The report has the documented form; a candidate is kept, judged, and taken back; its name is text on the page."""
    found = get(shop, "/reports/learning", "value")
    true_to(LearningReport, found)
    assert "reason" in found["lift"] and {"lift", "n", "discounts", "customer_first"} <= set(found)
    answer = post(shop, "/learning/candidates", CANDIDATE)
    assert answer.json() == {"name": "<script>bold", "version": "<script>bold: hope 2, floor 0.1", "can_go_live": True}
    table = {"name": "calls", "rules": [{"when": {"stage": "slipping"}, "chances": {"call": 0.5}}]}
    assert post(shop, "/learning/candidates", table).json()["can_go_live"] is False
    assert post(shop, "/learning/candidates/calls/take-back", None).status_code == 200
    problem(post(shop, "/learning/candidates/calls/take-back", None), 404, "not_found")
    sign_in()
    page = shop.client.get("/learning")
    assert page.status_code == 200 and page.text.count("<h1") == 1 and "<script>bold" not in page.text
    refused = shop.client.post("/learning/promote", data={"name": "sharper"})
    assert refused.status_code == 409 and "is not proved to bring more" in refused.text
    gone = shop.client.post("/learning/back")
    assert gone.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"hope": 1},
        {"name": ""},
        {"name": "x" * 61},
        {"name": "x", "hope": 9},
        {"name": "x", "floor": 0},
        {"name": "x", "sharpness": "much"},
        {"name": "x", "surprise": 1},
        {"name": "x", "rules": [{"when": {}, "chances": {"call": 1.5}}]},
        {"name": "x", "rules": [{"when": {}, "chances": {"call": 0.7, "mail": 0.7}}]},
    ],
)
def test_what_is_no_candidate_is_a_problem(shop: Shop, body: dict[str, object]) -> None:
    """A 400 with what is wrong; never a 500."""
    problem(post(shop, "/learning/candidates", body), 400, "bad_input")


def test_only_what_is_proved_and_known_goes_live(shop: Shop) -> None:
    """A candidate nobody knows, one of which nothing is known yet, and a past that there is not; and no other scope."""
    problem(post(shop, "/learning/candidates/nobody/promote", {}), 404, "not_found")
    problem(post(shop, "/learning/candidates/sharper/promote", {"why": "x"}), 409, "conflict")
    problem(post(shop, "/learning/candidates/sharper/promote", {"why": "x" * 1_001}), 400, "bad_input")
    problem(post(shop, "/learning/back", {}), 404, "not_found")
    problem(post(shop, "/learning/back", {}, "read"), 403, "not_allowed")
