"""Spend: what everyone will spend. Their segment, the models that foretold best, their stage; subscriptions beside.

Customers with a subscription are worth what its payments to come are, and what else they buy: the payments they made
are no occasions of buying for the models of that, so that nothing counts twice. Their stage is by all they bought.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from openchair.chair.ports import Engine
from openchair.core.clock import Moment
from openchair.core.estimate import Unknown
from openchair.core.settings import Settings
from openchair.dossier import stage
from openchair.listening.scores import counting
from openchair.value import worth
from openchair.value.spenders import subscribing
from openchair.value.spenders.contract import Contract
from openchair.value.worth import Fitted

CASE = ("orders", "recency_days", "age_days", "last_gap_days", "early_orders", "gap_squares", "spent_minor")
"""The integers that a customer's stage and value follow from: equal integers, equal scores."""

FIRST = {"first country": "country", "first category": "category", "first item": "item_id", "first source": "source"}
"""What of a customer's first order may say which segment they are in, beside any trait."""
MOST_SEGMENTS = 12
FEWEST_IN_SEGMENT = 50
"""Customers who bought; smaller segments are one together, of the name OTHERS."""
OTHERS, NOT_KNOWN = "others", "not known"

SOME = ("segment", "subscribed")
"""Columns of a customer that only some shops have."""
VALUE = ("value_minor", "value_low", "value_high")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is counted from, all with owners: purchases with `day`; subscribing.named(..) with `day`; traits."""

    bought: ir.Table
    steps: ir.Table
    traits: ir.Table


@dataclass(frozen=True, slots=True)
class Spent:
    """`days`: worth.purchase_days. `stats`: worth.count of all, `scored`: the same with stage and value and SOME of its
    columns, and a row for whoever only subscribes. `learned`: for the turn's record."""

    days: ir.Table
    stats: ir.Table
    scored: ir.Table
    learned: Mapping[str, Any]


def spenders(engine: Engine, of: Sources, currency: str, settings: Settings, moment: Moment) -> Spent:
    """What everyone will spend. Counts run in the engine; only distinct cases come here."""
    days = engine.keep(worth.purchase_days(of.bought))
    stats = engine.keep(segmented(engine, worth.count(days, moment.day), of.bought, of.traits, settings.segments_by))
    subscriptions = _subscriptions(engine, of.steps, currency, moment)
    mine = engine.keep(_contracted(of, subscriptions)) if subscriptions else None
    open_ = stats if mine is None else engine.keep(_without(of.bought, mine, stats, moment))
    case = (*CASE, *worth.segment_of(stats.columns))
    cases = _cases(engine, open_, case)
    column = columns_of(cases)
    fitted = worth.fit(column, *worth.chosen(columns_of(engine.rows(worth.trials(open_, column)))))
    gap = _usual_gap(column)
    scored = open_.inner_join(engine.share(placed(fitted, cases, gap, settings)), list(case))
    learned = {**worth.explain(fitted), "margin": settings.margin, "yearly_rate": settings.yearly_rate}
    if subscriptions and mine is not None:
        theirs = stats.semi_join(mine, "customer_id")
        stages = engine.share(placed(fitted, _cases(engine, theirs, case), gap, settings))
        scored = _together(engine, scored, theirs.inner_join(stages, list(case)), subscriptions, settings)
        learned["subscriptions"] = subscriptions.learned
    return Spent(days, stats, scored, learned)


def segmented(engine: Engine, stats: ir.Table, bought: ir.Table, traits: ir.Table, by: str) -> ir.Table:
    """Customers' counts with the `segment` they are in; as they are where `by` is empty.

    by: a key of FIRST, or the name of a trait. bought, traits: facts with owners.
    """
    if not by:
        return stats
    if by in FIRST:
        sold = bought.filter(~bought.is_return, bought[FIRST[by]].notnull())
        order = ibis.row_number().over(group_by="customer_id", order_by=["happened_at", "fact_id"])
        of = sold.mutate(place=order).filter(_.place == 0).select("customer_id", part=FIRST[by])
    else:
        of = counting.newest_trait(traits, by)
    named = engine.keep(of)
    buyers = named.semi_join(stats.filter(stats.orders >= 1), "customer_id")
    sizes = buyers.group_by("part").agg(n=_.count()).filter(_.n >= FEWEST_IN_SEGMENT)
    apart = engine.rows(sizes.order_by(_.n.desc(), "part").limit(MOST_SEGMENTS))["part"].to_pylist()
    part = stats.left_join(named, "customer_id").drop("customer_id_right")
    known = ibis.cases((part.part.isnull(), NOT_KNOWN), (part.part.isin(["", *apart]), part.part), else_=OTHERS)
    return part.mutate(segment=known).drop("part")


