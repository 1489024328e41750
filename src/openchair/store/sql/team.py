"""Questions to the team, links to customers' own seats, and the log of who looked at or changed what."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update

from openchair.chair.seats import Seat
from openchair.chair.views import Audited, Review
from openchair.core.errors import NotFound
from openchair.store.sql.database import Database
from openchair.store.sql.identities import bases_of
from openchair.store.sql.rows import insertion, page, upsert
from openchair.store.sql.schema import audit as _audit
from openchair.store.sql.schema import reviews as _reviews
from openchair.store.sql.schema import seats as _seats


class Team:
    """What the State protocol says of reviews, seats and the audit log."""

    _database: Database

    def open_reviews(self, reviews: Sequence[Review], *, again: bool = False) -> None:
        """Ask; a review whose id is known changes nothing, unless it is to be asked again."""
        if reviews:
            with self._database.write() as connection:
                once = insertion(connection, _reviews).on_conflict_do_nothing()
                put = upsert(connection, _reviews, "review_id") if again else once
                connection.execute(put, [asdict(one) for one in reviews])

    def review(self, review_id: str) -> Review | None:
        """One question."""
        with self._database.read() as connection:
            row = connection.execute(select(_reviews).where(_reviews.c.review_id == review_id)).mappings().first()
            return Review(**row) if row else None

    def reviews(
        self, *, kind: str = "", waiting: bool = True, limit: int = 50, after: str | None = None
    ) -> tuple[list[Review], bool]:
        """Questions that wait, the oldest first, or those that were answered, the newest first; from a cursor on."""
        query = select(_reviews).where(_reviews.c.verdict == "" if waiting else _reviews.c.verdict != "")
        if kind:
            query = query.where(_reviews.c.kind == kind)
        place = (_reviews.c.opened_at, _reviews.c.review_id)
        with self._database.read() as connection:
            rows, more = page(connection, query, place, after=after, limit=limit, down=not waiting)
        return [Review(**row) for row in rows], more

    def settle(self, review_id: str, verdict: str, by: str, at: datetime, why: str) -> bool:
        """Answer one that waits; False where none of that id does."""
        answer = {"verdict": verdict, "decided_by": by, "decided_at": at, "why": why}
        waits = update(_reviews).where(_reviews.c.review_id == review_id, _reviews.c.verdict == "")
        with self._database.write() as connection:
            return bool(connection.execute(waits.values(answer)).rowcount)

    def add_seat(self, seat: Seat) -> None:
        """A new link."""
        with self._database.write() as connection:
            connection.execute(insert(_seats).values(asdict(seat)))

    def seat(self, seat_id: str) -> Seat | None:
        """One link."""
        with self._database.read() as connection:
            row = connection.execute(select(_seats).where(_seats.c.seat_id == seat_id)).mappings().first()
            return Seat(**row) if row else None

    def seats_of(self, customer_id: str) -> list[Seat]:
        """A customer's links, newest first; those of all records that are theirs now."""
        query = select(_seats).where(_seats.c.customer_id.in_(bases_of(customer_id)))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_seats.c.created_at.desc(), _seats.c.seat_id)).mappings()
            return [Seat(**row) for row in rows]

    def put_seat(self, seat: Seat, *, unless_opened: bool = False) -> bool:
        """Replace a link's row; with `unless_opened` only while nobody opened it, and whether that was so.

        Raises NotFound for a link that is not here.
        """
        put = update(_seats).where(_seats.c.seat_id == seat.seat_id)
        if unless_opened:
            put = put.where(_seats.c.opened_at.is_(None))
        with self._database.write() as connection:
            if connection.execute(put.values(asdict(seat))).rowcount:
                return True
        if self.seat(seat.seat_id) is None:
            raise NotFound("seat", value=seat.seat_id, bound="is not here", remedy="Make a new link.")
        return False

    def log(self, who: str, act: str, customer_id: str | None, detail: str, at: datetime) -> None:
        """Write a line, durably."""
        line = {"happened_at": at, "who": who, "act": act, "customer_id": customer_id, "detail": detail}
        with self._database.write() as connection:
            connection.execute(insert(_audit).values(line))

    def audit(
        self, *, customer_id: str = "", who: str = "", limit: int = 100, after: int | None = None
    ) -> tuple[list[Audited], bool]:
        """Lines, newest first, from a cursor (a number) on, and whether more follow.

        Of a customer: those about all records that are theirs now.
        """
        query = select(_audit)
        if customer_id:
            query = query.where(_audit.c.customer_id.in_(bases_of(customer_id)))
        if who:
            query = query.where(_audit.c.who == who)
        with self._database.read() as connection:
            rows, more = page(connection, query, (_audit.c.number,), after=after, limit=limit)
        return [Audited(**row) for row in rows], more
