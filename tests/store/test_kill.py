"""kill -9 at random moments, many times, and a disk that is full: nothing acknowledged is lost or counted twice."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.killing import begun, move, put

from openchair.chair.intake.sync import sync
from openchair.chair.ports import Envelope
from openchair.core.errors import StorageFull
from openchair.core.ids import digest
from openchair.facts.segment import facts_of
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import open_state

ROUNDS = 20


@pytest.mark.slow
def test_killed_at_any_moment_every_acknowledged_event_is_in_history_once(tmp_path: Path) -> None:
    """One process puts and writes down what was acknowledged, one syncs; both are killed again and again."""
    url, root = f"sqlite:///{tmp_path / 'state.db'}", str(tmp_path / "history")
    chance = random.Random(7)
    acknowledged: list[str] = []
    killed = 0
    open_state(url).close()
    for number in range(ROUNDS):
        said = [tmp_path / f"{what}-{number}" for what in ("put", "moved")]
        both = [begun(put, url, str(number), str(said[0])), begun(move, url, root, str(said[1]))]
        while not (said[1].exists() and said[0].exists() and said[0].stat().st_size):
            assert all(one.is_alive() for one in both)
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.6))
        for process in chance.sample(both, 2):
            process.kill()
            time.sleep(chance.choice([0.0, 0.0, 0.05]))
        for process in both:
            process.join()
            killed += process.exitcode == -signal.SIGKILL
        lines = said[0].read_text().splitlines(keepends=True)
        acknowledged += [key for line in lines if line.endswith("\n") for key in json.loads(line)]
    assert killed == 2 * ROUNDS
    state, history = open_state(url), DeltaHistory(root)
    sync(state, history, to_facts=facts_of)
    kept: Counter[str] = Counter()
    for file in history.files("events"):
        kept.update(pq.read_table(file)["fact_id"].to_pylist())
    assert state.inbox.waiting() == 0
    assert list(state.rejects(None)) == []
    state.close()
    assert len(acknowledged) >= ROUNDS
    assert [key for key, times in kept.items() if times > 1] == []
    assert [key for key in acknowledged if kept[digest("shop", key, "0")] != 1] == []


FULL = """
import json, os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from openchair.chair.ports import Envelope
from openchair.core.errors import StorageFull
from openchair.store.sql.state import open_state
url, folder = sys.argv[1:]
state = open_state(url)
put = lambda *keys: state.inbox.put([Envelope(k, "shop", datetime.now(UTC), b"x" * 30_000) for k in keys])
said = {"before": put("a")}
size = max(file.stat().st_size for file in Path(folder).iterdir())
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, most))
full = []
for i in range(30):
    try:
        put(*(f"{i}-{j}" for j in range(5)))
    except StorageFull as told:
        full.append(told.status)
said["full"], said["waiting"] = full, state.inbox.waiting()
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
said["after"] = put("a", "b", *(f"{i}-{j}" for i in range(30) for j in range(5)))
said["kept"] = state.inbox.waiting()
state.close()
print(json.dumps(said))
"""


def test_when_files_may_grow_no_more_callers_are_told_and_it_recovers_unaided(tmp_path: Path) -> None:
    """What failed was not kept, reads go on, and as soon as there is room the same calls succeed."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    told = subprocess.run(
        [sys.executable, "-c", FULL, url, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    said = json.loads(told.stdout)
    assert said["before"] == [True]
    assert len(said["full"]) > 20
    assert set(said["full"]) == {503}
    kept_while_full = 1 + 5 * (30 - len(said["full"]))
    assert said["waiting"] == kept_while_full
    assert sum(said["after"]) == 152 - kept_while_full
    assert said["kept"] == 152


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes; only root may have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("NO SMALL DISK: mounting one needs root")
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"NO SMALL DISK: {made.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_lost(small_disk: Path) -> None:
    """Inbox and history say StorageFull, reads go on, and when someone frees room all is finished."""
    state, history = open_state(f"sqlite:///{small_disk / 'state.db'}"), DeltaHistory(small_disk / "history")

    def put(*keys: str) -> list[bool]:
        body = b'{"type": "track", "event": "Seen", "userId": "7", "properties": {"x": "' + b"y" * 3000 + b'"}}'
        return state.inbox.put([Envelope(key, "shop", datetime.now(UTC), body) for key in keys])

    assert put(*(f"first{i}" for i in range(20))) == [True] * 20
    assert sync(state, history, to_facts=facts_of) == {"events": 20}
    assert put(*(f"early{i}" for i in range(20))) == [True] * 20
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"0" * (free - free % 4096))
    with pytest.raises(StorageFull):
        put(*(f"late{i}" for i in range(300)))
    with pytest.raises(StorageFull):
        put("late300")
    with pytest.raises(StorageFull):
        sync(state, history, to_facts=facts_of)
    assert state.inbox.waiting() == 20
    filler.unlink()
    assert put("late0", "early0") == [True, False]
    sync(state, history, to_facts=facts_of)
    keys = [*(f"{name}{i}" for name in ("first", "early") for i in range(20)), "late0"]
    kept = [key for file in history.files("events") for key in pq.read_table(file)["fact_id"].to_pylist()]
    assert sorted(kept) == sorted(digest("shop", key, "0") for key in keys)
    assert state.inbox.waiting() == 0
    state.close()
