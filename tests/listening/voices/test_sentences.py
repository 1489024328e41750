"""Where sentences begin and end."""

import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.listening.voices.sentences import LONGEST, MOST, split

ALPHABET = "abc XYZ.!?…:\n۔؟ کھہ กขครับค่ะ ๆ 12 😀<b>,&"
SNACK = {"en": "popcorn", "ur": "خشک آم", "th": "ป๊อปคอร์น"}


def cut(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[begins:ends] for begins, ends in split(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It came late. Very late!", ["It came late.", "Very late!"]),
        ("Dr. Malik ate 3.5 kg at Fig Inc. today. Good.", ["Dr. Malik ate 3.5 kg at Fig Inc. today.", "Good."]),
        ("Chegou atrasado. Quero o reembolso!", ["Chegou atrasado.", "Quero o reembolso!"]),
        ("ڈبہ دیر سے آیا۔کیا آپ دیکھیں گے؟ شکریہ۔", ["ڈبہ دیر سے آیا۔", "کیا آپ دیکھیں گے؟", "شکریہ۔"]),
        ("ได้ของแล้วค่ะ ส่งช้ามากครับ", ["ได้ของแล้วค่ะ", "ส่งช้ามากครับ"]),
        ("อร่อยมาก แต่แพงไปหน่อย", ["อร่อยมาก แต่แพงไปหน่อย"]),
        ("Love it 😍 The box came early", ["Love it 😍", "The box came early"]),
        ("<b>Hi</b> there <script>alert(1)</script>", ["<b>Hi</b> there <script>alert(1)</script>"]),
        ("one\ntwo three", ["one", "two three"]),
        ("😀😀😀", ["😀😀😀"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences_are_split_as_people_split_them(text: str, parts: list[str]) -> None:
    """By stops, line breaks, final particles and emoji; not by abbreviations, decimals or what goes on."""
    assert cut(text) == parts


@given(st.text(ALPHABET, max_size=300) | st.text(max_size=300))
def test_every_letter_is_in_one_sentence(text: str) -> None:
    """Spans follow one another, lie inside, have no blanks at their ends, and leave out no letter."""
    spans = split(text)
    at = 0
    for begins, ends in spans:
        assert at <= begins < ends <= len(text)
        assert not any(letter.isalnum() for letter in text[at:begins])
        assert text[begins:ends] == text[begins:ends].strip()
        at = ends
    assert not any(letter.isalnum() for letter in text[at:])


@given(st.text("ab. กขค\n!?", max_size=120))
def test_a_text_is_split_alike_with_blanks_around_it(text: str) -> None:
    """What stands around a text moves its sentences and changes none."""
    assert cut(f"  {text}\n ") == cut(text.strip())


@given(
    st.lists(
        st.sampled_from(["It came late.", "Why is that?", "ڈبہ دیر سے آیا۔", "ส่งช้ามากเลยครับ", "Ótimo!"]), max_size=9
    )
)
def test_a_sentence_is_one_sentence(parts: list[str]) -> None:
    """Splitting a sentence again gives itself, and sentences put together are found again."""
    assert cut(" ".join(parts)) == parts
    assert all(cut(part) == [part] for part in parts)


@pytest.mark.parametrize(
    "text", ["a. " * 6_600, "กขค " * 5_000, "x" * 20_000, "word " * 4_000, "۔" * 20_000, "😀 " * 9_000, "ab\n" * 6_000]
)
def test_the_longest_text_has_a_bounded_number_of_sentences(text: str) -> None:
    """A text of 20,000 characters gives MOST sentences at most, none longer than needed for that, at once."""
    spans = split(text[:20_000])
    assert len(spans) <= MOST
    assert max((ends - begins for begins, ends in spans), default=0) <= max(LONGEST, 20_000)
    assert sum(ends - begins for begins, ends in spans) <= 20_000


def composed(code: str, seed: int) -> tuple[int, int, int]:
    """Boundaries found, found too many, and missed in messages put together of the sample shop's sentences."""
    told = tomllib.loads(files("openchair.simulation").joinpath("texts.toml").read_text("utf-8"))[code]
    rng = np.random.default_rng(seed)
    found = more = missed = 0
    for _ in range(400):
        mood = ("good", "bad")[rng.integers(2)]
        topic = list(told["drivers"].values())[rng.integers(7)][mood]
        parts = [told["opening"][mood][rng.integers(5)], topic[rng.integers(3)], told["closing"][mood][rng.integers(5)]]
        parts = [part.replace("{snack}", SNACK[code]) for part in parts if part]
        text, ends, at = " ".join(parts), set(), 0
        for part in parts:
            at = text.index(part, at) + len(part)
            ends.add(at)
        got = {end for _, end in split(text)}
        found, more, missed = found + len(got & ends), more + len(got - ends), missed + len(ends - got)
    return found, more, missed


@pytest.mark.parametrize(("code", "promised"), [("en", 0.99), ("ur", 0.99), ("th", 0.94)])
def test_sentences_put_together_are_found_again(code: str, promised: float) -> None:
    """F1 of the boundaries in the sample shop's messages, whose sentences are known."""
    found, more, missed = composed(code, 5)
    f1 = 2 * found / (2 * found + more + missed)
    print(f"{code}: boundary F1 {f1:.4f}")
    assert f1 >= promised
