"""Growth of a whole shop: who counts, what is left out and why, by part, on either engine and every face."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.cli.conftest import run

from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.value.reports import GrowthReport
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.facts.kinds import schema

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
SINCE, TO = date(2026, 6, 1), date(2026, 6, 30)
EARLIER, LATER, LONG_AGO = date(2026, 5, 12), date(2026, 6, 12), date(2026, 1, 5)


@dataclass
class Shop:
    """A chair and its history, to write facts into."""

    chair: Chair

    def write(self, kind: str, rows: Sequence[dict[str, Any]]) -> None:
        self.chair.history.append(kind, pa.Table.from_pylist(list(rows), schema(kind)))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop in Karachi with nothing in it."""
    init_home(tmp_path / "shop", {"currency": "EUR", "timezone": "Asia/Karachi"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    yield Shop(chair)
    chair.state.close()


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


def fact(kind: str, day: date, who: str | None, **row: Any) -> dict[str, Any]:
    """A fact; what a test leaves out gets a sound value."""
    base = {"source": "test", "received_at": NOW, "happened_at": at(day), "identifier": who and f"id:{who}"}
    more = {
        "purchases": {"item_id": "figs", "quantity": 1.0, "discount_minor": 0, "currency": "EUR", "is_return": False},
        "traits": {"said_by": "customer", "confidence": 1.0},
    }  # fmt: skip
    found = base | more.get(kind, {}) | row
    found["fact_id"] = digest(kind, repr(sorted(found.items(), key=str)))
    return found | ({"order_id": found["fact_id"]} if kind == "purchases" else {})


def bought(day: date, who: str | None, minor: int, **more: Any) -> dict[str, Any]:
    return fact("purchases", day, who, amount_minor=minor, **more)


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """Ada stays, Bo is lost, Cy is sent by Ada, Di is new, Ed comes back; and lines that cannot count."""
    shop.write(
        "purchases",
        [
            bought(EARLIER, "ada", 1000), bought(LATER, "ada", 1200),
            bought(EARLIER, "bo", 700), bought(LATER, "cy", 300), bought(LATER, "di", 250),
            bought(LONG_AGO, "ed", 900), bought(LATER, "ed", 400), bought(LATER, "ada", -100, is_return=True),
            bought(LATER, "ada", 5000, currency="PKR"), bought(LATER, "ada", -5), bought(LATER, None, 80),
            bought(LATER, "ada", 10, quantity=0.0), bought(LATER, "ada", 10**12),
            bought(EARLIER, "ada", 1, currency="XTS"),
        ],
    )  # fmt: skip
    shop.write("traits", [fact("traits", LONG_AGO, who, name="city", value="Lahore") for who in ("ada", "bo", "cy")])
    told_ = [("ada", "cy", LATER), ("di", "di", LATER), ("cy", "ada", LATER)]
    shop.write(
        "referrals",
        [fact("referrals", day, one, invitee=f"id:{other}", status="joined") for one, other, day in told_],
    )
    shop.chair.turn()
    return shop


def causes(report: GrowthReport) -> dict[str, int]:
    return {one.name: one.minor for one in report.causes if one.minor}


def test_each_customer_counts_where_they_belong(busy: Shop) -> None:
    """By hand: 17.00 before, 20.50 after; what cannot count is said, with its number and reason."""
    report = busy.chair.growth.report(since=SINCE, to=TO)
    assert (report.before_from, report.days) == (date(2026, 5, 2), 30)
    assert (report.before_minor, report.after_minor) == (1700, 2050)
    assert causes(report) == {
        "acquisition": 250, "referral": 300, "reactivation": 400, "retention": -700, "price": 200, "refunds": -100,
    }  # fmt: skip
    assert report.customers == {"lost": 1, "new": 1, "referred": 1, "returned": 1, "stayed": 1}
    left = {one.reason: one.facts for one in report.excluded}
    assert left == {
        "not in EUR, and there is no rate for it": 2,
        "an amount beyond 100,000,000,000 minor units": 1,
        "a price below 0 that is not a return": 1,
        "a quantity of 0 or less": 1,
        "nobody's: no customer is known for it": 1,
        "referral: to themselves": 1,
        "referral: by somebody who joined later": 1,
    }
    assert report.levers[0].name == "retention" and "1 customer of 2 who bought" in report.levers[0].evidence
    assert report.levers[-1].name == "acquisition" and not report.levers[-1].existing


def test_parts_add_up_to_the_whole(busy: Shop) -> None:
    """By city and by stage, cause by cause; who told us no city is a part too."""
    whole = busy.chair.growth.report(since=SINCE, to=TO)
    for by in ("city", "stage", "worth"):
        report = busy.chair.growth.report(since=SINCE, to=TO, by=by)
        assert report.causes == whole.causes
        assert [sum(column) for column in zip(*(part.causes for part in report.parts), strict=True)] == [
            one.minor for one in whole.causes
        ]
    assert {part.name for part in busy.chair.growth.report(since=SINCE, to=TO, by="city").parts} == {
        "Lahore", "not known",
    }  # fmt: skip


def test_two_records_of_one_customer_are_one(busy: Shop) -> None:
    """Bo and Di merged: nobody is lost and nobody new; taken apart again, as before."""
    before = busy.chair.growth.report(since=SINCE, to=TO)
    merge = busy.chair.merging.merge("bo", "di", by=OWNER_AT_HOME, why="the same")
    joined = busy.chair.growth.report(since=SINCE, to=TO)
    assert joined.customers == {"referred": 1, "returned": 1, "stayed": 2} and joined.after_minor == before.after_minor
    busy.chair.merging.unmerge(merge.merge_id, by=OWNER_AT_HOME, why="no")
    assert busy.chair.growth.report(since=SINCE, to=TO) == before


def test_a_short_history_says_what_is_lacking(shop: Shop) -> None:
    """Nothing, one day, and an earlier period outside the history: no number, no crash, no 0."""
    empty = shop.chair.growth.report()
    assert (empty.before_minor, empty.after_minor, empty.causes) == (None, None, ())
    assert empty.unknown == "nothing was sold yet"
    shop.write("purchases", [bought(LATER, "ada", 1000)])
    shop.chair.turn()
    one = shop.chair.growth.report()
    assert (one.unknown, one.needed, one.before_minor) == ("the history has 1 day", 13, None)
    outside = shop.chair.growth.report(since=date(2026, 6, 1))
    assert outside.before_minor is None and "the history begins on 2026-06-12" in outside.unknown


def test_what_is_left_out_is_chosen_from_the_history(shop: Shop) -> None:
    """Half of a short history up to the last day with an order; a whole year where there are two."""
    shop.write("purchases", [bought(SINCE - timedelta(days=k), "ada", 100) for k in range(40)])
    shop.chair.turn()
    half = shop.chair.growth.report()
    assert (half.since, half.to, half.days) == (date(2026, 5, 13), SINCE, 20)
    assert len(half.notes) == 2
    shop.write("purchases", [bought(SINCE - timedelta(days=800), "ada", 100)])
    shop.chair.turn()
    year = shop.chair.growth.report()
    assert (year.since, year.days, year.notes) == (date(2025, 6, 2), 365, ())


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"since": TO, "to": SINCE}, "from"),
        ({"to": date(2999, 1, 1)}, "to"),
        ({"since": date(1900, 1, 1)}, "from"),
        ({"since": date(1, 1, 1)}, "from"),
        ({"by": "horoscope"}, "by"),
        ({"by": "allergies"}, "by"),
    ],
)
def test_what_cannot_be_asked_is_named(asked: dict[str, Any], named: str, busy: Shop) -> None:
    """Days the wrong way round, in the future, out of bounds; a part nobody belongs to or that binds."""
    with pytest.raises(BadInput, match=f"^{named}: got"):
        busy.chair.growth.report(**asked)


