"""What themes are called: their own telling words, by language, and none that only one or two customers used.

Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008). Thai, which has no blanks between
words, is cut into the words that this room's data files know and its own frequent strings, before and after which
anything may stand (branching entropy, Jin & Tanaka-Ishii 2006).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from openchair.listening.voices import stems
from openchair.listening.voices.grams import plain

SPEAKERS = 3
"""Customers who must have used a word before it stands in a name: so no name carries a person's data."""
WORDS = 5
IN_NAME = 3
EVERYWHERE = 0.35
"""A word that this share of the themes speaks in tells of none."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u200c][^\W\d_]+)*")
_THAI = re.compile(r"[\u0e01-\u0e4e]{2,}")
_STARTS = re.compile(r"[\u0e01-\u0e2e\u0e40-\u0e44]")
_GOES_ON = re.compile(r"[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e]")
_BEGINS = "เแโใไ"
"""Vowels written before the letter they follow in speech: no word ends in one."""
_THAI_LONGEST = 12
_LEXICONS = ("concepts", "feelings", "cues", "fillers")
_THAI_READ = 3_000
"""Distinct Thai sentences that its strings are counted in."""


def telling(
    texts: Sequence[str],
    languages: Sequence[str],
    themes: NDArray[np.int64],
    speakers: Sequence[Sequence[int]],
) -> list[dict[str, tuple[str, ...]]]:
    """For each theme, by language, its most telling words, at most WORDS.

    texts: (n,) distinct sentences. themes: (n,) the place of each one's theme, -1 for none. speakers: who said each, as
    numbers. A language with no word that SPEAKERS customers used says nothing of a theme.
    """
    found: list[dict[str, tuple[str, ...]]] = [{} for _ in range(int(themes.max(initial=-1)) + 1)]
    for code in sorted(set(languages)):
        rows = [i for i, one in enumerate(languages) if one == code]
        split = _splitter([texts[i] for i in rows], code)
        said: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for i in rows:
            for word in split(texts[i]):
                said[word][int(themes[i])].update(speakers[i])
        for theme, words in _scored(said, len(found)).items():
            found[theme][code] = words
    return found


def name(words: Mapping[str, Sequence[str]], weight: Mapping[str, float]) -> str:
    """A theme's name in the language most of its sentences are in; empty where no word tells."""
    for code in sorted(words, key=lambda code: (-weight.get(code, 0), code)):
        if words[code]:
            return ", ".join(words[code][:IN_NAME])
    return ""


def _scored(said: Mapping[str, Mapping[int, set[int]]], k: int) -> dict[int, tuple[str, ...]]:
    """Words by theme, most telling first: z scores of log-odds, each word counted once a customer."""
    words = sorted(said)
    if not words or not k:
        return {}
    counts = np.zeros((len(words), k + 1))
    for row, word in enumerate(words):
        for theme, who in said[word].items():
            counts[row, theme] = len(who)  # -1, no theme, is the last column
    everyone = counts.sum(1)
    themed = counts[:, :k]
    spoken = (themed.sum(0) > 0).sum()
    common = (themed > 0).sum(1) > max(2, EVERYWHERE * spoken)
    prior = 100.0 * everyone / everyone.sum()
    totals, whole, weight = themed.sum(0), everyone.sum(), prior.sum()
    inside = themed + prior[:, None]
    outside = everyone[:, None] - themed + prior[:, None]
    odds = np.log(inside / np.maximum(totals + weight - inside, 1e-9)) - np.log(
        outside / np.maximum(whole - totals + weight - outside, 1e-9)
    )
    z = odds / np.sqrt(1 / inside + 1 / outside)
    z[(themed < SPEAKERS) | common[:, None]] = -np.inf
    found = {}
    for theme in range(k):
        order = [words[i] for i in np.argsort(-z[:, theme], kind="stable")[:40] if z[i, theme] > 0.5]
        kept: list[str] = []
        for word in order:
            if not any(word in other or other in word or word[:5] == other[:5] for other in kept):
                kept.append(word)
        if kept:
            found[theme] = tuple(kept[:WORDS])
    return found


def _splitter(texts: Sequence[str], code: str) -> Callable[[str], set[str]]:
    """How a language's texts are cut into words that may stand in a name."""
    stop = _stop(code)
    if code in stems.UNSPACED:
        known = {word: 50 for name in _LEXICONS for of in stems.words(name).values() for word in of.get(code, ())}
        known = {_whole(word): times for word, times in known.items() if len(word) > 1}
        known = _strings([_whole(text) for text in texts[:_THAI_READ]]) | known

        def unspaced(text: str) -> set[str]:
            return {word for run in _THAI.findall(_whole(text)) for word in _cut(run, known) if word not in stop}

        return unspaced

    def spaced(text: str) -> set[str]:
        words = _WORD.findall(plain(text))
        return {word for word in words if len(word) > 2 and word not in stop}

    return spaced


def _whole(text: str) -> str:
    """Thai as people write it: sara am is one letter."""
    return plain(text).strip().replace("\u0e4d\u0e32", "\u0e33")


def _stop(code: str) -> frozenset[str]:
    return frozenset(word for of in stems.words("fillers").values() for word in of.get(code, ()))


def _strings(texts: Sequence[str]) -> dict[str, int]:
    """Strings of Thai letters that stand by themselves, with how many sentences have them."""
    seen: Counter[str] = Counter()
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        once = set()
        for run in _THAI.findall(text):
            ends = [i for i in range(1, len(run) + 1) if run[i - 1] not in _BEGINS and not _GOES_ON.match(run, i)]
            for begins in range(len(run)):
                if not _STARTS.match(run, begins):
                    continue
                for end in ends:
                    if 2 <= end - begins <= _THAI_LONGEST:
                        part = run[begins:end]
                        once.add(part)
                        before[part][run[begins - 1 : begins] or " "] += 1
                        after[part][run[end : end + 1] or " "] += 1
        seen.update(once)
    return {
        part: times for part, times in seen.items()
        if times >= SPEAKERS and len(part) > 2 and min(_surprise(before[part]), _surprise(after[part])) > 0.6
    }  # fmt: skip


def _surprise(beside: Counter[str]) -> float:
    """Entropy of what stands beside, in nats; the edge of a run counts as ever new."""
    edge = beside.get(" ", 0)
    counts = np.array([*(times for letter, times in beside.items() if letter != " "), *([1] * edge)], dtype=float)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def _cut(run: str, known: Mapping[str, int]) -> list[str]:
    """The known strings of a run, cut so that they cover the most of it (Viterbi)."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        # A letter that no known string covers costs a little; longer strings are better than their parts.
        choices = [(best[end - 1][0] - 1.0, end - 1)]
        choices += [
            (best[begins][0] + (end - begins) - 1.5 + 0.2 * log(known[run[begins:end]]), begins)
            for begins in range(max(0, end - _THAI_LONGEST), end - 1)
            if run[begins:end] in known
        ]
        best.append(max(choices))
    found, end = [], len(run)
    while end:
        begins = best[end][1]
        if end - begins > 2:
            found.append(run[begins:end])
        end = begins
    return found[::-1]
