"""What each action truly does to each member of a sample shop: the truth that learning is held against, never reads.

An action adds a share of what a member brings in a year, over the weeks after it. How much differs by what can be seen
of members (stage, score, orders, worth), by how far each leans to the action's pillar, and by drivers that nobody sees;
it is less for who had the same idea or pillar lately, and goes up and down with the season. Some marketing pays now and
harms: who gets it complains, and takes consents back. All of it follows from the seed and the action's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from openchair.core.ids import digest
from openchair.loyalty.actions import Action
from openchair.loyalty.pillars import PILLAR_IDS
from openchair.simulation.world import STAGES, Bools, Floats, Ints, stream

HORIZON_DAYS = 42
"""Days over which an action's effect comes."""
_DAYS = np.arange(1, HORIZON_DAYS + 1)
COMES: Floats = _DAYS * np.exp(-_DAYS / 7) / (_DAYS * np.exp(-_DAYS / 7)).sum()
"""(HORIZON_DAYS,) the share of an effect that comes on the first, the second, .. day after: half of it in twelve."""
HIDDEN = 2
"""Drivers of response that nobody sees."""
YEAR_DAYS = 365

# What all actions add on average, as a share of a year's worth, and how much of the catalogue's belief is true; then
# standard deviations: of what is an action's own, and its own at a stage, of what is seen of a member (by action and by
# pillar), of a member's leaning to the pillar, of each hidden driver.
_BASE, _BELIEVED = 0.011, 0.15
_OF_ACTION, _OF_STAGE, _OF_SEEN, _OF_LEANING, _OF_HIDDEN = 0.004, 0.006, 0.009, 0.0051, 0.0043
UNSEEN = 0.22
"""The share of the variance of response between members that is of leanings and hidden drivers, as those numbers have
it, on average over shops."""
_HARMFUL = 0.1
_TEMPTS = 0.012
# The same idea again at once moves half less, the same pillar a seventh less; it is forgotten by a third in nine days.
_IDEA, _PILLAR, _MOST, _FORGOTTEN_DAYS = 0.5, 0.15, 0.8, 21.0
_SEASON, _SEASON_DAYS = 0.3, 182.0


@dataclass(frozen=True, slots=True)
class Members:
    """n members as the truth sees them, each an element of every array.

    stage: places in STAGES. seen: (n, 3) score, orders and worth, about 0 with a spread of about 1 (see `seen_of`).
    leaning: (n, pillars) and hidden: (n, HIDDEN), likewise, which nobody sees. rate: purchases a day. order_minor: what
    an order brings.
    """

    stage: Ints
    seen: Floats
    leaning: Floats
    hidden: Floats
    rate: Floats
    order_minor: Floats

    def __len__(self) -> int:
        return len(self.stage)

    @property
    def year_minor(self) -> Floats:
        """(n,) what each brings in a year if nothing is done."""
        return YEAR_DAYS * self.rate * self.order_minor


def seen_of(score: Floats, orders: Floats, year_minor: Floats) -> Floats:
    """(n, 3) what can be seen of members on the truth's scales: bounded, so that no one counts for ten."""
    raised = [score - 8.2, (np.log1p(orders) - 2.1) / 0.85, (np.log10(1 + year_minor / 100) - 2.55) / 0.4]
    return np.clip(np.column_stack(raised), -2, 2)


@dataclass(frozen=True)
class Truth:
    """What A actions truly do, as shares of a year's worth.

    by_stage: (A, stages). by_seen: (A, 3). by_leaning: (A,). by_hidden: (A, HIDDEN). good: (A,) points of satisfaction
    that a member gains by it, below 0 where it harms. phase: (pillars,) of the season.
    """

    actions: tuple[Action, ...]
    by_stage: Floats
    by_seen: Floats
    by_leaning: Floats
    by_hidden: Floats
    good: Floats
    phase: Floats

    @cached_property
    def pillar(self) -> Ints:
        """(A,) places in PILLAR_IDS."""
        return np.array([PILLAR_IDS.index(one.pillar) for one in self.actions], dtype=np.int64)

    @cached_property
    def cost_minor(self) -> Floats:
        """(A,) what each costs."""
        return np.array([one.cost_minor for one in self.actions], dtype=np.float64)

    @cached_property
    def complaint(self) -> Floats:
        """(A + 1,) the chance that a complaint comes of each action, a week or three later; at the end, of waiting."""
        return 0.002 + 0.05 * np.append(np.maximum(-self.good, 0), 0.0)

    @cached_property
    def withdrawal(self) -> Floats:
        """(A + 1,) likewise the chance that consent to marketing is taken back."""
        return 0.0005 + 0.03 * np.append(np.maximum(-self.good, 0), 0.0)

    @cached_property
    def tires(self) -> Floats:
        """(ideas + pillars, A) how much less an action moves for each time that this was had just now."""
        ideas = np.array([one.idea or one.id for one in self.actions])
        same_pillar = np.arange(len(PILLAR_IDS))[:, None] == self.pillar
        return np.vstack([_IDEA * (np.unique(ideas)[:, None] == ideas), _PILLAR * same_pillar])

    def effects(self, of: Members) -> Floats:
        """(n, A) the share of a year's worth that each action adds in all, for who is not tired, the season aside."""
        return (
            self.by_stage.T[of.stage]
            + of.seen @ self.by_seen.T
            + of.leaning[:, self.pillar] * self.by_leaning
            + of.hidden @ self.by_hidden.T
        )

    def season(self, day: int) -> Floats:
        """(A,) what effects are multiplied by on a day since 1970-01-01."""
        turn = day / _SEASON_DAYS + self.phase[self.pillar]
        return 1 + _SEASON * np.sin(2 * np.pi * turn)


