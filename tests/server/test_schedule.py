"""The schedule: when a turn is due, and that a lease lets one at a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.server.conftest import Shop, order

from openchair.chair import lease
from openchair.chair.lease import HEAVY, held
from openchair.core.clock import Moment
from openchair.core.errors import Conflict
from openchair.server import schedule
from openchair.server.schedule import Apart, due

KARACHI = ZoneInfo("Asia/Karachi")


@pytest.mark.parametrize(
    ("hour", "turn_at", "last_hours_ago", "expected"),
    [
        (4.9, "05:00", None, False),
        (5.0, "05:00", None, True),
        (5.1, "05:00", 0.05, False),
        (5.1, "05:00", 24, True),
        (23.9, "05:00", 18.8, False),
        (12.0, "off", None, False),
    ],
)
def test_a_turn_is_due_once_a_day(hour: float, turn_at: str, last_hours_ago: float | None, expected: bool) -> None:
    """At its time of day in the shop's own zone, unless one was made since."""
    now = datetime(2026, 3, 1, tzinfo=KARACHI).astimezone(UTC) + timedelta(hours=hour)
    last = None if last_hours_ago is None else now - timedelta(hours=last_hours_ago)
    assert due(Moment(now, KARACHI), turn_at, last) is expected


def test_a_lease_is_one_at_a_time_and_given_back(shop: Shop) -> None:
    """Held, another is refused; given back, also after a failure, another may."""
    with (
        held(shop.chair.state, HEAVY, shop.chair.clock),
        pytest.raises(Conflict),
        held(shop.chair.state, HEAVY, shop.chair.clock),
    ):
        pass
    with pytest.raises(ZeroDivisionError), held(shop.chair.state, HEAVY, shop.chair.clock):
        raise ZeroDivisionError
    with held(shop.chair.state, HEAVY, shop.chair.clock):
        pass


def test_a_lease_of_the_dead_ends(shop: Shop) -> None:
    """Whoever was killed while holding it blocks others for lease.SECONDS and no longer."""
    gone = datetime.now(UTC) - timedelta(seconds=lease.SECONDS + 1)
    assert shop.chair.state.lease(HEAVY, "the dead", gone, lease.SECONDS)
    with held(shop.chair.state, HEAVY, shop.chair.clock):
        pass


def test_the_schedule_moves_events_to_history(shop: Shop) -> None:
    """What the schedule calls does what it says: the inbox is emptied, and a day has one turn."""
    shop.send(order(1, "u", 1))
    Apart(shop.chair).sync()
    assert shop.chair.state.inbox.waiting() == 0
    for _ in range(2):
        Apart(shop.chair).turn_if_due("00:00")
        assert len(shop.chair.turns()) == 1


def test_it_is_learned_between_turns_where_anything_came(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for what came, in a process of its own, and not at all where nothing did; a stopped schedule learns none."""
    done: list[str] = []
    monkeypatch.setattr(Apart, "_run", lambda _self, work, *_: done.append(work))
    apart = Apart(shop.chair)
    for number in (1, 2):
        shop.send(order(number, "u", number))
        apart.sync()
        for _ in range(2):
            apart.learn()
        assert done == ["learn"] * number
    shop.send(order(3, "u", 3))
    apart.sync()
    apart.stop()
    apart.learn()
    assert done == ["learn"] * 2


@pytest.mark.slow
def test_much_is_moved_by_a_process_of_its_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that reading many events holds up nobody who sends more; a stopped schedule moves none."""
    monkeypatch.setattr(schedule, "LITTLE", 0)
    shop.send(order(1, "u", 1))
    apart = Apart(shop.chair)
    apart.stop()
    apart.sync()
    assert shop.chair.state.inbox.waiting() == 1
    monkeypatch.setattr(type(shop.chair), "sync", lambda _: pytest.fail("it was moved here"))
    Apart(shop.chair).sync()
    assert shop.chair.state.inbox.waiting() == 0
