"""Reports that took long to read are kept, and shown again while nothing they were read from has changed."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Protocol

from openchair.chair.ports import History
from openchair.chair.state import State
from openchair.core.clock import Moment
from openchair.facts.kinds import KINDS

SLOW_SECONDS = 0.2
"""What is read more quickly is read anew each time."""
OLDEST_SECONDS = 600.0
"""What another server's people did is seen after this at the latest."""
MOST = 32


class Reader(Protocol):
    """What a shelf needs to know of the chair."""

    @property
    def state(self) -> State: ...
    @property
    def history(self) -> History: ...
    @property
    def timer(self) -> Callable[[], float]: ...
    def moment(self) -> Moment: ...


class Readable(Protocol):
    """A report, as far as it is read."""

    @property
    def name(self) -> str: ...
    @property
    def read(self) -> Callable[[Any, Any], Any]: ...


class Shelf:
    """Views of reports by what was asked. Safe to use from several threads.

    A view holds while history, the last turn and the shop's day are those it was read at, and until `clear`, which
    whoever serves people calls after each thing that one of them does.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Hashable], tuple[Hashable, float, Any]] = {}
        self._reading: dict[tuple[str, Hashable], Lock] = {}
        self._lock = Lock()
        self._cleared = 0

    def read(self, chair: Reader, report: Readable, asked: Hashable) -> Any:
        """The report's view; whoever asks for the same meanwhile waits for it. Raises what reading it raises."""
        key = (report.name, asked)
        with self._lock:
            reading = self._reading.setdefault(key, Lock())
        with reading:
            stands, begun, cleared = _stands(chair), chair.timer(), self._cleared
            kept = self._kept.get(key)
            if kept is not None and kept[0] == stands and begun - kept[1] < OLDEST_SECONDS:
                return kept[2]
            view = report.read(chair, asked)
            with self._lock:
                self._kept.pop(key, None)
                if chair.timer() - begun >= SLOW_SECONDS and cleared == self._cleared:
                    self._kept[key] = (stands, begun, view)
                while len(self._kept) > MOST:
                    self._kept.pop(next(iter(self._kept)))
                self._reading = {one: lock for one, lock in self._reading.items() if one in self._kept or lock.locked()}
            return view

    def clear(self) -> None:
        """Keep nothing that was read until now."""
        with self._lock:
            self._kept.clear()
            self._cleared += 1


def _stands(chair: Reader) -> Hashable:
    """What changes when a report may have."""
    last = next(iter(chair.state.turns(1)), None)
    return chair.moment().day, last and last.turn_id, tuple(tuple(chair.history.files(kind)) for kind in KINDS)
