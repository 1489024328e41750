"""The ingest routes over HTTP: keys, limits, results, and what becomes of each event."""

import base64
import gzip
import json
from collections import Counter
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.conftest import Shop, order

from openchair.core.errors import StorageFull
from openchair.server.app import state_of
from openchair.server.door.keyring import FRESH_SECONDS
from openchair.server.intake import ingest

CALLS: dict[str, dict[str, Any]] = {
    "identify": {"userId": "u", "traits": {"email": "u@example.org"}},
    "track": {"userId": "u", "event": "Product Viewed", "properties": {"product_id": "p"}},
    "page": {"userId": "u", "name": "Home"},
    "screen": {"anonymousId": "a", "name": "Home"},
    "group": {"userId": "u", "groupId": "g"},
    "alias": {"userId": "u", "previousId": "a"},
    "merge": {"userId": "u", "previousId": "b"},
    "batch": {"batch": [{"type": "page", "userId": "u", "name": "Home"}]},
    "import": {"batch": [{"type": "page", "userId": "u", "name": "Away"}]},
}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer as problem+json with everything that clients and people need."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "message"} <= set(body)
    assert body["code"] == code
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
    return body


@pytest.mark.parametrize("call", CALLS)
def test_every_route_takes_its_call(shop: Shop, call: str) -> None:
    """Each route answers 200 with the event's result, and the event is a fact after a sync."""
    answer = shop.client.post(f"/v1/{call}", json=CALLS[call], headers=shop.bearer("ingest"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    assert [result["status"] for result in answer.json()["results"]] == ["ok"]
    assert sum(shop.chair.sync().values()) >= 1


def test_there_are_nine_routes() -> None:
    """The table above leaves no route out."""
    assert set(CALLS) == {*ingest.CALLS, *ingest.MANY, "merge"}


@pytest.mark.parametrize("way", ["basic", "bearer", "body"])
def test_a_key_comes_in_three_ways(shop: Shop, way: str) -> None:
    """Basic user name, Bearer, or writeKey in the body."""
    key = shop.keys["ingest"]
    headers = {
        "basic": {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()},
        "bearer": {"Authorization": f"Bearer {key}"},
        "body": {},
    }[way]
    body = {**CALLS["track"], **({"writeKey": key} if way == "body" else {})}
    assert shop.client.post("/v1/track", json=body, headers=headers).status_code == 200


def test_no_key_and_wrong_keys_are_final(shop: Shop) -> None:
    """No key, an unknown one: 401; a key without the scope: 403. Nothing is kept."""
    problem(shop.client.post("/v1/track", json=CALLS["track"]), 401, "unknown_key")
    wrong = {"Authorization": "Bearer oc_guess"}
    problem(shop.client.post("/v1/track", json=CALLS["track"], headers=wrong), 401, "unknown_key")
    problem(shop.client.post("/v1/track", json=CALLS["track"], headers=shop.bearer("read")), 403, "not_allowed")
    assert shop.chair.sync() == {}


def test_a_revoked_key_stops_within_seconds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key was is remembered for FRESH_SECONDS and no longer."""
    assert FRESH_SECONDS <= 5
    now = [1000.0]
    monkeypatch.setattr("openchair.server.door.keyring.time.monotonic", lambda: now[0])
    assert shop.send(order(1, "u", 1)).status_code == 200
    key_id = next(key.key_id for key in list(shop.access.keys()) if "ingest" in key.scopes)
    shop.access.revoke(key_id)
    now[0] += FRESH_SECONDS + 0.1
    problem(shop.send(order(2, "u", 1)), 401, "unknown_key")


def test_a_known_message_changes_nothing(shop: Shop) -> None:
    """Sent again, in the same batch, after a sync: the same messageId is one fact."""
    first = shop.send(order(1, "u", 1), order(1, "u", 1), order(2, "u", 2))
    assert [result["status"] for result in first.json()["results"]] == ["ok", "duplicate", "ok"]
    assert shop.chair.sync()["purchases"] == 2
    assert [result["status"] for result in shop.send(order(1, "u", 1)).json()["results"]] == ["duplicate"]
    assert shop.chair.sync() == {}


def test_a_rejected_event_is_kept_with_its_reason(shop: Shop) -> None:
    """The others of its batch are accepted; the bad one can be found, reason and all, and sent again."""
    answer = shop.send(order(1, "u", 1), order(2, "u", 1, type="trick"), order(3, "u", 1))
    assert [result["status"] for result in answer.json()["results"]] == ["ok", "rejected", "ok"]
    kept = list(shop.chair.rejects(None))
    assert len(kept) == 1
    assert "trick" in kept[0].reason
    assert json.loads(kept[0].row)["messageId"] == "order-2"
    assert shop.chair.imports()[0].rejected == 1


def test_a_single_rejected_call_is_a_400(shop: Shop) -> None:
    """With code and message, or rudder's client would try again for ever."""
    answer = shop.client.post("/v1/track", json={"userId": "u"}, headers=shop.bearer("ingest"))
    assert "event" in problem(answer, 400, "rejected")["message"]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
def test_content_type_is_ignored_and_gzip_is_unpacked(shop: Shop, content_type: str) -> None:
    """RudderStack's Node client sends gzip JSON and calls it a form."""
    body = gzip.compress(json.dumps({"batch": [order(1, "u", 1)]}).encode())
    headers = {**shop.bearer("ingest"), "Content-Encoding": "gzip", "Content-Type": content_type}
    assert shop.client.post("/v1/batch", content=body, headers=headers).status_code == 200


def test_bodies_beyond_the_bound_are_final(shop: Shop) -> None:
    """4 MB plain or unpacked, 2,500 events: 413 and the bound; an unknown encoding: 415."""
    headers = shop.bearer("ingest")
    long = shop.client.post("/v1/batch", content=b" " * (ingest.BODY_BYTES + 1), headers=headers)
    assert str(ingest.BODY_BYTES) in problem(long, 413, "body_too_large")["message"]
    bomb = gzip.compress(b" " * (ingest.BODY_BYTES + 1))
    packed = shop.client.post("/v1/batch", content=bomb, headers={**headers, "Content-Encoding": "gzip"})
    problem(packed, 413, "body_too_large")
    many = shop.send(*[order(1, "u", 1)] * (ingest.BATCH_EVENTS + 1))
    assert "2500" in problem(many, 413, "batch_too_long")["message"]
    odd = shop.client.post("/v1/batch", content=b"{}", headers={**headers, "Content-Encoding": "br"})
    problem(odd, 415, "bad_encoding")
    chunked = shop.client.post("/v1/batch", content=(b" " * 65536 for _ in range(70)), headers=headers)
    problem(chunked, 413, "body_too_large")


def test_a_full_disk_is_a_503_and_then_success_counts_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the commit fails nothing is acknowledged; the same batch sent again later is counted once."""

    def full(events: object) -> "Future[list[bool]]":
        future: Future[list[bool]] = Future()
        future.set_exception(StorageFull("state", bound="disk is full", remedy="Send it again later."))
        return future

    with monkeypatch.context() as broken:
        broken.setattr(state_of(shop.chair).inbox, "submit", full)
        problem(shop.send(order(1, "u", 1)), 503, "storage_full")
    assert [result["status"] for result in shop.send(order(1, "u", 1)).json()["results"]] == ["ok"]
    assert shop.chair.sync()["purchases"] == 1


def test_too_much_at_once_is_a_429(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what may wait for the disk callers are told to come back, and when."""
    monkeypatch.setattr(ingest, "WAITING_BYTES", -1)
    problem(shop.send(order(1, "u", 1)), 429, "busy")


def test_memory_is_given_back(shop: Shop) -> None:
    """After good, bad and refused bodies nothing is counted as waiting."""
    shop.send(order(1, "u", 1))
    shop.client.post("/v1/batch", content=b"{", headers=shop.bearer("ingest"))
    shop.client.post(
        "/v1/batch", content=gzip.compress(b"{"), headers={**shop.bearer("ingest"), "Content-Encoding": "gzip"}
    )
    text = shop.client.get("/metrics", headers=shop.bearer("read")).text
    assert "openchair_ingest_waiting_bytes 0" in text


bodies = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    ).map(lambda value: json.dumps({"batch": [value]}).encode()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies, st.sampled_from(sorted(CALLS)), st.booleans())
def test_no_body_makes_the_server_stumble(shop: Shop, body: bytes, call: str, packed: bool) -> None:
    """Whatever comes, the answer is 200, 400 or 413 with its reason, and an event acknowledged before is not lost."""
    marker = f"mark-{len(body)}-{call}-{hash(body)}"
    assert shop.send(order(1, "u", 1, messageId=marker)).status_code == 200
    headers = {**shop.bearer("ingest"), **({"Content-Encoding": "gzip"} if packed else {})}
    answer = shop.client.post(f"/v1/{call}", content=gzip.compress(body) if packed else body, headers=headers)
    assert answer.status_code in (200, 400, 413)
    if answer.status_code != 200:
        assert {"code", "message"} <= set(answer.json())
    again = shop.send(order(1, "u", 1, messageId=marker)).json()["results"]
    assert Counter(result["status"] for result in again) == {"duplicate": 1}
