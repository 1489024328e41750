"""Clear: what becomes of decisions, one or very many at once, and what the guard and the budgets say of it.

Everything that is answered goes this way: each decision is judged as of now, and all of it is kept in one transaction.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from openchair.chair import tell
from openchair.chair.acting import carrying
from openchair.chair.intake import own
from openchair.chair.people import standing
from openchair.chair.ports import STANDING_COLUMNS
from openchair.chair.state.records import UNDONE, Mark
from openchair.chair.views import Decision, TurnReport
from openchair.chair.wheel import limits
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.ids import digest
from openchair.decisions import guard
from openchair.decisions.limits import limits_of
from openchair.decisions.reasons import LATER, REASONS
from openchair.dossier import attention
from openchair.loyalty.actions import WAIT, Action

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

GUARD = "the guard"
"""Who stops what was approved, once a rule or a consent forbids it."""
UNDO = "proposed"
"""The status that a decision is given back by whoever takes an answer back."""
TRIES = 10
"""Times that an answer is reckoned anew where somebody else approved in the meantime."""
_FEW = 500
_TOO_LATE = "Nothing that has left can be taken back."
Row = Mapping[str, Any]
"""A decision, as of state.planning.PLAN_COLUMNS."""


class Became(NamedTuple):
    """What becomes of one decision: its status, empty where it stays as it is; why; and what can be done then."""

    status: str
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of decisions that were answered at once: how many took the status, were put off, or did not, and why.

    deferred, refused: how many, by reason.
    """

    status: str
    marked: int
    deferred: Mapping[str, int]
    refused: Mapping[str, int]

    @property
    def asked(self) -> int:
        """How many were answered."""
        return self.marked + sum(self.deferred.values()) + sum(self.refused.values())


def marked(chair: "Chair", decision_id: str, status: str, by: str, why: str) -> Decision:
    """Say what became of a decision, as `Chair.mark` does, and raise as it does."""
    if status not in (*tell.STATUSES, UNDO):
        bound = f"one of {', '.join(tell.STATUSES)}"
        raise BadInput("status", value=status, bound=bound, remedy="Choose one of these.")
    before = chair.decision(decision_id)
    if before.action == WAIT:
        raise BadInput("decision", value=decision_id, bound="was to wait", remedy="There is nothing to approve.")
    if before.status == status:
        return before
    _, became = settle(chair, rows_of(chair, [decision_id]), status, by=by, why=why)
    for one in became:
        if not one.status:
            raise Conflict("decision", value=decision_id, bound=one.why, remedy=one.remedy)
    return chair.decision(decision_id)


def rows_of(chair: "Chair", decision_ids: Sequence[str]) -> list[Row]:
    """Decisions by their ids. Raises NotFound for the first that never was, or was to wait."""
    rows: list[Row] = chair.state.planned(decision_ids=decision_ids, limit=len(decision_ids)).to_pylist()
    missing = set(decision_ids) - {row["decision_id"] for row in rows}
    if missing:
        bound = "was never taken, or was to wait"
        raise NotFound("decision", value=min(missing), bound=bound, remedy="Look at the plan of today.")
    return rows


def settle(
    chair: "Chair", rows: Sequence[Row], status: str, *, by: str, why: str = ""
) -> tuple[Settled, tuple[Became, ...]]:
    """Let decisions take a status, all at once, as far as each still may; gives what became of all, and of each.

    What does not fit their attention or today's budgets now is put off; of what a rule or a consent forbids, and of
    what has left or was answered by somebody else in the meantime, nothing is changed, and it is said why.
    """
    for _ in range(TRIES):
        became, seen = _became(chair, rows, status)
        now = chair.clock()
        marks = _marks(chair, rows, became, status, now, {"by": by, "why": why})
        events = [one.event for one in marks if one.event]
        facts = {"contacts": own.table("contacts", *events)} if events else {}
        try:
            taken = set(chair.state.mark(marks, facts, by=by, at=now, seen=seen))
        except Conflict:  # more was approved in the meantime: it may not fit any more
            continue
        late = Became("", "was answered by somebody else in the meantime", "Look at it again.")
        became = tuple(
            one if not one.status or row["decision_id"] in taken else late
            for row, one in zip(rows, became, strict=True)
        )
        _restand(chair, [(row, one) for row, one in zip(rows, became, strict=True) if one.status])
        done = sum(one.status == status for one in became)
        put_off = Counter(one.why for one in became if one.status not in ("", status))
        refused = Counter(one.why for one in became if not one.status)
        return Settled(status, done, dict(put_off), dict(refused)), became
    raise Conflict("plan", value=len(rows), bound="is being approved by others", remedy="Try again in a moment.")


