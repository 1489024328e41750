"""Judging ways of choosing by the log of decisions: what each would have brought, and how much more than the present.

A log is kept small: situations that are alike have one record, so what a policy would do is worked out once for each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.core.estimate import Estimate, Number
from openchair.decisions import choice
from openchair.decisions.choice import Gains
from openchair.decisions.record import Record
from openchair.learning import offpolicy
from openchair.learning.candidates import USUAL, Policy, Rules
from openchair.learning.hierarchical import hoped
from openchair.loyalty.actions import WAIT, Action

LARGEST = 10.0
"""A weight above which the model is trusted rather than the row (Switch)."""
TUNED_FOR = 1_000.0
"""Decisions as spread as the log's at which the interval for many looks is tightest."""
PRIOR_ROWS = 20.0
"""Rows that the mean of all counts for in the model of rewards of an action, and that mean in that of a stage."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Log:
    """n settled decisions in k situations with A actions; waiting is the last column.

    situation, action, customer: (n,) places. reward: (n,) minor units. logged: (n,) in (0, 1]. names: (A + 1,). open:
    (k, A). chance: (k, A + 1) when it was decided. gains: (k, A) what was expected then, as often as it counted; NaN
    where it was ruled out. stage: (k,) names. value_minor: (k,) worth that was taken. records: as they were read.
    """

    situation: NDArray[np.intp]
    action: NDArray[np.intp]
    customer: NDArray[np.intp]
    reward: Array
    logged: Array
    names: tuple[str, ...]
    open: NDArray[np.bool_]
    chance: Array
    gains: Gains
    stage: NDArray[np.str_]
    value_minor: Array
    records: Sequence[Record]

    def __len__(self) -> int:
        return len(self.reward)


def log_of(rows: Mapping[str, Any], records: Mapping[str, Record], confidence: float) -> Log:
    """A log from rows as arrays: customer_id, record_id, action, propensity, reward: (n,) each. records: by their id.

    confidence: of the intervals that records hold.
    """
    ids = sorted(records)
    kept = [records[one] for one in ids]
    known = {c.action for record in kept for c in record.candidates} | {r.action for one in kept for r in one.ruled_out}
    names = (*sorted(known - {WAIT}), WAIT)
    column = {name: k for k, name in enumerate(names)}
    cells = [
        (i, column[c.action], c.gain, (c.high - c.low) / 2, c.n, c.probability, c.weight)
        for i, record in enumerate(kept)
        for c in record.candidates
    ]
    i, j, gain, half, n, probability, weight = np.array(cells, dtype=np.float64).reshape(-1, 7).T
    at = (i.astype(np.intp), j.astype(np.intp))
    empty = np.full((len(kept), len(names)), np.nan)
    mean, sd, counts, chance = empty.copy(), empty.copy(), np.zeros_like(empty), np.zeros_like(empty)
    z = Gains(empty, empty, empty, confidence).z
    mean[at], sd[at], counts[at], chance[at] = gain * weight, half / z * weight, n, probability
    return Log(
        situation=np.searchsorted(np.array(ids), np.asarray(rows["record_id"])),
        action=np.array([column[name] for name in rows["action"]], dtype=np.intp),
        customer=np.unique(np.asarray(rows["customer_id"]), return_inverse=True)[1],
        reward=np.asarray(rows["reward"], dtype=np.float64),
        logged=np.asarray(rows["propensity"], dtype=np.float64),
        names=names,
        open=~np.isnan(mean[:, :-1]),
        chance=chance,
        gains=Gains(mean[:, :-1], sd[:, :-1], counts[:, :-1], confidence),
        stage=np.array([str(one.situation.get("stage", "")) for one in kept]),
        value_minor=np.array([float(one.situation.get("value_minor") or 0.0) for one in kept]),
        records=kept,
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """What chances follow from, beside the log. actions: of the catalogue. outcomes: behind the beliefs. exploration:
    the setting. present: the policy that is live. step: the share of worth that one step of an own leaning is.
    """

    log: Log
    actions: Sequence[Action]
    outcomes: float
    exploration: float
    present: Policy = USUAL
    step: float = 0.0

    def by(self, policy: Policy, gains: Gains | None = None) -> Array:
        """(k, A + 1) chances under a policy, by what was expected when it was decided, or by other expectations."""
        told = self.log.gains if gains is None else gains
        if not policy.personal:
            told = replace(told, mean=told.mean - self._own)
        hope, sharpness = hoped(told, self.outcomes, hope=policy.hope, sharper=policy.sharpness)
        discount = {one.id for one in self.actions if one.is_discount}
        return choice.choose(
            hope,
            np.where(self.log.open, 0, 1).astype(np.int16),
            discounts=[name in discount for name in self.log.names[:-1]],
            sharpness=sharpness,
            floor=self.exploration if policy.floor is None else policy.floor,
        ).probabilities

    def random(self) -> Array:
        """Anything permitted, with equal chances."""
        open_ = np.column_stack([self.log.open, np.ones(len(self.log.open), dtype=np.bool_)])
        return np.asarray(open_ / open_.sum(axis=1, keepdims=True))

    def single(self) -> Array:
        """The action that was expected to bring most for all together, where it was permitted."""
        expected = self._mean_gain(np.nan_to_num(self.log.gains.mean))
        best = int(expected.argmax()) if len(expected) else -1
        chances = np.zeros(self.log.chance.shape)
        chances[:, -1] = 1.0
        if len(expected) and expected[best] > 0:
            chances[self.log.open[:, best]] = np.eye(len(self.log.names))[best]
        return chances

    def impersonal(self) -> Array:
        """By what each action was expected to bring on average, whoever it is for."""
        weight = self.log.open * np.bincount(self.log.situation, minlength=len(self.log.open))[:, None]
        gains = self.log.gains
        total = np.maximum(weight.sum(axis=0), 1e-9)
        mean, sd = ((np.nan_to_num(of) * weight).sum(axis=0) / total for of in (gains.mean, gains.sd))
        alike = [np.where(self.log.open, of, np.nan) for of in (mean, sd)]
        return self.by(self.present, replace(gains, mean=alike[0], sd=alike[1]))

    def catalogue(self) -> Array:
        """As the catalogue's beliefs would have it, before any outcome."""
        of = {one.id: one for one in self.actions}
        mean, sd = np.full(self.log.open.shape, np.nan), np.full(self.log.open.shape, np.nan)
        for k, name in enumerate(self.log.names[:-1]):
            one = of.get(name)
            uplift = dict(one.uplift) if one else {}
            share = np.array([uplift.get(stage, 0.0) for stage in self.log.stage])
            mean[:, k] = share * self.log.value_minor + (one.flat_minor - one.cost_minor if one else 0.0)
            sd[:, k] = np.hypot((one.uplift_sd if one else 0.0) * self.log.value_minor, one.flat_minor if one else 0.0)
        mean, sd = (np.where(self.log.open, of, np.nan) for of in (mean, sd))
        return self.by(self.present, replace(self.log.gains, mean=mean, sd=sd))

    def rules(self, rules: Rules) -> Array:
        """As a table of chances says; where none of its rules is about a situation, as was decided."""
        chances = self.log.chance.copy()
        column = {name: k for k, name in enumerate(self.log.names)}
        for i, record in enumerate(self.log.records):
            if (wanted := rules.of(record.situation)) is not None:
                allowed = {name: part for name, part in wanted.items() if chances[i, column.get(name, -1)] > 0}
                left = max(1.0 - sum(allowed.values()), 0.0)
                chances[i] = 0.0
                for name, part in allowed.items():
                    chances[i, column.get(name, -1)] += part
                chances[i, -1] += left
        return chances

    @property
    def _own(self) -> Array:
        """(k, A) what customers' own leanings to pillars added to what was expected."""
        pillar = {one.id: one.pillar for one in self.actions}
        own = np.zeros(self.log.open.shape)
        for i, record in enumerate(self.log.records):
            if leaning := record.situation.get("leaning"):
                own[i] = [leaning.get(pillar.get(name, ""), 0) for name in self.log.names[:-1]]
        return own * self.step * self.log.value_minor[:, None]

    def _mean_gain(self, gain: Array) -> Array:
        weight = np.bincount(self.log.situation, minlength=len(gain)).astype(np.float64)
        return np.asarray(weight @ np.where(self.log.open, gain, 0.0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy would have brought a decision, by each estimator for one look; `better`: how much more than the
    present one, for many looks; `effective`: customers it has been tried on, as it were."""

    ips: Number
    snips: Number
    direct: Number
    doubly_robust: Number
    switch: Number
    better: Number
    effective: float


def judge(log: Log, policy: Array, present: Array, *, alpha: float = 0.05) -> Verdict:
    """A policy by the log. policy, present: (k, A + 1) chances of it and of the live one. alpha: of the interval
    of `better`, in (0, 1), the smaller the more policies are judged. Raises BadInput.
    """
    situations, expected = modelled(log)
    both = [np.tile(one, (2, 1)) for one in (policy, present)]
    chance = policy[log.situation, log.action]
    whose: offpolicy.Shown = {"clusters": log.customer}
    args = (log.reward, log.logged, log.action, both[0], expected, situations)
    rows, _ = offpolicy.doubly_robust_rows(log.reward, log.logged, log.action, both[1], expected, situations)
    tuned_for = (float(log.reward.std()) or 1.0) / TUNED_FOR**0.5
    compared: offpolicy.Shown = {**whose, "over": rows, "tuned_for": tuned_for, "alpha": alpha}
    return Verdict(
        ips=offpolicy.ips(log.reward, log.logged, chance, **whose),
        snips=offpolicy.snips(log.reward, log.logged, chance, **whose),
        direct=offpolicy.direct(expected, both[0], situations, **whose),
        doubly_robust=offpolicy.doubly_robust(*args, **whose),
        switch=offpolicy.switch_doubly_robust(*args, largest=LARGEST, **whose),
        better=offpolicy.doubly_robust(*args, **compared),
        effective=offpolicy.effective(np.bincount(log.customer, chance / log.logged)),
    )


def modelled(log: Log) -> tuple[NDArray[np.intp], Array]:
    """The row of each decision in a model of rewards, and the model: (2k, A + 1), one half for each half of customers.

    Each half of the customers is foretold by the other, so that no decision foretells itself. An action's mean in a
    stage is drawn towards its mean in all, and that towards the mean of all.
    """
    stages, stage = np.unique(log.stage, return_inverse=True)
    half, k = log.customer % 2, len(log.stage)
    models = []
    for one in (0, 1):
        others = half != one
        cell = (stage[log.situation[others]], log.action[others])
        n, total = np.zeros((len(stages), len(log.names))), np.zeros((len(stages), len(log.names)))
        np.add.at(n, cell, 1.0)
        np.add.at(total, cell, log.reward[others])
        overall = total.sum() / max(n.sum(), 1.0)
        each = (total.sum(axis=0) + PRIOR_ROWS * overall) / (n.sum(axis=0) + PRIOR_ROWS)
        models.append(((total + PRIOR_ROWS * each) / (n + PRIOR_ROWS))[stage])
    return (log.situation + k * half).astype(np.intp), np.concatenate(models)


def moved(log: Log, of: Callable[[str], bool]) -> tuple[int, Number]:
    """What came of some actions held against waiting, where both were possible: how many decisions, and the difference.

    of: whether an action, by its name, is one of them. Each decision counts by the chance of the other side, so that
    both sides are alike in all that the chances rested on (overlap weights; Li, Morgan & Zaslavsky, 2018).
    """
    some = np.array([of(name) for name in log.names[:-1]] + [False])
    theirs, wait = log.chance[:, some].sum(axis=1), log.chance[:, -1]
    both = np.maximum(theirs + wait, 1e-300)
    acted, waited = some[log.action], log.action == len(log.names) - 1
    weight = np.where(acted, (wait / both)[log.situation], np.where(waited, (theirs / both)[log.situation], 0.0))
    sides = [weight * acted, weight * waited]
    n = [offpolicy.effective(np.bincount(log.customer, side)) if side.any() else 0.0 for side in sides]
    if min(n) < offpolicy.LEAST:
        return int(acted.sum()), offpolicy.too_little(min(n), len(log))
    means = [float((side * log.reward).sum() / side.sum()) for side in sides]
    spreads = [
        many * float(((np.bincount(log.customer, side * (log.reward - mean)) / side.sum()) ** 2).sum())
        for many, side, mean in zip(n, sides, means, strict=True)
    ]
    # As in learning.proof: a small side that happened to bring little looks sure of it, so none is surer than both.
    together = float(np.average(spreads, weights=n))
    variance = sum(max(spread, together) / many for spread, many in zip(spreads, n, strict=True))
    half, value = NormalDist().inv_cdf(0.975) * variance**0.5, means[0] - means[1]
    return int(acted.sum()), Estimate(value, value - half, value + half, n=min(n))
