"""The loyalty audit by known truth: effects planted in simulated customers are found within their intervals."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from openchair.core.estimate import Estimate, Unknown
from openchair.value import audit

BEGAN, SINCE, TO = date(2026, 5, 1), date(2026, 1, 1), date(2026, 6, 30)
DAILY = pa.schema([("customer_id", pa.string()), ("day", pa.date32()), ("sold_minor", pa.int64())])
TOUCHED = pa.schema(
    [("customer_id", pa.string()), ("campaign", pa.string()), ("day", pa.date32()), ("kept", pa.bool_())]
)


@pytest.fixture(scope="module")
def run() -> Iterator[Any]:
    """Runs an expression on DuckDB."""
    connection = ibis.duckdb.connect()
    yield lambda expression: connection.to_pyarrow(expression).to_pylist()
    connection.disconnect()


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> Any:
    return ibis.memtable(pa.Table.from_pylist(rows, schema))


def shop(seed: int, n: int, gain: float, *, chosen: float = 0.0, lot: bool = False) -> tuple[Any, Any, float]:
    """Customers who buy at their own rates; half are reached on BEGAN and buy `gain` more often for four weeks.

    chosen: how strongly the shop picks those who buy much. Gives daily, touched, and the money truly brought.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(2.0, 0.05, n)
    picked = rng.random(n) < 1 / (1 + np.exp(-chosen * (np.log(rate) - np.log(rate).mean())))
    days, brought = [], 0.0
    for who in range(n):
        for k in range(181):
            day = SINCE + timedelta(days=k)
            lifted = picked[who] and 0 <= (day - BEGAN).days < audit.WINDOW_DAYS
            if rng.random() < min(rate[who] * (1 + gain * lifted), 1.0):
                days.append({"customer_id": f"{who}", "day": day, "sold_minor": int(rng.gamma(4.0, 500.0)) + 1})
        brought += picked[who] * rate[who] * gain * audit.WINDOW_DAYS * 2000.0
    rows = [
        {"customer_id": f"{who}", "campaign": "spring", "day": BEGAN, "kept": not picked[who]}
        for who in range(n)
        if picked[who] or lot
    ]
    return table(days, DAILY), table(rows, TOUCHED), brought


def effect(run: Any, daily: Any, touched: Any) -> audit.Effect:
    waves = run(audit.waves(touched, SINCE, TO))
    assert [(row["campaign"], row["whole"]) for row in waves] == [("spring", True)]
    shape = pa.schema([("campaign", pa.string()), ("began_on", pa.date32())])
    campaigns = table([{"campaign": "spring", "began_on": BEGAN}], shape)
    return audit.effect(run(audit.effects(touched, daily, campaigns)), 0.95)


@pytest.mark.slow
@pytest.mark.parametrize(("gain", "lot"), [(0.0, False), (0.8, False), (0.0, True), (0.8, True)])
def test_what_was_planted_is_found(gain: float, lot: bool, run: Any) -> None:
    """Against untouched customers or a lot: the truth lies within the interval in at least nine of ten shops."""
    hits = []
    for seed in range(10):
        daily, touched, truth = shop(seed, 300, gain, lot=lot)
        found = effect(run, daily, touched)
        assert found.method == ("holdout" if lot else "matched") and isinstance(found.brought, Estimate)
        hits.append(found.brought.low <= truth <= found.brought.high)
    assert sum(hits) >= 9 - (gain > 0)


@pytest.mark.slow
def test_choosing_good_customers_is_not_taken_for_an_effect(run: Any) -> None:
    """Without any effect, where heavy buyers are far likelier to be reached: nothing is found, in most shops."""
    found = [effect(run, *shop(seed, 300, 0.0, chosen=2.0)[:2]).brought for seed in range(8)]
    assert sum(isinstance(one, Estimate) and one.low <= 0 <= one.high for one in found) >= 6


def test_with_nobody_to_compare_there_are_only_bounds(run: Any) -> None:
    """All were reached: no estimate, and how many are lacking."""
    daily = table([{"customer_id": f"{k}", "day": BEGAN, "sold_minor": 500} for k in range(40)], DAILY)
    rows = [{"customer_id": f"{k}", "campaign": "spring", "day": BEGAN, "kept": False} for k in range(40)]
    found = effect(run, daily, table(rows, TOUCHED))
    assert (found.method, found.customers, found.compared, found.left_out) == ("bounds", 40, 0, 40)
    assert found.after_minor == 40 * 500 and isinstance(found.brought, Unknown) and found.brought.needed == 30
    assert isinstance(audit.pooled([found], 0.95), Unknown)


