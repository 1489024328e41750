"""A told report as Markdown: to read in a terminal, at a meeting, or in a message."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from openchair.core.blocks import (
    Block,
    Cell,
    Column,
    Empty,
    Figure,
    Flow,
    Group,
    Lines,
    Quote,
    Scatter,
    Sentence,
    Table,
    Told,
    Waterfall,
    table_of,
)
from openchair.core.figures import cell
from openchair.core.words import plural

MOST_ROWS = 40
"""Rows of a table in Markdown; JSON has all."""


def markdown(told: Told) -> str:
    """The report. What customers and shops wrote is text there, never markup."""
    mark = " (simulated)" if told.simulated else ""
    return "\n".join([f"# {plain(told.headline)}{mark}", *_lines(told.blocks, told.currency, 2)]) + "\n"


def plain(text: str) -> str:
    """Text that Markdown shows as it stands, on one line.

    >>> print(plain("# <b>no</b> | *bold*"), plain("2. two"))
    \\# \\<b\\>no\\</b\\> \\| \\*bold\\* 2\\. two
    """
    seen = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)  # what would steer a terminal
    safe = re.sub(r"([\\`*_\[\]<>|~]|&(?=#?\w+;))", r"\\\1", " ".join(seen.split()))
    return re.sub(r"^(\d*)(#{1,6}(?= |$)|[+-](?= |$)|[.)](?= |$)|[=-]+$)", r"\1\\\2", safe)


def _lines(blocks: Sequence[Block], currency: str, level: int) -> Iterator[str]:
    for kind, some in groupby(blocks, key=type):
        if kind is Figure:
            yield ""
        for block in some:
            yield from _block(block, currency, level)


def _block(block: Block, currency: str, level: int) -> Iterator[str]:
    match block:
        case Sentence(text, tone):
            yield from ("", f"**{plain(text)}**" if tone == "warning" else plain(text))
        case Figure(label, number, unit, note):
            yield f"- **{plain(label)}**: {plain(', '.join(filter(None, (cell(number, unit, currency), note))))}"
        case Table():
            yield from _table(block, currency, level)
        case Waterfall() | Scatter() | Lines() | Flow():
            yield from _table(table_of(block), currency, level)
        case Quote(text, who, _href, said_on):
            said = ", ".join(filter(None, (who, f"{said_on:%d %B %Y}" if said_on else "")))
            yield from ("", f"> {plain(text)}", *([">", f"> — {plain(said)}"] if said else []))
        case Empty(title, text, label):
            yield from ("", f"{'#' * level} {plain(title)}", "", plain(text), *(["", plain(label)] if label else []))
        case Group(title, some, over):
            yield from ("", f"{'#' * level} {plain(': '.join(filter(None, (over, title))))}")
            yield from _lines(some, currency, level + 1)


def _table(table: Table, currency: str, level: int) -> Iterator[str]:
    yield from ("", f"{'#' * level} {plain(table.title)}", "")
    if not table.rows:
        yield plain(table.empty or "Nothing yet.")
    else:
        yield _row(column.title for column in table.columns)
        yield _row("---:" if column.unit != "text" else "---" for column in table.columns)
        for row in (*table.rows[:MOST_ROWS], *([table.total] if table.total else [])):
            yield _row(_cells(row, table.columns, currency))
        left = len(table.rows) - MOST_ROWS
        if left > 0:
            yield from ("", f"And {plural(left, 'more row', 'more rows')}.")
    if table.note:
        yield from ("", plain(table.note))


def _cells(row: Sequence[Cell], columns: Sequence[Column], currency: str) -> Iterator[str]:
    for value, column in zip(row, columns, strict=True):
        yield plain(cell(value, column.unit, currency))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
