"""A small shop behind the server: in this process for contracts, in a process of its own for what is killed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from openchair.chair.chair import Chair
from openchair.cli.wiring import init_home, open_home
from openchair.server.app import create_app, state_of
from openchair.store.sql.team.access import SCOPES, Access

# The schedule rests: a test syncs and turns when it means to.
SETTINGS = {"name": "Snack shop", "currency": "EUR", "sync_seconds": "3600", "turn_at": "off"}
MEMBERS = 150
OWNER = ("ada@example.org", "a chair for the customer")


@dataclass(frozen=True)
class Shop:
    """A chair with its keys and a client of its server."""

    chair: Chair
    client: httpx.Client
    keys: dict[str, str]

    @property
    def access(self) -> Access:
        """Who may come in."""
        return state_of(self.chair).access

    def bearer(self, scope: str) -> dict[str, str]:
        """The header that carries the key of a scope."""
        return {"Authorization": f"Bearer {self.keys[scope]}"}

    def send(self, *events: dict[str, Any], **more: Any) -> Any:
        """A batch of events; the answer."""
        return self.client.post(
            "/v1/batch", content=json.dumps({"batch": events, **more}), headers=self.bearer("ingest")
        )


def order(number: int, user: str, day: int, **more: Any) -> dict[str, Any]:
    """An order of one snack on a day of 2026."""
    when = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": user,
        "messageId": f"order-{number}",
        "timestamp": when.isoformat(),
        "properties": {
            "order_id": f"o-{number}",
            "currency": "EUR",
            "products": [{"product_id": "snack-1", "name": "Chilli mango", "price": 24.5, "quantity": 2}],
        },
        **more,
    }


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """An application behind real HTTP on a free loopback port, in a thread of this process; gives its address."""
    config = uvicorn.Config(app, port=0, http="httptools", loop="uvloop", ws="none", log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the application did not start"
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@contextmanager
def browsing(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client that, like a browser on one of our pages, says where it comes from; it follows no redirects."""
    with listening(app) as url, httpx.Client(base_url=url, headers={"Origin": url}, timeout=60) as client:
        yield client


def opened(home: Path) -> Iterator[Shop]:
    """A shop in a folder with a key of each scope, behind a client that speaks from its own pages."""
    chair = open_home(home)
    access = state_of(chair).access
    keys = {scope: access.create_key(f"{scope} key", [scope])[1] for scope in SCOPES}
    app = create_app(chair, access, chair.settings)
    with browsing(app) as client:
        yield Shop(chair, client, keys)
    state_of(chair).close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty shop."""
    init_home(tmp_path / "shop", SETTINGS)
    yield from opened(tmp_path / "shop")


@pytest.fixture(scope="module")
def busy_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Customers with one to five orders each, after a turn; shared by a module that only reads or adds."""
    home = tmp_path_factory.mktemp("busy") / "shop"
    init_home(home, SETTINGS)
    for shop in opened(home):
        orders = [
            order(100 * member + nth, f"member-{member}", 10 * nth + member % 7)
            for member in range(MEMBERS)
            for nth in range(1 + member % 5)
        ]
        assert shop.send(*orders).status_code == 200
        shop.chair.turn(shop.chair.moment("2026-03-01"))
        yield shop


@pytest.fixture
def sign_in(shop: Shop) -> Callable[[], None]:
    """Makes the owner and signs them in."""

    def enter() -> None:
        token = shop.access.invite("owner")
        answer = shop.client.post(f"/welcome/{token}", data={"email": OWNER[0], "password": OWNER[1]})
        assert answer.status_code == 303

    return enter
