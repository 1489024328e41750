"""Who brought whom: what is wrong is left out with a reason, and nothing counts twice."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openchair.value.senders import referrals
from openchair.value.senders.referrals import Forest

START = date(2026, 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


class Told:
    """Referrals of a small shop: customers a, b, c .. joined on the day of their letter."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def pairs(
        self, *told: tuple[str, str, str, int, str | None], joined: str = "abcdefgh"
    ) -> dict[tuple[str, str], Any]:
        names = ("customer_id", "invitee", "status", "day", "properties")
        columns = list(zip(*((r, f"id:{i}", s, day(d), p) for r, i, s, d, p in told), strict=True))
        kinds = [pa.string(), pa.string(), pa.string(), pa.date32(), pa.string()]
        facts = pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})
        everyone = list("abcdefghxyz")
        known = pa.table({"identifier": [f"id:{c}" for c in everyone], "customer_id": everyone})
        first = pa.table({"customer_id": list(joined), "first_on": [day(ord(c) - ord("a")) for c in joined]})
        facts, known, first = map(ibis.memtable, (facts, known, first))
        self.table = referrals.pairs(facts, known, first)
        rows = self.backend.to_pyarrow(self.table).to_pylist()
        return {(row["referrer"], row["referred"]): row for row in rows}


@pytest.fixture
def shop() -> Iterator[Told]:
    backend = ibis.duckdb.connect()
    yield Told(backend)
    backend.disconnect()


def test_whoever_joined_is_brought_by_who_told_them(shop: Told) -> None:
    """An invitation and a joining are one pair, told on the first day; an invitation alone brings nobody."""
    found = shop.pairs(("a", "b", "invited", 0, None), ("a", "b", "joined", 1, None), ("a", "x", "invited", 3, None))
    assert found["a", "b"]["told_on"] == day(0) and found["a", "b"]["joined_on"] == day(1)
    assert found["a", "b"]["reason"] is None and found["a", "x"]["joined_on"] is None
    assert shop.backend.to_pyarrow(referrals.brought(shop.table)).num_rows == 1


def test_what_is_wrong_is_left_out_with_its_reason(shop: Told) -> None:
    """Telling oneself, telling who was there before, and telling second do not count, each for its own reason."""
    found = shop.pairs(
        ("a", "a", "joined", 0, None),
        ("d", "b", "joined", 3, None),
        ("b", "c", "joined", 2, None),
        ("a", "c", "invited", 1, None),
        ("a", "c", "joined", 2, None),
    )
    reasons = {pair: row["reason"] for pair, row in found.items()}
    assert reasons == {("a", "a"): "self", ("d", "b"): "late", ("b", "c"): "several", ("a", "c"): None}
    assert set(referrals.REASONS) >= {reason for reason in reasons.values() if reason}


def test_who_was_left_out_takes_nobodys_place(shop: Told) -> None:
    """A referrer who joined later told first, and still the one who may have brought them counts."""
    found = shop.pairs(("h", "c", "joined", 0, None), ("a", "c", "joined", 2, None))
    assert found["h", "c"]["reason"] == "late" and found["a", "c"]["reason"] is None


def test_an_invitation_kept_back_by_lot_brings_nobody(shop: Told) -> None:
    """Whoever came though their invitation was kept back came anyway."""
    found = shop.pairs(
        ("a", "c", "invited", 0, '{"drawn": "kept"}'),
        ("a", "x", "invited", 0, '{"drawn": "kept"}'),
        ("a", "d", "invited", 0, '{"drawn": "sent"}'),
        ("a", "d", "joined", 3, None),
    )
    assert [found["a", who]["drawn"] for who in "cxd"] == ["kept", "kept", "sent"]
    assert [found["a", who]["joined_on"] for who in "cxd"] == [day(2), None, day(3)]
    assert shop.backend.to_pyarrow(referrals.brought(shop.table))["referred"].to_pylist() == ["d"]


def test_a_friend_without_an_order_still_joined(shop: Told) -> None:
    """Whoever joined and has not bought yet is brought on the day they joined; so may be who never bought bring."""
    found = shop.pairs(("a", "x", "joined", 5, None), ("y", "b", "joined", 1, None))
    assert found["a", "x"]["joined_on"] == day(5) and found["y", "b"]["reason"] is None


def test_everyone_in_the_forest_has_a_number(shop: Told) -> None:
    """Numbers follow the ids, and parents are numbers."""
    shop.pairs(("a", "c", "joined", 2, None), ("c", "d", "joined", 3, None))
    rows = shop.backend.to_pyarrow(referrals.numbered(referrals.brought(shop.table)).order_by("place")).to_pylist()
    assert [(r["customer_id"], r["place"], r["parent"]) for r in rows] == [("a", 0, -1), ("c", 1, 0), ("d", 2, 1)]


def test_nobody_goes_round_in_a_cycle() -> None:
    """Those on a cycle are brought by nobody; those whom they brought stay theirs."""
    found, on_cycle = referrals.forest(np.array([2, 0, 1, 0, 3, 5, -1]))
    assert on_cycle.tolist() == [True, True, True, False, False, True, False]
    assert found.parent.tolist() == [-1, -1, -1, 0, 3, -1, -1]


forests = st.lists(st.integers(-1, 10**6), min_size=1, max_size=60).map(
    lambda drawn: np.array([min(p % (i + 1), i) - 1 for i, p in enumerate(drawn)])
)


@settings(max_examples=80, deadline=None)
@given(forests, st.integers(0, 2**31))
def test_doubling_agrees_with_walking_up_step_by_step(parent: Any, seed: int) -> None:
    """What is gathered in a few doublings is what a walk from the leaves gathers."""
    rng = np.random.default_rng(seed)
    own, weight = rng.random(len(parent)), rng.random(len(parent))
    walked = own.copy()
    for child in range(len(parent) - 1, -1, -1):
        if parent[child] >= 0:
            walked[parent[child]] += weight[child] * walked[child]
    assert np.allclose(Forest(parent).gathered(own, weight), walked)


@settings(max_examples=80, deadline=None)
@given(forests, st.integers(0, 2**31))
def test_nothing_that_was_brought_counts_twice(parent: Any, seed: int) -> None:
    """However long the chain, what all brought together is the worth of those who were brought, once."""
    rng = np.random.default_rng(seed)
    value, due = rng.random(len(parent)) * 1e4, rng.random(len(parent))
    found = referrals.credit(Forest(parent), value, value, due)
    assert found.value.sum() == pytest.approx(value[parent >= 0].sum()) and (found.value >= 0).all()
    assert (found.variance <= np.bincount(np.zeros(len(parent), int), value)[0] + 1e-6).all()


def test_later_generations_count_for_less() -> None:
    """A friend of a friend counts for half of the half that is due to the first."""
    parent, value = np.array([-1, 0, 1]), np.array([0.0, 0.0, 100.0])
    found = referrals.credit(Forest(parent), value, 0 * value, np.full(3, 1.0)).value
    assert found.tolist() == [50.0, 50.0, 0.0]
    anyway = referrals.credit(Forest(parent), value, 0 * value, np.array([1.0, 0.0, 1.0])).value
    assert anyway.tolist() == [0.0, 100.0, 0.0]
