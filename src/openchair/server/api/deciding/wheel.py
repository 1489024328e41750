"""Routes of the wheel: lists of customers, decisions, imports, turns."""

import re
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from openchair.chair.chair import Chair
from openchair.chair.intake.listen import csv_of
from openchair.chair.views import Customer, Decision, ImportReport, Preview, TurnReport
from openchair.core.errors import BadInput
from openchair.server.api.frame import After, Asked, Body, Door, Limit, Page, answer, problems
from openchair.server.schedule import Apart


class Mark(Body):
    """What a person said to a decision."""

    status: Literal["approved", "dismissed"]


class Begin(Body):
    """A turn to make."""

    as_of: str | None = Field(
        None, max_length=40, description="A date or ISO 8601 time: only facts before it count. Empty: now."
    )


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


def wheel(chair: Chair, door: Door, apart: Apart) -> APIRouter:
    """Scopes read and write."""
    router = APIRouter()
    reader, writer = door.reads("read"), door.asks("write")

    @router.get("/customers", tags=["customers"], response_model=Page[Customer], dependencies=[reader])
    def customers(
        search: Annotated[str, Query(max_length=200, description="Part of a name or of an identifier.")] = "",
        order: Literal["worth", "recent", "name", "orders"] = "worth",
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Customers, worth most first unless another order is asked for."""
        found, more = chair.customers(search=search, order=order, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    @router.get("/decisions", tags=["decisions"], response_model=Page[Decision], dependencies=[reader])
    def decisions(
        day: date | None = None,
        customer: Annotated[str | None, Query(max_length=300)] = None,
        acting: Annotated[bool, Query(description="Only decisions to do something, not those to wait.")] = False,
        limit: Limit = 50,
        starting_after: After = None,
    ) -> Response:
        """Decisions, newest day first, best gain first within it."""
        found, more = chair.decisions(day=day, who=customer, acting=acting, limit=limit, after=starting_after)
        return answer({"data": found, "has_more": more})

    @router.get("/decisions/{decision_id}", tags=["decisions"], response_model=Decision, dependencies=[reader])
    def decision(decision_id: str) -> Response:
        """One decision with its record: context, candidates, what was ruled out and why, exact propensity."""
        return answer(chair.decision(decision_id))

    @router.post(
        "/decisions/{decision_id}/status", tags=["decisions"], response_model=Decision, responses=problems(409)
    )
    def mark(decision_id: str, said: Mark, asked: Annotated[Asked, writer]) -> Response:
        """Say what was done with a decision: approved or dismissed. It is kept as a fact."""
        return asked.once(said, lambda: chair.mark(decision_id, said.status, asked.by.name))

    @router.get("/imports", tags=["imports"], response_model=Page[ImportReport], dependencies=[reader])
    def imports(limit: Limit = 50) -> Response:
        """Files that were read, newest first."""
        found = chair.imports(limit + 1)
        return answer({"data": found[:limit], "has_more": len(found) > limit})

    @router.post(
        "/imports",
        tags=["imports"],
        response_model=ImportReport | Preview,
        responses=problems(409, 413),
        dependencies=[door.reads("write")],
    )
    def read(
        file: Annotated[UploadFile, File(description="CSV, Parquet, Excel or JSON lines.")],
        mapping: Annotated[str, Form(description='Field -> column, as JSON: {"email": "Email"}.')] = "",
        dry_run: Annotated[bool, Query(description="Only show how the file would be read.")] = False,
    ) -> Response:
        """Read a file into facts. Reading the same file twice changes nothing."""
        with tempfile.TemporaryDirectory(prefix="openchair-") as folder:
            path = _kept(file, Path(folder))
            if dry_run:
                return answer(chair.preview(path, mapping=_mapping(mapping)))
            return answer(chair.listen([path], mapping=_mapping(mapping))[0], 201)

    @router.get(
        "/imports/{import_id}/rejects.csv",
        tags=["imports"],
        response_class=StreamingResponse,
        responses=problems(404),
        dependencies=[reader],
    )
    def rejects(import_id: str) -> StreamingResponse:
        """The rows of one import that were not accepted, with file, line, reason and all they held."""
        return StreamingResponse(csv_of(chair.rejects(import_id)), media_type="text/csv; charset=utf-8")

    @router.get("/turns", tags=["turns"], response_model=Page[TurnReport], dependencies=[reader])
    def turns(limit: Limit = 20) -> Response:
        """Turns of the wheel, newest first."""
        found = chair.turns(limit + 1)
        return answer({"data": found[:limit], "has_more": len(found) > limit})

    @router.post("/turns", tags=["turns"], response_model=TurnReport, status_code=201, responses=problems(409))
    def turn(asked: Annotated[Asked, writer], begin: Begin | None = None) -> Response:
        """Turn the wheel: know, focus, decide. One at a time; the answer comes when it is done."""
        return asked.once(begin, lambda: apart.turn((begin and begin.as_of) or ""), 201)

    return router
