"""Standing: what must never be done to a customer and what they agreed to, folded from all that was said, in order.

Who says a thing decides what it does. The customer, or an owner, replaces what was said on the same topic before, and
may lift a rule; the team and the shop's records only ever add. What was inferred counts until the customer has spoken
on the topic, and never agrees to anything. A record that repeats itself is no news, so an import after a lift does not
bring the rule back. `fold` is the one place where this is decided: for a single dossier, and for everyone in a turn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, reduce
from operator import itemgetter, or_
from typing import Any

from openchair.dossier import attention, consent, rules
from openchair.dossier.rules import UNKNOWN
from openchair.dossier.traits import TRUST, said_of, signed
from openchair.dossier.words import normal

LIFT = "lift"
"""The trait that takes a hard rule back by its term, if the customer or an owner says it."""
RECORDS = frozenset({"shop", "inferred"})
"""Speakers that are records: they say a thing again whenever they are read again."""
_REPLACING = frozenset({"customer", "owner"})
_STAFF, _CUSTOMER = TRUST.index("staff"), TRUST.index("customer")

Origin = str | tuple[str, str]
"""A term of rules.TERMS, a slot of consent.SLOTS, or the name of a trait that asks for attention or quiet."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard rule in force, and where it comes from."""

    term: str
    text: str
    said_by: str
    by: str
    source: str
    since: datetime
    fact_id: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What is agreed for one purpose on one channel; `answer` is yes, no or unknown."""

    purpose: str
    channel: str
    answer: str
    allowed: bool
    """What follows: unknown is no for what needs opting in."""
    needs_opt_in: bool
    said_by: str = ""
    by: str = ""
    source: str = ""
    since: datetime | None = None
    wording: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A binding trait as it counts: its name, its value, and whose word it is (dossier.traits.TRUST)."""

    name: str
    value: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows from all statements; `origins` says which of them, by its place, each thing in force goes back to.

    rules, consents: bits (dossier.rules, dossier.consent). food_safety: rules.UNKNOWN, NONE or DECLARED. quiet and
    timezone are empty where the customer has none of their own.
    """

    rules: int = 0
    food_safety: int = UNKNOWN
    consents: int = 0
    wish: str = "normal"
    quiet: str = ""
    timezone: str = ""
    origins: Mapping[Origin, int] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def binds(name: str) -> bool:
    """Whether a trait of this name matters to the fold.

    >>> [binds(name) for name in ("allergies", "consent.email.marketing", "lift", "quiet_hours", "favourite team")]
    [True, True, True, True, False]
    """
    return rules.binds(name) or consent.binds(name) or normal(name) in attention.ASKING | {LIFT}


def strand(name: str) -> int:
    """A number that two names share if and only if statements under them touch each other.

    Statements of different strands may change places without changing what follows from them.
    """
    key, slot = normal(name), consent.slot_of(name)
    if slot:
        return 1 + consent.SLOTS.index(slot)
    return 1 + len(consent.SLOTS) + sorted(attention.ASKING).index(key) if key in attention.ASKING else 0


def fold(statements: Iterable[Statement]) -> Standing:
    """What is in force after these statements, oldest first.

    >>> said = [Statement("allergies", "Peanuts", "shop"), Statement("lift", "peanuts", "staff")]
    >>> rules.terms_of(fold(said).rules), rules.terms_of(fold([*said, Statement("lift", "peanuts", "customer")]).rules)
    (('peanuts',), ())
    """
    folding = _Folding()
    for place, said in enumerate(statements):
        key = normal(said.name)
        if key == LIFT:
            folding.lift(place, said)
        elif key in attention.ASKING:
            folding.ask(place, said, key)
        elif slot := consent.slot_of(said.name):
            folding.agree(place, said, slot)
        elif topic := rules.topic_of(said.name):
            folding.rule(place, said, topic)
    return folding.standing()


@dataclass(slots=True)
class _Held:
    """A word that holds: whose, said in which statement."""

    trust: int
    place: int
    word: str = ""


@dataclass(slots=True)
class _Folding:
    """What holds so far: rules by topic and term (`word` says whether allergies were declared with it), the latest
    word that somebody has no allergies, consents by slot, what was asked for by trait, and the latest word of others on
    how much attention there is, since it was asked for."""

    terms: dict[str, dict[str, _Held]] = field(default_factory=dict)
    none: _Held | None = None
    words: dict[tuple[str, str], _Held] = field(default_factory=dict)
    asked: dict[str, _Held] = field(default_factory=dict)
    hushed: _Held | None = None
    spoken: set[str] = field(default_factory=set)
    lifted: int = 0

    def rule(self, place: int, said: Statement, topic: str) -> None:
        """A declaration on a topic; of `forbid` each term is a topic of its own."""
        mask, state = rules.rules_of(said.name, said.value)
        trust = TRUST.index(said.said_by)
        if topic == rules.FORBID:
            topic = f"{topic} {said.value.strip()}"
        if trust == 0:
            mask = 0 if topic in self.spoken else mask & ~self.lifted
        if said.said_by in _REPLACING:
            self.terms[topic] = {}
            self.lifted &= ~mask
        if trust == _CUSTOMER:
            self.spoken.add(topic)
        held = self.terms.setdefault(topic, {})
        for term in rules.terms_of(mask):
            before = held.get(term)
            if before is None or trust > before.trust or trust == before.trust >= _STAFF:
                held[term] = _Held(trust, place, "declared" if state == rules.DECLARED else "")
        if topic == "allergies" and trust > 0:
            if state == rules.NONE:
                self.none = _Held(trust, place)
            elif self.none and (state == rules.DECLARED or trust >= self.none.trust):
                self.none = None

    def lift(self, place: int, said: Statement) -> None:
        """A term taken back, in every topic; nobody else's word does that."""
        term = said.value.strip()
        if said.said_by in _REPLACING and term in rules.BIT:
            for held in self.terms.values():
                held.pop(term, None)
            if said.said_by == "customer":
                self.lifted |= rules.BIT[term]

    def agree(self, place: int, said: Statement, slot: tuple[str, str]) -> None:
        """A yes, a no, or a word taken back. A no closes whoever says it; what would open must be entitled to."""
        trust, held, answer = TRUST.index(said.said_by), self.words.get(slot), consent.answer_of(said.value)
        refused = held is not None and held.word == "no" and held.trust == _CUSTOMER and trust < _CUSTOMER
        if answer == "no":
            if not refused:
                self.words[slot] = _Held(trust, place, answer)
        elif answer == "yes":
            if trust > 0 and not refused and (held is None or held.word == "no" or trust >= held.trust):
                self.words[slot] = _Held(trust, place, answer)
        elif held is not None and trust >= held.trust and (held.word == "yes" or not said.value.strip()):
            del self.words[slot]

    def ask(self, place: int, said: Statement, key: str) -> None:
        """How much attention, which hours of quiet, which time zone: the latest word of whom is trusted most.

        To turn attention down, though, the team or a record may pass on what the customer said.
        """
        trust, held = TRUST.index(said.said_by), self.asked.get(key)
        value = attention.read(key, said.value) if said.value.strip() else ""
        if value is None:
            return
        if held is None or trust >= held.trust:
            self.asked[key] = _Held(trust, place, value)
            self.hushed = None if key == "attention" else self.hushed
        elif key == "attention" and trust > 0 and (self.hushed is None or trust >= self.hushed.trust):
            self.hushed = _Held(trust, place, value)

    def standing(self) -> Standing:
        """All of it as one."""
        asked, wish = dict(self.asked), self.asked.get("attention")
        if wish and self.hushed and attention.quieter(self.hushed.word, wish.word):
            asked["attention"] = wish = self.hushed
        origins: dict[Origin, int] = {key: held.place for key, held in asked.items() if held.word}
        trusted: dict[str, _Held] = {}
        for held in self.terms.values():
            for term, one in held.items():
                best = trusted.get(term)
                if best is None or (one.trust, one.place) > (best.trust, best.place):
                    trusted[term] = one
        origins |= {term: one.place for term, one in trusted.items()}
        answers = {slot: (held.word, held.place) for slot, held in self.words.items()}
        if wish and wish.word:
            answers |= {(purpose, "any"): ("no", wish.place) for purpose in attention.WISHES[wish.word].refuses}
        origins |= {slot: place for slot, (_, place) in answers.items()}
        declared = any(
            one.word and rules.BIT[term] & rules.ALLERGIES for held in self.terms.values() for term, one in held.items()
        )
        return Standing(
            rules=reduce(or_, (rules.BIT[term] for term in trusted), 0),
            food_safety=rules.DECLARED if declared else rules.NONE if self.none else UNKNOWN,
            consents=sum(consent.yes(*s) if word == "yes" else consent.no(*s) for s, (word, _) in answers.items()),
            wish=(wish and wish.word) or "normal",
            quiet=self._word("quiet hours"),
            timezone=self._word("timezone"),
            origins=origins,
        )

    def _word(self, key: str) -> str:
        return self.asked[key].word if key in self.asked else ""


