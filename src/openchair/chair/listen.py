"""Listen: files become facts. Every row is accepted, known already, or rejected with its reason; nothing is lost.

A file is read as one expression, what is known is left out by fact id, and the rest streams into history in one commit
a kind. Killed in the middle, a second import finishes what the first began: what was kept is known by its ids.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.ports import Engine, History, Progress, RawFile, State
from openchair.chair.views import ImportReport, Preview, Reject
from openchair.core.errors import BadInput, Conflict
from openchair.core.ids import digest
from openchair.facts import kinds, mapping, segment
from openchair.facts.fields import FIELDS
from openchair.facts.formats import FORMATS, closest, orders, recognise
from openchair.facts.reading import Context, Format, Reading

APP = "import"
TRIES = 5
"""How often another import may commit first before this one gives up."""
CALLS_AT_ONCE = 20_000
CALLS_A_COMMIT = 200_000
PREVIEW_ROWS = 8
SAMPLE_ROWS = 200

ERASED = "about a person who had themselves erased; nothing of it was kept"

SUFFIXES = (
    ".csv", ".tsv", ".txt", ".tab", ".csv.gz", ".tsv.gz", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods",
    ".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz",
)  # fmt: skip
"""What a folder is searched for."""
FIRST = ("campaign_descriptions", "products", "customers", "traits")
"""Files of a folder that others lean on, by how their names begin."""
HIDDEN_TRUTH = "truth"
"""A folder of the sample shop that nobody may read facts from."""
MANIFEST = "manifest.json"
"""What a written folder says of itself: no facts either."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How files are to be read: what the person said, and what holds for the shop."""

    received_at: datetime
    zone: ZoneInfo
    currency: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Field -> column, where the person said so."""
    source: str = ""
    """Empty: what the format is called."""
    format: str = ""
    """A format's name; empty: guessed."""


@dataclass(frozen=True, slots=True)
class _Understood:
    """An opened file with the way it will be read."""

    raw: RawFile
    format: Format
    context: Context
    doubts: tuple[str, ...] = ()


def readable(paths: Iterable[Path]) -> list[Path]:
    """The files meant by paths: a folder stands for every readable file in it and below, those others need first.

    Raises BadInput for a folder that holds none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [p for p in path.rglob("*") if p.is_file() and p.name.lower().endswith(SUFFIXES) and _visible(p, path)]
        if not inside:
            raise BadInput(
                "folder", value=str(path), bound="holds no CSV, Parquet, Excel or JSON lines", remedy="Name a file."
            )
        found += sorted(inside, key=lambda p: (_turn(p), str(p)))
    return list(dict.fromkeys(found))


def _visible(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    facts = HIDDEN_TRUTH not in parts[:-1] and path.name != MANIFEST
    return facts and not any(part.startswith((".", "_")) for part in parts)


def _turn(path: Path) -> int:
    return next((n for n, name in enumerate(FIRST) if path.name.lower().startswith(name)), len(FIRST))


def preview(engine: Engine, path: Path, wanted: Wanted) -> Preview:
    """What a file would be read as: its format or mapping, the first rows as facts, the first that would be rejected.

    Keeps nothing. Raises BadInput for what is no table; a file that lacks a field is shown with `missing` instead.
    """
    raw = engine.open_file(path)
    known = _format(raw.columns, wanted)
    shown = Preview(path.name, known.name, raw.columns, {}, (), tuple(FIELDS), (), raw.broken[:PREVIEW_ROWS])
    if known is orders.FORMAT:
        guessed = mapping.guess(raw.columns, _sample(engine, raw), wanted.mapping)
        shown = replace(shown, mapping=guessed, missing=mapping.missing(guessed))
        if shown.missing:
            engine.release()
            return shown
    understood = _understand(engine, path, raw, known, wanted)
    first = raw.table.order_by("line").limit(PREVIEW_ROWS * 2)
    few = replace(understood, raw=replace(raw, table=engine.keep(first)))
    reading = _reading(engine, few)
    rows = [
        {"kind": kind, **row}
        for kind, table in reading.facts.items()
        for row in engine.rows(table.order_by("line").limit(PREVIEW_ROWS)).to_pylist()
    ]
    rejected = [_reject(path, row) for row in engine.rows(reading.rejected.order_by("line")).to_pylist()]
    engine.release()
    return replace(
        shown,
        rows=tuple(_slim(rows[:PREVIEW_ROWS])),
        rejected=(*raw.broken, *rejected)[:PREVIEW_ROWS],
        doubts=understood.doubts,
    )


def _slim(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns that say something in at least one row, without those that are the same for the whole file."""
    hidden = {"fact_id", "source", "received_at", "line"}
    named = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    return [{name: row.get(name) for name in named if name not in hidden} for row in rows]


