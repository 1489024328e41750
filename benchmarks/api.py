"""A decision through the API, call by call, and what a server weighs while it waits."""

import http.client
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks import Row, at_most
from benchmarks.serving import Served, new_home, new_key, served

CUSTOMERS = 2_000
CALLS = 1_000
WARM_UP_CALLS = 20
MB = 1024**2
SETTLE_SECONDS = 5.0


def _ask(connection: http.client.HTTPConnection, method: str, path: str, key: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {told[:300]!r}")
    return json.loads(told)


def _orders(first: int, last: int) -> dict[str, Any]:
    """Orders of some customers: each one to five, some weeks apart."""
    return {
        "batch": [
            {
                "type": "track",
                "event": "Order Completed",
                "userId": f"member-{member}",
                "messageId": f"{member}-{nth}",
                "timestamp": f"2026-0{1 + nth % 6}-{1 + member % 27:02d}T12:00:00Z",
                "properties": {
                    "order_id": f"{member}-{nth}",
                    "currency": "EUR",
                    "products": [{"product_id": f"snack-{member % 40}", "price": 3 + member % 9, "quantity": 1 + nth}],
                },
            }
            for member in range(first, last)
            for nth in range(1 + member % 5)
        ]
    }


def _weight(server: Served) -> float:
    return psutil.Process(server.process.pid).memory_info().rss / MB


def rows() -> list[Row]:
    """Idle weight first, then a shop of CUSTOMERS, a turn, and CALLS decisions one after another."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "shop", turn_at="off")
        ingest, write = new_key(home, "ingest"), new_key(home, "read", "write", name="bench")
        with served(home) as server:
            time.sleep(SETTLE_SECONDS)
            idle = _weight(server)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            for first in range(0, CUSTOMERS, 500):
                _ask(connection, "POST", "/v1/batch", ingest, _orders(first, first + 500))
            _ask(connection, "POST", "/api/v1/turns", write, {"as_of": "2026-07-01"})
            seconds = []
            for call in range(CALLS + WARM_UP_CALLS):
                body = {"customer": f"member-{call * 7 % CUSTOMERS}", "moment": "checkout"}
                begun = time.perf_counter()
                _ask(connection, "POST", "/api/v1/decisions", write, body)
                seconds.append(time.perf_counter() - begun)
            connection.close()
            time.sleep(SETTLE_SECONDS)
            after = _weight(server)
    ordered = sorted(seconds[WARM_UP_CALLS:])
    p50, p99 = ordered[CALLS // 2] * 1000, ordered[int(CALLS * 0.99)] * 1000
    return [
        at_most("server, idle", idle, 250, "MB", "resident, before any work"),
        Row("server, after a turn", after, "MB", note=f"resident, {CUSTOMERS:,} customers"),
        at_most("a decision, p99", p99, 20, "ms", f"{CALLS:,} calls, half within {p50:.1f} ms"),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
