"""Surveys as data: those that come with Openchair, what a definition may say, and what may be answered."""

import tomllib
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.facts.kinds import schema
from openchair.listening.asking.answers import LONGEST_TEXT, read, row
from openchair.listening.asking.survey import SCALES, Survey, of, parse, starter, written

STARTERS = {survey.id: survey for survey in starter()}
NPS = STARTERS["nps"]


def test_there_are_three_surveys_to_begin_with() -> None:
    """One for each metric; a new one is held against this suite too."""
    assert {one.id: one.metric for one in starter()} == {"nps": "nps", "after-order": "csat", "after-contact": "ces"}


@pytest.mark.parametrize("id", STARTERS)
def test_a_starter_keeps_its_promises(id: str) -> None:
    """In three languages; the first question is the metric's; whatever the score, something follows it."""
    survey = STARTERS[id]
    assert set(survey.languages) == {"en", "ur", "th"}
    assert survey.first == survey.questions[:1]
    low, high = SCALES[survey.metric]
    assert survey.bounds(survey.questions[0]) == (low, high)
    assert all(survey.following(score) for score in range(low, high + 1))
    assert survey.following(None) == ()
    assert [score for first, last, _ in survey.paths for score in range(first, last + 1)] == [*range(low, high + 1)]
    assert survey.following(low) != survey.following(high)
    assert (survey.action, survey.idea, survey.idea_days) == (
        f"survey:{id}", f"asking-{survey.metric}", survey.cool_down_days,
    )  # fmt: skip


@pytest.mark.parametrize("id", STARTERS)
def test_a_survey_is_the_same_in_json_and_in_toml(id: str) -> None:
    """Written and read again it is itself."""
    survey = STARTERS[id]
    assert parse(written(survey)) == survey
    assert of(msgspec.to_builtins(survey)) == survey
    assert of(tomllib.loads(_toml(msgspec.to_builtins(survey)))) == survey


def _toml(row: dict[str, Any]) -> str:
    def line(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{name} = {line(one)}" for name, one in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(map(line, value)) + "]"
        return str(value) if isinstance(value, int) else f'"{value}"'

    return "\n".join(f"{name} = {line(value)}" for name, value in row.items())


@dataclass(frozen=True)
class Wrong:
    """A change to the NPS survey that makes it none, and what the error says."""

    change: dict[str, Any]
    says: str
    first: dict[str, Any] | None = None
    second: dict[str, Any] | None = None


WRONGS = {
    "no id": Wrong({"id": "Not An Id"}, "survey id: got 'Not An Id'"),
    "another metric": Wrong({"metric": "love"}, "survey metric: got 'love'"),
    "no questions": Wrong({"questions": []}, "survey questions"),
    "a stranger": Wrong({"colour": "red"}, "colour"),
    "no such default": Wrong(
        {"language": "fr"}, "survey language: got 'fr'; one of the languages of title (en, ur, th)"
    ),
    "half translated": Wrong({"thanks": {"en": "Thanks"}}, "survey thanks: got ['en']"),
    "an empty text": Wrong({"why": {"en": "Why", "ur": " ", "th": "x"}}, "survey why.ur: got ''; must say something"),
    "too late": Wrong({"cool_down_days": 4000}, "survey cool_down_days: got 4000"),
    "no score": Wrong({"metric": "own"}, "has no question of kind score"),
    "a second score": Wrong({}, "one question of kind score, which is its first", second={"kind": "score"}),
    "options for a number": Wrong({}, "questions[0].options", {"options": [NPS.title, NPS.title]}),
    "one option": Wrong({}, "questions[1].options: got 1; 2 to 12", None, {"kind": "choice", "options": [NPS.title]}),
    "ends of words": Wrong({}, "questions[1].low: got 'text'", None, {"low": NPS.title}),
    "twice a key": Wrong({}, "must be the key of one question only", None, {"key": "recommend"}),
    "beyond the scale": Wrong({}, "questions[1].when: got (7, 11); two scores from 0 to 10", None, {"when": [7, 11]}),
    "backwards": Wrong({}, "questions[1].when: got (9, 7)", None, {"when": [9, 7]}),
    "before itself": Wrong({}, "needs a first question", {"when": [0, 6]}),
}


