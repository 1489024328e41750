"""Steps become needs: cut where a customer is silent for longer than is usual for them, or begins anew.

A *visit* ends where a silence is longer than those within visits. A need begins with a customer's first step; with a
step of recognising or requesting after a silence longer than is usual between this customer's visits; and with such a
step in a new visit once the need before was met. What is asked or said later belongs to the need before it.

A customer's steps are put in order once by time, then by the order of the journey; nothing depends on what arrived
first. Every window is over one customer's steps in that order, so an engine sorts them and reads through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _

MOMENTS = ("recognise", "request", "respond", "repeat")
MOST_CODES = 63
"""Steps that are told apart: a need's steps are the bits of one whole number."""
MOST_A_DAY, MOST_STEPS = 1_000, 100_000
"""More steps than a person takes: a day on average, and in all."""
_MINUTE, _HOUR, DAY_S = 60, 3_600, 86_400
LIFE_S = 2**31 - 1
EDGES_S = (
    1, 2, 5, 10, 20, 30,
    *(m * _MINUTE for m in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45)),
    *(h * _HOUR for h in (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 30, 36)),
    *(d * DAY_S for d in (2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 60, 90, 120, 180, 365)),
)  # fmt: skip
"""Silences are counted between these, in seconds; whole numbers, so that engines agree on every one."""
USUAL_VISIT_S, VISIT_BOUNDS_S = 30 * _MINUTE, (20 * _MINUTE, DAY_S)
SHARE = 0.9
"""Silences up to this quantile are usual."""
WEIGHT, LEEWAY = 10.0, 1.5
"""Silences that everybody's are worth beside a customer's own; how much longer than usual ends a need."""
SHORTEST_NEED_S, LONGEST_NEED_S = 7 * DAY_S, 365 * DAY_S


@dataclass(frozen=True, slots=True)
class Code:
    """A step as it is counted: `lane` is the place of its moment. helps: the customer had to ask for help. prompted: we
    wrote first, so that to leave it at that is no loss."""

    name: str
    lane: int
    order: bool = False
    helps: bool = False
    prompted: bool = False


@dataclass(frozen=True)
class Codes:
    """The steps that are told apart, in the order of the journey; a step's code is its place here, below MOST_CODES.

    A need is met by an order; in a shop without any by a step from lane `met_lane` on, a cry for help excepted.
    """

    steps: tuple[Code, ...]
    met_lane: int = 2

    @cached_property
    def meets(self) -> tuple[int, ...]:
        """Codes of the steps by which a need is met."""
        orders = tuple(k for k, step in enumerate(self.steps) if step.order)
        later = (k for k, step in enumerate(self.steps) if step.lane >= self.met_lane and not step.helps)
        return orders or tuple(later)

    def after(self, code: int) -> bool:
        """Whether a step comes with the need met, or after it."""
        return code in self.meets or self.steps[code].lane >= self.met_lane

    @cached_property
    def helps(self) -> tuple[int, ...]:
        """Codes of the steps by which customers ask for help."""
        return tuple(k for k, step in enumerate(self.steps) if step.helps)

    def lane(self, code: ir.IntegerValue) -> ir.IntegerValue:
        """The place of a code's moment."""
        begins = [sum(step.lane < lane for step in self.steps) for lane in (1, 2, 3)]
        return sum(((code >= first).cast("int8") for first in begins), ibis.literal(0, "int8"))


def binned(value: ir.NumericValue, edges: Sequence[int] = EDGES_S) -> ir.IntegerValue:
    """How many of the edges a value has reached; halved again and again, so that few comparisons are made."""

    def within(low: int, high: int) -> ir.IntegerValue:
        if low == high:
            return ibis.literal(low, "int8")
        half = (low + high) // 2
        return ibis.ifelse(value >= edges[half], within(half + 1, high), within(low, half))

    return within(0, len(edges))


def seconds(at: ir.TimestampValue) -> ir.IntegerValue:
    """Whole seconds since 1970; cut off, for engines do not round alike."""
    return at.truncate("s").epoch_seconds().cast("int64")


def _whole(length_s: ir.IntegerValue) -> ir.IntegerValue:
    """As a small number; longer than a life, which only a wrong clock gives, is cut to that."""
    return length_s.clip(upper=LIFE_S).cast("int32")


