"""The sides of a market: who buys, who else is there, and which of them moves first."""

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from openchair.chair.focus.customer.counted import SEED, SIDES, Counted
from openchair.chair.focus.customer.views import Leading, Side
from openchair.core.estimate import Number, Unknown
from openchair.core.words import plural
from openchair.focus import buyers, leading

MOST_SIDES = 5
_ACTIVE = ("steps", "answers", "voices", "purchases")


def sides(counted: Counted) -> tuple[tuple[Side, ...], tuple[Leading, ...]]:
    """The sides of the market, the one that buys first, and which of it and each other moves first."""
    bought = counted.who.select("customer_id", day="first_on")
    groups = []
    for name, because, people in _groups(counted):
        buying = counted.rows(people.semi_join(bought, "customer_id").agg(n=_.count()))[0]["n"]
        groups.append((buying, name, because, people))
    groups.sort(key=lambda one: -one[0])
    told, series = [], []
    for place, (buying, name, because, people) in enumerate(groups):
        active = counted.sales if place == 0 else _all(counted, _ACTIVE)
        seen = bought if place == 0 else _all(counted, (*_ACTIVE, "traits"))
        active, seen = (t.select("customer_id", "day").semi_join(people, "customer_id") for t in (active, seen))
        told.append(_side(counted, name, because, buying, seen))
        series.append({"newcomers": _weeks(counted, _first(seen)), "activity": _weeks(counted, active)})
    if len(groups) == 1:
        named = ibis.union(*(counted.raw[kind].select("day", "properties") for kind in ("purchases", "events")))
        made = counted.engine.keep(buyers.makers(named))
        if counted.rows(made.limit(1)):
            told.append(_side(counted, "makers", "whoever made what is sold", 0, made))
            series.append({"newcomers": _weeks(counted, _first(made))})
    pairs = [(k, by) for k in range(1, len(told)) for by in series[k]]
    return tuple(told), tuple(
        _leading(told[0].name, told[k].name, by, series[0][by], series[k][by], len(pairs)) for k, by in pairs
    )


def _groups(counted: Counted) -> list[tuple[str, str, ir.Table]]:
    """Sides by the trait that says on which somebody is, with why and who; else all who buy."""
    named = counted.known.filter(counted.known.name.isin(SIDES))
    rows = counted.rows(named.group_by("name", "value").agg(n=_.count()).order_by(ibis.desc("n"), "value"))
    values = {name: [row["value"] for row in rows if row["name"] == name] for name in SIDES}
    name = next((one for one in SIDES if 2 <= len(values[one]) <= MOST_SIDES), None)
    if name is None:
        return [("buyers", "whoever bought", counted.who.select("customer_id"))]
    of = named.filter(named.name == name)
    return [(value, f"the trait {name}", of.filter(of.value == value).select("customer_id")) for value in values[name]]


def _all(counted: Counted, kinds: tuple[str, ...]) -> ir.Table:
    return ibis.union(*(counted.facts[kind].select("customer_id", "day") for kind in kinds))


def _first(seen: ir.Table) -> ir.Table:
    return seen.group_by("customer_id").agg(day=_.day.min())


def _side(counted: Counted, name: str, because: str, buying: int, seen: ir.Table) -> Side:
    first = _first(seen)
    late, early = first.day >= counted.periods.since, first.day >= counted.periods.before
    row = counted.rows(first.agg(n=first.count(), late=late.sum(), early=(early & ~late).sum()))[0]
    return Side(name, because, row["n"], buying, row["late"] or 0, row["early"] or 0)


def _weeks(counted: Counted, facts: ir.Table) -> NDArray[np.float64]:
    """Counts of all whole weeks from the first sale to the last day that is over."""
    rows = counted.engine.rows(buyers.weekly(facts))
    first = counted.rows(counted.sales.agg(day=_.day.min()))[0]["day"]
    begins, ends = -((buyers.EPOCH - first).days // 7), ((counted.periods.to - buyers.EPOCH).days + 1) // 7
    counts = np.zeros(max(ends - begins, 0))
    week = rows["week"].to_numpy() - begins
    within = (week >= 0) & (week < len(counts))
    counts[week[within]] = rows["n"].to_numpy()[within]
    return counts


def _leading(
    first: str, second: str, by: str, one: NDArray[np.float64], other: NDArray[np.float64], pairs: int
) -> Leading:
    """Who moves first; chance would show a link in one of all pairs at 5 in 100."""
    found = leading.lead(one, other, np.random.default_rng(SEED), alpha=0.05 / pairs)
    if isinstance(found, Unknown):
        return Leading(first, second, by, found, found, "not known yet")
    weeks: Number = found.weeks if found.found else Unknown("no lag stands out from chance")
    size = plural(abs(round(found.weeks.value)), "week", "weeks")
    told = {1: f"{first} first, {second} {size} later", -1: f"{second} first, {first} {size} later"}
    neither = "too close together to tell who is first" if found.found else "no link stands out from chance"
    return Leading(first, second, by, weeks, found.strength, told.get(found.first, neither))
