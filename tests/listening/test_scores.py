"""The score of a shop: whose answers count, what they are weighted on, what it is broken down by, on every face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.conftest import run, told

from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.listening.scores.measuring import Measured, Sources, current, measure
from openchair.chair.ports import CUSTOMER_COLUMNS, Engine
from openchair.cli.wiring import init_home, open_home
from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.facts.kinds import schema
from openchair.listening.nps import nps
from openchair.listening.scores.metric import METRICS
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Karachi")
MOMENT = Moment(NOW, ZONE)
IDENTITY = pa.schema([("identifier", pa.string()), ("customer_id", pa.string())])
PLACED = pa.schema([(name, CUSTOMER_COLUMNS[name]) for name in ("customer_id", "stage", "orders", "value_minor")])


def ago(days: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


def fact(kind: str, **row: Any) -> dict[str, Any]:
    """A fact; what a test leaves out gets a sound value."""
    base = {"source": "test", "received_at": NOW, "happened_at": ago(1), "fact_id": digest(kind, repr(row))}
    more: dict[str, dict[str, Any]] = {
        "answers": {"survey_id": "relationship", "metric": "nps"},
        "purchases": {"order_id": base["fact_id"], "quantity": 1.0, "discount_minor": 0, "currency": "EUR",
                      "is_return": False, "amount_minor": 1000},
        "traits": {"said_by": "customer", "confidence": 1.0},
        "contacts": {"status": "sent"},
    }  # fmt: skip
    return base | more.get(kind, {}) | row


def said(score: float, who: str | None = None, days: float = 1, **more: Any) -> dict[str, Any]:
    """An answer to the NPS question, so many days ago."""
    identifier = f"id:{who}" if who else None
    return fact("answers", **{"score": float(score), "identifier": identifier, "happened_at": ago(days), **more})


@dataclass
class Shop:
    """A chair and its history, to write facts into."""

    chair: Chair

    def write(self, kind: str, rows: Sequence[dict[str, Any]]) -> None:
        """Append facts."""
        self.chair.history.append(kind, pa.Table.from_pylist(list(rows), schema(kind)))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop in Karachi with nothing in it."""
    init_home(tmp_path / "shop", {"currency": "EUR", "timezone": ZONE.key})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    yield Shop(chair)
    chair.state.close()


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """60 customers who bought and answered, 40 who only bought; half of them speak English, half Urdu, of whom only a
    third answered: they are less happy. One customer is known by two numbers, and two answers are nobody's."""
    bought, traits, answers = [], [], []
    for i in range(120):
        english = i % 2 == 0
        bought.append(
            fact("purchases", identifier=f"id:{i}", happened_at=ago(40), item_name="Figs" if i % 3 else "Dates")
        )
        bought.append(
            fact("purchases", identifier=f"id:{i}", happened_at=ago(10), item_name="Nuts", order_id=f"late {i}")
        )
        traits.append(fact("traits", identifier=f"id:{i}", name="language", value="en" if english else "ur"))
        if english or i % 6 == 1:
            answers.append(said(9 if i % 4 == 0 or i % 5 == 0 else 8 if english else 4, f"{i}", days=20))
    shop.write("purchases", bought)
    shop.write("traits", traits)
    shop.write("answers", [*answers, said(10, days=2, fact_id="nobody 1"), said(0, days=2, fact_id="nobody 2")])
    shop.chair.turn()
    return shop


