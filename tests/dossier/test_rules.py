"""Hard rules: what people write becomes bits, and one check says what those forbid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.dossier.rules import (
    ALLERGENS,
    BIT,
    DECLARED,
    FOOD_SAFETY,
    NONE,
    REASONS,
    TERMS,
    UNKNOWN,
    Contents,
    barred,
    binds,
    blocked,
    blocks,
    forbidding,
    rules_of,
    shown,
    terms_of,
)

READ = [
    ("allergies", "peanuts", "peanuts", DECLARED),
    ("Allergies", "Severe peanut allergy!", "peanuts", DECLARED),
    ("allergy", '["milk", "Eggs"]', "eggs milk", DECLARED),
    ("allergies", '{"peanuts": true, "milk": false}', "peanuts", DECLARED),
    ("food_allergies", "shellfish and sesame", "crustaceans molluscs sesame", DECLARED),
    ("allergies", "nuts", "nuts peanuts", DECLARED),
    ("allergies", "tree nuts", "nuts", DECLARED),
    ("allergies", "flowers", "no-flowers", DECLARED),
    ("allergies", "مونگ پھلی، دودھ", "milk peanuts", DECLARED),
    ("allergies", "مجھے انڈے سے الرجی ہے", "eggs", DECLARED),
    ("allergies", "แพ้ถั่วลิสงและกุ้ง", "crustaceans peanuts", DECLARED),
    ("allergies", "kiwi", "other-allergy", DECLARED),
    ("allergies", "peanuts, kiwi", "peanuts other-allergy", DECLARED),
    ("allergies", "peanuts kiwi", "peanuts other-allergy", DECLARED),
    ("allergies", "yes", "other-allergy", DECLARED),
    ("allergies", "none", "", NONE),
    ("allergies", "No known allergies.", "", NONE),
    ("allergies", "ไม่มี", "", NONE),
    ("allergies", "کوئی نہیں", "", NONE),
    ("allergies", "none, peanuts", "peanuts", DECLARED),
    ("allergies", "", "", UNKNOWN),
    ("allergies", "[]", "", UNKNOWN),
    ("allergies", "unknown", "", UNKNOWN),
    ("allergies", "n/a", "", UNKNOWN),
    ("diet", "vegan", "vegan", UNKNOWN),
    ("diet", "gluten-free", "gluten", UNKNOWN),
    ("diet", "halal only", "halal no-alcohol", UNKNOWN),
    ("diet", "keto", "other-diet", UNKNOWN),
    ("diet", "none", "", UNKNOWN),
    ("religion", "Muslim", "halal no-alcohol", UNKNOWN),
    ("religion", "Lutheran", "", UNKNOWN),
    ("never", "peanuts", "peanuts", DECLARED),
    ("never", "calls", "no-calls", UNKNOWN),
    ("do_not", "call", "no-calls", UNKNOWN),
    ("do_not", "ring after 17:00", "other-rule no-calls", UNKNOWN),
    ("no_gifts", "true", "no-gifts", UNKNOWN),
    ("no_gifts", "false", "", UNKNOWN),
    ("peanut allergy", "yes", "peanuts", DECLARED),
    ("under_age", "true", "under-age", UNKNOWN),
    ("age", "16", "under-age", UNKNOWN),
    ("age", "46", "", UNKNOWN),
    ("favourite team", "Lahore Qalandars", "", UNKNOWN),
    ("email", "1", "", UNKNOWN),
]


@pytest.mark.parametrize(("name", "value", "terms", "state"), READ)
def test_traits_become_rules(name: str, value: str, terms: str, state: int) -> None:
    """What people write in any of three languages, as text, list or JSON, is read as the terms it means."""
    mask, said = rules_of(name, value)
    assert sorted(terms_of(mask)) == sorted(
        term.replace("-", " ").replace("e mail", "e-mail") for term in terms.split()
    )
    assert said == state


@pytest.mark.parametrize("row", [row for row in READ if row[2] or row[3] != UNKNOWN])
def test_what_sets_a_rule_is_known_by_its_name(row: tuple[str, str, str, int]) -> None:
    """A turn reads only the traits that `binds` names; none that sets a rule may be missed."""
    assert binds(row[0])


@given(st.sampled_from(["allergies", "diet", "never", "religion", "no_calls", "age", "hobby"]), st.text(max_size=60))
def test_any_text_can_be_read(name: str, value: str) -> None:
    """No value, however strange, is an error, and none sets a bit that has no name."""
    mask, state = rules_of(name, value)
    assert 0 <= mask < 1 << len(TERMS)
    assert state in (UNKNOWN, NONE, DECLARED)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12))
def test_an_allergy_is_never_read_as_nothing(word: str) -> None:
    """Whatever word is declared as an allergy blocks a thing to eat of undeclared contents, unless it says none."""
    mask, state = rules_of("allergies", word)
    reason = blocked(mask, FOOD_SAFETY[state], Contents(edible=True))
    assert (reason is None) == (state == NONE)


BAR = Contents(edible=True, allergens=("milk",), suits=("vegetarian",))


@pytest.mark.parametrize(
    ("rules", "state", "contents", "allowed"),
    [
        ("peanuts", "declared", BAR, True),
        ("milk", "declared", BAR, False),
        ("peanuts", "declared", Contents(edible=True), False),
        ("other allergy", "declared", Contents(edible=True, allergens=()), False),
        ("", "unknown", BAR, False),
        ("", "unknown", Contents(edible=True), False),
        ("", "unknown", Contents(edible=True, allergens=()), True),
        ("", "unknown", Contents(gift=True), True),
        ("", "none", BAR, True),
        ("", "none", Contents(edible=True), True),
        ("", "declared", BAR, False),  # declared, and we lost what: as good as unknown
        ("vegetarian", "none", BAR, True),
        ("vegan", "none", BAR, False),
        ("halal", "none", Contents(alcohol=True), False),
        ("under age", "none", Contents(alcohol=True), False),
        ("no gifts", "none", Contents(gift=True), False),
        ("no flowers", "none", Contents(flowers=True), False),
        ("other rule", "none", Contents(gift=True), False),
        ("other rule", "none", Contents(), True),
    ],
)
def test_what_is_not_known_to_be_safe_is_not_safe(rules: str, state: str, contents: Contents, allowed: bool) -> None:
    """Unknown, none and declared are three states, and contents are declared or they are not."""
    mask = BIT[rules] if rules else 0
    assert (blocked(mask, state, contents) is None) is allowed


def test_channels_that_were_forbidden_stay_shut() -> None:
    """Who said never to call is not called, also not for service."""
    assert blocked(BIT["no calls"], "none", Contents(), "call") == "no calls"
    assert blocked(BIT["no calls"], "none", Contents(), "letter") is None
    assert blocked(BIT["under age"], "none", Contents(), "letter", "marketing") == "under age"


contents_of_any_kind = st.builds(
    Contents,
    edible=st.booleans(),
    allergens=st.none() | st.lists(st.sampled_from(ALLERGENS), unique=True).map(tuple),
    suits=st.lists(st.sampled_from(["vegan", "vegetarian", "halal", "kosher"]), unique=True).map(tuple),
    alcohol=st.booleans(),
    gift=st.booleans(),
    flowers=st.booleans(),
)
masks = st.integers(0, (1 << len(TERMS)) - 1)


@given(masks, masks, st.sampled_from(FOOD_SAFETY), contents_of_any_kind)
def test_another_rule_never_opens_a_door(rules: int, more: int, state: str, contents: Contents) -> None:
    """What is blocked stays blocked when rules are added, except that naming an allergy may make an unknown known."""
    if blocked(rules, state, contents) and rules & forbidding(contents):
        assert blocked(rules | more, state, contents)


@given(masks, st.sampled_from(FOOD_SAFETY), contents_of_any_kind)
def test_no_allergen_reaches_who_must_not_have_it(rules: int, state: str, contents: Contents) -> None:
    """Whatever is edible and allowed holds, as declared, nothing that the customer named."""
    if contents.edible and blocked(rules, state, contents) is None:
        named = set(terms_of(rules)) & set(ALLERGENS)
        assert not named or contents.allergens is not None
        assert not named & set(contents.allergens or ())
        assert state == "none" or named or contents.allergens == ()


@given(st.lists(st.tuples(masks, st.integers(0, 2)), min_size=1, max_size=20), contents_of_any_kind)
def test_many_are_judged_as_one_is(people: list[tuple[int, int]], contents: Contents) -> None:
    """The check over arrays gives each customer the answer they would get alone."""
    rules = np.array([mask for mask, _ in people], dtype=np.int64)
    states = np.array([state for _, state in people], dtype=np.int8)
    thing = barred(contents, "call")
    codes = blocks(rules, states, np.array([thing.terms]), np.array([thing.unsure]))[:, 0]
    together = [REASONS[code] or None for code in codes]
    assert together == [blocked(mask, FOOD_SAFETY[state], contents, "call") for mask, state in people]


def test_every_term_has_a_bit_a_reason_and_a_place() -> None:
    """Bits are kept in the state: terms may be added at the end, never moved."""
    assert TERMS[:3] == ("gluten", "crustaceans", "eggs")
    assert len(TERMS) == len(set(TERMS)) < 63
    assert len(REASONS) == len(TERMS) + 2
    assert shown(BIT["peanuts"] | BIT["no calls"]) == ("never: peanuts", "no calls")
