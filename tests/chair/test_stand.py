"""Standing in a turn and standing of one customer between turns: one answer, on random histories, on either engine."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from tests.chair.conftest import START, Shop, at

from openchair.chair.listening.views import SurveyState
from openchair.chair.ports import STANDING_COLUMNS, Engine
from openchair.chair.wheel import stand
from openchair.core.ids import digest
from openchair.dossier import consent, rules
from openchair.listening.asking.survey import starter
from openchair.loyalty import actions
from openchair.store.counting import spark

ACTIONS = actions.default()
SAID = (
    ("allergies", "Peanuts"), ("allergies", "none"), ("allergies", ""), ("Allergies", "milk, kiwi"), ("diet", "vegan"),
    ("no_calls", "true"), ("no_calls", "no"), ("forbid", "no gifts"), ("lift", "peanuts"), ("lift", "vegan"),
    ("never", "flowers"), ("consent.email.marketing", "yes"), ("consent.email.marketing", "no"),
    ("consent.email.marketing", ""), ("consent.profiling", "no"), ("consent.marketing", "no"), ("attention", "less"),
    ("attention", "important"), ("attention", ""), ("quiet_hours", "22:00-7:00"), ("timezone", "Asia/Karachi"),
    ("favourite team", "Lahore Lions"),
)  # fmt: skip
SPEAKERS = ("customer", "owner", "staff", "shop", "shop", "inferred")
STATUSES = ("approved", "sent", "sent", "delivered", "opened", "failed", "dismissed", "deferred", "vetoed")


def histories(shop: Shop, customers: int, seed: int) -> list[str]:
    """Random traits and contacts of so many customers, two identifiers each; often at the same instant, often twice."""
    rng = np.random.default_rng(seed)
    traits: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for i in range(customers):
        for _ in range(rng.integers(0, 9)):
            name, value = SAID[rng.integers(len(SAID))]
            said = {"name": name, "value": value, "said_by": SPEAKERS[rng.integers(len(SPEAKERS))]}
            traits.append(said | about(rng, i, "t", len(traits)))
        for _ in range(rng.integers(0, 7)):
            decision = f"d{i}{rng.integers(3)}" if rng.random() < 0.6 else None
            plain = (*(one.id for one in ACTIONS[:3]), *(one.action for one in starter()[:2]))
            action = plain[rng.integers(5)] if decision is None else ACTIONS[int(decision[-1])].id
            done = {"action": action, "status": STATUSES[rng.integers(len(STATUSES))], "decision_id": decision}
            channel = (None, "e-mail", "SMS", "call", "pigeon")[rng.integers(5)]
            contacts.append(done | {"channel": channel} | about(rng, i, "c", len(contacts)))
    shop.write("traits", *traits)
    shop.write("contacts", *contacts)
    names = [f"id:{i}{part}" for i in range(customers) for part in "ab"]
    owner = [f"customer{i:04d}" for i in range(customers) for _ in "ab"]
    shop.state.link(pa.table({"identifier": names, "base_id": owner, "because": ["test"] * len(names)}), START)
    return owner[::2]


def about(rng: np.random.Generator, i: int, kind: str, number: int) -> dict[str, Any]:
    """Whom a fact is about, where it came from, and when it happened."""
    return {
        "identifier": f"id:{i}{'ab'[rng.integers(2)]}", "source": ("crm", "shop")[rng.integers(2)],
        "fact_id": digest(kind, str(number)), "happened_at": START + timedelta(hours=int(rng.integers(12)) * 400),
    }  # fmt: skip


def facts_of(engine: Engine, kind: str, shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All facts of a kind by customer, in an order of chance."""
    owner = dict(zip(*(shop.state.identities()[c].to_pylist() for c in ("identifier", "customer_id")), strict=True))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(engine.rows(engine.facts(kind)).to_pylist(), key=lambda row: digest(row["fact_id"])):
        found.setdefault(owner[row["identifier"]], []).append(row)
    return found


