"""What a customer is likely to do next: from the last step, the silence since, and the steps before it.

A hierarchy of Dirichlet priors: what followed a context of d digits is drawn towards what followed its first d - 1, as
if that were so many steps seen (MacKay & Peto, 1995). How many is found for each depth by leaving one out: where
older steps say nothing, the number grows without bound and they are not heard. So rare contexts lean on shorter ones,
and the chances are calibrated without setting data aside. After a silence only those count who were silent as long.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from openchair.core.estimate import Number
from openchair.journey.counting import BASE
from openchair.journey.cutting import DAY_S, binned
from openchair.journey.timing import share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEPTH = 5
"""Steps of a context: digits to BASE, the last step lowest; 0 before a customer's first."""
SILENT_S = tuple(round(days * DAY_S) for days in (1 / 24, 1 / 4, 1, 3, 7, 14, 30, 60, 120))
"""Silences are told apart between these, in seconds."""
ENDS = 0
"""What follows where nothing does and the customer is lost; a step that follows is its code and one."""
MOST = 20_000
"""Rows of contexts that are looked at, the commonest."""
_STRENGTHS = 2.0 ** np.arange(-2, 15)


def contexts(steps: ir.Table, depth: int = DEPTH) -> ir.Table:
    """context, waited, follows, n: what customers did after which last steps, where that is known, and after how long.

    steps: cut(..). waited: how many of SILENT_S their silence had reached.
    """
    known = _ordered(steps, depth).filter(_.after.notnull() | (_.end == "lost"))
    keys = {"waited": binned(known.silence, SILENT_S), "follows": (known.after + 1).fill_null(ENDS)}
    counted = known.group_by("context", **keys).agg(n=_.count())
    return counted.order_by(ibis.desc("n"), "context", "waited", "follows").limit(MOST)


def standing(steps: ir.Table, depth: int = DEPTH) -> ir.Table:
    """context, waited, n: the last steps of customers of whom it is too early to say whether more follows."""
    last = _ordered(steps, depth).filter(_.after.isnull() & (_.end == "open"))
    counted = last.group_by("context", waited=binned(last.silence, SILENT_S)).agg(n=_.count())
    return counted.order_by("context", "waited")


def _ordered(steps: ir.Table, depth: int) -> ir.Table:
    """Steps with their `context` and the code `after` them, from need to need."""
    # Steps of one turn are of one kind, so that turn and time give the order.
    order = {"group_by": steps.who, "order_by": [steps.need, steps.turn, steps.at]}
    code = steps.code.cast("int64")
    digits = [(code.lag(k).over(**order) + 1).fill_null(0) * BASE**k for k in range(1, depth)]
    return steps.mutate(context=sum(digits, code + 1), after=code.lead().over(**order))


@dataclass(frozen=True, slots=True)
class Ahead:
    """What follows: for each depth from 0 the keys seen, sorted, and (keys, 1 + codes) chances of ENDS and each code.

    A key's digits are the last step, the silence since, and the steps before. strengths: for each depth above 0, the
    steps that the shorter key is worth.
    """

    seen: tuple[Ints, ...]
    chances: tuple[Floats, ...]
    strengths: tuple[float, ...]

    def of(self, context: Ints, waited: Ints) -> Floats:
        """(c, 1 + codes) chances of what follows each context after such a silence; each row sums to 1."""
        keys = _keys(context, waited)
        found = np.repeat(self.chances[0], len(keys), axis=0)
        for depth, (seen, chances) in enumerate(zip(self.seen, self.chances, strict=True)):
            place = np.searchsorted(seen, keys % BASE**depth).clip(max=len(seen) - 1)
            known = seen[place] == keys % BASE**depth
            found[known] = chances[place[known]]
        return found


