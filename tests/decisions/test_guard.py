"""The guard: nothing forbidden passes, and the first reason is the one that is told."""

from time import process_time
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tests.decisions.conftest import DAY, columns

from openchair.core.errors import BadInput
from openchair.decisions.guard import permitted, reached, thing_of
from openchair.decisions.reasons import (
    A_SENDER,
    COMPLAINT_FIRST,
    NO_COMPLAINT,
    NOT_A_SENDER,
    REASONS,
    TOO_FEW_ORDERS,
    WRONG_MOMENT,
    WRONG_SCORE,
    WRONG_STAGE,
)
from openchair.decisions.situation import circumstances_of
from openchair.dossier.attention import WEIGHTS
from openchair.dossier.consent import allowed, no, yes
from openchair.dossier.rules import BIT, Channel, barred, blocks
from openchair.loyalty.actions import MOMENTS, default

ACTIONS = default()
BY_ID = {action.id: place for place, action in enumerate(ACTIONS)}


UNSUITED = (
    COMPLAINT_FIRST,
    WRONG_STAGE,
    TOO_FEW_ORDERS,
    NOT_A_SENDER,
    A_SENDER,
    NO_COMPLAINT,
    WRONG_SCORE,
    WRONG_MOMENT,
)
BY_MAIL = yes("marketing", "e-mail")


def not_then(moment: str) -> Any:
    """(A,) which actions are not for a moment."""
    return np.array([moment not in (action.moments or MOMENTS) for action in ACTIONS])


def reason(action: str, **customer: Any) -> str:
    """Why an action is ruled out for a steady customer of 30 orders of whom all else is unknown; empty if it is not."""
    plain: dict[str, Any] = {
        "stage": "steady", "orders": 30, "spent_minor": 90_000, "worth_minor": 30_000.0, "rules": 0,
        "food_safety": "unknown", "consents": 0, "nps_score": np.nan, "sent_friends": 0,
        "complained_on": np.datetime64("NaT"), "contacted_on": np.datetime64("NaT"),
        "attention_budget": 6.0, "attention_spent": 0.0, "resting": "",
    }  # fmt: skip
    row = {name: np.array([value], dtype=object if isinstance(value, str) else None)
           for name, value in (plain | customer).items()}  # fmt: skip
    found, _ = circumstances_of(row, DAY)
    return REASONS[permitted(found, ACTIONS)[0, BY_ID[action]]]


def ago(days: int) -> np.datetime64:
    return np.datetime64(DAY) - np.timedelta64(days, "D")


@pytest.mark.parametrize(
    ("action", "customer", "said"),
    [
        ("note-by-hand", {}, ""),
        ("first-to-try", {}, "their allergies are not known, and it is not known to be free of them"),
        ("first-to-try", {"food_safety": "none"}, ""),
        ("first-to-try", {"food_safety": "declared", "rules": BIT["peanuts"]}, "never: peanuts"),
        ("small-surprise", {"rules": BIT["no gifts"]}, "no gifts"),
        ("call-and-listen", {"rules": BIT["no calls"]}, "no calls"),
        ("call-and-listen", {"consents": no("service", "call")}, "no consent for this purpose on this channel"),
        ("before-it-runs-out", {}, "no consent for this purpose on this channel"),
        ("before-it-runs-out", {"consents": BY_MAIL}, ""),
        ("before-it-runs-out", {"consents": BY_MAIL, "contacted_on": ago(6)}, "contacted too recently"),
        ("before-it-runs-out", {"consents": BY_MAIL, "contacted_on": ago(7)}, ""),
        ("before-it-runs-out", {"consents": BY_MAIL, "complained_on": ago(3)}, "a complaint comes first"),
        ("offer-a-mandate", {"contacted_on": ago(29)}, "contacted too recently"),
        ("offer-a-mandate", {"orders": 9}, "too few orders for it"),
        ("offer-a-mandate", {"nps_score": 3.0}, "not for those who gave their last score"),
        ("offer-a-mandate", {"rules": BIT["under age"]}, "under age"),
        ("offer-a-mandate", {"consents": no("profiling")}, "they asked not to be profiled"),
        ("offer-a-mandate", {"resting": "offer-a-mandate"}, "they had this idea from us not long ago"),
        ("usual-order-ready", {"resting": "their-usual"}, "they had this idea from us not long ago"),
        ("call-and-listen", {"attention_spent": 3.5}, "not enough of their attention is left"),
        ("call-and-listen", {"attention_spent": 3.0}, ""),
        ("note-by-hand", {"attention_budget": 0.0}, "they asked to be left in peace"),
        ("note-by-hand", {"attention_budget": np.nan}, "not enough of their attention is left"),
        ("usual-order-ready", {"attention_budget": 0.0}, ""),
        ("fix-before-asked", {}, "only after a complaint"),
        ("fix-before-asked", {"complained_on": ago(3), "attention_spent": 6.0}, ""),
        ("fix-before-asked", {"complained_on": ago(3), "resting": "fix-before-asked"},
         "they had this idea from us not long ago"),
        ("fix-before-asked", {"complained_on": ago(3), "contacted_on": ago(0)}, ""),
        ("thank-the-sender", {}, "only for those who sent us friends"),
        ("thank-the-sender", {"sent_friends": 2}, ""),
        ("come-back-voucher", {}, "not for their stage of life with us"),
        ("come-back-voucher", {"rules": BIT["no letters"], "contacted_on": ago(1)}, "no letters"),
    ],
)  # fmt: skip
def test_the_first_reason_is_told(action: str, customer: dict[str, Any], said: str) -> None:
    """Hard rules before consent, consent before attention, attention before whether it suits."""
    assert reason(action, **customer) == said


