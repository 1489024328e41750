"""An action as a form: its fields in groups, in plain words; read into what a catalogue holds, and back."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any, get_args

from starlette.datastructures import FormData

from openchair.core.errors import BadInput
from openchair.dossier.rules import DIETS, Channel
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import MOMENTS, Action, NpsGroup
from openchair.loyalty.pillars import EXPERIENCES, PILLARS, PLUS
from openchair.server.pages.forms import Field

Values = Mapping[str, Any]
"""What stands in the form by field: text, whether a box is ticked, or the words that are."""
_LEFT_OUT = object()
MAYBE = {"": "does not matter", "yes": "yes", "no": "no"}


def _same(words: Iterator[str] | tuple[str, ...]) -> dict[str, str]:
    return {word: word for word in words}


GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        "What it is",
        (
            Field("title", "What the team calls it"),
            Field("pillar", "Pillar", "choice", words={one.id: one.title for one in PILLARS.values()}),
            Field("plus", "For the pillar Plus: what it does for them", "choice", words={"": "another pillar", **PLUS}),
            Field("experience", "How it helps", "choice", words=EXPERIENCES),
            Field("want", "What it does for what they want", about="Half a sentence; it stands in the reasons."),
            Field("relationship", "What it does for the relationship", about="Half a sentence, likewise."),
        ),
    ),
    (
        "How and when it reaches them",
        (
            Field("channels", "By, the best first", "list", f"With commas: {', '.join(get_args(Channel))}."),
            Field("moments", "When", "many", "None ticked: at any.", _same(MOMENTS)),
            Field("purpose", "Purpose", "choice", words={"service": "service", "marketing": "marketing"}),
            Field("spacing_days", "Days since any word from us", "number"),
            Field("idea", "What they would feel repeated", about="Empty: this action alone."),
            Field("idea_days", "For how many days that rests", "number"),
            Field("approve", "A person must say yes first", "flag"),
            Field("essential", "They are owed it: never withheld for the sake of proof", "flag"),
            Field("undo_hours", "Hours it waits after a yes, and can be taken back", "number"),
        ),
    ),
    (
        "Whom it suits",
        (
            Field("needs.min_orders", "Orders, at least", "number"),
            Field("needs.complained", "Something of theirs is to be put right", "maybe", words=MAYBE),
            Field("needs.sender", "They sent us friends", "maybe", words=MAYBE),
            Field("needs.nps", "Their last score", "many", "None ticked: any.", _same(get_args(NpsGroup))),
        ),
    ),
    (
        "What it takes",
        (
            Field("cost_minor", "Cost of one, in your smallest coin", "number", "All of it, the team’s time included."),
            Field("minutes", "Minutes of the team’s time", "number"),
            Field("capacity", "At most so many", "number", "Empty: no limit."),
            Field("capacity_days", "in", "choice", words={"1": "a day", "7": "a week"}),
            Field("is_discount", "It competes on price", "flag"),
        ),
    ),
    (
        "What you believe it brings",
        (
            *(
                Field(f"uplift.{stage}", f"For the {stage}", "number", "" if place else "As a share: 0.03 is 3%.")
                for place, stage in enumerate(STAGES)
            ),
            Field("uplift_sd", "How unsure that is", "number", "A standard deviation, as a share."),
            Field("flat_minor", "And whatever they are worth, in your smallest coin", "number"),
            Field("good", "Points of satisfaction it adds", "number", "0 to 10; below 0 where it may annoy."),
            Field("good_sd", "How unsure that is", "number"),
            Field("window_days", "Days in which what they spend counts", "number", "0: as the settings say."),
        ),
    ),
    (
        "What it holds",
        (
            Field("contents.edible", "Something to eat or drink", "flag"),
            Field("contents.allergens", "Its allergens", "declared", "With commas; “none” if free of the fourteen."),
            Field("contents.suits", "Declared fit for", "many", words=_same(DIETS)),
            Field("contents.alcohol", "Alcohol", "flag"),
            Field("contents.gift", "A gift", "flag"),
            Field("contents.flowers", "Flowers", "flag"),
        ),
    ),
)  # fmt: skip
FIELDS: tuple[Field, ...] = tuple(one for _, some in GROUPS for one in some)
PARTS = {"title": "What it is called", "subject": "Subject", "body": "Text"}
"""The parts of a text in one language."""


def row_of(form: FormData, languages: tuple[str, ...]) -> dict[str, Any]:
    """The action in a form, checked by nobody yet: what is no number stays text, so that the check names it."""
    row: dict[str, Any] = {"id": str(form.get("id", "")).strip()}
    for one in FIELDS:
        value = _READ[one.kind](form, one.path)
        if value is not _LEFT_OUT:
            _put(row, one.path, value)
    for language in languages:
        for part in PARTS:
            text = str(form.get(f"texts.{language}.{part}", "")).replace("\r\n", "\n").strip()
            if text:
                _put(row, f"texts.{language}.{part}", text)
    row.setdefault("uplift", {})
    return row


def typed(form: FormData) -> Values:
    """A form as it was filled in, to be shown again."""
    several = {one.path for one in FIELDS if one.kind == "many"}
    return {name: form.getlist(name) if name in several else form.get(name) for name in form}


def values_of(action: Action) -> Values:
    """What the form shows of an action."""
    shown: dict[str, Any] = {"id": action.id}
    for one in FIELDS:
        head, _, rest = one.path.partition(".")
        value = getattr(action, head)
        if rest:
            value = value.get(rest) if isinstance(value, dict) else getattr(value, rest)
        shown[one.path] = _SHOWN.get(one.kind, str)(value) if value is not None else ""
    texts = {
        f"texts.{language}.{part}": getattr(text, part) for language, text in action.texts.items() for part in PARTS
    }
    return shown | texts


def field_of(wrong: BadInput) -> str:
    """The field that an error is about: what stands last in its name, or the first of those within that."""
    name = wrong.what.rpartition(", ")[2].partition("[")[0]
    within = (one.path for one in FIELDS if one.path == name or one.path.startswith(f"{name}."))
    return {"reason": "why", "action id": "id"}.get(name) or next(within, name)


def _put(row: dict[str, Any], path: str, value: Any) -> None:
    *heads, last = path.split(".")
    reduce(lambda inner, head: inner.setdefault(head, {}), heads, row)[last] = value


def _line(form: FormData, path: str) -> Any:
    return str(form.get(path, "")).strip() or _LEFT_OUT


def _number(form: FormData, path: str) -> Any:
    text = str(form.get(path, "")).strip().replace(",", ".")
    if re.fullmatch(r"[-+]?[0-9]{1,15}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?[0-9]{0,15}\.[0-9]{1,12}", text, re.ASCII) else text or _LEFT_OUT


def _words(form: FormData, path: str) -> Any:
    return [word.strip() for word in str(form.get(path, "")).split(",") if word.strip()] or _LEFT_OUT


def _ticked(form: FormData, path: str) -> Any:
    return [str(one) for one in form.getlist(path)] or _LEFT_OUT


def _maybe(form: FormData, path: str) -> Any:
    return {"yes": True, "no": False}.get(str(form.get(path, "")), _LEFT_OUT)


def _declared(form: FormData, path: str) -> Any:
    return [] if str(form.get(path, "")).strip().lower() == "none" else _words(form, path)


def _listed(value: Any) -> str:
    return ", ".join(value)


_READ: Mapping[str, Callable[[FormData, str], Any]] = {
    "line": _line,
    "choice": lambda form, path: _number(form, path) if path == "capacity_days" else _line(form, path),
    "number": _number,
    "list": _words,
    "many": _ticked,
    "flag": lambda form, path: path in form,
    "maybe": _maybe,
    "declared": _declared,
}
_SHOWN: Mapping[str, Callable[[Any], Any]] = {
    "number": "{:.12g}".format,
    "list": _listed,
    "many": list,
    "flag": bool,
    "maybe": lambda value: "yes" if value else "no",
    "declared": lambda value: _listed(value) or "none",
}
