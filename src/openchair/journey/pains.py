"""Pain points: steps that lose more than they should, by what that costs; and steps that go with more worth later.

A step before the need is met is held against the best comparable step: of the same moment, with enough needs, the one
that surely loses least. A step after it, where being lost means never to come back once met, is held against all met
needs without it. Newcomers are compared with newcomers and others with others, for newcomers leave more everywhere.

What a pain costs is entrants x excess drop-off x value downstream, drawn from what the counts leave open: shares from
Beta posteriors, values from normal ones (Gelman et al., 2013, chapters 2 and 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr

from openchair.core.estimate import Estimate, Number, Unknown
from openchair.journey import timing
from openchair.journey.cutting import Codes
from openchair.journey.timing import CONFIDENCE, FEWEST

Floats = NDArray[np.float64]
BANDS = 2
"""A customer's first need, and later ones."""
DRAWS = 4_000
HOWS = ("quick", "easy", "glad")
PRIOR = 0.5
"""Jeffreys: half a need lost and half a need kept, before any is seen."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Per step, (k, BANDS): needs that reached it; as many of which what became is as good as known (`closed`), those
    lost there of them; and the same of what each is held against after a need is met (needs without it): there, of
    customers who were not back at once. (k, 2): mean minor units after it of those who went on and of those lost, the
    variances of the means, and how many these are. `ends`: (k, 2), `lost` and `closed` of all customers."""

    entrants: Floats
    closed: Floats
    lost: Floats
    rest: Floats
    rest_lost: Floats
    worth: Floats
    worth_variance: Floats
    worth_n: Floats
    ends: Floats


def counted(rows: Mapping[str, NDArray[Any]], ways: Sequence[Mapping[str, Any]], codes: Codes) -> Counted:
    """What is lost at each step. rows: columns of counting.held(..). ways: rows of counting.ways(..).

    Needs under way are not left out, as that would leave out more of those who wait long, and these are lost more
    often: they count by what became of others who had waited as long (timing.settled).
    """
    k = len(codes.steps)
    shape = (k, BANDS)
    entrants, closed, lost, rest, rest_lost = (np.zeros(shape) for _ in range(5))
    sums, ends = np.zeros((k, 2, 3)), np.zeros((k, 2))
    gone, going, band = rows["end"] == "lost", rows["end"] == "open", rows["band"].astype(int)
    met = rows["met"] > 0
    n, money = rows["n"].astype(float), np.stack([rows[name].astype(float) for name in ("ripe", "later", "later2")])
    settled = _settled(ways, codes)

    def by_band(which: NDArray[np.bool_]) -> Floats:
        return np.asarray(np.bincount(band[which], n[which], BANDS), dtype=np.float64)

    def known(whole: Floats, off: Floats, waiting: Floats, j: int) -> tuple[Floats, Floats]:
        """How many are as good as known, and the lost of them."""
        never, tells = settled[j]
        much = whole - (1 - tells) * waiting
        return much, (off + never * waiting) / np.maximum(whole, 1) * much

    for j in range(k):
        holds = (rows["mask"] >> j) & 1 == 1
        after = codes.after(j)
        here = holds & (met if after else rows["last"] == j)
        entrants[j], whole = by_band(holds), by_band(here if after else holds)
        closed[j], lost[j] = known(whole, by_band(here & gone), by_band(here & going), j)
        ends[j] = lost[j].sum(), closed[j].sum()
        if after:
            # Whoever is back at once never comes to what takes days, which would look like its merit.
            late, without = here & ~rows["soon"], met & ~holds & ~rows["soon"]
            closed[j], lost[j] = known(by_band(late), by_band(late & gone), by_band(late & going), j)
            rest[j], rest_lost[j] = known(by_band(without), by_band(without & gone), by_band(without & going), j)
        came = here if after else holds
        for side, which in enumerate((came & ~(here & (gone | going)), here & gone)):
            sums[j, side] = money[:, which].sum(axis=1)
    every = money[:, gone & ~met].sum(axis=1)
    # Who is lost at a step that loses few is taken to be like whoever is lost anywhere.
    sums[:, 1] = np.where(sums[:, 1, :1] >= FEWEST, sums[:, 1], every)
    size = np.maximum(sums[..., 0], 1)
    worth = sums[..., 1] / size
    spread = (sums[..., 2] / size - worth**2).clip(0) / np.maximum(size - 1, 1)
    return Counted(entrants, closed, lost, rest, rest_lost, worth, spread, sums[..., 0], ends)


