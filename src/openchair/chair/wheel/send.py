"""Send: who brought whom, whom they will bring, and what a customer is worth as spender and sender together.

Two figures of sending, never to be mixed. `brought_*` looks back: what the friends already here will spend, which their
own spender value counts too, so it is shown and never added. `sender_*` looks forward: friends who are nobody's
customers yet. Worth is spender value and that, so the worths of all add up without counting a sale twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _
from scipy.special import ndtri

from openchair.chair.ports import Engine
from openchair.core.clock import Moment
from openchair.core.estimate import Unknown
from openchair.core.settings import Settings
from openchair.facts.days import local_day
from openchair.value.senders import newcomers, referrals, sending
from openchair.value.senders.newcomers import Anyway

SENDER = ("sender_minor", "sender_low", "sender_high")
BROUGHT = ("brought_minor", "brought_low", "brought_high")
GROUPS = ("never asked", "detractor", "passive", "promoter")
"""Whose rates of bringing friends have levels of their own: by their newest answer to "would you recommend us?"."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is counted from: referrals with owners, identities, worth.purchase_days, worth.count, and the same with
    their scores, and `nps_score` by customer."""

    referrals: ir.Table
    identities: ir.Table
    days: ir.Table
    stats: ir.Table
    scored: ir.Table
    nps: ir.Table


@dataclass(frozen=True, slots=True)
class Sent:
    """`senders`: customer_id, sent_friends, SENDER, BROUGHT of whoever has any; `learned`: for the turn's record."""

    senders: ir.Table
    learned: Mapping[str, Any]


def senders(engine: Engine, of: Sources, settings: Settings, moment: Moment) -> Sent:
    """What everyone brought and will bring. Counts run in the engine; only distinct cases and the forest come here."""
    told = of.referrals.mutate(day=local_day(of.referrals.happened_at, moment.zone))
    pair = engine.keep(referrals.pairs(told, of.identities, of.stats.filter(of.stats.orders >= 1)))
    came = engine.keep(referrals.brought(pair))
    who = engine.keep(referrals.numbered(came))
    round_ = _on_cycles(engine, who)
    came = came.anti_join(engine.share(round_), "referred") if round_.num_rows else came
    joiners = engine.keep(newcomers.joiners(of.days, of.stats, came))
    anyway = newcomers.anyway(
        _columns(engine, newcomers.likeness(joiners).order_by(*newcomers.SIGNS, "referred")),
        _drawn(engine, pair),
        settings.confidence,
    )
    year = newcomers.year(_columns(engine, newcomers.first_year(of.days, joiners)))
    friends = engine.share(_brought(engine, of, who, came, joiners, anyway, settings, moment))
    cells = _cells(of, pair, friends, moment)
    distinct = engine.rows(cells.group_by(*_CELL).agg(customers=_.count().cast("int64")).order_by(*_CELL))
    late = came.agg(n=(_days_until(moment, came.joined_on) <= sending.LATELY_DAYS).cast("int64").sum())
    scores, learned = _ahead(distinct, engine.rows(late)["n"][0].as_py() or 0, year, anyway, settings)
    wrong = engine.rows(pair.filter(_.reason.notnull()).group_by("reason").agg(n=_.count()).order_by("reason"))
    excluded = {row["reason"]: row["n"] for row in wrong.to_pylist()} | (
        {"cycle": round_.num_rows} if round_.num_rows else {}
    )
    ahead = engine.keep(
        cells.inner_join(engine.share(scores), list(_CELL)).select("customer_id", "sent_friends", *SENDER)
    )
    table = ahead.left_join(friends.select("customer_id", *BROUGHT), "customer_id").drop("customer_id_right")
    middle = {
        name: engine.rows(one.agg(m=one[column].median()))["m"][0].as_py()
        for name, one, column in (("spender", of.scored, "value_minor"), ("sender", ahead, "sender_minor"))
    }
    return Sent(table, {**learned, "left_out": excluded, "middle": middle})


def worth(table: ir.Table) -> dict[str, ir.Value]:
    """Spender and sender value together: worth_minor, worth_low, worth_high. table: columns of both.

    The two are taken to miss independently, so the upper arms of their intervals add as squares. Both are skewed, and
    mostly fall out below their mean: lower ends are simply added, as arms added there would be too short. While nothing
    is known of sending, worth is spender value alone; while nothing is known of spending, there is none.
    """
    sent, low, high = (table[name].fill_null(0.0) for name in SENDER)
    total, own, others = table.value_minor + sent, table.value_high - table.value_minor, high - sent
    return {
        "worth_minor": total,
        "worth_low": ibis.least(table.value_low + low, total),
        "worth_high": total + (own * own + others * others).sqrt(),
    }


_CELL = ("sent_friends", "days", "group")


def _cells(of: Sources, pair: ir.Table, friends: ir.Table, moment: Moment) -> ir.Table:
    """Everyone who bought or told anybody: customer_id and _CELL, `days` since they first did either."""
    bought = of.stats.filter(of.stats.orders >= 1).select("customer_id", since="first_on")
    told = pair.filter(_.reason.isnull()).select(customer_id="referrer", since="told_on")
    everyone = ibis.union(bought, told).group_by("customer_id").agg(since=_.since.min())
    rows = everyone.left_join(friends.select("customer_id", "sent_friends"), "customer_id").drop("customer_id_right")
    rows = rows.left_join(of.nps, "customer_id").drop("customer_id_right")
    score = rows.nps_score
    return rows.select(
        "customer_id",
        sent_friends=rows.sent_friends.fill_null(0).cast("int64"),
        days=ibis.greatest(ibis.literal(moment.day).delta(rows.since, unit="day").cast("int64"), 1),
        group=ibis.cases((score.isnull(), 0), (score <= 6, 1), (score <= 8, 2), else_=3).cast("int64"),
    )


