"""Charts of a told report as shapes with their places: a waterfall, a scatter with quarters, a flow through lanes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from textwrap import wrap

from openchair.core.blocks import Flow, Scatter, Waterfall
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.server.pages.drawing.bars import Scale
from openchair.server.pages.drawing.charts import Place, ticks

PLANE = (480.0, 340.0)
"""Width and height of a scatter, in units of the drawing."""
LEFT, RIGHT, TOP, FOOT = 68.0, 14.0, 30.0, 46.0
FEW_DOTS = 40
"""Up to so many dots have their intervals drawn; more would hide one another."""
SKEWED = 8
"""Beyond so many times the middle value the largest would press all others together: lengths are roots then."""
MARKS_APART = 62.0
LANE, STOP, GAP, HEAD = 190.0, (136.0, 52.0), 20.0, 30.0
MOST_LETTERS = 19
NAMED_DOTS, NAME_LETTERS, LETTER, BOLD, NAMES_APART = 12, 34, 4.0, 5.2, 11.0
"""Up to so many dots are called by name, in so many letters of this width, in lines so far apart; corners are bold."""
THICKEST = 11.0
PAINFUL = 0.5
"""From so much pain on, in [0, 1], a way is marked by more than its colour."""


Placed = tuple[float, float, str, str]
"""Words in a drawing: where, from which side, and what they say."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a waterfall, in units of the drawing: from where the bar before ended to where this one does."""

    name: str
    amount: float
    note: str
    start: float
    length: float
    end: float

    @property
    def way(self) -> str:
        """up, down or level."""
        return "up" if self.amount > 0 else "down" if self.amount < 0 else "level"


@dataclass(frozen=True, slots=True)
class Fall:
    """A waterfall: what was before stands at `zero`, and each part moves it on."""

    steps: tuple[Step, ...]
    zero: float
    total: Step


def fall_of(waterfall: Waterfall) -> Fall:
    """The parts one after another, on a scale that holds every level on the way.

    >>> fall = fall_of(Waterfall("", (("new", 300, ""), ("lost", -100, ""))))
    >>> fall.zero, [(one.start, one.length, one.end, one.way) for one in (*fall.steps, fall.total)]
    (7.0, [(7.0, 146.0, 153.0, 'up'), (104.3, 48.7, 104.3, 'down'), (7.0, 97.3, 104.3, 'up')])
    """
    levels = [0.0]
    for _name, amount, _note in waterfall.parts:
        levels.append(levels[-1] + amount)
    scale = Scale(min(levels), max(levels))

    def step(name: str, begun: float, ended: float, note: str) -> Step:
        start, end = scale.x(begun), scale.x(ended)
        return Step(name, ended - begun, note, min(start, end), round(abs(end - start), 1), end)

    steps = (
        step(name, begun, ended, note)
        for (name, _amount, note), begun, ended in zip(waterfall.parts, levels, levels[1:], strict=False)
    )
    return Fall(tuple(steps), scale.x(0.0), step("together", 0.0, levels[-1], ""))


@dataclass(frozen=True, slots=True)
class Point:
    """A dot: its place, radius, the ends of its intervals across and upwards where they are drawn."""

    name: str
    href: str
    at: Place
    radius: float
    group: int
    across: tuple[float, float] | None
    upward: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Axis:
    """Marks with their values along one side, and the place of the cut; `rooted` when lengths are square roots."""

    marks: tuple[Place, ...]
    cut: float | None
    rooted: bool


@dataclass(frozen=True, slots=True)
class Plane:
    """A scatter. `groups` are the names of the colours, in order; corners have their places and anchors."""

    width: float
    height: float
    left: float
    floor: float
    top: float
    right: float
    points: tuple[Point, ...]
    x: Axis
    y: Axis
    groups: tuple[str, ...]
    corners: tuple[Placed, ...]
    names: tuple[Placed, ...]


