"""The inbox: acknowledged means kept, once, in order, on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from openchair.chair.ports import Envelope
from openchair.core.errors import BadInput, Conflict
from openchair.store.sql.state import SqlState, open_state

Make = Callable[..., Envelope]


def kept(state: SqlState, size: int = 1000) -> list[tuple[int, Envelope]]:
    return [one for batch in state.inbox.batches(size) for one in batch]


def test_an_event_comes_back_as_it_was_put(state: SqlState, event: Make) -> None:
    """Key, source, time and body survive, also with letters of every script and a body that is not text."""
    one = event("ключ ☃ کلید", source="ร้าน", body=bytes(range(256)))
    assert state.inbox.put([one]) == [True]
    assert [envelope for _, envelope in kept(state)] == [one]
    assert state.inbox.waiting() == 1


def test_a_known_event_is_told_and_not_kept_again(state: SqlState, event: Make) -> None:
    """Within one call, across calls, and after history took it; another source's event of that key is another event."""
    assert state.inbox.put([event(1), event(2), event(1), event(1, "till")]) == [True, True, False, True]
    assert state.inbox.put([event(2), event(3)]) == [False, True]
    state.inbox.clear(kept(state)[-1][0])
    assert state.inbox.put([event(3), event(4), event(1, "till"), event(4)]) == [False, True, False, False]
    assert [envelope.key for _, envelope in kept(state)] == ["4"]


def test_numbers_grow_and_are_never_used_again(state: SqlState, event: Make) -> None:
    """Also when the inbox was emptied in between: a watermark in history must stay above what it has seen."""
    state.inbox.put([event(i) for i in range(5)])
    last = kept(state)[-1][0]
    state.inbox.clear(last)
    assert kept(state) == []
    state.inbox.put([event(i) for i in range(5, 8)])
    assert all(seq > last for seq, _ in kept(state))


def test_batches_hold_all_that_waits_oldest_first(state: SqlState, event: Make) -> None:
    """Whatever the batch size, the events are those put, in order, and clearing a batch while reading is allowed."""
    state.inbox.put([event(i) for i in range(10)])
    seen = []
    for batch in state.inbox.batches(4):
        assert len(batch) <= 4
        seen += [envelope.key for _, envelope in batch]
        state.inbox.clear(batch[-1][0])
    assert seen == [str(i) for i in range(10)]
    assert state.inbox.waiting() == 0


def test_nothing_put_is_nothing_kept(state: SqlState) -> None:
    """An empty call is answered at once."""
    assert state.inbox.put([]) == []
    assert state.inbox.waiting() == 0


def test_many_callers_at_once_each_hear_of_their_own(state: SqlState, event: Make) -> None:
    """Sixteen callers with overlapping keys: each key is new for exactly one of them, and kept once."""

    def call(who: int) -> list[tuple[str, bool]]:
        keys = [str((who * 7 + i) % 300) for i in range(100)]
        return list(zip(keys, state.inbox.put([event(k) for k in keys]), strict=True))

    with ThreadPoolExecutor(16) as pool:
        answers = [one for some in pool.map(call, range(32)) for one in some]
    new = [key for key, fresh in answers if fresh]
    assert sorted(new) == sorted(set(new)) == sorted({key for key, _ in answers})
    assert sorted(envelope.key for _, envelope in kept(state)) == sorted(new)


def test_a_reader_never_misses_an_event_below_its_watermark(state_url: str, event: Make) -> None:
    """Four processes' worth of writers against a reader that only looks above the highest number it has seen."""
    writers = [open_state(state_url) for _ in range(4)]
    reader = open_state(state_url)
    done = threading.Event()

    def write(who: int) -> None:
        for i in range(60):
            writers[who].inbox.put([event(f"{who}-{i}-{j}") for j in range(3)])

    seen: list[str] = []

    def read() -> None:
        while True:
            last = done.is_set()
            for batch in reader.inbox.batches(50):
                seen.extend(envelope.key for _, envelope in batch)
                reader.inbox.clear(batch[-1][0])
            if last:
                return

    reading = threading.Thread(target=read)
    reading.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    done.set()
    reading.join()
    for one in [*writers, reader]:
        one.close()
    assert sorted(seen) == sorted(f"{w}-{i}-{j}" for w in range(4) for i in range(60) for j in range(3))


def test_a_key_that_cannot_be_written_fails_its_own_caller_only(state: SqlState, event: Make) -> None:
    """Half a surrogate pair is refused; U+0000, which PostgreSQL cannot keep in text, is kept apart by its hash."""
    with pytest.raises(BadInput, match="must be Unicode"):
        state.inbox.put([event("\ud800")])
    assert state.inbox.put([event("a\x00b"), event("a\ufffdb")]) == [True, True]
    assert state.inbox.waiting() == 2


def test_a_caller_who_goes_away_does_not_stop_the_others(state: SqlState, event: Make) -> None:
    """A future cannot be cancelled once its events are on their way: they may be kept already."""
    future = state.inbox.submit([event(1)])
    assert not future.cancel()
    assert future.result(10) == [True]
    assert state.inbox.put([event(2)]) == [True]


def test_a_closed_inbox_says_so(state_url: str, event: Make) -> None:
    """What waited is committed first; what comes later is refused."""
    state = open_state(state_url)
    future = state.inbox.submit([event(1)])
    state.close()
    assert future.result(0) == [True]
    with pytest.raises(Conflict, match="closed"):
        state.inbox.put([event(2)])
