"""Files as people have them, opened as one table: CSV in any dialect and encoding, Parquet, Excel, JSON lines.

Text is read here, line by line, and not by the engine: every row keeps the line a person would find it on, also after
cells with line breaks, and one bad line costs only itself (store.text). Parquet goes straight to the engine, with its
types.
"""

import glob
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import duckdb
import ibis
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, PasswordError, SheetVisibleEnum, load_workbook

from openchair.chair.ports import RawFile
from openchair.chair.views import Reject
from openchair.core.errors import BadInput
from openchair.store.counting.text import dialect_of, encoding_of, lines_of, records, stream_of

CHUNK_ROWS = 50_000
COLUMNS_MOST = 2_000
JSON_BYTES = 256 << 20
SHOWN_CHARACTERS = 2_000

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", "Ask for the same as CSV or Excel."),
    (b"\x89PNG", "a picture", "Ask for the same as CSV or Excel."),
    (b"\xff\xd8\xff", "a picture", "Ask for the same as CSV or Excel."),
    (b"GIF8", "a picture", "Ask for the same as CSV or Excel."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"BZh", "packed with bzip2", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it first."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"ARROW1", "an Arrow file", "Write it as Parquet."),
    (b"Obj\x01", "an Avro file", "Write it as Parquet."),
    (b"ORC", "an ORC file", "Write it as Parquet."),
)
_WRAPPED = re.compile(r'[\ufeff\s]*\{\s*"[^"]+"\s*:\s*\[\s*\{')
"""The beginning of one object that begins with a list of objects: {"reviews": [{..."""
_JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}


def open_file(connection: Any, path: Path) -> RawFile:
    """A file as a table in the engine, with `line`. connection: an Ibis backend on DuckDB.

    Text and Excel become a temporary table of text columns; Parquet stays where it is. Raises BadInput for what is no
    table: a folder, nothing, an archive, a locked workbook, garbage.
    """
    head = _head(path)
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise BadInput("file", value=path.name, bound=f"is {what}, not a table", remedy=remedy)
    if head.startswith(b"PAR1"):
        return _parquet(connection, path)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(connection, path, zipped=head.startswith(b"PK"))
    packed = head.startswith(b"\x1f\x8b")
    try:
        with stream_of(path, packed) as stream:
            sample = stream.read(1 << 16)
            encoding = encoding_of(sample, path)
            stream.seek(0)
            text = io.TextIOWrapper(
                stream, encoding, errors="openchair.windows" if "utf-8" in encoding else "replace", newline=""
            )
            start = sample.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")[:1]
            suffixes = {s.lower() for s in path.suffixes[-2:]}
            if suffixes & _JSON_SUFFIXES or start == "{":
                wrapped = _WRAPPED.match(sample.decode(encoding, errors="replace"))
                return _json(connection, path, text, whole=start == "[" or wrapped is not None)
            return _csv(connection, path, text, sample.decode(encoding, errors="replace"))
    except (gzip.BadGzipFile, EOFError, zlib.error) as wrong:
        raise BadInput(
            "file", value=path.name, bound=f"is packed with gzip, but broken: {wrong}", remedy="Get it again."
        ) from None


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadInput("file", value=str(path), bound="is a folder", remedy="Name a file in it.")
        with path.open("rb") as f:
            head = f.read(16)
    except OSError as wrong:
        raise BadInput(
            "file", value=str(path), bound=f"cannot be read: {wrong.strerror}", remedy="Check the path."
        ) from None
    if not head:
        raise BadInput(
            "file", value=path.name, bound="is empty", remedy="Export it again, with a line of column names."
        )
    return head