def robots(steps: ir.Table, who: ir.Table) -> ir.Table:
    """who, steps: customers with more steps than a person takes. steps: identifier, at. who: identifier, who."""
    each = (
        steps.group_by("identifier").agg(n=_.count(), first=_.at.min(), last=_.at.max()).inner_join(who, "identifier")
    )
    each = each.group_by("who").agg(steps=_.n.sum(), first=seconds(_["first"].min()), last=seconds(_["last"].max()))
    days = (each["last"] - each["first"]) // DAY_S + 1
    return each.filter((each.steps > MOST_STEPS) | (each.steps > MOST_A_DAY * days)).select("who", "steps")


def timed(steps: ir.Table) -> ir.Table:
    """Steps with `gap`, seconds of silence before each, `prev`, the step before, and `place` in the customer's order;
    `at` becomes whole seconds since 1970.

    steps: who (int32), at (UTC), code (int8), money (int64), mood (int64 or null, -100..100). What is said twice, a
    step of the same kind at the same instant, counts once; no money is lost by it.
    """
    order = {"group_by": steps.who, "order_by": [steps.at, steps.code, steps.money.desc(), steps.mood]}
    seen = steps.mutate(
        before_=steps.at.lag().over(**order),
        prev=steps.code.lag().over(**order),
        place=ibis.row_number().over(**order).cast("int32"),
    )
    gap = _whole(seconds(seen.at) - seconds(seen.before_))
    again = ((seen.at == seen.before_) & (seen.code == seen.prev) & (seen.money == 0) & seen.mood.isnull()).fill_null(
        False
    )
    return seen.mutate(gap=gap).filter(~again).mutate(at=seconds(_.at)).drop("before_")


def silences(steps: ir.Table) -> ir.Table:
    """bin, n: everybody's silences, by EDGES_S."""
    gaps = steps.filter(steps.gap.notnull())
    return gaps.group_by(bin=binned(gaps.gap)).agg(n=_.count()).order_by("bin")


def visit_seconds(bins: Sequence[int], counts: Sequence[int]) -> int:
    """The silence that parts visits: where splitting everybody's silences in two explains most (Otsu, 1979).

    bins, counts: rows of silences(..). On the scale of log seconds, within VISIT_BOUNDS_S; half an hour where there are
    no silences to speak of.

    >>> visit_seconds([7, 8, 30, 34], [50, 60, 20, 30]) in range(1200, 86401)
    True
    """
    every = np.zeros(len(EDGES_S) + 1)
    every[list(bins)] = counts
    if every.sum() < 2:
        return USUAL_VISIT_S
    scale = np.log([0.5, *EDGES_S])
    below, above = np.cumsum(every), every.sum() - np.cumsum(every)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = np.cumsum(every * scale) / below, (np.sum(every * scale) - np.cumsum(every * scale)) / above
        between = np.nan_to_num(below * above * (low - high) ** 2)
    cuts = {edge: between[k] for k, edge in enumerate(EDGES_S) if VISIT_BOUNDS_S[0] <= edge <= VISIT_BOUNDS_S[1]}
    best = max(cuts.values())
    ties = [edge for edge, value in cuts.items() if value >= best * (1 - 1e-9)]
    # Where nothing lies between, any cut is as good: the middle of them, on the same scale.
    middle = sqrt(ties[0] * ties[-1])
    return min(ties, key=lambda edge: abs(log(edge / middle))) if best > 0 else USUAL_VISIT_S


def usual_seconds(bins: Sequence[int], counts: Sequence[int], visit_s: int) -> int:
    """The silence up to which SHARE of everybody's silences between visits lie, in seconds; a month where none are."""
    longer = [(k, n) for k, n in zip(bins, counts, strict=True) if k > EDGES_S.index(visit_s)]
    total, passed = sum(n for _k, n in longer), 0
    for k, n in longer:
        passed += n
        if passed >= SHARE * total:
            return EDGES_S[min(k, len(EDGES_S) - 1)]
    return 30 * DAY_S


def patient(usual_s: int, visit_s: int) -> int:
    """The silence, in seconds, that ends a need of a customer of whom nothing is known."""
    low, high = _bounds(visit_s)
    return int(min(max(LEEWAY * usual_s, low), high))


