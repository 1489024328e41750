"""What the use cases need from the world: an engine that counts, a history of facts, an inbox; and rows they pass on.

What they need of the state is in `chair.state`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.views import Reject
from openchair.core.errors import OpenchairError

Progress = Callable[[str], None]
"""Called with the name of a step as it begins."""


SOURCE = "openchair"
"""The source of facts that Openchair itself makes."""


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
    def name(self) -> str: ...
    def put(self, events: Sequence[Envelope]) -> list[bool]: ...
    def waiting(self) -> int: ...
    def batches(self, size: int) -> Iterator[list[tuple[int, Envelope]]]: ...
    def clear(self, upto: int) -> None: ...


class History(Protocol):
    """One append-only table per kind of fact."""

    def append(self, kind: str, rows: pa.RecordBatchReader | pa.Table, *, app: str = "", version: int = 0) -> int: ...
    def version(self, kind: str, app: str) -> int: ...
    def files(self, kind: str) -> list[str]: ...
    def read(self, kind: str, files: Sequence[str]) -> pa.RecordBatchReader: ...
    def erase(self, kind: str, identifiers: Sequence[str]) -> int: ...
    def retain(self, kind: str, since: datetime) -> int: ...


class Engine(Protocol):
    """Runs Ibis expressions where the data is."""

    def facts(self, kind: str) -> ir.Table:
        """All facts of a kind, with the kind's columns, also when there are none yet."""

    def open_file(self, path: Path) -> RawFile:
        """A CSV, Parquet or Excel file as a table with `line`. Raises BadInput."""

    def share(self, table: pa.Table) -> ir.Table:
        """A small table as an expression the engine can join with."""

    def keep(self, expression: ir.Table) -> ir.Table:
        """The expression computed once, for several uses; lives until `release`."""

    def release(self) -> None:
        """Forget all that was shared or kept."""

    def rows(self, expression: ir.Table) -> pa.Table:
        """The result, in memory: for what is small."""

    def splink(self) -> Any:
        """A Splink database API on this engine's own connection: `splink.DuckDBAPI` or `splink.SparkAPI`."""

    def close(self) -> None:
        """Give memory and temporary files back; nothing works afterwards."""

    def stream(self, expression: ir.Table) -> pa.RecordBatchReader:
        """The result in batches: for what may be large. Nothing else may run until it is read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something said to a customer, for a channel to put into its own form; all words in one language.

    kind, subject: survey or decision, and which one. to: the customer's address on that channel, else what they are
    known by. question, choices: what can be answered with one click, each a word and where it leads, with `ends` saying
    what the first and the last mean. link: where all of it is found. leave: where a POST ends such letters. trap: a
    link that no person sees. channel: how it reaches them, as consents name it. action, name: of a decision, and of
    the customer; address: where they live, for what is sent there. task, why, page: for whoever of the team does it by
    hand: what, why in three sentences, where more is.
    """

    message_id: str
    kind: str
    subject: str
    to: str
    language: str
    title: str
    text: str
    leave: tuple[str, str]
    footer: str
    question: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    link: tuple[str, str] = ("", "")
    trap: str = ""
    channel: str = "e-mail"
    action: str = ""
    name: str = ""
    address: str = ""
    task: str = ""
    why: tuple[str, ...] = ()
    page: str = ""


class Channel(Protocol):
    """A road out of the house. `target` says where it leads, without any secret."""

    @property
    def target(self) -> str:
        """Where it leads."""

    def send(self, letter: Letter) -> None:
        """Give a letter away; the same one given twice can be told by its message id.

        Raises NotSent, and of its kinds Unreachable where no other letter would get through either, Undeliverable where
        this one never will, NoMore where the other side wants nothing ever again.
        """


@runtime_checkable
class Rounds(Protocol):
    """A channel that is opened for a round of letters: one connection, or one file, for all of them."""

    @property
    def unfinished(self) -> bool:
        """Whether a round was cut short that the next is to finish, also where it has no letters."""

    def round(self, is_sent: Callable[[str], bool]) -> AbstractContextManager[Callable[[Letter], None]]:
        """Gives what sends a letter as `send` does, until it is closed. is_sent: of a message id, what is kept."""


