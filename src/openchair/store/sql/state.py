"""The state of a home: dossiers' rows, decisions, imports, turns and leases, on SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Table, delete, func, insert, literal, select

from openchair.chair.state import State
from openchair.chair.views import ImportReport, Reject, TurnReport
from openchair.core.errors import NotFound
from openchair.core.ids import digest
from openchair.store.sql import schema
from openchair.store.sql.access import Access
from openchair.store.sql.asking import Asking
from openchair.store.sql.calling import Calling
from openchair.store.sql.choosing import Choosing
from openchair.store.sql.customers import Customers
from openchair.store.sql.database import Database
from openchair.store.sql.decisions import Decisions
from openchair.store.sql.erasure import Erasure
from openchair.store.sql.hearing import Hearing
from openchair.store.sql.inbox import SqlInbox
from openchair.store.sql.planning import Planning
from openchair.store.sql.proving import Proving
from openchair.store.sql.rows import insertion, upsert
from openchair.store.sql.said import Said
from openchair.store.sql.team import Team

_REJECTS_AT_ONCE = 500


class SqlState(Customers, Said, Decisions, Team, Erasure, Asking, Hearing, Calling, Choosing, Proving, Planning, State):
    """The whole of the State protocol over one Database; `inbox` and `access` share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.inbox: SqlInbox = SqlInbox(database)
        self.access = Access(database)

    def migrated(self) -> bool:
        """Whether the database answers and has the tables that this version expects."""
        return self._database.migrated()

    def close(self) -> None:
        """Commit what waits in the inbox and give the connections back."""
        self.inbox.close()
        self._database.close()

    def note(self, key: str) -> str | None:
        """A remembered word about this home, such as `simulated`."""
        with self._database.read() as connection:
            return connection.scalar(select(schema.notes.c.value).where(schema.notes.c.key == key))

    def set_note(self, key: str, value: str) -> None:
        """Remember a word about this home."""
        with self._database.write() as connection:
            connection.execute(upsert(connection, schema.notes, "key").values(key=key, value=value))

    def keep_note(self, key: str, value: str) -> str:
        """Remember a word unless one is remembered already; gives the one that is kept, the same to all who ask."""
        known = self.note(key)
        if known is not None:
            return known
        with self._database.write() as connection:
            put = insertion(connection, schema.notes).values(key=key, value=value)
            connection.execute(put.on_conflict_do_nothing())
            return str(connection.scalar(select(schema.notes.c.value).where(schema.notes.c.key == key)))

    def save_turn(self, report: TurnReport) -> None:
        """Keep the report of a turn."""
        with self._database.write() as connection:
            connection.execute(delete(schema.turns).where(schema.turns.c.turn_id == report.turn_id))
            connection.execute(
                insert(schema.turns).values(
                    turn_id=report.turn_id, started_at=report.started_at, report=_written(report)
                )
            )

    def turns(self, limit: int) -> list[TurnReport]:
        """The latest turns, newest first."""
        return [msgspec.json.decode(text, type=TurnReport) for text in self._reports(schema.turns, limit)]

    def save_import(self, report: ImportReport, rejects: Iterable[Reject]) -> ImportReport:
        """Keep the report of an import and its rejected rows; those known from an earlier import count as duplicates.

        Gives the report as it was kept.
        """
        table, listed = schema.rejects, schema.import_rejects
        with self._database.write() as connection:
            last = connection.scalar(select(func.max(table.c.number))) or 0
            connection.execute(delete(listed).where(listed.c.import_id == report.import_id))
            for some in _chunks(rejects, _REJECTS_AT_ONCE):
                rows = {row["key"]: row for row in (_row(report, one) for one in some)}
                connection.execute(
                    insertion(connection, table).on_conflict_do_nothing(index_elements=["key"]), [*rows.values()]
                )
                numbers = select(literal(report.import_id), table.c.number).where(table.c.key.in_([*rows]))
                put = insertion(connection, listed).from_select(["import_id", "number"], numbers)
                connection.execute(put.on_conflict_do_nothing())
            new = connection.scalar(select(func.count()).select_from(table).where(table.c.number > last)) or 0
            again = report.rejected - new
            kept = replace(report, rejected=new, duplicates=report.duplicates + again)
            connection.execute(delete(schema.imports).where(schema.imports.c.import_id == report.import_id))
            connection.execute(
                insert(schema.imports).values(
                    import_id=kept.import_id, started_at=kept.started_at, report=_written(kept)
                )
            )
        return kept

    def imports(self, limit: int) -> list[ImportReport]:
        """The latest imports, newest first."""
        return [msgspec.json.decode(text, type=ImportReport) for text in self._reports(schema.imports, limit)]

    def rejects(self, import_id: str | None) -> Iterator[Reject]:
        """Rejected rows of one import, or of all, in the order they were found. Raises NotFound for no such import."""
        if import_id is not None:
            with self._database.read() as connection:
                known = connection.execute(
                    select(schema.imports.c.import_id).where(schema.imports.c.import_id == import_id)
                ).first()
            if known is None:
                raise NotFound("import", value=import_id, bound="is not here", remedy="See the list of imports.")
        return self._rejected(import_id)

    def _rejected(self, import_id: str | None) -> Iterator[Reject]:
        seen = -1
        table, listed = schema.rejects, schema.import_rejects
        while True:
            query = select(table).where(table.c.number > seen).order_by(table.c.number).limit(_REJECTS_AT_ONCE)
            if import_id is not None:
                query = query.join(listed, listed.c.number == table.c.number).where(listed.c.import_id == import_id)
            with self._database.read() as connection:
                found = connection.execute(query).all()
            if not found:
                return
            yield from (Reject(row.file, row.line, row.reason, row.row) for row in found)
            seen = found[-1].number

    def lease(self, job: str, owner: str, now: datetime, seconds: float) -> bool:
        """Whether `owner` may run `job` until now + seconds; renews its own lease, takes an expired one."""
        table, until = schema.leases, now + timedelta(seconds=seconds)
        with self._database.write() as connection:
            put = insertion(connection, table).values(job=job, owner=owner, until=until)
            put = put.on_conflict_do_update(
                index_elements=["job"],
                set_={"owner": owner, "until": until},
                where=(table.c.owner == owner) | (table.c.until <= now),
            )
            return connection.execute(put.returning(table.c.owner)).first() is not None

    def free(self, job: str, owner: str) -> None:
        """Give a lease back."""
        table = schema.leases
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.job == job, table.c.owner == owner))

    def _reports(self, table: Table, limit: int) -> list[str]:
        key = next(iter(table.primary_key.columns))
        with self._database.read() as connection:
            query = select(table.c.report).order_by(table.c.started_at.desc(), key.desc()).limit(limit)
            return list(connection.scalars(query))


def open_state(url: str) -> SqlState:
    """The state behind a URL (sqlite:///FILE or postgresql+psycopg://...), made or brought up to date when needed.

    Raises BadInput for a URL that names neither, StorageFull where it cannot be written.
    """
    return SqlState(Database(url))


def _row(report: ImportReport, one: Reject) -> dict[str, Any]:
    key = digest(report.source, one.file, str(one.line), one.reason, one.row)
    return {"key": key, "file": one.file, "line": one.line, "reason": one.reason, "row": one.row}


def _chunks(rows: Iterable[Reject], size: int) -> Iterator[list[Reject]]:
    every = iter(rows)
    while some := list(islice(every, size)):
        yield some


def _written(report: TurnReport | ImportReport) -> str:
    return msgspec.json.encode(report, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    """NumPy's numbers, which models may report, as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} cannot be written as JSON")
