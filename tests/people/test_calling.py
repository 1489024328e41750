"""Whom each leader calls this week: chosen to learn from, within every rule; what was heard becomes a voice."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people.conftest import ADA, OWNER, PROGRAM, STAFF, Clock, Shop
from tests.people.test_caring import answer, voices

from openchair.chair.listening.views import Call
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.decisions import guard
from openchair.listening import calls

LEADERS = ("ana@shop.example", "ben@shop.example")
GUESTS = [f"g{n:03d}" for n in range(90)]


@pytest.fixture(scope="module")
def crowd_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop of 90 customers who buy at their own rates, some of them silent for long, and one turn."""
    home = tmp_path_factory.mktemp("crowd") / "shop"
    init_home(home, {"name": "Snack shop", "currency": "EUR", "turn_at": "off", "calls_a_week": "12"})
    clock = Clock()
    shop = Shop(replace(open_home(home), clock=clock), clock)
    for n, who in enumerate(GUESTS):
        name = {"email": f"{who}@example.org", "name": f"Guest {n}", "phone": f"+4420790000{n:02d}"}
        shop.send({"type": "identify", "userId": who, "traits": name}, sync=False)
        last = 200 if n % 5 == 0 else 5
        for number in range(1 + n % 7):
            days = last + (12 + n % 4) * number
            when = (clock() - timedelta(days=days)).isoformat()
            products = [{"product_id": "fig", "name": "Fig bar", "price": 20.0 + n, "quantity": 1}]
            order = {"order_id": f"{who}-{number}", "currency": "EUR", "products": products}
            call = {"type": "track", "userId": who, "event": "Order Completed", "timestamp": when}
            shop.send({**call, "properties": order}, sync=False)
    when = (clock() - timedelta(days=9)).isoformat()
    told = {"type": "track", "userId": GUESTS[8], "event": "Referral Completed", "timestamp": when}
    shop.send({**told, "properties": {"invitee_email": "new@example.org"}}, sync=False)
    shop.chair.turn()
    shop.chair.state.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def crowd(crowd_home: Path, tmp_path: Path, opened: Any) -> Shop:
    """A copy of that shop, for one test."""
    shop = opened(Path(shutil.copytree(crowd_home, tmp_path / "crowd")), Clock())
    assert isinstance(shop, Shop)
    return shop


def listed(shop: Shop, leader: str = "") -> tuple[Call, ...]:
    return shop.chair.calls.list(by=STAFF, leader=leader)


def test_each_leader_has_a_list_and_nobody_is_on_two(crowd: Shop) -> None:
    """As many as the setting says, with a reason in figures, two questions and a number to ring; a tenth by chance."""
    assert crowd.chair.calls.make(LEADERS) == 24
    both = listed(crowd)
    assert len({call.customer.customer_id for call in both}) == len(both) == 24
    for leader in LEADERS:
        mine = listed(crowd, leader)
        assert [call.place for call in mine] == list(range(1, 13))
        assert sum(call.reason == "chance" for call in mine) >= 2
    assert {"champion at risk", "new sender", "silent", "chance"} <= {call.reason for call in both}
    for call in both:
        assert any(letter.isdigit() for letter in call.because)
        assert len(set(call.questions)) == 2
        assert call.phones
    assert (
        next(call for call in both if call.reason == "new sender").because
        == "Sent 1 friend of late, the first 9 days ago."
    )


def test_lists_follow_from_facts_week_and_seed(crowd: Shop, crowd_home: Path, tmp_path: Path, opened: Any) -> None:
    """Made twice they are the same; another leader's list leaves them as they were; next week's differ."""
    other = opened(Path(shutil.copytree(crowd_home, tmp_path / "other")), Clock())
    for shop in (crowd, other):
        shop.chair.calls.make(LEADERS)
    assert listed(crowd) == listed(other)
    before = listed(crowd)
    assert crowd.chair.calls.make(LEADERS) == 0
    crowd.chair.calls.make(["zoe@shop.example"])
    assert listed(crowd)[: len(before)] == before
    assert len({call.customer.customer_id for call in listed(crowd)}) == 36
    crowd.clock.on(days=7)
    crowd.chair.calls.make(LEADERS)
    assert [call.call_id for call in listed(crowd)] != [call.call_id for call in before]
    week = before[0].week
    assert crowd.chair.calls.list(by=STAFF, week=week)[: len(before)] == before


