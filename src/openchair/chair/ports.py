"""What the use cases need from the world: an engine that counts, a history of facts, a state, an inbox."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.views import ImportReport, Reject, TurnReport

Progress = Callable[[str], None]
"""Called with the name of a step as it begins."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One acknowledged call, as it came: `body` is its JSON, `key` names it for ever within its source."""

    key: str
    source: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file opened by the engine: `table` has the file's columns (text, unless Parquet typed them) and `line`.

    `line` is the number of the row in the file as a person counts it: the header is line 1, so data begin at 2
    (in Parquet, which has no header, at 1). `broken` are rows that could not be split into columns at all.
    """

    columns: tuple[str, ...]
    table: ir.Table
    broken: tuple[Reject, ...]
    simulated: bool = False
    """Whether the file says of itself that its rows are simulated (Parquet metadata `openchair.simulated`)."""


class Inbox(Protocol):
    """Where events wait between acknowledgement and history."""

    @property
    def name(self) -> str:
        """A name that no other database's inbox has: history keeps it with every number it has seen of this one."""
        ...

    def put(self, events: Sequence[Envelope]) -> list[bool]:
        """Keep events; returns when the commit is durable, True for each that is new, False for each known.

        Calls waiting at the same time share one commit. Raises StorageFull, and then nothing was kept.
        """
        ...

    def waiting(self) -> int:
        """Events not yet in history."""
        ...

    def batches(self, size: int) -> Iterator[list[tuple[int, Envelope]]]:
        """What waits, oldest first, in batches, each with its ever-growing sequence number."""
        ...

    def clear(self, upto: int) -> None:
        """Forget the bodies of events up to a sequence number; their keys are remembered for ever."""
        ...


class History(Protocol):
    """One append-only table per kind of fact."""

    def append(self, kind: str, rows: pa.RecordBatchReader | pa.Table, *, app: str = "", version: int = 0) -> int:
        """Add facts in one commit and give their number. With `app`, the commit carries (app, version)."""
        ...

    def version(self, kind: str, app: str) -> int:
        """The highest version committed by `app`; -1 when none: what was committed before is not added again."""
        ...

    def files(self, kind: str) -> list[str]:
        """The Parquet files that hold the kind's facts now."""
        ...

    def erase(self, kind: str, identifiers: Sequence[str]) -> int:
        """Remove every fact about these identifiers from the files themselves; gives how many there were."""
        ...


