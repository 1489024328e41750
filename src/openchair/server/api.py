"""The documented API under /api/v1: customers, decisions, imports, turns. OpenAPI 3.1 at /api/v1/openapi.json.

Answers are the chair's own records written by msgspec; the models in the document are the same records, and a test
holds one against the other.
"""

import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from fastapi import Depends, FastAPI, File, Form, Header, Query, Request, Security, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from openchair.chair.chair import Chair
from openchair.chair.intake.listen import csv_of
from openchair.chair.views import Customer, Decision, Dossier, ImportReport, Preview, TurnReport
from openchair.core import VERSION
from openchair.core.errors import BadInput, OpenchairError
from openchair.server.keyring import Caller, Keyring
from openchair.server.problems import MEDIA_TYPE, on_crash, on_error, on_http, problem
from openchair.server.schedule import Apart

UPLOAD_BYTES = 200 * 1024 * 1024
PAGE = 100

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=PAGE, description="How many to give at most.")]
After = Annotated[str | None, Query(max_length=300, description="The id of the last one of the page before.")]
Idempotency = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key gives the same answer for 24 hours, and acts once."),
]


class Page(BaseModel, Generic[T]):
    """One page of a list. For the next, give the last one's id as `starting_after`."""

    data: list[T]
    has_more: bool


class Ask(BaseModel, extra="forbid"):
    """What to decide."""

    customer: str = Field(min_length=1, max_length=300, description="A customer id, or anything they are known by.")
    moment: str = Field("daily", min_length=1, max_length=60, description="The occasion: `daily`, or a name of yours.")


class Mark(BaseModel, extra="forbid"):
    """What a person said to a decision."""

    status: Literal["approved", "dismissed"]


class Begin(BaseModel, extra="forbid"):
    """A turn to make."""

    as_of: str | None = Field(
        None, max_length=40, description="A date or ISO 8601 time: only facts before it count. Empty: now."
    )


class Problem(BaseModel):
    """RFC 9457; `message` names what was given, what is allowed and what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str


def _answer(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": "Problem", "model": Problem, "content": content} for status in statuses}


async def _on_invalid(request: Request, wrong: Exception) -> Response:
    """FastAPI's own validation as a problem: the first fault in words, all of them as `errors`."""
    if not isinstance(wrong, RequestValidationError):
        raise wrong
    faults = [
        {"where": ".".join(map(str, one["loc"])), "bound": one["msg"], "value": repr(one.get("input"))[:120]}
        for one in wrong.errors()
    ]
    first = faults[0]
    said = BadInput(
        first["where"], value=wrong.errors()[0].get("input"), bound=first["bound"], remedy="Correct it and ask again."
    )
    return problem(400, "bad_input", str(said), errors=faults)


def _mapping(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str]) if text else {}
    except msgspec.DecodeError as wrong:
        raise BadInput(
            "mapping", value=text, bound=f"a JSON object of texts ({wrong})", remedy='Send {"email": "Email"}.'
        ) from None


def _kept(upload: UploadFile, folder: Path) -> Path:
    """The uploaded file on disk under its own name: its ending says what it is."""
    bare = re.sub(r"[^\w .()\-]", "_", re.split(r"[\\/]", upload.filename or "upload.csv")[-1]).strip(". ")[-120:]
    path = folder / (bare or "upload.csv")
    with path.open("wb") as kept:
        shutil.copyfileobj(upload.file, kept, 1 << 20)
    return path


