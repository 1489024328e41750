"""Beliefs: what actions do to a customer's worth and to their own good, learned from a log and made ready to decide by.

It begins with the catalogue, which is taken to be wide of the mark, and by a factor that all its figures may share. Of
actions of which nothing was seen one a pillar is learned along, and stands for the others.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from openchair.core.ids import digest
from openchair.core.sequential import boundary
from openchair.decisions import features
from openchair.dossier.stage import STAGES
from openchair.learning import outcomes
from openchair.learning.deciding import Held
from openchair.learning.effects import STEPS, Effects, Leanings
from openchair.learning.hierarchical import Belief, Prior, Spreads, fitted, learn
from openchair.learning.outcomes import D, Log
from openchair.loyalty.actions import Action
from openchair.loyalty.pillars import PILLAR_IDS

Array = NDArray[np.float64]
NAME = "hierarchical-2"
"""This way of learning, in the name of a policy's version."""
TRUST = 0.5
"""The standard deviation of the factor, about 1, by which the catalogue's figures are true of this shop."""
NOISE = 0.15
"""The spread of what a typical customer brings in 28 days, as a share of a year's worth, before any was seen."""
BASE_SD, PERIOD_SD, OWN_SD = 0.03, 0.01, 0.03
"""By how much is expected too much or too little: of customers alike in a feature, in a week, of one customer."""
RECENT_DAYS, SELDOM = 28, 0.01
"""Days that are held against all others, to see whether customers answer otherwise than they did, and how seldom that
may be said where they do not."""
FORGOTTEN_DAYS = 56
"""Where they do, what is older counts half as much every so many days: seasons turn slowly, and little is known."""
PERIOD_DAYS = 7
PERIODS = 26
"""Weeks that may differ each by itself, the last ones."""
ENOUGH, FITTED = 30, 600
"""Stretches from which on, and customers from whom, it is learned how far things differ."""
PARTS = {"all": 0.15, "pillar": 0.15, "action": 0.25, "person": 0.1}
"""How far effects are taken to differ, as parts of how unsure the catalogue is of one action."""
WITHIN = 0.1
"""How sure that is: the standard deviation of the logarithms."""
BY_FEATURE = (0.5, 0.25, 0.35, 0.7, 1.0, 2.0)
"""How many times as far effects may differ by a feature as by action; the first before any was seen."""
TINY = 1e-6
BASE_SD_OF_GOOD = 0.2
_TYPICAL = 11.0
GOOD = Spreads(noise=1.5, all=0.2, pillar=0.2, action=0.4, person=0.1, feature=0.05, own=0.1)
"""How far effects on customers' own good are taken to differ, in points."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned. ids: of the actions learned of. worth, good: beliefs about these. typical, x, worth_minor: as
    of deciding.Held. outcomes: how many there were."""

    ids: tuple[str, ...]
    worth: Belief
    good: Belief
    leanings: Leanings
    typical: float
    x: Array
    worth_minor: float
    outcomes: float
    single: str = ""
    """The one action that was best for all when it was learned."""
    drifted: tuple[str, ...] = ()
    """Pillars whose actions of late move customers otherwise than before; what is old then counts less."""
    until: int = 0
    """What came on days before it was learned from."""

    @property
    def version(self) -> str:
        """A name that changes with what is believed."""
        parts = (
            self.worth.whole,
            self.good.whole,
            self.leanings.steps.sum(axis=0),
            np.array([self.typical]),
        )
        return f"{NAME}:{digest(*self.ids, *(part.tobytes().hex() for part in parts))[:12]}"