def listen(
    state: State,
    history: History,
    engine: Engine,
    paths: Sequence[Path],
    wanted: Wanted,
    timer: Callable[[], float],
    progress: Progress,
) -> tuple[ImportReport, ...]:
    """Read files into history, one after the other; gives a report a file, which is also kept in the state.

    A file of a folder whose columns mean nothing is passed over, and said so; one that was named raises BadInput, and
    the files before it stay read. timer: seconds on any clock. Raises Conflict if others keep committing first.
    """
    named = {p for p in paths if not p.is_dir()}
    reports = []
    for path in readable(paths):
        progress(f"Reading {path.name}")
        began = timer()
        try:
            understood = _open(engine, path, wanted)
        except BadInput as wrong:
            if path in named or len(paths) == 0:
                raise
            progress(f"Passed over {path.name}: {wrong}")
            continue
        reports.append(_one(state, history, engine, path, understood, wanted, timer, began, progress))
    if not reports:
        raise BadInput(
            "files",
            value=", ".join(p.name for p in paths),
            bound="none of them could be read as facts",
            remedy="Look at one with --dry-run.",
        )
    return tuple(reports)


def _one(
    state: State,
    history: History,
    engine: Engine,
    path: Path,
    understood: _Understood,
    wanted: Wanted,
    timer: Callable[[], float],
    began: float,
    progress: Progress,
) -> ImportReport:
    raw, context = understood.raw, understood.context
    if raw.simulated or context.source.startswith("simulation"):
        state.set_note("simulated", "true")
    rows = engine.rows(raw.table.aggregate(n=raw.table.count()))["n"][0].as_py() + len(raw.broken)
    accepted, added, rejected = 0, dict[str, int](), list[ir.Table]()
    parts = _calls(engine, understood) if understood.format.read is None else iter([_reading(engine, understood)])
    salt, erased = state.erased()
    for part in parts:
        progress(f"Keeping {path.name}")
        reading = _without_erased(engine, part, salt, erased) if erased else part
        lines, facts = _keep(engine, history, reading)
        accepted += lines
        for kind, n in facts.items():
            added[kind] = added.get(kind, 0) + n
        rejected.append(engine.keep(reading.rejected))
    counted = [engine.rows(t.aggregate(n=t.count()))["n"][0].as_py() for t in rejected]
    report = ImportReport(
        import_id=digest("import", str(path), wanted.received_at.isoformat(), context.source),
        file=path.name,
        format=understood.format.name,
        source=context.source,
        started_at=wanted.received_at,
        seconds=timer() - began,
        rows=rows,
        accepted=accepted,
        rejected=sum(counted) + len(raw.broken),
        duplicates=rows - accepted - sum(counted) - len(raw.broken),
        facts=added,
        mapping=context.mapping,
    )
    kept = state.save_import(report, _rejects(engine, path, raw, rejected))
    engine.release()
    return kept


