"""The ways out: every road by which something can reach a customer, and what the guard holds it to.

A road that is not in this table does not exist: the guard refuses its name, and a test lists whatever in the program
offers, sends or books something and fails where one of them names no way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from openchair.dossier.rules import Channel, Purpose


@dataclass(frozen=True, slots=True)
class Way:
    """One road. What it says of purpose and channel holds beside what a thing says of itself, never instead."""

    name: str
    what: str
    purpose: Purpose | None = None
    """None: each thing has a purpose of its own; one that names none is taken for marketing."""
    channel: Channel | None = None
    counts: bool = True
    """Whether it is paid for with attention: it must fit the budget, keep its distance and not repeat an idea."""
    at_once: bool = True
    """Whether it reaches them as soon as it is cleared, so that it must keep quiet hours."""
    words: bool = False
    """Whether nothing but words goes this way: what declares no contents then has none."""


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Way("decision", "the next best action, done now"),
        Way("plan", "an action approved or planned, to be done when its time comes", at_once=False),
        Way("box", "a thing that goes into their parcel", "service", "parcel", counts=False),
        Way("reply", "an answer to something they said or asked", "service", counts=False, at_once=False),
        Way("reorder", "a thing they buy again, put ready for them to confirm", "service", "webhook"),
        Way("automatic order", "a thing ordered for them on their mandate", "automatic orders", "parcel", counts=False),
        Way("survey", "a question to answer", "research", words=True),
        Way("call list", "their name on a list of people to call", "service", "call", at_once=False, words=True),
    )
}
"""By name. A consent is needed for a way's purpose and for a thing's own, on the channel of either."""
