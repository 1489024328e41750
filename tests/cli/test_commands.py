"""Commands as a shop owner would run them, on a file a shop really has."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import TODAY, run, told
from typer.testing import CliRunner

from openchair.cli.main import app
from openchair.cli.wiring import open_access

pytestmark = pytest.mark.slow


def test_a_dry_run_shows_the_mapping_and_keeps_nothing(tmp_path: Path, orders: Path) -> None:
    """The owner sees what each column was taken for, and the first rows as they would be read."""
    run("init", tmp_path / "shop")
    seen = told("import", orders, "--dry-run", home=tmp_path / "shop")
    assert seen["mapping"]["email"] == "Customer e-mail"
    assert seen["rows"] and not seen["missing"]
    text = run("import", orders, "--dry-run", home=tmp_path / "shop").stdout
    assert "Customer e-mail" in text
    checks = told("check", home=tmp_path / "shop")["checks"]
    assert next(c for c in checks if c["what"] == "purchases")["says"] == "0 facts"


def test_every_row_is_accepted_rejected_or_known_and_rejects_can_be_written_out(tmp_path: Path, orders: Path) -> None:
    """Twice the same file: the second time all rows are known; the rejected ones keep line and reason."""
    shop, out = tmp_path / "shop", tmp_path / "rejected.csv"
    rows = len(orders.read_text(encoding="utf-8").splitlines()) - 1
    run("init", shop)
    first = told("import", orders, "--rejects", out, home=shop)
    assert (first["rows"], first["rejected"], first["accepted"], first["duplicates"]) == (rows, 2, rows - 2, 0)
    with out.open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [int(r["line"]) for r in kept] == [rows, rows + 1]
    assert "some day" in kept[0]["reason"] and "nine" in kept[1]["reason"]
    again = told("import", orders, home=shop)
    assert (again["rows"], again["accepted"], again["duplicates"]) == (rows, 0, rows)


def test_a_wrong_mapping_says_which_columns_there_are(tmp_path: Path, orders: Path) -> None:
    """Wrong use is exit code 2, a column that is not there exit code 1, each with what to write instead."""
    run("init", tmp_path / "shop")
    assert "field=Column" in run("import", orders, "--map", "Email", home=tmp_path / "shop", code=2).stderr
    wrong = run("import", orders, "--map", "customer=Mail", home=tmp_path / "shop", code=1)
    assert "Mail" in wrong.stderr and "Customer e-mail" in wrong.stderr


def test_today_lists_decisions_with_all_that_a_person_needs_to_judge_them(home: Path) -> None:
    """Customer, action, pillar, experience, value, propensity and three reasons, best first."""
    view = told("today", home=home)
    assert view["decisions"] and not view["simulated"]
    gains = [d["gain"]["value"] for d in view["decisions"]]
    assert gains == sorted(gains, reverse=True)
    for d in view["decisions"]:
        assert d["customer"] and d["title"] and d["pillar"] and d["experience"]
        assert d["value"]["low"] <= d["value"]["value"] <= d["value"]["high"]
        assert 0 < d["propensity"] <= 1 and len(d["reasons"]) == 3
    assert view["decisions"][0]["customer"] in run("today", "--limit", 1, home=home).stdout


def test_a_customer_is_found_by_mail_and_has_a_dossier(home: Path) -> None:
    """Standing, timeline, decisions; whoever is not there is named in the error."""
    dossier = told("customer", "guest7@example.org", "--timeline", home=home)
    assert dossier["identifiers"] == ["email:guest7@example.org"]
    assert dossier["customer"]["orders"] == len([e for e in dossier["timeline"] if e["title"] == "Ordered"]) > 0
    assert list(dossier["horizons"]) == ["12 months", "36 months", "lifetime"]
    assert dossier["horizons"]["12 months"] == dossier["spender"]
    assert dossier["decisions"][0]["day"] == TODAY
    assert "guest7" in run("customer", "guest7@example.org", home=home).stdout
    assert "nobody@example.org" in run("customer", "nobody@example.org", home=home, code=1).stderr


def test_a_decision_asked_for_twice_is_the_same_decision(home: Path) -> None:
    """The day, the occasion and the customer make it; another occasion makes another."""
    ask = ("decide", "guest9@example.org", "--as-of", TODAY)
    one, two = told(*ask, "--moment", "checkout", home=home), told(*ask, "--moment", "checkout", home=home)
    assert one == two
    assert told(*ask, "--moment", "contact", home=home)["decision_id"] != one["decision_id"]


def test_a_decision_may_be_asked_for_among_some_actions_or_by_one_channel(home: Path) -> None:
    """As by the API; what is not in the catalogue is named, and so is a channel that nobody knows."""
    ask = ("decide", "guest8@example.org", "--as-of", TODAY, "--moment", "visit")
    some = told(*ask, "--candidate", "note-by-hand", "--candidate", "small-surprise", home=home)
    assert {one["action"] for one in some["candidates"]} <= {"note-by-hand", "small-surprise", "wait"}
    assert some["channel"] in (None, "", "parcel")
    by = told(*ask, "--channel", "parcel", home=home)
    assert by["channel"] in (None, "", "parcel")
    assert "dance" in run(*ask, "--candidate", "dance", home=home, code=1).stderr
    assert "'fax'; one of person" in run(*ask, "--channel", "fax", home=home, code=1).stderr


def test_the_report_reads_out(home: Path, tmp_path: Path) -> None:
    """Markdown, to a file or to the terminal."""
    run("report", "--out", tmp_path / "today.md", home=home)
    text = (tmp_path / "today.md").read_text(encoding="utf-8")
    assert text.startswith("# Fig & Co, 1 July 2026") and "## What to do, best first" in text


def test_what_is_exported_can_be_imported_and_is_the_same(home: Path, tmp_path: Path) -> None:
    """Into the same shop nothing is new; into another everything is."""
    counts = told("export", "--out", tmp_path / "facts", home=home)["facts"]
    assert told("import", tmp_path / "facts", home=home)["accepted"] == 0
    run("init", tmp_path / "other", "--currency", "EUR", "--timezone", "Europe/London")
    assert told("import", tmp_path / "facts", home=tmp_path / "other")["accepted"] == sum(counts.values())
    run("turn", "--as-of", TODAY, home=tmp_path / "other")
    figures = ("orders", "spent_minor", "value", "stage")
    there, here = (told("customer", "guest7@example.org", home=h)["customer"] for h in (tmp_path / "other", home))
    assert [there[f] for f in figures] == [here[f] for f in figures]


def test_an_erased_person_is_gone_and_stays_gone(tmp_path: Path, orders: Path) -> None:
    """From history's own files, from the state, and from every later import of the same file."""
    shop = tmp_path / "shop"
    run("init", shop)
    run("import", orders, home=shop)
    run("turn", "--as-of", TODAY, home=shop)
    before = told("customer", "guest7@example.org", home=shop)["customer"]["orders"]
    assert told("erase", "guest7@example.org", "--yes", home=shop)["facts"] == {"purchases": before}
    run("customer", "guest7@example.org", home=shop, code=1)
    again = told("import", orders, home=shop)
    assert (again["accepted"], again["rejected"]) == (0, before)
    run("turn", "--as-of", TODAY, home=shop)
    run("customer", "guest7@example.org", home=shop, code=1)
    files = [p for p in shop.rglob("*") if p.is_file()]
    assert files and not [p for p in files if b"guest7@" in p.read_bytes()]
    tables = [p for p in files if p.suffix == ".parquet"]
    assert tables and not [p for p in tables if "guest7@" in str(pq.read_table(p).to_pylist())]


