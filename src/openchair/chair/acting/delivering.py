"""Delivering: the outbox, through which everything leaves that reaches a customer, and what comes back of it.

A message waits until it is due, and is judged again when it goes: whoever said no in the meantime is sent nothing. It
is marked as sent in one transaction with the contact that it is; a process that is killed in between sends it once
more, under the same message id. What nobody here carries waits for another system, or for the team.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from openchair.chair.acting.carrying import DECISION, Outgoing, Undone
from openchair.chair.acting.settling import KINDS, MOST_WHY, contact, ended, found, kept
from openchair.chair.acting.views import Dead, Delivery, ToDo
from openchair.chair.actor import CUSTOMER, Actor
from openchair.chair.lease import DELIVER, held
from openchair.chair.listening.asking.surveys import SECRET, SurveyRefused
from openchair.chair.people import standing
from openchair.chair.ports import Channel, Letter, NoMore, NotSent, Rounds, Undeliverable, Unreachable
from openchair.chair.sealing import Seals
from openchair.chair.state.records import Message
from openchair.core.errors import BadInput, Conflict
from openchair.decisions import guard
from openchair.dossier import attention, consent

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

AT_ONCE = 1_000
"""Messages that one round of delivering takes on."""
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # fmt: skip
"""How long is waited after each try that failed; the tenth is the last, after 75 hours (Standard Webhooks)."""
KEPT_DAYS = 14
"""A message that could not go for so long is dropped: what it is about is long past."""
ADDRESS_DAYS = 30
"""So long after it was settled a message keeps the address that it went to."""
LEAST_SECONDS, MOST_SECONDS = 10, 43_200
"""How long whoever pulls a message may take before it is given out again."""
GONE = "wants nothing more: "
"""Begins the note of a channel that asked for nothing more; the address follows that asked it."""
REPORTED: Mapping[str, str] = {
    one: one for one in ("sent", "delivered", "opened", "clicked", "answered", "failed")
} | {"bounced": "failed"}  # fmt: skip
"""What whoever delivers may say became of a message, and the status of the contact that it is."""


@dataclass(frozen=True, slots=True)
class Delivering:
    """What goes out to customers, and what becomes of it."""

    chair: "Chair"

    # sent

    def deliver(self, *, limit: int = AT_ONCE) -> Delivery:
        """Send what is due, at most `limit` messages a channel; the same may be asked of several processes.

        Raises Conflict while another delivers.
        """
        state, became, reached = self.chair.state, Counter[str](), set[str]()
        why = Counter[str]()
        roads = {n: road for n, road in self.chair.channels.items() if state.note(GONE + n) != road.target}
        cut_short = any(isinstance(road, Rounds) and road.unfinished for road in roads.values())
        if not cut_short and not state.due(self.chair.clock(), [*roads], 1):
            return Delivery()
        with held(state, DELIVER, self.chair.clock):
            try:
                for name, road in roads.items():
                    try:
                        for after in self._round(road, state.due(self.chair.clock(), [name], limit)):
                            status = "later" if after.status == "waiting" else after.status
                            became[status] += 1
                            why[after.why] += status != "sent"
                            if status == "sent":
                                reached.add(after.customer_id)
                    except NotSent as wrong:  # the round could not be finished; the next finishes it
                        why[str(wrong)[:MOST_WHY]] += 1
            finally:
                self._restand(sorted(reached))
        return Delivery(became["sent"], became["later"], became["dropped"], became["failed"], dict(+why))

    def pull(self, channel: str, *, limit: int, seconds: int) -> tuple[Letter, ...]:
        """Messages on a channel for whoever asks to deliver, who says by `report` what became of each.

        Until then, or until `seconds` (10 to 43,200) have passed, nobody else is given them; then they are given out
        again under the same id. Raises BadInput; Conflict for a channel that has a road of its own.
        """
        if channel not in attention.WEIGHTS:
            bound = f"one of {', '.join(attention.WEIGHTS)}"
            raise BadInput("channel", value=channel, bound=bound, remedy="Name one of these.")
        if not 1 <= limit <= AT_ONCE or not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            bound = f"limit 1 to {AT_ONCE:,}, seconds {LEAST_SECONDS} to {MOST_SECONDS:,}"
            raise BadInput("limit or seconds", value=(limit, seconds), bound=bound, remedy="Ask for that many.")
        if channel in self.chair.channels:
            remedy = f"Set roads to {channel}=none, so that it waits to be pulled."
            raise Conflict("channel", value=channel, bound="is delivered by this server itself", remedy=remedy)
        given = []
        for message in self.chair.state.due(self.chair.clock(), [channel], limit):
            ready = self._cleared(message)
            until = self.chair.clock() + timedelta(seconds=seconds)
            pulled = replace(message, status="pulled", due_at=until, tries=message.tries + 1)
            if isinstance(ready, Outgoing) and self.chair.state.hand_over(message, pulled):
                given.append(ready.letter)
        return tuple(given)

    # what became of it

    def report(self, message_id: str, status: str, *, by: Actor, at: datetime | None = None, why: str = "") -> str:
        """Keep what became of a message that somebody else delivers, once each status; gives the message's status.

        status: one of REPORTED, in any order. at: when it was so; a time before it was sent, or one to come, is kept
        beside the nearest that can be true. Raises BadInput, NotFound; Conflict for one that nobody was given.
        """
        if status not in REPORTED:
            bound = f"one of {', '.join(REPORTED)}"
            raise BadInput("status", value=status, bound=bound, remedy="Name one of these.")
        message, now = found(self.chair, message_id), self.chair.clock()
        touched = message.tries or message.sent_at or message.status == "given"
        if not touched and (message.status == "dropped" or message.channel in self.chair.channels):
            bound = f"is {message.status}: nobody was given it"
            raise Conflict("message", value=message_id, bound=bound, remedy="Report what was handed over.")
        said, why = at or now, why.replace("\0", " ")[:MOST_WHY]
        when = min(max(said, (message.sent_at or message.made_at) + timedelta(microseconds=1)), now)
        failed, left = REPORTED[status] == "failed", bool(message.sent_at) or message.status == "given"
        told = {"by": by.name, "why": why, "said": said.isoformat() if said != when else ""}
        told |= {"bounced": "yes"} if status == "bounced" else {}
        after = replace(message, status="sent", why="", sent_at=message.sent_at if left or failed else when)
        rows = [] if left or failed else [contact(self.chair, message, "sent", when)]
        if status != "sent":
            rows.append(contact(self.chair, message, REPORTED[status], when, told))
        if failed and not self._arrived(message):
            after = replace(after, status="failed", why=why or status)
        kept(self.chair, after, rows, REPORTED[status], anyhow=True)
        self._restand([message.customer_id])
        return after.status

    def replay(self, message_id: str = "", *, by: Actor) -> int:
        """Let what failed, or one of it, wait again as if it were new, also for those who wanted nothing more.

        Gives how many.
        """
        for name in self.chair.channels:
            self.chair.state.set_note(GONE + name, "")
        again = self.chair.state.replay(self.chair.clock(), message_id)
        self.chair.state.log(by.name, "sends again", None, f"{again} messages", self.chair.clock())
        return again

    def failed(self, *, limit: int = AT_ONCE) -> tuple[Dead, ...]:
        """What was given up, the latest first, with why."""
        titles = {action.id: action.title for action in self.chair.catalogue}

        def told(one: Message) -> Dead:
            action = KINDS[one.kind].about(self.chair, one)["action"]
            who = self.chair.state.customer(self.chair.state.find(one.customer_id) or "") or {}
            return Dead.of(one, who.get("name") or one.customer_id, titles.get(action, action))

        return tuple(map(told, self.chair.state.messages(("failed",), limit)))

    def by_hand(self, *, limit: int = AT_ONCE) -> tuple[ToDo, ...]:
        """Decisions that are due and that no road carries: for the team to do, the longest due first."""
        found = self.chair.state.due(self.chair.clock(), self._roadless, limit)
        return tuple(
            ToDo(one.message_id, one.channel, one.due_at, self.chair.decision(one.subject))
            for one in found
            if one.kind == DECISION and one.status == "waiting"
        )

    def withdraw(self, message_id: str, *, by: Actor, why: str = "") -> None:
        """Take back a message that waits. Raises NotFound; Conflict for one that left, or is with whoever delivers."""
        message = found(self.chair, message_id)
        if message.status != "waiting":
            bound = f"is {message.status}"
            raise Conflict("message", value=message_id, bound=bound, remedy="It can be taken back while it waits.")
        if message.kind == DECISION:
            self.chair.mark(message.subject, "dismissed", by.name, why=why)
        elif not self.chair.state.settle_message(
            replace(message, status="dropped", why=why or f"by {by.name}"), [], {}
        ):
            raise Conflict("message", value=message_id, bound="has just left", remedy="Nothing was taken back.")

    def leave(self, token: str, *, sure: bool) -> tuple[str, str]:
        """Ask for no more of what a letter was about, by its channel: a no of the customer's own, where `sure`.

        It works for ever, also of a survey that is closed. Gives the message's kind and language. Raises SurveyRefused
        for a token that is not ours.
        """
        opened = Seals(self.chair.state, SECRET).opened(token)
        message = self.chair.state.message(opened[0]) if opened else None
        customer_id = self.chair.state.find(message.customer_id) if message else None
        if message is None or customer_id is None:
            raise SurveyRefused("unknown" if opened else "forged")
        about = KINDS[message.kind].purpose(self.chair, message)
        slot = (about, message.channel if (about, message.channel) in consent.SLOTS else "any")
        now = self._row(customer_id)["consents"]
        if sure and not now & consent.no(*slot):
            self.chair.people.agree(customer_id, *slot, "no", by=CUSTOMER, wording="No more like this")
        return message.kind, message.language

    def forget(self) -> None:
        """Let go of what nobody came to do in KEPT_DAYS, and of the addresses that messages went to long ago."""
        long_ago = self.chair.clock() - timedelta(days=KEPT_DAYS)
        for message in self.chair.state.due(long_ago, self._roadless, AT_ONCE):
            self._cleared(message)
        self.chair.state.forget_addresses(self.chair.clock() - timedelta(days=ADDRESS_DAYS))

    @property
    def _roadless(self) -> list[str]:
        """Channels that nothing here carries anything on."""
        return [one for one in attention.WEIGHTS if one not in self.chair.channels]

    # one message

    def _round(self, road: Channel, messages: Sequence[Message]) -> Iterator[Message]:
        """What became of messages on one road, one by one; those that need not be tried are left out."""
        if not messages and not (isinstance(road, Rounds) and road.unfinished):
            return
        opened: AbstractContextManager[Callable[[Letter], None]]
        opened = road.round(self._is_sent) if isinstance(road, Rounds) else nullcontext(road.send)
        with opened as send:
            for message in messages:
                ready = self._cleared(message)
                if isinstance(ready, Message):
                    yield ready
                    continue
                try:
                    send(ready.letter)
                except NotSent as wrong:
                    yield self._given_up(message, wrong)
                    if isinstance(wrong, Unreachable | NoMore):
                        return
                    continue
                now = self.chair.clock()
                sent = replace(message, status="sent", why="", tries=message.tries + 1, sent_at=now)
                # It is gone, also where somebody took it back at this very moment.
                yield kept(self.chair, sent, [contact(self.chair, message, "sent", now)], "sent", anyhow=True)

    def _cleared(self, message: Message) -> Outgoing | Message:
        """A message made ready, where nothing keeps it back; else what became of it instead."""
        customer_id = self.chair.state.find(message.customer_id)
        undone = Undone("they are known no more")
        ready = KINDS[message.kind].ready(self.chair, message, customer_id) if customer_id else undone
        if isinstance(ready, Undone) or customer_id is None:
            return ended(
                self.chair, message, "dropped", "dismissed", ready.why if isinstance(ready, Undone) else undone.why
            )
        moment, row = self.chair.moment(), self._row(customer_id, without=ready.decision_id)
        said = guard.cleared(row, ready.way, [ready.thing], moment=moment, settings=self.chair.settings)
        verdict, reason, until = said[0]
        if verdict == "never":
            return ended(self.chair, message, "dropped", "dismissed", reason)
        if verdict == "later":
            quiet = attention.quiet_at(moment.now, row["quiet"] or "", self.chair.settings.quiet_hours, moment.zone)
            day = max(until or moment.day, moment.day + timedelta(days=1))
            then = quiet or datetime.combine(day, time(), moment.zone)
            if then > message.made_at + timedelta(days=KEPT_DAYS):
                return ended(self.chair, message, "dropped", "dismissed", f"{reason}, for {KEPT_DAYS} days")
            return kept(self.chair, replace(message, status="waiting", due_at=then, why=reason))
        return ready

    def _given_up(self, message: Message, wrong: NotSent) -> Message:
        """What becomes of a message that did not get through: tried again later, or not."""
        if isinstance(wrong, NoMore):
            self.chair.state.set_note(GONE + message.channel, self.chair.channels[message.channel].target)
        tried = replace(message, status="waiting", tries=message.tries + 1, why=str(wrong)[:MOST_WHY])
        if not isinstance(wrong, Undeliverable | NoMore) and message.tries < len(WAITS):
            return kept(self.chair, replace(tried, due_at=self.chair.clock() + WAITS[message.tries]))
        return ended(self.chair, tried, "failed", "failed", tried.why)

    def _is_sent(self, message_id: str) -> bool:
        found = self.chair.state.message(message_id)
        return found is not None and found.status == "sent"

    def _arrived(self, message: Message) -> bool:
        """Whether somebody said already that it arrived."""
        mark, customer_id = f'"{message.message_id}"', self.chair.state.find(message.customer_id)
        said = self.chair.state.said("contacts", customer_id) if customer_id else []
        return any(one["status"] in attention.REACHED and mark in (one["properties"] or "") for one in said)

    def _row(self, customer_id: str, without: str | None = None) -> dict[str, Any]:
        chair = self.chair
        about = (customer_id, chair.catalogue, chair.settings, chair.moment())
        return standing.row_of(chair.state, *about, without=without)

    def _restand(self, customer_ids: Sequence[str]) -> None:
        """Let contacts count; few at a time, for they are in the index and not yet in history."""
        found = sorted({one for one in map(self.chair.state.find, customer_ids) if one})
        for start in range(0, len(found), standing.FEW):
            self.chair.restand(found[start : start + standing.FEW])
