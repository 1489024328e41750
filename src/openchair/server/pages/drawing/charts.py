"""Series over time as one drawing: lines, the bands of their intervals, gaps where too little is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10

from openchair.chair.listening.views import Point
from openchair.core.blocks import Line, Lines

WIDTH, HEIGHT, LEFT, FOOT = 640.0, 180.0, 76.0, 22.0
SPARK = (120.0, 28.0)
MOST_LABELS = 5
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line: paths in units of the drawing, and where it ends; None where there is no line at all."""

    name: str
    line: str
    band: str
    last: Place | None


@dataclass(frozen=True, slots=True)
class Chart:
    """`marks` are the heights with their values, `labels` the places with theirs."""

    width: float
    height: float
    lines: tuple[Drawn, ...]
    marks: tuple[Place, ...] = ()
    labels: tuple[tuple[float, str], ...] = ()

    @property
    def drawn(self) -> bool:
        """Whether there is a line at all."""
        return any(one.last for one in self.lines)


def ticks(low: float, high: float, about: int = 3) -> list[float]:
    """Round values that hold low and high between them, in so many steps or a few more.

    >>> ticks(12, 48), ticks(-0.2, 1.3), ticks(5, 5)
    ([0, 20, 40, 60], [-0.5, 0.0, 0.5, 1.0, 1.5], [5, 6])
    """
    raw = (high - low) / about or 1.0
    size = 10.0 ** floor(log10(raw))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= raw * (1 - 1e-9))
    step = int(step) if step >= 1 else step
    first, last = floor(low / step), -floor(-high / step)
    return [k * step for k in range(first, max(last, first + 1) + 1)]


def chart_of(lines: Lines) -> Chart:
    """The drawing on a scale that holds every interval, with some of its places named."""
    known = [
        value for line in lines.lines for ends in (line.values, line.low, line.high) for value in ends
        if value is not None
    ]  # fmt: skip
    marks = ticks(min(known), max(known)) if known else [0.0, 1.0]
    n = len(lines.labels)
    every = max(1, -(-n // MOST_LABELS))
    labels = tuple((_x(k, n, LEFT, WIDTH), name) for k, name in enumerate(lines.labels) if (n - 1 - k) % every == 0)
    drawn = tuple(_drawn(line, marks[0], marks[-1], LEFT, WIDTH, HEIGHT - FOOT) for line in lines.lines)
    heights = tuple((_y(value, marks[0], marks[-1], HEIGHT - FOOT), value) for value in marks)
    return Chart(WIDTH, HEIGHT, drawn, heights, labels)


def spark_of(points: Sequence[Point], high: float) -> Chart:
    """A trend as small as a word, from 0 to high."""
    return Chart(*SPARK, (_drawn(_line(points), 0.0, high, 2.0, *SPARK),))


def trend_of(points: Sequence[Point], scale: float = 1.0) -> Chart:
    """The drawing of one trend."""
    return chart_of(Lines("", tuple(f"{p.begins.day} {p.begins:%b}" for p in points), (_line(points, scale),)))


def _line(points: Iterable[Point], scale: float = 1.0) -> Line:
    ends = zip(*((p.value, p.low, p.high) for p in points), strict=True)
    value, low, high = ([None if x is None else x * scale for x in end] for end in ends) if points else ([], [], [])
    return Line("", tuple(value), tuple(low), tuple(high))


def _drawn(line: Line, low: float, high: float, left: float, width: float, height: float) -> Drawn:
    paths, bands, last = [], [], None
    n = len(line.values)
    ends = (line.high or line.values, line.values, line.low or line.values)
    placed = [(_x(k, n, left, width), *end) for k, end in enumerate(zip(*ends, strict=True))]
    for known, run in groupby(placed, key=lambda one: one[2] is not None):
        if not known:
            continue
        some = list(run)
        over, mid, under = ([(one[0], _y(_or(one[k], one[2]), low, high, height)) for one in some] for k in (1, 2, 3))
        paths.append("M" + " L".join(f"{x} {y}" for x, y in mid))
        if line.low:
            bands.append("M" + " L".join(f"{x} {y}" for x, y in [*over, *reversed(under)]) + " Z")
        last = mid[-1]
    return Drawn(line.name, " ".join(paths), " ".join(bands), last)


def _or(end: float | None, value: float | None) -> float:
    """An end of an interval; the value where it has none."""
    return (value or 0.0) if end is None else end


def _x(k: int, n: int, left: float, width: float) -> float:
    return round(left + (width - left - 6) * (k / (n - 1) if n > 1 else 1.0), 1)


def _y(value: float, low: float, high: float, height: float) -> float:
    share = (min(max(value, low), high) - low) / ((high - low) or 1.0)
    return round(5 + (1 - share) * (height - 10), 1)
