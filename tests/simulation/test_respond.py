"""`respond` closes the loop: outcomes follow the hidden response, on equal luck, in the kinds' own schemas."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from openchair.core.errors import BadInput
from openchair.facts.kinds import check, schema
from openchair.loyalty.actions import WAIT, default
from openchair.simulation.moved import YEAR_DAYS, truth_of
from openchair.simulation.respond import read_truth, respond
from openchair.simulation.truth import alive, members_of

Read = Callable[[str], pa.Table]
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


ACTIONS = default()


def decide(truth: pa.Table, action: str = WAIT, at: datetime = NOW) -> pa.Table:
    """The same decision for every member."""
    n = truth.num_rows
    return pa.table(
        {
            "decision_id": [f"{action}-{at:%j}-{k}" for k in range(n)],
            "customer": truth["customer"],
            "action": [action] * n,
            "decided_at": pa.array([at] * n, pa.timestamp("us", tz="UTC")),
        }
    )


def harmful(seed: int = 1) -> str:
    """An action that harms in the shop of a seed."""
    return next(one.id for one, good in zip(ACTIONS, truth_of(ACTIONS, seed).good, strict=True) if good < 0)


def test_outcomes_are_facts(folder: Path) -> None:
    """Each table has its kind's columns, and its rows pass the checks, labelled simulated."""
    for kind, table in respond(read_truth(folder), decide(read_truth(folder), harmful())).items():
        assert table.schema.names == schema(kind).names
        assert table.num_rows > 0
        for row in table.slice(0, 300).to_pylist():
            assert check(kind, row).source == "simulation"


@pytest.mark.parametrize("place", range(0, 40, 8))
def test_an_action_gains_what_the_truth_says(folder: Path, place: int) -> None:
    """Over all members the orders gained against waiting are what the truth says, within three standard deviations."""
    truth, does = read_truth(folder), truth_of(ACTIONS, 1)
    waited, acted = respond(truth, decide(truth)), respond(truth, decide(truth, ACTIONS[place].id))
    members = members_of(truth)
    day = (NOW.date() - date(1970, 1, 1)).days
    gain = does.effects(members)[:, place] * does.season(day)[place] * YEAR_DAYS * members.rate
    # Who left buys nothing, and nobody less than that.
    gain = np.where(alive(truth), gain, np.maximum(gain, 0))
    gained = acted["purchases"].num_rows - waited["purchases"].num_rows
    # Luck is shared, so what is gained or lost in a day is 1 or 0 with the size of the change in rate as chance.
    assert abs(gained - gain.sum()) < 3 * np.sqrt(np.abs(gain).sum())
    assert all(waited[kind].num_rows == 0 for kind in ("answers", "contacts", "voices", "traits"))


def test_who_was_harmed_says_so(folder: Path) -> None:
    """After an action that harms scores are lower, and many more complain and take their consent back; none at once."""
    truth = read_truth(folder)
    gentle = max(zip(truth_of(ACTIONS, 1).good, (one.id for one in ACTIONS), strict=True))[1]
    bad, well = (respond(truth, decide(truth, action)) for action in (harmful(), gentle))
    assert np.mean(bad["answers"]["score"]) < np.mean(well["answers"]["score"]) - 1
    for kind in ("voices", "traits"):
        assert bad[kind].num_rows > 10 * well[kind].num_rows
        assert min(bad[kind]["happened_at"].to_pylist()) >= NOW + timedelta(days=7)


def test_order_and_repetition_change_nothing(folder: Path) -> None:
    """The same decisions in another order or in parts give the same facts; overlapping ones no second order a day."""
    truth = read_truth(folder).slice(0, 2000)
    decisions = decide(truth, ACTIONS[5].id)
    whole = respond(truth, decisions)["purchases"]
    shuffled = respond(truth, decisions.take(pa.array(np.random.default_rng(1).permutation(2000))))["purchases"]
    parts = [respond(truth, decisions.slice(k, 500))["purchases"] for k in range(0, 2000, 500)]
    assert _facts(whole) == _facts(shuffled) == set().union(*map(_facts, parts))
    later = decide(truth, ACTIONS[6].id, NOW + timedelta(days=7))
    both = respond(truth, pa.concat_tables([decisions, later]))["purchases"]
    assert len(_facts(both)) == both.num_rows
    keys = both.select(["identifier", "happened_at"]).to_pylist()
    assert len({(k["identifier"], k["happened_at"].date()) for k in keys}) == both.num_rows


def test_outcomes_take_no_id_of_the_history(folder: Path, read: Read) -> None:
    truth = read_truth(folder)
    for kind, table in respond(truth, decide(truth, ACTIONS[5].id), seed=7).items():
        assert not _facts(table) & _facts(read(kind)), kind


def test_the_future_can_be_held_back(folder: Path) -> None:
    """Nothing on or after `until`; what is before is the same as without it."""
    truth = read_truth(folder)
    decisions = decide(truth, harmful())
    full, early = respond(truth, decisions), respond(truth, decisions, until=date(2026, 7, 8))
    for kind in full:
        before = [row["fact_id"] for row in full[kind].to_pylist() if row["happened_at"].date() < date(2026, 7, 8)]
        assert _facts(early[kind]) == set(before), kind
        assert len(before) < full[kind].num_rows or kind == "contacts"
    assert early["purchases"].num_rows and not early["voices"].num_rows


def test_nothing_unsafe_is_sold(folder: Path, read: Read) -> None:
    truth, items = read_truth(folder), read("truth/items")
    held = dict(zip(items["item_id"].to_pylist(), items["allergens"].to_pylist(), strict=True))
    allergies = dict(zip(truth["customer"].to_pylist(), truth["allergies"].to_pylist(), strict=True))
    bought = respond(truth, decide(truth, ACTIONS[7].id))["purchases"]
    for who, item in zip(bought["identifier"].to_pylist(), bought["item_id"].to_pylist(), strict=True):
        assert not (set(allergies[who].split(", ")) & set(held[item].split(", "))) - {""}


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("customer", "id:nobody", "customer: got 'id:nobody'"), ("action", "bribes", "action: got 'bribes'")],
)
def test_what_the_truth_does_not_know_is_named(folder: Path, column: str, value: str, message: str) -> None:
    truth = read_truth(folder).slice(0, 3)
    decisions = decide(truth, ACTIONS[7].id)
    wrong = decisions.set_column(decisions.schema.get_field_index(column), column, pa.array([value] * 3))
    with pytest.raises(BadInput, match=message):
        respond(truth, wrong)


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="must hold truth/customers"):
        read_truth(tmp_path)


def test_no_decisions_no_facts(folder: Path) -> None:
    truth = read_truth(folder)
    assert all(table.num_rows == 0 for table in respond(truth, decide(truth, ACTIONS[7].id).slice(0, 0)).values())


def _facts(table: pa.Table) -> set[str]:
    return set(table["fact_id"].to_pylist())
