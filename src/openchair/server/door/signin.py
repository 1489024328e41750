"""Signing in: the first owner by a link that works once, everyone by e-mail and password; no default password exists.

The state keeps passwords as argon2id and sessions by the hash of a random token (store.access).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.settings import Settings
from openchair.server.door.gate import cookie_name
from openchair.server.pages.render import back, render
from openchair.store.sql.team.access import SESSION_DAYS, Access

TRIES = 5
"""Wrong passwords for one e-mail before it has to wait."""
WAIT_SECONDS = 60.0
HASHES_AT_ONCE = 2
"""Each takes 19 MiB and a core for a moment: a flood of guesses must not take the machine."""


@dataclass(slots=True)
class Tries:
    """Failures of late by whoever failed (an e-mail, a network address): after `most` of them they wait."""

    most: int = TRIES
    _wrong: dict[str, list[float]] = field(default_factory=dict)

    def blocked(self, email: str, now: float) -> bool:
        """Whether this address must wait."""
        recent = [at for at in self._wrong.get(email, []) if now - at < WAIT_SECONDS]
        return len(recent) >= self.most

    def wrong(self, email: str, now: float) -> None:
        """Remember a wrong password; those long past are forgotten."""
        if len(self._wrong) > 10_000:
            self._wrong = {e: times for e, times in self._wrong.items() if now - times[-1] < WAIT_SECONDS}
        self._wrong[email] = [at for at in self._wrong.get(email, []) if now - at < WAIT_SECONDS] + [now]

    def right(self, email: str) -> None:
        """Forget the wrong ones."""
        self._wrong.pop(email, None)


def signin_routes(access: Access, settings: Settings) -> list[BaseRoute]:
    """/sign-in, /welcome/{token}, /sign-out."""
    tries, hashing = Tries(), asyncio.Semaphore(HASHES_AT_ONCE)
    cookie = cookie_name(settings)

    def enter(response: Response, token: str) -> Response:
        response.set_cookie(
            cookie,
            token,
            max_age=SESSION_DAYS * 86_400,
            path="/",
            secure=settings.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def sign_in_page(request: Request) -> Response:
        there = request.query_params.get("next", "/")
        return render(request, "sign_in.html", next=there) if request.state.user is None else back(request, there)

    async def sign_in(request: Request) -> Response:
        email, password, there = await _fields(request, "email", "password", "next")
        email, now = email.strip().lower(), time.monotonic()

        def again(status: int, error: str) -> Response:
            return render(request, "sign_in.html", status, email=email, next=there or "/", error=error)

        if tries.blocked(email, now):
            response = again(429, f"Too many wrong passwords. Wait {WAIT_SECONDS:.0f} seconds and try again.")
            response.headers["Retry-After"] = f"{WAIT_SECONDS:.0f}"
            return response
        async with hashing:
            token = await run_in_threadpool(access.sign_in, email, password)
        if token is None:
            tries.wrong(email, now)
            return again(401, "That e-mail and password do not belong together.")
        tries.right(email)
        return enter(back(request, there or "/"), token)

    async def welcome_page(request: Request) -> Response:
        token = request.path_params["token"]
        offer = await run_in_threadpool(access.invited, token)
        if offer is None:
            raise _used()
        return render(request, "welcome.html", token=token, email=offer.email or "")

    async def welcome(request: Request) -> Response:
        invitation = request.path_params["token"]
        email, password = await _fields(request, "email", "password")
        try:
            async with hashing:
                user = await run_in_threadpool(access.accept, invitation, email, email.partition("@")[0], password)
        except NotAllowed:
            raise _used() from None
        except (BadInput, Conflict) as wrong:
            return render(request, "welcome.html", wrong.status, token=invitation, email=email, error=str(wrong))
        return enter(RedirectResponse("/", 303), await run_in_threadpool(access.start_session, user.user_id))

    async def sign_out(request: Request) -> Response:
        if token := request.cookies.get(cookie):
            await run_in_threadpool(access.end_session, token)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(cookie, path="/", secure=settings.secure, httponly=True, samesite="lax")
        return response

    pages: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("/sign-in", "GET", sign_in_page),
        ("/sign-in", "POST", sign_in),
        ("/welcome/{token}", "GET", welcome_page),
        ("/welcome/{token}", "POST", welcome),
        ("/sign-out", "POST", sign_out),
    ]
    return [Route(path, endpoint, methods=[method]) for path, method, endpoint in pages]


async def _fields(request: Request, *names: str) -> list[str]:
    form = await request.form(max_files=0, max_fields=10)
    return [str(form.get(name, "")) for name in names]


def _used() -> NotFound:
    return NotFound(
        "welcome link",
        bound="it was used, or is too old",
        remedy="Start the server again, or ask an owner, for a new one.",
    )
