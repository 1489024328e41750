"""The inbox: events acknowledged and not yet in history. One thread commits for all who wait, so one fsync serves many.

Sequence numbers grow in the order of commits: there is one writer at a time (SQLite's own lock, an advisory lock in
PostgreSQL), so whoever has read up to a number has read all that will ever be below it.
"""

import hashlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate
from secrets import token_hex
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection, delete, func, select, text

from openchair.chair.ports import Envelope, Inbox
from openchair.core.errors import BadInput, Conflict
from openchair.core.ids import SEPARATOR
from openchair.store.sql.database import BUSY_SECONDS, Database, prepare, sqlite_file, storage_error
from openchair.store.sql.schema import inbox, notes

MOST_EVENTS = 5_000
"""Events in one commit: more gains nothing, and whoever came first would wait longer."""
CLEARED_AT_ONCE = 2_000
LOOK_SECONDS = 0.001
"""How often the thread that commits looks whether another writer is done."""
WRITERS = 7_236_402
"""The advisory lock that writers to the inbox share in PostgreSQL."""

_CHUNK = 500
T = TypeVar("T")
_Row = tuple[bytes, str, str, datetime, bytes]
_Waiting = tuple[list[_Row], Future[list[bool]]]


class SqlInbox(Inbox):
    """Events in a table of the state. `put` waits for the commit; `submit` gives a future for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    @cached_property
    def name(self) -> str:
        """A name that no other database's inbox has, chosen by chance when it is first asked for; history keeps it with
        every number it has seen of this one."""
        with self._database.write() as connection:
            # Whoever else asks for the first time at the same moment gets the name that was kept.
            connection.execute(
                text("INSERT INTO notes (key, value) VALUES ('inbox_name', :name) ON CONFLICT (key) DO NOTHING"),
                {"name": f"inbox-{token_hex(8)}"},
            )
            return str(connection.scalar(select(notes.c.value).where(notes.c.key == "inbox_name")))

    def put(self, events: Sequence[Envelope]) -> list[bool]:
        """Keep events; returns when the commit is durable, True for each that is new, False for each known.

        Calls waiting at the same time share one commit. Raises StorageFull, and then nothing was kept.
        """
        return self.submit(events).result()

    def submit(self, events: Sequence[Envelope]) -> Future[list[bool]]:
        """As `put`, but at once with a future: done when the commit is durable, or failed with StorageFull."""
        future: Future[list[bool]] = Future()
        if not events:
            future.set_result([])
            return future
        rows = _rows(events)
        future.set_running_or_notify_cancel()  # a caller who goes away must not stop the commit of the others
        with self._wake:
            if self._closed:
                raise Conflict("inbox", bound="is closed", remedy="The server is stopping; send it again later.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="inbox", daemon=True)
                self._thread.start()
            self._queue.append((rows, future))
            self._wake.notify()
        return future

    def waiting(self) -> int:
        """Events not yet in history."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(inbox)) or 0

    def batches(self, size: int) -> Iterator[list[tuple[int, Envelope]]]:
        """What waits, oldest first, in batches, each with its ever-growing sequence number."""
        seen = -1
        while True:
            with self._database.read() as connection:
                query = select(inbox).where(inbox.c.seq > seen).order_by(inbox.c.seq).limit(size)
                found = connection.execute(query).all()
            if not found:
                return
            yield [(row.seq, Envelope(row.key, row.source, row.received_at, row.body)) for row in found]
            seen = found[-1].seq

    def clear(self, upto: int) -> None:
        """Forget the bodies of events up to a sequence number; their keys are remembered for ever."""
        # In pieces, so that whoever wants to write in between waits for one of them only.
        while True:
            with self._database.write() as connection:
                first = connection.scalar(select(func.min(inbox.c.seq)))
                if first is None or first > upto:
                    return
                connection.execute(delete(inbox).where(inbox.c.seq <= min(upto, first + CLEARED_AT_ONCE)))

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _take(self) -> list[_Waiting]:
        """All who wait, up to MOST_EVENTS events; none when the inbox is closed."""
        with self._wake:
            while not self._queue and not self._closed:
                self._wake.wait()
            taken: list[_Waiting] = []
            events = 0
            while self._queue and (not taken or events + len(self._queue[0][0]) <= MOST_EVENTS):
                taken.append(self._queue.popleft())
                events += len(taken[-1][0])
            return taken

    def _serve(self) -> None:
        writer: _Writer | None = None
        while taken := self._take():
            rows = [row for some, _ in taken for row in some]
            try:
                # After any failure the connection is a new one, which has proved that it can commit before it is used.
                writer = writer or _open(self._database)
                news = writer.keep(rows)
            except Exception as failed:  # noqa: BLE001  # whatever it was, those who wait must hear of it, and the thread live on
                if writer is not None:
                    writer.drop()
                    writer = None
                told = storage_error(failed)
                for _, future in taken:
                    future.set_exception(told)
                continue
            start = 0
            for some, future in taken:
                future.set_result(news[start : start + len(some)])
                start += len(some)
        if writer is not None:
            writer.drop()


def put_within(connection: Connection, events: Sequence[Envelope]) -> list[bool]:
    """Keep events inside a transaction that also does something else."""
    raw: Any = connection.connection.driver_connection
    return (_lite if connection.dialect.name == "sqlite" else _postgres)(raw, _rows(events))


