"""Set-up on machines that lack something says exactly what, and does nothing twice."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(setup, tmp_path, monkeypatch):
    """The set-up script in an empty folder, on a machine where nobody is root and nothing can be run."""
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(setup, "CHROMIUM", tmp_path / "chromium.json")
    monkeypatch.setattr(setup, "as_root", lambda: None)
    monkeypatch.setattr(setup, "answers", lambda *command: "")
    monkeypatch.setattr(setup, "run", lambda *command: False)
    return setup


def test_an_old_python_can_read_the_script():
    """A Python too old for the rest must get as far as saying so."""
    ast.parse((ROOT / "scripts" / "setup.py").read_text(), feature_version=(3, 7))


def test_an_old_python_with_no_newer_one_is_told_what_to_install(bare, monkeypatch, capsys):
    """The message names what was found, what is needed and the command for Debian and macOS."""
    monkeypatch.setattr(bare, "OLDEST", (99, 0))
    with pytest.raises(SystemExit) as end:
        bare.find_python()
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert "Python 99.0 or newer is needed" in told
    assert "apt-get install" in told
    assert "brew install" in told


def test_an_old_python_takes_a_newer_one_by_its_name(setup, monkeypatch):
    """Where python3 is old but python3.13 is there, that one is taken."""
    monkeypatch.setattr(setup, "sys", type("Old", (), {"version_info": (3, 8, 0), "executable": "/old"}))
    monkeypatch.setattr(setup.shutil, "which", lambda name: "/usr/bin/python3.13" if name == "python3.13" else None)
    monkeypatch.setattr(setup, "version_of", lambda python: (3, 13))
    assert setup.find_python() == "/usr/bin/python3.13"


def test_debian_without_venv_is_told_the_package(bare, monkeypatch, capsys):
    """Debian keeps ensurepip in a package of its own; without root the remedy is printed."""
    monkeypatch.setattr(bare, "version_of", lambda python: (3, 11) if "bin/python" not in str(python) else ())
    monkeypatch.setattr(bare, "find_python", lambda: "python3")
    with pytest.raises(SystemExit):
        bare.make_venv()
    assert "apt-get install python3.11-venv" in capsys.readouterr().err


def test_debian_as_root_installs_what_is_missing(bare, monkeypatch):
    """With root, apt-get is asked for the package instead."""
    asked = []
    monkeypatch.setattr(bare, "as_root", list)
    monkeypatch.setattr(bare.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bare, "run", lambda *command: asked.append(command) or True)
    assert bare.apt_install("python3.11-venv")
    assert [c[-1] for c in asked] == ["update", "python3.11-venv"]


def test_no_browser_leaves_its_reason_for_the_tests(bare, monkeypatch, capsys):
    """Where no Chromium can be had, the reason is written down and browser tests are skipped with it."""
    monkeypatch.setattr(bare, "install", lambda profile: None)
    monkeypatch.setattr(bare.shutil, "which", lambda name: None)
    bare.browser()
    assert "no Chromium" in json.loads(bare.CHROMIUM.read_text())["reason"]
    assert "browser tests will be skipped" in capsys.readouterr().err


def test_a_browser_once_found_is_not_looked_for_again(bare, monkeypatch, tmp_path):
    """And one that has gone is."""
    monkeypatch.setattr(bare, "install", lambda profile: None)
    here = tmp_path / "chromium"
    here.touch()
    bare.CHROMIUM.write_text(json.dumps({"executable_path": str(here), "args": []}))
    monkeypatch.setattr(bare, "find_chromium", lambda: {"executable_path": "another"})
    bare.browser()
    assert json.loads(bare.CHROMIUM.read_text())["executable_path"] == str(here)
    here.unlink()
    bare.browser()
    assert json.loads(bare.CHROMIUM.read_text())["executable_path"] == "another"


def test_dev_contains_the_smaller_profiles(bare):
    """After `make test`, `make demo` has nothing left to install; a change of requirements installs again."""
    bare.VENV.mkdir()
    assert not bare.installed("base")
    bare.stamp("dev").write_text(bare.fingerprint("dev"))
    assert all(map(bare.installed, ("base", "complete-journey", "dev")))
    bare.stamp("dev").write_text("something older")
    assert not bare.installed("base")


def test_each_make_target_sets_up_what_it_needs():
    """Any target that uses .venv calls scripts/setup.py first: a fresh clone can begin with any of them."""
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^(\w+):.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    using = {name: lines for name, lines in recipes if "$(BIN)" in lines}
    assert set(using) == {"demo", "test", "fast", "lint", "bench", "docs", "screenshots"}
    for name, lines in using.items():
        assert "scripts/setup.py" in lines.splitlines()[0], name
