"""The guard: what must not be done to whom, and why. One for every path: a decision, a plan, a box, a reply, an order.

It asks in this order, and keeps the first no: hard rules, consent, attention, whether the action suits the customer.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from openchair.decisions.situation import NPS_GROUPS, Circumstances
from openchair.dossier import consent, rules
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import Action

BUDGET_DAYS = 7
"""Between any contact and the next of a marketing kind lie at least so many days."""

_BY_CIRCUMSTANCE = (
    "no consent for this purpose on this channel",
    "contacted too recently",
    "a complaint comes first",
    "not for their stage of life with us",
    "too few orders for it",
    "only for those who sent us friends",
    "only for those who sent us nobody",
    "only after a complaint",
    "not for those who gave their last score",
    "would cost more than it brings",
    "a discount is the last resort, and something else serves",
)
(
    NO_CONSENT,
    TOO_SOON,
    COMPLAINT_FIRST,
    WRONG_STAGE,
    TOO_FEW_ORDERS,
    NOT_A_SENDER,
    A_SENDER,
    NO_COMPLAINT,
    WRONG_SCORE,
    COSTS_MORE,
    LAST_RESORT,
) = range(len(rules.REASONS), len(rules.REASONS) + len(_BY_CIRCUMSTANCE))
REASONS: tuple[str, ...] = (*rules.REASONS, *_BY_CIRCUMSTANCE)
"""By code: 0 is permitted, up to ALLERGIES_UNKNOWN come hard rules, then what the circumstances say."""
LIFTABLE: dict[int, str] = {
    NO_CONSENT: "if they had agreed to it",
    TOO_SOON: "had we not been in touch so recently",
    COMPLAINT_FIRST: "were their complaint settled",
}
"""What would have had to be otherwise, for reasons that may change; hard rules are not put to the question."""

_Mask = NDArray[np.bool_]


def permitted(of: Circumstances, actions: Sequence[Action]) -> NDArray[np.int16]:
    """(c, A) whether each action may be done in each of c circumstances: 0, or the code of the first reason against it.

    Everything that offers, sends or books something for a customer must ask here.
    """
    codes = np.empty((len(of), len(actions)), dtype=np.int16)
    for column, action in enumerate(actions):
        thing = rules.barred(action.contents, action.channel, action.purpose)
        against = rules.blocks(of.rules, of.food_safety, [thing])[:, 0]
        for code, test in _TESTS:
            against = np.where((against == 0) & test(of, action), np.int16(code), against)
        codes[:, column] = against
    return codes


def _no_consent(of: Circumstances, action: Action) -> _Mask:
    return ~consent.allowed(of.consents, action.purpose, action.channel)


def _too_soon(of: Circumstances, action: Action) -> _Mask:
    least = max(action.spacing_days, BUDGET_DAYS if action.purpose == "marketing" else 0)
    return np.asarray(of.days_contact < least)


def _complaint_first(of: Circumstances, action: Action) -> _Mask:
    held_back = action.purpose == "marketing" or action.needs.complained is False
    return of.complained if held_back and action.needs.complained is not True else np.zeros(len(of), dtype=np.bool_)


def _wrong_stage(of: Circumstances, action: Action) -> _Mask:
    return ~np.array([stage in action.uplift for stage in STAGES])[of.stage]


def _too_few_orders(of: Circumstances, action: Action) -> _Mask:
    return np.asarray(of.orders < action.needs.min_orders)


def _not_a_sender(of: Circumstances, action: Action) -> _Mask:
    return ~of.sender & (action.needs.sender is True)


def _a_sender(of: Circumstances, action: Action) -> _Mask:
    return of.sender & (action.needs.sender is False)


def _no_complaint(of: Circumstances, action: Action) -> _Mask:
    return ~of.complained & (action.needs.complained is True)


def _wrong_score(of: Circumstances, action: Action) -> _Mask:
    suits = action.needs.nps or NPS_GROUPS
    return ~np.array([group in suits for group in NPS_GROUPS])[of.nps]


_TESTS: tuple[tuple[int, Callable[[Circumstances, Action], _Mask]], ...] = (
    (NO_CONSENT, _no_consent),
    (TOO_SOON, _too_soon),
    (COMPLAINT_FIRST, _complaint_first),
    (WRONG_STAGE, _wrong_stage),
    (TOO_FEW_ORDERS, _too_few_orders),
    (NOT_A_SENDER, _not_a_sender),
    (A_SENDER, _a_sender),
    (NO_COMPLAINT, _no_complaint),
    (WRONG_SCORE, _wrong_score),
)
