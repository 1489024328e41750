"""Segment calls as cases: what each says, and why one cannot be acknowledged."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.facts import basket
from openchair.facts.kinds import LINKS, check
from openchair.facts.segment import TYPES, facts_of, key_of, validate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Facts = list[tuple[str, dict[str, Any]]]


def call(**members: Any) -> Facts:
    """The facts of a call, each of them legal."""
    facts = facts_of(json.dumps(members).encode(), "shop", "key", NOW)
    for kind, row in facts:
        check(kind, row)
    return facts


def track(event: str, **properties: Any) -> Facts:
    """The facts of a track call by customer 1."""
    return call(type="track", userId="1", event=event, properties=properties)


def test_order_completed_shares_the_discount() -> None:
    """One purchase a product; the order's discount is shared by price, to the cent."""
    facts = track(
        "Order Completed", order_id="o", currency="usd", discount=1,
        products=[{"product_id": "p", "price": 3.33, "quantity": 3, "category": "Tea"}, {"sku": "q", "price": "1.50"}],
    )  # fmt: skip
    assert [(k, r["item_id"], r["amount_minor"], r["discount_minor"]) for k, r in facts] == [
        ("purchases", "p", 912, 87),
        ("purchases", "q", 137, 13),
    ]
    assert {r["currency"] for _, r in facts} == {"USD"}


def test_prices_after_discount() -> None:
    """Where the revenue says that prices are already net, the discount is not taken off again."""
    facts = track("Order Completed", order_id="o", revenue=9, discount=1, products=[{"sku": "q", "price": 9}])
    assert [(r["amount_minor"], r["discount_minor"]) for _, r in facts] == [(900, 100)]


def test_order_without_products() -> None:
    """One line, without shipping and tax; without any amount it is an event and no made-up zero."""
    assert track("Order Completed", order_id="o", total=10, shipping=2, tax=1)[0][1]["amount_minor"] == 700
    assert [kind for kind, _ in track("Order Completed", order_id="o")] == ["events"]


def test_refunds() -> None:
    """A whole refund returns the total, a part the products named; both negative."""
    assert [r["amount_minor"] for _, r in track("Order Refunded", order_id="o", total=5)] == [-500]
    rows = track("Order Refunded", order_id="o", products=[{"sku": "a", "price": 2, "quantity": 2}])
    assert [(r["amount_minor"], r["quantity"], r["is_return"]) for _, r in rows] == [(-400, -2.0, True)]


@given(st.integers(-(10**12), 10**12), st.lists(st.floats(0, 1e9), min_size=1, max_size=50))
def test_spreading_loses_nothing(total: int, weights: list[float]) -> None:
    """The parts add up to the whole, whatever the weights."""
    assert sum(basket.spread(total, weights)) == total


@pytest.mark.parametrize(
    ("event", "properties", "expected"),
    [
        ("Survey Question Answered", {"survey_type": "nps", "score": 9, "comment": "x"}, ("answers", "metric", "nps")),
        ("Wootric survey response created", {"score": 3}, ("answers", "score", 3.0)),
        ("survey sent", {"$survey_id": "s", "$survey_response": "10"}, ("answers", "metric", "nps")),
        (
            "survey sent",
            {"$survey_id": "s", "$survey_name": "CSAT", "$survey_response": 4},
            ("answers", "metric", "csat"),
        ),
        ("survey sent", {"$survey_id": "s", "$survey_response": "fine"}, ("answers", "text", "fine")),
        ("Product Reviewed", {"review_body": "good", "rating": 4, "product_id": 7}, ("voices", "rating", 4.0)),
        ("Live Chat Message Sent", {"message_body": "help", "conversation_id": "c"}, ("voices", "channel", "chat")),
        ("Live Chat Message Received", {"message_body": "sure"}, ("steps", "moment", "respond")),
        ("Product Viewed", {"product_id": 7}, ("steps", "moment", "recognise")),
        ("checkout_started", {}, ("steps", "moment", "request")),
        (
            "Subscription Started",
            {"price": "9.50", "interval": "week", "interval_count": 2, "subscriptionId": "s"},
            (
                "steps",
                "properties",
                '{"subscription_id":"s","period_days":14.0,"amount_minor":950,"currency":"EUR","price":"9.50",'
                '"interval":"week","interval_count":2,"subscriptionId":"s"}',
            ),
        ),
        (
            "Subscription Renewed",
            {"price": -3},
            ("steps", "properties", '{"period_days":30.4375,"currency":"EUR","price":-3}'),
        ),
        ("Subscription Cancelled", {"price": "many"}, ("events", "name", "Subscription Cancelled")),
        ("Friend Invited", {"email": "F@x.org"}, ("referrals", "invitee", "email:f@x.org")),
        (
            "Openchair Decision",
            {"decision_id": "d", "action": "thank", "status": "approved"},
            ("contacts", "status", "approved"),
        ),
        ("Email Opened", {"campaign_name": "May"}, ("contacts", "status", "opened")),
        ("Anything else", {"a": 1}, ("events", "properties", '{"a":1}')),
        ("Product Reviewed", {"rating": "broken"}, ("events", "name", "Product Reviewed")),
        ("Order Completed", {"order_id": "o", "total": "lots"}, ("events", "name", "Order Completed")),
    ],
)
def test_events(event: str, properties: dict[str, Any], expected: tuple[str, str, object]) -> None:
    """What events of known names become; one that does not hold what its name promises stays an event."""
    kind, column, value = expected
    found = track(event, **properties)
    assert found[0][0] == kind
    assert found[0][1][column] == value


