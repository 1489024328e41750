"""People who share no identifier: found untaught, groups guarded, and never merged on a guess."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.dossier import identity, matching
from openchair.dossier.grouping import Ties, bridges, guarded
from openchair.dossier.likeness import guessed
from openchair.dossier.linking import Resolution
from openchair.simulation.cards import simulate_people

resolve = identity.resolve
TRUE_COLUMNS = ["person", "how"]


def found(resolution: Resolution) -> dict[tuple[str, str], tuple[str, float]]:
    """Pairs, each with its status and weight."""
    columns = ("left", "right", "status", "weight")
    rows = zip(*(resolution.pairs[name].to_pylist() for name in columns), strict=True)
    return {(left, right): (status, weight) for left, right, status, weight in rows}


def right(resolution: Resolution, truth: dict[str, str], status: str = "") -> tuple[float, float]:
    """Precision, and how many true pairs there are among those of a status."""
    pairs = [pair for pair, (said, _) in found(resolution).items() if status in ("", said)]
    true = sum(truth[a] == truth[b] for a, b in pairs)
    return true / max(len(pairs), 1), true


@pytest.fixture(scope="module")
def cards() -> pa.Table:
    """Two thousand records, one in five of them somebody's second."""
    return simulate_people(2_000, duplicates=0.2, seed=3)


@pytest.fixture(scope="module")
def resolved(cards: pa.Table) -> Resolution:
    """What is found among them."""
    return resolve(cards.drop_columns(TRUE_COLUMNS))


def truth_of(cards: pa.Table) -> dict[str, str]:
    """Record -> person."""
    return dict(zip(cards["id"].to_pylist(), cards["person"].to_pylist(), strict=True))


@pytest.mark.slow
def test_most_second_records_are_found_and_hardly_anyone_is_merged_wrongly(
    cards: pa.Table, resolved: Resolution
) -> None:
    """Nobody told the model what a second record looks like."""
    truth = truth_of(cards)
    assert right(resolved, truth, "merge")[0] >= 0.99
    precision, true = right(resolved, truth)
    assert precision >= 0.95 and true >= 0.7 * 400


@pytest.mark.slow
def test_rows_in_another_order_and_twice_change_nothing(cards: pa.Table, resolved: Resolution) -> None:
    """To the last pair; weights to rounding."""
    bare = cards.drop_columns(TRUE_COLUMNS)
    order = np.random.default_rng(5).permutation(bare.num_rows)
    again = found(resolve(pa.concat_tables([bare.take(pa.array(order)), bare.slice(0, 500)])))
    first = found(resolved)
    assert again.keys() == first.keys()
    assert all(again[pair][0] == first[pair][0] for pair in first)
    assert all(again[pair][1] == pytest.approx(first[pair][1], abs=1e-6) for pair in first)


@pytest.mark.slow
def test_what_is_known_is_not_spoken_of_again(cards: pa.Table, resolved: Resolution) -> None:
    """Whether it was merged, asked or kept apart."""
    known = resolved.pairs.slice(0, 50).select(["left", "right"])
    rest = found(resolve(cards.drop_columns(TRUE_COLUMNS), known=known))
    assert rest.keys() == set(list(found(resolved))[50:])


@pytest.mark.slow
def test_each_rule_says_how_many_pairs_it_adds(resolved: Resolution) -> None:
    """Together they are all that were compared, and the model shows what it learned."""
    assert sum(rule.pairs for rule in resolved.rules) == resolved.compared > 0
    assert {"name", "birth_date", "place", "email", "phone"} <= resolved.model["fields"].keys()
    for degrees in resolved.model["fields"].values():
        assert sum(d["m"] for d in degrees) == pytest.approx(1) == pytest.approx(sum(d["u"] for d in degrees))


