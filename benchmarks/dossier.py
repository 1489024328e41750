"""One dossier, one guard, one erasure in a shop of a million customers (made up for this, and only for this)."""

import http.client
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import Row, at_most
from benchmarks.serving import new_home, new_key, served
from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.cli.wiring import open_home
from openchair.decisions import guard
from openchair.dossier.rules import ALLERGENS, Contents
from openchair.facts.kinds import schema

CUSTOMERS = 1_000_000
TRAITS = {"name": "Made-up person {}", "email": "person{}@example.org", "city": "Town {}", "allergies": "peanuts"}
CALLS = 1_000
THINGS = 1_000
SETTLE_SECONDS = 3.0
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _text(pattern: str, numbers: pa.Array) -> pa.Array:
    before, _, after = pattern.partition("{}")
    if "{}" not in pattern:
        return pa.repeat(pattern, len(numbers))
    return pc.binary_join_element_wise(before, numbers, after, "")


def _fill(chair: Chair) -> None:
    """A million customers by id, each with four traits in history and index, and a row as a turn would write it."""
    numbers = pa.array(np.arange(CUSTOMERS)).cast(pa.string())
    names = _text("id:{}", numbers)
    own = pa.array([f"{n:020x}" for n in range(CUSTOMERS)])
    chair.state.link(
        pa.table({"identifier": names, "base_id": own, "because": pa.repeat("first seen", CUSTOMERS)}), NOW
    )
    for place, (name, pattern) in enumerate(TRAITS.items()):
        columns = {
            "fact_id": _text(f"{place:02}-{{}}", numbers),
            "source": pa.repeat("shop", CUSTOMERS),
            "received_at": pa.array(np.full(CUSTOMERS, np.datetime64("2026-01-01", "us"))).cast(
                pa.timestamp("us", "UTC")
            ),
            "happened_at": pa.array(np.full(CUSTOMERS, np.datetime64("2026-01-01", "us"))).cast(
                pa.timestamp("us", "UTC")
            ),
            "identifier": names,
            "properties": pa.nulls(CUSTOMERS, pa.string()),
            "name": pa.repeat(name, CUSTOMERS),
            "value": _text(pattern, numbers),
            "said_by": pa.repeat("customer" if name == "allergies" else "shop", CUSTOMERS),
            "confidence": pa.array(np.ones(CUSTOMERS)),
        }
        chair.history.append("traits", pa.table(columns).select(schema("traits").names))
    rng = np.random.default_rng(1)
    value = rng.gamma(2.0, 5000.0, CUSTOMERS)
    given = {
        "customer_id": own, "name": _text(TRAITS["name"], numbers), "stage": pa.repeat("steady", CUSTOMERS),
        "orders": pa.array(rng.integers(1, 20, CUSTOMERS)),
        "spent_minor": pa.array(rng.integers(100, 90_000, CUSTOMERS)),
        "value_minor": pa.array(value), "value_low": pa.array(value / 2), "value_high": pa.array(value * 2),
        "rules": pa.array(np.zeros(CUSTOMERS, np.int64)), "consents": pa.array(np.zeros(CUSTOMERS, np.int64)),
        "sent_friends": pa.array(np.zeros(CUSTOMERS, np.int64)), "food_safety": pa.repeat("declared", CUSTOMERS),
    }  # fmt: skip
    rows = {name: given.get(name, pa.nulls(CUSTOMERS, kind)) for name, kind in CUSTOMER_COLUMNS.items()}
    chair.state.replace_customers(pa.table(rows))


def _calls(home: Path) -> list[float]:
    """Seconds of each of CALLS dossiers of different customers, through the API of a real server."""
    key = new_key(home, "dossiers", name="bench")
    seconds = []
    with served(home) as server:
        time.sleep(SETTLE_SECONDS)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for call in range(CALLS + 20):
            who = (call * 7919 + 13) % CUSTOMERS
            begun = time.perf_counter()
            connection.request("GET", f"/api/v1/customers/{who}", headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            told = answer.read()
            seconds.append(time.perf_counter() - begun)
            if answer.status != 200 or b"never: peanuts" not in told:
                raise RuntimeError(f"dossier of {who}: {answer.status} {told[:300]!r}")
        connection.close()
    return sorted(seconds[20:])


def _guard(chair: Chair) -> float:
    """Seconds that the guard takes for 1,000 things of different contents, for one customer; the best of several."""
    kinds = [
        Contents(edible=True, allergens=(ALLERGENS[n % 14],), suits=("vegan",) if n % 3 else (), alcohol=n % 7 == 0)
        for n in range(THINGS)
    ]
    things = [guard.Thing(str(n), contents) for n, contents in enumerate(kinds)]
    row = chair.state.customer(f"{13:020x}")
    assert row is not None
    taken = []
    for _ in range(20):
        begun = time.perf_counter()
        guard.cleared(row, "box", things, moment=chair.moment(), settings=chair.settings)
        taken.append(time.perf_counter() - begun)
    return min(taken)


def rows() -> list[Row]:
    """Fill a shop, read dossiers through the API, ask the guard, erase one customer."""
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "shop", turn_at="off")
        chair = open_home(home)
        _fill(chair)
        begun = time.perf_counter()
        chair.catch_up()
        indexed = time.perf_counter() - begun
        calls = _calls(home)
        guarded = _guard(chair)
        begun = time.perf_counter()
        chair.privacy.erase("13", by=OWNER_AT_HOME)
        erased = time.perf_counter() - begun
    p50, p99 = calls[CALLS // 2] * 1000, calls[int(CALLS * 0.99)] * 1000
    facts = CUSTOMERS * len(TRAITS)
    return [
        at_most("a dossier by API, p99", p99, 20, "ms", f"{CALLS:,} of a million customers, half within {p50:.1f} ms"),
        at_most("the guard, 1,000 candidates", guarded * 1000, 1, "ms", "one customer, best of 20"),
        at_most("erasing one of a million", erased, 120, "s", f"{facts:,} facts in history; files written anew"),
        Row("indexing traits of a million", indexed, "s", note=f"{facts:,} facts into the state, once"),
    ]