def test_survey_tools_as_they_publish_their_events() -> None:
    """Delighted, Wootric and PostHog, each with the properties that its own documentation lists."""
    wootric = {
        "channel": "email", "created_at": "2024-01-01T10:00:00Z", "metric_type": "CSAT", "properties": {"plan": "pro"},
        "response_id": 1, "score": 4, "survey_id": 77, "updated_at": None, "text": "Fine",
    }  # fmt: skip
    for event in ("Wootric survey response created", "Wootric survey response updated"):
        ((_, row),) = track(event, **wootric)
        assert (row["survey_id"], row["metric"], row["score"], row["text"]) == ("77", "csat", 4.0, "Fine")
    delighted = {"survey_type": "nps", "score": 0, "comment": "Never again", "permalink": "https://x.example/r"}
    ((_, row),) = track("Survey Question Answered", **delighted)
    assert (row["metric"], row["score"], row["text"]) == ("nps", 0.0, "Never again")
    questions = [
        {"id": "a3", "question": "How likely are you to recommend us?"},
        {"id": "b4", "question": "What would you change?"},
        {"id": "c5", "question": "Which do you use?"},
        {"id": "d6", "question": "How do you like the box?"},
    ]
    posthog = {
        "$survey_id": "018e", "$survey_questions": questions, "$survey_response": 9, "$survey_response_a3": 9,
        "$survey_response_1": "Nothing", "$survey_response_b4": "Nothing", "$survey_response_c5": ["Tea", "Cups"],
        "$survey_response_d6": None,
    }  # fmt: skip
    rows = [row for _, row in track("survey sent", **posthog)]
    assert [(row["metric"], row["score"], row["text"]) for row in rows] == [
        ("nps", 9.0, None),
        ("own", None, "Nothing"),
        ("own", None, '["Tea","Cups"]'),
    ]
    assert [row["question"] for row in rows] == [one["question"] for one in questions[:3]]


def test_a_decision_is_joined_back() -> None:
    """Whatever mentions a decision is also a contact with what became of it."""
    kinds = [(k, r.get("status"), r.get("decision_id")) for k, r in track("Product Viewed", decision_id="d")]
    assert kinds == [("steps", None, None), ("contacts", "clicked", "d")]


def test_who_is_who() -> None:
    """Both ids in a call, an e-mail among the traits and an alias tie identifiers together."""
    facts = call(type="identify", userId="u", anonymousId="a", traits={"email": " A@B.co", "tags": ["x"], "gone": None})
    assert {(r["name"], r["value"]) for _, r in facts} == {
        ("anonymous_id", "a"),
        ("email", "a@b.co"),
        ("tags", '["x"]'),
    }
    assert {r["identifier"] for _, r in facts} == {"id:u"}
    assert ("alias", "p") in {(r["name"], r["value"]) for _, r in call(type="alias", userId="u", previousId="p")}
    assert {"anonymous_id", "email", "alias"} <= LINKS.keys()


