"""Online: what has come since beliefs were learned, put into them as it stands, until the next turn learns anew.

Everybody's days since count, from the first of them to the newest that anything is known of, as one stretch more: of
those to whom nothing happened, too. Counting only whoever bought or complained would make every action look better, or
worse, than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openchair.learning import outcomes
from openchair.learning.beliefs import Learned
from openchair.learning.hierarchical import Belief, update
from openchair.learning.outcomes import D, Log
from openchair.loyalty.actions import Action

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Came:
    """What came in m stretches: end (m,), days and parts of days, and what (m,), in minor units or points."""

    end: Array
    what: Array


def ends(log: Log, learned: Learned, until: float) -> Array:
    """(m,) where each stretch ends, of what is known until then; what began before `learned` was ends as it begins."""
    end = np.minimum(outcomes.ends(log, int(np.ceil(until))), until)
    return np.where(log.day < learned.until, log.day, np.maximum(end, log.day)).astype(np.float64)


def with_since(
    learned: Learned, actions: Sequence[Action], log: Log, customer_ids: Sequence[str], brought: Came, good: Came
) -> Learned:
    """What was learned, and what has come since.

    actions: the catalogue. log: of outcomes.log_of, with everybody's decision of the day `learned.until`, and whatever
    was done since or bears still; customer_ids: as of beliefs.learn_from. A customer's own part is taken to be their
    leaning, give or take what customers differ by. Of an action that was never done before nothing is learned yet.
    """
    place = {name: k for k, name in enumerate(learned.ids)}
    flat_of = {one.id: one.flat_minor for one in actions}
    flat = np.array([flat_of.get(name, 0) for name in learned.ids], dtype=np.float64)
    own = replace(log, action=np.array([*(place.get(one.id, -1) for one in actions), -1])[log.action])
    leaning = learned.leanings.of(np.asarray(customer_ids)) * learned.leanings.step

    def updated(belief: Belief, came: Came, money: bool) -> tuple[Belief, float]:
        prior = belief.prior
        weeks = len(belief.whole) - prior.mean.size - D
        rows = outcomes.rows_of(
            own, came.end, came.what, prior.pillar, typical=learned.typical, flat_minor=flat, money=money,
            periods=[0] * weeks,  # all days are of the last week that was learned of
        )  # fmt: skip
        theirs = (rows.z[:, :-1] * leaning[own.customer[rows.of], : prior.pillars]).sum(axis=1)
        y = rows.y - theirs if money else rows.y
        return update(belief, belief.people(len(y)), rows.x, rows.z, y, rows.n), float(rows.n.sum())

    worth, n = updated(learned.worth, brought, True)
    return replace(learned, worth=worth, good=updated(learned.good, good, False)[0], outcomes=learned.outcomes + n)
