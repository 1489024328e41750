"""One piece of heavy work at a time, over all processes that share a state; a killed one blocks others for seconds."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from openchair.chair.state import State
from openchair.core.errors import Conflict, OpenchairError

log = logging.getLogger("openchair")

SECONDS = 15.0
"""How long a job's lease outlives the process that held it, should that process be killed."""
HEAVY = "heavy"
"""What a turn and an import share: each may use all the memory the engine is allowed."""
SYNC = "sync"
SEND, DELIVER, LEARN = "send", "deliver", "learn"
_TITLES = {
    HEAVY: "turn or import",
    SYNC: "sync",
    SEND: "sending a survey",
    DELIVER: "delivery",
    LEARN: "learning between turns",
}


@contextmanager
def held(state: State, job: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """Hold a job's lease while the body runs, renewing it from a thread. Raises Conflict when someone else holds it."""
    owner = uuid4().hex
    if not state.lease(job, owner, clock(), SECONDS):
        raise Conflict(_TITLES[job], value="running", bound="one at a time", remedy="Wait for its end, then try again.")
    done = threading.Event()

    def renew() -> None:
        while not done.wait(SECONDS / 3):
            try:
                state.lease(job, owner, clock(), SECONDS)
            except OpenchairError as wrong:
                log.warning("The lease of %s could not be renewed: %s", _TITLES[job], wrong)

    renewing = threading.Thread(target=renew, name=f"lease-{job}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        state.free(job, owner)