def guarded(chair: "Chair", decision: Decision | Row, way: str) -> tuple[str, str]:
    """What the guard says of a decision now, and why; nothing of an action that is in the catalogue no more.

    It is judged by all that was said until now, its own contacts left out.
    """
    row = decision if isinstance(decision, Mapping) else {name: getattr(decision, name) for name in _JUDGED}
    action = next((one for one in chair.catalogue if one.id == row["action"]), None)
    if action is None:
        return "", "is in the catalogue no more"
    about, moment = (chair.find(row["customer_id"]), chair.catalogue), chair.moment()
    now = standing.row_of(chair.state, *about, chair.settings, moment, without=row["decision_id"])
    thing = guard.thing_of(action, row["channel"])
    verdict, reason, _ = guard.cleared(now, way, [thing], moment=moment, settings=chair.settings)[0]
    return verdict, reason


_JUDGED = ("decision_id", "customer_id", "action", "channel")

# --- what each may become -------------------------------------------------------------------------------------------


def _became(chair: "Chair", rows: Sequence[Row], status: str) -> tuple[tuple[Became, ...], "limits.Seen | None"]:
    """What becomes of each decision, and of what was approved so far this rests on."""
    last, now = next(iter(chair.state.turns(1)), None), chair.clock()
    actions = {action.id: action for action in chair.catalogue}
    became = [_may(row, status, last, actions.get(row["action"]), now) for row in rows]
    if status not in ("approved", "sent"):
        return tuple(became), None
    may = [place for place, one in enumerate(became) if one.status]
    judge = _alone if len(rows) == 1 else _together
    for place, one in zip(may, judge(chair, [rows[place] for place in may], status), strict=True):
        became[place] = one
    fresh = [place for place in may if became[place].status == status and rows[place]["status"] in UNDONE]
    if not fresh:
        return tuple(became), None
    waits, seen = limits.beyond(chair, [rows[place] for place in fresh])
    for place, reason in zip(fresh, waits, strict=True):
        if reason:
            became[place] = Became("deferred", reason)
    return tuple(became), seen


def _may(row: Row, status: str, last: TurnReport | None, action: Action | None, now: datetime) -> Became:
    """Whether a decision may take a status at all, by the one it has, its day and its time."""
    is_ = row["status"]
    if is_ == "vetoed":
        return Became("", "was stopped by the customer, whose word holds", "The next turn chooses something else.")
    if status in ("approved", "dismissed", "deferred") and is_ not in (*UNDONE, "approved"):
        return Became("", f"was {is_} already", _TOO_LATE)
    if status == "approved" and is_ == "approved":
        return Became("", "was approved already", "There is nothing left to do.")
    if status == "approved" and last and row["day"] < last.day:
        return Became(
            "", f"is of {row['day']}, and the plan of {last.day} is in its place", "Approve what that proposes."
        )
    if status != UNDO:
        return Became(status)
    if is_ == "dismissed":
        stopped = row["decided_by"] == GUARD
        return Became("", f"was stopped: {row['why']}", "The next turn looks again.") if stopped else Became(UNDO)
    if is_ != "approved":
        return Became("", f"was {is_}", _TOO_LATE)
    hours = action.undo_hours if action else 0
    if row["decided_at"] + timedelta(hours=hours) < now:
        within = f"can be taken back for {hours} hours, and that is over" if hours else "cannot be taken back"
        return Became("", within, _TOO_LATE)
    return Became(UNDO)


def _alone(chair: "Chair", rows: Sequence[Row], status: str) -> list[Became]:
    """What the guard says of one decision, by all that was said of the customer until now."""
    way = "decision" if status == "sent" else "plan"
    return [_verdict(*guarded(chair, row, way), status, row) for row in rows]


def _together(chair: "Chair", rows: Sequence[Row], status: str) -> list[Became]:
    """What the guard says of many decisions, by their customers' rows, in which all that was said holds."""
    known = {row["customer_id"]: row for row in chair.state.rows_of([row["customer_id"] for row in rows]).to_pylist()}
    actions = {action.id: action for action in chair.catalogue}
    pairs = {(row["action"], row["channel"]): place for place, row in enumerate(rows) if row["action"] in actions}
    places = {pair: place for place, pair in enumerate(pairs)}
    held = guard.judged([guard.thing_of(actions[name], channel) for name, channel in places], "plan")
    judged = [place for place, row in enumerate(rows) if row["customer_id"] in known and row["action"] in actions]
    told = [Became("", "is in the catalogue no more, or about nobody known", "Turn again.")] * len(rows)
    if not judged:
        return told
    whole = guard.against(limits_of([known[rows[place]["customer_id"]] for place in judged], chair.moment().day), held)
    columns = [places[rows[place]["action"], rows[place]["channel"]] for place in judged]
    acted: set[str] = set()
    for place, code in zip(judged, whole[np.arange(len(judged)), columns].tolist(), strict=True):
        verdict = "clear" if code == 0 else "later" if code in LATER else "never"
        who = rows[place]["customer_id"]
        if verdict == "clear" and who in acted and status == "approved":
            told[place] = Became("deferred", "something else was approved for them at once")
            continue
        acted |= {who} if verdict == "clear" else set()
        told[place] = _verdict(verdict, REASONS[code], status, rows[place])
    return told