def plane_of(scatter: Scatter) -> Plane:
    """The drawing; dots whose place is not known are left to the table."""
    seen = [(dot, _ends(dot.x), _ends(dot.y)) for dot in scatter.dots]
    known = [(dot, x, y) for dot, x, y in seen if x and y]
    dots = [dot for dot, _x, _y in known]
    groups = tuple(dict.fromkeys(dot.group for dot in dots))
    few, largest = len(dots) <= FEW_DOTS, max((dot.size for dot in dots), default=1.0) or 1.0
    right, floor = PLANE[0] - RIGHT, PLANE[1] - FOOT
    x_at, x = _axis([x for _dot, x, _y in known], scatter.x_cut, few, LEFT, right)
    y_at, y = _axis([y for _dot, _x, y in known], scatter.y_cut, few, floor, TOP)
    points = tuple(
        Point(
            dot.name, dot.href, (x_at(across.value), y_at(upward.value)), round(2.5 + 6 * sqrt(dot.size / largest), 1),
            groups.index(dot.group) % 4,
            (x_at(across.low), x_at(across.high)) if few and across.low < across.high else None,
            (y_at(upward.low), y_at(upward.high)) if few and upward.low < upward.high else None,
        )
        for dot, across, upward in sorted(known, key=lambda one: -one[0].size)
    )  # fmt: skip
    sides = ((LEFT + 6, "start"), (right - 4, "end"))
    corners = tuple(
        (place, height, anchor, name)
        for name, ((place, anchor), height) in zip(
            scatter.corners, [(side, height) for height in (floor - 8, TOP + 12) for side in sides], strict=True
        )
    )
    names = _names(points, corners) if len(points) <= NAMED_DOTS else ()
    return Plane(*PLANE, LEFT, floor, TOP, right, points, x, y, groups, corners, names)


def _names(points: Sequence[Point], corners: Sequence[Placed]) -> tuple[Placed, ...]:
    """Where each dot is called by its name: beside, above or below it, wherever it hides least."""
    taken = [(*one.at, one.radius, 4.0) for one in points]  # middles, half widths and half heights
    for x, y, anchor, name in corners:
        half = len(name) * BOLD / 2
        taken.append((x + (half if anchor == "start" else -half), y - 3, half, 5.0))
    placed = []
    for one in points:
        (x, y), name = one.at, _short(one.name, NAME_LETTERS)
        half, away = len(name) * LETTER / 2, one.radius + 3
        spots = [
            (x + side * (away + half) if side else x, y + up * NAMES_APART, anchor)
            for up in (-0.6, 0.7, -1.4, 1.5) for side, anchor in ((1, "start"), (-1, "end"))
        ]  # fmt: skip
        middle, height, anchor = min(spots, key=lambda spot: _hidden(spot[0], spot[1], half, taken))
        taken.append((middle, height, half, 4.0))
        placed.append((round(middle + (half if anchor == "end" else -half), 1), round(height + 3, 1), anchor, name))
    return tuple(placed)


def _hidden(x: float, y: float, half: float, taken: Sequence[tuple[float, float, float, float]]) -> float:
    """How much a name hides of what is there, and how far it leaves the plane."""
    out = max(LEFT - (x - half), x + half - PLANE[0] + RIGHT, TOP - y, y - PLANE[1] + FOOT, 0.0) * 20
    return out + sum(
        max(min(x + half, at + wide) - max(x - half, at - wide), 0.0) * max(min(y, up) + 4 + high - max(y, up), 0.0)
        for at, up, wide, high in taken
    )


def _ends(number: Number | float) -> Estimate | None:
    """A number with its ends, which are itself where it has none; None where it is not known."""
    if isinstance(number, Unknown):
        return None
    return number if isinstance(number, Estimate) else Estimate(number, number, number, n=0)


def _axis(
    values: list[Estimate], cut: float | None, few: bool, start: float, end: float
) -> tuple[Callable[[float], float], Axis]:
    ends = [e for v in values for e in ((v.low, v.high) if few else (v.value,))] + ([] if cut is None else [cut])
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    middle = median(v.value for v in values) if values else 0.0
    rooted = low >= 0 and 0 < middle * SKEWED < high
    marks = ticks(0.0 if rooted else low, high)
    bent: Callable[[float], float] = sqrt if rooted else float

    def at(value: float) -> float:
        share = (bent(max(value, marks[0])) - bent(marks[0])) / (bent(marks[-1]) - bent(marks[0]))
        return round(start + min(share, 1.0) * (end - start), 1)

    shown: list[Place] = []
    for place, mark in [(at(mark), mark) for mark in reversed(marks)]:  # roots press the larger ones together
        if not shown or abs(shown[-1][0] - place) >= MARKS_APART:
            shown.append((place, mark))
    return at, Axis(tuple(shown[::-1]), None if cut is None else at(cut), rooted)


@dataclass(frozen=True, slots=True)
class Box:
    """A stop: its upper corner with the least x, its name in one line or two as far as there is room, and whole."""

    x: float
    y: float
    name: tuple[str, ...]
    whole: str
    customers: int
    pain: int | None
    href: str


