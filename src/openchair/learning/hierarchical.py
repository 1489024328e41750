"""What actions bring, learned together: each from its pillar, each pillar from all, each customer a little their own.

An outcome is what a customer brought in some time, more than was expected. Several actions may bear on it, each by a
weight w, and so may what is nobody's doing, the base x0:

    y = sum over actions a of w[a] (x[a]' theta[a] + u[i, pillar(a)]) + x0' base + noise
    theta[a] = prior[a] + all + of its pillar + its own

with every part normal, so the posterior is exact (Lindley & Smith, 1972; for bandits Hong et al., 2022). It follows
from sums that add up in any order: X'X, X'y, and per customer the sums from which u is integrated out. An action of
which nothing is known yet is believed to be as its pillar has proved. The spreads are those under which what was seen
is likeliest (empirical Bayes), held to the ones given where little was seen.
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
_AT_ONCE = 256
"""Customers whose sums are dense at a time: few enough that they stay near the processor."""
SHARPENS = 100.0
"""How fast inverse-gap weighting sharpens as outcomes come in."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations, above 0: of one outcome about its expectation; of what all actions share, what is of a
    pillar, and what is of an action, each for the first feature, and `feature` times that per unit of each other; of
    customers about the rest, in a pillar, and (own) in what they bring whatever is done, None for not at all."""

    noise: float
    all: float
    pillar: float
    action: float
    person: float
    feature: float = 1.0
    own: float | None = None

    @property
    def given(self) -> tuple[float, ...]:
        """All but what is None."""
        return tuple(one for one in astuple(self) if one is not None)

    def people(self, pillars: int) -> Array:
        """(P,) or, with their own base, (P + 1,) the spreads of customers."""
        return np.array([self.person] * pillars + ([] if self.own is None else [self.own]))


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anything is seen. mean: (A, d). pillar: (A,) numbers from 0 on. base_sd: (b,) standard
    deviations of the base about 0, none by default. trust: standard deviation of the factor, about 1, by which `mean`
    is true of all actions alike. D = Ad + b are the numbers to be learned."""

    mean: Array
    pillar: NDArray[np.int64]
    spreads: Spreads
    base_sd: tuple[float, ...] = ()
    trust: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 < one < np.inf for one in (*self.spreads.given, *self.base_sd)):
            bound, remedy = "must be finite numbers above 0", "Give a small number for what hardly differs."
            raise BadInput("spreads", value=self.spreads, bound=bound, remedy=remedy)

    @property
    def pillars(self) -> int:
        """P, how many pillars there are."""
        return int(self.pillar.max()) + 1

    @property
    def bears(self) -> int:
        """By how many things customers differ: pillars and, maybe, their own base."""
        return self.pillars + (self.spreads.own is not None)

    @property
    def start(self) -> Array:
        """(D,) what is expected of all that is to be learned."""
        return np.concatenate([self.mean.ravel(), np.zeros(len(self.base_sd))])

    @property
    def root(self) -> Array:
        """(D, D) lower triangle whose square is the covariance of all that is to be learned."""
        same, spreads = self.pillar[:, None] == self.pillar, self.spreads
        shared = spreads.all**2 + spreads.pillar**2 * same + spreads.action**2 * np.eye(len(same))
        of_feature = np.array([1.0] + [spreads.feature] * (self.mean.shape[1] - 1))
        theta = np.kron(linalg.cholesky(shared, lower=True), np.diag(of_feature))
        if self.trust:
            mean = self.mean.ravel()
            theta = linalg.cholesky(theta @ theta.T + self.trust**2 * np.outer(mean, mean), lower=True)
        return np.asarray(linalg.block_diag(theta, np.diag(self.base_sd)) if self.base_sd else theta)


