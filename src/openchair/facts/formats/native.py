"""Openchair's own files: the columns are those of a kind of fact, as `openchair simulate` and `export` write them."""

from collections.abc import Sequence
from functools import cache

import ibis
import ibis.expr.types as ir
import msgspec

from openchair.facts import cells, kinds
from openchair.facts.reading import Context, Format, Reading, column, conform, first_of, rejects, staged


@cache
def _required(kind: str) -> tuple[str, ...]:
    return tuple(f.name for f in msgspec.structs.fields(kinds.KINDS[kind]) if f.required)


@cache
def _all(kind: str) -> frozenset[str]:
    return frozenset(kinds.schema(kind).names)


def kind_of(columns: Sequence[str]) -> str | None:
    """The kind whose required columns are all here and to which every column belongs; the fullest match wins."""
    have = {c.strip().casefold() for c in columns}
    fits = [k for k in kinds.KINDS if set(_required(k)) <= have <= _all(k)]
    return max(fits, key=lambda k: (len(_required(k)), -len(_all(k))), default=None)


def _limits(kind: str) -> dict[str, tuple[str, object]]:
    """Column -> (choice, words) | (range, (low, high)) | (pattern, text) | (length, n): what the kind allows."""
    found: dict[str, tuple[str, object]] = {}
    info = msgspec.inspect.type_info(kinds.KINDS[kind])
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - tells the type checker what a kind is
    for f in info.fields:
        for t in f.type.types if isinstance(f.type, msgspec.inspect.UnionType) else (f.type,):
            if isinstance(t, msgspec.inspect.LiteralType):
                found[f.encode_name] = ("choice", t.values)
            elif isinstance(t, msgspec.inspect.IntType | msgspec.inspect.FloatType) and t.ge is not None:
                found[f.encode_name] = ("range", (t.ge, t.le))
            elif isinstance(t, msgspec.inspect.StrType) and t.pattern:
                found[f.encode_name] = ("pattern", t.pattern)
            elif isinstance(t, msgspec.inspect.StrType) and t.max_length:
                found[f.encode_name] = ("length", (t.min_length or 0, t.max_length))
    return found


def _typed(raw: ir.Table, name: str, context: Context) -> ir.Value:
    cell, wanted = column(raw, name), _type_of(name)
    if wanted.is_timestamp():
        return cells.instant(*cells.clock(cell, "dmy"), context.zone)
    if wanted.is_floating():
        return cells.number(cell)
    if wanted.is_integer():
        if cell.type().is_integer():
            return cell
        whole = cells.number(cell)
        return ibis.ifelse(whole == whole.round(0), whole, ibis.null("float64")).cast("int64")
    if wanted.is_boolean():
        said = cells.text(cell).lower()
        return ibis.cases(
            (said.isin(["true", "1", "yes"]), True),
            (said.isin(["false", "0", "no"]), False),
            else_=ibis.null("boolean"),
        )
    return cell.cast("string").nullif("")


def _type_of(name: str) -> ibis.DataType:
    """The type of a column of any kind: a name has one type in all of them."""
    for kind in kinds.KINDS:
        arrow = kinds.schema(kind)
        if name in arrow.names:
            return ibis.DataType.from_pyarrow(arrow.field(name).type)
    raise KeyError(name)


def read(raw: ir.Table, context: Context) -> Reading:
    """Facts as they are: their own ids, sources and times. What a kind does not allow is rejected."""
    kind = kind_of([c for c in raw.columns if c != "line"])
    if kind is None:
        raise KeyError("the file is not of Openchair's own form")
    typed = {name: _typed(raw, name, context) for name in kinds.schema(kind).names}
    problems: list[tuple[ir.BooleanValue, ir.StringValue | str]] = [
        (typed[name].isnull(), f"{name} is missing or cannot be read: " + cells.shown(column(raw, name)))
        for name in _required(kind)
    ]
    for name, (what, bound) in _limits(kind).items():
        value = typed[name]
        if what == "choice" and isinstance(bound, tuple):
            problems.append(
                (
                    value.notnull() & ~value.isin(bound),
                    f"{name} " + cells.shown(value) + f" is not one of {', '.join(map(str, bound))}",
                )
            )
        elif what == "range" and isinstance(bound, tuple):
            problems.append(
                (~value.between(*bound), f"{name} " + cells.shown(value) + f" is not between {bound[0]} and {bound[1]}")
            )
        elif what == "pattern":
            problems.append(
                (~value.re_search(str(bound)), f"{name} " + cells.shown(value) + f" does not match {bound}")
            )
        elif isinstance(bound, tuple):
            problems.append((value.length() > bound[1], f"{name} is longer than {bound[1]} characters"))
    # Counted before the unsound are left out, these last: a filter below would work everything out twice.
    checked = staged(raw.select(line=raw.line, sound_=first_of(*problems).isnull(), **typed))
    place = ibis.row_number().over(group_by=checked.fact_id, order_by=[checked.sound_.desc(), checked.line])
    once = checked.mutate(nth_=place)
    once = once.filter((once.nth_ == 0) & once.sound_)
    return Reading({kind: conform(kind, once)}, rejects(raw, first_of(*problems)), one_each=True)


FORMAT = Format(
    "openchair-facts",
    "Openchair's own facts",
    lambda columns: kind_of(columns) is not None,
    read,
    ("fact_id", "source", "happened_at"),
)