# --- one customer's facts -------------------------------------------------------------------------------------------

Row = Mapping[str, Any]


def standing_of(rows: Iterable[Row]) -> Standing:
    """What is in force for one customer. rows: their facts of kind traits, in any order."""
    return fold(_statements(_binding(rows)))


def rules_in_force(rows: Iterable[Row]) -> tuple[Rule, ...]:
    """The hard rules that these facts of kind traits set, in the order of TERMS, each with where it comes from."""
    said = _binding(rows)
    stands, found = fold(_statements(said)), []
    for term, text in zip(rules.terms_of(stands.rules), rules.shown(stands.rules), strict=True):
        one = said_of(said[stands.origins[term]])
        found.append(Rule(term, text, one.said_by, one.by, one.source, one.since, one.fact_id))
    return tuple(found)


def consents_in_force(rows: Iterable[Row]) -> tuple[Consent, ...]:
    """Every slot of consent.SLOTS as these facts of kind traits leave it, with the words that were agreed to."""
    said = _binding(rows)
    stands = fold(_statements(said))
    return tuple(_consent(slot, stands, said) for slot in consent.SLOTS)


def _consent(slot: tuple[str, str], stands: Standing, said: Sequence[Row]) -> Consent:
    open_, optional = consent.allows(stands.consents, *slot), slot in consent.NEEDS_OPT_IN
    if slot not in stands.origins:
        return Consent(*slot, "unknown", open_, optional)
    row = said[stands.origins[slot]]
    one, words = said_of(row), signed(row)
    answer = "no" if stands.consents & consent.no(*slot) else "yes"
    agreed = (words.get("wording", ""), words.get("language", ""))
    return Consent(*slot, answer, open_, optional, one.said_by, one.by, one.source, one.since, *agreed)


def _binding(rows: Iterable[Row]) -> list[Row]:
    """The facts that bind, oldest first, without records that repeat themselves; a turn does the same in the engine."""
    return list(_news(sorted((r for r in rows if binds(r["name"])), key=itemgetter("happened_at", "fact_id"))))


def _news(rows: Iterable[Row]) -> Iterator[Row]:
    last: dict[tuple[Any, ...], str] = {}
    for row in rows:
        record = tuple(row[name] for name in RECORD)
        if row["said_by"] not in RECORDS or last.get(record) != row["value"]:
            yield row
        last[record] = row["value"]


RECORD = ("identifier", "source", "said_by", "name")
"""What names one field of one record: what it says twice on end was said once."""


def _statements(rows: Iterable[Row]) -> Iterator[Statement]:
    return (Statement(row["name"], row["value"], row["said_by"]) for row in rows)
