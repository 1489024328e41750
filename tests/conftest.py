"""Fixtures every room's tests share, what runs side by side, and the skips said loudly at the end."""

import gc
import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from hypothesis import settings
from tests.mailbox import Mailbox

ROOT = Path(__file__).resolve().parents[1]
# Expressions are many small things that live for a moment: looking for cycles among them took a seventh of all time.
gc.set_threshold(100_000, 20, 50)
# Each worker has a core to itself; matrices shared out between threads that wait for one are slower by far.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# A test's Spark runs each plan once, so the last word in compiling it never pays; the same Spark and the same plans.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m -XX:+UseSerialGC")
# A loaded machine is slow, not wrong; a change is judged by the same examples each time, and new ones are searched for
# by HYPOTHESIS_PROFILE=search.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

SHARED = ROOT.parent / "shared" / "data"
CHROMIUM = ROOT / ".venv" / "chromium.json"  # written by scripts/setup.py
HEAVY = ("spark", "postgres", "browser")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside a developer's checkout; a user's machine has none."""
    if not SHARED.is_dir():
        pytest.skip(f"REAL DATA ABSENT: {SHARED} is not there, so tests on published data sets do not run")
    return SHARED


@pytest.fixture(scope="session")
def chromium() -> dict[str, object]:
    """Arguments for Playwright's `chromium.launch`; where set-up found no browser, the test is skipped with its reason.

    Without an `executable_path` Playwright takes its own Chromium.
    """
    found = json.loads(CHROMIUM.read_text()) if CHROMIUM.is_file() else {"reason": "scripts/setup.py has not run"}
    if found.get("reason"):
        pytest.skip(f"NO BROWSER: {found['reason']}")
    path = found.get("executable_path")
    return {"args": found.get("args", []), **({"executable_path": path} if path else {})}


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """A real mail server on this machine, and the setting that reaches it."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"smtp://127.0.0.1:{port}"
    controller.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Workers take modules in the order below; their own would leave a long module of few tests for the very end."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no worker is idle at the end. A module's tests stay on one worker, for they
    share its fixtures: `--dist loadfile`, as groups by marker are lost between pytest-xdist 3.8 and pytest 9.2."""
    slow = Counter[str]()
    for item in items:
        heavy = any(item.get_closest_marker(name) for name in HEAVY)
        slow[_module(item)] += 1000 if heavy else item.get_closest_marker("slow") is not None
    items.sort(key=lambda item: -slow[_module(item)])


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested on this machine, and why, in the last lines anyone reads."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        str(r.longrepr[2] if isinstance(r.longrepr, tuple) else r.longrepr).removeprefix("Skipped: ").splitlines()[0]
        for r in skipped
    )
    if reasons:
        terminalreporter.section("NOT TESTED ON THIS MACHINE", sep="!", yellow=True, bold=True)
        for reason, times in reasons.most_common():
            terminalreporter.write_line(f"{times} skipped: {reason}", yellow=True)
