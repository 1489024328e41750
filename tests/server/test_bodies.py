"""What ingest makes of a body: cut into events, each judged by itself, its bytes kept as they came."""

import gzip
import json
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openchair.facts.kinds import check
from openchair.facts.segment import facts_of
from openchair.server.intake.ingest import BATCH_EVENTS, EVENT_BYTES, judge, key_of, split, unzip
from openchair.server.problems import Refused

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def track(**more: object) -> dict[str, object]:
    return {"type": "track", "event": "Product Viewed", "userId": "u1", "messageId": "m1", **more}


def cut(body: bytes, call: str = "batch"):
    _key, common, events = split(body, call)
    return judge(events, common, call, "shop", NOW)


def batch(*events: object, **envelope: object) -> bytes:
    return json.dumps({"batch": list(events), **envelope}).encode()


def test_bytes_are_kept_as_they_came() -> None:
    """An event's own bytes are kept, odd spaces and all, with what the envelope says of it added behind."""
    own = b'{ "type":"track", "event" : "Hi\\u00e9", "userId":"u1","messageId":"m1" }'
    kept = cut(b'{"batch":[' + own + b'],"sentAt":"2026-03-01T10:00:00Z"}').events[0]
    assert kept.body.startswith(own[:-1].rstrip())
    assert json.loads(kept.body)["sentAt"] == "2026-03-01T10:00:00Z"
    assert (kept.key, kept.source, kept.received_at) == ("m1", "shop", NOW)


def test_the_route_names_the_type() -> None:
    """A call to /v1/track needs no type of its own, and its write key is not kept with it."""
    event = track(writeKey="oc_secret")
    del event["type"]
    key, common, events = split(json.dumps(event).encode(), "track")
    kept = judge(events, common, "track", "shop", NOW).events[0]
    assert key == "oc_secret"
    assert json.loads(kept.body)["type"] == "track"
    assert b"oc_secret" not in kept.body


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (track(userId=None), "userId"),
        (track(type="trick"), "trick"),
        (track(type=None), "type"),
        (track(messageId="m" * 101), "messageId"),
        (track(messageId=7), "messageId"),
        (track(messageId="a\x00b"), "messageId"),
        (track(properties={"note": "x" * EVENT_BYTES}), "32768"),
        (track(timestamp="yesterday"), "timestamp"),
        (track(properties=[1]), "properties"),
        ("text", "object"),
        (None, "object"),
        (track(properties={"price": float("nan")}), "JSON"),
        (track(properties={"half": "\ud83d"}), "JSON"),
    ],
)
def test_one_bad_event_costs_only_itself(bad: object, said: str) -> None:
    """What is wrong with one event is told and kept; its neighbours are accepted."""
    done = cut(batch(track(messageId="a"), bad, track(messageId="b")))
    assert [result.status for result in done.results] == ["ok", "rejected", "ok"]
    assert [event.key for event in done.events] == ["a", "b"]
    assert done.places == [0, 2]
    assert said in (done.results[1].reason or "")
    assert done.rejects[0].line == 2
    assert done.rejects[0].row


def test_invalid_utf8_costs_only_its_event() -> None:
    """Bytes that are no text spoil one event, and are kept as far as text can."""
    body = batch(track(messageId="a"), track(messageId="BAD")).replace(b"BAD", b"\xff\xfe")
    done = cut(body)
    assert [result.status for result in done.results] == ["ok", "rejected"]
    assert "\ufffd" in done.rejects[0].row


def test_a_number_beyond_all_bounds_costs_only_its_event() -> None:
    """1e999 is JSON, but no number that anyone could count with."""
    done = cut(batch(track(messageId="a"), track(messageId="b", properties={"price": 7777})).replace(b"7777", b"1e999"))
    assert [result.status for result in done.results] == ["ok", "rejected"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"batch":5}',
        b"{}",
        b'{"batch":[{"a":1}',
        b'{"batch":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"batch":[],"writeKey":5}',
        b"\xff\xff",
    ],
)
def test_an_unreadable_body_is_a_400(body: bytes) -> None:
    """What cannot be cut into events is refused whole, and says that nothing was kept."""
    with pytest.raises(Refused) as refused:
        split(body, "batch")
    assert refused.value.status == 400
    assert "Nothing was kept" in str(refused.value)


