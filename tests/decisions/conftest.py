"""Customers at random, as the columns a turn gives to decisions."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from openchair.dossier.consent import yes
from openchair.dossier.rules import FOOD_SAFETY
from openchair.dossier.stage import STAGES

DAY = date(2025, 6, 1)


def columns(n: int, seed: int = 1) -> dict[str, Any]:
    """n customers of every stage, with rules, consents, answers, complaints and contacts."""
    rng = np.random.default_rng(seed)

    def dates(share: float, span: int) -> Any:
        days = np.datetime64(DAY) - rng.integers(0, span, n).astype("timedelta64[D]")
        days[rng.random(n) > share] = np.datetime64("NaT")
        return days

    stage = rng.choice(7, n, p=[0.05, 0.15, 0.1, 0.3, 0.15, 0.22, 0.03])
    food = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    rules = np.where(food == 2, np.int64(1) << rng.integers(0, 14, n), 0)
    rules |= np.where(rng.random(n) < 0.1, np.int64(1) << rng.integers(15, 33, n), 0)
    orders = np.where(stage == 0, 0, np.where(stage == 1, 1, 1 + rng.geometric(0.2, n)))
    ideas = ["call-and-listen", "call-and-listen,note-by-hand", "small-surprise,their-usual", "round-table"]
    agreed = [0, yes("marketing", "e-mail"), yes("profiling"), yes("marketing", "e-mail") | yes("marketing", "call")]
    return {
        "customer_id": np.array([f"{i:032x}" for i in range(n)]),
        "stage": np.array(STAGES, dtype=object)[stage],
        "orders": orders,
        "spent_minor": orders * 2500,
        "worth_minor": np.where(stage == 0, np.nan, rng.lognormal(9, 1, n)),
        "rules": rules,
        "food_safety": np.array(FOOD_SAFETY, dtype=object)[food],
        "consents": np.array(agreed)[rng.choice(4, n, p=[0.3, 0.5, 0.1, 0.1])],
        "nps_score": np.where(rng.random(n) < 0.8, np.nan, rng.integers(0, 11, n)),
        "sent_friends": rng.poisson(0.1, n),
        "complained_on": dates(0.05, 300),
        "contacted_on": dates(0.6, 200),
        "attention_budget": rng.choice([6.0, 3.0, 0.0], n, p=[0.9, 0.08, 0.02]),
        "attention_spent": np.where(rng.random(n) < 0.7, 0.0, rng.integers(1, 14, n) / 2),
        "resting": np.where(rng.random(n) < 0.8, "", rng.choice(ideas, n)),
    }


@pytest.fixture(scope="session")
def customers() -> dict[str, Any]:
    """Twenty thousand customers."""
    return columns(20_000)
