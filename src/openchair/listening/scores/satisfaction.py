"""CSAT and CES: the share who are satisfied, and how easy it was on a scale of 1 to 7."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.nps import quantile, too_few

EASIEST = 7
IMAGINED_VARIANCE = 4.0
"""Of one answer that could be any of 1 to 7: joins the variance of CES, so that ten equal answers are not certainty."""


def share(part: float, whole: float, *, confidence: float = 0.95) -> Estimate:
    """A share in [0, 1] with its score interval (Wilson, 1927). whole > 0.

    >>> round(share(8, 10).low, 3), round(share(8, 10).high, 3)
    (0.49, 0.943)
    """
    z = quantile(confidence)
    p, shrink = part / whole, 1 + z * z / whole
    centre = (p + z * z / (2 * whole)) / shrink
    half = z / shrink * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return Estimate(p, max(0.0, min(centre - half, p)), min(1.0, max(centre + half, p)), n=whole)


def csat(
    satisfied: float, neither: float, dissatisfied: float, *, effective_n: float | None = None, confidence: float = 0.95
) -> Estimate | Unknown:
    """Percent of answers in the top two boxes, with the score interval, or Unknown below ten answers.

    satisfied, neither, dissatisfied: counts >= 0, or sums of weights worth `effective_n` equal answers. Raises
    BadInput.

    >>> round(csat(80, 5, 15).low, 1), round(csat(80, 5, 15).high, 1)
    (71.1, 86.7)
    """
    counts = (satisfied, neither, dissatisfied)
    if not min(counts) >= 0:
        raise BadInput("answers", value=counts, bound="0 or more", remedy="Count answers, not changes.")
    answers = sum(counts) if effective_n is None else effective_n
    if lacking := too_few(answers):
        return lacking
    found = share(satisfied / sum(counts) * answers, answers, confidence=confidence)
    return Estimate(100 * found.value, 100 * found.low, 100 * found.high, n=answers)


def ces(
    scores: ArrayLike, counts: ArrayLike, *, effective_n: float | None = None, confidence: float = 0.95
) -> Estimate | Unknown:
    """Mean of answers of 1 (hard) to 7 (easy) with a t interval that stays on the scale, or Unknown below ten answers.

    scores: (k,) distinct scores in [1, 7]. counts: (k,) answers of each, or sums of weights worth `effective_n` equal
    answers. Raises BadInput.

    >>> round(ces([5, 6, 7], [10, 20, 10]).low, 2)
    5.75
    """
    score, count = np.asarray(scores, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if not ((score >= 1) & (score <= EASIEST)).all() or not (count >= 0).all():
        raise BadInput("scores", value=score.tolist(), bound="1 to 7, counts 0 or more", remedy="Leave the others out.")
    answers = float(count.sum()) if effective_n is None else effective_n
    if lacking := too_few(answers):
        return lacking
    mean = float(np.average(score, weights=count))
    spread = float(np.average((score - mean) ** 2, weights=count))
    variance = (answers * spread + IMAGINED_VARIANCE) / answers
    quantile(confidence)
    half = float(stdtrit(answers - 1, 0.5 + confidence / 2)) * sqrt(variance / answers)
    return Estimate(mean, max(1.0, mean - half), min(float(EASIEST), mean + half), n=answers)
