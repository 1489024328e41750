"""Long work in threads, one piece at a time by lease, so that the loop stays free and servers share one home."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time

from openchair.chair.chair import Chair
from openchair.chair.learning.between import HEARD
from openchair.chair.lease import SYNC, held
from openchair.chair.views import TurnReport
from openchair.core.clock import Moment
from openchair.core.errors import Conflict, OpenchairError
from openchair.core.settings import Settings
from openchair.server.problems import Refused

log = logging.getLogger("openchair.server")

LOOK_SECONDS = 20.0
"""How often the scheduler looks whether the day's turn, or a message, is due."""
LEARN_SECONDS = 120.0
"""How often what came since the last turn is learned from, where anything came."""
CHECKPOINT_SECONDS = 0.5
"""How often the state's log is moved into its file: seldom enough to write a page once, often enough to be short."""
LITTLE = 2_000
"""Waiting events up to which this process moves them itself."""

TOLD = 3
"""The exit code of work that said on its standard output why it could not be done."""
_PROGRAM = """
import os, signal, sys, openchair
from openchair.core.errors import OpenchairError
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that leases are given back
if hasattr(os, "nice"):
    os.nice(5)
home, work, as_of = sys.argv[1:]
try:
    chair = openchair.open(home)
    if work == "sync":
        chair.sync()
    elif work == "day":
        chair.day()
    elif work == "learn":
        from openchair.chair.learning.between import update

        update(chair)
    else:
        chair.turn(chair.moment(as_of))
except OpenchairError as wrong:
    sys.stdout.write(f"{wrong.status} {wrong.code} {wrong}")
    sys.exit(3)
"""


def due(now: Moment, turn_at: str, last: datetime | None) -> bool:
    """Whether the day's turn is due: its time of day has passed in the shop's zone and none was made since.

    turn_at: HH:MM, or `off`. last: when the last turn began.
    """
    if turn_at == "off":
        return False
    begins = datetime.combine(now.day, time.fromisoformat(turn_at), now.zone)
    return now.now >= begins and (last is None or last < begins)


class Apart:
    """Work in processes of its own, at a lower priority: it takes no lock and no memory from the server."""

    def __init__(self, chair: Chair) -> None:
        self.chair = chair
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._learned_of: frozenset[str] = frozenset()

    def sync(self) -> None:
        """One round of moving the inbox to history: a little of it here, much of it apart.

        Nothing is written while nothing waits. Raises Conflict where another server is at it.
        """
        waiting = self.chair.state.inbox.waiting()
        if not waiting or self._stopped:
            return
        with held(self.chair.state, SYNC, self.chair.clock):
            if waiting <= LITTLE:
                self.chair.sync()
            else:
                self._run("sync")

    def deliver(self) -> None:
        """One round of sending what is due. Raises Conflict where another server is at it."""
        if not self._stopped:
            self.chair.delivering.deliver()

    def turn(self, as_of: str = "") -> TurnReport:
        """Turn the wheel as of a day, or now, and give its report. Raises Conflict while a turn or an import runs."""
        self.chair.moment(as_of)  # a moment that is none is refused before anything begins
        self._run("turn", as_of)
        return self.chair.turns(1)[0]

    def turn_if_due(self, turn_at: str) -> None:
        """The day's turn, once its time has come."""
        last = self.chair.turns(1)
        if not self._stopped and due(self.chair.moment(), turn_at, last[0].started_at if last else None):
            self._run("day")

    def learn(self) -> None:
        """What came since the last turn, into what decisions rest on. Raises Conflict where another is at it."""
        files = frozenset(file for kind in HEARD for file in self.chair.history.files(kind))
        if not self._stopped and files != self._learned_of:
            self._run("learn")
            self._learned_of = files

    def stop(self) -> None:
        """End what runs: what it had not finished is done by the next."""
        self._stopped = True
        for process in list(self._running):
            process.terminate()

    def _run(self, work: str, as_of: str = "") -> None:
        command = [sys.executable, "-c", _PROGRAM, str(self.chair.home), work, as_of]
        # A session of its own: what interrupts the server is for the server to pass on.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603  # our own program
        self._running.add(process)
        try:
            said = process.communicate()[0].decode(errors="replace")
        finally:
            self._running.discard(process)
        if process.returncode:
            if process.returncode != TOLD:
                raise Refused(500, "failed", work, value=process.returncode, bound="it must end with 0")
            status, code, message = said.split(" ", 2)
            raise Refused(int(status), code, message.rstrip("."))


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
def schedule(apart: Apart, settings: Settings, checkpoint: Callable[[], None]) -> Iterator[None]:
    """While the body runs: acknowledged events move to history, what is due goes out, the wheel turns once a day.

    checkpoint: what is done every CHECKPOINT_SECONDS, so that those who wait for a commit wait for nothing else.
    """
    rounds = [
        asyncio.create_task(_repeat(settings.sync_seconds, apart.sync, "sync")),
        asyncio.create_task(_repeat(LOOK_SECONDS, lambda: apart.turn_if_due(settings.turn_at), "turn")),
        asyncio.create_task(_repeat(LOOK_SECONDS, apart.deliver, "delivery")),
        asyncio.create_task(_repeat(LEARN_SECONDS, apart.learn, "learning between turns")),
        asyncio.create_task(_repeat(CHECKPOINT_SECONDS, checkpoint, "checkpoint")),
    ]
    try:
        yield
    finally:
        for one in rounds:
            one.cancel()
        apart.stop()