def api(chair: Chair, keyring: Keyring, apart: Apart) -> FastAPI:
    """The API as an application to be mounted at /api/v1."""
    app = FastAPI(
        title="Openchair",
        version=VERSION,
        summary="Who your customers are, and the next best thing to do for each.",
        docs_url=None,
        redoc_url=None,
        max_body_size=UPLOAD_BYTES,
        exception_handlers={
            OpenchairError: on_error,
            HTTPException: on_http,
            RequestValidationError: _on_invalid,
            Exception: on_crash,
        },
        responses=_problems(400, 401, 403, 404),
        dependencies=[
            Security(HTTPBearer(auto_error=False, description="A key of scope read or write.")),
            Security(HTTPBasic(auto_error=False, description="The same key as user name, no password.")),
        ],
        strict_content_type=False,
    )

    def may(scope: str) -> Callable[[Request], Caller]:
        def allowed(request: Request) -> Caller:
            return keyring.caller(request, scope)

        return allowed

    reader, writer = Depends(may("read")), Depends(may("write"))

    @app.get("/customers", tags=["customers"], response_model=Page[Customer], dependencies=[reader])
    def customers(
        search: Annotated[str, Query(max_length=200, description="Part of a name or of an identifier.")] = "",
        order: Literal["worth", "recent", "name", "orders"] = "worth",
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Customers, worth most first unless another order is asked for."""
        found, more = chair.customers(search=search, order=order, limit=limit, after=starting_after)
        return _answer({"data": found, "has_more": more})

    @app.get("/customers/{who:path}", tags=["customers"], response_model=Dossier, dependencies=[reader])
    def customer(who: str) -> Response:
        """The dossier of one customer, by customer id or anything they are known by."""
        return _answer(chair.dossier(who))

    @app.get("/decisions", tags=["decisions"], response_model=Page[Decision], dependencies=[reader])
    def decisions(
        day: date | None = None,
        customer: Annotated[str | None, Query(max_length=300)] = None,
        acting: Annotated[bool, Query(description="Only decisions to do something, not those to wait.")] = False,
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Decisions, newest day first, best gain first within it."""
        found, more = chair.decisions(day=day, who=customer, acting=acting, limit=limit, after=starting_after)
        return _answer({"data": found, "has_more": more})

    @app.post("/decisions", tags=["decisions"], response_model=Decision, responses=_problems(409, 422))
    def decide(
        request: Request, ask: Ask, caller: Annotated[Caller, writer], idempotency_key: Idempotency = None
    ) -> Response:
        """The next best action for one customer now, within the rules, with its exact propensity and reasons."""
        return keyring.once(
            caller,
            idempotency_key,
            request,
            ask.model_dump_json(),
            lambda: _answer(chair.decide(ask.customer, ask.moment)),
        )

    @app.get("/decisions/{decision_id}", tags=["decisions"], response_model=Decision, dependencies=[reader])
    def decision(decision_id: str) -> Response:
        """One decision with its record: context, candidates, what was ruled out and why, exact propensity."""
        return _answer(chair.decision(decision_id))

    @app.post("/decisions/{decision_id}/status", tags=["decisions"], response_model=Decision, responses=_problems(409))
    def mark(
        request: Request,
        decision_id: str,
        said: Mark,
        caller: Annotated[Caller, writer],
        idempotency_key: Idempotency = None,
    ) -> Response:
        """Say what was done with a decision: approved or dismissed. It is kept as a fact."""
        return keyring.once(
            caller,
            idempotency_key,
            request,
            said.model_dump_json(),
            lambda: _answer(chair.mark(decision_id, said.status, caller.name)),
        )

    @app.get("/imports", tags=["imports"], response_model=Page[ImportReport], dependencies=[reader])
    def imports(limit: Limit = 50) -> Response:
        """Files that were read, newest first."""
        found = chair.imports(limit + 1)
        return _answer({"data": found[:limit], "has_more": len(found) > limit})

    @app.post(
        "/imports",
        tags=["imports"],
        response_model=ImportReport | Preview,
        responses=_problems(409, 413),
    )
    def read(
        request: Request,
        caller: Annotated[Caller, writer],
        file: Annotated[UploadFile, File(description="CSV, Parquet, Excel or JSON lines.")],
        mapping: Annotated[str, Form(description='Field -> column, as JSON: {"email": "Email"}.')] = "",
        dry_run: Annotated[bool, Query(description="Only show how the file would be read.")] = False,
    ) -> Response:
        """Read a file into facts. Reading the same file twice changes nothing."""
        with tempfile.TemporaryDirectory(prefix="openchair-") as folder:
            path = _kept(file, Path(folder))
            if dry_run:
                return _answer(chair.preview(path, mapping=_mapping(mapping)))
            return _answer(chair.listen([path], mapping=_mapping(mapping))[0], 201)

    @app.get(
        "/imports/{import_id}/rejects.csv", tags=["imports"], response_class=StreamingResponse, dependencies=[reader]
    )
    def rejects(import_id: str) -> StreamingResponse:
        """The rows of one import that were not accepted, with file, line, reason and all they held."""
        return StreamingResponse(csv_of(chair.rejects(import_id)), media_type="text/csv; charset=utf-8")

    @app.get("/turns", tags=["turns"], response_model=Page[TurnReport], dependencies=[reader])
    def turns(limit: Limit = 20) -> Response:
        """Turns of the wheel, newest first."""
        found = chair.turns(limit + 1)
        return _answer({"data": found[:limit], "has_more": len(found) > limit})

    @app.post("/turns", tags=["turns"], response_model=TurnReport, status_code=201, responses=_problems(409))
    def turn(
        request: Request,
        caller: Annotated[Caller, writer],
        begin: Begin | None = None,
        idempotency_key: Idempotency = None,
    ) -> Response:
        """Turn the wheel: know, focus, decide. One at a time; the answer comes when it is done."""
        asked = begin or Begin(as_of=None)

        def turned() -> Response:
            return _answer(apart.turn(asked.as_of or ""), 201)

        return keyring.once(caller, idempotency_key, request, asked.model_dump_json(), turned)

    return app
