"""Exact identity: each identifier has a base for good; what ties two bases can be told, refused, and taken back."""

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput, Conflict
from openchair.dossier.identity import BRIDGED, SHARED_LIMIT, Assigned, assign, checked, joinable
from openchair.dossier.telephone import e164

Pairs = list[tuple[str, str]]


def table(**columns: list[str]) -> pa.Table:
    """A table of strings."""
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def assigned(mentioned: list[str], links: Pairs, known: dict[str, str] | None = None) -> Assigned:
    """What exact identifiers say."""
    known = known or {}
    return assign(
        table(identifier=mentioned),
        table(identifier=[a for a, _ in links], other=[b for _, b in links]),
        table(identifier=list(known), base_id=list(known.values())),
    )


def bases(found: Assigned) -> dict[str, str]:
    """Identifier -> base: a known one's id, or the identifier that roots a new one."""
    return {row["identifier"]: row["base_id"] or row["root"] for row in found.fresh.to_pylist()}


def ties(found: Assigned) -> set[tuple[str, str, str]]:
    """Left, right, and what they share."""
    return {(row["left"], row["right"], row["shared"]) for row in found.joins.to_pylist()}


def graph(*rows: tuple[str, str, str]) -> pa.Table:
    """Merges there are: left, right, status."""
    return table(
        merge_id=[f"{a}-{b}" for a, b, _ in rows],
        left_id=[a for a, _, _ in rows], right_id=[b for _, b, _ in rows], status=[s for _, _, s in rows],
    )  # fmt: skip


def test_without_links_everyone_is_their_own() -> None:
    """Nobody is merged on a guess."""
    assert bases(assigned(["id:1", "id:2", "anon:x"], [])) == {"id:1": "id:1", "id:2": "id:2", "anon:x": "anon:x"}


def test_a_chain_of_links_is_one_base_rooted_in_the_shops_own_id() -> None:
    """A device, an e-mail and a shop id that lead to one another."""
    found = assigned(["anon:x"], [("id:9", "email:a@b.c"), ("anon:x", "email:a@b.c")])
    assert set(bases(found).values()) == {"id:9"} and not ties(found)


def test_without_a_shop_id_the_best_identifier_roots_one_base() -> None:
    """An e-mail goes before a device."""
    assert set(bases(assigned([], [("anon:x", "email:a@b.c"), ("anon:y", "email:a@b.c")])).values()) == {"email:a@b.c"}


def test_two_shop_ids_with_one_e_mail_are_two_bases_and_a_tie() -> None:
    """So that it can be taken back: each keeps what came with its own id."""
    found = assigned([], [("id:1", "email:a@b.c"), ("id:2", "email:a@b.c")])
    assert bases(found) == {"id:1": "id:1", "id:2": "id:2", "email:a@b.c": "id:1"}
    assert ties(found) == {("email:a@b.c", "id:2", "email:a@b.c")}


def test_who_is_known_keeps_their_base() -> None:
    """Whatever comes later is tied to it, or ties it to another."""
    found = assigned(["anon:x"], [("anon:x", "id:9"), ("id:9", "id:7")], {"id:9": "c9", "id:7": "c7"})
    assert bases(found) == {"anon:x": "c9"} and {frozenset(t[:2]) for t in ties(found)} == {frozenset({"id:9", "id:7"})}


def test_what_too_many_share_is_nobodys_own() -> None:
    """The shop's own e-mail ties none of them, and it is told how many share it; one less would tie."""
    many = [(f"id:{n}", "email:shop@shop.example") for n in range(SHARED_LIMIT + 1)]
    found = assigned([], [*many, ("id:0", "email:own@a.example")])
    assert not ties(found)
    assert found.quarantined.to_pylist() == [{"identifier": "email:shop@shop.example", "bases": SHARED_LIMIT + 1}]
    assert len(ties(assigned([], many[:-1]))) == SHARED_LIMIT - 1


