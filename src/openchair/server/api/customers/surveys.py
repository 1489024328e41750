"""Routes of surveys: what is asked, links to hand out, and answers that another program took."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number
from openchair.listening.asking import survey as asking
from openchair.server.api.frame import Asked, Body, Door, Page, Someone, answer, problems
from openchair.server.survey.forms import BODY_BYTES


class Kept(Body):
    """A survey and what became of it."""

    survey_id: str
    version: int
    status: str = Field(description="draft, live or closed")
    definition: dict[str, Any] = Field(description="As in docs/listening.md: the texts by language, the questions.")
    changed_at: datetime
    changed_by: str
    sent: int
    answered: int
    waiting: int
    response: Number | None
    by_language: dict[str, int]


class Put(Body):
    """A survey to be kept."""

    definition: dict[str, Any] = Field(description="As in docs/listening.md; its id may be left out.")
    over: int | None = Field(None, ge=0, description="The version that was changed; 0: it must be new; none: any.")


class LinkFor(Body):
    """Whom a link is for."""

    customer: Someone
    language: str = Field("", max_length=20, description="Empty: the one they are known to speak.")


class Link(Body):
    """The path of an invitation, to be put behind the address of this server."""

    link: str


class Answers(Body):
    """What somebody answered, by the key of each question; of a choice the place of the option, from 0."""

    token: str = Field(min_length=1, max_length=300, description="The last part of an invitation's link.")
    answers: dict[str, str | int] = Field(max_length=60)
    language: str = Field("", max_length=20, description="The one they read; empty: the invitation's.")


class Recorded(Body):
    """How many answers were new; 0: all were known."""

    recorded: int


class ToSend(Body):
    """How many to ask, by which channel."""

    limit: int = Field(ge=1, le=100_000, description="Customers to ask at most.")
    channel: Literal["e-mail", "webhook"] = "e-mail"
    dry_run: bool = Field(False, description="Only say whom it would go to.")


class Sent(Body):
    """Whom a survey goes to, and why not to the others."""

    survey_id: str
    eligible: int
    chosen: int
    kept_out: dict[str, int] = Field(description="Customers by the reason that keeps them out.")
    before: Number = Field(description="The score as it is.")
    expected: Estimate | None = Field(description="The interval once those chosen answer as often as others did.")
    by_part: dict[str, int] = Field(description="Chosen customers by stage.")


def surveys(chair: Chair, door: Door) -> APIRouter:
    """Scope surveys."""
    router = APIRouter()
    reads, asks = door.reads("surveys"), door.asks("surveys")

    @router.get("/surveys", tags=["surveys"], response_model=Page[Kept], dependencies=[reads])
    def listed() -> Response:
        """All surveys by id, with how many were asked and how many answered."""
        return answer({"data": chair.surveys.all(), "has_more": False})

    @router.get("/surveys/{survey_id}", tags=["surveys"], response_model=Kept, dependencies=[reads])
    def one(survey_id: str) -> Response:
        """One survey."""
        return answer(chair.surveys.get(survey_id))

    @router.put("/surveys/{survey_id}", tags=["surveys"], response_model=Kept, responses=problems(409))
    def put(survey_id: str, body: Put, asked: Annotated[Asked, asks]) -> Response:
        """Keep a survey: a new one as a draft, else as its next version; the same again changes nothing."""
        row = {"id": survey_id, **body.definition}
        if row["id"] != survey_id:
            raise BadInput("survey id", value=row["id"], bound=f"is not that of the address ({survey_id})")
        return asked.once(body, lambda: chair.surveys.put(asking.of(row), by=asked.by, over=body.over))

    @router.post("/surveys/{survey_id}/open", tags=["surveys"], response_model=Kept, responses=problems(409))
    def begin(survey_id: str, asked: Annotated[Asked, asks]) -> Response:
        """Let it be answered and sent."""
        return asked.once(None, lambda: chair.surveys.open(survey_id, by=asked.by))

    @router.post("/surveys/{survey_id}/close", tags=["surveys"], response_model=Kept, responses=problems(409))
    def end(survey_id: str, asked: Annotated[Asked, asks]) -> Response:
        """Let it be answered and sent no more; what was answered stays."""
        return asked.once(None, lambda: chair.surveys.close(survey_id, by=asked.by))

    @router.post(
        "/surveys/{survey_id}/links", tags=["surveys"], response_model=Link, status_code=201, responses=problems(409)
    )
    def link(survey_id: str, body: LinkFor, asked: Annotated[Asked, asks]) -> Response:
        """Make an invitation to be handed to one customer: who answers by it is known."""

        def made() -> dict[str, str]:
            return {"link": chair.surveys.link(survey_id, body.customer, by=asked.by, language=body.language)}

        return asked.once(body, made, 201)

    @router.post("/surveys/{survey_id}/send", tags=["surveys"], response_model=Sent, responses=problems(409))
    def send(survey_id: str, body: ToSend, asked: Annotated[Asked, asks]) -> Response:
        """Ask those from whom most is learned and whom nothing keeps out; it goes out as the outbox is delivered."""
        channel, limit = body.channel, body.limit
        if body.dry_run:
            return answer(chair.sending.plan(survey_id, channel=channel, limit=limit))
        return asked.once(body, lambda: chair.sending.send(survey_id, by=asked.by, channel=channel, limit=limit))

    @router.post("/surveys/{survey_id}/answers", tags=["surveys"], response_model=Recorded, responses=problems(413))
    def answered(survey_id: str, body: Answers, asked: Annotated[Asked, asks]) -> Response:
        """Record what was answered to an invitation, durably; the same answers again change nothing."""
        size = sum(len(str(text)) for text in body.answers.values())
        if size > BODY_BYTES:
            raise BadInput("answers", value=f"{size} characters", bound=f"at most {BODY_BYTES}", remedy="Shorten them.")

        def recorded() -> dict[str, int]:
            return {"recorded": chair.surveys.answer(survey_id, body.token, body.answers, language=body.language)}

        return asked.once(body, recorded)

    return router
