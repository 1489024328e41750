"""E-mail over SMTP: one connection a round, always encrypted unless the mail server is this machine."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from openchair.chair.ports import Letter, NotSent, Undeliverable, Unreachable
from openchair.channels.paper import html, plain

SECONDS = 20.0
"""The longest any step of a delivery may take."""
_HERE = ("127.0.0.1", "::1", "localhost")
_FOR_GOOD = range(500, 600)
"""Answers of a mail server that will be the same next time (RFC 5321)."""

Post = Callable[[str, str, str], None]
"""Sends a text: to whom, subject, text. Raises NotSent."""


def post(url: str, name: str) -> Post:
    """Sends plain mail through smtp://user:password@host:port (STARTTLS) or smtps:// (TLS), in the shop's name.

    The sender is the user of the address where that is an e-mail, else no-reply at the mail server.
    """
    mail = Mail(url, name)

    def send(to: str, subject: str, text: str) -> None:
        message = mail.begun(to, subject)
        message.set_content(text)
        mail.deliver(message)

    return send


@dataclass(frozen=True, slots=True)
class Mail:
    """The channel e-mail, by the mail server of the setting `smtp`."""

    url: str
    name: str

    @property
    def target(self) -> str:
        """The mail server."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")

    @property
    def sender(self) -> str:
        """The address that mail comes from."""
        parts = urlsplit(self.url)
        user = unquote(parts.username or "")
        return user if "@" in user else f"no-reply@{parts.hostname or 'localhost'}"

    @property
    def unfinished(self) -> bool:
        """Never: what a round did not come to is sent by the next."""
        return False

    def send(self, letter: Letter) -> None:
        """Send a letter as text and as a page, with a way to leave by one click (RFC 8058). Raises NotSent."""
        self.deliver(self.written(letter))

    @contextmanager
    def round(self, is_sent: Callable[[str], bool]) -> Iterator[Callable[[Letter], None]]:
        """Gives what sends a letter as `send` does, all of them over one connection."""
        line = _Line(self)
        try:
            yield lambda letter: line.give(self.written(letter))
        finally:
            line.hang_up()

    def written(self, letter: Letter) -> EmailMessage:
        """A letter as mail. Raises Undeliverable."""
        message = self.begun(letter.to, " ".join(letter.title.split()))
        # It follows from the letter alone, so that whoever gets it twice can tell.
        message["Message-ID"] = f"<{letter.message_id}@{self.sender.partition('@')[2]}>"
        message["List-Unsubscribe"] = f"<{letter.leave[1]}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(plain(letter), cte="quoted-printable")
        message.add_alternative(html(letter, self.name), subtype="html", cte="quoted-printable")
        message["Content-Language"] = letter.language  # last, or it would be taken for that of a part
        return message

    def begun(self, to: str, subject: str) -> EmailMessage:
        """A message with its first lines. Raises Undeliverable for an address that is none."""
        message = EmailMessage()
        try:
            message["From"] = f'"{self.name.replace(chr(34), "")}" <{self.sender}>'
            message["To"], message["Subject"] = to, subject
        except ValueError as wrong:
            raise _not_sent(Undeliverable, to, wrong) from None
        message["Date"] = formatdate()
        message["Auto-Submitted"] = "auto-generated"
        return message

    def deliver(self, message: EmailMessage) -> None:
        """Give a message to the mail server. Raises NotSent."""
        line = _Line(self)
        try:
            line.give(message)
        finally:
            line.hang_up()


class _Line:
    """A connection to the mail server, made when it is first needed and kept while it holds."""

    def __init__(self, mail: Mail) -> None:
        self.parts = urlsplit(mail.url)
        self.server: smtplib.SMTP | None = None

    def give(self, message: EmailMessage) -> None:
        """Give a message to the mail server; anew where it has hung up since the last. Raises NotSent."""
        kept = self.server is not None
        try:
            self._give(message)
        except Unreachable:
            self.hang_up()
            if not kept:
                raise
            self._give(message)

    def hang_up(self) -> None:
        """End the connection in good order."""
        server, self.server = self.server, None
        with suppress(OSError, smtplib.SMTPException):
            if server is not None:
                server.quit()

    def _give(self, message: EmailMessage) -> None:
        host, user = self.parts.hostname or "", unquote(self.parts.username or "")
        try:
            if self.server is None:
                self.server = _connected(self.parts.scheme, host, self.parts.port)
                if user:
                    self.server.login(user, unquote(self.parts.password or ""))
            self.server.send_message(message)
        except smtplib.SMTPRecipientsRefused as wrong:
            code, said = next(iter(wrong.recipients.values()))
            raise _not_sent(
                Undeliverable if code in _FOR_GOOD else NotSent, host, said.decode("utf-8", "replace")
            ) from None
        except smtplib.SMTPDataError as wrong:
            raise _not_sent(Undeliverable if wrong.smtp_code in _FOR_GOOD else NotSent, host, wrong) from None
        except (smtplib.SMTPNotSupportedError, ValueError) as wrong:
            raise _not_sent(Undeliverable, host, wrong) from None
        except (OSError, smtplib.SMTPException) as wrong:
            raise _not_sent(Unreachable, host, wrong) from None


def _not_sent(kind: type[NotSent], host: str, why: object) -> NotSent:
    return kind("mail", value=host, bound=str(why), remedy="Check the setting smtp, then again.")


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port or 587, timeout=SECONDS)
    if host not in _HERE:
        server.starttls(context=context)  # refuses where the server cannot, before a password is said
    return server
