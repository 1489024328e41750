"""Decisions and the situations they were taken in: what was chosen, what a person said to it, what came of it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    BindParameter,
    Connection,
    Date,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    or_,
    select,
    text,
)

from openchair.chair.ports import (
    CUSTOMER_COLUMNS,
    DECISION_COLUMNS,
    LATELY_COLUMNS,
    SITUATION_COLUMNS,
    UNSETTLED_COLUMNS,
)
from openchair.chair.state.records import SINCE, Faced, Page, Row
from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.store.sql.columns import packed
from openchair.store.sql.rows import Tables, bulk, conform, insertion, pieces, shape, staged
from openchair.store.sql.schema import choices, customers, identities, models, turns
from openchair.store.sql.schema import decisions as _decisions
from openchair.store.sql.schema import situations as _situations
from openchair.store.sql.who.erasure import ERASED
from openchair.store.sql.who.identities import bases_of, found_each

_OUTCOMES = {"decision_id": pa.string(), "outcome_minor": pa.int64(), "outcome_at": pa.timestamp("us", tz="UTC")}
_ACTING = text("decisions.action <> 'wait'")  # in these words, so that the partial index is used
_FEW = 500
DONE = ("approved", "sent", "delivered", "opened", "clicked", "answered")
_unanswered = or_(
    _decisions.c.status == "proposed", and_(_decisions.c.status == "deferred", _decisions.c.decided_by.is_(None))
)
"""What nobody has said anything to: proposed, or put off since a budget was used."""


class Decisions(Tables):
    """Decisions as they were taken."""

    def save_decisions(self, day: date, moment: str, situations: pa.Table, decisions: pa.Table) -> None:
        """Keep a day's decisions (DECISION_COLUMNS) and the distinct situations they were taken in.

        A customer's decision of the same day and moment stays if a person has already acted on it.
        Raises BadInput for a decision whose situation is not among `situations`.
        """
        with self._database.write() as connection, bulk(connection, _decisions):
            _decide(connection, day, moment, situations, decisions, "true")

    def redecide(self, day: date, moment: str, situations: pa.Table, decisions: pa.Table) -> None:
        """Put these in place of the same customers' proposed decisions of the day and moment; others stay.

        A decision that a person has acted on stays. Raises BadInput as `save_decisions` does.
        """
        with self._database.write() as connection:
            # What was put off by lot stays so: its place in the budget has gone to others.
            whose = "status = 'proposed' AND customer_id IN (SELECT customer_id FROM staged)"
            _decide(connection, day, moment, situations, decisions, whose)

    def faced(self, texts: Sequence[str], day: date, moments: Sequence[str]) -> Faced:
        """What is known of those who wait, by whatever they are called, and what was decided for them already."""
        with self._database.read() as connection:
            stands = tuple(connection.execute(_STANDS).one())
            found = found_each(connection, texts)
            ids = [who for who in set(found) if who is not None]
            rows = connection.execute(_ROWS, {"ids": ids}).mappings() if ids else ()
            asked = {"ids": ids, "day": day, "moments": list(set(moments))}
            before = connection.execute(_BEFORE, asked).mappings() if ids else ()
            return Faced(
                stands,
                found,
                {row["customer_id"]: dict(row) for row in rows},
                {row["decision_id"]: dict(row) for row in before},
            )

    def keep(
        self, situations: Sequence[Mapping[str, Any]], decisions: Sequence[Mapping[str, Any]],
        instead: Sequence[str] = (),
    ) -> dict[str, Row]:  # fmt: skip
        """Keep a few decisions in one commit; gives those that another, who was first, had decided otherwise, by id.

        situations: their `record_id`, `situation_id` and `record`. decisions: with `record_id`, `day`, `moment` and
        `stage`. instead: decisions to be put in the place of, unless a person has acted on them.
        """
        ids = [row["decision_id"] for row in decisions]
        with self._database.write() as connection:
            if instead:
                connection.execute(delete(_decisions).where(_decisions.c.decision_id.in_(instead), _unanswered))
            connection.execute(insertion(connection, _situations).on_conflict_do_nothing(), situations)
            put = insertion(connection, _decisions).on_conflict_do_nothing()
            made = connection.execute(put, decisions, execution_options={"preserve_rowcount": True})
            if made.rowcount == len(decisions):
                return {}
            kept = dict(connection.execute(_KEPT, {"ids": ids}).all())
            others = [row["decision_id"] for row in decisions if kept[row["decision_id"]] != row["record_id"]]
            return _by_id(connection, others) if others else {}

    def decided(self, decision_ids: Sequence[str]) -> dict[str, Row]:
        """Those of a few decisions that were taken, by id, joined with their situation and customer."""
        with self._database.read() as connection:
            return _by_id(connection, decision_ids)

    def decisions(
        self, *, day: date | None = None, customer_id: str | None = None, acting: bool = False, limit: int = 100,
        after: str | None = None,
    ) -> Page:  # fmt: skip
        """Decisions joined with their situation and customer, best gain first within the newest day.

        acting: only decisions to do something. after: a decision id, from which on the list goes. Of one customer,
        those about all records that are theirs now; of everyone, none about a customer who is part of another.
        """
        query = _joined()
        if day is not None:
            query = query.where(_decisions.c.day == day)
        if customer_id is not None:
            query = query.where(_decisions.c.customer_id.in_(bases_of(customer_id)))
        else:
            query = query.where(customers.c.merged_into.is_(None), _decisions.c.customer_id.not_like(f"{ERASED}%"))
        if acting:
            query = query.where(_ACTING)
        place = (_decisions.c.day, _decisions.c.gain_minor, _decisions.c.decision_id)
        return self._page(dict, query, place, after=after, limit=limit)

    def decision(self, decision_id: str) -> Row | None:
        """One decision, joined likewise."""
        return self.decided([decision_id]).get(decision_id)

    def queued(self, customer_ids: Sequence[str], since: date) -> list[str]:
        """Decisions of these customers, approved or deferred, of this day or later, of which nothing came yet.

        They may be about any of the records that a customer is now.
        """
        found: list[str] = []
        waits = _decisions.c.status.in_(("approved", "deferred")) & _decisions.c.outcome_minor.is_(None)
        with self._database.read() as connection:
            # Mostly it is one customer, for whom a temporary table would take longer than the query.
            for part in pieces(customer_ids, _FEW):
                bases = select(identities.c.base_id).where(identities.c.customer_id.in_(part))
                theirs = _decisions.c.customer_id.in_(part) | _decisions.c.customer_id.in_(bases)
                query = select(_decisions.c.decision_id).where(theirs, waits, _decisions.c.day >= since)
                found += connection.scalars(query)
        return sorted(found)

    def set_outcomes(self, rows: pa.Table) -> None:
        """Fill in outcomes (decision_id, outcome_minor, outcome_at)."""
        with (
            self._database.write() as connection,
            staged(connection, conform(rows, shape(_OUTCOMES)).read_all()) as those,
        ):
            connection.exec_driver_sql(
                f"""UPDATE decisions SET outcome_minor = {those}.outcome_minor, outcome_at = {those}.outcome_at
                FROM {those} WHERE decisions.decision_id = {those}.decision_id"""  # noqa: S608  # our own table's name
            )

    def unsettled(self, day: date) -> pa.Table:
        """UNSETTLED_COLUMNS of decisions whose window was over before a day, and that have no outcome yet."""
        without = _decisions.c.outcome_minor.is_(None)
        windows = self._values(select(_decisions.c.window_days).where(without).distinct())
        over = [(_decisions.c.window_days == n) & (_decisions.c.day < day - timedelta(days=n)) for n in windows]
        query = select(*(_decisions.c[name] for name in UNSETTLED_COLUMNS)).where(without, or_(false(), *over))
        return self._table(query, UNSETTLED_COLUMNS)

    def worths(self, day: date) -> pa.Table:
        """customer_id and worth_minor of whoever had a worth when a day's turn decided for them."""
        theirs = (_decisions.c.day == day, _decisions.c.moment == "daily", _decisions.c.worth_minor.is_not(None))
        query = select(_decisions.c.customer_id, _decisions.c.worth_minor).where(*theirs)
        return self._table(query, {name: DECISION_COLUMNS[name] for name in ("customer_id", "worth_minor")})

    def lately(self, since: date, looks: Sequence[date], policy: str, most: int) -> pa.Table:
        """LATELY_COLUMNS of decisions from a day on, of policies whose version begins so, by customer and day.

        Those that were done; and of the days `looks` also those of a turn that were not, with `wait` for action. Where
        there are more than `most` customers, those of about so many of them, as their ids have it. Of nobody erased.
        """
        done = _ACTING & _decisions.c.status.in_(DONE)
        daily = (_decisions.c.day.in_(looks)) & (_decisions.c.moment == "daily")
        action = case((done, _decisions.c.action), else_="wait").label("action")
        columns = [action if name == "action" else _decisions.c[name] for name in LATELY_COLUMNS]
        query = (
            select(*columns)
            .where(_decisions.c.day >= since, _decisions.c.policy.startswith(policy), or_(done, daily))
            .where(_decisions.c.customer_id.not_like(f"{ERASED}%"))
            .order_by(_decisions.c.customer_id, _decisions.c.day, _decisions.c.decision_id)
        )
        number = self._value(select(func.count()).select_from(customers))
        if number > most:
            query = query.where(_decisions.c.customer_id < share_of(most, number))
        return self._table(query, LATELY_COLUMNS)


