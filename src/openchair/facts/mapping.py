"""Mapping: which column of a stranger's file holds which field of an order, guessed from headers and values, and said.

A guess is never silent: it is shown before anything is kept, each field can be set by the person (`customer=Email`),
and what is missing is named with the remedy. What one cell cannot tell, whether 3/4 is in March or April, whether 1.234
is above a thousand, is decided from the whole column (`survey`) and shown when even that leaves a doubt.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from openchair.core.errors import BadInput
from openchair.facts import cells
from openchair.facts.fields import FIELDS, Field

DATES, NUMBERS = ("date",), ("quantity", "price", "amount", "total", "discount", "refunded")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_TIME = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?(\s*[ap]m)?$", re.IGNORECASE)
_DATE = re.compile(
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|(19|20)\d{6}$|\d{5}(\.\d+)?$|\d{10}(\d{3})?$"
    r"|([a-z]{3,9},? )?\d{1,2}[ -][a-z]{3,9}\.?,?[ -]\d{4}|[a-z]{3,9}\.? \d{1,2},? \d{4})",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"^[(\s]*[-−+]?\s*([A-Z]{3}|[^\w\s.,]{1,2}|Rs\.?|kr)?\s*[-−+]?\d[\d.,'’\s]*\s*([A-Z]{3}|\D)?[)\s]*$"
)
_CURRENCY = re.compile(r"^[A-Za-z]{3}$")
_LOOKS = {"email": _EMAIL, "time": _TIME, "date": _DATE, "number": _NUMBER, "currency": _CURRENCY}


def words_of(header: str) -> str:
    """A header as words to compare: lower case, parted by one blank, also where camelCase parts them.

    >>> words_of("Order_Date"), words_of("InvoiceNo"), words_of("Created (UTC)"), words_of("E-Mail")
    ('order date', 'invoice no', 'created utc', 'e mail')
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return " ".join(re.sub(r"[\W_]+", " ", parted.casefold()).split())


def fitness(field: Field, header: str, values: Sequence[str]) -> float:
    """How well a column fits a field: above 0 when it may be it, 100 for the best word alone in a header.

    values: some of the column's cells, not empty. Most must look like the field, where it has a look; under the very
    word a few are enough, and even without any the column is the last resort: its rows then say what is wrong.
    """
    said = words_of(header)
    if field.not_words & set(said.split()):
        return 0.0
    looks = _LOOKS.get(field.looks)
    alike = sum(looks.match(v.strip()) is not None for v in values) / len(values) if looks and values else 1.0
    for rank, word in enumerate(field.words):
        if said == word:
            return 100.0 - rank * 0.5 if alike >= 0.2 else 1.0
    if alike < 0.6:
        return 0.0
    for rank, word in enumerate(field.words):
        if f" {word} " in f" {said} ":
            return 50.0 - rank * 0.5
    # A header that says nothing: only an address speaks for itself.
    return 10.0 if field.looks == "email" and values else 0.0