@pytest.mark.parametrize("name", WRONGS)
def test_a_survey_that_cannot_be_asked_says_why(name: str) -> None:
    """The error names the field, its value, what is allowed and what to do."""
    wrong, changed = WRONGS[name], msgspec.json.decode(written(NPS))
    changed |= wrong.change
    for place, change in ((0, wrong.first), (1, wrong.second)):
        if change:
            changed["questions"][place] |= msgspec.to_builtins(change)
    with pytest.raises(BadInput) as refused:
        of(changed)
    assert wrong.says in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "id = ", '{"id": 1}', "x" * 70_000, '{"a":' * 5000, '{"id":"\\ud800"}']
)
def test_what_is_no_definition_at_all_is_refused(text: str) -> None:
    """Neither JSON nor TOML, not an object, too long, too deep."""
    with pytest.raises(BadInput):
        parse(text)


@given(st.dictionaries(st.sampled_from(["recommend", "put_right", "liked", "nobody"]), st.text() | st.integers()))
def test_an_answer_is_in_bounds_or_refused(answers: dict[str, Any]) -> None:
    """Whatever is sent: a score from 0 to 10, words that every store can keep, or BadInput."""
    try:
        said = read(NPS, answers, "ur")
    except BadInput:
        return
    for one in said:
        assert one.score is None or one.score in range(11)
        assert one.text is None or 0 < len(one.text) <= LONGEST_TEXT
        assert not set(one.text or "") & {"\x00", *map(chr, range(0xD800, 0xE000))}


@pytest.mark.parametrize("score", ["11", "-1", "9.5", "ten", "٩٩", "1e1", "0x9", "9" * 400, "+9", True, 9.0])
def test_a_number_that_is_no_answer_is_refused(score: object) -> None:
    """It names what was sent and what may be."""
    with pytest.raises(BadInput, match=r"answer recommend.*whole number from 0 to 10"):
        read(NPS, {"recommend": score}, "en")


def test_a_text_is_kept_whole_or_refused() -> None:
    """Nothing is cut."""
    assert read(NPS, {"liked": "a" * LONGEST_TEXT}, "en")[0].text == "a" * LONGEST_TEXT
    with pytest.raises(BadInput, match="20001 characters"):
        read(NPS, {"liked": "a" * (LONGEST_TEXT + 1)}, "en")
    with pytest.raises(BadInput, match="one of recommend"):
        read(NPS, {"colour": "red"}, "en")


def test_only_a_metric_s_own_score_counts_as_it() -> None:
    """Its words are of the metric, for they explain it; other scales and choices are the survey's own."""
    survey = STARTERS["after-order"]
    said = read(survey, {"satisfied": 2, "about": "1", "happened": "ช้า"}, "th")
    row_of = {one.question.key: row(survey, 3, one, "th", invitation="ab") for one in said}
    assert {key: (one["metric"], one["score"], one["text"]) for key, one in row_of.items()} == {
        "satisfied": ("csat", 2.0, None), "about": ("own", None, "การจัดส่ง"), "happened": ("csat", None, "ช้า"),
    }  # fmt: skip
    told = msgspec.json.decode(row_of["about"]["properties"])
    assert told == {"question": "about", "version": 3, "option": 1, "invitation": "ab"}
    assert msgspec.json.decode(row_of["satisfied"]["properties"])["scale"] == 5
    assert set(row_of["about"]) <= set(schema("answers").names)


def test_one_is_spoken_to_in_a_language_of_the_survey() -> None:
    """The first wanted that it has, by its first part; else its own."""
    assert (NPS.spoken("fr", "th-TH"), NPS.spoken("UR_pk"), NPS.spoken("fr"), NPS.spoken()) == ("th", "ur", "en", "en")


def test_a_survey_of_one_s_own_is_asked_all_at_once_unless_it_begins_with_a_scale() -> None:
    """A scale first stands alone, and others may depend on it."""
    texts = {"en": "How warm?"}
    words = {"key": "why", "kind": "text", "text": texts}
    own: dict[str, Any] = {
        "id": "own",
        "metric": "own",
        "language": "en",
        "title": texts,
        "why": texts,
        "thanks": texts,
    }
    flat: Survey = of(
        {**own, "questions": [words, {"key": "warm", "kind": "scale", "text": texts, "least": 0, "most": 10}]}
    )
    assert (flat.first, flat.following(5)) == (flat.questions, ())
    deep = of({**own, "questions": [{"key": "warm", "kind": "scale", "text": texts}, {**words, "when": [1, 2]}]})
    assert (deep.first, deep.following(2), deep.following(3)) == (deep.questions[:1], deep.questions[1:], ())
