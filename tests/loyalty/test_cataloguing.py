"""Versions of the catalogue: who changed what, when and why; nothing is overwritten, and everything can be put back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from openchair.chair.actor import OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.cli.main import app
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.loyalty.actions import default, fingerprint, written
from openchair.loyalty.changes import Change, FieldChange
from openchair.store.sql.state import SqlState

WHY = "the counter is too small"


@pytest.fixture
def chair(tmp_path: Path) -> Iterator[Chair]:
    """A shop that was just begun."""
    init_home(tmp_path / "shop", {"name": "Fig & Co", "currency": "EUR"})
    opened = open_home(tmp_path / "shop")
    yield opened
    assert isinstance(opened.state, SqlState)
    opened.state.close()


def test_the_newest_version_is_in_force_and_the_others_stay(chair: Chair) -> None:
    """What changed is told; the same tuple is given until somebody changes it; the beginning is version 0."""
    assert chair.catalogue is chair.catalogue
    assert chair.catalogue == default()
    assert (chair.cataloguing.number, chair.cataloguing.view().version.number) == (0, 0)
    (gone,) = chair.cataloguing.retire("shop-window", why=WHY, by=OWNER_AT_HOME)
    assert gone == Change("shop-window", "A place for what they make on our counter", "retired")
    first = chair.cataloguing.number
    assert len(chair.catalogue) == 39
    row = msgspec.to_builtins(chair.cataloguing.action("note-by-hand")) | {"cost_minor": 150}
    (dearer,) = chair.cataloguing.put(row, why="cards are dearer", by=OWNER_AT_HOME)
    assert dearer.fields == (FieldChange("cost_minor", 120, 150),)
    view = chair.cataloguing.view()
    assert [one.number for one in view.versions] == [2, 1, 0]
    assert [one.why for one in view.versions] == ["cards are dearer", WHY, "what the shop began with"]
    assert view.version.by == OWNER_AT_HOME.name
    assert len(chair.cataloguing.view(first).actions) == 39
    assert chair.cataloguing.view(0).actions == default()
    assert chair.cataloguing.of(first)[0] is chair.cataloguing.of(first)[0]


def test_an_older_version_is_put_back_as_the_newest(chair: Chair) -> None:
    """Undoing is a version of its own, with who and why; back at the beginning all is as it was."""
    chair.cataloguing.retire("shop-window", why=WHY, by=OWNER_AT_HOME)
    (back,) = chair.cataloguing.restore(0, by=OWNER_AT_HOME)
    assert (back.what, back.action) == ("added", "shop-window")
    assert chair.catalogue == default()
    assert chair.cataloguing.view().version.why == "version 0 again"
    with pytest.raises(NotFound, match="was never adopted"):
        chair.cataloguing.restore(99, by=OWNER_AT_HOME)


def test_what_changes_nothing_is_no_version(chair: Chair) -> None:
    """The same catalogue, or the same action, uploaded again."""
    assert chair.cataloguing.compare(default()) == ()
    assert chair.cataloguing.adopt(default(), why="again", by=OWNER_AT_HOME) == ()
    assert chair.cataloguing.number == 0


def test_two_who_edit_at_once_do_not_overwrite_each_other(chair: Chair) -> None:
    """The second is told, and nothing of the first is lost, even where they would take the first's change back."""
    chair.cataloguing.retire("shop-window", why=WHY, by=OWNER_AT_HOME, over=0)
    for mine in (default()[1:], default()):
        with pytest.raises(Conflict, match="is not the newest"):
            chair.cataloguing.adopt(mine, why="mine", by=OWNER_AT_HOME, over=0)
    assert len(chair.catalogue) == 39


def test_only_owners_change_what_the_shop_may_do(chair: Chair) -> None:
    """Staff only read it, a program may if its key may; each change has a reason, and the last action stays."""
    for one in (Actor("sam", "staff"), Actor("the customer", "customer")):
        with pytest.raises(NotAllowed, match="is for owners to change"):
            chair.cataloguing.retire("shop-window", why=WHY, by=one)
    for why in ("", " \n ", "x" * 501):
        with pytest.raises(BadInput, match="reason"):
            chair.cataloguing.retire("shop-window", why=why, by=OWNER_AT_HOME)
    with pytest.raises(NotFound, match="is none of the catalogue"):
        chair.cataloguing.retire("dance", why=WHY, by=OWNER_AT_HOME)
    chair.cataloguing.adopt(default()[:1], why=WHY, by=Actor("key till", "program"))
    with pytest.raises(BadInput, match="is the last one"):
        chair.cataloguing.retire(default()[0].id, why=WHY, by=OWNER_AT_HOME)
    with pytest.raises(BadInput, match="note, cost_minor: must be given"):
        chair.cataloguing.put(
            {name: getattr(default()[0], name) for name in ("pillar", "experience", "title", "want", "relationship")}
            | {"id": "note", "channels": ["parcel"]},
            why=WHY,
            by=OWNER_AT_HOME,
        )


