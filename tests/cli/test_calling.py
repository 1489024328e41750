"""Cases and calls at the command line."""

import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import run, told

from openchair.chair.intake import own
from openchair.cli.wiring import open_home


@pytest.fixture
def shop(home: Path, tmp_path: Path) -> Path:
    """A copy of the shop in which one of its guests scored low just now."""
    copy = Path(shutil.copytree(home, tmp_path / "shop"))
    chair = open_home(copy)
    row = {"identifier": "email:guest1@example.org", "survey_id": "s", "metric": "nps", "score": 2.0, "text": "Late"}
    event = own.envelope("answers", "low", chair.now_or_last(), row)
    chair.state.record([event], {"answers": own.table("answers", event)})
    chair.cases.open_new()
    chair.state.close()  # type: ignore[attr-defined]
    return copy


def test_cases_are_read_given_and_closed(shop: Path) -> None:
    """With the words, the clock and the remedy; closed twice is told so."""
    said = told("cases", home=shop)
    assert said["figures"]["open"] == 1
    (case,) = said["cases"]
    assert (case["score"], case["words"]) == (2.0, "Late")
    text = run("cases", home=shop).stdout
    assert "1 open, 0 overdue" in text
    assert "not enough data yet: 1 case, 9 more needed" in text
    assert "“Late”" in text
    assert "Put it right" in text
    assert told("case", "own", case["case_id"], "lea", home=shop)["owner"] == "lea"
    assert told("cases", "--owner", "", home=shop)["cases"] == []
    closed = told("case", "close", case["case_id"], "--done", "A new box", "--words", "Thanks", home=shop)
    assert closed["verdict"] == "fixed"
    assert "closed already" in run("case", "close", case["case_id"], home=shop, code=1).stderr
    assert told("cases", "--closed", home=shop)["cases"][0]["done"] == "A new box"


def test_a_list_is_made_for_whoever_is_named_and_notes_are_kept(shop: Path) -> None:
    """Thirty to call, each with two questions; a note by call or by customer; counted."""
    assert "No calls. Name who is to call" in run("calls", home=shop).stdout
    calls = told("calls", "--leader", "lea", home=shop)["calls"]
    assert len(calls) == 30
    assert all(len(call["questions"]) == 2 for call in calls)
    assert told("call", "note", calls[0]["call_id"], "--words", "Figs", home=shop)["status"] == "reached"
    run("call", "note", calls[1]["customer"]["customer_id"], "--status", "not reached", home=shop)
    said = told("calls", home=shop)
    assert said["counts"][0] | {"week": ""} == {"week": "", "leader": "lea", "listed": 30, "reached": 1, "tried": 2}
    assert "no number" in run("calls", "--leader", "lea", home=shop).stdout
    assert "ISO 8601" in run("calls", "--week", "soon", home=shop, code=1).stderr
    assert "never" in run("case", "close", "nothing", home=shop, code=1).stderr
