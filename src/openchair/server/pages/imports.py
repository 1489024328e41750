"""Files in: upload, look at the guessed mapping and the first rows, correct it, confirm; and what became of each."""

import re
import secrets
import shutil
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from openchair.chair.intake.listen import csv_of
from openchair.chair.views import ImportReport, Preview
from openchair.core.errors import BadInput, Conflict, NotFound, OpenchairError
from openchair.server.pages.house import House
from openchair.server.pages.render import render

LARGEST_BYTES = 200 * 1024 * 1024
SLACK_BYTES = 64 * 1024
KEPT_HOURS = 24
ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx", ".xls", ".jsonl", ".ndjson", ".json", ".gz")
_TOKEN = re.compile(r"[0-9a-f]{24}")


class TooLarge(BadInput):
    """The body is longer than this server takes."""

    status, code = 413, "too_large"


def file_name(given: str) -> str:
    """The bare name of an uploaded file, safe on every file system, its ending kept.

    >>> file_name("C:\\\\shop\\\\My orders (1).csv"), file_name("../../etc/passwd.csv")
    ('My orders (1).csv', 'passwd.csv')
    """
    bare = re.split(r"[\\/]", given)[-1]
    safe = re.sub(r"[^\w .()\-]", "_", bare).strip(". ")[-120:]
    if not safe.lower().endswith(ENDINGS):
        raise BadInput(
            "file", value=bare, bound=f"its name must end in {', '.join(ENDINGS)}", remedy="Export it as CSV, then try."
        )
    return safe


def mapping_of(fields: Mapping[str, str] | QueryParams) -> dict[str, str]:
    """Field of the fact -> column of the file, from `map.<field>` of a form.

    An empty column says that the file has no such field; where nothing at all was chosen, nothing is said.

    >>> mapping_of({"map.email": "Mail", "map.item": ""}), mapping_of({"map.email": ""})
    ({'email': 'Mail', 'item': ''}, {})
    """
    said = {name[4:]: value for name, value in fields.items() if name.startswith("map.")}
    return said if any(said.values()) else {}


async def _upload(request: Request) -> UploadFile:
    """The file of a multipart body; the body is refused as soon as it is seen to be too long."""

    seen = int(length) if (length := request.headers.get("content-length", "")).isdigit() else 0
    if seen > LARGEST_BYTES + SLACK_BYTES:
        raise _too_large(seen)

    async def measured() -> AsyncGenerator[bytes, None]:
        nonlocal seen
        seen = 0
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > LARGEST_BYTES + SLACK_BYTES:
                raise MultiPartException("too large")  # the one error after which the parser closes its files
            yield chunk

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadInput("upload", bound="a form with one file", remedy="Use the form on the Imports page.")
    parser = MultiPartParser(request.headers, measured(), max_files=1, max_fields=5)
    try:
        form = await parser.parse()
    except MultiPartException as wrong:
        if seen > LARGEST_BYTES + SLACK_BYTES:
            raise _too_large(seen) from None
        raise BadInput("upload", value=wrong.message, bound="a form with one file", remedy="Try again.") from None
    found = form.get("file")
    if not isinstance(found, UploadFile) or not found.filename:
        raise BadInput("file", bound="none was chosen", remedy="Choose a file first, then look at it.")
    return found


def _too_large(size_bytes: int) -> TooLarge:
    return TooLarge(
        "file",
        value=f"{size_bytes / 1024**2:,.0f} MB",
        bound=f"at most {LARGEST_BYTES // 1024**2} MB through the browser",
        remedy="Use the command line, which has no limit: openchair import FILE",
    )


def _keep(uploads: Path, name: str, content: IO[bytes], oldest: float) -> str:
    """Keep a file until it is confirmed; those nobody came back for are removed."""
    uploads.mkdir(parents=True, exist_ok=True)
    for forgotten in uploads.iterdir():
        if forgotten.is_dir() and forgotten.stat().st_mtime < oldest:
            shutil.rmtree(forgotten, ignore_errors=True)
    token = secrets.token_hex(12)
    folder = uploads / token
    folder.mkdir(mode=0o700)
    try:
        with (folder / name).open("wb") as kept:
            shutil.copyfileobj(content, kept, 1024 * 1024)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return token