@dataclass(frozen=True, slots=True)
class Path:
    """A way: its curve, width, a class of pain from 0 to 3 (None: not known), and where it is marked as painful."""

    curve: str
    width: float
    pain: int | None
    hurts: float | None
    middle: Place


@dataclass(frozen=True, slots=True)
class Map:
    """A flow. lanes: places and names of their heads; painful ways are drawn last, ways back to the same stop not."""

    width: float
    height: float
    lanes: tuple[tuple[float, str], ...]
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]


def map_of(flow: Flow, mirrored: bool = False) -> Map:
    """The drawing, through lanes from left to right, or from right to left where people read so."""
    width = LANE * max(1, len(flow.lanes))
    rows: dict[int, int] = {}
    places: list[Place] = [(0.0, 0.0)] * len(flow.stops)
    for k, lane in enumerate(stop.lane for stop in flow.stops):
        places[k] = (LANE * lane + (LANE - STOP[0]) / 2, HEAD + 10 + rows.get(lane, 0) * (STOP[1] + GAP))
        rows[lane] = rows.get(lane, 0) + 1

    def turned(x: float) -> float:
        return round(width - x if mirrored else x, 1)

    boxes = tuple(
        Box(
            turned(x + (STOP[0] if mirrored else 0.0)), round(y, 1), _lines(stop.name), stop.name, stop.customers,
            _class(stop.pain), stop.href,
        )
        for stop, (x, y) in zip(flow.stops, places, strict=True)
    )  # fmt: skip
    most = max((way.customers for way in flow.ways), default=1) or 1
    paths = []
    for way in sorted(
        (way for way in flow.ways if way.start != way.end),
        key=lambda way: ((way.pain or 0.0) >= PAINFUL, way.customers),
    ):
        (x1, y1), (x2, y2) = places[way.start], places[way.end]
        y1, y2 = y1 + STOP[1] / 2, y2 + STOP[1] / 2
        lanes = flow.stops[way.end].lane - flow.stops[way.start].lane
        # Onwards a way leaves a stop behind it and comes to the next one's front; back, the other way round. Within a
        # lane it bends out behind the stops on the way down and before them on the way up, the farther the wider.
        far = min(abs(y2 - y1) / (STOP[1] + GAP), 6.0) * 7.0 + 18.0
        down = y2 >= y1
        x1 += STOP[0] if lanes > 0 or (lanes == 0 and down) else 0.0
        x2 += STOP[0] if lanes < 0 or (lanes == 0 and down) else 0.0
        bend = (far if down else -far) if lanes == 0 else (x2 - x1) / 2
        first, second = x1 + bend, (x2 + bend if lanes == 0 else x2 - bend)
        middle = ((x1 + 3 * first + 3 * second + x2) / 8, (y1 + y2) / 2)
        curve = f"M{turned(x1)} {y1:g} C{turned(first)} {y1:g} {turned(second)} {y2:g} {turned(x2)} {y2:g}"
        paths.append(
            Path(
                curve, round(1.2 + (THICKEST - 1.2) * way.customers / most, 1), _class(way.pain),
                way.pain if way.pain is not None and way.pain >= PAINFUL else None, (turned(middle[0]), middle[1]),
            )
        )  # fmt: skip
    height = HEAD + 20 + max(rows.values(), default=1) * (STOP[1] + GAP)
    lanes_at = tuple((turned(LANE * (k + 0.5)), name) for k, name in enumerate(flow.lanes))
    return Map(width, height, lanes_at, boxes, tuple(paths))


def _class(pain: float | None) -> int | None:
    return None if pain is None else min(int(max(pain, 0.0) * 4), 3)


def _lines(name: str) -> tuple[str, ...]:
    """A name in one line or two, as far as there is room for it.

    >>> _lines("search"), _lines("Box Changed After Noon"), _lines("a name of a step that is much too long")
    (('search',), ('Box Changed After', 'Noon'), ('a name of a step', 'that is much too l…'))
    """
    first, *rest = wrap(name, MOST_LETTERS) or [""]
    return (first, _short(" ".join(rest), MOST_LETTERS)) if rest else (first,)


def _short(name: str, letters: int) -> str:
    """A name as far as there is room for it.

    >>> _short("search", 19), _short("a very long name of a step", 19)
    ('search', 'a very long name o…')
    """
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"
