"""Surveys are sent at the command line: looked at first, put into the outbox, delivered by a real mail server."""

import csv
import shutil
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.cli.conftest import run, told
from tests.mailbox import Mailbox

from openchair.chair.actor import OWNER_AT_HOME
from openchair.cli.wiring import open_home


@pytest.fixture
def agreed(home: Path, tmp_path: Path) -> Path:
    """A copy of the shop in which five guests agreed to be asked, and quiet hours are off."""
    copy = Path(shutil.copytree(home, tmp_path / "shop"))
    chair = open_home(copy)
    for n in range(1, 6):
        chair.people.agree(f"guest{n}@example.org", "research", "e-mail", "yes", by=OWNER_AT_HOME)
    run("surveys", "put", "nps", home=copy)
    run("surveys", "open", "nps", home=copy)
    return copy


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, mailbox: tuple[Mailbox, str]) -> list[EmailMessage]:
    """What comes to the mail server that the settings name."""
    monkeypatch.setenv("OPENCHAIR_SMTP", mailbox[1])
    monkeypatch.setenv("OPENCHAIR_QUIET_HOURS", "off")
    return mailbox[0].letters


def test_looked_at_sent_delivered(agreed: Path, post: list[EmailMessage]) -> None:
    """A dry run says whom and why not; then it waits; then it is there."""
    plan = told("surveys", "send", "nps", "--limit", 3, "--dry-run", home=agreed)
    assert (plan["eligible"], plan["chosen"]) == (5, 3)
    assert plan["kept_out"] == {"no consent for this purpose on this channel": 395}
    assert told("deliver", home=agreed)["sent"] == 0
    assert told("surveys", "send", "nps", "--limit", 3, home=agreed) == plan
    assert told("deliver", home=agreed) == {"sent": 3, "later": 0, "dropped": 0, "failed": 0, "why": {}}
    assert len({letter["To"] for letter in post}) == 3
    assert "3 customers asked" in run("surveys", "show", "nps", home=agreed).stdout
    said = run("surveys", "send", "nps", "--limit", 9, "--dry-run", home=agreed).stdout
    assert "2 customers of 2 would be asked" in said
    assert "395  are not: no consent" in said
    assert "0 sent" in run("deliver", "--replay", home=agreed).stdout


def test_without_a_road_nothing_is_queued(agreed: Path) -> None:
    """The error names the setting that is missing."""
    assert "Set smtp" in run("surveys", "send", "nps", "--limit", 3, home=agreed, code=1).stderr
    assert told("surveys", "show", "nps", home=agreed)["waiting"] == 0


def test_answers_for_a_spreadsheet(agreed: Path, tmp_path: Path) -> None:
    """What customers wrote is written down as it is, except that none of it is a formula."""
    survey = tmp_path / "typeform.csv"
    evil = ('=HYPERLINK(""http://evil.example"")', "+1", "-1+1", "@SUM(A1)", "\tx", "plain, really")
    head = "#,What else?,Email,Start Date (UTC),Submit Date (UTC),Network ID\n"
    rows = (f'r{n},"{text}",guest1@example.org,2026-06-01 10:00,2026-06-01 10:0{n},x\n' for n, text in enumerate(evil))
    survey.write_text(head + "".join(rows), encoding="utf-8")
    run("import", survey, home=agreed)
    out = tmp_path / "answers.csv"
    assert told("export", "--format", "answers", "--out", out, home=agreed)["facts"] == {"answers": 6}
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["text"] for row in found[:1]] == ['\'=HYPERLINK("http://evil.example")']
    assert [row["text"] or row["score"] for row in found][1:] == ["1.0", "'-1+1", "'@SUM(A1)", "x", "plain, really"]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in found for cell in row.values())
    assert told("export", "--format", "voices", "--out", out, home=agreed)["facts"] == {"voices": 0}
