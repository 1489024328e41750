"""What makes two records alike: the fields of a person, how each is written for comparison, and degrees of likeness."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from openchair.core.errors import BadInput

Roles = Mapping[str, Sequence[str]]
"""Role (of ROLES) -> the columns that hold it; several are read as one value, in this order."""

ROLES: Mapping[str, str] = {
    "id": r"((unique|rec(ord)?|customer|person)_?)?id",
    "source": r"source(_?dataset)?|system",
    "first_name": r"(first|given|fore)_?name|fname",
    "last_name": r"(last|family|sur)_?name|lname",
    "name": r"(full_?)?name",
    "birth_date": r"birth_?(day|date)|date_?of_?birth|dob",
    "email": r"e_?mail(_?address)?",
    "phone": r"(tele)?phone(_?number)?|mobile|tel",
    "number": r"soc(ial)?_?sec\w*|ssn|passport\w*|national_?id|(tax|vat)_?(id|number)",
    "postcode": r"(post(al)?_?code|zip(_?code)?)(_\w+)?",
    "address": r"(street|house|address)(_\w+)?",
    "city": r"city|town|suburb|locality|(birth_?)?place",
    "region": r"state|region|province|county|country",
    "gender": r"gender|sex",
    "occupation": r"occupation|profession|job",
}
"""What a column can say of a person, and how such columns are called (case does not matter)."""

KEYS: tuple[tuple[str, ...], ...] = (
    ("number",), ("email",), ("phone",), ("named", "birth"), ("named", "area"), ("named", "city"), ("named", "year"),
    ("last", "birth"), ("first", "birth"), ("last", "address"), ("first", "address"), ("birth", "area"),
    ("birth", "city"), ("last", "area"), ("first", "area"), ("last", "day"), ("first", "day"), ("begin", "year"),
    ("begin", "city"), ("named",), ("birth",), ("address",), ("postcode",), ("last", "city"), ("first", "city"),
    ("last", "year"), ("first", "year"), ("last",), ("first",), ("city",), ("city", "year"), ("city", "occupation"),
    ("first", "occupation"),
)  # fmt: skip
"""What two records must share to be compared at all: the same value of these columns of `written`."""

RARE = 2
"""A name that no more records bear may well be a slip of the pen; one that more bear is a name of its own."""
KIN = (0, 2, 4, 5)
"""Degrees of likeness of names (counted from the least) that leave open whether the first names agree."""

SURE = 2
"""The degree from which official numbers are alike: a slip in one at most."""
UNLIKE: Mapping[str, int] = {"name": 2, "birth_date": 3, "number": 1}
"""Of fields that hardly change in a lifetime: how many of their least degrees of likeness are none."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("first", "last"),
    "birth_date": ("birth",),
    "place": ("address", "postcode", "city", "region"),
} | {role: (role,) for role in ("email", "phone", "number", "gender", "occupation")}
"""The fields compared, and the columns of `written` that each looks at.

Address, postcode and city are one field: people of one house or village share all three, so three separate weights
would count the same evidence three times.
"""


def guessed(columns: Sequence[str]) -> Roles:
    """The roles that columns play by their names; what no role fits is left out.

    >>> guessed(["rec_id", "Given Name", "surname", "street_number", "address_1", "colour"])["address"]
    ['street_number', 'address_1']
    """
    found: dict[str, list[str]] = {}
    for column in columns:
        plain = re.sub(r"\W+", "_", column.strip().casefold())
        for role in (role for role, pattern in ROLES.items() if re.fullmatch(pattern, plain)):
            found.setdefault(role, []).append(column)
    return {role: named[:1] if role in ("id", "source") else named for role, named in found.items()}


def checked(roles: Roles, columns: Sequence[str]) -> Roles:
    """The roles, when each is one of ROLES, its columns are there and one is the id. Raises BadInput."""
    for what, given, known in (
        ("role of a column", roles, ROLES),
        ("column", [column for named in roles.values() for column in named], columns),
    ):
        for one in given:
            if one not in known:
                raise BadInput(what, value=one, bound=f"one of {', '.join(known)}", remedy="Choose one of these.")
    if not roles.get("id"):
        raise BadInput(
            "columns", bound="none is the id of a record", remedy="Say columns={'id': ['your column'], ...}."
        )
    return roles


