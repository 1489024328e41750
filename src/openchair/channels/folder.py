"""A folder that print shops and packers take files from: one a round, written whole before it gets its name.

Letters are added to a part that nobody takes; in the end it is given its name, in one step. What was added and not
kept as sent, because the process was killed in between, is cut off when the next round begins, and comes with it again:
so no letter is in two files, and none in a file that is not kept as sent.
"""

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from openchair.chair.intake.listen import harmless
from openchair.chair.ports import Letter, Unreachable

COLUMNS = (
    "message_id", "channel", "action", "task", "to", "name", "address", "language", "title", "text", "decision_id",
    "written_at",
)  # fmt: skip
"""What a line says: for whom, and what is to be printed, packed or said."""
FORMATS = ("csv", "jsonl")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Folder:
    """A drop folder, by the settings `drop_folder` and `drop_format`."""

    folder: Path
    format: str
    clock: Callable[[], datetime]

    @property
    def target(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def unfinished(self) -> bool:
        """Whether a round was cut short: what it added has no name yet."""
        with suppress(OSError):  # of a folder that may not be looked into the next letter tells
            return self._part.exists()
        return False

    def send(self, letter: Letter) -> None:
        """Write a file of one letter. Raises NotSent."""
        with self.round(lambda message_id: True) as send:
            send(letter)

    @contextmanager
    def round(self, is_sent: Callable[[str], bool]) -> Iterator[Callable[[Letter], None]]:
        """Gives what adds a letter to the file of this round; the file is there when the round ends."""
        last: list[str] = []

        def send(letter: Letter) -> None:
            with self._named():
                if not last or not is_sent(last[-1]):
                    self._sure(is_sent)
                self._add(letter)
                last.append(letter.message_id)

        yield send
        with self._named():
            if rows := self._sure(is_sent):
                stamp = re.sub("[-:]", "", rows[0]["written_at"])[:15]
                self._part.rename(self.folder / f"openchair-{stamp}-{rows[0]['message_id']}.{self.format}")

    @property
    def _part(self) -> Path:
        return self.folder / f".openchair.{self.format}.part"

    def _add(self, letter: Letter) -> None:
        row = {name: str(getattr(letter, name, "")) for name in COLUMNS} | {"decision_id": letter.subject}
        row["written_at"] = self.clock().astimezone(UTC).isoformat(timespec="seconds")
        line = _WRITTEN[self.format](row, not self._part.exists()).encode(errors="replace")
        with self._part.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _sure(self, is_sent: Callable[[str], bool]) -> list[Row]:
        """What was added and is kept as sent; the last line is cut off where it is not."""
        if not self._part.exists():
            return []
        raw = self._part.read_bytes()
        rows = _READ[self.format](raw.decode(errors="replace"))
        sure = [row for n, row in enumerate(rows) if n + 1 < len(rows) or is_sent(row.get("message_id", ""))]
        whole = "".join(_WRITTEN[self.format](row, not n) for n, row in enumerate(sure)).encode()
        if not sure:
            self._part.unlink()
        elif whole != raw:
            cut = self._part.with_suffix(".cut")
            cut.write_bytes(whole)
            cut.replace(self._part)
        return sure

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as wrong:
            remedy = "Make the folder, or check drop_folder."
            raise Unreachable("drop_folder", value=self.target, bound=str(wrong), remedy=remedy) from None


def _csv_line(row: Row, begins: bool) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore")
    if begins:
        writer.writeheader()
    writer.writerow({name: harmless(row[name]) for name in COLUMNS})
    return out.getvalue()


def _csv_rows(text: str) -> list[Row]:
    return [dict(zip(COLUMNS, cells, strict=False)) for cells in list(csv.reader(io.StringIO(text, newline="")))[1:]]


def _json_rows(text: str) -> list[Row]:
    rows: list[Row] = []
    for line in filter(None, text.split("\n")):
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, str]))
        except msgspec.DecodeError:  # the last of them, cut short as its process was killed
            rows.append({})
    return rows


_WRITTEN: Mapping[str, Callable[[Row, bool], str]] = {
    "csv": _csv_line,
    "jsonl": lambda row, begins: msgspec.json.encode(row).decode() + "\n",
}
_READ: Mapping[str, Callable[[str], list[Row]]] = {"csv": _csv_rows, "jsonl": _json_rows}