def _parquet(connection: Any, path: Path) -> RawFile:
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            marks = file.schema_arrow.metadata or {}
        # A file may have a column of the very name under which the engine gives the row's number.
        numbered = "file_row_number" not in {n.casefold() for n in names}
        options = {"file_row_number": True} if numbered else {}
        table = connection.read_parquet([glob.escape(str(path))], **options)
    except (pa.ArrowException, duckdb.Error, OSError, ValueError) as wrong:
        why = str(wrong).splitlines()[0][:200]
        raise BadInput(
            "file", value=path.name, bound=f"is Parquet that cannot be read: {why}", remedy="Write it again."
        ) from None
    if not names:
        raise BadInput("file", value=path.name, bound="has no columns", remedy="Write it again.")
    # The engine may have renamed columns that differ only in case: take its names by their place.
    theirs = [c for c in table.columns if not (numbered and c == "file_row_number")]
    ours = clean_names(theirs)
    columns = {new: table[old] for new, old in zip(ours, theirs, strict=True)}
    place = table.file_row_number if numbered else ibis.row_number()
    return RawFile(
        tuple(ours),
        table.select(**columns, line=(place + 1).cast("int64")),
        (),
        marks.get(b"openchair.simulated") == b"true",
    )


def _excel(connection: Any, path: Path, *, zipped: bool) -> RawFile:
    if zipped and not _is_workbook(path):
        raise BadInput("file", value=path.name, bound="is a zip archive", remedy="Unpack it and name the file inside.")
    try:
        workbook = load_workbook(str(path))
        sheets = [
            workbook.get_sheet_by_name(m.name)
            for m in workbook.sheets_metadata
            if m.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError:
        raise BadInput(
            "workbook", value=path.name, bound="is locked with a password", remedy="Save it without one."
        ) from None
    except (CalamineError, OSError) as wrong:
        locked = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in path.read_bytes()
        bound = "is locked with a password" if locked else f"cannot be read: {wrong}"
        raise BadInput(
            "workbook", value=path.name, bound=bound, remedy="Save it again, without a password, or as CSV."
        ) from None
    sheet = next((s for s in sheets if s.height > 0), None)
    if sheet is None:
        raise BadInput("workbook", value=path.name, bound="has no filled sheet", remedy="Export it again.")
    return _keep(connection, path, _sheet_rows(sheet))


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})


def _sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str] | str]]:
    for n, cells in enumerate(sheet.iter_rows(), 1):
        yield n, [_cell(c) for c in cells]


