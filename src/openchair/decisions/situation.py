"""Situations: customers for whom a decision is the same, taken once however many they are.

First come *circumstances*: a stage, hard rules, consents, a band of value, what was last heard from and said to the
customer, what is left of their attention. A band of worth stands for its middle, the others for their lower edge:
"contacted 7 to 14 days ago" counts as 7, "5 to 10 orders" as 5, so a limit that an action sets is kept for every
customer in the band. The guard judges circumstances; those that it judges alike, at the same stage, worth and features,
are one *situation*, if they are in one lot and lean alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.decisions.features import (
    CODES,
    GROUP_OF_SCORE,
    HEARD,
    ORDERED,
    SCORES,
    code_of,
    heard_band,
    named,
    score_band,
)
from openchair.decisions.limits import IN_PEACE, Limits, days_since, known_or, left_of, rests
from openchair.dossier.attention import WEIGHTS
from openchair.dossier.rules import FOOD_SAFETY
from openchair.dossier.stage import PROSPECT, STAGES
from openchair.loyalty.pillars import PILLAR_IDS

CONTACT_DAYS: tuple[int, ...] = (0, 1, 3, 7, 14, 30, 60, 90)
"""Lower edges of the bands of days since the last contact; a band beyond the last is "never"."""
NEVER_CONTACTED = len(CONTACT_DAYS)
LEFT: tuple[float, ...] = (IN_PEACE, *sorted(set(WEIGHTS.values())))
"""Lower edges of the bands of attention left: what a channel takes, for nothing else is asked of it."""
ORDERS: tuple[int, ...] = (0, 1, 2, 3, 5, 10, 20)
"""Lower edges of the bands of orders."""
COMPLAINT_DAYS = 30
"""A complaint is recent for so long."""
BANDS_PER_TENFOLD = 4
MIDDLE = 10 ** (1 / (2 * BANDS_PER_TENFOLD))
"""How many times the lower edge of a band of worth its middle is, which stands for it."""
LEAST_VALUE_MINOR = 100.0
"""Values are told apart from this one upwards, each band 1.78 times the one before; below counts as nothing."""
_EDGE = 1e-9
"""A value on the edge belongs to the band above, whatever the logarithm rounds to."""
_BANDS = 28


@dataclass(frozen=True, slots=True)
class Circumstances(Limits):
    """c distinct circumstances, each an element of every array: their limits, and what an action must suit.

    stage, nps: index into STAGES, NPS_GROUPS. value_minor: what the customers in them are about worth, as spender
    and sender over 12 months, in minor units. value_known: False where no model could say, and one more order like
    those before is taken instead. orders: least number of orders. features: codes (decisions.features).
    """

    stage: NDArray[np.int8]
    value_minor: NDArray[np.float64]
    value_known: NDArray[np.bool_]
    sender: NDArray[np.bool_]
    nps: NDArray[np.int8]
    complained: NDArray[np.bool_]
    orders: NDArray[np.int64]
    features: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Situations:
    """k distinct situations, each an element of every array; weight is how many customers are in it.

    stage: index into STAGES. value_minor, value_known, features: as in Circumstances. codes: (k, A) what the guard says
    of each action, 0 where it is permitted. arm: the lot they are in (learning.arms). leaning: (k, P) by how many steps
    each pillar moves them more than others, or less.
    """

    stage: NDArray[np.int8]
    value_minor: NDArray[np.float64]
    value_known: NDArray[np.bool_]
    features: NDArray[np.int64]
    codes: NDArray[np.int16]
    arm: NDArray[np.int8]
    leaning: NDArray[np.int8]
    weight: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.stage)


def situations_of(
    circumstances: Circumstances,
    inverse: NDArray[np.int64],
    codes: NDArray[np.int16],
    arm: NDArray[np.int8] | None = None,
    leaning: NDArray[np.int8] | None = None,
) -> tuple[Situations, NDArray[np.int64]]:
    """The distinct situations, and (n,) which of them each customer is in.

    inverse: (n,) each customer's circumstances. codes: (c, A) from guard.permitted. arm: (n,) and leaning: (n, P) each
    customer's own; one and the same for all where they are left out.
    """
    values, band = _distinct(circumstances.value_minor)
    columns: list[tuple[NDArray[Any], int]] = [(circumstances.stage, len(STAGES)), (band, len(values))]
    columns += [(circumstances.value_known, 2), (circumstances.features, CODES)]
    columns += [(_rows_alike(codes), len(circumstances) or 1)]
    first, place = _alike(_packed(len(circumstances), columns))
    arms = np.zeros(len(inverse), dtype=np.int8) if arm is None else arm
    leans = np.zeros((len(inverse), 0), dtype=np.int8) if leaning is None else leaning
    owns: list[tuple[NDArray[Any], int]] = [(place[inverse], len(first)), (arms, int(arms.max(initial=0)) + 1)]
    least = int(leans.min(initial=0))
    owns += [(column - least, int(leans.max(initial=0)) - least + 1) for column in leans.T.astype(np.int64)]
    whose, where = _alike(_packed(len(inverse), owns))
    one = first[place[inverse[whose]]]
    return Situations(
        stage=circumstances.stage[one],
        value_minor=circumstances.value_minor[one],
        value_known=circumstances.value_known[one],
        features=circumstances.features[one],
        codes=codes[one],
        arm=arms[whose],
        leaning=leans[whose],
        weight=np.bincount(where, minlength=len(one)),
    ), where


def circumstances_of(customers: Mapping[str, Any], day: date) -> tuple[Circumstances, NDArray[np.int64]]:
    """The distinct circumstances of customers on a day, and (n,) which of them each customer is in.

    customers: columns of n values, as in chair.ports.CUSTOMER_COLUMNS (stage, orders, spent_minor, worth_minor, rules,
    food_safety, consents, nps_score, sent_friends, complained_on, contacted_on, attention_budget, attention_spent,
    resting are read). NaN, NaT and None are "not known". Raises BadInput for a word that is no stage or no state of
    food safety, and for columns of several lengths.
    """
    n = len(customers["stage"])
    for name in (
        "orders",
        "worth_minor",
        "rules",
        "consents",
        "food_safety",
        "complained_on",
        "contacted_on",
        "resting",
    ):
        if len(customers[name]) != n:
            bound, remedy = f"must have {n} values, as stage has", "Give columns of one length."
            raise BadInput(name, value=len(customers[name]), bound=bound, remedy=remedy)
    orders = known_or(customers["orders"])
    band, known = _value_bands(customers, orders)
    score = np.asarray(customers["nps_score"], dtype=np.float64)
    complaint, contact = (days_since(customers[name], day) for name in ("complained_on", "contacted_on"))
    contact_band = np.searchsorted(CONTACT_DAYS, known_or(contact), side="right") - 1
    left = left_of(customers["attention_budget"], customers["attention_spent"])
    left_band = np.searchsorted(LEFT, left, side="right") - 1
    ideas, resting = rests(customers["resting"])
    rules, rules_code = _distinct(np.asarray(customers["rules"], dtype=np.int64))
    consents, consents_code = _distinct(np.asarray(customers["consents"], dtype=np.int64))
    fields: dict[str, tuple[NDArray[Any], int]] = {
        "stage": (_codes("stage", customers["stage"], STAGES, PROSPECT), len(STAGES)),
        "rules": (rules_code, len(rules)),
        "food_safety": (_codes("food_safety", customers["food_safety"], FOOD_SAFETY, 0), len(FOOD_SAFETY)),
        "consents": (consents_code, len(consents)),
        "band": (band, _BANDS + 1),
        "known": (known, 2),
        "sender": (known_or(customers["sent_friends"]) > 0, 2),
        "score": (score_band(score), len(SCORES)),
        "complained": (complaint <= COMPLAINT_DAYS, 2),
        "contact": (np.where(np.isnan(contact), NEVER_CONTACTED, contact_band), NEVER_CONTACTED + 1),
        "left": (left_band, len(LEFT)),
        "heard": (heard_band(customers["attention_spent"]), len(HEARD)),
        "ordered": (np.searchsorted(ORDERED, np.maximum(orders, 0), side="right") - 1, len(ORDERED)),
        "resting": (resting, len(ideas)),
        "orders": (np.searchsorted(ORDERS, np.maximum(orders, 0), side="right") - 1, len(ORDERS)),
    }
    one, inverse = _alike(_packed(n, list(fields.values())))
    of = {name: codes[one] for name, (codes, _) in fields.items()}
    days_contact = np.array([*CONTACT_DAYS, np.inf])
    found = Circumstances(
        stage=of["stage"].astype(np.int8),
        rules=rules[of["rules"]],
        food_safety=of["food_safety"].astype(np.int8),
        consents=consents[of["consents"]],
        value_minor=MIDDLE * least_value(of["band"]),
        value_known=of["known"].astype(np.bool_),
        sender=of["sender"].astype(np.bool_),
        nps=np.array(GROUP_OF_SCORE, dtype=np.int8)[of["score"]],
        complained=of["complained"].astype(np.bool_),
        days_contact=days_contact[of["contact"]],
        left=np.array(LEFT)[of["left"]],
        resting=of["resting"],
        ideas=ideas,
        orders=np.array(ORDERS)[of["orders"]],
        features=code_of(
            of["stage"], of["score"], of["band"], np.array(ORDERED)[of["ordered"]], np.array(HEARD)[of["heard"]]
        ),
    )
    return found, inverse


def value_band(value_minor: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the band of a value: 0 below LEAST_VALUE_MINOR, then four to every tenfold. A shop's fill about a dozen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.floor(BANDS_PER_TENFOLD * np.log10(value_minor / LEAST_VALUE_MINOR) + _EDGE)
    band: NDArray[np.int64] = 1 + np.clip(known_or(steps, -1.0), -1, _BANDS - 1).astype(np.int64)
    return band


def least_value(band: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) the lower edge of a band, minor units: nobody in it is worth less.

    >>> least_value(np.array([0, 1, 5])).tolist()
    [0.0, 100.0, 1000.0]
    """
    return np.where(band > 0, LEAST_VALUE_MINOR * 10 ** ((band - 1) / BANDS_PER_TENFOLD), 0.0)