def _kept(uploads: Path, token: str) -> Path:
    """The file that waits under a token."""
    folder = uploads / token
    if _TOKEN.fullmatch(token) and folder.is_dir():
        for path in folder.iterdir():
            return path
    raise NotFound(
        "uploaded file", value=token, bound="it was read or removed already", remedy="Choose the file again on Imports."
    )


def imports_routes(house: House) -> list[BaseRoute]:
    """The list, the upload, the preview, the confirmation, the rejected rows."""
    chair = house.chair

    def listed(request: Request, problem: OpenchairError | None = None) -> Response:
        return render(
            request,
            "imports.html",
            problem.status if problem else 200,
            imports=chair.imports(),
            problem=problem,
            endings=",".join(ENDINGS),
            largest_mb=LARGEST_BYTES // 1024**2,
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    def looked_at(request: Request, token: str, path: Path, mapping: dict[str, str]) -> Response:
        try:
            return _previewed(request, token, path, chair.preview(path, mapping=mapping), None)
        except BadInput as wrong:
            return _previewed(request, token, path, None, wrong)

    def _previewed(
        request: Request, token: str, path: Path, preview: Preview | None, problem: OpenchairError | None
    ) -> Response:
        return render(
            request,
            "preview.html",
            problem.status if problem else 200,
            token=token,
            file=path.name,
            preview=preview,
            problem=problem,
            simulated=chair.simulated,
        )

    def read(path: Path, mapping: dict[str, str]) -> ImportReport:
        return chair.listen([path], mapping=mapping)[0]

    def page(request: Request) -> Response:
        return listed(request)

    async def upload(request: Request) -> Response:
        oldest = house.clock().timestamp() - KEPT_HOURS * 3600
        try:
            given = await _upload(request)
            try:
                token = await run_in_threadpool(
                    _keep, house.uploads, file_name(given.filename or ""), given.file, oldest
                )
            finally:
                await given.close()
        except BadInput as wrong:
            return await run_in_threadpool(listed, request, wrong)
        return RedirectResponse(f"/imports/{token}", status_code=303)

    def preview(request: Request) -> Response:
        token = request.path_params["token"]
        return looked_at(request, token, _kept(house.uploads, token), mapping_of(request.query_params))

    async def confirm(request: Request) -> Response:
        token = request.path_params["token"]
        path = _kept(house.uploads, token)
        form = await request.form(max_files=0, max_fields=500)
        mapping = mapping_of({name: str(value) for name, value in form.items()})
        try:
            report = await run_in_threadpool(read, path, mapping)
        except (BadInput, Conflict) as wrong:
            return await run_in_threadpool(_refused, request, token, path, mapping, wrong)
        await run_in_threadpool(shutil.rmtree, path.parent, ignore_errors=True)
        return RedirectResponse(f"/imports#import-{report.import_id}", status_code=303)

    def _refused(request: Request, token: str, path: Path, mapping: dict[str, str], wrong: OpenchairError) -> Response:
        try:
            shown = chair.preview(path, mapping=mapping)
        except BadInput:
            shown = None
        return _previewed(request, token, path, shown, wrong)

    def remove(request: Request) -> Response:
        shutil.rmtree(_kept(house.uploads, request.path_params["token"]).parent, ignore_errors=True)
        return RedirectResponse("/imports", status_code=303)

    def rejects(request: Request) -> Response:
        import_id = request.path_params["import_id"]
        return StreamingResponse(
            csv_of(chair.rejects(import_id)),
            media_type="text/csv; charset=utf-8",
            headers={
                "content-disposition": f'attachment; filename="rejected-{re.sub("[^A-Za-z0-9_-]", "", import_id)}.csv"',
                "cache-control": "no-store",
            },
        )

    return [
        Route("/imports", page, name="imports"),
        Route("/imports", upload, methods=["POST"]),
        Route("/imports/{import_id}/rejects.csv", rejects, name="rejects"),
        Route("/imports/{token}", preview, name="preview"),
        Route("/imports/{token}/confirm", confirm, methods=["POST"]),
        Route("/imports/{token}/remove", remove, methods=["POST"]),
    ]
