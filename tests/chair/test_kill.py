"""Killed at random moments of an import or a turn, whoever comes next finishes: nothing is lost, nothing twice."""

import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.killing import begun, command

import openchair
from openchair.chair.chair import Chair
from openchair.cli.wiring import init_home
from openchair.facts.kinds import KINDS
from openchair.simulation import simulate

pytestmark = pytest.mark.slow

END = "2026-06-01"


def done(home: Path, *words: str) -> int | None:
    """What a command that nobody kills ends with."""
    process = begun(command, str(home), *words)
    process.join()
    return process.exitcode


def killed_often(home: Path, *words: str, seed: int) -> int:
    """Start a command again and again and kill it at random; gives how often it was killed before its end."""
    rng, longest, kills = np.random.default_rng(seed), 2.0, 0
    for _ in range(10):
        began = time.monotonic()
        process = begun(command, str(home), *words)
        process.join(float(rng.uniform(0.05, longest)))
        if process.exitcode is None:
            process.kill()
            process.join()
            kills += 1
        else:
            longest = time.monotonic() - began
        time.sleep(0.35)
    return kills


def facts(chair: Chair) -> dict[str, tuple[int, int]]:
    """Facts and distinct facts by kind."""
    engine = chair.engine()
    return {
        kind: (row["n"], row["ids"])
        for kind in KINDS
        for t in [engine.facts(kind)]
        for row in engine.rows(t.agg(n=t.count(), ids=t.fact_id.nunique())).to_pylist()
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated shop's files."""
    folder = tmp_path_factory.mktemp("simulated") / "files"
    simulate(400, folder, end=date.fromisoformat(END))
    return folder


def test_kill_during_import_and_turn(files: Path, tmp_path: Path) -> None:
    """The shop that was killed ends up with the same facts, customers and decisions as the one that was not."""
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for home in (calm, killed):
        init_home(home, {"currency": "EUR"})
    assert killed_often(killed, "import", str(files), seed=1) >= 3
    time.sleep(0.5)
    assert done(killed, "import", str(files)) == 0
    assert done(calm, "import", str(files)) == 0
    ours, theirs = openchair.open(killed), openchair.open(calm)
    assert facts(ours) == facts(theirs)
    assert all(n == ids for n, ids in facts(ours).values())

    assert killed_often(killed, "turn", "--as-of", END, seed=2) >= 3
    time.sleep(0.5)
    assert done(killed, "turn", "--as-of", END) == 0
    assert done(calm, "turn", "--as-of", END) == 0
    for chair in (ours, theirs):
        people, more = chair.customers(limit=10_000)
        assert not more
        taken, _ = chair.decisions(acting=False, limit=10_000)
        assert sorted(d.customer_id for d in taken) == sorted(p.customer_id for p in people)
    assert ours.customers(limit=10_000) == theirs.customers(limit=10_000)
    assert ours.decisions(acting=False, limit=10_000) == theirs.decisions(acting=False, limit=10_000)
