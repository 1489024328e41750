"""The loyalty audit: how much loyalty is bought, whether it was worth it, and where a shop stands from 1.0 to 3.0.

Loyalty 1.0 buys purchases with discounts and points; 2.0 rewards what customers do; 3.0 is a relationship in which they
are heard, helped and bring others. What a campaign brought is told by a lot where one was drawn; else by difference in
differences (Ashenfelter & Card, 1985) between the customers it reached and untouched ones who bought alike before,
stratum by stratum; else only bounds are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.special import ndtri

from openchair.core.estimate import Estimate, Unknown
from openchair.value import growth

Floats = NDArray[np.float64]

WINDOW_DAYS = 28
"""What a campaign is thought to last; as many days before it are held against them."""
FEWEST = 30
"""Customers on either side below which an effect is not told."""
RELIANT = 0.8
"""Whoever spends this share or more with rewards is loyal to the programme; below the rest of it, to the brand."""
FEWEST_ORDERS = 3
"""Days with an order below which nobody is called either."""
FEWEST_WEEKS, MOST_ITEMS = 12, 2_000
"""Of items whose price and sales are compared."""


def rewarded(lines: ir.Table) -> ir.BooleanValue:
    """Whether a line was bought with a discount, a coupon or a reward."""
    return (lines.discount_minor > 0) | (lines.coupon.fill_null("") != "")


def bought(sales: ir.Table) -> ir.Table:
    """One row a customer: sold_minor, rewarded_minor, given_minor (what was taken off), orders (days with one)."""
    with_it = rewarded(sales)
    return sales.group_by("customer_id").agg(
        sold_minor=sales.amount_minor.sum().cast("int64"),
        rewarded_minor=sales.amount_minor.sum(where=with_it).cast("int64").fill_null(0),
        given_minor=sales.discount_minor.sum().cast("int64"),
        orders=sales.day.nunique().cast("int64"),
    )


def shares(customers: ir.Table) -> ir.Table:
    """One row: sums over bought(..), and of those with FEWEST_ORDERS (`told`) how many need rewards or do without."""
    told = customers.orders >= FEWEST_ORDERS
    part = customers.rewarded_minor / customers.sold_minor.nullif(0)
    return customers.agg(
        customers=customers.count().cast("int64"),
        sold_minor=customers.sold_minor.sum().cast("int64"),
        rewarded_minor=customers.rewarded_minor.sum().cast("int64"),
        given_minor=customers.given_minor.sum().cast("int64"),
        told=told.sum().cast("int64"),
        reliant=(told & (part >= RELIANT)).sum().cast("int64"),
        free=(told & (part <= 1 - RELIANT)).sum().cast("int64"),
    )


def reached(contacts: ir.Table) -> ir.Table:
    """customer_id, campaign, day, `kept`: whom each campaign reached first when, or a lot kept from it.

    contacts: facts with `customer_id` and `day`. What the shop dismissed, deferred or could not deliver reached nobody,
    unless its properties say `"drawn": "kept"`.
    """
    kept = contacts.properties.re_search(r'"drawn"\s*:\s*"kept"').fill_null(False)
    named = contacts.mutate(campaign=ibis.coalesce(contacts.campaign, contacts.action), kept=kept)
    came = named.filter(named.kept | ~named.status.isin(["approved", "dismissed", "deferred", "vetoed", "failed"]))
    return came.group_by("customer_id", "campaign").agg(day=_.day.min(), kept=_.kept.max())


def waves(touched: ir.Table, first: date, last: date) -> ir.Table:
    """campaign, began_on, and how many it reached: those of FEWEST customers in one day, the largest first.

    touched: reached(..). A campaign that went out on several days is several waves. first, last: the days of the
    history; a wave of which not both windows before and the one after lie within it is `whole` false.
    """
    sizes = touched.filter(~touched.kept).group_by("campaign", "day").agg(customers=_.count().cast("int64"))
    large = sizes.filter(sizes.customers >= FEWEST).rename(began_on="day")
    within = large.began_on.between(first + timedelta(days=2 * WINDOW_DAYS), last - timedelta(days=WINDOW_DAYS - 1))
    return large.mutate(whole=within).order_by(ibis.desc("whole"), ibis.desc("customers"), "campaign", "began_on")


def effects(touched: ir.Table, daily: ir.Table, campaigns: ir.Table) -> ir.Table:
    """Sufficient statistics of each wave by stratum and arm: n, total and squares of after less before, and `after`.

    touched: reached(..). daily: customer_id, day, sold_minor. campaigns: campaign, began_on: few, since each is held
    against every buyer. Arms: `reached`, `kept`, and `untouched`, whom no campaign reached from two windows before to
    the end of this one. Strata: how often they bought in the window before the last, and how much (by powers of two).
    Not in the last too: whoever is alike in it by chance would differ afterwards, and that would pass for an effect.
    """
    keys = ["customer_id", "campaign", "began_on"]
    grid = daily.select("customer_id").distinct().cross_join(campaigns)
    own = touched.select("customer_id", "campaign", "kept", began_on="day", own=True)
    grid = grid.left_join(own, keys).drop(*(f"{key}_right" for key in keys))
    around = touched.filter(~touched.kept).select("customer_id", other_on="day").distinct()
    near = campaigns.cross_join(around)
    gap = near.other_on.delta(near.began_on, unit="day")
    near = near.filter(gap >= -2 * WINDOW_DAYS, gap < WINDOW_DAYS).select(*keys, near=True).distinct()
    grid = grid.left_join(near, keys).drop(*(f"{key}_right" for key in keys))
    arm = ibis.cases(
        (grid.kept.fill_null(False), "kept"), (grid.own.fill_null(False), "reached"), (grid.near.isnull(), "untouched"),
        else_="",
    )  # fmt: skip
    grid = grid.mutate(arm=arm).filter(_.arm != "").select(*keys, "arm")
    spent = grid.left_join(daily, "customer_id").drop("customer_id_right")
    since = spent.day.delta(spent.began_on, unit="day")

    def sold(first: int, last: int) -> ir.NumericValue:
        return spent.sold_minor.sum(where=(since >= first) & (since < last)).cast("int64").fill_null(0)

    first = spent.sold_minor > 0
    one = spent.group_by(*keys, "arm").agg(
        before=sold(-WINDOW_DAYS, 0),
        after=sold(0, WINDOW_DAYS),
        earlier=sold(-2 * WINDOW_DAYS, -WINDOW_DAYS),
        times=first.sum(where=(since >= -2 * WINDOW_DAYS) & (since < -WINDOW_DAYS)).cast("int64").fill_null(0),
    )
    much = ibis.ifelse(one.earlier > 0, (one.earlier + 1).log2().floor(), -1).cast("int64")
    often = ibis.ifelse(one.times > 0, (one.times + 1).log2().floor(), 0).cast("int64")
    change = (one.after - one.before).cast("float64")
    return (
        one.mutate(stratum=often * 100 + much, change=change, square=change * change)
        .group_by("campaign", "began_on", "stratum", "arm")
        .agg(n=_.count().cast("int64"), total=_.change.sum(), squares=_.square.sum(), after=_.after.sum().cast("int64"))
        .order_by("campaign", "began_on", "stratum", "arm")
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What one wave of a campaign brought in the WINDOW_DAYS from its day: money in all, and how that is known."""

    campaign: str
    began_on: date
    method: str
    """holdout, matched or bounds."""
    customers: int
    compared: int
    """Customers it is held against."""
    left_out: int
    """Reached customers who have nobody like them to be held against."""
    after_minor: int
    """What those reached spent in these days."""
    brought: Estimate | Unknown


