"""What is installed is pinned, hashed, in step with pyproject.toml, and names no machine."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FILES = ("base", "complete-journey", "dev", "build")


def _blocks(name: str) -> list[str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _pins(name: str) -> dict[str, list[Requirement]]:
    pins: dict[str, list[Requirement]] = {}
    for block in _blocks(name):
        pin = Requirement(block.partition("--hash")[0].strip())
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def _declared(*extras: str) -> list[Requirement]:
    """Dependencies of the project and its extras, with extras that name extras followed."""
    found = [Requirement(d) for d in PROJECT["dependencies"]]
    ahead = list(extras)
    while ahead:
        for requirement in map(Requirement, PROJECT["optional-dependencies"][ahead.pop()]):
            if requirement.name == "openchair":
                ahead += requirement.extras
            else:
                found.append(requirement)
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_and_hashed(name):
    """Exactly one version and at least one SHA-256 in each line, so that nothing else can be installed."""
    for block in _blocks(name):
        pin = Requirement(block.partition("--hash")[0].strip())
        assert re.fullmatch(r"==[\w.!+]+", str(pin.specifier)), block[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}(\s|$)", block), f"{pin} has no hash"


@pytest.mark.parametrize("name", FILES)
def test_no_requirement_names_a_machine(name):
    """No address, no option that sets one, no path."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|^\s*-[^-]|^\s*--(?!hash=)|(^|\s)/|@", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "extras"),
    [("base", ()), ("complete-journey", ("complete-journey",)), ("dev", tuple(PROJECT["optional-dependencies"]))],
)
def test_requirements_are_in_step_with_pyproject(name, extras):
    """Each declared dependency is there, in a version the declaration allows; else run `make requirements`."""
    pins = _pins(name)
    for wanted in _declared(*extras):
        given = pins.get(canonicalize_name(wanted.name), [])
        versions = [next(iter(pin.specifier)).version for pin in given]
        assert versions, f"{wanted} is not in requirements/{name}.txt"
        assert all(wanted.specifier.contains(v, prereleases=True) for v in versions), f"{wanted}: {versions}"


def test_smaller_files_agree_with_dev():
    """What a user runs is what was tested: every version of the smaller files is dev's."""
    tested = {str(pin) for pins in _pins("dev").values() for pin in pins}
    for name in ("base", "complete-journey"):
        assert {str(pin) for pins in _pins(name).values() for pin in pins} <= tested