def test_a_wave_at_the_edge_of_the_history_is_not_whole(run: Any) -> None:
    """Eight weeks before and four after, or it is not told; a campaign of few is no wave."""
    rows = [
        {"customer_id": f"{k}", "campaign": name, "day": day, "kept": False}
        for name, day, n in (("early", SINCE + timedelta(days=55), 40), ("good", BEGAN, 40), ("few", BEGAN, 29),
                             ("late", TO - timedelta(days=26), 40))
        for k in range(n)
    ]  # fmt: skip
    found = run(audit.waves(table(rows, TOUCHED), SINCE, TO))
    assert {row["campaign"]: row["whole"] for row in found} == {"early": False, "good": True, "late": False}


def test_an_elasticity_that_was_planted_is_found() -> None:
    """Sales at price to the power of -1.5, with seasons and items that differ."""
    rng = np.random.default_rng(3)
    item = np.repeat([f"i{k}" for k in range(200)], 40)
    week = np.tile(np.arange(40.0), 200)
    price = np.repeat(rng.gamma(4, 2, 200), 40) * np.exp(rng.normal(0, 0.25, 8000))
    mean = 400 * price**-1.5 * np.repeat(rng.gamma(3, 3, 200), 40) * (1 + 0.5 * np.sin(week / 6))
    lines = np.maximum(rng.poisson(mean), 1.0)
    found = audit.sensitivity(item.tolist(), week, lines, price, 0.95)
    assert isinstance(found, Estimate) and found.low <= -1.5 <= found.high and found.high - found.low < 0.2
    few = audit.sensitivity(item[:400].tolist(), week[:400], lines[:400], price[:400], 0.95)
    assert isinstance(few, Unknown) and few.needed == 20


def test_quiet_days_are_held_against_days_after_a_contact(run: Any) -> None:
    """By hand: 28 days after a contact at twice the spending; overlapping contacts count their days once."""
    daily, rows = [], []
    for k in range(40):
        for name, gap in (("one", 0), ("two", 14)):
            rows.append({"customer_id": f"{k}", "campaign": name, "day": BEGAN + timedelta(days=gap), "kept": False})
        for d in range(181):
            day = SINCE + timedelta(days=d)
            warm = 0 <= (day - BEGAN).days < 42
            daily.append({"customer_id": f"{k}", "day": day, "sold_minor": 200 if warm else 100})
    (sums,) = run(audit.quiet(table(rows, TOUCHED), table(daily, DAILY), SINCE, TO))
    assert (sums["inside"], sums["outside"], sums["n"]) == (42, 139, 40)
    of = {name: np.array([value]) for name, value in sums.items()}
    found = audit.unrewarded(of, 0.95)
    assert isinstance(found, Estimate) and found.value == pytest.approx(0.5) and found.n == 40
    assert isinstance(audit.unrewarded(of | {"n": np.array([3])}, 0.95), Unknown)


def test_whoever_needs_rewards_is_told_from_whoever_does_not(run: Any) -> None:
    """By hand: one buys with coupons only, one never, one with both, one too rarely to say."""

    def sold(who: str, k: int, off: int, coupon: str | None) -> dict[str, Any]:
        day = SINCE + timedelta(days=k)
        return {"customer_id": who, "day": day, "amount_minor": 100, "discount_minor": off, "coupon": coupon}

    sales = [sold("a", k, 0, "X") for k in range(3)] + [sold("b", k, 0, "") for k in range(4)]
    sales += [sold("c", k, 20 * (k % 2), None) for k in range(4)] + [sold("d", k, 5, None) for k in range(2)]
    shape = pa.schema([("customer_id", pa.string()), ("day", pa.date32()), ("amount_minor", pa.int64()),
                       ("discount_minor", pa.int64()), ("coupon", pa.string())])  # fmt: skip
    (found,) = run(audit.shares(audit.bought(table(sales, shape))))
    assert found == {"customers": 4, "sold_minor": 1300, "rewarded_minor": 700, "given_minor": 50, "told": 3,
                     "reliant": 1, "free": 1}  # fmt: skip


def test_scores_stay_on_their_scale_and_go_one_way() -> None:
    """1.0 to 3.0 for every share; more bought with rewards never scores higher, more heard never lower."""
    shares = np.linspace(0, 1, 101)
    for name in audit.SCALES:
        scores = np.array([audit.maturity(name, share) for share in shares])
        assert scores.min() == 1.0 and scores.max() == 3.0
        falls = name in ("price", "programme", "relationship")
        assert (np.diff(scores) <= 0 if falls else np.diff(scores) >= 0).all()


def test_sameness_is_unknown_for_a_few() -> None:
    """Ten contacted customers say nothing."""
    assert isinstance(audit.sameness([10], {1: 10}), Unknown)
    spread = audit.sameness([30, 30], {1: 60})
    assert isinstance(spread, audit.Sameness) and spread.same == 0.5 and spread.evenness == pytest.approx(1.0)
