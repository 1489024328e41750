"""The loyalty audit of a whole shop: what counts, what is not known, and the same on every face and engine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.chair.test_growth import NOW, Shop, bought, fact
from tests.cli.conftest import run

from openchair.chair.value.reports import AuditReport
from openchair.cli.wiring import init_home, open_home
from openchair.core.estimate import Estimate, Unknown

LAST = date(2026, 6, 30)
BEGAN = date(2026, 5, 1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop in Karachi with nothing in it."""
    init_home(tmp_path / "shop", {"currency": "EUR", "timezone": "Asia/Karachi"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    yield Shop(chair)
    chair.state.close()


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """80 customers who buy every ten days for 200 days; half were sent a coupon and spent about twice as much by it."""
    lines: list[dict[str, Any]] = []
    for who in range(80):
        for k in range(20):
            day = LAST - timedelta(days=10 * k + who % 10)
            lifted = who % 2 == 0 and 0 <= (day - BEGAN).days < 28
            off = {"discount_minor": 100, "coupon": "SPRING"} if lifted else {}
            lines.append(bought(day, f"{who}", 2000 if lifted else 1000 + who, **off))
    lines += [bought(LAST, "1", -50), bought(LAST, "1", 50, currency="PKR")]
    shop.write("purchases", lines)
    sent = {"action": "coupon", "status": "sent", "campaign": "spring"}
    shop.write("contacts", [fact("contacts", BEGAN, f"{who}", **sent) for who in range(0, 80, 2)])
    shop.write("contacts", [fact("contacts", BEGAN, "1", action="letter", status="failed")])
    voice = {"channel": "review", "text": "Good figs."}
    shop.write("voices", [fact("voices", BEGAN, f"{who}", **voice) for who in range(8)])
    shop.chair.turn()
    return shop


def test_what_was_planted_is_told(busy: Shop) -> None:
    """By hand: 40 customers spent 2.00 more on each of about three orders in four weeks, all of that with a coupon."""
    report = busy.chair.loyalty.report()
    assert (report.days, report.customers, report.since) == (200, 80, date(2025, 12, 13))
    (wave,) = report.campaigns
    assert (wave.campaign, wave.method, wave.customers, wave.compared) == ("spring", "matched", 40, 40)
    assert isinstance(wave.brought, Estimate) and 90_000 < wave.brought.low < 112_000 < wave.brought.high < 130_000
    assert report.rewarded_minor == wave.after_minor and report.given_minor == wave.after_minor // 20
    assert (report.regulars, report.reliant) == (80, 0)
    assert isinstance(report.unrewarded, Estimate) and report.unrewarded.high < 0.7
    scores = {one.name: one for one in report.scores}
    assert scores["listening"].share == 0.1 and scores["listening"].value == 2.0
    assert scores["relationship"].share == 1.0 and scores["relationship"].value == 1.0
    assert scores["influence"].value is None and "no referral is known" in scores["influence"].evidence
    known = [one.value for one in report.scores if one.value is not None]
    assert report.overall == pytest.approx(sum(known) / 4)
    assert {one.reason: one.facts for one in report.excluded} == {
        "a price below 0 that is not a return": 1, "not in EUR, and there is no rate for it": 1,
    }  # fmt: skip
    assert any("not by lot" in note for note in report.notes)
    assert isinstance(report.sensitivity, Unknown)


def test_what_is_told_is_told_of_real_people_once(busy: Shop) -> None:
    """The same facts a second time change nothing."""
    before = busy.chair.loyalty.report()
    facts = busy.chair.history.read("purchases", busy.chair.history.files("purchases")).read_all()
    busy.chair.history.append("purchases", facts)
    assert busy.chair.loyalty.report() == before


def test_a_short_history_is_not_audited(shop: Shop) -> None:
    """Nothing, and one day: no number anywhere, and what is lacking."""
    assert shop.chair.loyalty.report().unknown == "nothing was sold yet"
    shop.write("purchases", [bought(LAST, "1", 500)])
    shop.chair.turn()
    report = shop.chair.loyalty.report()
    assert (report.unknown, report.needed) == ("the history has 1 day", 27)
    assert (report.sold_minor, report.overall, report.scores) == (None, None, ())


def test_the_command_line_tells_the_same(busy: Shop) -> None:
    """JSON is the record; Markdown reads as sentences; an option of another report is refused."""
    home = busy.chair.home
    found = json.loads(run("report", "audit", "--json", home=home).stdout)
    report = busy.chair.loyalty.report()
    assert found["overall"] == report.overall and len(found["campaigns"]) == 1
    text = run("report", "audit", home=home).stdout
    assert "| Do we hear them? (listening) | 10% of customers said something in these days | 2.0 |" in text
    assert "| spring (1 May 2026, against untouched customers who bought alike) | 40 | 40 | € 1," in text
    assert "by: got" in run("report", "audit", "--by", "stage", home=home, code=1).stderr


@pytest.mark.spark
@pytest.mark.slow
def test_spark_audits_alike(busy: Shop) -> None:
    """Sums to the cent, estimates to 1e-9."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    from openchair.store.counting.spark import SparkEngine

    ours = busy.chair.loyalty.report()
    spark = SparkEngine(busy.chair.history)
    try:
        theirs = replace(busy.chair, engine=lambda: spark, _reading=[]).loyalty.report()
    finally:
        spark.close()
    assert rounded(ours) == rounded(theirs)


def rounded(report: AuditReport) -> str:
    """A report with its estimates to nine figures."""

    def less(number: Any) -> Any:
        if isinstance(number, Estimate):
            return tuple(f"{value:.9g}" for value in (number.value, number.low, number.high))
        return number

    waves = tuple(replace(one, brought=less(one.brought)) for one in report.campaigns)
    return repr(replace(
        report, campaigns=waves, brought=less(report.brought), unrewarded=less(report.unrewarded),
        sensitivity=less(report.sensitivity), evenness=round(report.evenness or 0, 9),
    ))  # fmt: skip