@dataclass(frozen=True, slots=True)
class Tired:
    """What n members had of each idea and pillar until a day: (n, ideas + pillars), each time fading."""

    had: Floats
    day: int

    @staticmethod
    def none(truth: Truth, n: int, day: int) -> "Tired":
        """Nobody has had anything yet."""
        return Tired(np.zeros((n, len(truth.tires))), day)

    def on(self, day: int) -> "Tired":
        """The same on a later day."""
        return Tired(self.had * np.exp((self.day - day) / _FORGOTTEN_DAYS), day)

    def after(self, truth: Truth, rows: Ints, action: Ints) -> "Tired":
        """Once these members, each at most once, had these actions."""
        had = self.had.copy()
        had[rows] += truth.tires.T[action] > 0
        return replace(self, had=had)

    def left(self, truth: Truth) -> Floats:
        """(n, A) the share of an effect that is left."""
        return 1 - np.minimum(self.had @ truth.tires, _MOST)


def truth_of(actions: Sequence[Action], seed: int, unseen: float = UNSEEN) -> Truth:
    """What these actions truly do in the shop of a seed. An action's effect does not depend on which others there are,
    but that one in ten of all, of those of a marketing kind, harms.

    unseen: in [0, 1), about the share of the variance of response between members that nothing seen of them tells.
    """
    hides = np.sqrt(unseen / (1 - unseen) * (1 - UNSEEN) / UNSEEN)
    pillars = [stream(seed, 21, place) for place in range(len(PILLAR_IDS))]
    of_pillar = [rng.normal(size=3) for rng in pillars]
    rows = [_drawn(one, seed, of_pillar[PILLAR_IDS.index(one.pillar)]) for one in actions]
    by_stage, by_seen, by_leaning, by_hidden, good, lot = (np.array(column) for column in zip(*rows, strict=True))
    harms = _least(lot, np.array([one.purpose == "marketing" for one in actions]), round(_HARMFUL * len(actions)))
    return Truth(
        actions=tuple(actions),
        by_stage=by_stage + _TEMPTS * harms[:, None],
        by_seen=by_seen,
        by_leaning=hides * by_leaning,
        by_hidden=hides * by_hidden,
        good=np.where(harms, -1 - good, good),
        phase=np.array([rng.random() for rng in pillars]),
    )


def _drawn(action: Action, seed: int, of_pillar: Floats) -> tuple[Floats, ...]:
    """One action's by_stage, by_seen, by_leaning, by_hidden, good and lot."""
    rng = stream(seed, 20, int(digest(action.id)[:8], 16))
    believed = np.array([_believed(action, stage) for stage in STAGES])
    of_action = _BASE + _OF_ACTION * rng.normal()
    return (
        of_action + _BELIEVED * believed + _OF_STAGE * rng.normal(size=len(STAGES)),
        _OF_SEEN * (0.6 * of_pillar + 0.8 * rng.normal(size=3)),
        _OF_LEANING * np.asarray(rng.uniform(0.5, 1.5)),
        _OF_HIDDEN * rng.normal(size=HIDDEN),
        np.asarray(rng.uniform(0.1, 0.6)),
        np.asarray(rng.random()),
    )


_STANDS_FOR = {
    "new": ("prospect", "new"),
    "active": ("growing", "steady", "returning"),
    "slipping": ("slipping",),
    "gone": ("lapsed",),
}


def _believed(action: Action, stage: str) -> float:
    """What the catalogue says of an action at one of the truth's stages."""
    said = [uplift for name, uplift in action.uplift.items() if name in _STANDS_FOR[stage]]
    return float(np.mean(said)) if said else 0.0


def _least(lot: Floats, among: Bools, number: int) -> Bools:
    """Which of `among` have the least lots, so many of them."""
    order = np.argsort(np.where(among, lot, np.inf))[: min(number, int(among.sum()))]
    return np.isin(np.arange(len(lot)), order)
