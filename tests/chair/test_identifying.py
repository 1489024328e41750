"""Who is who in a shop: by what is shared at every turn, by likeness when asked for; and all of it can be undone."""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import pytest
from tests.chair.conftest import START, Shop, at

from openchair.chair.people import identifying, resolving
from openchair.chair.people.resolving import MOST_ASKED
from openchair.chair.ports import Engine
from openchair.chair.views import Merge, ResolveReport
from openchair.chair.wheel.know import facts_until
from openchair.dossier.identity import SHARED_LIMIT
from openchair.dossier.linking import MERGE
from openchair.simulation.cards import simulate_people
from openchair.store.counting import spark

CARD = ("first_name", "last_name", "birth_date", "email", "phone", "address", "postcode", "city", "country")


def identified(shop: Shop, day: int = 180, country: str = "GB") -> dict[str, str]:
    """Identifier -> customer, as a turn would have it."""
    engine, moment = shop.engine(), at(day)
    rows = engine.rows(identifying.identify(shop.state, engine, facts_until(engine, moment), moment, country))
    engine.close()
    return dict(zip(rows["identifier"].to_pylist(), rows["customer_id"].to_pylist(), strict=True))


def trait(identifier: str, name: str, value: str) -> dict[str, object]:
    """A trait as the shop's own books have it."""
    return {"identifier": identifier, "name": name, "value": value, "said_by": "shop", "happened_at": START}


def merges(shop: Shop, status: str = "") -> list[Merge]:
    """All merges of a status."""
    return shop.state.merges(status=status, limit=10_000)[0]


def test_a_shared_address_joins_and_taking_it_back_restores_exactly(shop: Shop) -> None:
    """Both customers are themselves again, and no turn joins them anew."""
    shop.write("traits", trait("id:1", "city", "Lahore"), trait("id:2", "city", "Lahore"))
    before = identified(shop)
    shop.write("traits", trait("id:1", "email", "Ada@example.org"), trait("id:2", "email", "ada@example.org "))
    assert len(set(identified(shop).values())) == 1
    (merge,) = merges(shop, "merged")
    assert merge.kind == "exact" and "ada@example.org" in merge.because
    shop.state.put_merges([replace(merge, status="apart")])
    for _ in range(2):
        after = identified(shop)
        assert {name: after[name] for name in before} == before
    assert [one.status for one in merges(shop)] == ["apart"]


def test_a_telephone_is_one_however_it_is_spelled(shop: Shop) -> None:
    """In the shop's country without a prefix, with one, and as a machine writes it."""
    spelled = ("020 7946 0018", "+44 20 7946 0018", "+442079460018", "0044 (0)20 7946 0018")
    shop.write("traits", *(trait(f"id:{i}", "phone", said) for i, said in enumerate(spelled[:3])))
    shop.write("traits", trait("id:9", "phone", "call me"), trait("id:8", "mobile", "12"))
    found = identified(shop)
    assert len({found[f"id:{i}"] for i in range(3)}) == 1
    assert len({found["id:0"], found["id:8"], found["id:9"]}) == 3


def test_what_too_many_share_ties_nobody_and_is_reported_once(shop: Shop) -> None:
    """The shop's own address, written into the cards of those who have none."""
    shop.write("traits", *(trait(f"id:{i}", "email", "orders@shop.example") for i in range(SHARED_LIMIT + 1)))
    for _ in range(2):
        found = identified(shop)
        assert len({found[f"id:{i}"] for i in range(SHARED_LIMIT + 1)}) == SHARED_LIMIT + 1
    assert merges(shop) == []
    (review,) = shop.state.reviews(kind="identifier")[0]
    assert review.subject == "email:orders@shop.example" and str(SHARED_LIMIT + 1) in review.text


def test_a_bridge_between_two_groups_waits_for_a_person(shop: Shop) -> None:
    """Three accounts of one family, three of another, and one address that both have used."""
    homes = [[trait(f"id:{home}{i}", "email", f"{home}@example.org") for i in range(3)] for home in "ab"]
    shop.write("traits", *homes[0], *homes[1])
    shop.write("traits", trait("id:a0", "anonymous_id", "till"), trait("id:b0", "anonymous_id", "till"))
    found = identified(shop)
    assert len({found[f"id:a{i}"] for i in range(3)}) == len({found[f"id:b{i}"] for i in range(3)}) == 1
    assert found["id:a0"] != found["id:b0"]
    (asked,) = merges(shop, "asked")
    assert [review.subject for review in shop.state.reviews(kind="merge")[0]] == [asked.merge_id]


