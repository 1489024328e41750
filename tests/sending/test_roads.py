"""Every road that a decision leaves by, through one suite: mail, webhook, Slack, file in two forms, and pull."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.channels.test_webhook import SECRET, answering
from tests.mailbox import Mailbox
from tests.people.conftest import OWNER, PROGRAM
from tests.sending.conftest import Asking

from openchair.chair.acting.delivering import WAITS
from openchair.chair.intake import own
from openchair.chair.ports import Channel
from openchair.channels.folder import Folder
from openchair.channels.mail import Mail
from openchair.channels.slack import Slack
from openchair.channels.webhook import Webhook
from openchair.core.settings import ROAD_NAMES

MEMBER = 4


@dataclass
class Other:
    """The other end of a road: the ids of what came in, in order, and how to break it."""

    channel: str
    road: Channel | None
    ids: Callable[[], list[str]]
    break_: Callable[[], Any]
    mend: Callable[[], Any]
    once: bool = False
    """Whether nothing comes in twice even where the process is killed."""
    pulled: list[str] = field(default_factory=list)


def mail(stack: ExitStack, tmp: Path, mailbox: tuple[Mailbox, str]) -> Other:
    box, url = mailbox
    return Other(
        "e-mail", Mail(url, "Snack & Co"),
        ids=lambda: [str(one["Message-ID"])[1:17] for one in box.letters],
        break_=lambda: setattr(box, "answer", "451 come again"),
        mend=lambda: setattr(box, "answer", ""),
    )  # fmt: skip


def webhook(stack: ExitStack, tmp: Path, mailbox: tuple[Mailbox, str]) -> Other:
    there = stack.enter_context(answering())
    return Other(
        "webhook", Webhook(there.url, SECRET, True, lambda: datetime.now(UTC)),
        ids=lambda: [headers["webhook-id"][4:] for _, headers, _ in there.got] if there.status < 300 else [],
        break_=lambda: setattr(there, "status", 500),
        mend=lambda: (there.got.clear(), setattr(there, "status", 204)),
    )  # fmt: skip


def slack(stack: ExitStack, tmp: Path, mailbox: tuple[Mailbox, str]) -> Other:
    there = stack.enter_context(answering())
    return Other(
        "call", Slack(there.url, True),
        ids=lambda: [json.loads(body)["text"][-16:] for _, _, body in there.got] if there.status < 300 else [],
        break_=lambda: setattr(there, "status", 429),
        mend=lambda: (there.got.clear(), setattr(there, "status", 200)),
    )  # fmt: skip


def _folder(form: str, channel: str, read: Callable[[str], list[dict[str, str]]]) -> Callable[..., Other]:
    def made(stack: ExitStack, tmp: Path, mailbox: tuple[Mailbox, str]) -> Other:
        drop = tmp / "drop"
        drop.mkdir()

        def ids() -> list[str]:
            files = sorted(drop.glob("openchair-*")) if drop.is_dir() else []
            return [row["message_id"] for file in files for row in read(file.read_text("utf-8"))]

        return Other(
            channel, Folder(drop, form, lambda: datetime.now(UTC)), ids,
            break_=lambda: drop.rename(tmp / "away"), mend=lambda: (tmp / "away").rename(drop), once=True,
        )  # fmt: skip

    return made


def pull(stack: ExitStack, tmp: Path, mailbox: tuple[Mailbox, str]) -> Other:
    return Other("person", None, ids=list, break_=lambda: None, mend=lambda: None)


ENDS: dict[str, Callable[..., Other]] = {
    "mail": mail,
    "webhook": webhook,
    "slack": slack,
    "file as csv": _folder("csv", "letter", lambda text: [*csv.DictReader(text.splitlines())]),
    "file as jsonl": _folder("jsonl", "parcel", lambda text: [json.loads(line) for line in text.splitlines()]),
    "none, pulled": pull,
}


@pytest.fixture(params=ENDS)
def end(
    request: pytest.FixtureRequest, acting: Asking, tmp_path: Path, mailbox: tuple[Mailbox, str]
) -> Iterator[Other]:
    """The other end of each road, in turn, with the shop that has this one road."""
    with ExitStack() as stack:
        other = ENDS[request.param](stack, tmp_path, mailbox)
        if other.road is None:
            other.ids = lambda: other.pulled
        else:
            acting.chair = replace(acting.chair, channels={other.channel: other.road})
        yield other


def carried(shop: Asking, end: Other) -> None:
    """One round: of delivering, or of another system that pulls, delivers and says so."""
    if end.road is not None:
        shop.chair.delivering.deliver()
        return
    for letter in shop.chair.delivering.pull(end.channel, limit=10, seconds=60):
        end.pulled.append(letter.message_id)
        shop.chair.delivering.report(letter.message_id, "sent", by=PROGRAM)


def test_each_road_is_here() -> None:
    """Six ends, of every name that the setting roads may give."""
    assert len(ENDS) == 6
    assert {re.split("[ ,]", name)[0] for name in ENDS} == {*ROAD_NAMES}


def test_an_approved_decision_arrives_once(acting: Asking, end: Other) -> None:
    """It leaves under its id, is marked with the contact that it is, and is not sent again."""
    one = acting.approved(MEMBER, end.channel)
    assert acting.status(MEMBER, end.channel) == ("approved", "waiting")
    for _ in range(2):
        carried(acting, end)
    assert end.ids() == [one]
    assert acting.status(MEMBER, end.channel) == ("sent", "sent")
    said = acting.chair.state.said("contacts", acting.id(MEMBER))
    assert [row["status"] for row in said] == ["approved", "sent"]
    assert {(row["decision_id"], row["channel"], row["pillar"]) for row in said} == {
        (acting.chair.state.message(one).subject, end.channel, "service")  # type: ignore[union-attr]
    }
    assert acting.chair.people.dossier(acting.id(MEMBER), by=OWNER).attention.contacts == 1


def test_killed_before_the_mark_it_comes_under_the_same_id(
    acting: Asking, end: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a road takes twice can be told by its id; a file never holds it twice, nor in two files."""
    one = acting.approved(MEMBER, end.channel)

    class Killed(BaseException):
        """What no handler catches."""

    state = type(acting.chair.state)
    with monkeypatch.context() as patched:
        patched.setattr(state, "settle_message", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with suppress(Killed):
            carried(acting, end)
    assert acting.status(MEMBER, end.channel)[0] == "approved"
    acting.clock.on(minutes=2)
    carried(acting, end)
    carried(acting, end)
    assert {*end.ids()} == {one}
    assert len(end.ids()) == (1 if end.once else 2)
    assert acting.status(MEMBER, end.channel) == ("sent", "sent")


def test_a_no_in_the_meantime_stops_it(acting: Asking, end: Other) -> None:
    """Consent and hard rules are asked again as it leaves, by whatever road; nothing arrives, and it is said why."""
    one = acting.approved(MEMBER, end.channel)
    no = {"identifier": f"id:member-{MEMBER}", "name": "consent.service", "value": "no"}
    no |= {"said_by": "customer", "confidence": 1.0}
    event = own.envelope("traits", "no", acting.clock(), no)
    # Nobody lets it bind: the message itself must ask.
    acting.chair.state.record([event], {"traits": own.table("traits", event)})
    assert acting.status(MEMBER, end.channel) == ("approved", "waiting")
    carried(acting, end)
    assert end.ids() == []
    assert acting.status(MEMBER, end.channel) == ("dismissed", "dropped")
    assert acting.chair.state.message(one).why == "no consent for this purpose on this channel"  # type: ignore[union-attr]


def test_who_was_erased_gets_nothing(acting: Asking, end: Other) -> None:
    """What waited for them is gone with them."""
    one = acting.approved(MEMBER, end.channel)
    acting.chair.privacy.erase(acting.id(MEMBER), by=OWNER)
    carried(acting, end)
    assert end.ids() == []
    assert acting.chair.state.message(one) is None


def test_what_cannot_go_waits_is_given_up_and_goes_when_it_is_asked_for(acting: Asking, end: Other) -> None:
    """While the other end fails it waits; in the end it is a dead letter with its reason; replayed, it arrives."""
    one = acting.approved(MEMBER, end.channel)
    end.break_()
    if end.road is None:
        assert acting.chair.delivering.pull(end.channel, limit=1, seconds=60)[0].message_id == one
        assert acting.chair.delivering.report(one, "failed", by=PROGRAM, why="nobody at home") == "failed"
    else:
        carried(acting, end)
        assert acting.status(MEMBER, end.channel) == ("approved", "waiting")
        with acting.chair.state._database.write() as connection:  # type: ignore[attr-defined]
            connection.exec_driver_sql(f"UPDATE outbox SET tries = {len(WAITS)}")
        acting.clock.on(seconds=WAITS[0].seconds + 1)
        carried(acting, end)
    assert acting.status(MEMBER, end.channel) == ("failed", "failed")
    (dead,) = acting.chair.delivering.failed()
    assert (dead.message_id, dead.kind, dead.channel) == (one, "decision", end.channel)
    assert dead.why
    assert acting.chair.people.dossier(acting.id(MEMBER), by=OWNER).attention.contacts == 0
    end.mend()
    assert acting.chair.delivering.replay(one, by=OWNER) == 1
    assert acting.status(MEMBER, end.channel) == ("approved", "waiting")
    carried(acting, end)
    assert end.ids() == [one]
    assert acting.status(MEMBER, end.channel) == ("sent", "sent")
    assert acting.chair.delivering.failed() == ()
