"""What members say is of the language it claims to be, of its theme, and varied."""

import tomllib
from collections.abc import Callable
from importlib.resources import files

import pyarrow as pa
import pytest

from openchair.simulation.world import LANGUAGES

Read = Callable[[str], pa.Table]
Ask = Callable[[str], pa.Table]

SCRIPTS = {"en": (("A", "Z"), ("a", "z")), "ur": (("\u0600", "\u06ff"),), "th": (("\u0e00", "\u0e7f"),)}
TEXTS = tomllib.loads(files("openchair.simulation").joinpath("texts.toml").read_text("utf-8"))


@pytest.mark.parametrize("kind", ["voices", "answers"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_in_the_script_of_their_language(ask: Ask, kind: str, language: str) -> None:
    """Every letter of every text is of the language's own script, and no place for a snack is left open."""
    texts = ask(f"select distinct text from {kind} where language = '{language}' and text is not null")["text"]
    assert len(texts) > 30
    for text in texts.to_pylist():
        # Vowel signs and tone marks are not letters to Python, but are in the script all the same.
        letters = [c for c in text if c.isalpha()]
        strange = {c for c in letters if not any(low <= c <= high for low, high in SCRIPTS[language])}
        assert letters
        assert not strange, text
        assert "{" not in text
        assert text == text.strip()


def test_every_language_has_every_theme_and_no_sentence_twice() -> None:
    """The three languages say the same things, each theme in sentences of its own."""
    for group in ("drivers", "needs", "aspirations"):
        assert TEXTS["en"][group].keys() == TEXTS["ur"][group].keys() == TEXTS["th"][group].keys()
    for language in LANGUAGES:
        said: list[str] = []
        for group in ("drivers", "needs", "aspirations"):
            for sentences in TEXTS[language][group].values():
                moods = sentences.values() if isinstance(sentences, dict) else [sentences]
                assert all(len(mood) in (2, 3) for mood in moods)
                said += [sentence for mood in moods for sentence in mood]
        assert len(said) == len(set(said)) == 7 * 2 * 3 + 5 * 3 + 4 * 2


def test_words_vary(ask: Ask) -> None:
    """Of a thousand texts several hundred differ, and all three languages are heard."""
    counted = ask("select count(*) as n, count(distinct text) as different from voices").to_pylist()[0]
    assert counted["different"] > 0.4 * counted["n"]
    shares = ask("select language, count(*) / (select count(*) from voices) as share from voices group by 1 order by 1")
    heard = dict(zip(shares["language"].to_pylist(), shares["share"].to_pylist(), strict=True))
    assert heard.keys() == set(LANGUAGES)
    assert min(heard.values()) > 0.1


def test_a_language_is_the_members_own(ask: Ask) -> None:
    """Who writes to us in a language has told us of it, where they told us of one."""
    wrong = ask("""
        select v.identifier from voices v join traits t on t.identifier = v.identifier and t.name = 'language'
        where v.language <> t.value
    """)
    assert wrong.num_rows == 0


def test_a_reviewed_snack_was_bought(ask: Ask) -> None:
    wrong = ask("""
        select v.identifier, v.item_id from voices v anti join purchases p
        on p.identifier = v.identifier and p.item_id = v.item_id and p.happened_at < v.happened_at
        where v.item_id is not null
    """)
    assert wrong.num_rows == 0


def test_friction_costs_orders(ask: Ask) -> None:
    """Visits in which the box had to be changed after noon end in nothing more often."""
    felt = ask("""
        with visits as (
        select bool_or(name = 'Box Changed After Noon') as changed, bool_or(name = 'Order Completed') as bought
        from steps where session_id is not null group by session_id)
        select changed, avg(bought::int) as bought from visits group by changed order by changed
    """)
    smooth, rough = felt["bought"].to_pylist()
    assert rough < smooth - 0.1


def test_the_first_box_is_waited_for(ask: Ask) -> None:
    waits = ask("""
        with ordered as (select order_id, happened_at from steps where name = 'Order Completed'),
        came as (select order_id, happened_at from steps where name = 'Box Delivered')
        select order_id like '%-1' as first, median(date_diff('hour', o.happened_at, c.happened_at)) / 24 as days
        from ordered o join came c using (order_id) group by 1 order by 1
    """)
    later, first = waits["days"].to_pylist()
    assert later == pytest.approx(2, abs=0.3)
    assert first == pytest.approx(5.5, abs=0.5)
