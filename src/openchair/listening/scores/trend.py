"""Scores over time: each week of its own answers, each day of those of the days before, and whether a day changed it.

Answers come counted as *spans*: an answer speaks for its customer from its day until their next one. So any window of
days, with each customer's newest answer in it, is a sum of spans.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from openchair.core.estimate import Estimate, Unknown
from openchair.core.sequential import half_width, steadied
from openchair.listening.nps import FEWEST
from openchair.listening.scores.metric import Floats, Metric, Tally

NEVER = date.max.toordinal()
"""The day on which an answer ends to speak that no other followed."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Answers counted by day, by the day of the same customer's next answer, and by what was answered.

    score, top: (kinds,) of each kind of answer. day, leaves: (k,) proleptic ordinals, day < leaves; NEVER where none
    followed. kind: (k,) which kind. n, weight, squares: (k,) as in Tally.
    """

    metric: Metric
    score: Floats
    top: Floats
    day: NDArray[np.int64]
    leaves: NDArray[np.int64]
    kind: NDArray[np.int64]
    n: Floats
    weight: Floats
    squares: Floats

    def within(self, first: date, last: date) -> Tally:
        """Each customer's newest answer of these days, both included."""
        begins, ends = first.toordinal(), last.toordinal()
        those = (self.day >= begins) & (self.day <= ends) & (self.leaves > ends)
        n, weight, squares = (
            np.bincount(self.kind[those], x[those], len(self.score)).astype(np.float64)
            for x in (self.n, self.weight, self.squares)
        )
        return self.metric.tally(self.score, self.top, n, weight, squares)

    def window(self, day: date, days: int) -> Tally:
        """Each customer's newest answer of the `days` days that end with this one."""
        return self.within(day - timedelta(days=days - 1), day)


def weeks(spans: Spans, day: date, number: int) -> list[tuple[date, Tally]]:
    """The last so many weeks, the oldest first, each by its Monday and its own answers; the last ends with `day`."""
    monday = day - timedelta(days=day.weekday())
    begins = [monday - timedelta(weeks=back) for back in range(number - 1, -1, -1)]
    return [(begin, spans.within(begin, min(day, begin + timedelta(days=6)))) for begin in begins]


def daily(spans: Spans, day: date, number: int, days: int) -> list[tuple[date, Tally]]:
    """The last so many days, the oldest first, each with the answers of the `days` days that end with it."""
    ends = [day - timedelta(days=back) for back in range(number - 1, -1, -1)]
    return [(end, spans.window(end, days)) for end in ends]


def difference(metric: Metric, before: Tally, after: Tally, *, confidence: float = 0.95) -> Estimate | Unknown:
    """How much the mean rose, with an interval that holds at all looks together, however often one looks.

    before: answers given before a day that was named in advance; they no longer change. after: those given since, one a
    customer, the first they gave; more come each day. The error of their difference, times its information, is a
    Brownian motion in information (Jennison & Turnbull, 1997), so the normal mixture of Howard et al. (2021) bounds it
    at all times, in large samples. It is tightest once there are as many answers after as before. Unknown while either
    has fewer than ten answers.
    """
    lacking = [name for name, tally in (("before", before), ("since", after)) if tally.answers < FEWEST]
    if lacking:
        needed = FEWEST - min(before.answers, after.answers)
        return Unknown(f"fewer than {FEWEST} answers {' and '.join(lacking)}", needed=needed)
    bounds = (metric.lowest, metric.highest)
    (early, was), (late, now) = (_steadied(tally, bounds) for tally in (before, after))
    half = float(half_width(sqrt(early + late), tuned_for=sqrt(2 * early), alpha=1 - confidence))
    value = after.mean - before.mean
    low, high = now - was - half, now - was + half
    return Estimate(value, min(low, value), max(high, value), n=before.answers + after.answers)


def _steadied(tally: Tally, bounds: tuple[float, float]) -> tuple[float, float]:
    """Squared standard error and mean, with the imaginary answers that small samples need."""
    n, mean, variance = steadied(tally.effective_n, tally.mean, tally.variance, bounds)
    return float(variance / n), float(mean)