def remembered(shop: Shop, n: int, seed: int) -> dict[str, str]:
    """Cards of simulated people as traits, without what would tie them; record -> person."""
    cards = simulate_people(n, duplicates=0.25, seed=seed)
    rows = [
        trait(f"id:{card['id']}", "mail" if name == "email" else "call" if name == "phone" else name, card[name])
        for card in cards.to_pylist()
        for name in CARD
        if card[name]
    ]
    shop.write("traits", *rows)
    return {f"id:{row['id']}": row["person"] for row in cards.select(["id", "person"]).to_pylist()}


def searched(shop: Shop, engine: Engine) -> tuple[list[Merge], ResolveReport]:
    """Look for people who share no identifier, and keep what is found."""
    found, reviews, report = resolving.find(shop.state, engine, at(180), shop.settings, perf_counter)
    assert [review.subject for review in reviews] == [merge.merge_id for merge in found if merge.status == "asked"]
    shop.state.put_merges(found)
    shop.state.open_reviews(reviews)
    return found, report


def looked_for(shop: Shop, engine: Engine) -> None:
    """What must hold of a search on either engine; what the next leaves out is left out in memory, whoever searches."""
    person = remembered(shop, 1_000, seed=8)
    customer = identified(shop)
    whose = {customer[name]: who for name, who in person.items()}
    found, report = searched(shop, engine)
    sure = [whose[one.left_id] == whose[one.right_id] for one in found if one.status == "merged"]
    assert len(sure) > 50 and sum(sure) / len(sure) >= 0.99
    assert report.people == 1_000 and report.pairs == sum(rule.pairs for rule in report.rules) > 0
    assert (report.merged, report.asked) == (len(sure), len(found) - len(sure)) and report.asked <= MOST_ASKED
    best = found[0]
    assert best.kind == "model" and best.probability and best.probability > 0.99 and best.because.startswith("alike in")
    assert {"name", "birth_date"} <= {field.name for field in best.evidence}
    doubted = [one for one in found if one.status == "asked" and (one.probability or 0) >= MERGE]
    assert doubted and all(", but " in one.because for one in doubted)
    quick = shop.engine()
    again, _ = searched(shop, quick)
    quick.close()
    pairs = {(one.left_id, one.right_id) for one in found}
    assert not pairs & {(one.left_id, one.right_id) for one in again}
    joined = identified(shop)
    assert len(set(joined.values())) == len(set(customer.values())) - len(
        {one.merge_id for one in merges(shop, "merged")}
    )
    shop.state.put_merges([replace(one, status="apart") for one in merges(shop)])
    assert identified(shop) == customer


@pytest.mark.slow
def test_those_who_share_no_identifier_are_merged_or_asked_about_and_all_of_it_undone(shop: Shop) -> None:
    """A search finds them, the next does not speak of them again, and taking all back restores every customer."""
    engine = shop.engine()
    looked_for(shop, engine)
    engine.close()


@pytest.fixture
def sparked(shop: Shop) -> Iterator[Engine]:
    """An engine on Spark."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    engine = spark.SparkEngine(shop.history)
    yield engine
    engine.close()


@pytest.mark.spark
@pytest.mark.slow
# Spark leaves it to the garbage collector to close the sockets by which it hands results over.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_they_are_looked_for_on_spark_too(shop: Shop, sparked: Engine) -> None:
    """The same search where the data has outgrown one machine."""
    looked_for(shop, sparked)


def test_where_nothing_is_known_of_people_nothing_is_searched(shop: Shop) -> None:
    """A shop that has only numbers for its customers hears why."""
    shop.write("traits", trait("id:1", "likes", "figs"), trait("id:2", "likes", "figs"))
    identified(shop)
    engine = shop.engine()
    found, report = searched(shop, engine)
    engine.close()
    assert found == [] and report.pairs == 0 and report.note
