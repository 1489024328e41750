"""A report is a list of blocks: sentences, figures, tables, charts and quotes; a renderer shows any of them.

A block says what is true, in plain records; how it looks is the renderer's: page, Markdown, mail, terminal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from openchair.core.estimate import Estimate, Number, Unknown

Unit = Literal["text", "count", "number", "share", "percent", "money", "change", "cents", "points", "days"]
"""How a value is written (core/figures.py). number: two digits that count. share: 0..1 as percent. percent: a change in
percent with its sign. money, change, cents: minor units, a change with its sign, a change too small to leave its cents
out. points: a whole number."""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere within the server, with a softer note behind them."""

    text: str
    href: str = ""
    note: str = ""


Cell = str | int | float | date | Estimate | Unknown | Link | None
"""A value of a table; None where nothing belongs."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A paragraph. lead: what the report says, first. note: a caveat, softer. warning: to be seen before the rest."""

    text: str
    tone: Literal["lead", "plain", "note", "warning"] = "plain"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number to be seen at a glance, with what it is of."""

    label: str
    number: Number | float | int
    unit: Unit = "number"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and unit. drawn: an interval is drawn beside it, all rows on one scale, from `ends` if given."""

    title: str
    unit: Unit = "text"
    drawn: bool = False
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first cell of a row names it. `title` is the question that the table answers."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    total: tuple[Cell, ...] = ()
    empty: str = ""
    """What is said when there are no rows."""
    ways: tuple[Link, ...] = ()
    """Other ways to take it apart, as links of its page; the one shown has a note."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How parts lead from one amount to another, each from where the one before ended. parts: name, amount, note."""

    title: str
    parts: tuple[tuple[str, float, str], ...]
    unit: Unit = "change"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a scatter, with its intervals if it has any; `group` names its colour, `href` where it leads."""

    name: str
    x: Number | float
    y: Number | float
    size: float = 1.0
    group: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points in a plane that two cuts part into quarters.

    corners: the names of the quarters: low x and low y, high x and low y, low x and high y, high x and high y.
    """

    title: str
    x_title: str
    y_title: str
    dots: tuple[Dot, ...]
    x_unit: Unit = "number"
    y_unit: Unit = "number"
    x_cut: float | None = None
    y_cut: float | None = None
    corners: tuple[str, str, str, str] = ("", "", "", "")
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A series over labelled places; low and high, where given, are drawn as a band."""

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """One or more series over the same labels."""

    title: str
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    unit: Unit = "number"
    note: str = ""
    x_title: str = "Place"
    """What the labels are."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of a flow: `lane` is the index of its column, `pain` in [0, 1] its colour, None where not known."""

    name: str
    lane: int
    customers: int
    pain: float | None = None
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """From one stop to another, by their index, with how many went and how much it hurts, in [0, 1]."""

    start: int
    end: int
    customers: int
    pain: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A map of what follows what, drawn through lanes in reading direction."""

    title: str
    lanes: tuple[str, ...]
    stops: tuple[Stop, ...]
    ways: tuple[Way, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A person's own words, where they were said, and where to look at it whole."""

    text: str
    who: str = ""
    href: str = ""
    said_on: date | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing yet: what would be here, and the next step with its link."""

    title: str
    text: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks under a heading."""

    title: str
    blocks: tuple["Block", ...]
    over: str = ""
    """A word above the heading, such as "next"."""
    folded: bool = False
    """Whether a page shows the heading alone until somebody opens it: for what is looked up, not read."""


Block = Sentence | Figure | Table | Waterfall | Scatter | Lines | Flow | Quote | Empty | Group


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it is shown. `headline` is the one sentence an owner reads; money is in `currency`'s minor units."""

    name: str
    headline: str
    blocks: tuple[Block, ...]
    currency: str
    simulated: bool = False

    def of(self, kind: type[Block]) -> Sequence[Block]:
        """The blocks of a kind, in order, also those within groups."""
        found: list[Block] = []
        waiting = list(self.blocks)
        while waiting:
            block = waiting.pop(0)
            if isinstance(block, kind):
                found.append(block)
            if isinstance(block, Group):
                waiting[:0] = block.blocks
        return found


Chart = Waterfall | Scatter | Lines | Flow


def table_of(chart: Chart) -> Table:
    """The figures of a chart as a table, for those who cannot see it and for text.

    >>> table_of(Waterfall("Why?", (("price", 300, ""), ("mix", -100, "3 customers")))).total
    ('together', 200, None)
    """
    columns: Sequence[Column]
    rows: Iterable[tuple[Cell, ...]]
    total: tuple[Cell, ...] = ()
    match chart:
        case Waterfall():
            columns, rows = (Column("Cause"), Column("Change", chart.unit), Column("Of")), chart.parts
            total = ("together", sum(amount for _name, amount, _note in chart.parts), None)
        case Scatter():
            columns = (Column("Name"), Column(chart.x_title, chart.x_unit), Column(chart.y_title, chart.y_unit))
            columns = (*columns, Column("Where"))
            first = sorted(chart.dots, key=lambda dot: not dot.href)  # whoever can be looked up
            rows = ((Link(dot.name, dot.href), dot.x, dot.y, dot.group) for dot in first)
        case Lines():
            columns = (Column(chart.x_title), *(Column(line.name, chart.unit) for line in chart.lines))
            rows = ((label, *(_at(line, k) for line in chart.lines)) for k, label in enumerate(chart.labels))
        case Flow():
            columns = (Column("From"), Column("To"), Column("Customers", "count"), Column("Pain", "share"))
            names = [Link(stop.name, stop.href) for stop in chart.stops]
            rows = ((names[way.start], names[way.end], way.customers, way.pain) for way in chart.ways)
    return Table(chart.title, tuple(columns), tuple(rows), chart.note, total)


def _at(line: Line, k: int) -> Cell:
    value = line.values[k]
    if value is None or not line.low or not line.high:
        return value
    low, high = line.low[k], line.high[k]
    return value if low is None or high is None else Estimate(value, low, high, n=0)