def _drawn(engine: Engine, pair: ir.Table) -> tuple[int, int, int, int]:
    """Of invitations drawn by lot: how many were sent, and came of it; how many were kept back, and came anyway."""
    lots = pair.filter(_.drawn.notnull(), _.referrer != _.referred).group_by("drawn")
    rows = engine.rows(lots.agg(n=_.count(), came=_.joined_on.notnull().cast("int64").sum())).to_pylist()
    found = {row["drawn"]: (row["n"], row["came"]) for row in rows}
    return *found.get("sent", (0, 0)), *found.get("kept", (0, 0))


def _on_cycles(engine: Engine, who: ir.Table) -> pa.Table:
    """`referred`: those who, by what was told, brought themselves in the end. who: referrals.numbered(..)."""
    parents = engine.rows(who.select("place", "parent").order_by("place"))["parent"].to_numpy()
    places = np.flatnonzero(referrals.forest(parents)[1])
    if not len(places):
        return pa.table({"referred": pa.array([], pa.string())})
    return engine.rows(who.filter(who.place.isin(places.tolist())).select(referred="customer_id"))


def _brought(
    engine: Engine,
    of: Sources,
    who: ir.Table,
    came: ir.Table,
    joiners: ir.Table,
    anyway: Anyway,
    settings: Settings,
    moment: Moment,
) -> pa.Table:
    """customer_id, sent_friends and BROUGHT of everyone in the forest. who: referrals.numbered(..)."""
    joined = came.select(customer_id="referred", days_here=_days_until(moment, came.joined_on))
    for part in (
        joined,
        joiners.select("customer_id", *newcomers.SIGNS),
        of.scored.select("customer_id", "value_minor", "value_low", "value_high"),
    ):
        who = who.left_join(part, "customer_id").drop("customer_id_right")
    rows = engine.rows(who.order_by("place"))
    column = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names if name != "customer_id"}
    forest, _on_cycle = referrals.forest(column["parent"].astype(np.int64))
    unlikely = anyway.chance({name: column[name].astype(np.float64) for name in newcomers.SIGNS})
    spends = np.nan_to_num(column["value_minor"].astype(np.float64))
    half = np.nan_to_num((column["value_high"] - column["value_low"]).astype(np.float64)) / 2
    saved = settings.acquisition_minor * (column["days_here"].astype(np.float64) <= sending.DAYS_A_YEAR)
    z = float(ndtri((1 + settings.confidence) / 2))
    due = 1 - unlikely
    value = due * spends + unlikely * saved
    variance = (due * half / z) ** 2 + due * unlikely * (spends - saved) ** 2
    found = referrals.credit(forest, value, variance, due)
    # What share would have come anyway is one error that all have in common: it does not average out.
    shared = anyway.shared / max(1 - anyway.share.value, 1e-9)
    reach = z * np.sqrt(found.variance + (shared * found.value) ** 2)
    known = bool(np.isfinite(column["value_minor"].astype(np.float64)).any())
    figures = (found.value, np.maximum(found.value - reach, 0), found.value + reach)
    return pa.table(
        {"customer_id": rows["customer_id"], "sent_friends": pa.array(forest.friends)}
        | {name: pa.array(f, mask=np.full(len(f), not known)) for name, f in zip(BROUGHT, figures, strict=True)}
    )


def _ahead(
    cells: pa.Table, late: int, year: newcomers.Year | Unknown, anyway: Anyway, settings: Settings
) -> tuple[pa.Table, dict[str, Any]]:
    """SENDER of each distinct case, and what was learned. cells: _CELL, `customers`. late: friends who came lately."""
    column = {name: cells[name].to_numpy() for name in cells.column_names}
    brought, years, group = column["sent_friends"], column["days"] / sending.DAYS_A_YEAR, column["group"]
    fitted = sending.fit(brought, years, group, len(GROUPS), column["customers"])
    if not isinstance(fitted, Unknown):
        fitted = sending.lately(fitted, late, years, group, column["customers"])
    figures = tuple(np.full(len(brought), np.nan) for _name in SENDER)
    if not isinstance(fitted, Unknown) and not isinstance(year, Unknown):
        terms = {"margin": settings.margin, "yearly_rate": settings.yearly_rate}
        one = sending.friend(fitted, year, anyway, settings.acquisition_minor, **terms)
        figures = sending.value(*fitted.ahead(brought, years, group), one, settings.confidence)
    table = {name: cells[name] for name in _CELL}
    masked = {name: pa.array(f, mask=np.isnan(f)) for name, f in zip(SENDER, figures, strict=True)}
    return pa.table(table | masked), sending.explain(fitted, year, anyway)


def _days_until(moment: Moment, day: ir.Value) -> ir.Value:
    return ibis.literal(moment.day).delta(day, unit="day").cast("int64")


def _columns(engine: Engine, table: ir.Table) -> dict[str, Any]:
    rows = engine.rows(table)
    return {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
