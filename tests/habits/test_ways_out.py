"""Whatever goes out to a customer passes the guard: every use case is classified, and every face that reaches one.

A use case of the chair stands in OUT, with the way that the guard holds it to, or in IN, which sends nothing. Routes,
commands and pages are read for the use cases they call. Whatever is new fails here until somebody has said which it is.
"""

import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from fastapi.routing import APIRoute
from tests.cli.conftest import till
from typer.main import get_command

from openchair.chair.acting.cataloguing import Cataloguing
from openchair.chair.acting.delivering import Delivering
from openchair.chair.acting.moments import Ask, Moments
from openchair.chair.acting.planning import Planning
from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.focus.customer.primary import Primary
from openchair.chair.focus.drivers.mapping import Focusing
from openchair.chair.focus.opportunities.seeking import Opportunities
from openchair.chair.intake import own
from openchair.chair.journey.journeying import Journeying
from openchair.chair.learning.learning import Learning
from openchair.chair.learning.promoting import Promoting
from openchair.chair.listening.asking.sending import Sending
from openchair.chair.listening.asking.surveys import Surveys
from openchair.chair.listening.scores.scoring import Scores
from openchair.chair.listening.speaking.calling import Calls
from openchair.chair.listening.speaking.caring import Cases
from openchair.chair.listening.views import Case
from openchair.chair.listening.voices.hearing import Voices
from openchair.chair.people.merging import Merging
from openchair.chair.people.people import People
from openchair.chair.people.privacy import Privacy
from openchair.chair.people.seating import Seating
from openchair.chair.ports import Letter
from openchair.chair.room import Room
from openchair.chair.state.records import Message
from openchair.chair.value.auditing import Auditing
from openchair.chair.value.growing import Growing
from openchair.chair.value.valuing import Valuing
from openchair.cli.main import app as commands
from openchair.cli.wiring import init_home, open_home
from openchair.core.clock import Moment
from openchair.core.errors import Conflict
from openchair.decisions import guard
from openchair.decisions.ways import WAYS
from openchair.dossier.attention import WEIGHTS
from openchair.dossier.rules import Contents
from openchair.listening.asking.survey import starter
from openchair.server.api import api
from openchair.store.sql.state import SqlState

SOURCE = Path(inspect.getfile(Chair)).parents[1]
NOON = Moment(datetime(2026, 7, 1, 12, tzinfo=UTC), ZoneInfo("UTC"))
GUESTS = [f"guest{n}@example.org" for n in range(20)]
BARS = [guard.Thing("bar", Contents(), "parcel", "service")]

