"""What every route of the API is made with: pages of a list, who asks, acting once, and how answers are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from pydantic_core import PydanticSerializationError

from openchair.chair.actor import Actor
from openchair.core.errors import BadInput
from openchair.server.door.keyring import Caller, Keyring
from openchair.server.problems import MEDIA_TYPE, problem

PAGE = 100

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=PAGE, description="How many to give at most.")]
After = Annotated[str | None, Query(max_length=300, description="The id of the last one of the page before.")]
Someone = Annotated[
    str, Field(min_length=1, max_length=300, description="A customer id, or anything they are known by.")
]
Why = Annotated[str, Field(max_length=2000, description="The reason, kept with the change.")]


IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key gives the same answer for 24 hours, and acts once."),
]
"""The header that makes asking twice safe."""


class Body(BaseModel, extra="forbid"):
    """What a request holds; a field nobody knows is an error."""


class Page(BaseModel, Generic[T]):
    """One page of a list. For the next, give the last one's id as `starting_after`."""

    data: list[T]
    has_more: bool


class Problem(BaseModel):
    """RFC 9457; `message` names what was given, what is allowed and what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that changes something: who asks, and that it is done once for its Idempotency-Key."""

    caller: Caller
    _keyring: Keyring
    _request: Request
    _key: str | None

    @property
    def by(self) -> Actor:
        """Whom facts and the audit log remember."""
        return self.caller.actor

    def once(self, body: BaseModel | None, act: Callable[[], object], status: int = 200) -> Response:
        """What `act` gives as the answer, with nothing in it where it gives None; repeated, the answer it had."""
        try:
            said = body.model_dump_json() if body else ""
        except PydanticSerializationError:
            raise BadInput("body", bound="holds half a character (a lone surrogate)", remedy="Send UTF-8.") from None
        return self._keyring.once(self.caller, self._key, self._request, said, lambda: answer(act(), status))


@dataclass(frozen=True, slots=True)
class Door:
    """Makes the dependencies by which a route names the scope it needs."""

    keyring: Keyring

    def reads(self, scope: str) -> Any:
        """Of a route that only reads; gives the Caller. Answers 401 or 403."""

        def caller(request: Request) -> Caller:
            return self.keyring.caller(request, scope)

        return Depends(caller)

    def asks(self, scope: str) -> Any:
        """Of a route that changes something; gives an Asked. Answers 401 or 403."""

        def asked(
            request: Request,
            idempotency_key: IdempotencyKey = None,
        ) -> Asked:
            return Asked(self.keyring.caller(request, scope), self.keyring, request, idempotency_key)

        return Depends(asked)


def answer(body: object, status: int = 200) -> Response:
    """A record of the chair's as JSON; None is 204, done and nothing to say."""
    if body is None:
        return Response(status_code=204)
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's document says of its problems."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": "Problem", "model": Problem, "content": content} for status in statuses}


NOT_ASKED_FOR = "is nothing that can be given here"


async def on_invalid(request: Request, wrong: Exception) -> Response:
    """FastAPI's own validation as a problem: the first fault in words, all of them as `errors`."""
    if not isinstance(wrong, RequestValidationError):
        raise wrong
    faults = [
        {
            "where": ".".join(map(str, one["loc"])),
            "bound": NOT_ASKED_FOR if one["type"] == "extra_forbidden" else one["msg"],
            "value": repr(one.get("input"))[:120],
        }
        for one in wrong.errors()
    ]
    first = faults[0]
    said = BadInput(
        first["where"], value=wrong.errors()[0].get("input"), bound=first["bound"], remedy="Correct it and ask again."
    )
    return problem(400, "bad_input", str(said), errors=faults)
