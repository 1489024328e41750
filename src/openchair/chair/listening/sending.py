"""Sending: whom a survey goes to, and the outbox, through which everything leaves that reaches a customer.

A message waits until it is due, and is judged again when it goes: whoever said no in the meantime is sent nothing. It
is marked as sent in one transaction with the contact that it is; a process that is killed in between sends it once
more, under the same message id.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from openchair.chair.actor import CUSTOMER, Actor
from openchair.chair.intake import own
from openchair.chair.lease import DELIVER, SEND, held
from openchair.chair.listening.asking import SECRET, SurveyRefused
from openchair.chair.listening.lettering import letter_of
from openchair.chair.listening.picking import WAY, Picked, pick, thing_of
from openchair.chair.listening.views import Delivery, SendReport
from openchair.chair.people import standing
from openchair.chair.ports import Channel, Letter, NoMore, NotSent, Undeliverable, Unreachable
from openchair.chair.sealing import ID_BYTES, Seals
from openchair.chair.state.outbox import Message
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.ids import digest, identifier
from openchair.decisions import guard
from openchair.dossier import attention, consent

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

CHANNELS = ("e-mail", "webhook")
MOST = 100_000
"""Customers that one run may ask."""
AT_ONCE = 1_000
"""Messages that one round of delivering takes on."""
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # fmt: skip
"""How long is waited after each try that failed; the tenth is the last, after 75 hours (Standard Webhooks)."""
KEPT_DAYS = 14
"""A message that could not go for so long is dropped: what it asks about is long past."""
GONE = "wants nothing more: "
"""Begins the note of a channel that asked for nothing more; the address follows that asked it."""


class Outgoing(NamedTuple):
    """A message made ready: the way it takes, what the guard judges, the letter, and by what the customer is named."""

    way: str
    thing: guard.Thing
    letter: Letter
    identifier: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What goes out to customers, and what holds it back."""

    chair: "Chair"

    # made ready

    def plan(self, survey_id: str, *, channel: str = "e-mail", limit: int, by_strata: str = "stage") -> SendReport:
        """Whom a survey would be sent to, at most `limit` (1 to 100,000), and what keeps others out; sends nothing.

        by_strata: stage, or empty for parts of nothing. Raises BadInput, NotFound; Conflict unless the survey is live.
        """
        return self._pick(survey_id, channel, limit, by_strata).report

    def send(
        self, survey_id: str, *, by: Actor, channel: str = "e-mail", limit: int, by_strata: str = "stage"
    ) -> SendReport:
        """Put invitations of a survey into the outbox, for those whom `plan` would choose, all at once.

        Raises as `plan` does, BadInput for a channel that is not set up, Conflict while another survey is being sent.
        """
        if channel in CHANNELS and channel not in self.chair.channels:
            setting = {"e-mail": "smtp", "webhook": "webhook_url"}[channel]
            raise BadInput("channel", value=channel, bound="is not set up", remedy=f"Set {setting}.")
        with held(self.chair.state, SEND, self.chair.clock):
            picked = self._pick(survey_id, channel, limit, by_strata)
            self.chair.state.add_messages(self._messages(survey_id, channel, picked.customer_ids))
        self.chair.state.log(by.name, "sent survey", None, f"{survey_id}, {picked.report.chosen}", self.chair.clock())
        return picked.report

    def _pick(self, survey_id: str, channel: str, limit: int, by: str) -> Picked:
        if channel not in CHANNELS:
            raise BadInput("channel", value=channel, bound=f"one of {', '.join(CHANNELS)}", remedy="Name one of these.")
        if not 1 <= limit <= MOST:
            raise BadInput("limit", value=limit, bound=f"1 to {MOST:,}", remedy="Send the rest tomorrow.")
        survey = self.chair.surveys.get(survey_id)
        if survey.status != "live":
            bound = f"is {survey.status}: nobody could answer"
            raise Conflict("survey", value=survey_id, bound=bound, remedy="Open it first.")
        return pick(self.chair.state, self.chair.settings, survey, channel, limit, self.chair.moment(), by)

    def _messages(self, survey_id: str, channel: str, customer_ids: tuple[str, ...]) -> list[Message]:
        state, now = self.chair.state, self.chair.clock()
        survey = self.chair.surveys.get(survey_id).definition
        told = state.told(customer_ids, ("email", "language", "locale")).to_pylist()
        said = {(row["customer_id"], row["name"]): row["value"] for row in told}
        theirs: dict[str, list[str]] = {}
        for row in state.addressed(customer_ids).to_pylist() if channel == "e-mail" else ():
            theirs.setdefault(row["customer_id"], []).append(row["identifier"])

        def address(one: str) -> str:
            known, newest = sorted(theirs[one]), identifier("email", said.get((one, "email"), ""))
            return (newest if newest in known else known[0]).removeprefix("email:")

        return [
            Message(
                message_id=secrets.token_hex(ID_BYTES),
                kind="survey",
                subject=survey_id,
                customer_id=one,
                channel=channel,
                address=address(one) if channel == "e-mail" else "",
                language=survey.spoken(*(said.get((one, name), "") for name in ("language", "locale"))),
                made_at=now,
                due_at=now,
                status="waiting",
            )
            for one in customer_ids
        ]

    # sent

    def deliver(self, *, limit: int = AT_ONCE) -> Delivery:
        """Send what is due, at most `limit` messages a channel; the same may be asked of several processes.

        Raises Conflict while another delivers.
        """
        state, became, reached = self.chair.state, Counter[str](), set[str]()
        why = Counter[str]()
        roads = {n: road for n, road in self.chair.channels.items() if state.note(GONE + n) != road.target}
        if not state.due(self.chair.clock(), [*roads], 1):
            return Delivery()
        with held(state, DELIVER, self.chair.clock):
            try:
                for name, road in roads.items():
                    for message in state.due(self.chair.clock(), [name], limit):
                        after, lost = self._one(message, road)
                        status = "later" if after.status == "waiting" else after.status
                        became[status] += 1
                        why[after.why] += status != "sent"
                        if status == "sent":
                            reached.add(after.customer_id)
                        if lost:
                            break
            finally:
                self._restand(sorted(reached))
        return Delivery(became["sent"], became["later"], became["dropped"], became["failed"], dict(+why))

    def replay(self, *, by: Actor) -> int:
        """Let what failed wait again, as if it were new, also for those who wanted nothing more; gives how many."""
        for name in self.chair.channels:
            self.chair.state.set_note(GONE + name, "")
        again = self.chair.state.replay(self.chair.clock())
        self.chair.state.log(by.name, "sends again", None, f"{again} messages", self.chair.clock())
        return again

    def leave(self, token: str, *, sure: bool) -> str:
        """Ask no more by the channel that an invitation came by: a no of the customer's own, where `sure`.

        It works for ever, also of a survey that is closed. Gives the language of the invitation. Raises SurveyRefused
        for a token that is not ours.
        """
        opened = Seals(self.chair.state, SECRET).opened(token)
        message = self.chair.state.message(opened[0]) if opened else None
        customer_id = self.chair.state.find(message.customer_id) if message else None
        if message is None or customer_id is None:
            raise SurveyRefused("unknown" if opened else "forged")
        slot = ("research", message.channel if ("research", message.channel) in consent.SLOTS else "any")
        now = self._row(customer_id)["consents"]
        if sure and not now & consent.no(*slot):
            self.chair.people.agree(customer_id, *slot, "no", by=CUSTOMER, wording="No more questions")
        return message.language

    def _one(self, message: Message, road: Channel) -> tuple[Message, bool]:
        """Send one message, or say why not; what became of it is kept. Gives also whether others need not be tried."""
        customer_id = self.chair.state.find(message.customer_id)
        ready = self._ready(message, customer_id) if customer_id else "they are known no more"
        if isinstance(ready, str) or customer_id is None:
            return self._kept(replace(message, status="dropped", why=str(ready))), False
        moment, row = self.chair.moment(), self._row(customer_id)
        said = guard.cleared(row, ready.way, [ready.thing], moment=moment, settings=self.chair.settings)
        verdict, reason, until = said[0]
        if verdict == "never":
            return self._kept(replace(message, status="dropped", why=reason)), False
        if verdict == "later":
            quiet = attention.quiet_at(moment.now, row["quiet"] or "", self.chair.settings.quiet_hours, moment.zone)
            day = max(until or moment.day, moment.day + timedelta(days=1))
            then = quiet or datetime.combine(day, time(), moment.zone)
            return self._kept(self._put_off(message, then, reason)), False
        try:
            road.send(ready.letter)
        except NotSent as wrong:
            return self._kept(self._failed(message, wrong)), isinstance(wrong, Unreachable | NoMore)
        now = self.chair.clock()
        sent = replace(message, status="sent", why="", tries=message.tries + 1, sent_at=now)
        return self._kept(sent, self._contact(message, ready)), False

    def _ready(self, message: Message, customer_id: str) -> Outgoing | str:
        """A message as it goes out, by its kind; or why it goes no more."""
        found = self.chair.state.invitation(message.message_id)
        if found is None or found.survey.status != "live" or found.identifier is None:
            return "the survey is closed"
        if message.channel == "e-mail" and self.chair.state.find(identifier("email", message.address)) != customer_id:
            return "the address is theirs no more"
        settings, survey = self.chair.settings, found.survey.definition
        where = settings.address + self.chair.surveys.path(message)
        letter = letter_of(survey, message, to=message.address or found.identifier, where=where, shop=settings.name)
        return Outgoing(WAY, thing_of(survey, message.channel), letter, found.identifier)

    def _put_off(self, message: Message, then: datetime, reason: str) -> Message:
        if then > message.made_at + timedelta(days=KEPT_DAYS):
            return replace(message, status="dropped", why=f"{reason}, for {KEPT_DAYS} days")
        return replace(message, due_at=then, why=reason)

    def _failed(self, message: Message, wrong: NotSent) -> Message:
        if isinstance(wrong, NoMore):
            self.chair.state.set_note(GONE + message.channel, self.chair.channels[message.channel].target)
        tried = replace(message, tries=message.tries + 1, why=str(wrong)[:500])
        if isinstance(wrong, Undeliverable | NoMore) or message.tries >= len(WAITS):
            return replace(tried, status="failed")
        return replace(tried, due_at=self.chair.clock() + WAITS[message.tries])

    def _contact(self, message: Message, ready: Outgoing) -> dict[str, Any]:
        return {
            "identifier": ready.identifier,
            "action": ready.thing.id,
            "channel": message.channel,
            "status": "sent",
            "properties": msgspec.json.encode({"message": message.message_id}).decode(),
        }

    def _kept(self, message: Message, contact: dict[str, Any] | None = None) -> Message:
        """Keep what became of a message, with the contact that it is."""
        events = []
        if contact and message.sent_at:
            events = [own.envelope("contacts", digest("sent", message.message_id), message.sent_at, contact)]
        facts = {"contacts": own.table("contacts", *events)} if events else {}
        try:
            self.chair.state.settle_message(message, events, facts)
        except NotFound as erased:  # in the meantime; the message itself is gone with all else about them
            return replace(message, status="dropped", why=str(erased))
        return message

    def _row(self, customer_id: str) -> dict[str, Any]:
        chair = self.chair
        return standing.row_of(chair.state, customer_id, chair.catalogue, chair.settings, chair.moment())

    def _restand(self, customer_ids: list[str]) -> None:
        """Let contacts count; few at a time, for they are in the index and not yet in history."""
        for start in range(0, len(customer_ids), standing.FEW):
            self.chair.restand(customer_ids[start : start + standing.FEW])