def learn_from(
    actions: Sequence[Action],
    log: Log,
    brought: Array,
    good: Array,
    *,
    until: int,
    customer_ids: Sequence[str] = (),
    half_life_days: float = np.inf,
    spreads: Spreads | None = None,
) -> Learned:
    """What a log teaches.

    actions: the catalogue. log: of outcomes.log_of; its actions are places in the catalogue. brought, good: (m,) the
    margin and the points of the customer's own good in each stretch (outcomes.ends). until: days before it count.
    customer_ids: what the log's customers are called, for their own leanings. spreads: of worth; found from the log
    where they are left out.
    """
    seen = np.bincount(log.action[log.action >= 0], minlength=len(actions)) > 0
    places = _modelled(actions, seen)
    models = [actions[place] for place in places]
    place_of = np.full(len(actions) + 1, -1)
    place_of[places] = np.arange(len(places))
    own = Log(
        log.customer, log.day, place_of[log.action], log.features, log.worth_minor, log.daily_minor, log.window_days
    )
    end, customers = outcomes.ends(own, until), int(log.customer.max(initial=-1)) + 1
    band = features.worth_band(log.features)
    typical = float(np.median(band)) if len(log) else _TYPICAL
    first = (log.day.min(initial=until) // PERIOD_DAYS) * PERIOD_DAYS
    periods = np.arange(first, until, PERIOD_DAYS)[-PERIODS:]
    pillar = np.array([PILLAR_IDS.index(one.pillar) for one in models], dtype=np.int64)
    weight = outcomes.weighed(log, until, half_life_days)
    flat = np.array([one.flat_minor for one in models], dtype=np.float64)

    def rows(of: Log, its_end: NDArray[np.int64], y: Array, counts: Array, money: bool) -> outcomes.Rows:
        return outcomes.rows_of(
            of, its_end, y, pillar, typical=typical, flat_minor=flat, money=money,
            periods=periods.tolist() if money else (), weight=counts,
        )  # fmt: skip

    whole = rows(own, end, brought, weight, True)
    noise = float(np.sqrt(np.mean(whole.y**2))) if len(whole.y) >= ENOUGH else NOISE
    prior = _prior(actions, models, pillar, len(periods), noise, spreads)
    if spreads is None and len(whole.y) >= ENOUGH:
        some = np.unique(log.customer)[:: max(1, customers // FITTED)]
        mine, part = np.isin(log.customer, some), outcomes.only(own, some)
        prior = _fitted(prior, rows(part, end[mine], brought[mine], weight[mine], True), part, len(some))
    sums = whole.sums(own, customers)
    belief = learn(prior, sums)
    own_effects = sums.people.own(prior.spreads, belief.whole)
    drifted = _drifted(whole, own, belief, own_effects, until) if half_life_days == np.inf else ()
    if drifted:
        again = learn_from(
            actions, log, brought, good, until=until, customer_ids=customer_ids, half_life_days=FORGOTTEN_DAYS,
            spreads=prior.spreads,
        )  # fmt: skip
        return replace(again, drifted=drifted)
    of_good = rows(own, end, good, weight, False).sums(own, customers)
    return Learned(
        ids=tuple(one.id for one in models),
        worth=belief,
        good=learn(_prior_of_good(models, pillar), of_good),
        leanings=_leanings(customer_ids, own_effects[:, : prior.pillars], prior.spreads.person),
        typical=typical,
        x=features.matrix(log.features, typical).mean(axis=0) if len(log) else np.eye(D)[0],
        worth_minor=float(log.worth_minor.mean()) if len(log) else 0.0,
        outcomes=float(belief.n.sum()),
        until=until,
    )


def nothing(actions: Sequence[Action]) -> Learned:
    """What is believed before anything was seen: the catalogue."""
    none = np.zeros(0, dtype=np.int64)
    log = Log(none, none, none, none, np.zeros(0), np.zeros(0), none)
    return learn_from(actions, log, np.zeros(0), np.zeros(0), until=0)


def held(learned: Learned, actions: Sequence[Action], **numbers: Any) -> Held:
    """What was learned, made ready to decide by. numbers: what else deciding.Held has."""
    names = [one.id for one in actions]
    return Held(
        actions=tuple(actions),
        worth=effects_of(actions, learned.ids, learned.worth, start_of(actions)),
        good=effects_of(actions, learned.ids, learned.good, good_of(actions)),
        leanings=learned.leanings,
        typical=learned.typical,
        x=learned.x,
        worth_minor=learned.worth_minor,
        outcomes=learned.outcomes,
        version=learned.version,
        single=names.index(learned.single) if learned.single in names else None,
        **numbers,
    )


def packed(learned: Learned) -> bytes:
    """What was learned as bytes, for `unpacked`."""
    parts: dict[str, Any] = {"ids": np.array(learned.ids), "single": learned.single, "x": learned.x}
    parts["drifted"] = np.array(learned.drifted, dtype=str)
    parts |= {name: getattr(learned, name) for name in ("typical", "worth_minor", "outcomes", "until")}
    parts |= {f"leanings.{one.name}": getattr(learned.leanings, one.name) for one in fields(Leanings)}
    for name, belief in (("worth", learned.worth), ("good", learned.good)):
        prior = belief.prior
        parts |= {f"{name}.{part}": getattr(belief, part) for part in ("whole", "whole_cov", "n", "evidence")}
        parts |= {f"{name}.{part}": getattr(prior, part) for part in ("mean", "pillar", "base_sd", "trust")}
        parts[f"{name}.spreads"] = np.array([np.nan if one is None else one for one in astuple(prior.spreads)])
    out = BytesIO()
    np.savez_compressed(out, **parts)
    return out.getvalue()


def unpacked(body: bytes) -> Learned:
    """What `packed` made of it."""
    found = np.load(BytesIO(body))

    def belief(name: str) -> Belief:
        mean, pillar, base_sd, trust, given = (
            found[f"{name}.{part}"] for part in ("mean", "pillar", "base_sd", "trust", "spreads")
        )
        *all_but_own, own = given.tolist()
        spreads = replace(Spreads(*all_but_own), own=None if np.isnan(own) else own)
        prior = Prior(mean, pillar, spreads, tuple(base_sd.tolist()), float(trust))
        return Belief(
            prior,
            found[f"{name}.whole"],
            found[f"{name}.whole_cov"],
            found[f"{name}.n"],
            float(found[f"{name}.evidence"]),
        )

    ids, steps, step = (found[f"leanings.{one.name}"] for one in fields(Leanings))
    return Learned(
        ids=tuple(found["ids"].tolist()),
        worth=belief("worth"),
        good=belief("good"),
        leanings=Leanings(ids, steps, float(step)),
        typical=float(found["typical"]),
        x=found["x"],
        worth_minor=float(found["worth_minor"]),
        outcomes=float(found["outcomes"]),
        single=str(found["single"]),
        drifted=tuple(found["drifted"].tolist()),
        until=int(found["until"]),
    )


def effects_of(actions: Sequence[Action], ids: Sequence[str], belief: Belief, start: Array) -> Effects:
    """What is believed of each of A actions; of one that was not learned of, that it moved as one of its pillar did.

    ids: what `belief` is of. start: (A, d) what was believed of each before. Of a pillar of which nothing was learned
    at all nothing but this is believed, as surely as of any other.
    """
    known = {name: place for place, name in enumerate(ids)}
    pillars = {int(pillar): place for place, pillar in reversed(list(enumerate(belief.prior.pillar)))}
    unsure = int(np.argmin(belief.n))
    like = [known.get(one.id, pillars.get(PILLAR_IDS.index(one.pillar), unsure)) for one in actions]
    number, d = belief.mean.shape
    blocks = belief.cov.reshape(number, d, number, d)[range(number), :, range(number)]
    mean = start + (belief.mean - belief.prior.mean)[like]
    n = np.array([belief.n[known[one.id]] if one.id in known else 0.0 for one in actions])
    return Effects(mean, blocks[like], n)


def start_of(actions: Sequence[Action]) -> Array:
    """(A, d) what the catalogue says of actions: a share of worth at each stage."""
    mean = np.zeros((len(actions), D))
    mean[:, 1 : 1 + len(STAGES)] = [[_said(one, stage) for stage in STAGES] for one in actions]
    return mean


def good_of(actions: Sequence[Action]) -> Array:
    """(A, d) what the catalogue says they do to customers' own good, in points, whoever they are."""
    mean = np.zeros((len(actions), D))
    mean[:, 0] = [one.good for one in actions]
    return mean


def _drifted(rows: outcomes.Rows, log: Log, belief: Belief, own: Array, until: int) -> tuple[str, ...]:
    """Pillars whose effects in the last RECENT_DAYS were others than in all the time, more surely than chance has it
    where one looks every day (core.sequential)."""
    day, customer = log.day[rows.of], log.customer[rows.of]
    if not len(day) or until - day.min() < 2 * RECENT_DAYS:
        return ()
    left = rows.y - rows.x @ belief.whole - (rows.z * own[customer]).sum(axis=1)
    left = np.where(day >= until - RECENT_DAYS, left, 0.0)
    found = []
    for pillar, name in enumerate(PILLAR_IDS[: belief.prior.pillars]):
        mine = np.repeat(belief.prior.pillar == pillar, D).nonzero()[0]
        each = np.bincount(customer, left * (rows.x[:, mine] @ belief.whole[mine]))  # what one customer brings is one
        variance = float(each @ each)
        if variance and abs(each.sum()) > boundary(variance, tuned_for=variance, alpha=SELDOM):
            found.append(name)
    return tuple(found)


def _modelled(actions: Sequence[Action], seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of the actions that are learned of: those seen, and of each pillar the first that was not."""
    unseen: dict[str, int] = {}
    for place, one in enumerate(actions):
        if not seen[place]:
            unseen.setdefault(one.pillar, place)
    return np.array(sorted([*np.flatnonzero(seen).tolist(), *unseen.values()]), dtype=np.int64)


def _prior(
    actions: Sequence[Action],
    models: Sequence[Action],
    pillar: NDArray[np.int64],
    periods: int,
    noise: float,
    spreads: Spreads | None,
) -> Prior:
    """What is believed before: the catalogue, as unsure as it says on average."""
    unsure = float(np.sqrt(np.mean([one.uplift_sd**2 for one in actions]))) if actions else NOISE
    parts = {name: part * unsure for name, part in PARTS.items()}
    usual = Spreads(noise=max(noise, TINY), feature=BY_FEATURE[0], own=OWN_SD, **parts)
    base = (BASE_SD,) * D + (PERIOD_SD,) * periods
    return Prior(start_of(models), pillar, spreads or usual, base, TRUST)


def _fitted(prior: Prior, rows: outcomes.Rows, log: Log, customers: int) -> Prior:
    """The prior with the spreads under which what was seen is likeliest: first as if effects were alike for everyone,
    which is quickly found, then by how much they differ by features."""
    size = prior.mean.size
    alike = [*range(0, size, D), *range(size, rows.x.shape[1])]
    believed = rows.x @ prior.start
    x = sparse.hstack([rows.x[:, alike], sparse.csr_array(believed[:, None])]).tocsr()
    few = Prior(np.zeros((len(prior.mean), 1)), prior.pillar, prior.spreads, (*prior.base_sd, TRUST))
    found = fitted(few, replace(rows, x=x, y=rows.y - believed).sums(log, customers), WITHIN).spreads
    sums = rows.sums(log, customers)
    tried = [replace(prior, spreads=replace(found, feature=feature)) for feature in BY_FEATURE]
    return max(tried, key=lambda one: learn(one, sums).evidence)


def _prior_of_good(models: Sequence[Action], pillar: NDArray[np.int64]) -> Prior:
    return Prior(good_of(models), pillar, GOOD, (BASE_SD_OF_GOOD,) * D)


def _leanings(customer_ids: Sequence[str], own: Array, step: float) -> Leanings:
    """Customers' own effects in steps, of whom any differs by half a step or more."""
    if not len(customer_ids):
        return Leanings.none()
    steps = np.zeros((len(own), len(PILLAR_IDS)), dtype=np.int8)
    steps[:, : own.shape[1]] = np.clip(np.round(own / step), -STEPS, STEPS)
    ids = Leanings.key(np.asarray(customer_ids))
    told = np.flatnonzero(steps.any(axis=1))
    order = told[np.argsort(ids[told])]
    return Leanings(ids[order], steps[order], step)


def _said(action: Action, stage: str) -> float:
    return next((uplift for named, uplift in action.uplift.items() if named == stage), 0.0)
