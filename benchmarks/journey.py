"""The journey over fifty million steps of two million simulated customers, one robot among them: the whole report.

python -m benchmarks.journey            this benchmark alone
python -m benchmarks.journey 5000000    the same over fewer steps
"""

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks import Row, at_most
from benchmarks.__main__ import table
from openchair.cli.wiring import init_home, open_home
from openchair.core.ids import digest
from openchair.facts import kinds
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory

STEPS, ROBOT = 50_000_000, 1_000_000
SECONDS, GB = 240, 4
MEMORY = "1500MB"
"""DuckDB's own limit; what it needs beyond is on disk."""
A_CUSTOMER = 25
NOW = datetime(2026, 7, 1, tzinfo=UTC)
WAY = (
    "Product Viewed", "Product Viewed", "Products Searched", "Product Added", "Cart Viewed", "Checkout Started",
    "Coupon Denied", "Payment Info Entered", "Order Completed", "Order Shipped", "Order Delivered", "Product Shared",
)  # fmt: skip
"""Of every visit the first steps, more seldom the later ones."""


class Written(DeltaHistory):
    """A history whose steps are files that were not appended, which would take longer than to count them."""

    steps: Sequence[str] = ()

    def files(self, kind: str) -> list[str]:
        """The Parquet files of a kind."""
        return [*self.steps] if kind == "steps" else super().files(kind)


def rows() -> list[Row]:
    """The report as a page would ask for it, in one process on DuckDB with two threads."""
    return over(STEPS)


def over(steps: int) -> list[Row]:
    """Seconds and memory; writing the files comes first and is not counted."""
    with tempfile.TemporaryDirectory(prefix="openchair-journey-") as folder:
        home = Path(folder) / "shop"
        init_home(home, {"currency": "EUR"})
        chair = open_home(home)
        customers = steps // A_CUSTOMER
        history = Written(chair.settings.history)
        history.steps = _written(Path(folder), steps, customers)
        names = [f"id:C{who}" for who in range(customers)]
        ids = pa.array([digest(name) for name in names])
        parts = {"identifier": names, "base_id": ids, "because": [""] * customers}
        chair.state.link(pa.table(parts), NOW)
        engine = DuckEngine(history, MEMORY, 2, folder)
        chair = replace(chair, history=history, clock=lambda: NOW, engine=lambda: engine)
        begun, worked = time.perf_counter(), time.process_time()
        report = chair.journey.report()
        took, worked = time.perf_counter() - begun, time.process_time() - worked
        chair.state.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
    said = f"{report.customers:,} customers, {report.needs:,} needs, {len(report.robots)} robot apart"
    worst = f"first pain {report.pains[0].step}; {worked:.0f} s of processor time" if report.pains else "no pain"
    return [
        at_most(f"journey over {report.steps:,} simulated steps", took, SECONDS, "s", f"{said}; {worst}"),
        at_most("  peak memory", peak, GB, "GB", "making the files included"),
    ]


def _written(folder: Path, steps: int, customers: int) -> list[str]:
    """Visits of a dozen steps at most, each step less likely than the one before, at the customer's own pace."""
    target = folder / "steps.parquet"
    longest, mean = len(WAY), 7.1
    visits = int((steps - ROBOT * (steps == STEPS)) / mean)
    names = ", ".join(f"'{name}'" for name in WAY)
    columns = dict.fromkeys(kinds.schema("steps").names, "NULL") | {
        "fact_id": "md5(concat(v, '-', k))", "source": "'shop'", "received_at": "happened_at",
        "happened_at": "happened_at", "identifier": "identifier", "name": "name",
    }  # fmt: skip
    chosen = ", ".join(f"{value} AS {name}" for name, value in columns.items() if value != "NULL")
    with duckdb.connect() as con:
        con.execute("SET threads = 2; SET memory_limit = '1500MB'; SET TimeZone = 'UTC'")
        con.execute(
            f"""COPY (
            WITH visits AS (
                SELECT v, (hash(v, 1) % {customers})::BIGINT AS who, hash(v, 2) % 1000 AS luck, hash(v, 3) AS h
                FROM range({visits}) r(v)
            ), walked AS (
                SELECT v, k, 'id:C' || who AS identifier, list_extract([{names}], k + 1) AS name,
                    (TIMESTAMP '2025-07-01' + to_seconds((hash(who, h % 9) % 31536000)::BIGINT)
                     + to_seconds((k * (20 + h % 100) + if(k > 8, (k - 8) * 86400, 0))::BIGINT))::TIMESTAMPTZ
                    AS happened_at
                FROM visits, range({longest}) s(k)
                WHERE luck < 1000 - 60 * k - if(k > 6, 120, 0)
                UNION ALL
                SELECT -1 - i, 0, 'id:C0', 'Product Viewed', (TIMESTAMP '2025-08-01' + to_seconds(i))::TIMESTAMPTZ
                FROM range({ROBOT if steps == STEPS else 200_000}) r(i)
            ) SELECT {chosen} FROM walked) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 200000)"""
        )
    return [str(target)]


if __name__ == "__main__":
    print(table(over(int(sys.argv[1]) if sys.argv[1:] else STEPS)))
