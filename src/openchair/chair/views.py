"""What the chair answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openchair.chair.value.views import Quadrants
from openchair.core.estimate import Estimate, Number
from openchair.dossier.attention import Attention
from openchair.dossier.standing import Consent, Rule
from openchair.dossier.traits import Note, Trait


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file: accepted + rejected + duplicates = rows."""

    import_id: str
    file: str
    format: str
    source: str
    started_at: datetime
    seconds: float
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    facts: Mapping[str, int]
    """New facts by kind; a row may hold several."""
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would be read as, before anything is kept."""

    file: str
    format: str
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    """Field of the fact -> column of the file."""
    missing: tuple[str, ...]
    """Fields without which the file cannot be read."""
    fields: tuple[str, ...]
    """Every field that a column could be mapped to."""
    rows: tuple[Mapping[str, Any], ...]
    """The first rows as facts."""
    rejected: tuple["Reject", ...]
    doubts: tuple[str, ...] = ()
    """What even the whole file leaves open, such as which number of a date is the month, and how it is read."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not accepted, with the reason and all it held, so that it can be mended and sent again."""

    file: str
    line: int
    reason: str
    row: str


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One turn of the wheel."""

    turn_id: str
    as_of: datetime
    day: date
    started_at: datetime
    customers: int
    decisions: int
    """Decisions to do something; the rest are decisions to wait."""
    seconds: Mapping[str, float]
    """By step, in order."""
    findings: tuple["Finding", ...]
    models: Mapping[str, Mapping[str, Any]]
    """What each model learned: parameters, log-likelihood, or why it could not be fitted."""
    arrived: Mapping[str, int] = field(default_factory=dict)
    """Facts by kind received since the turn before."""
    lenses: tuple["Lens", ...] = ()
    """The figures to look at as the day starts; the first is the Net Promoter Score."""
    voice: "TimelineEntry | None" = None
    """Whoever sits in the empty chair: a customer's own words, and whose they are."""
    voice_of: str | None = None


@dataclass(frozen=True, slots=True)
class Lens:
    """One figure to look at as the day starts, with its interval; `value` is None while too little is known.

    unit: points (NPS), share (0 to 1), count, or money (minor units).
    """

    title: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence that a turn found: `text` says it, `note` qualifies it."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the list of customers: who, where in life, worth what."""

    customer_id: str
    name: str
    stage: str
    first_on: date | None
    last_on: date | None
    orders: int
    spent_minor: int
    gap_days: float | None
    """Their own usual days between orders."""
    value: Number
    """Spend over the next 12 months, minor units."""
    p_alive: float | None
    expected_orders: float | None


