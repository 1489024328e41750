"""Running subscriptions: what is counted of steps, and payments to come against formula and simulation."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from openchair.core.estimate import Unknown
from openchair.value.spenders import subscribing
from openchair.value.spenders.contract import Contract

KNOWN = Contract({"alpha": 0.8, "beta": 3.5})
TODAY = date(2026, 7, 1)


def case(renewed: Any, passed: Any = 0, period: Any = 30.0, amount: Any = 1_000) -> dict[str, Any]:
    columns = np.broadcast_arrays(np.atleast_1d(renewed), passed, period, amount)
    return dict(zip(subscribing.CASE, columns, strict=True))


def test_a_year_of_payments_is_the_discounted_number_of_renewals() -> None:
    """With nothing of the period gone, it is that of Fader & Hardie (2010) at the rate of a period."""
    renewed = np.arange(6)
    found = subscribing.payments(KNOWN, case(renewed), 365.0, confidence=0.8, margin=0.5, yearly_rate=0.1)
    rate = 1.1 ** (30 / 365) - 1
    assert found.value == pytest.approx(500 * KNOWN.renewals(renewed, periods=12, rate=rate))
    life = subscribing.payments(KNOWN, case(renewed), None, confidence=0.8, yearly_rate=0.1)
    assert life.value == pytest.approx(1_000 * KNOWN.renewals(renewed, rate=rate), rel=1e-6)
    assert (life.value > 2 * found.value).all()


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_intervals_hold_what_is_paid_as_often_as_they_say(confidence: float) -> None:
    """20,000 subscribers who have renewed three times; the chance to leave is drawn anew for each, given that."""
    rng = np.random.default_rng(8)
    leaves = rng.beta(0.8, 3.5 + 3, 20_000)
    renewals = np.minimum(rng.geometric(leaves) - 1, 24)
    due = np.exp(-np.log1p(0.1) * np.arange(1, 25) * 15 / 365)
    came = 1_000 * np.append(0.0, np.cumsum(due))[renewals]
    found = subscribing.payments(KNOWN, case(3, 0, 15.0), 365.0, confidence=confidence, yearly_rate=0.1)
    assert found.value[0] == pytest.approx(came.mean(), rel=0.02)
    held = ((came >= found.low[0] - 1e-6) & (came <= found.high[0] + 1e-6)).mean()
    assert held >= confidence - 0.01
    assert (came > found.high[0] + 1e-6).mean() <= (1 - confidence) / 2 + 0.01


def test_what_is_not_known_of_the_shop_widens_intervals() -> None:
    rng = np.random.default_rng(3)
    left = rng.geometric(rng.beta(0.8, 3.5, 60)) - 1
    fitted = subscribing.fit(np.minimum(left, 5), (left < 5).astype(np.int64), np.ones(60, dtype=np.int64))
    assert isinstance(fitted, Contract)
    sure = Contract(fitted.params)
    one, other = (subscribing.payments(m, case([0, 4]), 365.0, confidence=0.8) for m in (fitted, sure))
    assert one.value == pytest.approx(other.value)
    assert (one.high > other.high).all() and (one.low <= other.low).all()


def test_too_few_to_tell() -> None:
    """Below thirty, or while none ended, there is a reason in place of a model."""
    found = subscribing.fit(np.array([1, 2]), np.array([0, 1]), np.array([5, 6]))
    assert found == Unknown("11 subscriptions", needed=19)
    assert isinstance(subscribing.fit(np.array([1, 2]), np.array([0, 0]), np.array([50, 60])), Unknown)


def counted(*told: tuple[str, str, int], **said: Any) -> list[dict[str, Any]]:
    """subscribing.count of (who, event, days before today)."""
    text = {"subscription_id": "s", "period_days": 30.0, "amount_minor": 900, "currency": "EUR"} | said
    properties = "{" + ",".join(f'"{k}":"{v}"' if isinstance(v, str) else f'"{k}":{v}' for k, v in text.items()) + "}"
    rows = [
        {"customer_id": who, "event": event, "day": TODAY - timedelta(days=ago), "fact_id": str(i),
         "happened_at": datetime(2026, 7, 1, tzinfo=UTC) - timedelta(days=ago), "properties": properties}
        for i, (who, event, ago) in enumerate(told)
    ]  # fmt: skip
    table = subscribing.count(ibis.memtable(pa.Table.from_pylist(rows)), TODAY, "EUR")
    return table.order_by("customer_id", "started_on").to_pyarrow().to_pylist()


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["renewed"], row["ended"], row["running"], row["passed_days"]) for row in rows]


def test_without_renewals_told_time_tells_them() -> None:
    """A shop that says only when subscriptions start and end: whole periods gone are renewals."""
    rows = counted(("a", "start", 100), ("b", "start", 100), ("b", "end", 25), ("c", "start", 5))
    assert brief(rows) == [(3, 0, True, 10), (2, 1, False, 15), (0, 0, True, 5)]


def test_one_not_paid_for_too_long_has_ended_unsaid() -> None:
    """Where renewals are told, a payment missing for half a period more than one is an end; a pause is none."""
    rows = counted(
        ("a", "start", 100), ("a", "paid", 70), ("a", "paid", 40), ("a", "paid", 10),
        ("b", "start", 100), ("b", "paid", 70),
        ("c", "start", 100), ("c", "pause", 75),
        ("d", "start", 100), ("d", "pause", 75), ("d", "resume", 20),
    )  # fmt: skip
    assert brief(rows)[:3] == [(3, 0, True, 10), (1, 1, False, 0), (0, 0, False, 25)]
    assert brief(rows)[3][1:3] == (0, True)


def test_who_comes_back_has_a_second_subscription() -> None:
    """An end and a new start are two contracts: one ended, one running."""
    rows = counted(("a", "start", 200), ("a", "end", 110), ("a", "start", 40))
    assert [(row["ended"], row["running"]) for row in rows] == [(1, False), (0, True)]