@pytest.mark.slow
def test_a_pair_is_explained_field_by_field(resolved: Resolution) -> None:
    """The weights of the fields and of the prior are the weight of the pair."""
    for place in (0, resolved.pairs.num_rows // 2, resolved.pairs.num_rows - 1):
        fields = resolved.fields(place)
        whole = sum(one.weight for one in fields) + matching.bits(resolved.model["prior"])
        assert whole == pytest.approx(resolved.pairs["weight"][place].as_py(), abs=1e-6)
        assert all(one.left and one.right for one in fields)


def family(n: int) -> list[dict[str, Any]]:
    """`n` strangers, and two couples of one name, house and telephone, whose first names differ."""
    chance = random.Random(2)
    rows = simulate_people(n, duplicates=0.1, seed=4).drop_columns(TRUE_COLUMNS).to_pylist()
    for last, one, other in (("Ambridge", "Phyllida", "Gerald"), ("Quennell", "Rosalind", "Thaddeus")):
        home = {
            "phone": f"+44 20 7946 {chance.randrange(1000, 9999)}",
            "address": f"9 {last} Row",
            "postcode": "N1 9GU",
        }
        for first in (one, other):
            rows.append({**rows[0], **home, "id": first, "first_name": first, "last_name": last, "city": "London",
                         "email": None, "birth_date": None})  # fmt: skip
    return rows


@pytest.mark.slow
def test_the_people_of_one_house_are_not_merged() -> None:
    """They share name, house and telephone, and are two: at most a person is asked."""
    pairs = found(resolve(pa.Table.from_pylist(family(1_000))))
    assert all(pairs.get(pair, ("ask", 0))[0] == "ask" for pair in (("Gerald", "Phyllida"), ("Rosalind", "Thaddeus")))


@pytest.mark.slow
def test_only_records_of_different_sources_are_compared_where_a_source_is_given(cards: pa.Table) -> None:
    """Each source is taken to know its own people."""
    bare = cards.drop_columns(TRUE_COLUMNS)
    where = np.arange(bare.num_rows) % 2
    split = bare.append_column("source", pa.array(np.where(where, "till", "web")))
    of = dict(zip(bare["id"].to_pylist(), where.tolist(), strict=True))
    pairs = found(resolve(split))
    assert len(pairs) > 50 and all(of[a] != of[b] for a, b in pairs)


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        ({"id": ["1", "2"], "colour": ["red", "red"]}, None, "nothing to compare"),
        ({"id": ["1"], "name": ["Ada"]}, None, "no two records"),
        ({"id": ["1", "2"], "name": ["Ada Byron", "Bo Diddley"]}, None, "anything in common"),
    ],
)
def test_where_nothing_can_be_compared_it_says_why(table: Any, columns: Any, says: str) -> None:
    """And gives no pairs, rather than an error."""
    resolution = resolve(pa.table(table), columns=columns)
    assert says in resolution.note.casefold() and resolution.pairs.num_rows == 0
    assert resolution.clusters == resolution.clusters_at(0.5) == {}


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        ({"name": ["Ada", "Bo"]}, None, "id of a record"),
        ({"id": ["1", "2"], "name": ["Ada", "Bo"]}, {"id": ["id"], "surname": ["name"]}, "role of a column"),
        ({"id": ["1", "2"]}, {"id": ["id"], "name": ["full"]}, "column: got 'full'"),
        ({"id": ["1", "1"], "name": ["Ada", "Bo"]}, None, "two records have the same"),
        ({"id": ["1", None], "name": ["Ada", "Bo"]}, None, "or none"),
    ],
)
def test_what_cannot_be_a_table_of_people_is_refused(table: Any, columns: Any, says: str) -> None:
    """With the value, the bound and the remedy."""
    with pytest.raises(BadInput, match=says):
        resolve(pa.table(table), columns=columns)


def test_columns_are_known_by_their_names() -> None:
    """Whatever their case; several of one role are read together, but a record has one id."""
    roles = guessed(["Customer ID", "rec_id", "GivenName", "surname", "DOB", "E-mail", "zip", "address_2", "notes"])
    assert roles == {
        "id": ["Customer ID"], "first_name": ["GivenName"], "last_name": ["surname"], "birth_date": ["DOB"],
        "email": ["E-mail"], "postcode": ["zip"], "address": ["address_2"],
    }  # fmt: skip


def test_the_chances_are_those_the_records_were_made_with() -> None:
    """Ten thousand pairs in a million are one person; how alike those are is found within five hundredths."""
    rng = np.random.default_rng(9)
    m = [np.array([0.1, 0.2, 0.7]), np.array([0.2, 0.8]), np.array([0.05, 0.15, 0.8])]
    u = [np.array([0.96, 0.03, 0.01]), np.array([0.9, 0.1]), np.array([0.99, 0.009, 0.001])]
    matches = 10_000
    same = np.arange(1_000_000) < matches
    drawn = np.stack(
        [
            np.where(same, rng.choice(len(a), same.size, p=a), rng.choice(len(b), same.size, p=b))
            for a, b in zip(m, u, strict=True)
        ],
        axis=1,
    )

    def patterns(rows: Any) -> matching.Patterns:
        degrees, counts = np.unique(rows, axis=0, return_counts=True)
        return matching.Patterns(degrees, counts.astype(float))

    # Only pairs that agree in something are looked at, which biases nothing.
    chosen = patterns(drawn[(drawn[:, 0] == 2) | (drawn[:, 2] == 2) | (drawn[:, 1] == 1)])
    strangers = patterns(drawn[rng.permutation(same.size)[:300_000]])
    found = matching.fit(chosen, [strangers] * 3, [3, 2, 3], [0, 0, 0], 1e-3, float(same.size))
    assert found.prior * same.size == pytest.approx(matches, rel=0.05)
    for got, made in zip(found.u, u, strict=True):
        assert got == pytest.approx(made, abs=0.003)
    for got, made in zip(found.m, m, strict=True):
        assert got == pytest.approx(made, abs=0.05)


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] != p[1]), max_size=25)