def test_the_command_line_tells_the_same(busy: Shop) -> None:
    """JSON is the record; Markdown reads as sentences; an option of another report is refused."""
    home = str(busy.chair.home)
    asked = ("--home", home, "report", "growth", "--from", "2026-06-01", "--to", "2026-06-30")
    found = json.loads(run(*asked, "--json").stdout)
    assert (found["before_minor"], found["after_minor"]) == (1700, 2050)
    assert sum(one["minor"] for one in found["causes"]) == 350
    text = run(*asked, "--by", "city").stdout
    assert "brought € 20, the 30 days before € 17." in text
    assert "| did not buy again | −€ 7 | 1 customer |" in text
    assert "Lahore" in text
    assert "since: got" in run(*asked, "--since", "2026-06-01", code=1).stderr


@pytest.mark.spark
@pytest.mark.slow
def test_spark_counts_alike(busy: Shop) -> None:
    """The same report, by part, to the cent."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    from openchair.store.counting.spark import SparkEngine

    ours = busy.chair.growth.report(since=SINCE, to=TO, by="city")
    spark = SparkEngine(busy.chair.history)
    try:
        theirs = replace(busy.chair, engine=lambda: spark, _reading=[]).growth.report(since=SINCE, to=TO, by="city")
    finally:
        spark.close()
    assert ours == theirs
