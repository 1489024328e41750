"""Readings, themes and models in the state, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.chair.state.records import READING_COLUMNS, ThemeRow
from openchair.chair.views import Merge
from openchair.store.sql.state import SqlState

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
SHAPE = pa.schema(list(READING_COLUMNS.items()))
BASE = {
    "identifier": "id:1",
    "fact_id": "f1",
    "place": 0,
    "kind": "voices",
    "happened_at": NOW - timedelta(days=3),
    "channel": "review",
    "begins": 0,
    "ends": 9,
    "language": "en",
    "theme_id": "t1",
    "closeness": 0.8,
    "reading": "pain",
    "surety": 0.7,
    "read_by": "model",
    "sentiment": -0.6,
}


def rows(*changes: dict[str, Any]) -> pa.Table:
    """Sentences that differ from a plain one as said."""
    return pa.Table.from_pylist([BASE | change for change in changes], SHAPE)


def theme(theme_id: str, name: str = "late, parcel") -> ThemeRow:
    """A theme with one name."""
    return ThemeRow(theme_id, name, {"en": name}, {"en": ["late"]}, b"\x00\x00\x80?", date(2026, 3, 1))


def customers(state: SqlState, values: dict[str, float | None]) -> None:
    """Rows of customers who have a value, or none."""
    blank = dict.fromkeys(CUSTOMER_COLUMNS)
    table = [
        blank | {"customer_id": who, "name": who.title(), "value_minor": value, "value_low": value and value - 300}
        for who, value in values.items()
    ]
    state.replace_customers(pa.Table.from_pylist(table, pa.schema(list(CUSTOMER_COLUMNS.items()))))


def link(state: SqlState, pairs: Sequence[tuple[str, str]]) -> None:
    """Identifiers and whose they are."""
    columns = zip(*((identifier, base, "test") for identifier, base in pairs), strict=True)
    names = ("identifier", "base_id", "because")
    state.link(pa.table({name: list(some) for name, some in zip(names, columns, strict=True)}), NOW)


def test_a_sentence_is_kept_once(state: SqlState) -> None:
    """Kept again it stays as it is; kept anew it is replaced, unless a person read it."""
    state.add_readings(rows({}, {"place": 1, "reading": "praise"}))
    state.add_readings(rows({"reading": "other"}))
    assert [r["reading"] for r in state.sentences(of=["f1"]).to_pylist()] == ["pain", "praise"]
    assert state.correct("f1", 0, "Ada", reading="need")
    state.add_readings(rows({"reading": "other"}, {"place": 1, "reading": "other"}), anew=True)
    found = state.sentences(of=["f1"]).to_pylist()
    assert [(r["reading"], r["read_by"], r["surety"]) for r in found] == [("need", "Ada", 1.0), ("other", "model", 0.7)]
    assert [r["place"] for r in state.sentences(by_person=True).to_pylist()] == [0]
    assert state.heard()["fact_id"].to_pylist() == ["f1"]
    assert not state.correct("f1", 9, "Ada", reading="need")


def test_the_mood_of_a_voice_is_the_mean_of_its_sentences(state: SqlState) -> None:
    """Of voices, not of answers; and by theme where that is asked."""
    praise = {"place": 1, "sentiment": 0.2, "theme_id": "t2"}
    state.add_readings(rows({}, praise, {"fact_id": "f2", "kind": "answers"}))
    (mood,) = state.moods()["mood"].to_pylist()
    assert state.moods()["fact_id"].to_pylist() == ["f1"] and round(mood, 6) == -0.2
    by = {(row["theme_id"], round(row["mood"], 6)) for row in state.moods(by_theme=True).to_pylist()}
    assert by == {("t1", -0.6), ("t2", 0.2)}


def test_sentences_of_the_erased_are_not_kept(state: SqlState) -> None:
    """Whoever was erased while a turn was reading leaves nothing behind."""
    state.bury(["id:1"], NOW)
    state.add_readings(rows({}, {"identifier": "", "fact_id": "f2"}))
    assert state.heard()["fact_id"].to_pylist() == ["f2"]


def test_a_name_that_a_person_gave_stays(state: SqlState) -> None:
    """A turn may tell a theme's words anew; the name somebody gave it is theirs."""
    state.put_themes([theme("t1"), theme("t2")])
    assert state.rename_theme("t1", "Late again", "Ada") and not state.rename_theme("t9", "x", "Ada")
    state.put_themes([theme("t1", "parcel, slow"), theme("t2", "price")])
    first, second = state.themes()
    assert (first.name, first.named_by, first.names) == ("Late again", "Ada", {"en": "parcel, slow"})
    assert (second.name, second.named_by, second.centroid) == ("price", "", b"\x00\x00\x80?")


def test_models_are_kept_together(state: SqlState) -> None:
    """What was learned last is what is found."""
    state.put_models({"a": b"1", "b": b"2"}, NOW)
    state.put_models({"a": b"3"}, NOW)
    assert (state.model("a"), state.model("b"), state.model("c")) == (b"3", b"2", None)


