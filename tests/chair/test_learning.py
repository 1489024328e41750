"""Whether deciding pays, from decisions in the state and purchases in history to what a person reads."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.chair.conftest import Shop
from tests.store.making import chosen, linked, met, named

from openchair.chair.learning.counting import BEFORE_DAYS, LOOK_DAYS, UNIT_DAYS, Counted, count
from openchair.core.ids import digest
from openchair.learning.arms import ARMS, HOLDOUT, Shares, arms_of
from openchair.learning.proof import course
from openchair.value.worth import purchase_days

BEGIN = date(2026, 2, 10)
SALT = ("1",)


def people(n: int) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.array(sorted(digest("learning", str(k)) for k in range(n)))


def decide(shop: Shop, ids: np.ndarray[Any, Any], day: date, shares: Shares, action: str = "wait") -> None:
    """The daily decisions of a day, each in its arm by lot."""
    arms = arms_of(ids, day, shares, SALT)
    rows = (
        {"customer_id": who, "decision_id": f"{day}{who}", "action": action, "arm": ARMS[arm]}
        for who, arm in zip(ids.tolist(), arms.tolist(), strict=True)
    )
    shop.state.save_decisions(day, "daily", met(("s1", "{}")), chosen(*rows))


def known(shop: Shop, ids: np.ndarray[Any, Any]) -> None:
    shop.state.link(linked(*((f"id:{who}", who) for who in ids.tolist())), datetime(2026, 1, 1, tzinfo=UTC))
    shop.state.replace_customers(named(*ids.tolist()))


def counted(shop: Shop, bought: dict[tuple[str, date], int], today: date, margin: float = 1.0) -> Counted | None:
    """The lots of a shop in which these customers spent so much on these days."""
    rows = [{"customer_id": who, "day": day, "spent_minor": minor} for (who, day), minor in bought.items()]
    schema = pa.schema([("customer_id", pa.string()), ("day", pa.date32()), ("spent_minor", pa.int64())])
    engine = shop.engine()
    try:
        return count(shop.state, engine, engine.share(pa.Table.from_pylist(rows, schema)), today, margin)
    finally:
        engine.close()


def test_sums_are_those_of_each_customer_in_their_arm(shop: Shop) -> None:
    """Counted in the engine as one would by hand: two quarters, newcomers, days before, and every look."""
    rng, ids, shares = np.random.default_rng(3), people(60), Shares(0.3, 0.1)
    known(shop, ids)
    enters = {who: BEGIN + timedelta(days=int(day)) for who, day in zip(ids, rng.integers(0, 30, 60), strict=True)}
    for day in sorted({*enters.values(), date(2026, 4, 1)}):
        decide(shop, np.array([who for who in ids if enters[who] <= day]), day, shares)
    today = date(2026, 4, 20)
    bought = {
        (who, BEGIN + timedelta(days=int(day))): int(rng.integers(1, 9_000))
        for who in ids.tolist()
        for day in rng.integers(-120, 69, 12)
    }
    found = counted(shop, bought, today, margin=0.5)
    assert found is not None and found.begins == BEGIN and found.to <= today
    for lot, (start, until) in enumerate(((date(2026, 1, 1), date(2026, 4, 1)), (date(2026, 4, 1), found.to))):
        arms = arms_of(ids, start, shares, SALT)
        entered = [max(enters[who], start) for who in ids]
        for look in range(len(found.times[lot])):
            end = min(start + timedelta(days=LOOK_DAYS * (look + 1)), until)
            for arm in range(len(ARMS)):
                cases = []
                for who, day, of in zip(ids, entered, arms, strict=True):
                    if of == arm and day < end:
                        after, before = (
                            sum(minor for (w, d), minor in bought.items() if w == who and a <= d < b) * 0.5
                            for a, b in ((day, end), (day - timedelta(days=BEFORE_DAYS), day))
                        )
                        cases.append((after, before * UNIT_DAYS / BEFORE_DAYS))
                y, x = np.array(cases).reshape(-1, 2).T
                sums = found.sums[lot][arm]
                so_far = [getattr(sums, name)[: look + 1].sum() for name in sums.__slots__]
                assert so_far == pytest.approx([len(y), y.sum(), x.sum(), y @ y, x @ x, y @ x])
            times = [(end - day).days / UNIT_DAYS for day in entered if day < end]
            assert found.times[lot][look] == pytest.approx(np.mean(times) if times else 0)


def test_nothing_to_count_yet(shop: Shop) -> None:
    """Before anybody was decided for, or bought since, there are no lots."""
    assert counted(shop, {}, BEGIN) is None
    ids = people(5)
    known(shop, ids)
    decide(shop, ids, BEGIN, Shares())
    assert counted(shop, {(ids[0], BEGIN - timedelta(days=150)): 100}, BEGIN) is None
