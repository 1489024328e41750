"""The same turn on DuckDB and on Spark: the same people, stages, values to 1e-9, and the same decisions."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from tests.chair.conftest import RECEIVED, Shop
from tests.chair.test_learning import BEGIN, decide, known, people, spending
from tests.chair.test_subscriptions import subscribers

from openchair.chair.intake.listen import listen
from openchair.chair.intake.referring import secret_of
from openchair.chair.intake.understand import Wanted
from openchair.chair.learning.counting import count
from openchair.chair.ports import Engine
from openchair.core.clock import Moment, moment_of
from openchair.learning.arms import Shares
from openchair.simulation import simulate
from openchair.store.counting import spark
from openchair.store.history import DeltaHistory
from openchair.value.senders import codes

pytestmark = [pytest.mark.spark, pytest.mark.slow]

FIGURES = (
    "spent_minor",
    "gap_days",
    "value_minor",
    "value_low",
    "value_high",
    "p_alive",
    "expected_orders",
    "nps_score",
    "rewarded_share",
    *(f"{figure}_{part}" for figure in ("sender", "brought", "worth") for part in ("minor", "low", "high")),
)
EXACT = ("customer_id", "stage", "first_on", "last_on", "orders", "rules", "food_safety", "consents", "sent_friends",
         "complained_on", "contacted_on", "attention_budget", "attention_spent", "resting", "quiet", "segment",
         "subscribed")  # fmt: skip


@pytest.fixture(scope="module")
def sparked() -> Iterator[Callable[[DeltaHistory], Engine]]:
    """Makes Spark engines over a history; the session ends with the module."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    made: list[spark.SparkEngine] = []

    def engine(history: DeltaHistory) -> Engine:
        made.append(spark.SparkEngine(history))
        return made[-1]

    yield engine
    for one in made:
        one.close()


def read(shop: Shop, *paths: Path) -> None:
    """Import files into a shop."""
    listen(shop.state, shop.history, shop.engine(), paths, Wanted(RECEIVED, ZoneInfo("UTC"), "EUR"), lambda: 0.0, str)


def same(one: Any, two: Any) -> bool:
    """Equal to 1e-9, relative or absolute; unknown equals unknown."""
    return one == two if one is None or two is None else math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)


def turned(shop: Shop, engine: Engine, moment: Moment) -> tuple[Any, dict[str, Any], dict[str, Any], list[str]]:
    """A turn on an engine: how many, the customers by id, the decisions by id, the findings."""
    report = shop.turn(engine=engine, moment=moment)
    rows, _ = shop.state.customers(search="", order="name", limit=1_000_000, after=None)
    chosen, _ = shop.state.decisions(day=moment.day, limit=1_000_000)
    said = [f"{f.text} {f.note}" for f in report.findings]
    return report.customers, {r["customer_id"]: r for r in rows}, {d["decision_id"]: d for d in chosen}, said


def agree(shop: Shop, sparked: Callable[[DeltaHistory], Engine], moment: Moment) -> int:
    """Turn twice, on either engine, and compare all that came out."""
    number, customers, decisions, said = turned(shop, shop.engine(), moment)
    again, on_spark, chosen, told = turned(shop, sparked(shop.history), moment)
    assert number == again == len(customers) and set(customers) == set(on_spark) and said == told
    for key, row in customers.items():
        assert [row[c] for c in EXACT] == [on_spark[key][c] for c in EXACT]
        assert all(same(row[c], on_spark[key][c]) for c in FIGURES), (key, row, on_spark[key])
    assert set(decisions) == set(chosen)
    for key, row in decisions.items():
        assert row["action"] == chosen[key]["action"]
        assert same(row["propensity"], chosen[key]["propensity"]) and same(row["gain_minor"], chosen[key]["gain_minor"])
    return number


def test_on_the_sample_shop(shop: Shop, sparked: Callable[[DeltaHistory], Engine], tmp_path: Path) -> None:
    """Purchases, answers, voices, referrals, traits, consents: every kind of fact that a turn reads; and what only some
    shops have: subscriptions, models by segment, a code that was used."""
    simulate(400, tmp_path / "files", end=date(2026, 6, 1))
    read(shop, tmp_path / "files")
    steps, paid, _runs = subscribers()
    friend = paid[0] | {"identifier": "id:N1"}
    shop.settings = replace(shop.settings, segments_by="language")
    shop.write("steps", *steps)
    shop.write("purchases", *paid, friend)
    moment = moment_of("2026-06-01", ZoneInfo("Asia/Karachi"))
    shop.turn(moment=moment)
    code = codes.code(secret_of(shop.state), shop.customers()["S0001"]["customer_id"])
    shop.write("purchases", friend | {"amount_minor": 700, "coupon": code})
    assert agree(shop, sparked, moment) >= 400
    known = shop.customers()
    assert known["S0001"]["sent_friends"] == 1 and known["S0001"]["subscribed"]
    assert len({row["segment"] for row in known.values()}) > 1


def test_on_online_retail(shop: Shop, sparked: Callable[[DeltaHistory], Engine], shared_data: Path) -> None:
    """541,909 real order lines."""
    read(shop, shared_data / "online_retail" / "online_retail.parquet")
    assert agree(shop, sparked, moment_of("2011-12-10", ZoneInfo("Europe/London"))) == 4_372


def test_on_what_each_arm_brought(shop: Shop, sparked: Callable[[DeltaHistory], Engine]) -> None:
    """The sums that a lift follows from, over two quarters."""
    ids, shares = people(40), Shares(0.5, 0.05)
    known(shop, ids)
    for day in (BEGIN, date(2026, 4, 1)):
        decide(shop, ids, day, shares)
    rows = [{"customer_id": who, "day": day, "spent_minor": n} for who, day, n in spending(ids, shares, 1.2, 5)]
    days, both = pa.Table.from_pylist(rows), []
    for engine in (shop.engine(), sparked(shop.history)):
        found = count(shop.state, engine, engine.share(days), date(2026, 5, 1), 0.5)
        assert found is not None
        both.append([getattr(one, name) for lot in found.sums for one in lot.values() for name in one.__slots__])
    assert len(both[0]) == 2 * 5 * 6
    for ours, theirs in zip(*both, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9)
