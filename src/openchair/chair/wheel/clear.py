"""Clear: what the guard says of a decision at the moment it is to be approved or carried out."""

from typing import TYPE_CHECKING

from openchair.chair.people import standing
from openchair.chair.views import Decision
from openchair.core.errors import Conflict
from openchair.decisions import guard

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


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
