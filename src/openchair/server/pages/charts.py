"""A score over time as one drawing: the line, the band of its interval, gaps where too few answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from openchair.chair.listening.views import Point

WIDTH, HEIGHT, LEFT, FOOT = 640.0, 180.0, 40.0, 22.0
SPARK = (120.0, 28.0)
MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths in units of the drawing; `marks` are the heights with their values, `days` the places with theirs."""

    width: float
    height: float
    line: str
    band: str
    last: tuple[float, float] | None
    marks: tuple[tuple[float, float], ...]
    days: tuple[tuple[float, str], ...]

    @property
    def drawn(self) -> bool:
        """Whether there is a line at all."""
        return self.last is not None


def chart_of(points: Sequence[Point], low: float, high: float, *, steps: int = 2) -> Chart:
    """The drawing of a trend on a scale from low to high, in so many steps, with some of its days named."""
    marks = [low + (high - low) * k / steps for k in range(steps + 1)]
    every = max(1, -(-len(points) // MOST_LABELS))
    days = tuple(
        (_x(k, len(points), LEFT, WIDTH), f"{p.begins.day} {p.begins:%b}")
        for k, p in enumerate(points)
        if (len(points) - 1 - k) % every == 0
    )
    line, band, last = _paths(points, low, high, LEFT, WIDTH, HEIGHT - FOOT)
    heights = tuple((_y(value, low, high, HEIGHT - FOOT), value) for value in marks)
    return Chart(WIDTH, HEIGHT, line, band, last, heights, days)


def spark_of(points: Sequence[Point], high: float) -> Chart:
    """A trend as small as a word, from 0 to high."""
    line, band, last = _paths(points, 0.0, high, 2.0, SPARK[0], SPARK[1])
    return Chart(*SPARK, line, band, last, (), ())


def ends_of(points: Sequence[Point], step: float) -> tuple[float, float]:
    """A scale that holds every interval, rounded outwards to whole steps.

    >>> from datetime import date
    >>> ends_of([Point(date(2026, 1, 5), 31.0, 12.0, 48.0, 40)], 20)
    (0.0, 60.0)
    """
    known = [p for p in points if p.value is not None and p.low is not None and p.high is not None]
    if not known:
        return 0.0, step
    low, high = min(p.low or 0.0 for p in known), max(p.high or 0.0 for p in known)
    return step * (low // step), step * (high // step + 1)


def _paths(
    points: Sequence[Point], low: float, high: float, left: float, width: float, height: float
) -> tuple[str, str, tuple[float, float] | None]:
    line, band, last = [], [], None
    placed = [(_x(k, len(points), left, width), p) for k, p in enumerate(points)]
    for known, run in groupby(placed, key=lambda one: one[1].value is not None):
        if not known:
            continue
        some = list(run)
        over, mid, under = ([(x, _y(_end(p, name), low, high, height)) for x, p in some] for name in _ENDS)
        line.append("M" + " L".join(f"{x} {y}" for x, y in mid))
        band.append("M" + " L".join(f"{x} {y}" for x, y in [*over, *reversed(under)]) + " Z")
        last = mid[-1]
    return " ".join(line), " ".join(band), last


_ENDS = ("high", "value", "low")


def _end(point: Point, name: str) -> float:
    """An end of a point's interval; its value where it has none."""
    end: float | None = getattr(point, name)
    return (point.value or 0.0) if end is None else end


def _x(k: int, n: int, left: float, width: float) -> float:
    return round(left + (width - left - 6) * (k / (n - 1) if n > 1 else 1.0), 1)


def _y(value: float, low: float, high: float, height: float) -> float:
    share = (min(max(value, low), high) - low) / ((high - low) or 1.0)
    return round(5 + (1 - share) * (height - 10), 1)
