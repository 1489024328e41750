"""E-mail over SMTP: one plain message at a time, always encrypted unless the mail server is this machine."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from openchair.core.errors import OpenchairError

SECONDS = 20.0
"""The longest any step of a delivery may take."""
_HERE = ("127.0.0.1", "::1", "localhost")

Post = Callable[[str, str, str], None]
"""Sends a text: to whom, subject, text. Raises NotSent."""


class NotSent(OpenchairError):
    """The mail server could not be reached, or would not take the message; send it again later."""

    status, code = 503, "not_sent"


def post(url: str, name: str) -> Post:
    """Sends mail through smtp://user:password@host:port (STARTTLS) or smtps:// (TLS), in the name of the shop.

    The sender is the user of the address where that is an e-mail, else no-reply at the mail server.
    """
    parts = urlsplit(url)
    host, user = parts.hostname or "", unquote(parts.username or "")

    def send(to: str, subject: str, text: str) -> None:
        message = EmailMessage()
        try:
            message["From"] = f'"{name.replace(chr(34), "")}" <{user if "@" in user else f"no-reply@{host}"}>'
            message["To"], message["Subject"] = to, subject
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text)
            with _connected(parts.scheme, host, parts.port) as server:
                if user:
                    server.login(user, unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as wrong:
            raise NotSent("mail", value=host, bound=str(wrong), remedy="Check the setting smtp, then again.") from None

    return send


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port or 587, timeout=SECONDS)
    if host not in _HERE:
        server.starttls(context=context)  # refuses where the server cannot, before a password is said
    return server
