"""The documented API: every route's contract, its errors, and that its document tells the truth."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.server.conftest import MEMBERS, Shop
from tests.server.test_ingest import problem

from openchair.chair.lease import HEAVY, held
from openchair.chair.reports import REPORTS
from openchair.chair.views import Customer, Decision, Dossier, ImportReport, TimelineEntry, TurnReport
from openchair.server.api.frame import Page

ROUTES = 80 + len(REPORTS)
"""How many the document has: a new one is described in docs/api.md and classified in tests/habits/test_ways_out.py."""
DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
ORDERS = "Email,Order,Date,Item,Quantity,Amount\nada@example.org,1,2026-01-05,Mango,2,9.00\nbad,,,,,\n"
MAPPING = {"email": "Email", "order_id": "Order"}


def get(shop: Shop, path: str, scope: str = "read", **query: Any) -> Any:
    """What a reader is told."""
    answer = shop.client.get(f"/api/v1{path}", params=query, headers=shop.bearer(scope))
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(shop: Shop, path: str, body: Any = None, scope: str = "write", **headers: str) -> Any:
    """What a writer is answered."""
    return shop.client.post(f"/api/v1{path}", json=body, headers={**shop.bearer(scope), **headers})


def true_to(kind: Any, body: Any) -> None:
    """The answer is what the document says it is."""
    TypeAdapter(kind).validate_json(json.dumps(body), strict=False, extra="forbid")


def test_customers_follow_one_another_page_by_page(busy_shop: Shop) -> None:
    """All pages together are the list: every customer once, in order of worth."""
    seen: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = get(busy_shop, "/customers", limit=25, **after)
        true_to(Page[Customer], page)
        seen += page["data"]
        if not page["has_more"]:
            break
        after = {"starting_after": page["data"][-1]["customer_id"]}
    assert len(seen) == len({one["customer_id"] for one in seen}) == MEMBERS


def test_one_customer_by_any_name(busy_shop: Shop) -> None:
    """The customer id, the shop's own id: the same dossier."""
    found = get(busy_shop, "/customers/member-7", "dossiers")
    true_to(Dossier, found)
    again = get(busy_shop, f"/customers/{found['customer']['customer_id']}", "dossiers")
    assert again["identifiers"] == found["identifiers"]
    assert {"traits", "hard_rules", "consents", "stage", "attention", "value"} <= set(found)
    happened = get(busy_shop, "/customers/member-7/timeline", "dossiers")
    true_to(Page[TimelineEntry], happened)
    assert [one["title"] for one in happened["data"]] == ["Ordered"] * found["customer"]["orders"]
    missing = busy_shop.client.get("/api/v1/customers/nobody", headers=busy_shop.bearer("dossiers"))
    assert "nobody" in problem(missing, 404, "not_found")["message"]


def test_decisions_are_listed_with_their_record(busy_shop: Shop) -> None:
    """Each has action, pillar, experience, propensity, reasons and what was ruled out."""
    page = get(busy_shop, "/decisions", limit=100)
    true_to(Page[Decision], page)
    assert page["data"]
    for one in page["data"]:
        assert 0 < one["propensity"] <= 1
        assert one["reasons"]
        assert abs(sum(candidate["probability"] for candidate in one["candidates"]) - 1) < 1e-9
    first = page["data"][0]
    assert get(busy_shop, f"/decisions/{first['decision_id']}") == first


def test_a_decision_on_demand(busy_shop: Shop) -> None:
    """Asked twice for the same occasion the same decision comes; an unknown customer is a 404."""
    answer = post(busy_shop, "/decisions", {"customer": "member-9", "moment": "checkout"})
    assert answer.status_code == 200, answer.text
    true_to(Decision, answer.json())
    assert answer.json()["moment"] == "checkout"
    again = post(busy_shop, "/decisions", {"customer": "member-9", "moment": "checkout"})
    assert again.json()["decision_id"] == answer.json()["decision_id"]
    problem(post(busy_shop, "/decisions", {"customer": "nobody"}), 404, "not_found")


def test_a_status_is_a_fact(busy_shop: Shop) -> None:
    """Approved once, with a key that makes it once; the contact waits in the inbox as a fact."""
    chosen = next(
        one for one in get(busy_shop, "/decisions", acting=True, limit=100)["data"] if one["action"] != "wait"
    )
    path = f"/decisions/{chosen['decision_id']}/status"
    first = post(busy_shop, path, {"status": "approved"}, **{"Idempotency-Key": "a-1"})
    assert first.json()["status"] == "approved", first.text
    again = post(busy_shop, path, {"status": "approved"}, **{"Idempotency-Key": "a-1"})
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    other = post(busy_shop, path, {"status": "dismissed"}, **{"Idempotency-Key": "a-1"})
    problem(other, 422, "idempotency_key_reused")
    assert busy_shop.chair.sync()["contacts"] == 1
    said = problem(post(busy_shop, path, {"status": "eaten"}), 400, "bad_input")
    assert "eaten" in said["message"]
    assert "approved" in said["message"]


def test_a_failed_request_may_use_its_key_again(busy_shop: Shop) -> None:
    """An answer that failed is not kept for ever under its Idempotency-Key."""
    for _ in range(2):
        answer = post(busy_shop, "/decisions", {"customer": "nobody"}, **{"Idempotency-Key": "n-1"})
        problem(answer, 404, "not_found")


def upload(shop: Shop, dry_run: bool, mapping: str = json.dumps(MAPPING)) -> Any:
    """An orders file sent as a form."""
    return shop.client.post(
        "/api/v1/imports",
        params={"dry_run": dry_run},
        files={"file": ("orders.csv", ORDERS.encode(), "text/csv")},
        data={"mapping": mapping},
        headers=shop.bearer("write"),
    )


