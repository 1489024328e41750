"""What the use cases need of the state, by reader. Each writing method is one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from openchair.chair.ports import Envelope, Inbox
from openchair.chair.seats import Seat
from openchair.chair.state.asking import Asking
from openchair.chair.state.calling import Calling
from openchair.chair.state.choosing import Choosing
from openchair.chair.state.hearing import Hearing
from openchair.chair.state.planning import Planning
from openchair.chair.state.proving import Proving
from openchair.chair.views import Audited, ImportReport, Merge, Reject, Review, TurnReport

PLACED = ("customer_id", "stage", "orders", "value_minor")
"""Columns of a customer's row that scores are weighted by."""


class Identities(Protocol):
    """Which customer an identifier means.

    Exact identifiers give every identifier a *base* customer, for good. Merges join bases: a customer id is the least
    base id among those that are merged, so taking a merge back gives every identifier its customer back.
    """

    def identities(self) -> pa.Table:
        """identifier, base_id, customer_id: how facts find their customer."""
        ...

    def link(self, identities: pa.Table, at: datetime) -> None:
        """Add identifiers (identifier, base_id, because); those known already stay as they are."""
        ...

    def identifiers_of(self, customer_id: str) -> list[str]:
        """All identifiers of a customer, sorted."""
        ...

    def known_by(self, base_ids: Sequence[str]) -> dict[str, list[str]]:
        """The identifiers of each of these few bases, sorted: what somebody was known by before any merge."""
        ...

    def find(self, text: str) -> str | None:
        """The customer id behind a customer id (a merged one too), an identifier, or its bare value."""
        ...

    def find_each(self, texts: Sequence[str]) -> list[str | None]:
        """The same of a few, in one look."""
        ...

    def merge(self, merge_id: str) -> Merge | None:
        """One merge."""
        ...

    def merges(
        self, *, status: str = "", customer_id: str = "", limit: int = 50, after: str | None = None
    ) -> tuple[list[Merge], bool]:
        """Merges, newest first, of a status, of a customer; from a cursor (a merge id) on; whether more follow."""
        ...

    def merge_graph(self) -> pa.Table:
        """merge_id, left_id, right_id, status of every merge: what a check for cycles and contradictions needs."""
        ...

    def put_merges(self, merges: Sequence[Merge]) -> None:
        """Add merges or replace those with the same id, and give every base concerned its customer id anew.

        A customer that is now part of another keeps its row, hidden from lists until it is its own again.
        """
        ...


class Customers(Protocol):
    """Where customers stand, as the last turn and all that was said since have it."""

    def replace_customers(self, rows: pa.RecordBatchReader | pa.Table) -> int:
        """Put this turn's rows (CUSTOMER_COLUMNS) in place of the last turn's, all at once."""
        ...

    def restand(self, rows: pa.Table) -> None:
        """Set STANDING_COLUMNS of these customers; those without a row are passed over."""
        ...

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        """The row of one customer."""
        ...

    def rows_of(self, customer_ids: Sequence[str]) -> pa.Table:
        """The rows (CUSTOMER_COLUMNS) of these customers, by customer id; those without one are left out."""
        ...

    def customers(self, *, search: str, order: str, limit: int, after: str | None) -> tuple[list[dict[str, Any]], bool]:
        """Rows in an order (worth, recent, name, orders) from a cursor (a customer id) on, and whether more follow."""
        ...

    def placed(self, columns: Sequence[str] = PLACED) -> pa.Table:
        """Columns of every customer that is shown; by themselves those that scores are weighted by."""
        ...

    def consent_counts(self) -> dict[int, int]:
        """How many customers have each distinct set of consent bits."""
        ...


