"""Surveys: what is asked, in which languages and in which order, as data."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from openchair.core.errors import BadInput

Metric = Literal["nps", "csat", "ces", "own"]
Kind = Literal["score", "scale", "choice", "text"]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$")]
Texts = dict[Language, Annotated[str, Meta(max_length=600)]]
"""One text in each language."""
SCALES: Mapping[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""The least and the greatest score of each metric."""
COOL_DOWN_DAYS = 90
LONGEST = 64 * 1024
"""Characters of a definition."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One question. A score is on the metric's own scale, a scale from `least` to `most`; both may name their ends.

    when: the question follows only where the survey's first one was answered with a score from the one to the other.
    """

    key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,30}$")]
    kind: Kind
    text: Texts
    options: Annotated[tuple[Texts, ...], Meta(max_length=12)] = ()
    least: Annotated[int, Meta(ge=0, le=1)] = 1
    most: Annotated[int, Meta(ge=2, le=10)] = 5
    low: Texts = msgspec.field(default_factory=dict)
    high: Texts = msgspec.field(default_factory=dict)
    when: tuple[int, int] | None = None


class Survey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What is asked: `title`, `why` it is asked and `thanks` in every language of `title`, of which one is the default.

    Where the first question gives a score it stands alone, and the others come after it.
    """

    id: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,40}$")]
    metric: Metric
    language: Language
    title: Texts
    why: Texts
    thanks: Texts
    cool_down_days: Annotated[int, Meta(ge=0, le=365)] = COOL_DOWN_DAYS
    questions: Annotated[tuple[Question, ...], Meta(min_length=1, max_length=12)]

    @property
    def action(self) -> str:
        """What contacts about this survey are called."""
        return f"survey:{self.id}"

    @property
    def idea(self) -> str:
        """What is not to be repeated within `idea_days`: all surveys of a metric are one idea."""
        return f"asking-{self.metric}"

    @property
    def idea_days(self) -> int:
        """Days between two surveys of the metric."""
        return self.cool_down_days

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it can be read in, its default first."""
        return (self.language, *(one for one in self.title if one != self.language))

    def spoken(self, *wanted: str) -> str:
        """The first of these languages that it can be read in, else its default; th-TH is th."""
        parts = (re.split("[-_]", one, maxsplit=1)[0].lower() for one in wanted)
        return next((one for one in parts if one in self.title), self.language)

    def bounds(self, question: Question) -> tuple[int, int] | None:
        """The least and the greatest number that answers a question; None for one that no number answers."""
        return {"score": SCALES.get(self.metric), "scale": (question.least, question.most)}.get(question.kind)

    @property
    def scored(self) -> bool:
        """Whether the first question gives a score."""
        return self.bounds(self.questions[0]) is not None

    @property
    def first(self) -> tuple[Question, ...]:
        """What is asked first."""
        return self.questions[:1] if self.scored else self.questions

    @property
    def paths(self) -> tuple[tuple[int, int, tuple[Question, ...]], ...]:
        """Scores of the first question that are followed by the same: from, to, and what follows."""
        bounds = self.bounds(self.questions[0])
        scores = range(bounds[0], bounds[1] + 1) if bounds else ()
        runs = ((list(run), after) for after, run in groupby(scores, self.following))
        return tuple((run[0], run[-1], after) for run, after in runs)

    def following(self, score: float | None) -> tuple[Question, ...]:
        """What is asked next, given the score of the first question; nothing where it was not answered."""
        if not self.scored or score is None:
            return ()
        return tuple(q for q in self.questions[1:] if q.when is None or q.when[0] <= score <= q.when[1])


def parse(text: str) -> Survey:
    """A survey from JSON or TOML. Raises BadInput naming the field, its value, what is allowed and what to do."""
    if len(text) > LONGEST:
        raise BadInput("survey", value=f"{len(text)} characters", bound=f"at most {LONGEST}", remedy="Shorten it.")
    try:
        row = msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeError, RecursionError) as wrong:
        raise BadInput("survey", value=str(wrong), bound="must be JSON or TOML", remedy="Mend that place.") from None
    return of(row)


def of(row: object) -> Survey:
    """A survey from what JSON or TOML hold. Raises BadInput as `parse` does."""
    try:
        survey = msgspec.convert(row, Survey)
    except msgspec.ValidationError as wrong:
        message, _, where = str(wrong).partition(" - at ")
        path = re.sub(r"^`(key in )?\$\.?|`$", "", where).replace("`", "")
        missing = re.search(r"required field `(\w+)`", message)
        field = ".".join(part for part in (path, missing[1] if missing else "") if part) or "fields"
        bound = "must be given" if missing else message[:1].lower() + message[1:]
        value = None if missing else _value(row, path)
        raise BadInput(f"survey {field}", value=value, bound=bound, remedy="Correct it in the survey.") from None
    for check in (_scores, _keys, _languages):
        check(survey)
    for place, question in enumerate(survey.questions):
        _CHECKS[question.kind](question, f"survey questions[{place}]")
        _condition(survey, place)
    return survey


