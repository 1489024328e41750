"""Growth adds up to the cent, whatever was bought, in any order; one cause alone moves its own component only."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from openchair.value.growth import (
    COMPONENTS,
    Change,
    Periods,
    change,
    count,
    excluded,
    judged,
    levers,
    summed,
    together,
)

PERIODS = Periods(date(2026, 3, 1), date(2026, 3, 31))
BEFORE, AFTER, LONG_AGO = date(2026, 2, 10), date(2026, 3, 10), date(2025, 6, 1)
LINES = pa.schema([
    ("fact_id", pa.string()), ("customer_id", pa.string()), ("day", pa.date32()), ("item_id", pa.string()),
    ("item_name", pa.string()), ("quantity", pa.float64()), ("amount_minor", pa.int64()), ("currency", pa.string()),
    ("is_return", pa.bool_()),
])  # fmt: skip
SENT = pa.schema([("customer_id", pa.string())])


@pytest.fixture(scope="module")
def run() -> Any:
    """Runs an expression on DuckDB."""
    connection = ibis.duckdb.connect()
    yield lambda expression: connection.to_pyarrow(expression).to_pylist()
    connection.disconnect()


def line(day: date, amount: int, who: str | None = "ada", **more: Any) -> dict[str, Any]:
    """An order line of one piece of figs."""
    base = {"customer_id": who, "day": day, "item_id": "figs", "item_name": None, "quantity": 1.0, "currency": "EUR",
            "amount_minor": amount, "is_return": False}  # fmt: skip
    row = base | more
    return {"fact_id": repr(sorted(row.items(), key=lambda pair: pair[0]))} | row


def table(rows: Sequence[dict[str, Any]]) -> Any:
    return judged(ibis.memtable(pa.Table.from_pylist(list(rows), LINES)), "EUR")


def rows_of(run: Any, lines: Sequence[dict[str, Any]], sent: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What is counted of lines, by part (a customer's first letter) and kind."""
    referred = ibis.memtable(pa.Table.from_pylist([{"customer_id": who} for who in sent], SENT))
    counted = count(table(lines), referred, PERIODS)
    return run(summed(counted.mutate(part=counted.customer_id.substr(0, 1))))


def grown(run: Any, lines: Sequence[dict[str, Any]], sent: Sequence[str] = ()) -> Change:
    return whole_of(rows_of(run, lines, sent))


def whole_of(rows: Sequence[dict[str, Any]]) -> Change:
    parts = sorted({row["part"] for row in rows})
    return together([change([row for row in rows if row["part"] == part]) for part in parts])


def moved(found: Change) -> dict[str, int]:
    """The causes that are not 0."""
    return {name: minor for name, minor in found.causes.items() if minor}


PURCHASE = st.builds(
    line,
    st.dates(date(2025, 12, 1), date(2026, 4, 10)),
    st.integers(-400, 500_000),
    st.sampled_from(["ada", "bo", "cy", "abe", None]),
    item_id=st.sampled_from(["figs", "nuts", None]),
    item_name=st.sampled_from([None, "gift"]),
    quantity=st.sampled_from([1.0, 2.0, 0.335, 12.0, 0.0, -1.0, 1e9]),
    currency=st.sampled_from(["EUR", "EUR", "EUR", "PKR"]),
    is_return=st.sampled_from([False, False, False, True]),
)


