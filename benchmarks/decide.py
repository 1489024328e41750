"""Decisions in the moment: a thousand actions, twenty thousand customers, 200 requests a second.

Requests are sent at times that were fixed beforehand, each over whichever connection is free; latency counts from the
time at which a request was meant to leave, so a server that falls behind pays for everyone who waits.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pyarrow as pa
import uvloop

from benchmarks import Row, at_most
from benchmarks.serving import new_home, new_key, served
from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.cli.wiring import open_home
from openchair.core.ids import digest
from openchair.dossier.consent import yes
from openchair.dossier.rules import FOOD_SAFETY
from openchair.dossier.stage import STAGES
from openchair.loyalty import actions
from openchair.loyalty.actions import Action

ACTIONS, CUSTOMERS = 1_000, 20_000
A_SECOND, SECONDS, CONNECTIONS = 200, 20, 32
WARM_UP = 200


def catalogue(n: int = ACTIONS) -> tuple[Action, ...]:
    """n actions that differ in what they cost and bring: those of the catalogue that comes with Openchair, varied."""
    starter, rng = actions.default(), np.random.default_rng(1)
    return actions.sorted_by_id(
        msgspec.structs.replace(
            starter[k % len(starter)],
            id=f"{starter[k % len(starter)].id[:34]}-{k}",
            idea=starter[k % len(starter)].idea or starter[k % len(starter)].id,
            cost_minor=int(rng.integers(0, 900)),
            moments=(),
        )
        for k in range(n)
    )


def customers(n: int = CUSTOMERS) -> pa.Table:
    """n customers of every stage, with rules, consents, answers, complaints and contacts of their own."""
    rng, day = np.random.default_rng(2), date.today()
    ids = [digest("customer", str(k)) for k in range(n)]

    def days(share: float, span: int) -> list[date | None]:
        ago, known = rng.integers(0, span, n), rng.random(n) < share
        return [day - timedelta(days=int(a)) if k else None for a, k in zip(ago, known, strict=True)]

    stage = rng.choice(7, n, p=[0.05, 0.15, 0.1, 0.3, 0.15, 0.22, 0.03])
    food = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    orders = np.where(stage == 0, 0, np.where(stage == 1, 1, 1 + rng.geometric(0.2, n)))
    agreed = np.array(
        [0, yes("marketing", "e-mail"), yes("profiling"), yes("marketing", "e-mail") | yes("marketing", "call")]
    )
    made: dict[str, Any] = {
        "customer_id": ids,
        "household": ids,
        "name": [f"Customer {k}" for k in range(n)],
        "stage": np.array(STAGES)[stage],
        "orders": orders,
        "spent_minor": orders * 2500,
        "gap_days": rng.gamma(3.0, 9.0, n),
        "first_on": days(1.0, 900),
        "last_on": days(1.0, 300),
        "value_minor": rng.lognormal(9, 1, n),
        "worth_minor": np.where(stage == 0, np.nan, rng.lognormal(9, 1, n)),
        "rules": np.where(food == 2, 1 << rng.integers(0, 14, n), 0),
        "food_safety": np.array(FOOD_SAFETY)[food],
        "consents": agreed[rng.choice(4, n, p=[0.3, 0.5, 0.1, 0.1])],
        "nps_score": np.where(rng.random(n) < 0.8, np.nan, rng.integers(0, 11, n)),
        "sent_friends": rng.poisson(0.1, n),
        "complained_on": days(0.05, 300),
        "contacted_on": days(0.6, 200),
        "attention_budget": rng.choice([6.0, 3.0, 0.0], n, p=[0.9, 0.08, 0.02]),
        "attention_spent": np.where(rng.random(n) < 0.7, 0.0, rng.integers(1, 14, n) / 2),
        "resting": [""] * n,
        "quiet": [""] * n,
    }
    for name in ("value", "worth"):
        made |= {f"{name}_low": made[f"{name}_minor"] * 0.7, f"{name}_high": made[f"{name}_minor"] * 1.4}
    columns = [
        pa.array(made[name] if name in made else [None] * n, from_pandas=True).cast(kind)
        for name, kind in CUSTOMER_COLUMNS.items()
    ]
    return pa.table(columns, schema=pa.schema(list(CUSTOMER_COLUMNS.items())))


def furnish(home: Path, n_actions: int = ACTIONS, n_customers: int = CUSTOMERS) -> None:
    """Put the catalogue and the customers into a home, as a turn would leave them."""
    chair = open_home(home)
    chair.cataloguing.adopt(catalogue(n_actions), why="a benchmark", by=OWNER_AT_HOME)
    rows = customers(n_customers)
    chair.state.replace_customers(rows)
    names = pa.table(
        {
            "identifier": [f"id:member-{k}" for k in range(n_customers)],
            "base_id": rows["customer_id"],
            "because": ["own"] * n_customers,
        }
    )
    chair.state.link(names, datetime.now(UTC))
    chair.state.close()


def requests(key: str, n: int) -> list[bytes]:
    """n whole HTTP requests, each for another customer."""
    made = []
    for k in range(n):
        body = json.dumps({"customer": f"member-{k * 7919 % CUSTOMERS}", "moment": "checkout"})
        made.append(
            f"POST /api/v1/decisions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    return made


async def drive(port: int, work: list[bytes]) -> list[float]:
    """Seconds from the time each request was meant to leave to its whole answer; infinite where it was none."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))
    begun = time.perf_counter() + 0.1

    async def send(place: int, request: bytes) -> float:
        meant = begun + place / A_SECOND
        await asyncio.sleep(max(meant - time.perf_counter(), 0))
        reader, writer = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        free.put_nowait((reader, writer))
        return time.perf_counter() - meant if head.startswith(b"HTTP/1.1 200") else float("inf")

    return await asyncio.gather(*(send(place, request) for place, request in enumerate(work)))


def rows() -> list[Row]:
    """Latency with the load generator on the same cores, and what a decision takes of a processor."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "shop", turn_at="off")
        key = new_key(home, "write")
        furnish(home)
        with served(home) as server:
            given = [sys.executable, "-m", "benchmarks.decide", str(server.port), key]
            process = psutil.Process(server.process.pid)
            before = process.cpu_times()
            told = subprocess.run(given, stdout=subprocess.PIPE, check=True).stdout
            after = process.cpu_times()
    seen = json.loads(told)
    took = after.user + after.system - before.user - before.system
    n = A_SECOND * SECONDS
    note = f"{n:,} at {A_SECOND} a second, half within {seen['p50_ms']:.1f} ms, all within {seen['max_ms']:.0f} ms"
    return [
        at_most("a decision of a thousand actions, p99", seen["p99_ms"], 10, "ms", note),
        Row("a decision, of one processor", 1000 * took / (n + WARM_UP), "ms", note="the server's own time"),
        Row("decisions, answers not as expected", float(seen["failed"]), "answers", "<= 0", seen["failed"] == 0),
    ]


if __name__ == "__main__":
    port, key = int(sys.argv[1]), sys.argv[2]
    work = requests(key, WARM_UP + A_SECOND * SECONDS)
    uvloop.run(drive(port, work[:WARM_UP]))
    seconds = sorted(uvloop.run(drive(port, work[WARM_UP:])))
    found = {f"p{part}_ms": 1000 * seconds[len(seconds) * part // 100] for part in (50, 90, 99)}
    failed = sum(one == float("inf") for one in seconds)
    print(json.dumps(found | {"max_ms": 1000 * seconds[-1 - failed], "failed": failed}))
