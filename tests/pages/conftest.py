"""A made-up chair, a server around it, and Chromium."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
import uvicorn
from playwright.sync_api import Browser, Error, sync_playwright
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.pages.made_up_blocks import MadeUpReport
from tests.pages.made_up_calling import MadeUpCalls, MadeUpCases
from tests.pages.made_up_catalogue import made_up_catalogue
from tests.pages.made_up_focus import made_up_focus
from tests.pages.made_up_journey import MadeUpJourney
from tests.pages.made_up_learning import MadeUpLearning, MadeUpPromoting
from tests.pages.made_up_listening import MadeUpScores, MadeUpVoices
from tests.pages.made_up_plan import MadeUpDelivering, MadeUpPlanning, plan
from tests.pages.made_up_primary import MadeUpOpportunities, MadeUpPrimary
from tests.pages.made_up_surveys import MadeUpSurveys
from tests.pages.made_up_value import MadeUpGrowth, MadeUpLoyalty, MadeUpWorth

from openchair.chair.acting.cataloguing import Cataloguing
from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.daily import OnTheTable, Today
from openchair.chair.focus.drivers.mapping import Focusing
from openchair.chair.reports import Asked, Report
from openchair.chair.seats import Seat
from openchair.chair.value.views import Quadrants
from openchair.chair.views import (
    Answered,
    Audited,
    Candidate,
    ConsentCount,
    Customer,
    Decision,
    Dossier,
    Field,
    Finding,
    ImportReport,
    Lens,
    Merge,
    Preview,
    Reject,
    Relative,
    ResolveReport,
    Review,
    RuledOut,
    TimelineEntry,
)
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound, OpenchairError
from openchair.core.estimate import Estimate, Unknown
from openchair.core.settings import settings_of
from openchair.dossier.attention import Attention
from openchair.dossier.consent import NEEDS_OPT_IN, SLOTS
from openchair.dossier.standing import Consent, Rule
from openchair.dossier.traits import Note, Said, Trait, group_of
from openchair.server.pages import error_page, page_routes
from openchair.server.pages.house import House
from openchair.server.pages.report import page_of
from openchair.value.lifetime import HORIZONS

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 22)

URDU = "نادیہ رحمان"
THAI = "สมชาย ใจดี"
LONG = "Maximiliane-Charlotte von und zu Hohenlohe-Waldenburg-Schillingsfürst & Partners of the Third Generation"
ENDLESS = "a" * 180


def estimate(value: float, low: float, high: float, n: float = 40) -> Estimate:
    return Estimate(value * 100, low * 100, high * 100, n)


def customer(number: int = 1, name: str = "Made-up Nadia", **changed: Any) -> Customer:
    base = Customer(
        customer_id=f"c{number:04d}",
        name=name,
        stage="slipping",
        first_on=date(2024, 3, 4),
        last_on=date(2026, 10, 19),
        orders=31,
        spent_minor=131_250,
        gap_days=19.2,
        value=estimate(390, 210, 610),
        p_alive=0.71,
        expected_orders=9.4,
    )
    return replace(base, **changed)


PEOPLE = (
    customer(1, "Made-up Nadia", value=estimate(720, 340, 1190)),
    customer(2, URDU, stage="loyal", value=estimate(640, 500, 790), last_on=date(2026, 11, 21)),
    customer(3, THAI, stage="new", orders=1, gap_days=None, value=Unknown("one order", needed=2), spent_minor=4200),
    customer(4, LONG, stage="resting", value=estimate(9_876_543, 4_000_000, 19_999_999), spent_minor=123_456_789_00),
    customer(5, ENDLESS, stage="gone", orders=0, last_on=None, first_on=None, gap_days=None, p_alive=None,
             expected_orders=None, value=Unknown("no order", needed=None), spent_minor=0),
    customer(6, "O’Brien <b>& Sons</b>", value=estimate(-12, -40, 18), spent_minor=-1500),
)  # fmt: skip


def decision(number: int, who: Customer, **changed: Any) -> Decision:
    base = Decision(
        decision_id=f"d{number:04d}",
        customer_id=who.customer_id,
        customer=who.name,
        stage=who.stage,
        day=DAY,
        moment="morning",
        action="call",
        title="Call, and swap the bars for the fig boxes",
        pillar="customer service",
        experience="respond",
        channel="call",
        gain=estimate(186, 62, 310),
        value=who.value,
        propensity=0.62,
        policy="plain-1",
        reasons=(
            "Wants less to decide",
            "Service has moved people like her",
            "No word from us in seven weeks.",
        ),
        would_change="It would be a fig tasting if she had opened the last two mails.",
        candidates=(
            Candidate("call", "Call, and swap the bars", 18_600.0, 0.62),
            Candidate("tasting", "Invite to a fig tasting", 12_000.0, 0.33),
            Candidate("wait", "Leave in peace", 0.0, 0.05),
        ),
        ruled_out=(
            RuledOut("nuts", "Send the new nut bar", "never: peanuts"),
            RuledOut("mail", "Write a newsletter", "no consent to e-mail"),
            RuledOut("sms", "Send a text", "no consent to e-mail"),
        ),
        status="proposed",
        hard_rules=("never: peanuts",),
    )
    return replace(base, **changed)


WORDY = (
    "Orders about every 24 days, with no stated wishes yet; what they buy in a steady rhythm need not cost a thought.",
    "Community, to respond to desire: worth € 140 over 12 months, a prior belief, not yet learned from outcomes.",
    "Steady, last order 3 days ago where 9 days is usual; no contact from us on record; both said yes to being asked.",
)
ACTS = (
    decision(1, PEOPLE[0]),
    decision(
        2, PEOPLE[1], title="Introduce to Delight Bakery", hard_rules=(), gain=estimate(140, -30, 320), reasons=WORDY
    ),
    decision(3, PEOPLE[2], title="Ask what would make Thursdays easier", gain=estimate(61, 40, 82), hard_rules=()),
    decision(4, PEOPLE[3], title="Bring doughnuts to the office", gain=estimate(999_999, 12, 4_999_999)),
    decision(5, PEOPLE[4], status="approved"),
)
VOICE = TimelineEntry(
    NOW - timedelta(days=1),
    "voices",
    "Ticket",
    "“I don’t need more choice. I need someone to notice.” · Price? 4",
    "hurt",
    "desk",
)
BUSY = Today(
    day=DAY,
    as_of=NOW - timedelta(hours=4),
    shop="The Made-up Snack Shop",
    currency="EUR",
    simulated=True,
    lenses=(
        Lens("Net Promoter Score, 90 days", "points", 41.0, 36.0, 46.0, "310 answers"),
        Lens("Buyers who came back", "share", 0.52, 0.5, 0.54, "of 4,102 who bought"),
        Lens("Slipping away", "count", 212.0, None, None, "longer silent than their rhythm, expected to spend € 9,400"),
    ),
    customers=4372,
    arrived={"purchases": 212, "answers": 31, "voices": 9},
    decisions=ACTS,
    waiting=4348,
    findings=(
        Finding("Waiting for the first box hurts most.", "€ 9,400 a year at stake (5,100 to 14,000)."),
        Finding("Half of all customers buy again within 19 days."),
    ),
    voice=VOICE,
    voice_customer=PEOPLE[0],
    table=OnTheTable(17, 3, 5, 2, 8, {"approved": 3, "delivered": 40, "answered": 2, "dismissed": 4, "failed": 1}),
)
EMPTY = replace(
    BUSY,
    day=date.min,
    as_of=None,
    simulated=False,
    lenses=(),
    customers=0,
    arrived={},
    decisions=(),
    waiting=0,
    findings=(),
    voice=None,
    voice_customer=None,
    table=OnTheTable(),
)
DAYS = {
    "busy": BUSY,
    "before any import": EMPTY,
    "before the first turn": EMPTY,
    "nothing to do": replace(EMPTY, day=DAY, customers=12, as_of=NOW, waiting=12),
    "one": replace(BUSY, decisions=ACTS[:1], waiting=1, customers=1),
    "all answered": replace(BUSY, decisions=ACTS[4:]),
    "long ago": replace(BUSY, day=date(2011, 12, 10), as_of=datetime(2011, 12, 10, tzinfo=UTC)),
    "huge": replace(
        BUSY,
        customers=10**12,
        arrived={"purchases": 10**10},
        lenses=(
            Lens(
                "Net Promoter Score, 90 days",
                "points",
                None,
                None,
                None,
                "not enough data yet: no answers, 30 more needed",
            ),
            Lens("Worth of the base", "money", 9.9e15, 1e15, 2e16, "over 12 months"),
            Lens("Refunds", "money", -4.2e9, None, None, "in 28 days"),
        ),
    ),
}


def trait(name: str, value: str, said_by: str = "customer", by: str = "", days: int = 9, **more: Any) -> Trait:
    since = NOW - timedelta(days=days)
    return Trait(name, value, said_by, by, "survey", since, 1.0, f"fact of {name}", group_of(name), **more)


KNOWN = (
    trait("children", "two", days=200, conflict=True,
          earlier=(Said("one", "shop", "", "till", NOW - timedelta(days=900), 0.9, "f1"),)),
    trait("favourite_food", "figs, dark chocolate", "inferred"),
    trait("favourite_team", "Lahore Qalandars", "staff", "Bilal"),
    trait("language", "اردو"),
)  # fmt: skip
MANY = (*KNOWN, *(trait(f"likes_{i}", f"{ENDLESS if i == 7 else LONG} {i}", "staff", LONG) for i in range(40)))
RULES = (
    Rule("peanuts", "never: peanuts", "customer", "", "seat", NOW - timedelta(days=30), "r1"),
    Rule("no flowers", "no flowers", "staff", "Bilal", "openchair", NOW - timedelta(days=3), "r2"),
)


def consent(purpose: str, channel: str) -> Consent:
    opt_in = (purpose, channel) in NEEDS_OPT_IN
    if (purpose, channel) == ("marketing", "e-mail"):
        wording = "We may write. مہربانی"
        return Consent(purpose, channel, "yes", True, opt_in, "customer", "", "checkout", NOW, wording, "en")
    if channel == "call":
        return Consent(purpose, channel, "no", False, opt_in, "staff", "Bilal", "openchair", NOW)
    return Consent(purpose, channel, "unknown", not opt_in, opt_in)


NOTES = tuple(
    Note(f"Ask about the garden, and the dog. {'They laughed. ' * i}", ("Bilal", LONG)[i % 2], NOW, f"n{i}")
    for i in range(7)
)


ANSWERS = (
    Answered(NOW, "nps", "nps", "آپ کو سب سے اچھا کیا لگا؟", None, "بہت <b>اچھا</b> ڈبہ", "ur"),
    Answered(NOW - timedelta(days=1), "nps", "nps", "", 9.0, "", "ur"),
    Answered(NOW - timedelta(days=2), "old", "own", ENDLESS, 4.5, ENDLESS, ""),
    Answered(NOW - timedelta(days=3), "odd", "own", "", None, "", ""),
)


def dossier(who: Customer) -> Dossier:
    mine = tuple(one for one in ACTS if one.customer_id == who.customer_id)
    past = decision(90, who, day=date(2026, 9, 2), status="answered", outcome_minor=4200, propensity=0.004)
    sparse, full = who.orders <= 1, who is PEOPLE[3]
    spent = 0.0 if sparse else 9.0 if full else 3.5
    return Dossier(
        customer=who,
        stage=who.stage,
        value=who.value,
        spender=who.value,
        horizons=dict.fromkeys(HORIZONS, who.value),
        referral_code="3F9A-C41B-07DE",
        referral_link="https://a-shop-with-quite-a-long-name.example/en/friends/?ref=3f9ac41b07de",
        rewarded_share=None if sparse else 0.34,
        sender=Unknown("fewer than 20 were brought by others") if sparse else Estimate(12_000, 0, 38_000, n=2),
        worth=who.value,
        brought=Unknown("brought nobody yet", needed=1) if sparse else Estimate(2_400, 0, 5_200, n=2),
        quadrants=None if sparse else Quadrants(0.2, 0.5, 0.1, 0.2),
        identifiers=(f"id:{who.customer_id}", "email:nadia@example.org"),
        headline="Slipping, with us since March 2024. Buys every 19 days; it has been 34.",
        traits=() if sparse else MANY if full else KNOWN,
        hard_rules=() if sparse else RULES,
        food_safety="unknown" if sparse else "declared",
        consents=tuple(consent(*slot) for slot in SLOTS),
        attention=Attention(8.0, spent, "less", "21-8", "Asia/Karachi", 3),
        notes=() if sparse else NOTES if full else NOTES[:2],
        relatives=() if sparse else (Relative("c0002", URDU, "family"), Relative("c0004", LONG, "company")),
        needs=() if sparse else ("less to decide", "a kitchen without junk"),
        answers=() if sparse else ANSWERS,
        timeline=()
        if who.orders == 0
        else (
            replace(VOICE, happened_at=NOW - timedelta(days=1)),
            TimelineEntry(NOW - timedelta(days=34), "purchases", "Ordered", "Family box, € 42.00", "plain", "x"),
            TimelineEntry(NOW - timedelta(days=81), "contacts", "Sent by us", "fix a late box", "ours", "openchair"),
            TimelineEntry(NOW - timedelta(days=90), "voices", "Review, 5 of 5", "“بہت اچھا ڈبہ، شکریہ”", "plain", "x"),
            TimelineEntry(NOW - timedelta(days=95), "voices", "Review, 5 of 5", "“อร่อยมาก ขอบคุณค่ะ”", "plain", "x"),
            *(
                TimelineEntry(NOW - timedelta(days=99 + 19 * i), "purchases", "Ordered", f"Box {i}, € 41", "plain", "x")
                for i in range(20)
            ),
        ),
        decisions=(*mine, past),
        simulated=True,
    )  # fmt: skip


def report(number: int, **changed: Any) -> ImportReport:
    base = ImportReport(
        f"i{number}", "orders-2026.csv", "Shopify orders", "shopify", NOW - timedelta(days=number), 7.4,
        541_909, 540_100, 1_800, 9, {"purchases": 540_100},
    )  # fmt: skip
    return replace(base, **changed)


PAIR = Merge(
    "m0001", "c0001", "c0002", "model", "they look alike", 0.87,
    (Field("name", "Made-up Nadia", URDU, 6.2), Field("e-mail", "nadia@example.org", "", 0.0),
     Field("birth date", "1988-03-04", "1988-03-14", -3.1), Field("address", LONG, ENDLESS, 2.5)),
    "asked", NOW,
)  # fmt: skip
MERGES = (
    PAIR,
    replace(PAIR, merge_id="m0002", left_id="c0003", right_id="c0004", probability=None, evidence=()),
    replace(
        PAIR,
        merge_id="m0003",
        right_id="no row yet",
        status="merged",
        kind="exact",
        because="both use the e-mail x@y",
        decided_at=NOW,
    ),
    replace(PAIR, merge_id="m0004", status="apart", decided_by="Bilal", why="Sisters <b>", decided_at=NOW),
)
REVIEWS = (
    Review("r1", "identifier", "email:info@bigoffice.example", None, "is used by 312 customers", NOW, "turn"),
    Review("r2", "decision", "d0001", "c0001", "Why do you call me “slipping”?", NOW, "the customer"),
)
COUNTS = tuple(ConsentCount(*slot, slot in NEEDS_OPT_IN, 40, 3, 957) for slot in SLOTS)
RECENT = [
    {"fact_id": "f", "name": "consent.email.marketing", "value": "yes", "said_by": "customer", "source": "checkout",
     "happened_at": NOW, "confidence": 1.0, "properties": '{"wording": "We may write <b>", "language": "en"}',
     "customer_id": "c0002", "customer": URDU},
]  # fmt: skip
LINES = (
    Audited(2, NOW, "Bilal", "read dossier", "c0001", ""),
    Audited(1, NOW, "key crm", "said favourite_team", "c0001", "<b>"),
)


ROW = {"customer_id": pa.string(), "name": pa.string(), "stage": pa.string(), "orders": pa.int64()}


@dataclass
class MadeUpPeople:
    """Answers as chair.people, chair.merging, chair.privacy and chair.seats do; remembers what was said."""

    people: tuple[Customer, ...]
    said: list[tuple[Any, ...]] = field(default_factory=list)
    quiet: bool = False
    """Whether nobody was asked anything yet."""

    def dossier(self, who: str, *, by: Actor, timeline: bool = False) -> Dossier:
        for one in self.people:
            if who == one.customer_id:
                return dossier(one)
        raise NotFound("customer", value=who, bound="nobody here is known by that", remedy="Search on Customers.")

    def __getattr__(self, name: str) -> Any:
        """Any other use case: remembered with what it was given, and refused for what only an owner may."""

        def done(*given: Any, by: Actor, **more: Any) -> Any:
            if name == "lift" and (by.role != "owner" or not more["why"]):
                raise NotAllowed("hard rule", value=given[1], bound="needs an owner with a reason", remedy="Ask one.")
            if name == "note" and not given[1].strip():
                raise BadInput("note", value=given[1], bound="must say something", remedy="Write a sentence.")
            self.said.append((name, *given, *(value for value in more.values() if value), by.name))

        if name.startswith("_"):
            raise AttributeError(name)
        return done

    def consents(self, limit: int) -> Any:
        return (tuple(replace(c, yes=0, no=0) for c in COUNTS), []) if self.quiet else (COUNTS, RECENT)

    def merges(self, status: str = "", customer: str = "", limit: int = 50, after: str | None = None) -> Any:
        known = () if self.quiet else MERGES
        return tuple(m for m in known if status in ("", m.status)), False

    def reviews(self, kind: str = "", limit: int = 50) -> Any:
        return tuple(r for r in REVIEWS if r.kind == kind and not self.quiet), False

    def resolve(self) -> ResolveReport:
        return ResolveReport(6, (), 15, 0, 2, 13, 0.1)

    def audit(self, customer: str = "", who: str = "", limit: int = 100, after: int | None = None) -> Any:
        if customer == "nobody":
            raise NotFound("customer", value=customer)
        return tuple(line for line in LINES if who in line.who and not self.quiet), False

    def copy(self, who: str, *, by: Actor) -> dict[str, Any]:
        return {"dossier": {"name": who}}

    def links(self, who: str) -> tuple[Seat, ...]:
        return (Seat("s1", who, "en", NOW, "Bilal", NOW + timedelta(days=30)),)

    def link(self, who: str, *, by: Actor, language: str) -> str:
        self.said.append(("link", who, language, by.name))
        return f"/seat/token-for-{who}"


class FreeState:
    """Nobody else is at work."""

    def rows_of(self, customer_ids: list[str]) -> pa.Table:
        known = [asdict(one) for one in PEOPLE if one.customer_id in customer_ids]
        return pa.Table.from_pylist([{name: row[name] for name in ROW} for row in known], pa.schema(ROW))

    def known_by(self, base_ids: list[str]) -> dict[str, list[str]]:
        return {base: [f"id:{base}"] for base in base_ids}

    def lease(self, *_: object) -> bool:
        return True

    def free(self, *_: object) -> None:
        pass


class NoShelf:
    """Keeps nothing: what is made up is quickly read."""

    def read(self, chair: object, report: Report, asked: Asked) -> object:
        return report.read(cast(Chair, chair), asked)


@dataclass
class MadeUpChair:
    """Answers as the chair does, from records made up here; remembers what it was told."""

    home: Path
    day: Today = BUSY
    all: tuple[Customer, ...] = PEOPLE
    files: tuple[ImportReport, ...] = (report(1), report(2, file=f"{ENDLESS}.csv", rejected=0, accepted=0))
    marked: list[tuple[str, str, str]] = field(default_factory=list)
    read: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    state: FreeState = field(default_factory=FreeState)
    people: MadeUpPeople = field(default_factory=lambda: MadeUpPeople(PEOPLE))
    cases: MadeUpCases = field(default_factory=lambda: MadeUpCases(PEOPLE))
    calls: MadeUpCalls = field(default_factory=lambda: MadeUpCalls(PEOPLE))
    scores: MadeUpScores = field(default_factory=MadeUpScores)
    voices: MadeUpVoices = field(default_factory=MadeUpVoices)
    surveys: MadeUpSurveys = field(default_factory=MadeUpSurveys)
    worth: MadeUpWorth = field(default_factory=MadeUpWorth)
    growth: MadeUpGrowth = field(default_factory=MadeUpGrowth)
    loyalty: MadeUpLoyalty = field(default_factory=MadeUpLoyalty)
    cataloguing: Cataloguing = field(default_factory=made_up_catalogue)
    learning: MadeUpLearning = field(default_factory=MadeUpLearning)
    promoting: MadeUpPromoting = field(default_factory=MadeUpPromoting)
    focus: Focusing = field(default_factory=made_up_focus)
    journey: MadeUpJourney = field(default_factory=MadeUpJourney)
    primary: MadeUpPrimary = field(default_factory=MadeUpPrimary)
    opportunities: MadeUpOpportunities = field(default_factory=MadeUpOpportunities)
    planning: MadeUpPlanning = field(default_factory=lambda: MadeUpPlanning(plan(ACTS[:3])))
    delivering: MadeUpDelivering = field(default_factory=lambda: MadeUpDelivering(ACTS[:2]))
    channels: tuple[str, ...] = ("e-mail",)
    shelf: NoShelf = field(default_factory=NoShelf)

    @property
    def merging(self) -> MadeUpPeople:
        return self.people

    privacy = seats = merging

    def now_or_last(self) -> datetime:
        return NOW

    @property
    def currency(self) -> str:
        return self.day.currency

    @property
    def simulated(self) -> bool:
        return self.day.simulated

    def today(self) -> Today:
        answers = {one: status for one, status, _ in self.marked}
        acts = (replace(d, status=answers.get(d.decision_id, d.status)) for d in self.day.decisions)
        return replace(self.day, decisions=tuple(acts))

    def customers(
        self, *, search: str = "", order: str = "worth", limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Customer, ...], bool]:
        found = [one for one in self.all if search.lower() in one.name.lower()]
        if order == "name":
            found.sort(key=lambda one: one.name)
        start = next((i + 1 for i, one in enumerate(found) if one.customer_id == after), 0)
        return tuple(found[start : start + limit]), len(found) > start + limit

    def imports(self) -> tuple[ImportReport, ...]:
        return self.files

    def preview(self, path: Path, *, mapping: Any) -> Preview:
        if path.read_bytes().startswith(b"\x00"):
            raise BadInput("file", value=path.name, bound="it is not text", remedy="Export it as CSV.")
        chosen = {"customer": "Email", "amount": "Total"} | dict(mapping)
        return Preview(
            file=path.name,
            format="any orders file",
            columns=("Email", "Total", "When", "Bought on"),
            mapping=chosen,
            missing=() if "day" in chosen else ("day",),
            fields=("customer", "amount", "day", "order", "item"),
            rows=tuple({"customer": URDU, "amount": i * 100, "day": None, "item": ENDLESS} for i in range(3)),
            rejected=(Reject(path.name, 7, "amount: got 'free'; a plain number. Write 12.50.", '{"Total": "free"}'),),
        )  # fmt: skip

    def listen(self, paths: list[Path], *, mapping: Any) -> tuple[ImportReport, ...]:
        (path,) = paths
        if "day" not in mapping:
            raise BadInput("mapping", value="day", bound="no column was named", remedy="Name the column with the day.")
        self.read.append((path.name, dict(mapping)))
        new = report(9, file=path.name, import_id="i9")
        self.files = (new, *self.files)
        return (new,)

    def rejects(self, import_id: str | None) -> tuple[Reject, ...]:
        if import_id not in {one.import_id for one in self.files}:
            raise NotFound("import", value=import_id)
        return (Reject("orders.csv", 7, "=cmd|' /C calc'!A0", '{"Total": "free"}'),)

    def mark(self, decision_id: str, status: str, by: str) -> Decision:
        known = {one.decision_id: one for one in self.day.decisions}
        if decision_id not in known:
            raise NotFound("decision", value=decision_id)
        if decision_id == "d0004":
            raise Conflict(
                "decision", value=decision_id, bound="it was answered elsewhere", remedy="Load the page again."
            )
        self.marked.append((decision_id, status, by))
        return replace(known[decision_id], status=status)


@dataclass(frozen=True)
class MadeUpUser:
    email: str = "owner@example.org"
    role: str = "owner"


class Around:
    """Stands for the gate: a user, a nonce and the strictest content policy."""

    def __init__(self, app: ASGIApp, lang: str = "en", role: str = "owner") -> None:
        self.app, self.lang, self.user = app, lang, MadeUpUser(role=role)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {}).update(user=self.user, nonce="n0nce", lang=self.lang)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (
                    b"default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
                    b"style-src 'nonce-n0nce'; script-src 'nonce-n0nce'; form-action 'self'"
                )
                message["headers"] = [*message["headers"], (b"content-security-policy", policy)]
            await send(message)

        await self.app(scope, receive, sending)


def app_around(chair: Any, lang: str = "en", role: str = "owner") -> Starlette:
    """The pages as the server mounts them."""
    settings = settings_of(chair.home, {"name": "The Made-up Snack Shop"}, {})
    blocks = page_of(cast(Report, MadeUpReport()), "/blocks").routes(House(chair, settings, lambda: NOW))
    app = Starlette(
        routes=[*page_routes(chair, settings, clock=lambda: NOW), *blocks],
        middleware=[Middleware(Around, lang=lang, role=role)],
        exception_handlers={OpenchairError: error_page, HTTPException: error_page, Exception: error_page},
    )
    app.state.settings = settings
    return app


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUpChair:
    return MadeUpChair(tmp_path)


@pytest.fixture
def days() -> dict[str, Today]:
    return DAYS


@contextmanager
def served(app: ASGIApp, lifespan: Any = "off") -> Iterator[str]:
    """An application on a free port of this machine, in a thread of its own; gives its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan=lifespan, loop="asyncio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def serve() -> Iterator[Any]:
    """Serve the pages around a chair; gives the address."""
    with ExitStack() as stack:
        yield lambda chair, lang="en", role="owner": stack.enter_context(served(app_around(chair, lang, role)))


