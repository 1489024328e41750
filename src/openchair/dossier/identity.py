"""Who is who by exact identifiers: each has a base for good, and bases that facts tie together are one customer.

Facts keep the identifier they came with. This room only says which customer an identifier means; taking a row away
takes the link back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from openchair.core.errors import BadInput, Conflict
from openchair.dossier import telephone
from openchair.dossier.grouping import Codes, Mask, Ties, bridges
from openchair.dossier.linking import resolve as resolve  # people who share none, in any table of people
from openchair.facts.kinds import LINKS

_BEST_KIND = ("id:", "email:", "phone:", "anon:")


def mentioned(tables: dict[str, ir.Table]) -> ir.Table:
    """Every distinct identifier that the facts name: of the customer, an invited friend, the other end of a tie.

    tables: kind -> facts. Gives one column, `identifier`.
    """
    columns = [t.identifier for t in tables.values()]
    columns += [tables["referrals"].invitee] if "referrals" in tables else []
    columns += [tables["ties"].other] if "ties" in tables else []
    parts = [c.name("identifier").as_table().filter(ibis._.identifier.notnull()).distinct() for c in columns]
    return ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0]


def spoken_numbers(traits: ir.Table) -> ir.Table:
    """Telephone numbers as traits spell them, each once, where they are not in E.164 already: `value`."""
    said = traits.filter(traits.name.isin(telephone.NAMES), traits.identifier.notnull())
    return said.filter(~said.value.strip().re_search(telephone.E164)).select("value").distinct()


def called(traits: ir.Table, numbers: ir.Table) -> ir.Table:
    """Pairs of identifiers that a telephone number says are one person: `identifier`, `other`.

    numbers: `value` as spelled, and `number`, the same in E.164.
    """
    said = traits.filter(traits.name.isin(telephone.NAMES), traits.identifier.notnull()).select("identifier", "value")
    plain = said.value.strip()
    ready = said.filter(plain.re_search(telephone.E164)).select("identifier", number=plain)
    spelled = said.inner_join(numbers, "value").select("identifier", "number")
    both = ibis.union(ready, spelled, distinct=True)
    return both.select("identifier", other=ibis.literal("phone:") + both.number)


def linked(traits: ir.Table, *along: str) -> ir.Table:
    """Pairs of identifiers that a trait says are one person: `identifier`, `other`, and columns that come along."""
    pairs = traits.filter(traits.name.isin(list(LINKS)), traits.identifier.notnull(), traits.value.strip() != "")
    other = ibis.cases(
        *[
            (pairs.name == name, ibis.literal(f"{kind}:") + (v.lower() if kind == "email" else v))
            for name, kind in LINKS.items()
            for v in [pairs.value.strip()]
        ]
    )
    return pairs.select("identifier", *along, other=other).distinct().filter(ibis._.identifier != ibis._.other)


SHARED_LIMIT = 10
"""Shop ids that may share an e-mail, a telephone or a device; one shared by more is nobody's own and ties nothing."""
BRIDGED = 3
"""Bases on either side from which a single tie between two groups is a bridge, that only a person may cross."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What exact identifiers say.

    fresh: identifier, base_id (null where it is to be made from `root`), root. joins: left, right (identifiers of
    different bases that are tied), shared (the identifier that ties them). quarantined: identifier, bases (how many
    share it).
    """

    fresh: pa.Table
    joins: pa.Table
    quarantined: pa.Table