def test_each_customers_newest_answer_counts_and_nobodys_one_each(shop: Shop) -> None:
    """By hand: eight customers and three answers of nobody; one older answer, one of another metric, one too old."""
    rows = [said(9, "a", 50), said(3, "a", 5), said(10, "b", 89), said(0, "c", 95)]
    rows += [said(10, f"d{i}", 3) for i in range(5)] + [said(7, "e", 1), said(5, "e", 1, metric="csat")]
    rows += [said(score, None, 2, fact_id=f"nobody {score}") for score in (9, 8, 6)]
    shop.write("answers", rows)
    shop.chair.turn()
    report = shop.chair.scores.report()
    assert (report.promoters, report.passives, report.detractors, report.n) == (7, 2, 2, 11)
    assert report.value == pytest.approx(100 * 5 / 11) and report.effective_n == 11 and not report.weighted_on
    assert report.daily[-1].value == report.value and report.daily[-1].begins == MOMENT.day
    assert sum(week.n for week in report.trend) == 13


def test_two_records_of_one_customer_have_one_answer(shop: Shop) -> None:
    """Merged, the newer of the two counts; taken apart again, both."""
    shop.write("answers", [said(9, "a", 5), said(2, "b", 3), *(said(8, f"c{i}") for i in range(10))])
    shop.chair.turn()
    before = shop.chair.scores.report()
    merge = shop.chair.merging.merge("a", "b", by=OWNER_AT_HOME, why="the same")
    joined = shop.chair.scores.report()
    assert (before.n, joined.n, joined.promoters, joined.detractors) == (12, 11, 0, 1)
    shop.chair.merging.unmerge(merge.merge_id, by=OWNER_AT_HOME, why="no")
    assert shop.chair.scores.report().n == 12


def test_a_day_is_the_shops_own(shop: Shop) -> None:
    """An answer at 20:00 UTC is of the next day in Karachi, and of its week."""
    shop.write("answers", [said(9, "a", happened_at=datetime(2026, 6, 28, 20, tzinfo=UTC))])
    trend = shop.chair.scores.report().trend
    assert [(week.begins, week.n) for week in trend[-2:]] == [(date(2026, 6, 22), 0), (date(2026, 6, 29), 1)]


def test_too_few_answers_say_how_many_more(shop: Shop) -> None:
    """No value, no interval, no zero."""
    shop.write("answers", [said(9, f"{i}") for i in range(4)])
    report = shop.chair.scores.report()
    assert (report.value, report.low, report.high, report.effective_n, report.n) == (None, None, None, None, 4)
    assert report.needed == 6 and "6 more needed" in report.unknown


def test_who_answers_less_weighs_more(busy: Shop) -> None:
    """Urdu speakers answered a third as often: weighted on language they are half again, and the score falls."""
    report = busy.chair.scores.report()
    assert "language" in report.weighted_on
    assert isinstance(report.unweighted, Estimate) and report.value is not None
    assert report.value < report.unweighted.value - 5
    assert report.effective_n is not None and 50 < report.effective_n < report.n == 82
    # 60 English answers of weight 2/3, 20 Urdu of weight 2, 2 of nobody of weight 1.
    english, urdu = report_of(busy, "en"), report_of(busy, "ur")
    expected = (60 * 2 / 3 * english + 20 * 2 * urdu + 0) / 82
    assert report.value == pytest.approx(expected, abs=0.01)


def report_of(shop: Shop, language: str) -> float:
    """The plain score of the answers of one language, by hand."""
    scores = []
    for i in range(120):
        english = i % 2 == 0
        if (english or i % 6 == 1) and english == (language == "en"):
            scores.append(9 if i % 4 == 0 or i % 5 == 0 else 8 if english else 4)
    return 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)


def test_where_nothing_is_known_of_customers_nothing_is_weighted(shop: Shop) -> None:
    """Forty alike, of whom no trait is known but one that is named like a column: the plain score."""
    shop.write("purchases", [fact("purchases", identifier=f"id:{i}", happened_at=ago(10)) for i in range(40)])
    shop.write("traits", [fact("traits", identifier=f"id:{i}", name="who", value="abc"[i % 3]) for i in range(40)])
    shop.write("answers", [said(9 if i % 2 else 5, f"{i}") for i in range(40)])
    shop.chair.turn()
    report = shop.chair.scores.report(by="who")
    assert report.value == pytest.approx(0)
    assert report.effective_n == pytest.approx(40) and {part.name: part.n for part in report.parts}["a"] == 14


