"""Subscriptions in a shop's facts: what to count of them, and what the payments to come of each are worth.

Steps say when a subscription started, was renewed, paused or ended, and what it costs a period (`facts.track`). One
that was not paid for half a period too long counts as ended, where the shop says at all when one is renewed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.special import ndtri

from openchair.core.errors import FitFailed
from openchair.core.estimate import Unknown
from openchair.value import horizon
from openchair.value.cases import Array
from openchair.value.spenders import contract
from openchair.value.spenders.contract import Contract

EVENTS = {
    "subscription started": "start",
    "subscription renewed": "paid",
    "subscription resumed": "resume",
    "subscription paused": "pause",
    **dict.fromkeys(
        ("subscription cancelled", "subscription canceled", "subscription ended", "subscription expired"), "end"
    ),
}
"""Names of steps, in small letters with blanks, and what they say of a subscription."""
LARGEST_MINOR = 10**11
FEWEST = 30
"""Subscriptions; below this two parameters rest on too little to be told."""
REASONS = {
    "price": "without a price or of an absurd one",
    "currency": "in another currency",
    "period": "whose period is not known",
}
"""Why a running subscription is in nobody's value, in words that follow a number."""
CASE = ("renewed", "passed_days", "period_days", "amount_minor")
"""What the worth of a running subscription follows from."""
DAYS_A_YEAR = 365.0
_LATE = 1.5  # periods without a payment after which one has ended unsaid
_FADED = 28.0  # e-folds of discount after which a payment is worth nothing
_FARTHEST = 10_000  # and so many of them
_ROWS = 2**12


def named(steps: ir.Table) -> ir.Table:
    """The steps that speak of subscriptions, with what they say as `event`."""
    name = steps.name.lower().re_replace(r"[\s_-]+", " ").strip()
    return steps.mutate(event=name.cases(*EVENTS.items(), else_=ibis.null("string"))).filter(_.event.notnull())


def count(told: ir.Table, today: date, currency: str) -> ir.Table:
    """One row a subscription: customer_id, started_on, until, renewed, ended, running, CASE and reason.

    told: named(..) with `customer_id` and `day`. ended: 1 where it was not renewed after so many times, else 0.
    running: paid for now. passed_days: of the present period. until: the last day it ran. reason: a key of REASONS, or
    null. A start after another of the same subscription is a new one; what began before facts did starts with the first
    of them.
    """
    said = told.mutate(
        key=_said(told, "subscription_id").fill_null(""),
        amount_minor=_said(told, "amount_minor").try_cast("int64"),
        money=_said(told, "currency"),
        period_days=_said(told, "period_days").try_cast("float64"),
    )
    starts = (said.event == "start").cast("int64").sum()
    order = [said.happened_at, said.fact_id]
    said = said.mutate(number=starts.over(group_by=["customer_id", "key"], order_by=order, rows=(None, 0)))
    paid = said.event.isin(["start", "paid", "resume"])
    each = said.group_by("customer_id", "key", "number").agg(
        started_on=said.day.min(),
        paid_on=said.day.max(where=paid),
        paused_on=said.day.max(where=said.event == "pause"),
        ended_on=said.day.max(where=said.event == "end"),
        payments=(said.event == "paid").cast("int64").sum(),
        **{
            name: said[name].argmax(said.happened_at, where=said[name].notnull())
            for name in ("amount_minor", "money", "period_days")
        },
        renews=(said.event == "paid").any(),
    )
    now = ibis.literal(today)
    paid_on = ibis.coalesce(each.paid_on, each.started_on)
    ended_on = ibis.ifelse(each.ended_on < each.paid_on, ibis.null("date"), each.ended_on)
    renewing = each.renews.any().over(ibis.window())
    late = renewing & (now.delta(paid_on, unit="day") > _LATE * each.period_days)
    paused = (each.paused_on >= paid_on).fill_null(False)
    until = ibis.cases(
        (ended_on.notnull(), ended_on), (paused, each.paused_on), (late.fill_null(False), paid_on), else_=now
    )
    seen = each.mutate(until=until, over=(ended_on.notnull() | (late & ~paused)).fill_null(False), paused=paused)
    age = seen.until.delta(seen.started_on, unit="day").cast("float64")
    whole = (age / seen.period_days).floor().cast("int64")
    since_paid = now.delta(ibis.coalesce(seen.paid_on, seen.started_on), unit="day").cast("float64")
    passed = ibis.least(age - whole * seen.period_days, since_paid)
    reason = ibis.cases(
        (seen.money != currency, "currency"),
        (seen.period_days.isnull(), "period"),
        (seen.amount_minor.isnull() | (seen.amount_minor > LARGEST_MINOR) | (seen.amount_minor <= 0), "price"),
        else_=ibis.null("string"),
    )
    return seen.select(
        "customer_id", "started_on", "until", "period_days", "amount_minor",
        renewed=ibis.greatest(seen.payments, whole.fill_null(0)),
        ended=seen.over.cast("int64"),
        running=~seen.over & ~seen.paused,
        passed_days=ibis.greatest(passed.floor(), 0.0).cast("int64"),
        reason=reason,
    )  # fmt: skip


