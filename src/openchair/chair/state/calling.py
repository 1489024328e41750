"""What the use cases need of the state to call: lists of the week, and cases by whose they are."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa

from openchair.chair.ports import Envelope


class Calling(Protocol):
    """Calls to make, and cases (reviews of that kind).

    A row of a case or a call has the columns of its table, and beside them CUSTOMER_COLUMNS of whom it is about now,
    whose id is `who_id`; they are None for a customer no turn has seen.
    """

    def unopened(self, since: datetime, until: datetime, limit: int) -> list[dict[str, Any]]:
        """Low answers of a time that no case covers, the earliest of each customer: fact_id, base_id, happened_at,
        words, and `owner`, who reached them last by telephone.

        A case covers its own answer, and whatever the same customer answered until it was closed.
        """
        ...

    def cases(
        self, *, closed: bool, owner: str | None, limit: int, after: str | None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Cases with score, metric, answered_at, words and later_score: open ones by when they are due, closed ones
        newest first; of an owner (empty: of nobody); from a cursor (a case id) on, and whether more follow."""
        ...

    def case(self, case_id: str) -> dict[str, Any] | None:
        """One case, likewise."""
        ...

    def case_times(self, since: datetime) -> list[dict[str, Any]]:
        """Of cases that are open, or were opened from a time on: opened_at, due_at, decided_at, answered_at, score,
        metric, later_score."""
        ...

    def own_case(self, case_id: str, owner: str) -> bool:
        """Give an open case to somebody, or to nobody; False where none of that id is open."""
        ...

    def close_case(
        self,
        case_id: str,
        verdict: str,
        by: str,
        at: datetime,
        why: str,
        events: Sequence[Envelope],
        facts: Mapping[str, pa.Table],
    ) -> bool:
        """Close an open case and keep the facts of it, in one transaction; False, and nothing kept, where none is."""
        ...

    def leaders(self) -> list[str]:
        """Everyone of the team who signs in, by e-mail."""
        ...

    def candidates(
        self,
        reason: str,
        *,
        now: datetime,
        week: date,
        limit: int,
        after: int = 0,
        chance: str = "",
        among: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Customers whom a reason (listening.calls.REASONS) names, the most telling first, from a place on.

        Without those called in the last weeks and those on a list of this week. Rows with CUSTOMER_COLUMNS, and what
        the reason is about: `found` (a need's name), `found_n` (a score, how many have a need), `found_at`; and whether
        a need or ties of theirs are known, `has_need`, `has_ties`. chance: the id from which customers are drawn.
        among: the customers who sent friends, whom only history knows.
        """
        ...

    def put_calls(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep calls to make (rows of the table); one whose id is known changes nothing."""
        ...

    def calls(self, week: date, leader: str = "") -> list[dict[str, Any]]:
        """A week's calls, of one leader or of all, in order; those noted outside a list come last."""
        ...

    def call(self, call_id: str) -> dict[str, Any] | None:
        """One call."""
        ...

    def waiting_call(self, week: date, customer_id: str) -> str | None:
        """The call to this customer on a list of the week, where nobody has reached them yet."""
        ...

    def end_call(self, row: Mapping[str, Any], events: Sequence[Envelope], facts: Mapping[str, pa.Table]) -> bool:
        """Keep what became of a call, new or known, and the facts of it, in one transaction.

        False, and nothing kept, where they were reached already.
        """
        ...

    def call_counts(self, since: date) -> list[dict[str, Any]]:
        """By week and leader, newest first: week, leader, listed, reached, tried."""
        ...
