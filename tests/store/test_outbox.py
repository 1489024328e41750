"""The outbox and whom one could write to, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.store.making import DAY, HOUR, NOW, chosen, facts, linked, met, people

from openchair.chair.intake import own
from openchair.chair.listening.views import SurveyState
from openchair.chair.ports import Envelope
from openchair.chair.state.records import Mark, Message
from openchair.core.errors import NotFound
from openchair.listening.asking.survey import starter
from openchair.store.sql.state import SqlState

LINKS = (
    ("id:1", "a"), ("email:ada@x.org", "a"), ("email:old@x.org", "a"), ("id:2", "b"), ("email:ben@x.org", "b"),
    ("id:3", "c"), ("phone:+44", "c"),
)  # fmt: skip


def message(number: int, customer_id: str = "a", **more: Any) -> Message:
    whole = {"kind": "survey", "subject": "nps", "channel": "e-mail", "address": "ada@x.org", "language": "en"}
    whole |= {"made_at": NOW, "due_at": NOW + number * HOUR, "status": "waiting", **more}
    return Message(f"{number:016x}", customer_id=customer_id, **whole)


@pytest.fixture
def peopled(state: SqlState) -> SqlState:
    """Ada with two addresses, Ben with one, Cyd with a telephone."""
    state.link(linked(*LINKS), NOW)
    rows = [("a", "new", 3), ("b", "steady", 3), ("c", "steady", 1)]
    state.replace_customers(people(*({"customer_id": c, "stage": s, "consents": n} for c, s, n in rows)))
    return state


def sent_fact(who: str, key: str) -> tuple[list[Envelope], dict[str, Any]]:
    row = {"identifier": who, "action": "survey:nps", "channel": "e-mail", "status": "sent"}
    event = own.envelope("contacts", key, NOW, row)
    return [event], {"contacts": own.table("contacts", event)}


def test_due_is_what_waits_and_whose_time_has_come(peopled: SqlState) -> None:
    """The longest due first; other channels, later ones and those settled stay where they are."""
    rows = [message(3), message(1), message(2, channel="webhook"), message(9), message(0, status="sent")]
    peopled.add_messages(rows)
    found = peopled.due(NOW + 5 * HOUR, ["e-mail"], 10)
    assert [one.message_id[-1] for one in found] == ["1", "3"]
    assert found[0] == message(1)
    assert len(peopled.due(NOW + 5 * HOUR, ["e-mail", "webhook"], 10)) == 3
    assert len(peopled.due(NOW + 5 * HOUR, ["e-mail"], 1)) == 1
    assert peopled.due(NOW + 5 * HOUR, [], 10) == []
    assert peopled.awaiting("survey") == ["a"]
    assert peopled.awaiting("offer") == []


def test_settled_once_with_its_fact(peopled: SqlState) -> None:
    """The mark and the contact are kept together, and a second mark changes nothing."""
    peopled.add_messages([message(1)])
    sent = replace(message(1), status="sent", tries=1, sent_at=NOW)
    assert peopled.settle_message(sent, *sent_fact("id:1", "k1"))
    assert not peopled.settle_message(replace(sent, tries=2), *sent_fact("id:1", "k2"))
    assert peopled.message(sent.message_id) == sent
    assert [row["status"] for row in peopled.said("contacts", "a")] == ["sent"]
    assert peopled.inbox.waiting() == 1


def test_an_answer_that_comes_first_stays(peopled: SqlState) -> None:
    """Somebody answered by the link before the mail was marked: that is not undone by the mark."""
    peopled.add_messages([message(1)])
    peopled.mark_answered({message(1).message_id: NOW + HOUR})
    assert peopled.settle_message(replace(message(1), status="sent", sent_at=NOW + 2 * HOUR), [], {})
    found = peopled.message(message(1).message_id)
    assert found is not None
    assert (found.status, found.answered_at) == ("sent", NOW + HOUR)


def test_nothing_is_kept_of_whoever_was_erased(peopled: SqlState) -> None:
    """The mark fails with the fact, both or none."""
    peopled.add_messages([message(1)])
    peopled.bury(["id:1"], NOW)
    with pytest.raises(NotFound):
        peopled.settle_message(replace(message(1), status="sent", sent_at=NOW), *sent_fact("id:1", "k1"))
    found = peopled.message(message(1).message_id)
    assert found is not None
    assert found.status == "waiting"
    assert peopled.inbox.waiting() == 0


def test_what_failed_can_wait_again(peopled: SqlState) -> None:
    """With all its tries, and with why it failed still to be read."""
    peopled.add_messages([message(1, status="failed", tries=10, why="no such user"), message(2, status="dropped")])
    assert peopled.replay(NOW + 8 * HOUR) == 1
    found = peopled.message(message(1).message_id)
    assert found == message(1, tries=0, why="no such user", due_at=NOW + 8 * HOUR)
    assert peopled.due(NOW + 7 * HOUR, ["e-mail"], 9) == []


def test_whom_one_could_write_to(peopled: SqlState) -> None:
    """Every customer that is shown with what was asked for, and whether an address is known."""
    table = peopled.everyone(("customer_id", "stage", "consents")).to_pylist()
    assert [(row["customer_id"], row["stage"], row["mailable"]) for row in table] == [
        ("a", "new", 1), ("b", "steady", 1), ("c", "steady", 0),
    ]  # fmt: skip
    assert sorted(row["identifier"] for row in peopled.addressed(["a", "c"]).to_pylist()) == [
        "email:ada@x.org", "email:old@x.org",
    ]  # fmt: skip


def test_the_newest_word_of_each_name(peopled: SqlState) -> None:
    """Of all identifiers together; what was taken back and what others said is left out."""
    peopled.index(
        "traits",
        facts(
            "traits",
            {"fact_id": "1", "identifier": "id:1", "name": "language", "value": "en", "happened_at": NOW},
            {
                "fact_id": "2",
                "identifier": "email:ada@x.org",
                "name": "language",
                "value": "ur",
                "happened_at": NOW + HOUR,
            },
            {"fact_id": "3", "identifier": "id:1", "name": "language", "value": "", "happened_at": NOW + 2 * HOUR},
            {"fact_id": "4", "identifier": "id:2", "name": "language", "value": "th"},
            {"fact_id": "5", "identifier": "id:1", "name": "city", "value": "Lahore"},
        ),
        [],
    )
    assert peopled.told(["a"], ("language", "email")).to_pylist() == [
        {"customer_id": "a", "name": "language", "value": "ur"}
    ]
    assert peopled.told([], ("language",)).num_rows == 0


def test_families(peopled: SqlState) -> None:
    """Pairs of different customers; friends and one's own second record are none."""
    rows = [("id:1", "id:2", "family"), ("id:2", "id:3", "friend"), ("id:1", "email:old@x.org", "family")]
    named = [{"fact_id": f"t{n}", "identifier": i, "other": o, "relation": r} for n, (i, o, r) in enumerate(rows)]
    peopled.index("ties", facts("ties", *named), [])
    assert peopled.relatives().to_pylist() == [{"left_id": "a", "right_id": "b"}]


