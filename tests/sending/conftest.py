"""A shop that may ask: thirty customers with addresses and consents, a live survey, a road that keeps its letters."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import msgspec
import pyarrow as pa
import pytest
from tests.people.conftest import OWNER, Clock, Shop

from openchair.chair.chair import Chair
from openchair.chair.ports import DECISION_COLUMNS, SITUATION_COLUMNS, Letter, NotSent
from openchair.chair.state.records import Message
from openchair.cli.wiring import init_home, open_home
from openchair.core.ids import digest
from openchair.decisions.record import CandidateRecord, Record
from openchair.dossier.rules import Channel
from openchair.listening.asking.survey import starter
from openchair.loyalty.actions import Action

ACTIONS = tuple(
    msgspec.convert(
        {
            "id": f"by-{channel}",
            "pillar": "service",
            "experience": "respond",
            "title": f"Do it by {channel}",
            "want": "they asked for it long ago",
            "relationship": "it is kept in mind what they said",
            "channels": [channel],
            "cost_minor": 1,
            "spacing_days": 0,
            "essential": True,
            "uplift": {"steady": 0.1},
            "uplift_sd": 0.1,
            "undo_hours": 4 if channel == "message" else 0,
            "texts": {
                "en": {"subject": "For {name}", "body": "Dear {name},\n\nhere it is.\n\n{shop}"},
                "ur": {"subject": "{name} کے لیے", "body": "{name}، یہ رہا۔"},
            },
        },
        Action,
    )
    for channel in get_args(Channel)
)
"""One action for each way to reach a customer."""
PEOPLE = 30
LANGUAGES = ("en", "ur-PK", "th", "fr")


@dataclass
class Road:
    """A channel that keeps letters, or fails as it is told."""

    target: str = "road"
    letters: list[Letter] = field(default_factory=list)
    wrong: list[NotSent] = field(default_factory=list)
    """What goes wrong, one try after the other."""
    tried: int = 0

    def send(self, letter: Letter) -> None:
        """Keep it, unless something is to go wrong."""
        self.tried += 1
        if self.wrong:
            raise self.wrong.pop(0)
        self.letters.append(letter)


@dataclass
class Asking(Shop):
    """The shop with its road."""

    road: Road = field(default_factory=Road)

    def messages(self) -> dict[str, Message]:
        """All messages by customer."""
        with self.chair.state._database.read() as connection:  # type: ignore[attr-defined]
            rows = connection.exec_driver_sql("SELECT message_id FROM outbox").scalars().all()
        found = [self.chair.state.message(one) for one in rows]
        return {one.customer_id: one for one in found if one}

    def id(self, n: int) -> str:
        """The customer id of a member."""
        return self.chair.find(f"member-{n}")

    def decided(self, n: int, channel: str) -> str:
        """A decision to do the action of a channel for a member, proposed."""
        action, decision_id = f"by-{channel}", digest(channel, str(n))
        candidate = CandidateRecord(action, 500.0, 100.0, 900.0, 3.0, 0.9)
        record = Record({"stage": "steady", "value_minor": 9000.0, "value_known": True}, (candidate,), ())
        situations = [{"situation_id": "s", "record": msgspec.json.encode(record).decode()}]
        row = {
            "decision_id": decision_id, "customer_id": self.id(n), "situation_id": "s", "action": action,
            "gain_minor": 500.0, "gain_low": 100.0, "gain_high": 900.0, "propensity": 0.9, "policy": "p",
            "arm": "learned", "channel": channel, "features": 0, "window_days": 28,
        }  # fmt: skip
        tables = (
            pa.Table.from_pylist(rows, pa.schema(list(columns.items())))
            for rows, columns in ((situations, SITUATION_COLUMNS), ([row], DECISION_COLUMNS))
        )
        self.chair.state.save_decisions(self.chair.turns(1)[0].day, f"{channel} {n}", *tables)
        return decision_id

    def approved(self, n: int, channel: str) -> str:
        """Such a decision, approved: the id of the message that carries it out."""
        self.chair.mark(self.decided(n, channel), "approved", OWNER.name)
        return self.message_id(n, channel)

    def message_id(self, n: int, channel: str) -> str:
        """The id of the message that carries such a decision out."""
        return digest("decision", digest(channel, str(n)))[:16]

    def message(self, n: int, channel: str) -> Message:
        """The message that carries such a decision out."""
        found = self.chair.state.message(self.message_id(n, channel))
        assert found is not None
        return found

    def status(self, n: int, channel: str) -> tuple[str, str]:
        """How such a decision stands, and its message."""
        message = self.chair.state.message(self.message_id(n, channel))
        decision = self.chair.state.decision(digest(channel, str(n)))
        return decision["status"] if decision else "", message.status if message else ""


def made(home: Path) -> None:
    """A shop whose members 0 to 19 agreed to be asked by e-mail; 25 to 29 have no address."""
    init_home(home, {"name": "Snack & Co", "currency": "EUR", "turn_at": "off"})
    clock = Clock()
    shop = Shop(replace(open_home(home), clock=clock), clock)
    calls = []
    for n in range(PEOPLE):
        traits = {"name": f"Member {n}", "language": LANGUAGES[n % 4]}
        traits |= {"email": f"m{n}@example.org"} if n < 25 else {}
        traits |= {"consent.email.research": "yes"} if n < 20 else {}
        calls.append({"type": "identify", "userId": f"member-{n}", "traits": traits})
        for nth in range(1 + n % 4):
            when = f"2026-0{2 + nth}-{1 + n % 27:02d}T10:00:00Z"
            lines = [{"product_id": "fig", "price": 9.0 + n, "quantity": 1}]
            order = {"order_id": f"{n}-{nth}", "currency": "EUR", "products": lines}
            call = {"type": "track", "event": "Order Completed", "userId": f"member-{n}", "timestamp": when}
            calls.append({**call, "properties": order})
    shop.send(*calls)
    shop.chair.turn()
    shop.chair.surveys.put(starter()[0], by=OWNER)
    shop.chair.surveys.open("nps", by=OWNER)
    shop.chair.state.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def asking_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That shop, made once."""
    home = tmp_path_factory.mktemp("asking") / "shop"
    made(home)
    return home


@pytest.fixture
def reopened() -> Iterator[Callable[[Path, Clock], Asking]]:
    """Opens a home with a road by e-mail and a clock of the test's own; closes what it opened."""
    chairs: list[Chair] = []

    def opening(home: Path, clock: Clock) -> Asking:
        road = Road()
        chairs.append(replace(open_home(home), clock=clock, channels={"e-mail": road}))
        return Asking(chairs[-1], clock, road)

    yield opening
    for chair in chairs:
        chair.state.close()  # type: ignore[attr-defined]


@pytest.fixture
def shop(asking_home: Path, tmp_path: Path, reopened: Callable[[Path, Clock], Asking]) -> Asking:
    """A copy of it for one test."""
    return reopened(Path(shutil.copytree(asking_home, tmp_path / "shop")), Clock())


@pytest.fixture
def acting(shop: Asking) -> Asking:
    """The shop with a catalogue of one action for each way to reach a customer, and as yet no road."""
    shop.chair = replace(shop.chair, beginning=ACTIONS, channels={})
    return shop
