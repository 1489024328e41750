"""What tests of reading files share: a file in a folder, read by the real engine, nothing kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openchair.chair.intake import understand
from openchair.facts.reading import Reading
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory

WANTED = understand.Wanted(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Europe/London"), "EUR")


@dataclass
class Read:
    """A file read to its end: facts by kind, rejects, and the lines its rows stand on."""

    format: str
    facts: dict[str, list[dict[str, Any]]]
    rejected: list[dict[str, Any]]
    lines: set[int]
    mapping: dict[str, str]
    doubts: tuple[str, ...]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Facts of a kind in the order of the file."""
        return sorted(self.facts.get(kind, []), key=lambda row: (row["line"], row["fact_id"]))

    @property
    def reasons(self) -> dict[int, str]:
        """Line -> why it was rejected."""
        return {row["line"]: row["reason"] for row in self.rejected}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckEngine]:
    """An engine over an empty history."""
    engine = DuckEngine(DeltaHistory(tmp_path / "history"), memory="256MB", threads=1, temp_dir=tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def read(engine: DuckEngine, tmp_path: Path) -> Callable[..., Read]:
    """Read text, bytes or a path as a file."""

    def reading(content: str | bytes | Path, name: str = "file.csv", **wanted: Any) -> Read:
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        understood = understand.opened(engine, path, replace(WANTED, **wanted))
        parts: list[Reading] = (
            list(understand.calls_of(engine, understood))
            if understood.format.read is None
            else [understand.reading_of(engine, understood)]
        )
        facts: dict[str, list[dict[str, Any]]] = {}
        rejected = [{"line": r.line, "reason": r.reason, "row": r.row} for r in understood.raw.broken]
        for part in parts:
            for kind, table in part.facts.items():
                facts.setdefault(kind, []).extend(engine.rows(table).to_pylist())
            rejected += engine.rows(part.rejected).to_pylist()
        lines = set(engine.rows(understood.raw.table.select("line"))["line"].to_pylist())
        lines |= {r.line for r in understood.raw.broken}
        return Read(understood.format.name, facts, rejected, lines, dict(understood.context.mapping), understood.doubts)

    return reading
