"""Reading a file: a format turns the rows of one shape of file into facts and rejects, as Ibis expressions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import msgspec

from openchair.core.ids import SEPARATOR
from openchair.facts import kinds

Style = Mapping[str, str]
"""Column -> how its cells are written where a cell alone does not tell: dmy, mdy (dates), comma, point (numbers)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a file depends on besides its rows."""

    source: str
    received_at: datetime
    zone: ZoneInfo
    currency: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Field of the fact -> column of the file; only the format `orders` needs one."""
    style: Style = field(default_factory=dict)
    known: Callable[[str], ir.Table] | None = None
    """The facts of a kind kept so far, for files that only make sense beside another."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts and rejects of a file. Every row with a `line` is rejected or has at least one fact, never both.

    facts: kind -> that kind's columns and `line`; `fact_id` is unique within the reading.
    rejected: line, reason, row (JSON text of the raw row).
    """

    facts: Mapping[str, ir.Table]
    rejected: ir.Table
    one_each: bool = False
    """Whether every accepted row holds exactly one fact: then facts need only be counted, not their lines."""


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of file: how it is recognised by its column names, and how it is read."""

    name: str
    title: str
    matches: Callable[[Sequence[str]], bool]
    read: Callable[[ir.Table, Context], Reading] | None
    """None: the file holds Segment calls, read one by one by segment.facts_of."""
    columns: tuple[str, ...] = ()
    """The columns it is recognised by, for messages."""
    doubtful: tuple[str, ...] = ()
    """Columns, in lower case, whose style must be looked up in the whole file before reading."""
    source: str = ""
    """What facts say they came from unless the person says otherwise; empty: the format's name."""


def has(*names: str) -> Callable[[Sequence[str]], bool]:
    """Whether a file has all these columns, in any order and case, whatever else it has.

    >>> has("Name", "Email")(["email", "x", "NAME"]), has("Name")(["Email"])
    (True, False)
    """
    wanted = {n.casefold() for n in names}
    return lambda columns: wanted <= {c.strip().casefold() for c in columns}


def column(raw: ir.Table, name: str) -> ir.Value:
    """The column of that name in any case; a column of nothing when the file lacks it."""
    for c in raw.columns:
        if c.strip().casefold() == name.casefold():
            return raw[c]
    return ibis.null("string")


def joined(*parts: ir.Value) -> ir.StringValue:
    """Parts as one text, each ended by U+001F; a missing part is empty."""
    whole = ibis.literal("")
    for part in parts:
        whole = whole + part.cast("string").fill_null("") + SEPARATOR
    return whole


def digest(source: str, *parts: ir.Value) -> ir.StringValue:
    """The fact id of what `parts` stand for, computed by the engine."""
    return joined(ibis.literal(source), *parts).hexdigest("md5")


def first_of(*problems: tuple[ir.BooleanValue, ir.StringValue | str]) -> ir.StringValue:
    """The reason of the first problem a row has; null for a sound row. An unknown condition is no problem."""
    return ibis.cases(*[(when.fill_null(False), reason) for when, reason in problems], else_=ibis.null("string"))


def as_json(raw: ir.Table, *without: str) -> ir.StringValue:
    """A row as JSON text, with the file's own column names."""
    kept = {c: raw[c] for c in raw.columns if c not in ("line", *without)}
    if not kept:
        return ibis.literal("{}")
    return ibis.struct(kept).cast("json").cast("string")


def some_json(**parts: ir.Value) -> ir.StringValue:
    """Named values as JSON text, for a fact's `properties`."""
    return ibis.struct(parts).cast("json").cast("string")


def staged(table: ir.Table) -> ir.Table:
    """The table with its columns worked out before what follows uses them.

    A column that several later ones use would else be written into each of them, and they into the next, until the
    query is far larger than the work. A column of chance is the one thing that neither Ibis nor an engine moves.
    """
    return table.mutate(chance_=ibis.random())


def parted(rows: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Rows with `line`, `reason` and `row` as rejected (those three) and sound (all columns).

    The filters lean on chance, so that they stay where they are: pushed down, they would work out every reason again.
    """
    rows = staged(rows)
    return (
        rows.filter(ibis.ifelse(rows.chance_ < 0, False, rows.reason.notnull())).select("line", "reason", "row"),
        rows.filter(ibis.ifelse(rows.chance_ < 0, False, rows.reason.isnull())),
    )


def rejects(raw: ir.Table, reason: ir.StringValue, *without: str) -> ir.Table:
    """The rows that have a reason, as a reading's `rejected`; `without` are columns the file itself did not have."""
    return parted(raw.select(line=raw.line, reason=reason, row=as_json(raw, *without)))[0]


def facts(
    raw: ir.Table, kind: str, context: Context, key: Sequence[ir.Value], where: ir.BooleanValue, **columns: ir.Value
) -> ir.Table:
    """Facts of a kind, one a row of `raw` where `where` holds; columns not given are null or the kind's default.

    key: what the fact stands for. Rows with an equal key are told apart by a count, in the order of the file, so that
    two equal lines of an order stay two, and the file read again gives the same ids. Texts too long are cut.
    """
    given = {"source": ibis.literal(context.source), "received_at": ibis.literal(context.received_at), **columns}
    named = {f"c_{n}": v for n, v in given.items()}
    picked = staged(raw.select(line=raw.line, where_=where, key_=digest(context.source, *key), **named))
    # Counted before the filter, the sound rows first: pushed down to the file, the filter would compute all twice.
    nth = ibis.row_number().over(group_by=picked.key_, order_by=[picked.where_.desc(), picked.line])
    counted = picked.mutate(nth_=nth)
    counted = counted.filter(counted.where_)
    again = (counted.key_ + SEPARATOR + counted.nth_.cast("string")).hexdigest("md5")
    counted = counted.mutate(c_fact_id=ibis.ifelse(counted.nth_ == 0, counted.key_, again))
    return conform(kind, counted.select("line", **{n: counted[f"c_{n}"] for n in (*given, "fact_id")}))


@cache
def _shape(kind: str) -> tuple[tuple[str, ibis.DataType, object, int | None], ...]:
    """Column, type, default (None: null is legal or the column required) and longest text, for a kind of fact."""
    arrow = ibis.Schema.from_pyarrow(kinds.schema(kind))
    longest: dict[str, int | None] = {}
    info = msgspec.inspect.type_info(kinds.KINDS[kind])
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - tells the type checker what a kind is
    for f in info.fields:
        options = f.type.types if isinstance(f.type, msgspec.inspect.UnionType) else (f.type,)
        longest[f.encode_name] = next((t.max_length for t in options if isinstance(t, msgspec.inspect.StrType)), None)
    return tuple(
        (f.name, arrow[f.name](nullable=True), None if f.default is msgspec.NODEFAULT else f.default, longest[f.name])
        for f in msgspec.structs.fields(kinds.KINDS[kind])
    )


def conform(kind: str, table: ir.Table) -> ir.Table:
    """The table with exactly a kind's columns and `line`: defaults filled in, types cast, long texts cut."""
    columns: dict[str, ir.Value] = {}
    for name, dtype, default, longest in _shape(kind):
        value = table[name].cast(dtype) if name in table.columns else ibis.null(dtype)
        if default is not None:
            value = value.fill_null(default)
        elif longest:
            value = value.substr(0, longest).nullif("")
        columns[name] = value
    return table.select(line=table.line, **columns)