def test_too_many_events_are_a_413() -> None:
    """2,500 events are taken, 2,501 are refused, and the bound is named."""
    assert len(split(batch(*[track()] * BATCH_EVENTS), "batch")[2]) == BATCH_EVENTS
    with pytest.raises(Refused, match=r"2501.*2500") as refused:
        split(batch(*[track()] * (BATCH_EVENTS + 1)), "batch")
    assert refused.value.status == 413


def test_without_a_message_id_content_and_time_name_the_event() -> None:
    """The same batch sent again is known; two calls without any time are two."""
    timed, untimed = track(timestamp="2026-03-01T10:00:00Z"), track()
    del timed["messageId"], untimed["messageId"]
    first, again = cut(batch(timed)).events[0].key, cut(batch(timed)).events[0].key
    assert first == again
    assert cut(batch(untimed)).events[0].key != cut(batch(untimed)).events[0].key


def test_a_gzip_bomb_costs_no_more_than_an_honest_body() -> None:
    """A hundred megabytes of zeros in a hundred kilobytes are refused at the bound."""
    with pytest.raises(Refused) as refused:
        unzip(gzip.compress(bytes(100_000_000)))
    assert refused.value.status == 413


@pytest.mark.parametrize("packed", [b"", b"not gzip", gzip.compress(b"{}", mtime=0)[:-9], zlib.compress(b"{}")[:4]])
def test_broken_gzip_is_a_400(packed: bytes) -> None:
    """A gzip body that is none, or ends too early, is refused and says so."""
    with pytest.raises(Refused) as refused:
        unzip(packed)
    assert refused.value.status == 400


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic !!!", "Basic /w==", "Bearer ", "Digest abc"])
def test_no_key_in_a_strange_header(header: str | None) -> None:
    """A header that holds no key gives none, and never an error."""
    assert key_of(header) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
events = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "alias", "group", "screen", "none"]) | json_values,
        "userId": json_values,
        "anonymousId": json_values,
        "previousId": json_values,
        "groupId": json_values,
        "messageId": json_values,
        "event": st.sampled_from(["Order Completed", "Product Reviewed", "Survey Question Answered"]) | json_values,
        "timestamp": st.sampled_from(["2026-01-01T00:00:00Z"]) | json_values,
        "originalTimestamp": json_values,
        "sentAt": json_values,
        "properties": st.dictionaries(
            st.sampled_from(["order_id", "products", "total", "currency", "rating", "review_body"]), json_values
        )
        | json_values,
        "traits": json_values,
        "context": json_values,
    },
)


@settings(max_examples=100, deadline=None)
@given(st.lists(events | json_values, max_size=6), st.booleans())
def test_every_event_has_its_result(sent: list[object], ascii_only: bool) -> None:
    """Whatever is sent, it is cut or refused; accepted plus rejected equals sent; what is kept becomes facts."""
    body = json.dumps({"batch": sent}, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    try:
        done = cut(body)
    except Refused as refused:
        assert refused.status in (400, 413)
        return
    assert len(done.results) == len(sent) == len(done.events) + len(done.rejects)
    for event in done.events:
        for kind, row in facts_of(event.body, event.source, event.key, event.received_at):
            check(kind, row)


@given(st.binary(max_size=300), st.sampled_from(["batch", "track", "identify"]))
def test_any_bytes_are_answered(body: bytes, call: str) -> None:
    """Bytes of any kind are cut, rejected or refused, and never an unforeseen error."""
    try:
        cut(body, call)
    except Refused as refused:
        assert refused.status in (400, 413)
