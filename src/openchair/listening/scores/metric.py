"""The scores a shop can look at: what an answer counts for in each, and how many answers make a number.

NPS in points from -100 to 100; CSAT in percent, the share in the top two boxes of the survey's scale; CES the mean on a
scale of 1 (hard) to 7 (easy).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.nps import nps
from openchair.listening.scores.satisfaction import EASIEST, ces, csat

Floats = NDArray[np.float64]
SCALES = (5, 7, 10)
"""Tops of the scales that CSAT is asked on; where a survey does not say its own, the least that holds its answers."""
TOP_MOST = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers of one metric, counted: each distinct kind of answer once.

    points: (k,) what such an answer counts for. group: (k,) 1, 0 or -1: promoter, passive or detractor; satisfied,
    neither or dissatisfied. n: (k,) answers. weight, squares: (k,) sums of their weights and of the weights' squares.
    """

    points: Floats
    group: NDArray[np.int64]
    n: Floats
    weight: Floats
    squares: Floats

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return int(self.n.sum())

    @property
    def effective_n(self) -> float:
        """How many equal answers the weighted ones are worth (Kish, 1965)."""
        squares = float(self.squares.sum())
        return float(self.weight.sum()) ** 2 / squares if squares else 0.0

    def of(self, group: int) -> int:
        """How many answers are of a group."""
        return int(self.n[self.group == group].sum())

    @property
    def mean(self) -> float:
        """Mean points of an answer."""
        return float(np.average(self.points, weights=self.weight))

    @property
    def variance(self) -> float:
        """Variance of an answer's points."""
        return float(np.average((self.points - self.mean) ** 2, weights=self.weight))

    def unweighted(self) -> "Tally":
        """The same answers, each with weight 1."""
        return Tally(self.points, self.group, self.n, self.n, self.n)


def _nps(score: Floats, top: Floats) -> NDArray[np.int64]:
    return (score >= 9).astype(np.int64) - (score < 7)


def _csat(score: Floats, top: Floats) -> NDArray[np.int64]:
    boxes = np.where(top >= SCALES[0], 1, 0)
    return (score >= top - boxes).astype(np.int64) - (score <= 1 + boxes)


def _ces(score: Floats, top: Floats) -> NDArray[np.int64]:
    ease = _eased(score, top)
    return (ease >= 5).astype(np.int64) - (ease <= 3)


def _eased(score: Floats, top: Floats) -> Floats:
    """An answer on a scale of 1 to `top` as one of 1 to 7."""
    return np.asarray(1 + (score - 1) * (EASIEST - 1) / (top - 1))


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the scores. `lowest`, `highest` of its value; `bottom` of its answers; `top` where no survey says its own,
    None for the least of SCALES that holds a survey's answers."""

    name: str
    title: str
    lowest: float
    highest: float
    bottom: int
    top: int | None
    groups: tuple[str, str, str]
    group: Callable[[Floats, Floats], NDArray[np.int64]]
    points: Callable[[Floats, Floats], Floats]
    estimate: Callable[[Tally], Estimate | Unknown]

    def scale(self, stated: float | None, greatest: float) -> int:
        """The top of a survey's scale. stated: what its answers say it is; greatest: the greatest of them."""
        if stated is not None and 2 <= stated <= TOP_MOST and self.name != "nps":
            return int(stated)
        return self.top or next((top for top in SCALES if greatest <= top), TOP_MOST)

    def tally(self, score: Floats, top: Floats, n: Floats, weight: Floats, squares: Floats) -> Tally:
        """Counts of answers by score and scale as a tally. All (k,)."""
        return Tally(self.points(score, top), self.group(score, top), n, weight, squares)


def _shares(tally: Tally) -> tuple[float, float, float]:
    return tuple(float(tally.weight[tally.group == group].sum()) for group in (1, 0, -1))  # type: ignore[return-value]


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "nps", "Net Promoter Score", -100, 100, 0, 10, ("promoters", "passives", "detractors"),
            _nps, lambda score, top: (100 * _nps(score, top)).astype(np.float64),
            lambda tally: nps(*_shares(tally), effective_n=tally.effective_n),
        ),
        Metric(
            "csat", "Customer satisfaction", 0, 100, 1, None, ("satisfied", "neither", "dissatisfied"),
            _csat, lambda score, top: np.where(_csat(score, top) == 1, 100.0, 0.0),
            lambda tally: csat(*_shares(tally), effective_n=tally.effective_n),
        ),
        Metric(
            "ces", "Customer effort", 1, EASIEST, 1, EASIEST, ("easy", "neither", "hard"),
            _ces, _eased, lambda tally: ces(tally.points, tally.weight, effective_n=tally.effective_n),
        ),
    )
}  # fmt: skip


def metric_of(name: str) -> Metric:
    """The metric of a name. Raises BadInput."""
    if name not in METRICS:
        raise BadInput("metric", value=name, bound=f"one of {', '.join(METRICS)}", remedy="Choose one of these.")
    return METRICS[name]
