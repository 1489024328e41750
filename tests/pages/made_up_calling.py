"""Cases and calls of made-up people, as the use cases answer; they remember what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from openchair.chair.actor import Actor
from openchair.chair.listening.views import Call, CallCount, Case, CaseFigures
from openchair.chair.views import Customer, TimelineEntry
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.estimate import Estimate, Unknown

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WEEK = date(2026, 11, 16)
FIGURES = CaseFigures(
    open=4, overdue=1, closed=31, hours_to_close=Estimate(19.4, 12.2, 30.0, 31),
    in_time=Estimate(0.84, 0.67, 0.93, 31), later=Estimate(3.1, 1.9, 4.3, 18),
)  # fmt: skip
NONE = CaseFigures(0, 0, 0, Unknown("no cases", needed=10), Unknown("no cases", needed=10), Unknown("no answers", 10))
SCRIPT = "<script>alert(1)</script>"


def case(number: int, who: Customer, **changed: Any) -> Case:
    answered = NOW - timedelta(days=number)
    base = Case(
        case_id=f"k{number}",
        customer=who,
        score=3.0,
        metric="nps",
        words="The box came four days late, and the bars were crumbs.",
        answered_at=answered,
        opened_at=answered,
        due_at=answered + timedelta(hours=48),
        owner="Bilal",
        overdue=number > 2,
        remedy="Put it right and tell them it is done, before they ask again",
        because="They told us what was wrong and should not have to say it twice; a complaint put right well binds.",
    )
    return replace(base, **changed)


def call(number: int, who: Customer, **changed: Any) -> Call:
    base = Call(
        call_id=f"a{number}",
        week=WEEK,
        leader="owner@example.org",
        place=number,
        customer=who,
        reason="champion at risk",
        because="Slipping: spent € 1,312 in 31 orders; usually buys every 19 days, and it has been 34.",
        questions=("What has changed since you last ordered?", "Who else enjoys what you order?"),
        status="",
        phones=("+442079460018",),
        hard_rules=("never: peanuts",),
    )
    return replace(base, **changed)


@dataclass
class MadeUpCases:
    """Answers as `chair.cases` does."""

    people: tuple[Customer, ...]
    said: list[tuple[Any, ...]] = field(default_factory=list)
    quiet: bool = False

    @property
    def all(self) -> tuple[Case, ...]:
        one, two, three, four, five, six = self.people
        return (
            case(3, one),
            case(2, two, words="ڈبہ دیر سے آیا، اور کسی نے کچھ نہیں بتایا۔", owner=""),
            case(1, four, words=f"{SCRIPT} {'a' * 180}", metric="csat", score=1.0, owner=four.name),
            case(0, five, words="", remedy="", because="Nothing in the catalogue may be done for them by itself."),
            case(
                9, six, verdict="fixed", done="Sent a new box by hand.", closed_at=NOW, closed_by="Bilal", score=2.0,
                later_score=9.0, overdue=False, remedy="", because="",
                since=(TimelineEntry(NOW, "answers", "Answered NPS 1", "“Still late”", "hurt", "web"),),
            ),
            case(
                8, three, verdict="no answer wanted", closed_at=NOW, closed_by=four.name, score=None, overdue=False,
                done="a" * 180,
            ),
        )  # fmt: skip

    def figures(self) -> CaseFigures:
        return NONE if self.quiet else FIGURES

    def waiting(self, *, limit: int = 50) -> tuple[Case, ...]:
        return self.cases(limit=limit)[0]

    def cases(
        self, *, closed: bool = False, owner: str | None = None, limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Case, ...], bool]:
        found = () if self.quiet else self.all
        return tuple(c for c in found if bool(c.verdict) == closed and owner in (None, c.owner))[:limit], False

    def case(self, case_id: str, *, by: Actor) -> Case:
        for one in self.all:
            if one.case_id == case_id:
                return one
        raise NotFound("case", value=case_id, bound="was never opened", remedy="List cases to find it.")

    def own(self, case_id: str, owner: str, *, by: Actor) -> Case:
        self.said.append(("own", case_id, owner, by.name))
        return self.case(case_id, by=by)

    def close(self, case_id: str, verdict: str, *, by: Actor, **more: str) -> Case:
        if self.case(case_id, by=by).verdict:
            raise Conflict("case", value=case_id, bound="is closed already", remedy="See what was done.")
        if verdict != "fixed":
            raise BadInput("verdict", value=verdict, bound="one of fixed", remedy="Choose one of these.")
        self.said.append(("close", case_id, verdict, *more.values(), by.name))
        return self.case(case_id, by=by)


@dataclass
class MadeUpCalls:
    """Answers as `chair.calls` does."""

    people: tuple[Customer, ...]
    said: list[tuple[Any, ...]] = field(default_factory=list)
    quiet: bool = False

    def make(self, leaders: Sequence[str]) -> int:
        return 0

    def list(self, *, by: Actor, week: date | None = None, leader: str = "") -> tuple[Call, ...]:
        one, two, three, four, five, six = self.people
        listed = (
            call(1, one),
            call(2, two, reason="silent", phones=(), hard_rules=(), because="Spent € 640 in 31 orders, said nothing."),
            call(3, three, reason="unusual need", because=f"Only 2 others share: {SCRIPT}.", status="not reached",
                 done_at=NOW),
            call(4, four, reason="new sender", questions=("a" * 180, "Who or what brought you to us?")),
            call(5, five, reason="chance", status="reached", done_at=NOW),
            call(6, six, reason="noted", status="reached", done_at=NOW, because="", questions=()),
        )  # fmt: skip
        return () if self.quiet or week != WEEK else listed

    def counts(self, *, weeks: int = 8) -> tuple[CallCount, ...]:
        if self.quiet:
            return ()
        earlier = [CallCount(WEEK - timedelta(weeks=w), "owner@example.org", 30, 20 + w, 29) for w in range(1, 4)]
        return (CallCount(WEEK, "Bilal", 30, 4, 9), CallCount(WEEK, "owner@example.org", 7, 2, 3), *earlier)

    def note(self, which: str, status: str, *, by: Actor, words: str = "") -> Call:
        if which == "nobody":
            raise NotFound("customer", value=which, bound="no identifier is like that", remedy="Search on Customers.")
        if status not in ("reached", "not reached", "skipped"):
            raise BadInput("status", value=status, bound="one of reached, skipped", remedy="Choose one of these.")
        if len(words) > 20_000:
            raise BadInput("notes", value="too many", bound="at most 20,000 characters", remedy="Shorten it.")
        self.said.append(("note", which, status, words, by.name))
        return call(1, self.people[0])
