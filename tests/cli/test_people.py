"""Commands about people, on the shop of a till's export: one reads, says, merges, exports and looks who did."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import run, told

pytestmark = pytest.mark.slow

PARTS = {"traits", "hard_rules", "consents", "stage", "attention", "value"}


def test_a_dossier_has_its_parts_at_the_top(home: Path) -> None:
    """As JSON for machines; as lines for people, what must never be done first."""
    assert set(told("customer", "guest3@example.org", home=home)) >= PARTS


def test_what_is_said_of_a_customer_holds_at_once(home: Path) -> None:
    """Traits, a note, rules, consents and a wish in one command, each with whose word it is."""
    view = told(
        "customer", "guest11@example.org", "--set", "favourite_team=Qalandars", "--set", "children=two",
        "--note", "Ask", "--forbid", "peanuts", "--forbid", "no calls", "--agree", "profiling=no",
        "--agree", "marketing:e-mail=yes", "--attention", "less", "--quiet", "21-8", "--timezone", "Asia/Karachi",
        home=home,
    )  # fmt: skip
    traits = {one["name"]: one for one in view["traits"]}
    assert (traits["favourite_team"]["value"], traits["children"]["value"]) == ("Qalandars", "two")
    assert traits["children"]["said_by"] == "owner" and traits["children"]["by"] == "command line"
    assert sorted(rule["term"] for rule in view["hard_rules"]) == ["no calls", "peanuts"]
    said = {(one["purpose"], one["channel"]): one["answer"] for one in view["consents"] if one["since"]}
    assert said == {("marketing", "e-mail"): "yes", ("profiling", "any"): "no"}
    assert (view["attention"]["wish"], view["attention"]["quiet"]) == ("less", "21-8")
    assert [note["text"] for note in view["notes"]] == ["Ask"]
    lines = run("customer", "guest11@example.org", home=home).stdout.splitlines()
    assert lines[1].startswith("  NEVER PEANUTS (said by command line") and any(
        "favourite_team: Qalandars" in line for line in lines
    )
    emptied = told("customer", "guest11@example.org", "--set", "children=", home=home)
    assert "children" not in {one["name"] for one in emptied["traits"]}


def test_a_rule_is_lifted_only_with_a_reason(home: Path) -> None:
    """Without one the command fails and the rule stays."""
    ask = ("customer", "guest12@example.org")
    run(*ask, "--forbid", "milk", home=home)
    assert "needs a reason" in run(*ask, "--lift", "milk", home=home, code=1).stderr
    assert [rule["term"] for rule in told(*ask, home=home)["hard_rules"]] == ["milk"]
    assert told(*ask, "--lift", "milk", "--why", "It was soya.", home=home)["hard_rules"] == []
    assert "figs" in run(*ask, "--forbid", "figs", home=home, code=1).stderr
    assert "name=value" in run(*ask, "--set", "team", home=home, code=2).stderr


def test_a_merge_and_its_undoing(home: Path) -> None:
    """Two are one, are listed, and are exactly two again."""
    before = [told("customer", f"guest{n}@example.org", home=home) for n in (20, 21)]
    made = told("merge", "guest20@example.org", "guest21@example.org", "--why", "same phone", home=home)
    together = told("customer", "guest21@example.org", home=home)
    assert together["identifiers"] == ["email:guest20@example.org", "email:guest21@example.org"]
    listed = told("merges", "--status", "merged", "--customer", "guest20@example.org", home=home)
    assert [one["merge_id"] for one in listed["merges"]] == [made["merge_id"]]
    said = next(line for line in run("merges", home=home).stdout.splitlines() if made["merge_id"] in line)
    assert "guest20@example.org" in said and made["left_id"] not in said and made["right_id"] not in said
    undone = told("unmerge", made["merge_id"], home=home)["merges"]
    assert [one["status"] for one in undone] == ["apart"]
    assert [told("customer", f"guest{n}@example.org", home=home) for n in (20, 21)] == before
    run("unmerge", "guest20@example.org", home=home, code=1)
    run("merge", "guest20@example.org", "guest20@example.org", home=home, code=1)


def test_people_who_share_no_identifier_are_looked_for(home: Path) -> None:
    """In a shop that knows nothing but e-mails there is nothing to compare by, and it says so."""
    found = told("merges", "--find", home=home)["found"]
    assert found["merged"] == found["asked"] == 0 and found["note"]


def test_consents_are_counted(home: Path) -> None:
    """One customer's no is one no."""
    before = {(c["purpose"], c["channel"]): c for c in told("consents", home=home)["counts"]}
    run("customer", "guest30@example.org", "--agree", "research:call=no", home=home)
    after = {(c["purpose"], c["channel"]): c for c in told("consents", home=home)["counts"]}
    assert after["research", "call"]["no"] == before["research", "call"]["no"] + 1
    assert "research by call" in run("consents", home=home).stdout


def test_one_customer_is_exported_to_read_and_to_import(home: Path, tmp_path: Path) -> None:
    """As one JSON document, or as the files that `import` reads."""
    counts = told(
        "export", "--customer", "guest40@example.org", "--format", "json", "--out", tmp_path / "one.json", home=home
    )
    copy = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert copy["dossier"]["identifiers"] == ["email:guest40@example.org"]
    assert len(copy["facts"]["purchases"]) == counts["facts"]["purchases"] == copy["dossier"]["customer"]["orders"]
    files = told("export", "--customer", "guest40@example.org", "--out", tmp_path / "facts", home=home)["facts"]
    assert files["purchases"] == counts["facts"]["purchases"]
    assert told("import", tmp_path / "facts", home=home)["accepted"] == 0
    run("export", "--format", "json", "--out", tmp_path / "all.json", home=home, code=2)


def test_whoever_forbade_calls_is_on_no_list_of_calls(home: Path, tmp_path: Path) -> None:
    """Everybody else whom nothing keeps from being called is on it, a line each."""
    file, ask = tmp_path / "calls.csv", ("export", "--format", "calls", "--out", tmp_path / "calls.csv")
    everyone = told(*ask, home=home)["facts"]["customers"]
    assert len(file.read_text(encoding="utf-8").splitlines()) == everyone + 1
    customer_id = told("customer", "guest41@example.org", home=home)["customer"]["customer_id"]
    assert customer_id in file.read_text(encoding="utf-8")
    run("customer", "guest41@example.org", "--forbid", "no calls", home=home)
    assert told(*ask, home=home)["facts"]["customers"] == everyone - 1
    assert customer_id not in file.read_text(encoding="utf-8")


def test_a_link_to_a_seat_is_told_once(home: Path) -> None:
    """It leads to the server's own address."""
    assert "/seat/" in told("seat", "guest50@example.org", "--language", "th", home=home)["link"]
    run("seat", "nobody@example.org", home=home, code=1)


def test_the_audit_log_tells_who_looked(home: Path) -> None:
    """Reading by command is a reading too."""
    customer_id = told("customer", "guest60@example.org", home=home)["customer"]["customer_id"]
    (line,) = told("audit", "--customer", "guest60@example.org", home=home)["audit"]
    assert (line["who"], line["act"], line["customer_id"]) == ("command line", "read dossier", customer_id)
    assert customer_id in run("audit", "--who", "command line", home=home).stdout
