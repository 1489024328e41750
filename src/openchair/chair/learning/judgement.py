"""The log of decisions as it is judged: what moved whom, and what other ways of choosing would have brought."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openchair.chair.learning.living import live_policy, proposed
from openchair.chair.learning.views import Judged, PillarEvidence
from openchair.chair.wheel.choose import held_of
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.decisions.record import read
from openchair.dossier.stage import STAGES
from openchair.learning import judging
from openchair.learning.candidates import Policy, Rules
from openchair.learning.judging import Log, Ways
from openchair.loyalty.pillars import PILLARS

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

Array = NDArray[np.float64]

MOST_ROWS = 400_000
"""Settled decisions that are judged by; of more, those of a part of customers."""
FEWEST_ROWS = 50
ALPHA = 0.05
"""The chance that any candidate at all is ever held to be better than the live policy when it is not: parted evenly."""

OTHERS: tuple[Policy, ...] = (
    Policy("bolder", hope=2.0),
    Policy("by expectation alone", hope=0.0),
    Policy("sharper", sharpness=4.0),
    Policy("gentler", sharpness=0.25),
)
"""Candidates that are always judged beside the policy that is live."""
COMPARED = {
    "one for all": Ways.single,
    "by chance": Ways.random,
    "without the person": Ways.impersonal,
    "as the catalogue says": Ways.catalogue,
}
"""Ways that are judged to compare with, and cannot go live."""


@dataclass(frozen=True)
class Judgement:
    """The log of a shop. log: None where too little is settled."""

    chair: "Chair"
    log: Log | None

    @staticmethod
    def of(chair: "Chair") -> "Judgement":
        """The log as the state has it: reward is margin, less what was expected anyway and what was done cost."""
        rows, records = chair.state.tried(MOST_ROWS)
        if rows.num_rows < FEWEST_ROWS:
            return Judgement(chair, None)
        cost = {one.id: float(one.cost_minor) for one in chair.catalogue}
        names = rows["action"].to_pylist()
        spent = np.array([cost.get(name, 0.0) for name in names]) * rows["done"].to_numpy(zero_copy_only=False)
        expected = np.nan_to_num(rows["expected_minor"].to_numpy(zero_copy_only=False).astype(np.float64))
        outcome = rows["outcome_minor"].to_numpy()
        columns = {
            "customer_id": rows["customer_id"].to_numpy(zero_copy_only=False).astype("U"),
            "record_id": rows["record_id"].to_numpy(zero_copy_only=False).astype("U"),
            "action": names,
            "propensity": rows["propensity"].to_numpy(),
            "reward": chair.settings.margin * outcome - expected - spent,
        }
        known = {name: read(record) for name, record in records.items()}
        return Judgement(chair, judging.log_of(columns, known, chair.settings.confidence))

    @property
    def rows(self) -> int:
        """Settled decisions."""
        return len(self.log) if self.log else 0

    @property
    def explored(self) -> float | None:
        """The chance, on average, that a choice was not the one expected to be best."""
        if self.log is None:
            return None
        return float(1 - self.log.chance.max(axis=1)[self.log.situation].mean())

    def pillars(self) -> tuple[PillarEvidence, ...]:
        """What came of each pillar's actions, and what is believed of them by the last turn."""
        between = self.chair.state.decided_between()
        met = self.chair.state.met(between[1]) if between else {}
        if not met:
            return ()
        records = {name: read(record) for name, (record, _n) in met.items()}
        nobody = dict.fromkeys(("customer_id", "record_id", "action", "propensity", "reward"), np.array([], dtype="U"))
        now = judging.log_of(nobody, records, self.chair.settings.confidence)
        weight = np.array([met[name][1] for name in sorted(met)], dtype=np.float64)
        pillar = {one.id: one.pillar for one in self.chair.catalogue}
        return tuple(self._pillar(now, weight, name, pillar) for name in PILLARS)

    def _pillar(self, now: Log, weight: Array, name: str, of: Mapping[str, str]) -> PillarEvidence:
        few = Unknown("too little is settled to judge by", FEWEST_ROWS)
        n, effect = judging.moved(self.log, lambda action: of.get(action) == name) if self.log else (0, few)
        if n and isinstance(effect, Unknown):
            effect = Unknown("too few of these, or of those left in peace beside them", effect.needed)
        some = np.array([of.get(action) == name for action in now.names[:-1]])
        stages = {stage: _believed(now, some, weight * (now.stage == stage)) for stage in STAGES}
        known = {stage: one for stage, one in stages.items() if isinstance(one, Estimate)}
        return PillarEvidence(name, PILLARS[name].title, n, effect, _believed(now, some, weight), known)

    @cached_property
    def ways(self) -> Ways | None:
        """What chances of candidates follow from."""
        if self.log is None:
            return None
        held = held_of(self.chair.state, self.chair.catalogue, self.chair.settings)
        return Ways(self.log, held.actions, held.outcomes, held.exploration, held.policy, held.leanings.step)

    def candidates(self) -> tuple[Judged, ...]:
        """Every other way of choosing, judged by the log; the best first."""
        return tuple(sorted(self._judged(), key=_promise, reverse=True))

    def candidate(self, name: str) -> tuple[Policy | Rules | None, Judged | None]:
        """A candidate by name, and how it is judged; None for either that is not there."""
        found = {one.name: one for one, _by in self._policies()}.get(name)
        return found, next((one for one in self._judged(name) if one.name == name), None) if found else None

    def _policies(self) -> Iterator[tuple[Policy | Rules, str]]:
        theirs = proposed(self.chair.state)
        yield from theirs.values()
        live = live_policy(self.chair.state)
        yield from ((one, "") for one in (Policy(), *OTHERS) if one.name not in theirs and one != live)

    def _judged(self, only: str = "") -> Iterator[Judged]:
        ways = self.ways
        if ways is None:
            return
        present, policies = ways.by(ways.present), list(self._policies())
        alpha = ALPHA / len(policies)
        for one, by in policies:
            if only in ("", one.name):
                chances = ways.by(one) if isinstance(one, Policy) else ways.rules(one)
                verdict = judging.judge(ways.log, chances, present, alpha=alpha)
                yield _told(one.name, one.version, isinstance(one, Policy), verdict, by)
        for name, way in COMPARED.items():
            if not only:
                yield _told(name, name, False, judging.judge(ways.log, way(ways), present))


def _told(name: str, version: str, live: bool, of: judging.Verdict, by: str = "") -> Judged:
    found = (of.ips, of.snips, of.direct, of.doubly_robust, of.switch, of.better, of.effective)
    return Judged(name, version, live, *found, proposed_by=by)


def _promise(one: Judged) -> tuple[bool, float]:
    return isinstance(one.better, Estimate), one.better.low if isinstance(one.better, Estimate) else 0.0


def _believed(log: Log, some: NDArray[np.bool_], weight: Array) -> Number:
    """What the best of some actions was expected to bring where one was possible, and how surely, on average."""
    gain = np.where(log.open & some, log.gains.mean, -np.inf)
    if not some.any() or not ((gain.max(axis=1, initial=-np.inf) > -np.inf) * weight).any():
        return Unknown("nothing of it was possible")
    best, rows = gain.argmax(axis=1), np.arange(len(gain))
    there = np.isfinite(gain[rows, best]) * weight
    value, low, high, n = (
        float((np.nan_to_num(of[rows, best]) * there).sum() / there.sum())
        for of in (log.gains.mean, log.gains.low, log.gains.high, log.gains.n)
    )
    return Estimate(value, low, high, n=n)
