"""Journeys of a whole shop: what counts, what is set apart, what a person corrects, on either engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.journey import reading
from openchair.chair.journey.views import JourneyReport
from openchair.chair.people.identifying import identify
from openchair.chair.ports import Engine
from openchair.chair.wheel.know import facts_until
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.facts.kinds import schema
from openchair.journey.counting import MEASURES
from openchair.simulation import simulate
from openchair.store.counting import spark
from openchair.store.history import DeltaHistory

pytestmark = pytest.mark.slow

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)


@dataclass
class Shop:
    """A chair and its history, to write facts into."""

    chair: Chair

    def write(self, kind: str, rows: Sequence[dict[str, Any]]) -> None:
        self.chair.history.append(kind, pa.Table.from_pylist(list(rows), schema(kind)))
        with self.chair.reading() as engine:
            moment = self.chair.moment()
            identify(self.chair.state, engine, facts_until(engine, moment), moment)

    def report(self) -> JourneyReport:
        return self.chair.journey.report()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with nothing in it."""
    init_home(tmp_path / "shop", {"currency": "EUR"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    yield Shop(chair)
    chair.state.close()


def fact(kind: str, who: str, at: datetime, **row: Any) -> dict[str, Any]:
    base = {"source": "test", "received_at": NOW, "happened_at": at, "identifier": f"id:{who}"} | row
    base["fact_id"] = digest(kind, repr(sorted(base.items(), key=str)))
    if kind == "purchases":
        base |= {"order_id": base["fact_id"], "quantity": 1.0, "discount_minor": 0, "currency": "EUR"}
        base |= {"is_return": row["amount_minor"] < 0}
    return base


def funnel(n: int, *, late: int = 0) -> dict[str, list[dict[str, Any]]]:
    """n customers look, fill a basket, and half of them are asked for proof, where two in five are lost."""
    steps, orders = [], []
    for k in range(n):
        at = NOW - timedelta(days=60 + late + (k * 7) % 270, minutes=k)
        way = ["Product Viewed", "Product Added", "Checkout Started", *(["Proof Requested"] if k % 2 else [])]
        for place, name in enumerate(way):
            steps.append(fact("steps", f"c{k}", at + timedelta(minutes=3 * place), name=name))
        if k % 10 not in (1, 3):
            orders.append(fact("purchases", f"c{k}", at + timedelta(minutes=20), amount_minor=4_000))
    return {"steps": steps, "purchases": orders}


def test_a_shop_without_steps_says_so(shop: Shop) -> None:
    """No figure, no crash; and the same of a step that nobody took."""
    empty = shop.report()
    assert (empty.since, empty.figures, empty.unknown) == (None, (), "nobody took a step yet")
    assert isinstance(empty.met, Unknown)
    with pytest.raises(BadInput):
        shop.chair.journey.lost("Product Viewed")


def test_the_step_that_loses_most_is_told_with_those_who_were_lost(shop: Shop) -> None:
    """In customers' own words where they said something; few needs are not told of."""
    for kind, rows in funnel(400).items():
        shop.write(kind, rows)
    lost = next(
        row
        for row in reversed(funnel(400)["steps"])
        if row["name"] == "Proof Requested" and row["identifier"].endswith("1")
    )
    at = lost["happened_at"] + timedelta(days=1)
    shop.write(
        "voices", [fact("voices", lost["identifier"][3:], at, channel="ticket", text="What proof? <b>I gave up")]
    )
    report = shop.report()
    worst = report.pains[0]
    assert (worst.step, worst.entrants, worst.p_worst > 0.99) == ("Proof Requested", 200, True)
    assert isinstance(worst.excess, Estimate) and worst.excess.low < 0.4 < worst.excess.high
    assert isinstance(worst.value, Estimate) and worst.value.value == pytest.approx(4_000, rel=0.01)
    assert worst.examples[0].words == "What proof? <b>I gave up" and len(worst.examples) == 3
    assert len(shop.chair.journey.lost("Proof Requested", limit=1_000)) == 80
    by = {one.step: one for one in report.figures}
    assert by["Proof Requested"].moment == "request" and isinstance(by["Ticket Written"].drop, Unknown)
    assert report.needs == 400 and isinstance(report.met, Estimate) and report.met.value == pytest.approx(0.8, abs=0.01)


def test_steps_out_of_order_and_told_twice_change_nothing(shop: Shop, tmp_path: Path) -> None:
    """Facts written backwards, and all of them again under ids of their own, give the same report."""
    rows = funnel(120)
    for kind, some in rows.items():
        shop.write(kind, some)
    first = shop.report()
    init_home(tmp_path / "other", {"currency": "EUR"})
    other = Shop(replace(open_home(tmp_path / "other"), clock=lambda: NOW))
    again = [{**row, "fact_id": digest(row["fact_id"], "again")} for row in rows["steps"]]
    other.write("purchases", rows["purchases"][::-1])
    other.write("steps", [*again, *rows["steps"][::-1]])
    second = other.report()
    other.chair.state.close()
    assert second.left_out == {"nobody's, or told twice": len(again)} and first.left_out == {}
    counted = [
        (one.step, 2 * one.times if one.step in {r["name"] for r in again} else one.times) for one in first.mapping
    ]
    assert sorted(counted) == sorted((one.step, one.times) for one in second.mapping)
    same = {"left_out": {}, "mapping": ()}
    assert replace(first, **same) == replace(second, **same)


def test_a_robot_is_set_apart_and_named(shop: Shop) -> None:
    """It changes no figure of anybody else."""
    for kind, rows in funnel(100).items():
        shop.write(kind, rows)
    before = shop.report()
    start = NOW - timedelta(days=40)
    shop.write(
        "steps", [fact("steps", "crawler", start + timedelta(seconds=k), name="Product Viewed") for k in range(3_000)]
    )
    after = shop.report()
    assert after.left_out == {"robots": 3_000} and [steps for _who, steps in after.robots] == [3_000]
    assert after.figures == before.figures and after.pains == before.pains


def test_unknown_names_are_placed_by_where_they_occur_and_a_person_may_correct_them(shop: Shop) -> None:
    """A guess says what it rests on; a correction holds, with who and when, until it is taken back."""
    steps = [
        fact("steps", f"c{k}", NOW - timedelta(days=90, minutes=-place), name=name)
        for k in range(40)
        for place, name in enumerate(("11", "Product Added", "22"))
    ]
    shop.write("steps", steps)
    guessed = {one.step: (one.moment, one.said_by) for one in shop.report().mapping}
    assert guessed == {"11": ("recognise", "place"), "Product Added": ("request", "name"), "22": ("repeat", "place")}
    with pytest.raises(BadInput):
        shop.chair.journey.place("22", "afterwards", by=OWNER_AT_HOME)
    shop.chair.journey.place("22", "respond", by=OWNER_AT_HOME, why="it is the box")
    shop.chair.journey.place("11", "none", by=OWNER_AT_HOME)
    said = {one.step: one for one in shop.report().mapping}
    assert (said["22"].moment, said["22"].said_by, said["22"].said_at) == ("respond", "command line", NOW)
    assert said["11"].moment == "" and shop.report().left_out == {"left out by a person": 40}
    shop.chair.journey.place("11", "", by=OWNER_AT_HOME)
    assert shop.report().left_out == {}


def test_more_names_than_are_told_apart_share_one(shop: Shop) -> None:
    """A hundred names: the commonest have their own figures, the others of a moment are taken together."""
    steps = [
        fact("steps", f"c{k}", NOW - timedelta(days=90, minutes=-place), name=f"Page {(k * 5 + place) % 100} viewed")
        for k in range(60)
        for place in range(5)
    ]
    shop.write("steps", steps)
    report = shop.report()
    assert len(report.mapping) == 100 and len(report.figures) == 60
    rest = next(one for one in report.figures if one.step == "Other steps: recognise")
    assert rest.times == sum(one.times for one in report.mapping) - sum(
        one.times for one in report.figures if one is not rest
    )


def test_what_was_done_about_a_pain_is_followed(shop: Shop) -> None:
    """From the day a person says so: the share lost before, since, and the change with its doubt."""
    for kind, rows in funnel(300, late=60).items():
        shop.write(kind, rows)
    done = NOW - timedelta(days=60)
    then = replace(shop.chair, clock=lambda: done)
    then.journey.tackle("Proof Requested", "asked for no proof below € 100", by=OWNER_AT_HOME)
    after = [
        fact("steps", f"new{k}", done + timedelta(days=1, hours=k % 24, minutes=place), name=name)
        for k in range(80)
        for place, name in enumerate(("Product Viewed", "Product Added", "Checkout Started", "Proof Requested"))
    ]
    shop.write("steps", after)
    orders = [
        fact("purchases", f"new{k}", done + timedelta(days=2, hours=k % 24), amount_minor=4_000) for k in range(80)
    ]
    shop.write("purchases", orders)
    pain = next(one for one in shop.report().pains if one.step == "Proof Requested")
    assert pain.tackled is not None and (pain.tackled.by, pain.tackled.on) == ("command line", date(2026, 5, 2))
    assert isinstance(pain.tackled.before, Estimate) and pain.tackled.before.value == pytest.approx(0.4, abs=0.05)
    assert isinstance(pain.tackled.change, Estimate) and pain.tackled.change.high < -0.2
    shop.chair.journey.tackle("Proof Requested", "", by=OWNER_AT_HOME)
    assert all(one.tackled is None for one in shop.report().pains)


def test_rounds_say_whether_each_is_quicker_and_fits_better(shop: Shop) -> None:
    """Forty customers who take half as long each time, and take every other offer, then every one."""
    steps, orders, contacts = [], [], []
    for k in range(40):
        for nth in range(3):
            at = NOW - timedelta(days=300 - 90 * nth, minutes=k)
            steps.append(fact("steps", f"c{k}", at, name="Product Viewed"))
            orders.append(fact("purchases", f"c{k}", at + timedelta(hours=8 / 2**nth), amount_minor=1_000))
            offered = {"action": "figs", "decision_id": f"d{k}-{nth}", "channel": "e-mail"}
            contacts.append(fact("contacts", f"c{k}", at - timedelta(days=30), status="sent", **offered))
            if nth or k % 2:
                contacts.append(fact("contacts", f"c{k}", at - timedelta(days=29), status="clicked", **offered))
    for kind, rows in (("steps", steps), ("purchases", orders), ("contacts", contacts)):
        shop.write(kind, rows)
    shop.chair.journey.place("Our e-mail clicked", "none", by=OWNER_AT_HOME)
    rounds = shop.report().rounds
    ratios = [one.ratio.value for one in rounds if isinstance(one.ratio, Estimate)]
    assert ratios == pytest.approx([1.0, 0.5, 0.25])
    assert [one.accepted.value for one in rounds if isinstance(one.accepted, Estimate)] == [0.5, 1.0, 1.0]


def test_two_records_of_one_customer_have_one_journey(shop: Shop) -> None:
    """Looked at by one, bought by the other: merged it is one need that was met; measures follow."""
    shop.write("steps", [fact("steps", "ada", NOW - timedelta(days=9), name="Product Viewed")])
    shop.write("purchases", [fact("purchases", "bo", NOW - timedelta(days=8), amount_minor=900)])
    assert shop.report().needs == 2
    find = shop.chair.state.find
    shop.chair.merging.merge(str(find("id:ada")), str(find("id:bo")), by=OWNER_AT_HOME, why="the same")
    assert shop.report().needs == 1
    with shop.chair.reading() as engine:
        found = reading.journeys(shop.chair, engine, shop.chair.moment())
        assert found is not None
        (row,) = engine.rows(found.measures()).to_pylist()
    assert set(row) == {"customer_id", *MEASURES} and (row["needs"], row["met"], row["cycle_days"]) == (1, 1, 1.0)


def alike(one: Any, other: Any) -> bool:
    """Equal, numbers to 1e-9."""
    if is_dataclass(one) and type(one) is type(other):
        return all(alike(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == pytest.approx(other, rel=1e-9) if isinstance(one, float) else one == other)


@pytest.fixture(scope="module")
def sparked() -> Iterator[Callable[[DeltaHistory], Engine]]:
    """Makes a Spark engine over a history; the session ends with the module."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    made: list[spark.SparkEngine] = []

    def engine(history: DeltaHistory) -> Engine:
        made.append(spark.SparkEngine(history))
        return made[-1]

    yield engine
    for one in made:
        one.close()


@pytest.mark.spark
def test_the_engines_agree(shop: Shop, sparked: Callable[[Any], Engine], tmp_path: Path) -> None:
    """The whole report of a sample shop, on DuckDB and on Spark."""
    simulate(150, tmp_path / "files", seed=4, end=NOW.date())
    kinds = ("purchases", "steps", "voices", "contacts", "answers")
    shop.chair.listen([tmp_path / "files" / f"{kind}.parquet" for kind in kinds])
    shop.write("traits", [])
    report = shop.report()
    on_spark = replace(shop.chair, engine=lambda: sparked(shop.chair.history), _reading=[])
    other = on_spark.journey.report()
    assert report.needs > 300 and report.figures
    for field in fields(report):
        assert alike(getattr(report, field.name), getattr(other, field.name)), field.name
