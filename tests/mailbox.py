"""A mailbox behind a real mail server on this machine."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Mailbox:
    """Keeps what is delivered to it, or answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answer = ""
        """What the server says instead of taking a letter."""
        self.on_letter: Any = lambda letter: None
        self.on_session: Any = lambda session, letter: None
        self.refuses: Any = lambda letter: ""
        """What the server says to one letter instead of taking it."""

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.on_session(session, letter)
        if said := self.refuses(letter):
            return str(said)
        self.letters.append(letter)
        self.on_letter(letter)
        return "250 kept"
