"""The count half of the primary customer: who buys, how, and what is known of them. Runs nothing.

A customer *came back* who bought again within RETURN_DAYS of the first purchase; only of those who have been here so
long is it asked. Anyone may try a shop once; who comes back picks it.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.dossier.traits import TRUST
from openchair.value.audit import rewarded
from openchair.value.growth import Periods

RETURN_DAYS = 90
FEWEST = 20
"""Customers of whom something must be true, and others of whom it is not, before it is looked at."""
EPOCH = date(1970, 1, 5)
"""A Monday, from which weeks are counted."""
MAKERS = r'"(brand|vendor|supplier|maker|manufacturer|seller)"\s*:\s*"([^"]+)"'
"""Where the properties of a fact name whoever made what it is about."""
BEHAVIOUR = ("orders", "an order", "weeks of silence", "orders with a discount")
"""What is always known of buyers, from little to much; columns b0, b1, .. of people(..)."""
BEGINNINGS = {
    "product": "first product",
    "kind": "first kind of product",
    "country": "country",
    "reduced": "first order reduced",
}
"""Columns of beginnings(..), and what each is called."""
COLUMNS = (
    "fact_id", "customer_id", "day", "amount_minor", "discount_minor", "coupon", "item_id", "item_name", "category",
    "country",
)  # fmt: skip
"""What of a sale is looked at."""
SUMS = (
    "customers", "judged", "back", "sold", "after", "before", "moved", "moved2", "after2", "new_after", "new_before",
    "worth", "half2", "valued",
)  # fmt: skip


def people(sales: ir.Table, periods: Periods) -> ir.Table:
    """One row a buyer: first_on, last_on, orders (days with one), money, whether they came back, behaviour in bins.

    sales: lines that count, with `day`, once each. `judged` is 1 of whom it is asked whether they came `back`, 0 or 1.
    after, before: minor units in the two periods. b0.. are whole numbers, doublings of what BEHAVIOUR names: of
    orders, of half-doublings of money an order, of weeks since the last one and one more, of thirds.
    """
    days = sales.group_by("customer_id", "day").agg(
        sold=sales.amount_minor.sum().cast("int64"), reduced=rewarded(sales).any().cast("float64")
    )
    days = days.mutate(place=ibis.row_number().over(group_by=days.customer_id, order_by=days.day))
    late = days.day >= periods.since
    within = late | (days.day >= periods.before)
    one = days.group_by("customer_id").agg(
        first_on=days.day.min(),
        second_on=days.day.min(where=days.place == 1),
        last_on=days.day.max(),
        orders=days.count().cast("int64"),
        sold=days.sold.sum().cast("float64"),
        after=days.sold.sum(where=late).fill_null(0).cast("float64"),
        before=days.sold.sum(where=within & ~late).fill_null(0).cast("float64"),
        reduced=days.reduced.mean(),
    )
    again = one.second_on.delta(one.first_on, unit="day") <= RETURN_DAYS
    judged = one.first_on <= periods.to - timedelta(days=RETURN_DAYS)
    silent = ibis.literal(periods.to).delta(one.last_on, unit="day") / 7 + 1
    return one.mutate(
        judged=judged.cast("int64"),
        back=(judged & again.fill_null(False)).cast("int64"),
        b0=_doublings(one.orders, 1, 6),
        b1=_doublings(ibis.greatest(one.sold / one.orders, 1), 2, 60),
        b2=_doublings(silent, 1, 7),
        b3=ibis.ifelse(one.reduced == 0, 0, ibis.ifelse(one.reduced > 0.5, 2, 1)).cast("int64"),
    )


def _doublings(value: ir.NumericValue, parts: int, most: int) -> ir.IntegerValue:
    return ibis.least((value.log2() * parts + 1e-9).floor(), most).cast("int64")


def newest(traits: ir.Table) -> ir.Table:
    """customer_id, name, value: the traits that hold, each the latest word of the source most to be trusted.

    traits: facts of that kind with owners. What the most trusted emptied is not known.
    """
    trust = ibis.cases(*[(traits.said_by == speaker, place) for place, speaker in enumerate(TRUST)], else_=-1)
    order = [ibis.desc(trust), ibis.desc(traits.happened_at), ibis.desc(traits.fact_id)]
    place = ibis.row_number().over(group_by=[traits.customer_id, traits.name], order_by=order)
    first = traits.mutate(place=place, value=traits.value.strip()).filter(_.place == 0, _.value != "")
    return first.select("customer_id", "name", "value")


def favourites(sales: ir.Table) -> ir.Table:
    """customer_id, name, value: the category that most of each customer's money went to."""
    sums = sales.filter(sales.category.notnull()).group_by("customer_id", "category").agg(sold=_.amount_minor.sum())
    place = ibis.row_number().over(group_by=sums.customer_id, order_by=[ibis.desc(sums.sold), sums.category])
    most = sums.mutate(place=place).filter(_.place == 0)
    return most.select("customer_id", name=ibis.literal("mostly buys"), value="category")


