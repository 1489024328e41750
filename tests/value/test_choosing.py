"""Which model of buying is believed: the one customers follow, and the simpler one where that cannot be told."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from openchair.core.estimate import Estimate, Unknown
from openchair.value import worth
from openchair.value.spenders.choosing import Choice

TODAY = date(2026, 3, 1)
SPENDING = (6, 4, 15)
LEAVING = {"r": 0.9, "alpha": 4.0, "a": 0.8, "b": 2.5}
SHOPS: Mapping[str, tuple[Mapping[str, float], set[str]]] = {
    "bg/nbd": (LEAVING, {"bg/nbd"}),
    "mbg/nbd": (LEAVING, {"mbg/nbd"}),
    "pareto/nbd": ({"r": 0.9, "alpha": 4.0, "s": 1.2, "beta": 12.0}, {"pareto/nbd"}),
    "mbg/nbd-3": ({**LEAVING, "alpha": 1.4}, {"mbg/nbd-3"}),
}


def counted(shop: Any, model: str, buying: Any, n: int, seed: int = 5) -> ibis.Table:
    """The statistics of simulated customers who first bought in the last 90 weeks, counted day by day in DuckDB."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 630, n)
    who, when = shop(buying, SPENDING, model).events(age / 7, rng)
    day = np.datetime64(TODAY, "D") - age[who] + np.ceil(when * 7).astype(int)
    rows = np.unique(np.column_stack([who, np.minimum(day, np.datetime64(TODAY, "D")).astype(int)]), axis=0)
    spent = rng.integers(500, 9_000, len(rows))
    table = pa.table(
        {
            "customer_id": rows[:, 0],
            "day": pa.array(rows[:, 1].astype("datetime64[D]")),
            "spent_minor": spent,
            "sold_minor": spent,
        }
    )
    return worth.count(ibis.memtable(table), TODAY)


def columns(expression: ibis.Table) -> dict[str, Any]:
    """A table's columns as arrays."""
    table = ibis.duckdb.connect().to_pyarrow(expression)
    return {name: table[name].to_numpy() for name in table.column_names}


CASE = ("orders", "recency_days", "age_days", "spent_minor")


def cases_of(stats: ibis.Table) -> dict[str, Any]:
    return columns(stats.group_by(*CASE).agg(customers=stats.count()).order_by(*CASE))


def choice_of(stats: ibis.Table) -> Choice | None:
    return worth.chosen(columns(worth.trials(stats, cases_of(stats))))[0]


@pytest.mark.slow
@pytest.mark.parametrize("model", SHOPS)
def test_the_model_that_customers_follow_is_chosen(shop: Any, model: str) -> None:
    """Four shops, each simulated under another model."""
    buying, right = SHOPS[model]
    choice = choice_of(counted(shop, model, buying, 9_000))
    assert choice is not None
    assert choice.model in right, str(choice)
    assert choice.model.upper() in str(choice)
    best, *_, worst = choice.trials
    assert best.behind == 0
    assert worst.model == "nbd"


def test_models_that_foretell_alike_leave_the_simple_one(shop: Any) -> None:
    """In a small shop BG/NBD stays unless another leads by more than the standard error of the lead."""
    stats = counted(shop, "bg/nbd", LEAVING, 600)
    choice = choice_of(stats)
    assert choice is not None
    own = next(trial for trial in choice.trials if trial.model == choice.model)
    simple = next(trial for trial in choice.trials if trial.model == "bg/nbd")
    assert own.behind <= own.error
    assert choice.model == "bg/nbd" or simple.behind > simple.error
    fitted = worth.fit(cases_of(stats), choice)
    assert worth.explain(fitted)["chosen"] == str(choice)


