"""Turns, imports and what was refused, in the state's database."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Table, delete, func, literal, select

from openchair.chair.state.records import Row
from openchair.chair.views import ImportReport, Reject, TurnReport
from openchair.core.errors import NotFound
from openchair.core.ids import digest
from openchair.store.sql.rows import Tables, insertion, put
from openchair.store.sql.schema import import_rejects as _listed
from openchair.store.sql.schema import imports as _imports
from openchair.store.sql.schema import rejects as _rejects
from openchair.store.sql.schema import turns as _turns

T = TypeVar("T")
_AT_ONCE = 500


class Reports(Tables):
    """Reports of turns and imports."""

    def save_turn(self, report: TurnReport) -> None:
        """Keep the report of a turn."""
        row = {"turn_id": report.turn_id, "started_at": report.started_at, "report": _written(report)}
        self._put(_turns, [row], over=True)

    def turns(self, limit: int) -> list[TurnReport]:
        """The latest turns, newest first."""
        return self._reports(_turns, TurnReport, limit)

    def save_import(self, report: ImportReport, rejects: Iterable[Reject]) -> ImportReport:
        """Keep the report of an import and its rejected rows; those known from an earlier import count as duplicates.

        Gives the report as it was kept.
        """
        every = iter(rejects)
        with self._database.write() as connection:
            last = connection.scalar(select(func.max(_rejects.c.number))) or 0
            connection.execute(delete(_listed).where(_listed.c.import_id == report.import_id))
            while some := list(islice(every, _AT_ONCE)):
                rows = {row["key"]: row for row in (_row(report, one) for one in some)}
                put(connection, _rejects, [*rows.values()])
                numbers = select(literal(report.import_id), _rejects.c.number).where(_rejects.c.key.in_([*rows]))
                those = insertion(connection, _listed).from_select(["import_id", "number"], numbers)
                connection.execute(those.on_conflict_do_nothing())
            new = connection.scalar(select(func.count()).select_from(_rejects).where(_rejects.c.number > last)) or 0
            kept = replace(report, rejected=new, duplicates=report.duplicates + report.rejected - new)
            row = {"import_id": kept.import_id, "started_at": kept.started_at, "report": _written(kept)}
            put(connection, _imports, [row], over=True)
        return kept

    def imports(self, limit: int) -> list[ImportReport]:
        """The latest imports, newest first."""
        return self._reports(_imports, ImportReport, limit)

    def rejects(self, import_id: str | None) -> Iterator[Reject]:
        """Rejected rows of one import, or of all, in the order they were found. Raises NotFound for no such import."""
        if import_id is not None and not self._values(select(_imports).where(_imports.c.import_id == import_id)):
            raise NotFound("import", value=import_id, bound="is not here", remedy="See the list of imports.")
        return self._rejected(import_id)

    def _rejected(self, import_id: str | None) -> Iterator[Reject]:
        seen, found = -1, [Row()]
        while found:
            query = select(_rejects).where(_rejects.c.number > seen).order_by(_rejects.c.number).limit(_AT_ONCE)
            if import_id is not None:
                query = query.join(_listed, _listed.c.number == _rejects.c.number)
                query = query.where(_listed.c.import_id == import_id)
            found = self._rows(query)
            yield from (Reject(row["file"], row["line"], row["reason"], row["row"]) for row in found)
            seen = found[-1]["number"] if found else seen

    def _reports(self, table: Table, kind: type[T], limit: int) -> list[T]:
        newest = (table.c.started_at.desc(), next(iter(table.primary_key.columns)).desc())
        texts = self._values(select(table.c.report).order_by(*newest).limit(limit))
        return [msgspec.json.decode(text, type=kind) for text in texts]


def _row(report: ImportReport, one: Reject) -> dict[str, Any]:
    key = digest(report.source, one.file, str(one.line), one.reason, one.row)
    return {"key": key, "file": one.file, "line": one.line, "reason": one.reason, "row": one.row}


def _written(report: TurnReport | ImportReport) -> str:
    return msgspec.json.encode(report, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    """NumPy's numbers, which models may report, as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} cannot be written as JSON")
