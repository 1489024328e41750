"""How a file is to be read: which format it has, which column is which field, and the facts and rejects in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from openchair.chair.ports import Engine, RawFile
from openchair.core.errors import BadInput
from openchair.facts import kinds, mapping, segment
from openchair.facts.formats import FORMATS, closest, orders, recognise
from openchair.facts.reading import Context, Format, Reading

CALLS_AT_ONCE = 20_000
CALLS_A_COMMIT = 200_000
SAMPLE_ROWS = 200
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
_REJECTED = pa.schema([("reason", pa.string()), ("row", pa.string())])


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
class Understood:
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


def format_of(columns: Sequence[str], wanted: Wanted) -> Format:
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


def opened(engine: Engine, path: Path, wanted: Wanted) -> Understood:
    raw = engine.open_file(path)
    return understand(engine, path, raw, format_of(raw.columns, wanted), wanted)


def sample(engine: Engine, raw: RawFile) -> pa.Table:
    return engine.rows(raw.table.limit(SAMPLE_ROWS))


def understand(engine: Engine, path: Path, raw: RawFile, known: Format, wanted: Wanted) -> Understood:
    at: Mapping[str, str] = {}
    dates = [c for c in raw.columns if c.strip().lower() in known.doubtful]
    numbers: list[str] = []
    if known is orders.FORMAT:
        at = mapping.guess(raw.columns, sample(engine, raw), wanted.mapping)
        lacking = mapping.missing(at)
        if lacking:
            raise mapping.explain(raw.columns, at, lacking, closest(raw.columns))
        dates, numbers = [at[f] for f in mapping.DATES if f in at], [at[f] for f in mapping.NUMBERS if f in at]
    counting = mapping.survey(raw.table, dates, numbers)
    counts = engine.rows(counting).to_pylist()[0] if counting is not None else {}
    seen = mapping.surveyed(counts, dates, numbers, wanted.currency)
    source = wanted.source or known.source or known.name
    context = Context(source, wanted.received_at, wanted.zone, wanted.currency, at, seen.style, known=engine.facts)
    return Understood(raw, known, context, seen.doubts)


def reading_of(engine: Engine, understood: Understood) -> Reading:
    if understood.format.read is None:
        return next(calls_of(engine, understood))
    return understood.format.read(understood.raw.table, understood.context)


def calls_of(engine: Engine, understood: Understood) -> Iterator[Reading]:
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
