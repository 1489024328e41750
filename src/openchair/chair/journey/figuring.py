"""Counts of journeys, as small as they come from the engine, made into the figures of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
import pyarrow as pa

from openchair.chair.journey.reading import Journeys
from openchair.chair.journey.views import Delight, PathFigures, Round, Standing, StepFigures, WayFigures
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.journey import chain, counting, pains, timing
from openchair.journey.cutting import DAY_S, EDGES_S, MOMENTS, Codes
from openchair.journey.next import alike, coming, fit
from openchair.journey.pains import Counted, Hurt
from openchair.listening.scores.satisfaction import ces

Rows = Sequence[Mapping[str, Any]]
MOST_PATHS, MOST_STANDING = 12, 8
FAST = 0.1
"""The best tenth."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the engine counted: counting's ways, arrivals, held and eased."""

    ways: Rows
    arrivals: Rows
    held: pa.Table
    eased: Rows


def steps(counts: Counts, of: Counted, hurts: Sequence[Hurt], codes: Codes) -> tuple[StepFigures, ...]:
    """Every step, in the order of the journey."""
    held = {name: counts.held[name].to_numpy().astype(np.int64) for name in _SUMS}
    mood2 = counts.held["mood2"].to_numpy()
    by_code: dict[int, list[Mapping[str, Any]]] = {}
    for row in counts.ways:
        by_code.setdefault(row["code"], []).append(row)
    effects = _removal(counts, codes)
    found = []
    for hurt in sorted(hurts, key=lambda hurt: hurt.code):
        j, step = hurt.code, codes.steps[hurt.code]
        holds = (held["mask"] >> j) & 1 == 1
        needs = int(held["n"][holds].sum())
        rows = by_code.get(j, [])
        gone, spread = timing.went_on(*timing.tabled(rows))
        times, entrants = sum(row["n"] for row in rows), int(of.entrants[j].sum())
        moods = int(held["moods"][holds].sum())
        lost, closed = of.ends[j]
        per = {name: float(held[name][holds].sum()) / max(needs, 1) for name in ("backs", "helps")}
        quarter, half, three = (timing.quantile_days(gone, level) for level in (0.25, 0.5, 0.75))
        found.append(
            StepFigures(
                step=step.name,
                moment=MOMENTS[step.lane],
                entrants=entrants,
                times=times,
                lost=round(lost),
                drop=timing.share(lost, closed),
                excess=hurt.excess,
                compared_with="" if hurt.against is None else codes.steps[hurt.against].name,
                next_days=(quarter, half, three),
                within=timing.within(gone),
                moved=_moved(gone, spread, times),
                repeats=max(0.0, times / max(entrants, 1) - 1),
                backtracks=per["backs"],
                contacts=per["helps"],
                effort=_effort(counts.eased, j),
                mood=timing.mean(
                    held["mood"][holds].sum() / 100, float(mood2[holds].sum()) / 10_000, moods
                ),
                value=hurt.value,
                removal=effects[j],
            )
        )  # fmt: skip
    return tuple(found)


_SUMS = ("mask", "n", "backs", "helps", "mood", "moods")


def _moved(gone: timing.Floats, spread: timing.Floats, n: int) -> Number:
    if n < timing.FEWEST:
        return Unknown(f"{n} times", needed=timing.FEWEST - n)
    found = timing.around(float(gone[-1]), float(spread[-1]), n)
    return Estimate(found.value, max(0.0, found.low), min(1.0, found.high), n=n)


def _effort(rows: Rows, code: int) -> Number:
    those = [row for row in rows if (row["mask"] >> code) & 1]
    counts: dict[float, int] = {}
    for row in those:
        counts[row["score"]] = counts.get(row["score"], 0) + row["n"]
    n = sum(counts.values())
    if n < timing.FEWEST:
        return Unknown(f"{n} answers", needed=timing.FEWEST - n)
    return ces(list(counts), list(counts.values()), confidence=timing.CONFIDENCE)


def _removal(counts: Counts, codes: Codes) -> list[float | None]:
    k = len(codes.steps)
    begins, follows, lost = np.zeros(k), np.zeros((k, k)), np.zeros(k)
    for row in counts.arrivals:
        if row["bin"] < 0:
            begins[row["code"]] += row["n"]
    for row in counts.ways:
        if row["next"] is not None:
            follows[row["code"], row["next"]] += row["n"]
        elif row["end"] == "lost":
            lost[row["code"]] += row["n"]
    return chain.removal(begins, follows, codes.meets, lost)


def ways(rows: Rows, codes: Codes) -> tuple[WayFigures, ...]:
    """How often a step follows another, the most frequent first."""
    of: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["next"] is not None and row["next"] != row["code"]:
            of.setdefault((row["code"], row["next"]), []).append(row)
    found = [
        WayFigures(
            codes.steps[one].name, codes.steps[other].name, sum(row["n"] for row in some), timing.median_days(some)
        )
        for (one, other), some in of.items()
    ]
    return tuple(sorted(found, key=lambda way: (-way.times, way.start, way.end)))


