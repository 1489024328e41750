"""People who share no identifier: which records of a table of people may be of one person, and how likely that is.

Splink compares the records and weighs their likeness (dossier.likeness) on DuckDB or Spark; the chances of its model
come from how often each pattern of likeness occurs (dossier.matching); groups are guarded (dossier.grouping).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from openchair.dossier.comparing import PRIOR, Comparing, Counting, Memory, Rule, degrees
from openchair.dossier.grouping import Ties, guarded
from openchair.dossier.likeness import FIELDS, KIN, SURE, Roles, checked, comparisons, guessed, written

MERGE, ASK = 0.99, 0.5
"""The probability from which two records are merged, and from which a person is asked."""
ALIKE, SHARE = 0.1, 0.5
"""Two groups are joined only where this share of the pairs across them is alike: at least this probable."""
FEW_RECORDS = 5_000
"""Records below which there is too little to learn from: what seems likely must then be the same in one of EXACT to be
asked about, and in two to be merged."""
EXACT: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("first", "last"),), (("birth",),), (("address",), ("postcode",)), (("email",),), (("phone",),), (("number",),),
)  # fmt: skip
"""What can be the same, letter for letter: for each, the columns of which all must agree, in one way or another."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of two records: what each says, as it was compared, and the weight of it (bits; above 0 speaks for)."""

    field: str
    left: str
    right: str
    weight: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who may be who.

    pairs: left, right (ids, left < right), probability, weight (bits, the prior included), status (merge or ask), and
    what Splink found in each field; from `ask` on and without those known, the likeliest first. rules: how pairs were
    chosen. compared: how many there were. model: the prior, and for each field the degrees of likeness with their
    chances among matches (m) and strangers (u). note: why nothing was compared, where nothing was.
    """

    records: int
    pairs: pa.Table
    rules: tuple[Rule, ...] = ()
    compared: int = 0
    model: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    near: pa.Table | None = None
    """All pairs that are at all likely."""

    @property
    def clusters(self) -> dict[str, str]:
        """Id -> cluster (the least id in it) of every record that is merged with another."""
        return _clusters(self.pairs.filter(pc.equal(self.pairs["status"], "merge")))

    def clusters_at(self, probability: float) -> dict[str, str]:
        """The clusters there would be if pairs were merged from this probability on, groups guarded as ever."""
        if self.near is None:
            return {}
        sure = self.near["probability"].to_numpy() >= probability
        return _clusters(self.near.filter(pa.array(_may_join(self.near, sure))))

    def fields(self, place: int) -> tuple[Compared, ...]:
        """What each field of the pair in this row of `pairs` says and weighs; fields that either lacks are left out."""
        row = self.pairs.slice(place, 1).to_pylist()[0]
        return tuple(
            Compared(
                name, _said(row, name, "l"), _said(row, name, "r"), row[f"mw_{name}"] + row.get(f"mw_tf_adj_{name}", 0)
            )
            for name in FIELDS
            if row.get(f"gamma_{name}", -1) >= 0
        )


def _said(row: Mapping[str, Any], name: str, side: str) -> str:
    return " ".join(row[f"{c}_{side}"] for c in FIELDS[name] if row.get(f"{c}_{side}"))


def resolve(
    people: Any,
    *,
    columns: Roles | None = None,
    engine: Counting | None = None,
    merge: float = MERGE,
    ask: float = ASK,
    known: pa.Table | None = None,
    seed: int = 1,
) -> Resolution:
    """Find the records of one person in a table of people, without an identifier and without examples to learn from.

    people: one record a row: an Arrow table or anything `pyarrow.table` takes (pandas, Polars), or an Ibis table of
    `engine`. columns: role (likeness.ROLES) -> columns that hold it; guessed from their names when left out. A column
    of role `source` says that only records of different sources are compared. engine: counts; DuckDB in memory when
    left out. merge, ask: probabilities. known: pairs (left, right) not to be spoken of again. The order of rows and
    whole rows repeated change nothing. Raises BadInput for columns that are not there, and for an id twice.

    >>> cards = pa.table({"id": ["1", "2"], "name": ["Ada Lovelace", "Ada Lovelace"]})
    >>> resolve(cards).pairs.num_rows
    0
    """
    engine = engine or Memory()
    if not isinstance(people, ir.Table):
        people = engine.share(people if isinstance(people, pa.Table) else pa.table(people))
    roles = checked(columns or guessed(people.columns), people.columns)
    table = engine.keep(written(people, roles))
    comparing = Comparing(engine, table)
    rules: tuple[Rule, ...] = ()
    note = "There are no two records to compare."
    if comparing.pairs:
        note = "There is nothing to compare records by."
        if comparisons(table.columns):
            rules = comparing.block()
            note = "No two records have anything in common."
            if comparing.compared:
                model = comparing.learn(seed)
                near = comparing.score(model)
                found = _settled(near, comparing.records, merge, ask, known)
                return Resolution(comparing.records, found, rules, comparing.compared, _told(model), near=near)
    return Resolution(comparing.records, _settled(_NOTHING, comparing.records, merge, ask, known), rules, note=note)


_NOTHING = pa.table(
    {name: pa.array([], pa.string() if name in ("left", "right") else pa.float64())
     for name in ("left", "right", "probability", "weight")}
)  # fmt: skip


def _settled(near: pa.Table, records: int, merge: float, ask: float, known: pa.Table | None) -> pa.Table:
    """The pairs to merge and those to ask about.

    A pair whose names leave open whether the first names agree is not merged by itself, unless an official number
    agrees: the people of one house share all but their first names.
    """
    chance = near["probability"].to_numpy()
    sure = chance >= merge
    if "gamma_name" in near.column_names:
        numbered = near["gamma_number"].to_numpy() >= SURE if "gamma_number" in near.column_names else False
        sure &= ~np.isin(near["gamma_name"].to_numpy(), KIN) | numbered
    likely, same = chance >= ask, _same(near)
    if records < FEW_RECORDS:
        sure, likely = sure & (same >= 2), likely & (same >= 1)
    status = np.where(_may_join(near, sure), "merge", "ask")
    found = near.add_column(4, "status", pa.array(status, pa.string())).filter(pa.array(likely))
    if known is None:
        return found
    pair = [pc.binary_join_element_wise(t["left"], t["right"], "\x1f") for t in (found, known)]
    return found.filter(pc.invert(pc.is_in(pair[0], pair[1].combine_chunks())))


def _same(near: pa.Table) -> NDArray[np.int64]:
    """(k,) in how many of EXACT two records say the same, letter for letter."""

    def equal(column: str) -> NDArray[np.bool_]:
        if f"{column}_l" not in near.column_names:
            return np.zeros(near.num_rows, dtype=np.bool_)
        alike = pc.equal(near[f"{column}_l"], near[f"{column}_r"]).fill_null(False)
        return np.asarray(alike.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.bool_)

    said = [np.any([np.all([equal(c) for c in one], axis=0) for one in ways], axis=0) for ways in EXACT]
    return np.asarray(np.array(said, dtype=np.int64).sum(axis=0))


def _may_join(near: pa.Table, sure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    both = pa.chunked_array(
        [*near["left"].cast(pa.string()).chunks, *near["right"].cast(pa.string()).chunks], pa.string()
    )
    codes = both.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    left, right = np.split(codes, 2)
    return guarded(left, right, sure, near["probability"].to_numpy() >= ALIKE, lambda a, b: SHARE * a * b)


def _clusters(merged: pa.Table) -> dict[str, str]:
    pairs = list(zip(merged["left"].to_pylist(), merged["right"].to_pylist(), strict=True))
    ties = Ties(pairs)
    least: dict[str, str] = {}
    for who in sorted({who for pair in pairs for who in pair}):
        least.setdefault(ties.group(who), who)
    return {who: least[ties.group(who)] for pair in pairs for who in pair}


def _told(model: dict[str, Any]) -> dict[str, Any]:
    fields = {
        comparison["output_column_name"]: [
            {"degree": level["label_for_charts"], "m": level["m_probability"], "u": level["u_probability"]}
            for level in reversed(degrees(comparison))
        ]
        for comparison in model["comparisons"]
    }
    return {"prior": model[PRIOR], "fields": fields}
