"""A drop folder, as cases: one whole file a round, nothing twice, nothing that is not kept as sent."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.channels.test_paper import LETTER

from openchair.chair.ports import Letter, Unreachable
from openchair.channels.folder import COLUMNS, FORMATS, Folder

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
READ: dict[str, Callable[[str], list[dict[str, str]]]] = {
    "csv": lambda text: [*csv.DictReader(text.splitlines(keepends=True))],
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
}
SENT: set[str] = set()


def letter(n: int, **more: str) -> Letter:
    return replace(LETTER, message_id=f"{n:016x}", kind="decision", channel="letter", **more)


@pytest.fixture(params=FORMATS)
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    """A folder, in each form."""
    SENT.clear()
    return Folder(tmp_path, request.param, lambda: NOW)


def ids(drop: Folder) -> list[list[int]]:
    """The numbers of letters in each file that has its name."""
    files = sorted(drop.folder.glob("openchair-*"))
    assert all(file.suffix == f".{drop.format}" for file in files)
    return [[int(row["message_id"], 16) for row in READ[drop.format](file.read_text("utf-8"))] for file in files]


def rounds(drop: Folder, *numbers: int, settle: bool = True) -> None:
    """A round of letters, each kept as sent."""
    with drop.round(SENT.__contains__) as send:
        for n in numbers:
            send(letter(n))
            if settle:
                SENT.add(f"{n:016x}")


def test_one_file_a_round(drop: Folder) -> None:
    """It holds all of them in order with every column, and has its name only when the round is over."""
    with drop.round(SENT.__contains__) as send:
        for n in (3, 1, 2):
            send(letter(n, title='Zeile\nzwei, "drei"', text="=1+1"))
            SENT.add(f"{n:016x}")
        assert ids(drop) == []
        assert drop.unfinished
    assert ids(drop) == [[3, 1, 2]]
    assert not drop.unfinished
    (file,) = drop.folder.iterdir()
    assert file.name == f"openchair-20260701T100000-{3:016x}.{drop.format}"
    row = READ[drop.format](file.read_text("utf-8"))[0]
    assert tuple(row) == COLUMNS
    assert row["title"] == 'Zeile\nzwei, "drei"'
    assert row["text"] == ("'=1+1" if drop.format == "csv" else "=1+1")  # no formula for a spreadsheet
    assert "why" not in row
    rounds(drop, 4)
    assert ids(drop) == [[3, 1, 2], [4]]
    rounds(drop)
    assert len(ids(drop)) == 2


class Killed(BaseException):
    """What no handler catches."""


def test_what_was_killed_is_finished_by_the_next(drop: Folder) -> None:
    """The last letter, added and not kept, is cut off and comes anew; the others are not added again."""
    with pytest.raises(Killed), drop.round(SENT.__contains__) as send:
        for n in (1, 2):
            send(letter(n))
            SENT.add(f"{n:016x}")
        send(letter(3))
        raise Killed
    assert ids(drop) == []
    rounds(drop, 3, 4)
    assert ids(drop) == [[1, 2, 3, 4]]


def test_killed_before_it_had_its_name(drop: Folder) -> None:
    """A round of nothing gives it one; what was dropped in the meantime is not in it."""
    with pytest.raises(Killed), drop.round(SENT.__contains__) as send:
        send(letter(1))
        SENT.add(f"{1:016x}")
        send(letter(2))
        raise Killed
    assert drop.unfinished
    rounds(drop)
    assert ids(drop) == [[1]]
    with pytest.raises(Killed), drop.round(SENT.__contains__) as send:
        send(letter(5))
        raise Killed
    rounds(drop)
    assert ids(drop) == [[1]]
    assert not drop.unfinished


def test_a_line_cut_short_is_cut_off(drop: Folder) -> None:
    """Whatever part of the last line was on the disk when the power went."""
    with pytest.raises(Killed), drop.round(SENT.__contains__) as send:
        send(letter(1))
        SENT.add(f"{1:016x}")
        first = (drop.folder / f".openchair.{drop.format}.part").read_bytes()
        send(letter(2))
        raise Killed
    part = drop.folder / f".openchair.{drop.format}.part"
    both = part.read_bytes()
    for length in range(len(first), len(both), 7):
        part.write_bytes(both[:length])
        rounds(drop)
        assert ids(drop) == [[1]], length
        for file in drop.folder.glob("openchair-*"):
            file.unlink()


def test_what_is_not_kept_in_the_midst_is_cut_off(drop: Folder) -> None:
    """Somebody erased while the round ran is in no file."""
    with drop.round(SENT.__contains__) as send:
        send(letter(1))
        SENT.add(f"{1:016x}")
        send(letter(2))
        send(letter(3))
        SENT.add(f"{3:016x}")
        send(letter(4))
    assert ids(drop) == [[1, 3]]


def test_a_folder_that_is_not_there(drop: Folder) -> None:
    """Nobody makes it unasked: the road is unreachable, and the setting named."""
    away = replace(drop, folder=drop.folder / "away")
    with pytest.raises(Unreachable, match="drop_folder"):
        away.send(letter(1))
    assert not away.folder.exists()
