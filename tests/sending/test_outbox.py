"""The outbox, as cases: judged again as it sends, tried again, never twice once it is marked, given up for a reason."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.people.conftest import CUSTOMER, OWNER, STAFF
from tests.sending.conftest import Asking, Road

from openchair.chair.acting.delivering import WAITS
from openchair.chair.acting.views import Delivery
from openchair.chair.actor import Actor
from openchair.chair.lease import DELIVER, held
from openchair.chair.listening.asking.surveys import SurveyRefused
from openchair.chair.ports import Letter, NoMore, NotSent, Undeliverable, Unreachable
from openchair.core.errors import Conflict, NotAllowed
from openchair.decisions import guard


def one_waiting(shop: Asking) -> str:
    """Whom the only message that waits is for."""
    shop.chair.sending.send("nps", by=OWNER, limit=1)
    (who,) = shop.messages()
    return who


def test_what_was_sent_is_a_contact(shop: Asking) -> None:
    """It is marked, it is in the dossier, it weighs on their attention, and it is not sent again."""
    who = one_waiting(shop)
    before = shop.chair.people.dossier(who, by=STAFF).attention
    assert shop.chair.delivering.deliver() == Delivery(sent=1)
    (letter,) = shop.road.letters
    message = shop.messages()[who]
    assert (message.status, message.tries, message.sent_at) == (
        "sent",
        1,
        pytest.approx(shop.clock.now, abs=timedelta(1)),
    )
    assert letter.message_id == message.message_id
    (contact,) = shop.chair.state.said("contacts", who)
    assert (contact["action"], contact["channel"], contact["status"]) == ("survey:nps", "e-mail", "sent")
    after = shop.chair.people.dossier(who, by=STAFF).attention
    assert (before.spent, after.spent) == (0.0, 1.0)
    row = shop.chair.state.customer(who)
    assert row is not None
    assert row["resting"] == "asking-nps"
    assert shop.chair.delivering.deliver() == Delivery()
    assert len(shop.road.letters) == 1
    assert shop.chair.surveys.get("nps").sent == 1


def test_a_no_in_the_meantime_stops_it(shop: Asking) -> None:
    """Between queueing and sending they withdrew: nothing goes, and the message says why."""
    who = one_waiting(shop)
    shop.chair.people.agree(who, "research", "e-mail", "no", by=CUSTOMER)
    assert shop.chair.delivering.deliver().dropped == 1
    assert shop.road.tried == 0
    message = shop.messages()[who]
    assert (message.status, message.why) == ("dropped", "no consent for this purpose on this channel")


def test_a_no_that_is_not_in_history_yet_stops_it_too(shop: Asking) -> None:
    """What arrived by event and was moved to history binds the message that waits."""
    who = one_waiting(shop)
    name = next(n for n in range(20) if shop.id(n) == who)
    traits = {"consent.email.research": "no"}
    shop.send({"type": "identify", "userId": f"member-{name}", "traits": traits, "context": {"said_by": "customer"}})
    assert shop.chair.delivering.deliver().dropped == 1
    assert shop.road.letters == []


def test_quiet_hours_put_it_off_until_they_end(shop: Asking) -> None:
    """At ten in the evening it waits, until eight where the customer is."""
    who = one_waiting(shop)
    shop.chair.people.attend(who, timezone="Asia/Karachi", by=CUSTOMER)
    shop.clock.now = shop.clock.now.replace(hour=17, minute=0)  # ten in the evening there
    report = shop.chair.delivering.deliver()
    assert (report.later, report.why) == (1, {"these are their quiet hours": 1})
    assert shop.messages()[who].due_at.isoformat() == "2026-07-02T03:00:00+00:00"
    shop.clock.on(hours=9)
    assert shop.chair.delivering.deliver() == Delivery()
    shop.clock.on(hours=2)
    assert shop.chair.delivering.deliver().sent == 1


def test_what_cannot_go_for_two_weeks_is_dropped(shop: Asking) -> None:
    """We kept writing of other things; after a fortnight nobody wants to be asked about it any more."""
    who = one_waiting(shop)
    name = next(n for n in range(20) if shop.id(n) == who)
    for _ in range(9):
        shop.contact(f"member-{name}", "webhook")
        shop.chair.delivering.deliver()
        if shop.messages()[who].status == "dropped":
            break
        shop.clock.now = shop.messages()[who].due_at + timedelta(hours=10)
    assert shop.messages()[who].why == "contacted too recently, for 14 days"
    assert shop.road.letters == []


def test_ten_tries_over_three_days_then_it_is_given_up(shop: Asking) -> None:
    """Each wait is longer than the last; the reason stays; tried again it goes under the same id."""
    assert sum(WAITS, timedelta()) / timedelta(hours=1) == pytest.approx(75.6, abs=0.1)
    assert list(WAITS) == sorted(WAITS)
    who = one_waiting(shop)
    before = shop.messages()[who].message_id
    shop.road.wrong = [NotSent("mail", bound=f"busy {n}") for n in range(10)]
    for tries in range(1, 11):
        report = shop.chair.delivering.deliver()
        message = shop.messages()[who]
        assert message.tries == tries
        assert f"busy {tries - 1}" in message.why
        assert (report.later, report.failed) == ((1, 0) if tries < 10 else (0, 1))
        if tries < 10:
            assert message.due_at - shop.clock.now == pytest.approx(WAITS[tries - 1], abs=timedelta(seconds=1))
            shop.clock.now = message.due_at
            if not 8 <= shop.clock.now.hour < 21:  # the night is no time to try
                shop.clock.now += timedelta(hours=12)
    assert shop.messages()[who].status == "failed"
    assert shop.chair.delivering.deliver() == Delivery()
    assert shop.chair.delivering.replay(by=OWNER) == 1
    assert shop.chair.delivering.deliver().sent == 1
    assert [one.message_id for one in shop.road.letters] == [before]


def test_what_nobody_will_ever_take_is_given_up_at_once(shop: Asking) -> None:
    """No such mailbox: one try, and others go on."""
    shop.chair.sending.send("nps", by=OWNER, limit=3)
    shop.road.wrong = [Undeliverable("mail", bound="550 no such user")]
    report = shop.chair.delivering.deliver()
    assert (report.sent, report.failed) == (2, 1)
    assert [one.why for one in shop.messages().values() if one.status == "failed"] == ["mail: 550 no such user."]


def test_a_server_that_is_gone_is_asked_once_a_round(shop: Asking) -> None:
    """Where nothing gets through, one message is tried and the others keep all their tries."""
    shop.chair.sending.send("nps", by=OWNER, limit=5)
    shop.road.wrong = [Unreachable("mail", bound="refused")]
    assert shop.chair.delivering.deliver().later == 1
    assert shop.road.tried == 1
    assert sorted(one.tries for one in shop.messages().values()) == [0, 0, 0, 0, 1]
    shop.clock.on(minutes=1)
    assert shop.chair.delivering.deliver().sent == 5


def test_who_wants_nothing_more_is_asked_no_more(shop: Asking) -> None:
    """After a 410 the road is closed until somebody opens it again, or it leads elsewhere."""
    shop.chair.sending.send("nps", by=OWNER, limit=3)
    shop.road.wrong = [NoMore("webhook", bound="answered 410")]
    assert shop.chair.delivering.deliver().failed == 1
    assert shop.chair.delivering.deliver() == Delivery()
    assert shop.road.tried == 1
    shop.road.target = "another road"
    assert shop.chair.delivering.deliver().sent == 2
    assert shop.chair.delivering.replay(by=OWNER) == 1
    assert shop.chair.delivering.deliver().sent == 1


def test_killed_before_the_mark_it_goes_once_more_under_its_id(shop: Asking) -> None:
    """At least once: the letter that was given away unmarked is given again, and can be told by its id."""
    who = one_waiting(shop)

    class Killed(BaseException):
        """What no handler catches."""

    given = shop.road.send

    def send(letter: Letter) -> None:
        given(letter)
        if len(shop.road.letters) == 1:
            raise Killed

    shop.road.send = send  # type: ignore[method-assign]
    with pytest.raises(Killed):
        shop.chair.delivering.deliver()
    assert shop.messages()[who].status == "waiting"
    assert shop.chair.delivering.deliver().sent == 1
    assert shop.chair.delivering.deliver() == Delivery()
    assert len({one.message_id for one in shop.road.letters}) == 1
    assert len(shop.road.letters) == 2
    assert len(shop.chair.state.said("contacts", who)) == 1


def test_a_closed_survey_and_a_changed_address_drop_it(shop: Asking) -> None:
    """What is asked no more is not sent; neither is what would reach somebody else."""
    shop.chair.sending.send("nps", by=OWNER, limit=2)
    first, second = shop.messages()
    message = shop.messages()[first]
    table = "UPDATE outbox SET address = 'm99@example.org' WHERE message_id = ?"
    with shop.chair.state._database.write() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(table, (message.message_id,))
    assert shop.chair.delivering.deliver().sent == 1
    assert shop.messages()[first].why == "the address is theirs no more"
    assert shop.messages()[second].status == "sent"
    shop.chair.sending.send("nps", by=OWNER, limit=1)
    shop.chair.surveys.close("nps", by=OWNER)
    assert shop.chair.delivering.deliver().why == {"the survey is closed": 1}


def test_an_erased_person_gets_nothing(shop: Asking) -> None:
    """With them goes what waited for them."""
    who = one_waiting(shop)
    shop.chair.privacy.erase(who, by=OWNER)
    assert shop.messages() == {}
    assert shop.chair.delivering.deliver() == Delivery()


def test_only_one_delivers(shop: Asking) -> None:
    """While one process delivers another is told so; both together send each message once."""
    shop.chair.sending.send("nps", by=OWNER, limit=20)
    with held(shop.chair.state, DELIVER, shop.clock), pytest.raises(Conflict, match="one at a time"):
        shop.chair.delivering.deliver()

    def run() -> None:
        with suppress(Conflict):
            shop.chair.delivering.deliver()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shop.road.letters) == 20 == len({one.message_id for one in shop.road.letters})


def test_leaving_is_a_no_of_their_own(shop: Asking) -> None:
    """Looking changes nothing; sure, it is their no to being asked by e-mail, for every survey, also a closed one."""
    who = one_waiting(shop)
    shop.chair.delivering.deliver()
    token = shop.road.letters[0].link[1].rsplit("/", 1)[1]
    shop.chair.surveys.close("nps", by=OWNER)
    shop.clock.on(days=400)

    def said() -> list[tuple[str, str]]:
        rows = shop.chair.state.said("traits", who)
        return [(row["value"], row["said_by"]) for row in rows if row["name"] == "consent.e-mail.research"]

    shop.chair.delivering.leave(token, sure=False)
    assert said() == []
    for _ in range(2):
        shop.chair.delivering.leave(token, sure=True)
    assert said() == [("no", "customer")]
    assert shop.chair.people.dossier(who, by=Actor("me", "owner")).customer.customer_id == who
    with pytest.raises(SurveyRefused):
        shop.chair.delivering.leave(token[:-6] + "AAAAA=", sure=True)


def test_a_webhook_carries_who_it_is_for(shop: Asking) -> None:
    """By webhook no address is needed: the other system knows them by the shop's own id."""
    road = Road()
    shop.chair = replace(shop.chair, channels={"webhook": road})
    for n in (3, 28):
        shop.chair.people.agree(f"member-{n}", "research", "any", "yes", by=CUSTOMER)
    report = shop.chair.sending.send("nps", by=OWNER, limit=30, channel="webhook")
    assert report.chosen == 2
    assert shop.chair.delivering.deliver().sent == 2
    assert {letter.to for letter in road.letters} == {"id:member-3", "id:member-28"}


