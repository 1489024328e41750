"""Growth: the change of revenue between two periods, taken apart into its causes, to the cent.

What a customer who bought in both periods spent is, at each item's mean price of the two, orders x size x mix: orders,
helpings an order, money a helping. The share of each in the change is Shapley's (1953): its effect averaged over all
orders in which the three may change. What prices did is Bennet's indicator (1920), the mean quantity times the change
of price. Everybody else is new, referred, back after a pause, or lost, and counts with all they spent.

Whole thousandths of a minor unit are summed, customer by customer, so a sum does not depend on the order of rows or the
engine; only the totals are rounded, and the units that are left over go to the largest remainders.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir
from ibis import _

Number = TypeVar("Number", float, ir.NumericValue)

COMPONENTS = (
    "acquisition", "referral", "reactivation", "retention", "frequency", "basket", "mix", "price", "refunds",
)  # fmt: skip
"""Causes, in the order they are told in. Everyone who is not new to us is the existing base."""
THOUSANDTHS = ("frequency", "basket", "mix", "price")
"""Those that split what customers who stayed changed; counted in thousandths of a minor unit."""
WHOLE = {"new": "acquisition", "referred": "referral", "returned": "reactivation", "lost": "retention"}
"""The cause that all of a customer's money belongs to, by what became of them."""
LARGEST_MINOR = 10**11
"""A line of more is taken for a mistake: a thousand million in hundredths."""
NOBODYS = "nobody's: no customer is known for it"
MILLI = 1000
GRAINS = 10**9
"""In a helping. A customer has no more helpings of an item than the shop sold lines of it, so sums hold."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Two periods of equal length in days, the second right after the first; `to` is its last day."""

    since: date
    to: date

    @property
    def days(self) -> int:
        """Length of either."""
        return (self.to - self.since).days + 1

    @property
    def before(self) -> date:
        """The first day of the first period."""
        return self.since - timedelta(days=self.days)


def reasons(currency: str) -> tuple[tuple[str, Callable[[ir.Table], ir.BooleanValue]], ...]:
    """Why a line cannot be counted, the first that holds: in words, with its test."""
    return (
        (f"not in {currency}, and there is no rate for it", lambda t: t.currency != currency),
        (f"an amount beyond {LARGEST_MINOR:,} minor units", lambda t: t.amount_minor.abs() > LARGEST_MINOR),
        ("a price below 0 that is not a return", lambda t: ~t.is_return & (t.amount_minor < 0)),
        ("a return of which nothing was given back", lambda t: t.is_return & (t.amount_minor > 0)),
        (
            "a quantity of 0 or less",
            lambda t: ~t.is_return & ~((t.quantity > 0) & (t.quantity <= 1e9)),
        ),
        (NOBODYS, lambda t: t.customer_id.isnull()),
    )


def judged(lines: ir.Table, currency: str) -> ir.Table:
    """Lines with `reason`, empty where a line counts. lines: purchases with `customer_id`, null where nobody's."""
    return lines.mutate(reason=ibis.cases(*[(test(lines), why) for why, test in reasons(currency)], else_=""))


def excluded(lines: ir.Table, since: date, to: date) -> ir.Table:
    """reason, lines: what of these days does not count. lines: judged(..) with `day`."""
    wrong = lines.filter(lines.reason != "", lines.day >= since, lines.day <= to)
    once = wrong.distinct(on="fact_id", keep="first")
    return once.group_by("reason").agg(lines=_.count().cast("int64")).order_by("reason")


def shapley(x: tuple[Number, Number], y: tuple[Number, Number], z: tuple[Number, Number]) -> Number:
    """The share of x in the change of x * y * z, each given before and after.

    >>> pairs = (2.0, 3.0), (1.0, 4.0), (5.0, 2.0)
    >>> [round(shapley(*pairs[k:], *pairs[:k]), 6) for k in range(3)], 3 * 4 * 2 - 2 * 1 * 5
    ([8.0, 25.5, -19.5], 14)
    """
    alike, across = y[0] * z[0] + y[1] * z[1], y[0] * z[1] + y[1] * z[0]
    return (x[1] - x[0]) * (alike / 3 + across / 6)


