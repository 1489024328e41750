"""Measure every promise and print one table; exit code 1 when one does not hold.

    python -m benchmarks                  all of them
    python -m benchmarks imports value    only these
    python -m benchmarks --json           one JSON document

A benchmark is a module of this package with `rows()`, giving `Row`s. Each runs in a process of its own, so that one's
memory is not counted as another's.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict

from benchmarks import Row

BENCHMARKS = (
    "imports", "value", "crowd", "senders", "ingest", "api", "decide", "dossier", "identity", "voices", "surveys",
    "focus", "journey", "nextstep", "plan", "policy", "offpolicy", "loop",
)  # fmt: skip


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def measure(name: str) -> list[Row]:
    """The rows of one benchmark, run in a process of its own; one that fails is a promise that does not hold."""
    begun = time.perf_counter()
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--one", name], stdout=subprocess.PIPE, check=False)
    rows = [Row(**json.loads(line)) for line in done.stdout.decode().splitlines() if line.startswith('{"name"')]
    print(f"  {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    if done.returncode:
        rows.append(Row(name, None, "", "", False, f"did not finish (exit code {done.returncode}); see above"))
    return rows


def table(rows: list[Row]) -> str:
    """The rows with their columns aligned."""
    lines = [("", "measured", "", "promised", "", "")]
    for r in rows:
        measured = (
            "-" if r.measured is None else f"{r.measured:,.3f}" if abs(r.measured) < 100 else f"{r.measured:,.0f}"
        )
        holds = {True: "holds" if r.bound else "", False: "BROKEN", None: "not measured"}[r.ok]
        lines.append((r.name, measured, r.unit, r.bound, holds, r.note))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = ("<", ">", "<", ">", "<", "<")
    return "\n".join(
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, aligned, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> int:
    """Parse the command line, measure, print; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)}; left out: all")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--one", choices=BENCHMARKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(BENCHMARKS)}")
    if given.one:
        for row in importlib.import_module(f"benchmarks.{given.one}").rows():
            print(json.dumps(asdict(row)), flush=True)
        return 0
    rows = [row for name in given.names or BENCHMARKS for row in measure(name)]
    if given.json:
        print(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2))
    else:
        print(table(rows))
        print("on", ", ".join(f"{name} {value}" for name, value in machine().items()))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
