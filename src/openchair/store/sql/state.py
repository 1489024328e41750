"""The state of a home: dossiers' rows, decisions, imports, turns and leases, on SQLite or PostgreSQL."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from openchair.chair.state import State
from openchair.store.sql import schema
from openchair.store.sql.chosen.choices import Choosing
from openchair.store.sql.chosen.decisions import Decisions
from openchair.store.sql.chosen.plan import Planning
from openchair.store.sql.chosen.proof import Proving
from openchair.store.sql.database import Database
from openchair.store.sql.heard.calls import Calling
from openchair.store.sql.heard.cases import Caring
from openchair.store.sql.heard.readings import Reading
from openchair.store.sql.heard.surveys import Asking
from openchair.store.sql.heard.told import Told
from openchair.store.sql.post.inbox import SqlInbox
from openchair.store.sql.post.outbox import Outbox
from openchair.store.sql.post.reach import Reach
from openchair.store.sql.rows import insertion, put
from openchair.store.sql.team.access import Access
from openchair.store.sql.team.asked import Asked
from openchair.store.sql.team.reports import Reports
from openchair.store.sql.who.customers import Customers
from openchair.store.sql.who.erasure import Erasure
from openchair.store.sql.who.facts import Said


class SqlState(
    Customers, Said, Erasure, Decisions, Planning, Proving, Choosing, Outbox, Reach, Asking, Reading, Told, Calling,
    Caring, Reports, Asked, State,
):  # fmt: skip
    """The whole of the State protocol over one Database; `inbox` and `access` share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.inbox: SqlInbox = SqlInbox(database)
        self.access = Access(database)

    def migrated(self) -> bool:
        """Whether the database answers and has the tables that this version expects."""
        return self._database.migrated()

    def checkpoint(self) -> None:
        """See Database.checkpoint."""
        self._database.checkpoint()

    def close(self) -> None:
        """Commit what waits in the inbox and give the connections back."""
        self.inbox.close()
        self._database.close()

    def note(self, key: str) -> str | None:
        """A remembered word about this home, such as `simulated`."""
        word: str | None = self._value(select(schema.notes.c.value).where(schema.notes.c.key == key))
        return word

    def set_note(self, key: str, value: str) -> None:
        """Remember a word about this home."""
        self._put(schema.notes, [{"key": key, "value": value}], over=True)

    def keep_note(self, key: str, value: str) -> str:
        """Remember a word unless one is remembered already; gives the one that is kept, the same to all who ask."""
        known = self.note(key)
        if known is not None:
            return known
        with self._database.write() as connection:
            put(connection, schema.notes, [{"key": key, "value": value}])
            return str(connection.scalar(select(schema.notes.c.value).where(schema.notes.c.key == key)))

    def lease(self, job: str, owner: str, now: datetime, seconds: float) -> bool:
        """Whether `owner` may run `job` until now + seconds; renews its own lease, takes an expired one."""
        table, until = schema.leases, now + timedelta(seconds=seconds)
        with self._database.write() as connection:
            mine = insertion(connection, table).values(job=job, owner=owner, until=until)
            mine = mine.on_conflict_do_update(
                index_elements=["job"],
                set_={"owner": owner, "until": until},
                where=(table.c.owner == owner) | (table.c.until <= now),
            )
            return connection.execute(mine.returning(table.c.owner)).first() is not None

    def free(self, job: str, owner: str) -> None:
        """Give a lease back."""
        table = schema.leases
        self._change(delete(table).where(table.c.job == job, table.c.owner == owner))


def open_state(url: str) -> SqlState:
    """The state behind a URL (sqlite:///FILE or postgresql+psycopg://...), made or brought up to date when needed.

    Raises BadInput for a URL that names neither, StorageFull where it cannot be written.
    """
    return SqlState(Database(url))
