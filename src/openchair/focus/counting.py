"""The count half of drivers: what each customer met with, one row a customer and driver, and what came of it."""

import math
from collections.abc import Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.value import growth

KEYED = r'"(?:question|driver|need)"\s*:\s*"([^"]{1,80})"'
"""Where the properties of an answer say which question it is of, in whatever language it was asked."""
STATED = r'"scale"\s*:\s*([0-9]+)'
HELP = ("ticket", "chat", "call")
IMPORTANCE = "_importance"
"""What the key of a question ends with that asks how important something is; or its properties say so (STATES)."""
LONGEST = 200
"""Characters of what a driver is called by."""
STATES = r'"asks"\s*:\s*"importance"'
ARRIVED = "deliver|receiv|arriv"
"""What a step is called by which an order is with the customer."""


def rated(answers: ir.Table) -> ir.Table:
    """customer_id, driver, value: each customer's newest answer to every scale question of the surveys' own.

    answers: facts of that kind with owners. Beside them `label`, the question, and `top`, the greatest of its scale.
    """
    own = answers.filter(answers.metric == "own", answers.score.notnull())
    key = (
        own.properties.re_extract(KEYED, 1)
        .nullif("")
        .fill_null(own.question)
        .fill_null(own.survey_id)
        .substr(0, LONGEST)
    )
    stated = own.properties.re_search(STATES).fill_null(False)
    keyed = own.mutate(
        driver=ibis.literal("survey:") + key + ibis.ifelse(stated, IMPORTANCE, ""),
        label=own.question.fill_null(key).substr(0, LONGEST),
        top=own.properties.re_extract(STATED, 1).nullif("").cast("float64"),
    )
    return _newest(keyed, ["customer_id", "driver"]).select("customer_id", "driver", "label", "top", value="score")


def scored(answers: ir.Table, metric: str) -> ir.Table:
    """customer_id, outcome: each customer's newest score of a metric."""
    given = answers.filter(answers.metric == metric, answers.score.notnull())
    return _newest(given, ["customer_id"]).select("customer_id", outcome=_.score.cast("float64"))


def paid(lines: ir.Table) -> ir.Table:
    """customer_id, driver, value: the share taken off, prices paid against the shop's usual, the share returned.

    lines: purchases with owners, of one currency. The usual price of an item is its mean over all who bought it.
    """
    sold = lines.filter(~lines.is_return, lines.quantity > 0, lines.amount_minor >= 0)
    sold = sold.mutate(milli=growth.milli(sold))
    usual = sold.group_by("item_id").agg(usual=_.amount_minor.sum() * growth.MILLI / _.milli.sum())
    joined = sold.left_join(usual, "item_id").drop("item_id_right")
    sums = joined.group_by("customer_id").agg(
        paid=_.amount_minor.sum(), off=_.discount_minor.sum(), usual=(_.usual * _.milli).round().cast("int64").sum()
    )
    back = lines.filter(lines.is_return).group_by("customer_id").agg(back=-_.amount_minor.sum())
    sums = sums.left_join(back, "customer_id").drop("customer_id_right")
    return _long(
        sums,
        {
            "price:discount": sums.off / (sums.paid + sums.off).nullif(0),
            "price:level": sums.paid * growth.MILLI / sums.usual.nullif(0),
            "returns:share": sums.back.fill_null(0) / sums.paid.nullif(0),
        },
    )


def delivered(steps: ir.Table, lines: ir.Table) -> ir.Table:
    """customer_id, driver, value: the mean days from order to delivery, for orders whose arrival is a step."""
    came = steps.filter(steps.order_id.notnull(), steps.name.lower().re_search(ARRIVED))
    first = came.group_by("order_id").agg(came=_.happened_at.min())
    orders = lines.filter(~lines.is_return).group_by("customer_id", "order_id").agg(ordered=_.happened_at.min())
    both = orders.inner_join(first, "order_id").filter(_.came >= _.ordered)
    seconds = both.came.epoch_seconds() - both.ordered.epoch_seconds()
    mean = both.mutate(seconds=seconds).group_by("customer_id").agg(seconds=_.seconds.mean())
    return _long(mean, {"delivery:days": mean.seconds / 86_400})


