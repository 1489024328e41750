"""Beginnings of words in data files, by what they mean and by language, and how often texts have them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from openchair.listening.voices.grams import plain

UNSPACED = ("th",)
"""Languages that put no blanks between words: there a stem may stand anywhere."""
_BEFORE = r"[^\pL\pM]"


@cache
def words(name: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """A data file of this room: by meaning and language the stems; a stem that ends in _ is a whole word."""
    raw = tomllib.loads(files("openchair.listening.voices").joinpath(f"{name}.toml").read_text("utf-8"))
    return {
        meaning: {
            code: tuple(filter(None, (plain(stem).strip() for stem in told.split(",")))) for code, told in of.items()
        }
        for meaning, of in raw.items()
    }


@cache
def patterns(name: str) -> Mapping[str, str]:
    """For each meaning of a data file one pattern (RE2) over all its languages."""
    return {meaning: pattern(of) for meaning, of in words(name).items()}


def pattern(stems: Mapping[str, Sequence[str]]) -> str:
    """What finds any of these stems in texts as `grams.plain` gives them: at the beginning of a word."""
    begun = [_escaped(stem) for code, some in stems.items() if code not in UNSPACED for stem in some]
    within = [_escaped(stem) for code, some in stems.items() if code in UNSPACED for stem in some]
    return "|".join([*([rf"{_BEFORE}(?:{'|'.join(begun)})"] if begun else []), *within]) or r"[^\s\S]"


def _escaped(stem: str) -> str:
    return re.sub(r"([.?*+()\[\]{}|^$\\])", r"\\\1", stem).replace("_", _BEFORE)


def has(texts: Sequence[str], found_by: Mapping[str, str]) -> NDArray[np.bool_]:
    """(n, patterns) whether each pattern is in each text."""
    folded = pa.array([plain(text) for text in texts], pa.string())
    columns = [pc.match_substring_regex(folded, one).to_numpy(zero_copy_only=False) for one in found_by.values()]
    return np.column_stack(columns).astype(bool)


def counted(texts: Sequence[str], found_by: Mapping[str, str]) -> NDArray[np.int64]:
    """(n, patterns) how often each pattern is in each text: to count is slow, so only where there is something."""
    there = has(texts, found_by)
    found = np.zeros(there.shape, dtype=np.int64)
    folded = pa.array([plain(text) for text in texts], pa.string())
    for column, one in enumerate(found_by.values()):
        rows = np.flatnonzero(there[:, column])
        found[rows, column] = pc.count_substring_regex(folded.take(pa.array(rows)), one).to_numpy(zero_copy_only=False)
    return found