def test_everyone_who_signs_in_has_a_list(crowd: Shop) -> None:
    """On the first look of the week, without asking for it."""
    access = crowd.chair.state.access  # type: ignore[attr-defined]
    access.add_user("lea@shop.example", "Lea", "a chair for the customer", "staff")
    assert {call.leader for call in listed(crowd)} == {"lea@shop.example"}
    assert crowd.chair.calls.list(by=STAFF, week=date(2020, 1, 6)) == ()


def test_whoever_was_called_rests_four_weeks(crowd: Shop) -> None:
    """Reached, not reached or skipped; those nobody got to may be listed again."""
    crowd.chair.calls.make(["ana"])
    first = listed(crowd)
    fates = ("reached", "not reached", "skipped")
    for call, fate in zip(first, fates, strict=False):
        crowd.chair.calls.note(call.call_id, fate, by=STAFF)
    seen = {call.customer.customer_id for call in first[:3]}
    again: set[str] = set()
    for _ in range(3):
        crowd.clock.on(days=7)
        crowd.chair.calls.make(["ana"])
        again |= {call.customer.customer_id for call in listed(crowd)}
    assert not seen & again
    assert again & {call.customer.customer_id for call in first[3:]}


RULED = st.lists(
    st.tuples(st.sampled_from(GUESTS), st.sampled_from(["no calls", "no consent", "nothing", "called", "peanuts"])),
    max_size=25,
    unique_by=lambda pair: pair[0],
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=RULED, after=RULED)
def test_nobody_whom_the_guard_keeps_from_being_called_is_ever_listed(
    before: list[tuple[str, str]], after: list[tuple[str, str]], crowd_home: Path, tmp_path_factory: Any, opened: Any
) -> None:
    """Whatever was forbidden, refused, wished or done before a list was made, or after: the list does not show them."""
    home = tmp_path_factory.mktemp("ruled") / "shop"
    shop = opened(Path(shutil.copytree(crowd_home, home)), Clock())
    people = shop.chair.people

    def said(pairs: list[tuple[str, str]]) -> set[str]:
        for who, word in pairs:
            if word == "no consent":
                people.agree(who, "service", "call", "no", by=STAFF)
            elif word == "nothing":
                people.attend(who, by=STAFF, wish="nothing")
            elif word == "called":
                for _ in range(2):
                    shop.contact(who, "call")
            else:
                people.forbid(who, word, by=STAFF)
        return {shop.chair.find(who) for who, word in pairs if word != "peanuts"}

    def on_lists() -> set[str]:
        shown = {call.customer.customer_id for call in listed(shop)}
        rows = shop.chair.state.rows_of(sorted(shown)).to_pylist()
        moment, settings_ = shop.chair.moment(), shop.chair.settings
        assert len(guard.may_call(rows, moment=moment, settings=settings_)) == len(rows)
        return shown

    kept = said(before)
    shop.chair.calls.make(LEADERS)
    assert not on_lists() & kept
    kept |= said(after)
    assert not on_lists() & kept
    shop.chair.calls.make(["zoe"])
    assert not on_lists() & kept


def test_notes_are_the_customers_words(crowd: Shop) -> None:
    """Kept as a voice and a contact, signed; as they came, whatever they hold; they bind at once."""
    crowd.chair.calls.make(["ana"])
    call = listed(crowd)[0]
    who = call.customer.customer_id
    words = '<img src=x onerror="alert(1)"> انجیر پسند ہے 🙂 =cmd()'
    noted = crowd.chair.calls.note(call.call_id, "reached", by=STAFF, words=f"  {words}\n")
    assert (noted.status, noted.leader, noted.done_at is not None) == ("reached", "ana", True)
    (contact,) = crowd.chair.state.said("contacts", who)
    assert (contact["action"], contact["channel"], contact["status"]) == ("call", "call", "answered")
    (voice,) = voices(crowd)
    assert (voice["channel"], voice["text"]) == ("call", words)
    assert '"by":"sam@shop.example"' in voice["properties"]
    assert '"leader":"ana"' in voice["properties"]
    row = crowd.chair.state.customer(who)
    assert row is not None
    assert row["attention_spent"] == 3.0
    with pytest.raises(Conflict, match="answered already"):
        crowd.chair.calls.note(call.call_id, "reached", by=STAFF, words="again")
    assert len(voices(crowd)) == 1


