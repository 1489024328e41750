"""Cases: someone unhappy is owed an answer, by somebody, until a time; it closes with what was done.

An answer low on its scale (store.sql.schema.low) opens a case, from whatever source it came. Cases follow from the
state: one that is missing is opened by whoever looks next, and opening twice changes nothing. A customer has one open
case; what they answer until it is closed is part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from openchair.chair.actor import Actor
from openchair.chair.listening.speaking.noting import kept, person, text_of
from openchair.chair.listening.views import Case, CaseFigures
from openchair.chair.people import standing
from openchair.chair.people.timeline import told
from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.chair.views import Review, TimelineEntry
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.ids import digest
from openchair.core.records import filled
from openchair.decisions import guard
from openchair.decisions.situation import circumstances_of
from openchair.dossier.attention import WEIGHTS
from openchair.listening import closing
from openchair.listening.scores.satisfaction import share
from openchair.loyalty.actions import MOMENTS, Action

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

OPENING_DAYS = 14
"""Answers older than this open nothing: whoever imports the past is not late for it."""
FIGURE_DAYS = 90
VERDICTS: Mapping[str, str] = {"fixed": "answered", "explained": "answered", "not reached": "failed"}
"""What a case may close with, and the status of the contact that it was."""
UNWANTED = "no answer wanted"
"""And this, where there was no contact."""
CHANNELS = tuple(name for name in WEIGHTS if name != "webhook")
LONGEST_DONE = 2_000
"""Characters of what was done."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Cases:
    """Closing the loop with those who are unhappy."""

    chair: "Chair"

    def open_new(self) -> int:
        """Open a case for everyone who answered low of late and has none; gives how many were opened."""
        state, until, opened = self.chair.state, self.chair.now_or_last(), 0
        while found := state.unopened(until - timedelta(days=OPENING_DAYS), until, _AT_ONCE):
            state.open_reviews([self._opened(row) for row in found])
            opened += len(found)
        return opened

    def _opened(self, row: Mapping[str, Any]) -> Review:
        return Review(
            review_id=digest("review", "case", row["fact_id"])[:20],
            kind="case",
            subject=row["fact_id"],
            customer_id=row["base_id"],
            text=row["words"],
            opened_at=self.chair.clock(),
            opened_by="the chair",
            owner=row["owner"],
            due_at=row["happened_at"] + timedelta(hours=self.chair.settings.case_hours),
        )

    def waiting(self, *, owner: str | None = None, limit: int = 50) -> tuple[Case, ...]:
        """Open cases, the longest overdue first; those of an owner, or with an empty one of nobody."""
        return self.cases(owner=owner, limit=limit)[0]

    def cases(
        self, *, closed: bool = False, owner: str | None = None, limit: int = 50, after: str | None = None
    ) -> tuple[tuple[Case, ...], bool]:
        """Cases, open ones by when they are due, closed ones newest first; and whether more follow."""
        rows, more = self.chair.state.cases(closed=closed, owner=owner, limit=limit, after=after)
        return self._told(rows), more

    def case(self, case_id: str, *, by: Actor) -> Case:
        """One case, with what else they answered until it was closed. Raises NotFound."""
        row = self.chair.state.case(case_id)
        if row is None:
            raise NotFound("case", value=case_id, bound="was never opened", remedy="List cases to find it.")
        by.did(self.chair, "read case", row["who_id"])
        return self._told([row], self._since(row))[0]

    def own(self, case_id: str, owner: str, *, by: Actor) -> Case:
        """Give a case to somebody, or to nobody by an empty name. Raises NotFound, BadInput, Conflict if closed."""
        case, owner = self.case(case_id, by=by), owner.strip()
        if len(owner) > 200:
            raise BadInput("owner", value=owner, bound="at most 200 characters", remedy="Name one person.")
        if not self.chair.state.own_case(case_id, owner):
            raise _closed(case_id)
        by.did(self.chair, "gave a case", case.customer.customer_id, owner)
        return self.case(case_id, by=by)

    def close(
        self, case_id: str, verdict: str, *, by: Actor, done: str = "", channel: str = "call", words: str = ""
    ) -> Case:
        """Close a case with what was done, and what the customer said to it; both are kept as facts.

        Raises NotFound; BadInput for an unknown verdict or channel and for texts that are too long; Conflict where it
        is closed already.
        """
        row = self.chair.state.case(case_id)
        if row is None:
            raise NotFound("case", value=case_id, bound="was never opened", remedy="List cases to find it.")
        allowed = (*VERDICTS, UNWANTED)
        for what, value, among in (("verdict", verdict, allowed), ("channel", channel, CHANNELS)):
            if value not in among:
                raise BadInput(what, value=value, bound=f"one of {', '.join(among)}", remedy="Choose one of these.")
        done, words = text_of("what was done", done, LONGEST_DONE), text_of("their words", words)
        who, now = row["who_id"], self.chair.clock()
        contact = {"action": "case", "channel": channel, "status": VERDICTS[verdict]} if verdict in VERDICTS else None
        said = {"by": by.name, "case": case_id, "verdict": verdict, "why": done}
        events, facts = kept(self.chair, who, case_id, now, said, contact=contact, words=words)
        if not self.chair.state.close_case(case_id, verdict, by.name, now, done, events, facts):
            raise _closed(case_id)
        by.did(self.chair, f"closed case: {verdict}", who, done)
        self.chair.restand([who])
        return self.case(case_id, by=by)

    def figures(self, *, days: int = FIGURE_DAYS) -> CaseFigures:
        """How the loop closes, of cases opened in the last days; those that are open or overdue, whenever opened."""
        now = self.chair.now_or_last()
        since = now - timedelta(days=days)
        rows = self.chair.state.case_times(since)
        waiting = [row for row in rows if row["decided_at"] is None]
        mine = [row for row in rows if row["opened_at"] >= since]
        ended = [row for row in mine if row["decided_at"] is not None]
        due = [row for row in mine if row["decided_at"] is not None or row["due_at"] <= now]
        in_time = sum(row["decided_at"] is not None and row["decided_at"] <= row["due_at"] for row in due)
        scored = [row for row in ended if row["later_score"] is not None and row["metric"] == "nps"]
        return CaseFigures(
            open=len(waiting),
            overdue=sum(row["due_at"] < now for row in waiting),
            closed=len(ended),
            hours_to_close=closing.median_time(
                [max((row["decided_at"] or now) - _begun(row), timedelta()) / timedelta(hours=1) for row in mine],
                [row["decided_at"] is not None for row in mine],
            ),
            in_time=closing.too_few(len(due), "case", "cases") or share(in_time, len(due)),
            later=closing.mean_change([row["score"] for row in scored], [row["later_score"] for row in scored]),
        )

    def _told(self, rows: Sequence[Mapping[str, Any]], since: tuple[TimelineEntry, ...] = ()) -> tuple[Case, ...]:
        moment, now = self.chair.moment(), self.chair.now_or_last()
        return tuple(self._case(row, moment, now, since) for row in rows)

    def _case(self, row: Mapping[str, Any], moment: Moment, now: datetime, since: tuple[TimelineEntry, ...]) -> Case:
        remedy, because = ("", "") if row["verdict"] else self._remedy(row, moment)
        return filled(
            Case,
            row,
            case_id=row["review_id"],
            customer=person(self.chair, row),
            answered_at=_begun(row),
            overdue=not row["verdict"] and row["due_at"] < now,
            remedy=remedy,
            because=because,
            done=row["why"],
            closed_at=row["decided_at"],
            closed_by=row["decided_by"],
            since=since,
        )

    def _remedy(self, row: Mapping[str, Any], moment: Moment) -> tuple[str, str]:
        """The title of what suits an unhappy customer best of all that may be done for them, and why.

        What is made for a complaint goes before any other service, and a discount comes last.
        """
        about = {name: row[name] for name in CUSTOMER_COLUMNS if name != "customer_id"}
        if about["orders"] is None:
            shop = self.chair
            about = _NEWCOMER | standing.row_of(shop.state, row["who_id"], shop.catalogue, shop.settings, moment)
        about |= {"complained_on": moment.day}
        about |= {"nps_score": row["score"]} if row["metric"] == "nps" else {}
        alone = circumstances_of({name: [value] for name, value in about.items()}, moment.day)[0]
        suits = guard.suited(alone, self.chair.catalogue)[0]
        fit = [one for one, good in zip(self.chair.catalogue, suits, strict=True) if good and _answers(one)]
        fit.sort(key=lambda one: (one.is_discount, one.needs.complained is not True, -_gain(one, about), one.id))
        roads = [(one, channel) for one in fit for channel in one.channels]
        things = [guard.thing_of(one, channel) for one, channel in roads]
        said = guard.cleared(about, "reply", things, moment=moment, settings=self.chair.settings)
        best = next((one for (one, _), (verdict, _, _) in zip(roads, said, strict=True) if verdict == "clear"), None)
        barred = f" Not “{fit[0].title}”: {said[0][1]}." if fit and best is not fit[0] else ""
        if best is None:
            return "", f"Nothing in the catalogue may be done for them by itself.{barred}"
        return best.title, f"{best.want[:1].upper()}{best.want[1:]}; {best.relationship}.{barred}"

    def _since(self, row: Mapping[str, Any]) -> tuple[TimelineEntry, ...]:
        """Their other answers from the one that opened the case until it was closed."""
        said = self.chair.state.said("answers", row["who_id"])
        until = row["decided_at"] or self.chair.now_or_last()
        return tuple(
            told("answers", one)
            for one in said
            if _begun(row) <= one["happened_at"] <= until
            and one["fact_id"] != row["subject"]
            and one["text"] != row["words"]
        )


def _closed(case_id: str) -> Conflict:
    return Conflict("case", value=case_id, bound="is closed already", remedy="See what was done.")


def _begun(row: Mapping[str, Any]) -> datetime:
    """When the answer came that a case is about; when it was opened, once the answer is let go of."""
    at: datetime = row["answered_at"] or row["opened_at"]
    return at


def _answers(action: Action) -> bool:
    """Whether an action may answer a complaint: it is service, and not for other moments."""
    return action.purpose == "service" and "complaint" in (action.moments or MOMENTS)


def _gain(action: Action, about: Mapping[str, Any]) -> float:
    """What the catalogue believes that an action brings, minor units."""
    worth = about["worth_minor"]
    if worth is None:
        worth = about["spent_minor"] / max(about["orders"], 1)
    uplift = next((share for stage, share in action.uplift.items() if stage == about["stage"]), 0.0)
    return float(uplift * worth + action.flat_minor - action.cost_minor)


_NEWCOMER = dict.fromkeys(CUSTOMER_COLUMNS) | {"stage": "prospect", "orders": 0, "spent_minor": 0}