def _cases(engine: Engine, stats: ir.Table, case: tuple[str, ...]) -> pa.Table:
    """The distinct cases, and how many `customers` are each."""
    return engine.rows(stats.group_by(*case).agg(customers=_.count()).order_by(*case))


def columns_of(table: pa.Table) -> dict[str, Any]:
    """A table's columns as arrays."""
    return {name: table[name].to_numpy() for name in table.column_names}


def _gaps(column: Mapping[str, Any]) -> Any:
    orders = column["orders"]
    return np.where(orders >= 2, column["recency_days"] / np.maximum(orders - 1, 1), np.nan)


def _usual_gap(column: Mapping[str, Any]) -> float:
    """The middle customer's days between orders; nan where nobody came back."""
    gaps = np.repeat(_gaps(column), column["customers"])
    return float(np.nanmedian(gaps)) if np.isfinite(gaps).any() else float("nan")


def placed(fitted: Fitted | Unknown, cases: pa.Table, usual_gap: float, settings: Settings) -> pa.Table:
    """Stage and spender value of each distinct case. cases: CASE, `segment` where there are segments, `customers`."""
    column = columns_of(cases)
    terms = {"margin": settings.margin, "yearly_rate": settings.yearly_rate}
    figures = worth.score(fitted, column, settings.confidence, **terms)
    orders = column["orders"]
    figures["gap_days"] = _gaps(column)
    spread = column["gap_squares"] / np.maximum(orders - 1, 1) - figures["gap_days"] ** 2
    places = stage.stages(
        orders,
        column["age_days"] - column["recency_days"],
        figures["gap_days"],
        usual_gap,
        p_alive=figures["p_alive"],
        first_half_orders=column["early_orders"],
        last_gap_days=np.where(orders >= 2, column["last_gap_days"], np.nan),
        gap_sd_days=np.where(orders >= 3, np.sqrt(np.maximum(spread, 0.0)), np.nan),
    )
    return pa.table(
        {name: cases[name] for name in (*CASE, *worth.segment_of(cases.column_names))}
        | {name: pa.array(values, mask=np.isnan(values)) for name, values in figures.items()}
        | {"stage": pa.array(stage.STAGES).take(pa.array(places))}
    )


@dataclass(frozen=True, slots=True)
class _Subscriptions:
    """`each`: subscribing.count(..), kept. `fitted`: how long they last."""

    each: ir.Table
    fitted: Contract
    learned: Mapping[str, Any]


def _subscriptions(engine: Engine, steps: ir.Table, currency: str, moment: Moment) -> _Subscriptions | None:
    """The shop's subscriptions; None while they are too few to tell how long they last: then they are just buying."""
    if not engine.rows(steps.limit(1)).num_rows:
        return None
    each = engine.keep(subscribing.count(steps, moment.day, currency))
    lasting = each.filter(_.period_days.notnull()).group_by("renewed", "ended").agg(n=_.count().cast("int64"))
    sums = columns_of(engine.rows(lasting.order_by("renewed", "ended")))
    fitted = subscribing.fit(sums["renewed"], sums["ended"], sums["n"])
    if isinstance(fitted, Unknown):
        return None
    why = engine.rows(each.filter(_.running).group_by("reason").agg(n=_.count()).order_by("reason")).to_pylist()
    left = {row["reason"]: row["n"] for row in why}
    learned = {
        "params": dict(fitted.params),
        "doubt": fitted.doubt,
        "subscriptions": fitted.n,
        "running": left.pop(None, 0),
        "left_out": left,
    }
    return _Subscriptions(each, fitted, learned)


