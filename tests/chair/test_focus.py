"""Focus in one round: drivers are found where they were planted, a person moves one, effort and decisions follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from openchair.chair.actor import CUSTOMER, OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.chair.focus.drivers import telling
from openchair.chair.focus.drivers.figures import FocusReport, Placed
from openchair.chair.focus.drivers.mapping import MODEL
from openchair.cli.wiring import init_home, open_home
from openchair.core.blocks import Scatter
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.facts.kinds import schema

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ADA = Actor("ada", "staff")
ASKED = {"delivery": 0.6, "help": 0.3, "colour": 0.0}
"""Questions, and what a point more of each is worth in points of NPS."""


@dataclass
class Focused:
    """A shop whose 300 customers order, say how happy they are, and have been turned for once."""

    chair: Chair

    def turn(self, day: int = 0) -> Any:
        return self.chair.turn(self.chair.moment((NOW + timedelta(days=day)).date().isoformat()))


def write(chair: Chair, kind: str, rows: list[dict[str, Any]]) -> None:
    base = {"source": "test", "received_at": NOW}
    whole = [base | {"fact_id": digest(kind, repr(row))} | row for row in rows]
    chair.history.append(kind, pa.Table.from_pylist(whole, schema(kind)))


def fill(chair: Chair, n: int, languages: tuple[str, ...] = ("en",)) -> None:
    """The n customers; those of the second language care for help as others do for delivery."""
    rng = np.random.default_rng(5)
    bought, said, asked_for_help, spoken = [], [], [], []
    for i in range(n):
        who = {"identifier": f"id:{i:03d}"}
        for day in np.unique(rng.integers(2, 300, rng.integers(2, 9))).tolist():
            when = NOW - timedelta(days=day)
            order = {"order_id": f"{i}-{day}", "item_id": "x", "amount_minor": int(rng.integers(500, 5000))}
            money = {"quantity": 1.0, "discount_minor": 0, "currency": "EUR", "is_return": False}
            bought.append(who | {"happened_at": when} | order | money)
        halo = rng.normal()
        rated = {name: float(np.clip(round(3 + halo / 2 + rng.normal()), 1, 5)) for name in ASKED}
        tongue = i % len(languages)
        spoken.append(who | {"name": "language", "value": languages[tongue], "happened_at": NOW - timedelta(days=400)})
        cares = dict(zip(ASKED, (0.3, 0.6, 0.0), strict=True)) if tongue else ASKED
        score = 6 + sum(cares[name] * (value - 3) * 2 for name, value in rated.items()) + rng.normal()
        about = who | {"happened_at": NOW - timedelta(days=9), "survey_id": "s"}
        said.append(about | {"metric": "nps", "score": float(np.clip(round(score), 0, 10))})
        for name, value in rated.items():
            told = {"metric": "own", "question": f"How happy are you with {name}?", "score": value}
            said.append(about | told | {"properties": f'{{"question": "{name}", "scale": 5}}'})
            weight = {"metric": "own", "question": f"How much does {name} matter?", "score": 5 - 2 * ASKED[name] % 3}
            asks = f'{{"need": "{name}", "asks": "importance"}}' if i % 2 else f'{{"question": "{name}_importance"}}'
            said.append(about | weight | {"properties": asks})
        helped = {"channel": "ticket", "text": "where is it?", "happened_at": NOW - timedelta(days=4)}
        asked_for_help += [who | helped] * (i % 3 == 0)
    write(chair, "traits", [{"said_by": "customer", "confidence": 1.0} | one for one in spoken])
    write(chair, "voices", asked_for_help)
    write(chair, "purchases", bought)
    write(chair, "answers", said)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Focused]:
    """The shop, turned once."""
    home: Path = tmp_path_factory.mktemp("focus") / "shop"
    init_home(home, {"currency": "EUR"})
    chair = open_home(home)
    fill(chair, 300)
    focused = Focused(chair)
    focused.turn()
    yield focused
    chair.state.close()


@pytest.fixture
def fresh(shop: Focused, tmp_path: Path) -> Iterator[Chair]:
    """A home that found the same, where nobody has said anything."""
    init_home(tmp_path / "fresh", {"currency": "EUR"})
    chair = open_home(tmp_path / "fresh")
    chair.state.put_models({MODEL: shop.chair.state.model(MODEL) or b""}, NOW)
    yield chair
    chair.state.close()


def of(view: FocusReport, name: str) -> Placed:
    return next(one for one in view.map if one.name == f"survey:{name}")


def test_what_was_planted_is_found(shop: Focused) -> None:
    """The two questions that move NPS come first, in order; what moves nothing is not important and not excelled at."""
    view = shop.chair.focus.report()
    assert (view.outcome, [one.name for one in view.map[:2]]) == ("nps", ["survey:delivery", "survey:help"])
    nps = next(one for one in view.outcomes if one.outcome == "nps")
    assert nps.n == 300 and isinstance(nps.r2, Estimate)
    assert [one.title for one in nps.drivers if one.driver.important] == [
        "How happy are you with delivery?", "How happy are you with help?",
    ]  # fmt: skip
    assert of(view, "delivery").place == "excel" and of(view, "colour").place == "mediocre"
    assert isinstance(of(view, "delivery").performance, Estimate)
    assert 0.4 < of(view, "delivery").performance.value < 0.6
    assert not any(one.proven for one in view.map) and "experiment" in view.caveat


def test_what_customers_met_with_is_counted_and_what_they_state_stands_beside(shop: Focused) -> None:
    """Prices, returns and asking for help are drivers too; what people say matters is no driver, and is shown."""
    view = shop.chair.focus.report()
    nps = next(one for one in view.outcomes if one.outcome == "nps")
    names = {one.name for one in nps.drivers}
    assert {"price:level", "journey:help"} <= names and not any("importance" in name for name in names)
    assert of(view, "delivery").stated == pytest.approx(3.8) and nps.agreement is not None
    back = next(one for one in view.outcomes if one.outcome == "retention")
    assert 250 < back.n < 300 and "price:level" in {one.name for one in back.drivers}


def test_an_outcome_nobody_told_is_unknown(shop: Focused) -> None:
    """No CSAT was asked: the report says so, and how many answers would do."""
    view = shop.chair.focus.report("csat")
    assert view.map == () and "0 customers" in view.unknown
    assert "Ask customers" in repr(telling.focus(view))
    with pytest.raises(BadInput, match="one of nps"):
        shop.chair.focus.report("fame")


def test_a_move_changes_the_budget_and_the_next_turn(shop: Focused) -> None:
    """Moving a driver moves effort at once, and at the next turn its record, the weights and the decisions."""
    focus = shop.chair.focus
    focus.spend(hours=40, money_minor=90_000, contacts=200, by=ADA)
    before = focus.report()
    assert sum(one.wanted.hours or 0 for one in before.map) == 40
    assert sum(one.wanted.money_minor or 0 for one in before.map) == 90_000
    assert before.weights == {}
    after = focus.move("survey:help", "stop", why="we leave it to the makers", by=ADA, hours=10)
    moved = of(after, "help")
    assert (moved.place, moved.moved_by, moved.why) == ("stop", "ada", "we leave it to the makers")
    assert moved.wanted.hours == 0 and of(before, "help").wanted_share > 0
    assert (of(after, "delivery").wanted.hours or 0) > (of(before, "delivery").wanted.hours or 0)
    assert sum(one.wanted.hours or 0 for one in after.map) == 40
    assert any("help" in text and "10 hours" in text for text in after.misspent)
    report = shop.turn(day=1)
    found = report.models["focus"]
    assert found["weights"] == {"service": 0.3}
    assert found["budget"]["How happy are you with help?"] == {"place": "stop", "share": 0.0}
    assert any("To be excellent at" in one.text and "delivery" in one.text for one in report.findings)
    weighed = [
        candidate
        for decision in shop.chair.decisions(day=report.day, limit=200)[0]
        for candidate in decision.candidates
        if candidate.weight != 1
    ]
    assert weighed and {candidate.weight for candidate in weighed} == {0.3}
    told = [one for one in shop.chair.decisions(day=report.day, limit=200)[0] if one.pillar == "Customer service"]
    assert all("the focus map counts it 0.3 times" in " ".join(one.reasons) for one in told)
    put_back = focus.undo("survey:help", by=ADA)
    assert of(put_back, "help").place == of(put_back, "help").suggested and put_back.weights == {}
    again = focus.undo("survey:help", by=ADA)
    assert of(again, "help").place == "stop"
    focus.undo("survey:help", by=ADA)
    past = shop.chair.state.choices("driver", "survey:help")
    assert len(past) == 4 and {one.by for one in past} == {"ada"}


def test_taking_the_map_makes_decisions_follow_it(fresh: Chair) -> None:
    """What the figures suggest counts once somebody stands for it; what was moved by hand stays where it is."""
    focus = fresh.focus
    focus.move("survey:colour", "keep", why="it is ours", by=ADA, pillars=("products",))
    view = focus.take(by=ADA)
    assert of(view, "colour").place == "keep" and all(one.moved_by == "ada" for one in view.map)
    assert view.weights["service"] > 1 and view.weights["products"] == 1


def test_what_cannot_be_placed_is_refused(fresh: Chair) -> None:
    """Unknown drivers and places, no reason, a stranger's wish, costs and hours that cannot be: each says why."""
    focus = fresh.focus
    place = {"place": "keep", "why": "so", "by": ADA}
    with pytest.raises(NotFound):
        focus.move("survey:fame", **place)
    for wrong in (
        {"place": "top"}, {"why": "  "}, {"why": "x" * 501}, {"cost": 9}, {"hours": -1.0}, {"hours": float("nan")},
        {"pillars": ("fame",)}, {"money_minor": 1e13},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            focus.move("survey:help", **(place | wrong))
    with pytest.raises(NotAllowed):
        focus.move("survey:help", **(place | {"by": CUSTOMER}))
    with pytest.raises(BadInput):
        focus.spend(hours=float("inf"), by=ADA)
    with pytest.raises(Conflict):
        focus.undo("survey:help", by=ADA)


def test_the_report_is_told_with_the_map_drawn(shop: Focused) -> None:
    """Every driver is a dot with its intervals; the view is JSON."""
    view = shop.chair.focus.report()
    told = telling.focus(view)
    (plane,) = told.of(Scatter)
    assert isinstance(plane, Scatter) and len(plane.dots) == len(view.map)
    assert "delivery" in told.headline
    assert msgspec.json.decode(msgspec.json.encode(view))["map"][0]["name"] == "survey:delivery"


def test_a_shop_of_a_few_is_told_so(tmp_path: Path) -> None:
    """Fewer than thirty answers: nothing is placed, no decision changes, and the report says what is lacking."""
    init_home(tmp_path / "few", {"currency": "EUR"})
    chair = open_home(tmp_path / "few")
    fill(chair, 20)
    chair.turn(chair.moment(NOW.date().isoformat()))
    view = chair.focus.report()
    assert view.map == () and view.weights == {}
    assert all(isinstance(one.r2, Unknown) and one.r2.needed for one in view.outcomes)
    chair.state.close()


@pytest.mark.slow
def test_the_map_is_for_the_primary_customer(tmp_path: Path) -> None:
    """Once an owner has confirmed whom to serve first, the map is of them; others who care otherwise do not blur it."""
    init_home(tmp_path / "two", {"currency": "EUR"})
    chair = open_home(tmp_path / "two")
    fill(chair, 300, ("en", "ur"))
    seen = {}
    for segment in ("language: en; orders: 4", "language: ur", "all buyers"):
        chair.primary.confirm(segment, by=OWNER_AT_HOME)
        chair.turn(chair.moment(NOW.date().isoformat()))
        view = chair.focus.report()
        nps = next(one for one in view.outcomes if one.outcome == "nps")
        seen[segment] = view.primary, nps.n, view.map[0].name
    assert seen == {
        "language: en; orders: 4": ("language: en; orders: 4", 150, "survey:delivery"),
        "language: ur": ("language: ur", 150, "survey:help"),
        "all buyers": ("", 300, seen["all buyers"][2]),
    }
    chair.state.close()
