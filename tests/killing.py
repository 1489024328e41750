"""Processes to be killed: forked from one that has imported everything, so that each is at work at once."""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    ["tests.killing", "openchair.cli.main", "openchair.cli.wiring", "openchair.cli.show", "openchair.facts.segment"]
)


def begun(work: Callable[..., Any], *args: str) -> BaseProcess:
    """A process that does some work of this module; it ends with us at the latest."""
    process = _FORKING.Process(target=work, args=args, daemon=True)
    process.start()
    return process


def command(home: str, *words: str) -> None:
    """The command itself, but a dead process's lease ends soon, so that nobody need wait for it."""
    from openchair.chair import lease
    from openchair.cli.main import run

    lease.SECONDS = 0.3
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # until the end
    sys.argv = ["openchair", "--home", home, *words]
    run()


def put(url: str, name: str, said: str) -> None:
    """Put events for ever; each line of the file `said` holds the keys of a call that was acknowledged."""
    from openchair.chair.ports import Envelope
    from openchair.store.sql.state import open_state

    state = open_state(url)
    with Path(said).open("w", buffering=1) as told:
        for i in range(1_000_000):
            keys = [f"{name}-{i}-{j}" for j in range(1 + i % 40)]
            now = datetime.now(UTC)
            event = {"type": "track", "event": "Seen", "userId": "7", "timestamp": now.isoformat()}
            bodies = [json.dumps({**event, "messageId": key}).encode() for key in keys]
            state.inbox.put([Envelope(key, "shop", now, body) for key, body in zip(keys, bodies, strict=True)])
            told.write(json.dumps(keys) + "\n")


def move(url: str, root: str, said: str) -> None:
    """Move what waits in the inbox to history for ever; the file `said` is there once it has begun."""
    from openchair.chair.intake.sync import sync
    from openchair.facts.segment import facts_of
    from openchair.store.history import DeltaHistory
    from openchair.store.sql.state import open_state

    state, history = open_state(url), DeltaHistory(root)
    Path(said).touch()
    while True:
        sync(state, history, to_facts=facts_of, batch=300)
