"""Long work in threads, one piece at a time by lease, so that the loop stays free and servers share one home."""

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from uuid import uuid4

from openchair.chair.chair import Chair
from openchair.chair.ports import State
from openchair.core.clock import Moment
from openchair.core.errors import Conflict, OpenchairError, StorageFull
from openchair.core.settings import Settings

log = logging.getLogger("openchair.server")

LEASE_SECONDS = 15.0
"""How long a job's lease outlives the process that held it, should that process be killed."""
LOOK_SECONDS = 20.0
"""How often the scheduler looks whether the day's turn is due."""
HEAVY = "heavy"
"""The lease that a turn and an import share: each may use all the memory the engine is allowed."""
SYNC = "sync"
LITTLE = 2_000
"""Waiting events up to which this process moves them itself."""

_PROGRAM = """
import os, sys, openchair
if hasattr(os, "nice"):
    os.nice(10)
openchair.open(sys.argv[1]).sync()
"""


@contextmanager
def lease(state: State, job: str) -> Iterator[None]:
    """Hold a job's lease while the body runs, renewing it from a thread.

    Raises Conflict when someone else holds it.
    """
    owner = uuid4().hex
    if not state.lease(job, owner, datetime.now(UTC), LEASE_SECONDS):
        raise Conflict(job_title(job), value="running", bound="one at a time", remedy="Try again after Retry-After.")
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_SECONDS / 3):
            try:
                state.lease(job, owner, datetime.now(UTC), LEASE_SECONDS)
            except OpenchairError as wrong:
                log.warning("The lease of %s could not be renewed: %s", job, wrong)

    renewing = threading.Thread(target=renew, name=f"lease-{job}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        state.free(job, owner)


def job_title(job: str) -> str:
    """What a person calls a job."""
    return {HEAVY: "turn or import", SYNC: "sync"}[job]


def due(now: Moment, turn_at: str, last: datetime | None) -> bool:
    """Whether the day's turn is due: its time of day has passed in the shop's zone and none was made since.

    turn_at: HH:MM, or `off`. last: when the last turn began.
    """
    if turn_at == "off":
        return False
    begins = datetime.combine(now.day, time.fromisoformat(turn_at), now.zone)
    return now.now >= begins and (last is None or last < begins)


class Syncing:
    """Moves the inbox to history: a little of it here, much of it in a process of its own at a lower priority.

    Reading many events would hold Python's one lock and make those wait who send more.
    """

    def __init__(self, chair: Chair) -> None:
        self.chair = chair
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __call__(self) -> None:
        """One round; nothing is written while nothing waits. Raises Conflict where another server is at it."""
        waiting = self.chair.state.inbox.waiting()
        if not waiting or self._stopped:
            return
        with lease(self.chair.state, SYNC):
            if waiting <= LITTLE:
                self.chair.sync()
            else:
                self._apart()

    def _apart(self) -> None:
        command = [sys.executable, "-c", _PROGRAM, str(self.chair.home)]
        # A session of its own: what interrupts the server is for the server to pass on.
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # our own program
        code = self._process.wait()
        if code and not self._stopped:
            raise StorageFull("sync", value=f"exit code {code}", bound="its log says why", remedy="It is tried again.")

    def stop(self) -> None:
        """End the process, if there is one: what it had not finished is done by the next."""
        self._stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


def _turn_if_due(chair: Chair, settings: Settings) -> None:
    now = chair.moment()
    turns = chair.turns(1)
    if due(now, settings.turn_at, turns[0].started_at if turns else None):
        with lease(chair.state, HEAVY):
            chair.turn(now)


async def _repeat(seconds: float, work: Callable[[], None], name: str) -> None:
    """Do `work` in a thread, again and again; what fails is logged and tried again next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(work)
        except Conflict:
            log.debug("%s: someone else is at it", name)
        except OpenchairError as wrong:
            log.warning("%s: %s", name, wrong)
        except Exception:
            # The schedule outlives any one failure: the log keeps the whole of it, and the next round tries again.
            log.exception("%s failed", name)


@contextmanager
def schedule(chair: Chair, settings: Settings) -> Iterator[None]:
    """While the body runs: acknowledged events move to history, and the wheel turns once a day."""
    syncing = Syncing(chair)
    rounds = [
        asyncio.create_task(_repeat(settings.sync_seconds, syncing, "sync")),
        asyncio.create_task(_repeat(LOOK_SECONDS, lambda: _turn_if_due(chair, settings), "turn")),
    ]
    try:
        yield
    finally:
        for one in rounds:
            one.cancel()
        syncing.stop()