def paths(rows: Rows, codes: Codes) -> tuple[PathFigures, ...]:
    """The commonest beginnings, each beside the best of the same length from the same first step."""
    read = [(counting.digits(row["path"]), row) for row in rows]
    known = [(steps, timing.share(row["met"], row["needs"])) for steps, row in read]
    found = []
    for steps, row in read[:MOST_PATHS]:
        met = timing.share(row["met"], row["needs"])
        peers = [
            (other, share)
            for other, share in known
            if other != steps and len(other) == len(steps) == counting.PREFIX and other[0] == steps[0]
            and isinstance(share, Estimate)
        ]  # fmt: skip
        best = max(peers, key=lambda pair: pair[1].low, default=None)
        if best is None:
            behind: Number = Unknown("no path of the same length from the same first step to compare with")
        else:
            behind = pains.change((row["met"], row["needs"]), (best[1].value * best[1].n, best[1].n))
        names = tuple(codes.steps[code].name for code in steps)
        compared = tuple(codes.steps[code].name for code in best[0]) if best else ()
        each = {name: row[name] / row["needs"] for name in ("repeats", "helps", "money")}
        days = row["seconds"] / DAY_S / row["met"] if row["met"] else None
        found.append(
            PathFigures(names, row["needs"], met, behind, compared, days, each["repeats"], each["helps"], each["money"])
        )
    return tuple(found)


def rounds(took: Rows, accepted: Rows) -> tuple[Round, ...]:
    """The n-th time round: how long, against the first, and what share of offers was taken."""
    by_time, by_offer = ({row["nth"]: row for row in some} for some in (took, accepted))
    found = []
    for nth in sorted({*by_time, *by_offer}):
        row, offer = by_time.get(nth), by_offer.get(nth)
        nothing: Number = Unknown("0 needs", needed=timing.FEWEST)
        days = timing.mean(row["days"], row["days2"], row["n"]) if row else nothing
        logs = timing.mean(row["ratio"], row["ratio2"], row["n"]) if row else nothing
        ratio = logs
        if isinstance(logs, Estimate):
            ratio = Estimate(exp(logs.value), exp(logs.low), exp(logs.high), n=logs.n)
        found.append(Round(nth, days, ratio, timing.share(offer["yes"], offer["n"]) if offer else nothing))
    return tuple(found)


def quick(arrivals: Rows, codes: Codes) -> pa.Table:
    """code, quick_s: within how many seconds of the step before the best tenth of each step came."""
    counts = np.zeros((len(codes.steps), timing.BINS))
    for row in arrivals:
        if row["bin"] >= 0:
            counts[row["code"], row["bin"]] += row["n"]
    shares = np.cumsum(counts, axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # The last edge below which no more than a tenth came, or the first bin that anybody came in.
    places = np.maximum((shares <= FAST).sum(axis=1) - 1, (counts > 0).argmax(axis=1))
    edges = np.array([*EDGES_S, EDGES_S[-1]])[places] - 1
    return pa.table({"code": pa.array(range(len(codes.steps)), pa.int8()), "quick_s": pa.array(edges.astype(np.int32))})


def delights(rows: Rows, codes: Codes) -> tuple[Delight, ...]:
    """Steps whose best go with more spent later, the surest first."""
    return tuple(
        Delight(codes.steps[j.code].name, MOMENTS[codes.steps[j.code].lane], j.how, j.customers, j.later, j.p)
        for j in pains.joys(rows)
    )


def standing(learned: pa.Table, stand: pa.Table, codes: Codes, every: int) -> tuple[Standing, ...]:
    """Where customers stand and what is likely next. learned, stand: next.contexts, next.standing of one in `every`."""
    if not learned.num_rows or not stand.num_rows:
        return ()
    context, waited, follows, n = (learned[name].to_numpy() for name in ("context", "waited", "follows", "n"))
    ahead = fit(context, waited, follows, n, len(codes.steps))
    place, silent, many = (stand[name].to_numpy() for name in ("context", "waited", "n"))
    those = coming(ahead, place, silent, many, alike((context, waited, n), place, silent))
    return tuple(
        Standing(
            codes.steps[one.code].name,
            MOMENTS[codes.steps[one.code].lane],
            one.customers * every,
            "" if one.follows is None else codes.steps[one.follows].name,
            one.chance,
            one.lost,
        )
        for one in those[:MOST_STANDING]
    )


def met(held: pa.Table) -> Number:
    """Share of needs that are over and were met."""
    over = np.array([end != "open" for end in held["end"].to_pylist()], dtype=bool)
    n, done = held["n"].to_numpy()[over], held["met"].to_numpy()[over]
    return timing.share(float(done.sum()), float(n.sum()))


def counted(journeys: Journeys, counts: Counts) -> Counted:
    """What is lost at each step."""
    held = {n: counts.held[n].to_numpy(zero_copy_only=False) for n in counts.held.column_names}
    return pains.counted(held, counts.ways, journeys.codes)