OUT = {
    "turn": "plan",
    "day": "plan",
    "decide": "plan",
    "moments.decide": "plan",
    "moments.decide_one": "plan",
    "restand": "plan",
    "mark": "decision",
    "planning.approve": "plan",
    "planning.begin": "plan",
    "planning.done": "decision",
    "people.clear": "any",
    "people.call_list": "call list",
    "cases.waiting": "reply",
    "cases.cases": "reply",
    "cases.case": "reply",
    "cases.own": "reply",
    "calls.make": "call list",
    "calls.list": "call list",
    "sending.send": "survey",
    "delivering.deliver": "decision",
    "delivering.pull": "decision",
}
"""Use cases from which something goes out to a customer, or is made ready to, and the way they are held to."""
IN = {
    "what is known is read": "currency simulated moment now_or_last reading readable preview imports rejects turns "
    "moments "
    "today customers find decision decisions dossier people merging privacy seats scores surveys sending delivering "
    "voices cases calls worth growth loyalty focus journey worth.report growth.report loyalty.report journey.report "
    "journey.lost focus.report primary primary.report primary.chosen opportunities "
    "opportunities.report opportunities.sheet voices.said learning learning.report promoting promoting.live "
    "promoting.promoted promoting.judged "
    "voices.embedder scores.report voices.heard voices.theme voices.of people.dossier people.timeline "
    "people.consents merging.merges merging.reviews privacy.export privacy.copy privacy.audit seats.links seats.look "
    "seats.seat_of seats.view seats.decided surveys.all surveys.get surveys.invitation surveys.visit",
    "what was done and heard is kept, and counted": "cases.open_new cases.close cases.figures calls.note calls.counts",
    "what was said comes in": "listen sync catch_up people.say people.note people.forbid people.lift people.agree "
    "people.attend people.veto people.ask_review seats.refused surveys.record surveys.answer delivering.leave "
    "delivering.report "
    "voices.rename voices.correct voices.propose voices.take",
    "the plan is read, budgets are set, and answers are a no or taken back": "planning planning.report planning.of "
    "planning.allow planning.dismiss planning.undo",
    "whom a survey would go to, and what is to be tried again": "sending.plan delivering.replay",
    "what waits for the team, was given up, or is taken back": "delivering.by_hand delivering.failed "
    "delivering.withdraw",
    "who is who, asked of the team": "merging.resolve merging.merge merging.unmerge merging.join merging.apart "
    "merging.settle",
    "what a step is, and what was done about it": "journey.place journey.tackle",
    "sheets that work backwards, and what the shop can do": "opportunities.write opportunities.restore "
    "opportunities.capable",
    "whom the shop is for, and whom it serves first": "primary.declare primary.confirm",
    "which way of choosing is live, and which may be": "promoting.propose promoting.take_back promoting.promote "
    "promoting.go_back promoting.by_rule",
    "what is to be excelled at, and what there is to spend": "focus.move focus.undo focus.take focus.spend",
    "what can be done is read, and changed; what goes out of it the guard decides": "catalogue cataloguing "
    "cataloguing.number cataloguing.in_force cataloguing.of cataloguing.remember cataloguing.named cataloguing.view "
    "cataloguing.action cataloguing.compare cataloguing.adopt cataloguing.put cataloguing.retire cataloguing.restore",
    "privacy takes away": "keep_tombstones engrave privacy.erase privacy.erase_again privacy.retain delivering.forget",
    "a link, handed to whoever asked for it": "seats.link seats.revoke seats.open seats.enter seats.speak "
    "surveys.link surveys.path",
    "what is asked is made, and asks nobody yet": "surveys.put surveys.open surveys.close",
    "a code, asked for by the customer who waits for it": "seats.new_code",
}
FACES = {
    "POST /decisions": {"moments.decide"},
    "POST /decisions/{decision_id}/status": {"mark"},
    "GET /outbox": {"delivering.pull"},
    "POST /guard": {"people.clear"},
    "POST /turns": {"turn"},
    "POST /plan/approve": {"planning.approve"},
    "POST /plan/done": {"planning.done"},
    "openchair plan approve": {"planning.approve"},
    "openchair plan done": {"planning.done"},
    "server/pages/at_table/plan.py": {"planning.approve", "planning.done"},
    "openchair decide": {"decide"},
    "openchair turn": {"turn"},
    "openchair export": {"people.call_list"},
    "openchair deliver": {"delivering.deliver"},
    "openchair surveys send": {"sending.send"},
    "POST /surveys/{survey_id}/send": {"sending.send"},
    "GET /cases": {"cases.cases"},
    "GET /cases/{case_id}": {"cases.case"},
    "POST /cases/{case_id}/owner": {"cases.own"},
    "GET /calls": {"calls.list"},
    "openchair cases": {"cases.cases"},
    "openchair case own": {"cases.own"},
    "openchair calls": {"calls.make", "calls.list"},
    "server/pages/at_table/cases.py": {"cases.cases", "cases.case", "cases.own"},
    "server/pages/at_table/calls.py": {"calls.make", "calls.list"},
    "server/pages/customers/listening.py": {"cases.waiting"},
    "server/pages/customers/surveys.py": {"sending.send"},
    "cli/demo.py": {"turn", "planning.approve", "planning.done"},
    "server/pages/at_table/today.py": {"mark"},
    "server/schedule.py": {"turn", "day", "delivering.deliver"},
}
"""Routes, commands and modules that reach a use case of OUT."""


