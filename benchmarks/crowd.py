"""Spender value of ten million simulated customers with sixty million purchases: counted, fitted, scored, joined back.

python -m benchmarks.crowd            this benchmark alone
python -m benchmarks.crowd 1000000    the same of fewer customers
"""

import resource
import sys
import tempfile
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks import Row, at_most, not_measured
from benchmarks.__main__ import table
from openchair.core.estimate import Unknown
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.value import worth

CUSTOMERS = 10_000_000
TODAY = date(2026, 3, 1)
SEEN_DAYS = 546
BUYING = {"r": 0.9, "alpha": 3.85, "a": 0.6, "b": 4.5}
SPENDING = {"p": 6.25, "q": 3.74, "gamma": 1544.0}
SECONDS, GB = 360, 6
SAMPLE = 100_000
"""Customers counted on Spark, too."""
CONFIDENCE = 0.8
_AT_ONCE = 1_000_000
_CASE = ("orders", "recency_days", "age_days", "spent_minor")


def rows() -> list[Row]:
    """Counted, fitted and scored as a turn does it, on DuckDB with two threads; a sample on Spark, too."""
    return [*crowd(CUSTOMERS), spark(SAMPLE)]


def spark(n: int) -> Row:
    """Cases and trials of some customers, counted by Spark on two threads: those that DuckDB counts otherwise."""
    name = f"{n:,} of them on Spark local[2]: cases and trials that differ from DuckDB's"
    if find_spec("pyspark") is None:
        return not_measured(name, "", "openchair[spark] is not installed")
    from openchair.store.counting.spark import SparkEngine

    with tempfile.TemporaryDirectory(prefix="openchair-crowd-") as folder:
        purchases = _written(Path(folder), 0, n)
        days, history = pq.read_table(f"{folder}/{0:09}.parquet"), DeltaHistory(f"{folder}/history")
        begun = time.perf_counter()
        counts, seconds = [], []
        for engine in (DuckEngine(history, threads=2), SparkEngine(history, "local[2]")):
            stats = engine.keep(worth.count(engine.share(days), TODAY))
            cases = engine.rows(stats.group_by(*_CASE).agg(customers=stats.count()).order_by(*_CASE))
            judged = engine.rows(worth.trials(stats, {name: cases[name].to_numpy() for name in cases.column_names}))
            counts.append([sorted(zip(*table.to_pydict().values(), strict=True)) for table in (cases, judged)])
            seconds.append(time.perf_counter() - begun)
            engine.close()
    off = sum(len(set(ours) ^ set(theirs)) for ours, theirs in zip(*counts, strict=True))
    rows = sum(map(len, counts[0]))
    return at_most(name, off, 0, "", f"of {rows:,}; {purchases:,} days; Spark took {seconds[1] - seconds[0]:.0f} s")


def crowd(n: int) -> list[Row]:
    """The steps and their seconds; simulating comes first and is not counted."""
    with tempfile.TemporaryDirectory(prefix="openchair-crowd-") as folder:
        purchases = sum(_written(Path(folder), i, min(_AT_ONCE, n - i)) for i in range(0, n, _AT_ONCE))
        engine = ibis.duckdb.connect(threads=2, memory_limit="3GB", temp_directory=f"{folder}/spill")
        days = engine.read_parquet(f"{folder}/*.parquet")
        begun = time.perf_counter()
        engine.raw_sql(f"CREATE TABLE stats AS {ibis.to_sql(worth.count(days, TODAY), dialect='duckdb')}")
        stats = engine.table("stats")
        cases = _columns(engine, stats.group_by(*_CASE).agg(customers=stats.count()))
        counted = time.perf_counter()
        fitted = worth.fit(cases, *worth.chosen(_columns(engine, worth.trials(stats, cases))))
        if isinstance(fitted, Unknown):
            raise RuntimeError(str(fitted))
        thought = time.perf_counter()
        figures = worth.score(fitted, cases, CONFIDENCE)
        scored = time.perf_counter()
        engine.con.register("figures", pa.table({name: cases[name] for name in _CASE} | figures))
        engine.raw_sql(f"CREATE TABLE scored AS SELECT * FROM stats JOIN figures USING ({', '.join(_CASE)})")
        reached = engine.to_pyarrow(engine.table("scored").value_minor.count()).as_py()
        joined = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
    whom = f"{n:,} simulated customers"
    params = ", ".join(f"{name} {value:.3f}" for name, value in fitted.spender.params.items())
    return [
        at_most(f"{whom}: counts, fit, scores", joined - begun, SECONDS, "s", f"{purchases:,} days with a purchase"),
        Row("  counted by DuckDB", counted - begun, "s", note=f"{len(cases['orders']):,} distinct cases"),
        Row("  model chosen and fitted", thought - counted, "s", note=f"{fitted.spender.model}: {params}"),
        Row("  scored", scored - thought, "s"),
        Row("  joined back", joined - scored, "s", note=f"{reached:,} customers with a value"),
        at_most(f"{whom}: peak memory", peak, GB, "GB", "the simulation included"),
    ]


def _columns(engine: Any, expression: ibis.Table) -> dict[str, Any]:
    found = engine.to_pyarrow(expression)
    return {name: found[name].cast(pa.int64()).to_numpy() for name in found.column_names}


def _written(folder: Path, begin: int, n: int) -> int:
    """A file of the days on which n customers bought; how many there are."""
    rng = np.random.default_rng((20260301, begin))
    age = rng.integers(1, SEEN_DAYS + 1, n)
    rate, loss = rng.gamma(BUYING["r"], 1 / BUYING["alpha"], n), rng.beta(BUYING["a"], BUYING["b"], n)
    nu = rng.gamma(SPENDING["q"], 1 / SPENDING["gamma"], n)
    now, active = np.zeros(n), np.arange(n)
    bought: list[tuple[NDArray[np.intp], NDArray[np.int64]]] = [(active, np.zeros(n, dtype=np.int64))]
    while len(active):
        now[active] += rng.exponential(7, len(active)) / rate[active]
        active = active[now[active] <= age[active]]
        bought.append((active, np.ceil(now[active]).astype(np.int64)))
        active = active[rng.random(len(active)) >= loss[active]]
    who, day = (np.concatenate(parts) for parts in zip(*bought, strict=True))
    who, day = np.divmod(np.unique(who * 1_000 + np.minimum(day, age[who])), 1_000)
    spent = np.maximum(rng.gamma(SPENDING["p"], 1, len(who)) / nu[who], 1).astype(np.int64)
    last = np.datetime64(TODAY, "D")
    columns = {
        "customer_id": pa.array(who + begin).cast(pa.string()),
        "day": pa.array(last - (age[who] - day)),
        "spent_minor": spent,
        "sold_minor": spent,
    }
    pq.write_table(pa.table(columns), folder / f"{begin:09}.parquet", compression="zstd")
    return len(who)


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS
    print(table([*crowd(many), spark(min(many, SAMPLE))]))
