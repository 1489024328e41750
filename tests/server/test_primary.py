"""The primary customer behind the server: the report is as documented; forms and routes keep what is chosen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem
from tests.server.test_value import ordered

from openchair.chair.focus.customer.views import PrimaryReport


@pytest.mark.slow
def test_the_report_and_what_is_chosen_in_it(shop: Shop, sign_in: Callable[[], None]) -> None:
    """Too short a history says so; then a target and a confirmation come back with who said them."""
    empty = get(shop, "/reports/primary", "value")
    true_to(PrimaryReport, empty)
    assert empty["unknown"] and empty["needed"] == 56
    rows = [ordered(k % 50, 1 + k, 10.0, shop.chair.currency) for k in range(100)]
    said = {"type": "identify", "userId": "buyer-1", "traits": {"language": "<b>en</b>"}}
    when = {"timestamp": (datetime.now(UTC) - timedelta(days=40)).isoformat(), "messageId": "one"}
    assert shop.send(*rows, said | when).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    wanted = {"conditions": {"language": "<b>en</b>"}, "why": "we <i>love</i> them"}
    for path, body in (("/primary/target", wanted), ("/primary", {"name": "<script>Offices</script>"})):
        answer = shop.client.post(f"/api/v1{path}", json=body, headers=shop.bearer("value"))
        assert answer.status_code == 200, answer.text
    found = get(shop, "/reports/primary", "value")
    true_to(PrimaryReport, found)
    assert (found["target"]["conditions"], found["target"]["why"]) == (wanted["conditions"], wanted["why"])
    assert found["confirmed"]["name"] == "<script>Offices</script>"
    sign_in()
    page = shop.client.get("/primary")
    assert page.status_code == 200
    assert "<script>Offices" not in page.text and "&lt;script&gt;Offices" in page.text
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/primary/target", {"conditions": {}}),
        ("/primary/target", {"conditions": {"email": "x"}}),
        ("/primary/target", {"conditions": {"language": 3}}),
        ("/primary/target", {"conditions": {"language": "en"}, "why": "x" * 3_000}),
        ("/primary", {"name": ""}),
        ("/primary", {"name": "x", "surprise": 1}),
    ],
)
def test_what_cannot_be_chosen_is_a_problem(shop: Shop, path: str, body: dict[str, object]) -> None:
    """A 400 with what is wrong; never a 500."""
    problem(shop.client.post(f"/api/v1{path}", json=body, headers=shop.bearer("value")), 400, "bad_input")


def test_the_forms_say_what_they_do_not_take(shop: Shop, sign_in: Callable[[], None]) -> None:
    """A target without an equals sign is refused on the page itself; what is sound is kept and leads back."""
    sign_in()
    for path, form in (("target", {"conditions": "language"}), ("target", {}), ("confirm", {"name": ""})):
        assert shop.client.post(f"/primary/{path}", data=form).status_code == 400
    for path, form in (("target", {"conditions": "language = en, stage = steady"}), ("confirm", {"name": "Offices"})):
        kept = shop.client.post(f"/primary/{path}", data=form | {"why": "so"})
        assert (kept.status_code, kept.headers["location"]) == (303, "/primary")
    assert shop.chair.primary.chosen().name == "Offices"
    assert "Serve first" not in shop.client.get("/primary").text