def _cell(value: object) -> str:
    """A workbook's cell as text: 17850 for 17850.0, times in ISO 8601."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)


def _csv(connection: Any, path: Path, text: IO[str], sample: str) -> RawFile:
    delimiter, skip = dialect_of(sample)
    return _keep(connection, path, records(lines_of(text), delimiter, skip))


def _json(connection: Any, path: Path, text: IO[str], *, whole: bool) -> RawFile:
    """Calls, one a line or in one JSON list; a list of other objects is a table, with a column a member."""
    lines = _listed(path, text) if whole else enumerate(lines_of(text), 1)
    if whole:
        items = [(number, line, msgspec.json.decode(line)) for number, line in lines]
        if items and all(isinstance(item, dict) and "type" not in item for _, _, item in items):
            return _keep(connection, path, _flattened([(number, item) for number, _, item in items]))
        lines = ((number, line) for number, line, _ in items)
    name = _new_table(connection, ["json"])
    rows: list[tuple[str]] = []
    numbers: list[int] = []
    for number, line in lines:
        if shaped := line.strip().lstrip("\ufeff"):
            rows.append((shaped,))
            numbers.append(number)
        if len(rows) >= CHUNK_ROWS:
            _append(connection, name, ["json"], rows, numbers)
    _append(connection, name, ["json"], rows, numbers)
    return RawFile(("json",), connection.table(name), ())


def _flattened(items: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, list[str]]]:
    """Objects as rows of text under a header: the members of one inside another as `outer.inner`, lists as JSON."""
    flat = [(number, dict(_members(item, ""))) for number, item in items]
    header = list(dict.fromkeys(name for _, row in flat for name in row))
    yield 0, header
    for number, row in flat:
        yield number, [row.get(name, "") for name in header]


def _members(item: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if isinstance(value, dict) and value:
            yield from _members(value, f"{before}{name}.")
        elif isinstance(value, str):
            yield before + name, value
        elif value is not None:
            yield before + name, msgspec.json.encode(value).decode()


def _listed(path: Path, text: IO[str]) -> Iterator[tuple[int, str]]:
    """The items of a file that is one JSON list, or one object that begins with it (_WRAPPED)."""
    body = text.read(JSON_BYTES + 1)
    if len(body) > JSON_BYTES:
        raise BadInput("file", value=path.name, bound="is one JSON list over 256 MB", remedy="Write one object a line.")
    try:
        items = msgspec.json.decode(body.lstrip("\ufeff"), type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        if isinstance(items, dict):
            items = msgspec.json.decode(next(iter(items.values())), type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise BadInput(
            "file", value=path.name, bound=f"is not a JSON list: {wrong}", remedy="Write one object a line."
        ) from None
    for number, item in enumerate(items, 1):
        yield number, bytes(item).decode()


def _keep(connection: Any, path: Path, rows: Iterator[tuple[int, list[str] | str]]) -> RawFile:
    """Rows into a temporary table; the first that is not blank names the columns. Blank rows are no rows."""
    broken: list[Reject] = []
    header: list[str] = []
    for _, cells in rows:
        if isinstance(cells, list) and any(c.strip() for c in cells):
            header = cells
            break
        if isinstance(cells, str) and cells.strip():
            raise BadInput(
                "header", value=cells[:100], bound="its quotes do not add up", remedy="Export the file again."
            )
    while header and not header[-1].strip():
        header = header[:-1]
    if not header or len(header) > COLUMNS_MOST:
        bound = f"has {len(header)} columns; 1 to {COLUMNS_MOST} are read" if header else "has no line of column names"
        raise BadInput("file", value=path.name, bound=bound, remedy="Its first line must name the columns.")
    names, width = clean_names(header), len(header)
    name = _new_table(connection, names)
    kept: list[Sequence[str]] = []
    numbers: list[int] = []
    for number, cells in rows:
        if isinstance(cells, str):
            broken.append(_broken(path, number, "its quotes do not add up", cells))
            continue
        if len(cells) != width:
            if not any(c.strip() for c in cells):
                continue
            if len(cells) < width or any(c.strip() for c in cells[width:]):
                broken.append(_broken(path, number, f"it has {len(cells)} cells where the header has {width}", cells))
                continue
            cells = cells[:width]
        elif not any(cells):
            continue
        kept.append(cells)
        numbers.append(number)
        if len(kept) >= CHUNK_ROWS:
            _append(connection, name, names, kept, numbers)
    _append(connection, name, names, kept, numbers)
    return RawFile(tuple(names), connection.table(name), tuple(broken))


def _broken(path: Path, line: int, reason: str, cells: Sequence[str] | str) -> Reject:
    text = cells.rstrip("\r\n") if isinstance(cells, str) else msgspec.json.encode(list(cells)).decode()
    return Reject(path.name, line, f"the row cannot be read: {reason}", text[:SHOWN_CHARACTERS])


def clean_names(header: Sequence[str]) -> list[str]:
    """Column names as they stand, without blanks around them; blank and repeated ones (in any case) told apart.

    >>> clean_names(["Name", " name", "", "line"])
    ['Name', 'name 2', 'column 3', 'line 2']
    """
    taken = {"line", "file_row_number"}
    names = []
    for place, given in enumerate(header, 1):
        wanted = " ".join(given.replace("\ufeff", "").replace("\x00", "").split())[:200] or f"column {place}"
        name, n = wanted, 1
        while name.casefold() in taken:
            n += 1
            name = f"{wanted} {n}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _new_table(connection: Any, names: Sequence[str]) -> str:
    name = f"file_{uuid4().hex}"
    columns = ", ".join(f"{_quoted(n)} VARCHAR" for n in names)
    connection.con.execute(f"CREATE TEMP TABLE {name} ({columns}, line BIGINT)")
    return name


def _append(connection: Any, name: str, names: Sequence[str], rows: list[Any], numbers: list[int]) -> None:
    """Move the rows gathered so far into the table."""
    if not rows:
        return
    columns = [pa.array(c, pa.string()) for c in zip(*rows, strict=True)]
    chunk = pa.table([*columns, pa.array(numbers, pa.int64())], names=[*names, "line"])
    connection.con.register(f"chunk_of_{name}", chunk)
    connection.con.execute(f"INSERT INTO {name} SELECT * FROM chunk_of_{name}")  # noqa: S608  # both names are made here
    connection.con.unregister(f"chunk_of_{name}")
    rows.clear()
    numbers.clear()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
