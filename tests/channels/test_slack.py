"""Slack, against a real server on loopback: who, what, why, and nothing that is a mark of Slack's or an address."""

import json
from dataclasses import replace

import pytest
from tests.channels.test_paper import LETTER
from tests.channels.test_webhook import Other, other

from openchair.chair.ports import NoMore, NotSent, Undeliverable, Unreachable
from openchair.channels.slack import Slack

__all__ = ["other"]  # a fixture
TASK = replace(
    LETTER, kind="decision", channel="call", task="Call, and listen", name="Ada <!channel> & *Co*", page="http://s/c/1",
    why=("Nothing for 40 days.", "A call\nhas helped <others>.", "She told us."),
)  # fmt: skip


def test_who_what_why_and_where(other: Other) -> None:
    """Names are letters, whatever is in them; neither address nor what customers read is told."""
    other.status = 200
    Slack(other.url, True).send(TASK)
    ((_, headers, body),) = other.got
    said = json.loads(body)["text"]
    assert headers["content-type"] == "application/json"
    assert said.splitlines() == [
        "*Call, and listen*: Ada &lt;!channel&gt; &amp; ∗Co∗. By telephone.",
        "Nothing for 40 days. A call has helped &lt;others&gt;. She told us.",
        f"<http://s/c/1|Their page> · {TASK.message_id}",
    ]
    assert TASK.to not in said
    Slack(other.url, True).send(replace(TASK, name="", address="1 Fig Lane"))
    unnamed = json.loads(other.got[1][2])["text"]
    assert unnamed.startswith("*Call, and listen*: a customer. ")
    assert "Fig Lane" not in unnamed
    assert "secret" not in Slack("https://hooks.slack.example/services/T/B/secret", True).target


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        (400, Undeliverable),
        (403, NoMore),
        (404, NoMore),
        (410, NoMore),
        (429, Unreachable),
        (500, Unreachable),
        (302, Unreachable),
    ],
)
def test_what_slack_answers_decides(other: Other, status: int, wrong: type[NotSent]) -> None:
    """A message it will never take, a channel that is gone, and what is to be tried again."""
    other.status = status
    with pytest.raises(wrong) as caught:
        Slack(other.url, True).send(TASK)
    assert type(caught.value) is wrong
    assert "a=b" not in str(caught.value)


def test_nobody_there_and_nothing_private() -> None:
    """A closed port is unreachable; a private address is refused before a connection is made."""
    with pytest.raises(Unreachable, match="slack_url"):
        Slack("http://127.0.0.1:1/secret", True).send(TASK)
    with pytest.raises(Unreachable, match="private"):
        Slack("http://127.0.0.1:1/secret", False).send(TASK)
