"""Segments of those who really buy, with what each is worth, how it grows and what hangs on it."""

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from openchair.chair.focus.customer.counted import SEED, Counted, kind, part
from openchair.chair.focus.customer.views import Segment, SetApart
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.money import show
from openchair.core.words import count
from openchair.focus import buyers, segments
from openchair.listening.nps import quantile

Sums = Mapping[str, NDArray[np.float64]]

TRAITS, VALUES = 6, 12
"""Traits, and values of each, by which segments are sought: those known of the most buyers."""
KNOWN, RARE, MOST = 0.2, 0.02, 0.8
"""The share of buyers of whom a trait must be known; of these, the share that a value must have to be looked at, and
that such values must have together."""
ALL, REST = "all buyers", "the rest"
_WORDS: Mapping[str, Callable[[int, str], str]] = {
    "orders": lambda k, currency: count(2**k),
    "an order": lambda k, currency: show(2 ** (k / 2), currency),
    "weeks of silence": lambda k, currency: count(2**k - 1),
    "orders with a discount": lambda k, currency: ("none", "some", "more than half")[k],
}
"""What a bin of buyers.BEHAVIOUR begins with, in words."""


def segmented(counted: Counted) -> tuple[tuple[Segment, ...], str, float | None]:
    """Segments of buyers, the largest first; or all of them as one, and why. At last how well halves agree."""
    features, sums = _features(counted)
    found = segments.segments(features, sums["customers"], np.random.default_rng(SEED))
    confidence = counted.chair.settings.confidence
    if isinstance(found, Unknown):
        everyone = np.ones(len(sums["customers"]), dtype=bool)
        return (_segment(ALL, (), sums, everyone, confidence),), found.reason, None
    told = tuple(
        _segment(_name(marks), marks, sums, found.of == place, confidence) for place, marks in enumerate(found.marks)
    )
    return told, "", found.agreement


def _features(counted: Counted) -> tuple[list[segments.Feature], Sums]:
    """What buyers are looked at by, over the distinct cells of it, and the sums of each cell."""
    about = ibis.union(counted.known.semi_join(counted.who, "customer_id"), buyers.favourites(counted.sales))
    about = counted.engine.keep(about)
    buying = counted.rows(counted.who.agg(n=_.count()))[0]["n"]
    common = buyers.told(about).filter(_.customers >= KNOWN * buying, _.n >= RARE * _.customers)
    values: dict[str, list[str]] = {}
    told: dict[str, float] = {}
    for row in counted.rows(common.order_by(ibis.desc("customers"), "name", ibis.desc("n"), "value")):
        if kind(row["name"]) and len(values.setdefault(row["name"], [])) < VALUES:
            values[row["name"]].append(row["value"])
            told[row["name"]] = told.get(row["name"], 0.0) + row["n"] / row["customers"]
    names = [name for name, some in values.items() if len(some) >= 2 and told[name] >= MOST][: TRAITS + 1]
    columns = {f"t{k}": about.value.max(where=about.name == name) for k, name in enumerate(names)}
    wide = about.group_by("customer_id").agg(**columns, named=_.count())
    table = counted.who.left_join(wide, "customer_id", rname="{name}_of")
    common_only = {
        f"t{k}": ibis.ifelse(table[f"t{k}"].isin(values[name]), table[f"t{k}"], "") for k, name in enumerate(names)
    }
    table = table.mutate(**{name: column.fill_null("") for name, column in common_only.items()})
    keys = [*(f"b{k}" for k in range(len(buyers.BEHAVIOUR))), *common_only]
    rows = counted.engine.rows(buyers.cells(table, keys, counted.periods).order_by(keys))
    features = [
        *(_ordered(one, rows[f"b{k}"], counted.chair.currency) for k, one in enumerate(buyers.BEHAVIOUR)),
        *(_nominal(name, rows[f"t{k}"]) for k, name in enumerate(names)),
    ]
    return features, {name: rows[name].to_numpy().astype(float) for name in buyers.SUMS}


def _ordered(name: str, bins: pa.ChunkedArray, currency: str) -> segments.Feature:
    kinds, of = np.unique(bins.to_numpy(), return_inverse=True)
    levels = tuple(_WORDS[name](int(k), currency) for k in kinds)
    return segments.Feature(name, levels, of.ravel().astype(np.int64), ordered=True)


def _nominal(name: str, column: pa.ChunkedArray) -> segments.Feature:
    values, of = np.unique(column.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    known = tuple(one for one in values.tolist() if one)
    return segments.Feature(name, known, of.ravel().astype(np.int64) - (len(values) - len(known)))


def _name(marks: Sequence[segments.Mark]) -> str:
    """By what is true of most of them; else by what is at least often true."""
    most = [f"{one.feature}: {one.value}" for one in marks if one.share >= 0.5][:2]
    often = [f"often {one.feature}: {one.value}" for one in marks][:1]
    return "; ".join(most or often) or REST


def _segment(
    name: str, marks: Sequence[segments.Mark], sums: Sums, inside: NDArray[np.bool_], confidence: float
) -> Segment:
    of = {name: float(column[inside].sum()) for name, column in sums.items()}
    whole = {name: float(column.sum()) for name, column in sums.items()}
    spread = quantile(confidence) * sqrt(max(of["moved2"] - of["moved"] ** 2 / of["customers"], 0.0))
    half = sqrt(of["half2"])
    worth: Number = Unknown("no turn has told what they are worth", needed=1)
    if of["valued"]:
        worth = Estimate(of["worth"], max(of["worth"] - half, 0.0), of["worth"] + half, n=of["valued"])
    return Segment(
        name=name,
        customers=int(of["customers"]),
        share=of["customers"] / whole["customers"],
        apart=tuple(SetApart(one.feature, one.value, one.share, one.others) for one in marks),
        worth=worth,
        worth_share=of["worth"] / whole["worth"] if whole["worth"] else None,
        revenue_minor=round(of["after"]),
        revenue_share=of["after"] / whole["after"] if whole["after"] else 0.0,
        moved=Estimate(of["moved"], of["moved"] - spread, of["moved"] + spread, n=of["customers"]),
        new_after=int(of["new_after"]),
        new_before=int(of["new_before"]),
        came_back=part(of["back"], of["judged"]),
        alike=of["after"] ** 2 / of["after2"] if of["after2"] else 0.0,
    )