def fields_of(situations: Situations, i: int) -> dict[str, Any]:
    """One situation as plain values with the names people know, for its record."""
    leaning = {
        pillar: steps for pillar, steps in zip(PILLAR_IDS, situations.leaning[i].tolist(), strict=False) if steps
    }
    return {
        "stage": STAGES[situations.stage[i]],
        "value_minor": round(float(situations.value_minor[i]), 2),
        "value_known": bool(situations.value_known[i]),
        **named(int(situations.features[i])),
        **({"leaning": leaning} if leaning else {}),
    }


def ids(records: Sequence[str], *salt: str) -> list[str]:
    """The ids of situations from their records: equal records of one day, moment and policy are one situation."""
    return [digest(*salt, record) for record in records]


def _packed(n: int, columns: Sequence[tuple[NDArray[Any], int]]) -> NDArray[np.int64]:
    """(n,) one number for each row, equal where the rows are. columns: (n,) codes below a size, each with that size."""
    key, room = np.zeros(n, dtype=np.int64), 1
    for codes, size in columns:
        if room * size >= 1 << 62:
            distinct, key = _distinct(key)
            room = len(distinct)
        key = key * size + codes
        room *= size
    return key


def _rows_alike(rows: NDArray[np.int16]) -> NDArray[np.int64]:
    """(n,) one number for each row of a matrix, equal where the rows are."""
    if not rows.size:
        return np.zeros(len(rows), dtype=np.int64)
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    return _distinct(whole.ravel())[1]


