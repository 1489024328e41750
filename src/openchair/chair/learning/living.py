"""The policy that is live: what was last promoted, by a person or by rule; and the ones that were before."""

import msgspec

from openchair.chair.learning.views import Promoted
from openchair.chair.state import Choosing
from openchair.learning.candidates import USUAL, Policy, Rules

POLICY, CANDIDATE = "policy", "candidate"
"""Kinds of choices (chair.state.records): which policy is live, and policies that persons proposed, by name."""


def live_policy(state: Choosing) -> Policy:
    """The policy by which decisions are taken; the usual one where none was ever promoted."""
    choice = state.chosen(POLICY).get("")
    return policy_of(choice.body) if choice else USUAL


def promoted(state: Choosing) -> tuple[Promoted, ...]:
    """What went live, the newest first."""
    return tuple(Promoted(policy_of(one.body).version, one.by, one.at, one.why) for one in state.choices(POLICY))


def policy_of(body: str) -> Policy:
    """A policy from the JSON of a choice."""
    return msgspec.json.decode(body, type=Policy)


def proposed(state: Choosing) -> dict[str, tuple[Policy | Rules, str]]:
    """Candidates that persons proposed and did not take back, by name: each with who proposed it."""
    return {
        name: (candidate_of(choice.body), choice.by)
        for name, choice in state.chosen(CANDIDATE).items()
        if choice.body != TAKEN_BACK
    }


TAKEN_BACK = "{}"


def candidate_of(body: str | bytes) -> Policy | Rules:
    """A policy or a table of chances from JSON. Raises msgspec.DecodeError, BadInput."""
    given = msgspec.json.decode(body, type=dict[str, object])
    return msgspec.convert(given, Rules) if "rules" in given else msgspec.convert(given, Policy)
