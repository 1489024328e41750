"""Routes of reports: one for each, made from chair/reports.py."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from openchair.chair.chair import Chair
from openchair.chair.reports import OPTIONS, REPORTS, Option, Report
from openchair.server.api.frame import Door, answer

LONGEST = 300
"""Letters of an option."""


def reports(chair: Chair, door: Door) -> APIRouter:
    """What pages, Markdown and the command line tell, as the records they are told from."""
    router = APIRouter()
    for report in REPORTS.values():
        router.add_api_route(
            f"/reports/{report.name}",
            _reader(chair, report),
            name=report.name,
            tags=["reports"],
            summary=report.title,
            description=f"{report.about[:1].upper()}{report.about[1:]}.",
            response_model=report.view,
            dependencies=[door.reads(report.scope)],
        )
    return router


def _reader(chair: Chair, report: Report) -> Callable[..., Response]:
    """What answers for one report. A query that it does not take is an error."""
    fields: dict[str, Any] = {name: _field(OPTIONS[name]) for name in report.takes}
    query = create_model(f"{report.name.capitalize()}Query", __config__=ConfigDict(extra="forbid"), **fields)

    def read(asked: BaseModel) -> Response:
        return answer(chair.shelf.read(chair, report, report.asked(asked.model_dump())))

    read.__annotations__["asked"] = Annotated[query, Query()]
    return read


def _field(option: Option) -> tuple[Any, Any]:
    most = LONGEST if option.kind is str else None
    return option.kind | None, Field(None, description=option.about, max_length=most)