def _alike(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One row of each group with an equal key, in the order of the keys, and (n,) the group of each row."""
    keys, inverse = _distinct(key)
    one = np.empty(len(keys), dtype=np.int64)
    one[inverse] = np.arange(len(key))
    return one, inverse


def _value_bands(
    customers: Mapping[str, Any], orders: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(n,) bands of value, and whether a model knew it; else one more order as those before is taken."""
    value = np.asarray(customers["worth_minor"], dtype=np.float64)
    spent = known_or(customers["spent_minor"])
    known = np.isfinite(value)
    return value_band(np.where(known, value, spent / np.maximum(orders, 1))), known


def _distinct(column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The distinct values, and (n,) which of them each is; of one alone, who waits for an answer, without sorting."""
    if len(column) == 1:
        return column, np.zeros(1, dtype=np.int64)
    values, codes = np.unique(column, return_inverse=True)
    return values, codes.astype(np.int64)


def _codes(name: str, column: Any, words: Sequence[str], missing: int) -> NDArray[np.int64]:
    """(n,) the place of each word in `words`; codes are taken as they are, None is `missing`."""
    values = np.asarray(column)
    if values.dtype.kind in "iu":
        codes = values.astype(np.int64)
    else:
        place = {word: code for code, word in enumerate(words)} | {None: missing}
        codes = np.asarray(np.frompyfunc(place.get, 2, 1)(values, -1), dtype=np.int64)
    wrong = (codes < 0) | (codes >= len(words))
    if wrong.any():
        shown = values[int(np.argmax(wrong))]
        bound = f"must be one of {', '.join(words)}"
        raise BadInput(name, value=str(shown), bound=bound, remedy="Let dossier.stage and dossier.rules name it.")
    return codes