def test_the_days_lens_is_the_reports_score(busy: Shop) -> None:
    """One definition: the turn, the report and the last day of the trend."""
    lens = busy.chair.turns(1)[0].lenses[0]
    report = busy.chair.scores.report(as_of=NOW.isoformat())
    assert (lens.value, lens.low, lens.high) == pytest.approx((report.value, report.low, report.high))
    assert "82 answers, weighted on" in lens.note


@pytest.mark.parametrize(
    ("by", "sizes"),
    [
        ("language", {"en": 60, "ur": 20, "not known": 2}),
        ("product", {"Figs": 60, "Dates": 20, "not known": 2}),
        ("survey", {"relationship": 82}),
        ("step", {"not known": 82}),
    ],
)
def test_a_score_is_broken_down(busy: Shop, by: str, sizes: dict[str, int]) -> None:
    """By a trait, by what they had bought last before the answer, by survey; what is not known stands last."""
    parts = busy.chair.scores.report(by=by).parts
    assert {part.name: part.n for part in parts} == sizes
    assert [part.name for part in parts] == list(sizes)
    if by == "language":
        assert {part.name: part.customers for part in parts} == {"en": 60, "ur": 60, "not known": 0}
        values = {part.name: part.value.value for part in parts if isinstance(part.value, Estimate)}
        assert values["en"] > values["ur"]


def test_stage_and_worth_are_parts_too(busy: Shop) -> None:
    """Every customer's stage; worth is unknown in a shop where nobody can be valued."""
    stages = busy.chair.scores.report(by="stage").parts
    assert sum(part.customers for part in stages) == 120 and sum(part.n for part in stages) == 82
    assert [part.name for part in busy.chair.scores.report(by="worth").parts] == ["not known"]


@pytest.mark.parametrize(
    "wrong",
    [{"by": "horoscope"}, {"by": "email"}, {"days": 0}, {"metric": "sun"}, {"since": date(2027, 1, 1)}, {"as_of": "x"},
     {"since": date(1990, 1, 1)}, {"days": 10**9}],
)  # fmt: skip
def test_what_cannot_be_reported_is_refused(busy: Shop, wrong: dict[str, Any]) -> None:
    """An unknown part, an identifier, no days, another metric, a day to come."""
    with pytest.raises(BadInput):
        busy.chair.scores.report(**wrong)


def test_a_change_compares_the_last_word_before_with_the_first_since(shop: Shop) -> None:
    """Forty customers: 9 before and 3 after; what they say later still does not count again."""
    rows = [said(9, f"{i}", 40) for i in range(40)] + [said(3, f"{i}", 20) for i in range(40)]
    shop.write("answers", rows + [said(10, f"{i}", 2) for i in range(40)])
    shop.chair.turn()
    change = shop.chair.scores.report(since=date(2026, 6, 1)).change
    assert change is not None and change.changed
    assert isinstance(change.difference, Estimate) and change.difference.value == -200
    early = shop.chair.scores.report(since=date(2026, 6, 1), as_of="2026-06-05").change
    assert early is not None and change.changed != early.changed and isinstance(early.difference, Unknown)


def test_response_counts_whom_we_asked(shop: Shop) -> None:
    """Four were sent the survey: one answered it, one had answered before, one answered another; nobody else counts."""
    sent = [fact("contacts", identifier=f"id:{who}", action="survey:spring", happened_at=ago(9)) for who in "abcd"]
    sent.append(fact("contacts", identifier="id:e", action="survey:ease", happened_at=ago(9)))
    sent.append(fact("contacts", identifier="id:f", action="a letter", happened_at=ago(9)))
    rows = [said(9, "a", 5, survey_id="spring"), said(9, "b", 10, survey_id="spring"), said(9, "c", 5, survey_id="x")]
    shop.write("contacts", sent)
    shop.write("answers", [*rows, said(6, "e", 5, survey_id="ease", metric="ces")])
    shop.chair.turn()
    response = shop.chair.scores.report().response
    assert isinstance(response, Estimate) and (response.value, response.n) == (0.25, 4)
    assert shop.chair.scores.report(days=3).response is None