class Engine(Protocol):
    """Runs Ibis expressions where the data is."""

    def facts(self, kind: str) -> ir.Table:
        """All facts of a kind, with the kind's columns, also when there are none yet."""
        ...

    def open_file(self, path: Path) -> RawFile:
        """A CSV, Parquet or Excel file as a table with `line`. Raises BadInput."""
        ...

    def share(self, table: pa.Table) -> ir.Table:
        """A small table as an expression the engine can join with."""
        ...

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once, for several uses; lives until `release`."""
        ...

    def release(self) -> None:
        """Forget all that was shared or kept."""
        ...

    def rows(self, expression: ir.Table) -> pa.Table:
        """The result, in memory: for what is small."""
        ...

    def close(self) -> None:
        """Give memory and temporary files back; nothing works afterwards."""
        ...

    def stream(self, expression: ir.Table) -> pa.RecordBatchReader:
        """The result in batches: for what may be large. Nothing else may run until it is read to its end."""
        ...


class State(Protocol):
    """Dossiers, decisions, imports, turns. Each writing method is one transaction."""

    inbox: Inbox

    def note(self, key: str) -> str | None:
        """A remembered word about this home, such as `simulated`."""
        ...

    def set_note(self, key: str, value: str) -> None:
        """Remember a word about this home."""
        ...

    def identities(self) -> pa.Table:
        """identifier, customer_id: how facts find their customer."""
        ...

    def link(self, identities: pa.Table, at: datetime) -> None:
        """Add or move identifiers (identifier, customer_id, because)."""
        ...

    def identifiers_of(self, customer_id: str) -> list[str]:
        """All identifiers of a customer, sorted."""
        ...

    def find(self, text: str) -> str | None:
        """The customer id behind a customer id, an identifier, or its bare value (17850, ada@example.org)."""
        ...

    def replace_customers(self, rows: pa.RecordBatchReader | pa.Table) -> int:
        """Put this turn's rows (CUSTOMER_COLUMNS) in place of the last turn's, all at once."""
        ...

    def customer(self, customer_id: str) -> dict[str, Any] | None:
        """The row of one customer."""
        ...

    def customers(self, *, search: str, order: str, limit: int, after: str | None) -> tuple[list[dict[str, Any]], bool]:
        """Rows in an order (worth, recent, name, orders) from a cursor (a customer id) on, and whether more follow."""
        ...

    def save_decisions(self, day: date, moment: str, situations: pa.Table, decisions: pa.Table) -> None:
        """Keep a day's decisions (DECISION_COLUMNS) and the distinct situations they were taken in.

        A customer's decision of the same day and moment stays if a person has already acted on it.
        """
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

    def mark(self, decision_id: str, status: str, by: str, at: datetime, event: Envelope) -> None:
        """Set a decision's status and put the fact of it in the inbox, in one transaction."""
        ...

    def set_outcomes(self, rows: pa.Table) -> None:
        """Fill in outcomes (decision_id, outcome_minor, outcome_at)."""
        ...

    def unsettled(self, before: date) -> pa.Table:
        """Decisions of days before `before` without an outcome: decision_id, customer_id, day."""
        ...

    def rewards(self) -> pa.Table:
        """What came of settled decisions, summed by `action` and `stage` with the weight w = 1 / propensity.

        Columns, with o the outcome and v the worth when it was decided (rows without worth are left out): w, ww (w^2),
        share (w o/v), shares (w o^2/v^2), unit (w/v), share_unit (w o/v^2), units (w/v^2). `wait` counts decisions to
        wait and those dismissed; an action counts where a person approved it.
        """
        ...

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
        """Rejected rows of one import, or of all."""
        ...

    def bury(self, identifiers: Sequence[str], at: datetime) -> None:
        """Remember for ever, as salted hashes, that whoever had these identifiers is erased."""
        ...

    def erased(self) -> tuple[str, frozenset[str]]:
        """The salt of the home and the hashes of erased identifiers: sha256 over salt and identifier, hexadecimal."""
        ...

    def forget(self, customer_id: str, identifiers: Sequence[str]) -> None:
        """Remove a customer's rows: identifiers, standing, decisions, words in turns, rejected rows that name them."""
        ...

    def lease(self, job: str, owner: str, now: datetime, seconds: float) -> bool:
        """Whether `owner` may run `job` until now + seconds; renews its own lease, takes an expired one."""
        ...

    def free(self, job: str, owner: str) -> None:
        """Give a lease back."""
        ...


CUSTOMER_COLUMNS: Mapping[str, pa.DataType] = {
    "customer_id": pa.string(),
    "name": pa.string(),
    "stage": pa.string(),
    "first_on": pa.date32(),
    "last_on": pa.date32(),
    "orders": pa.int64(),
    "spent_minor": pa.int64(),
    "gap_days": pa.float64(),
    "value_minor": pa.float64(),
    "value_low": pa.float64(),
    "value_high": pa.float64(),
    "p_alive": pa.float64(),
    "expected_orders": pa.float64(),
    "rules": pa.int64(),
    "food_safety": pa.string(),
    "consents": pa.int64(),
    "nps_score": pa.float64(),
    "sent_friends": pa.int64(),
    "complained_on": pa.date32(),
    "contacted_on": pa.date32(),
}
"""The row of a customer that a turn writes. rules and consents are bit sets (dossier.rules, dossier.consent)."""

DECISION_COLUMNS: Mapping[str, pa.DataType] = {
    "decision_id": pa.string(),
    "customer_id": pa.string(),
    "situation_id": pa.string(),
    "action": pa.string(),
    "gain_minor": pa.float64(),
    "gain_low": pa.float64(),
    "gain_high": pa.float64(),
    "propensity": pa.float64(),
    "policy": pa.string(),
    "worth_minor": pa.float64(),
}
"""`worth_minor`: what the customer was worth over 12 months when it was decided, null while unknown."""
SITUATION_COLUMNS: Mapping[str, pa.DataType] = {
    "situation_id": pa.string(),
    "record": pa.string(),
}
"""`record` is JSON: the situation's fields, each candidate with gain and probability, each action ruled out and why."""