def _bounds(visit_s: int) -> tuple[int, int]:
    return max(SHORTEST_NEED_S, visit_s), LONGEST_NEED_S


def patience(steps: ir.Table, visit_s: int, usual_s: int) -> ir.Table:
    """who, cut: seconds of silence after which each customer's next beginning is a new need.

    LEEWAY times the SHARE quantile of the customer's own silences between visits, which is drawn towards everybody's on
    the scale of logs as if that rested on WEIGHT silences.
    """
    own = steps.filter(steps.gap > visit_s).group_by("who").agg(n=_.count(), own=_.gap.quantile(SHARE))
    drawn = (own.n * own.own.ln() + WEIGHT * log(usual_s)) / (own.n + WEIGHT)
    cut = (LEEWAY * drawn.exp()).round().cast("int64").clip(*_bounds(visit_s))
    return own.select("who", cut=cut.cast("int32"))


def cut(steps: ir.Table, own: ir.Table, codes: Codes, visit_s: int, usual_s: int, now_s: int) -> ir.Table:
    """Steps with the need each belongs to and what became of it there.

    steps: timed(..). own: patience(..). now_s: seconds since 1970. Adds `need` (from 1 on, within a customer), `turn`
    (its place in the need, a step repeated at once not counted), `back` (a step back to an earlier moment), `next` and
    `wait` (the step that follows in the need, and seconds until it; null where none does), `silence` (seconds until
    anything follows at all, or until now), and `end`: "" where the need goes on, else lost (unmet, or met by one who
    never came back), back (met, and another need followed) or open (too early to say).
    """
    t = steps.left_join(own, "who").drop("who_right")
    t = t.mutate(cut=t.cut.fill_null(ibis.literal(patient(usual_s, visit_s), "int32")), lane=codes.lane(t.code))
    met = t.code.isin(codes.meets)
    anew = (t.lane < 2) & (t.gap > visit_s).fill_null(False)
    order = {"group_by": t.who, "order_by": [t.place]}
    past = {**order, "rows": (None, -1)}
    none = ibis.null("int32")
    t = t.mutate(
        first=t.gap.isnull(),
        long=anew & (t.gap > t.cut).fill_null(False),
        anew=anew,
        met_before=ibis.ifelse(met, t.place, none).max().over(**past),
        anew_before=ibis.ifelse(anew, t.place, none).max().over(**past),
        met_by=ibis.ifelse(met, t.place, none).max().over(**order, rows=(None, 0)),
        turns=(t.code != t.prev).fill_null(True).cast("int32").sum().over(**order, rows=(None, 0)).cast("int32"),
    )
    # Met since the last beginning, which was itself none only if nothing had been met before it.
    after = (t.met_before >= t.anew_before.fill_null(-1)).fill_null(False)
    t = t.mutate(begins=t["first"] | t["long"] | (t.anew & after))
    order = {"group_by": t.who, "order_by": [t.place]}
    to_here = {**order, "rows": (None, 0)}
    follows = t.at.lead().over(**order)
    t = t.mutate(
        need=t.begins.cast("int32").sum().over(**to_here).cast("int32"),
        start=ibis.ifelse(t.begins, t.place, none).max().over(**to_here),
        start_turn=ibis.ifelse(t.begins, t.turns, none).max().over(**to_here),
        next=t.code.lead().over(**order),
        ends=t.begins.lead().over(**order),
        silence=_whole(follows.fill_null(now_s) - t.at),
        back=(t.lane < codes.lane(t.prev)).fill_null(False) & ~t.begins,
    )
    final, last = t.ends.isnull(), t.ends.fill_null(True)
    is_met = (t.met_by >= t.start).fill_null(False)
    quiet = t.silence > t.cut
    return t.select(
        "who", "at", "code", "money", "mood", "gap", "need", "back", "silence",
        turn=(t.turns - t.start_turn).cast("int32"),
        prev=ibis.ifelse(t.begins, ibis.null("int8"), t.prev),
        next=ibis.ifelse(last, ibis.null("int8"), t["next"]),
        wait=ibis.ifelse(last, none, t.silence),
        end=ibis.cases(
            (~last, ""),
            (is_met & ~final, "back"),
            (~final | quiet, "lost"),
            else_="open",
        ),
    )  # fmt: skip
