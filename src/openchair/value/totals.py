"""What all customers together are worth at each horizon, with how sure that is.

The sum over 12 months is what a turn scored. Longer horizons cost far more to reckon (`worth.ahead`), so they are
reckoned for some customers, drawn systematically with chances in proportion to their 12 months: then the mean ratio of
the longer to the shorter, times the sum, is an unbiased total (Hansen & Hurwitz, 1943). A customer's own chance evens
out over many; what does not is the doubt of the parameters, which all share, so it is moved for all at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from openchair.core.estimate import Estimate, Unknown
from openchair.value import lifetime, worth
from openchair.value.worth import Fitted

POINTS = 96
"""Customers by whom longer horizons are reckoned."""
SPARSE = 6
"""Of these one in so many is reckoned again where parameters move: what moves for all at once shows in a few."""


def totals(
    fitted: Fitted | Unknown,
    cases: Mapping[str, NDArray[Any]],
    others: NDArray[np.float64],
    year_minor: float,
    chance: float,
    customers: int,
    confidence: float,
    **terms: float,
) -> dict[str, Estimate | Unknown]:
    """Spender value of all customers at each of `lifetime.HORIZONS`, minor units.

    cases: those drawn, as for `worth.ahead`, in proportion to their value over 12 months. others: (horizons, k) what
    was reckoned elsewhere of k others that were drawn, such as subscribers. year_minor: the sum of 12 months over all
    `customers`. chance: the standard error of the sum's logarithm from each customer's own chance. terms: margin and
    yearly_rate, as for `worth.ahead`.
    """
    nobody = np.zeros((len(lifetime.HORIZONS), 0))
    known = None if isinstance(fitted, Unknown) or not len(cases["orders"]) else fitted
    ahead = _ahead(_sure(known), cases, confidence, terms) if known else nobody
    own, theirs = ahead / ahead[:1], others / others[:1]
    ratios = np.hstack([own, theirs])
    if not ratios.size or year_minor <= 0:
        why = fitted if isinstance(fitted, Unknown) else Unknown("nobody is expected to buy")
        return dict.fromkeys(lifetime.HORIZONS, why)
    means = ratios.mean(axis=1)
    variance = chance**2 + (ratios.std(axis=1) / means) ** 2 / ratios.shape[1]
    few = {name: column[::SPARSE] for name, column in cases.items()}
    for models in _moved(known) if known else ():
        there = _ahead(models, few, confidence, terms) / ahead[:1, ::SPARSE]
        moved = own.sum(axis=1) * (there.sum(axis=1) / own[:, ::SPARSE].sum(axis=1) - 1)
        variance += np.log1p(moved / ratios.sum(axis=1)) ** 2
    reach = np.exp(float(ndtri((1 + confidence) / 2)) * np.sqrt(variance))
    found = zip(lifetime.HORIZONS, (year_minor * means).tolist(), reach.tolist(), strict=True)
    return {name: Estimate(total, total / factor, total * factor, n=customers) for name, total, factor in found}


def _ahead(
    fitted: Fitted, cases: Mapping[str, NDArray[Any]], confidence: float, terms: Mapping[str, float]
) -> NDArray[np.float64]:
    """(horizons, n) what each case is worth."""
    found = worth.ahead(fitted, cases, confidence, **terms)
    return np.array([[one.value for one in some if isinstance(one, Estimate)] for some in found.values()])


def _sure(fitted: Fitted) -> Fitted:
    """The same models with parameters taken for known, which are quicker to reckon with."""
    segments = {name: replace(model, doubt=()) for name, model in fitted.segments.items()}
    return replace(
        fitted,
        spender=replace(fitted.spender, doubt=()),
        spend=replace(fitted.spend, doubt=()),
        segments=segments,
    )


def _moved(fitted: Fitted) -> Iterator[Fitted]:
    """The models, a standard error away along each independent way of their doubt; those of segments together."""
    sure = _sure(fitted)
    for k, step in enumerate(np.array(fitted.spender.doubt)):
        segments = {
            name: model.moved(np.array(model.doubt[k])) if k < len(model.doubt) else replace(model, doubt=())
            for name, model in fitted.segments.items()
        }
        yield replace(sure, spender=fitted.spender.moved(step), segments=segments)
    for step in np.array(fitted.spend.doubt):
        yield replace(sure, spend=fitted.spend.moved(step))
