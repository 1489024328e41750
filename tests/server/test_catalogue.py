"""The catalogue behind the server: read and written whole or by action; what cannot be kept is a problem in words."""

from typing import Any

import msgspec
from tests.server.conftest import Shop
from tests.server.test_api import get
from tests.server.test_ingest import problem

from openchair.loyalty.actions import default, parse

WHY = "the counter is too small"


def test_the_catalogue_is_read_and_written(shop: Shop) -> None:
    """As JSON and as YAML; what would change is said before; a version too late is a conflict; all can be put back."""

    def send(method: str, path: str, body: dict[str, Any], scope: str = "catalogue") -> Any:
        return shop.client.request(method, f"/api/v1/catalogue{path}", json=body, headers=shop.bearer(scope))

    before = get(shop, "/catalogue", "read")
    assert (len(before["actions"]), before["version"]["number"]) == (40, 0)
    file = shop.client.get("/api/v1/catalogue.yaml", headers=shop.bearer("read"))
    assert file.headers["content-type"] == "application/yaml; charset=utf-8"
    assert parse(file.text) == default()
    wanted = {"yaml": file.text.replace("cost_minor: 120\n", "cost_minor: 150\n"), "why": "dearer cards", "over": 0}
    said = send("PUT", "", wanted | {"dry_run": True}).json()["changes"]
    assert [one["action"] for one in said] == ["birthday-wish", "note-by-hand"]
    assert said[0]["fields"] == [{"field": "cost_minor", "before": 120, "after": 150}]
    assert get(shop, "/catalogue", "read")["version"]["number"] == 0
    assert send("PUT", "", wanted).json()["changes"] == said
    problem(send("PUT", "", {"actions": before["actions"], "why": "late", "over": 0}), 409, "conflict")
    gone = send("POST", "/actions/shop-window/retire", {"why": WHY}).json()["changes"]
    assert [(one["what"], one["action"]) for one in gone] == [("retired", "shop-window")]
    row = next(one for one in before["actions"] if one["id"] == "shop-window")
    assert send("PUT", "/actions/shop-window", {"action": row, "why": "a larger counter"}).status_code == 200
    versions = get(shop, "/catalogue", "read")["versions"]
    assert [one["why"] for one in versions[:3]] == ["a larger counter", WHY, "dearer cards"]
    assert get(shop, "/catalogue", "read", version=str(versions[1]["number"]))["version"]["why"] == WHY
    assert send("POST", "/versions/0/restore", {}).status_code == 200
    assert shop.chair.catalogue == default()
    now = get(shop, f"/catalogue/fingerprints/{before['fingerprint']}", "read")
    assert now == sorted(before["actions"], key=lambda one: one["id"])
    problem(shop.client.get("/api/v1/catalogue/fingerprints/x", headers=shop.bearer("read")), 404, "not_found")


def test_what_cannot_be_kept_is_a_problem(shop: Shop) -> None:
    """Without the right, without a reason, both forms or none, an unknown version, a wrong field, a bomb."""

    def send(method: str, path: str, body: Any, scope: str = "catalogue") -> Any:
        return shop.client.request(method, f"/api/v1/catalogue{path}", json=body, headers=shop.bearer(scope))

    rows = [{"id": one.id} | msgspec.to_builtins(one) for one in default()]
    for scope in ("read", "write"):
        problem(send("PUT", "", {"actions": rows[1:], "why": "x"}, scope), 403, "not_allowed")
    problem(send("PUT", "", {"actions": rows[1:]}), 400, "bad_input")
    problem(send("PUT", "", {"why": "x"}), 400, "bad_input")
    problem(send("PUT", "", {"actions": rows, "yaml": "", "why": "x"}), 400, "bad_input")
    problem(send("PUT", "", {"actions": [], "why": "x"}), 400, "bad_input")
    problem(send("PUT", "", {"actions": ["x"], "why": "x"}), 400, "bad_input")
    bomb = "a: &a [x]\nb: &b [*a, *a]\n"
    told = problem(send("PUT", "", {"yaml": bomb, "why": "x"}), 400, "bad_input")
    assert told is None or "anchors" in str(told)
    wrong = send(
        "PUT", "/actions/round-table", {"action": {**rows[0], "id": "round-table", "cost_minor": -1}, "why": "x"}
    )
    problem(wrong, 400, "bad_input")
    assert "round-table, cost_minor: got -1" in wrong.text
    problem(send("PUT", "/actions/round-table", {"action": {"id": "other"}, "why": "x"}), 400, "bad_input")
    problem(send("POST", "/actions/dance/retire", {"why": "x"}), 404, "not_found")
    problem(send("POST", "/versions/77/restore", {}), 404, "not_found")
    problem(send("POST", "/versions/999999999999999999999/restore", {}), 404, "not_found")
    assert shop.client.get("/api/v1/catalogue?version=77", headers=shop.bearer("read")).status_code == 404
    assert shop.chair.cataloguing.number == 0
