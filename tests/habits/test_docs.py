"""The documentation follows the code, or the build fails."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from openchair.core.settings import SETTINGS, Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("check", ["stale_pages", "undocumented_kinds", "dead_links", "lost_pages"])
def test_documentation_is_in_step(docs, check):
    """Every setting, command and kind of fact is documented; every link leads somewhere; every page is found."""
    assert list(getattr(docs, check)()) == []


def test_a_setting_added_to_the_code_fails_the_build(docs, monkeypatch):
    """The check sees what it is there to see."""
    monkeypatch.setattr(docs, "SETTINGS", SETTINGS[:-1])
    assert any("settings.md" in sentence for sentence in docs.stale_pages())


def test_a_kind_of_fact_added_to_the_code_fails_the_build(docs, monkeypatch):
    """The check sees what it is there to see."""
    monkeypatch.setattr(docs, "KINDS", {"horoscopes": None})
    assert any("horoscopes" in sentence for sentence in docs.undocumented_kinds())


def test_a_dead_link_fails_the_build(docs, monkeypatch, tmp_path):
    """A page, an image and a heading that are not there are each found, and so is a link out of the site."""
    (tmp_path / "index.md").write_text("# Here\n[a](gone.md) ![b](gone.png) [c](#gone) [d](#here) [e](../else.md)\n")
    (tmp_path.parent / "else.md").write_text("# Else\n")
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "BESIDE", ())
    assert len(list(docs.dead_links())) == 4


def test_the_site_needs_no_other_machine(docs, tmp_path):
    """Every page is built, and none loads a script, style, font or image from elsewhere."""
    assert docs.build(tmp_path) == len(docs.pages()) >= 10
    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        assert not re.search(r"""(src|<link[^>]*href)=["'](https?:)?//""", text), page
        assert not re.search(r'href="[^":]*\.md[#"]', text), f"{page} links to Markdown"


def test_the_table_of_settings_and_their_fields_agree():
    """A row of the table without a field, or a field without a row, would be a setting nobody can read."""
    assert [s.name for s in SETTINGS] == [f.name for f in fields(Settings)]


def test_every_dependency_is_argued_for():
    """docs/decisions/0005 has a row for each dependency of pyproject.toml, and for nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {Requirement(d).name for d in wanted} - {"openchair"}
    page = (ROOT / "docs/decisions/0005-every-dependency-and-why.md").read_text()
    rows = re.findall(r"^\| ([\w-]+) \|", page, re.MULTILINE)
    assert sorted(set(rows) - {"package", "---"}) == sorted(names)


def test_a_decision_names_what_was_rejected():
    """A page of docs/decisions/ has the decision as its title and the rejected way in its body; numbers are unique."""
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert len({p.name[:4] for p in pages}) == len(pages) >= 7
    for page in pages:
        text = page.read_text()
        assert text.startswith("# "), page.name
        assert "\n## Rejected\n" in text, page.name
