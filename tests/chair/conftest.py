"""A small shop in a folder of its own, whose facts a test writes down as rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from openchair.chair.intake import own
from openchair.chair.ports import Engine
from openchair.chair.views import TurnReport
from openchair.chair.wheel.turn import turn
from openchair.core.clock import Moment
from openchair.core.ids import digest
from openchair.core.settings import Settings, settings_of
from openchair.facts.kinds import schema
from openchair.loyalty import actions
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import SqlState, open_state

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
RECEIVED = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass
class Shop:
    """State, history and settings of one test's shop."""

    state: SqlState
    history: DeltaHistory
    settings: Settings

    def write(self, kind: str, *rows: dict[str, Any]) -> None:
        """Append facts; what a test leaves out gets a sound value."""
        whole = []
        for row in rows:
            base = {"source": "test", "received_at": RECEIVED, "happened_at": START, "fact_id": digest(kind, repr(row))}
            if kind == "purchases":
                base |= {"order_id": base["fact_id"], "quantity": 1.0, "discount_minor": 0, "currency": "EUR"}
                base |= {"is_return": row.get("amount_minor", 0) < 0}
            if kind == "traits":
                base |= {"said_by": "customer", "confidence": 1.0}
            whole.append(base | row)
        self.history.append(kind, pa.Table.from_pylist(whole, schema(kind)))

    def engine(self) -> Engine:
        """A fresh engine over the history."""
        return DuckEngine(self.history)

    def turn(self, day: int = 180, *, engine: Engine | None = None, moment: Moment | None = None) -> TurnReport:
        """Turn the wheel so many days after the start, or at a moment."""
        now = RECEIVED + timedelta(days=day)
        return turn(
            self.state, self.history, engine or self.engine(), self.settings, actions.default(),
            own.to_facts, moment or at(day), now, perf_counter, lambda step: None,
        )  # fmt: skip

    def customers(self) -> dict[str, dict[str, Any]]:
        """All rows of customers, by name."""
        rows, more = self.state.customers(search="", order="name", limit=100_000, after=None)
        assert not more
        return {row["name"]: row for row in rows}

    def decisions(self, day: int = 180) -> dict[str, dict[str, Any]]:
        """All decisions of a day, by the customer's name."""
        rows, more = self.state.decisions(day=at(day).day, limit=100_000)
        assert not more
        return {row["name"]: row for row in rows}


def at(day: int) -> Moment:
    """Midnight, so many days after the start."""
    return Moment(START.replace(hour=0) + timedelta(days=day), ZoneInfo("UTC"))


def regulars(n: int = 120, seed: int = 3) -> list[dict[str, Any]]:
    """Purchases of n customers who buy at their own rates and drop out: enough for a value model to be fitted."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        gap, ends, mean = rng.gamma(3.0, 6.0), rng.uniform(20, 220), rng.gamma(4.0, 800.0)
        days = np.unique(np.floor(rng.uniform(0, 60) + np.cumsum(rng.exponential(gap, 40)))).astype(int)
        for d in days[(days < ends) & (days < 178)]:
            amount = int(mean * rng.gamma(6.0, 1 / 6.0)) + 1
            rows.append(
                {"identifier": f"id:C{i:04d}", "happened_at": START + timedelta(days=int(d)), "amount_minor": amount}
            )
    return rows


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Callable[[], Shop]]:
    """Makes shops, each with nothing in it."""
    made: list[Shop] = []

    def make() -> Shop:
        home = tmp_path / f"shop{len(made)}"
        settings = settings_of(home, {}, {})
        made.append(Shop(open_state(settings.state), DeltaHistory(settings.history), settings))
        return made[-1]

    yield make
    for shop in made:
        shop.state.close()


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    """One shop with nothing in it."""
    return new_shop()
