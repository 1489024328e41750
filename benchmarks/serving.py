"""A real server in a process of its own, on a free loopback port: for benchmarks, and for the tests that kill it."""

import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from openchair.cli.wiring import init_home, open_home, settings_at
from openchair.store.sql.state import open_state

OPENCHAIR = Path(sys.executable).with_name("openchair")
START_SECONDS = 180.0  # a cap: a server that shares two cores with much else is slow, not broken


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it is, the first owner's link if nobody owns the shop, and its process."""

    url: str
    link: str
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def limit_files(self, size_bytes: int) -> None:
        """From now on no file it writes may grow beyond this, as if the disk were full; -1 lifts the limit."""
        soft = resource.RLIM_INFINITY if size_bytes < 0 else size_bytes
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def new_home(folder: Path, **given: str) -> Path:
    """A fresh shop in a folder."""
    init_home(folder, {"name": "Snack shop", "currency": "EUR", **given})
    return folder


def new_key(home: Path, *scopes: str, name: str = "web") -> str:
    """The secret of a new key."""
    state = open_state(settings_at(home).state)
    try:
        return state.access.create_key(name, scopes)[1]
    finally:
        state.close()


def facts(home: Path, *kinds: str) -> dict[str, pa.Table]:
    """All facts of some kinds that are in history, with what still waits in the inbox moved there first."""
    chair = open_home(home)
    chair.sync()
    engine = chair.engine()
    return {kind: engine.rows(engine.facts(kind)) for kind in kinds}


def _announced(process: subprocess.Popen[bytes], lines: Iterable[re.Pattern[str]]) -> list[str]:
    """The first group of each pattern, as the server prints them in this order; the last may be missing.

    What was read waits in `said`, not in the pipe: two lines often come in one read, and `select` sees only the pipe.
    """
    assert process.stdout is not None
    found: list[str] = []
    said = ""
    deadline = time.monotonic() + START_SECONDS
    for pattern in lines:
        while not (match := pattern.search(said, 0, said.rfind("\n") + 1)):
            waiting, _, _ = select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))
            read = os.read(process.stdout.fileno(), 4096) if waiting else b""
            if not read:
                ended = process.poll()
                raise RuntimeError(f"the server did not start ({ended=}); it never printed {pattern.pattern}: {said!r}")
            said += read.decode()
        found.append(match[1])
        said = said[match.end() :]
    return found


@contextmanager
def served(home: Path, settings: Mapping[str, str] | None = None, *, owned: bool = False) -> Iterator[Served]:
    """A server of a home while the body runs; what it logs goes to server.log in the home.

    settings: by name, for this run. owned: whether the shop has an owner already, so that no link is printed.
    """
    environment = os.environ | {f"OPENCHAIR_{name.upper()}": value for name, value in (settings or {}).items()}
    command = [str(OPENCHAIR), "--home", str(home), "serve", "--port", "0"]
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, bufsize=0)
    try:
        patterns = [
            re.compile(r"Openchair is at (\S+)"),
            *([] if owned else [re.compile(r"link.*: \S+?(/welcome/\S+)")]),
        ]
        url, *link = _announced(process, patterns)
        yield Served(url, "".join(link), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