def _without_erased(engine: Engine, reading: Reading, salt: str, erased: frozenset[str]) -> Reading:
    """The reading without the rows about people who had themselves erased; of those only their number is kept."""
    hashes = engine.share(pa.table({"hash": sorted(erased)}))
    parts = [
        t.select("line", hash=(ibis.literal(salt) + t[c]).hexdigest("sha256")).semi_join(hashes, "hash").select("line")
        for t in reading.facts.values()
        for c in ("identifier", "invitee", "other")
        if c in t.columns
    ]
    gone = engine.keep(ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct())
    refused = gone.select("line", reason=ibis.literal(ERASED), row=ibis.null("string"))
    return Reading(
        {kind: table.anti_join(gone, "line") for kind, table in reading.facts.items()},
        ibis.union(reading.rejected.select("line", "reason", "row"), refused),
        reading.one_each,
    )


def _rejects(engine: Engine, path: Path, raw: RawFile, rejected: Sequence[ir.Table]) -> Iterator[Reject]:
    yield from raw.broken
    for table in rejected:
        for batch in engine.stream(table):
            for row in batch.to_pylist():
                yield _reject(path, row)


def _reject(path: Path, row: Mapping[str, Any]) -> Reject:
    return Reject(path.name, row["line"], row["reason"], row["row"] or "")


def _keep(engine: Engine, history: History, reading: Reading) -> tuple[int, dict[str, int]]:
    """Add to history what it does not hold yet; gives how many rows held something new, and new facts by kind."""
    for _ in range(TRIES):
        try:
            return _try_to_keep(engine, history, reading)
        except Conflict:
            continue
    raise Conflict("import", bound=f"others committed first {TRIES} times", remedy="Import it again.")


def _try_to_keep(engine: Engine, history: History, reading: Reading) -> tuple[int, dict[str, int]]:
    # The version is asked before what is known is looked up: whoever commits between makes our own commit fail.
    versions = {kind: history.version(kind, APP) + 1 for kind in reading.facts}
    new = {}
    for kind, table in reading.facts.items():
        known = engine.facts(kind)
        new[kind] = table.anti_join(known, "fact_id") if history.files(kind) else table
    lines = 0
    if new and not reading.one_each:
        touched = ibis.union(*[t.select("line") for t in new.values()], distinct=True) if len(new) > 1 else None
        touched = next(iter(new.values())).select("line").distinct() if touched is None else touched
        lines = engine.rows(touched.aggregate(n=touched.count()))["n"][0].as_py()
    added = {}
    for kind, table in new.items():
        stream = engine.stream(table.select(*kinds.schema(kind).names))
        first = next((batch for batch in stream if batch.num_rows), None)
        if first is not None:
            rest = pa.RecordBatchReader.from_batches(stream.schema, _chained(first, stream))
            added[kind] = history.append(kind, rest, app=APP, version=versions[kind])
    return (sum(added.values()) if reading.one_each else lines), added