def test_a_turns_record_holds_the_models(shop: Any) -> None:
    """From what is kept of a turn, as JSON, a customer's figures are those of the turn."""
    stats = counted(shop, "mbg/nbd", LEAVING, 1_500)
    cases = cases_of(stats)
    fitted = worth.fit(cases, choice_of(stats))
    again = worth.told(msgspec.json.decode(msgspec.json.encode(worth.explain(fitted))))
    for one, other in zip(worth.score(fitted, cases, 0.8).items(), worth.score(again, cases, 0.8).items(), strict=True):
        assert one[0] == other[0]
        assert other[1] == pytest.approx(one[1], rel=1e-12, nan_ok=True)


def test_horizons_are_estimates_or_say_why_not(shop: Any) -> None:
    """12 months, 36 months, life; who never bought is Unknown, and so is everybody of a shop without models."""
    stats = counted(shop, "bg/nbd", LEAVING, 800)
    fitted = worth.fit(cases_of(stats), None)
    cases = {name: np.array(values) for name, values in zip(CASE, ([3, 0], [90, 0], [120, 1], [9_000, 0]), strict=True)}
    found = worth.ahead(fitted, cases, 0.8, margin=0.4)
    assert list(found) == ["12 months", "36 months", "lifetime"]
    first = [values[0] for values in found.values()]
    assert all(isinstance(one, Estimate) and 0 <= one.low <= one.value <= one.high for one in first)
    assert all(values[1] == Unknown("no order yet", needed=1) for values in found.values())
    why = Unknown("3 customers came back", needed=27)
    assert worth.ahead(why, cases, 0.8) == {name: [why, why] for name in found}


def test_the_chosen_model_is_told_beside_what_came(shop: Any) -> None:
    """Tenths of customers by what was foretold of the last quarter: what came rises with it."""
    choice = choice_of(counted(shop, "bg/nbd", LEAVING, 3_000))
    assert choice is not None
    came = [one.came.value for one in choice.calibration]
    assert sum(one.came.n for one in choice.calibration) == choice.customers
    assert np.corrcoef(came, [one.foretold for one in choice.calibration])[0, 1] > 0.95


def test_without_purchases_held_out_there_is_no_choice(shop: Any) -> None:
    """Twenty customers: nothing to judge models by, so none is called the best."""
    assert choice_of(counted(shop, "bg/nbd", LEAVING, 20)) is None
    assert choice_of(counted(shop, "bg/nbd", LEAVING, 0)) is None


def test_what_was_known_before_is_what_would_have_been_counted_then(shop: Any) -> None:
    """The history up to a day, counted beside the whole, is that which a count on the day would have given."""
    rng = np.random.default_rng(9)
    days = rng.integers(0, 400, (3_000, 2)) // np.array([4, 1])
    rows = np.unique(days, axis=0)
    first = np.datetime64("2025-01-01", "D")
    table = pa.table(
        {
            "customer_id": rows[:, 0],
            "day": pa.array(first + rows[:, 1]),
            "spent_minor": np.full(len(rows), 100),
            "sold_minor": np.full(len(rows), 100),
        }
    )
    today, then = (first + 420).item(), (first + 420 - worth.HELD_OUT_DAYS).item()
    whole = ibis.memtable(table)
    now = columns(worth.count(whole, today).filter(lambda t: t.before_orders > 0).order_by("customer_id"))
    past = columns(worth.count(whole.filter(whole.day <= then), then).order_by("customer_id"))
    assert len(past["customer_id"]) > 50
    for name in ("orders", "recency_days", "log_gaps"):
        key = f"before_{name}"
        assert now[key].tolist() == past[name].tolist()
    assert (now["age_days"] - worth.HELD_OUT_DAYS).tolist() == past["age_days"].tolist()


def test_millionths_of_logarithms_are_the_same_on_every_engine() -> None:
    """No whole number of days has a logarithm so near the middle of two millionths that rounding could differ."""
    logs = np.log(np.arange(1, 40_000)) * worth.MICRO
    assert np.abs(logs - np.floor(logs) - 0.5).min() > 1e-6
