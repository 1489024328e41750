"""Routes of the catalogue: what the shop can do, whole or action by action, with its versions."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from openchair.chair.acting.cataloguing import CatalogueVersion
from openchair.chair.chair import Chair
from openchair.core.errors import BadInput
from openchair.loyalty import actions
from openchair.loyalty.changes import Change
from openchair.server.api.frame import Asked, Body, Door, answer, problems

Number = Annotated[int | None, Query(ge=0, description="A version; left out, the one in force.")]
Over = Annotated[int | None, Field(ge=0, description="The version that was edited; 409 where another came since.")]
Reason = Annotated[str, Field(max_length=500, description="Why; it is kept with who and when.")]
Row = Annotated[dict[str, Any], Field(description="As in docs/catalogue.md; what is left out is as by default.")]


class Catalogue(Body):
    """A version of the catalogue, and the versions there are, the newest first."""

    version: CatalogueVersion
    fingerprint: str = Field(description="What records of decisions call it by.")
    actions: list[Row]
    versions: list[CatalogueVersion]
    currency: str
    simulated: bool


class Changed(Body):
    """What differs from before; nothing where it was so already."""

    changes: list[Change]


class Whole(Body):
    """A catalogue to be put in force: its actions, or the same as YAML."""

    actions: list[Row] | None = None
    yaml: str | None = None
    why: Reason = ""
    over: Over = None
    dry_run: bool = Field(False, description="Only say what would change.")


class One(Body):
    """An action to be kept, new or changed."""

    action: Row
    why: Reason
    over: Over = None


class Because(Body):
    """Why something is changed."""

    why: Reason
    over: Over = None


class Again(Body):
    """Why an older version is put in force."""

    why: Reason = ""


def catalogue(chair: Chair, door: Door) -> APIRouter:
    """Scopes read and catalogue: it says, too, what goes out without a person's yes."""
    router = APIRouter(tags=["catalogue"])
    reader, writer = door.reads("read"), door.asks("catalogue")

    @router.get("/catalogue", response_model=Catalogue, dependencies=[reader])
    def shown(version: Number = None) -> Response:
        """What the shop can do for a customer. Fields that are as by default are left out."""
        return answer(chair.cataloguing.view(version))

    @router.get("/catalogue.yaml", response_class=Response, dependencies=[reader])
    def written(version: Number = None) -> Response:
        """The same as a file, to be edited and put back."""
        text = actions.written(chair.cataloguing.view(version).actions)
        return Response(text, media_type="application/yaml; charset=utf-8")

    @router.get("/catalogue/fingerprints/{name}", response_model=list[Row], dependencies=[reader])
    def named(name: str) -> Response:
        """The actions that a decision was chosen from, by the name that its record has for them."""
        return answer(chair.cataloguing.named(name))

    @router.put("/catalogue", response_model=Changed, responses=problems(409))
    def adopt(body: Whole, asked: Annotated[Asked, writer]) -> Response:
        """Put a catalogue in force, from the next decision on."""
        if (body.actions is None) == (body.yaml is None):
            raise BadInput("body", bound="holds actions or yaml, one of them", remedy="Send one.")
        proposed = actions.of(body.actions) if body.yaml is None else actions.parse(body.yaml)
        if body.dry_run:
            return answer({"changes": chair.cataloguing.compare(proposed)})
        return asked.once(
            body, lambda: {"changes": chair.cataloguing.adopt(proposed, why=body.why, by=asked.by, over=body.over)}
        )

    @router.put("/catalogue/actions/{action_id}", response_model=Changed, responses=problems(409))
    def put(action_id: str, body: One, asked: Annotated[Asked, writer]) -> Response:
        """Keep one action, new or changed."""
        row = {"id": action_id, **body.action}
        if row["id"] != action_id:
            bound = f"is not that of the address ({action_id})"
            raise BadInput("action id", value=row["id"], bound=bound, remedy="Leave it out.")
        return asked.once(
            body, lambda: {"changes": chair.cataloguing.put(row, why=body.why, by=asked.by, over=body.over)}
        )

    @router.post("/catalogue/actions/{action_id}/retire", response_model=Changed, responses=problems(409))
    def retire(action_id: str, body: Because, asked: Annotated[Asked, writer]) -> Response:
        """Take one action out; what was decided of it stays as it was."""
        return asked.once(
            body, lambda: {"changes": chair.cataloguing.retire(action_id, why=body.why, by=asked.by, over=body.over)}
        )

    @router.post("/catalogue/versions/{number}/restore", response_model=Changed)
    def restore(number: int, body: Again, asked: Annotated[Asked, writer]) -> Response:
        """Put an older version in force again; 0 is what the shop began with."""
        return asked.once(body, lambda: {"changes": chair.cataloguing.restore(number, why=body.why, by=asked.by)})

    return router
