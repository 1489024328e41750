"""The history of facts: one append-only Delta table a kind, in a folder or behind a URL.

A commit that carries (app, version) is made on the very snapshot in which `version` was last answered: when another
process has committed since, Delta refuses it and Conflict is raised, so nothing is counted twice.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow.fs import FileSystem, LocalFileSystem
from pyarrow.parquet import ParquetFile

from openchair.chair.ports import History
from openchair.core.errors import Conflict, OpenchairError, StorageFull
from openchair.facts import kinds

LOG_RETENTION = "delta.logRetentionDuration"
SMALL_FILES = 50
"""A kind with more files than this of one size is worth compacting."""
TIERS_BYTES = (1 << 20, 32 << 20, 512 << 20)
"""Small files are joined up to the first size, many of those up to the next, and so on."""
KEPT_HOURS = 24


class DeltaHistory(History):
    """Delta tables under `root`: a folder, or an s3://, gs:// or az:// address with credentials in the environment."""

    def __init__(self, root: str | Path) -> None:
        text = str(root)
        self.local = "://" not in text or text.startswith("file://")
        self.root = unquote(urlsplit(text).path) if text.startswith("file://") else text.rstrip("/")
        self._snapshots: dict[tuple[str, str], DeltaTable] = {}
        if self.local:
            self.root = str(Path(self.root).absolute())

    def append(self, kind: str, rows: pa.RecordBatchReader | pa.Table, *, app: str = "", version: int = 0) -> int:
        """Add facts in one durable commit and give their number. With `app`, the commit carries (app, version).

        Raises Conflict when `app` has committed since `version(kind, app)` was asked; StorageFull on a full disk.
        """
        schema = kinds.schema(kind)
        counted = 0
        broken: list[Exception] = []

        def conforming() -> Iterator[pa.RecordBatch]:
            nonlocal counted
            try:
                for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
                    counted += batch.num_rows
                    yield batch.select(schema.names).cast(schema)
            except Exception as wrong:  # Delta would hide it behind its own error
                broken.append(wrong)
                raise

        transactions = [Transaction(app, version)] if app else None
        table = self._snapshots.pop((kind, app), None) if app else None
        table = table or self._made(kind)
        before = set(table.file_uris())
        try:
            write_deltalake(
                table,
                pa.RecordBatchReader.from_batches(schema, conforming()),
                mode="append",
                commit_properties=CommitProperties(app_transactions=transactions),
            )
        except (DeltaError, OSError) as failed:
            raise broken[0] if broken else _named(failed, kind) from failed
        now = table.file_uris()
        self._flush(kind, set(now) - before, table.version())
        if app and len(now) > SMALL_FILES:
            # The facts are kept already: if others wrote at the same time, the next append tidies up.
            with suppress(Conflict):
                self.compact(kind)
        return counted

    def version(self, kind: str, app: str) -> int:
        """The highest version committed by `app`; -1 when none: what was committed before is not added again."""
        table = self._snapshots[kind, app] = self._made(kind)
        found = table.transaction_version(app)
        return -1 if found is None else found

    def files(self, kind: str) -> list[str]:
        """The Parquet files that hold the kind's facts now; none while there is no table."""
        table = self._open(kind)
        return sorted(table.file_uris()) if table else []

    def read(self, kind: str, files: Sequence[str]) -> pa.RecordBatchReader:
        """The facts in some of those files, in batches."""
        schema = kinds.schema(kind)

        def batches() -> Iterator[pa.RecordBatch]:
            for file in files:
                place, path = (LocalFileSystem(), file) if self.local else FileSystem.from_uri(file)
                with place.open_input_file(path) as opened:
                    for batch in ParquetFile(opened).iter_batches():
                        columns = [
                            batch[f.name].cast(f.type) if f.name in batch.schema.names else pa.nulls(len(batch), f.type)
                            for f in schema
                        ]
                        yield pa.RecordBatch.from_arrays(columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def compact(self, kind: str, most: int = SMALL_FILES) -> int:
        """Join a kind's small files where there are more than `most` of a size; gives how many files there are then.

        Files grow by tiers, so a fact is rewritten a few times in its life and not with every sync. The files that
        were joined stay for KEPT_HOURS, for readers who began with them.
        """
        table = self._open(kind)
        if table is None:
            return 0
        for tier in TIERS_BYTES:
            sizes = pa.table(table.get_add_actions(flatten=True))["size_bytes"].to_pylist()
            if sum(size < tier for size in sizes) <= most:
                continue
            before = set(table.file_uris())
            try:
                table.optimize.compact(target_size=tier)
                self._flush(kind, set(table.file_uris()) - before, table.version())
                table.create_checkpoint()
                table.vacuum(retention_hours=KEPT_HOURS, enforce_retention_duration=False, dry_run=False)
            except (DeltaError, OSError) as failed:
                raise _named(failed, kind) from failed
        return len(table.file_uris())

    def erase(self, kind: str, identifiers: Sequence[str]) -> int:
        """Remove every fact about these identifiers, and the files that held them; gives how many there were.

        Old files go at once, and the log of how they came to be, which names what was erased: erased means gone.
        Readers that began before may have to begin again.
        """
        if not identifiers:
            return 0
        names = ", ".join("'" + text.replace("'", "''") + "'" for text in identifiers)
        columns = [c for c in ("identifier", "invitee", "other") if c in kinds.schema(kind).names]
        return self._cut(kind, " OR ".join(f"{c} IN ({names})" for c in columns))

    def retain(self, kind: str, since: datetime) -> int:
        """Remove every fact that happened before `since`, likewise; gives how many there were."""
        return self._cut(kind, f"happened_at < '{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}'")

    def _cut(self, kind: str, condition: str) -> int:
        table = self._open(kind)
        if table is None:
            return 0
        try:
            found = table.delete(condition)
            table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
            # A log is cut below a checkpoint and by its table's own retention; afterwards that is the usual one again.
            table.alter.set_table_properties({LOG_RETENTION: "interval 0 days"})
            table.create_checkpoint()
            table.cleanup_metadata()
            table.alter.set_table_properties({LOG_RETENTION: "interval 30 days"})
        except (DeltaError, OSError) as failed:
            raise _named(failed, kind) from failed
        return int(found["num_deleted_rows"] or 0)

    def _address(self, kind: str) -> str:
        kinds.schema(kind)
        return f"{self.root}/{kind}"

    def _open(self, kind: str) -> DeltaTable | None:
        try:
            return DeltaTable(self._address(kind))
        except TableNotFoundError:
            return None

    def _made(self, kind: str) -> DeltaTable:
        """The kind's table, made first when it is not there; whoever else makes it at the same time is welcome."""
        if table := self._open(kind):
            return table
        if self.local:
            Path(self._address(kind)).mkdir(parents=True, exist_ok=True)
        try:
            table = DeltaTable.create(self._address(kind), kinds.schema(kind), mode="ignore")
        except (DeltaError, OSError) as failed:
            table = self._open(kind)
            if table is None:
                raise _named(failed, kind) from failed
        self._flush(kind, set(), 0)
        return DeltaTable(self._address(kind))

    def _flush(self, kind: str, data: Iterable[str], version: int) -> None:
        """Put new files and their names on the disk itself: the inbox forgets events as soon as this returns."""
        if not self.local:
            return
        folder = Path(self._address(kind))
        log = folder / "_delta_log"
        for path in [*map(Path, data), log / f"{version:020}.json", folder, log]:
            try:
                handle = os.open(path, os.O_RDONLY)
            except FileNotFoundError:  # a later commit has compacted it away, or joined the log into a checkpoint
                continue
            try:
                os.fsync(handle)
            except OSError as failed:
                raise _named(failed, kind) from failed
            finally:
                os.close(handle)


def _named(failed: Exception, kind: str) -> OpenchairError:
    what, text = f"history of {kind}", str(failed)
    if isinstance(failed, CommitFailedError):
        return Conflict(what, bound="another process has committed", remedy="Read it again and retry.")
    if isinstance(failed, OSError) or any(sign in text for sign in ("os error", "No space left", "File too large")):
        return StorageFull(what, value=text, bound="must be writable", remedy="Free some room; nothing was lost.")
    return OpenchairError(what, value=text, bound="could not be written")
