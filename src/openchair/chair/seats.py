"""A link to a customer's own seat, as the state keeps it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """One link: opened once, then held by a session of the browser that opened it. Secrets are kept as SHA-256."""

    seat_id: str
    customer_id: str
    language: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    opened_at: datetime | None = None
    session_hash: bytes | None = None
    revoked_at: datetime | None = None
    code_hash: bytes | None = None
    """Of the code sent by e-mail, while one is asked for."""
    code_tries: int = 0
    code_sent_at: datetime | None = None
