"""`respond` closes the loop: outcomes follow the hidden response, on equal luck, in the kinds' own schemas."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from openchair.core.errors import BadInput
from openchair.facts.kinds import check, schema
from openchair.simulation.respond import read_truth, respond
from openchair.simulation.truth import true_gain

Read = Callable[[str], pa.Table]
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


def decide(truth: pa.Table, pillar: str | None, at: datetime = NOW) -> pa.Table:
    """The same decision for every member."""
    n = truth.num_rows
    return pa.table(
        {
            "decision_id": [f"{pillar}-{at:%j}-{k}" for k in range(n)],
            "customer": truth["customer"],
            "action": ["an action" if pillar else "wait"] * n,
            "pillar": pa.array([pillar] * n, pa.string()),
            "decided_at": pa.array([at] * n, pa.timestamp("us", tz="UTC")),
        }
    )


def test_outcomes_are_facts(folder: Path) -> None:
    """Each table has its kind's columns, and its rows pass the checks, labelled simulated."""
    for kind, table in respond(
        read_truth(folder).slice(0, 3000), decide(read_truth(folder).slice(0, 3000), "plus")
    ).items():
        assert table.schema.names == schema(kind).names
        assert table.num_rows > 0
        for row in table.to_pylist()[:300]:
            assert check(kind, row).source == "simulation"


@pytest.mark.parametrize("pillar", ["products", "service", "community", "experiences", "plus"])
def test_an_action_gains_what_the_truth_says(folder: Path, pillar: str) -> None:
    """Over all members the orders gained against waiting are the true gain, within three standard deviations."""
    truth = read_truth(folder)
    waited, acted = respond(truth, decide(truth, None)), respond(truth, decide(truth, pillar))
    gained = acted["purchases"].num_rows - waited["purchases"].num_rows
    gain = true_gain(truth, pillar)
    # Luck is shared, so what is gained or lost in a day is 1 or 0 with the size of the change in rate as chance.
    assert abs(gained - gain.sum()) < 3 * np.sqrt(np.abs(gain).sum())
    assert waited["answers"].num_rows == waited["contacts"].num_rows == 0


def test_who_is_moved_answers_better(folder: Path) -> None:
    """Members whom a pillar moves most give higher scores after an action of it than those it moves least."""
    truth = read_truth(folder)
    answers = respond(truth, decide(truth, "community"))["answers"]
    response = dict(zip(truth["customer"].to_pylist(), truth["response_community"].to_pylist(), strict=True))
    moved = np.array([response[who] for who in answers["identifier"].to_pylist()])
    scores = np.asarray(answers["score"])
    assert scores[moved > 0.3].mean() > scores[moved < 0].mean() + 0.8


def test_order_and_repetition_change_nothing(folder: Path) -> None:
    """The same decisions in another order or in parts give the same facts; overlapping ones no second order a day."""
    truth = read_truth(folder).slice(0, 2000)
    decisions = decide(truth, "service")
    whole = respond(truth, decisions)["purchases"]
    shuffled = respond(truth, decisions.take(pa.array(np.random.default_rng(1).permutation(2000))))["purchases"]
    parts = [respond(truth, decisions.slice(k, 500))["purchases"] for k in range(0, 2000, 500)]
    assert _facts(whole) == _facts(shuffled) == set().union(*map(_facts, parts))
    later = decide(truth, "plus", NOW + timedelta(days=7))
    both = respond(truth, pa.concat_tables([decisions, later]))["purchases"]
    assert len(_facts(both)) == both.num_rows
    keys = both.select(["identifier", "happened_at"]).to_pylist()
    assert len({(k["identifier"], k["happened_at"].date()) for k in keys}) == both.num_rows


def test_outcomes_take_no_id_of_the_history(folder: Path, read: Read) -> None:
    truth = read_truth(folder)
    for kind, table in respond(truth, decide(truth, "service"), seed=7).items():
        assert not _facts(table) & _facts(read(kind)), kind


def test_the_future_can_be_held_back(folder: Path) -> None:
    """Nothing on or after `until`; what is before is the same as without it."""
    truth = read_truth(folder)
    decisions = decide(truth, "products")
    full, early = respond(truth, decisions), respond(truth, decisions, until=date(2026, 7, 8))
    for kind in full:
        before = [row["fact_id"] for row in full[kind].to_pylist() if row["happened_at"].date() < date(2026, 7, 8)]
        assert _facts(early[kind]) == set(before), kind
        assert len(before) < full[kind].num_rows or kind == "contacts"


def test_nothing_unsafe_is_sold(folder: Path, read: Read) -> None:
    truth, items = read_truth(folder), read("truth/items")
    held = dict(zip(items["item_id"].to_pylist(), items["allergens"].to_pylist(), strict=True))
    allergies = dict(zip(truth["customer"].to_pylist(), truth["allergies"].to_pylist(), strict=True))
    bought = respond(truth, decide(truth, "plus"))["purchases"]
    for who, item in zip(bought["identifier"].to_pylist(), bought["item_id"].to_pylist(), strict=True):
        assert not (set(allergies[who].split(", ")) & set(held[item].split(", "))) - {""}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("customer", "id:nobody", "customer: got 'id:nobody'"), ("pillar", "bribes", "pillar: got 'bribes'")],
)
def test_what_the_truth_does_not_know_is_named(folder: Path, column: str, value: str, message: str) -> None:
    truth = read_truth(folder).slice(0, 3)
    decisions = decide(truth, "plus")
    wrong = decisions.set_column(decisions.schema.get_field_index(column), column, pa.array([value] * 3))
    with pytest.raises(BadInput, match=message):
        respond(truth, wrong)


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="must hold truth/customers"):
        read_truth(tmp_path)


def test_no_decisions_no_facts(folder: Path) -> None:
    truth = read_truth(folder)
    assert all(table.num_rows == 0 for table in respond(truth, decide(truth, "plus").slice(0, 0)).values())


def _facts(table: pa.Table) -> set[str]:
    return set(table["fact_id"].to_pylist())