class Said(Protocol):
    """The facts of INDEXED_KINDS by identifier, in step with history."""

    def indexed(self, kind: str) -> frozenset[str]:
        """The files of history whose facts are in the index."""
        ...

    def index(self, kind: str, rows: pa.RecordBatchReader | pa.Table, files: Iterable[str]) -> None:
        """Add facts (the kind's own columns; known ones change nothing) and remember which files they were all of."""
        ...

    def drop(self, kind: str, before: datetime) -> None:
        """Take facts that happened before a time out of the index."""
        ...

    def said(self, kind: str, customer_id: str) -> list[dict[str, Any]]:
        """A customer's facts of a kind as rows, oldest first (happened_at, fact_id); of ties those of either end."""
        ...

    def speakers(self, identifiers: Sequence[str]) -> list[str]:
        """The customers whom these identifiers mean."""
        ...

    def owners(self, identifiers: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """The customer id and name behind each of these few identifiers; those that mean nobody are left out."""
        ...

    def record(self, events: Sequence[Envelope], facts: Mapping[str, pa.Table]) -> None:
        """Put our own facts into the inbox and the index in one transaction: they hold as soon as this returns."""
        ...

    def recent_traits(self, prefix: str, limit: int) -> list[dict[str, Any]]:
        """The newest traits whose name begins so (consent.), each with its customer_id and their name."""
        ...


class Faced(NamedTuple):
    """Those who wait for a decision. stands: what changes whenever that may have which decisions rest on: the newest
    turn, and the newest choice of a person. found: the customer behind each name. rows: CUSTOMER_COLUMNS by customer.
    decided: what was decided for them on the day, by decision id, joined with its situation and customer.
    """

    stands: tuple[str | None, int]
    found: list[str | None]
    rows: dict[str, dict[str, Any]]
    decided: dict[str, dict[str, Any]]


class Decisions(Protocol):
    """What was chosen, what a person said to it, what came of it."""

    def save_decisions(self, day: date, moment: str, situations: pa.Table, decisions: pa.Table) -> None:
        """Keep a day's decisions (DECISION_COLUMNS) and the distinct situations they were taken in.

        Proposed ones of the same day and moment are replaced; a customer's decision stays if a person has acted on it.
        """
        ...

    def faced(self, texts: Sequence[str], day: date, moments: Sequence[str]) -> Faced:
        """What is known of those who wait, by whatever they are called, and what was decided for them already."""
        ...

    def keep(
        self,
        situations: Sequence[Mapping[str, Any]],
        decisions: Sequence[Mapping[str, Any]],
        instead: Sequence[str] = (),
    ) -> dict[str, dict[str, Any]]:
        """Keep a few decisions in one commit; gives those that another, who was first, had decided otherwise, by id.

        situations: their `record_id`, `situation_id` and `record`. decisions: with `record_id`, `day`, `moment` and
        `stage`. instead: decisions to be put in the place of, unless a person has acted on them.
        """
        ...

    def decided(self, decision_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of a few decisions that were taken, by id, joined with their situation and customer."""
        ...

    def redecide(self, day: date, moment: str, situations: pa.Table, decisions: pa.Table) -> None:
        """Put these in place of the same customers' proposed decisions of the day and moment; others stay."""
        ...

    def decisions(
        self,
        *,
        day: date | None = None,
        customer_id: str | None = None,
        acting: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[list[dict[str, Any]], bool]:
        """Decisions joined with their situation and customer, best gain first within the newest day."""
        ...

    def decision(self, decision_id: str) -> dict[str, Any] | None:
        """One decision, joined likewise."""
        ...

    def queued(self, customer_ids: Sequence[str], since: date) -> list[str]:
        """Decisions of these customers, approved or deferred, of this day or later, of which nothing came yet."""
        ...

    def set_outcomes(self, rows: pa.Table) -> None:
        """Fill in outcomes (decision_id, outcome_minor, outcome_at)."""
        ...

    def unsettled(self, day: date) -> pa.Table:
        """UNSETTLED_COLUMNS of decisions whose window was over before a day, and that have no outcome yet."""
        ...

    def worths(self, day: date) -> pa.Table:
        """customer_id and worth_minor of whoever had a worth when a day's turn decided for them."""
        ...

    def lately(self, since: date, looks: Sequence[date], policy: str, most: int) -> pa.Table:
        """LATELY_COLUMNS of decisions from a day on, of policies whose version begins so, by customer and day.

        Those that were done; and of the days `looks` also those of a turn that were not, with `wait` for action. Where
        there are more than `most` customers, those of about so many of them, as their ids have it. Of nobody erased.
        """
        ...


class Reports(Protocol):
    """Turns, imports and what was refused."""

    def save_turn(self, report: TurnReport) -> None:
        """Keep the report of a turn."""
        ...

    def turns(self, limit: int) -> list[TurnReport]:
        """The latest turns, newest first."""
        ...

    def save_import(self, report: ImportReport, rejects: Iterable[Reject]) -> ImportReport:
        """Keep the report of an import and its rejected rows; those known from an earlier import count as duplicates.

        Gives the report as it was kept.
        """
        ...

    def imports(self, limit: int) -> list[ImportReport]:
        """The latest imports, newest first."""
        ...

    def rejects(self, import_id: str | None) -> Iterator[Reject]:
        """Rejected rows of one import, or of all. Raises NotFound for an import that never was."""
        ...


class Reviews(Protocol):
    """Questions to the team: the one way to ask a person."""

    def open_reviews(self, reviews: Sequence[Review], *, again: bool = False) -> None:
        """Ask; a review whose id is known changes nothing, unless it is to be asked again."""
        ...

    def review(self, review_id: str) -> Review | None:
        """One question."""
        ...

    def reviews(
        self, *, kind: str = "", waiting: bool = True, limit: int = 50, after: str | None = None
    ) -> tuple[list[Review], bool]:
        """Questions, oldest first while waiting, else newest first; from a cursor (a review id) on."""
        ...

    def settle(self, review_id: str, verdict: str, by: str, at: datetime, why: str) -> bool:
        """Answer one that waits; False where it was answered already."""
        ...


class Seats(Protocol):
    """Links to customers' own seats: only hashes of their secrets are kept."""

    def add_seat(self, seat: Seat) -> None:
        """A new link."""
        ...

    def seat(self, seat_id: str) -> Seat | None:
        """One link."""
        ...

    def seats_of(self, customer_id: str) -> list[Seat]:
        """A customer's links, newest first."""
        ...

    def put_seat(self, seat: Seat, *, unless_opened: bool = False) -> bool:
        """Replace a link's row; with `unless_opened` only while nobody opened it, and whether that was so."""
        ...


class Audit(Protocol):
    """Who looked at or changed what."""

    def log(self, who: str, act: str, customer_id: str | None, detail: str, at: datetime) -> None:
        """Write a line, durably."""
        ...

    def audit(
        self, *, customer_id: str = "", who: str = "", limit: int = 100, after: int | None = None
    ) -> tuple[list[Audited], bool]:
        """Lines, newest first, from a cursor (a number) on, and whether more follow."""
        ...


class Erasing(Protocol):
    """Erased for good, and what stays of it."""

    def bury(self, identifiers: Sequence[str], at: datetime) -> None:
        """Remember for ever, as salted hashes, that whoever had these identifiers is erased."""
        ...

    def erased(self) -> Mapping[str, frozenset[str]]:
        """The hashes of erased identifiers by their salt: sha256 over salt and identifier, hexadecimal.

        A home has one salt of its own; others came with tombstones of another home.
        """
        ...

    def tombstones(self, salt: str, hashes: Iterable[str], at: datetime) -> list[str]:
        """Take over another home's tombstones (its salt comes with them); gives known identifiers that they mean."""
        ...

    def forget(self, customer_id: str, identifiers: Sequence[str], words: Sequence[str]) -> None:
        """Remove a customer's rows everywhere: identifiers, merges, standing, decisions, index, seats, reviews, audit
        (whose lines keep the hash alone), words in turns, rejected rows that name them or hold any of `words`.

        Settled decisions stay without the customer: what was learned from them is about no one.
        """
        ...


class State(
    Identities,
    Customers,
    Said,
    Decisions,
    Reports,
    Reviews,
    Seats,
    Audit,
    Erasing,
    Asking,
    Hearing,
    Calling,
    Choosing,
    Proving,
    Planning,
    Protocol,
):
    """The whole state of a home."""

    inbox: Inbox

    def note(self, key: str) -> str | None:
        """A remembered word about this home, such as `simulated`."""
        ...

    def set_note(self, key: str, value: str) -> None:
        """Remember a word about this home."""
        ...

    def keep_note(self, key: str, value: str) -> str:
        """Remember a word unless one is remembered already; gives the one that is kept, the same to all who ask."""
        ...

    def lease(self, job: str, owner: str, now: datetime, seconds: float) -> bool:
        """Whether `owner` may run `job` until now + seconds; renews its own lease, takes an expired one."""
        ...

    def free(self, job: str, owner: str) -> None:
        """Give a lease back."""
        ...
