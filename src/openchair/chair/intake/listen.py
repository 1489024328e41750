"""Listen: files become facts. Every row is accepted, known already, or rejected with its reason; nothing is lost.

A file is read as one expression, what is known is left out by fact id, and the rest streams into history in one commit
a kind. Killed in the middle, a second import finishes what the first began: what was kept is known by its ids.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.intake.own import NAMING, Erased, speaks_of
from openchair.chair.intake.understand import (
    Understood,
    Wanted,
    calls_of,
    format_of,
    opened,
    readable,
    reading_of,
    sample,
    understand,
)
from openchair.chair.ports import Engine, History, Progress, RawFile
from openchair.chair.state import State
from openchair.chair.views import ImportReport, Preview, Reject
from openchair.core.errors import BadInput, Conflict
from openchair.core.ids import digest
from openchair.dossier import identity
from openchair.facts import kinds, mapping
from openchair.facts.fields import FIELDS
from openchair.facts.formats import orders
from openchair.facts.reading import Reading

APP = "import"
TRIES = 5
"""How often another import may commit first before this one gives up."""
PREVIEW_ROWS = 8

ERASED = "about a person who had themselves erased; nothing of it was kept"


def preview(engine: Engine, path: Path, wanted: Wanted) -> Preview:
    """What a file would be read as: its format or mapping, the first rows as facts, the first that would be rejected.

    Keeps nothing. Raises BadInput for what is no table; a file that lacks a field is shown with `missing` instead.
    """
    raw = engine.open_file(path)
    known = format_of(raw.columns, wanted)
    shown = Preview(path.name, known.name, raw.columns, {}, (), tuple(FIELDS), (), raw.broken[:PREVIEW_ROWS])
    if known is orders.FORMAT:
        guessed = mapping.guess(raw.columns, sample(engine, raw), wanted.mapping)
        shown = replace(shown, mapping=guessed, missing=mapping.missing(guessed))
        if shown.missing:
            engine.release()
            return shown
    understood = understand(engine, path, raw, known, wanted)
    first = raw.table.order_by("line").limit(PREVIEW_ROWS * 2)
    few = replace(understood, raw=replace(raw, table=engine.keep(first)))
    reading = reading_of(engine, few)
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
            understood = opened(engine, path, wanted)
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
    understood: Understood,
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
    parts = calls_of(engine, understood) if understood.format.read is None else iter([reading_of(engine, understood)])
    erased = state.erased()
    for part in parts:
        progress(f"Keeping {path.name}")
        reading = _without_erased(engine, part, erased) if erased else part
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
    kept = state.save_import(report, _rejects(engine, path, raw, rejected, erased))
    engine.release()
    return kept


def _without_erased(engine: Engine, reading: Reading, erased: Erased) -> Reading:
    """The reading without the rows about people who had themselves erased; of those only their number is kept."""
    hashes = engine.share(pa.table({"hash": sorted(set().union(*erased.values()))}))
    named = [t.select("line", one=t[c]) for t in reading.facts.values() for c in NAMING if c in t.columns]
    if "traits" in reading.facts:
        named.append(identity.linked(reading.facts["traits"], "line").select("line", one="other"))
    parts = [
        t.select("line", hash=(ibis.literal(salt) + t.one).hexdigest("sha256")).semi_join(hashes, "hash").select("line")
        for salt in erased
        for t in named
    ]
    gone = engine.keep(ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct())
    refused = gone.select("line", reason=ibis.literal(ERASED), row=ibis.null("string"))
    return Reading(
        {kind: table.anti_join(gone, "line") for kind, table in reading.facts.items()},
        ibis.union(reading.rejected.select("line", "reason", "row"), refused),
        reading.one_each,
    )


def _rejects(
    engine: Engine, path: Path, raw: RawFile, rejected: Sequence[ir.Table], erased: Erased
) -> Iterator[Reject]:
    rows = (_reject(path, row) for table in rejected for batch in engine.stream(table) for row in batch.to_pylist())
    for one in chain(raw.broken, rows):
        yield replace(one, reason=ERASED, row="") if speaks_of(one.row, erased) else one


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


def csv_of(rejects: Iterable[Reject]) -> Iterator[str]:
    """Rejected rows as CSV, line by line: file, line, reason, row.

    What a spreadsheet would take for a formula has an apostrophe before it.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    rows = ((harmless(one.file), one.line, harmless(one.reason), harmless(one.row)) for one in rejects)
    for row in chain([("file", "line", "reason", "row")], rows):
        writer.writerow(row)
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("12.50"), harmless("@x")
    ("'=1+1", '12.50', "'@x")
    """
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