def asked_for_help(steps: ir.Table, voices: ir.Table, lines: ir.Table) -> ir.Table:
    """customer_id, driver, value: of who ordered, the steps they took and the times they asked for help, per order.

    steps, voices, lines: facts of these kinds with owners.
    """
    orders = lines.filter(~lines.is_return).group_by("customer_id").agg(orders=_.order_id.nunique())
    took = steps.group_by("customer_id").agg(steps=_.count())
    helped = voices.filter(voices.channel.isin(HELP)).group_by("customer_id").agg(helps=_.count())
    both = orders.left_join(took, "customer_id").drop("customer_id_right")
    both = both.left_join(helped, "customer_id").drop("customer_id_right")
    # Who is not seen taking steps is not known to take none; who asks nobody asks nobody.
    return _long(
        both,
        {"journey:steps": both.steps / both.orders, "journey:help": both.helps.fill_null(0) / both.orders},
    )


def kept(lines: ir.Table, cut: datetime) -> ir.Table:
    """customer_id, retention (1 or 0), worth: of who had ordered before a time, whether they have since, and for how
    much (minor units, as the logarithm of 1 more). lines: purchases with owners, of one currency."""
    sales = lines.filter(~lines.is_return)
    late = sales.happened_at >= cut
    by = sales.group_by("customer_id").agg(
        before=(~late).any(), retention=late.any(), spent=sales.amount_minor.sum(where=late)
    )
    had = by.filter(by.before)
    return had.select(
        "customer_id",
        retention=had.retention.cast("float64"),
        worth=(ibis.greatest(had.spent.fill_null(0), 0) + 1).cast("float64").ln(),
    )


def known(met: ir.Table) -> ir.Table:
    """A row a driver: the customers it is known of, how far it reaches, its label and scale. met: long, as here."""
    return met.group_by("driver").agg(
        people=_.customer_id.nunique(),
        least=_.value.min(),
        most=_.value.max(),
        mean=_.value.mean(),
        label=_.label.min(),
        top=_.top.max(),
    )


def cases(met: ir.Table, outcome: ir.Table, names: Sequence[str], spoken: Sequence[str], most: int) -> ir.Table:
    """Customers with an outcome: columns d0, d1, .. by the order of names, `outcome`, and `n`, how many are equal.

    met: long, as here. spoken: names of which saying nothing is 0, not missing. Of more than `most` customers those
    count whose id has the least digest, so that the same are drawn every time.
    """
    drawn = outcome.order_by(outcome.customer_id.hexdigest("md5")).limit(most)
    columns = {f"d{k}": met.value.mean(where=met.driver == name) for k, name in enumerate(names)}
    wide = drawn.left_join(met.group_by("customer_id").agg(**columns), "customer_id").drop("customer_id_right")
    silent = {f"d{k}": wide[f"d{k}"].fill_null(0.0) for k, name in enumerate(names) if name in spoken}
    keys = [*columns, "outcome"]
    return wide.mutate(**silent).group_by(keys).agg(n=_.count()).order_by(keys)


def _newest(facts: ir.Table, keys: Sequence[str]) -> ir.Table:
    order = [ibis.desc(facts.happened_at), ibis.desc(facts.fact_id)]
    placed = facts.mutate(place=ibis.row_number().over(group_by=list(keys), order_by=order))
    return placed.filter(placed.place == 0)


def _long(table: ir.Table, values: dict[str, ir.Value]) -> ir.Table:
    parts = [
        table.select("customer_id", driver=ibis.literal(name), value=value.cast("float64"))
        for name, value in values.items()
    ]
    whole = parts[0] if len(parts) == 1 else ibis.union(*parts)
    return whole.filter(whole.value.notnull(), whole.value.abs() < math.inf)
