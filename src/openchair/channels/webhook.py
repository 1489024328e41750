"""A signed webhook: letters as JSON for another system that delivers them (Standard Webhooks 1.0).

The other side checks `webhook-signature` before it believes anything, and knows by `webhook-id` what came twice.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from urllib.parse import urlsplit

import msgspec

from openchair.chair.ports import Letter, NoMore, NotSent, Unreachable
from openchair.channels.reach import Private, connected

SECONDS = 20.0
"""The longest any step of a delivery may take."""
GONE = 410
"""The answer by which the other side says that it wants nothing more."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The channel webhook, by the settings `webhook_url` and `webhook_secret`."""

    url: str
    secret: str
    private: bool
    clock: Callable[[], datetime]

    @property
    def target(self) -> str:
        """The address."""
        return self.url

    def send(self, letter: Letter) -> None:
        """Post a letter; only an answer of 2xx is a yes. Raises NotSent."""
        now = self.clock().astimezone(UTC)
        body = msgspec.json.encode({"type": f"{letter.kind}.invitation", "timestamp": now.isoformat(), "data": letter})
        headers = {
            "content-type": "application/json",
            "user-agent": "openchair",
            **signed(f"msg_{letter.message_id}", now, body, self.secret),
        }
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection = connected(self.url, private=self.private, seconds=SECONDS)
            try:
                connection.request("POST", path, body, headers)
                status = connection.getresponse().status
            finally:
                connection.close()
        except Private as wrong:
            raise Unreachable("webhook", bound=str(wrong).rstrip(".")) from None
        except (OSError, HTTPException) as wrong:
            remedy = "Check webhook_url, then again."
            raise Unreachable("webhook", value=self.url, bound=str(wrong) or "no answer", remedy=remedy) from None
        if status == GONE:
            bound, remedy = "answered 410: it wants nothing more", "Set webhook_url to another address."
            raise NoMore("webhook", value=self.url, bound=bound, remedy=remedy)
        if not 200 <= status < 300:
            remedy = "It must answer 2xx itself; redirects are not followed."
            raise NotSent("webhook", value=self.url, bound=f"answered {status}", remedy=remedy)


def signed(id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The three headers by which a body is known to be ours. secret: whsec_ and base64."""
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix("whsec_"))
    seal = hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{b64encode(seal).decode()}"}
