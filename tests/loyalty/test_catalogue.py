"""The catalogue: every pillar is served without asking for opt-in, and a wrong file is refused in words."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.chair.people.seating import LANGUAGES
from openchair.core.errors import BadInput
from openchair.decisions.guard import board_of
from openchair.dossier.consent import NEEDS_OPT_IN
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import MOMENTS, Action, default, discounts, parse, read, written
from openchair.loyalty.contradictions import WRITTEN
from openchair.loyalty.pillars import EXPERIENCES, PILLARS, PLUS
from openchair.loyalty.wording import worded

ONE = """
- id: note
  pillar: experiences
  experience: respond
  title: A note by hand
  want: somebody knows their name
  relationship: no machine sends it
  channels: [parcel]
  cost_minor: 120
  spacing_days: 14
  uplift: {steady: 0.01}
  uplift_sd: 0.02
"""
LETTER = """
  texts:
    en:
      subject: A word
      body: |
        Dear {name},
        a word from {shop}.
"""


def test_the_default_catalogue_serves_every_pillar() -> None:
    """Forty, five or more a pillar, every experience, every kind of plus; in each pillar one that needs no opt-in."""
    actions = default()
    assert len(actions) == 40
    assert min(Counter(action.pillar for action in actions).values()) >= 5
    assert {action.pillar for action in actions} == set(PILLARS)
    assert {action.experience for action in actions} == set(EXPERIENCES)
    assert {action.plus for action in actions} == {None, *PLUS}
    free = {action.pillar for action in actions if (action.purpose, action.channel) not in NEEDS_OPT_IN}
    assert free == set(PILLARS)


def test_discounts_are_the_last_resort() -> None:
    """One in the whole catalogue, for those who have lapsed, and marked as what it is."""
    bought = [action for action in default() if action.is_discount]
    assert discounts(default()) == tuple(action.id for action in bought) == ("come-back-voucher",)
    assert set(bought[0].uplift) == {"lapsed"}


def test_every_stage_and_moment_has_something() -> None:
    """Several for each stage and day, one or more for each occasion; what is owed is for anybody who has bought."""
    actions = default()
    assert min(Counter(stage for action in actions for stage in action.uplift).values()) >= 5
    assert {stage for action in actions for stage in action.uplift} == set(STAGES)
    assert {moment for action in actions for moment in action.moments} >= set(MOMENTS) - {"daily", "visit"}
    assert sum(not action.moments for action in actions) >= 20
    assert all(set(STAGES) - {"prospect"} <= set(action.uplift) for action in actions if action.essential)


@pytest.mark.parametrize("action", default(), ids=lambda action: action.id)
def test_everything_that_is_written_is_written_in_every_language(action: Action) -> None:
    """With a title for each customer, the names filled in, and no word of English in the others."""
    assert set(action.texts) == set(LANGUAGES)
    for language in LANGUAGES:
        said = worded(action, language, "Ada & Söhne", "Fig & Co")
        assert said.language == language
        assert said.title
        assert not set("{}") & set(said.title + said.subject + said.body)
        needs = set(action.channels) & set(WRITTEN)
        assert bool(said.body) == bool(needs)
        if "{name}" in action.texts[language].body:
            assert "Ada & Söhne" in said.body
        letters = Counter(
            "latin" if one.isascii() else "other" for one in action.texts[language].title if one.isalpha()
        )
        assert set(letters) == ({"latin"} if language == "en" else {"other"})
    bodies = [action.texts[language].body.count("{name}") for language in LANGUAGES]
    assert len(set(bodies)) == 1


def test_the_order_of_the_file_does_not_matter() -> None:
    """Actions come sorted by id, so a moved block changes no decision."""
    two = ONE.replace("id: note", "id: another-note")
    assert parse(ONE + two) == parse(two + ONE)


def test_what_is_written_reads_the_same() -> None:
    """The file that is downloaded gives the catalogue back, as does its JSON."""
    assert parse(written(default())) == default()
    row = msgspec.json.decode(msgspec.json.encode(default()))
    assert parse(msgspec.json.encode(row).decode()) == default()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("experiences", "price", "note, pillar: got 'price'; must be one of products, service"),
        ("  title: A note by hand\n", "", "note, title: must be given"),
        ("cost_minor: 120", "cost_minor: -1", "note, cost_minor: got -1; must be a whole number of at least 0"),
        ("cost_minor: 120", "cost_minor: lots", "note, cost_minor: got 'lots'; must be a whole number, not text"),
        ("cost_minor: 120", "cost_minor: 1e400", "note, cost_minor"),
        ("steady: 0.01", "happy: 0.01", "must be one of prospect, new"),
        ("steady: 0.01", "steady: 7.0", "must be a number of at most 1"),
        ("steady: 0.01", "", "note, uplift: got {}; must name one stage or more"),
        ("uplift_sd: 0.02", "uplift_sd: 0.0", "note, uplift_sd: got 0.0; must be a number above 0"),
        ("cost_minor", "colour: 1\n  cost_minor", "unknown field “colour”"),
        ("[parcel]", "[pigeon]", "note, channels\\[0\\]: got 'pigeon'; must be one of person, parcel"),
        ("[parcel]", "[]", "note, channels: got \\[\\]; must be a list of 1 or more"),
        ("[parcel]", "[parcel, parcel]", "note, channels: got \\['parcel', 'parcel'\\]; must name each one once"),
        ("cost_minor", "moments: [full moon]\n  cost_minor", "must be one of daily, checkout"),
        ("cost_minor", "contents: {edible: true, allergens: [peanut]}\n  cost_minor", "must be one of gluten"),
        ("cost_minor", "contents: {allergens: [milk]}\n  cost_minor", "belongs to what is edible"),
        ("cost_minor", "needs: {nps: [happy]}\n  cost_minor", "must be one of unknown, detractor"),
        ("id: note", "id: wait", "and not wait"),
        ("id: note", "id: Not A Slug", "Not A Slug, id: got 'Not A Slug'"),
        # what each field allows, and they do not together
        ("cost_minor: 120", "cost_minor: 0\n  is_discount: true", "note, cost_minor: got 0; must be above 0"),
        ("cost_minor", "essential: true\n  purpose: marketing\n  cost_minor", "note, essential: got True"),
        ("cost_minor", "needs: {complained: true}\n  purpose: marketing\n  cost_minor", "must be service where"),
        ("cost_minor", "moments: [complaint]\n  needs: {complained: false}\n  cost_minor", "shuts out the one moment"),
        ("cost_minor", "capacity: 0\n  cost_minor", "note, capacity: got 0; must be a whole number of at least 1"),
        ("cost_minor", "undo_hours: 4\n  moments: [visit]\n  cost_minor", "note, undo_hours: got 4; must be 0 for"),
        ("spacing_days: 14", "spacing_days: 14\n  idea_days: 7", "note, spacing_days: got 14; must be at most"),
        ("steady: 0.01}", "prospect: 0.01}\n  needs: {min_orders: 1}", "must be 0 for prospects"),
        ("experiences", "plus", "note, plus: must say what an action of the pillar plus does"),
        ("cost_minor", "plus: money\n  cost_minor", "note, plus: got 'money'; must say"),
        ("[parcel]", "[parcel, letter]", "note, texts: must be given for what goes by e-mail, message, letter"),
        ("[parcel]", "[e-mail]\n  texts: {en: {body: A word from us}}", "texts.en.subject: got ''; must be given"),
        ("[parcel]", "[letter]\n  texts: {en: {subject: A word}}", "texts.en.body: got ''; must be given"),
        ("[parcel]", "[parcel]\n  texts: {en: {title: 'Hello {nmae}'}}", "may hold {name} and {shop}"),
        ("[parcel]", "[parcel]\n  texts: {en: {body: 'Hello {name.__class__}'}}", "may hold {name} and {shop}"),
        ("[parcel]", "[parcel]\n  texts: {en: {title: 'Hello {0}'}}", "may hold {name} and {shop}"),
        ("[parcel]", "[parcel]\n  texts: {english: {title: Hello}}", "note, texts"),
        ("[parcel]", "[parcel]\n  texts: {" + ", ".join(f"a{one}: {{}}" for one in "abcdefghijklm") + "}", "texts"),
        ("A note by hand", '"A note\\nby hand"', "note, title: got 'A note.*on one line"),
        # what is no catalogue at all
        ("- id: note", "id: note", "line 3: mapping values are not allowed"),
        ("- id: note", "- id: note\n  id: nose", "line 3: the key id stands here twice'; must be YAML"),
        ("  pillar", "\tpillar", "line 3: found a tab character"),
        ("  pillar", "  x: &a [1]\n  y: *a\n  pillar", "line 3: anchors and aliases"),
        ("  pillar", "  x: !!python/object/apply:os.system [ls]\n  pillar", "line 3: tags"),
        ("  pillar", "  x: !!timestamp soon\n  pillar", "line 3: tags"),
        ("  pillar", "  ? [a, b]\n  : 1\n  pillar", "must be YAML"),
        ("  pillar", f"  x: {'[' * 50}{']' * 50}\n  pillar", "line 3: this lies deeper than 12 levels"),
        ("A note by hand", "A note by\x07hand", "must be YAML"),
        ("A note by hand", '"A note by \\0 hand"', "a character that nobody can see"),
        ("\n- id: note", "---\n- id: nose\n---\n- id: note", "but found another document"),
    ],
)  # fmt: skip
def test_a_wrong_catalogue_is_refused_in_words(old: str, new: str, message: str) -> None:
    """The error names the action, the field, the value, the bound and the remedy."""
    assert old in ONE
    with pytest.raises(BadInput, match=message) as wrong:
        parse(ONE.replace(old, new, 1))
    assert wrong.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got 'nothing'; must be a list of 1 to 2,000 actions"),
        ("[]", "got '0 actions"),
        ("{}", "got 'no list'"),
        ("- 7", "number 1, fields: got 7"),
        ("just words", "got 'no list'"),
        (ONE * 2001, "got '2,001 actions"),
        ("# " + "x" * (4 * 1024 * 1024), "got '4,194,306 characters'; at most 4,194,304"),
        ("[[action]]\nid = 'note'", "must be YAML"),
        ("\ud800", "must be YAML"),
        ("- id: " + "9" * 5000, "number 1|9999"),
    ],
)  # fmt: skip
def test_what_is_no_catalogue_is_refused(text: str, message: str) -> None:
    """Nothing, words, the old form, what is too long or too much."""
    with pytest.raises(BadInput, match=message):
        parse(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    """A picture by mistake, or a file in another coding."""
    assert read(ONE.encode("utf-8-sig")) == parse(ONE)
    for raw in (b"\x89PNG\r\n\x1a\n\x00\x00", "- id: café".encode("latin-1"), ONE.encode("utf-16")):
        with pytest.raises(BadInput, match="catalogue"):
            read(raw)


def test_an_id_is_one_actions_own() -> None:
    """Two actions of one id cannot be told apart in the log."""
    with pytest.raises(BadInput, match="one action only"):
        parse(ONE + ONE)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(field=st.sampled_from(Action.__struct_fields__), value=values)
def test_any_value_of_any_field_is_read_or_refused(field: str, value: Any) -> None:
    """Nothing but BadInput; what passes can be judged by the guard, worded, written and read again."""
    row = msgspec.to_builtins(parse(ONE.rstrip() + LETTER)[0]) | {field: value}
    try:
        actions = parse(written_raw([row]))
    except BadInput:
        return
    assert parse(written(actions)) == actions
    board_of(actions)
    for language in ("en", "xx", ""):
        worded(actions[0], language, "{shop}", "{name}")


@given(st.text() | st.text(alphabet="-:[]{}&*!|>'\"%@`?# \n\tab0"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is uploaded, the answer is a catalogue or BadInput."""
    with pytest.raises(BadInput):
        parse(text)