def test_a_call_that_did_not_reach_them_may_be_tried_again(crowd: Shop) -> None:
    """What the caller wrote of it is kept with the contact, not as words of the customer; then it is one contact."""
    crowd.chair.calls.make(["ana"])
    call = listed(crowd)[0]
    who = call.customer.customer_id
    crowd.chair.calls.note(call.call_id, "not reached", by=STAFF, words="Left a message")
    assert voices(crowd) == []
    assert "Left a message" in crowd.chair.state.said("contacts", who)[0]["properties"]
    crowd.clock.on(hours=2)
    crowd.chair.calls.note(call.call_id, "reached", by=STAFF)
    statuses = [row["status"] for row in crowd.chair.state.said("contacts", who)]
    assert statuses == ["failed", "answered"]
    row = crowd.chair.state.customer(who)
    assert row is not None
    assert row["attention_spent"] == 3.0


def test_calls_are_counted_on_lists_and_off_them(crowd: Shop) -> None:
    """By leader and week; a customer on this week's list is that call, by whatever name they are noted."""
    crowd.chair.calls.make(["ana"])
    first, second, third, *_ = listed(crowd)
    crowd.chair.calls.note(first.call_id, "reached", by=STAFF)
    same = crowd.chair.calls.note(second.customer.customer_id, "not reached", by=STAFF)
    assert same.call_id == second.call_id
    crowd.chair.calls.note(third.call_id, "skipped", by=STAFF)
    on_list = {call.customer.customer_id for call in listed(crowd)}
    other = next(who for who in GUESTS if crowd.chair.find(who) not in on_list)
    noted = crowd.chair.calls.note(f"{other}@example.org", "reached", by=STAFF, words="They rang us")
    assert (noted.reason, noted.leader, noted.place) == ("noted", STAFF.name, 0)
    crowd.chair.calls.note(other, "reached", by=PROGRAM, leader="ana")
    counted = {one.leader: (one.listed, one.reached, one.tried) for one in crowd.chair.calls.counts()}
    assert counted == {"ana": (12, 2, 3), STAFF.name: (0, 1, 1)}
    crowd.clock.on(days=7 * 8)
    assert crowd.chair.calls.counts() == ()


def test_notes_that_cannot_be_kept_are_refused_in_words(shop: Shop) -> None:
    """No such call or customer, no such status, too long a note; one of 20,000 characters is kept whole."""
    note = shop.chair.calls.note
    with pytest.raises(NotFound):
        note("nobody", "reached", by=STAFF)
    for wrong, bound in (
        ({"status": "eaten"}, "one of reached, not reached, skipped"),
        ({"words": "x" * 1_000_000}, "at most 20,000 characters"),
        ({"words": "x" * 2_001, "status": "not reached"}, "at most 2,000 characters"),
        ({"leader": "x" * 201}, "at most 200 characters"),
    ):
        with pytest.raises(BadInput, match=bound):
            note(ADA, by=STAFF, **{"status": "reached", **wrong})
    note(ADA, "reached", by=STAFF, words="ü" * 20_000)
    assert [voice["text"] for voice in voices(shop)] == ["ü" * 20_000]
    shop.chair.privacy.erase(ADA, by=OWNER)
    assert listed(shop) == ()
    with pytest.raises(NotFound):
        note(ADA, "reached", by=STAFF)


def test_the_fresh_unhappy_are_called_unless_somebody_has_their_case(shop: Shop) -> None:
    """With their score and the day; a case that is somebody's is theirs to call about."""
    answer(shop, ADA, 2, days_ago=3)
    shop.chair.calls.make(["ana"])
    call = next(call for call in listed(shop) if call.reason == "unhappy")
    assert (call.customer.name, call.because) == ("Ada Byron", "Scored us 2 3 days ago.")
    shop.clock.on(days=7)
    (case,) = shop.chair.cases.waiting()
    shop.chair.cases.own(case.case_id, "lea", by=STAFF)
    shop.chair.calls.make(["ana"])
    assert not [call for call in listed(shop) if call.reason == "unhappy"]


def test_a_shop_without_customers_or_calls_has_no_list(tmp_path: Path, opened: Any) -> None:
    """Nothing to list, or a setting of none: no list, no error."""
    init_home(tmp_path / "new", {"turn_at": "off"})
    new = opened(tmp_path / "new", Clock())
    assert new.chair.calls.make(["ana"]) == 0
    assert listed(new) == ()
    init_home(tmp_path / "none", {"turn_at": "off", "calls_a_week": "0"})
    assert opened(tmp_path / "none", Clock()).chair.calls.make(["ana"]) == 0


def test_reasons_of_the_table_are_reasons_of_the_state(crowd: Shop) -> None:
    """Every reason has a pool to draw from."""
    moment = crowd.chair.moment()
    for reason in calls.REASONS:
        crowd.chair.state.candidates(reason.name, now=moment.now, week=date(2026, 6, 29), limit=1)