def assign(mentioned: pa.Table, links: pa.Table, known: pa.Table) -> Assigned:
    """Give every identifier that is not known a base, once and for good, and say which bases are tied.

    mentioned: (identifier). links: (identifier, other). known: (identifier, base_id). Each `id:` that is not known
    roots a base of its own; what else is new joins the least base beside it, and where there is none, the best of its
    neighbours roots one. The order of rows changes nothing.
    """
    n, names, every = _codes(mentioned["identifier"], links["identifier"], links["other"], known["identifier"])
    sizes = np.cumsum([mentioned.num_rows, links.num_rows, links.num_rows])
    named, left, right, known_name = np.split(every, sizes)
    _, bases, known_base = _codes(known["base_id"])
    shop_id = pc.starts_with(names, "id:").to_numpy(zero_copy_only=False)
    shared = _shared(n, left, right, shop_id)
    sound = (shared[left] <= SHARED_LIMIT) & (shared[right] <= SHARED_LIMIT)
    left, right = left[sound], right[sound]
    # Bases in one order: known ones by their id, then new ones by the identifier that roots them.
    rank = _rank(_by_kind(names))
    label = np.full(n, _NOBODY, dtype=np.int64)
    label[shop_id] = len(bases) + rank[shop_id]
    label[known_name] = _rank(bases)[known_base]
    fixed = label < _NOBODY
    label = _spread(label, fixed, left, right)
    alone = label == _NOBODY
    if alone.any():
        inside = alone[left] & alone[right]
        ties = (np.ones(int(inside.sum()), dtype=np.int8), (left[inside], right[inside]))
        groups, group = connected_components(coo_array(ties, shape=(n, n)), directed=False)
        least = _least(groups, group, rank)
        label[alone] = len(bases) + rank[least[group[alone]]]
    place = np.empty(n, dtype=np.int64)
    place[rank] = np.arange(n)
    theirs = np.where(label < len(bases), label, 0)
    new = np.ones(n, dtype=np.bool_)
    # What is shared by too many is a customer only where facts are about nobody else.
    new[shared > SHARED_LIMIT] = False
    new[named] = True
    new[known_name] = False
    made = label >= len(bases)
    sorted_bases = bases.take(pc.sort_indices(bases))
    fresh = pa.table(
        {
            "identifier": names.filter(pa.array(new)),
            "base_id": sorted_bases.take(pa.array(theirs[new], mask=made[new])).cast(pa.string()),
            "root": names.take(pa.array(place[np.where(made, label - len(bases), 0)][new], mask=~made[new])),
        }
    )
    return Assigned(fresh, _joins(names, rank, label, left, right, shop_id), _quarantined(names, shared))


_NOBODY = np.iinfo(np.int64).max


def _shared(n: int, left: Codes, right: Codes, shop_id: Mask) -> Codes:
    """(n,) how many shop ids each identifier is tied to; of a shop id itself 0."""
    one, other = np.concatenate([left, right]), np.concatenate([right, left])
    pairs = np.unique(np.stack([one, other])[:, ~shop_id[one] & shop_id[other]], axis=1)
    return np.bincount(pairs[0], minlength=n)


def _spread(label: Codes, fixed: Mask, left: Codes, right: Codes) -> Codes:
    """Labels handed on to neighbours that have none of their own, the least first, until nothing changes."""
    while True:
        told = label.copy()
        np.minimum.at(told, left, label[right])
        np.minimum.at(told, right, label[left])
        told = np.where(fixed, label, told)
        if (told == label).all():
            return told
        label = told


def _joins(names: pa.Array, rank: Codes, label: Codes, left: Codes, right: Codes, shop_id: Mask) -> pa.Table:
    """One tie for each pair of bases that are tied: the least, so that the order of rows changes nothing."""
    apart = label[left] != label[right]
    one, other = left[apart], right[apart]
    turned = label[one] > label[other]
    one, other = np.where(turned, other, one), np.where(turned, one, other)
    order = np.lexsort([rank[other], rank[one], label[other], label[one]])
    one, other = one[order], other[order]
    first = np.ones(len(one), dtype=np.bool_)
    first[1:] = (label[one][1:] != label[one][:-1]) | (label[other][1:] != label[other][:-1])
    one, other = one[first], other[first]
    shared = np.where(shop_id[one], other, one)
    return pa.table(
        {
            "left": names.take(pa.array(one)),
            "right": names.take(pa.array(other)),
            "shared": names.take(pa.array(shared)),
        }
    )


def _quarantined(names: pa.Array, shared: Codes) -> pa.Table:
    many = shared > SHARED_LIMIT
    return pa.table({"identifier": names.filter(pa.array(many)), "bases": shared[many]})