class NotSent(OpenchairError):
    """It could not be given to whoever is to deliver it; send it again later."""

    status, code = 503, "not_sent"


class Unreachable(NotSent):
    """The other side cannot be reached at all."""


class Undeliverable(NotSent):
    """The other side will never take this one."""


class NoMore(NotSent):
    """The other side asked for nothing more."""


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
    "segment": pa.string(),
    "subscribed": pa.string(),
    "rewarded_share": pa.float64(),
    "p_alive": pa.float64(),
    "expected_orders": pa.float64(),
    "sender_minor": pa.float64(),
    "sender_low": pa.float64(),
    "sender_high": pa.float64(),
    "brought_minor": pa.float64(),
    "brought_low": pa.float64(),
    "brought_high": pa.float64(),
    "worth_minor": pa.float64(),
    "worth_low": pa.float64(),
    "worth_high": pa.float64(),
    "rules": pa.int64(),
    "food_safety": pa.string(),
    "consents": pa.int64(),
    "nps_score": pa.float64(),
    "sent_friends": pa.int64(),
    "complained_on": pa.date32(),
    "contacted_on": pa.date32(),
    "attention_budget": pa.float64(),
    "attention_spent": pa.float64(),
    "resting": pa.string(),
    "quiet": pa.string(),
    "household": pa.string(),
}
"""The row of a customer that a turn writes. rules and consents are bit sets (dossier.rules, dossier.consent).

segment: whom a customer's buying is reckoned with, where the setting segments_by says so. subscribed: what a value with
a subscription's is reckoned from (chair.wheel.spend), null for whoever has none. rewarded_share: of what
they paid, on lines with a discount or a coupon; nothing is reckoned from it. value_*: spender value,
sender_*: friends yet to come, worth_*: both, all over 12 months. brought_*: what the friends already here are worth,
which their own value_* counts: never added. attention_*: units (dossier.attention). resting: ideas not yet to be
repeated, sorted, with commas. quiet: their own quiet hours and time zone, where they have any, as "21-8 Asia/Karachi".
household: whom they are drawn together with (chair.wheel.know), named after one of these; themselves for most.
"""

STANDING_COLUMNS: Mapping[str, pa.DataType] = {
    name: CUSTOMER_COLUMNS[name]
    for name in (
        "customer_id", "rules", "food_safety", "consents", "contacted_on", "attention_budget", "attention_spent",
        "resting", "quiet",
    )
}  # fmt: skip
"""What must be true at once of a customer, between turns too: what they forbade, agreed to and have heard from us."""

INDEXED_KINDS: tuple[str, ...] = ("traits", "contacts", "ties", "answers")
"""Kinds of fact that the state also holds by identifier, so that one dossier is read without counting."""

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
    "arm": pa.string(),
    "channel": pa.string(),
    "features": pa.int64(),
    "window_days": pa.int64(),
    "expected_minor": pa.float64(),
}
"""`worth_minor`: what the customer was worth as spender and sender over 12 months when it was decided, or null.
arm: which of learning.arms it was chosen by. channel: what it goes out by, empty for waiting. features: the code of the
situation that is learned from (decisions.situation). window_days: for how long it is looked at what comes of it, and
expected_minor: the margin expected in them anyway, or null where no model could say."""
UNSETTLED_COLUMNS: Mapping[str, pa.DataType] = {
    name: DECISION_COLUMNS.get(name, pa.date32()) for name in ("decision_id", "customer_id", "day", "window_days")
}
LATELY_COLUMNS: Mapping[str, pa.DataType] = {
    name: DECISION_COLUMNS.get(name, pa.date32())
    for name in (
        "customer_id", "day", "action", "features", "worth_minor", "expected_minor", "window_days",
    )
}  # fmt: skip
"""What is learned from: decisions as they were taken, with what was done."""
SITUATION_COLUMNS: Mapping[str, pa.DataType] = {
    "situation_id": pa.string(),
    "record": pa.string(),
}
"""`record` is JSON: the situation's fields, each candidate with gain and probability, each action ruled out and why."""