@dataclass(frozen=True, slots=True)
class People:
    """Sums over the outcomes of k customers, with P what they differ by; z is by how much each bears on an outcome.

    x: (kP, D) sums of z x. y: (k, P) of z y. n: (k, P, P) of z z'.
    """

    x: sparse.csr_array
    y: Array
    n: Array

    def __add__(self, other: "People") -> "People":
        return People(self.x + other.x, self.y + other.y, self.n + other.n)

    def of(self, customers: NDArray[np.int64]) -> "People":
        """Only some customers, by their number, in that order."""
        pillars = self.y.shape[1]
        rows = (customers[:, None] * pillars + np.arange(pillars)).ravel()
        return People(self.x[rows], self.y[customers], self.n[customers])

    def own(self, spreads: Spreads, mean: Array) -> Array:
        """(k, P) what is expected of each customer's own effects u. mean: (D,) of all else."""
        left = self.y - (self.x @ mean).reshape(self.y.shape)
        return np.asarray(np.einsum("kpq,kq->kp", _pull(spreads, self.n), left))


@dataclass(frozen=True, slots=True)
class Sums:
    """All that outcomes leave behind: xx (D, D), xy (D,), yy in all, n (A,) outcomes by action, rows how many in all,
    and people's own sums.

    Sums of parts, added, are those of the whole.
    """

    xx: Array
    xy: Array
    n: Array
    yy: float
    rows: float
    people: People

    def __add__(self, other: "Sums") -> "Sums":
        parts = (self.xx + other.xx, self.xy + other.xy, self.n + other.n, self.yy + other.yy, self.rows + other.rows)
        return Sums(*parts, self.people + other.people)


def sums(
    prior: Prior, customers: int, customer: NDArray[np.int64], action: NDArray[np.int64], x: Array, y: Array
) -> Sums:
    """The sums of n outcomes on each of which one action bears. customer, action: (n,) numbers from 0 on. x: (n, d).

    y: (n,), in the prior's unit. Raises BadInput for an x or y that is not finite.
    """
    wide, z, n = alone(prior, action, x)
    return sums_of(customers, customer, wide, z, y, n)


def alone(prior: Prior, action: NDArray[np.int64], x: Array) -> tuple[sparse.csr_array, Array, Array]:
    """x, z and n as of `sums_of`, where one action bears on each of n outcomes. action: (n,). x: (n, d)."""
    number, d = prior.mean.shape
    rows = np.repeat(np.arange(len(action)), d)
    places = (action[:, None] * d + np.arange(d)).ravel()
    wide = sparse.csr_array((x.ravel(), (rows, places)), shape=(len(action), len(prior.start)))
    return wide, np.eye(prior.bears)[prior.pillar[action]], np.bincount(action, minlength=number).astype(np.float64)


def sums_of(customers: int, customer: NDArray[np.int64], x: sparse.csr_array, z: Array, y: Array, n: Array) -> Sums:
    """The sums of m outcomes on which several actions may bear.

    customer: (m,) numbers from 0 on. x: (m, D), each action's w x in its columns, then the base. z: (m, P) the w of
    each pillar's actions, and of the customer's own base where there is one. y: (m,). n: (A,) how many outcomes of each
    action they are. Raises BadInput for an x or y that is not finite.
    """
    _finite(x.data, y)
    pillars = z.shape[1]
    which, pillar = np.nonzero(z)
    row = customer[which] * pillars + pillar
    bears = sparse.csr_array((z[which, pillar], (row, which)), shape=(customers * pillars, len(y)))
    pairs = np.empty((customers, pillars, pillars))
    for one in range(pillars):
        for other in range(pillars):
            pairs[:, one, other] = np.bincount(customer, z[:, one] * z[:, other], customers)
    people = People(x=(bears @ x).tocsr(), y=(bears @ y).reshape(customers, pillars), n=pairs)
    return Sums((x.T @ x).toarray(), x.T @ y, n, float(y @ y), float(len(y)), people)


@dataclass(frozen=True, slots=True)
class Belief:
    """The posterior. mean: (A, d), cov: (Ad, Ad) of theta; whole: (D,), whole_cov: (D, D) with the base. n: (A,)
    outcomes behind it. evidence: the logarithm of how likely what was seen is under the prior."""

    prior: Prior
    whole: Array
    whole_cov: Array
    n: Array
    evidence: float

    @property
    def mean(self) -> Array:
        """(A, d) what is expected of theta."""
        return self.whole[: self.prior.mean.size].reshape(self.prior.mean.shape)

    @property
    def cov(self) -> Array:
        """(Ad, Ad) its covariance."""
        size = self.prior.mean.size
        return self.whole_cov[:size, :size]

    def people(self, k: int) -> People:
        """The sums of k customers of whom nothing is known."""
        none = np.zeros((k, self.prior.bears))
        return People(sparse.csr_array((none.size, len(self.whole))), none, none[:, :, None] * none[:, None, :])


