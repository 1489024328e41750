"""Questions to the team, links to seats, and who looked: the same on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.store.making import HOUR, NOW, joined, linked, seat

from openchair.chair.views import Review
from openchair.core.errors import BadInput, NotFound
from openchair.store.sql.state import SqlState


def asked(number: int, kind: str = "merge", hours: int = 0) -> Review:
    return Review(f"r{number}", kind, f"m{number}", "a", "One person?", NOW + hours * HOUR, "the model")


def test_a_question_is_asked_once_and_answered_once(state: SqlState) -> None:
    """Told of it again it changes nothing, not even after the answer, unless it is to be asked again; whoever answers
    second is told so."""
    state.open_reviews([asked(1), asked(2)])
    state.open_reviews([replace(asked(1), text="Again?"), replace(asked(3), customer_id=None)])
    assert state.review("r1") == asked(1)
    assert state.review("r9") is None
    assert state.settle("r1", "merge", "ada", NOW + HOUR, "same handwriting")
    assert not state.settle("r1", "apart", "bob", NOW + HOUR, "")
    assert not state.settle("r9", "merge", "ada", NOW, "")
    state.open_reviews([asked(1)])
    state.open_reviews([])
    told = replace(asked(1), verdict="merge", decided_by="ada", decided_at=NOW + HOUR, why="same handwriting")
    assert state.review("r1") == told
    assert state.reviews(waiting=False) == ([told], False)
    state.open_reviews([asked(1, hours=2)], again=True)
    assert state.review("r1") == asked(1, hours=2)


def test_questions_wait_in_order_and_the_latest_answers_come_first(state: SqlState) -> None:
    """In pages, by kind; a cursor that is nowhere says to start again."""
    state.open_reviews([asked(n, ("merge", "decision")[n % 2], n // 2) for n in range(6)])
    seen: list[str] = []
    more, after = True, None
    while more:
        found, more = state.reviews(limit=2, after=after)
        seen += [one.review_id for one in found]
        after = seen[-1]
    assert seen == ["r0", "r1", "r2", "r3", "r4", "r5"]
    assert [one.review_id for one in state.reviews(kind="decision")[0]] == ["r1", "r3", "r5"]
    for one in ("r1", "r4", "r5"):
        state.settle(one, "seen", "ada", NOW, "")
    assert [one.review_id for one in state.reviews(waiting=False)[0]] == ["r5", "r4", "r1"]
    assert [one.review_id for one in state.reviews(waiting=False, after="r5", limit=1)[0]] == ["r4"]
    assert [one.review_id for one in state.reviews()[0]] == ["r0", "r2", "r3"]
    with pytest.raises(BadInput, match="first page"):
        state.reviews(after="gone")


def test_a_link_comes_back_as_it_was_made_and_changed(state: SqlState) -> None:
    """Newest first of a customer; a link that is not here cannot be changed."""
    state.add_seat(seat("s1"))
    state.add_seat(seat("s2", hours=1))
    state.add_seat(seat("s3", customer_id="b"))
    assert state.seat("s1") == seat("s1")
    assert state.seat("s9") is None
    used = replace(seat("s1"), opened_at=NOW, session_hash=b"\x00\xff", code_hash=b"\x01", code_tries=2)
    assert state.put_seat(used)
    assert state.seat("s1") == used
    assert state.put_seat(replace(used, revoked_at=NOW, code_sent_at=NOW))
    assert [one.seat_id for one in state.seats_of("a")] == ["s2", "s1"]
    with pytest.raises(NotFound):
        state.put_seat(seat("s9"))
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.put_merges([joined("a", "b")])
    assert [one.seat_id for one in state.seats_of("a")] == ["s2", "s1", "s3"]


def test_a_link_is_opened_once_whoever_tries_at_the_same_time(state: SqlState) -> None:
    """One of many gets in; the others change nothing."""
    state.add_seat(seat("s1"))

    def enter(number: int) -> bool:
        opened = replace(seat("s1"), opened_at=NOW, session_hash=bytes([number]))
        return state.put_seat(opened, unless_opened=True)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(enter, range(16)))
    assert sum(got) == 1
    kept = state.seat("s1")
    assert kept is not None
    assert kept.session_hash == bytes([got.index(True)])


def test_who_looked_is_written_down_and_read_backwards(state: SqlState) -> None:
    """By customer with all records that are theirs, by person, in pages."""
    for number in range(6):
        customer_id = ("a", "b", None)[number % 3]
        state.log(("ada", "bob")[number % 2], "read", customer_id, f"line {number}", NOW + number * HOUR)
    seen: list[str] = []
    more, after = True, None
    while more:
        lines, more = state.audit(limit=4, after=after)
        seen += [line.detail for line in lines]
        after = lines[-1].number
    assert seen == [f"line {number}" for number in range(5, -1, -1)]
    first = state.audit(customer_id="a", who="ada")[0]
    assert [(line.who, line.act, line.customer_id, line.detail) for line in first] == [("ada", "read", "a", "line 0")]
    assert first[0].happened_at == NOW
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.put_merges([joined("a", "b")])
    assert [line.detail for line in state.audit(customer_id="a")[0]] == ["line 4", "line 3", "line 1", "line 0"]
