"""Files in: upload, look at the guessed mapping and the first rows, correct it, confirm; and what became of each."""

import re
import secrets
import shutil
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from openchair.chair.intake.listen import csv_of
from openchair.core.errors import BadInput, NotFound
from openchair.server.pages.page import Form, Page, Visit

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


async def _upload(request: Request) -> FormData:
    """A multipart body with a file; the body is refused as soon as it is seen to be too long."""

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
    return form


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


def _imports(at: Visit) -> Response:
    endings, largest_mb = ",".join(ENDINGS), LARGEST_BYTES // 1024**2
    return at.draw("imports.html", imports=at.chair.imports(), endings=endings, largest_mb=largest_mb)


def _take(at: Visit) -> Response:
    """Keep a file until its reading was looked at."""
    given, house = cast(UploadFile, at.given["file"]), at.house
    oldest = house.clock().timestamp() - KEPT_HOURS * 3600
    token = _keep(house.uploads, file_name(given.filename or ""), given.file, oldest)
    return RedirectResponse(f"/imports/{token}", 303)


def _preview(at: Visit) -> Response:
    """How the file would be read; of one that cannot be, why."""
    path, preview = _waiting(at), None
    try:
        preview = at.chair.preview(path, mapping=mapping_of(at.typed or at.request.query_params))
    except BadInput as wrong:
        at = replace(at, problem=at.problem or wrong)
    return at.draw("preview.html", token=at.key("token"), file=path.name, preview=preview)


def _confirm(at: Visit) -> Response:
    path = _waiting(at)
    report = at.chair.listen([path], mapping=mapping_of(at.typed))[0]
    shutil.rmtree(path.parent, ignore_errors=True)
    return RedirectResponse(f"/imports#import-{report.import_id}", 303)


def _remove(at: Visit) -> None:
    shutil.rmtree(_waiting(at).parent, ignore_errors=True)


def _waiting(at: Visit) -> Path:
    return _kept(at.house.uploads, at.key("token"))


def _rejects(at: Visit) -> Response:
    import_id = at.key("import_id")
    name = f"rejected-{re.sub('[^A-Za-z0-9_-]', '', import_id)}.csv"
    return StreamingResponse(
        csv_of(at.chair.rejects(import_id)),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


PAGES = (
    Page("/imports", _imports, (Form("", _take, read=_upload),)),
    Page("/imports/{import_id}/rejects.csv", _rejects),
    Page("/imports/{token}", _preview, (Form("confirm", _confirm), Form("remove", _remove, "/imports"))),
)