def written_raw(rows: Any) -> str:
    """Rows as YAML by the plain library, without our own ways."""
    import yaml

    return str(yaml.safe_dump(rows, allow_unicode=True))


@given(name=st.text(), shop=st.text())
def test_names_are_data(name: str, shop: str) -> None:
    """No name is read as a placeholder, adds a line to a subject, or makes a text fail."""
    texts = "\n  texts:\n    en:\n      subject: '{name} at {shop}'\n      body: 'Dear {name}, from {shop}'\n"
    said = worded(parse(ONE.rstrip() + texts)[0], "en-GB", name, shop)
    assert len(said.subject.splitlines()) == 1
    assert said.subject.count("{") <= name.count("{") + shop.count("{")
    assert said.body.startswith("Dear ")
    assert worded(parse(ONE.rstrip() + texts)[0], "en", "{shop} {0} {name.__class__}", "Fig").subject == (
        "{shop} {0} {name.__class__} at Fig"
    )


def test_words_are_found_in_their_language_else_in_another() -> None:
    """th-TH is th; where it is not written, English, else the first; nobody's name is a polite word for it."""
    (action,) = parse(ONE.rstrip() + LETTER)
    assert worded(action, "th-TH", "", "Fig").body == "Dear customer,\na word from Fig."
    letter = next(one for one in default() if one.id == "what-did-we-miss")
    assert worded(letter, "th-TH", "", "Fig").body.startswith("เรียน คุณลูกค้า")
    assert worded(letter, "ur", "عائشہ", "Fig").language == "ur"
    late = next(one for one in default() if one.id == "say-it-is-late")
    assert (worded(late, "en", "Ada", "Fig").channel, worded(late, "en", "Ada", "Fig").subject) == ("message", "")
    assert worded(late, "en", "Ada", "Fig", channel="e-mail").subject == "Your order will be late"
