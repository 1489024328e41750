"""Text in any dialect and encoding, as rows: bytes to characters, characters to lines, lines to cells.

Bytes that are not UTF-8 are read as Windows-1252, byte by byte, so a file of mixed origin keeps its good lines.
"""

import codecs
import csv
import gzip
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from openchair.core.errors import BadInput

CELL_CHARACTERS = 1 << 17
LINE_CHARACTERS = 4 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\f")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8, as Windows-1252; the five it does not define, as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    try:
        return wrong.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return wrong.decode("latin-1"), error.end


codecs.register_error("openchair.windows", _as_windows)


def stream_of(path: Path, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def encoding_of(sample: bytes, path: Path) -> str:
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if b"\x00" in sample:
        even, odd = sample[0:2000:2].count(0), sample[1:2000:2].count(0)
        pairs = min(len(sample), 2000) // 2
        if odd > 0.3 * pairs and even < 0.1 * pairs:
            return "utf-16-le"
        if even > 0.3 * pairs and odd < 0.1 * pairs:
            return "utf-16-be"
    # A stray zero byte is a flaw of a text; text full of them, or of other controls, is none.
    if len(sample.translate(None, _CONTROLS)) < 0.95 * len(sample) and len(sample) > 100:
        raise BadInput(
            "file",
            value=path.name,
            bound="is not text: it is full of control bytes",
            remedy="Export it as CSV or Excel.",
        )
    return "utf-8"


def lines_of(text: IO[str]) -> Iterator[str]:
    while line := text.readline(LINE_CHARACTERS):
        yield line.replace("\x00", "\ufffd") if "\x00" in line else line


def dialect_of(sample: str) -> tuple[str, int]:
    """The delimiter, and how many lines come before the header (Excel's own `sep=;`)."""
    rows = sample.lstrip("\ufeff").splitlines(keepends=True)
    if rows and rows[0].strip().lower().startswith("sep=") and len(rows[0].strip()) == 5:
        return rows[0].strip()[4], 1
    rows = [r for r in (rows[:-1] if len(rows) > 1 else rows) if r.strip()][:200]

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = [len(c) for n, c in records(iter(rows), delimiter) if isinstance(c, list)][:100]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(w == widths[0] for w in widths) / len(widths), widths[0]

    best = max((",", ";", "\t", "|"), key=fitness)
    return (best if fitness(best)[1] else ","), 0


def records(lines: Iterable[str], delimiter: str, skip: int = 0) -> Iterator[tuple[int, list[str] | str]]:
    """CSV rows with the line each begins on; instead of cells, the text of a line whose quotes do not add up.

    After such a line reading goes on at the very next one, so a quote that is never closed swallows nothing else.

    >>> list(records(iter(['a,b\\n', '"1,2\\n', '3,4\\n']), ","))
    [(1, ['a', 'b']), (2, '"1,2\\n'), (3, ['3', '4'])]
    """
    waiting: deque[str] = deque()
    taken: list[str] = []
    source = iter(lines)
    csv.field_size_limit(CELL_CHARACTERS)

    def feed() -> Iterator[str]:
        while True:
            line = waiting.popleft() if waiting else next(source, None)
            if line is None:
                return
            taken.append(line)
            yield line

    number = 1
    while True:
        reader = csv.reader(feed(), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                start, number = number, number + len(taken)
                taken.clear()
                if start > skip:
                    yield start, cells
            return
        except csv.Error:
            waiting.extendleft(reversed(taken[1:]))
            yield number, taken[0]
            number += 1
            taken.clear()
