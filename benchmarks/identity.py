"""Who is who: published data sets of record linkage against their truth, and a million simulated people.

python -m benchmarks.identity    this benchmark alone
"""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import Row, at_least, at_most, not_measured
from benchmarks.__main__ import table
from openchair.dossier.identity import resolve
from openchair.dossier.linking import Resolution
from openchair.simulation.cards import simulate_people

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "record_linkage"
PEOPLE, DUPLICATES = 1_000_000, 0.05
BY_PART = {"id": ["id"], "first_name": ["fname_c1", "fname_c2"], "last_name": ["lname_c1", "lname_c2"],
           "birth_date": ["by", "bm", "bd"]}  # fmt: skip
MANY = "historical figures"


def rows() -> list[Row]:
    """The million first: what the others load is not to be counted as its memory."""
    found = million()
    if not DATA.is_dir():
        return [*found, not_measured("record linkage against truth", "F1", f"{DATA} is not there")]
    return [*found, *febrl(), *historical(), *rl_data()]


def million() -> list[Row]:
    """Simulated people, one in twenty of them the second record of another."""
    cards = simulate_people(PEOPLE, duplicates=DUPLICATES, seed=1)
    begun = time.perf_counter()
    found = resolve(cards.drop_columns(["person", "how"]))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
    compared = f"{found.compared:,} pairs compared"
    return [
        at_most("a million simulated people: who is who", seconds, 300, "s", compared),
        at_most("a million simulated people: peak memory", peak, 4, "GB", "the simulation included"),
        *against("a million simulated people", found, cards["id"].to_pylist(), cards["person"].to_pylist()),
    ]


def febrl() -> list[Row]:
    """Five thousand synthetic people in two tables (FEBRL 4, Christen 2005)."""
    two = [pq.read_table(DATA / f"febrl_dataset4{x}.parquet") for x in ("a", "b")]
    cards = pa.concat_tables(
        [t.append_column("source", pa.array([x] * len(t))) for x, t in zip("ab", two, strict=True)]
    )
    begun = time.perf_counter()
    found = resolve(cards)
    seconds = time.perf_counter() - begun
    ids = cards["rec_id"].to_pylist()
    people = [record.split("-")[1] for record in ids]
    return [at_most("febrl4: who is who", seconds, 10, "s"), *against("febrl4", found, ids, people, f1=0.999)]


def historical() -> list[Row]:
    """50,578 records of 5,156 people of Wikidata with errors put in."""
    cards = pq.read_table(DATA / "historical_figures_with_errors_50k.parquet")
    known = cards.select(
        ["unique_id", "first_name", "surname", "dob", "birth_place", "postcode_fake", "gender", "occupation"]
    )
    begun = time.perf_counter()
    found = resolve(known)
    seconds = time.perf_counter() - begun
    told = against(MANY, found, cards["unique_id"].to_pylist(), cards["cluster"].to_pylist(), precise=0.99)
    return [Row(f"{MANY}: who is who", seconds, "s", note=f"{found.compared:,} pairs compared"), *told]


def rl_data() -> list[Row]:
    """Ten thousand synthetic records by name and birthday only (RecordLinkage, Sariyer & Borg 2010)."""
    cards = pq.read_table(DATA / "RLdata10000.parquet")
    ids = [str(place) for place in range(len(cards))]
    found = resolve(cards.append_column("id", pa.array(ids)), columns=BY_PART)
    return against("RLdata10000", found, ids, cards["identity"].to_pylist(), f1=0.97)


def against(
    name: str, found: Resolution, ids: Sequence[str], people: Sequence[str], f1: float = 0, precise: float = 0
) -> list[Row]:
    """Pairs at one half, merges made without asking, and clusters, held against truth.

    ids, people: (n,) records and whose they are. f1, precise: what is promised of pairs, and of merges; 0: nothing.
    """
    person = dict(zip(ids, people, strict=True))
    size = np.unique(np.array(people), return_counts=True)[1]
    true = int((size * (size - 1) // 2).sum())
    merged = found.pairs.filter(pc.equal(found.pairs["status"], "merge"))
    pairs, merges = _measured(_right(found.pairs, person), true), _measured(_right(merged, person), true)
    now, half = (_measured(_together(clusters, person), true) for clusters in (found.clusters, found.clusters_at(0.5)))
    asked = len(found.pairs) - len(merged)
    return [
        at_least(f"{name}: F1 of pairs at one half", pairs[2], f1, "", _told(pairs))
        if f1
        else Row(f"{name}: F1 of pairs at one half", pairs[2], "", note=_told(pairs)),
        at_least(f"{name}: precision of merges", merges[0], precise, "", f"{_told(merges)}; {asked:,} asked")
        if precise
        else Row(f"{name}: precision of merges", merges[0], "", note=f"{_told(merges)}; {asked:,} asked"),
        Row(f"{name}: F1 of clusters, merged", now[2], "", note=_told(now)),
        Row(f"{name}: F1 of clusters, at one half", half[2], "", note=_told(half)),
    ]


def _right(pairs: pa.Table, person: Mapping[str, str]) -> tuple[int, int]:
    """How many of the pairs are of one person, and how many pairs there are."""
    ends = zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True)
    return sum(person[left] == person[right] for left, right in ends), len(pairs)


def _together(clusters: Mapping[str, str], person: Mapping[str, str]) -> tuple[int, int]:
    """The same of all pairs within clusters."""
    both = np.array([(clusters[who], person[who]) for who in clusters])
    _, sizes = np.unique(both[:, 0], return_counts=True)
    _, right = np.unique(both, axis=0, return_counts=True)
    return int((right * (right - 1) // 2).sum()), int((sizes * (sizes - 1) // 2).sum())


def _measured(of: tuple[int, int], true: int) -> tuple[float, float, float]:
    """Precision, recall and F1, of (right ones, all found)."""
    right, found = of
    return right / max(found, 1), right / true, 2 * right / (found + true)


def _told(measured: tuple[float, float, float]) -> str:
    return f"precision {measured[0]:.4f}, recall {measured[1]:.4f}"


if __name__ == "__main__":
    print(table(rows()))
