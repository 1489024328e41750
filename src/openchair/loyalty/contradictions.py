"""Contradictions: what no field of an action is wrong in by itself, and what cannot be meant."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from openchair.core.errors import BadInput
from openchair.loyalty.pillars import PLUS
from openchair.loyalty.plain import UNSEEN

if TYPE_CHECKING:
    from openchair.loyalty.actions import Action

WRITTEN = ("e-mail", "message", "letter", "webhook")
"""Channels by which nothing but words goes out, so that an action must hold them."""
WAITING = ("checkout", "visit")
"""Moments at which they are there and wait for it."""
PLACEHOLDERS = re.compile(r"\{(name|shop)\}")


class Rule(NamedTuple):
    """One rule: where it is broken (field and value of each place), what is allowed, what to do."""

    broken: Callable[["Action"], Iterator[tuple[str, Any]]]
    bound: str
    remedy: str


def refuse(action: "Action") -> None:
    """Raises BadInput naming the action, the field, its value, what is allowed and the remedy."""
    for rule in RULES:
        for field, value in rule.broken(action):
            what = f"catalogue, action {action.id}, {field}"
            raise BadInput(what, value=value, bound=rule.bound, remedy=rule.remedy)


def _no_stage(one: "Action") -> Iterator[tuple[str, Any]]:
    if not one.uplift:
        yield "uplift", {}


def _nobody(one: "Action") -> Iterator[tuple[str, Any]]:
    if set(one.uplift) == {"prospect"} and one.needs.min_orders:
        yield "needs.min_orders", one.needs.min_orders


def _not_eaten(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.contents.allergens is not None and not one.contents.edible:
        yield "contents.allergens", list(one.contents.allergens)


def _kind(one: "Action") -> Iterator[tuple[str, Any]]:
    if (one.plus is None) == (one.pillar == "plus"):
        yield "plus", one.plus


def _free_discount(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.is_discount and one.cost_minor == 0:
        yield "cost_minor", 0


def _essential_marketing(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.essential and one.purpose != "service":
        yield "essential", True


def _selling_remedy(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.needs.complained is True and one.purpose != "service":
        yield "purpose", one.purpose


def _silent_complaint(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.moments == ("complaint",) and one.needs.complained is False:
        yield "needs.complained", False


def _spacing(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.spacing_days > one.idea_days:
        yield "spacing_days", one.spacing_days


def _kept_waiting(one: "Action") -> Iterator[tuple[str, Any]]:
    if one.undo_hours and set(one.moments) & set(WAITING):
        yield "undo_hours", one.undo_hours


def _twice(one: "Action") -> Iterator[tuple[str, Any]]:
    for field, words in (("channels", one.channels), ("moments", one.moments)):
        if len(set(words)) < len(words):
            yield field, list(words)


def _wordless(one: "Action") -> Iterator[tuple[str, Any]]:
    needing = [channel for channel in one.channels if channel in WRITTEN]
    if needing and not one.texts:
        yield "texts", None
    for language, text in one.texts.items() if needing else ():
        if not text.body:
            yield f"texts.{language}.body", ""
        if "e-mail" in needing and not text.subject:
            yield f"texts.{language}.subject", ""


def _parts(one: "Action") -> Iterator[tuple[str, str]]:
    for language, text in one.texts.items():
        for part in ("title", "subject", "body"):
            yield f"texts.{language}.{part}", getattr(text, part)


def _placeholders(one: "Action") -> Iterator[tuple[str, Any]]:
    for field, said in _parts(one):
        left = PLACEHOLDERS.sub("", said)
        if "{" in left or "}" in left:
            yield field, said


def _unseen(one: "Action") -> Iterator[tuple[str, Any]]:
    plain = ((name, getattr(one, name)) for name in ("title", "want", "relationship"))
    for field, said in (*plain, *_parts(one)):
        if UNSEEN.search(said) or ("\n" in said and not field.endswith("body")):
            yield field, said


RULES: tuple[Rule, ...] = (
    Rule(_no_stage, "must name one stage or more", "Write uplift: {steady: 0.02}."),
    Rule(_nobody, "must be 0 for prospects, who have not ordered", "Name another stage, or set it to 0."),
    Rule(_not_eaten, "belongs to what is edible", "Set edible: true, or take the allergens out."),
    Rule(
        _kind, "must say what an action of the pillar plus does, and stands at no other", f"One of {', '.join(PLUS)}."
    ),
    Rule(_free_discount, "must be above 0 for a discount", "Give what it takes off the price, or is_discount: false."),
    Rule(_essential_marketing, "is for service alone", "Set purpose: service, or essential: false."),
    Rule(_selling_remedy, "must be service where a complaint is put right", "Set purpose: service."),
    Rule(_silent_complaint, "shuts out the one moment it is for", "Name other moments, or leave needs.complained out."),
    Rule(_spacing, "must be at most idea_days, how long its idea rests", "Shorten it, or let the idea rest longer."),
    Rule(_kept_waiting, f"must be 0 for {' and '.join(WAITING)}, where they wait for it", "Set it to 0."),
    Rule(_twice, "must name each one once", "Take one out."),
    Rule(_wordless, f"must be given for what goes by {', '.join(WRITTEN)}", "Write it in each language."),
    Rule(_placeholders, "may hold {name} and {shop}, and no other braces", "Write it without the others."),
    Rule(_unseen, "must be text that can be seen, on one line but for a body", "Write it anew."),
)
"""In the order in which they are told."""