def _settled(ways: Sequence[Mapping[str, Any]], codes: Codes) -> list[tuple[float, float]]:
    """timing.settled of each step: going on before a need is met, coming back after it."""
    k = len(codes.steps)
    tables = np.zeros((k + 1, 3, timing.BINS))
    for row in ways:
        after, end = codes.after(row["code"]), row["end"]
        if after and not end:
            continue
        side = {"": 0, "back": 0, "lost": 1, "open": 2}[end]
        tables[k if after else row["code"], side, row["bin"]] += row["n"]
    each = [timing.settled(*tables[j]) for j in range(k + 1)]
    return [each[k] if codes.after(j) else each[j] for j in range(k)]


@dataclass(frozen=True, slots=True)
class Hurt:
    """What a step costs; `against` is the code of the step it is held against, None for all needs without it."""

    code: int
    against: int | None
    excess: Number
    value: Number
    stake: Number
    p_worst: float


def hurts(of: Counted, codes: Codes, rng: np.random.Generator) -> list[Hurt]:
    """Every step with what it costs, the most first; those of which that cannot be said come last, in order.

    Where no money is known every need counts alike, and what is at stake stays unknown.
    """
    k = len(codes.steps)
    against = [_best(j, of, codes) for j in range(k)]
    drop = rng.beta(of.lost + PRIOR, (of.closed - of.lost).clip(0) + PRIOR, (DRAWS, k, BANDS))
    other = rng.beta(of.rest_lost + PRIOR, (of.rest - of.rest_lost).clip(0) + PRIOR, (DRAWS, k, BANDS))
    sides = rng.normal(of.worth, np.sqrt(of.worth_variance), (DRAWS, k, 2))
    if not of.worth.any():
        sides = np.broadcast_to([1.0, 0.0], sides.shape)
    stakes, found = np.zeros((DRAWS, k)), []
    for j, beside_of in enumerate(against):
        value = _value(of, j)
        if beside_of is None:
            why = Unknown(_why(j, of, codes), needed=_needed(j, of))
            found.append(Hurt(j, None, why, value, why, 0.0))
            continue
        beside = other[:, j] if beside_of == j else drop[:, beside_of]
        had = of.rest[j] if beside_of == j else of.closed[beside_of]
        # Weighed as this step's own needs are, where there is something to compare with.
        weight = of.closed[j] * (had > 0)
        excess = ((drop[:, j] - beside) * weight).sum(axis=1) / weight.sum()
        seen = _seen(j, beside_of, of, weight)
        worth = sides[:, j, 0] - sides[:, j, 1]
        stakes[:, j] = of.closed[j].sum() * excess.clip(0) * worth.clip(0)
        stake: Number = _told(stakes[:, j], None, of.closed[j].sum()) if isinstance(value, Estimate) else value
        told = None if beside_of == j else beside_of
        found.append(Hurt(j, told, _told(excess, seen, of.closed[j].sum()), value, stake, 0.0))
    chosen = np.bincount(stakes.argmax(axis=1), stakes.max(axis=1) > 0, k)
    worst = chosen.clip(0.5, DRAWS - 0.5) / DRAWS  # what no draw chose is unlikely, not impossible
    ranked = [Hurt(h.code, h.against, h.excess, h.value, h.stake, float(worst[h.code])) for h in found]
    return sorted(ranked, key=lambda h: (-stakes[:, h.code].mean(), h.code))


def _best(j: int, of: Counted, codes: Codes) -> int | None:
    """The step that a step is held against: itself stands for all met needs without it."""
    if of.closed[j].sum() < FEWEST or codes.steps[j].prompted:
        return None
    if codes.after(j):
        return j if of.rest[j].sum() >= FEWEST else None
    peers = [
        p
        for p, step in enumerate(codes.steps)
        if p != j
        and step.lane == codes.steps[j].lane
        and not (step.prompted or codes.after(p))
        and of.closed[p].sum() >= FEWEST
    ]
    if not peers:
        return None
    lost, closed = of.lost[peers].sum(axis=1), of.closed[peers].sum(axis=1)
    surely = betaincinv(lost + PRIOR, (closed - lost).clip(0) + PRIOR, (1 + CONFIDENCE) / 2)
    return peers[int(np.argmin(surely))]


