"""Policies at the command line: what is live, what is proposed, and what is refused."""

from pathlib import Path

from tests.cli.conftest import run, told


def test_a_shop_that_decided_once_says_what_is_not_known_yet(home: Path) -> None:
    """`openchair report learning --json`: the lift and its number, what was spent on discounts, the cost of customer
    first; not known is a reason, never a number."""
    view = told("report", "learning", home=home)
    assert "reason" in view["lift"] and view["n"] >= 0 and view["verdict"] == "unknown"
    assert {"discounts", "customer_first", "arms", "waits"} <= set(view)
    assert run("report", "learning", home=home).stdout.startswith("# Does deciding pay?")


def test_candidates_are_proposed_and_taken_back(home: Path, tmp_path: Path) -> None:
    """From a file; what is live, and that too little is settled to judge by; what cannot be done says so."""
    assert "live: usual" in run("policy", "list", home=home).stdout
    assert told("policy", "list", home=home)["version"] == "usual"
    file = tmp_path / "bold.json"
    file.write_text('{"name": "bold", "hope": 2}', encoding="utf-8")
    assert told("policy", "propose", file, home=home)["version"] == "bold: hope 2"
    assert "not proved to bring more" in run("policy", "promote", "bold", home=home, code=1).stderr
    assert "bold: hope 2 is judged no more" in run("policy", "take-back", "bold", home=home).stdout
    assert "is the first there was" in run("policy", "back", home=home, code=1).stderr
    file.write_text('{"name": "bold", "hope": 20}', encoding="utf-8")
    assert "policy's hope" in run("policy", "propose", file, home=home, code=1).stderr
    assert "is no file" in run("policy", "propose", tmp_path / "none.json", home=home, code=1).stderr