def test_answers_and_response_by_part(peopled: SqlState) -> None:
    """Each customer's newest answer since a time; who was sent a survey in a time, and how many of them answered."""
    rows = [("id:1", 9.0, 1), ("email:ada@x.org", 3.0, 2), ("id:2", 10.0, 1), ("id:3", 10.0, 1), ("id:3", 5.0, -900)]
    named = [
        {"fact_id": f"a{n}", "identifier": i, "score": s, "happened_at": NOW + h * HOUR}
        for n, (i, s, h) in enumerate(rows)
    ]
    peopled.index("answers", facts("answers", *named), [])
    counted = {(row["part"], row["score"]): row["n"] for row in peopled.scored("nps", "stage", NOW).to_pylist()}
    assert counted == {("new", 3.0): 1, ("steady", 10.0): 2}
    assert peopled.scored("ces", "stage", NOW).num_rows == 0
    peopled.put_survey(SurveyState("nps", 1, "live", starter()[0], NOW, "me"), over=0)
    sent = {"status": "sent", "sent_at": NOW}
    peopled.add_messages(
        [message(1, **sent, answered_at=NOW + HOUR), message(2, "b", **sent), message(3, "c", **sent), message(4, "c")]
    )
    day = timedelta(days=1)
    found = {
        r["part"]: (r["asked"], r["answered"]) for r in peopled.responded(["nps"], "stage", NOW, NOW + day).to_pylist()
    }
    assert found == {"new": (1, 1), "steady": (2, 0)}
    assert peopled.responded(["nps"], "stage", NOW - day, NOW - HOUR).num_rows == 0
    assert peopled.responded([], "stage", NOW, NOW + day).num_rows == 0


# --- what carries decisions out ---------------------------------------------------------------------------------------

