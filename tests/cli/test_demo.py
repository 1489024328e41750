"""The demo closes the loop by itself: weeks pass, what was decided is carried out, what comes of it is learned from."""

from collections import Counter
from itertools import pairwise

import pytest

from openchair.chair.chair import Chair
from openchair.cli.demo import SAMPLE, TEAM, build
from openchair.cli.wiring import open_home
from openchair.core.estimate import Estimate
from openchair.learning.arms import ARMS, HOLDOUT

pytestmark = pytest.mark.slow
WEEKS, CUSTOMERS = 2, 300


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chair, list[str]]:
    """A small shop after two weeks, nearly half of it left alone, and what was said meanwhile."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENCHAIR_HOLDOUT", "0.4")
        home, _ = build(tmp_path_factory.mktemp("demo"), SAMPLE, CUSTOMERS, lambda step: None, WEEKS, said.append)
        return open_home(home), said


def test_weeks_pass_and_are_told(lived: tuple[Chair, list[str]]) -> None:
    """A line and a turn a week, and one turn at the end."""
    chair, said = lived
    assert [line.split(":")[0] for line in said] == ["week 1", "week 2"]
    days = [turn.day for turn in reversed(chair.turns())]
    assert [(later - day).days for day, later in pairwise(days)] == [7, 7]


def test_what_was_decided_is_carried_out_but_for_the_holdout(lived: tuple[Chair, list[str]]) -> None:
    """The simulated team sent what was planned; whoever is left alone got nothing but what is essential."""
    chair, _ = lived
    tally = chair.state.tally().to_pylist()
    sent = Counter[str]()
    for row in tally:
        sent[row["arm"]] += row["n"] if row["action"] != "wait" else 0
    essential = {one.id for one in chair.catalogue if one.essential}
    assert sent[ARMS[0]] > CUSTOMERS / 4
    assert {row["action"] for row in tally if row["arm"] == ARMS[HOLDOUT]} <= essential | {"wait"}
    assert TEAM.name == "the simulated team"


def test_outcomes_came_and_the_lift_stands_with_its_interval(lived: tuple[Chair, list[str]]) -> None:
    """Of two weeks of a small shop not much is known; it is told with its interval, and that all is simulated."""
    chair, _ = lived
    report = chair.learning.report()
    assert report.simulated
    assert isinstance(report.lift, Estimate)
    assert report.lift.low < report.lift.value < report.lift.high
    learned = chair.turns()[0].models["policy"]
    assert learned["outcomes"] > 0