@dataclass(frozen=True, slots=True)
class Relative:
    """Someone this customer belongs with: family, company, friend or trust."""

    customer_id: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened; `tone` is ours, hurt or plain."""

    happened_at: datetime
    kind: str
    title: str
    detail: str
    tone: str
    source: str


@dataclass(frozen=True, slots=True)
class RuledOut:
    """An action that was not possible for this customer, and why."""

    action: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action that could have been chosen, with its chance."""

    action: str
    title: str
    gain_minor: float
    probability: float
    weight: float = 1.0
    """How many times its gain counted: what the focus map gives its pillar."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the system chose for one customer on one day, with its record."""

    decision_id: str
    customer_id: str
    customer: str
    stage: str
    day: date
    moment: str
    action: str
    title: str
    pillar: str
    experience: str
    channel: str
    gain: Estimate
    """Worth gained over 12 months if done, minor units, after its cost."""
    value: Number
    """What the customer is worth as spender over 12 months, minor units."""
    propensity: float
    policy: str
    reasons: tuple[str, ...]
    """Wants, pillar, relationship: the engagement formula in three sentences."""
    would_change: str
    candidates: tuple[Candidate, ...]
    ruled_out: tuple[RuledOut, ...]
    status: str
    outcome_minor: int | None = None
    hard_rules: tuple[str, ...] = ()
    why: str = ""
    """Why it was put off, dismissed or taken back."""
    decided_by: str = ""
    """Who answered it: a person, the guard, or the plan."""
    undo_until: datetime | None = None
    """Until when what was approved can be taken back."""
    arm: str = "learned"
    """The lot that the customer was in that quarter (learning.arms)."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What whoever does it needs to know of the action: purpose, cost, time, texts by language."""
    excluded: Mapping[str, int] = field(default_factory=dict)
    """How many actions were ruled out for each reason; `ruled_out` may name only some of them."""
    catalogue: str = ""
    """The fingerprint of the catalogue that it was chosen from."""
    tried: bool = False
    """Whether less is expected of it than it costs, so that it is tried, to learn; what is owed to them is not."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a customer answered to one question of a survey: a score on the metric's own scale, or words."""

    happened_at: datetime
    survey_id: str
    metric: str
    question: str
    score: float | None
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one customer, on one page. What happened is told apart, by `timeline`."""

    customer: Customer
    stage: str
    value: Number
    spender: Number
    """What they will spend over the next 12 months, minor units; `value` is the same. Of it the settings margin and
    yearly_rate are taken: the share that stays with the shop, in today's money."""
    horizons: Mapping[str, Number]
    """The same over 12 months, over 36 months and for life."""
    rewarded_share: float | None
    """Of what they paid so far, how much on lines with a discount or a coupon, in [0, 1]; no figure follows from it."""
    sender: Number
    """What the friends are worth whom they will bring over the next 12 months, minor units."""
    worth: Number
    """Both together: the one number that decisions use."""
    brought: Number
    """What friends already here will spend, so far as due to this customer; in their own value, never added."""
    quadrants: Quadrants | None
    identifiers: tuple[str, ...]
    headline: str
    """One sentence: stage, since when, rhythm, what is unusual."""
    traits: tuple[Trait, ...]
    hard_rules: tuple[Rule, ...]
    food_safety: str
    """unknown, none or declared: three different states."""
    consents: tuple[Consent, ...]
    attention: Attention
    notes: tuple[Note, ...]
    relatives: tuple[Relative, ...]
    decisions: tuple[Decision, ...]
    simulated: bool
    needs: tuple[str, ...] = ()
    """Needs and aspirations in words, once listening has found them."""
    referral_code: str = ""
    """What friends they send may give as a coupon, or sign up with."""
    referral_link: str = ""
    """The same as an address, where the setting referral_url says which."""
    answers: tuple[Answered, ...] = ()
    """The latest answers to surveys, newest first."""
    timeline: tuple[TimelineEntry, ...] = ()
    """What happened, newest first; only where it was asked for, for it is counted in history."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of two records held against each other: what each says, and the weight of evidence (bits)."""

    name: str
    left: str
    right: str
    weight: float


@dataclass(frozen=True, slots=True)
class Merge:
    """Two customers that are, may be or are not one: a row that can be taken back."""

    merge_id: str
    left_id: str
    right_id: str
    """Customers as exact identifiers found them (base ids); left_id < right_id."""
    kind: str
    """exact (they share an identifier), model (they look alike) or person (somebody said so)."""
    because: str
    probability: float | None
    evidence: tuple[Field, ...]
    status: str
    """merged, asked or apart."""
    found_at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ResolveReport:
    """What a search for people who share no identifier found."""

    people: int
    rules: tuple["BlockingRule", ...]
    pairs: int
    """Pairs compared."""
    merged: int
    asked: int
    left: int
    """Pairs below both thresholds."""
    seconds: float
    note: str = ""
    """Why nothing was searched, where nothing was."""


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """A rule by which pairs are chosen for comparison, and how many it adds to those before it."""

    rule: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Review:
    """A question to the team, and what was answered."""

    review_id: str
    kind: str
    """merge, identifier (shared by too many), decision (a customer asks a person to look at it), case (someone unhappy
    is to be called back) or proposal (an assistant's words, to be taken or left)."""
    subject: str
    """What it is about: a merge id, an identifier, a decision id."""
    customer_id: str | None
    text: str
    opened_at: datetime
    opened_by: str
    verdict: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    why: str = ""
    owner: str = ""
    """Whose it is; empty while it is anybody's."""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the audit log: who did what, to whose dossier, when."""

    number: int
    happened_at: datetime
    who: str
    act: str
    customer_id: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Clearance:
    """What the guard says of one thing on its way to a customer."""

    thing: str
    verdict: str
    """clear, never (a rule or consent forbids it) or later (it does not fit their attention now)."""
    reason: str = ""
    until: date | None = None
    """For `later`: the first day on which it would fit, as far as is known."""


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """How many customers said what for one purpose and channel."""

    purpose: str
    channel: str
    needs_opt_in: bool
    yes: int
    no: int
    unknown: int
