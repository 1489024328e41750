"""Fixtures every room's tests share: the real data beside the checkout, and what needs it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside a developer's checkout; a user's machine has none."""
    if not SHARED.is_dir():
        pytest.skip(f"REAL DATA ABSENT: {SHARED} is not there, so tests on published data sets do not run")
    return SHARED
