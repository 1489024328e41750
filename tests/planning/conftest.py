"""A shop of four hundred customers that turned once, with a clock that a test moves."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from tests.cli.conftest import till

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.intake import own
from openchair.cli.wiring import init_home, open_home

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)  # a Wednesday
OWNER, STAFF, CUSTOMER = Actor("olive", "owner"), Actor("sam", "staff"), Actor("the customer", "customer")


@dataclass
class Clock:
    """The time it is, a little later whenever it is asked."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class Shop:
    """A chair with a clock."""

    chair: Chair
    clock: Clock

    def turn(self, **later: float) -> None:
        """Turn the wheel, some time later."""
        self.clock.now += timedelta(**later)
        self.chair.turn()

    def rows(self, *statuses: str) -> list[dict[str, object]]:
        """The plan's decisions of the last turn's day with these statuses, or all."""
        day = self.chair.turns(1)[0].day
        found: pa.Table = self.chair.state.planned(day=day, statuses=statuses, limit=10_000)
        return found.to_pylist()

    def tie(self, *guests: int, relation: str = "family", since: datetime | None = None) -> None:
        """Let guests be of one household, from now on or since a time."""
        for one, other in pairwise(guests):
            row = {"identifier": f"email:guest{one}@example.org", "other": f"email:guest{other}@example.org",
                   "relation": relation}  # fmt: skip
            row |= {"happened_at": since} if since else {}
            event = own.envelope("ties", f"{one} {other}", self.clock(), row)
            self.chair.state.record([event], {"ties": own.table("ties", event)})


def opened(home: Path) -> Shop:
    clock = Clock()
    return Shop(replace(open_home(home), clock=clock), clock)


@pytest.fixture(scope="session")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop that has read its till's export and turned."""
    home = tmp_path_factory.mktemp("planned") / "shop"
    init_home(home, {"name": "Fig & Co", "currency": "EUR", "turn_at": "off"})
    shop = opened(home)
    shop.chair.listen([till(home.parent / "orders.csv")])
    shop.turn()
    shop.chair.state.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def shop(turned: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of it."""
    found = opened(shutil.copytree(turned, tmp_path / "shop"))
    yield found
    found.chair.state.close()  # type: ignore[attr-defined]
