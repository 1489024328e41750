"""What each arm brought: who was drawn into which, held against all they bought, counted where the purchases are.

Everybody counts in the arm they were drawn into, whatever was done for them (intention to treat), from their first
decision of a quarter until the lot is drawn anew; and once a lot, by all they brought so far. Those who were drawn
together, as of one household, are one case, from the day the first of them was decided for, by what they brought on
average.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.learning.arms import ARMS, quarters
from openchair.learning.proof import Lot, Sums

UNIT_DAYS = 28
"""What a lift is told for: so many days of a customer."""
BEFORE_DAYS = 91
"""Days before somebody entered a lot whose spending is held to say what they would have brought anyway."""
LOOK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Counted:
    """All lots by arm. begins: the first day anybody was drawn. to: the day up to which purchases count, itself not.

    sums: by lot and arm (a place in ARMS). times: by lot, (looks,) mean time counted in units of UNIT_DAYS. days:
    when each look ends, the day itself not counted. customers: drawn into each arm of the last lot, and
    time: by arm, units of time of all its customers in all lots; each member of a household counts in these two.
    """

    begins: date
    to: date
    sums: tuple[dict[int, Sums], ...]
    times: tuple[NDArray[np.float64], ...]
    days: tuple[date, ...]
    customers: tuple[int, ...]
    time: tuple[float, ...]

    def against(self, arm: int, treated: int = 0) -> list[Lot]:
        """The lots of the arm `learned` (or `treated`) and another."""
        return [Lot(sums[treated], sums[arm], time) for sums, time in zip(self.sums, self.times, strict=True)]


def count(state: State, engine: Engine, days: ir.Table, today: date, margin: float) -> Counted | None:
    """The lots so far; None before anybody was decided for, or bought anything since.

    days: customer_id, day, spent_minor, a row a customer and day with an order. margin: the share that stays.
    """
    between = state.decided_between()
    bought = engine.rows(days.agg(last=days.day.max()))["last"].to_pylist()[0]
    if between is None or bought is None:
        return None
    to = min(today, bought + timedelta(days=1))
    spans = [(start, min(end, to)) for start, end in quarters(between[0], max(to, between[0])) if start < to]
    tables = [_drawn(state, k, start, until) for k, (start, until) in enumerate(spans)]
    drawn = pa.concat_tables(tables) if tables else None
    if drawn is None or not drawn.num_rows:
        return None
    entries, brought = (table.to_pylist() for table in _sums(engine, engine.share(drawn), days, between[0], margin))
    sums, times, ends, people = [], [], [], []
    for k, (start, until) in enumerate(spans):
        looks = np.minimum(np.arange(LOOK_DAYS, (until - start).days + LOOK_DAYS, LOOK_DAYS), (until - start).days)
        found = np.zeros((len(ARMS), 8, len(looks)))
        for names, rows in ((_ENTERED, entries), (_BROUGHT, brought)):
            for row in (row for row in rows if row["lot"] == k):
                for place, name in names:
                    found[row["arm"], place, row["look"]] += row[name]
        n, offset = (found[:, place].sum(axis=0).cumsum() for place in (0, 6))
        sums.append({arm: Sums(*found[arm, :6]) for arm in range(len(ARMS))})
        people.append(found[:, 7].sum(axis=1))
        times.append(np.divide(n * looks - offset, n * UNIT_DAYS, out=np.zeros(len(looks)), where=n > 0))
        ends += [start + timedelta(days=int(look)) for look in looks]
    return Counted(
        begins=between[0],
        to=to,
        sums=tuple(sums),
        times=tuple(times),
        days=tuple(ends),
        customers=tuple(int(n) for n in people[-1]),
        time=tuple(
            sum(float(each[arm] * time[-1]) for each, time in zip(people, times, strict=True))
            for arm in range(len(ARMS))
        ),
    )


_ENTERED = ((0, "n"), (2, "before"), (4, "befores"), (6, "offset"), (7, "people"))
_BROUGHT = ((1, "after"), (3, "afters"), (5, "both"))
"""Where each sum stands in Sums, and the names of its columns; the seventh are days until a case entered, the eighth
how many customers it is."""
_CASE = ("home", "lot", "arm")


def _drawn(state: State, lot: int, start: date, until: date) -> pa.Table:
    """Who was drawn in a quarter: customer_id, arm (its place), entered, home, lot, start, until."""
    table = state.lots(start, until)
    place = {name: k for k, name in enumerate(ARMS)}
    arms = pa.array([place[name] for name in table["arm"].to_pylist()], pa.int64())
    whole = table.set_column(1, "arm", arms)
    for name, value in (("lot", pa.scalar(lot, pa.int64())), ("start", pa.scalar(start)), ("until", pa.scalar(until))):
        whole = whole.append_column(name, pa.repeat(value, table.num_rows))
    return whole


def _sums(engine: Engine, lots: ir.Table, days: ir.Table, first: date, margin: float) -> tuple[pa.Table, pa.Table]:
    """Sums by lot, arm and look: of who entered, and of what was brought."""
    cases = engine.keep(lots.group_by(*_CASE, "start", "until").agg(entered=_.entered.min(), people=_.count()))
    late = days.filter(days.day >= first - timedelta(days=BEFORE_DAYS))
    spent = late.mutate(minor=late.spent_minor.cast("float64") * margin).select("customer_id", "day", "minor")
    each = spent.inner_join(lots.select("customer_id", *_CASE), "customer_id").inner_join(cases, _CASE)
    on = engine.keep(each.mutate(minor=each.minor / each.people))
    near = on.filter(on.day < on.entered, on.day >= on.entered - ibis.interval(days=BEFORE_DAYS))
    before = near.group_by(*_CASE).agg(before=_.minor.sum() * (UNIT_DAYS / BEFORE_DAYS))
    people = cases.left_join(before, _CASE).select(
        *_CASE,
        "people",
        offset=cases.entered.delta(cases.start, unit="day").cast("int64"),
        before=ibis.coalesce(before.before, 0.0),
    )
    people = engine.keep(people.mutate(look=(people.offset // LOOK_DAYS).cast("int64")))
    since = on.filter(on.day >= on.entered, on.day < on.until)
    looked = since.mutate(look=(since.day.delta(since.start, unit="day") // LOOK_DAYS).cast("int64"))
    weekly = looked.group_by(*_CASE, "look").agg(minor=_.minor.sum())
    so_far = weekly.mutate(total=_.minor.sum().over(group_by=_CASE, order_by="look", rows=(None, 0))).inner_join(
        people.drop("look"), _CASE
    )
    key = ("lot", "arm", "look")
    entries = people.group_by(*key).agg(
        n=_.count().cast("float64"), before=_.before.sum(), befores=(_.before * _.before).sum(),
        offset=_.offset.sum().cast("float64"), people=_.people.sum().cast("float64"),
    )  # fmt: skip
    brought = so_far.group_by(*key).agg(
        after=_.minor.sum(),
        afters=(_.minor * (2 * _.total - _.minor)).sum(),  # the new total's square less that of the old
        both=(_.minor * _.before).sum(),
    )
    return engine.rows(entries.order_by(*key)), engine.rows(brought.order_by(*key))