@pytest.mark.slow
def test_a_file_is_shown_then_read(shop: Shop) -> None:
    """A dry run keeps nothing and shows the mapping; the import counts every row; what was rejected can be fetched."""
    shown = upload(shop, dry_run=True)
    assert shown.status_code == 200, shown.text
    assert shown.json()["mapping"]["email"] == "Email"
    assert get(shop, "/imports")["data"] == []
    done = upload(shop, dry_run=False)
    assert done.status_code == 201, done.text
    report = done.json()
    true_to(ImportReport, report)
    assert report["rows"] == 2 == report["accepted"] + report["rejected"] + report["duplicates"]
    assert get(shop, "/imports")["data"][0]["import_id"] == report["import_id"]
    text = shop.client.get(f"/api/v1/imports/{report['import_id']}/rejects.csv", headers=shop.bearer("read")).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == report["rejected"]
    problem(shop.client.get("/api/v1/imports/none/rejects.csv", headers=shop.bearer("read")), 404, "not_found")
    assert upload(shop, dry_run=False).json()["accepted"] == 0
    problem(upload(shop, dry_run=False, mapping="{"), 400, "bad_input")


@pytest.mark.slow
def test_one_long_job_at_a_time(shop: Shop) -> None:
    """While a turn or an import runs another is told to come back; the rest goes on answering."""
    with held(shop.chair.state, HEAVY, shop.chair.clock):
        for answer in (post(shop, "/turns"), upload(shop, dry_run=False)):
            problem(answer, 409, "conflict")
            assert int(answer.headers["retry-after"]) >= 1
        assert get(shop, "/customers")["data"] == []
    assert post(shop, "/turns").status_code == 201


@pytest.mark.slow
def test_turns_are_made_and_listed(busy_shop: Shop) -> None:
    """A turn as of a day answers with its report; the newest is listed first."""
    made = post(busy_shop, "/turns", {"as_of": "2026-03-02"})
    assert made.status_code == 201, made.text
    true_to(TurnReport, made.json())
    assert made.json()["customers"] == MEMBERS
    listed = get(busy_shop, "/turns")
    true_to(Page[TurnReport], listed)
    assert listed["data"][0]["turn_id"] == made.json()["turn_id"]
    assert "yesterday" in problem(post(busy_shop, "/turns", {"as_of": "yesterday"}), 400, "bad_input")["message"]


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/customers", {"limit": "0"}, "limit"),
        ("/customers", {"limit": "101"}, "100"),
        ("/customers", {"order": "height"}, "height"),
        ("/decisions", {"day": "soon"}, "soon"),
    ],
)
def test_bad_questions_are_answered_with_the_bound(shop: Shop, path: str, query: dict[str, str], named: str) -> None:
    """The problem names the value, the bound and what to do."""
    answer = shop.client.get(f"/api/v1{path}", params=query, headers=shop.bearer("read"))
    assert named in problem(answer, 400, "bad_input")["message"]


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"customer": 5}', b'{"customer": "a", "extra": 1}', b"\xff"])
def test_bad_bodies_are_answered(shop: Shop, body: bytes) -> None:
    """A body that is no question is a 400 with its reason."""
    problem(shop.client.post("/api/v1/decisions", content=body, headers=shop.bearer("write")), 400, "bad_input")


def test_what_no_route_knows_is_named(shop: Shop) -> None:
    """A field too many is said to be that."""
    said = post(shop, "/turns", {"colour": "red"})
    assert "body.colour: got 'red'; is nothing that can be given here" in problem(said, 400, "bad_input")["message"]


def test_every_route_asks_who_calls(shop: Shop) -> None:
    """Without a key 401, with the wrong scope 403: for each route of the document."""
    document = shop.client.get("/api/v1/openapi.json").json()
    tried = 0
    for path, methods in document["paths"].items():
        real = re.sub(r"\{\w+\}", "x", path)
        for method in methods:
            problem(shop.client.request(method, f"/api/v1{real}"), 401, "unknown_key")
            wrong = shop.bearer("ingest")
            problem(shop.client.request(method, f"/api/v1{real}", headers=wrong), 403, "not_allowed")
            tried += 1
    assert tried == ROUTES


def test_nowhere_is_a_problem_too(shop: Shop) -> None:
    """An unknown path and a wrong method are problem+json like all else."""
    problem(shop.client.get("/api/v1/nowhere", headers=shop.bearer("read")), 404, "not_found")
    problem(shop.client.delete("/api/v1/turns", headers=shop.bearer("read")), 405, "method_not_allowed")


def test_the_document_is_openapi_3_1_and_the_page_names_every_route(shop: Shop) -> None:
    """docs/api.md has each method and path of the document, docs/reports.md those of reports."""
    document = shop.client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    page = DOCS.read_text(encoding="utf-8") + DOCS.with_name("reports.md").read_text(encoding="utf-8")
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            assert f"`{method.upper()} {path.replace(':path', '')}`" in page
            assert about["description"]
    assert "http://" not in json.dumps(document["paths"])


def test_probes_answer_anyone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """healthz: the process; readyz: state and its tables; metrics only with a key, and nothing personal in it."""
    assert shop.client.get("/healthz").status_code == 200
    assert shop.client.get("/readyz").status_code == 200
    problem(shop.client.get("/metrics"), 401, "unknown_key")
    text = shop.client.get("/metrics", headers=shop.bearer("read")).text
    assert 'openchair_ingest_events_total{status="ok"} 0' in text
    monkeypatch.setattr(type(shop.chair.state), "migrated", lambda _: False)
    problem(shop.client.get("/readyz"), 503, "not_ready")