def _said(steps: ir.Table, name: str) -> ir.StringValue:
    """What a step's properties say under a name, as text."""
    return steps.properties.re_extract(rf'"{name}"\s*:\s*"?([^",}}]*)', 1).nullif("")


def fit(renewed: NDArray[np.int64], ended: NDArray[np.int64], weights: NDArray[np.int64]) -> Contract | Unknown:
    """How long subscriptions last; Unknown below FEWEST of them, or while none was renewed or none ended."""
    n = int(weights.sum())
    if n < FEWEST:
        return Unknown(f"{n} subscriptions", needed=FEWEST - n)
    try:
        return contract.fit(renewed, ended, weights)
    except FitFailed as failure:
        return Unknown(str(failure))


@dataclass(frozen=True, slots=True)
class Payments:
    """What the payments to come of (n,) running subscriptions are worth, minor units, low <= value <= high."""

    value: Array
    low: Array
    high: Array


def payments(
    fitted: Contract,
    cases: Mapping[str, NDArray[Any]],
    days: float | None,
    *,
    confidence: float,
    margin: float = 1.0,
    yearly_rate: float = 0.1,
) -> Payments:
    """The margin, in today's money, of what each will still pay within some days; for life where None.

    cases: columns CASE. The number of renewals has an exact distribution, and what is paid rises with it, so quantiles
    are exact, too; they are widened by the parameters' doubt as in `horizon`. margin in (0, 1], yearly_rate above 0.
    """
    renewed, passed, period, amount = (np.asarray(cases[name], dtype=np.float64) for name in CASE)
    daily, cut = float(np.log1p(yearly_rate)) / DAYS_A_YEAR, (1 - confidence) / 2
    ends = np.minimum(np.floor((passed + (_FADED / daily if days is None else days)) / period), _FARTHEST)
    parts = [np.zeros((3, 0))]
    doubt = np.zeros(len(renewed))
    for rows in np.array_split(np.arange(len(renewed)), 1 + len(renewed) // _ROWS):
        ks = np.arange(1.0, ends[rows].max(initial=0.0) + 1)
        due = np.maximum(ks * period[rows, None] - passed[rows, None], 0.0)
        money = np.where(ks <= ends[rows, None], np.exp(-daily * due), 0.0) * margin * amount[rows, None]
        behind = np.broadcast_to(renewed[rows, None], money.shape)

        def mean(model: Contract, ks: Array = ks, behind: Array = behind, money: Array = money) -> Array:
            return (model.kept(ks, behind) * money).sum(axis=1) if len(ks) else np.zeros(len(money))

        stays = fitted.kept(ks, behind) if len(ks) else np.zeros_like(money)
        edges = ((money * (stays >= 1 - cut)).sum(axis=1), (money * (stays > cut)).sum(axis=1))
        parts.append(np.array([mean(fitted), *edges]))
        doubt[rows] = horizon.doubt_of(fitted, mean)
    value, low, high = np.concatenate(parts, axis=1)
    doubt = doubt * float(ndtri(1 - cut))
    low, high = np.minimum(low, value), np.maximum(high, value)
    return Payments(value, horizon.widened(low, value, doubt, -1.0), horizon.widened(high, value, doubt, 1.0))
