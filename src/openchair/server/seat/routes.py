"""The seat's pages: a link opened by a button, then /seat for the browser that opened it; no account, no script.

Whatever does not open a seat gets one and the same page, which reveals nothing; who tries too often waits.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.actor import CUSTOMER
from openchair.chair.people.seating import SeatRefused
from openchair.chair.ports import NotSent
from openchair.chair.seats import Seat
from openchair.channels.mail import Post, post
from openchair.core.errors import NotAllowed, OpenchairError
from openchair.server.door.signin import WAIT_SECONDS, Tries
from openchair.server.pages.house import House
from openchair.server.pages.render import render
from openchair.server.seat import texts
from openchair.server.seat.acts import ACTS, Act, Fields
from openchair.server.seat.show import around, page_of
from openchair.server.tongue import Tongue, spoken

FIELDS = ("answer", "decision", "digits", "from", "language", "name", "term", "text", "timezone", "typed", "until",
          "value", "wish")  # fmt: skip
"""All that any form of the seat sends."""
DECISIONS_AT_ONCE = 10
_ANYONE = "anyone"

Sat = Callable[[Request, Seat, Fields], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def seat_routes(house: House) -> list[BaseRoute]:
    """/seat and all below it. They need no sign-in; the gate before them refuses forms of other sites."""
    settings = house.settings
    door = _Door(house, post(settings.smtp, settings.name) if settings.smtp else None)
    posts: dict[str, Sat] = {
        **{name: door.acting(act) for name, act in ACTS.items()},
        "language": door.language,
        "leave": door.leave,
        "erase": door.erase,
    }
    return [
        Route("/seat", door.seated(door.page)),
        Route("/seat/decisions", door.seated(door.decisions)),
        Route("/seat/data", door.seated(door.data)),
        Route("/seat/data.json", door.seated(door.data_json)),
        Route("/seat/code", door.open_to_all(door.code), methods=["POST"]),
        Route("/seat/code/again", door.open_to_all(door.code_again), methods=["POST"]),
        *(Route(f"/seat/{name}", door.seated(sat), methods=["POST"]) for name, sat in posts.items()),
        Route("/seat/{token}", door.open_to_all(door.look)),
        Route("/seat/{token}", door.open_to_all(door.open), methods=["POST"]),
        Route("/seat/{rest:path}", door.open_to_all(door.nowhere), methods=["GET", "POST"]),
    ]


@dataclass(frozen=True)
class _Door:
    """Who may come to which seat, and what they see there."""

    house: House
    post: Post | None
    tries: Tries = field(default_factory=Tries)
    lines: Tries = field(default_factory=lambda: Tries(most=60))
    """Refusals of everybody together: a flood of them must not fill the audit log."""

    # who is there

    @property
    def cookie(self) -> dict[str, Any]:
        """The session's cookie; `__Host-` binds it to https and this host, and then it cannot be bound to a path."""
        secure = self.house.settings.secure
        name, path = ("__Host-openchair-seat", "/") if secure else ("openchair-seat", "/seat")
        return {"key": name, "path": path, "secure": secure, "httponly": True, "samesite": "lax"}

    def session(self, request: Request) -> str:
        """The session that the browser holds. Raises SeatRefused where it holds none."""
        session = request.cookies.get(self.cookie["key"], "")
        if not session:
            raise SeatRefused("")
        return session

    def _sitting(self, request: Request) -> str:
        """The customer whose seat the browser holds; empty where it holds none."""
        try:
            return self.house.chair.seats.seat_of(self.session(request)).customer_id
        except SeatRefused:
            return ""

    def open_to_all(self, handle: Callable[[Request, Fields], Response]) -> Endpoint:
        """An endpoint for anyone; who is refused sees the page that everyone refused sees."""

        async def endpoint(request: Request) -> Response:
            form = await request.form(max_files=0, max_fields=40) if request.method == "POST" else {}
            fields = {name: str(form.get(name, "")) for name in FIELDS}
            try:
                return await run_in_threadpool(handle, request, fields)
            except SeatRefused as wrong:
                return await run_in_threadpool(self.lost, request, wrong)

        return endpoint

    def seated(self, handle: Sat) -> Endpoint:
        """An endpoint for whoever sits at a seat; while a code is waited for, it is asked for instead."""

        def handled(request: Request, fields: Fields) -> Response:
            seat = self.house.chair.seats.seat_of(self.session(request))
            return handle(request, seat, fields) if seat.code_hash is None else self.ask(request, seat)

        return self.open_to_all(handled)

    def lost(self, request: Request, wrong: SeatRefused) -> Response:
        """No seat: the same page whatever was wrong; the audit log knows more, and who tries on must wait."""
        now, where, tongue = time.monotonic(), address_of(request, self.house.settings.secure), self._theirs(request)
        if wrong.why:
            if self.tries.blocked(where, now):
                title, text = tongue("Too many tries"), tongue("Wait a minute, then try again.")
                answer = self.answer(request, "said", tongue, 429, title=title, text=text)
                answer.headers["Retry-After"] = f"{WAIT_SECONDS:.0f}"
                return answer
            self.tries.wrong(where, now)
            if not self.lines.blocked(_ANYONE, now):
                self.lines.wrong(_ANYONE, now)
                self.house.chair.seats.refused(wrong, where)
        text = tongue(
            "This link may have been used already, on another device perhaps, or be too old. Ask us for a new one."
        )
        return self.answer(request, "said", tongue, 404, title=tongue("There is no seat here"), text=text)

    # the link

    def look(self, request: Request, fields: Fields) -> Response:
        """What a link shows: a button. Whoever holds the seat already goes straight to it."""
        try:
            seat = self.house.chair.seats.look(request.path_params["token"])
        except SeatRefused as wrong:
            if wrong.why == "opened before" and wrong.customer_id == self._sitting(request):
                return RedirectResponse("/seat", 303)
            raise
        wanted = request.query_params.get("language", "")
        return self.answer(request, "look", self.tongue(wanted or seat.language), seat=seat)

    def open(self, request: Request, fields: Fields) -> Response:
        """Use the link up: from now on this browser holds the seat."""
        seats = self.house.chair.seats
        session = seats.open(request.path_params["token"], language=fields["language"])
        seat = seats.seat_of(session)
        problem = self._send_code(session, self.tongue(seat.language)) if seat.code_hash is not None else ""
        response = self.ask(request, seat, problem, 503) if problem else RedirectResponse("/seat", 303)
        response.set_cookie(value=session, expires=seat.expires_at, **self.cookie)
        return response

    def nowhere(self, request: Request, fields: Fields) -> Response:
        """Any other address below /seat."""
        raise SeatRefused("")

    # the code

    def ask(self, request: Request, seat: Seat, problem: str = "", status: int = 200) -> Response:
        """Ask for the six digits."""
        return self.answer(request, "code", self.tongue(seat.language), status, problem=problem)

    def code(self, request: Request, fields: Fields) -> Response:
        """Take the six digits."""
        seats, session = self.house.chair.seats, self.session(request)
        if seats.enter(session, "".join(fields["digits"].split())):
            return RedirectResponse("/seat", 303)
        seat = seats.seat_of(session)
        tongue = self.tongue(seat.language)
        return self.ask(request, seat, tongue("These are not the digits we sent, or they are too old."), 400)

    def code_again(self, request: Request, fields: Fields) -> Response:
        """Send new digits."""
        seat = self.house.chair.seats.seat_of(self.session(request))
        problem = self._send_code(self.session(request), self.tongue(seat.language)) if seat.code_hash else ""
        return self.ask(request, seat, problem, 429) if problem else RedirectResponse("/seat", 303)

    def _send_code(self, session: str, tongue: Tongue) -> str:
        """Send six digits; gives why they could not be sent, or nothing."""
        try:
            to, digits = self.house.chair.seats.new_code(session)
            if self.post is not None:
                subject = tongue.plain("Your digits for your seat at {shop}", shop=self.house.settings.name)
                text = tongue.plain(
                    "{digits} are the digits that open your seat. They are good for ten minutes.", digits=digits
                )
                self.post(to, subject, text)
        except NotAllowed:
            return tongue("We sent digits a moment ago. Wait a minute, then ask again.")
        except NotSent:
            return tongue(texts.WRONG[503])
        return ""

    # the seat

    def page(self, request: Request, seat: Seat, fields: Fields, problem: str = "", status: int = 200) -> Response:
        """The seat itself."""
        chair, tongue = self.house.chair, self.tongue(seat.language)
        view = chair.seats.view(chair.find(seat.customer_id))
        shown = page_of(view, seat, self.house.settings, tongue)
        done = request.query_params.get("done", "")
        return self.answer(request, "page", tongue, status, said=done, problem=problem, **shown)

    def acting(self, act: Act) -> Sat:
        """Do something, then show the part of the page where it was asked for."""

        def handle(request: Request, seat: Seat, fields: Fields) -> Response:
            chair = self.house.chair
            return self._tried(
                request, seat, fields, act.part, lambda: act.do(chair, chair.find(seat.customer_id), fields)
            )

        return handle

    def _tried(self, request: Request, seat: Seat, fields: Fields, part: str, do: Callable[[], object]) -> Response:
        try:
            do()
        except OpenchairError as wrong:
            if wrong.status not in texts.WRONG:
                raise
            return self.page(request, seat, fields, self.tongue(seat.language)(texts.WRONG[wrong.status]), wrong.status)
        return RedirectResponse(f"/seat?done={part}#{part}", 303)

    def decisions(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Every decision about them, newest first, some at a time."""
        chair = self.house.chair
        after = request.query_params.get("after")
        decided, more = chair.seats.decided(chair.find(seat.customer_id), limit=DECISIONS_AT_ONCE, after=after)
        return self.answer(request, "decisions", self.tongue(seat.language), decided=decided, more=more)

    def data(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Everything of theirs, to read and to print."""
        copy = self._copy(seat)
        facts = {kind: rows for kind, rows in copy["facts"].items() if rows}
        parts = {"dossier": copy["dossier"], **facts, "decisions": copy["decisions"], "who_looked": copy["who_looked"]}
        tongue = self.tongue(seat.language)
        return self.answer(request, "data", tongue, copy=copy, parts=parts.items(), kinds=texts.KINDS)

    def data_json(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Everything of theirs, for another program."""
        body = msgspec.json.format(msgspec.json.encode(self._copy(seat)), indent=1)
        headers = {"content-disposition": 'attachment; filename="everything.json"'}
        return Response(body, media_type="application/json", headers=headers)

    def _copy(self, seat: Seat) -> dict[str, Any]:
        return self.house.chair.privacy.copy(self.house.chair.find(seat.customer_id), by=CUSTOMER)

    def language(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Speak another language from now on."""
        self.house.chair.seats.speak(self.session(request), fields["language"])
        return RedirectResponse("/seat", 303)

    def leave(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Close the seat, as one does on a device that is not one's own."""
        self.house.chair.seats.revoke(seat.seat_id, by=CUSTOMER)
        tongue = self.tongue(seat.language)
        return self._gone(
            request, tongue, tongue("Your seat is closed here"), tongue("Ask us for a new link whenever you like.")
        )

    def erase(self, request: Request, seat: Seat, fields: Fields) -> Response:
        """Erase them everywhere, once they have typed the word that says they mean it."""
        chair, tongue = self.house.chair, self.tongue(seat.language)
        if fields["typed"].strip().casefold() != tongue.plain("erase").casefold():
            return self.page(request, seat, fields, tongue("Nothing was erased: the word was another."), 400)
        answer = self._tried(
            request, seat, fields, "data", lambda: chair.privacy.erase(chair.find(seat.customer_id), by=CUSTOMER)
        )
        if answer.status_code != 303:
            return answer
        text = tongue("Everything about you is erased. What stays is a mark nobody can read, by which you stay erased.")
        return self._gone(request, tongue, tongue("Goodbye, and thank you"), text)

    def _gone(self, request: Request, tongue: Tongue, title: str, text: str) -> Response:
        answer = self.answer(request, "said", tongue, title=title, text=text)
        answer.delete_cookie(**self.cookie)
        return answer

    # words

    def tongue(self, language: str) -> Tongue:
        """A language of the seat's, in the shop's zone."""
        return Tongue(spoken(language), self.house.zone)

    def _theirs(self, request: Request) -> Tongue:
        return self.tongue(request.headers.get("accept-language", ""))

    def answer(self, request: Request, name: str, tongue: Tongue, status: int = 200, **context: Any) -> Response:
        """A template of the seat in a language."""
        request.state.lang = tongue.language
        return render(request, f"seat/{name}.html", status, **around(self.house.settings, tongue), **context)


def address_of(request: Request, behind_proxy: bool) -> str:
    """Where a request comes from; of IPv6 the network alone, for a household has one whole.

    Behind the TLS proxy that serving the network needs, it is what that proxy says last.
    """
    near = request.client.host if request.client else ""
    where = request.headers.get("x-forwarded-for", near).rpartition(",")[2].strip() if behind_proxy else near
    return ":".join(where.split(":")[:4]) if where.count(":") > 1 else where