@pytest.mark.slow
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate), max_examples=20)
@given(st.lists(PURCHASE, max_size=40), st.randoms(use_true_random=False))
def test_the_causes_add_up_to_the_cent_in_any_order(run: Any, lines: list[dict[str, Any]], order: Any) -> None:
    """Components, all and by part, add up to the change of what counts; order and duplicates change nothing."""
    once = list({one["fact_id"]: one for one in lines}.values())
    good = [
        one for one in once
        if one["currency"] == "EUR" and one["customer_id"]
        and (one["amount_minor"] <= 0 if one["is_return"] else one["amount_minor"] >= 0 and one["quantity"] > 0)
    ]  # fmt: skip
    before = sum(one["amount_minor"] for one in good if PERIODS.before <= one["day"] < PERIODS.since)
    after = sum(one["amount_minor"] for one in good if PERIODS.since <= one["day"] <= PERIODS.to)
    rows = rows_of(run, lines)
    for part in {row["part"] for row in rows}:
        found = change([row for row in rows if row["part"] == part])
        assert sum(found.causes.values()) == found.after - found.before
    whole = whole_of(rows)
    assert (whole.before, whole.after) == (before, after)
    assert sum(whole.causes.values()) == after - before and tuple(whole.causes) == COMPONENTS
    again = lines + lines[: len(lines) // 2]
    order.shuffle(again)
    assert rows_of(run, again) == rows
    within = [one for one in once if PERIODS.before <= one["day"] <= PERIODS.to]
    left_out = run(excluded(table(again), PERIODS.before, PERIODS.to))
    assert sum(one["lines"] for one in left_out) == len(within) - len([one for one in within if one in good])


def bought(day: date, times: int = 1, *, figs: int = 2, nuts: int = 2, price: int = 350) -> list[dict[str, Any]]:
    """Orders of figs and nuts by each of three customers, on following days."""
    return [
        line(day + timedelta(days=k), n * cost, who, item_id=item, quantity=float(n))
        for k in range(times)
        for who in ("ada", "bo", "cy")
        for item, n, cost in (("figs", figs, price), ("nuts", nuts, 2 * price))
        if n
    ]


CAUSES: dict[str, tuple[Callable[[], list[dict[str, Any]]], int]] = {
    "acquisition": (lambda: [*bought(BEFORE), *bought(AFTER), line(AFTER, 777, "new")], 777),
    "referral": (lambda: [*bought(BEFORE), *bought(AFTER), line(AFTER, 777, "friend")], 777),
    "reactivation": (lambda: [*bought(BEFORE), *bought(AFTER), line(LONG_AGO, 5, "old"), line(AFTER, 777, "old")], 777),
    "retention": (lambda: [*bought(BEFORE), *bought(AFTER), line(BEFORE, 777, "lost")], -777),
    "frequency": (lambda: [*bought(BEFORE), *bought(AFTER, 3)], 3 * 2 * 2100),
    "basket": (lambda: [*bought(BEFORE), *bought(AFTER, figs=3, nuts=3)], 3 * 1050),
    "mix": (lambda: [*bought(BEFORE, figs=3, nuts=1), *bought(AFTER, figs=1, nuts=3)], 3 * 700),
    "price": (lambda: [*bought(BEFORE), *bought(AFTER, price=349)], -3 * 6),
    "refunds": (lambda: [*bought(BEFORE), *bought(AFTER), line(AFTER, -350, is_return=True)], -350),
}


def test_every_cause_is_tried() -> None:
    """A new cause has its own case."""
    assert tuple(CAUSES) == COMPONENTS


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_alone_moves_its_own_component_only(cause: str, run: Any) -> None:
    """By hand: the whole change, and nothing else."""
    lines, minor = CAUSES[cause]
    assert moved(grown(run, lines(), ["friend"])) == {cause: minor}


@pytest.mark.slow
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate), max_examples=12)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 90_000)), min_size=1, max_size=5),
    st.integers(2, 5),
    st.sampled_from(["frequency", "basket", "price"]),
)
def test_one_factor_alone_is_the_whole_change(
    run: Any, baskets: list[tuple[int, int, int]], times: int, cause: str
) -> None:
    """Whatever customers buy: more orders, larger ones or dearer ones and nothing else is told as just that."""
    lines = []
    for k, (first, second, price) in enumerate(baskets):
        for item, pieces, cost in (("figs", first, 35), ("nuts", second, price)):
            goods = {"who": f"c{k}", "item_id": f"{item} {k}"}
            lines.append(line(BEFORE, pieces * cost, quantity=float(pieces), **goods))
            size, dear = (times if cause == name else 1 for name in ("basket", "price"))
            for day in range(times if cause == "frequency" else 1):
                on = AFTER + timedelta(days=day)
                lines.append(line(on, pieces * size * cost * dear, quantity=float(pieces * size), **goods))
    found = grown(run, lines)
    assert moved(found) == {cause: found.after - found.before}


def test_an_item_bought_once_meets_the_shops_price(run: Any) -> None:
    """Ada turned from figs to nuts while others paid the same for both: that is mix. A new item has no price before."""
    others = [
        line(day, cost, "bo", item_id=item) for day in (BEFORE, AFTER) for item, cost in (("figs", 200), ("nuts", 500))
    ]
    switched = [line(BEFORE, 200), line(AFTER, 500, item_id="nuts")]
    assert moved(grown(run, [*others, *switched])) == {"mix": 300}
    assert moved(grown(run, [line(BEFORE, 200), line(AFTER, 900, item_id="pearls")])) == {"mix": 700}


def test_kilograms_and_pieces_may_be_added(run: Any) -> None:
    """Flour by the gram beside loaves by the piece: one loaf less is not a thousand times less than a kilogram."""
    flour = {"item_id": "flour", "quantity": 1000.0}
    lines = [line(BEFORE, 300, **flour), line(AFTER, 300, **flour), line(BEFORE, 300), line(AFTER, 600, quantity=2.0)]
    found = moved(grown(run, lines))
    assert found["basket"] > 200 and abs(found.get("mix", 0)) < 100 and sum(found.values()) == 300


def test_the_next_lever_is_about_customers_we_have(run: Any) -> None:
    """However much new customers brought, what the lost had spent comes first; the stakes are as counted by hand."""
    lines = [*bought(BEFORE, 2), *bought(AFTER, 1), line(BEFORE, 9000, "lost"), line(AFTER, 80_000, "new")]
    found = levers(rows_of(run, lines))
    assert [(one.name, one.existing, one.stake_minor, one.customers) for one in found] == [
        ("retention", True, 9000, 1),
        ("frequency", True, 3 * 2100, 3),
        ("acquisition", False, 80_000, 1),
    ]
    assert levers([]) == ()
