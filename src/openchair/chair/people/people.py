"""People: reading one dossier, and saying something of a customer, which binds as soon as it is said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from openchair.chair import tell, views
from openchair.chair.actor import Actor
from openchair.chair.intake import own
from openchair.chair.people import standing, timeline
from openchair.core.clock import Moment, zone
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.ids import digest
from openchair.decisions import guard
from openchair.dossier import consent, rules
from openchair.dossier.attention import WISHES, quiet_hours
from openchair.dossier.standing import LIFT, standing_of
from openchair.dossier.traits import NOTE

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class People:
    """One customer at a time. Every reading and every change is a line of the audit log."""

    chair: "Chair"

    def dossier(self, who: str, *, by: Actor, timeline: bool = False) -> views.Dossier:
        """All that is known of one customer; what happened only where asked for. Raises NotFound."""
        customer_id = self.chair.find(who)
        by.did(self.chair, "read dossier", customer_id)
        happened = self._happened(customer_id) if timeline else ()
        return tell.dossier(self.chair, customer_id, happened, self.chair.moment())

    def timeline(self, who: str, *, by: Actor) -> tuple[views.TimelineEntry, ...]:
        """What happened to one customer, newest first. Raises NotFound."""
        customer_id = self.chair.find(who)
        by.did(self.chair, "read timeline", customer_id)
        return self._happened(customer_id)

    def _happened(self, customer_id: str) -> tuple[views.TimelineEntry, ...]:
        until = self.chair.now_or_last()
        with self.chair.reading() as engine:
            return timeline.timeline(engine, self.chair.state.identifiers_of(customer_id), until)

    def say(
        self, who: str, name: str, value: str, *, by: Actor, why: str = "", wording: str = "", language: str = ""
    ) -> None:
        """Set a trait of a customer; an empty value takes back what the actor's side said of it.

        It is kept as a fact and binds at once, if it binds. Raises NotFound; BadInput for an ill-formed trait;
        NotAllowed where it would lift a hard rule that the actor may not lift.
        """
        customer_id = self.chair.find(who)
        name, value = name.strip(), value.strip()
        if name == LIFT:
            _may_lift(by, value, why)
        elif by.role in ("staff", "program") and self._would_lift(customer_id, name, value):
            raise NotAllowed(
                name,
                value=value,
                bound="would lift a hard rule, which only the customer or an owner may",
                remedy="Ask the customer to say so at their seat, or an owner to lift it with a reason.",
            )
        signed = {"by": by.name, "why": why, "wording": wording, "language": language}
        properties = msgspec.json.encode({key: said for key, said in signed.items() if said}).decode()
        row = {"name": name, "value": value, "said_by": by.said_by, "confidence": 1.0, "properties": properties}
        self._keep(customer_id, row)
        by.did(self.chair, f"said {name}", customer_id, why)

    def note(self, who: str, text: str, *, by: Actor) -> None:
        """Write a note down, signed. Raises NotFound, BadInput for an empty one."""
        if not text.strip():
            raise BadInput("note", value=text, bound="must say something", remedy="Write a sentence.")
        self.say(who, NOTE, text, by=by)

    def forbid(self, who: str, term: str, *, by: Actor) -> None:
        """Add a hard rule by its term. Raises NotFound, BadInput for a word that is no term."""
        self.say(who, rules.FORBID, _term(term), by=by)

    def lift(self, who: str, term: str, *, by: Actor, why: str = "") -> None:
        """Lift a hard rule: the customer, or an owner with a reason. Raises NotFound, BadInput, NotAllowed."""
        self.say(who, LIFT, _term(term), by=by, why=why)

    def agree(
        self, who: str, purpose: str, channel: str, answer: str, *, by: Actor, wording: str = "", language: str = ""
    ) -> None:
        """Record a yes or no for one purpose and channel, with the words it was given to. Raises NotFound, BadInput."""
        if (purpose, channel) not in consent.SLOTS:
            allowed = ", ".join(f"{p} by {c}" for p, c in consent.SLOTS)
            raise BadInput("consent", value=f"{purpose} by {channel}", bound=f"one of {allowed}", remedy="Name one.")
        if answer not in ("yes", "no"):
            raise BadInput("consent", value=answer, bound="yes or no", remedy="Say yes or no; unknown is no answer.")
        name = ".".join(("consent", *(part.replace(" ", "_") for part in (channel, purpose) if part != "any")))
        self.say(who, name, answer, by=by, wording=wording, language=language)

    def attend(self, who: str, *, by: Actor, wish: str = "", quiet: str = "", timezone: str = "") -> None:
        """Set how much attention they give us, hours of quiet, their time zone; what is empty stays as it is.

        Raises NotFound, BadInput. Of a customer's own wish others can only make less.
        """
        self.chair.find(who)
        if wish and wish not in WISHES:
            raise BadInput("attention", value=wish, bound=f"one of {', '.join(WISHES)}", remedy="Choose one of these.")
        if quiet:
            quiet_hours(quiet)
        if timezone:
            zone(timezone)
        for name, value in (("attention", wish), ("quiet_hours", quiet), ("timezone", timezone)):
            if value:
                self.say(who, name, value, by=by)

    def clear(self, who: str, way: str, things: Sequence[guard.Thing], *, by: Actor) -> tuple[views.Clearance, ...]:
        """What the guard says of things on their way to a customer. Raises NotFound, BadInput for an unknown way.

        Whatever offers, sends or books something for a customer asks here first, and again when it is sent.
        """
        customer_id = self.chair.find(who)
        moment = self.chair.moment()
        row = self._standing(customer_id, moment)
        said = guard.cleared(row, way, things, moment=moment, settings=self.chair.settings)
        return tuple(
            views.Clearance(thing.id, verdict, reason, until)
            for thing, (verdict, reason, until) in zip(things, said, strict=True)
        )

    def call_list(self, *, by: Actor, limit: int = 1000) -> Iterator[views.Customer]:
        """Customers one may call, worth most first: those whom no rule, consent or wish keeps from being called."""
        by.did(self.chair, "exported call list")
        after, given = None, 0
        moment, settings = self.chair.moment(), self.chair.settings
        while given < limit:
            rows, more = self.chair.state.customers(search="", order="worth", limit=500, after=after)
            for row in guard.may_call(rows, moment=moment, settings=settings):
                if given < limit:
                    given += 1
                    yield tell.customer(row)
            if not more:
                return
            after = rows[-1]["customer_id"]

    def consents(self, limit: int = 50) -> tuple[tuple[views.ConsentCount, ...], list[dict[str, Any]]]:
        """How many said yes, no or nothing, by purpose and channel; and the newest words of consent."""
        sets = self.chair.state.consent_counts()
        total = sum(sets.values())
        counts = []
        for slot in consent.SLOTS:
            no = sum(n for bits, n in sets.items() if bits & consent.no(*slot))
            yes = sum(n for bits, n in sets.items() if bits & consent.yes(*slot) and not bits & consent.no(*slot))
            counts.append(views.ConsentCount(*slot, slot in consent.NEEDS_OPT_IN, yes, no, total - yes - no))
        return tuple(counts), self.chair.state.recent_traits("consent.", limit)

    def veto(self, who: str, decision_id: str, *, by: Actor, why: str = "") -> views.Decision:
        """Refuse a decision: it is not done, and its outcome is a no. Raises NotFound, Conflict when it was done."""
        before = self._theirs(who, decision_id)
        if before.status in ("sent", "delivered", "opened", "clicked", "answered"):
            raise Conflict(
                "decision", value=before.status, bound="was done already", remedy="Ask for a person instead."
            )
        return self.chair.mark(decision_id, "vetoed", by.name, why=why)

    def ask_review(self, who: str, decision_id: str, *, by: Actor, text: str = "") -> None:
        """Ask a person of the team to look at a decision. Raises NotFound."""
        decision = self._theirs(who, decision_id)
        now = self.chair.clock()
        review_id = digest("review", "decision", decision_id)[:20]
        asked = views.Review(review_id, "decision", decision_id, decision.customer_id, text[:2000], now, by.name)
        self.chair.state.open_reviews([asked])
        by.did(self.chair, "asked for a person", decision.customer_id)

    def _theirs(self, who: str, decision_id: str) -> views.Decision:
        decision = self.chair.decision(decision_id)
        if decision.customer_id != self.chair.find(who):
            raise NotFound("decision", value=decision_id, bound="is not about them", remedy="List theirs to find it.")
        return decision

    def _keep(self, customer_id: str, row: Mapping[str, Any]) -> None:
        """Put a trait into inbox and index, and let it bind."""
        now = self.chair.clock()
        whole = {"identifier": own.named(self.chair.state.identifiers_of(customer_id)), **row}
        key = digest("said", customer_id, str(row["name"]), str(row["value"]), str(row["said_by"]), now.isoformat())
        event = own.envelope("traits", key, now, whole)
        self.chair.state.record([event], {"traits": own.table("traits", event)})
        self.chair.restand([customer_id])

    def _would_lift(self, customer_id: str, name: str, value: str) -> bool:
        """Whether words mean that nothing is to be minded, where on the same topic something is in force."""
        topic = rules.topic_of(name)
        if not topic or rules.rules_of(name, value)[0]:
            return False
        said = self.chair.state.said("traits", customer_id)
        in_force = standing_of(said).rules
        return any(
            in_force & rules.rules_of(r["name"], r["value"])[0] for r in said if rules.topic_of(r["name"]) == topic
        )

    def _standing(self, customer_id: str, moment: Moment) -> dict[str, Any]:
        return standing.row_of(self.chair.state, customer_id, self.chair.catalogue, self.chair.settings, moment)


def _term(term: str) -> str:
    if term not in rules.TERMS:
        raise BadInput("hard rule", value=term, bound=f"one of {', '.join(rules.TERMS)}", remedy="Name one of these.")
    return term


def _may_lift(by: Actor, term: str, why: str) -> None:
    _term(term)
    if by.role == "customer" or (by.role == "owner" and why.strip()):
        return
    bound = "needs a reason" if by.role == "owner" else "only the customer or an owner may lift it"
    raise NotAllowed("hard rule", value=term, bound=bound, remedy="Ask the customer, or give the reason as an owner.")