SAID = (
    ("consent.email.research", "no"), ("consent.research", "no"), ("consent.email.research", "yes"),
    ("no_email", "true"), ("forbid", "no e-mail"), ("attention", "nothing"), ("attention", "important"),
    ("attention", "less"), ("attention", "normal"), ("quiet_hours", "9-18"), ("timezone", "Asia/Tokyo"),
    ("allergies", "peanuts"), ("diet", "vegan"), ("consent.profiling", "no"),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_sent_to_whom_the_guard_refuses(shop: Asking, seed: int) -> None:
    """Whatever is said and done between choosing and sending, by whomever: who gets a letter is one who is clear."""
    rng = np.random.default_rng(seed)
    shop.chair.sending.send("nps", by=OWNER, limit=20)
    waiting = shop.messages()
    for who in waiting:
        for name, value in (SAID[n] for n in rng.integers(len(SAID), size=rng.integers(0, 3))):
            with suppress(NotAllowed):
                shop.chair.people.say(who, name, value, by=(CUSTOMER, OWNER, STAFF)[rng.integers(3)])
        if rng.random() < 0.3:
            member = next(n for n in range(20) if shop.id(n) == who)
            shop.contact(f"member-{member}", ("webhook", "e-mail", "call")[rng.integers(3)])
    thing = guard.Thing("survey:nps", channel="e-mail", purpose="research", idea="asking-nps")
    clear = {who for who in waiting if shop.chair.people.clear(who, "survey", [thing], by=OWNER)[0].verdict == "clear"}
    shop.chair.delivering.deliver()
    sent = {who for who, message in shop.messages().items() if message.status == "sent"}
    assert sent == clear
    assert 0 < len(clear) < len(waiting)
    assert len(shop.road.letters) == len(sent)
    assert all(message.why for who, message in shop.messages().items() if who not in sent)