@pytest.mark.parametrize(
    ("context", "speaker"),
    [
        ({"said_by": "customer"}, "customer"),
        ({"said_by": "inferred"}, "inferred"),
        ({"said_by": "owner"}, "shop"),
        ({"said_by": ["customer"]}, "shop"),
        ({}, "shop"),
        (None, "shop"),
    ],
)
def test_a_form_filled_in_by_the_customer_is_their_own_word(context: Any, speaker: str) -> None:
    """A call may say that the customer speaks, or that it is a guess; nobody signs for the team by event."""
    call_ = {"type": "identify", "userId": "u", "traits": {"allergies": "none", "phone": "+92 300 1234567"}}
    found = {r["name"]: (r["value"], r["said_by"]) for _, r in call(**call_, context=context)}
    assert found == {"allergies": ("none", speaker), "phone": ("+92 300 1234567", speaker)}


def test_rudder_traits() -> None:
    """RudderStack puts traits in the context."""
    assert call(type="identify", userId="u", context={"traits": {"diet": "vegan"}})[0][1]["value"] == "vegan"


def test_skew() -> None:
    """A wrong clock is put right by when it was sent; a file's calls keep their time."""
    body = json.dumps(
        {
            "type": "track",
            "userId": "1",
            "event": "x",
            "timestamp": "2020-01-01T00:00:00Z",
            "sentAt": "2020-01-01T01:00:00Z",
        }
    ).encode()
    assert facts_of(body, "s", "k", NOW)[0][1]["happened_at"].isoformat() == "2025-12-31T23:00:00+00:00"
    assert facts_of(body, "s", "k", NOW, live=False)[0][1]["happened_at"].year == 2020


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"type": "dance", "userId": "1"}, "type"),
        ({"userId": "1"}, "type"),
        ({"type": "track", "event": "x"}, "must say whom"),
        ({"type": "track", "userId": None, "anonymousId": "", "event": "x"}, "must say whom"),
        ({"type": "track", "userId": "1"}, "names its event"),
        ({"type": "track", "userId": "1", "event": "x", "messageId": "m" * 101}, "100 characters"),
        ({"type": "track", "userId": "1", "event": "x", "timestamp": "yesterday"}, "ISO 8601"),
        ({"type": "track", "userId": "1", "event": "x", "properties": [1]}, "an object"),
        ({"type": "group", "userId": "1"}, "names its group"),
        ({"type": "alias", "userId": "1"}, "both ids"),
        ({"type": "alias", "userId": "1", "previousId": 1}, "merged with themselves"),
        ({"type": "merge", "anonymousId": "b", "previousId": " b "}, "merged with themselves"),
        ({"type": "track", "userId": {"a": 1}, "event": "x"}, "whole number"),
        ({"type": "track", "userId": "u" * 291, "event": "x"}, "290"),
    ],
)
def test_refused_in_words(wrong: dict[str, Any], words: str) -> None:
    """What cannot be acknowledged says which part is wrong and what is allowed."""
    with pytest.raises(BadInput, match=words):
        validate(wrong)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(
    [
        "Order Completed",
        "Order Refunded",
        "Product Reviewed",
        "survey sent",
        "Friend Invited",
        "Openchair Decision",
        "Hm",
    ]
)
_keys = st.sampled_from(
    ["order_id", "total", "revenue", "discount", "currency", "products", "rating", "review_body", "$survey_response",
     "score", "email", "decision_id", "status", "price", "quantity", "x"]
)  # fmt: skip


@given(
    _names, st.dictionaries(_keys, _json, max_size=6), st.lists(st.dictionaries(_keys, _json, max_size=4), max_size=3)
)
def test_no_acknowledged_call_is_lost(name: str, properties: dict[str, Any], products: list[dict[str, Any]]) -> None:
    """Whatever a valid call holds, it becomes at least one legal fact."""
    whole = {"type": "track", "userId": "1", "event": name, "properties": {**properties, "products": products}}
    validate(whole)
    assert call(**whole)


@given(st.sampled_from(sorted(TYPES)), _json, _json)
def test_valid_calls_have_facts(kind: str, traits: Any, user: Any) -> None:
    """Every call that is not refused has a fact."""
    whole = {"type": kind, "userId": user, "groupId": "g", "previousId": "p", "event": "e", "traits": traits}
    try:
        validate(whole)
    except BadInput:
        return
    assert call(**whole)


def test_keys() -> None:
    """A call is known by its messageId, else by its content."""
    assert key_of(b'{"messageId":"m"}') == "m"
    assert key_of(b"{}") == key_of(b"{}") != key_of(b"{ }")
