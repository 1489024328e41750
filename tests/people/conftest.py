"""A small shop in a home of its own, told of its customers by events as a web shop sends them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.intake import own
from openchair.chair.ports import Envelope
from openchair.cli.wiring import init_home, open_home
from openchair.core.ids import digest

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ADA, BEN = "ada", "ben"
OWNER, STAFF = Actor("olive@shop.example", "owner"), Actor("sam@shop.example", "staff")
PROGRAM, CUSTOMER = Actor("key till", "program"), Actor("the customer", "customer")


@dataclass
class Clock:
    """The time it is, moved by hand, and by a little whenever it is asked."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def on(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass
class Shop:
    """A chair with a clock that a test moves, and events that it writes."""

    chair: Chair
    clock: Clock

    def send(self, *calls: dict[str, Any], sync: bool = True) -> None:
        """Events as a web shop sends them, acknowledged and, unless told otherwise, moved to history."""
        events = []
        for call in calls:
            body = {"timestamp": (self.clock() - timedelta(days=1)).isoformat(), **call}
            told = msgspec.json.encode(body)
            events.append(Envelope(digest(told.decode()), "web", self.clock(), told))
        self.chair.state.inbox.put(events)
        if sync:
            self.chair.sync()

    def identify(self, who: str, **traits: Any) -> None:
        """What the web shop knows of somebody."""
        self.send({"type": "identify", "userId": who, "traits": traits})

    def order(self, who: str, days_ago: float, item: str = "Fig bar", total: float = 20.0) -> None:
        """An order of theirs."""
        when = (self.clock() - timedelta(days=days_ago)).isoformat()
        products = [{"product_id": item, "name": item, "price": total, "quantity": 1}]
        call = {"type": "track", "userId": who, "event": "Order Completed", "timestamp": when}
        number = f"{who}-{days_ago}-{item}"
        self.send({**call, "properties": {"order_id": number, "currency": "EUR", "products": products}})

    def contact(self, who: str, channel: str, action: str = "hello") -> None:
        """Something we did towards somebody."""
        customer_id = self.chair.find(who)
        row = {"identifier": f"id:{who}", "action": action, "status": "sent", "channel": channel}
        event = own.envelope("contacts", f"{who} {self.clock().isoformat()}", self.clock(), row)
        self.chair.state.record([event], {"contacts": own.table("contacts", event)})
        self.chair.restand([customer_id])

    def standing(self, who: str) -> dict[str, Any]:
        """The row that lists and plans look at."""
        row = self.chair.state.customer(self.chair.find(who))
        assert row is not None
        return row


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a new shop."""
    init_home(tmp_path / "shop", {"name": "Snack shop", "currency": "EUR", "turn_at": "off"})
    return tmp_path / "shop"


@pytest.fixture
def opened() -> Iterator[Callable[[Path, Clock], Shop]]:
    """Opens a home with a clock of the test's own; closes what it opened."""
    chairs: list[Chair] = []

    def opening(home: Path, clock: Clock) -> Shop:
        chairs.append(replace(open_home(home), clock=clock))
        return Shop(chairs[-1], clock)

    yield opening
    for chair in chairs:
        chair.state.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop that knows Ada and Ben, who buy now and then, and has turned once."""
    home = tmp_path_factory.mktemp("begun") / "shop"
    init_home(home, {"name": "Snack shop", "currency": "EUR", "turn_at": "off"})
    shop = Shop(replace(open_home(home), clock=Clock()), Clock())
    shop.identify(ADA, email="ada@example.org", name="Ada Byron", city="Lahore")
    shop.identify(BEN, email="ben@example.org", name="Ben Okri", city="Leeds")
    for days in (90, 60, 30):
        shop.order(ADA, days)
        shop.order(BEN, days + 3, total=35.0)
    shop.chair.turn()
    shop.chair.state.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def shop(begun: Path, tmp_path: Path, opened: Callable[[Path, Clock], Shop]) -> Shop:
    """A copy of that shop, for one test."""
    return opened(Path(shutil.copytree(begun, tmp_path / "begun")), Clock())
