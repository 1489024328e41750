"""Hearing as a whole: facts of a history become readings and themes, on both databases, the same whatever happens."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from openchair.chair.listening.voices import hear as hearing
from openchair.chair.listening.voices.hear import HearReport, hear
from openchair.chair.wheel.know import facts_until
from openchair.core.clock import Moment
from openchair.core.ids import digest
from openchair.facts.kinds import schema
from openchair.listening.voices.embedding import LETTERS
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import SqlState, open_state

pytestmark = pytest.mark.slow

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
END = Moment(START + timedelta(days=30), ZoneInfo("UTC"))
SAID = (
    "The parcel came four days late. Thank you.",
    "The courier never came and I waited all day.",
    "Delivery took two weeks!",
    "The price is far too high.",
    "Everything here became expensive again.",
    "It costs more than in the supermarket.",
    "Too much plastic in each parcel, what a waste.",
    "We hate to throw food away.",
    "مہنگا ہے، قیمت بہت زیادہ ہے۔",
    "พัสดุมาช้ามากค่ะ รอทั้งวันเลย",
)
ODD = (
    "<script>alert('x')</script> <b>late</b> parcel",
    "😀😀😀",
    "12345 67890",
    "   ",
    "a" * 20_000,
    "\u202eabc\u202c مرحبا hello \u2067שלום\u2069",
    "=cmd|' /C calc'!A0",
    "x\x00y " + "late " * 900,
)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SqlState]:
    """Another empty state, in a file."""
    opened = open_state(f"sqlite:///{tmp_path / 'other.db'}")
    yield opened
    opened.close()


def facts(texts: Iterable[str], **more: Any) -> list[dict[str, Any]]:
    """Voices, each said by one of seven customers on one of thirty days."""
    return [
        {
            "fact_id": digest("voice", str(i), text),
            "source": "test",
            "received_at": START,
            "happened_at": START + timedelta(days=i % 30),
            "identifier": None if i % 11 == 10 else f"id:{i % 7}",
            "channel": "review",
            "text": text,
            "rating": float(1 + i % 5) if i % 3 else None,
        }
        | more
        for i, text in enumerate(texts)
    ]


def write(history: DeltaHistory, rows: list[dict[str, Any]], kind: str = "voices") -> None:
    """Append facts."""
    history.append(kind, pa.Table.from_pylist(rows, schema(kind)))


def heard(state: SqlState, history: DeltaHistory, moment: Moment = END) -> HearReport:
    """Hear what a history holds."""
    engine = DuckEngine(history)
    try:
        return hear(state, engine, facts_until(engine, moment), LETTERS, moment)
    finally:
        engine.close()


def readings(state: SqlState) -> list[dict[str, Any]]:
    """Every reading, in one order."""
    ids = state.heard()["fact_id"].to_pylist()
    return sorted(state.sentences(of=ids).to_pylist(), key=lambda row: (row["fact_id"], row["place"])) if ids else []


def test_what_is_heard_once_is_not_heard_again(state: SqlState, history: DeltaHistory) -> None:
    """A second hearing reads nothing and changes nothing; what came since is read alone."""
    write(history, facts(SAID * 6))
    first = heard(state, history)
    assert (first.messages, first.anew) == (60, True) and first.themes >= 3
    before, themes = readings(state), state.themes()
    assert heard(state, history).messages == 0
    assert (readings(state), state.themes()) == (before, themes)
    write(history, facts(["The parcel was late again."], fact_id="later"))
    again = heard(state, history)
    assert (again.messages, again.sentences, again.anew) == (1, 1, False)
    late = {row["fact_id"]: row["theme_id"] for row in readings(state)}
    assert late["later"] == late[digest("voice", "2", SAID[2])]


def test_any_order_of_arrival_gives_the_same(
    state: SqlState, other: SqlState, history: DeltaHistory, tmp_path: Path
) -> None:
    """Facts that came in another order, in more pieces and twice, are read alike and gathered into the same themes."""
    rows = facts(SAID * 6)
    write(history, rows)
    heard(state, history)
    shuffled = [*rows]
    random.Random(3).shuffle(shuffled)
    elsewhere = DeltaHistory(tmp_path / "elsewhere")
    for some in (shuffled[:20], shuffled[20:]):
        write(elsewhere, some)
    heard(other, elsewhere)
    assert readings(other) == readings(state)
    assert other.themes() == state.themes()


def test_a_kill_loses_nothing(
    state: SqlState, other: SqlState, history: DeltaHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after some messages were kept, the next hearing goes on, to the very same end."""
    write(history, facts([f"{text} Number {i}." for i, text in enumerate(SAID * 6)]))
    heard(other, history)
    monkeypatch.setattr(hearing, "AT_ONCE", 16)
    kept, add = [], state.add_readings

    def killed(rows: pa.Table, *, anew: bool = False) -> None:
        if len(kept) == 2:
            raise KeyboardInterrupt
        kept.append(rows.num_rows)
        add(rows, anew=anew)

    monkeypatch.setattr(state, "add_readings", killed)
    with pytest.raises(KeyboardInterrupt):
        heard(state, history)
    assert 0 < len(readings(state)) < len(readings(other))
    monkeypatch.undo()
    heard(state, history)
    assert readings(state) == readings(other)
    assert heard(state, history).messages == 0