CARRIED = message(7, kind="decision", subject="d1", channel="call", address="")


@pytest.fixture
def approved(peopled: SqlState) -> SqlState:
    """A decision about Ada that was approved, with the message that carries it out."""
    peopled.save_decisions(DAY, "daily", met(("s1", "{}")), chosen({"decision_id": "d1", "customer_id": "a"}))
    mark(peopled, "proposed", "approved", CARRIED)
    return peopled


def mark(state: SqlState, before: str, status: str, carries: Message | None = None) -> list[str]:
    row = {"identifier": "id:1", "action": "call", "status": "deferred" if status == "proposed" else status}
    event = own.envelope("contacts", f"{before} {status}", NOW, row)
    return state.mark([Mark("d1", before, status, "", event, carries)], {}, by="ada", at=NOW)


def stands(state: SqlState) -> tuple[str, str]:
    decision, found = state.decision("d1"), state.message(CARRIED.message_id)
    assert decision
    assert found
    return decision["status"], found.status


def test_a_message_follows_its_decision(approved: SqlState) -> None:
    """Taken back it is dropped, approved again it waits under the same id, done by hand it is given; never twice."""
    assert stands(approved) == ("approved", "waiting")
    mark(approved, "approved", "proposed")
    assert stands(approved) == ("proposed", "dropped")
    again = replace(CARRIED, due_at=NOW + 9 * HOUR)
    mark(approved, "proposed", "approved", again)
    assert approved.message(CARRIED.message_id) == again
    mark(approved, "approved", "sent")
    assert stands(approved) == ("sent", "given")
    mark(approved, "sent", "approved", CARRIED)
    assert stands(approved) == ("approved", "given")


def test_a_decision_goes_on_in_its_course_and_never_back(approved: SqlState) -> None:
    """What is settled or heard of its message moves it on; what is late, and what came after a veto, moves nothing."""
    for became, status in (("sent", "sent"), ("clicked", "clicked"), ("delivered", "clicked"), ("failed", "clicked")):
        sent = replace(CARRIED, status="sent", sent_at=NOW)
        assert approved.settle_message(sent, [], {}, became=became, anyhow=True)
        assert stands(approved) == (status, "sent")
    assert not approved.settle_message(replace(CARRIED, status="dropped"), [], {}, became="dismissed")
    mark(approved, "clicked", "vetoed")
    approved.settle_message(replace(CARRIED, status="sent"), [], {}, became="answered", anyhow=True)
    assert stands(approved)[0] == "vetoed"


def test_only_one_is_handed_a_message(approved: SqlState) -> None:
    """Of two who saw it waiting the quicker has it; it is due again when its time is over."""
    pulled = replace(CARRIED, status="pulled", due_at=NOW + 20 * HOUR, tries=1)
    assert approved.hand_over(CARRIED, pulled)
    assert not approved.hand_over(CARRIED, replace(pulled, tries=2))
    assert approved.due(NOW + 19 * HOUR, ["call"], 5) == []
    assert approved.due(NOW + 20 * HOUR, ["call"], 5) == [pulled]


def test_one_dead_letter_or_all(approved: SqlState) -> None:
    """A decision whose message waits again is approved again."""
    approved.add_messages([message(1, status="failed", tries=10)])
    failed = replace(CARRIED, status="failed", tries=3, why="gone")
    assert approved.settle_message(failed, [], {}, became="failed")
    assert [one.message_id for one in approved.messages(("failed",), 9)] == [CARRIED.message_id, message(1).message_id]
    assert approved.replay(NOW, "0" * 16) == 0
    assert approved.replay(NOW, CARRIED.message_id) == 1
    assert stands(approved) == ("approved", "waiting")
    assert approved.replay(NOW) == 1


def test_addresses_are_blanked_once_settled(peopled: SqlState) -> None:
    """By when it was sent, else due; what waits, is with whoever delivers it, or failed keeps its address."""
    kept = [message(n, status=status) for n, status in enumerate(("waiting", "pulled", "failed"), 1)]
    gone = [message(4, status="sent", sent_at=NOW), message(5, status="dropped"), message(6, status="given")]
    late = message(8, status="sent", sent_at=NOW + 9 * HOUR)
    peopled.add_messages([*kept, *gone, late])
    peopled.forget_addresses(NOW + 8 * HOUR)
    for one in (*kept, late):
        assert peopled.message(one.message_id) == one
    for one in gone:
        assert peopled.message(one.message_id) == replace(one, address="")
