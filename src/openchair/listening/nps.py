"""Net Promoter Score from three counts, with the interval that keeps its promise in small samples.

Answers of 9 and 10 are promoters, 7 and 8 passives, 0 to 6 detractors; the score is the difference of the shares of
promoters and detractors, in points from -100 to 100.
"""

from math import sqrt
from statistics import NormalDist

import ibis.expr.types as ir

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown

FEWEST = 10
"""Answers below which no score is given: the interval would span half the scale."""


def nps(promoters: int, passives: int, detractors: int, *, confidence: float = 0.95) -> Estimate | Unknown:
    """The score in points with its adjusted-Wald interval, or Unknown below FEWEST answers.

    promoters, passives, detractors: counts >= 0. confidence in (0, 1). Adjusted Wald as Rocks (2016) found it to
    cover best: three answers are added, 3/4 promoters and 3/4 detractors. Raises BadInput for a negative count.

    >>> nps(promoters=5, passives=3, detractors=2).value
    30.0
    >>> print(nps(promoters=2, passives=1, detractors=0))
    not enough data yet: 3 answers, 7 more needed
    """
    for name, count in (("promoters", promoters), ("passives", passives), ("detractors", detractors)):
        if count < 0:
            raise BadInput(name, value=count, bound="a count is at least 0", remedy="Count answers, not changes.")
    if not 0 < confidence < 1:
        raise BadInput("confidence", value=confidence, bound="must lie in (0, 1)", remedy="Give 0.95, say.")
    answers = promoters + passives + detractors
    if answers < FEWEST:
        return Unknown(f"{answers} answer{'' if answers == 1 else 's'}", needed=FEWEST - answers)
    score = (promoters - detractors) / answers
    more = answers + 3
    up, down = (promoters + 0.75) / more, (detractors + 0.75) / more
    centre = up - down
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt((up + down - centre**2) / more)
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    return Estimate(100 * score, 100 * min(low, score), 100 * max(high, score), n=answers)


def count(answers: ir.Table) -> ir.Table:
    """One row of counts (promoters, passives, detractors) over each customer's newest NPS answer.

    answers: facts of that kind with `customer_id`, of the period asked about.
    """
    asked = answers.filter(answers.metric == "nps", answers.score.notnull(), answers.score.between(0, 10))
    asked = asked.mutate(who=asked.customer_id.fill_null(asked.fact_id))
    newest = asked.group_by("who").agg(score=asked.score.argmax(asked.happened_at))
    return newest.agg(
        promoters=(newest.score >= 9).cast("int64").sum().fill_null(0),
        passives=((newest.score >= 7) & (newest.score < 9)).cast("int64").sum().fill_null(0),
        detractors=(newest.score < 7).cast("int64").sum().fill_null(0),
    )
