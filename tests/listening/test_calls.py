"""Whom to call: some of each reason, some by chance, nobody twice."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openchair.listening import calls

PEOPLE = st.lists(st.integers(0, 60).map("c{:03d}".format), max_size=60)
POOLS = st.fixed_dictionaries({reason.name: PEOPLE for reason in calls.REASONS})
LEADERS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)


@given(POOLS, LEADERS, st.integers(0, 40))
def test_nobody_is_called_by_two_or_twice(pools: dict[str, list[str]], leaders: list[str], size: int) -> None:
    """Every leader has a list, none too long; each customer stands on one, for a reason that named them."""
    lists = calls.choose(pools, leaders, size)
    assert list(lists) == leaders
    chosen = [pair for some in lists.values() for pair in some]
    assert len({who for who, _ in chosen}) == len(chosen)
    assert all(who in pools[reason] for who, reason in chosen)
    assert all(len(some) <= size for some in lists.values())


@given(POOLS, LEADERS, st.integers(0, 40))
def test_a_list_is_full_while_anyone_is_left(pools: dict[str, list[str]], leaders: list[str], size: int) -> None:
    """What one reason leaves free others fill; lists differ by no more than one."""
    lengths = [len(some) for some in calls.choose(pools, leaders, size).values()]
    everyone = {who for some in pools.values() for who in some}
    assert sum(lengths) == min(size * len(leaders), len(everyone))
    assert max(lengths) - min(lengths) <= 1


@given(st.integers(1, 200))
def test_a_tenth_is_left_to_chance(size: int) -> None:
    """Of any size, and the quotas make it up exactly."""
    room = calls.quotas(size)
    assert sum(room.values()) == size
    assert 10 * room["chance"] >= size
    assert min(room.values()) >= 0


def test_a_tenth_by_chance_are_on_the_list() -> None:
    """However many are named by other reasons."""
    pools = {reason.name: [f"{reason.name} {n}" for n in range(500)] for reason in calls.REASONS}
    for some in calls.choose(pools, ["a", "b", "c"], 30).values():
        assert len(some) == 30
        assert sum(reason == "chance" for _, reason in some) == 3
        assert {reason for _, reason in some} == {reason.name for reason in calls.REASONS}


def test_the_most_telling_are_dealt_round() -> None:
    """The first of a pool go to different leaders, and no list holds only the best."""
    pools = {"champion at risk": [f"c{n}" for n in range(6)]}
    lists = calls.choose(pools, ["a", "b"], 10)
    assert [who for who, _ in lists["a"]] == ["c0", "c2", "c4"]
    assert [who for who, _ in lists["b"]] == ["c1", "c3", "c5"]


ROW: dict[str, Any] = {
    "customer_id": "059b8db2099731bb9270", "stage": "slipping", "orders": 31, "spent_minor": 131_200, "gap_days": 19.2,
    "last_on": date(2026, 10, 19), "food_safety": "unknown", "nps_score": None, "has_need": False, "has_ties": False,
    "found": "a box that {fits}", "found_n": 3.0, "found_on": date(2026, 11, 12),
}  # fmt: skip
DAY = date(2026, 11, 22)


def test_every_reason_says_why_with_figures_and_asks_two_things() -> None:
    """A sentence that ends, and two different questions; a need is named as it is."""
    for reason in calls.REASONS:
        said = calls.because(reason.name, ROW, "EUR", DAY)
        assert said.endswith(".")
        assert any(letter.isdigit() for letter in said)
        asked = calls.questions(reason.name, ROW)
        assert len(set(asked)) == 2
        assert all(question.endswith("?") for question in asked)
    assert "every 19 days, and it has been 34" in calls.because("champion at risk", ROW, "EUR", DAY)
    assert "a box that {fits}" in calls.questions("unusual need", ROW)[0]


def test_the_second_question_asks_what_is_not_known() -> None:
    """Allergies that are known are not asked for; of a full dossier something is asked all the same."""
    known = {**ROW, "has_need": True, "has_ties": True, "nps_score": 9.0}
    assert "must not eat" in calls.questions("chance", known)[1]
    full = {**known, "food_safety": "declared"}
    assert calls.questions("chance", full)[1] == calls.ALWAYS
    asked = {calls.questions("chance", {**ROW, "customer_id": f"c{n}"})[1] for n in range(40)}
    assert len(asked) == 4