def _keys(context: Ints, waited: Ints) -> Ints:
    return context % BASE + BASE * (waited + BASE * (context // BASE))


def fit(context: Ints, waited: Ints, follows: Ints, n: Ints, codes: int, depth: int = DEPTH) -> Ahead:
    """Learn from (r,) rows of contexts(..): `follows` is ENDS or a code and one, below 1 + codes.

    >>> rows = np.array([1, 1, 2]), np.array([0, 4, 4]), np.array([2, 0, 0]), np.array([90, 10, 90])
    >>> fit(*rows, codes=2).of(np.array([1, 1, 2]), np.array([0, 3, 0])).round(1).tolist()
    [[0.1, 0.0, 0.9], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    # Whoever was silent for long was so for less before.
    still = [np.flatnonzero(waited >= silence) for silence in range(len(SILENT_S) + 1)]
    keys = np.concatenate([_keys(context[rows], np.full(len(rows), w)) for w, rows in enumerate(still)])
    rows = np.concatenate(still)
    seen, chances, strengths = [np.zeros(1, dtype=np.int64)], [np.full((1, 1 + codes), 1 / (1 + codes))], []
    for d in range(depth + 2):
        own, row = np.unique(keys % BASE**d, return_inverse=True)
        counts = np.zeros((len(own), 1 + codes))
        np.add.at(counts, (row, follows[rows]), n[rows])
        prior = chances[-1][np.searchsorted(seen[-1], own % BASE ** max(d - 1, 0))]
        strength = _strength(counts, prior)
        chances.append((counts + strength * prior) / (counts.sum(axis=1, keepdims=True) + strength))
        seen.append(own)
        strengths.append(strength)
    return Ahead(tuple(seen[1:]), tuple(chances[1:]), tuple(strengths[1:]))


def _strength(counts: Floats, prior: Floats) -> float:
    """How many steps a prior is worth, by the likelihood of each step seen when it is left out itself."""
    row, follows = np.nonzero(counts)
    had, whole, expected = counts[row, follows], counts.sum(axis=1)[row], prior[row, follows]

    def likelihood(strength: float) -> float:
        left_out = (had - 1 + strength * expected) / (whole - 1 + strength)
        return float(had @ np.log(left_out.clip(1e-300)))

    return float(max(_STRENGTHS, key=likelihood))


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to come of customers who stand at a step: how many, the code that likeliest follows (None: nothing does),
    its chance, and the chance that they are lost."""

    code: int
    customers: int
    follows: int | None
    chance: Number
    lost: Number


def coming(ahead: Ahead, context: Ints, waited: Ints, n: Ints, learned: Floats) -> list[Coming]:
    """By the step at which customers stand, the most first; intervals as of a share of the steps learned from.

    context, waited, n: rows of standing(..). learned: (s,) for each, steps like theirs that ahead was learned from.
    """
    chances, digit = ahead.of(context, waited), context % BASE
    found = []
    for at in np.unique(digit):
        here, many = digit == at, int(n[digit == at].sum())
        mean, known = n[here] @ chances[here] / many, float(n[here] @ learned[here] / many)
        likeliest = int(mean.argmax())
        told, lost = (share(float(mean[k]) * known, known) for k in (likeliest, ENDS))
        found.append(Coming(int(at) - 1, many, None if likeliest == ENDS else likeliest - 1, told, lost))
    return sorted(found, key=lambda one: (-one.customers, one.code))


def alike(rows: tuple[Ints, Ints, Ints], context: Ints, waited: Ints) -> Floats:
    """(s,) steps learned from that were of the same kind as each context's last and as long in silence.

    rows: context, waited and n of contexts(..).
    """
    known, silent, n = rows
    counts = np.zeros((BASE, len(SILENT_S) + 1))
    np.add.at(counts, (known % BASE, silent), n)
    return np.asarray(counts[:, ::-1].cumsum(axis=1)[:, ::-1][context % BASE, waited], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Foretold:
    """How well held-out steps were foretold: the share whose likeliest next step came, the same for always saying the
    commonest one, mean -log2 of the chance given to what came, and by how much chances were off on average."""

    right: Number
    commonest: Number
    bits: float
    off: float


def foretold(
    ahead: Ahead, context: Ints, waited: Ints, follows: Ints, n: Ints, *, commonest: int, bands: int = 10
) -> Foretold:
    """Hold chances at the time of each step against (r,) rows of contexts(..) that were not learned from.

    commonest: what the baseline always says. off: the expected calibration error of the likeliest step's chance, over
    `bands` of equal width (Guo and others, 2017).
    """
    chances = ahead.of(context, np.zeros_like(waited))
    likeliest = chances.argmax(axis=1)
    said, right = chances[np.arange(len(n)), likeliest], n * (likeliest == follows)
    band = np.minimum((said * bands).astype(np.int64), bands - 1)
    gaps = np.bincount(band, n * said, bands) - np.bincount(band, right, bands)
    total = float(n.sum())
    came = chances[np.arange(len(n)), follows]
    return Foretold(
        share(float(right.sum()), total),
        share(float(n[follows == commonest].sum()), total),
        float(-(n @ np.log2(came)) / total),
        float(np.abs(gaps).sum() / total),
    )
