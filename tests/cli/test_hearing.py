"""Themes, needs and corrections at the command line."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from tests.chair.test_voices import voices
from tests.cli.conftest import run, told

from openchair.cli.wiring import open_home


@pytest.fixture
def shop(home: Path, tmp_path: Path) -> Path:
    """A copy of the shop whose customers spoke lately."""
    copy = Path(shutil.copytree(home, tmp_path / "shop"))
    chair = open_home(copy)
    rows = voices()
    lately = pa.array([chair.now_or_last() - timedelta(hours=1)] * rows.num_rows, rows["happened_at"].type)
    chair.history.append("voices", rows.set_column(rows.schema.get_field_index("happened_at"), "happened_at", lately))
    chair.turn()
    chair.state.close()  # type: ignore[attr-defined]
    return copy


def test_themes_and_needs_are_read_named_and_corrected(shop: Path) -> None:
    """As text with a quote each, and as one document; a correction is kept."""
    heard = told("themes", "--days", "3660", home=shop)
    assert heard["themes"]
    theme = heard["themes"][0]
    text = run("themes", "--days", "3660", home=shop).stdout
    assert theme["theme_id"] in text and "of customers" in text
    one = told("themes", theme["theme_id"], "--rename", "Late parcels", "--days", "3660", home=shop)
    assert one["name"] == "Late parcels"
    assert "Needs" not in run("needs", "--days", "3660", home=shop).stdout
    assert told("needs", "--days", "3660", home=shop)["wishes"]
    quote = one["quotes"][0]
    said = told("correct", quote["fact_id"], str(quote["place"]), "--reading", "want", home=shop)
    assert said["reading"] == "want"
    assert run("correct", "nothing", "0", "--reading", "want", home=shop, code=1).stderr
