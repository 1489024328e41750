"""The project's scripts, as modules."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _script(name: str) -> ModuleType:
    spec = spec_from_file_location(f"openchair_scripts_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def docs() -> ModuleType:
    """scripts/docs.py"""
    return _script("docs")


@pytest.fixture
def setup() -> ModuleType:
    """scripts/setup.py, fresh for each test, so that its constants may be changed."""
    return _script("setup")
