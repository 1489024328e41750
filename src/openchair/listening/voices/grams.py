"""Texts as counts of letters that follow one another, and of words: hashed, in NumPy, a thousand texts at a time."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

BUCKETS = 1 << 18
"""Columns that n-grams are hashed into (Weinberger et al. 2009)."""
LENGTHS = (2, 3, 4, 5)
"""Letters of an n-gram; blanks at the ends of words count, so that where a word begins tells something."""
CHARACTERS_AT_ONCE = 1_500_000

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_BACK = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_END = 0
_BLANKS = re.compile(r"\s+")
_SIGNS = str.maketrans("\x00’", " '")
_REPEATED = re.compile(r"(.)\1{2,}")


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """A text as it is counted: small letters, one form of each letter, a blank at both ends, nothing thrice running.

    >>> plain("Sooooo  GOOD")
    ' soo good '
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_SIGNS)
    calm = _REPEATED.sub(r"\1\1", _BLANKS.sub(" ", folded))
    return f" {calm.strip()} "


def counts(texts: Sequence[str]) -> sparse.csr_matrix:
    """(n, BUCKETS) float32: how often each n-gram, word and pair of words is in each text, its tf as 1 + log."""
    parts = [_counted([plain(text) for text in some]) for some in _chunks(texts)]
    return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, BUCKETS), dtype=np.float32)


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts in pieces of so many characters."""
    begins = length = 0
    for place, text in enumerate(texts):
        length += len(text)
        if length > CHARACTERS_AT_ONCE:
            yield texts[begins : place + 1]
            begins, length = place + 1, 0
    if begins < len(texts):
        yield texts[begins:]


def _counted(texts: Sequence[str]) -> sparse.csr_matrix:
    letters = np.frombuffer("\x00".join([*texts, ""]).encode("utf-32-le"), dtype=np.uint32)
    ends = np.flatnonzero(letters == _END)
    lengths = np.diff(ends, prepend=-1)
    owner = np.repeat(np.arange(len(texts)), lengths)
    n = len(letters)
    # The hash of any span from sums: (S[end] - S[begin]) / P^begin, all modulo 2^64, where P has an inverse.
    powers = np.cumprod(np.full(n, _PRIME, dtype=np.uint64))
    back = np.cumprod(np.full(n, _BACK, dtype=np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((letters.astype(np.uint64) + np.uint64(1)) * powers)])
    room = np.repeat(ends, lengths) - np.arange(n)
    spans = []
    for length in LENGTHS:
        begins = np.flatnonzero(room >= length)
        spans.append((begins, begins + length, length))
    # Words stand between blanks and signs; where there are none, as in Thai, the runs between them are what they are.
    first, last = _words(letters)
    pairs = (owner[first[:-1]] == owner[last[1:] - 1]) & (last[1:] - first[:-1] < 40)
    spans += [(first, last, 101), (first[:-1][pairs], last[1:][pairs], 102)]
    rows = [owner[begins] for begins, _ends, _salt in spans]
    columns = [_hashed((sums[ends] - sums[begins]) * back[begins], salt) for begins, ends, salt in spans]
    row, column = np.concatenate(rows), np.concatenate(columns)
    found = sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=(len(texts), BUCKETS))
    found.data = np.log1p(found.data - 1) + 1
    return found


def _words(letters: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of two to thirty letters begin and end: what is above ASCII counts as a letter, and digits do."""
    alive = (letters > 0xBF) & ~((letters >= 0x2000) & (letters < 0x2C00))
    alive |= (letters >= ord("0")) & (letters <= ord("9")) | (letters >= ord("a")) & (letters <= ord("z"))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alive, [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    some = (ends - begins <= 30) & (ends - begins >= 2)
    return begins[some], ends[some]


def _hashed(spans: NDArray[np.uint64], salt: int) -> NDArray[np.int64]:
    mixed = (spans + np.uint64(salt)) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(31))) * _PRIME
    return np.asarray(mixed >> np.uint64(64 - BUCKETS.bit_length() + 1), dtype=np.int64)
