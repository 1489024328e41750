"""Size: from customers to drawn decisions and their records, in seconds for hundreds of thousands."""

import time

import numpy as np
import pytest
from tests.decisions.conftest import DAY, columns

from openchair.decisions import guard
from openchair.decisions.situation import circumstances_of, situations_of
from openchair.learning import beliefs
from openchair.learning.deciding import DAILY, decide
from openchair.loyalty.actions import default


@pytest.mark.slow
def test_two_hundred_thousand_customers_take_seconds() -> None:
    """Decisions, chances and records for 200,000 random customers use less than 10 seconds of the processor."""
    actions, customers = default(), columns(200_000)
    held = beliefs.held(beliefs.nothing(actions), actions, exploration=0.05)
    begin = time.process_time()
    chosen = decide(customers, held, DAY)
    records = chosen.records(held)
    seconds = time.process_time() - begin
    assert seconds < 10
    assert len(records) == len(chosen.seen.situations) < 90_000
    acts = chosen.action < len(actions)
    codes = np.column_stack([chosen.choice.codes, np.zeros(len(records), dtype=np.int16)])
    assert (codes[chosen.seen.inverse, chosen.action] == 0).all()
    assert (chosen.propensity > 0).all()
    assert np.abs(chosen.choice.probabilities.sum(axis=1) - 1).max() < 1e-9
    # Half of what is drawn is what seems best, and yet all that is of a day is tried on somebody but the last resort.
    best = chosen.choice.probabilities.argmax(axis=1)[chosen.seen.inverse]
    assert (chosen.action == best).mean() > 0.5
    tried = np.bincount(chosen.action[acts], minlength=len(actions)) > 0
    daily = [not one.moments or DAILY in one.moments for one in actions]
    assert all(tried[np.array(daily) & [not one.is_discount for one in actions]])


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
