"""A customer's row told as figures of worth: spender at each horizon, sender, both together, and the quadrant."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from openchair.chair.value.views import Quadrants
from openchair.core.estimate import Estimate, Unknown
from openchair.value import lifetime, worth
from openchair.value.senders import quadrants
from openchair.value.senders.sending import FEWEST_BROUGHT

Row = Mapping[str, Any]
FIGURES = ("spender", "sender", "worth", "brought")


def spender(row: Row) -> Estimate | Unknown:
    """Spender value over 12 months, minor units, or why it is not known."""
    if row["value_minor"] is not None:
        return Estimate(row["value_minor"], row["value_low"], row["value_high"], n=row["orders"])
    if not row["orders"]:
        return Unknown("no order yet", needed=1)
    return Unknown(f"fewer than {worth.FEWEST_REPEATERS} customers of the shop came back")


def horizons(row: Row, learned: Mapping[str, Any], day: date, confidence: float) -> dict[str, Estimate | Unknown]:
    """Spender value at each of `lifetime.HORIZONS`, on the terms (margin, discount) of the turn that counted the row.

    learned: what that turn says of spenders. day: the one it turned for.
    """
    year, *_later = lifetime.HORIZONS
    if isinstance(own := spender(row), Unknown) or "params" not in learned:
        return dict.fromkeys(lifetime.HORIZONS, own)
    first, last = row["first_on"], row["last_on"]
    case = {
        "orders": row["orders"],
        "recency_days": (last - first).days,
        "age_days": max((day - first).days, 1),
        "spent_minor": row["spent_minor"],
        "segment": row["segment"],
    }
    terms = {name: learned[name] for name in ("margin", "yearly_rate") if name in learned}
    found = worth.ahead(
        worth.told(learned), {name: np.array([number]) for name, number in case.items()}, confidence, **terms
    )
    return {name: one for name, (one,) in found.items()} | {year: own}


def figures(row: Row | None, models: Mapping[str, Any], day: date, confidence: float) -> dict[str, Any]:
    """spender, horizons, sender, worth, brought and quadrants of a dossier. models, day: of the last turn.

    row: of a customer; None while no turn has counted them.
    """
    found: dict[str, Any] = {"quadrants": None}
    if row is None:
        none = Unknown("no turn since they came", needed=1)
        return found | dict.fromkeys(FIGURES, none) | {"horizons": dict.fromkeys(lifetime.HORIZONS, none)}
    found |= {name: _estimate(row, name) for name in FIGURES[1:]} | {"spender": spender(row)}
    found["horizons"] = horizons(row, models.get("spender", {}), day, confidence)
    if isinstance(found["worth"], Unknown):
        found["worth"] = found["spender"] if isinstance(found["spender"], Unknown) else found["worth"]
    if isinstance(found["brought"], Unknown) and not row["sent_friends"]:
        found["brought"] = Unknown("brought nobody yet", needed=1)
    cuts, known = models.get("sender", {}).get("middle") or {}, (found["spender"], found["sender"])
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