def share_of(most: int, number: int) -> str:
    """Below which id about so many of a number of customers lie: ids are hexadecimal digests, so it is as by lot."""
    return f"{int(16**8 * most / number):08x}"


def _decide(
    connection: Connection, day: date, moment: str, situations: pa.Table, decisions: pa.Table, whose: str
) -> None:
    """Put decisions in place of proposed ones of a day and moment: of all customers, or of those of the new ones."""
    told = conform(situations, shape(SITUATION_COLUMNS)).read_all()
    pairs = list(zip(told["situation_id"].to_pylist(), told["record"].to_pylist(), strict=True))
    ids = pa.array([digest(*pair) for pair in pairs], pa.string())
    rows = conform(decisions, shape(DECISION_COLUMNS)).read_all()
    place = pc.index_in(rows["situation_id"], value_set=told["situation_id"].combine_chunks())
    if place.null_count:
        lost = rows.filter(place.is_null())["situation_id"][0].as_py()
        raise BadInput("decision's situation", value=lost, bound="is not among the situations", remedy="Add it.")
    rows = rows.append_column("record_id", ids.take(place.combine_chunks()))
    kept = told.set_column(1, "record", pa.array([packed(record) for _, record in pairs], pa.string()))
    with staged(connection, kept.append_column("record_id", ids)) as those:
        connection.exec_driver_sql(
            f"""INSERT INTO situations (record_id, situation_id, record)
            SELECT record_id, situation_id, record FROM {those} WHERE true ON CONFLICT DO NOTHING"""  # noqa: S608
        )
    with staged(connection, rows) as those:
        connection.execute(
            delete(_decisions).where(_decisions.c.day == day, _decisions.c.moment == moment, _unanswered, text(whose))
        )
        columns = ", ".join(rows.schema.names)
        chosen = ", ".join(f"{those}.{name}" for name in rows.schema.names)
        connection.execute(
            text(
                f"""INSERT INTO decisions ({columns}, day, moment, stage)
                SELECT {chosen}, :day, :moment, customers.stage
                FROM {those} LEFT JOIN customers ON customers.customer_id = {those}.customer_id
                WHERE true ORDER BY {those}.decision_id ON CONFLICT DO NOTHING"""  # noqa: S608  # our own names
            ).bindparams(bindparam("day", day, Date), bindparam("moment", moment, Text))
        )


