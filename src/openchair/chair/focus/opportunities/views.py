"""What opportunities answer: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openchair.chair.listening.views import Quote
from openchair.core.estimate import Number
from openchair.focus.opportunities import Sheet


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A need of customers. importance, satisfaction: 0 to 10. score: 0 to 20."""

    key: str
    reading: str
    """need, want or aspiration; asked where only a survey knows it."""
    name: str
    customers: int
    """Who speak of it, or answered."""
    importance: Number
    satisfaction: Number
    score: Number
    known_by: str
    """asked: a survey; heard: from what customers said by themselves."""
    worth: Number
    """What those who speak of it are expected to spend in 12 months, minor units."""
    capability: str
    """held, perhaps (the catalogue has something like it) or lacking."""
    what: str
    """What meets it, or may."""
    said_by: str
    """Who said so; empty: the catalogue."""
    leads_to: tuple[str, ...]
    quotes: tuple[Quote, ...]
    written: bool
    """Whether somebody wrote its sheet."""


@dataclass(frozen=True, slots=True)
class OpportunitiesReport:
    """Needs by how much there is to gain in meeting them, the most first."""

    currency: str
    as_of: datetime
    days: int
    customers: int
    """Who said anything in these days."""
    opportunities: tuple[Opportunity, ...]
    unknown: str = ""
    needed: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A sheet as somebody kept it."""

    number: int
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """The working-backwards page of an opportunity. number: its version, 0 for a draft that nobody kept."""

    key: str
    name: str
    number: int
    sheet: Sheet
    quote: Quote | None
    """The customer's own words; None where none is chosen, or whoever said it is erased."""
    versions: tuple[Version, ...]
    """All that were kept, the newest first."""
    evidence: Opportunity | None
    """What is known now; None where nobody speaks of it any more."""
    simulated: bool = False


Written = Mapping[str, str]
"""The parts of a sheet by name (focus.opportunities.FIELDS, and quote)."""
