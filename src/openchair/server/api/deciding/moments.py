"""The route of decisions for those who wait: a till, a page, a call. All who ask at once are answered together.

It is documented as every other, and read without the framework: an answer takes milliseconds.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from openchair.chair.acting.moments import MOST_CANDIDATES, Ask
from openchair.chair.chair import Chair
from openchair.chair.views import Decision
from openchair.core.errors import BadInput, OpenchairError
from openchair.dossier.rules import Channel
from openchair.loyalty.actions import Moment
from openchair.server.api.frame import Body, Door, IdempotencyKey, Someone, answer, problems
from openchair.server.door.keyring import Caller, Keyring
from openchair.server.problems import Refused

BODY_BYTES = 256 * 1024
AT_ONCE = 32
"""Asked for by so many, they are decided for together; more would make the first of them wait."""
WAITING = 2_000
"""Beyond so many who wait, callers are told to come back."""

Said = Decision | OpenchairError


class Wanted(Body):
    """What to decide."""

    customer: Someone
    moment: Moment = Field("daily", description="The occasion; the same customer, day and occasion have one decision.")
    channel: Channel | None = Field(None, description="Only what goes by this channel.")
    candidates: list[str] | None = Field(
        None, min_length=1, max_length=MOST_CANDIDATES, description="Only these actions; left out: the whole catalogue."
    )


class _Read(msgspec.Struct, forbid_unknown_fields=True):
    """The same as it is read; which words there are the chair knows."""

    customer: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    moment: str = "daily"
    channel: str | None = None
    candidates: list[str] | None = None


_read = msgspec.json.Decoder(_Read).decode


class Together:
    """Those who ask while others are decided for wait for each other, and are the next batch."""

    def __init__(self, decide: Callable[[Sequence[Ask]], list[Said]]) -> None:
        self._decide = decide
        self._waiting: list[tuple[Ask, asyncio.Future[Said]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, ask: Ask) -> Decision:
        """The decision, once it is kept. Raises what is wrong with it."""
        if len(self._waiting) >= WAITING:
            raise Refused(
                429, "busy", "decisions", value=len(self._waiting), bound=f"at most {WAITING} wait", remedy="Ask again."
            )
        future: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._serve())
        said = await future
        if isinstance(said, OpenchairError):
            raise said
        return said

    async def _serve(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            asks = [ask for ask, _ in taken]
            try:
                told = await run_in_threadpool(self._decide, asks)
            except Exception as wrong:  # noqa: BLE001  # whatever it was, those who wait must hear of it
                for _, future in taken:
                    if not future.done():
                        future.set_exception(wrong)
                continue
            for (_, future), said in zip(taken, told, strict=True):
                if not future.done():
                    future.set_result(said)


def moments(chair: Chair, door: Door) -> APIRouter:
    """Scope write."""
    router, together, keyring = APIRouter(), Together(lambda asks: chair.moments.decide(asks)), door.keyring

    class Quick(APIRoute):
        """A route that is read by `take` and documented by its signature."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return take

    async def take(request: Request) -> Response:
        caller = await _caller(keyring, request)
        body = await _body(request)
        ask = _asked(body, request.query_params.get("explain", "some"))
        key = request.headers.get("idempotency-key")
        if key is None:
            return answer(await together.ask(ask))
        if not 1 <= len(key) <= 255:
            raise BadInput("Idempotency-Key", value=key, bound="1 to 255 characters", remedy="Send a shorter one.")
        loop = asyncio.get_running_loop()

        def act() -> Response:
            return answer(asyncio.run_coroutine_threadsafe(together.ask(ask), loop).result())

        said = body.decode(errors="replace") + request.url.query
        return await run_in_threadpool(keyring.once, caller, key, request, said, act)

    def decide(
        wanted: Wanted,
        explain: Annotated[
            Literal["some", "full"],
            Query(description="full: each candidate and each action that was ruled out; else 50 of them at most."),
        ] = "some",
        idempotency_key: IdempotencyKey = None,
    ) -> None:
        """The next best action for one customer now, within the rules, with its exact propensity and reasons.

        It is logged before it is answered. `excluded` says of how many actions each reason was against. An action that
        is not in the catalogue is a 422 that names it.
        """

    router.add_api_route(
        "/decisions",
        decide,
        methods=["POST"],
        tags=["decisions"],
        response_model=Decision,
        responses=problems(409, 422, 429),
        route_class_override=Quick,
    )
    return router


async def _caller(keyring: Keyring, request: Request) -> Caller:
    """Who asks; only a key that was not checked a moment ago is looked up, which takes a thread."""
    if keyring.fresh(request):
        return keyring.caller(request, "write")
    return await run_in_threadpool(keyring.caller, request, "write")


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES:
            raise Refused(
                413, "body_too_large", "body", value=f"over {BODY_BYTES} bytes", bound=f"at most {BODY_BYTES} bytes",
                remedy="Name fewer candidates.",
            )  # fmt: skip
        parts.append(part)
    return b"".join(parts)


def _asked(body: bytes, explain: str) -> Ask:
    """What a body asks for. Raises BadInput."""
    if explain not in ("some", "full"):
        raise BadInput("explain", value=explain, bound="some or full", remedy="Leave it out, or ask for full.")
    try:
        wanted = _read(body)
    except msgspec.ValidationError as wrong:
        raise BadInput("body", bound=str(wrong), remedy='Send {"customer": "...", "moment": "checkout"}.') from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise BadInput("body", bound=f"is not JSON ({wrong})", remedy='Send {"customer": "..."}.') from None
    candidates = None if wanted.candidates is None else tuple(wanted.candidates)
    return Ask(wanted.customer, wanted.moment, wanted.channel or "", candidates, explain == "full")
