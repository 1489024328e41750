"""Codes and words that say who told whom become referrals, each with where it is from."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.chair.conftest import START, Shop, regulars

from openchair.chair.intake.referring import secret_of
from openchair.value.senders import codes


@pytest.fixture
def known(shop: Shop) -> Shop:
    """A shop that has turned once, so that its customers have codes."""
    shop.write("purchases", *regulars(30))
    shop.turn(100)
    return shop


def code_of(shop: Shop, name: str) -> str:
    return codes.code(secret_of(shop.state), shop.customers()[name]["customer_id"])


def referrals(shop: Shop) -> list[dict[str, Any]]:
    engine = shop.engine()
    rows = engine.rows(engine.facts("referrals").order_by("invitee", "status")).to_pylist()
    engine.close()
    return rows


def row(who: str, day: int, **more: Any) -> dict[str, Any]:
    return {"identifier": f"id:{who}", "happened_at": START + timedelta(days=day), **more}


def test_a_code_used_as_a_coupon_is_a_referral_that_bought(known: Shop) -> None:
    """However it was typed; once for each friend, at their first order; a coupon of the shop's is none."""
    code = code_of(known, "C0001")
    known.write(
        "purchases",
        row("N1", 110, amount_minor=900, coupon=code),
        row("N1", 120, amount_minor=900, coupon=code),
        row("N2", 111, amount_minor=900, coupon=code.replace("-", " ").lower()),
        row("N3", 112, amount_minor=900, coupon="SUMMER10"),
        row("N4", 113, amount_minor=900, coupon="0123456789ab"),
    )
    known.turn(130)
    found = referrals(known)
    assert [(r["identifier"], r["invitee"], r["status"]) for r in found] == [
        ("id:C0001", "id:N1", "bought"), ("id:C0001", "id:N2", "bought")
    ]  # fmt: skip
    assert found[0]["happened_at"] == START + timedelta(days=110)
    assert json.loads(found[0]["properties"])["how"] == "code" and found[0]["source"] == "openchair"
    assert known.customers()["C0001"]["sent_friends"] == 2
    known.turn(140)
    assert referrals(known) == found


def test_calls_say_who_was_invited_and_who_joined(known: Shop) -> None:
    """A page opened by somebody's link is an invitation, an account with their code a friend who joined."""
    code = code_of(known, "C0002")
    link = codes.link("https://shop.example/?ref={code}", code)
    known.write("steps", row("N1", 110, name="Page Viewed: /", properties=json.dumps({"url": link})))
    signed = json.dumps({"referral_code": code})
    known.write("steps", row("N1", 111, name="Signed Up", properties=signed))
    known.write("events", row("N2", 112, name="Quiz Taken", properties=signed))
    known.turn(130)
    assert [(r["identifier"], r["invitee"], r["status"]) for r in referrals(known)] == [
        ("id:C0002", "id:N1", "invited"), ("id:C0002", "id:N1", "joined"), ("id:C0002", "id:N2", "invited")
    ]  # fmt: skip


def test_stated_who_told_you_is_a_referral_with_its_provenance(known: Shop) -> None:
    """By shop id, e-mail or a name that one customer alone has; a name that two have, or nobody, is none."""
    for who, name in (("C0003", "Maria Lopez"), ("C0004", "Sam Ng"), ("C0005", "Sam Ng")):
        known.write("traits", row(who, 1, name="name", value=name))
    known.write("traits", row("C0006", 1, name="email", value="ada@example.org"))
    known.turn(105)
    asked = {"survey_id": "welcome", "metric": "own", "question": "Who told you about us?"}
    known.write(
        "answers",
        row("N1", 110, text=" maria lopez ", **asked),
        row("N2", 110, text="Sam Ng", **asked),
        row("N3", 110, text="a poster", **asked),
        row("N4", 110, text="Maria Lopez", **asked | {"question": "What did you order?"}),
    )
    known.write(
        "traits",
        row("N5", 110, name="referred_by", value="Ada@Example.org"),
        row("N6", 110, name="referred_by", value="C0007"),
    )
    known.turn(130)
    found = {r["invitee"]: r for r in referrals(known)}
    assert {friend: r["identifier"] for friend, r in found.items()} == {
        "id:N1": "id:C0003", "id:N5": "email:ada@example.org", "id:N6": "id:C0007"
    }  # fmt: skip
    told = json.loads(found["id:N1"]["properties"])
    assert told["how"] == "stated" and told["stated"] == "maria lopez" and told["of"]
    assert found["id:N1"]["code"] is None and found["id:N1"]["status"] == "joined"


def test_ones_own_code_raises_nobodys_value(known: Shop) -> None:
    """Kept, counted, left out: to themselves."""
    code = code_of(known, "C0001")
    known.write("purchases", row("C0001", 110, amount_minor=900, coupon=code))
    report = known.turn(130)
    assert report.models["sender"]["left_out"] == {"self": 1}
    assert not known.customers()["C0001"]["sent_friends"]


def test_codes_are_stable_and_follow_from_a_secret(known: Shop, new_shop: Any) -> None:
    """The same customer has the same code after every turn; another home's code is another."""
    before = code_of(known, "C0001")
    known.turn(150)
    assert code_of(known, "C0001") == before
    customer_id = known.customers()["C0001"]["customer_id"]
    other = new_shop()
    assert codes.code(secret_of(other.state), customer_id) != before
