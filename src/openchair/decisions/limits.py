"""Limits: what customers forbade, agreed to and have heard from us, as the arrays that the guard judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openchair.dossier.rules import FOOD_SAFETY

IN_PEACE = -1.0
"""Attention left of those who asked for none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """n customers, or n circumstances of customers, each an element of every array.

    rules, consents: bits. food_safety: index into FOOD_SAFETY. days_contact: days since the last contact, infinite
    where there was none. left: units of attention, IN_PEACE where they asked for none. resting: index into `ideas`,
    the distinct sets of ideas that are not to be repeated yet.
    """

    rules: NDArray[np.int64]
    food_safety: NDArray[np.int8]
    consents: NDArray[np.int64]
    days_contact: NDArray[np.float64]
    left: NDArray[np.float64]
    resting: NDArray[np.int64]
    ideas: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.rules)

    def part(self, rows: slice) -> "Limits":
        """Some of them."""
        return Limits(
            rules=self.rules[rows],
            food_safety=self.food_safety[rows],
            consents=self.consents[rows],
            days_contact=self.days_contact[rows],
            left=self.left[rows],
            resting=self.resting[rows],
            ideas=self.ideas,
        )


def limits_of(rows: Sequence[Mapping[str, Any]], day: date) -> Limits:
    """The limits of customers on a day. rows: with chair.ports.STANDING_COLUMNS; None is "not known".

    While a customer's attention is not known, none is left.
    """
    ideas, resting = rests([row["resting"] for row in rows])
    contacted = np.array([row["contacted_on"] for row in rows], dtype="datetime64[D]")
    return Limits(
        rules=np.array([row["rules"] or 0 for row in rows], dtype=np.int64),
        food_safety=np.array([FOOD_SAFETY.index(row["food_safety"] or "unknown") for row in rows], dtype=np.int8),
        consents=np.array([row["consents"] or 0 for row in rows], dtype=np.int64),
        days_contact=known_or(days_since(contacted, day), np.inf),
        left=left_of([row["attention_budget"] for row in rows], [row["attention_spent"] for row in rows]),
        resting=resting,
        ideas=ideas,
    )


def left_of(budget: ArrayLike, spent: ArrayLike) -> NDArray[np.float64]:
    """(n,) units of attention left; a budget of 0 is the wish to be left in peace, an unknown one leaves nothing.

    >>> left_of([6, 6, 0, None], [2, 7, 0, None]).tolist()
    [4.0, 0.0, -1.0, 0.0]
    """
    whole, used = (np.asarray(column, dtype=np.float64) for column in (budget, spent))
    return np.where(whole == 0, IN_PEACE, np.maximum(known_or(whole) - known_or(used), 0.0))


def rests(column: Any) -> tuple[tuple[frozenset[str], ...], NDArray[np.int64]]:
    """The distinct sets of resting ideas, and (n,) which each customer has. column: ideas with commas, or None.

    >>> rests(["a,b", None, "a,b"])[1].tolist()
    [1, 0, 1]
    """
    texts = sorted({text or "" for text in column})
    code = {text: place for place, text in enumerate(texts)}
    sets = tuple(frozenset(filter(None, text.split(","))) for text in texts)
    return sets, np.array([code[text or ""] for text in column], dtype=np.int64)


def days_since(column: Any, day: date) -> NDArray[np.float64]:
    """(n,) days from a date to the day, NaN where there is none; what lies ahead counts as today."""
    dates = np.asarray(column, dtype="datetime64[D]")
    passed = (np.datetime64(day, "D") - dates).astype(np.float64)
    return np.where(np.isnat(dates), np.nan, np.maximum(passed, 0))


def known_or(column: Any, other: float = 0.0) -> NDArray[np.float64]:
    """(n,) numbers, with another one where nothing is known."""
    values = np.asarray(column, dtype=np.float64)
    return np.where(np.isnan(values), other, values)
