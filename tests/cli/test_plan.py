"""The plan at the command line."""

import shutil
from pathlib import Path

from tests.cli.conftest import run, told


def test_the_plan_is_shown_limited_and_answered(home: Path, tmp_path: Path) -> None:
    """As text and as JSON; what cannot be is said in one line."""
    shop = Path(shutil.copytree(home, tmp_path / "shop"))
    view = told("plan", home=shop)
    waiting = sum(group["proposed"] for group in view["groups"])
    assert waiting > 2 and f"{waiting} decisions wait for a yes" in run("plan", home=shop).stdout
    limited = told("plan", "budgets", "hours/week=500", "call/day=90", "--why", "two of us", home=shop)
    assert limited["allowed"] == {"hours": {"day": None, "week": 500.0}, "call": {"day": 90.0, "week": None}}
    assert "Hours, this week | 500" in run("plan", home=shop).stdout
    assert "WHAT/day=NUMBER" in run("plan", "budgets", "call=many", home=shop, code=1).stderr
    first = next(group["action"] for group in view["groups"] if group["proposed"])
    some = [one["decision_id"] for group in view["groups"] for one in group["examples"] if group["action"] == first]
    assert told("plan", "dismiss", some[0], "--why", "not now", home=shop)["marked"] == 1
    assert told("plan", "undo", some[0], home=shop)["marked"] == 1
    approved = told("plan", "approve", "--all", home=shop)
    assert approved["marked"] + sum(approved["deferred"].values()) + sum(approved["refused"].values()) >= waiting - 1
    assert "0 approved." in run("plan", "approve", "--action", first, home=shop).stdout
    assert "some decisions, one action, or everything" in run("plan", "approve", home=shop, code=1).stderr
