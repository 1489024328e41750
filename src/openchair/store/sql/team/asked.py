"""Questions to the team, links to customers' own seats, and the log of who looked at or changed what."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update

from openchair.chair.seats import Seat
from openchair.chair.views import Audited, Review
from openchair.core.errors import NotFound
from openchair.store.sql.rows import Tables
from openchair.store.sql.schema import audit as _audit
from openchair.store.sql.schema import reviews as _reviews
from openchair.store.sql.schema import seats as _seats
from openchair.store.sql.who.identities import bases_of


class Asked(Tables):
    """Reviews, seats and the audit log."""

    def open_reviews(self, reviews: Sequence[Review], *, again: bool = False) -> None:
        """Ask; a review whose id is known changes nothing, unless it is to be asked again."""
        self._put(_reviews, [asdict(one) for one in reviews], over=again)

    def review(self, review_id: str) -> Review | None:
        """One question."""
        return self._one(Review, select(_reviews).where(_reviews.c.review_id == review_id))

    def reviews(
        self, *, kind: str = "", waiting: bool = True, limit: int = 50, after: str | None = None
    ) -> tuple[list[Review], bool]:
        """Questions that wait, the oldest first, or those that were answered, the newest first; from a cursor on."""
        query = select(_reviews).where(_reviews.c.verdict == "" if waiting else _reviews.c.verdict != "")
        if kind:
            query = query.where(_reviews.c.kind == kind)
        place = (_reviews.c.opened_at, _reviews.c.review_id)
        return self._page(Review, query, place, after=after, limit=limit, down=not waiting)

    def settle(self, review_id: str, verdict: str, by: str, at: datetime, why: str) -> bool:
        """Answer one that waits; False where none of that id does."""
        answer = {"verdict": verdict, "decided_by": by, "decided_at": at, "why": why}
        waits = update(_reviews).where(_reviews.c.review_id == review_id, _reviews.c.verdict == "")
        return self._change(waits.values(answer)) > 0

    def add_seat(self, seat: Seat) -> None:
        """A new link."""
        self._change(insert(_seats).values(asdict(seat)))

    def seat(self, seat_id: str) -> Seat | None:
        """One link."""
        return self._one(Seat, select(_seats).where(_seats.c.seat_id == seat_id))

    def seats_of(self, customer_id: str) -> list[Seat]:
        """A customer's links, newest first; those of all records that are theirs now."""
        query = select(_seats).where(_seats.c.customer_id.in_(bases_of(customer_id)))
        return self._made(Seat, query.order_by(_seats.c.created_at.desc(), _seats.c.seat_id))

    def put_seat(self, seat: Seat, *, unless_opened: bool = False) -> bool:
        """Replace a link's row; with `unless_opened` only while nobody opened it, and whether that was so.

        Raises NotFound for a link that is not here.
        """
        put = update(_seats).where(_seats.c.seat_id == seat.seat_id)
        if unless_opened:
            put = put.where(_seats.c.opened_at.is_(None))
        if self._change(put.values(asdict(seat))):
            return True
        if self.seat(seat.seat_id) is None:
            raise NotFound("seat", value=seat.seat_id, bound="is not here", remedy="Make a new link.")
        return False

    def log(self, who: str, act: str, customer_id: str | None, detail: str, at: datetime) -> None:
        """Write a line, durably."""
        line = {"happened_at": at, "who": who, "act": act, "customer_id": customer_id, "detail": detail}
        self._change(insert(_audit).values(line))

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
        return self._page(Audited, query, (_audit.c.number,), after=after, limit=limit)