def checked(left: str, right: str, graph: pa.Table) -> None:
    """Whether two bases may be merged. graph: left_id, right_id, status of every merge there is.

    Raises BadInput for one with itself; Conflict where they are one already, by way of others, or where somebody
    keeps them, or those they are one with, apart.
    """
    refusal = ties_of(graph).refusal(left, right)
    if refusal == "self":
        raise BadInput("merge", value=left, bound="is one customer, not two", remedy="Name another one.")
    if refusal == "joined":
        bound = "are one customer already, by way of others"
        raise Conflict("merge", value=f"{left} and {right}", bound=bound, remedy="There is nothing to do.")
    if refusal == "apart":
        bound = "are kept apart by somebody's word, they or those they are one with"
        remedy = "Take that word back first, on the page Merges."
        raise Conflict("merge", value=f"{left} and {right}", bound=bound, remedy=remedy)


def joinable(left: Sequence[str], right: Sequence[str], graph: pa.Table) -> list[str]:
    """What to do with each of these pairs of bases that something ties: merged, asked, or nothing ("").

    graph: left_id, right_id, status of every merge there is; pairs in it are left as they are. A pair that would be
    the only bridge between two groups of BRIDGED or more is asked, and so is one that somebody's word speaks against.
    """
    ties = ties_of(graph)
    known, new = set(known_pairs(graph)), list(zip(left, right, strict=True))
    merged = [
        pair for pair, status in zip(known_pairs(graph), graph["status"].to_pylist(), strict=True) if status == "merged"
    ]
    fresh = [pair for pair in new if pair not in known]
    codes = {who: code for code, who in enumerate(sorted({w for pair in (*merged, *fresh) for w in pair}))}
    edges = np.array([(codes[a], codes[b]) for a, b in (*merged, *fresh)], dtype=np.int64).reshape(-1, 2)
    hanging = set(np.flatnonzero(bridges(edges[:, 0], edges[:, 1], BRIDGED)).tolist())
    bridge = {pair for place, pair in enumerate(fresh, start=len(merged)) if place in hanging}
    told = []
    for pair in new:
        refusal = "known" if pair in known else ties.refusal(*pair)
        if refusal == "" and pair not in bridge:
            ties.join(*pair)
        told.append(
            "asked"
            if refusal == "apart" or (refusal == "" and pair in bridge)
            else "merged"
            if refusal in ("", "joined")
            else ""
        )
    return told


def known_pairs(graph: pa.Table) -> list[tuple[str, str]]:
    """The pairs of bases in a graph of merges."""
    return list(zip(graph["left_id"].to_pylist(), graph["right_id"].to_pylist(), strict=True))


def ties_of(graph: pa.Table) -> Ties[str]:
    """Who is joined and who is kept apart by the merges there are."""
    rows = list(zip(known_pairs(graph), graph["status"].to_pylist(), strict=True))
    return Ties([pair for pair, s in rows if s == "merged"], [pair for pair, s in rows if s == "apart"])


def _codes(*columns: pa.ChunkedArray) -> tuple[int, pa.Array, NDArray[np.int64]]:
    """Distinct strings over all columns, and every value's place among them."""
    chunks = [c for column in columns for c in column.cast(pa.string()).chunks]
    encoded = pa.chunked_array(chunks, type=pa.string()).combine_chunks().dictionary_encode()
    return len(encoded.dictionary), encoded.dictionary, encoded.indices.to_numpy().astype(np.int64)


def _by_kind(names: pa.Array) -> pa.Array:
    """Names so prefixed that sorting puts a shop's own id before an e-mail before a device."""
    conditions = pa.StructArray.from_arrays(
        [pc.starts_with(names, kind) for kind in _BEST_KIND], names=[str(i) for i in range(len(_BEST_KIND))]
    )
    order = pc.case_when(conditions, *[pa.scalar(str(i)) for i in range(len(_BEST_KIND))], pa.scalar("9"))
    return pc.binary_join_element_wise(order, names, "")


def _rank(values: pa.Array) -> NDArray[np.int64]:
    """Every value's place in sorted order."""
    order = pc.sort_indices(values).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _least(groups: int, group: NDArray[np.int32], rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each group the index of its member of lowest rank, -1 for a group without members."""
    best = np.full(groups, -1, dtype=np.int64)
    order = np.argsort(-rank)
    best[group[order]] = order
    return best
