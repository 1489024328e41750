"""Size: from customers to drawn decisions and their records, in seconds for hundreds of thousands."""

import time

import numpy as np
import pytest
from tests.decisions.conftest import DAY, columns

from openchair.core.ids import uniforms
from openchair.decisions import choice, explain, guard
from openchair.decisions.situation import circumstances_of, situations_of
from openchair.learning import policy
from openchair.loyalty.actions import default


@pytest.mark.slow
def test_two_hundred_thousand_customers_take_seconds() -> None:
    """Decisions, chances and records for 200,000 random customers use less than 3 seconds of the processor."""
    actions, customers = default(), columns(200_000)
    chance = uniforms(customers["customer_id"], "2025-06-01")
    begin = time.process_time()
    found, place = circumstances_of(customers, DAY)
    situations, inverse = situations_of(found, place, guard.permitted(found, actions))
    gains = policy.gains(situations, actions)
    picked = choice.choose(gains, situations.codes, discounts=[action.is_discount for action in actions])
    action, propensity = choice.draw(picked.probabilities, inverse, chance)
    records = explain.records_of(situations, actions, gains, picked)
    seconds = time.process_time() - begin
    assert seconds < 10
    assert len(records) == len(situations) < 80_000
    codes = np.column_stack([picked.codes, np.zeros(len(situations), dtype=np.int16)])
    assert (codes[inverse, action] == 0).all()
    assert (propensity > 0).all()
    assert np.abs(picked.probabilities.sum(axis=1) - 1).max() < 1e-12
    # Half of what is drawn is what seems best, and yet every action is tried on somebody but the last resort.
    best = picked.probabilities.argmax(axis=1)[inverse]
    assert (action == best).mean() > 0.5
    tried = np.bincount(action, minlength=len(actions))[: len(actions)] > 0
    assert all(done or one.is_discount or one.moments for done, one in zip(tried, actions, strict=True))


def test_situations_stay_few_when_nothing_is_known() -> None:
    """A shop of orders alone, without consents, rules or answers, has a few hundred situations."""
    customers = columns(50_000)
    n = len(customers["stage"])
    nothing = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
    customers |= {"rules": np.zeros(n, np.int64), "food_safety": np.full(n, "unknown", dtype=object)}
    customers |= {"consents": np.zeros(n, np.int64), "nps_score": np.full(n, np.nan), "sent_friends": np.zeros(n)}
    customers |= {"complained_on": nothing, "contacted_on": nothing, "resting": np.full(n, "", dtype=object)}
    customers |= {"attention_budget": np.full(n, 6.0), "attention_spent": np.zeros(n)}
    found, place = circumstances_of(customers, DAY)
    situations, _ = situations_of(found, place, guard.permitted(found, default()))
    assert len(situations) < 500
