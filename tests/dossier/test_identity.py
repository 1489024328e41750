"""Identity: identifiers that facts tie together are one customer, whoever arrives first."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from openchair.dossier.identity import resolve

text = pa.string()


def table(**columns: list[str]) -> pa.Table:
    """A table of strings."""
    return pa.table({name: pa.array(values, text) for name, values in columns.items()})


def owners(mentioned: list[str], links: list[tuple[str, str]], known: dict[str, str]) -> dict[str, str]:
    """Identifier -> customer: an existing one's id, or the root a new one is made from."""
    fresh = resolve(
        table(identifier=mentioned),
        table(identifier=[a for a, _ in links], other=[b for _, b in links]),
        table(identifier=list(known), customer_id=list(known.values())),
    )
    return known | {r["identifier"]: r["customer_id"] or r["root"] for r in fresh.to_pylist()}


def test_without_links_everyone_is_their_own() -> None:
    """Nobody is merged on a guess."""
    assert owners(["id:1", "id:2", "anon:x"], [], {}) == {"id:1": "id:1", "id:2": "id:2", "anon:x": "anon:x"}


def test_a_chain_of_links_is_one_customer_named_by_the_shops_own_id() -> None:
    """A device, an e-mail and a shop id that lead to one another are one person."""
    found = owners(["anon:x"], [("id:9", "email:a@b.c"), ("anon:x", "email:a@b.c")], {})
    assert set(found.values()) == {"id:9"}


def test_who_is_known_keeps_their_customer_when_a_new_identifier_is_tied_to_them() -> None:
    """Decisions and notes stay with the customer they were made for."""
    assert owners(["anon:x"], [("anon:x", "id:9")], {"id:9": "c1"}) == {"id:9": "c1", "anon:x": "c1"}


def test_two_customers_who_turn_out_to_be_one_become_the_smaller_id() -> None:
    """Both sides end up with one owner, and only the other's identifiers move."""
    assert owners([], [("id:1", "id:2")], {"id:1": "c1", "id:2": "c2"}) == {"id:1": "c1", "id:2": "c1"}


def test_an_empty_shop_has_nobody() -> None:
    """Nothing in, nothing out."""
    assert owners([], [], {}) == {}


names = st.sampled_from([f"{kind}:{n}" for kind in ("id", "email", "anon") for n in range(6)])


@given(st.lists(names, unique=True), st.lists(st.tuples(names, names)), st.randoms())
def test_order_and_repetition_change_nothing(
    mentioned: list[str], links: list[tuple[str, str]], chance: object
) -> None:
    """The same facts in another order, or twice, give the same customers; tied ends share one."""
    found = owners(mentioned, links, {})
    shuffled = [(b, a) for a, b in reversed(links)] + links
    assert owners(list(reversed(mentioned)), shuffled, {}) == found
    assert all(found[a] == found[b] for a, b in links)
    assert owners(mentioned, links, found) == found
