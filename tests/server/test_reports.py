"""Every report over the API: its own view, its own scope, its own options."""

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem

from openchair.chair.reports import OPTIONS, REPORTS


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_what_its_document_says(name: str, shop: Shop) -> None:
    """Of a shop in which nothing happened, too; a key without the scope is refused."""
    report = REPORTS[name]
    true_to(report.view, get(shop, f"/reports/{name}", report.scope))
    other = shop.client.get(f"/api/v1/reports/{name}", headers=shop.bearer("surveys"))
    problem(other, 403, "not_allowed")


@pytest.mark.parametrize("name", REPORTS)
def test_what_a_report_does_not_take_is_refused(name: str, shop: Shop) -> None:
    """An option of other reports, and one that nobody knows: each is named."""
    for option in {*OPTIONS, "moon"} - {*REPORTS[name].takes}:
        answer = shop.client.get(
            f"/api/v1/reports/{name}", params={option: "2026-01-01"}, headers=shop.bearer(REPORTS[name].scope)
        )
        assert option in problem(answer, 400, "bad_input")["message"]
