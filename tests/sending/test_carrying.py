"""Decisions that leave, as cases: when, to whom, in which words; taken back, done by hand, and reported of."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.mailbox import Mailbox
from tests.people.conftest import CUSTOMER, OWNER, PROGRAM, STAFF
from tests.sending.conftest import ACTIONS, Asking, Road
from tests.sending.test_mail import page_of

from openchair.chair.acting.carrying import KEPT_DAYS
from openchair.chair.acting.delivering import ADDRESS_DAYS
from openchair.chair.acting.views import Delivery
from openchair.channels.folder import Folder
from openchair.channels.mail import Mail
from openchair.core.errors import BadInput, Conflict, NotFound

MEMBER = 5  # speaks Urdu
ENGLISH = 4


@pytest.fixture
def open_road(acting: Asking) -> Asking:
    """The shop with one road for every channel."""
    acting.road = Road()
    acting.chair = replace(acting.chair, channels={one.channel: acting.road for one in ACTIONS})
    return acting


def said(shop: Asking, n: int) -> list[str]:
    """Statuses of the contacts with a member, in the order of their times."""
    return [row["status"] for row in shop.chair.state.said("contacts", shop.id(n))]


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_a_letter_in_their_language_with_names_that_are_only_letters(
    acting: Asking, mailbox: tuple[Mailbox, str]
) -> None:
    """The catalogue's words in Urdu, from right to left; a name cannot become markup, a header or a placeholder."""
    acting.chair = replace(acting.chair, channels={"e-mail": Mail(mailbox[1], "Snack & Co")})
    evil = "<b>Eve</b> {shop}\nBcc: x@example.org"
    acting.chair.people.say(acting.id(ENGLISH), "name", evil, by=STAFF)
    acting.approved(MEMBER, "e-mail")
    acting.approved(ENGLISH, "e-mail")
    assert acting.chair.delivering.deliver().sent == 2
    by_language: dict[str, EmailMessage] = {str(one["Content-Language"]): one for one in mailbox[0].letters}
    urdu, english = by_language["ur"], by_language["en"]
    assert urdu["Subject"] == f"Member {MEMBER} کے لیے"
    assert '<html lang="ur" dir="rtl">' in page_of(urdu)
    assert "Bcc" not in english
    assert english["Subject"] == "For <b>Eve</b> {shop} Bcc: x@example.org"
    assert "&lt;b&gt;Eve&lt;/b&gt; {shop}" in page_of(english)
    assert "<p" in page_of(english).partition("here it is.")[0]
    assert "<a" not in page_of(english).partition("here it is.")[0]
    assert str(english["List-Unsubscribe"]).startswith("<http://127.0.0.1:8010/leave/")
    assert english["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_round_takes_one_connection(acting: Asking, mailbox: tuple[Mailbox, str]) -> None:
    """Twenty letters do not greet the mail server twenty times; one that is refused does not end the others."""
    acting.chair = replace(acting.chair, channels={"e-mail": Mail(mailbox[1], "Snack & Co")})
    for n in range(6):
        acting.approved(n, "e-mail")
    refused = acting.message_id(2, "e-mail")
    box, peers = mailbox[0], set()
    box.on_session = lambda session, letter: peers.add(session.peer)
    box.refuses = lambda letter: "550 no such user" if refused in letter["Message-ID"] else ""
    report = acting.chair.delivering.deliver()
    assert (report.sent, report.failed) == (5, 1)
    assert len(peers) == 1


def test_whoever_does_it_by_hand_is_told_why(open_road: Asking) -> None:
    """Three sentences and a page for person, call, parcel and letter, no other; where they live for the post."""
    for name, value in (("address", "1 Fig Lane"), ("city", "Lahore"), ("country", "PK")):
        open_road.chair.people.say(open_road.id(MEMBER), name, value, by=STAFF)
    for channel in ("call", "webhook", "letter"):
        open_road.approved(MEMBER, channel)
    open_road.chair.delivering.deliver()
    by_channel = {letter.channel: letter for letter in open_road.road.letters}
    call, webhook = by_channel["call"], by_channel["webhook"]
    assert len(call.why) == 3
    assert call.page == f"http://127.0.0.1:8010/customers/{open_road.id(MEMBER)}"
    assert (call.task, call.name, call.to) == ("Do it by call", f"Member {MEMBER}", f"id:member-{MEMBER}")
    assert (webhook.why, webhook.page) == ((), "")
    assert by_channel["letter"].address == "1 Fig Lane, Lahore, PK"
    assert call.address == webhook.address == ""


def test_it_waits_as_long_as_it_may_be_taken_back(open_road: Asking) -> None:
    """Four hours for this one; taken back within them nothing leaves, and approved again it has the same id."""
    one = open_road.approved(MEMBER, "message")
    decision = open_road.chair.state.message(one).subject  # type: ignore[union-attr]
    open_road.clock.on(hours=3.9)
    assert open_road.chair.delivering.deliver() == Delivery()
    open_road.chair.mark(decision, "proposed", "me")
    open_road.clock.on(hours=1)
    assert open_road.chair.delivering.deliver() == Delivery()
    assert open_road.status(MEMBER, "message") == ("proposed", "dropped")
    open_road.chair.mark(decision, "approved", "me")
    open_road.clock.on(hours=4.1)
    assert open_road.chair.delivering.deliver().sent == 1
    assert [letter.message_id for letter in open_road.road.letters] == [one]
    assert open_road.road.letters[0].action == "by-message"


def test_withdrawn_while_it_waits(open_road: Asking) -> None:
    """By whoever knows its id; what left cannot be, and what another system was given neither."""
    one = open_road.approved(MEMBER, "message")
    open_road.chair.delivering.withdraw(one, by=OWNER, why="a mistake")
    assert open_road.status(MEMBER, "message") == ("dismissed", "dropped")
    gone = open_road.approved(MEMBER, "webhook")
    open_road.chair.delivering.deliver()
    with pytest.raises(Conflict, match="sent"):
        open_road.chair.delivering.withdraw(gone, by=OWNER)
    open_road.chair = replace(open_road.chair, channels={})
    pulled = open_road.approved(MEMBER, "parcel")
    assert len(open_road.chair.delivering.pull("parcel", limit=5, seconds=60)) == 1
    with pytest.raises(Conflict, match="pulled"):
        open_road.chair.delivering.withdraw(pulled, by=OWNER)
    with pytest.raises(NotFound):
        open_road.chair.delivering.withdraw("0" * 16, by=OWNER)


def test_taken_back_as_it_leaves_it_has_left(open_road: Asking) -> None:
    """Whoever takes it back in the moment between sending and marking is told the truth: it is sent."""
    one = open_road.approved(MEMBER, "e-mail")
    given = open_road.road.send

    def send(letter: object) -> None:
        given(letter)  # type: ignore[arg-type]
        open_road.chair.delivering.withdraw(one, by=OWNER)

    open_road.road.send = send  # type: ignore[method-assign]
    open_road.chair.delivering.deliver()
    assert open_road.status(MEMBER, "e-mail") == ("sent", "sent")


def test_what_has_no_road_waits_for_the_team(acting: Asking) -> None:
    """It is listed with its decision until somebody marks it done, which is a contact; it is never sent besides."""
    one = acting.approved(MEMBER, "letter")
    assert acting.chair.delivering.deliver() == Delivery()
    (todo,) = acting.chair.delivering.by_hand()
    assert (todo.message_id, todo.channel, todo.decision.title) == (one, "letter", "Do it by letter")
    acting.chair.mark(todo.decision.decision_id, "sent", "sam")
    assert acting.chair.delivering.by_hand() == ()
    assert acting.status(MEMBER, "letter") == ("sent", "given")
    acting.chair = replace(acting.chair, channels={"letter": Road()})
    assert acting.chair.delivering.deliver() == Delivery()
    assert said(acting, MEMBER) == ["approved", "sent"]


def test_what_waited_too_long_or_has_nobody_to_go_to_is_dropped(open_road: Asking) -> None:
    """Two weeks later the day that it was right for is past; without an address there is no mail."""
    open_road.approved(MEMBER, "webhook")
    nowhere = open_road.approved(27, "e-mail")
    assert open_road.chair.delivering.deliver(limit=10).why == {"no e-mail address is known to be theirs": 1}
    assert open_road.chair.state.message(nowhere).status == "dropped"  # type: ignore[union-attr]
    open_road.chair = replace(open_road.chair, channels={})
    late, undone = open_road.approved(MEMBER, "call"), open_road.approved(MEMBER, "letter")
    open_road.clock.on(days=KEPT_DAYS, hours=-1)
    open_road.chair.delivering.forget()
    assert len(open_road.chair.delivering.by_hand()) == 2
    open_road.clock.on(hours=2)
    assert open_road.chair.delivering.pull("call", limit=5, seconds=60) == ()
    assert open_road.chair.state.message(late).why == "it waited for more than 14 days"  # type: ignore[union-attr]
    assert open_road.status(MEMBER, "call") == ("dismissed", "dropped")
    open_road.chair.delivering.forget()
    assert open_road.chair.delivering.by_hand() == ()
    assert open_road.chair.state.message(undone).status == "dropped"  # type: ignore[union-attr]


def test_a_file_cut_short_is_finished_though_nothing_is_due(
    acting: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after its letters were marked and before it had its name: the next round names it."""
    acting.chair = replace(acting.chair, channels={"letter": Folder(tmp_path, "csv", acting.clock)})
    one = acting.approved(MEMBER, "letter")

    class Killed(BaseException):
        """What no handler catches."""

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(Killed):
            acting.chair.delivering.deliver()
    assert acting.status(MEMBER, "letter") == ("sent", "sent")
    assert [*tmp_path.glob("openchair-*")] == []
    assert acting.chair.delivering.deliver() == Delivery()
    (file,) = tmp_path.glob("openchair-*")
    assert one in file.read_text("utf-8")


def test_a_round_that_cannot_be_finished_holds_up_no_other(acting: Asking, tmp_path: Path) -> None:
    """The folder went away under it: other roads go on, and it is finished once the folder is back."""
    road, drop = Road(), tmp_path / "drop"
    drop.mkdir()
    acting.chair = replace(acting.chair, channels={"letter": Folder(drop, "csv", acting.clock), "webhook": road})
    (drop / ".openchair.csv.part").mkdir()  # nothing can be read of it, nothing renamed
    acting.approved(MEMBER, "webhook")
    report = acting.chair.delivering.deliver()
    assert report.sent == 1
    assert any("drop_folder" in why for why in report.why)
    (drop / ".openchair.csv.part").rmdir()
    assert acting.chair.delivering.deliver() == Delivery()


# --- pulled -----------------------------------------------------------------------------------------------------------


def test_nobody_else_is_given_what_was_pulled(acting: Asking) -> None:
    """Until the seconds are over; then it is given out again under the same id, until somebody reports it."""
    one = acting.approved(MEMBER, "person")
    (letter,) = acting.chair.delivering.pull("person", limit=5, seconds=60)
    assert letter.message_id == one
    acting.clock.on(seconds=50)
    assert acting.chair.delivering.pull("person", limit=5, seconds=60) == ()
    assert acting.chair.delivering.by_hand() == ()
    acting.clock.on(seconds=20)
    assert [one.message_id for one in acting.chair.delivering.pull("person", limit=5, seconds=60)] == [one]
    assert acting.chair.delivering.report(one, "delivered", by=PROGRAM) == "sent"
    acting.clock.on(seconds=100)
    assert acting.chair.delivering.pull("person", limit=5, seconds=60) == ()
    assert said(acting, MEMBER) == ["approved", "sent", "delivered"]
    assert acting.status(MEMBER, "person") == ("delivered", "sent")


def test_what_cannot_be_pulled_is_refused(open_road: Asking) -> None:
    """A channel of nobody, one that has a road, too many at once, too short a time."""
    delivering = open_road.chair.delivering
    with pytest.raises(Conflict, match="roads"):
        delivering.pull("e-mail", limit=5, seconds=60)
    for channel, limit, seconds in (("pigeon", 5, 60), ("e-mail", 0, 60), ("e-mail", 5, 9), ("e-mail", 5, 10**6)):
        with pytest.raises(BadInput):
            delivering.pull(channel, limit=limit, seconds=seconds)


# --- what became of it ------------------------------------------------------------------------------------------------


def test_statuses_in_any_order_and_any_number(open_road: Asking) -> None:
    """Each is one fact however often it is told; what is heard late takes nothing back from the decision."""
    one = open_road.approved(MEMBER, "e-mail")
    open_road.chair.delivering.deliver()
    report, sent_at = open_road.chair.delivering.report, open_road.clock.now
    for status, hours in (
        ("opened", 5),
        ("delivered", 1),
        ("opened", 7),
        ("sent", 1),
        ("clicked", 6),
        ("delivered", 9),
    ):
        open_road.clock.now = sent_at + timedelta(hours=hours)
        assert report(f"msg_{one}", status, by=PROGRAM) == "sent"
    assert sorted(said(open_road, MEMBER)) == ["approved", "clicked", "delivered", "opened", "sent"]
    assert open_road.status(MEMBER, "e-mail") == ("clicked", "sent")
    assert report(one, "failed", by=PROGRAM) == "sent"  # it arrived: whoever says so now is late
    assert open_road.status(MEMBER, "e-mail") == ("clicked", "sent")
    assert open_road.chair.delivering.failed() == ()


def test_a_bounce_is_a_dead_letter_and_no_contact(open_road: Asking) -> None:
    """It left and did not arrive: none of their attention is taken, and it can be sent again."""
    one = open_road.approved(MEMBER, "e-mail")
    open_road.chair.delivering.deliver()
    assert open_road.chair.people.dossier(open_road.id(MEMBER), by=STAFF).attention.contacts == 1
    assert open_road.chair.delivering.report(one, "bounced", by=PROGRAM, why="550 \x00 full") == "failed"
    assert open_road.chair.people.dossier(open_road.id(MEMBER), by=STAFF).attention.contacts == 0
    (dead,) = open_road.chair.delivering.failed()
    assert (dead.message_id, dead.why, dead.sent_at is None) == (one, "550   full", False)
    assert open_road.status(MEMBER, "e-mail") == ("failed", "failed")
    assert open_road.chair.delivering.report(one, "opened", by=PROGRAM) == "sent"  # after all
    assert open_road.status(MEMBER, "e-mail") == ("opened", "sent")


@pytest.mark.parametrize("hours", [-1000, 1000])
def test_clocks_that_jump_are_kept_beside_what_can_be_true(open_road: Asking, hours: int) -> None:
    """A status of last month, or of next, is of the time it left, or of now; what was said stays with it."""
    one = open_road.approved(MEMBER, "e-mail")
    open_road.chair.delivering.deliver()
    sent_at = open_road.chair.state.message(one).sent_at  # type: ignore[union-attr]
    open_road.clock.on(hours=1)
    when = open_road.clock.now + timedelta(hours=hours)
    open_road.chair.delivering.report(one, "opened", by=PROGRAM, at=when)
    (row,) = [row for row in open_road.chair.state.said("contacts", open_road.id(MEMBER)) if row["status"] == "opened"]
    assert sent_at is not None
    assert sent_at < row["happened_at"] <= open_road.clock.now
    assert when.isoformat() in row["properties"]


def test_what_nobody_was_given_is_not_reported(open_road: Asking) -> None:
    """An id that is none, a message that still waits, one that was taken back, a status that is none."""
    report = open_road.chair.delivering.report
    for bad in ("f" * 16, "", "x", "\x00", "0123456789abcdeF", "a" * 10_000):
        with pytest.raises(NotFound):
            report(bad, "delivered", by=PROGRAM)
    waiting = open_road.approved(MEMBER, "e-mail")
    with pytest.raises(Conflict, match="waiting"):
        report(waiting, "delivered", by=PROGRAM)
    open_road.chair.delivering.withdraw(waiting, by=OWNER)
    with pytest.raises(Conflict, match="dropped"):
        report(waiting, "delivered", by=PROGRAM)
    with pytest.raises(BadInput, match="eaten"):
        report(waiting, "eaten", by=PROGRAM)
    assert said(open_road, MEMBER)[-1] == "dismissed"


# --- leaving, and forgetting ------------------------------------------------------------------------------------------


def test_leaving_is_a_no_to_that_purpose_and_channel(open_road: Asking) -> None:
    """Looking changes nothing; sure, it is their own no to service by e-mail, and stops what waits at once."""
    open_road.approved(MEMBER, "e-mail")
    open_road.chair.delivering.deliver()
    token = open_road.road.letters[0].leave[1].rsplit("/", 1)[1]
    assert open_road.chair.delivering.leave(token, sure=False) == ("decision", "ur-PK")
    waits = open_road.approved(MEMBER, "message")

    def told() -> dict[str, str]:
        rows = open_road.chair.state.said("traits", open_road.id(MEMBER))
        return {row["name"]: row["value"] for row in rows if row["said_by"] == "customer"}

    assert told() == {}
    for _ in range(2):
        open_road.chair.delivering.leave(token, sure=True)
    assert told() == {"consent.e-mail.service": "no"}
    assert open_road.chair.state.message(waits).status == "waiting"  # type: ignore[union-attr]  # another channel
    open_road.chair.people.agree(open_road.id(MEMBER), "service", "any", "no", by=CUSTOMER)
    assert open_road.status(MEMBER, "message") == ("dismissed", "dropped")


def test_addresses_of_long_ago_are_let_go_of(open_road: Asking) -> None:
    """A month after a survey went out the outbox knows no more where to; what waits or failed keeps its address."""
    open_road.chair.sending.send("nps", by=OWNER, limit=3)
    open_road.chair.delivering.deliver(limit=1)
    sent = [one for one in open_road.messages().values() if one.status == "sent"]
    assert all(one.address for one in open_road.messages().values())
    open_road.clock.on(days=ADDRESS_DAYS, hours=-1)
    open_road.chair.delivering.forget()
    assert all(one.address for one in open_road.messages().values())
    open_road.clock.on(hours=2)
    open_road.chair.delivering.forget()
    kept = {one.message_id: one.address for one in open_road.messages().values()}
    assert [one.message_id for one in sent] == [name for name, address in kept.items() if not address]
