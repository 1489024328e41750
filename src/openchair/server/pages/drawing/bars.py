"""Where a value and its interval stand on a line that all rows share; shares of a whole; weights for and against."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from openchair.core.blocks import Table
from openchair.core.estimate import Estimate, Number, Unknown

WIDTH = 160.0
PAD = 7.0
FEW = 12
"""Rows that are seen at one glance, each beside the largest."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The values at the two ends of the line; `low` <= 0 <= `high`, so that zero can be marked."""

    low: float
    high: float
    width: float = WIDTH
    pad: float = PAD

    def x(self, value: float) -> float:
        """Where a value stands, in units of the drawing; values beyond an end stand at that end."""
        share = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1.0)
        return round(self.pad + share * (self.width - 2 * self.pad), 1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row's drawing. `dot` is None when the value itself lies beyond the line; `beyond` when any part does."""

    start: float
    end: float
    dot: float | None
    zero: float
    beyond: bool


def scale_of(numbers: Iterable[Number]) -> Scale:
    """One scale for all rows, from the lowest end to the highest.

    Of more than FEW rows it stops at three times the middle row's upper end: a single giant would press every other
    row into a dot. What lies beyond is drawn open-ended.

    >>> scale_of([Estimate(2.0, -1.0, 4.0, n=9), Estimate(3.0, 2.0, 6.0, n=9)])
    Scale(low=-1.0, high=6.0, width=160.0, pad=7.0)
    >>> scale_of([Estimate(2.0, 1.0, 4.0, n=9)] * 13 + [Estimate(900.0, 700.0, 999.0, n=9)])
    Scale(low=0.0, high=12.0, width=160.0, pad=7.0)
    """
    known = [number for number in numbers if isinstance(number, Estimate)]
    if not known:
        return Scale(0.0, 1.0)
    highest = max(number.high for number in known)
    middle = median(number.high for number in known)
    return Scale(
        low=min(0.0, *(number.low for number in known)),
        high=max(0.0, min(highest, 3 * middle) if middle > 0 and len(known) > FEW else highest),
    )


def ranged(value: object) -> Number:
    """A cell of a table as what is drawn of it: its interval, or from nothing to it."""
    if isinstance(value, Estimate | Unknown):
        return value
    if isinstance(value, int | float):
        return Estimate(value, min(value, 0.0), max(value, 0.0), n=0)
    return Unknown("nothing to draw")


def scales(table: Table) -> list[Scale | None]:
    """The scale of each column that is drawn: all its rows on one."""
    return [
        None
        if not column.drawn
        else Scale(*column.ends)
        if column.ends
        else scale_of(ranged(row[k]) for row in table.rows)
        for k, column in enumerate(table.columns)
    ]


def bar_of(number: Number, scale: Scale) -> Bar | None:
    """The drawing of one row, or None where there is no number to draw."""
    if not isinstance(number, Estimate):
        return None
    return Bar(
        start=scale.x(number.low),
        end=scale.x(number.high),
        dot=scale.x(number.value) if number.value <= scale.high else None,
        zero=scale.x(0.0),
        beyond=number.high > scale.high,
    )


def parts(*amounts: float, whole: float | None = None) -> list[tuple[float, float]]:
    """Start and length of each part of a whole (their sum, unless it is given) drawn one after another.

    >>> parts(1, 3), parts(1, whole=4), parts(9, whole=4), parts(0, 0)
    ([(0.0, 40.0), (40.0, 120.0)], [(0.0, 40.0)], [(0.0, 160.0)], [(0.0, 0.0), (0.0, 0.0)])
    """
    total = sum(amounts) if whole is None else whole
    drawn, start = [], 0.0
    for amount in amounts:
        length = min(amount / total, 1.0) * WIDTH if total > 0 else 0.0
        drawn.append((round(start, 1), round(length, 1)))
        start += length
    return drawn


def weighed(weight: float, largest: float) -> tuple[float, float]:
    """Start and length of a bar from the middle of the line: to its end for what speaks for, to its start against.

    >>> weighed(4.0, 8.0), weighed(-8.0, 8.0)
    ((80.0, 40.0), (0.0, 80.0))
    """
    length = round(min(abs(weight) / (largest or 1.0), 1.0) * WIDTH / 2, 1)
    return (WIDTH / 2 if weight >= 0 else WIDTH / 2 - length), length
