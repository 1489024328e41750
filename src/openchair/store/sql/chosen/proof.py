"""What proof rests on: arms, what was decided in each, and the log of what came of it; counted in the database."""

from datetime import date

import pyarrow as pa
from sqlalchemy import Float, cast, func, select

from openchair.chair.state.records import LOG_COLUMNS, LOT_COLUMNS, TALLY_COLUMNS
from openchair.store.sql.chosen.decisions import DONE, share_of
from openchair.store.sql.rows import ASKED, STREAM, Tables, asked, shape, table_of
from openchair.store.sql.schema import customers, decisions, situations

_IS_DONE = decisions.c.status.in_(DONE).label("done")
_HOME = func.coalesce(customers.c.household, customers.c.customer_id).label("home")
_DAILY = decisions.c.moment == "daily"


class Proving(Tables):
    """Arms and what came of them."""

    def decided_between(self) -> tuple[date, date] | None:
        """The first and the last day of daily decisions; None before there are any."""
        first, last = (
            self._value(select(decisions.c.day).where(_DAILY).order_by(by).limit(1))
            for by in (decisions.c.day, decisions.c.day.desc())
        )
        return (first, last) if first and last else None

    def lots(self, since: date, before: date) -> pa.Table:
        """LOT_COLUMNS of every customer decided for on the days from `since` until before `before`.

        entered: the first of these days on which they were, and `arm` the one they were in then. home: their household.
        Customers who are part of another now are left out: the other's lot is theirs.
        """
        within = (_DAILY, decisions.c.day >= since, decisions.c.day < before)
        first = (
            select(decisions.c.customer_id, func.min(decisions.c.day).label("entered"))
            .where(*within)
            .group_by(decisions.c.customer_id)
            .subquery()
        )
        query = (
            select(decisions.c.customer_id, decisions.c.arm, first.c.entered, _HOME)
            .join(first, (first.c.customer_id == decisions.c.customer_id) & (first.c.entered == decisions.c.day))
            .join(customers, customers.c.customer_id == decisions.c.customer_id)
            .where(_DAILY, customers.c.merged_into.is_(None))
            .order_by(decisions.c.customer_id)
        )
        return self._table(query, LOT_COLUMNS)

    def tally(self) -> pa.Table:
        """TALLY_COLUMNS: how many daily decisions (`n`) were taken by day, arm and action, and whether it was done.

        done: approved, sent or more. settled: those whose outcome is in.
        """
        keys = (decisions.c.day, decisions.c.arm, decisions.c.action, _IS_DONE)
        counts = (func.count(), func.count(decisions.c.outcome_minor))
        return self._table(select(*keys, *counts).where(_DAILY).group_by(*keys).order_by(*keys), TALLY_COLUMNS)

    def tried(self, most: int) -> tuple[pa.Table, dict[str, str]]:
        """LOG_COLUMNS of decisions of the arm `learned`, before the first day of which one is not settled, and the
        records they rest on by their id.

        Where there are more than `most` rows, those of a part of customers, chosen by their id, of about that many.
        expected_minor: null where no model could say what would come anyway.
        """
        learned = (_DAILY, decisions.c.arm == "learned")
        with self._database.read() as connection:
            # Actions are looked at for different times: of a day of which one is not settled, the others are no sample.
            open_ = connection.scalar(
                select(func.min(decisions.c.day)).where(*learned, decisions.c.outcome_minor.is_(None))
            )
            settled = (*learned, decisions.c.day < open_) if open_ else learned
            rows = connection.scalar(select(func.count()).select_from(decisions).where(*settled)) or 0
            some = () if rows <= most else (decisions.c.customer_id < share_of(most, rows),)
            made = {"done": _IS_DONE, "outcome_minor": cast(decisions.c.outcome_minor, Float)}
            columns = [made[name] if name in made else decisions.c[name] for name in LOG_COLUMNS]
            query = select(*columns).where(*settled, *some).order_by(decisions.c.decision_id)
            found = table_of(connection.execute(query, execution_options=STREAM), shape(LOG_COLUMNS))
            told = select(situations.c.record_id, situations.c.record).where(situations.c.record_id.in_(ASKED))
            with asked(connection, found["record_id"].unique().to_pylist()):
                records: dict[str, str] = dict(connection.execute(told).all())
        return found, records

    def met(self, day: date) -> dict[str, tuple[str, int]]:
        """By its id each record of a day's decisions of the arm `learned`, and how many customers it was of."""
        those = (_DAILY, decisions.c.arm == "learned", decisions.c.day == day)
        counts = select(decisions.c.record_id, func.count().label("n")).where(*those).group_by(decisions.c.record_id)
        of = counts.subquery()
        query = select(situations.c.record_id, situations.c.record, of.c.n)
        rows = self._rows(query.join(of, of.c.record_id == situations.c.record_id))
        return {row["record_id"]: (row["record"], row["n"]) for row in rows}
