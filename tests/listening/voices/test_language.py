"""Which language a sentence is in."""

import re
import socket
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from openchair.listening.voices.language import identify, script

SNACK = {"en": "popcorn", "ur": "خشک آم", "th": "ป๊อปคอร์น"}
PROMISED = 0.98


def strings(node: Any) -> Iterator[str]:
    """Every string in a tree that says something."""
    if isinstance(node, dict):
        for one in node.values():
            yield from strings(one)
    elif isinstance(node, list):
        yield from filter(None, node)


def sentences(code: str) -> list[str]:
    """Sentences in a language: the sample shop's, and our own in Portuguese."""
    if code == "pt":
        return [*strings(tomllib.loads((Path(__file__).parent / "portuguese.toml").read_text("utf-8")))]
    raw = tomllib.loads(files("openchair.simulation").joinpath("texts.toml").read_text("utf-8"))
    return [text.replace("{snack}", SNACK[code]) for text in strings(raw[code])]


def rate(texts: list[str], code: str) -> float:
    """The share of texts found to be in a language; what was missed is printed."""
    found = [language for language, _ in identify(texts)]
    missed = [(text, language) for text, language in zip(texts, found, strict=True) if language != code]
    print(f"{code}: {1 - len(missed) / len(texts):.4f} of {len(texts)}; missed {missed[:5]}")
    return 1 - len(missed) / len(texts)


@pytest.mark.parametrize("code", ["en", "ur", "th", "pt"])
def test_a_sentence_is_told_by_its_language(code: str) -> None:
    """At least 98 of 100 sentences are told rightly in each of English, Urdu, Thai and Portuguese."""
    texts = sentences(code)
    assert len(texts) >= 75
    assert rate(texts, code) >= PROMISED


@pytest.mark.slow
def test_real_sentences_are_told_by_their_language(shared_data: Path) -> None:
    """The same of sentences of published reviews in English, and of published messages in Thai."""
    reviews = pq.read_table(shared_data / "womens_clothing_reviews" / "reviews.parquet")["Review Text"].to_pylist()
    parts = [part for text in filter(None, reviews[:4000]) for part in re.split(r"(?<=[.!?])\s+", text)]
    assert rate([part for part in parts if len(re.findall("[A-Za-z]", part)) > 3], "en") >= PROMISED
    messages = pq.read_table(shared_data / "wisesight_sentiment" / "split_test.parquet")["texts"].to_pylist()
    thai = [text for text in messages if script(text) == "thai"]
    assert len(thai) > 0.98 * len(messages)
    assert rate(thai, "th") >= PROMISED


def test_what_is_in_no_language_is_said_to_be() -> None:
    """Digits, signs and emoji are no language, and neither is a link or an address."""
    nothing = ["", " ", "12:30", "!!!", "🙂🙂", "555", "https://example.org/a", "ada@example.org", "#sale @shop", "a"]
    assert {language for language, _ in identify(nothing)} == {"und"}


def test_neighbours_in_one_script_are_told_apart() -> None:
    """Arabic and Persian are not taken for Urdu, nor Spanish for Portuguese."""
    told = [
        "وصل الطلب متأخرا جدا ولم يتصل بي أحد",
        "بسته خیلی دیر رسید و کسی جواب نداد",
        "El paquete llegó muy tarde y nadie respondió",
    ]
    assert [language for language, _ in identify(told)] == ["ar", "fa", "es"]


def test_telling_needs_no_network_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model lies in its package: no socket is opened, and the temporary folder stays empty."""
    import openchair.listening.voices.language as room

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    room._model.cache_clear()
    assert identify(["Where is my parcel?"])[0][0] == "en"
    assert list(tmp_path.iterdir()) == []
