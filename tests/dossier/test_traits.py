"""Traits: the latest word of whom is trusted most holds, the rest is kept beside it, and a word can be taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.dossier.traits import TRUST, group_of, plain, signed, traits_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def said(*words: tuple[str, str], name: str = "city") -> list[dict[str, Any]]:
    """Facts of kind traits, an hour apart: who said which value."""
    return [
        {"fact_id": f"{n:03d}", "source": "crm", "happened_at": START + timedelta(hours=n), "name": name,
         "value": value, "said_by": speaker, "confidence": 1.0, "properties": None}
        for n, (speaker, value) in enumerate(words)
    ]  # fmt: skip


def held(*words: tuple[str, str]) -> str | None:
    """The value that holds."""
    traits, _ = traits_of(said(*words))
    return traits[0].value if traits else None


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([("shop", "Multan"), ("shop", "Lahore")], "Lahore"),
        ([("customer", "Multan"), ("shop", "Lahore")], "Multan"),
        ([("inferred", "Multan"), ("shop", "Lahore"), ("inferred", "Karachi")], "Lahore"),
        ([("staff", "Multan"), ("owner", "Lahore"), ("staff", "Karachi")], "Lahore"),
        ([("shop", "Lahore"), ("customer", "")], None),
        ([("shop", "Lahore"), ("customer", ""), ("shop", "Multan")], "Multan"),
        ([("customer", "Lahore"), ("shop", "")], "Lahore"),
        ([("customer", "Lahore"), ("customer", ""), ("customer", "Multan")], "Multan"),
        ([("shop", "")], None),
    ],
)
def test_whose_word_holds(words: list[tuple[str, str]], value: str | None) -> None:
    """The customer before an owner, the team, the records, a guess; an empty value takes back what was said so far."""
    assert held(*words) == value


def test_who_says_otherwise_is_shown() -> None:
    """A conflict is one of today: what somebody has since changed themselves is history."""
    (one,), _ = traits_of(said(("shop", "Multan"), ("customer", "Karachi"), ("customer", "Lahore")))
    assert (one.value, one.said_by, one.conflict) == ("Lahore", "customer", True)
    assert [(e.said_by, e.value) for e in one.earlier] == [("customer", "Karachi"), ("shop", "Multan")]
    (one,), _ = traits_of(said(("shop", "Multan"), ("shop", "Lahore"), ("customer", "Lahore")))
    assert not one.conflict and [e.value for e in one.earlier] == ["Multan"]


def test_notes_stay_and_identifiers_and_what_is_told_elsewhere_do_not() -> None:
    """Every note is kept with its author, newest first; an e-mail is an identifier; rules are not traits."""
    notes = said(("staff", "Prefers mornings"), ("staff", "Has a dog"), name="note")
    notes[1]["properties"] = '{"by": "Bo"}'
    rows = notes + said(("shop", "a@b.co"), name="email") + said(("shop", "peanuts"), name="allergies")
    traits, told = traits_of(rows, hidden=["allergies"])
    assert traits == () and [(n.text, n.author) for n in told] == [("Has a dog", "Bo"), ("Prefers mornings", "staff")]


@given(st.lists(st.tuples(st.sampled_from(TRUST), st.sampled_from(["", "a", "b"])), max_size=8), st.randoms())
def test_the_order_of_arrival_changes_nothing(words: list[tuple[str, str]], chance: Any) -> None:
    """Facts have times; that is the only order there is. What holds was said by somebody, and not taken back since."""
    rows = said(*words)
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    traits, _ = traits_of(rows)
    assert traits_of(shuffled)[0] == traits
    for trait in traits:
        assert (trait.said_by, trait.value) in words
        assert words[-1] != ("customer", "")


def test_odd_values_are_shown_as_they_are() -> None:
    """Lists become words; what is no JSON stays; odd properties sign nothing."""
    assert (plain('["figs", 2]'), plain("[sic]"), group_of("كتاب")) == ("figs, 2", "[sic]", "other")
    assert signed({"properties": "[1]"}) == signed({"properties": "{"}) == signed({"properties": None}) == {}
