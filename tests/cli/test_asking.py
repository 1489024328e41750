"""Commands about surveys: one comes along or is read from a file, is opened, linked, closed; what is wrong says why."""

from pathlib import Path

import pytest
from tests.cli.conftest import run, told

from openchair.listening.asking.survey import starter, written

pytestmark = pytest.mark.slow


def test_a_survey_is_put_opened_linked_and_closed(home: Path, tmp_path: Path) -> None:
    """As JSON and as lines; a new version of the same survey comes from a file."""
    made = told("surveys", "put", "after-contact", home=home)
    assert (made["survey_id"], made["version"], made["status"]) == ("after-contact", 1, "draft")
    file = tmp_path / "survey.json"
    file.write_text(written(starter()[2]).replace("What helped most?", "What helped?"), encoding="utf-8")
    assert told("surveys", "put", str(file), home=home)["version"] == 2
    assert "is draft" in run("surveys", "link", "after-contact", "guest3@example.org", home=home, code=1).stderr
    assert told("surveys", "open", "after-contact", home=home)["status"] == "live"
    link = told("surveys", "link", "after-contact", "guest3@example.org", "--language", "th", home=home)["link"]
    assert link.startswith("http://127.0.0.1:8010/survey/")
    plain = run("surveys", "link", "after-contact", "guest4@example.org", home=home).stdout.strip()
    assert plain.startswith("http://127.0.0.1:8010/survey/") and plain != link
    shown = told("surveys", "show", "after-contact", home=home)
    assert shown["definition"]["questions"][2]["text"]["en"] == "What helped?"
    assert shown["sent"] == 2
    line = next(one for one in run("surveys", "list", home=home).stdout.splitlines() if "after-contact" in one)
    assert "live" in line and "2 customers asked, 0 answered" in line
    assert "after-contact" in {one["survey_id"] for one in told("surveys", "list", home=home)["surveys"]}
    assert told("surveys", "close", "after-contact", home=home)["status"] == "closed"


@pytest.mark.parametrize("text", ["id = ", '{"id":"x"}', "\xff\x00", "x" * 70_000])
def test_what_is_no_survey_is_refused_in_one_line(text: str, home: Path, tmp_path: Path) -> None:
    """The file, the field and what to do."""
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="latin-1")
    assert run("surveys", "put", str(file), home=home, code=1).stderr.startswith("openchair: survey")
    assert "is no file" in run("surveys", "put", "nothing", home=home, code=1).stderr