def use_cases() -> Iterator[str]:
    """Every public method of the chair, and of the rooms within it."""
    rooms = {"": Chair, "people.": People, "merging.": Merging, "privacy.": Privacy, "seats.": Seating}
    rooms |= {
        "cataloguing.": Cataloguing,
        "scores.": Scores,
        "surveys.": Surveys,
        "sending.": Sending,
        "moments.": Moments,
        "planning.": Planning,
        "delivering.": Delivering,
        "voices.": Voices,
        "cases.": Cases,
        "calls.": Calls,
        "worth.": Valuing,
        "growth.": Growing,
        "loyalty.": Auditing,
        "focus.": Focusing,
        "primary.": Primary,
        "opportunities.": Opportunities,
        "journey.": Journeying,
        "learning.": Learning,
        "promoting.": Promoting,
    }
    for prefix, room in rooms.items():
        for name, value in vars(room).items():
            if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property | Room)):
                yield prefix + name


def reached(source: str) -> set[str]:
    """Use cases of OUT that a piece of source calls or hands on."""
    return {case for case in OUT if re.search(rf"\b(?:chair|apart|open_home\([^)]*\))\.{re.escape(case)}\b", source)}


def routes() -> Iterator[tuple[str, str]]:
    """Routes of the API, each with its source."""
    app = api(None, None, None)  # type: ignore[arg-type]  # nothing is asked of them while it is built
    for part in app.routes:
        for route in part.original_router.routes if hasattr(part, "original_router") else ():
            for method in route.methods:
                # A route that reads and answers by itself does so in its own module.
                own = route.endpoint if type(route) is APIRoute else inspect.getmodule(route.endpoint)
                yield f"{method} {route.path_format}", inspect.getsource(own)


def leaves(name: str, command: Any) -> Iterator[tuple[str, str]]:
    """Commands, each with its source and that of the helpers beside it which it names."""
    for part, inner in getattr(command, "commands", {}).items():
        yield from leaves(f"{name} {part}", inner)
    if not hasattr(command, "commands"):
        body = inspect.getsource(inspect.unwrap(command.callback))
        beside = vars(inspect.getmodule(inspect.unwrap(command.callback)))
        helpers = [beside[word] for word in re.findall(r"\b_\w+", body) if inspect.isfunction(beside.get(word))]
        yield name, "\n".join([body, *map(inspect.getsource, helpers)])


def modules() -> Iterator[tuple[str, str]]:
    """Every other module of the server and the command line, with its source."""
    for path in sorted([*(SOURCE / "server").rglob("*.py"), *(SOURCE / "cli").rglob("*.py")]):
        text = path.read_text(encoding="utf-8")
        if "api" not in path.parts and "\nCOMMANDS: " not in text and " = typer.Typer(" not in text:
            yield path.relative_to(SOURCE).as_posix(), text


def test_every_use_case_is_classified() -> None:
    """A new method of the chair says whether something goes out by it."""
    quiet = {name for names in IN.values() for name in names.split()}
    assert not quiet & set(OUT)
    assert set(use_cases()) == quiet | set(OUT)
    assert set(OUT.values()) <= {*WAYS, "any"}


def test_every_face_that_reaches_a_customer_is_known() -> None:
    """A new route, command or page from which something goes out is named here, with the use case it goes through."""
    faces = [*routes(), *leaves("openchair", get_command(commands)), *modules()]
    assert len(faces) > 90
    assert {name: cases for name, source in faces if (cases := reached(source))} == FACES