def written(survey: Survey) -> str:
    """A survey as JSON; `parse` gives it back."""
    return msgspec.json.encode(survey).decode()


def starter() -> tuple[Survey, ...]:
    """The surveys that come with Openchair: NPS, CSAT after an order, CES after a contact; English, Urdu, Thai."""
    text = resources.files(__package__).joinpath("starter.toml").read_text(encoding="utf-8")
    return tuple(of(row) for row in tomllib.loads(text)["survey"])


# --- checks of what no single field can know -------------------------------------------------------------------------


def _scores(survey: Survey) -> None:
    places = [place for place, question in enumerate(survey.questions) if question.kind == "score"]
    if places != ([] if survey.metric == "own" else [0]):
        bound = f"a survey of {survey.metric} has one question of kind score, which is its first"
        bound = "a survey of your own has no question of kind score" if survey.metric == "own" else bound
        value = [question.kind for question in survey.questions]
        raise BadInput("survey questions", value=value, bound=bound, remedy="Use kind scale for any other number.")


def _keys(survey: Survey) -> None:
    keys = [question.key for question in survey.questions]
    if twice := [key for key in keys if keys.count(key) > 1]:
        bound, remedy = "must be the key of one question only", "Give the other one another key."
        raise BadInput("survey questions.key", value=twice[0], bound=bound, remedy=remedy)


def _languages(survey: Survey) -> None:
    if survey.language not in survey.title:
        bound = f"one of the languages of title ({', '.join(survey.title) or 'none'})"
        raise BadInput("survey language", value=survey.language, bound=bound, remedy="Give title in that language.")
    for where, texts in _texts(survey):
        if texts.keys() != survey.title.keys():
            other = sorted(texts.keys() ^ survey.title.keys())
            bound = f"must be in the languages of title ({', '.join(survey.title)}), each and no other"
            remedy = f"Give all texts in {other[0]}, or none."
            raise BadInput(f"survey {where}", value=sorted(texts), bound=bound, remedy=remedy)
        if empty := [language for language, text in texts.items() if not text.strip()]:
            _refuse(f"survey {where}.{empty[0]}", "", "must say something", "Write it in that language.")


def _texts(survey: Survey) -> list[tuple[str, Texts]]:
    """Every text of a survey, and where it stands."""
    found = [("title", survey.title), ("why", survey.why), ("thanks", survey.thanks)]
    for place, question in enumerate(survey.questions):
        at = f"questions[{place}]"
        found.append((f"{at}.text", question.text))
        found += [(f"{at}.{name}", getattr(question, name)) for name in ("low", "high") if getattr(question, name)]
        found += [(f"{at}.options[{number}]", option) for number, option in enumerate(question.options)]
    return found


def _number(question: Question, where: str) -> None:
    if question.options:
        _refuse(f"{where}.options", len(question.options), "none for a number", "Use kind choice.")


def _choice(question: Question, where: str) -> None:
    if len(question.options) < 2:
        _refuse(f"{where}.options", len(question.options), "2 to 12 to choose from", "Add options.")
    _endless(question, where)


def _text(question: Question, where: str) -> None:
    if question.options:
        _refuse(f"{where}.options", len(question.options), "none for a text", "Use kind choice.")
    _endless(question, where)


def _endless(question: Question, where: str) -> None:
    for end in ("low", "high"):
        if getattr(question, end):
            _refuse(f"{where}.{end}", question.kind, "belongs to a score or a scale", "Take it out.")


_CHECKS = {"score": _number, "scale": _number, "choice": _choice, "text": _text}


def _condition(survey: Survey, place: int) -> None:
    when, where = survey.questions[place].when, f"survey questions[{place}].when"
    if when is None:
        return
    bounds = survey.bounds(survey.questions[0])
    if place == 0 or bounds is None:
        _refuse(where, when, "needs a first question, before it, that gives a score", "Take it out.")
    elif not bounds[0] <= when[0] <= when[1] <= bounds[1]:
        _refuse(where, when, f"two scores from {bounds[0]} to {bounds[1]}, the lesser first", "Correct it.")


def _refuse(where: str, value: object, bound: str, remedy: str) -> None:
    raise BadInput(where, value=value, bound=bound, remedy=remedy)


def _value(row: object, path: str) -> Any:
    """What stands at a path of the form a[1].b in what was read."""
    found: Any = row
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, Sequence) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
    return found
