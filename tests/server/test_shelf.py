"""Reports that took long are not read twice, and never shown when something they rest on has changed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier, Thread
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from openchair.chair import shelf as shelves
from openchair.chair.shelf import Shelf
from openchair.core.clock import Moment
from openchair.server.app import Afresh

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A shop whose clock, history and turns are set by hand; every look at its timer takes `seconds`."""

    seconds: float = 1.0
    files_: tuple[str, ...] = ("a",)
    turn: str = "t1"
    now: datetime = NOON
    passed: float = 0.0

    @property
    def state(self) -> SimpleNamespace:
        return SimpleNamespace(turns=lambda n: [SimpleNamespace(turn_id=self.turn)])

    @property
    def history(self) -> SimpleNamespace:
        return SimpleNamespace(files=lambda kind: list(self.files_))

    def timer(self) -> float:
        self.passed += self.seconds
        return self.passed

    def moment(self) -> Moment:
        return Moment(self.now, ZoneInfo("UTC"))


class Counted:
    """A report that tells how often it was read."""

    name = "counted"

    def __init__(self) -> None:
        self.times = count(1)

    def read(self, chair: object, asked: object) -> int:
        return next(self.times)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    yield Shelf()


def test_what_took_long_is_read_once_for_each_thing_asked(shelf: Shelf) -> None:
    """And what is read in no time is read anew."""
    shop, report = Shop(), Counted()
    assert [shelf.read(shop, report, asked) for asked in ("a", "a", "b", "a")] == [1, 1, 2, 1]
    quick = Shop(seconds=shelves.SLOW_SECONDS / 2)
    assert [shelf.read(quick, report, "c") for _ in range(2)] == [3, 4]


@pytest.mark.parametrize(
    "change",
    [{"files_": ("a", "b")}, {"turn": "t2"}, {"now": NOON + timedelta(days=1)}, {"passed": shelves.OLDEST_SECONDS}],
    ids=["a fact came", "the wheel turned", "the day ended", "ten minutes passed"],
)
def test_it_is_read_anew_when_it_may_have_changed(shelf: Shelf, change: dict[str, object]) -> None:
    """Whatever it rests on."""
    shop, report = Shop(), Counted()
    assert shelf.read(shop, report, "") == 1
    assert shelf.read(replace(shop, **change), report, "") == 2  # type: ignore[arg-type]


def test_a_person_who_did_something_sees_it(shelf: Shelf) -> None:
    """Before the answer reaches them; looking, and what programs deliver, changes nothing by itself."""
    shop, report = Shop(), Counted()
    done = [Route(path, lambda request: PlainTextResponse(""), methods=["GET", "POST"]) for path in ("/x", "/v1/track")]
    app = Afresh(Starlette(routes=done), shelf=shelf)

    def ask(method: str, path: str) -> None:
        async def asking() -> None:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
                (await client.request(method, path)).raise_for_status()

        asyncio.run(asking())

    assert shelf.read(shop, report, "") == 1
    ask("GET", "/x")
    ask("POST", "/v1/track")
    assert shelf.read(shop, report, "") == 1
    ask("POST", "/x")
    assert shelf.read(shop, report, "") == 2


def test_what_changed_while_it_was_read_is_not_kept(shelf: Shelf) -> None:
    """Whoever asks next has it read anew."""
    shop, report = Shop(), Counted()

    class Meanwhile(Counted):
        def read(self, chair: object, asked: object) -> int:
            shelf.clear()
            return super().read(chair, asked)

    report = Meanwhile()
    assert [shelf.read(shop, report, "") for _ in range(2)] == [1, 2]


def test_who_asks_for_the_same_at_once_shares_the_work(shelf: Shelf) -> None:
    """Twelve ask together; it is read once."""
    shop, report, together, found = Shop(), Counted(), Barrier(12), []

    def ask() -> None:
        together.wait(10)
        found.append(shelf.read(shop, report, ""))

    asking = [Thread(target=ask) for _ in range(12)]
    for one in asking:
        one.start()
    for one in asking:
        one.join(10)
    assert found == [1] * 12


def test_a_shelf_is_small(shelf: Shelf) -> None:
    """The oldest goes first."""
    shop, report = Shop(seconds=1e-3 + shelves.SLOW_SECONDS), Counted()
    for asked in range(shelves.MOST + 1):
        shelf.read(shop, report, asked)
    assert shelf.read(shop, report, shelves.MOST) == shelves.MOST + 1
    assert shelf.read(shop, report, 0) == shelves.MOST + 2