def count(lines: ir.Table, referred: ir.Table, periods: Periods) -> ir.Table:
    """One row a customer who bought or returned in either period: `kind`, and what they changed.

    lines: judged(..) with `day`, of all time, since who is new follows from it. referred: customer_id of those who were
    sent by somebody. Money before and after in minor units (`sold_0`, `sold_1`, `given_0`, `given_1`, the last two 0 or
    below), `orders_0`, `orders_1` (days with an order), `size_0`, `size_1` (GRAINS of helpings; a helping is the
    item's mean quantity a line, so that kilograms and pieces may be added), THOUSANDTHS, and `less_frequency`,
    `less_basket`: how far each fell. All are integers.
    """
    good = lines.filter(lines.reason == "", lines.day <= periods.to)
    seen = good.filter(good.day >= periods.before).distinct(on="fact_id", keep="first")
    seen = seen.mutate(late=seen.day >= periods.since)
    sales = seen.filter(~seen.is_return)
    who = _both(seen.filter(seen.is_return), "given")
    firsts = good.filter(~good.is_return).group_by("customer_id").agg(first_on=_.day.min())
    orders = sales.group_by("customer_id").agg(
        orders_0=sales.day.nunique(where=~sales.late).cast("int64"),
        orders_1=sales.day.nunique(where=sales.late).cast("int64"),
    )
    everyone = seen.select("customer_id").distinct()
    for part in (firsts, orders, who, _spending(sales), referred.distinct().mutate(sent=True)):
        everyone = everyone.left_join(part, "customer_id").drop("customer_id_right")
    names = ("orders_0", "orders_1", "given_0", "given_1", "sold_0", "sold_1", "value_0", "value_1", "size_0", "size_1")
    return _split(everyone.mutate(**{name: everyone[name].fill_null(0) for name in names}), periods)


def _both(lines: ir.Table, name: str) -> ir.Table:
    """What lines come to before and after, a customer."""
    return lines.group_by("customer_id").agg(
        **{
            f"{name}_{k}": lines.amount_minor.sum(where=lines.late == bool(k)).cast("int64").fill_null(0)
            for k in (0, 1)
        }
    )


def milli(sales: ir.Table) -> ir.IntegerValue:
    """How much a line is of, in whole thousandths: a sum of fractions would depend on the order of lines."""
    return ibis.greatest((sales.quantity * MILLI).round().cast("int64"), ibis.literal(1, "int64"))


def _spending(sales: ir.Table) -> ir.Table:
    """Per customer: what was spent, the same at mean prices (thousandths), and how much that was in helpings."""
    named = sales.mutate(item=ibis.coalesce(sales.item_id, sales.item_name, ""), milli=milli(sales))

    def summed(*keys: str) -> ir.Table:
        both = {
            f"{name}_{k}": named[column].sum(where=named.late == bool(k)).cast("int64").fill_null(0)
            for name, column in (("sold", "amount_minor"), ("milli", "milli"))
            for k in (0, 1)
        }
        return named.group_by(*keys).agg(**both, rows=named.count())

    own, shop = summed("customer_id", "item"), summed("item")
    own = own.inner_join(shop.rename({f"shop_{name}": name for name in shop.columns if name != "item"}), "item")
    # Whoever bought an item in one period only met the shop's price in the other; where it was not sold, none changed.
    price = [
        ibis.cases(
            (own[f"milli_{k}"] > 0, own[f"sold_{k}"] / own[f"milli_{k}"]),
            (own[f"shop_milli_{k}"] > 0, own[f"shop_sold_{k}"] / own[f"shop_milli_{k}"]),
            else_=own[f"sold_{1 - k}"] / own[f"milli_{1 - k}"],
        )
        for k in (0, 1)
    ]
    own = own.mutate(mean=(price[0] + price[1]) / 2, helping=(own.shop_milli_0 + own.shop_milli_1) / own.shop_rows)
    own = own.mutate(
        **{f"value_{k}": (own.mean * own[f"milli_{k}"] * MILLI).round().cast("int64") for k in (0, 1)},
        **{
            f"size_{k}": ibis.ifelse(
                own[f"milli_{k}"] > 0, ibis.greatest((own[f"milli_{k}"] / own.helping * GRAINS).round(), 1), 0
            ).cast("int64")
            for k in (0, 1)
        },
    )
    return own.group_by("customer_id").agg(
        **{f"{name}_{k}": own[f"{name}_{k}"].sum().cast("int64") for name in ("sold", "value", "size") for k in (0, 1)}
    )


def _split(who: ir.Table, periods: Periods) -> ir.Table:
    """What became of each customer, and for those who stayed the four causes; for others these are 0."""
    was, is_ = who.orders_0 > 0, who.orders_1 > 0
    kind = ibis.cases(
        (was & is_, "stayed"),
        (was, "lost"),
        (is_ & (who.first_on < periods.before), "returned"),
        (is_ & who.sent.fill_null(False), "referred"),
        (is_, "new"),
        else_="gave back",
    )
    both = who.mutate(kind=kind)
    stayed = both.kind == "stayed"

    def ratio(above: str, below: str) -> tuple[ir.NumericValue, ir.NumericValue]:
        pair = [ibis.ifelse(stayed, both[f"{above}_{k}"] / both[f"{below}_{k}"].nullif(0), 0.0) for k in (0, 1)]
        return pair[0], pair[1]

    often = (both.orders_0.cast("float64"), both.orders_1.cast("float64"))
    size, mix = ratio("size", "orders"), ratio("value", "size")

    def whole(value: ir.NumericValue) -> ir.IntegerValue:
        return ibis.ifelse(stayed, value, 0).round().cast("int64")

    both = both.mutate(frequency=whole(shapley(often, size, mix)), basket=whole(shapley(size, often, mix)))
    bought = ibis.ifelse(stayed, both.value_1 - both.value_0, 0)
    paid = ibis.ifelse(stayed, MILLI * (both.sold_1 - both.sold_0), 0)
    return both.mutate(
        mix=bought - both.frequency - both.basket,
        price=paid - bought,
        less_frequency=ibis.greatest(-both.frequency, 0),
        less_basket=ibis.greatest(-both.basket, 0),
    )