class _Writer(Protocol):
    def keep(self, rows: list[_Row]) -> list[bool]: ...

    def drop(self) -> None: ...


class _LiteWriter:
    """The committing thread's own SQLite connection: no SQLAlchemy between an event and the disk."""

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(sqlite_file(database.engine), timeout=BUSY_SECONDS)
        try:
            prepare(self._connection)
            self._within(lambda raw: raw.execute("INSERT OR REPLACE INTO notes VALUES ('inbox', 'writable')"))
            self._connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error:
            self._connection.close()
            raise

    def keep(self, rows: list[_Row]) -> list[bool]:
        return self._within(lambda raw: _lite(raw, rows))

    def _within(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._begin()
        done = work(self._connection)
        self._connection.execute("COMMIT")
        return done

    def _begin(self) -> None:
        """Become the one writer. SQLite itself would look ever less often, up to 100 ms apart, while callers wait."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as wrong:
                busy = wrong.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() >= until:
                    raise
            time.sleep(LOOK_SECONDS)

    def drop(self) -> None:
        self._connection.close()


class _PostgresWriter:
    """The committing thread's own connection from the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, rows: list[_Row]) -> list[bool]:
        with self._database.write() as connection:
            raw: Any = connection.connection.driver_connection
            return _postgres(raw, rows)

    def drop(self) -> None:
        pass


def _open(database: Database) -> _Writer:
    return _LiteWriter(database) if database.lite else _PostgresWriter(database)


def _rows(events: Sequence[Envelope]) -> list[_Row]:
    """Rows with the hash that names an event for ever; made in the caller's thread, so that a bad one fails only it."""
    md5 = hashlib.md5
    try:
        return [
            (
                md5(f"{e.source}{SEPARATOR}{e.key}".encode(), usedforsecurity=False).digest(),
                e.key,
                e.source,
                e.received_at.astimezone(UTC),
                e.body,
            )
            for e in events
        ]
    except UnicodeEncodeError as wrong:
        raise BadInput("key of an event", value=wrong.object, bound="must be Unicode", remedy="Send UTF-8.") from None


def _lite(raw: sqlite3.Connection, rows: list[_Row]) -> list[bool]:
    before = raw.total_changes
    raw.execute("SAVEPOINT fresh")
    _insert(raw, rows)
    if raw.total_changes - before == 2 * len(rows):
        raw.execute("RELEASE fresh")
        return [True] * len(rows)
    # Some are known, which is rare: take it back, look which, and keep the others.
    raw.execute("ROLLBACK TO fresh")
    raw.execute("RELEASE fresh")
    seen: set[bytes] = set()
    for start in range(0, len(rows), _CHUNK):
        hashes = [row[0] for row in rows[start : start + _CHUNK]]
        holes = ", ".join("?" * len(hashes))
        seen.update(h for (h,) in raw.execute(f"SELECT hash FROM messages WHERE hash IN ({holes})", hashes))  # noqa: S608
    news = _first_of_each(rows, seen)
    _insert(raw, [row for row, new in zip(rows, news, strict=True) if new])
    return news


def _insert(raw: sqlite3.Connection, rows: list[_Row]) -> None:
    """All rows in two statements, whatever their number: `executemany` would take Python's lock again for each row,
    and each time wait for whoever holds it."""
    # Many events come in one call and share its time, so its text is made once.
    times = {row[3]: row[3].replace(tzinfo=None).isoformat(" ", "microseconds") for row in rows}
    ends = list(accumulate(len(row[4]) for row in rows))
    cuts = [
        (key, source, times[at], end - len(body) + 1, len(body))
        for (_, key, source, at, body), end in zip(rows, ends, strict=True)
    ]
    hashes = b"".join(row[0] for row in rows)
    places = msgspec.json.encode(list(range(1, len(hashes), 16))).decode()
    raw.execute("INSERT OR IGNORE INTO messages SELECT substr(?, value, 16) FROM json_each(?)", (hashes, places))
    raw.execute(
        "INSERT INTO inbox (key, source, received_at, body) "
        "SELECT value ->> 0, value ->> 1, value ->> 2, substr(?, value ->> 3, value ->> 4) FROM json_each(?)",
        (b"".join(row[4] for row in rows), msgspec.json.encode(cuts).decode()),
    )


def _postgres(raw: Any, rows: list[_Row]) -> list[bool]:
    with raw.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS])
        cursor.execute(
            "INSERT INTO messages SELECT DISTINCT unnest(%s::bytea[]) ON CONFLICT DO NOTHING RETURNING hash",
            [[row[0] for row in rows]],
        )
        fresh = {bytes(found) for (found,) in cursor.fetchall()}
        news = _first_of_each(rows, {row[0] for row in rows} - fresh)
        columns = list(zip(*(row for row, new in zip(rows, news, strict=True) if new), strict=True))
        if columns:
            _, keys, sources, times, bodies = columns
            cursor.execute(
                "INSERT INTO inbox (key, source, received_at, body) "
                "SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bytea[])",
                [
                    [key.replace("\x00", "\ufffd") for key in keys],
                    [source.replace("\x00", "\ufffd") for source in sources],
                    list(times),
                    list(bodies),
                ],
            )
    return news


def _first_of_each(rows: list[_Row], known: set[bytes]) -> list[bool]:
    news = []
    for row in rows:
        news.append(row[0] not in known)
        known.add(row[0])
    return news
