"""Net Promoter Score from three counts, with the interval that keeps its promise in small samples.

Answers of 9 and 10 are promoters, 7 and 8 passives, 0 to 6 detractors; the score is the difference of the shares of
promoters and detractors, in points from -100 to 100. Where answers have weights, the counts are sums of these, and the
interval rests on how many equal answers they are worth (listening.scores.weighting.kish).
"""

from math import ceil, sqrt
from statistics import NormalDist

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown

FEWEST = 10
"""Answers below which no score is given: the interval would span half the scale."""


def nps(
    promoters: float,
    passives: float,
    detractors: float,
    *,
    effective_n: float | None = None,
    confidence: float = 0.95,
) -> Estimate | Unknown:
    """The score in points with its adjusted-Wald interval, or Unknown below FEWEST answers.

    promoters, passives, detractors: counts >= 0, or sums of weights where `effective_n` says how many equal answers
    these are worth. confidence in (0, 1). Adjusted Wald as Rocks (2016) found it to cover best: three answers are
    added, 3/4 promoters and 3/4 detractors. Raises BadInput for a negative count.

    >>> nps(promoters=5, passives=3, detractors=2).value
    30.0
    >>> print(nps(promoters=2, passives=1, detractors=0))
    not enough data yet: 3 answers, 7 more needed
    >>> nps(promoters=50, passives=30, detractors=20, effective_n=61.0).n
    61.0
    """
    for name, count in (("promoters", promoters), ("passives", passives), ("detractors", detractors)):
        if not count >= 0:
            raise BadInput(name, value=count, bound="a count is at least 0", remedy="Count answers, not changes.")
    whole = promoters + passives + detractors
    answers = whole if effective_n is None else effective_n
    if lacking := too_few(answers):
        return lacking
    score, size = (promoters - detractors) / whole, answers / whole
    more = answers + 3
    up, down = (promoters * size + 0.75) / more, (detractors * size + 0.75) / more
    centre = up - down
    half = quantile(confidence) * sqrt((up + down - centre**2) / more)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Estimate(100 * score, 100 * min(low, score), 100 * max(high, score), n=answers)


def too_few(answers: float) -> Unknown | None:
    """Why so few answers make no score, with how many more are needed; None where there are enough."""
    if answers >= FEWEST:
        return None
    return Unknown(f"{answers:.3g} answer{'' if answers == 1 else 's'}", needed=ceil(FEWEST - answers))


def quantile(confidence: float) -> float:
    """How many standard errors to either side make an interval of this confidence. Raises BadInput outside (0, 1)."""
    if not 0 < confidence < 1:
        raise BadInput("confidence", value=confidence, bound="must lie in (0, 1)", remedy="Give 0.95, say.")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def answers_needed(half_width: float, promoters: float, detractors: float, *, confidence: float = 0.95) -> int:
    """How many answers an interval of +- `half_width` points needs, where the shares stay as they are.

    promoters, detractors: shares in [0, 1], together at most 1. half_width in (0, 100]. An answer's variance is
    P + D - (P - D)^2. Never fewer than FEWEST. Raises BadInput.

    >>> answers_needed(5, promoters=0.5, detractors=0.2)
    938
    """
    if not (promoters >= 0 and detractors >= 0 and promoters + detractors <= 1 + 1e-9):
        shares = (promoters, detractors)
        raise BadInput("shares", value=shares, bound="0 or more, together at most 1", remedy="Give shares, not counts.")
    if not 0 < half_width <= 100:
        raise BadInput("half width", value=half_width, bound="must lie in (0, 100] points", remedy="Give 5, say.")
    variance = promoters + detractors - (promoters - detractors) ** 2
    return max(FEWEST, ceil(variance * (100 * quantile(confidence) / half_width) ** 2))
