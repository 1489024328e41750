"""Answers to a survey, checked one by one: a number in its bounds, an option that exists, words that can be kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from openchair.core.errors import BadInput
from openchair.listening.asking.survey import Question, Survey

_HALVES = re.compile("[\x00\ud800-\udfff]")
LONGEST_TEXT = 20_000
"""Characters of one answer, as facts have them (facts.kinds)."""


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: a score, or words; of a choice the words are the option's, and `option` its place from 0."""

    question: Question
    score: float | None = None
    text: str | None = None
    option: int | None = None


def read(survey: Survey, answers: Mapping[str, object], language: str) -> tuple[Given, ...]:
    """The answers by the key of their question, in the survey's order; what is empty was not answered.

    Numbers may come as text. Raises BadInput for a key that no question has, a number out of bounds, an option that
    does not exist, a text beyond LONGEST_TEXT.

    >>> from openchair.listening.asking.survey import starter
    >>> [(one.question.key, one.score) for one in read(starter()[0], {"recommend": " 9", "liked": ""}, "en")]
    [('recommend', 9.0)]
    """
    known = {question.key: question for question in survey.questions}
    if unknown := sorted(answers.keys() - known.keys()):
        bound = f"one of {', '.join(known)}"
        raise BadInput("answer", value=unknown[0], bound=bound, remedy="Answer a question of this survey.")
    said = {key: clean(str(answers[key])) for key in known if answers.get(key) is not None}
    return tuple(_given(survey, known[key], text, language) for key, text in said.items() if text)


def clean(text: str) -> str:
    r"""A text as every store keeps it: no U+0000, no half characters, lines ending alike, no blanks around.

    >>> clean("  a\x00b\r\n\ud800 ")
    'a�b\n�'
    """
    whole = _HALVES.sub("\ufffd", text)
    return whole.replace("\r\n", "\n").strip()


def row(survey: Survey, version: int, one: Given, language: str, **about: Any) -> dict[str, Any]:
    """The columns of an answer's fact; `about` goes into its properties, as does the top of the scale.

    Words that explain a score are of its metric; other numbers and choices are the survey's own, so that nobody counts
    them as scores of it.
    """
    bounds = survey.bounds(one.question)
    scale = bounds[1] if bounds else None
    properties = {"question": one.question.key, "version": version, "scale": scale, "option": one.option, **about}
    return {
        "survey_id": survey.id,
        "metric": survey.metric if one.question.kind in ("score", "text") else "own",
        "question": one.question.text[language],
        "score": one.score,
        "text": one.text,
        "language": language,
        "properties": msgspec.json.encode({k: v for k, v in properties.items() if v is not None}).decode(),
    }


def _given(survey: Survey, question: Question, text: str, language: str) -> Given:
    bounds, where = survey.bounds(question), f"answer {question.key}"
    if bounds is not None:
        return Given(question, score=float(_whole(where, text, *bounds)))
    if question.kind == "choice":
        option = _whole(where, text, 0, len(question.options) - 1)
        return Given(question, text=question.options[option][language], option=option)
    if len(text) > LONGEST_TEXT:
        bound = f"at most {LONGEST_TEXT} characters"
        raise BadInput(where, value=f"{len(text)} characters", bound=bound, remedy="Shorten it.")
    return Given(question, text=text)


def _whole(where: str, text: str, least: int, most: int) -> int:
    if not (len(text) <= 3 and text.isdecimal() and least <= int(text) <= most):
        raise BadInput(where, value=text, bound=f"a whole number from {least} to {most}", remedy="Choose one of these.")
    return int(text)