def beginnings(sales: ir.Table, buyers: ir.Table) -> ir.Table:
    """One row a buyer: of the line of their first day that cost most, what BEGINNINGS names."""
    firsts = sales.inner_join(buyers.select("customer_id", day="first_on"), ["customer_id", "day"])
    order = [ibis.desc(firsts.amount_minor), firsts.fact_id]
    place = ibis.row_number().over(group_by=firsts.customer_id, order_by=order)
    one = firsts.mutate(place=place).filter(_.place == 0)
    return one.select(
        "customer_id",
        product=ibis.coalesce(one.item_name, one.item_id),
        kind="category",
        country="country",
        reduced=ibis.ifelse(rewarded(one), "yes", "no"),
    )


def told(known: ir.Table) -> ir.Table:
    """name, value, n, customers: how many have each value, and how many have any. known: customer_id, name, value."""
    values = known.group_by("name", "value").agg(n=_.customer_id.nunique())
    names = known.group_by("name").agg(customers=_.customer_id.nunique(), values=_.value.nunique())
    return values.inner_join(names, "name")


def picks(parts: Sequence[ir.Table], buyers: ir.Table, most: int) -> ir.Table:
    """name, value, true, picked, known, known_picked: of buyers of whom it is asked, who came back, by what is known.

    parts: customer_id, name, value, of each name one value a customer. Of each name the `most` values that are true of
    the most customers.
    """
    asked = buyers.filter(buyers.judged == 1).select("customer_id", "back")
    each = [part.filter(part.value.notnull()).inner_join(asked, "customer_id") for part in parts]
    sums = [
        one.group_by("name", "value").agg(true=_.count().cast("int64"), picked=_.back.sum().cast("int64"))
        for one in each
    ]
    values = ibis.union(*sums)
    known = {f"known{rest}": values[of].sum().over(group_by=values.name).cast("int64") for of, rest in _KNOWN.items()}
    both = values.mutate(**known).filter(_.true >= FEWEST, _.known - _.true >= FEWEST)
    place = ibis.row_number().over(group_by=both.name, order_by=[ibis.desc(both.true), both.value])
    return both.mutate(place=place).filter(_.place < most).drop("place").order_by("name", "value")


_KNOWN = {"true": "", "picked": "_picked"}


def cells(buyers: ir.Table, keys: Sequence[str], periods: Periods) -> ir.Table:
    """SUMS by the distinct values of some columns. buyers: people(..) with `worth` and `half`, null where not known."""
    moved, late = buyers.after - buyers.before, buyers.first_on >= periods.since
    early = ~late & (buyers.first_on >= periods.before)
    sums = {
        "customers": buyers.count(),
        "judged": buyers.judged.sum(),
        "back": buyers.back.sum(),
        "sold": buyers.sold.sum(),
        "after": buyers.after.sum(),
        "before": buyers.before.sum(),
        "moved": moved.sum(),
        "moved2": (moved * moved).sum(),
        "after2": (buyers.after * buyers.after).sum(),
        "new_after": late.sum(),
        "new_before": early.sum(),
        "worth": buyers.worth.sum(),
        "half2": (buyers.half * buyers.half).sum(),
        "valued": buyers.worth.count(),
    }
    return buyers.group_by(list(keys)).agg(**{n: s.cast("float64").fill_null(0.0) for n, s in sums.items()})


def weekly(facts: ir.Table) -> ir.Table:
    """week, n: how many different customers did anything, by weeks since EPOCH. facts: customer_id, day."""
    week = facts.mutate(week=facts.day.delta(EPOCH, unit="day").cast("int64") // 7)
    return week.group_by("week").agg(n=_.customer_id.nunique().cast("int64")).order_by("week")


def makers(facts: ir.Table) -> ir.Table:
    """customer_id, day: whoever made what facts are about, by name, each time. facts: with `day` and properties."""
    named = facts.filter(facts.properties.notnull())
    return named.select("day", customer_id=named.properties.re_extract(MAKERS, 2).nullif("")).filter(
        _.customer_id.notnull()
    )
