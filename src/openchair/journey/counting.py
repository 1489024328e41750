"""What is counted of journeys: needs, ways from step to step, paths, rounds, and each customer's measures.

Every table here is of steps as `cutting.cut` leaves them, or of `needs`; what is grouped comes down to the distinct.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.journey.cutting import DAY_S, Codes, binned

PLACES = 10
"""Steps of a path that are kept, the first."""
PREFIX = 4
"""Steps by which paths are told apart in a report."""
MOST_ROUNDS = 12
MICRO = 10**6
"""Fractions are added up as whole millionths: a sum of fractions would depend on the order of the rows."""
BASE = 64
"""Digits of a path: a step's code and one, 0 for none."""
SAMPLE_STEPS = 2_000_000
"""Steps of whole customers, drawn by their number, that chances to delight are looked for in."""
SETTLED = 0.9
"""Share of what follows needs that are met, after which a customer who is back is no longer back at once."""

_bit_or = ibis.udf.agg.builtin(lambda bits: ..., name="bit_or", signature=(("int64",), "int64"))
_bit_count = ibis.udf.scalar.builtin(lambda bits: ..., name="bit_count", signature=(("int64",), "int32"))


def _power(base: int, exponent: ir.IntegerValue) -> ir.IntegerValue:
    """Exact: every engine has powers of two as floating-point numbers."""
    return (ibis.literal(float(base)) ** exponent).cast("int64")


