"""What systems that deliver for the shop tell it by themselves, signed as our own webhooks are (Standard Webhooks 1.0).

The signature stands in place of a key; the secret is the one of `webhook_url`.
"""

from datetime import datetime
from typing import Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.actor import Actor
from openchair.chair.sealing import is_signed
from openchair.core.errors import BadInput
from openchair.server.pages.house import House
from openchair.server.problems import Refused

MOST_BYTES = 65_536
SENDER = Actor("signed webhook", "program")


class Data(msgspec.Struct):
    """Of which message, since when, and why."""

    message_id: str
    happened_at: datetime | None = None
    why: str = ""


class Event(msgspec.Struct):
    """What became of a message."""

    type: Literal[
        "message.sent", "message.delivered", "message.opened", "message.clicked", "message.answered", "message.failed",
        "message.bounced",
    ]  # fmt: skip
    data: Data


def hook_routes(house: House) -> list[BaseRoute]:
    """/hooks/outbox."""
    chair, secret = house.chair, house.settings.webhook_secret

    def heard(headers: dict[str, str], body: bytes) -> Response:
        if not is_signed(headers, body, secret, chair.clock()):
            remedy = "Sign it with webhook_secret, as docs/decisions.md says."
            raise Refused(401, "not_signed", "webhook-signature", bound="is not ours, or too old", remedy=remedy)
        try:
            event = msgspec.json.decode(body, type=Event)
            at = event.data.happened_at
            if at is not None and at.tzinfo is None:
                raise msgspec.ValidationError("happened_at must have a time zone")
        except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
            remedy = 'Send {"type": "message.delivered", "data": {"message_id": ".."}}.'
            raise BadInput("event", bound=str(wrong), remedy=remedy) from None
        kind = event.type.removeprefix("message.")
        status = chair.delivering.report(event.data.message_id, kind, by=SENDER, at=at, why=event.data.why)
        return JSONResponse({"message_id": event.data.message_id, "status": status})

    async def endpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise Refused(413, "too_large", "event", bound=f"at most {MOST_BYTES} bytes")
        return await run_in_threadpool(heard, dict(request.headers), bytes(body))

    return [Route("/hooks/outbox", endpoint, methods=["POST"])]
