"""Calls: whom each leader rings this week, what to ask, and what was learned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import msgspec
from ibis import _

from openchair.chair.actor import Actor
from openchair.chair.listening.speaking.noting import kept, person, text_of
from openchair.chair.listening.views import Call, CallCount
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, Conflict
from openchair.core.ids import digest
from openchair.core.records import filled
from openchair.decisions import guard
from openchair.dossier import rules
from openchair.listening import calls

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

STATUSES: Mapping[str, str] = {"reached": "answered", "not reached": "failed"}
"""What becomes of a call, and the status of the contact that it was."""
SKIPPED = "skipped"
"""And this, where there was no contact."""
NOTED = "noted"
SENDER_DAYS = 60
"""Whoever sent their first friend in so many days is a new sender."""
COUNT_WEEKS = 8
LONGEST_WHY = 2_000
_MOST_SENDERS, _LEAST_PAGE, _PAGES = 500, 100, 10
"""Of new senders the latest; candidates looked at, page by page, until enough of them may be called."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Calls:
    """Lists of the week."""

    chair: "Chair"

    def list(self, *, by: Actor, week: date | None = None, leader: str = "") -> tuple[Call, ...]:
        """A week's calls, of one leader or of all: those done, and those waiting who may still be called.

        week: any day of it; left out, the present one, whose lists are made now for whoever of the team has none.
        """
        moment = self._moment()
        this = calls.monday(moment.day)
        begins = calls.monday(week or this)
        if begins == this:
            self.make()
        rows = self.chair.state.calls(begins, leader)
        waiting = [row for row in rows if not row["status"]]
        may = guard.may_call(waiting, moment=moment, settings=self.chair.settings)
        clear = {row["call_id"] for row in may}
        by.did(self.chair, "read call list", None, f"{begins} {leader}".strip())
        return tuple(self._told(row) for row in rows if row["status"] or row["call_id"] in clear)

    def make(self, leaders: Sequence[str] = ()) -> int:
        """Choose this week's calls for whoever of the team, and of these, has no list yet; gives how many were chosen.

        The same facts, week and seed give the same lists. Nobody is on two lists of a week, was called in the last
        four, or is kept from being called by a rule, a consent or a wish.
        """
        moment, size = self._moment(), self.chair.settings.calls_a_week
        week = calls.monday(moment.day)
        listed = {row["leader"] for row in self.chair.state.calls(week) if row["reason"] != NOTED}
        new = sorted({*self.chair.state.leaders(), *leaders} - listed)
        if not new or not size:
            return 0
        pools = {reason.name: self._pool(reason.name, size * len(new), week, moment) for reason in calls.REASONS}
        chosen = calls.choose({name: tuple(pool) for name, pool in pools.items()}, new, size)
        rows = [
            self._row(week, leader, place, pools[reason][customer_id], reason, moment)
            for leader, some in chosen.items()
            for place, (customer_id, reason) in enumerate(some, start=1)
        ]
        self.chair.state.put_calls(rows)
        return len(rows)

    def note(self, which: str, status: str, *, by: Actor, words: str = "", leader: str = "") -> Call:
        """Say what became of a call: reached, with what they said; not reached; skipped.

        which: a call's id, or whatever a customer is known by, for a call on no list, counted for `leader` or whoever
        notes it. Raises NotFound; BadInput for another status and for words that are too long; Conflict where they
        were reached already.
        """
        if status not in (*STATUSES, SKIPPED):
            bound = f"one of {', '.join((*STATUSES, SKIPPED))}"
            raise BadInput("status", value=status, bound=bound, remedy="Choose one of these.")
        row, now = self._noted(which, by, text_of("leader", leader, 200)), self.chair.clock()
        reached = status == "reached"
        words = text_of("notes", words) if reached else text_of("notes", words, LONGEST_WHY)
        contact = {"action": "call", "channel": "call", "status": STATUSES[status]} if status in STATUSES else None
        said = {"by": by.name, "leader": row["leader"], "reason": row["reason"], "why": "" if reached else words}
        heard = words if reached else ""
        events, facts = kept(self.chair, row["who_id"], row["call_id"], now, said, contact=contact, words=heard)
        ended = {name: row[name] for name in _COLUMNS} | {"status": status, "done_at": now}
        if not self.chair.state.end_call(ended, events, facts):
            raise Conflict("call", value=row["call_id"], bound="was answered already", remedy="Note another call.")
        by.did(self.chair, f"noted call: {status}", row["who_id"], "" if reached else words)
        self.chair.restand([row["who_id"]])
        return self._told(self.chair.state.call(row["call_id"]) or row)

    def counts(self, *, weeks: int = COUNT_WEEKS) -> tuple[CallCount, ...]:
        """What became of the last weeks' calls, by week and leader, newest first; calls on no list count too."""
        since = calls.monday(self._moment().day) - timedelta(weeks=weeks - 1)
        return tuple(CallCount(**row) for row in self.chair.state.call_counts(since))

    def _moment(self) -> Moment:
        """Now, or the last turn's moment: a sample shop's week is the week its customers live in."""
        return Moment(self.chair.now_or_last(), self.chair.moment().zone)

    def _noted(self, which: str, by: Actor, leader: str) -> Row:
        """The row of a call; one of this week's list where `which` is a customer on it, else a new one on no list."""
        found = self.chair.state.call(which)
        if found is not None:
            return found
        customer_id, week = self.chair.find(which), calls.monday(self._moment().day)
        waiting = self.chair.state.waiting_call(week, customer_id)
        if waiting is not None and (listed := self.chair.state.call(waiting)):
            return listed
        now = self.chair.clock()
        return {
            "call_id": digest("call", customer_id, by.name, now.isoformat())[:20],
            "week": week,
            "leader": leader or by.name,
            "place": 0,
            "customer_id": customer_id,
            "who_id": customer_id,
            "reason": NOTED,
            "because": "",
            "questions": "[]",
        }

    def _pool(self, reason: str, wanted: int, week: date, moment: Moment) -> dict[str, Row]:
        """Customers by id whom a reason names and who may be called, the most telling first."""
        sent = self._senders(moment) if reason == "new sender" else {}
        drawn = digest("calls", str(self.chair.settings.seed), week.isoformat())[:20]
        found: dict[str, Row] = {}
        # Ids are drawn from a point on, and round the end of all.
        for start in (drawn, "") if reason == calls.CHANCE else ("",):
            for row in self._candidates(reason, wanted, week, moment, start, tuple(sent)):
                if len(found) < wanted:
                    found.setdefault(row["customer_id"], _found(row, sent, moment))
        return found

    def _candidates(
        self, reason: str, wanted: int, week: date, moment: Moment, chance: str, among: Sequence[str]
    ) -> Iterator[Row]:
        size = max(2 * wanted, _LEAST_PAGE)
        for number in range(_PAGES):
            rows = self.chair.state.candidates(
                reason, now=moment.now, week=week, limit=size, after=number * size, chance=chance, among=among
            )
            yield from guard.may_call(rows, moment=moment, settings=self.chair.settings)
            if len(rows) < size:
                return

    def _senders(self, moment: Moment) -> dict[str, tuple[float, Any]]:
        """Who sent their first friend of late, how many came, and when the first did."""
        with self.chair.reading() as engine:
            facts = engine.facts("referrals")
            came = facts.filter(facts.status.isin(["joined", "bought"]), facts.happened_at <= moment.now)
            first = came.group_by("identifier").agg(n=_.invitee.nunique(), at=_.happened_at.min())
            fresh = first.filter(first.at > moment.now - timedelta(days=SENDER_DAYS))
            order = [ibis.desc("at"), "identifier"]
            rows = engine.rows(fresh.order_by(order).limit(_MOST_SENDERS)).to_pylist()
        owners = self.chair.state.owners([row["identifier"] for row in rows])
        sent: dict[str, tuple[float, Any]] = {}
        for row in rows:
            if row["identifier"] in owners:
                sent.setdefault(owners[row["identifier"]][0], (row["n"], row["at"]))
        return sent

    def _row(self, week: date, leader: str, place: int, row: Row, reason: str, moment: Moment) -> Row:
        asked = calls.questions(reason, row)
        return {
            # A customer has one call a week, whoever makes lists at the same time.
            "call_id": digest("call", week.isoformat(), row["customer_id"])[:20],
            "week": week,
            "leader": leader,
            "place": place,
            "customer_id": row["customer_id"],
            "reason": reason,
            "because": calls.because(reason, row, self.chair.currency, moment.day),
            "questions": msgspec.json.encode(asked).decode(),
            "status": "",
            "done_at": None,
        }

    def _told(self, row: Row) -> Call:
        names = self.chair.state.identifiers_of(row["who_id"])
        return filled(
            Call,
            row,
            customer=person(self.chair, row),
            questions=tuple(msgspec.json.decode(row["questions"], type=list[str])),
            phones=tuple(name.removeprefix("phone:") for name in names if name.startswith("phone:")),
            hard_rules=rules.shown(row["rules"] or 0),
        )


_COLUMNS = ("call_id", "week", "leader", "place", "customer_id", "reason", "because", "questions")


def _found(row: Row, sent: Mapping[str, tuple[float, Any]], moment: Moment) -> Row:
    """A candidate with what the reason found, and its day in the shop's zone."""
    number, at = sent.get(row["customer_id"], (row["found_n"], row["found_at"]))
    return {**row, "found_n": number, "found_on": at.astimezone(moment.zone).date() if at else None}
