"""Clear: what becomes of a decision, and what the guard says of it when it is to be approved or carried out."""

from typing import TYPE_CHECKING

import msgspec

from openchair.chair import tell
from openchair.chair.intake import own
from openchair.chair.people import standing
from openchair.chair.views import Decision
from openchair.core.errors import BadInput, Conflict
from openchair.core.ids import digest
from openchair.decisions import guard
from openchair.loyalty.actions import WAIT

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


def marked(chair: "Chair", decision_id: str, status: str, by: str, why: str) -> Decision:
    """Say what became of a decision, as `Chair.mark` does, and raise as it does."""
    before = chair.decision(decision_id)
    if status not in tell.STATUSES:
        raise BadInput(
            "status", value=status, bound=f"one of {', '.join(tell.STATUSES)}", remedy="Choose one of these."
        )
    if before.action == WAIT:
        raise BadInput("decision", value=decision_id, bound="was to wait", remedy="There is nothing to approve.")
    if before.status == status:
        return before
    if before.status == "vetoed":
        bound, remedy = "was stopped by the customer, whose word holds", "The next turn chooses something else."
        raise Conflict("decision", value=decision_id, bound=bound, remedy=remedy)
    said = {"by": by, "why": why}
    if status in ("approved", "sent"):
        status, reason = cleared(chair, before, status)
        said |= {"deferred": reason}
    now = chair.clock()
    row = {
        # Of the record that it was decided for, so that the contact stays theirs when a merge is taken back.
        "identifier": own.named(chair.state.known_by([before.customer_id])[before.customer_id]),
        "decision_id": decision_id,
        "action": before.action,
        "pillar": before.pillar,
        "channel": before.channel,
        "status": status,
        "properties": msgspec.json.encode({key: word for key, word in said.items() if word}).decode(),
    }
    event = own.envelope("contacts", digest(decision_id, status, now.isoformat()), now, row)
    chair.state.mark(decision_id, status, by, now, event, {"contacts": own.table("contacts", event)})
    chair.restand([chair.find(before.customer_id)])
    return chair.decision(decision_id)


def cleared(chair: "Chair", decision: Decision, status: str) -> tuple[str, str]:
    """The status that a decision may take now, and why where it is another. Raises Conflict where it may take none."""
    verdict, reason = guarded(chair, decision, "decision" if status == "sent" else "plan")
    if verdict == "":
        raise Conflict("action", value=decision.action, bound=reason, remedy="Turn again.")
    if verdict == "never":
        remedy = "Dismiss it; the next turn chooses something else."
        raise Conflict("decision", value=decision.decision_id, bound=f"must not be done: {reason}", remedy=remedy)
    return ("deferred", reason) if verdict == "later" else (status, "")


def guarded(chair: "Chair", decision: Decision, way: str) -> tuple[str, str]:
    """What the guard says of a decision now, and why; nothing of an action that is in the catalogue no more."""
    action = next((one for one in chair.catalogue if one.id == decision.action), None)
    if action is None:
        return "", "is in the catalogue no more"
    about, moment = (chair.find(decision.customer_id), chair.catalogue), chair.moment()
    row = standing.row_of(chair.state, *about, chair.settings, moment, without=decision.decision_id)
    verdict, reason, _ = guard.cleared(row, way, [guard.thing_of(action)], moment=moment, settings=chair.settings)[0]
    return verdict, reason
