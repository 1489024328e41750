"""What delivering gives: what one round of it did, what was given up, what the team is to do by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from openchair.chair.state.records import Message
from openchair.chair.views import Decision


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the messages that one round of delivering took on."""

    sent: int = 0
    later: int = 0
    """Put off: quiet hours, or a server that did not answer."""
    dropped: int = 0
    """Not to be sent any more: what a rule, a consent or a wish forbids by now."""
    failed: int = 0
    """Given up; kept with the reason, and sent again when asked for."""
    why: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up, until somebody sends it again."""

    message_id: str
    kind: str
    """survey or decision; `subject` is which one."""
    subject: str
    customer_id: str
    channel: str
    tries: int
    why: str
    made_at: datetime
    sent_at: datetime | None
    """Where it left and did not arrive."""
    customer: str
    what: str
    """The customer's name, and what the action is called."""

    @classmethod
    def of(cls, message: Message, customer: str, what: str) -> "Dead":
        """The message, without what is nobody's business."""
        names = [name for name in cls.__slots__ if name not in ("customer", "what")]
        told: dict[str, Any] = {name: getattr(message, name) for name in names}
        return cls(**told, customer=customer, what=what)


@dataclass(frozen=True, slots=True)
class ToDo:
    """A decision that waits for somebody of the team to carry it out."""

    message_id: str
    channel: str
    due_at: datetime
    decision: Decision
