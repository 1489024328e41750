"""Routes of one customer: the dossier, what is said of them, rules and the guard, consents, their own seat, privacy.

What a route records binds as soon as it is answered, with 204 and nothing in it: to read is a right of its own.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.views import Clearance, Dossier, TimelineEntry
from openchair.core.errors import NotFound
from openchair.decisions import guard
from openchair.dossier.rules import Allergen, Contents, Diet
from openchair.server.api.frame import Asked, Body, Door, Page, Someone, Why, answer, problems
from openchair.server.door.gate import address_of
from openchair.server.door.keyring import Caller

Words = Annotated[str, Field(max_length=4000)]
Language = Annotated[str, Field(max_length=20, description="Of the wording: en, ur, th.")]


class Say(Body):
    """A trait; an empty value takes back what was said so before."""

    name: str = Field(min_length=1, max_length=100)
    value: Words
    why: Why = ""


class Write(Body):
    """A note, signed by whoever writes it."""

    text: Words = Field(min_length=1)


class Forbid(Body):
    """A hard rule to add, or with `lift` to take away, which only an owner may, with a reason."""

    term: str = Field(max_length=60, description="A term of the vocabulary: peanuts, vegan, no calls, under age, ...")
    lift: bool = False
    why: Why = ""


class Agree(Body):
    """A yes or no to one purpose on one channel."""

    purpose: str = Field(max_length=40, description="service, marketing, research, profiling or automatic orders.")
    channel: str = Field("any", max_length=40, description="e-mail, message, call, letter, parcel; any.")
    answer: Literal["yes", "no"]
    wording: Words = ""
    language: Language = ""


class Attend(Body):
    """How much they want to hear, and when not; what is left out stays as it is."""

    wish: Literal["", "normal", "less", "important", "nothing"] = ""
    quiet: str = Field("", max_length=20, description="Hours in which nothing may disturb them, as 21-8.")
    timezone: str = Field("", max_length=60, description="IANA name, such as Asia/Karachi.")


class Holds(Body):
    """What a thing holds, as declared; `allergens` left out is undeclared, an empty list is free of all fourteen."""

    edible: bool = False
    allergens: tuple[Allergen, ...] | None = None
    suits: tuple[Diet, ...] = ()
    alcohol: bool = False
    gift: bool = False
    flowers: bool = False


class Sent(Body):
    """A thing on its way to a customer. Contents left out: nothing is declared, and it is taken for edible."""

    id: str = Field(min_length=1, max_length=200)
    contents: Holds | None = None
    channel: str | None = Field(None, max_length=40)
    purpose: str | None = Field(None, max_length=40)
    idea: str = Field("", max_length=200, description="What is not to be repeated within `spacing_days`.")
    spacing_days: int = Field(0, ge=0, le=3660)
    owed: bool = Field(False, description="They are waiting for it, so it does not ask for attention.")


class Check(Body):
    """What the guard is asked."""

    customer: Someone
    way: str = Field(
        max_length=40, description="decision, plan, box, reply, reorder, automatic order, survey, call list."
    )
    things: list[Sent] = Field(max_length=1000)


class Invite(Body):
    """A link to the customer's own page."""

    language: Literal["en", "ur", "th"] = "en"
    days: int | None = Field(None, ge=1, le=365, description="How long it opens; left out: the setting seat_days.")


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a customer's own page, without what opens it."""

    seat_id: str
    language: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    opened_at: datetime | None
    revoked_at: datetime | None


class NewLink(Body):
    """A link that opens once; it is told this one time."""

    link: str


