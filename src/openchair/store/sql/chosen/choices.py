"""What persons decided about the shop, one row a choice, in the state's database."""

from datetime import datetime

from sqlalchemy import Select, func, select

from openchair.chair.state.records import Choice
from openchair.core.errors import Conflict
from openchair.store.sql.rows import Tables, insertion
from openchair.store.sql.schema import choices

_place = choices.c.over + 1
_shown = [_place.label("number"), *(choices.c[one] for one in ("kind", "subject", "body", "by", "at", "why"))]


class Choosing(Tables):
    """Choices of persons."""

    def choose(
        self, kind: str, subject: str, body: str, *, by: str, at: datetime, why: str = "", over: int | None = None
    ) -> Choice:
        """Keep a choice. over: the number of the one that it was made from, 0 for none. Raises Conflict where another
        came in the meantime, and then nothing is kept."""
        row = {"kind": kind, "subject": subject, "body": body, "by": by, "at": at, "why": why}
        newest = _newest(kind, subject)
        with self._database.write() as connection:
            while True:
                last = connection.scalar(newest) or 0
                if over not in (None, last):
                    raise Conflict(
                        kind, value=over, bound=f"is not the newest, {last}", remedy="Look at what changed first."
                    )
                put = insertion(connection, choices).values(row | {"over": last}).on_conflict_do_nothing()
                made = connection.execute(put.returning(*_shown)).mappings().first()
                if made is not None:
                    return Choice(**made)

    def chosen(self, kind: str) -> dict[str, Choice]:
        """The choices of a kind that hold, by subject."""
        newest = select(func.max(choices.c.number)).where(choices.c.kind == kind).group_by(choices.c.subject)
        query = select(*_shown).where(choices.c.number.in_(newest)).order_by(choices.c.subject)
        return {one.subject: one for one in self._made(Choice, query)}

    def choices(self, kind: str, subject: str = "", limit: int | None = None) -> list[Choice]:
        """All choices of a subject, or the newest of them, the newest first."""
        query = select(*_shown).where(choices.c.kind == kind, choices.c.subject == subject)
        return self._made(Choice, query.order_by(choices.c.number.desc()).limit(limit))

    def choice(self, kind: str, number: int, subject: str = "") -> Choice | None:
        """One choice of a subject, by its number."""
        query = select(*_shown).where(choices.c.kind == kind, choices.c.subject == subject, _place == number)
        return self._one(Choice, query)

    def newest(self, kind: str, subject: str = "") -> int:
        """The number of the choice of a subject that holds, 0 where there is none."""
        return self._value(_newest(kind, subject)) or 0


def _newest(kind: str, subject: str) -> Select[tuple[int]]:
    return select(func.max(_place)).where(choices.c.kind == kind, choices.c.subject == subject)