def test_satisfaction_is_read_on_each_surveys_own_scale(shop: Shop) -> None:
    """Stars of five, boxes of seven, and a scale of three that the answers name."""
    stars = [said(s, f"a{i}", metric="csat", survey_id="stars") for i, s in enumerate([4, 5, 5, 3, 1])]
    boxes = [said(s, f"b{i}", metric="csat", survey_id="boxes") for i, s in enumerate([7, 6, 5, 4])]
    faces = [
        said(s, f"c{i}", metric="csat", survey_id="faces", properties='{"scale": 3}') for i, s in enumerate([3, 2])
    ]
    beyond = [said(s, f"d{i}", metric="csat", survey_id="stars") for i, s in enumerate([11, -1])]
    ease = [said(s, f"e{i}", metric="ces", survey_id="ease") for i, s in enumerate([1, 4, 7] * 4)]
    shop.write("answers", stars + boxes + faces + beyond + ease)
    report = shop.chair.scores.report("csat")
    assert (report.n, report.promoters, report.passives, report.detractors) == (11, 6, 4, 1)
    assert report.value == pytest.approx(100 * 6 / 11)
    effort = shop.chair.scores.report("ces")
    assert (effort.value, effort.n, effort.promoters, effort.detractors) == (4, 12, 4, 4)


# ---- counting, whatever the order -----------------------------------------------------------------------------------

answers = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c", "d"]), st.integers(1, 120), st.integers(0, 10)), max_size=25
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    """An engine over an empty history."""
    made = DuckEngine(DeltaHistory(str(tmp_path_factory.mktemp("none"))))
    yield made
    made.close()


def counted(engine: Engine, rows: list[dict[str, Any]], days: int = 90) -> Measured:
    """What an engine counts of answers; customer b is a second record of a."""
    who = [{"identifier": f"id:{one}", "customer_id": "a" if one == "b" else one} for one in "abcd"]
    sources = Sources(
        engine.share(pa.Table.from_pylist(rows, schema("answers"))),
        engine.share(pa.Table.from_pylist([], schema("traits"))),
        engine.share(pa.Table.from_pylist(who, IDENTITY)),
        engine.share(pa.Table.from_pylist([], PLACED)),
    )
    return measure(engine, METRICS["nps"], sources, MOMENT, days)