def effect(rows: Sequence[Mapping[str, Any]], confidence: float) -> Effect:
    """The effect of a wave from the rows of effects(..) about it; with a lot, against those it kept back."""
    named = rows[0]["campaign"], rows[0]["began_on"]
    kept = sum(row["n"] for row in rows if row["arm"] == "kept")
    other = "kept" if kept >= FEWEST else "untouched"
    strata: dict[int, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        strata.setdefault(row["stratum"], {})[row["arm"]] = row
    if other == "kept":  # a lot needs no strata
        strata = {0: {arm: _joined([row for row in rows if row["arm"] == arm]) for arm in ("reached", "kept")}}
    both = [
        (s["reached"], s[other]) for s in strata.values() if min(s.get(a, _NONE)["n"] for a in ("reached", other)) > 1
    ]
    n, compared = (sum(pair[k]["n"] for pair in both) for k in (0, 1))
    everyone = sum(row["n"] for row in rows if row["arm"] == "reached")
    after = sum(row["after"] for row in rows if row["arm"] == "reached")
    method = "holdout" if other == "kept" else "matched"
    if min(n, compared) < FEWEST:
        why = Unknown(f"{min(n, compared)} customers to compare", needed=FEWEST - min(n, compared))
        return Effect(*named, "bounds", everyone, compared, everyone - n, after, why)
    brought = sum(one["n"] * (one["total"] / one["n"] - two["total"] / two["n"]) for one, two in both)
    variance = sum(one["n"] ** 2 * (_variance(one) / one["n"] + _variance(two) / two["n"]) for one, two in both)
    reach = float(ndtri((1 + confidence) / 2) * np.sqrt(variance))
    known = Estimate(brought, brought - reach, brought + reach, n + compared)
    return Effect(*named, method, everyone, compared, everyone - n, after, known)


_NONE: Mapping[str, Any] = {"n": 0}


def _joined(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {name: sum(row[name] for row in rows) for name in ("n", "total", "squares", "after")}


def _variance(row: Mapping[str, Any]) -> float:
    n = row["n"]
    return max(0.0, float((row["squares"] - row["total"] ** 2 / n) / (n - 1)))


def pooled(effects: Sequence[Effect], confidence: float) -> Estimate | Unknown:
    """What the campaigns brought together, those whose effect is known; taken as independent of each other."""
    known = [one.brought for one in effects if isinstance(one.brought, Estimate)]
    if not known:
        return Unknown("no campaign can be held against anybody")
    value = sum(one.value for one in known)
    reach = float(np.sqrt(sum((one.high - one.value) ** 2 for one in known)))
    return Estimate(value, value - reach, value + reach, sum(one.n for one in known))


def quiet(touched: ir.Table, daily: ir.Table, since: date, to: date) -> ir.Table:
    """inside, outside, n and sums a, b, aa, bb, ab over the contacted customers with as many days of either kind.

    a is what a customer spent on the days of the period that lie `outside` any window after a contact, b on the other
    days. touched: reached(..). daily: customer_id, day, sold_minor.
    """
    days = touched.filter(~touched.kept, touched.day.between(since, to)).select("customer_id", "day").distinct()
    following = days.day.lead().over(group_by=days.customer_id, order_by=days.day)
    end = ibis.literal(to + timedelta(days=1))
    length = ibis.least(ibis.coalesce(following, end).delta(days.day, unit="day"), WINDOW_DAYS)
    inside = days.mutate(length=length.cast("int64")).group_by("customer_id").agg(inside=_.length.sum().cast("int64"))
    spent = daily.filter(daily.day.between(since, to)).inner_join(days.rename(sent_on="day"), "customer_id")
    gap = spent.day.delta(spent.sent_on, unit="day")
    warm = spent.filter(gap >= 0, gap < WINDOW_DAYS).select("customer_id", "day", "sold_minor").distinct()
    warm = warm.group_by("customer_id").agg(warm=_.sold_minor.sum())
    all_ = daily.filter(daily.day.between(since, to)).group_by("customer_id").agg(all=_.sold_minor.sum())
    both = inside.left_join(warm, "customer_id").drop("customer_id_right").inner_join(all_, "customer_id")
    whole = (to - since).days + 1
    both = both.filter(both.inside > 0, both.inside < whole)
    warm = both.warm.fill_null(0).cast("float64")  # whole numbers, which no order of adding changes
    spent = both.mutate(outside=whole - both.inside, b=warm, a=both["all"].cast("float64") - warm)
    sums = {"a": spent.a, "b": spent.b, "aa": spent.a * spent.a, "bb": spent.b * spent.b, "ab": spent.a * spent.b}
    by = spent.group_by("inside", "outside")
    return by.agg(n=_.count(), **{name: one.sum() for name, one in sums.items()}).order_by("inside")


def unrewarded(rows: Mapping[str, Floats], confidence: float) -> Estimate | Unknown:
    """What customers spend a day with no contact just before, as a share of that in the weeks after one.

    rows: quiet(..). 1 or more: they come for the brand, not for what they are sent. A ratio of means, with an error by
    the delta method.
    """
    n, outside, inside = int(rows["n"].sum()), 1 / rows["outside"], 1 / rows["inside"]
    a, b = float(rows["a"] @ outside), float(rows["b"] @ inside)
    if n < FEWEST or not b:
        return Unknown(f"{n} customers with days of either kind", needed=max(FEWEST - n, 0) or None)
    ratio = a / b
    by = {"aa": outside**2, "bb": inside**2, "ab": outside * inside}
    aa, bb, ab = (float(rows[name] @ weight) for name, weight in by.items())
    spread = aa - 2 * ratio * ab + ratio**2 * bb
    reach = float(ndtri((1 + confidence) / 2) * np.sqrt(max(spread, 0.0)) / b)
    return Estimate(ratio, max(ratio - reach, 0.0), ratio + reach, n)


def weeks(sales: ir.Table) -> ir.Table:
    """item, week (days since 1970 over 7), lines and mean price, of the items that are sold most weeks.

    sales: lines with an item and `day`; items sold in fewer than FEWEST_WEEKS weeks, or at one price, are left out.
    """
    epoch = ibis.literal("1970-01-01").cast("date")
    item = ibis.coalesce(sales.item_id, sales.item_name, "")
    week = (sales.day.delta(epoch, unit="day") / 7).floor().cast("int64")
    told = sales.mutate(item=item, week=week, milli=growth.milli(sales))
    cell = told.filter(told.item != "", told.amount_minor > 0).group_by("item", "week").agg(
        lines=_.count().cast("int64"), price=_.amount_minor.sum() * growth.MILLI / _.milli.sum()
    )  # fmt: skip
    sound = cell.group_by("item").agg(times=_.count(), least=_.price.min(), most=_.price.max(), all=_.lines.sum())
    sound = sound.filter(sound.times >= FEWEST_WEEKS, sound.most > sound.least)
    top = sound.order_by(ibis.desc("all"), "item").limit(MOST_ITEMS).select("item")
    return cell.semi_join(top, "item").order_by("item", "week")


def sensitivity(
    item: Sequence[str], week: Floats, lines: Floats, price: Floats, confidence: float
) -> Estimate | Unknown:
    """By how many percent fewer lines are sold where an item's price is one percent higher: an elasticity.

    (n,) a row an item and week: weeks(..). Logarithms less their item's mean, and less what all items sold that week;
    the interval is robust to items that go their own way (clustered). It is an association: shops cut prices
    when they expect to sell, too.
    """
    names, of = np.unique(np.asarray(item, dtype=object).astype(str), return_inverse=True)
    if len(names) < FEWEST:
        return Unknown(f"{len(names)} items were sold at changing prices", needed=FEWEST - len(names))
    _weeks, at = np.unique(week, return_inverse=True)
    all_lines = np.bincount(at, lines)[at]
    x, y = np.log(price), np.log(lines) - np.log(all_lines)
    n = np.bincount(of)
    x, y = (values - (np.bincount(of, values) / n)[of] for values in (x, y))
    total = float(x @ x)
    if total < 1e-9:
        return Unknown("prices did not change")
    slope = float(x @ y) / total
    own = np.bincount(of, x * (y - slope * x))
    reach = float(ndtri((1 + confidence) / 2) * np.sqrt(own @ own) / total)
    return Estimate(slope, slope - reach, slope + reach, len(names))


@dataclass(frozen=True, slots=True)
class Sameness:
    """Whether all get the same."""

    same: float
    """The chance that a customer who was contacted had what another was sent: 1 where all get the same."""
    evenness: float
    """Entropy of contacts over customers as a share of its largest: 1 where all get as many."""
    customers: int
    actions: int


def sameness(customers: Sequence[int], had: Mapping[int, int]) -> Sameness | Unknown:
    """customers: to how many each thing was sent. had: how many customers were sent so many things.

    >>> sameness([50, 50], {2: 50}).same, sameness([1] * 50, {1: 50}).same
    (1.0, 0.02)
    """
    people = sum(had.values())
    if people < FEWEST:
        return Unknown(f"{people} customers were contacted", needed=FEWEST - people)
    to = np.asarray(customers, dtype=float)
    each = np.array(list(had), dtype=float) / to.sum()
    entropy = -float(np.array(list(had.values())) @ (each * np.log(each)))
    return Sameness(float(to @ to / people / to.sum()), entropy / float(np.log(people)), people, len(to))


SCALES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "price": ((0.0, 3.0), (0.25, 2.0), (0.75, 1.0)),
    "programme": ((0.0, 3.0), (0.2, 2.0), (0.6, 1.0)),
    "influence": ((0.0, 1.0), (0.1, 2.0), (0.3, 3.0)),
    "listening": ((0.0, 1.0), (0.1, 2.0), (0.4, 3.0)),
    "relationship": ((0.1, 3.0), (0.5, 2.0), (0.9, 1.0)),
}
"""From a share that was counted to 1.0 .. 3.0, straight between the points: a convention of the house, no measurement.

price: of revenue, bought with discounts or rewards. programme: of regular customers, those who buy with them only.
influence: of new customers, those whom others sent. listening: of customers, those who said something. relationship:
the chance that two customers were sent the same.
"""


def maturity(name: str, share: float) -> float:
    """Where a share puts a shop, 1.0 to 3.0.

    >>> maturity("price", 0.5), maturity("influence", 0.9), maturity("listening", 0.1)
    (1.5, 3.0, 2.0)
    """
    at, score = zip(*SCALES[name], strict=True)
    return float(np.interp(share, at, score))