def _chained(first: pa.RecordBatch, rest: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _format(columns: Sequence[str], wanted: Wanted) -> Format:
    """The format to read a file in: the one named, else the one that knows its columns, else orders by mapping."""
    if wanted.format:
        named = next((f for f in FORMATS if f.name == wanted.format), None)
        if named is None:
            known = ", ".join(f.name for f in FORMATS)
            raise BadInput("format", value=wanted.format, bound=f"one of {known}", remedy="Name one, or leave it out.")
        if named is not orders.FORMAT and not named.matches(columns):
            lacking = [c for c in named.columns if c.casefold() not in {x.casefold() for x in columns}]
            raise BadInput(
                "file",
                value=wanted.format,
                bound=f"its columns {', '.join(lacking)} are missing",
                remedy="Leave the format out.",
            )
        return named
    return orders.FORMAT if wanted.mapping else recognise(columns) or orders.FORMAT


def _open(engine: Engine, path: Path, wanted: Wanted) -> _Understood:
    raw = engine.open_file(path)
    return _understand(engine, path, raw, _format(raw.columns, wanted), wanted)


def _sample(engine: Engine, raw: RawFile) -> pa.Table:
    return engine.rows(raw.table.limit(SAMPLE_ROWS))


def _understand(engine: Engine, path: Path, raw: RawFile, known: Format, wanted: Wanted) -> _Understood:
    at: Mapping[str, str] = {}
    dates = [c for c in raw.columns if c.strip().lower() in known.doubtful]
    numbers: list[str] = []
    if known is orders.FORMAT:
        at = mapping.guess(raw.columns, _sample(engine, raw), wanted.mapping)
        lacking = mapping.missing(at)
        if lacking:
            raise mapping.explain(raw.columns, at, lacking, closest(raw.columns))
        dates, numbers = [at[f] for f in mapping.DATES if f in at], [at[f] for f in mapping.NUMBERS if f in at]
    counting = mapping.survey(raw.table, dates, numbers)
    counts = engine.rows(counting).to_pylist()[0] if counting is not None else {}
    seen = mapping.surveyed(counts, dates, numbers, wanted.currency)
    source = wanted.source or known.source or known.name
    context = Context(source, wanted.received_at, wanted.zone, wanted.currency, at, seen.style, known=engine.facts)
    return _Understood(raw, known, context, seen.doubts)


def _reading(engine: Engine, understood: _Understood) -> Reading:
    if understood.format.read is None:
        return next(_calls(engine, understood))
    return understood.format.read(understood.raw.table, understood.context)


def _calls(engine: Engine, understood: _Understood) -> Iterator[Reading]:
    """A file of calls, some at a time: each through segment.facts_of, a call that is sent twice once."""
    raw, context = understood.raw.table, understood.context
    ends = engine.rows(raw.aggregate(first=raw.line.min(), last=raw.line.max())).to_pylist()[0]
    low, last = ends["first"] or 0, ends["last"] or 0
    while True:
        facts: dict[str, list[ir.Table]] = {}
        rejected: list[ir.Table] = []
        seen: set[str] = set()
        until = min(low + CALLS_A_COMMIT, last + 1)
        for start in range(low, until, CALLS_AT_ONCE):
            some = raw.filter((raw.line >= start) & (raw.line < min(start + CALLS_AT_ONCE, until)))
            rows, wrong = _facts_of(engine.rows(some.order_by("line")).to_pylist(), context, seen)
            for kind, of_kind in rows.items():
                facts.setdefault(kind, []).append(engine.share(_table(kinds.schema(kind), of_kind)))
            rejected.append(engine.share(_table(_REJECTED, wrong)))
        yield Reading(
            {kind: _stacked(parts) for kind, parts in facts.items()},
            _stacked(rejected or [engine.share(_table(_REJECTED, []))]),
        )
        low = until
        if low > last:
            return


_REJECTED = pa.schema([("reason", pa.string()), ("row", pa.string())])


def _table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    loose = pa.schema([pa.field("line", pa.int64()), *(f.with_nullable(True) for f in schema)])
    return pa.Table.from_pylist(rows, loose)


def _stacked(parts: Sequence[ir.Table]) -> ir.Table:
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _facts_of(
    rows: Iterable[Mapping[str, Any]], context: Context, seen: set[str]
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    facts: dict[str, list[dict[str, Any]]] = {}
    rejected = []
    for row in rows:
        body = row["json"].encode()
        try:
            key = segment.key_of(body)
            found = segment.facts_of(
                body, context.source, key, context.received_at, currency=context.currency, live=False
            )
        except BadInput as wrong:
            rejected.append({"line": row["line"], "reason": str(wrong), "row": row["json"]})
            continue
        if key not in seen:
            seen.add(key)
            for kind, fact in found:
                facts.setdefault(kind, []).append({**fact, "line": row["line"]})
    return facts, rejected


def write_rejects(path: Path, rejects: Iterable[Reject]) -> int:
    """Rejected rows into a CSV file: file, line, reason, row. Gives how many.

    What a spreadsheet would take for a formula is written with an apostrophe before it.
    """
    written = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("file", "line", "reason", "row"))
        for one in rejects:
            writer.writerow((harmless(one.file), one.line, harmless(one.reason), harmless(one.row)))
            written += 1
    return written


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("12.50"), harmless("@x")
    ("'=1+1", '12.50', "'@x")
    """
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
