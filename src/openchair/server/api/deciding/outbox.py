"""Routes of delivery: what another system delivers for the shop, what became of it, and what was given up."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, Field

from openchair.chair.acting.delivering import LEAST_SECONDS, MOST_SECONDS
from openchair.chair.acting.views import Dead
from openchair.chair.chair import Chair
from openchair.chair.ports import Letter
from openchair.core.errors import NotAllowed
from openchair.dossier.rules import Channel
from openchair.server.api.frame import Asked, Body, Door, Limit, answer, problems
from openchair.server.door.keyring import Caller


class Became(Body):
    """What became of a message."""

    status: Literal["sent", "delivered", "opened", "clicked", "answered", "failed", "bounced"]
    happened_at: AwareDatetime | None = Field(None, description="ISO 8601 with its zone; left out: now.")
    why: str = Field("", max_length=2000, description="Of a failure: the reason, as the other side gave it.")


class Standing(Body):
    """How a message stands."""

    message_id: str
    status: str = Field(description="sent, given, failed: it can be sent again.")


class Again(Body):
    """What to send again."""

    message_id: str = Field("", max_length=40, description="Empty: all that failed.")


class Replayed(Body):
    """How many wait again."""

    replayed: int


def outbox(chair: Chair, door: Door) -> APIRouter:
    """Scope outbox."""
    router = APIRouter()
    reads, acts = door.reads("outbox"), door.asks("outbox")

    @router.get("/outbox", tags=["outbox"], response_model=list[Letter], responses=problems(409))
    def pull(
        caller: Annotated[Caller, reads],
        channel: Annotated[Channel, Query(description="How they reach the customer; one that no road is set up for.")],
        limit: Limit = 50,
        seconds: Annotated[
            int,
            Query(ge=LEAST_SECONDS, le=MOST_SECONDS, description="Until when what was not reported is given again."),
        ] = 300,
    ) -> Response:
        """Messages to deliver, the longest due first, given to nobody else until the seconds have passed; with a key.

        The same message may come again, under the same message_id.
        """
        if caller.actor.role != "program":  # no link that a signed-in person follows may take messages away
            raise NotAllowed("outbox", value=caller.actor.role, bound="is pulled with a key", remedy="Make one.")
        return answer(chair.delivering.pull(channel, limit=limit, seconds=seconds))

    @router.get("/outbox/failed", tags=["outbox"], response_model=list[Dead], dependencies=[reads])
    def failed(limit: Limit = 50) -> Response:
        """Messages that were given up, the latest first, with why."""
        return answer(chair.delivering.failed(limit=limit))

    @router.post("/outbox/replay", tags=["outbox"], response_model=Replayed)
    def replay(asked: Annotated[Asked, acts], body: Again | None = None) -> Response:
        """Let what was given up wait again, under the same message_id."""
        which = body.message_id if body else ""
        return asked.once(body, lambda: {"replayed": chair.delivering.replay(which, by=asked.by)})

    @router.post("/outbox/{message_id}/status", tags=["outbox"], response_model=Standing, responses=problems(404, 409))
    def report(message_id: str, became: Became, asked: Annotated[Asked, acts]) -> Response:
        """Say what became of a message; statuses may come twice and in any order."""
        about = {"at": became.happened_at, "why": became.why}

        def reported() -> dict[str, str]:
            status = chair.delivering.report(message_id, became.status, by=asked.by, **about)  # type: ignore[arg-type]
            return {"message_id": message_id, "status": status}

        return asked.once(became, reported)

    @router.delete("/outbox/{message_id}", tags=["outbox"], status_code=204, responses=problems(404, 409))
    def withdraw(message_id: str, asked: Annotated[Asked, acts]) -> Response:
        """Take back a message while it waits."""
        return asked.once(None, lambda: chair.delivering.withdraw(message_id, by=asked.by))

    return router
