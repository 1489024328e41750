"""Situations: alike customers are judged once, and no limit of an action is blurred by a band."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.decisions.conftest import DAY, columns

from openchair.core.errors import BadInput
from openchair.decisions import guard
from openchair.decisions.features import NPS_GROUPS
from openchair.decisions.situation import circumstances_of, least_value, situations_of, value_band
from openchair.dossier.rules import FOOD_SAFETY
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import default


def test_circumstances_keep_what_customers_are(customers: dict[str, Any]) -> None:
    """Each customer finds in their circumstances their own stage, rules, consents and answer, and a lower edge."""
    found, of = circumstances_of(customers, DAY)
    assert len(found) < len(of)
    assert (np.array(STAGES)[found.stage][of] == customers["stage"]).all()
    assert (np.array(FOOD_SAFETY)[found.food_safety][of] == customers["food_safety"]).all()
    assert (found.rules[of] == customers["rules"]).all()
    assert (found.consents[of] == customers["consents"]).all()
    assert (found.sender[of] == (customers["sent_friends"] > 0)).all()
    since = (np.datetime64(DAY) - customers["contacted_on"]).astype(float)
    since[np.isnat(customers["contacted_on"])] = np.inf
    assert (found.days_contact[of] <= since).all()
    assert (found.orders[of] <= customers["orders"]).all()
    score = customers["nps_score"]
    groups = np.select([np.isnan(score), score <= 6, score <= 8], NPS_GROUPS[:3], NPS_GROUPS[3])
    assert (np.array(NPS_GROUPS)[found.nps][of] == groups).all()


def test_situations_are_what_the_guard_judges_alike(customers: dict[str, Any]) -> None:
    """Merging keeps, for every customer, the stage, the worth and each reason."""
    actions = default()
    found, of = circumstances_of(customers, DAY)
    codes = guard.permitted(found, actions)
    merged, where = situations_of(found, of, codes)
    assert len(merged) < len(found)
    assert (merged.codes[where] == codes[of]).all()
    assert (merged.stage[where] == found.stage[of]).all()
    assert (merged.value_minor[where] == found.value_minor[of]).all()
    assert (np.bincount(where) == merged.weight).all()
    assert (merged.features[where] == found.features[of]).all()
    rows = np.column_stack([merged.stage, merged.value_minor, merged.value_known, merged.features, merged.codes])
    assert len(np.unique(rows, axis=0)) == len(merged)


def test_the_order_of_customers_changes_nothing(customers: dict[str, Any]) -> None:
    """The same customers in another order have the same situations."""
    turned = np.random.default_rng(3).permutation(len(customers["stage"]))
    found, of = circumstances_of(customers, DAY)
    again, of_again = circumstances_of({name: column[turned] for name, column in customers.items()}, DAY)
    assert (of[turned] == of_again).all()
    assert (found.value_minor == again.value_minor).all()


def test_nobody_is_worth_less_than_their_band_says_and_at_most_1_78_times_as_much() -> None:
    """What is not worth its cost at the band's value might be at their own; what is, is for everyone in it."""
    values = np.geomspace(100, 1e8, 5000)
    ratio = values / least_value(value_band(values))
    assert ratio.min() > 1 - 1e-6
    assert ratio.max() < 1.79
    assert least_value(value_band(np.array([0.0, -5.0, 99.0]))).tolist() == [0.0, 0.0, 0.0]


def test_a_value_nobody_could_estimate_is_one_more_order() -> None:
    """Where no model speaks, the guess is small and marked as one; a stranger is worth nothing yet."""
    few = {**columns(3), "stage": np.array(["steady", "prospect", "steady"], dtype=object)}
    few |= {"worth_minor": np.array([np.nan, np.nan, 4e4]), "orders": np.array([4, 0, 4])}
    few["spent_minor"] = np.array([20_000, 0, 20_000])
    found, of = circumstances_of(few, DAY)
    assert found.value_known[of].tolist() == [False, False, True]
    assert found.value_minor[of] == pytest.approx([4217, 0, 42170], rel=0.01)


def test_dates_may_be_python_dates_and_the_future_counts_as_today() -> None:
    """Columns come as NumPy dates or as objects with None; a clock that ran ahead breaks nothing."""
    few = columns(3)
    few["contacted_on"] = np.array([DAY + timedelta(days=2), None, date(2025, 5, 20)], dtype=object)
    found, of = circumstances_of(few, DAY)
    assert found.days_contact[of].tolist() == [0.0, np.inf, 7.0]


def test_a_word_that_is_no_stage_is_refused() -> None:
    """The error names what was given and what may be."""
    with pytest.raises(BadInput, match="stage: got 'happy'; must be one of prospect"):
        circumstances_of({**columns(1), "stage": np.array(["happy"], dtype=object)}, DAY)
    with pytest.raises(BadInput, match="orders: got 2; must have 1 values"):
        circumstances_of({**columns(1), "orders": np.array([1, 2])}, DAY)


def test_no_customers_are_no_situations() -> None:
    """An empty shop has an answer too."""
    found, of = circumstances_of(columns(0), DAY)
    merged, where = situations_of(found, of, guard.permitted(found, default()))
    assert (len(found), len(merged), len(where)) == (0, 0, 0)
