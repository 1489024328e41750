"""Business days: which day an instant falls on in the shop's own time zone, the same on DuckDB and on Spark.

Spark has `from_utc_timestamp` and `to_utc_timestamp`; DuckDB has `timezone`, which does either by the type it is
given. Expressions here use Spark's two names; an engine on DuckDB defines them with DUCKDB_MACROS when it connects.
Both read the IANA rules, so a day with 23 or 25 hours is still one day.
"""

from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

DUCKDB_MACROS = (
    "CREATE OR REPLACE TEMP MACRO from_utc_timestamp(instant, zone) AS timezone(zone, instant::TIMESTAMPTZ)",
    "CREATE OR REPLACE TEMP MACRO to_utc_timestamp(clock, zone) AS timezone(zone, clock::TIMESTAMP)::TIMESTAMP",
)
"""What a DuckDB connection needs before it can run these expressions (with TimeZone set to UTC)."""


_SIGNATURE = (("timestamp", "string"), "timestamp")
_from_utc = ibis.udf.scalar.builtin(lambda instant, zone: ..., name="from_utc_timestamp", signature=_SIGNATURE)
_to_utc = ibis.udf.scalar.builtin(lambda clock, zone: ..., name="to_utc_timestamp", signature=_SIGNATURE)


def local_time(happened_at: ir.TimestampValue, zone: ZoneInfo) -> ir.TimestampValue:
    """What the clock in `zone` showed at an instant: a timestamp without zone, for its date, hour or weekday."""
    return _from_utc(happened_at.cast("timestamp('UTC')"), zone.key)


def local_day(happened_at: ir.TimestampValue, zone: ZoneInfo) -> ir.DateValue:
    """The business day of an instant in the shop's time zone.

    >>> orders = ibis.table({"happened_at": "timestamp('UTC')"}, name="orders")
    >>> str(local_day(orders.happened_at, ZoneInfo("Asia/Karachi")).type())
    'date'
    """
    return local_time(happened_at, zone).date()


def instant(clock: ir.TimestampValue, zone: ZoneInfo) -> ir.TimestampValue:
    """The instant, in UTC, at which the clock in `zone` showed `clock` (a timestamp without zone).

    In the hour that autumn repeats, and the hour that spring leaves out, the two engines may differ by that hour.
    """
    return _to_utc(clock.cast("timestamp"), zone.key).cast("timestamp('UTC')")
