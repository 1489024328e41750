"""Ingest on SQLite, durable: batches of 100 over 16 connections, the load generator on the same cores."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import Row, at_least, at_most
from benchmarks.serving import new_home, new_key, served

EVENTS, CONNECTIONS, BATCHES = 100, 16, 1000
RUNS = 3


def _drive(port: int, key: str) -> dict[str, float]:
    given = ["127.0.0.1", str(port), key, str(BATCHES), str(EVENTS), str(CONNECTIONS)]
    done = subprocess.run([sys.executable, "-m", "benchmarks.load", *given], stdout=subprocess.PIPE, check=True)
    seen: dict[str, float] = json.loads(done.stdout)
    return seen


def rows() -> list[Row]:
    """Events a second and p99, medians of RUNS; events move to history meanwhile, as they do in life."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "shop", turn_at="off")
        key = new_key(home, "ingest")
        with served(home) as server:
            seen = [_drive(server.port, key) for _ in range(RUNS)]
    refused = sum(sum(one["other"].values()) for one in seen)  # type: ignore[attr-defined]  # JSON
    note = f"{RUNS} runs of {BATCHES * EVENTS:,} events" + (
        f"; {refused} answers were not as expected" if refused else ""
    )
    each = ", ".join(f"{one['events_per_second']:,.0f}" for one in seen)
    return [
        at_least(
            "ingest, durable", median(s["events_per_second"] for s in seen), 20_000, "events/s", f"{note}: {each}"
        ),
        at_most("ingest, p99 of a batch", median(s["p99_ms"] for s in seen), 150, "ms"),
        Row("ingest, answers not as expected", float(refused), "answers", "<= 0", refused == 0),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