def test_odd_texts_are_kept_as_they_are(state: SqlState, history: DeltaHistory) -> None:
    """Markup, emoji, digits, mixed directions, formulas, blanks and the longest text are kept, and nothing fails."""
    rows = facts([*SAID, *ODD])
    write(history, rows)
    write(history, [], "answers")
    report = heard(state, history)
    assert report.messages == len(rows) - 1  # blanks say nothing
    text = {row["fact_id"]: row["text"] for row in rows}
    found = readings(state)
    assert all(0 <= row["begins"] < row["ends"] <= len(text[row["fact_id"]]) for row in found)
    told = {row["fact_id"] for row in found}
    assert told == {row["fact_id"] for row in rows if row["text"].strip()}
    by_text = {text[row["fact_id"]]: row for row in found}
    assert by_text["😀😀😀"]["language"] == by_text["12345 67890"]["language"] == "und"
    assert by_text["😀😀😀"]["reading"] == "other"


def test_an_empty_shop_is_heard_too(state: SqlState, history: DeltaHistory) -> None:
    """Nothing said is nothing heard, and one word is a sentence."""
    assert heard(state, history) == HearReport(0, 0, 0, 0, False)
    write(history, facts(["Hello"]))
    assert heard(state, history).sentences == 1


def test_answers_with_words_are_voices_too(state: SqlState, history: DeltaHistory) -> None:
    """The words of an answer are heard beside its score, as of the channel survey; an answer without words is not."""
    answer = {"survey_id": "s", "metric": "nps", "channel": None, "rating": None}
    rows = [
        {k: v for k, v in (row | answer | {"score": 2.0}).items() if k in schema("answers").names}
        for row in facts(["The parcel never came.", "Late again."])
    ]
    write(history, [*rows, rows[0] | {"fact_id": "wordless", "text": None}], "answers")
    assert heard(state, history).messages == 2
    assert {(row["kind"], row["channel"], row["reading"]) for row in readings(state)} >= {("answers", "survey", "pain")}


def test_what_a_person_corrected_stays_and_is_learned_from(state: SqlState, history: DeltaHistory) -> None:
    """A correction is never overwritten; after a dozen, sentences of that kind that nobody touched read likewise."""
    kinds = [f"My desk at work number {i} runs on your snacks" for i in range(30)]
    write(history, facts([*SAID * 3, *kinds]))
    heard(state, history)
    rows = {row["fact_id"]: row for row in readings(state)}
    mine = [row["fact_id"] for row in facts([*SAID * 3, *kinds])][-30:]
    before = sum(rows[one]["reading"] == "need" for one in mine[12:])
    for one in mine[:12]:
        assert state.correct(one, 0, "Ada", reading="need")
    report = heard(state, history)
    assert report.messages > 0 and not report.anew
    rows = {row["fact_id"]: row for row in readings(state)}
    assert {(rows[one]["reading"], rows[one]["read_by"]) for one in mine[:12]} == {("need", "Ada")}
    after = sum(rows[one]["reading"] == "need" for one in mine[12:])
    assert (before, after) == (0, 18)
    assert rows[facts([*SAID * 3, *kinds])[1]["fact_id"]]["reading"] == "pain"
    assert heard(state, history).messages == 0


def test_a_new_topic_founds_a_theme_and_others_stay(state: SqlState, history: DeltaHistory) -> None:
    """What nobody spoke of before waits while few do, then is a theme of its own; every other theme keeps its id."""
    write(history, facts(SAID * 20))
    heard(state, history)
    themes = {one.theme_id for one in state.themes()}
    before = {(row["fact_id"], row["place"]): row["theme_id"] for row in readings(state)}
    fresh = [f"My {pet} loves the new toys for {pet}s" for pet in ("puppy", "kitten", "cat", "dog")]
    write(history, facts(fresh[:2], source="week 1", fact_id="w1"))
    assert heard(state, history).founded == 0
    more = [row | {"fact_id": f"w2-{i}", "identifier": f"id:{i}"} for i, row in enumerate(facts(fresh * 3))]
    write(history, more)
    report = heard(state, history)
    assert report.founded == 1 and not report.anew
    after = {(row["fact_id"], row["place"]): row["theme_id"] for row in readings(state)}
    (new,) = {one.theme_id for one in state.themes()} - themes
    assert {key: theme for key, theme in after.items() if key in before} == before
    assert {after[row["fact_id"], 0] for row in more} == {new}


def test_a_gathering_anew_leaves_ids_to_their_heirs(state: SqlState, history: DeltaHistory) -> None:
    """With four times as much said, themes are gathered anew: sentences keep theirs, and no theme is lost."""
    write(history, facts(SAID * 8))
    heard(state, history)
    before = {(row["fact_id"], row["place"]): row["theme_id"] for row in readings(state)}
    themes = {one.theme_id for one in state.themes()}
    more = [f"{text} I said so {i} times." for i, text in enumerate(SAID * 30)]
    write(history, facts(more))
    assert heard(state, history).anew
    after = {(row["fact_id"], row["place"]): row["theme_id"] for row in readings(state)}
    placed = [key for key, theme in before.items() if theme]
    kept = sum(after[key] == before[key] for key in placed) / len(placed)
    print(f"kept their theme: {kept:.3f}")
    assert kept > 0.9
    assert themes <= {one.theme_id for one in state.themes()}
