"""Slack: what somebody of the team is to do by hand, as a message to a channel of theirs.

It says who, what and why, and where to find more; no address and no number of the customer.
"""

from dataclasses import dataclass

import msgspec

from openchair.chair.ports import Letter, NoMore, Undeliverable, Unreachable
from openchair.channels.reach import posted, shown

SECONDS = 20.0
"""The longest any step of a delivery may take."""
_BY = {"person": "In person", "call": "By telephone", "parcel": "In their parcel", "letter": "By letter"}
_NEVER, _NO_MORE = (400, 413), (403, 404, 410)
"""Answers by which Slack says that it will never take this message, and that there is no such channel (any more)."""


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook of Slack, by the setting `slack_url`."""

    url: str
    private: bool

    @property
    def target(self) -> str:
        """The address, without what makes it a secret."""
        return shown(self.url)

    def send(self, letter: Letter) -> None:
        """Post a letter as a task for the team. Raises NotSent."""
        body = msgspec.json.encode({"text": text_of(letter), "unfurl_links": False})
        status = posted("slack", self.url, body, {}, private=self.private, seconds=SECONDS)
        if 200 <= status < 300:
            return
        # It takes about one a second, and says so to all that come too early: each keeps its tries for the next round.
        kind = Undeliverable if status in _NEVER else NoMore if status in _NO_MORE else Unreachable
        raise kind("slack", value=self.target, bound=f"answered {status}", remedy="Check slack_url, then again.")


def text_of(letter: Letter) -> str:
    """Who, what and why in Slack's own marks; the message id ends it, by which what came twice can be told.

    >>> from dataclasses import replace
    >>> whole = {"message_id": "0" * 16, "kind": "decision", "subject": "d", "to": "id:7", "language": "en"}
    >>> whole |= {"text": "", "leave": ("", ""), "footer": "", "channel": "call", "page": "https://s.example/c"}
    >>> print(text_of(Letter(**whole, title="", task="Ring them", name="<Ada>", why=("Twice late.",))))
    *Ring them*: &lt;Ada&gt;. By telephone.
    Twice late.
    <https://s.example/c|Their page> · 0000000000000000
    """
    who = _escaped(letter.name or "a customer")
    head = f"*{_escaped(letter.task)}*: {who}. {_BY.get(letter.channel, letter.channel.capitalize())}."
    return "\n".join((head, _escaped(" ".join(letter.why)), f"<{letter.page}|Their page> · {letter.message_id}"))


def _escaped(text: str) -> str:
    """Words in which Slack finds no mark of its own."""
    plain = " ".join(text.split())
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "\u2217")
