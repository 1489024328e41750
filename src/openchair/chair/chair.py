"""The chair: what a shop can ask of Openchair, in one object over its ports."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

import msgspec

from openchair.chair import tell
from openchair.chair.intake import listen, own
from openchair.chair.intake.sync import sync
from openchair.chair.intake.understand import Wanted, readable
from openchair.chair.lease import HEAVY, held
from openchair.chair.people import timeline
from openchair.chair.ports import Engine, History, Progress
from openchair.chair.state import State
from openchair.chair.views import Customer, Decision, Dossier, ImportReport, Preview, Reject, Today, TurnReport
from openchair.chair.wheel import choose
from openchair.chair.wheel.turn import turn
from openchair.core.clock import Moment, moment_of, zone
from openchair.core.errors import BadInput, NotFound
from openchair.core.ids import digest
from openchair.core.settings import Settings
from openchair.facts.kinds import KINDS
from openchair.loyalty.actions import WAIT, Action


def _quiet(step: str) -> None:
    """Nobody is watching."""


@dataclass(frozen=True)
class Chair:
    """The empty chair of one shop. Made by `openchair.open(home)`; safe to use from several threads."""

    home: Path
    settings: Settings
    state: State
    history: History
    engine: Callable[[], Engine]
    """Makes a fresh engine: work that runs long has one of its own."""
    catalogue: tuple[Action, ...]
    clock: Callable[[], datetime]
    timer: Callable[[], float]
    _reading: list[Engine] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def currency(self) -> str:
        """The currency values are in: the setting, else that of most purchases."""
        return self.settings.currency or self.state.note("currency") or "EUR"

    @property
    def simulated(self) -> bool:
        """Whether any of the facts came from the sample shop."""
        return self.state.note("simulated") == "true"

    def moment(self, as_of: str = "") -> Moment:
        """The moment meant by a date or time, or now."""
        where = zone(self.settings.timezone)
        return moment_of(as_of, where) if as_of else Moment(self.clock().astimezone(UTC), where)

    # listen

    def readable(self, paths: Sequence[Path]) -> list[Path]:
        """The files meant by paths: folders become the readable files in them."""
        return readable(paths)

    def preview(self, path: Path, *, mapping: Mapping[str, str] | None = None, format: str = "") -> Preview:
        """What a file would be read as; keeps nothing. Raises BadInput."""
        with closing(self.engine()) as engine:
            return listen.preview(engine, path, self._reading_as(mapping, "", format))

    def listen(
        self,
        paths: Sequence[Path],
        *,
        mapping: Mapping[str, str] | None = None,
        format: str = "",
        source: str = "",
        progress: Progress = _quiet,
    ) -> tuple[ImportReport, ...]:
        """Read files into facts. What is known already changes nothing; what cannot be read keeps its reason.

        Raises BadInput, and Conflict while a turn or another import runs.
        """
        wanted = self._reading_as(mapping, source, format)
        with held(self.state, HEAVY, self.clock), closing(self.engine()) as engine:
            return listen.listen(self.state, self.history, engine, paths, wanted, self.timer, progress)

    def imports(self, limit: int = 50) -> tuple[ImportReport, ...]:
        """The latest imports, newest first."""
        return tuple(self.state.imports(limit))

    def rejects(self, import_id: str | None = None) -> Iterator[Reject]:
        """Rejected rows of one import, or all."""
        return self.state.rejects(import_id)

    def _reading_as(self, mapping: Mapping[str, str] | None, source: str, format: str) -> Wanted:
        moment = self.moment()
        return Wanted(moment.now, moment.zone, self.currency, dict(mapping or {}), source, format)

    def sync(self) -> dict[str, int]:
        """Move acknowledged events from the inbox to history; gives how many facts of each kind."""
        return sync(self.state, self.history, to_facts=own.reader(self.state, self.currency))

    def erase(self, customer_id: str, *, progress: Progress = _quiet) -> dict[str, int]:
        """Erase a customer everywhere, for good; gives how many facts of each kind went. Safe to repeat.

        Raises Conflict while a turn or an import runs.
        """
        identifiers = self.state.identifiers_of(customer_id)
        # No import may run meanwhile: it has looked up who is erased, and would write what is being taken away.
        with held(self.state, HEAVY, self.clock):
            progress("state")
            self.state.bury(identifiers, self.clock())
            self.sync()
            gone = {}
            for kind in KINDS:
                progress(kind)
                gone[kind] = self.history.erase(kind, identifiers)
            self.state.forget(customer_id, identifiers)
        return {kind: number for kind, number in gone.items() if number}

    # turn

    def turn(self, moment: Moment | None = None, *, progress: Progress = _quiet) -> TurnReport:
        """Turn the wheel once. Raises Conflict while another turn or an import runs."""
        started_at = self.clock()
        with held(self.state, HEAVY, self.clock), closing(self.engine()) as engine:
            return turn(
                self.state,
                self.history,
                engine,
                self.settings,
                self.catalogue,
                own.reader(self.state, self.currency),
                moment or self.moment(),
                started_at,
                self.timer,
                progress,
            )

    def turns(self, limit: int = 10) -> tuple[TurnReport, ...]:
        """The latest turns, newest first."""
        return tuple(self.state.turns(limit))

    # know and tell

    def today(self, *, limit: int | None = None) -> Today:
        """The first page of the day, from the last turn."""
        last = next(iter(self.state.turns(1)), None)
        return tell.today(self, last, limit or self.settings.daily_list)

    def customers(
        self, *, search: str = "", order: str = "worth", limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Customer, ...], bool]:
        """Customers in an order (worth, recent, name, orders), from a cursor on, and whether more follow."""
        if order not in tell.ORDERS:
            raise BadInput(
                "order", value=order, bound=f"one of {', '.join(tell.ORDERS)}", remedy="Choose one of these."
            )
        rows, more = self.state.customers(search=search, order=order, limit=limit, after=after)
        return tuple(map(tell.customer, rows)), more

    def find(self, who: str) -> str:
        """The customer id behind a customer id, shop id or e-mail. Raises NotFound."""
        found = self.state.find(who.strip())
        if found is None:
            raise NotFound(
                "customer",
                value=who,
                bound="no identifier is like that",
                remedy="Search on the Customers page, or turn first.",
            )
        return found

    def dossier(self, who: str) -> Dossier:
        """All that is known of one customer. Raises NotFound."""
        customer_id = self.find(who)
        identifiers = self.state.identifiers_of(customer_id)
        last = next(iter(self.state.turns(1)), None)
        until = max(self.clock(), last.as_of) if last else self.clock()
        with self._lock:
            if not self._reading:
                self._reading.append(self.engine())
            engine = self._reading[0]
            happened = timeline.timeline(engine, identifiers, until)
            traits = timeline.traits(engine, identifiers, until)
            engine.release()
        return tell.dossier(self, customer_id, identifiers, traits, happened)

    # decide

    def decide(self, who: str, moment: str = "daily", *, at: Moment | None = None) -> Decision:
        """The next best action for one customer now; the same day and occasion give the same decision."""
        if not 1 <= len(moment) <= 60:
            raise BadInput("moment", value=moment, bound="1 to 60 characters", remedy="Name the occasion: checkout.")
        decision_id = choose.for_one(
            self.state, self.find(who), moment, self.catalogue, self.settings, at or self.moment()
        )
        return self.decision(decision_id)

    def decision(self, decision_id: str) -> Decision:
        """One decision with its record. Raises NotFound."""
        row = self.state.decision(decision_id)
        if row is None:
            raise NotFound("decision", value=decision_id, bound="was never taken", remedy="List decisions to find it.")
        return tell.decision(self, row)

    def decisions(
        self,
        *,
        day: date | None = None,
        who: str | None = None,
        acting: bool = True,
        limit: int = 50,
        after: str | None = None,
    ) -> tuple[tuple[Decision, ...], bool]:
        """Decisions, newest day first, best gain first, from a cursor (a decision id) on."""
        customer_id = self.find(who) if who else None
        rows, more = self.state.decisions(day=day, customer_id=customer_id, acting=acting, limit=limit, after=after)
        return tuple(tell.decision(self, row) for row in rows), more

    def mark(self, decision_id: str, status: str, by: str) -> Decision:
        """Say what became of a decision; it is kept as a fact. Raises BadInput, NotFound, Conflict."""
        before = self.decision(decision_id)
        if status not in tell.STATUSES:
            raise BadInput(
                "status", value=status, bound=f"one of {', '.join(tell.STATUSES)}", remedy="Choose one of these."
            )
        if before.action == WAIT:
            raise BadInput("decision", value=decision_id, bound="was to wait", remedy="There is nothing to approve.")
        if before.status == status:
            return before
        now = self.clock()
        row = {
            "identifier": self.state.identifiers_of(before.customer_id)[0],
            "decision_id": decision_id,
            "action": before.action,
            "pillar": before.pillar,
            "channel": before.channel,
            "status": status,
            "properties": msgspec.json.encode({"by": by}).decode(),
        }
        event = own.envelope("contacts", digest(decision_id, status, now.isoformat()), now, row)
        self.state.mark(decision_id, status, by, now, event)
        return self.decision(decision_id)