def _verdict(verdict: str, reason: str, status: str, row: Row) -> Became:
    if verdict == "":
        return Became("", reason, "Turn again.")
    if verdict == "never":
        return Became("", f"must not be done: {reason}", "Dismiss it; the next turn chooses something else.")
    # What was approved and done by hand has been done, also where it would be better later; its own contact counts.
    late = verdict == "later" and not (status == "sent" and row["status"] == "approved")
    return Became("deferred", reason) if late else Became(status)


# --- what is kept ---------------------------------------------------------------------------------------------------


def _marks(
    chair: "Chair",
    rows: Sequence[Row],
    became: Sequence[Became],
    status: str,
    now: datetime,
    said: Mapping[str, str],
) -> list[Mark]:
    """The statuses to be set, with their facts and what carries them out."""
    pairs = [(row, one) for row, one in zip(rows, became, strict=True) if one.status]
    known: dict[str, list[str]] = {}
    for some in _parts({row["decided_for"] for row, _ in pairs}, _FEW):
        known |= chair.state.known_by(some)
    pillars = {action.id: action.pillar for action in chair.catalogue}
    approved = [row for row, one in pairs if one.status == "approved"]
    messages = carrying.messages_of(chair, approved) if approved else {}
    marks = []
    for row, one in pairs:
        # What is taken back is no contact any more, as nothing that is put off is.
        told = "deferred" if one.status == UNDO else one.status
        words = {**said, "deferred": one.why}
        fact = {
            # Of the record that it was decided for, so that the contact stays theirs when a merge is taken back.
            "identifier": own.named(known[row["decided_for"]]),
            "decision_id": row["decision_id"],
            "action": row["action"],
            "pillar": pillars.get(row["action"]),
            "channel": row["channel"],
            "status": told,
            "properties": msgspec.json.encode({key: word for key, word in words.items() if word}).decode(),
        }
        event = own.envelope("contacts", digest(row["decision_id"], one.status, now.isoformat()), now, fact)
        why = one.why or said["why"]
        marks.append(Mark(row["decision_id"], row["status"], one.status, why, event, messages.get(row["decision_id"])))
    return marks


def _restand(chair: "Chair", pairs: Sequence[tuple[Row, Became]]) -> None:
    """Let what was said bind now. Where very many were approved, what that takes is added to their rows; else their
    rows are folded anew, few at a time, for the facts are in the index and not yet in history."""
    counts = [(row, one) for row, one in pairs if one.status not in UNDONE or row["status"] not in UNDONE]
    first = all(one.status == "approved" and row["status"] in UNDONE for row, one in counts)
    if len(pairs) <= standing.FEW or not first:
        theirs = counts if len(pairs) > standing.FEW else pairs
        for some in _parts({row["customer_id"] for row, _ in theirs}, standing.FEW):
            chair.restand(some)
        return
    ideas = {action.id: action.idea or action.id for action in chair.catalogue}
    by = {row["customer_id"]: row for row, _ in counts}
    day = chair.moment().day

    def heard(row: dict[str, Any]) -> dict[str, Any]:
        contact = by[row["customer_id"]]
        rests = {*filter(None, (row["resting"] or "").split(",")), ideas[contact["action"]]}
        weight = attention.weight_of(contact["channel"])
        return row | {
            "contacted_on": day,
            "attention_spent": (row["attention_spent"] or 0.0) + weight,
            "resting": ",".join(sorted(rests)),
        }

    told = chair.state.rows_of(sorted(by)).select([*STANDING_COLUMNS]).to_pylist()
    chair.state.restand(pa.Table.from_pylist([*map(heard, told)], pa.schema(list(STANDING_COLUMNS.items()))))


def _parts(ids: set[str], size: int) -> Iterator[list[str]]:
    """Ids in order, so many at a time."""
    whole = sorted(ids)
    return (whole[start : start + size] for start in range(0, len(whole), size))