@pytest.mark.slow
@settings(max_examples=12)
@given(answers, st.randoms())
def test_order_and_duplicates_change_nothing_and_the_count_is_the_plain_one(
    engine: DuckEngine, drawn: list[tuple[str | None, int, int]], random: Any
) -> None:
    """Compared with a loop over the answers; ties of one moment fall to the greater fact id."""
    rows = [said(score, who, day, fact_id=f"{n:03}") for n, (who, day, score) in enumerate(drawn)]
    shuffled = rows + random.sample(rows, len(rows) // 2)
    random.shuffle(shuffled)
    newest: dict[str, tuple[datetime, str, float]] = {}
    for row in rows:
        name = {"id:b": "id:a"}.get(row["identifier"], row["identifier"]) or row["fact_id"]
        if row["happened_at"] > ago(90):
            newest[name] = max(
                newest.get(name, (ago(999), "", 0.0)), (row["happened_at"], row["fact_id"], row["score"])
            )
    scores = [score for *_, score in newest.values()]
    for some in (rows, shuffled):
        tally = counted(engine, some).spans.window(MOMENT.day, 90)
        assert tally.answers == len(scores)
        assert tally.of(1) == sum(s >= 9 for s in scores) and tally.of(-1) == sum(s <= 6 for s in scores)
    engine.release()


@pytest.mark.spark
@pytest.mark.slow
def test_both_engines_count_alike(busy: Shop) -> None:
    """Weights, trend, parts, change: on DuckDB and on Spark."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    from openchair.store.counting.spark import SparkEngine

    ours = busy.chair.scores.report(by="product", since=date(2026, 6, 20))
    spark = SparkEngine(busy.chair.history)
    sparked = replace(busy.chair, engine=lambda: spark, _reading=[])
    try:
        theirs = sparked.scores.report(by="product", since=date(2026, 6, 20))
    finally:
        spark.close()
    assert ours.weighted_on and ours.parts and ours == theirs


# ---- faces ----------------------------------------------------------------------------------------------------------


def test_the_command_line_reports_a_score(busy: Shop) -> None:
    """All that the issue asks of its JSON; and the same in words."""
    home = busy.chair.home
    found = told("report", "nps", "--as-of", NOW.isoformat(), "--by", "language", "--since", "2026-06-15", home=home)
    report = busy.chair.scores.report(as_of=NOW.isoformat())
    assert found["value"] == report.value and found["low"] < found["value"] < found["high"]
    assert [found[name] for name in ("n", "promoters", "passives", "detractors")] == [82, 41, 24, 17]
    assert found["effective_n"] == report.effective_n and len(found["trend"]) == 26
    assert found["change"]["since"] == "2026-06-15" and found["parts"][0]["name"] == "en"
    text = run("report", "nps", "--as-of", NOW.isoformat(), "--by", "language", home=home).stdout
    assert (
        "# Net Promoter Score: " in text
        and "over 90 days up to 1 July 2026" in text
        and "41 promoters" in text
        and "| ur |" in text
    )


def test_the_command_line_refuses_what_is_no_report(busy: Shop) -> None:
    """An unknown part, a date that is none, parts of the day's report; and the day's report is still there."""
    home = busy.chair.home
    for words, why in (
        (("nps", "--by", "horoscope"), "horoscope"),
        (("nps", "--since", "yesterday"), "2026-07-01"),
        (("day", "--by", "stage"), "is not asked of the report day"),
        (("csat", "--days", "0"), "1 to 3,660"),
        (("moon",), "one of day, plan, nps"),
    ):
        assert why in run("report", *words, home=home, code=1).stderr
    assert "120 customers" in run("report", home=home).stdout


def test_an_empty_shop_has_a_report(shop: Shop) -> None:
    """Before anything is known: unknown, ten more needed; in words too."""
    found = told("report", "ces", "--by", "stage", home=shop.chair.home)
    assert found["value"] is None and found["needed"] == 10 and found["parts"] == []
    assert "10 more answers are needed" in run("report", "nps", home=shop.chair.home).stdout


def test_current_is_each_customers_newest(engine: DuckEngine) -> None:
    """What parts are made of has one row a customer."""
    measured = counted(
        engine, [said(9, "a", 50, fact_id="1"), said(3, "b", 5, fact_id="2"), said(1, "c", 95, fact_id="3")]
    )
    rows = engine.rows(current(measured.given, MOMENT.day, 90).order_by("who").select("who", "score")).to_pylist()
    assert rows == [{"who": "a", "score": 3.0}]


def test_the_hand_computed_case_of_the_documentation_is_what_the_code_gives() -> None:
    """docs/listening.md works one case out in figures; each of them follows from the code."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "listening.md").read_text(encoding="utf-8")
    score = nps(promoters=50, passives=30, detractors=20)
    assert isinstance(score, Estimate)
    assert (score.value, round(score.low, 1), round(score.high, 1)) == (30.0, 14.1, 44.2)
    for figure in (
        "50.75 / 103 = 0.4927",
        "20.75 / 103 = 0.2015",
        "0.2913",
        "0.6094",
        "0.0769",
        "15.1",
        "14.1 to 44.2",
    ):
        assert figure in page, figure
