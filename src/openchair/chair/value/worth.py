"""A customer's row told as figures of worth: spender, sender, both together, and the quadrant they may belong to."""

from collections.abc import Mapping
from typing import Any

from openchair.chair.value.views import Quadrants
from openchair.core.estimate import Estimate, Unknown
from openchair.value.senders import quadrants
from openchair.value.senders.sending import FEWEST_BROUGHT
from openchair.value.worth import FEWEST_REPEATERS

Row = Mapping[str, Any]
FIGURES = ("spender", "sender", "worth", "brought")


def spender(row: Row) -> Estimate | Unknown:
    """Spender value over 12 months, minor units, or why it is not known."""
    if row["value_minor"] is not None:
        return Estimate(row["value_minor"], row["value_low"], row["value_high"], n=row["orders"])
    if not row["orders"]:
        return Unknown("no order yet", needed=1)
    return Unknown(f"fewer than {FEWEST_REPEATERS} customers of the shop came back")


def figures(row: Row | None, learned: Mapping[str, Any], confidence: float) -> dict[str, Any]:
    """spender, sender, worth, brought and quadrants of a dossier. learned: what the last turn says of its senders.

    row: of a customer; None while no turn has counted them.
    """
    found: dict[str, Any] = {"quadrants": None}
    if row is None:
        return found | dict.fromkeys(FIGURES, Unknown("no turn since they came", needed=1))
    found |= {name: _estimate(row, name) for name in FIGURES[1:]} | {"spender": spender(row)}
    if isinstance(found["worth"], Unknown):
        found["worth"] = found["spender"] if isinstance(found["spender"], Unknown) else found["worth"]
    if isinstance(found["brought"], Unknown) and not row["sent_friends"]:
        found["brought"] = Unknown("brought nobody yet", needed=1)
    cuts, known = learned.get("middle") or {}, (found["spender"], found["sender"])
    if all(isinstance(one, Estimate) for one in known) and None not in (cuts.get("spender"), cuts.get("sender")):
        sides = [
            quadrants.above(one.value, one.low, one.high, cuts[name], confidence)
            for one, name in zip(known, ("spender", "sender"), strict=True)
            if isinstance(one, Estimate)
        ]
        found["quadrants"] = Quadrants(*map(float, quadrants.membership(*sides)))
    return found


def _estimate(row: Row, name: str) -> Estimate | Unknown:
    if row[f"{name}_minor"] is None:
        return Unknown(
            f"fewer than {FEWEST_BROUGHT} customers of the shop were brought by others, or no turn counted it"
        )
    return Estimate(row[f"{name}_minor"], row[f"{name}_low"], row[f"{name}_high"], n=row["sent_friends"] or 0)