def written(people: ir.Table, roles: Roles) -> ir.Table:
    """The records as they are compared: `id`, `source` where there is one, and a text column per thing compared.

    Case, blanks and punctuation are gone; what is too short to mean anything is null. A full name gives the first and
    last name where they have no columns of their own. Dates are digits in the order in which they are written.
    """
    text = {role: _joined([_text(people[c]) for c in named]) for role, named in roles.items() if role != "id"}
    columns = {"id": people[roles["id"][0]].cast("string")} | {r: text[r] for r in _AS_THEY_ARE if r in text}
    if text.keys() & {"first_name", "last_name", "name"}:
        columns |= _names(text)
    if "birth_date" in roles:
        parts = [people[c].cast("string").strip().lpad(2, "0") for c in roles["birth_date"]]
        birth = _only("0-9", _joined(parts), 6)
        columns |= {"birth": birth, "year": birth.substr(0, 4), "day": birth.substr(4, 4)}
    if "postcode" in text:
        code = _only("a-z0-9", text["postcode"], 3)
        columns |= {"postcode": code, "area": code.substr(0, ibis.greatest(code.length() - 3, 2))}
    if "email" in text:
        columns |= {"email": text["email"], "mailbox": text["email"].split("@")[0]}
    if "phone" in text:
        columns["phone"] = _only("0-9", text["phone"], 6).right(9)
    if "number" in text:
        columns["number"] = _only("a-z0-9", text["number"], 4)
    table = people.select(**columns).distinct()
    if "named" not in columns:
        return table
    often = {f"{c}_known": table.count().over(group_by=table[c]) > RARE for c in ("first", "last")}
    return table.mutate(**{name: known.cast("int64") for name, known in often.items()})


def rarity(table: ir.Table, records: int) -> dict[str, ir.Table]:
    """For each column in which rare values weigh more: a value and `tf_` and the column's name, how often it is met.

    A pair is not to be counted as its own evidence: two records fewer than bear the value, but at least half a one.
    Of whole names at least as often as first and last name would meet by chance. Where nearly all values are rare,
    only those that are not are given: a value that is not there weighs as the others do.
    """
    there = [c for c in _TELLING if c in table.columns]
    counts = {c: table.filter(table[c].notnull()).group_by(c).agg(n=ibis._.count().cast("float64")) for c in there}
    if "named" in counts:
        each = {f"of_{c}": table.count().over(group_by=table[c]).cast("float64") for c in ("first", "last")}
        named = table.mutate(**each).filter(ibis._.named.notnull()).group_by("named")
        counts["named"] = named.agg(
            n=ibis.greatest(ibis._.count() - 2, (ibis._.of_first * ibis._.of_last).max() / records) + 2
        )
    counts |= {c: t.filter(t.n > 3) for c, t in counts.items() if c in _OWN}
    return {c: t.select(c, **{f"tf_{c}": ibis.greatest(t.n - 2, 0.5) / float(records)}) for c, t in counts.items()}


_OWN = ("email", "mailbox", "phone", "number", "address", "postcode")
_TELLING = (*_OWN, "named", "first", "last", "birth", "day", "area", "city", "region", "gender", "occupation")
_AS_THEY_ARE = ("source", "address", "city", "region", "gender", "occupation")


def _text(column: ir.Value) -> ir.StringValue:
    return column.cast("string").lower().re_replace(r"\s+", " ").strip().nullif("")


def _joined(parts: Sequence[ir.StringValue]) -> ir.StringValue:
    whole = parts[0].fill_null("")
    for part in parts[1:]:
        whole = whole + " " + part.fill_null("")
    return whole.strip().nullif("")


def _only(kept: str, value: ir.StringValue, least: int) -> ir.StringValue:
    bare = value.re_replace(f"[^{kept}]", "")
    return ibis.ifelse(bare.length() >= least, bare, ibis.null("string"))


def _names(text: Mapping[str, ir.StringValue]) -> dict[str, ir.StringValue]:
    first, last = (text.get(role, ibis.null("string")) for role in ("first_name", "last_name"))
    if "name" in text:
        words = text["name"].split(" ")
        first = ibis.coalesce(first, words[0])
        last = ibis.coalesce(last, ibis.ifelse(words.length() > 1, words[words.length() - 1], ibis.null("string")))
    named = {"first": first, "last": last, "named": first + " " + last}
    return named | {"begin": first.substr(0, 3) + " " + last.substr(0, 3)}


