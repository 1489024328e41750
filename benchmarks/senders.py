"""Sender value: who brought whom out of five million referrals, and whom to begin with on a million ties.

python -m benchmarks.senders    this benchmark alone
"""

import time

import ibis
import numpy as np
import pyarrow as pa

from benchmarks import Row, at_least, at_most
from benchmarks.__main__ import table
from openchair.value.senders import influence, referrals

REFERRALS = 5_000_000
TIES = 1_000_000
CUSTOMERS = 300_000
SEEDS = 50


def rows() -> list[Row]:
    """Both, one after the other."""
    return [*tree(), *spread()]


def tree() -> list[Row]:
    """From facts in the engine to what everyone brought: cleaned, numbered, followed to the end of every chain."""
    rng = np.random.default_rng(20260301)
    n = REFERRALS + 1
    # Half point at somebody just before them, so chains are long; half at anybody, mostly the early ones.
    near = rng.random(REFERRALS) < 0.5
    place = np.arange(1, n)
    parent = np.where(near, np.maximum(place - rng.integers(1, 4, REFERRALS), 0), (place * rng.random(REFERRALS) ** 2))
    names = np.char.add("c", np.char.zfill(np.arange(n).astype("U"), 7))
    ids = pa.array(names)
    joined = (np.arange(n) // 5_000).astype(np.int32)
    engine = ibis.duckdb.connect()
    told = {
        "customer_id": ids.take(pa.array(parent.astype(np.int64))),
        "invitee": ids.slice(1),
        "status": pa.repeat("joined", REFERRALS),
        "day": pa.array(joined[1:]).cast(pa.date32()),
        "properties": pa.nulls(REFERRALS, pa.string()),
    }
    facts = ibis.memtable(pa.table(told))
    known = ibis.memtable(pa.table({"identifier": ids, "customer_id": ids}))
    first = ibis.memtable(pa.table({"customer_id": ids, "first_on": pa.array(joined).cast(pa.date32())}))
    begun, worked = time.perf_counter(), time.process_time()
    came = referrals.brought(referrals.pairs(facts, known, first))
    counted = engine.to_pyarrow(referrals.numbered(came).order_by("place"))
    numbered = time.perf_counter()
    found, _on_cycle = referrals.forest(counted["parent"].to_numpy())
    value = np.full(len(found.parent), 100.0)
    got = referrals.credit(found, value, value, np.full(len(value), 0.5))
    done, worked = time.perf_counter(), time.process_time() - worked
    busy = f"{len(value):,} customers, {worked:.1f} s of processor time"
    once = abs(got.value.sum() / value[found.parent >= 0].sum() - 1)
    return [
        at_most("five million referrals: what everyone brought", done - begun, 60, "s", busy),
        Row("  cleaned and numbered in the engine", numbered - begun, "s"),
        Row("  followed and credited", done - numbered, "s"),
        at_most("five million referrals: counted twice", once, 1e-9, "", "share of what was brought"),
    ]


def spread() -> list[Row]:
    """Fifty to begin with among 300,000 who know each other, some of them very many."""
    rng = np.random.default_rng(20260302)
    one, other = rng.integers(0, CUSTOMERS, TIES), (CUSTOMERS * rng.random(TIES) ** 2.5).astype(np.int64)
    begun = time.perf_counter()
    both = np.concatenate([one, other]), np.concatenate([other, one])
    graph = influence.by_strength(CUSTOMERS, *both, np.ones(2 * TIES))
    found = influence.seeds(graph, SEEDS, rng, slack=0.05)
    took = time.perf_counter() - begun
    note = (
        f"{found.sets:,} sets, spread {found.spread.value:,.0f} ({found.spread.low:,.0f} to {found.spread.high:,.0f})"
    )
    return [
        at_most("a million ties: fifty to begin with", took, 120, "s", note),
        at_least("a million ties: guaranteed share of the best", found.guarantee, influence.GREEDY - 0.05, ""),
    ]


if __name__ == "__main__":
    print(table(rows()))