def agree(shop: Shop, engine: Engine, customers: list[str]) -> list[dict[str, Any]]:
    """Everyone's row counted together and folded alone; they are compared and given."""
    moment = at(180)
    surveys = [msgspec.structs.replace(one, cool_down_days=200) for one in starter()[:2]]
    for one in surveys:
        shop.state.put_survey(SurveyState(one.id, 1, "closed", one, START, "test"), over=0)
    ideas = stand.ideas_of(shop.state, ACTIONS)
    together = stand.rows_of(shop.state, engine, customers, ACTIONS, shop.settings, moment).to_pylist()
    traits, contacts = facts_of(engine, "traits", shop), facts_of(engine, "contacts", shop)
    assert sorted(row["customer_id"] for row in together) == customers
    for row in together:
        one = row["customer_id"]
        alone = stand.row_of(traits.get(one, []), contacts.get(one, []), ideas, shop.settings, moment)
        assert row == {"customer_id": one} | {name: alone[name] for name in row if name != "customer_id"}
        assert set(row) == set(STANDING_COLUMNS)
    return together


def test_a_turn_and_a_single_fold_come_to_the_same(shop: Shop) -> None:
    """Whatever was said and done in whatever order: rules, consents, attention, resting ideas, quiet hours."""
    rows = agree(shop, shop.engine(), histories(shop, 400, seed=5))
    assert len({row["rules"] for row in rows}) > 20
    assert len({row["consents"] for row in rows}) > 10
    assert {row["food_safety"] for row in rows} == set(rules.FOOD_SAFETY)
    assert len({row["resting"] for row in rows}) > 3
    assert {"asking-nps", "asking-csat"} <= {idea for row in rows for idea in row["resting"].split(",")}
    assert len({row["attention_spent"] for row in rows}) > 4
    assert {row["quiet"] for row in rows} == {"", "22-7", "Asia/Karachi", "22-7 Asia/Karachi"}
    assert {row["attention_budget"] for row in rows} == {3.0, 6.0}


@pytest.fixture(scope="module")
def sparked() -> Iterator[list[Engine]]:
    """Engines to close with the module."""
    pytest.importorskip("pyspark", reason="NO SPARK: install openchair[spark]")
    made: list[Engine] = []
    yield made
    for one in made:
        one.close()


@pytest.mark.spark
@pytest.mark.slow
def test_spark_comes_to_the_same(shop: Shop, sparked: list[Engine]) -> None:
    """The engine makes no difference."""
    sparked.append(spark.SparkEngine(shop.history))
    agree(shop, sparked[0], histories(shop, 120, seed=6))


def test_who_said_nothing_and_heard_nothing_has_the_whole_budget_and_no_rules(shop: Shop) -> None:
    """And is unknown, which is not safe."""
    shop.state.link(pa.table({"identifier": ["id:1"], "base_id": ["one"], "because": ["test"]}), START)
    (row,) = stand.rows_of(shop.state, shop.engine(), ["one"], ACTIONS, shop.settings, at(1)).to_pylist()
    assert row == {
        "customer_id": "one", "rules": 0, "food_safety": "unknown", "consents": 0, "contacted_on": None,
        "attention_budget": 6.0, "attention_spent": 0.0, "resting": "", "quiet": "",
    }  # fmt: skip


def test_a_turn_binds_what_was_said_last(shop: Shop) -> None:
    """Peanuts, lifted by the customer, imported again; a yes to mail, withdrawn; an idea had three weeks ago."""
    days = [START + timedelta(days=i) for i in range(200)]
    for when, name, value, said_by in (
        (1, "allergies", "peanuts", "shop"), (2, "lift", "peanuts", "staff"), (3, "no_calls", "yes", "staff"),
        (4, "lift", "peanuts", "customer"), (5, "allergies", "peanuts", "shop"),
        (6, "consent.email.marketing", "yes", "shop"), (7, "consent.email.marketing", "no", "customer"),
        (8, "consent.email.marketing", "yes", "staff"),
    ):  # fmt: skip
        row = {"identifier": "id:1", "name": name, "value": value, "said_by": said_by, "happened_at": days[when]}
        shop.write("traits", row)
    told = {"identifier": "id:1", "action": "call-and-listen", "channel": "call", "decision_id": "d"}
    shop.write("contacts", *({**told, "status": s, "happened_at": days[160]} for s in ("approved", "sent", "answered")))
    shop.turn()
    (row,) = shop.customers().values()
    assert rules.terms_of(row["rules"]) == ("no calls",)
    assert row["food_safety"] == "unknown"
    assert consent.shown(row["consents"]) == ("marketing by e-mail: no",)
    assert (row["attention_budget"], row["attention_spent"], row["resting"]) == (6.0, 3.0, "call-and-listen")
    assert row["contacted_on"] == days[160].date()