def test_nothing_leaves_but_by_a_channel_that_is_known() -> None:
    """The wiring sets channels up for the outbox; beside it only the seat's door opens that room, to send a code that
    its customer is waiting for."""
    users = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"^\s*(?:from|import) (?:openchair\.channels|smtplib|http\.client|urllib\.request|httpx)\b",
                     path.read_text(encoding="utf-8"), re.MULTILINE)
    ]  # fmt: skip
    inside = [f"channels/{name}.py" for name in ("mail", "openai", "reach", "slack", "webhook")]
    assert sorted(users) == [*inside, "cli/wiring.py", "server/seat/routes.py"]


# --- the use cases themselves ask ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a shop that has read its till's export and turned."""
    home = tmp_path_factory.mktemp("home") / "shop"
    init_home(home, {"name": "Fig & Co", "currency": "EUR"})
    chair = open_home(home)
    chair.listen([till(home.parent / "orders.csv")])
    chair.turn(NOON)
    closed(chair)
    return home


@pytest.fixture
def chair(shop: Path, tmp_path: Path) -> Iterator[Chair]:
    """A copy of the shop, at noon of the day of its turn."""
    opened = replace(open_home(shutil.copytree(shop, tmp_path / "shop")), clock=lambda: NOON.now)
    yield opened
    closed(opened)


def closed(chair: Chair) -> None:
    """Give the files back."""
    assert isinstance(chair.state, SqlState)
    chair.state.close()


def acting(chair: Chair) -> list[str]:
    """Decisions of the day to do something."""
    return [one.decision_id for one in chair.decisions(day=NOON.day)[0] if one.status == "proposed"]


def sent(chair: Chair) -> list[str]:
    """Of the first decisions of the day, those that could be sent."""
    gone = []
    for one in acting(chair)[:5]:
        with suppress(Conflict):
            gone += [one] if chair.mark(one, "sent", "me").status == "sent" else []
    return gone


def checkout(chair: Chair) -> list[str]:
    """What is chosen for some customers at an occasion."""
    chosen = [chair.decide(guest, "checkout", at=NOON).action for guest in GUESTS]
    return [action for action in chosen if action != "wait"]


def cleared(chair: Chair) -> list[str]:
    """What may go into a box."""
    said = chair.people.clear("guest1@example.org", "box", BARS, by=OWNER_AT_HOME)
    return [one.thing for one in said if one.verdict == "clear"]


class Road:
    """A channel that keeps what it is given."""

    target = "nowhere"

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)


def asking(chair: Chair, guest: int) -> tuple[Chair, Road]:
    """The chair with a survey that is live, a guest who agreed to be asked, and a road to them."""
    road = Road()
    chair = replace(chair, channels={"e-mail": road})
    chair.surveys.put(starter()[0], by=OWNER_AT_HOME)
    chair.surveys.open("nps", by=OWNER_AT_HOME)
    chair.people.agree(f"guest{guest}@example.org", "research", "e-mail", "yes", by=OWNER_AT_HOME)
    return chair, road


def asked(chair: Chair) -> list[str]:
    """Messages that wait after a survey was sent to one of those who agreed."""
    before = set(chair.state.awaiting("survey"))
    for guest in (1, 2):
        chair, _ = asking(chair, guest)
    chair.sending.send("nps", by=OWNER_AT_HOME, limit=1)
    return sorted({*chair.state.awaiting("survey")} - before)


def delivered(chair: Chair) -> list[Letter]:
    """Letters that went out of those that waited, one to somebody new each time."""
    guest = next(n for n in (3, 4) if chair.state.message(f"{n:016x}") is None)
    chair, road = asking(chair, guest)
    who, address, now = chair.find(f"guest{guest}@example.org"), f"guest{guest}@example.org", chair.clock()
    about = ("survey", "nps", who, "e-mail", address, "en", now, now, "waiting")
    chair.state.add_messages([Message(f"{guest:016x}", *about)])
    chair.delivering.deliver()
    return road.letters