def needs(steps: ir.Table, codes: Codes, value_days: int, now_s: int) -> ir.Table:
    """One row a need: who, need, steps, `mask` (its steps as bits), `path` (the first PLACES as digits to BASE).

    steps: cut(..). Beside them `last` (the last step but for a cry for help) and `end` (what became of it); `first_at`,
    `last_at`, `met_at`, seconds since 1970, null while unmet; `money`, `mood` and `moods` (sum and number of what was
    said), `helps`, `backs`; `later`: money within value_days of its beginning, its own too, and `ripe`: whether these
    days are over; `back_s`: seconds from met until the customer's next need, null where there is none.
    """
    place = steps.turn.clip(upper=PLACES)
    new = (steps.prev != steps.code).fill_null(True) & (steps.turn < PLACES)
    digit = ibis.ifelse(new, (steps.code.cast("int64") + 1) * _power(BASE, place), 0)
    worked = steps.mutate(bit=_power(2, steps.code), digit=digit, met=steps.code.isin(codes.meets))
    order = worked.turn.cast("int64") * BASE + worked.code
    asking = worked.code.isin(codes.helps) if codes.helps else worked.code < 0
    each = worked.group_by("who", "need").agg(
        steps=_.count().cast("int64"),
        mask=_bit_or(worked.bit),
        path=_.digit.sum().cast("int64"),
        last=(ibis.coalesce(order.max(where=~asking), order.max()) % BASE).cast("int8"),
        end=_.end.max(),
        first_at=_.at.min(),
        last_at=_.at.max(),
        met_at=_.at.min(where=_.met),
        money=_.money.sum().cast("int64"),
        mood=_.mood.sum().fill_null(0).cast("int64"),
        moods=_.mood.count().cast("int64"),
        helps=asking.cast("int64").sum().cast("int64"),
        backs=_.back.cast("int64").sum().cast("int64"),
    )
    each = each.mutate(day=each.first_at // DAY_S)
    ahead = ibis.range_window(group_by=each.who, order_by=each.day, preceding=0, following=value_days - 1)
    return each.mutate(
        later=each.money.sum().over(ahead).cast("int64"),
        ripe=each.day + value_days <= now_s // DAY_S,
        repeats=each.steps - _bit_count(each.mask),
        back_s=each.first_at.lead().over(group_by=each.who, order_by=each.need) - each.met_at,
    )


def ways(steps: ir.Table) -> ir.Table:
    """code, next, end, bin, n: how often a step is followed by which, after how long; `bin` by EDGES_S."""
    keyed = steps.select("code", "next", "end", bin=binned(steps.silence))
    return keyed.group_by("code", "next", "end", "bin").agg(n=_.count()).order_by("code", "next", "end", "bin")


def held(of: ir.Table) -> ir.Table:
    """mask, last, end, band, soon and sums: needs that hold the same steps, taken together. of: needs(..).

    soon: whether the customer was back before nine in ten of what follows needs that are met had come.
    """
    after = of.last_at - of.met_at
    usual = of.filter(after > 0).agg(usual_s=after.quantile(SETTLED))
    of = of.cross_join(usual)
    money = of.later.cast("float64")
    return (
        of.group_by(
            "mask", "last", "end", band=(of.need > 1).cast("int8"), soon=(of.back_s <= of.usual_s).fill_null(False)
        )
        .agg(
            n=_.count(),
            ripe=_.ripe.cast("int64").sum(),
            later=money.sum(where=_.ripe).fill_null(0.0),
            later2=(money * money).sum(where=_.ripe).fill_null(0.0),
            **{name: of[name].sum() for name in ("steps", "repeats", "backs", "helps", "mood", "moods")},
            mood2=(of.mood * of.mood * MICRO / of.moods.nullif(0)).round().cast("int64").sum().fill_null(0) / MICRO,
            met=_.met_at.count(),
        )
        .order_by("mask", "last", "end", "band", "soon")
    )


def eased(of: ir.Table, scores: ir.Table) -> ir.Table:
    """mask, score, n: how easy customers said it was, by the steps of the need they had within two weeks.

    scores: who, said_at (seconds since 1970), score.
    """
    both = of.inner_join(scores, "who")
    ended = both.last_at + 14 * DAY_S
    near = both.filter(both.first_at <= both.said_at, both.said_at <= ended)
    return near.group_by("mask", "score").agg(n=_.count()).order_by("mask", "score")


def digits(path: int) -> tuple[int, ...]:
    """The codes of a path, in order.

    >>> digits(1 + 3 * 64)
    (0, 2)
    """
    found = []
    while path:
        path, digit = divmod(path, BASE)
        found.append(digit - 1)
    return tuple(found)


def paths(of: ir.Table, most: int = 500) -> ir.Table:
    """The commonest beginnings of needs that are over: `path` (PREFIX steps as digits), needs, met and sums."""
    begun = of.filter(of.end != "open").mutate(path=of.path % BASE**PREFIX)
    seconds = begun.met_at - begun.first_at
    return (
        begun.group_by("path")
        .agg(
            needs=_.count(),
            met=_.met_at.count(),
            seconds=seconds.sum().fill_null(0),
            **{name: begun[name].sum() for name in ("repeats", "helps", "money")},
        )
        .order_by(ibis.desc("needs"), "path")
        .limit(most)
    )


def rounds(of: ir.Table) -> ir.Table:
    """nth, n, days, days2, ratio, ratio2: how long the n-th need of a customer took, and in logs against their first.

    Only needs that were met after their first step count, so that how long is known.
    """
    took = of.mutate(days=of.met_at - of.first_at).filter(_.days > 0)
    order = {"group_by": took.who, "order_by": took.need}
    took = took.mutate(nth=ibis.row_number().over(**order) + 1, base=took.days.first().over(**order))
    ratio = ((took.days.cast("float64") / took.base.cast("float64")).ln() * MICRO).round()
    took = took.mutate(ratio=ratio).filter(took.nth <= MOST_ROUNDS)
    sums = {}
    for name, unit in (("days", DAY_S), ("ratio", MICRO)):
        whole = took[name].cast("decimal(19, 0)")
        sums[name] = whole.sum().cast("float64") / unit
        sums[f"{name}2"] = (whole * whole).sum().cast("float64") / unit**2
    return took.group_by("nth").agg(n=_.count(), **sums).order_by("nth")


def accepted(offers: ir.Table) -> ir.Table:
    """nth, n, yes: what became of the n-th thing offered to a customer. offers: who, offered_at, key, yes."""
    place = ibis.row_number().over(group_by=offers.who, order_by=[offers.offered_at, offers.key]) + 1
    counted = offers.mutate(nth=place).filter(_.nth <= MOST_ROUNDS)
    return counted.group_by("nth").agg(n=_.count(), yes=_.yes.cast("int64").sum()).order_by("nth")


def delights(steps: ir.Table, of: ir.Table, quick: ir.Table, every: int) -> ir.Table:
    """code, band, quick, easy, glad and n, later, later2: what was spent after needs that held a step, by how it went.

    quick: code, quick_s: seconds from the step before up to which a step came as quickly as in its best tenth. every:
    of so many customers one is looked at. band: the first need of a customer, or a later one, so that regulars are not
    held against newcomers. Money of the need itself is left out.
    """
    those = steps.filter(steps.who % every == 0).inner_join(quick, "code")
    within = those.group_by("who", "need", "code").agg(
        quick=((those.gap <= those.quick_s) & those.prev.notnull()).fill_null(False).any(),
        glad=(those.mood >= 30).fill_null(False).any(),
    )
    ripe = of.filter(of.ripe, of.who % every == 0).select(
        "who", "need", easy=(of.repeats == 0) & (of.backs == 0), after=(of.later - of.money).cast("float64")
    )
    both = within.inner_join(ripe, ["who", "need"]).mutate(band=(_.need > 1).cast("int8"))
    return (
        both.group_by("code", "band", "quick", "easy", "glad")
        .agg(n=_.count(), later=_.after.sum(), later2=(_.after * _.after).sum())
        .order_by("code", "band", "quick", "easy", "glad")
    )


def arrivals(steps: ir.Table) -> ir.Table:
    """code, bin, n: how long after the one before it a step came; bin is -1 where it was a need's first."""
    bins = ibis.ifelse(steps.prev.isnull(), ibis.literal(-1, "int8"), binned(steps.gap))
    return steps.select("code", bin=bins).group_by("code", "bin").agg(n=_.count()).order_by("code", "bin")


def since(steps: ir.Table, marks: ir.Table, days: int) -> ir.Table:
    """code, after, n, lost: a step before and since something was done about it. marks: code, done_at,
    in seconds since 1970."""
    both = steps.filter(steps.end != "open").inner_join(marks, "code")
    apart = both.at - both.done_at
    near = both.filter(apart >= -days * DAY_S).mutate(after=apart >= 0)
    lost = (near.end == "lost").cast("int64").sum()
    return near.group_by("code", "after").agg(n=_.count(), lost=lost).order_by("code", "after")


MEASURES: Sequence[str] = (
    "needs", "met", "dropped", "contacts", "repeats", "backtracks", "cycle_days", "first_days", "latest_days",
)  # fmt: skip


def measures(of: ir.Table) -> ir.Table:
    """who and MEASURES of each customer: needs, those met and those dropped, times they asked for help, came again to
    a step, went back a moment; days from a need's first step to its being met: the mean, those of the first round and
    of the latest, null where none took any.
    """
    seconds = of.met_at - of.first_at
    days, took = seconds / DAY_S, seconds > 0
    return of.group_by("who").agg(
        needs=_.count().cast("int64"),
        met=_.met_at.count().cast("int64"),
        dropped=((_.end == "lost") & _.met_at.isnull()).cast("int64").sum().cast("int64"),
        contacts=_.helps.sum().cast("int64"),
        repeats=_.repeats.sum().cast("int64"),
        backtracks=_.backs.sum().cast("int64"),
        cycle_days=seconds.mean(where=took) / DAY_S,
        first_days=days.argmin(of.need, where=took),
        latest_days=days.argmax(of.need, where=took),
    )