def _by_id(connection: Connection, decision_ids: Sequence[str]) -> dict[str, Row]:
    found = connection.execute(_joined().where(_decisions.c.decision_id.in_(decision_ids))).mappings()
    return {row["decision_id"]: dict(row) for row in found}


def _joined() -> Select[Any]:
    """A decision with its situation's record and its customer's row as it is now; `stage` is the one of the day."""
    theirs = [customers.c[name] for name in CUSTOMER_COLUMNS if name not in ("customer_id", "stage")]
    return (
        select(_decisions, _situations.c.record, *theirs)
        .join(_situations, _situations.c.record_id == _decisions.c.record_id)
        .outerjoin(customers, customers.c.customer_id == _decisions.c.customer_id)
    )


_IDS: BindParameter[Any] = bindparam("ids", expanding=True, type_=Text())
_TURN = select(turns.c.turn_id).order_by(turns.c.started_at.desc()).limit(1).scalar_subquery()
_SINCE = select(models.c.made_at).where(models.c.name == SINCE).scalar_subquery()
_STANDS = select(_TURN, func.max(choices.c.number), _SINCE)
_ROWS = select(*(customers.c[name] for name in CUSTOMER_COLUMNS)).where(customers.c.customer_id.in_(_IDS))
_BEFORE = _joined().where(
    _decisions.c.customer_id.in_(_IDS),
    _decisions.c.day == bindparam("day", type_=Date),
    _decisions.c.moment.in_(bindparam("moments", expanding=True, type_=Text())),
)
_KEPT = select(_decisions.c.decision_id, _decisions.c.record_id).where(_decisions.c.decision_id.in_(_IDS))