def test_a_change_of_words_is_told_by_its_language(chair: Chair) -> None:
    """The field is named down to the text that differs."""
    letter = chair.cataloguing.action("what-did-we-miss")
    texts = letter.texts | {"ur": replace(letter.texts["ur"], subject="ایک سوال")}
    others = tuple(one for one in chair.catalogue if one is not letter)
    (told,) = chair.cataloguing.compare((*others, replace(letter, texts=texts)))
    assert [one.field for one in told.fields] == ["texts.ur.subject"]


def test_a_homes_own_file_is_where_it_begins(tmp_path: Path) -> None:
    """catalogue.yaml stands before what comes with Openchair, and behind what somebody adopted; TOML is refused."""
    home = tmp_path / "shop"
    init_home(home, {"name": "Fig & Co"})
    (home / "catalogue.yaml").write_text(written(default()[:3]), encoding="utf-8")
    chair = open_home(home)
    assert [one.id for one in chair.catalogue] == [one.id for one in default()[:3]]
    chair.cataloguing.adopt(default(), why="all of them", by=OWNER_AT_HOME)
    assert isinstance(chair.state, SqlState)
    chair.state.close()
    again = open_home(home)
    assert again.catalogue == default()
    assert isinstance(again.state, SqlState)
    again.state.close()
    (home / "catalogue.toml").write_text("[[action]]", encoding="utf-8")
    with pytest.raises(BadInput, match="is TOML, and catalogues are YAML now"):
        open_home(home)


def test_who_changed_it_is_in_the_audit_log(chair: Chair) -> None:
    """With what and why, at the time it was done."""
    before = datetime.now(UTC)
    chair.cataloguing.retire("shop-window", why=WHY, by=OWNER_AT_HOME)
    (line, *_), _ = chair.privacy.audit()
    assert (line.who, line.act) == (OWNER_AT_HOME.name, "changed the catalogue")
    assert line.detail == f"retired shop-window: {WHY}"
    assert line.happened_at >= before


def test_the_command_line_shows_takes_out_and_takes_in(chair: Chair, tmp_path: Path) -> None:
    """The file that is given can be edited, looked at and adopted; a wrong one is refused; undone by its number."""

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["--home", str(chair.home), "catalogue", *words])

    assert "version 0, what the shop began with" in run().output
    assert len(json.loads(run("--json").output)["actions"]) == 40
    file = tmp_path / "mine.yaml"
    file.write_text(run("file").output.replace("cost_minor: 120\n", "cost_minor: 150\n"), encoding="utf-8")
    assert "note-by-hand\n         cost_minor: 120 -> 150" in run("adopt", str(file), "--look").output
    assert run("adopt", str(file)).exit_code == 1
    told = json.loads(run("adopt", str(file), "--why", "dearer cards", "--json").output)
    assert [one["action"] for one in told["changes"]] == ["birthday-wish", "note-by-hand"]
    assert chair.cataloguing.action("note-by-hand").cost_minor == 150
    assert "2 actions differ" in run("restore", "0").output
    assert chair.catalogue == default()
    file.write_text("- id: note\n  pillar: price", encoding="utf-8")
    refused = run("adopt", str(file), "--why", "x")
    assert (refused.exit_code, "action note, pillar: got 'price'" in refused.output) == (1, True)


def test_what_a_decision_was_chosen_from_is_kept_for_good(chair: Chair) -> None:
    """By the name in its record: also what was in force before anybody adopted anything, and after it changed."""
    name = fingerprint(chair.catalogue)
    with pytest.raises(NotFound, match="is in no record"):
        chair.cataloguing.named(name)
    chair.cataloguing.remember()
    chair.cataloguing.remember()
    chair.cataloguing.retire("shop-window", why=WHY, by=OWNER_AT_HOME)
    assert chair.cataloguing.named(name) == default()
    assert chair.cataloguing.view().fingerprint == fingerprint(chair.catalogue) != name
    assert len(chair.cataloguing.named(fingerprint(chair.catalogue))) == 39
    assert fingerprint(list(default())) == fingerprint(default()) == name
    assert [one.kind for one in chair.state.choices("catalogue seen", name)] == ["catalogue seen"]
