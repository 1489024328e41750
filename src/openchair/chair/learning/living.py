"""The policy that is live: what was last promoted, by a person or by rule."""

import msgspec

from openchair.chair.state.choosing import Choosing
from openchair.learning.candidates import Policy

POLICY = "policy"
"""The kind of choice that says which policy is live (chair.state.choosing); its body is the policy as JSON."""


def live_policy(state: Choosing) -> Policy:
    """The policy by which decisions are taken; the usual one where none was ever promoted."""
    choice = state.chosen(POLICY).get("")
    return msgspec.json.decode(choice.body, type=Policy) if choice else Policy()
