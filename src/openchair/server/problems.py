"""Errors as RFC 9457 problem+json: every one names the value, the bound and the remedy.

`code` and `message` stand beside the standard members because Segment's and RudderStack's clients read those two,
and one of them tries again for ever where they are missing.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from openchair.core.errors import OpenchairError

MEDIA_TYPE = "application/problem+json"

# Of what passes by itself a caller is told when to come back.
RETRY_AFTER_SECONDS = {409: 5, 429: 1, 503: 5}


class Refused(OpenchairError):
    """A request that is answered with a status of its own; the message follows the house's form."""

    def __init__(self, status: int, code: str, what: str, *, value: object = None, bound: str = "", remedy: str = ""):
        super().__init__(what, value=value, bound=bound, remedy=remedy)
        self.status, self.code = status, code


def problem(
    status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """A problem+json response; what passes by itself carries Retry-After.

    >>> response = problem(429, "busy", "Come back later.")
    >>> response.status_code, response.headers["retry-after"], msgspec.json.decode(response.body)["title"]
    (429, '1', 'Too Many Requests')
    """
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": message, "code": code}
    sent = dict(headers or {})
    if status in RETRY_AFTER_SECONDS:
        sent.setdefault("Retry-After", str(RETRY_AFTER_SECONDS[status]))
    return Response(
        msgspec.json.encode(body | {"message": message} | members), status, headers=sent, media_type=MEDIA_TYPE
    )


def of_error(wrong: OpenchairError) -> Response:
    """The problem that stands for one of the house's errors."""
    headers = {"WWW-Authenticate": 'Basic realm="openchair"'} if wrong.status == 401 else {}
    return problem(wrong.status, wrong.code, str(wrong), headers=headers)


async def on_error(request: Request, wrong: Exception) -> Response:
    """Starlette's and FastAPI's handler for the house's errors."""
    if not isinstance(wrong, OpenchairError):
        raise wrong
    return of_error(wrong)


async def on_http(request: Request, wrong: Exception) -> Response:
    """The handler for what the framework itself refuses: no such path, no such method, a body too large."""
    if not isinstance(wrong, HTTPException):
        raise wrong
    code = "bad_input" if wrong.status_code == 400 else HTTPStatus(wrong.status_code).phrase.lower().replace(" ", "_")
    said = wrong.detail if wrong.detail != HTTPStatus(wrong.status_code).phrase else ""
    message = f"{request.method} {request.url.path}: {said or HTTPStatus(wrong.status_code).description}."
    return problem(wrong.status_code, code, message, headers=wrong.headers)


async def on_crash(request: Request, wrong: Exception) -> Response:
    """The handler for what nobody foresaw: says nothing of the inside; the log has it."""
    return problem(500, "failed", "The server could not do this. Its log says why.")
