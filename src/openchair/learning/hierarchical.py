"""What actions bring, learned together: each from its pillar, each pillar from all, each customer a little their own.

The outcome of action a with customer i in a situation with features x is

    y = x' theta[a] + u[i, pillar(a)] + noise,    theta[a] = prior[a] + all + of its pillar + its own

with every part normal, so the posterior is exact (Lindley & Smith, 1972; for bandits Hong et al., 2022). It follows
from sums that add up in any order: X'X, X'y per action, and per customer and pillar the sums of x and of y, from which
u is integrated out. An action of which nothing is known yet is believed to be as its pillar has proved. The spreads
are those under which what was seen is likeliest (empirical Bayes), held to the ones given where little was seen.
"""

from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.optimize import minimize

from openchair.core.errors import BadInput
from openchair.decisions.choice import SHARPNESS, Gains

Array = NDArray[np.float64]
WITHIN = 1.0
"""How sure the given spreads are: the standard deviation of their logarithms."""
HOPE = 1.0
"""Standard deviations by which what is not known well is thought better of, in what chances are weighed by."""
SHARPENS = 100.0
"""How fast inverse-gap weighting sharpens as outcomes come in."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations, above 0: of one outcome about its expectation; of what all actions share, what is of a
    pillar, and what is of an action, each per unit of a feature; of customers about the rest, in a pillar."""

    noise: float
    all: float
    pillar: float
    action: float
    person: float


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anything is seen. mean: (A, d). pillar: (A,) numbers from 0 on."""

    mean: Array
    pillar: NDArray[np.int64]
    spreads: Spreads

    def __post_init__(self) -> None:
        if not all(0 < one < np.inf for one in astuple(self.spreads)):
            bound, remedy = "must be finite numbers above 0", "Give a small number for what hardly differs."
            raise BadInput("spreads", value=self.spreads, bound=bound, remedy=remedy)

    @property
    def pillars(self) -> int:
        """P, how many pillars there are."""
        return int(self.pillar.max()) + 1

    @property
    def root(self) -> Array:
        """(Ad, Ad) lower triangle whose square is the covariance of all theta."""
        same, spreads = self.pillar[:, None] == self.pillar, self.spreads
        shared = spreads.all**2 + spreads.pillar**2 * same + spreads.action**2 * np.eye(len(same))
        root: Array = np.kron(linalg.cholesky(shared, lower=True), np.eye(self.mean.shape[1]))
        return root


@dataclass(frozen=True, slots=True)
class People:
    """Sums over the outcomes of k customers with P pillars.

    x: (kP, Ad) features, a row for each customer and pillar, in the columns of the action they were seen with. y, n:
    (k, P) outcomes, and how many.
    """

    x: sparse.csr_array
    y: Array
    n: Array

    def __add__(self, other: "People") -> "People":
        return People(self.x + other.x, self.y + other.y, self.n + other.n)

    def of(self, customers: NDArray[np.int64]) -> "People":
        """Only some customers, by their number, in that order."""
        pillars = self.n.shape[1]
        rows = (customers[:, None] * pillars + np.arange(pillars)).ravel()
        return People(self.x[rows], self.y[customers], self.n[customers])


@dataclass(frozen=True, slots=True)
class Sums:
    """All that outcomes leave behind: xx (A, d, d), xy (A, d), n (A,) by action, yy in all, and people's own sums.

    Sums of parts, added, are those of the whole.
    """

    xx: Array
    xy: Array
    n: Array
    yy: float
    people: People

    def __add__(self, other: "Sums") -> "Sums":
        parts = (self.xx + other.xx, self.xy + other.xy, self.n + other.n, self.yy + other.yy)
        return Sums(*parts, self.people + other.people)


def sums(
    prior: Prior, customers: int, customer: NDArray[np.int64], action: NDArray[np.int64], x: Array, y: Array
) -> Sums:
    """The sums of n outcomes. customer, action: (n,) numbers from 0 on. x: (n, d). y: (n,), in the prior's unit.

    Raises BadInput for an x or y that is not finite.
    """
    _finite(x, y)
    number, d = prior.mean.shape
    pillar, pillars = prior.pillar[action], prior.pillars
    row = customer * pillars + pillar
    places = np.repeat(row, d), (action[:, None] * d + np.arange(d)).ravel()
    size = customers * pillars
    people = People(
        x=sparse.csr_array((x.ravel(), places), shape=(size, number * d)),
        y=np.bincount(row, y, size).reshape(customers, pillars).astype(np.float64),
        n=np.bincount(row, minlength=size).reshape(customers, pillars).astype(np.float64),
    )
    of = [action == one for one in range(number)]
    xx = np.array([x[rows].T @ x[rows] for rows in of])
    xy = np.array([x[rows].T @ y[rows] for rows in of])
    return Sums(xx, xy, np.bincount(action, minlength=number).astype(np.float64), float(y @ y), people)


@dataclass(frozen=True, slots=True)
class Belief:
    """The posterior. mean: (A, d), cov: (Ad, Ad) of theta. n: (A,) outcomes behind it. evidence: the logarithm of how
    likely what was seen is under the prior."""

    prior: Prior
    mean: Array
    cov: Array
    n: Array
    evidence: float

    def people(self, k: int) -> People:
        """The sums of k customers of whom nothing is known."""
        none = np.zeros((k, self.prior.pillars))
        return People(sparse.csr_array((none.size, self.mean.size)), none, none)


def learn(prior: Prior, seen: Sums) -> Belief:
    """The exact posterior, from sums in whatever order they came together."""
    return _posterior(prior, _reduced(prior, seen), seen.n)


def fitted(prior: Prior, seen: Sums) -> Prior:
    """The prior with the spreads under which what was seen is likeliest, the given ones being a guess (see WITHIN)."""
    if not seen.n.any():
        return prior
    reduced = _reduced(prior, seen)
    given = np.log(astuple(prior.spreads))

    def at(moved: Array) -> Prior:
        return Prior(prior.mean, prior.pillar, Spreads(*np.exp(given + moved).tolist()))

    def unlikely(moved: Array) -> float:
        return -_posterior(at(moved), reduced, seen.n).evidence + float(moved @ moved) / (2 * WITHIN**2)

    return at(minimize(unlikely, np.zeros(len(given)), method="L-BFGS-B", bounds=[(-8, 8)] * len(given)).x)


def update(belief: Belief, person: People, action: int, x: Array, y: float) -> Belief:
    """The posterior after one more outcome: what `learn` gives with it, at the cost of one product of rank one.

    person: the customer's own sums before it (one customer). x: (d,). Raises BadInput for an x or y that is not finite.
    """
    _finite(x, np.array([y]))
    noise, d = belief.prior.spreads.noise, belief.mean.shape[1]
    pillar = belief.prior.pillar[action]
    pull = _pull(belief.prior.spreads, person.n[0, pillar])
    told = -pull * person.x[[pillar]].toarray()[0]
    told[action * d : (action + 1) * d] += x
    spread = belief.cov @ told
    variance = noise**2 * (1 + pull) + told @ spread
    surprise = y - pull * person.y[0, pillar] - told @ belief.mean.ravel()
    return Belief(
        prior=belief.prior,
        mean=belief.mean + (spread * (surprise / variance)).reshape(belief.mean.shape),
        cov=belief.cov - np.outer(spread, spread / variance),
        n=belief.n + np.eye(len(belief.n))[action],
        evidence=belief.evidence - float(np.log(2 * np.pi * variance) + surprise**2 / variance) / 2,
    )


def expected(belief: Belief, x: Array, people: People, confidence: float = 0.8) -> Gains:
    """What each action is expected to bring with each of k customers, as `choice.choose` reads it: (k, A).

    x: (k, d) their situations. people: their own sums, `belief.people(k)` where nothing is known of them.
    """
    number, d = belief.mean.shape
    spreads, pillar = belief.prior.spreads, belief.prior.pillar
    pull = _pull(spreads, people.n)
    own = pull * (people.y - (people.x @ belief.mean.ravel()).reshape(people.n.shape))
    blocks = belief.cov.reshape(number, d, number, d)
    alone = np.stack([np.einsum("kd,de,ke->k", x, blocks[a, :, a], x) for a in range(number)], axis=1)
    shared = people.x @ belief.cov  # (kP, Ad)
    around = np.asarray(people.x.multiply(shared).sum(axis=1)).reshape(people.n.shape)
    across = np.einsum("kpad,kd->kpa", shared.reshape(len(x), -1, number, d), x)[:, pillar, np.arange(number)]
    of_person = pull**2 * around + spreads.noise**2 * pull
    variance = alone + of_person[:, pillar] - 2 * pull[:, pillar] * across
    return Gains(
        mean=x @ belief.mean.T + own[:, pillar],
        sd=np.sqrt(np.maximum(variance, 0)),
        n=np.broadcast_to(belief.n, variance.shape),
        confidence=confidence,
    )


def hoped(told: Gains, outcomes: float) -> tuple[Gains, float]:
    """What `choice.choose` may weigh chances by, and how sharply, once there are so many outcomes in all.

    Inverse-gap weighting of expectations alone tries what it knows least no more than what it knows to be bad. Here
    each action counts at the upper end of what it may well bring (as LinUCB; Li et al., 2010), and never below
    waiting; sharpness grows with the square root of outcomes and actions (Foster & Rakhlin, 2020). Propensities are
    as exact as before.
    """
    upper = np.maximum(told.mean + HOPE * told.sd, 0.0)
    return replace(told, mean=upper), SHARPNESS + SHARPENS * float(np.sqrt(outcomes * upper.shape[1]))


@dataclass(frozen=True, slots=True)
class _Reduced:
    """Sums about the prior's mean that spreads can be tried on: xx (Ad, Ad), xr (Ad,), rr, and for each number of
    outcomes that a customer has with a pillar (count) how many have it (groups) and the sums over them of products."""

    xx: Array
    xr: Array
    rr: float
    count: Array
    groups: Array
    group_xx: Array
    group_xr: Array
    group_rr: Array


def _reduced(prior: Prior, seen: Sums) -> _Reduced:
    people, mean = seen.people, prior.mean.ravel()
    xx = linalg.block_diag(*seen.xx)
    left = people.y.ravel() - people.x @ mean
    count, which, groups = np.unique(people.n.ravel(), return_inverse=True, return_counts=True)
    of = [np.flatnonzero(which == one) for one in range(len(count))]
    return _Reduced(
        xx=xx,
        xr=seen.xy.ravel() - xx @ mean,
        rr=seen.yy - 2 * float(seen.xy.ravel() @ mean) + float(mean @ xx @ mean),
        count=count,
        groups=groups.astype(np.float64),
        group_xx=np.array([(people.x[rows].T @ people.x[rows]).toarray() for rows in of]),
        group_xr=np.array([people.x[rows].T @ left[rows] for rows in of]),
        group_rr=np.array([left[rows] @ left[rows] for rows in of]),
    )


def _posterior(prior: Prior, seen: _Reduced, n: Array) -> Belief:
    noise = prior.spreads.noise**2
    pull = _pull(prior.spreads, seen.count)
    information = (seen.xx - np.tensordot(pull, seen.group_xx, 1)) / noise
    towards = (seen.xr - pull @ seen.group_xr) / noise
    root = prior.root
    middle = linalg.cholesky(np.eye(len(root)) + root.T @ information @ root, lower=True)
    half = linalg.solve_triangular(middle, root.T, lower=True)
    cov = half.T @ half
    moved = cov @ towards
    spread = n.sum() * np.log(2 * np.pi * noise) + seen.groups @ np.log1p(seen.count * prior.spreads.person**2 / noise)
    fit = (seen.rr - pull @ seen.group_rr) / noise - towards @ moved
    evidence = -(spread + 2 * np.log(np.diag(middle)).sum() + fit) / 2
    return Belief(prior, prior.mean + moved.reshape(prior.mean.shape), cov, n, float(evidence))


def _finite(x: Array, y: Array) -> None:
    """One outcome that is no number would leave no number anywhere."""
    for what, values in (("features of an outcome", x), ("outcome", y)):
        if not np.isfinite(values).all():
            bound, remedy = "must be finite", "Leave out what has not come in yet."
            raise BadInput(what, value=float(values[~np.isfinite(values)][0]), bound=bound, remedy=remedy)


def _pull(spreads: Spreads, n: Array) -> Array:
    """How much of the sum of n outcomes' errors is taken to be the customer's own: shrunken, n times it is below 1."""
    person = spreads.person**2
    pull: Array = person / (spreads.noise**2 + n * person)
    return pull
