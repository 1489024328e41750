"""Who is who by exact identifiers: identifiers that facts tie together are one customer.

Facts keep the identifier they came with. This room only says which customer an identifier means; taking a row away
takes the link back.
"""

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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


def resolve(mentioned: pa.Table, links: pa.Table, known: pa.Table) -> pa.Table:
    """Which customer every identifier means that `known` does not hold yet, or holds under another customer.

    mentioned: (identifier). links: (identifier, other). known: (identifier, customer_id).
    Gives (identifier, customer_id, root): `customer_id` is an existing customer's or null, and then `root` is the
    identifier the new customer's id is to be made from. Identifiers tied together share both. Where two customers
    turn out to be one, the smaller id stays. The order of rows changes nothing.
    """
    n_customers, customers, known_customer = _codes(known["customer_id"])
    n_names, names, every = _codes(mentioned["identifier"], links["identifier"], links["other"], known["identifier"])
    sizes = np.cumsum([mentioned.num_rows, links.num_rows, links.num_rows])
    _, left, right, known_name = np.split(every, sizes)
    rows = np.concatenate([left, known_name])
    columns = np.concatenate([right, n_names + known_customer])
    size = n_names + n_customers
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
    n_groups, group = connected_components(graph, directed=False)
    owner = _least(n_groups, group[n_names:], _rank(customers))
    root = _least(n_groups, group[:n_names], _rank(_by_kind(names)))
    name_group = group[:n_names]
    now = np.full(n_names, -1, dtype=np.int64)
    now[known_name] = known_customer
    fresh = (now < 0) | (now != owner[name_group])
    theirs = owner[name_group][fresh]
    return pa.table(
        {
            "identifier": names.filter(pa.array(fresh)),
            "customer_id": customers.take(pa.array(theirs, mask=theirs < 0)).cast(pa.string()),
            "root": names.take(pa.array(root[name_group][fresh])),
        }
    )


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