@given(pairs)
def test_a_bridge_is_what_parts_a_group_in_two_when_taken_away(edges: list[tuple[int, int]]) -> None:
    """Held against taking every tie away in turn."""
    left, right_ = (np.array([edge[i] for edge in edges], dtype=np.int64) for i in (0, 1))

    def group(who: int, without: int) -> set[int]:
        ties: Ties[int] = Ties(edge for place, edge in enumerate(edges) if place != without)
        return {other for other in range(10) if ties.group(other) == ties.group(who)}

    for least in (1, 3):
        slow = [
            b not in (here := group(a, place)) and min(len(here), len(group(b, place))) >= least
            for place, (a, b) in enumerate(edges)
        ]
        assert bridges(left, right_, least).tolist() == slow


@given(pairs, st.randoms())
def test_two_groups_are_joined_only_where_enough_pairs_across_are_alike(
    edges: list[tuple[int, int]], chance: Any
) -> None:
    """Held against counting them anew each time."""
    edges = sorted({(min(edge), max(edge)) for edge in edges})
    chance.shuffle(edges)
    left, right_ = (np.array([edge[i] for edge in edges], dtype=np.int64) for i in (0, 1))
    sure = np.array([chance.random() < 0.7 for _ in edges], dtype=bool)
    ties: Ties[int] = Ties()
    slow = []
    for (a, b), yes in zip(edges, sure.tolist(), strict=True):
        one, other = ({x for x in range(10) if ties.group(x) == ties.group(who)} for who in (a, b))
        across = sum((x in one and y in other) or (y in one and x in other) for x, y in edges)
        may = yes and (one == other or across >= 0.5 * len(one) * len(other))
        slow.append(may)
        if may:
            ties.join(a, b)
    alike = np.ones(len(edges), dtype=bool)
    assert guarded(left, right_, sure, alike, lambda a, b: 0.5 * a * b).tolist() == slow


def linkage(shared_data: Path, name: str) -> pa.Table:
    """A published data set of record linkage."""
    return pq.read_table(shared_data / "record_linkage" / f"{name}.parquet")


@pytest.mark.slow
def test_febrl_4(shared_data: Path) -> None:
    """Five thousand made-up people, each once more with errors (Christen 2005): F1 of .999 and more at one half."""
    two = [linkage(shared_data, f"febrl_dataset4{x}").append_column("source", pa.array([x] * 5000)) for x in ("a", "b")]
    cards = pa.concat_tables(two)
    resolution = resolve(cards)
    truth = {record: record.split("-")[1] for record in cards["rec_id"].to_pylist()}
    precision, true = right(resolution, truth)
    recall = true / 5_000
    assert 2 * precision * recall / (precision + recall) >= 0.999
    assert right(resolution, truth, "merge")[0] == 1


@pytest.mark.slow
def test_rl_data(shared_data: Path) -> None:
    """Ten thousand records of nine thousand people by name and birthday only (Sariyer & Borg 2010): F1 of .97."""
    cards = linkage(shared_data, "RLdata10000")
    cards = cards.append_column("id", pa.array([str(i) for i in range(cards.num_rows)]))
    roles = {"id": ["id"], "first_name": ["fname_c1", "fname_c2"], "last_name": ["lname_c1", "lname_c2"],
             "birth_date": ["by", "bm", "bd"]}  # fmt: skip
    resolution = resolve(cards, columns=roles)
    truth = dict(zip(cards["id"].to_pylist(), cards["identity"].to_pylist(), strict=True))
    precision, true = right(resolution, truth)
    recall = true / 1_000
    assert 2 * precision * recall / (precision + recall) >= 0.97
    assert right(resolution, truth, "merge")[0] >= 0.99
