"""Who is who: bases for good, merges that can be taken back, the same on SQLite and PostgreSQL."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.store.making import DAY, NOW, chosen, joined, linked, met, named

from openchair.chair.views import Field, Merge
from openchair.core.errors import BadInput
from openchair.store.sql.state import SqlState


def whose(state: SqlState) -> dict[str, str]:
    return {row["identifier"]: row["customer_id"] for row in state.identities().to_pylist()}


def listed(state: SqlState) -> list[str]:
    return [row["customer_id"] for row in state.customers(search="", order="name", limit=100, after=None)[0]]


def test_identifiers_find_their_customer(state: SqlState) -> None:
    """By customer id, by identifier, by its bare value; an e-mail without regard to case."""
    state.link(linked(("id:17850", "c1"), ("email:ada@example.org", "c1"), ("anon:x:y", "c2")), NOW)
    for text in ("c1", "id:17850", "17850", "ada@example.org", "ADA@example.org", "email:Ada@Example.org"):
        assert state.find(text) == "c1", text
    assert state.find("x:y") == state.find("anon:x:y") == "c2"
    assert state.find("nobody") is None
    assert state.identifiers_of("c1") == ["email:ada@example.org", "id:17850"]


def test_an_identifier_keeps_its_base_for_good(state: SqlState) -> None:
    """Linking it again, elsewhere or twice in one call, changes nothing."""
    state.link(linked(("id:1", "c1"), ("id:2", "c2"), ("id:2", "c9")), NOW)
    state.link(linked(("id:2", "c1"), ("id:3", "c1")), NOW + timedelta(days=1))
    table = state.identities()
    assert table.schema.names == ["identifier", "base_id", "customer_id"]
    assert sorted(map(tuple, (row.values() for row in table.to_pylist()))) == [
        ("id:1", "c1", "c1"),
        ("id:2", "c2", "c2"),
        ("id:3", "c1", "c1"),
    ]


def test_a_merge_joins_and_taken_back_restores(state: SqlState) -> None:
    """Identifiers, lists, search and counts follow; the hidden row is still given by its id, and comes back whole."""
    state.link(linked(("id:1", "a"), ("id:2", "b"), ("email:b@x.org", "b"), ("id:3", "c")), NOW)
    state.replace_customers(named("a", "b", "c"))
    before = state.customer("b")
    merge = joined("b", "a")
    state.put_merges([merge])
    assert whose(state) == {"id:1": "a", "id:2": "a", "email:b@x.org": "a", "id:3": "c"}
    assert state.find("b") == state.find("b@x.org") == state.find("a") == "a"
    assert state.identifiers_of("a") == ["email:b@x.org", "id:1", "id:2"]
    assert state.identifiers_of("b") == []
    assert listed(state) == ["a", "c"]
    assert state.customers(search="Name b", order="name", limit=9, after=None)[0] == []
    assert state.consent_counts() == {3: 2}
    assert state.customer("b") == before
    assert state.rows_of(["c", "b", "x"]).to_pylist() == [state.customer("b"), state.customer("c")]
    state.put_merges([replace(merge, status="apart", decided_at=NOW, decided_by="ada", why="two people")])
    assert whose(state) == {"id:1": "a", "id:2": "b", "email:b@x.org": "b", "id:3": "c"}
    assert listed(state) == ["a", "b", "c"]
    assert (state.find("b"), state.customer("b"), state.consent_counts()) == ("b", before, {3: 3})


def test_a_merge_comes_back_as_it_was_put(state: SqlState) -> None:
    """With its evidence in every script; put again it is replaced."""
    merge = joined("a", "b", "asked")
    state.put_merges([merge])
    kept = state.merge("a+b")
    assert kept == replace(merge, evidence=(Field("name", "Ana \x00", 'An "a"', 2.5), merge.evidence[1]))
    state.put_merges([replace(merge, status="merged", decided_by="ada", probability=None, evidence=())])
    assert state.merge("a+b") == replace(merge, status="merged", decided_by="ada", probability=None, evidence=())
    assert state.merge("nothing") is None
    assert state.merge_graph().to_pylist() == [{"merge_id": "a+b", "left_id": "a", "right_id": "b", "status": "merged"}]
    state.put_merges([])


def test_what_is_only_asked_or_kept_apart_joins_nobody(state: SqlState) -> None:
    """Nor does it carry a group over to the next."""
    state.link(linked(*((f"id:{one}", one) for one in "abcd")), NOW)
    state.put_merges([joined("a", "b"), joined("b", "c", "asked"), joined("c", "d", "apart")])
    assert whose(state) == {"id:a": "a", "id:b": "a", "id:c": "c", "id:d": "d"}


def test_an_identifier_of_a_merged_base_belongs_to_the_whole(state: SqlState) -> None:
    """One that is linked to it later, too; and it goes with its base when the merge is taken back."""
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.put_merges([joined("a", "b")])
    state.link(linked(("email:b@x.org", "b")), NOW)
    assert whose(state)["email:b@x.org"] == "a"
    state.put_merges([joined("a", "b", "apart")])
    assert whose(state)["email:b@x.org"] == "b"


def test_any_order_of_merging_and_taking_back_gives_the_least_of_each_group(state: SqlState) -> None:
    """Against counting the groups by hand after every step; and when all is taken back, all is as before."""
    bases = [f"c{number:02}" for number in range(12)]
    state.link(linked(*((f"id:{one}", one) for one in bases)), NOW)
    state.replace_customers(named(*bases))
    first, chance, held = whose(state), random.Random(11), dict[tuple[str, str], Merge]()
    for _ in range(60):
        some = {tuple(sorted(chance.sample(bases, 2))) for _ in range(chance.choice([1, 1, 3]))}
        status = chance.choice(["merged", "merged", "apart", "asked"])
        held |= {(left, right): joined(left, right, status) for left, right in some}
        state.put_merges([held[pair] for pair in sorted(some)])
        least = {one: one for one in bases}
        for _ in bases:
            for left, right in (pair for pair, merge in held.items() if merge.status == "merged"):
                least[left] = least[right] = min(least[left], least[right])
        assert whose(state) == {f"id:{one}": least[one] for one in bases}
        assert listed(state) == [one for one in bases if least[one] == one]
        assert all(state.find(one) == least[one] for one in bases)
    state.put_merges([replace(merge, status="apart") for merge in held.values()])
    assert whose(state) == first
    assert listed(state) == bases


def test_a_turn_keeps_hidden_rows_hidden(state: SqlState) -> None:
    """Those it does not know of any more, and those of whoever was merged while it was at work."""
    state.link(linked(*((f"id:{one}", one) for one in "abcd")), NOW)
    state.replace_customers(named("a", "b", "c", "d"))
    state.put_merges([joined("a", "b")])
    hidden = state.customer("b")
    state.put_merges([joined("c", "d")])
    assert state.replace_customers(named("a", "c", "d")) == 3
    assert listed(state) == ["a", "c"]
    assert state.customer("b") == hidden
    state.put_merges([joined("a", "b", "apart"), joined("c", "d", "apart")])
    assert listed(state) == ["a", "b", "c", "d"]


def test_merges_are_listed_newest_first_in_pages(state: SqlState) -> None:
    """Of a status, of a customer with all records that are theirs, from a cursor on."""
    state.link(linked(*((f"id:{one}", one) for one in "abcde")), NOW)
    pairs = [("a", "b", "merged"), ("b", "c", "merged"), ("c", "d", "asked"), ("d", "e", "apart"), ("a", "e", "asked")]
    state.put_merges([replace(joined(*pair), found_at=NOW + timedelta(hours=n // 2)) for n, pair in enumerate(pairs)])
    seen: list[str] = []
    more, after = True, None
    while more:
        found, more = state.merges(limit=2, after=after)
        seen += [merge.merge_id for merge in found]
        after = seen[-1]
    assert seen == ["a+e", "d+e", "c+d", "b+c", "a+b"]
    assert [merge.merge_id for merge in state.merges(status="asked")[0]] == ["a+e", "c+d"]
    assert [merge.merge_id for merge in state.merges(customer_id="a")[0]] == ["a+e", "c+d", "b+c", "a+b"]
    assert [merge.merge_id for merge in state.merges(customer_id="e", status="apart")[0]] == ["d+e"]
    with pytest.raises(BadInput, match="first page"):
        state.merges(after="gone")


def test_a_customer_is_found_with_all_that_was_decided_about_every_part(state: SqlState) -> None:
    """A decision stays with the record it was taken for, and the day's list leaves hidden records out."""
    state.link(linked(("id:1", "a"), ("id:2", "b")), NOW)
    state.replace_customers(named("a", "b"))
    made = chosen({"decision_id": "1", "customer_id": "a"}, {"decision_id": "2", "customer_id": "b"})
    state.save_decisions(DAY, "daily", met(("s1", "{}")), made)
    state.put_merges([joined("a", "b")])
    assert {row["decision_id"] for row in state.decisions(customer_id="a")[0]} == {"1", "2"}
    assert [row["decision_id"] for row in state.decisions(day=DAY)[0]] == ["1"]
    state.put_merges([joined("a", "b", "apart")])
    assert [row["decision_id"] for row in state.decisions(customer_id="b")[0]] == ["2"]
    assert {row["decision_id"] for row in state.decisions(day=DAY)[0]} == {"1", "2"}
