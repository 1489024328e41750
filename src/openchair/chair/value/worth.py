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
from openchair.value.spenders import subscribing
from openchair.value.spenders.contract import Contract

Row = Mapping[str, Any]
COUNTS = ("orders", "recency_days", "age_days", "spent_minor")
FIGURES = ("spender", "sender", "worth", "brought")


def spender(row: Row) -> Estimate | Unknown:
    """Spender value over 12 months, minor units, or why it is not known."""
    if row["value_minor"] is not None:
        return Estimate(row["value_minor"], row["value_low"], row["value_high"], n=row["orders"])
    if not row["orders"]:
        return Unknown("no order yet", needed=1)
    if row.get("subscribed"):
        return Unknown("their subscription ended, and they bought nothing else")
    return Unknown(f"fewer than {worth.FEWEST_REPEATERS} customers of the shop came back")


def horizons(row: Row, learned: Mapping[str, Any], day: date, confidence: float) -> dict[str, Estimate | Unknown]:
    """Spender value at each of `lifetime.HORIZONS`, on the terms (margin, discount) of the turn that counted the row.

    learned: what that turn says of spenders. day: the one it turned for.
    """
    year, *_later = lifetime.HORIZONS
    if isinstance(own := spender(row), Unknown) or "params" not in learned:
        return dict.fromkeys(lifetime.HORIZONS, own)
    return reckoned(row, learned, day, confidence) | {year: own}


def reckoned(row: Row, learned: Mapping[str, Any], day: date, confidence: float) -> dict[str, Estimate | Unknown]:
    """The same from the models alone: what is bought, and what is paid for subscriptions."""
    terms = {name: learned[name] for name in ("margin", "yearly_rate") if name in learned}
    beside, _, runs = (row["subscribed"] or "").partition("|")
    if row["subscribed"] is None:
        first, last = row["first_on"], row["last_on"]
        counts: tuple[int, ...] = (row["orders"], (last - first).days, max((day - first).days, 1), row["spent_minor"])
    else:
        counts = tuple(map(int, beside.split(":"))) if beside else (0, 0, 1, 0)
    case = {name: np.array([number]) for name, number in zip(COUNTS, counts, strict=True)}
    case["segment"] = np.array([row["segment"]])
    bought = worth.ahead(worth.told(learned), case, confidence, **terms)
    cases = np.array([[float(number) for number in one.split(":")] for one in runs.split()]).reshape(-1, 4).T
    found: dict[str, Estimate | Unknown] = {}
    for name, weeks in lifetime.HORIZONS.items():
        one = bought[name][0]
        if len(cases[0]):
            paid = subscribing.payments(
                Contract(**{part: learned["subscriptions"][part] for part in ("params", "doubt")}),
                dict(zip(subscribing.CASE, cases, strict=True)), weeks and weeks * worth.DAYS_A_WEEK,
                confidence=confidence, **terms,
            )  # fmt: skip
            one = _added(one, paid, row["orders"])
        found[name] = one
    return found


def _added(bought: Estimate | Unknown, paid: subscribing.Payments, n: float) -> Estimate:
    """What is bought beside subscriptions, and what is paid for them, as a turn adds them up (chair.wheel.spend)."""
    own = bought if isinstance(bought, Estimate) else Estimate(0.0, 0.0, 0.0, 0)
    value = own.value + float(paid.value.sum())
    arms = [own.high - own.value, *(paid.high - paid.value).tolist()]
    return Estimate(value, min(own.low + float(paid.low.sum()), value), value + float(np.hypot.reduce(arms)), n)


def figures(row: Row | None, models: Mapping[str, Any], day: date, confidence: float) -> dict[str, Any]:
    """spender, horizons, sender, worth, brought and quadrants of a dossier. models, day: of the last turn.

    row: of a customer; None while no turn has counted them.
    """
    found: dict[str, Any] = {"quadrants": None, "rewarded_share": row and row["rewarded_share"]}
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
    # Worth rests on what they bought and on whom they brought, sending on the latter alone.
    n = (row["sent_friends"] or 0) + (row["orders"] if name == "worth" else 0)
    return Estimate(row[f"{name}_minor"], row[f"{name}_low"], row[f"{name}_high"], n=n)
