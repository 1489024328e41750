"""Business days in the shop's own time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest

from openchair.facts.days import DUCKDB_MACROS, instant, local_day, local_time

ZONES = ["UTC", "Europe/London", "America/New_York", "Asia/Karachi", "Australia/Lord_Howe", "Pacific/Kiritimati"]
SPRING = datetime(2026, 3, 28, 12, 5, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
def test_a_day_is_the_one_on_the_wall_around_the_changes_of_clocks(name: str) -> None:
    """Every half hour of the two weekends falls on the day that Python's own IANA rules say."""
    zone = ZoneInfo(name)
    moments = [start + timedelta(minutes=30 * i) for start in (SPRING, AUTUMN) for i in range(96)]
    backend = ibis.duckdb.connect()
    backend.raw_sql("SET TimeZone = 'UTC'")
    for macro in DUCKDB_MACROS:
        backend.raw_sql(macro)
    facts = ibis.memtable(pa.table({"happened_at": pa.array(moments, pa.timestamp("us", tz="UTC"))}))
    clock = local_time(facts.happened_at, zone)
    found = backend.to_pyarrow(
        facts.select("happened_at", day=local_day(facts.happened_at, zone), clock=clock, back=instant(clock, zone))
    ).to_pylist()
    for row in found:
        local = row["happened_at"].astimezone(zone)
        assert row["day"] == local.date()
        assert row["clock"] == local.replace(tzinfo=None)
        assert abs(row["back"] - row["happened_at"]) <= timedelta(hours=1)
    assert sum(row["back"] == row["happened_at"] for row in found) >= len(found) - 2
    assert {type(row["day"]) for row in found} == {date}
