"""What persons decided: every choice stays, the newest holds; the same on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.store.making import HOUR, NOW

from openchair.core.errors import Conflict
from openchair.store.sql.state import SqlState


def test_the_newest_choice_of_a_subject_holds_and_the_others_stay(state: SqlState) -> None:
    """Each subject and kind has a past of its own, newest first."""
    assert state.chosen("target") == {}
    first = state.choose("target", "", '{"language": "en"}', by="ada", at=NOW, why="who we opened for")
    later = state.choose("target", "", '{"language": "ur"}', by="bob", at=NOW + HOUR)
    other = state.choose("driver", "price", '"keep"', by="ada", at=NOW)
    assert state.choices("target") == [later, first]
    assert state.chosen("target") == {"": later}
    assert state.chosen("driver") == {"price": other}
    assert (first.why, later.at) == ("who we opened for", NOW + HOUR)
    assert state.choices("driver") == []
    assert state.choices("target", limit=1) == [later]
    assert (state.newest("target"), state.newest("driver", "price"), state.newest("driver")) == (
        later.number, other.number, 0,
    )  # fmt: skip
    assert (first.number, later.number, other.number) == (1, 2, 1)
    assert state.choice("target", 1) == first
    assert state.choice("driver", 1, "price") == other
    assert state.choice("driver", 1) is state.choice("target", 0) is None


def test_two_who_change_the_same_do_not_overwrite_each_other(state: SqlState) -> None:
    """Of many who start from the same version one is kept, and the others are told."""

    def change(number: int) -> bool:
        try:
            return bool(state.choose("sheet", "t1", str(number), by=f"p{number}", at=NOW, over=0))
        except Conflict:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(change, range(8))) == 1
    (kept,) = state.choices("sheet", "t1")
    with pytest.raises(Conflict, match="newest"):
        state.choose("sheet", "t1", "x", by="ada", at=NOW, over=0)
    state.choose("sheet", "t1", "x", by="ada", at=NOW, over=kept.number)
    assert len(state.choices("sheet", "t1")) == 2