SUMS = (
    "orders_0", "orders_1", "given_0", "given_1", "sold_0", "sold_1", "size_0", "size_1", *THOUSANDTHS,
    "less_frequency", "less_basket",
)  # fmt: skip


def summed(customers: ir.Table) -> ir.Table:
    """count(..), with `part`, summed by part and kind: customers and SUMS."""
    return (
        customers.group_by("part", "kind")
        .agg(customers=_.count().cast("int64"), **{name: customers[name].sum().cast("int64") for name in SUMS})
        .order_by("part", "kind")
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one part of the customers, or of all, in minor units; `causes` add up to it, unit by unit."""

    before: int
    after: int
    causes: Mapping[str, int]
    customers: Mapping[str, int]
    """By what became of them: new, referred, returned, lost, stayed, gave back."""


def change(rows: Sequence[Mapping[str, Any]]) -> Change:
    """The change that rows of summed(..) of one part come to."""
    by = {row["kind"]: row for row in rows}
    causes = dict.fromkeys(COMPONENTS, 0)
    for kind, cause in WHOLE.items():
        if kind in by:
            causes[cause] = by[kind]["sold_1"] - by[kind]["sold_0"]
    if "stayed" in by:
        causes |= zip(THOUSANDTHS, rounded([by["stayed"][name] for name in THOUSANDTHS]), strict=True)
    causes["refunds"] = sum(row["given_1"] - row["given_0"] for row in rows)
    before, after = (sum(row[f"sold_{k}"] + row[f"given_{k}"] for row in rows) for k in (0, 1))
    return Change(before, after, causes, {row["kind"]: row["customers"] for row in rows})


def together(changes: Sequence[Change]) -> Change:
    """The change of all parts: the sum of what each shows, so that a table adds up down and across."""
    kinds = sorted({kind for one in changes for kind in one.customers})
    return Change(
        sum(one.before for one in changes),
        sum(one.after for one in changes),
        {name: sum(one.causes[name] for one in changes) for name in COMPONENTS},
        {kind: sum(one.customers.get(kind, 0) for one in changes) for kind in kinds},
    )


def rounded(thousandths: Sequence[int]) -> list[int]:
    """Thousandths whose sum is whole as whole numbers of the same sum: what is left goes to the largest remainders.

    Of equal remainders the first has it.

    >>> rounded([1400, 1300, 300]), rounded([2001, -1]), rounded([-500, 500])
    ([2, 1, 0], [2, 0], [0, 0])
    """
    parts = [divmod(one, MILLI) for one in thousandths]
    left = sum(rest for _whole, rest in parts) // MILLI
    first = sorted(range(len(parts)), key=lambda k: -parts[k][1])[:left]
    return [whole + (k in first) for k, (whole, _rest) in enumerate(parts)]


@dataclass(frozen=True, slots=True)
class Lever:
    """Something the shop could move: `stake_minor` is the money it is about, `step_minor` a tenth of it."""

    name: str
    existing: bool
    """Whether it is about customers we have; those come first."""
    stake_minor: int
    step_minor: int
    customers: int


def levers(rows: Sequence[Mapping[str, Any]]) -> tuple[Lever, ...]:
    """What could be moved next: the existing base first, and within it the most money first. rows: summed(..).

    The stake of retention is what the lost had spent; of frequency and basket what those who stayed and lessened it
    spent less because of it; of reactivation, referral and acquisition what it brought. It is a ceiling, and some of it
    is chance. What concerns nobody is left out.
    """

    def total(kind: str, name: str) -> int:
        return sum(int(row[name]) for row in rows if row["kind"] == kind)

    found = [
        Lever(name, name != "acquisition", stake, round(stake / 10), total(kind, "customers"))
        for name, kind, stake in (
            ("retention", "lost", total("lost", "sold_0")),
            ("frequency", "stayed", total("stayed", "less_frequency") // MILLI),
            ("basket", "stayed", total("stayed", "less_basket") // MILLI),
            ("reactivation", "returned", total("returned", "sold_1")),
            ("referral", "referred", total("referred", "sold_1")),
            ("acquisition", "new", total("new", "sold_1")),
        )
        if stake > 0
    ]
    return tuple(sorted(found, key=lambda lever: (not lever.existing, -lever.stake_minor, lever.name)))
