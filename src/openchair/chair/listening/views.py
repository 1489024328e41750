"""What listening answers: frozen records that pages, the API, the CLI and notebooks all show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from openchair.chair.views import Customer, TimelineEntry
from openchair.core.estimate import Estimate, Number
from openchair.listening.asking.survey import Survey


@dataclass(frozen=True, slots=True)
class Point:
    """A day or week of a trend; without a value while it has too few answers."""

    begins: date
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Change:
    """Whether something changed on a day: a test that may be looked at every day."""

    since: date
    before: Number
    after: Number
    difference: Number
    changed: bool
    """Whether the interval of the difference, which holds at all times together, leaves out zero."""


@dataclass(frozen=True, slots=True)
class Part:
    """A score of some customers: those of a stage, a segment, a trait, a product, a step."""

    name: str
    value: Number
    n: int
    customers: int
    """How many customers the part has, whether they answered or not; 0 where that is not counted."""


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """A score with its interval, and what it rests on. NPS in points (-100 to 100), CSAT in percent, CES 1 to 7."""

    metric: str
    as_of: datetime
    days: int
    """The days up to `as_of` whose answers count, each customer's newest."""
    value: float | None
    low: float | None
    high: float | None
    n: int
    effective_n: float | None
    """Of so many equally weighted answers the weighted ones are worth; None while there is no value."""
    promoters: int
    passives: int
    detractors: int
    """Of CSAT and CES: satisfied, neither, dissatisfied."""
    unknown: str = ""
    """Why there is no value."""
    needed: int | None = None
    unweighted: Number | None = None
    """The score without weights, where there are some."""
    weighted_on: tuple[str, ...] = ()
    response: Number | None = None
    """The share of those asked who answered, where we asked."""
    trend: tuple[Point, ...] = ()
    """By week, oldest first; each week of its own answers."""
    daily: tuple[Point, ...] = ()
    """By day, oldest first; each day of the answers of the days before it."""
    change: Change | None = None
    by: str = ""
    parts: tuple[Part, ...] = ()
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that somebody said, with what stood around it, as evidence."""

    fact_id: str
    place: int
    kind: str
    """voices or answers."""
    customer_id: str | None
    customer: str
    happened_at: datetime
    channel: str
    language: str
    before: str
    text: str
    after: str
    reading: str
    """want, need, aspiration, pain, praise or other."""
    surety: float
    read_by: str
    """model, or the person who corrected it."""
    sentiment: float
    theme_id: str | None


@dataclass(frozen=True, slots=True)
class Theme:
    """What several customers speak of, in whatever language."""

    theme_id: str
    name: str
    names: Mapping[str, str]
    """By language, in that language's own telling words."""
    telling: Mapping[str, tuple[str, ...]]
    born_on: date
    named_by: str
    """The person who named it, or empty."""
    sentences: int
    messages: int
    customers: int
    share: Number
    """Of the customers who said anything in these days, those who spoke of it."""
    sentiment: float
    """Mean of its sentences, -1 to 1."""
    readings: Mapping[str, int]
    """Sentences by what they are: want, need, aspiration, pain, praise, other."""
    languages: Mapping[str, int]
    at_stake: Number
    """What customers who spoke ill of it are expected to spend in 12 months, minor units."""
    trend: tuple[Point, ...]
    """Share of speaking customers by week, oldest first."""
    change: Change | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A need, want or aspiration that customers have, and why it matters to them where they said so."""

    reading: str
    theme_id: str
    name: str
    customers: int
    share: Number
    worth: Number
    """What those customers are expected to spend in 12 months, minor units."""
    quotes: tuple[Quote, ...]
    leads_to: tuple[str, ...] = ()
    """Names of the aspirations that the same customers speak of more than others do: the ladder's next rung."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in some days: themes, those that say most first; needs and aspirations; what fits no theme."""

    as_of: datetime
    days: int
    messages: int
    sentences: int
    customers: int
    languages: Mapping[str, int]
    themes: tuple[Theme, ...]
    wishes: tuple[Wish, ...]
    unplaced: int
    """Sentences of no theme."""
    embedder: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Someone unhappy who is owed an answer."""

    case_id: str
    customer: Customer
    score: float | None
    """None once the answer itself was let go of (retention)."""
    metric: str
    words: str
    answered_at: datetime
    opened_at: datetime
    due_at: datetime
    owner: str
    overdue: bool
    remedy: str
    """The title of the action that the catalogue suggests, and why."""
    because: str
    verdict: str = ""
    """Empty while it is open; else fixed, explained, not reached or no answer wanted."""
    done: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    later_score: float | None = None
    """What they answered next, after it was closed."""
    since: tuple[TimelineEntry, ...] = ()
    """What they answered besides until it was closed: part of the same case. Only of one case that is looked at."""


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """How the loop closes."""

    open: int
    overdue: int
    closed: int
    hours_to_close: Number
    """Median, with those still open counted as taking at least so long."""
    in_time: Number
    """The share closed before they were due, of those closed or due by now."""
    later: Number
    """Mean change of NPS answers (0 to 10) between the one that opened a case and the next after it was closed."""


@dataclass(frozen=True, slots=True)
class Call:
    """A customer to ring, why this one, and what to ask."""

    call_id: str
    week: date
    leader: str
    place: int
    customer: Customer
    reason: str
    """champion at risk, silent, new sender, unhappy, unusual need or chance; noted for a call that was on no list."""
    because: str
    questions: tuple[str, ...]
    status: str
    """Empty while it waits; reached, not reached or skipped."""
    done_at: datetime | None = None
    phones: tuple[str, ...] = ()
    hard_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallCount:
    """What became of a leader's list in a week."""

    week: date
    leader: str
    listed: int
    reached: int
    tried: int


@dataclass(frozen=True, slots=True)
class SurveyState:
    """A survey and what became of it."""

    survey_id: str
    version: int
    status: str
    """draft, live or closed."""
    definition: Survey
    changed_at: datetime
    changed_by: str
    sent: int = 0
    """Invitations that went out, links handed over among them."""
    answered: int = 0
    waiting: int = 0
    response: Number | None = None
    """The share of `sent` that were answered, with its interval; Unknown while nothing was sent."""
    by_language: Mapping[str, int] = field(default_factory=dict)
    """Invitations answered, by the language they were written in."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who may answer a survey: a customer by an invitation, or anybody by its public link."""

    invitation_id: str
    """Of the outbox's message; of an anonymous answer one made of chance."""
    survey: SurveyState
    language: str = ""
    identifier: str | None = None
    """None: nobody knows who answers."""
    channel: str | None = None
    said: Mapping[str, tuple[float | None, str | None, str]] = field(default_factory=dict)
    """By the key of a question, the newest answer that came by this invitation: score, words, id of its fact."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """Whom a survey was, or would be, sent to, and why not to the others."""

    survey_id: str
    eligible: int
    chosen: int
    kept_out: Mapping[str, int]
    """Customers by the reason that keeps them out: the guard's, the cool-down, no address."""
    before: Number
    """The score as it is."""
    expected: Estimate | None
    """The interval expected once those chosen have answered as often as others did."""
    by_part: Mapping[str, int] = field(default_factory=dict)
    """Chosen customers by the stratum they stand for."""
