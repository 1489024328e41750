"""Whether friends would have come anyway, and what a first year brings: lots recovered, doubt told."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from openchair.core.estimate import Unknown
from openchair.value import worth
from openchair.value.senders import newcomers
from openchair.value.senders.newcomers import Year

START = date(2025, 1, 1)


def cells(unbidden: dict[tuple[int, int], int], brought: dict[tuple[int, int], int]) -> dict[str, Any]:
    rows = [(*signs, False, n) for signs, n in unbidden.items()] + [(*signs, True, n) for signs, n in brought.items()]
    return {name: np.array(c) for name, c in zip(("band", "weekend", "referred", "customers"), zip(*rows), strict=True)}  # noqa: B905


ALIKE = {(16, 0): 500, (18, 1): 500}


@pytest.mark.parametrize("truth", [0.0, 0.2, 0.6, 1.0])
def test_a_lot_tells_the_share_of_those_who_came_anyway(truth: float) -> None:
    """The share that friends were drawn with lies in the interval as often as it says."""
    rng, hits = np.random.default_rng(3), 0
    for _ in range(120):
        sent, kept = rng.binomial(400, 0.3), rng.binomial(400, 0.3 * truth)
        found = newcomers.anyway(cells(ALIKE, ALIKE), (400, sent, 400, kept), 0.8)
        hits += found.share.low <= truth + 0.005 and truth <= found.share.high + 0.005
        assert found.how == "lot"
    assert hits / 120 > 0.7 if truth < 1 else hits > 60


def test_without_a_lot_the_share_is_not_known() -> None:
    """No number of newcomers narrows it: eight in ten shares between a tenth and nine tenths stay possible."""
    for times in (1, 100):
        found = newcomers.anyway(cells(ALIKE, {k: times * n for k, n in ALIKE.items()}), (0, 0, 0, 0), 0.8)
        assert (found.how, found.share.value) == ("likeness", 0.5)
        assert found.share.low == pytest.approx(0.1, abs=0.01) and found.share.high == pytest.approx(0.9, abs=0.01)


def test_who_looks_like_those_who_came_unbidden_is_likelier_to_have_come_anyway() -> None:
    """Large baskets are common among the unbidden and rare among friends: who has one is likelier to be type two."""
    found = newcomers.anyway(cells({(14, 0): 100, (20, 0): 900}, {(14, 0): 900, (20, 0): 100}), (0, 0, 0, 0), 0.8)
    small, large = found.chance({"band": np.array([14, 20]), "weekend": np.array([0, 0])})
    assert large > 0.8 > small and 0.9 * small + 0.1 * large == pytest.approx(0.5, abs=1e-6)
    assert np.isfinite(found.chance({"band": np.array([np.nan]), "weekend": np.array([np.nan])})).all()


def test_a_shop_where_all_or_none_were_brought_still_has_a_share() -> None:
    """Nothing to compare with is no error."""
    for one in (cells(ALIKE, {}), cells({}, ALIKE)):
        assert newcomers.anyway(one, (0, 0, 0, 0), 0.8).chance(one) == pytest.approx(0.5)


class Books:
    """Purchases of customers who joined on given days, spending a steady amount a month, until a day."""

    def __init__(self, today: date) -> None:
        self.backend, self.today = ibis.duckdb.connect(), today

    def sums(self, joined: list[int], monthly: int, months: int, brought: list[int]) -> dict[str, Any]:
        orders = [
            (f"c{i}", START + timedelta(days=day + int(365 * m / 12) + 1 if m else day), monthly)
            for i, day in enumerate(joined)
            for m in range(months)
        ]
        who, when, money = zip(*[o for o in orders if o[1] < self.today], strict=True)
        facts = pa.table({"customer_id": who, "day": pa.array(when, pa.date32()), "amount_minor": money})
        facts = facts.append_column("is_return", pa.array([False] * facts.num_rows))
        days = worth.purchase_days(ibis.memtable(facts))
        came = ibis.memtable(pa.table({"referred": pa.array([f"c{i}" for i in brought], pa.string())}))
        joiners = newcomers.joiners(days, worth.count(days, self.today), came)
        self.cells = self._columns(newcomers.likeness(joiners))
        return self._columns(newcomers.first_year(days, joiners))

    def _columns(self, table: Any) -> dict[str, Any]:
        found = self.backend.to_pyarrow(table)
        return {name: found[name].to_numpy(zero_copy_only=False) for name in found.column_names}


@pytest.fixture
def books() -> Iterator[Books]:
    one = Books(START + timedelta(days=730))
    yield one
    one.backend.disconnect()


def test_who_joined_lately_does_not_lower_a_first_year(books: Books) -> None:
    """A month's mean is over those whose month is past: ten a month is 120 a year, for half of whom it is not over."""
    found = newcomers.year(books.sums([0] * 40 + [600] * 40, 10, 24, []))
    assert isinstance(found, Year) and found.mean == pytest.approx(120) and found.n == 80 and found.seen_months == 12


def test_those_who_were_brought_speak_for_themselves_once_they_are_enough(books: Books) -> None:
    """Forty friends give the mean; with ten, all newcomers do."""
    for brought, count in ((40, 40), (10, 80)):
        found = newcomers.year(books.sums([0] * 80, 10, 12, list(range(brought))))
        assert isinstance(found, Year) and found.n == count
    assert books.cells["customers"].sum() == 80 and books.cells["customers"][books.cells["referred"]].sum() == 10


def test_a_shop_of_one_day_says_so() -> None:
    """Nobody has been here for a month: nothing is known, and nothing is zero."""
    assert isinstance(newcomers.year(Books(START + timedelta(days=1)).sums([0], 10, 1, [])), Unknown)