names = st.sampled_from([f"{kind}:{n}" for kind in ("id", "email", "anon", "phone") for n in range(5)])


@given(st.lists(names, unique=True), st.lists(st.tuples(names, names)), st.randoms())
def test_order_and_repetition_change_nothing(mentioned: list[str], links: Pairs, chance: random.Random) -> None:
    """The same facts in another order, or twice; and whoever is connected is connected by bases and ties."""
    first = assigned(mentioned, links)
    again, more = list(mentioned), [*links, *links]
    chance.shuffle(again)
    chance.shuffle(more)
    second = assigned(again, more)
    assert bases(first) == bases(second) and ties(first) == ties(second)
    of = bases(first)
    one = {base: base for base in of.values()}

    def top(base: str) -> str:
        return base if one[base] == base else top(one[base])

    for left, right, _ in ties(first):
        one[top(of[left])] = top(of[right])
    assert all(top(of[a]) == top(of[b]) for a, b in links)
    assert all(of[a] == a for a in of if a.startswith("id:"))


def test_a_merge_that_cannot_be_is_refused() -> None:
    """With oneself; already one by way of others; against somebody's word about those they are one with."""
    merges = graph(("a", "b", "merged"), ("b", "c", "merged"), ("c", "d", "apart"), ("x", "y", "asked"))
    with pytest.raises(BadInput):
        checked("a", "a", merges)
    for left, right in (("a", "c"), ("a", "b")):
        with pytest.raises(Conflict, match="already"):
            checked(left, right, merges)
    with pytest.raises(Conflict, match="apart"):
        checked("a", "d", merges)
    checked("a", "x", merges)
    checked("x", "y", merges)


def told(pairs: Pairs, merges: pa.Table) -> dict[tuple[str, str], str]:
    """What becomes of each tie."""
    return dict(zip(pairs, joinable([a for a, _ in pairs], [b for _, b in pairs], merges), strict=True))


def test_a_bridge_is_for_a_person_to_cross() -> None:
    """One tie between two groups of three is asked; between smaller ones, or with a second tie, it is merged."""
    groups = [(f"{side}0", f"{side}{n}", "merged") for side in "ab" for n in range(1, BRIDGED)]
    assert told([("a0", "b0")], graph(*groups)) == {("a0", "b0"): "asked"}
    assert told([("a0", "b0"), ("a1", "b1")], graph(*groups)) == {("a0", "b0"): "merged", ("a1", "b1"): "merged"}
    assert told([("a0", "b0")], graph(*groups[:-1])) == {("a0", "b0"): "merged"}


def test_a_tie_that_somebody_decided_is_left_as_it_is() -> None:
    """Merged, asked or kept apart: it is not proposed again; what would join the two kept apart is asked."""
    merges = graph(("a", "b", "apart"), ("c", "d", "asked"), ("e", "f", "merged"), ("b", "g", "merged"))
    pairs = [("a", "b"), ("c", "d"), ("e", "f"), ("a", "g")]
    assert told(pairs, merges) == {("a", "b"): "", ("c", "d"): "", ("e", "f"): "", ("a", "g"): "asked"}


@pytest.mark.parametrize(
    ("said", "country", "number"),
    [
        ("0300 1234567", "PK", "+923001234567"), ("+92 (300) 123-4567", "", "+923001234567"),
        ("0092-300-1234567", "TH", "+923001234567"), ("081-234-5678", "TH", "+66812345678"), ("call me", "GB", None),
        ("0300 1234567", "", None), ("123", "GB", None), ("", "GB", None),
    ],
)  # fmt: skip
def test_a_number_has_one_form(said: str, country: str, number: str | None) -> None:
    """However it is spelled; what is none says nothing of who somebody is."""
    assert e164(said, country) == number


def test_words_are_no_numbers(subtests: Any) -> None:
    """A vanity number's letters are digits to a telephone; a name's are not."""
    for said in ("Ada", "n/a", "-", "ask my wife"):
        with subtests.test(said):
            assert e164(said, "GB") is None