def comparisons(columns: Sequence[str]) -> list[Any]:
    """Splink's comparisons for the columns of `written` there are: degrees of likeness, the greatest first.

    Where two are equal, how rare the value is counts too (term frequency).
    """
    from splink.comparison_level_library import ElseLevel
    from splink.comparison_library import CustomComparison

    there = {field: [c for c in FIELDS[field] if c in columns] for field in FIELDS}
    return [
        CustomComparison([_nothing(there[field]), *levels(columns), ElseLevel()], output_column_name=field)
        for field, levels in _DEGREES.items()
        if there[field]
    ]


def _nothing(columns: Sequence[str]) -> Any:
    """The degree of likeness of those who cannot be compared: nothing is said by both. Of names either part will do."""
    if columns[0] == "first":
        return _level("coalesce(first_l, last_l) is null or coalesce(first_r, last_r) is null", null=True)
    return _level(" and ".join(f"({c}_l is null or {c}_r is null)" for c in columns), null=True)


def _level(sql: str, rare: str = "", null: bool = False) -> Any:
    from splink.comparison_level_library import CustomLevel

    level = CustomLevel(sql).configure(is_null_level=null)
    return level.configure(tf_adjustment_column=rare, tf_adjustment_weight=1.0) if rare else level


def _same(*columns: str, rare: bool = True) -> Any:
    return _level(" and ".join(f"{c}_l = {c}_r" for c in columns), columns[0] if rare else "")


def _like(column: str, least: float) -> Any:
    from splink.comparison_level_library import JaroWinklerLevel

    return JaroWinklerLevel(column, least)


def _slip(column: str, most: int = 1) -> Any:
    """At most so many letters wrong, missing, added, or swapped with the next; the quick test spares the slow one."""
    from splink.comparison_level_library import And, DamerauLevenshteinLevel, LevenshteinLevel

    return And(LevenshteinLevel(column, 2 * most), DamerauLevenshteinLevel(column, most))


def _all(*levels: Any, rare: str = "") -> Any:
    from splink.comparison_level_library import And

    return And(*levels).configure(tf_adjustment_column=rare, tf_adjustment_weight=1.0) if rare else And(*levels)


def _close(column: str) -> Any:
    from splink.comparison_level_library import Or

    return Or(_like(column, 0.88), _slip(column))


def _of_names(columns: Sequence[str]) -> list[Any]:
    odd = {c: _level(f"{c}_known_l + {c}_known_r < 2") for c in ("first", "last")}
    first, last = _same("first", rare=False), _same("last", rare=False)
    return [
        _same("named"),
        _level("first_l = last_r and last_l = first_r"),
        _all(last, odd["first"], _close("first"), rare="last"),
        _all(first, odd["last"], _close("last"), rare="first"),
        _all(last, _close("first"), rare="last"),
        _all(first, _close("last"), rare="first"),
        _all(_close("first"), _close("last")),
        _all(last, _like("first", 0.75), rare="last"),
        _same("last"),
        _close("last"),
        _same("first"),
        _level("first_l = last_r or last_l = first_r"),
        _close("first"),
    ]


def _of_births(columns: Sequence[str]) -> list[Any]:
    part = " or ".join(f"substr(birth_l, {i}, 2) = substr(birth_r, {i}, 2)" for i in (5, 7))
    return [
        _same("birth"),
        _slip("birth"),
        _level(f"year_l = year_r and ({part})"),
        _same("day"),
        _slip("birth", 2),
        _same("year", rare=False),
    ]


def _of_places(columns: Sequence[str]) -> list[Any]:
    degrees: tuple[tuple[tuple[str, ...], Callable[[], Any]], ...] = (
        (("address",), lambda: _same("address")),
        (("address",), lambda: _like("address", 0.9)),
        (("postcode", "city"), lambda: _same("postcode", "city")),
        (("postcode",), lambda: _same("postcode")),
        (("postcode",), lambda: _slip("postcode")),
        (("address",), lambda: _like("address", 0.8)),
        (("city",), lambda: _same("city")),
        (("postcode",), lambda: _same("area")),
        (("city",), lambda: _like("city", 0.9)),
        (("region",), lambda: _same("region")),
    )
    return [degree() for needed, degree in degrees if set(needed) <= set(columns)]


_DEGREES: Mapping[str, Callable[[Sequence[str]], list[Any]]] = {
    "name": _of_names,
    "birth_date": _of_births,
    "email": lambda _: [_same("email"), _slip("email"), _same("mailbox")],
    "phone": lambda _: [_same("phone"), _slip("phone")],
    "number": lambda _: [_same("number"), _slip("number"), _slip("number", 2)],
    "place": _of_places,
    "gender": lambda _: [_same("gender")],
    "occupation": lambda _: [_same("occupation")],
}
