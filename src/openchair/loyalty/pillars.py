"""The five pillars of loyalty 3.0 and the four connected experiences: the terms every action is sorted by."""

from dataclasses import dataclass
from typing import Literal, get_args

PillarId = Literal["products", "service", "community", "experiences", "plus"]
ExperienceId = Literal["respond", "curate", "coach", "automate"]

PlusKind = Literal["customers", "money", "time", "ease", "relationship"]


@dataclass(frozen=True, slots=True)
class Pillar:
    """One pillar: `asks` is what a firm asks itself to know where it stands on it."""

    id: PillarId
    title: str
    asks: tuple[str, ...]


PILLARS: dict[str, Pillar] = {
    pillar.id: pillar
    for pillar in (
        Pillar(
            "products",
            "Products and services",
            ("Is it the best of its breed?", "Does nobody else have it?", "Does owning it say something of its owner?"),
        ),
        Pillar(
            "service",
            "Customer service",
            (
                "What more could we do for them than they ask?",
                "Can we go to them?",
                "Is anyone there when they need us?",
            ),
        ),
        Pillar(
            "community",
            "Community and affinity",
            ("What can they be part of?", "Whom should they meet?", "What do they share with one another?"),
        ),
        Pillar(
            "experiences",
            "Experiences",
            ("What ordinary moment could be extraordinary?", "Is it fun?", "What can only our customers have?"),
        ),
        Pillar(
            "plus",
            "Plus",
            (
                "How can we bring them customers, or save them money or time?",
                "What can we make easy?",
                "What builds the relationship?",
            ),
        ),
    )
}
"""By id, in the order they are always shown in."""

EXPERIENCES: dict[str, str] = {
    "respond": "respond to desire",
    "curate": "curated offering",
    "coach": "coach behaviour",
    "automate": "automatic execution",
}
"""The experience's id and what it is called (Siggelkow & Terwiesch, Connected Strategy)."""

PLUS: dict[str, str] = {
    "customers": "bring them customers",
    "money": "save them money",
    "time": "save them time",
    "ease": "make it easy",
    "relationship": "build the relationship",
}
"""What an action of the pillar plus does for them, and how it is called."""

PILLAR_IDS: tuple[str, ...] = get_args(PillarId)
EXPERIENCE_IDS: tuple[str, ...] = get_args(ExperienceId)
