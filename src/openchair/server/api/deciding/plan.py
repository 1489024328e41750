"""Routes of the plan: what is planned, what there is to spend, and persons' answers, one or all at once."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.acting.planned import PlanReport
from openchair.chair.acting.planning import MOST
from openchair.chair.chair import Chair
from openchair.chair.wheel.clear import Settled
from openchair.server.api.frame import Asked, Body, Door, Why, answer, problems

Ids = Annotated[list[str] | None, Field(max_length=MOST, description="Decisions, by their ids.")]
Name = Annotated[str, Field(max_length=60, description="All that wait of an action, by its id.")]


class Approve(Body):
    """What to approve: some decisions, all that wait of an action, or everything that waits."""

    decisions: Ids = None
    action: Name = ""
    everything: bool = False


class Dismiss(Approve):
    """What to let be, and why."""

    why: Why


class Chosen(Body):
    """Some decisions."""

    decisions: list[str] = Field(max_length=MOST)


class Undo(Chosen):
    """Answers to take back."""

    why: Why = ""


class Spans(Body):
    """What there is in a day, and in a week from Monday on; left out, there is no limit."""

    day: float | None = None
    week: float | None = None


class Budgets(Body):
    """What there is, by what it is of: money, discounts (both in minor units), hours, or a channel."""

    budgets: dict[str, Spans]
    why: Why = ""


def plan(chair: Chair, door: Door) -> APIRouter:
    """The plan of the day. Scopes read and write."""
    router = APIRouter()
    writer = door.asks("write")

    @router.get("/plan", tags=["plan"], response_model=PlanReport, dependencies=[door.reads("read")])
    def report() -> Response:
        """The plan of the last turn's day as it stands: by action, budgets used and left, what is put off and why."""
        return answer(chair.planning.report())

    @router.post("/plan/budgets", tags=["plan"], response_model=PlanReport, responses=problems(409))
    def allow(said: Budgets, asked: Annotated[Asked, writer]) -> Response:
        """Say what there is to spend; what is not named has no limit. It holds for approvals at once."""
        given = {name: spans.model_dump() for name, spans in said.budgets.items()}
        return asked.once(said, lambda: chair.planning.allow(given, by=asked.by, why=said.why))

    @router.post("/plan/approve", tags=["plan"], response_model=Settled, responses=problems(409))
    def approve(said: Approve, asked: Annotated[Asked, writer]) -> Response:
        """Approve; each decision is judged again, and the answer says how many were, how many not, and why."""
        return asked.once(said, lambda: chair.planning.approve(by=asked.by, **said.model_dump()))

    @router.post("/plan/dismiss", tags=["plan"], response_model=Settled, responses=problems(409))
    def dismiss(said: Dismiss, asked: Annotated[Asked, writer]) -> Response:
        """Let decisions be, with a reason; the next turn looks at all of them again."""
        return asked.once(said, lambda: chair.planning.dismiss(by=asked.by, **said.model_dump()))

    @router.post("/plan/undo", tags=["plan"], response_model=Settled, responses=problems(409))
    def undo(said: Undo, asked: Annotated[Asked, writer]) -> Response:
        """Take answers back: what was dismissed, and what was approved within the time that its action allows."""
        return asked.once(said, lambda: chair.planning.undo(by=asked.by, **said.model_dump()))

    @router.post("/plan/done", tags=["plan"], response_model=Settled, responses=problems(409))
    def done(said: Chosen, asked: Annotated[Asked, writer]) -> Response:
        """Say of what was approved that it was done by hand."""
        return asked.once(said, lambda: chair.planning.done(by=asked.by, decisions=said.decisions))

    return router