def test_a_backup_restores_the_shop_as_it_was(home: Path, tmp_path: Path) -> None:
    """Decisions, dossiers and facts are the same; an import finds everything known; a folder in use is refused."""
    file, new = tmp_path / "shop.tar.gz", tmp_path / "new"
    run("backup", file, home=home)
    run("restore", file, home=new)
    assert told("today", home=new) == told("today", home=home)
    assert told("customer", "guest7@example.org", home=new) == told("customer", "guest7@example.org", home=home)
    assert told("check", home=new)["ok"]
    run("restore", file, home=new, code=1)
    (tmp_path / "not.tar.gz").write_bytes(b"something else")
    assert "backup" in run("restore", tmp_path / "not.tar.gz", home=tmp_path / "newer", code=1).stderr


def test_a_key_is_shown_once_and_can_be_taken_back(home: Path) -> None:
    """The list never shows a secret."""
    made = told("keys", "create", "till", "--scope", "ingest", home=home)
    assert made["scopes"] == ["ingest"] and len(made["key"]) > 20
    assert made["key"] not in run("keys", "list", "--json", home=home).stdout
    run("keys", "revoke", made["key_id"], home=home)
    assert "revoked" in run("keys", "list", home=home).stdout
    run("keys", "create", "till", "--scope", "everything", home=home, code=1)


def test_an_invitation_is_a_link_and_nobody_has_a_password_yet(home: Path) -> None:
    """There is no default user."""
    assert told("users", "list", home=home) == {"users": []}
    assert "/welcome/" in told("users", "invite", "ada@example.org", home=home)["link"]


def test_whoever_forgot_their_password_gets_a_new_one(tmp_path: Path) -> None:
    """It is asked for twice and never shown; too short a one is refused."""
    run("init", tmp_path / "shop")
    access = open_access(tmp_path / "shop")
    access.add_user("ada@example.org", "Ada", "a sentence only Ada says", "owner")
    command = ["--home", str(tmp_path / "shop"), "users", "password", "ada@example.org"]
    new = "another sentence of hers"
    assert CliRunner().invoke(app, command, input="short\nshort\n").exit_code == 1
    answer = CliRunner().invoke(app, command, input=f"{new}\n{new}\n")
    assert answer.exit_code == 0 and new not in answer.output
    assert access.sign_in("ada@example.org", new)
    assert not access.sign_in("ada@example.org", "a sentence only Ada says")


def test_wrong_use_is_2_and_failure_is_1(tmp_path: Path) -> None:
    """What scripts look at."""
    run("turn", home=tmp_path / "nowhere", code=1)
    run("turn", "--as-of", "yesterday", home=tmp_path / "nowhere", code=1)
    run("fly", code=2)
    run("import", tmp_path / "missing.csv", home=tmp_path, code=2)
    run("init", tmp_path / "shop", "--currency", "EURO", code=1)


def test_a_shop_is_made_where_home_says(tmp_path: Path) -> None:
    """`--home X init` makes X; a folder that is named goes before."""
    assert told("init", home=tmp_path / "one")["home"] == str(tmp_path / "one")
    run("init", tmp_path / "two", home=tmp_path / "three")
    assert sorted(made.name for made in tmp_path.iterdir()) == ["one", "two"]
