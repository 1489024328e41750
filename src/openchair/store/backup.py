"""A backup that any machine can read: every table of the state as JSON lines, beside the history's own files.

State goes first and history second: what was on its way from one to the other is then in both, and the sequence
number that history carries lets the next sync see that it is there already.
"""

import base64
import shutil
import tarfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import Date, LargeBinary, Table, delete, func, insert, select

from openchair.core.errors import BadInput, Conflict
from openchair.store.history import DeltaHistory
from openchair.store.sql.columns import UtcTime
from openchair.store.sql.database import Database
from openchair.store.sql.schema import inbox, metadata, notes

VERSION = 2
_AT_ONCE = 5_000
_PASSING = frozenset({"sessions", "leases", "idempotency"})
"""What only the running server needs; nobody stays signed in over a restore."""


def backup(home: Path, database: Database, history: DeltaHistory, out: Path) -> dict[str, int]:
    """Write settings, state and history of a shop to one .tar.gz; gives the rows of each table.

    The file appears under its name only when it is whole. A history behind a URL is not copied: it has its own.
    """
    part = out.with_name(out.name + ".part")
    with TemporaryDirectory(dir=out.parent) as folder:
        state = Path(folder) / "state"
        state.mkdir()
        counts = dump(database, state)
        manifest = {"openchair_backup": VERSION, "tables": counts, "history": history.local}
        (Path(folder) / "manifest.json").write_bytes(msgspec.json.encode(manifest))
        with tarfile.open(part, "w:gz", compresslevel=3) as tar:
            tar.add(Path(folder) / "manifest.json", "manifest.json")
            tar.add(state, "state")
            for name in ("openchair.toml", "catalogue.yaml"):
                if (home / name).is_file():
                    tar.add(home / name, name)
            if history.local and Path(history.root).is_dir():
                tar.add(history.root, "history")
    part.replace(out)
    return counts


def unpack(file: Path, home: Path) -> None:
    """Put settings and history of a backup into a new home, and its state beside them for `load`."""
    if (home / "openchair.toml").exists():
        raise Conflict("home", value=str(home), bound="is a shop already", remedy="Restore into a new folder.")
    try:
        with tarfile.open(file, "r:gz") as tar, TemporaryDirectory() as folder:
            tar.extractall(folder, filter="data")
            manifest = msgspec.json.decode((Path(folder) / "manifest.json").read_bytes())
            if manifest.get("openchair_backup") != VERSION:
                raise BadInput(
                    "backup", value=manifest.get("openchair_backup"), bound=f"must be of version {VERSION}",
                    remedy="Restore it with the Openchair that made it.",
                )  # fmt: skip
            home.mkdir(parents=True, exist_ok=True)
            for name in ("history", "state", "catalogue.yaml", "openchair.toml"):
                if (Path(folder) / name).exists():
                    shutil.move(Path(folder) / name, home / name)
    except (tarfile.TarError, EOFError, OSError, msgspec.DecodeError) as wrong:
        raise BadInput(
            "backup", value=str(wrong), bound="must be a file that backup wrote", remedy="Use another."
        ) from None


def dump(database: Database, folder: Path) -> dict[str, int]:
    """Every lasting table as FOLDER/<table>.jsonl, all as of one moment."""
    counts = {}
    with database.engine.connect() as plain:
        connection = plain if database.lite else plain.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            for table in metadata.sorted_tables:
                if table.name in _PASSING:
                    continue
                number = 0
                with (folder / f"{table.name}.jsonl").open("wb") as lines:
                    for row in connection.execution_options(yield_per=_AT_ONCE).execute(select(table)).mappings():
                        lines.write(msgspec.json.encode(dict(row)) + b"\n")
                        number += 1
                counts[table.name] = number
    return counts


def load(database: Database, folder: Path, history: DeltaHistory, kinds: Iterator[str] | tuple[str, ...]) -> None:
    """Fill an empty state from what `dump` wrote. Raises Conflict for a state that holds something.

    The inbox goes on counting above every number that history has seen, or it would take new events for old ones.
    """
    with database.write() as connection:
        for table in metadata.sorted_tables:
            if table.name not in ("notes", *_PASSING) and connection.scalar(select(func.count()).select_from(table)):
                raise Conflict(
                    "state", value=table.name, bound="holds rows already", remedy="Restore into an empty database."
                )
        for table in metadata.sorted_tables:
            file = folder / f"{table.name}.jsonl"
            if not file.is_file():
                continue
            connection.execute(delete(table))
            for rows in _rows(table, file):
                connection.execute(insert(table), rows)
        name = connection.scalar(select(notes.c.value).where(notes.c.key == "inbox_name")) or ""
        seen = max(
            [0, connection.scalar(select(func.max(inbox.c.seq))) or 0, *(history.version(k, name) for k in kinds)]
        )
        if database.lite:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'inbox'")
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?)", (seen,))
        else:
            connection.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('inbox', 'seq'), %s, true)", (max(seen, 1),)
            )
            for grown in ("rejects", "audit", "choices"):
                last = f"coalesce(max(number), 1)) FROM {grown}"
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{grown}', 'number'), {last}")


def _rows(table: Table, file: Path) -> Iterator[list[dict[str, Any]]]:
    read = {c.name: _reader(c.type) for c in table.columns}
    some: list[dict[str, Any]] = []
    with file.open("rb") as lines:
        for line in lines:
            row = msgspec.json.decode(line)
            some.append({n: None if v is None else read[n](v) for n, v in row.items() if n in read})
            if len(some) == _AT_ONCE:
                yield some
                some = []
    if some:
        yield some


def _reader(kind: Any) -> Any:
    if isinstance(kind, UtcTime):
        return datetime.fromisoformat
    if isinstance(kind, Date):
        return date.fromisoformat
    if isinstance(kind, LargeBinary):
        return base64.b64decode
    return lambda value: value