def test_customers_are_counted_and_not_messages(state: SqlState) -> None:
    """Who speaks thrice, or under two identifiers, is one customer; what is nobody's is none; value counts once."""
    link(state, [("id:1", "ann"), ("email:ann@example.org", "ann"), ("id:2", "bo")])
    customers(state, {"ann": 1000.0, "bo": 500.0})
    state.add_readings(
        rows(
            {},
            {"fact_id": "f2", "identifier": "email:ann@example.org", "sentiment": 0.9, "reading": "praise"},
            {"fact_id": "f3", "identifier": "id:2", "reading": "praise", "sentiment": 0.8},
            {"fact_id": "f4", "identifier": "id:3", "theme_id": "t2", "reading": "need", "sentiment": 0.0},
            {"fact_id": "f5", "identifier": "", "reading": "pain"},
            {"fact_id": "f6", "identifier": "id:2", "theme_id": None, "happened_at": NOW - timedelta(days=40)},
        )
    )
    since = NOW - timedelta(days=30)
    totals = state.heard_totals(since, NOW)
    assert totals == {"messages": 5, "sentences": 5, "customers": 3, "unplaced": 0, "languages": {"en": 5}}
    by = {row.get("theme_id"): row for row in state.heard_by(since, NOW)}
    first = by["t1"]
    assert (first["messages"], first["customers"], first["ill"]) == (4, 2, 1)
    assert (first["value"], first["ill_value"], first["ill_spread"], first["ill_valued"]) == (1500, 1000, 90_000, 1)
    assert (by["t2"]["customers"], by["t2"]["valued"], by[None]["customers"]) == (1, 0, 3)


def test_merged_customers_speak_as_one(state: SqlState) -> None:
    """After a merge two identifiers are one voice, and after it is taken back two again: readings are not touched."""
    link(state, [("id:1", "ann"), ("id:2", "bo")])
    state.add_readings(rows({}, {"fact_id": "f2", "identifier": "id:2"}))

    def count() -> int:
        return int(state.heard_totals(NOW - timedelta(days=30), NOW)["customers"])

    assert count() == 2
    merge = Merge("m", "ann", "bo", "person", "", None, (), "merged", NOW, NOW, "Ada", "")
    state.put_merges([merge])
    assert count() == 1
    state.put_merges([replace(merge, status="apart")])
    assert count() == 2


def test_weeks_readings_and_pairs_are_counted_where_they_lie(state: SqlState) -> None:
    """By week and by reading; and who speaks of two things."""
    weeks = [NOW - timedelta(days=14), NOW - timedelta(days=7)]
    state.add_readings(
        rows(
            {"reading": "need"},
            {"fact_id": "f2", "happened_at": NOW - timedelta(days=10), "reading": "need"},
            {"fact_id": "f3", "theme_id": "t2", "reading": "aspiration"},
            {"fact_id": "f4", "identifier": "id:2", "theme_id": "t2", "reading": "aspiration"},
        )
    )
    by = {(r.get("theme_id"), r["week"]): r["customers"] for r in state.heard_by(weeks[0], NOW, weeks=weeks)}
    first, second = (at.date().isoformat() for at in weeks)
    assert by == {("t1", first): 1, ("t1", second): 1, ("t2", second): 2, (None, first): 1, (None, second): 2}
    wishes = state.heard_by(weeks[0], NOW, readings=("need", "aspiration"))
    assert {(r["theme_id"], r["reading"]): r["customers"] for r in wishes} == {
        ("t1", "need"): 1,
        ("t2", "aspiration"): 2,
    }
    pairs = state.heard_together(weeks[0], NOW, ("need", "aspiration"))
    both = {(r["one"], r["other"]): r["customers"] for r in pairs}
    assert both == {("t1", "t1"): 1, ("t1", "t2"): 1, ("t2", "t1"): 1, ("t2", "t2"): 2}


def test_quotes_are_the_most_telling_and_differ(state: SqlState) -> None:
    """A few of each theme, the surest and closest first, other words before the same again, with whose they are."""
    link(state, [("id:1", "ann")])
    customers(state, {"ann": None})
    state.add_readings(
        rows(
            {"surety": 0.9},
            {"fact_id": "f2", "surety": 0.95},
            {"fact_id": "f3", "closeness": 0.6},
            {"fact_id": "f4", "closeness": 0.7, "reading": "other"},
            {"fact_id": "f5", "theme_id": "t2", "reading": "need", "identifier": ""},
        )
    )
    since = NOW - timedelta(days=30)
    found = state.heard_quotes(since, NOW, each=2)
    assert [(r["theme_id"], r["fact_id"]) for r in found] == [("t1", "f1"), ("t1", "f3"), ("t2", "f5")]
    assert [(r["customer_id"], r["customer"]) for r in found][::2] == [("ann", "Ann"), (None, "")]
    only = state.heard_quotes(since, NOW, each=5, theme_id="t1")
    assert [r["fact_id"] for r in only] == ["f1", "f3", "f2"]
    assert [r["fact_id"] for r in state.heard_quotes(since, NOW, each=5, readings=("need",))] == ["f5"]
    assert state.exemplars(1) == ["f1", "f5"]


def test_a_customers_wishes_are_told_by_theme(state: SqlState) -> None:
    """What one customer needs, wants and hopes for, the most said first, with the theme's name."""
    link(state, [("id:1", "ann"), ("email:a@example.org", "ann")])
    state.put_themes([theme("t1", "at home, evening"), theme("t2", "waste")])
    state.add_readings(
        rows(
            {"reading": "need"},
            {"fact_id": "f2", "identifier": "email:a@example.org", "reading": "need", "happened_at": NOW},
            {"fact_id": "f3", "theme_id": "t2", "reading": "aspiration"},
            {"fact_id": "f4", "reading": "pain"},
            {"fact_id": "f5", "identifier": "id:2", "reading": "need"},
        )
    )
    told = [(r["reading"], r["name"], r["times"], r["last"]) for r in state.wishes_of("ann")]
    assert told == [("need", "at home, evening", 2, NOW), ("aspiration", "waste", 1, NOW - timedelta(days=3))]
