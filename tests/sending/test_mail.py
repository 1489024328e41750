"""A survey by mail, from the outbox over a real mail server to the customer's click, and out with one click more."""

import re
import time
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

import httpx
import pytest
from tests.mailbox import Mailbox
from tests.people.conftest import OWNER
from tests.sending.conftest import Asking
from tests.server.conftest import listening

from openchair.chair.ports import Undeliverable
from openchair.channels.mail import Mail
from openchair.core.settings import ROADS
from openchair.dossier.rules import Channel
from openchair.server import schedule
from openchair.server.app import create_app, state_of


@pytest.fixture
def posting(shop: Asking, mailbox: tuple[Mailbox, str]) -> Asking:
    """The shop with mail."""
    shop.chair = replace(shop.chair, channels={"e-mail": Mail(mailbox[1], "Snack & Co")})
    return shop


def page_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_a_survey_arrives_in_each_language(posting: Asking, mailbox: tuple[Mailbox, str]) -> None:
    """Text and page, eleven scores that lead to the invitation, the language and its direction, and a way to leave."""
    posting.chair.sending.send("nps", by=OWNER, limit=20)
    assert posting.chair.delivering.deliver().sent == 20
    by_language: dict[str, EmailMessage] = {str(one["Content-Language"]): one for one in mailbox[0].letters}
    assert by_language.keys() == {"en", "ur", "th"}
    survey = posting.chair.surveys.get("nps").definition
    for language, letter in by_language.items():
        assert letter["Subject"] == survey.title[language]
        assert re.fullmatch(r"<[0-9a-f]{16}@127\.0\.0\.1>", letter["Message-ID"])
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        leave = letter["List-Unsubscribe"].strip("<>")
        assert leave.startswith("http://127.0.0.1:8010/survey/")
        assert leave.endswith("/unsubscribe")
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Date"]
        assert letter.get_content_type() == "multipart/alternative"
        page, text = page_of(letter), str(letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        way = "rtl" if language == "ur" else "ltr"
        assert f'<html lang="{language}" dir="{way}">' in page
        assert survey.questions[0].text[language] in page
        assert survey.questions[0].text[language] in text
        assert leave in text
        where = leave.removesuffix("/unsubscribe")
        assert [f"{where}?score={n}" in page for n in range(11)] == [True] * 11
        assert f"{where}?trap=1" in page
        assert "prefers-color-scheme: dark" in page
        assert "<img" not in page
        assert len(letter.as_bytes()) < 30_000


def test_one_click_and_they_are_asked_no_more(posting: Asking, mailbox: tuple[Mailbox, str]) -> None:
    """A mail program posts without signing in and without a page of ours; a scanner that only looks changes nothing."""
    posting.chair.sending.send("nps", by=OWNER, limit=20)
    posting.chair.delivering.deliver(limit=1)
    (letter,) = mailbox[0].letters
    path = letter["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8010")
    who = next(one for one, message in posting.messages().items() if message.status == "sent")
    app = create_app(posting.chair, state_of(posting.chair).access, posting.chair.settings)

    def said() -> list[str]:
        rows = posting.chair.state.said("traits", who)
        return [row["value"] for row in rows if row["name"] == "consent.e-mail.research"]

    with listening(app) as url, httpx.Client(base_url=url) as client:
        looked = client.get(path)
        assert looked.status_code == 200
        assert "<form" in looked.text
        assert said() == []
        clicked = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200
        assert said() == ["no"]
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert said() == ["no"]
        forged = client.post("/survey/AAAA/unsubscribe", data={"List-Unsubscribe": "One-Click"})
        assert forged.status_code == 404
        # The exception is for this one address: a survey is answered from its own page.
        assert client.post(path.removesuffix("/unsubscribe"), data={"q.recommend": "9"}).status_code == 403


def test_the_server_delivers_by_itself(
    posting: Asking, mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits goes out while the server runs, without anybody asking."""
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.05)
    posting.chair.sending.send("nps", by=OWNER, limit=4)
    app = create_app(posting.chair, state_of(posting.chair).access, posting.chair.settings)
    with listening(app):
        until = time.monotonic() + 30
        while len(mailbox[0].letters) < 4 and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.2)
    assert len(mailbox[0].letters) == 4


@pytest.mark.parametrize(
    ("answer", "status", "tries"), [("550 no such user", "failed", 1), ("451 greylisted, come again", "waiting", 1)]
)
def test_what_the_mail_server_says_decides(
    posting: Asking, mailbox: tuple[Mailbox, str], answer: str, status: str, tries: int
) -> None:
    """A no for good is given up at once with its reason; a no for now is tried again."""
    mailbox[0].answer = answer
    posting.chair.sending.send("nps", by=OWNER, limit=1)
    posting.chair.delivering.deliver()
    (message,) = posting.messages().values()
    assert (message.status, message.tries) == (status, tries)
    assert answer[4:] in message.why
    mailbox[0].answer = ""
    posting.clock.on(minutes=6)
    posting.chair.delivering.replay(by=OWNER)
    assert posting.chair.delivering.deliver().sent == 1


def test_an_address_that_is_none_is_given_up(mailbox: tuple[Mailbox, str], posting: Asking) -> None:
    """A line break in an address adds no header: nothing is sent."""
    mail = posting.chair.channels["e-mail"]
    posting.chair.sending.send("nps", by=OWNER, limit=1)
    posting.chair.delivering.deliver()
    assert isinstance(mail, Mail)
    with pytest.raises(Undeliverable):
        mail.begun("a@example.org\nBcc: b@example.org", "Hello")
    assert len(mailbox[0].letters) == 1


def test_the_home_sets_its_roads_up(posting: Asking, mailbox: tuple[Mailbox, str], tmp_path: Path) -> None:
    """The settings smtp, webhook_url, slack_url and drop_folder are roads; without them there are none."""
    from openchair.cli.wiring import init_home, open_home

    init_home(tmp_path / "bare", {"name": "Bare"})
    assert open_home(tmp_path / "bare").channels == {}
    assert {*ROADS} == {*get_args(Channel)}
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    both = {"smtp": mailbox[1], "webhook_url": "https://hook.example/x", "webhook_secret": secret}

    def roads(name: str, **given: str) -> dict[str, str]:
        init_home(tmp_path / name, {"name": name, **given})
        return {channel: road.target for channel, road in open_home(tmp_path / name).channels.items()}

    hook = {"webhook": "https://hook.example/x", "message": "https://hook.example/x"}
    assert roads("both", **both) == {"e-mail": mailbox[1], **hook}
    slack = {"slack_url": "https://hooks.slack.example/services/T/B/secret"}
    by_hand = dict.fromkeys(("person", "call", "parcel", "letter"), "https://hooks.slack.example/..")
    assert roads("slack", **slack) == by_hand
    drop = {"drop_folder": str(tmp_path / "drop")}
    assert roads("drop", **drop) == dict.fromkeys(("parcel", "letter"), str(tmp_path / "drop"))
    assert roads("own", **slack, **drop, roads="letter=slack, parcel=none") == {
        name: where for name, where in by_hand.items() if name != "parcel"
    }