def learn(prior: Prior, seen: Sums) -> Belief:
    """The exact posterior, from sums in whatever order they came together."""
    noise = prior.spreads.noise**2
    people, mean = seen.people, prior.start
    drawn = _pull(prior.spreads, people.n)
    left = people.y - (people.x @ mean).reshape(people.y.shape)
    of_people, moved = _out(people, drawn, left)
    information = (seen.xx - of_people) / noise
    towards = (seen.xy - seen.xx @ mean - moved) / noise
    root = prior.root
    middle = linalg.cholesky(np.eye(len(root)) + root.T @ information @ root, lower=True)
    half = linalg.solve_triangular(middle, root.T, lower=True)
    cov = half.T @ half
    shift = cov @ towards
    squares = seen.yy - 2 * float(seen.xy @ mean) + float(mean @ seen.xx @ mean)
    fit = (squares - np.einsum("kp,kpq,kq->", left, drawn, left, optimize=True)) / noise - towards @ shift
    relative = prior.spreads.people(prior.pillars) ** 2 / noise
    own = np.linalg.slogdet(np.eye(prior.bears) + people.n * relative).logabsdet.sum()
    spread = seen.rows * np.log(2 * np.pi * noise) + own + 2 * np.log(np.diag(middle)).sum()
    return Belief(prior, mean + shift, cov, seen.n, float(-(spread + fit) / 2))


def fitted(prior: Prior, seen: Sums, within: float = WITHIN) -> Prior:
    """The prior with the spreads under which what was seen is likeliest, the given ones being a guess.

    within: how sure the guess is: the standard deviation of the spreads' logarithms.
    """
    if not seen.rows:
        return prior
    given = np.log(prior.spreads.given)

    def at(moved: Array) -> Prior:
        return replace(prior, spreads=Spreads(*np.exp(given + moved).tolist()))

    def unlikely(moved: Array) -> float:
        return -learn(at(moved), seen).evidence + float(moved @ moved) / (2 * within**2)

    return at(minimize(unlikely, np.zeros(len(given)), method="L-BFGS-B", bounds=[(-3, 3)] * len(given)).x)


