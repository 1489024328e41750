"""The primary customer of a whole shop: two kinds of buyers, a second side, a target, and an owner who confirms."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.cli.conftest import run

from openchair.chair.actor import CUSTOMER, OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.chair.focus.customer.naming import called
from openchair.chair.focus.customer.primary import conditions_of
from openchair.chair.focus.customer.telling import primary as tell
from openchair.chair.focus.customer.views import PrimaryReport
from openchair.cli.wiring import init_home, open_home
from openchair.core.blocks import Empty, Sentence, Table
from openchair.core.errors import BadInput, NotAllowed
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.facts.kinds import schema

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ADA = Actor("Ada", "staff")
BUYERS, BRANDS = 900, 12


def facts(kind: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Facts from what a test says of them."""
    base: dict[str, Any] = {"source": "test", "received_at": NOW}
    if kind == "purchases":
        base |= {"quantity": 1.0, "discount_minor": 0, "currency": "EUR", "is_return": False}
    if kind == "traits":
        base |= {"said_by": "customer", "confidence": 1.0}
    whole = [base | row | {"fact_id": digest(kind, str(k))} for k, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema(kind))


def market(seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Offices buy much and often, in English; families little and seldom, in Urdu. Whoever came by a friend came back
    1.6 times as often as others."""
    rng = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    traits: list[dict[str, Any]] = []
    for who in range(BUYERS):
        office, friend = who % 3 != 0, rng.random() < 0.4
        joined = NOW - timedelta(days=float(rng.uniform(20, 420)))
        days = [0.0]
        if rng.random() < (0.72 if friend else 0.45):
            days.append(float(rng.uniform(5, 80)))
        if office:
            days += [*rng.uniform(95, 400, 6)]
        for n, after in enumerate(days):
            if joined + timedelta(days=after) < NOW:
                item = "bars" if (office if rng.random() < 0.85 else not office) else "figs"
                money = int(rng.normal(9_000, 1_500) if office else rng.normal(1_500, 300))
                when = joined + timedelta(days=after)
                lines.append({"identifier": f"id:{who}", "happened_at": when, "order_id": f"{who}-{n}", "item_id": item,
                              "item_name": item, "category": item, "amount_minor": max(money, 100)})  # fmt: skip
        said = {
            "side": "member",
            "language": "en" if office else "ur",
            "heard": "friend" if friend else "street",
            "size": rng.choice(["s", "m", "l"]),
            "setting": "desk" if office == (rng.random() < 0.9) else "home",
        }
        traits += [
            {"identifier": f"id:{who}", "happened_at": joined, "name": n, "value": str(v)} for n, v in said.items()
        ]
    for brand in range(BRANDS):
        came = NOW - timedelta(days=1 + 30 * brand)
        traits.append({"identifier": f"id:B{brand}", "happened_at": came, "name": "side", "value": "brand"})
    return {"purchases": lines, "traits": traits}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The market, after a turn."""
    folder = tmp_path_factory.mktemp("market") / "shop"
    init_home(folder, {"name": "Figs & Bars", "currency": "EUR"})
    chair = replace(open_home(folder), clock=lambda: NOW)
    for kind, rows in market().items():
        chair.history.append(kind, facts(kind, rows))
    chair.turn()
    chair.state.close()
    return folder


@pytest.fixture
def chair(home: Path) -> Iterator[Chair]:
    opened = replace(open_home(home), clock=lambda: NOW)
    yield opened
    opened.state.close()


@pytest.mark.slow
def test_the_report_finds_who_really_buys_and_who_picks_the_shop(chair: Chair) -> None:
    """Two sides, two segments, the planted lift within its interval, and those worth most recommended."""
    view = chair.primary.report()
    assert [(one.name, one.people, one.buyers) for one in view.sides] == [
        ("member", BUYERS, BUYERS),
        ("brand", BRANDS, 0),
    ]
    assert all(isinstance(one.weeks, Unknown) for one in view.leading)
    assert len(view.segments) == 2
    big, small = view.segments
    assert (big.customers + small.customers, view.buyers) == (BUYERS, BUYERS)
    assert big.share == pytest.approx(2 / 3, abs=0.03)
    assert {"language"} <= {one.feature for one in big.apart} | {one.feature for one in small.apart}
    assert sum(one.revenue_share for one in view.segments) == pytest.approx(1)
    assert sum(one.worth_share or 0 for one in view.segments) == pytest.approx(1)
    assert view.recommendation is not None
    assert (view.recommendation.name, view.recommendation.sure) == (big.name, True)
    sure = {(one.name, one.value): one for one in view.picks if one.sure}
    lift = sure[("heard", "friend")].lift
    assert isinstance(lift, Estimate)
    assert lift.low <= 1.6 <= lift.high
    assert not any(name in ("size", "side") for name, _value in sure)
    told = tell(view)
    assert told.headline == f"Serve first: {called(big.name)}"
    assert any("too short" not in one.text for one in told.of(Sentence) if isinstance(one, Sentence))
    assert len(told.of(Table)) == 4


@pytest.mark.slow
def test_the_target_is_held_against_who_buys(chair: Chair) -> None:
    """With the share, the lift and its interval; the case of letters does not count; of nobody known it says so."""
    chair.primary.declare(conditions_of("language = UR, heard = friend"), why="who we opened for", by=ADA)
    target = chair.primary.report().target
    assert target is not None
    assert (dict(target.conditions), target.declared_by, target.why) == (
        {"language": "UR", "heard": "friend"}, "Ada", "who we opened for",
    )  # fmt: skip
    assert isinstance(target.share, Estimate)
    assert target.share.low < 0.4 / 3 < target.share.high
    assert isinstance(target.lift, Estimate)
    assert target.lift.low > 1
    assert target.revenue_share is not None and target.revenue_share < 0.1
    chair.primary.declare({"stage": "steady", "shoe size": "44"}, by=ADA)
    nobody = chair.primary.report().target
    assert nobody is not None
    assert isinstance(nobody.share, Unknown)
    assert isinstance(nobody.lift, Unknown)


@pytest.mark.slow
def test_an_owner_confirms_and_is_told_when_the_figures_change_sides(chair: Chair) -> None:
    """Kept with who, when and why; the newest holds; what was recommended then is no news."""
    best = chair.primary.report().recommendation
    assert best is not None
    chair.primary.confirm("Offices", recommended=best.name, why="we know them", by=OWNER_AT_HOME)
    view = chair.primary.report()
    assert view.confirmed is not None
    assert (view.confirmed.name, view.confirmed.by, view.confirmed.at, view.changed) == (
        "Offices", OWNER_AT_HOME.name, NOW, "",
    )  # fmt: skip
    assert tell(view).headline == "Serve first: Offices"
    chair.primary.confirm("Families", recommended="language: ur", why="", by=OWNER_AT_HOME)
    view = chair.primary.report()
    assert called(best.name) in view.changed
    assert [json.loads(one.body)["name"] for one in chair.state.choices("primary")][:2] == ["Families", "Offices"]


@pytest.mark.parametrize(
    "conditions",
    [
        {}, {"": ""}, {"language": ""}, {"": "en"}, {"email": "ada@example.org"}, {"consent.profiling": "yes"},
        {"allergies": "nuts"}, {"stage": "rich"}, {f"t{k}": "x" for k in range(7)}, {"language": "x" * 301},
    ],
)  # fmt: skip
def test_what_makes_no_target_is_refused(chair: Chair, conditions: dict[str, str]) -> None:
    """With what is wrong, and nothing is kept."""
    before = chair.state.choices("target")
    with pytest.raises(BadInput):
        chair.primary.declare(conditions, by=ADA)
    assert chair.state.choices("target") == before


def test_whoever_may_not_choose_is_told_so(chair: Chair) -> None:
    """Staff declare and owners confirm; customers do neither; a name or a reason has an end."""
    with pytest.raises(NotAllowed, match="owner"):
        chair.primary.confirm("Offices", by=ADA)
    with pytest.raises(NotAllowed):
        chair.primary.declare({"language": "en"}, by=CUSTOMER)
    for name, why in (("", ""), ("x" * 301, ""), ("Offices", "x" * 2_001)):
        with pytest.raises(BadInput):
            chair.primary.confirm(name, why=why, by=OWNER_AT_HOME)
    with pytest.raises(BadInput, match="equals"):
        conditions_of("language")


def test_a_shop_without_a_history_says_what_is_lacking(tmp_path: Path) -> None:
    """No orders, or orders of one day: how many more days would do, and never a crash."""
    init_home(tmp_path / "shop", {"currency": "EUR"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    assert (chair.primary.report().unknown, chair.primary.report().needed) == ("the history is too short", 56)
    line = {"identifier": "id:1", "happened_at": NOW - timedelta(days=3), "order_id": "1", "amount_minor": 500}
    chair.history.append("purchases", facts("purchases", [line]))
    chair.turn()
    view = chair.primary.report()
    assert view.needed == 55
    assert isinstance(tell(view).blocks[0], Empty)
    chair.state.close()


def test_few_buyers_are_one_and_makers_may_be_the_other_side(tmp_path: Path) -> None:
    """Sixty buyers make no segments, which is said; brands that orders name are a side."""
    init_home(tmp_path / "shop", {"currency": "EUR"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    rows = [
        {"identifier": f"id:{k % 60}", "happened_at": NOW - timedelta(days=2 + k), "order_id": str(k),
         "amount_minor": 500, "properties": json.dumps({"brand": f"Maker <b>{k % 7}</b>"})}
        for k in range(240)
    ]  # fmt: skip
    chair.history.append("purchases", facts("purchases", rows))
    chair.turn()
    view = chair.primary.report()
    assert "60 customers who bought" in view.no_segments
    assert [(one.name, one.customers) for one in view.segments] == [("all buyers", 60)]
    assert [(one.name, one.people) for one in view.sides] == [("buyers", 60), ("makers", 7)]
    chair.state.close()


@pytest.mark.slow
@pytest.mark.spark
def test_spark_counts_the_same(chair: Chair) -> None:
    """Whatever counts, the report is the same to nine figures."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    from openchair.store.counting.spark import SparkEngine

    chair.primary.declare({"language": "ur"}, by=ADA)
    spark = SparkEngine(chair.history)
    try:
        theirs = replace(chair, engine=lambda: spark, _reading=[]).primary.report()
    finally:
        spark.close()
    assert rounded(theirs) == rounded(chair.primary.report())


def rounded(report: PrimaryReport) -> str:
    """A report with its numbers to nine figures: sums may be added in another order."""
    return re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.9g}", repr(report))


@pytest.mark.slow
def test_the_command_line_prints_it(home: Path) -> None:
    """As Markdown and as JSON."""
    told = run("report", "primary", "--json", home=home)
    assert json.loads(told.stdout)["buyers"] == BUYERS
    assert "Who really buys?" in run("report", "primary", home=home).stdout
