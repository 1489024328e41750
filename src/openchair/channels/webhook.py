"""A signed webhook: letters as JSON for another system that delivers them (Standard Webhooks 1.0).

The other side checks `webhook-signature` before it believes anything, and knows by `webhook-id` what came twice.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import msgspec

from openchair.chair.ports import Letter, NoMore, NotSent
from openchair.chair.sealing import signed
from openchair.channels.reach import posted

SECONDS = 20.0
"""The longest any step of a delivery may take."""
GONE = 410
"""The answer by which the other side says that it wants nothing more."""
TYPES = {"survey": "survey.invitation", "decision": "decision.due"}
"""Events by the kind of message."""
_OURS = ("task", "why", "page")
"""Of a letter, what is for the team alone."""


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
        told = {name: value for name, value in asdict(letter).items() if name not in _OURS}
        body = msgspec.json.encode({"type": TYPES[letter.kind], "timestamp": now.isoformat(), "data": told})
        headers = signed(f"msg_{letter.message_id}", now, body, self.secret)
        status = posted("webhook", self.url, body, headers, private=self.private, seconds=SECONDS)
        if status == GONE:
            bound, remedy = "answered 410: it wants nothing more", "Set webhook_url to another address."
            raise NoMore("webhook", value=self.url, bound=bound, remedy=remedy)
        if not 200 <= status < 300:
            remedy = "It must answer 2xx itself; redirects are not followed."
            raise NotSent("webhook", value=self.url, bound=f"answered {status}", remedy=remedy)
