"""Standing: what must never be done to a customer and what they agreed to, folded from all that was said, in order."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard rule in force, and where it comes from."""

    term: str
    text: str
    said_by: str
    by: str
    source: str
    since: datetime
    fact_id: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What is agreed for one purpose on one channel; `answer` is yes, no or unknown."""

    purpose: str
    channel: str
    answer: str
    allowed: bool
    """What follows: unknown is no for what needs opting in."""
    needs_opt_in: bool
    said_by: str = ""
    by: str = ""
    source: str = ""
    since: datetime | None = None
    wording: str = ""
    language: str = ""