def _contracted(of: Sources, subscriptions: _Subscriptions) -> ir.Table:
    """fact_id and customer_id of purchases that are payments of a subscription, or may be: they are in its value.

    They say which subscription they are of, or fall on the day of a payment, or are of its price while it runs.
    """
    known = subscriptions.each.filter(_.reason.isnull())
    paid = of.steps.filter(_.event.isin(["start", "paid"])).semi_join(known, "customer_id")
    own = of.bought.semi_join(known, "customer_id")
    of_price = own.mutate(price=own.amount_minor.abs()).inner_join(
        known.select("customer_id", "started_on", "until", price="amount_minor"), ["customer_id", "price"]
    )
    ids = ("fact_id", "customer_id")
    return ibis.union(
        own.filter(own.properties.contains('"subscription_id"')).select(*ids),
        own.semi_join(paid, ["customer_id", "day"]).select(*ids),
        of_price.filter(_.day >= _.started_on, _.day <= _.until).select(*ids),
        distinct=True,
    )


def _without(bought: ir.Table, mine: ir.Table, stats: ir.Table, moment: Moment) -> ir.Table:
    """Everyone's counts, of what they bought beside their subscriptions' payments. mine: _contracted(..)."""
    rest = bought.semi_join(mine, "customer_id").anti_join(mine, "fact_id")
    alone = worth.count(worth.purchase_days(rest), moment.day)
    if segment := worth.segment_of(stats.columns):
        alone = alone.left_join(stats.select("customer_id", *segment), "customer_id").drop("customer_id_right")
    return ibis.union(stats.anti_join(mine, "customer_id"), alone.select(*stats.columns))


def _together(
    engine: Engine, scored: ir.Table, whole: ir.Table, subscriptions: _Subscriptions, settings: Settings
) -> ir.Table:
    """Everyone's counts and stage by all they bought, their value with that of their subscriptions.

    scored: everyone by what they bought beside them. whole: those who paid for one by all they bought. The two kinds of
    value are taken to miss independently (send.worth). `subscribed` is what a dossier reckons other horizons from: the
    counts beside, and CASE of each that runs (worth.subscribed).
    """
    beside = scored.semi_join(whole, "customer_id")
    word = [beside[name].cast("string") for name in ("orders", "recency_days", "age_days", "spent_minor")]
    beside = beside.select("customer_id", *VALUE, beside=ibis.literal(":").join(word))
    theirs = whole.drop(*VALUE).left_join(beside, "customer_id").drop("customer_id_right")
    theirs = theirs.mutate(beside=theirs.beside.fill_null(""))
    others = scored.anti_join(whole, "customer_id").mutate(beside=ibis.null("string"))
    bought = ibis.union(others, theirs.select(*others.columns))
    running = subscriptions.each.filter(_.running, _.reason.isnull())
    running = running.mutate(period_days=running.period_days.cast("float64"))
    case = list(subscribing.CASE)
    cases = engine.rows(running.select(*case).distinct().order_by(*case))
    terms = {"margin": settings.margin, "yearly_rate": settings.yearly_rate}
    found = subscribing.payments(
        subscriptions.fitted, columns_of(cases), subscribing.DAYS_A_YEAR, confidence=settings.confidence, **terms
    )
    money = {name: cases[name] for name in case} | {
        "paid": pa.array(found.value), "paid_low": pa.array(found.low), "arm": pa.array((found.high - found.value) ** 2)
    }  # fmt: skip
    said = running.inner_join(engine.share(pa.table(money)), case)
    said = said.mutate(word=ibis.literal(":").join([said[name].cast("string") for name in case]))
    paying = said.group_by("customer_id").agg(
        paid=_.paid.sum(), paid_low=_.paid_low.sum(), arm=_.arm.sum(), runs=_.word.collect().sort().join(" ")
    )
    both = bought.outer_join(paying, "customer_id")
    own = (both.value_high - both.value_minor).fill_null(0.0)
    value = both.value_minor.fill_null(0.0) + both.paid
    pays = both.paid.notnull()
    both = both.mutate(
        customer_id=ibis.coalesce(both.customer_id, both.customer_id_right),
        value_minor=ibis.ifelse(pays, value, both.value_minor),
        value_low=ibis.ifelse(pays, ibis.least(both.value_low.fill_null(0.0) + both.paid_low, value), both.value_low),
        value_high=ibis.ifelse(pays, value + (own * own + both.arm).sqrt(), both.value_high),
        subscribed=ibis.ifelse(pays | both.beside.notnull(), both.beside.fill_null("") + "|" + both.runs.fill_null(""),
                               ibis.null("string")),
    )  # fmt: skip
    return engine.keep(both.drop("customer_id_right", "paid", "paid_low", "arm", "runs", "beside"))