def pulled(chair: Chair) -> list[Letter]:
    """Letters that another system is given, of the decisions that were approved, as many as there are left."""
    chair = replace(chair, channels={})
    for one in acting(chair)[:20]:
        with suppress(Conflict):
            chair.mark(one, "approved", "me")
    chair = replace(chair, clock=lambda: NOON.now + timedelta(days=1))  # none of them can be taken back any more
    return [letter for name in WEIGHTS for letter in chair.delivering.pull(name, limit=1, seconds=10)]


def unhappy(chair: Chair) -> str:
    """The case of a customer who scored low."""
    row = {"identifier": "email:guest1@example.org", "survey_id": "s", "metric": "nps", "score": 2.0}
    event = own.envelope("answers", "low", NOON.now, row)
    chair.state.record([event], {"answers": own.table("answers", event)})
    chair.cases.open_new()
    return chair.cases.waiting()[0].case_id


def remedies(*cases: Case) -> list[str]:
    """What is suggested for them."""
    return [case.remedy for case in cases if case.remedy]


def begun(chair: Chair) -> list[int]:
    """What goes out where nothing needs anybody's yes."""
    free = tuple(msgspec.structs.replace(action, approve=False) for action in chair.catalogue)
    settled = replace(chair, beginning=free).planning.begin()
    return list(range(settled.marked if settled else 0))


LEADERS = (f"leader{n}@example.org" for n in count())

DRIVEN: dict[str, Callable[[Chair], list[Any]]] = {
    "turn": lambda chair: [chair.turn(NOON), *acting(chair)][1:],
    "day": lambda chair: [chair.day(), *acting(chair)][1:],
    "decide": checkout,
    "moments.decide": lambda chair: [
        one for one in chair.moments.decide([Ask(guest, "visit") for guest in GUESTS], NOON) if one.action != "wait"
    ],
    "moments.decide_one": lambda chair: [
        one for guest in GUESTS if (one := chair.moments.decide_one(Ask(guest, "contact"), NOON)).action != "wait"
    ],
    "restand": lambda chair: [
        chair.restand([chair.decision(one).customer_id for one in acting(chair)]),
        *acting(chair),
    ][1:],
    "mark": sent,
    "planning.approve": lambda chair: list(
        range(chair.planning.approve(by=OWNER_AT_HOME, decisions=acting(chair)[:3]).marked)
    ),
    "planning.begin": begun,
    "planning.done": lambda chair: list(
        range(chair.planning.done(by=OWNER_AT_HOME, decisions=acting(chair)[:3]).marked)
    ),
    "people.clear": cleared,
    "people.call_list": lambda chair: list(chair.people.call_list(by=OWNER_AT_HOME)),
    "cases.waiting": lambda chair: remedies(*(unhappy(chair) and chair.cases.waiting())),
    "cases.cases": lambda chair: remedies(*(unhappy(chair) and chair.cases.cases()[0])),
    "cases.case": lambda chair: remedies(chair.cases.case(unhappy(chair), by=OWNER_AT_HOME)),
    "cases.own": lambda chair: remedies(chair.cases.own(unhappy(chair), "ada", by=OWNER_AT_HOME)),
    "calls.make": lambda chair: list(range(chair.calls.make([next(LEADERS)]))),
    "calls.list": lambda chair: [chair.calls.make(["ada"]), *chair.calls.list(by=OWNER_AT_HOME, leader="ada")][1:],
    "sending.send": asked,
    "delivering.deliver": delivered,
    "delivering.pull": pulled,
}
"""What goes out, or is made ready to, by each use case of OUT."""


@pytest.mark.slow
@pytest.mark.parametrize("case", OUT)
def test_nothing_goes_out_past_the_guard(case: str, chair: Chair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the guard's one check says no to everything, nothing goes out; where it does not, something does."""
    assert DRIVEN[case](chair)
    monkeypatch.setattr(guard, "against", lambda of, things: np.ones((len(of), len(things)), dtype=np.int16))
    assert DRIVEN[case](chair) == []
