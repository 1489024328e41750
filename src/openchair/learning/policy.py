"""What an action is expected to bring: the catalogue's prior, corrected by what came of it.

Gain = uplift x value + flat part - cost. The uplift, by action and stage, is a share of the customer's 12-month value.
Its prior Normal(mean, sd^2) is joined with the difference between customers acted on and customers left alone,
weighted by their precisions (the normal-normal model). With no outcome it *is* the prior, and n says so by being 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openchair.decisions.choice import Gains
from openchair.decisions.situation import Situations
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import WAIT, Action

LEAST = 2.0
"""Outcomes on either side, in effective numbers, below which there is no difference to learn from."""

SUMS = ("w", "ww", "share", "shares", "unit", "share_unit", "units")
"""Sums over settled decisions, w the inverse of the chance, o the outcome, v the worth (chair.ports.State.rewards)."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sufficient statistics of outcomes by action and stage: (A + 1, 7) each, the last row is waiting.

    An outcome is the margin of what a customer spent in the window after the decision, less the action's flat part, as
    a share of what they were worth. n: effective number of outcomes. total, squares: n times the weighted mean of
    outcome and of its square.
    """

    n: Array
    total: Array
    squares: Array

    @staticmethod
    def none(actions: Sequence[Action]) -> "Evidence":
        """Nothing has been observed yet."""
        return Evidence(*(np.zeros((len(actions) + 1, len(STAGES))) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Belief about the uplift of each action in each stage, a share of value; n is outcomes behind it: (A, 7) each."""

    mean: Array
    sd: Array
    n: Array


def evidence(
    actions: Sequence[Action],
    action: Sequence[str],
    stage: Sequence[str],
    sums: Mapping[str, Array],
    margin: float = 1.0,
) -> Evidence:
    """Statistics of decisions whose outcome is in; each counts by the inverse of the chance it had.

    action, stage, sums: one row a distinct pair, as the state sums them (chair.ports.State.rewards), `wait` for those
    left alone. Actions that are no longer in the catalogue, and stages without a name, are left out. margin: the share
    of what was spent that stays with the shop, which worth is counted in.
    """
    shape = (len(actions) + 1, len(STAGES))
    row_of = {one.id: row for row, one in enumerate(actions)} | {WAIT: len(actions)}
    flat_of = {one.id: float(one.flat_minor) for one in actions} | {WAIT: 0.0}
    n, total, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, (name, where) in enumerate(zip(action, stage, strict=True)):
        if name not in row_of or where not in STAGES:
            continue
        cell, flat = (row_of[name], STAGES.index(where)), flat_of[name]
        w, ww, share, shares, unit, share_unit, units = (float(sums[key][i]) for key in SUMS)
        share, shares, share_unit = margin * share, margin**2 * shares, margin * share_unit
        # Kish: weights that differ are worth fewer outcomes than their number.
        n[cell] = w * w / ww
        total[cell] = n[cell] / w * (share - flat * unit)
        squares[cell] = n[cell] / w * (shares - 2 * flat * share_unit + flat * flat * units)
    return Evidence(n=n, total=total, squares=squares)


def beliefs(actions: Sequence[Action], seen: Evidence | None = None) -> Beliefs:
    """The uplift of each action in each stage: prior where nothing was observed, else prior and difference joined.

    The spread of single outcomes is pooled within a stage, so that three lucky customers do not look like certainty.
    """
    mean = np.array([[_prior(one, stage) for stage in STAGES] for one in actions]).reshape(-1, len(STAGES))
    sd = np.repeat(np.array([one.uplift_sd for one in actions])[:, None], len(STAGES), axis=1)
    if seen is None:
        return Beliefs(mean=mean, sd=sd, n=np.zeros_like(mean))
    acted, waited = seen.n[:-1], seen.n[-1:]
    enough = (acted >= LEAST) & (waited >= LEAST)
    average = np.divide(seen.total, seen.n, out=np.zeros_like(seen.n), where=seen.n > 0)
    around = np.where(seen.n >= LEAST, np.maximum(seen.squares - seen.n * average**2, 0), 0).sum(axis=0)
    freedom = np.where(seen.n >= LEAST, seen.n - 1, 0).sum(axis=0)
    variance = np.divide(around, freedom, out=np.zeros_like(around), where=freedom > 0)
    enough &= variance > 0
    per_outcome = 1 / np.where(enough, acted, 1) + 1 / np.where(enough, waited, 1)
    noise = np.where(enough, variance * per_outcome, np.inf)
    trust = sd**2 / (sd**2 + noise)
    difference = average[:-1] - average[-1:]
    return Beliefs(
        mean=np.where(enough, mean + trust * (difference - mean), mean),
        sd=np.where(enough, sd * np.sqrt(1 - trust), sd),
        n=np.where(enough, acted, 0.0),
    )


def gains(
    situations: Situations, actions: Sequence[Action], believed: Beliefs | None = None, confidence: float = 0.8
) -> Gains:
    """What each action is expected to bring in each situation over 12 months: (k, A) minor units, after its cost.

    The flat part is as unsure as it is large. What the customer is worth is taken as the lower edge of its
    band. confidence: of the intervals, in (0, 1).
    """
    held = beliefs(actions) if believed is None else believed
    flat = np.array([one.flat_minor for one in actions], dtype=np.float64)
    cost = np.array([one.cost_minor for one in actions], dtype=np.float64)
    stage, value = situations.stage, situations.value_minor[:, None]
    return Gains(
        mean=held.mean.T[stage] * value + flat - cost,
        sd=np.hypot(held.sd.T[stage] * value, flat),
        n=held.n.T[stage],
        confidence=confidence,
    )


def _prior(action: Action, stage: str) -> float:
    return next((uplift for named, uplift in action.uplift.items() if named == stage), 0.0)
