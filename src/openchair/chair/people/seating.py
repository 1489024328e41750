"""The customer's own seat: a link signed for one customer, opened once, then held by the browser that opened it.

A link is `/seat/` and a token (`chair.sealing`). Whatever is wrong with a link, the answer is one and the same.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from openchair.chair import tell, views
from openchair.chair.actor import CUSTOMER, Actor
from openchair.chair.sealing import ID_BYTES, Seals
from openchair.chair.seats import Seat
from openchair.core.errors import BadInput, NotAllowed, NotFound
from openchair.decisions import explain
from openchair.decisions.record import read
from openchair.loyalty.actions import Action
from openchair.loyalty.wording import worded

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

LANGUAGES: tuple[str, ...] = ("en", "ur", "th")
"""Languages that a seat speaks."""
LONGEST_DAYS = 365
CODE_MINUTES = 10
"""A code that was sent is good for so long."""
CODE_TRIES = 5
"""Wrong codes, over all that were sent, after which a link is closed."""
RESEND_SECONDS = 60
SECRET = "seat_secret"  # noqa: S105  # the name of a note, not a secret


class SeatRefused(NotFound):
    """No seat opens by this; `why` is for the audit log alone, whoever asked learns nothing."""

    def __init__(self, why: str, customer_id: str | None = None) -> None:
        super().__init__("seat", bound="none opens by this", remedy="Ask the shop for a new link.")
        self.why, self.customer_id = why, customer_id


@dataclass(frozen=True, slots=True)
class Told:
    """A decision and what its customer is told of it: sentences to be translated, each with its parameters; and what
    the action is called to them, by language."""

    decision: views.Decision
    sentences: tuple[tuple[str, Mapping[str, Any]], ...]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SeatView:
    """What a customer sees from their seat; `more` is whether there are decisions before these."""

    dossier: views.Dossier
    decided: tuple[Told, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Seating:
    """Links to seats, the sessions that hold them, and what is seen from there."""

    chair: "Chair"

    def link(self, who: str, *, by: Actor, language: str = "", days: int | None = None) -> str:
        """The path of a new link for a customer, good for `days` (1 to 365; the setting `seat_days`).

        language: of the seat; empty takes the one they are known to speak. Raises NotFound; BadInput, also where a code
        would be asked for and no e-mail is known to send it to.
        """
        customer_id = self.chair.find(who)
        days = self.chair.settings.seat_days if days is None else days
        if language not in ("", *LANGUAGES):
            raise BadInput("language", value=language, bound=f"one of {', '.join(LANGUAGES)}", remedy="Name one.")
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput("days", value=days, bound=f"1 to {LONGEST_DAYS}", remedy="A new link can be made any time.")
        if self.chair.settings.seat_code and not self._address(customer_id):
            bound, remedy = "no e-mail is known to send the code to", "Add their e-mail, or turn seat_code off."
            raise BadInput("seat", value=who, bound=bound, remedy=remedy)
        spoken = language or self._said(customer_id, "language", "locale")[:2].lower()
        now = self.chair.clock()
        expires = (now + timedelta(days=days)).replace(microsecond=0)
        seat = Seat(
            seat_id=secrets.token_hex(ID_BYTES),
            customer_id=customer_id,
            language=spoken if spoken in LANGUAGES else LANGUAGES[0],
            created_at=now,
            created_by=by.name,
            expires_at=expires,
        )
        self.chair.state.add_seat(seat)
        by.did(self.chair, "made seat link", customer_id, f"until {expires:%Y-%m-%d}")
        return f"/seat/{self._seals.token(seat.seat_id, expires)}"

    def links(self, who: str) -> tuple[Seat, ...]:
        """A customer's links, newest first. Raises NotFound."""
        return tuple(self.chair.state.seats_of(self.chair.find(who)))

    def revoke(self, seat_id: str, *, by: Actor) -> Seat:
        """Close a link and the session that holds it, for good. Raises NotFound."""
        seat = self.chair.state.seat(seat_id)
        if seat is None:
            raise NotFound("seat", value=seat_id, bound="no link has that id", remedy="List the customer's links.")
        if seat.revoked_at is None:
            seat = replace(seat, revoked_at=self.chair.clock())
            self.chair.state.put_seat(seat)
            by.did(self.chair, "closed seat", seat.customer_id)
        return seat

    # by link

    def look(self, token: str) -> Seat:
        """The seat that a link would open; changes nothing, for mail scanners open every link. Raises SeatRefused."""
        opened = self._seals.opened(token)
        if opened is None:
            raise SeatRefused("forged")
        seat = self._usable(opened[0])
        if seat.opened_at is not None:
            raise SeatRefused("opened before", seat.customer_id)
        return seat

    def open(self, token: str, *, language: str = "") -> str:
        """Use a link up; gives the session that holds the seat from now on. Raises SeatRefused.

        With the setting `seat_code` the session shows nothing until `enter` was given what `new_code` gave.
        """
        seat, secret = self.look(token), secrets.token_urlsafe(32)
        opened = replace(
            seat,
            opened_at=self.chair.clock(),
            session_hash=sha256(secret.encode()).digest(),
            language=language if language in LANGUAGES else seat.language,
            code_hash=secrets.token_bytes(32) if self.chair.settings.seat_code else None,
        )
        if not self.chair.state.put_seat(opened, unless_opened=True):
            raise SeatRefused("opened before", seat.customer_id)
        CUSTOMER.did(self.chair, "opened seat", seat.customer_id)
        return f"{seat.seat_id}.{secret}"

    # by session

    def seat_of(self, session: str) -> Seat:
        """The seat that a session holds; while its `code_hash` stands, a code is waited for. Raises SeatRefused."""
        seat_id, _, secret = session.partition(".")
        seat = self._usable(seat_id)
        if not hmac.compare_digest(seat.session_hash or b"", sha256(secret.encode()).digest()):
            raise SeatRefused("session of another", seat.customer_id)
        return seat

    def new_code(self, session: str) -> tuple[str, str]:
        """An e-mail address and the six digits to send there. Raises SeatRefused; NotAllowed within a minute of one."""
        seat, now = self.seat_of(session), self.chair.clock()
        if seat.code_sent_at is not None and now - seat.code_sent_at < timedelta(seconds=RESEND_SECONDS):
            raise NotAllowed("code", bound="one was sent a moment ago", remedy="Wait a minute, then ask again.")
        digits = f"{secrets.randbelow(10**6):06d}"
        self.chair.state.put_seat(replace(seat, code_hash=_hashed(seat, digits), code_sent_at=now))
        return self._address(seat.customer_id), digits

    def enter(self, session: str, digits: str) -> bool:
        """Whether the digits are those sent; too many wrong ones close the seat. Raises SeatRefused."""
        state, now, owner = self.chair.state, self.chair.clock(), secrets.token_hex(8)
        seat_id = self.seat_of(session).seat_id
        # Guesses come one at a time, over all processes, or many at once would count as one.
        if not state.lease(f"seat {seat_id}", owner, now, 5):
            return False
        try:
            seat = self.seat_of(session)
            fresh = seat.code_sent_at is not None and now - seat.code_sent_at < timedelta(minutes=CODE_MINUTES)
            if fresh and hmac.compare_digest(seat.code_hash or b"", _hashed(seat, digits)):
                state.put_seat(replace(seat, code_hash=None))
                return True
            tried = replace(seat, code_tries=seat.code_tries + 1)
            state.put_seat(tried)
            if tried.code_tries >= CODE_TRIES:
                self.revoke(seat_id, by=CUSTOMER)
                raise SeatRefused("wrong codes", seat.customer_id)
            return False
        finally:
            state.free(f"seat {seat_id}", owner)

    def speak(self, session: str, language: str) -> None:
        """Change the language of a seat; one that it does not speak changes nothing. Raises SeatRefused."""
        seat = self.seat_of(session)
        if language in LANGUAGES:
            self.chair.state.put_seat(replace(seat, language=language))

    def refused(self, wrong: SeatRefused, where: str) -> None:
        """Write into the audit log that somebody at an address was refused, and why."""
        self.chair.state.log("somebody", "seat refused", wrong.customer_id, f"{wrong.why}, {where}", self.chair.clock())

    # what is seen

    def view(self, customer_id: str, *, decisions: int = 3) -> SeatView:
        """What a customer sees from their seat, with their newest decisions."""
        decided, more = self.decided(customer_id, limit=decisions)
        return SeatView(self.chair.people.dossier(customer_id, by=CUSTOMER), decided, more)

    def decided(self, customer_id: str, *, limit: int, after: str | None = None) -> tuple[tuple[Told, ...], bool]:
        """What was decided about a customer, newest first, from a cursor (a decision id) on; whether more follow."""
        rows, more = self.chair.state.decisions(customer_id=customer_id, limit=limit, after=after)
        return tuple(map(self._told, rows)), more

    def _told(self, row: Mapping[str, Any]) -> Told:
        record = read(row["record"])
        actions = tell.chosen_from(self.chair.state, self.chair.catalogue, record)
        sentences = explain.told(row["action"], record, row, actions, row["day"])
        titles = self._titles(actions.get(row["action"]), row["name"] or "")
        return Told(tell.decision(self.chair, row), sentences, titles)

    def _titles(self, action: Action | None, name: str) -> Mapping[str, str]:
        """What an action is called to a customer, in each of LANGUAGES."""
        shop = self.chair.settings.name
        return {one: worded(action, one, name, shop).title for one in LANGUAGES} if action else {}

    def _usable(self, seat_id: str) -> Seat:
        """A seat that is neither too old, nor closed, nor made for a customer who has since been taken for another."""
        seat, state = self.chair.state.seat(seat_id), self.chair.state
        if seat is None:
            raise SeatRefused("unknown")
        # A link shows the customer as the team knew them when it was made: whoever holds it may be either of those
        # who were merged or parted since, and must not see the other.
        joined, _ = state.merges(customer_id=state.find(seat.customer_id) or seat.customer_id)
        changed = any((merge.decided_at or merge.found_at) > seat.created_at for merge in joined if _told(merge))
        against = {
            "revoked": seat.revoked_at is not None,
            "expired": seat.expires_at <= self.chair.clock(),
            "merged or parted since": changed,
        }
        for why, holds in against.items():
            if holds:
                raise SeatRefused(why, seat.customer_id)
        return seat

    @property
    def _seals(self) -> Seals:
        return Seals(self.chair.state, SECRET)

    def _address(self, customer_id: str) -> str:
        """Where the customer's code goes; empty while no e-mail is known."""
        known = self.chair.state.identifiers_of(self.chair.find(customer_id))
        given = next((text.partition(":")[2] for text in known if text.startswith("email:")), "")
        return self._said(customer_id, "email") or given

    def _said(self, customer_id: str, *names: str) -> str:
        """The newest value of a trait by one of these names; empty where nothing was said."""
        rows = self.chair.state.said("traits", self.chair.find(customer_id))
        return next((str(row["value"]) for row in reversed(rows) if row["name"] in names and row["value"]), "")


def _told(merge: views.Merge) -> bool:
    """Whether it ever changed who is who: one in doubt again did, one that was only asked about did not."""
    return merge.status != "asked" or merge.decided_at is not None


def _hashed(seat: Seat, digits: str) -> bytes:
    return sha256(f"{seat.seat_id}{digits}".encode()).digest()
