"""Opportunities behind the server: the report and the sheet are as documented; what cannot be kept is a problem."""

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem

from openchair.chair.focus.opportunities.views import OpportunitiesReport, SheetView

WISH = "We need a box that comes when somebody is at home in the evening."


@pytest.fixture
def key(shop: Shop) -> str:
    """The need of forty customers, most of whom say so."""
    said = [
        {"type": "track", "userId": f"m{n}", "messageId": f"s{n}", "event": "Survey Question Answered",
         "properties": {"survey_type": "nps", "score": 7, "comment": WISH if n % 4 else "The price is far too high."}}
        for n in range(40)
    ]  # fmt: skip
    assert shop.send(*said).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    report = get(shop, "/reports/opportunities", "listening", days="30")
    true_to(OpportunitiesReport, report)
    assert report["customers"] == 40
    return str(report["opportunities"][0]["key"])


@pytest.mark.slow
def test_a_sheet_is_read_and_written(shop: Shop, key: str) -> None:
    """The draft first, then the version that was put; another over the same draft is a conflict."""
    drafted = get(shop, f"/opportunities/{key}", "listening")
    true_to(SheetView, drafted)
    assert (drafted["number"], drafted["quote"]["text"]) == (0, WISH)
    written = {"over": 0, "headline": "<img src=x onerror=alert(1)>", "why": "a start"}

    def put(body: dict[str, object]) -> object:
        return shop.client.put(f"/api/v1/opportunities/{key}", json=body, headers=shop.bearer("listening"))

    kept = put(written)
    assert kept.status_code == 200, kept.text
    assert kept.json()["sheet"]["headline"] == written["headline"]
    assert kept.json()["sheet"]["first_test"] == drafted["sheet"]["first_test"]
    problem(put(written | {"headline": "late"}), 409, "conflict")
    problem(put({"over": 0, "surprise": "x"}), 400, "bad_input")
    problem(put({"over": -1}), 400, "bad_input")
    problem(put({"over": kept.json()["number"], "announcement": "x" * 20_001}), 400, "bad_input")
    said = {"capability": "lacking", "what": "evening rounds"}
    told = shop.client.post(f"/api/v1/opportunities/{key}/capability", json=said, headers=shop.bearer("listening"))
    assert told.json()["evidence"]["what"] == "evening rounds"
    for wrong in ("nothing", "x" * 400, "..%2f..%2fetc"):
        answer = shop.client.get(f"/api/v1/opportunities/{wrong}", headers=shop.bearer("listening"))
        assert answer.status_code == 404
    problem(shop.client.get(f"/api/v1/opportunities/{key}", headers=shop.bearer("value")), 403, "not_allowed")
