"""What proof needs of the state: who was drawn into which arm, what was decided in each, and the log to judge by."""

from datetime import date
from typing import Protocol

import pyarrow as pa

LOT_COLUMNS = {"customer_id": pa.string(), "arm": pa.string(), "entered": pa.date32()}
TALLY_COLUMNS = {
    "day": pa.date32(), "arm": pa.string(), "action": pa.string(), "done": pa.bool_(), "n": pa.int64(),
    "settled": pa.int64(),
}  # fmt: skip
LOG_COLUMNS = {
    "customer_id": pa.string(), "record_id": pa.string(), "action": pa.string(), "propensity": pa.float64(),
    "done": pa.bool_(), "outcome_minor": pa.float64(), "expected_minor": pa.float64(),
}  # fmt: skip


class Proving(Protocol):
    """Arms and what came of them."""

    def decided_between(self) -> tuple[date, date] | None:
        """The first and the last day of daily decisions; None before there are any."""
        ...

    def lots(self, since: date, before: date) -> pa.Table:
        """LOT_COLUMNS of every customer decided for on the days from `since` until before `before`.

        entered: the first of these days on which they were, and `arm` the one they were in then. Customers who are part
        of another now are left out: the other's lot is theirs.
        """
        ...

    def tally(self) -> pa.Table:
        """TALLY_COLUMNS: how many daily decisions (`n`) were taken by day, arm and action, and whether it was done.

        done: approved, sent or more. settled: those whose outcome is in.
        """
        ...

    def tried(self, most: int) -> tuple[pa.Table, dict[str, str]]:
        """LOG_COLUMNS of decisions of the arm `learned`, before the first day of which one is not settled, and the
        records they rest on by their id.

        Where there are more than `most` rows, those of a part of customers, chosen by their id, of about that many.
        expected_minor: null where no model could say what would come anyway.
        """
        ...

    def met(self, day: date) -> dict[str, tuple[str, int]]:
        """By its id each record of a day's decisions of the arm `learned`, and how many customers it was of."""
        ...
