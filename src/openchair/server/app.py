"""The server as one Starlette application: ingest, API, pages, sign-in, probes and metrics."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openchair.chair.chair import Chair
from openchair.chair.intake.sync import refused
from openchair.chair.shelf import Shelf
from openchair.chair.views import Reject
from openchair.core.errors import OpenchairError
from openchair.core.settings import Settings
from openchair.server import problems
from openchair.server.api import api
from openchair.server.door.gate import SAFE_METHODS, Gate
from openchair.server.door.keyring import Keyring
from openchair.server.door.signin import signin_routes
from openchair.server.intake.hooks import hook_routes
from openchair.server.intake.ingest import Counts, Ingest
from openchair.server.pages import error_page, page_routes
from openchair.server.pages.house import House, utc_now
from openchair.server.schedule import Apart, schedule
from openchair.server.seat import seat_routes
from openchair.server.survey import leaving_routes, survey_routes
from openchair.store.sql.state import SqlState
from openchair.store.sql.team.access import Access


def create_app(chair: Chair, access: Access, settings: Settings) -> Starlette:
    """The application for one shop. While it runs, the inbox moves to history and the wheel turns once a day."""
    state, keyring, counts, apart = state_of(chair), Keyring(access), Counts(), Apart(chair)

    async def keep_rejects(source: str, received_at: datetime, rejects: Sequence[Reject]) -> None:
        await run_in_threadpool(state.save_import, refused(source, received_at, rejects), rejects)

    ingest = Ingest(state.inbox, keyring.source, keep_rejects, counts)

    async def metrics(request: Request) -> Response:
        await run_in_threadpool(keyring.caller, request, "read")
        waiting = await run_in_threadpool(state.inbox.waiting)
        return PlainTextResponse(exposition(counts, waiting), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def ready(request: Request) -> Response:
        """200 when state answers and has the schema this version needs; else a 503 that says which is wrong."""
        migrated = await run_in_threadpool(state.migrated)
        fault = "state: its tables are not those this version needs. Start this version once, so that it migrates them."
        return PlainTextResponse("ready\n") if migrated else problems.problem(503, "not_ready", fault)

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        with schedule(apart, settings, state.checkpoint):
            yield

    house = House(chair, settings, utc_now)
    routes: list[BaseRoute] = [
        *ingest.routes(),
        *survey_routes(house, state.inbox),
        *leaving_routes(house),
        *hook_routes(house),
        Route("/healthz", healthy),
        Route("/readyz", ready),
        Route("/metrics", metrics),
        Mount("/api/v1", api(chair, keyring, apart)),
        *signin_routes(access, settings),
        *seat_routes(house),
        *page_routes(chair, settings),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Gate, access=access, settings=settings), Middleware(Afresh, shelf=chair.shelf)],
        exception_handlers={OpenchairError: _on_error, HTTPException: _on_http, Exception: _on_crash},
        lifespan=life,
    )
    app.state.settings = settings
    return app


class Afresh:
    """ASGI middleware: after whatever a person or a program does here, reports are read anew."""

    def __init__(self, app: ASGIApp, *, shelf: Shelf) -> None:
        self.app, self.shelf = app, shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What SDKs deliver is seen by the history that it comes to; a decision for one who waits is in no report.
        quiet = scope["type"] != "http" or scope["method"] in SAFE_METHODS
        quiet = quiet or scope["path"].startswith("/v1/") or scope["path"] == "/api/v1/decisions"

        async def clearing(message: Message) -> None:
            self.shelf.clear()
            await send(message)

        await self.app(scope, receive, send if quiet else clearing)


def state_of(chair: Chair) -> SqlState:
    """The chair's state as the server needs it: an inbox with futures, and who may come in."""
    if not isinstance(chair.state, SqlState):
        raise TypeError(f"the server serves a state in a database, not {type(chair.state).__name__}")
    return chair.state


def _for_machines(request: Request) -> bool:
    return request.url.path.startswith(("/v1/", "/api/", "/hooks/", "/metrics", "/healthz", "/readyz"))


async def _on_error(request: Request, wrong: Exception) -> Response:
    return await problems.on_error(request, wrong) if _for_machines(request) else error_page(request, wrong)


async def _on_http(request: Request, wrong: Exception) -> Response:
    return await problems.on_http(request, wrong) if _for_machines(request) else error_page(request, wrong)


async def _on_crash(request: Request, wrong: Exception) -> Response:
    return await problems.on_crash(request, wrong) if _for_machines(request) else error_page(request, wrong)


def exposition(counts: Counts, waiting: int) -> str:
    """Prometheus text of what the server has done; base units, and no label says anything of a person.

    >>> print(exposition(Counts(ok=3), 2).splitlines()[2])
    openchair_ingest_events_total{status="ok"} 3
    """
    lines = [
        "# HELP openchair_ingest_events_total Events received, by what became of them.",
        "# TYPE openchair_ingest_events_total counter",
        *(
            f'openchair_ingest_events_total{{status="{status}"}} {getattr(counts, status)}'
            for status in ("ok", "duplicate", "rejected")
        ),
        "# HELP openchair_ingest_requests_total Ingest requests answered with 200, and those refused.",
        "# TYPE openchair_ingest_requests_total counter",
        f'openchair_ingest_requests_total{{answer="accepted"}} {counts.requests}',
        f'openchair_ingest_requests_total{{answer="refused"}} {counts.refused}',
        "# HELP openchair_ingest_waiting_bytes Bodies in memory that wait for their commit.",
        "# TYPE openchair_ingest_waiting_bytes gauge",
        f"openchair_ingest_waiting_bytes {counts.bytes_waiting}",
        "# HELP openchair_inbox_events Events acknowledged and not yet in history.",
        "# TYPE openchair_inbox_events gauge",
        f"openchair_inbox_events {waiting}",
    ]
    return "\n".join(lines) + "\n"
