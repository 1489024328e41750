"""Who sent whom in a turn: what is left out is counted, and worth adds up without counting a sale twice."""

from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from tests.chair.conftest import START, Shop, regulars

from openchair.chair.wheel import send
from openchair.core.ids import digest
from openchair.value.senders import sending


def told(who: int, friend: int, day: int, status: str = "joined", **more: Any) -> dict[str, Any]:
    row = {"identifier": f"id:C{who:04d}", "invitee": f"id:C{friend:04d}", "status": status}
    return row | {"happened_at": START + timedelta(days=day), "fact_id": digest(str(who), str(friend), str(day))} | more


@pytest.fixture(scope="module")
def bought() -> list[dict[str, Any]]:
    return regulars(300)


def first_days(rows: list[dict[str, Any]]) -> dict[int, int]:
    first: dict[int, int] = {}
    for row in rows:
        who, day = int(row["identifier"][4:]), (row["happened_at"] - START).days
        first[who] = min(day, first.get(who, day))
    return first


def friends(first: dict[int, int], number: int) -> list[dict[str, Any]]:
    """So many true referrals: each by somebody who was there before, the first ones bringing many."""
    there = sorted(first, key=lambda who: (first[who], who))
    return [told(there[i % 9], there[20 + i], first[there[20 + i]]) for i in range(number)]


