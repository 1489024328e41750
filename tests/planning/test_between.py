"""Between turns: what came since the last one changes what is decided, counts once, and is superseded by the next."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.planning.conftest import STAFF, Shop, opened
from tests.server.conftest import browsing

from openchair.chair import lease
from openchair.chair.intake import own
from openchair.chair.learning.between import update
from openchair.chair.state.records import SINCE
from openchair.chair.wheel.choose import columns_of, held_of
from openchair.chair.wheel.learn import MODEL, believed
from openchair.core.errors import Conflict, NotFound
from openchair.learning.beliefs import Learned, unpacked
from openchair.learning.deciding import LOOKED_AT, decide, named
from openchair.server.app import create_app, state_of
from openchair.server.schedule import Apart


def happens(shop: Shop, kind: str, *rows: dict[str, object], at: datetime | None = None) -> None:
    """Facts about guests arrive and are moved to history."""
    now = at or shop.clock()
    events = [
        own.envelope(kind, f"{kind} {row} {now:%d %H}", now, {**row, "identifier": f"email:{row['identifier']}"})
        for row in rows
    ]
    shop.chair.state.record(events, {})
    shop.chair.sync()


def buys(shop: Shop, *guests: int, minor: int = 9_000) -> None:
    rows = [
        {"identifier": f"guest{one}@example.org", "order_id": f"late {one}", "amount_minor": minor, "currency": "EUR",
         "quantity": 1.0, "discount_minor": 0, "is_return": False}
        for one in guests
    ]  # fmt: skip
    happens(shop, "purchases", *rows)


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A day after all that was planned was approved, some hours after the day's turn."""
    shop.chair.planning.approve(by=STAFF, everything=True)
    shop.turn(days=1)
    shop.clock.now += timedelta(hours=3)
    return shop


def test_what_is_posted_changes_the_next_decision_before_any_turn(busy: Shop) -> None:
    """Orders come by the API; without a turn guests are decided for with other chances than by what it had learned,
    each logged with its exact chance and the version of the beliefs that it rests on."""
    chair = replace(busy.chair, settings=replace(busy.chair.settings, sync_seconds=3600.0))
    access = state_of(chair).access
    ingest, write = ({"Authorization": f"Bearer {access.create_key(s, [s])[1]}"} for s in ("ingest", "write"))
    apart, turned = Apart(chair), unpacked(chair.state.model(MODEL) or b"")

    def bought(guest: int) -> dict[str, object]:
        products = [{"product_id": "fig", "price": 90.0, "quantity": 1}]
        said = {"order_id": f"late {guest}", "currency": "EUR", "products": products}
        who = {"userId": f"{guest}", "context": {"traits": {"email": f"guest{guest}@example.org"}}}
        named = {"messageId": f"late-{guest}", "timestamp": busy.clock().isoformat()}
        return {"type": "track", "event": "Order Completed", "properties": said, **named, **who}

    def under(learned: Learned | None, who: list[str]) -> list[list[float]]:
        rows = chair.state.rows_of(who).select(["customer_id", *LOOKED_AT])
        held = held_of(chair.state, chair.catalogue, chair.settings, learned)
        found = decide(columns_of(rows), held, chair.moment().day, "checkout")
        return [found.choice.probabilities[k].tolist() for k in found.seen.inverse]

    with browsing(create_app(chair, access, chair.settings)) as client:

        def asked(guests: range) -> list[dict[str, Any]]:
            wanted = ({"customer": f"guest{guest}@example.org", "moment": "checkout"} for guest in guests)
            return [client.post("/api/v1/decisions", json=one, headers=write).json() for one in wanted]

        assert {one["policy"] for one in asked(range(3))} == {turned.version}
        assert client.post("/v1/batch", json={"batch": [bought(k) for k in range(40)]}, headers=ingest).is_success
        chair.sync()
        apart.learn()
        after = sorted(asked(range(120, 160)), key=lambda one: str(one["customer_id"]))
    told = believed(chair.state)
    assert told is not None and {one["policy"] for one in after} == {told.version} != {turned.version}
    who, names = [one["customer_id"] for one in after], named(chair.catalogue)
    now, before = under(None, who), under(turned, who)
    exact = [chances[names.index(one["action"])] for one, chances in zip(after, now, strict=True)]
    assert [one["propensity"] for one in after] == pytest.approx(exact, rel=1e-12)
    open_ = [k for k, one in enumerate(after) if one["arm"] == "learned" and one["propensity"] < 1]
    assert open_ and all(now[k] != before[k] for k in open_)
    assert told.outcomes > turned.outcomes and len(chair.turns()) == 2


def test_told_twice_it_counts_once(busy: Shop) -> None:
    """The same purchase again, and another look at the same facts, change nothing."""
    buys(busy, *range(100, 110))
    told = update(busy.chair)
    assert told is not None and update(busy.chair) is None
    made = busy.chair.state.model(SINCE)
    buys(busy, *range(100, 110))
    assert update(busy.chair) is None and busy.chair.state.model(SINCE) == made


def test_the_next_turn_learns_as_if_there_had_been_none(busy: Shop, tmp_path: Path) -> None:
    """Beliefs after the next turn are the same to the last bit, with and without a look in between; and what was
    learned in between holds no more."""
    buys(busy, *range(100, 140))
    busy.chair.state.close()  # type: ignore[attr-defined]
    other = opened(shutil.copytree(busy.chair.home, tmp_path / "other"))
    again = opened(busy.chair.home)
    other.clock.now = again.clock.now = busy.clock.now
    assert update(again.chair) is not None
    for shop in (again, other):
        shop.turn(days=1)
    one, two = (believed(shop.chair.state) for shop in (again, other))
    assert one is not None and two is not None and one.version == two.version
    assert one.version == unpacked(again.chair.state.model(MODEL) or b"").version
    other.chair.state.close()  # type: ignore[attr-defined]
    again.chair.state.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("at", ["learn_since", "packed"])
def test_killed_in_the_middle_nothing_is_lost_or_counted_twice(busy: Shop, at: str) -> None:
    """Killed before or after it was worked out: what the turn learned holds, and the next look learns it all, once."""
    buys(busy, *range(100, 140))
    turned = believed(busy.chair.state)
    program = f"""
import os, openchair
from dataclasses import replace
from datetime import datetime
from openchair.chair.learning import between
between.{at} = lambda *_: os.kill(os.getpid(), 9)
chair = openchair.open({str(busy.chair.home)!r})
between.update(replace(chair, clock=lambda: datetime.fromisoformat({busy.clock.now.isoformat()!r})))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    left = believed(busy.chair.state)
    assert turned is not None and left is not None and left.version == turned.version
    with pytest.raises(Conflict, match="learning between turns"):
        update(busy.chair)
    busy.clock.now += timedelta(seconds=lease.SECONDS + 1)
    told = update(busy.chair)
    assert told is not None and told.version != turned.version
    assert told.worth.n.sum() == pytest.approx(told.outcomes) and update(busy.chair) is None


def test_an_outcome_of_a_decision_that_never_was(busy: Shop) -> None:
    """Is refused by name, and nothing is learned of it."""
    with pytest.raises(NotFound, match="decision: got 'never'; was never taken"):
        busy.chair.mark("never", "approved", "sam")
    with pytest.raises(NotFound, match="message"):
        busy.chair.delivering.report("msg_0000000000000000", "clicked", by=STAFF)
    assert update(busy.chair) is None