@pytest.fixture(scope="session")
def serve_app() -> Any:
    """Serve a whole application, with what it does beside."""
    return lambda app: served(app, "on")


# What a machine can see of the page's structure: each entry is a fault.
FAULTS = """() => {
  const faults = [], all = found => [...document.querySelectorAll(found)], cut = e => e.outerHTML.slice(0, 120);
  const seen = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length;
  let level = 0;
  for (const h of all('h1,h2,h3,h4').filter(seen)) {
    const n = +h.tagName[1];
    if (n > level + 1) faults.push('heading skips to ' + h.textContent);
    level = n;
  }
  if (all('h1').length != 1) faults.push('not one h1');
  if (!document.documentElement.lang) faults.push('no language');
  for (const e of all('a[href],button,input:not([type=hidden]),select,summary')) {
    const labels = [...(e.labels || [])].map(l => l.textContent).join('');
    if (!(e.getAttribute('aria-label') || e.textContent || labels).trim()) faults.push('no name: ' + cut(e));
    if (!seen(e) || e.closest('.skip, [aria-hidden=true]')) continue;
    const box = e.getBoundingClientRect(), inline = getComputedStyle(e).display == 'inline';
    const field = e.matches('button,.button,select,input:not([type=hidden])');
    if (!inline && (box.height < 24 || box.width < 24)) faults.push('small target: ' + cut(e));
    if (innerWidth < 500 && field && box.height < 44) faults.push('small on a phone: ' + cut(e));
    if ((box.right > innerWidth + 1 || box.left < -1) && !e.closest('.wide')) faults.push('outside: ' + cut(e));
  }
  if (all('[style]').length) faults.push('inline style');
  const ids = all('[id]').map(e => e.id);
  if (new Set(ids).size != ids.length) faults.push('an id twice');
  if (all('[tabindex]').some(e => +e.getAttribute('tabindex') > 0)) faults.push('tabindex above 0');
  for (const name of ['aria-labelledby', 'aria-describedby', 'for'])
    for (const id of all('[' + name + ']').flatMap(e => e.getAttribute(name).split(' ')))
      if (!document.getElementById(id)) faults.push(name + ' points nowhere: ' + id);
  const over = document.documentElement.scrollWidth - innerWidth;
  const wide = all('main *').filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  if (over > 0) faults.push('wider than the window by ' + over + ': ' + wide.slice(0, 3).map(cut).join(' | '));
  return faults;
}"""


@pytest.fixture(scope="session")
def faults() -> str:
    """A script that gives the faults of the page it runs in."""
    return FAULTS


@pytest.fixture(scope="module")
def browser(chromium: dict[str, Any]) -> Iterator[Browser]:
    """The Chromium set-up found; without one the browser tests are skipped, and say so.

    Closed after each module: while Playwright is open its event loop runs, and no other test could start one.
    """
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--no-first-run", *chromium["args"]]  # fmt: skip
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(**{**chromium, "args": flags})
        except Error as wrong:
            pytest.skip(f"NO BROWSER: pages were not opened in Chromium ({str(wrong).splitlines()[0]})")
        yield opened
        opened.close()