def _why(j: int, of: Counted, codes: Codes) -> str:
    n = of.closed[j].sum()
    if n < FEWEST:
        return f"{n:.0f} needs came here"
    if codes.steps[j].prompted:
        return "we wrote first, and not to answer is no loss"
    return "every need that was met holds it" if codes.after(j) else "no other step of its moment to compare with"


def _needed(j: int, of: Counted) -> int | None:
    return int(FEWEST - of.closed[j].sum()) if of.closed[j].sum() < FEWEST else None


def _seen(j: int, against: int, of: Counted, weight: Floats) -> float:
    def rates(lost: Floats, whole: Floats) -> Floats:
        return lost / np.maximum(whole, 1)

    beside = rates(of.rest_lost[j], of.rest[j]) if against == j else rates(of.lost[against], of.closed[against])
    return float(((rates(of.lost[j], of.closed[j]) - beside) * weight).sum() / weight.sum())


def _value(of: Counted, j: int) -> Number:
    n = of.worth_n[j]
    if not of.worth.any():
        return Unknown("nothing was sold")
    if n.min() < FEWEST:
        return Unknown("too few needs are old enough to know what followed", needed=int(FEWEST - n.min()))
    return timing.around(float(of.worth[j, 0] - of.worth[j, 1]), float(of.worth_variance[j].sum()), float(n.sum()))


def _told(draws: Floats, value: float | None, n: float) -> Estimate:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    middle = float(draws.mean()) if value is None else value
    return Estimate(middle, min(float(low), middle), max(float(high), middle), n=float(n))


@dataclass(frozen=True, slots=True)
class Joy:
    """A step and how it went, with the difference in what was spent later; p is raised for how many were looked at."""

    code: int
    how: str
    customers: int
    later: Estimate
    p: float


def joys(rows: Sequence[Mapping[str, Any]]) -> list[Joy]:
    """Steps whose best go with more spent later than the others of the step, the surest first.

    rows: counting.delights(..). Newcomers and others are compared among themselves. Holm's (1979) correction over all
    that were looked at; those below 5 percent are kept.
    """
    found: list[tuple[float, Joy]] = []
    for code in sorted({row["code"] for row in rows}):
        for how in HOWS:
            sums = np.zeros((BANDS, 2, 3))
            for row in rows:
                if row["code"] == code:
                    sums[row["band"], int(row[how])] += [row["n"], row["later"], row["later2"]]
            n = sums[..., 0]
            if not (n >= FEWEST).all(axis=1).any():
                continue
            known = (n >= FEWEST).all(axis=1)
            means = sums[..., 1] / np.maximum(n, 1)
            spread = (sums[..., 2] / np.maximum(n, 1) - means**2).clip(0) / np.maximum(n - 1, 1)
            weight = np.where(known, n[:, 1], 0) / n[known, 1].sum()
            difference = float((weight * (means[:, 1] - means[:, 0])).sum())
            error = float((weight**2 * spread.sum(axis=1)).sum())
            p = float(2 * ndtr(-abs(difference) / sqrt(error))) if error > 0 else 1.0
            many = int(n[known, 1].sum())
            found.append((p, Joy(code, how, many, timing.around(difference, error, n[known].sum()), p)))
    found.sort(key=lambda pair: (pair[0], pair[1].code, pair[1].how))
    kept, highest = [], 0.0
    for place, (p, joy) in enumerate(found):
        highest = max(highest, min(1.0, p * (len(found) - place)))
        if highest < 1 - CONFIDENCE and joy.later.value > 0:
            kept.append(Joy(joy.code, joy.how, joy.customers, joy.later, highest))
    return kept


def change(before: tuple[float, float], since: tuple[float, float]) -> Number:
    """How much the share lost fell or rose, each given as (lost, needs): Newcombe's (1998) interval of a difference."""
    one, two = timing.share(*before), timing.share(*since)
    if isinstance(one, Unknown) or isinstance(two, Unknown):
        return one if isinstance(one, Unknown) else two
    difference = two.value - one.value
    below = sqrt((two.value - two.low) ** 2 + (one.high - one.value) ** 2)
    above = sqrt((two.high - two.value) ** 2 + (one.value - one.low) ** 2)
    return Estimate(difference, difference - below, difference + above, n=one.n + two.n)