def update(belief: Belief, people: People, x: sparse.csr_array, z: Array, y: Array, n: Array) -> Belief:
    """The posterior after m more outcomes, each of another customer: what `learn` gives with them, at the cost of a
    product of rank m.

    people: these customers' own sums before, m of them, in their order; x, z, y, n: as of `sums_of`. Raises BadInput
    for an x or y that is not finite.
    """
    _finite(x.data, y)
    noise, whole, cov, evidence = belief.prior.spreads.noise**2, belief.whole, belief.whole_cov, belief.evidence
    own = np.einsum("mp,mpq->mq", z, _pull(belief.prior.spreads, people.n))
    places = np.arange(own.size)
    each = sparse.csr_array((own.ravel(), (places // own.shape[1], places)), shape=(len(y), own.size))
    told = (x - each @ people.x).tocsr()
    left, variance = y - (own * people.y).sum(axis=1), noise * (1 + (own * z).sum(axis=1))
    for start in range(0, len(y), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        part = told[rows].toarray()
        spread = part @ cov
        root = linalg.cholesky(spread @ part.T + np.diag(variance[rows]), lower=True)
        half = linalg.solve_triangular(root, spread, lower=True)
        surprise = linalg.solve_triangular(root, left[rows] - part @ whole, lower=True)
        whole, cov = whole + half.T @ surprise, cov - half.T @ half
        size = len(part) * np.log(2 * np.pi) + 2 * np.log(np.diag(root)).sum()
        evidence -= float(surprise @ surprise + size) / 2
    return Belief(belief.prior, whole, cov, belief.n + n, evidence)


def expected(belief: Belief, x: Array, people: People, confidence: float = 0.8) -> Gains:
    """What each action is expected to bring with each of k customers, as `choice.choose` reads it: (k, A).

    x: (k, d) their situations. people: their own sums, `belief.people(k)` where nothing is known of them.
    """
    number, d = belief.mean.shape
    spreads, pillar = belief.prior.spreads, belief.prior.pillar
    drawn = _pull(spreads, people.n)
    pillars = drawn.shape[1]
    blocks = belief.cov.reshape(number, d, number, d)
    alone = np.stack([np.einsum("kd,de,ke->k", x, blocks[a, :, a], x) for a in range(number)], axis=1)
    # u is drawn times what is left of y: it moves with theta by -drawn times the customer's sums of x.
    moved = (_blocks(drawn) @ people.x).tocsr()
    with_theta = moved @ belief.whole_cov
    around = np.asarray(moved.multiply(with_theta).sum(axis=1)).reshape(len(x), pillars)
    theta = with_theta[:, : number * d].reshape(len(x), pillars, number, d)
    across = np.einsum("kpad,kd->kpa", theta, x)[:, pillar, np.arange(number)]
    of_person = around + spreads.noise**2 * np.einsum("kpp->kp", drawn)
    variance = alone + of_person[:, pillar] - 2 * across
    return Gains(
        mean=x @ belief.mean.T + people.own(spreads, belief.whole)[:, pillar],
        sd=np.sqrt(np.maximum(variance, 0)),
        n=np.broadcast_to(belief.n, variance.shape),
        confidence=confidence,
    )


def hoped(told: Gains, outcomes: float, hope: float = HOPE, sharper: float = 1.0) -> tuple[Gains, float]:
    """What `choice.choose` may weigh chances by, and how sharply, once there are so many outcomes in all.

    Inverse-gap weighting of expectations alone tries what it knows least no more than what it knows to be bad. Here
    each action counts at the upper end of what it may well bring (as LinUCB; Li et al., 2010), and never below
    waiting; sharpness grows with the square root of outcomes and actions (Foster & Rakhlin, 2020), `sharper` times
    that. Propensities are as exact as before.
    """
    upper = np.maximum(told.mean + hope * told.sd, 0.0)
    sharpness = SHARPNESS + SHARPENS * float(np.sqrt(outcomes * upper.shape[1]))
    return replace(told, mean=upper), sharper * sharpness


def _out(people: People, drawn: Array, left: Array) -> tuple[Array, Array]:
    """What customers' own effects take out of X'X and of X'y: (D, D), (D,). Dense, some customers at a time."""
    size, pillars = people.x.shape[1], drawn.shape[1]
    xx, xy = np.zeros((size, size)), np.zeros(size)
    roots = np.linalg.cholesky(drawn)
    for start in range(0, len(drawn), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        x = people.x[start * pillars : (start + _AT_ONCE) * pillars].toarray().reshape(-1, pillars, size)
        half = (np.swapaxes(roots[rows], 1, 2) @ x).reshape(-1, size)
        xx += half.T @ half
        xy += half.T @ np.einsum("kqp,kq->kp", roots[rows], left[rows]).ravel()
    return xx, xy


def _blocks(each: Array) -> sparse.bsr_array:
    """(kP, kP) with the k blocks of (k, P, P) down its diagonal."""
    k, pillars, _ = each.shape
    return sparse.bsr_array((each, np.arange(k), np.arange(k + 1)), shape=(k * pillars, k * pillars))


def _finite(x: Array, y: Array) -> None:
    """One outcome that is no number would leave no number anywhere."""
    for what, values in (("features of an outcome", x), ("outcome", y)):
        if not np.isfinite(values).all():
            bound, remedy = "must be finite", "Leave out what has not come in yet."
            raise BadInput(what, value=float(values[~np.isfinite(values)][0]), bound=bound, remedy=remedy)


def _pull(spreads: Spreads, n: Array) -> Array:
    """(k, P, P) how much of the sums of outcomes' errors is taken to be each customer's own: shrunken."""
    own = spreads.own is not None
    shrinks = (spreads.noise / spreads.people(n.shape[-1] - own)) ** 2
    return np.asarray(np.linalg.inv(n + np.diag(shrinks)))