def test_nothing_forbidden_passes(customers: dict[str, Any]) -> None:
    """Of all customers and actions, none that passes breaks a rule, a consent, a spacing, a budget or a rest."""
    found, of = circumstances_of(customers, DAY)
    said = reached(found, ACTIONS)
    codes, roads = said.codes[of], said.channel[of]
    since = (np.datetime64(DAY) - customers["contacted_on"]).astype(float)
    since[np.isnat(customers["contacted_on"])] = np.inf
    food = np.array([("unknown", "none", "declared").index(state) for state in customers["food_safety"]])
    for place, action in enumerate(ACTIONS):
        done = codes[:, place] == 0
        for road, channel in enumerate(action.channels):
            by = done & (roads[:, place] == road)
            thing = barred(action.contents, channel, action.purpose)
            against = blocks(customers["rules"], food, np.array([thing.terms]), np.array([thing.unsure]))
            assert not against[by].any()
            assert allowed(customers["consents"], action.purpose, channel)[by].all()
            takes = customers["attention_spent"] + WEIGHTS[channel]
            fits = (takes[by] <= customers["attention_budget"][by]).all()
            assert fits or channel == "webhook" or thing_of(action).owed
        assert (since[done] >= action.spacing_days).all()
        assert not any((action.idea or action.id) in text.split(",") for text in customers["resting"][done])
        assert (customers["orders"][done] >= action.needs.min_orders).all()
        assert set(customers["stage"][done]) <= set(action.uplift)


def test_every_kind_of_customer_and_action_was_tried(customers: dict[str, Any]) -> None:
    """The property above means something: most reasons occur, and every action passes for somebody."""
    found, _ = circumstances_of(customers, DAY)
    codes = permitted(found, ACTIONS)
    assert all(((permitted(found, ACTIONS, moment) == 0).any(axis=0) | not_then(moment)).all() for moment in MOMENTS)
    assert len(np.unique(codes)) > 25


def test_it_goes_by_the_first_channel_that_is_permitted(customers: dict[str, Any]) -> None:
    """Judged on several channels it comes to the same as on each; where none is open, the one it prefers tells."""
    found, _ = circumstances_of(customers, DAY)
    roads: list[tuple[Channel, ...]] = [("e-mail", "letter"), ("call", "message", "letter"), ("parcel",)]
    many = [replace(one, channels=roads[place % 3]) for place, one in enumerate(ACTIONS)]
    said = reached(found, many)
    for column, one in enumerate(many):
        alone = np.column_stack([permitted(found, [replace(one, channels=(road,))])[:, 0] for road in one.channels])
        first = np.argmax((alone == 0) | np.isin(alone, UNSUITED), axis=1)
        assert (said.codes[:, column] == alone[np.arange(len(found)), first]).all()
        assert (said.channel[:, column] == first).all()
    assert set(np.unique(said.channel)) == {0, 1, 2}


def test_an_action_keeps_to_its_moments() -> None:
    """One for the checkout is none in the daily turn, one without moments is for all; an unknown moment is refused."""
    found, _ = circumstances_of(columns(50), DAY)
    till = [replace(one, moments=("checkout", "return")) for one in ACTIONS]
    assert not (permitted(found, till) == 0).any()
    assert {"not at this moment"} <= {REASONS[code] for code in permitted(found, till, "daily").flat}
    whenever = [replace(one, moments=()) for one in ACTIONS]
    assert (permitted(found, till, "return") == permitted(found, whenever)).all()
    assert (permitted(found, whenever, "birthday") == permitted(found, whenever)).all()
    with pytest.raises(BadInput, match="moment: got 'full moon'; one of daily, checkout"):
        permitted(found, ACTIONS, "full moon")


def test_a_thousand_actions_are_judged_at_once() -> None:
    """For one customer, the best of three within five milliseconds of processor time, and as each would be alone."""
    many = tuple(replace(ACTIONS[place % len(ACTIONS)], id=f"action-{place}") for place in range(1000))
    found, _ = circumstances_of(columns(1), DAY)
    seconds = []
    for _ in range(3):
        begun = process_time()
        codes = permitted(found, many)
        seconds.append(process_time() - begun)
    assert min(seconds) < 0.005
    assert (codes == np.resize(permitted(found, ACTIONS), (1, 1000))).all()


def test_a_spacing_between_two_bands_is_kept() -> None:
    """A limit of 10 days in a home's own catalogue holds for one contacted 8 days ago, whose band begins at 7."""
    ten = replace(ACTIONS[BY_ID["note-by-hand"]], spacing_days=10)
    row = {**columns(2), "stage": np.array(["steady"] * 2, dtype=object), "contacted_on": np.array([ago(8), ago(14)])}
    row |= {"rules": np.zeros(2, dtype=np.int64), "complained_on": np.array(["NaT"] * 2, dtype="datetime64[D]")}
    found, of = circumstances_of(row, DAY)
    assert [REASONS[code] for code in permitted(found, [ten])[of, 0]] == ["contacted too recently", ""]