def guess(columns: Sequence[str], sample: pa.Table, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Field -> column: what the person said, and for the rest the best fit, each column once.

    given: field -> column; an empty column says that the file has no such field, so none is guessed.
    sample: some rows of the file. Raises BadInput for a field or column that does not exist.
    """
    absent = {name for name, c in (given or {}).items() if not c}
    mapping = _checked(columns, {name: c for name, c in (given or {}).items() if c})
    values = {c: [str(v) for v in sample[c].to_pylist() if v is not None and str(v).strip()][:200] for c in columns}
    dated = {c for c in columns if c in sample.column_names and pa.types.is_temporal(sample.schema.field(c).type)}

    def score(field: Field, c: str) -> float:
        fit = fitness(field, c, () if c in dated and field.looks == "date" else values[c])
        # An empty column is the last resort, unless the file has no rows at all.
        return fit if values[c] or not sample.num_rows else min(fit, 0.5) if fit > 50 else 0.0

    scores = sorted(
        (-score(f, c), place, name, c)
        for name, f in FIELDS.items()
        for place, c in enumerate(columns)
        if name not in mapping and name not in absent and c not in mapping.values()
    )
    for worse, _, name, c in scores:
        if worse < 0 and name not in mapping and c not in mapping.values():
            mapping[name] = c
    if not {"customer", "email"} & mapping.keys() and "customer_name" in mapping:
        mapping["customer"] = mapping.pop("customer_name")
    return {name: mapping[name] for name in FIELDS if name in mapping}


def _checked(columns: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    by_fold = {c.casefold().strip(): c for c in reversed(columns)}
    checked = {}
    for name, c in given.items():
        field = name.strip().lower().replace("-", "_").replace(" ", "_")
        if field not in FIELDS:
            raise BadInput("field", value=name, bound=f"one of {', '.join(FIELDS)}", remedy="Map one of these.")
        if c.casefold().strip() not in by_fold:
            shown = ", ".join(columns[:30])
            raise BadInput(
                "column", value=c, bound=f"the file has {shown}", remedy=f"Write --map {field}=<one of these>."
            )
        checked[field] = by_fold[c.casefold().strip()]
    return checked


def missing(mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The fields without which the file cannot be read as orders; empty when all are there."""
    lacking = [] if "date" in mapping else ["date"]
    lacking += [] if {"customer", "email", "phone"} & mapping.keys() else ["customer"]
    lacking += [] if {"amount", "price", "total"} & mapping.keys() else ["amount"]
    return tuple(lacking)


@dataclass(frozen=True, slots=True)
class Survey:
    """What whole columns say of how they are written, and what stays in doubt, in words."""

    style: Mapping[str, str]
    doubts: tuple[str, ...] = ()


def survey(table: ir.Table, dates: Sequence[str], numbers: Sequence[str]) -> ir.Table | None:
    """One row of counts over the file: how many cells prove each way of writing. None when nothing is in doubt."""
    proofs: dict[str, ir.Value] = {}
    for place, c in enumerate(dates):
        if table[c].type().is_string():
            day, month = (
                cells.text(table[c]).re_extract(r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}", n).try_cast("int64")
                for n in (1, 2)
            )
            proofs[f"d{place}_dmy"] = ((day > 12) & (month <= 12)).sum().fill_null(0)
            proofs[f"d{place}_mdy"] = ((month > 12) & (day <= 12)).sum().fill_null(0)
            proofs[f"d{place}_all"] = day.count()
            proofs[f"d{place}_dots"] = cells.text(table[c]).re_search(r"^\d{1,2}\.\d{1,2}\.").sum().fill_null(0)
    for place, c in enumerate(numbers):
        if table[c].type().is_string():
            cell = cells.text(table[c])
            proofs[f"n{place}_comma"] = cell.re_search(r",\d{1,2}\D*$|\.\d{3},|^\D*0,\d").sum().fill_null(0)
            proofs[f"n{place}_point"] = cell.re_search(r"\.\d{1,2}\D*$|,\d{3}\.|^\D*0\.\d").sum().fill_null(0)
            proofs[f"n{place}_either"] = cell.re_search(r"^\D*[1-9]\d{0,2}[.,]\d{3}\D*$").sum().fill_null(0)
    return table.aggregate(**proofs) if proofs else None


def surveyed(counts: Mapping[str, int], dates: Sequence[str], numbers: Sequence[str], currency: str) -> Survey:
    """The styles that a survey's counts prove, keyed by the column's name in lower case.

    >>> surveyed({"d0_dmy": 0, "d0_mdy": 0, "d0_all": 3, "d0_dots": 0}, ["Day"], [], "EUR").style
    {'day': 'dmy'}
    """
    style: dict[str, str] = {}
    doubts: list[str] = []
    for place, c in enumerate(dates):
        if not counts.get(f"d{place}_all"):
            continue
        dmy, mdy = counts[f"d{place}_dmy"], counts[f"d{place}_mdy"]
        if dmy == mdy:
            style[c.lower()] = "mdy" if currency == "USD" and not counts[f"d{place}_dots"] else "dmy"
            if counts[f"d{place}_dots"] == counts[f"d{place}_all"]:
                continue  # with points between them, days always come first
            order = "day before month" if style[c.lower()] == "dmy" else "month before day"
            doubts.append(f"Dates in {c} could be read either way; they are read as {order}.")
        else:
            style[c.lower()] = "dmy" if dmy > mdy else "mdy"
            if min(dmy, mdy):
                doubts.append(f"{min(dmy, mdy)} dates in {c} are written the other way round and will be rejected.")
    for place, c in enumerate(numbers):
        comma, point = counts.get(f"n{place}_comma", 0), counts.get(f"n{place}_point", 0)
        style[c.lower()] = "comma" if comma > point else "point"
        if comma == point == 0 and counts.get(f"n{place}_either"):
            doubts.append(f"Numbers such as 1.234 in {c} could be read either way; a point is read as decimal.")
    return Survey(style, tuple(doubts))


def explain(columns: Sequence[str], mapping: Mapping[str, str], lacking: Sequence[str], closest: str) -> BadInput:
    """Why a file cannot be read, and how to help: which field is missing and how to name its column."""
    known = ", ".join(f"{field} = {c}" for field, c in mapping.items()) or "none"
    said = " and ".join(f"{name} ({FIELDS[name].what})" for name in lacking)
    shown = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
    return BadInput(
        "columns",
        value=shown,
        bound=f"no column was found for {said}; found: {known}. {closest}".strip().rstrip("."),
        remedy=f'Name it: --map {lacking[0]}="{next((c for c in columns if c not in mapping.values()), "Column")}".',
    )