def test_a_turn_knows_senders(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """Who brought friends is expected to bring more; worth is spender and sender value; intervals hold both."""
    shop.write("purchases", *bought)
    shop.write("referrals", *friends(first_days(bought), 60))
    report = shop.turn()
    rows = [row for row in shop.customers().values() if row["value_minor"] is not None]
    assert report.models["sender"]["brought"] == 60 and report.models["sender"]["left_out"] == {}
    brought = {n: [r["sender_minor"] for r in rows if r["sent_friends"] == n] for n in (0, 6, 7)}
    assert max(brought[0]) < min(brought[6]) and min(brought[0]) > 0
    for row in rows:
        assert row["worth_minor"] == pytest.approx(row["value_minor"] + row["sender_minor"])
        assert row["worth_low"] <= row["worth_minor"] <= row["worth_high"]
        assert row["worth_high"] <= row["value_high"] + row["sender_high"] + 1e-6


def test_the_value_of_a_friend_is_never_added_to_who_brought_them(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """What friends already here will spend is in their own worth alone: all worths are spending and friends to come."""
    shop.write("purchases", *bought)
    shop.write("referrals", *friends(first_days(bought), 60))
    shop.turn()
    rows = [row for row in shop.customers().values() if row["value_minor"] is not None]
    once = sum(row["value_minor"] + row["sender_minor"] for row in rows)
    assert sum(row["worth_minor"] for row in rows) == pytest.approx(once)
    invited = [row for row in rows if row["sent_friends"]]
    assert sum(row["brought_minor"] for row in invited) > 0
    assert sum(r["brought_minor"] or 0 for r in rows) <= sum(r["value_minor"] for r in rows)


def test_what_is_wrong_is_left_out_with_a_count_and_a_reason(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """Telling oneself, coming later than one's friend, a second referrer, a circle: none raises anybody's value."""
    first = first_days(bought)
    there = sorted(first, key=lambda who: (first[who], who))
    shop.write("purchases", *bought)
    shop.write("referrals", *friends(first, 60))
    shop.turn()
    before = {who: (row["sender_minor"], row["sent_friends"]) for who, row in shop.customers().items()}
    twin = next((a, b) for a in there for b in there if a < b and first[a] == first[b] and there.index(a) > 80)
    shop.write(
        "referrals",
        told(there[3], there[3], 170),
        told(there[-1], there[20], 100),
        told(there[1], there[20], 171),
        told(twin[0], twin[1], first[twin[0]]),
        told(twin[1], twin[0], first[twin[0]]),
    )
    report = shop.turn()
    assert any("1 to themselves" in finding.text and "2 in a circle" in finding.text for finding in report.findings)
    assert report.models["sender"]["left_out"] == {"self": 1, "late": 1, "several": 1, "cycle": 2}
    after = {who: (row["sender_minor"], row["sent_friends"]) for who, row in shop.customers().items()}
    assert {who: n for who, (_v, n) in after.items()} == {who: n for who, (_v, n) in before.items()}
    assert [v for v, _n in after.values()] == pytest.approx([v for v, _n in before.values()])


def test_without_referrals_sending_is_not_known(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """No figure of sending, the reason in the turn's record, and worth is spender value."""
    shop.write("purchases", *bought)
    report = shop.turn()
    assert "20 more needed" in report.models["sender"]["unknown"]
    for row in shop.customers().values():
        assert row["sender_minor"] is None and row["brought_minor"] is None and row["sent_friends"] == 0
        for part in ("minor", "low", "high"):
            assert row[f"worth_{part}"] == pytest.approx(row[f"value_{part}"])


def test_an_empty_shop_and_one_of_a_day_turn(shop: Shop) -> None:
    """Nothing bought, then one order and one referral of somebody who never came: a turn, and no figures."""
    assert shop.turn().customers == 0
    shop.write("purchases", {"identifier": "id:C0001", "amount_minor": 500, "happened_at": START})
    shop.write("referrals", told(1, 2, 0), told(3, 4, 0, "invited"))
    shop.turn(1)
    assert all(row["sender_minor"] is None for row in shop.customers().values())
    assert {row["sent_friends"] for row in shop.customers().values()} == {0, 1}


def test_invitations_drawn_by_lot_tell_who_would_have_come_anyway(shop: Shop, bought: list[dict[str, Any]]) -> None:
    """Half of those kept back came all the same: about half are type two, and the turn says that a lot told it."""
    first = first_days(bought)
    there = sorted(first, key=lambda who: (first[who], who))
    sent, kept = '{"drawn": "sent"}', '{"drawn": "kept"}'
    rows = [told(there[0], there[20 + i], 0, "invited", properties=sent) for i in range(80)]
    rows += [told(there[0], there[20 + i], first[there[20 + i]] + 1) for i in range(80)]
    rows += [told(there[0], there[100 + i], 0, "invited", properties=kept) for i in range(40)]
    rows += [told(there[0], 9000 + i, 0, "invited", properties=kept) for i in range(40)]
    shop.write("purchases", *bought)
    shop.write("referrals", *rows)
    anyway = shop.turn().models["sender"]["anyway"]
    assert anyway["how"] == "lot" and anyway["share"] == pytest.approx(0.5, abs=0.05)
    assert anyway["low"] < 0.5 < anyway["high"] and anyway["high"] - anyway["low"] < 0.2


@pytest.mark.parametrize(
    ("spread", "friends", "nothing"),
    [
        (1.0, 0.3, 0.0),
        (1.0, 3.0, 0.0),
        (0.5, 1.0, 0.0),
        (2.0, 0.5, 0.0),
        (1.0, 0.3, 0.5),
        (1.0, 5.0, 0.3),
        (0.2, 0.05, 0),
    ],
)
def test_worth_lies_in_its_interval_as_often_as_it_says(spread: float, friends: float, nothing: float) -> None:
    """Eight in ten at least, and not nearly always, however skewed spending is and however rare friends are."""
    rng, n = np.random.default_rng(3), 100_000
    spent = np.where(rng.random(n) < nothing, 0, rng.gamma(spread**-2, 100 * spread**2, n))
    value, (low, high) = spent.mean(), np.quantile(spent, [0.1, 0.9])
    one, shape = sending.Friend(100.0, 2 * 100.0**2, 0.0), 0.8
    sent = [float(part[0]) for part in sending.value(np.array([shape]), np.array([friends]), one, 0.8)]
    came = rng.negative_binomial(shape, shape / (shape + friends), n)
    total = spent + np.where(came > 0, rng.gamma(np.maximum(came, 1)) * 100, 0)
    columns = dict(
        zip(
            (*send.SENDER, "value_minor", "value_low", "value_high"), (*sent, value, min(low, value), high), strict=True
        )
    )
    row = ibis.memtable(pa.table({name: [figure] for name, figure in columns.items()}))
    backend = ibis.duckdb.connect()
    worth = backend.to_pyarrow(row.select(**send.worth(row))).to_pylist()[0]
    backend.disconnect()
    assert worth["worth_minor"] == pytest.approx(total.mean(), rel=0.02)
    held = ((worth["worth_low"] <= total) & (total <= worth["worth_high"])).mean()
    assert 0.795 <= held <= 0.92
