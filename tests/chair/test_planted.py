"""The sample shop's hidden friction and its drivers of satisfaction, found again by the journey and the focus."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from openchair.chair.chair import Chair
from openchair.chair.focus.drivers.driving import SURVEY, study
from openchair.chair.people.identifying import identify
from openchair.chair.wheel.know import facts_until
from openchair.cli.wiring import init_home, open_home
from openchair.core.estimate import Estimate
from openchair.simulation import simulate
from openchair.store.sql.state import SqlState

pytestmark = pytest.mark.slow

END = "2026-07-01"


@contextmanager
def told(folder: Path, members: int, seed: int, *kinds: str) -> Iterator[Chair]:
    """A shop that knows who is who and has been told facts of these kinds, and nothing of its truth."""
    simulate(members, folder / "files", seed=seed, end=date.fromisoformat(END))
    init_home(folder / "home", {"currency": "EUR"})
    chair = replace(open_home(folder / "home"), clock=lambda: datetime(2026, 7, 1, tzinfo=UTC))
    chair.listen([folder / "files" / f"{kind}.parquet" for kind in kinds])
    moment = chair.moment(END)
    with chair.reading() as engine:
        identify(chair.state, engine, facts_until(engine, moment), moment)
    yield chair
    assert isinstance(chair.state, SqlState)
    chair.state.close()


def test_the_planted_friction_is_the_first_pain_point(tmp_path: Path) -> None:
    """In at least nine of ten small shops the journey's first pain point is the step that the truth names."""
    found, first = [], []
    for seed in range(1, 11):
        with told(tmp_path / str(seed), 600, seed, "purchases", "steps", "voices", "contacts", "answers") as chair:
            pains = chair.journey.report(as_of=END).pains
        detours = pq.read_table(tmp_path / str(seed) / "files" / "truth" / "frictions.parquet").to_pylist()
        (truth,) = (row["step"] for row in detours if row["is_friction"])
        first.append((truth, pains[0].step if pains else ""))
        found.append(first[-1][0] == first[-1][1])
    print(f"{sum(found)} of {len(found)} frictions are the first pain point: {first}")
    assert len({truth for truth, _ in first}) == 3
    assert sum(found) >= 9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_planted_order_of_drivers_is_recovered(tmp_path: Path, seed: int) -> None:
    """What members rated ranks by the planted weights: the three that matter in their order, each true rank within its
    interval, and all above what was not planted; whichever driver the shop's friction hurts."""
    with told(tmp_path, 12_000, seed, "purchases", "steps", "answers") as chair:
        moment = chair.moment(END)
        with chair.reading() as engine:
            facts = facts_until(engine, moment)
            identities = identify(chair.state, engine, facts, moment)
            nps = study(engine, chair.state, facts, identities, moment, "EUR", seed, 0.95)[0]
    assert nps.outcome == "nps" and nps.n > 1_000
    truth = pq.read_table(tmp_path / "files" / "truth" / "drivers.parquet").to_pylist()
    planted = [SURVEY + row["driver"] for row in sorted(truth, key=lambda row: -row["weight"])]
    order = [one.name for one in nps.drivers]
    assert order[:3] == planted[:3] and set(order[:5]) == set(planted)
    for one in nps.drivers[:5]:
        assert isinstance(one.driver.rank, Estimate)
        assert one.driver.rank.low <= planted.index(one.name) + 1 <= one.driver.rank.high, one.name
