"""A survey as a form: fields by language, questions by their number, read into what a definition holds and back."""

from collections.abc import Mapping
from typing import Any

import msgspec

from openchair.listening.asking.survey import Survey

MOST_QUESTIONS, MOST_LANGUAGES = 12, 12
NEW = "new"
"""The id of a survey that is not kept yet, as addresses have it."""

Row = dict[str, Any]


def row_of(form: Mapping[str, str], id: str) -> Row:
    """The definition in a form, checked by nobody yet. What is no number stays text, so that the check names it."""
    languages = form.get("languages", "").split()[:MOST_LANGUAGES]
    count = _number(form.get("count", ""))
    numbers = range(min(count, MOST_QUESTIONS) if isinstance(count, int) else 0)
    return {
        "id": form.get("id", "").strip() if id == NEW else id,
        "metric": form.get("metric", ""),
        "language": form.get("language", ""),
        "cool_down_days": _number(form.get("cool_down_days", "")),
        **{name: _texts(form, name, languages) for name in ("title", "why", "thanks")},
        "questions": [_question(form, f"q{n}", languages) for n in numbers],
    }


def form_of(survey: Survey) -> Row:
    """What a form shows of a survey."""
    row: Row = msgspec.to_builtins(survey)
    return row


def with_question(row: Row) -> Row:
    """One question more, to be filled in."""
    keys = {question["key"] for question in row["questions"]}
    key = next(f"question_{n}" for n in range(1, MOST_QUESTIONS + 2) if f"question_{n}" not in keys)
    blank = {"key": key, "kind": "text", "text": dict.fromkeys(row["title"], "")}
    return {**row, "questions": [*row["questions"], blank]}


def without_question(row: Row, place: str) -> Row:
    """All questions but one; the last one stays."""
    others = [question for n, question in enumerate(row["questions"]) if str(n) != place]
    return {**row, "questions": others or row["questions"]}


def with_language(row: Row, language: str) -> Row:
    """Every text in one language more, to be filled in."""
    language = language.strip().lower()
    if not language or language in row["title"]:
        return row

    def wider(value: Any) -> Any:
        if isinstance(value, dict) and row["title"].keys() == value.keys():
            return {**value, language: ""}
        if isinstance(value, dict):
            return {name: wider(one) for name, one in value.items()}
        return [wider(one) for one in value] if isinstance(value, list | tuple) else value

    widened: Row = wider(row)
    return widened


def without_language(row: Row, language: str) -> Row:
    """Every text without one of the languages; the last one stays."""

    def narrower(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: narrower(one) for name, one in value.items() if name != language or isinstance(one, dict)}
        return [narrower(one) for one in value] if isinstance(value, list | tuple) else value

    narrowed: Row = narrower(row) if len(row["title"]) > 1 else row
    if narrowed["language"] == language and narrowed["title"]:
        narrowed["language"] = next(iter(narrowed["title"]))
    return narrowed


def _question(form: Mapping[str, str], at: str, languages: list[str]) -> Row:
    kind = form.get(f"{at}.kind", "")
    row: Row = {"key": form.get(f"{at}.key", "").strip(), "kind": kind, "text": _texts(form, f"{at}.text", languages)}
    if kind == "choice":
        lines = {one: form.get(f"{at}.options.{one}", "").strip().splitlines() for one in languages}
        longest = max(map(len, lines.values()), default=0)
        row["options"] = [
            {one: said[n].strip() if n < len(said) else "" for one, said in lines.items()} for n in range(longest)
        ]
    if kind in ("score", "scale"):
        ends = {end: _texts(form, f"{at}.{end}", languages) for end in ("low", "high")}
        row |= {end: texts for end, texts in ends.items() if any(texts.values())}
    if kind == "scale":
        row |= {end: _number(form.get(f"{at}.{end}", "")) for end in ("least", "most")}
    when = [form.get(f"{at}.{end}", "").strip() for end in ("from", "to")]
    if any(when):
        row["when"] = [_number(text) for text in when]
    return row


def _texts(form: Mapping[str, str], name: str, languages: list[str]) -> dict[str, str]:
    return {one: form.get(f"{name}.{one}", "").strip().replace("\x00", "\ufffd") for one in languages}


def _number(text: str) -> Any:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 else text