def people(chair: Chair, door: Door) -> APIRouter:
    """Scopes dossiers, rules, consents, seats and privacy."""
    router = APIRouter()
    reads, says, forbids = door.reads("dossiers"), door.asks("dossiers"), door.asks("rules")
    agrees, seats, asks_seats = door.asks("consents"), door.reads("seats"), door.asks("seats")
    private = door.reads("privacy")

    @router.get("/customers/{who:path}/timeline", tags=["dossiers"], response_model=Page[TimelineEntry])
    def timeline(who: str, caller: Annotated[Caller, reads]) -> Response:
        """What happened to one customer, newest first; counted in history, so slower than the dossier."""
        return answer({"data": chair.people.timeline(who, by=caller.actor), "has_more": False})

    @router.post("/customers/{who:path}/traits", tags=["dossiers"], status_code=204)
    def say(who: str, body: Say, asked: Annotated[Asked, says]) -> Response:
        """Say something of a customer; it is kept with who said it, when and why."""
        return asked.once(body, lambda: chair.people.say(who, body.name, body.value, by=asked.by, why=body.why))

    @router.post("/customers/{who:path}/notes", tags=["dossiers"], status_code=204)
    def note(who: str, body: Write, asked: Annotated[Asked, says]) -> Response:
        """Write down a note, with author and time."""
        return asked.once(body, lambda: chair.people.note(who, body.text, by=asked.by))

    @router.post("/customers/{who:path}/rules", tags=["rules"], status_code=204)
    def forbid(who: str, body: Forbid, asked: Annotated[Asked, forbids]) -> Response:
        """Add a hard rule; lifting one is the customer's, or an owner's who signs in and gives a reason."""
        if body.lift:
            return asked.once(body, lambda: chair.people.lift(who, body.term, by=asked.by, why=body.why))
        return asked.once(body, lambda: chair.people.forbid(who, body.term, by=asked.by))

    @router.post("/guard", tags=["rules"], response_model=list[Clearance])
    def clear(body: Check, caller: Annotated[Caller, door.reads("rules")]) -> Response:
        """May these things go to this customer on this way now? Ask before anything is sent, shown or booked."""
        things = [
            guard.Thing(
                **one.model_dump(exclude={"contents"}),
                contents=Contents(**one.contents.model_dump()) if one.contents else None,
            )
            for one in body.things
        ]
        return answer(chair.people.clear(body.customer, body.way, things, by=caller.actor))

    @router.post("/customers/{who:path}/consents", tags=["consents"], status_code=204)
    def agree(who: str, body: Agree, asked: Annotated[Asked, agrees]) -> Response:
        """Record a yes or no with the words it was given to. A customer's own no is only turned by themselves."""
        return asked.once(
            body,
            lambda: chair.people.agree(
                who, body.purpose, body.channel, body.answer, by=asked.by, wording=body.wording, language=body.language
            ),
        )

    @router.post("/customers/{who:path}/attention", tags=["consents"], status_code=204)
    def attend(who: str, body: Attend, asked: Annotated[Asked, agrees]) -> Response:
        """Record how much a customer wants to hear from us, their quiet hours, their time zone."""
        return asked.once(
            body,
            lambda: chair.people.attend(who, by=asked.by, wish=body.wish, quiet=body.quiet, timezone=body.timezone),
        )

    @router.get("/customers/{who:path}/seats", tags=["seats"], response_model=list[Link], dependencies=[seats])
    def links(who: str) -> Response:
        """Links to this customer's own page, newest first, without what opens them."""
        names = [field.name for field in fields(Link)]
        return answer([Link(*(getattr(seat, name) for name in names)) for seat in chair.seats.links(who)])

    @router.post("/customers/{who:path}/seats", tags=["seats"], response_model=NewLink, status_code=201)
    def invite(request: Request, who: str, body: Invite, asked: Annotated[Asked, asks_seats]) -> Response:
        """Make a link to the customer's own page. It opens once; send it to nobody else."""
        path = chair.seats.link(who, by=asked.by, language=body.language, days=body.days)
        # No answer is kept for an Idempotency-Key: it would hold what opens the seat, which is kept nowhere.
        return answer({"link": address_of(request, chair.settings) + path}, 201)

    @router.delete("/customers/{who:path}/seats/{seat_id}", tags=["seats"], status_code=204)
    def revoke(who: str, seat_id: str, caller: Annotated[Caller, seats]) -> Response:
        """Take a link back; it opens nothing any more."""
        if seat_id not in {seat.seat_id for seat in chair.seats.links(who)}:
            raise NotFound("seat", value=seat_id, bound="is no link of theirs", remedy="List their links to find it.")
        chair.seats.revoke(seat_id, by=caller.actor)
        return answer(None)

    @router.get("/customers/{who:path}/export", tags=["privacy"], response_model=dict[str, Any])
    def export(who: str, caller: Annotated[Caller, private]) -> Response:
        """Everything of one customer in one document: dossier, facts, decisions with their reasons, who looked."""
        return answer(chair.privacy.copy(who, by=caller.actor))

    @router.get("/customers/{who:path}", tags=["dossiers"], response_model=Dossier)
    def customer(who: str, caller: Annotated[Caller, reads]) -> Response:
        """The dossier of one customer, by customer id or anything they are known by."""
        return answer(chair.people.dossier(who, by=caller.actor))

    @router.delete("/customers/{who:path}", tags=["privacy"], response_model=dict[str, int], responses=problems(409))
    def erase(who: str, caller: Annotated[Caller, private]) -> Response:
        """Erase a customer everywhere, for good; answers with how many facts of each kind went."""
        # The scope is the right: only an owner has it, or gives it to a key.
        return answer(chair.privacy.erase(who, by=Actor(caller.actor.name, "owner")))

    return router
