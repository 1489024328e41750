"""The sample shop is read like any shop: every fact accepted once, its truth and its manifest never."""

from datetime import date
from pathlib import Path

import pytest

from openchair.cli.wiring import init_home, open_home
from openchair.facts.kinds import KINDS
from openchair.simulation import simulate


@pytest.mark.slow
def test_a_shops_folder_is_read_whole_and_its_truth_left(tmp_path: Path) -> None:
    """Every row of every kind is accepted, a second reading knows them all, and nothing else in the folder is read."""
    summary = simulate(60, tmp_path / "files", end=date(2026, 7, 1))
    init_home(tmp_path / "home", {"currency": "EUR"})
    chair = open_home(tmp_path / "home")
    first = chair.listen([tmp_path / "files"])
    assert {report.file for report in first} == {f"{kind}.parquet" for kind in KINDS}
    assert {kind: n for report in first for kind, n in report.facts.items()} == summary.rows
    assert all(report.rejected == report.duplicates == 0 for report in first)
    again = chair.listen([tmp_path / "files"])
    assert all(report.duplicates == report.rows and report.accepted == 0 for report in again)


@pytest.mark.slow
def test_a_file_of_calls_that_are_none_is_rejected_row_by_row(tmp_path: Path) -> None:
    """The manifest, named by hand, is no list of calls: all its lines are rejected and nothing breaks."""
    simulate(10, tmp_path / "files", end=date(2026, 7, 1))
    init_home(tmp_path / "home", {"currency": "EUR"})
    (report,) = open_home(tmp_path / "home").listen([tmp_path / "files" / "manifest.json"])
    assert report.accepted == 0
    assert report.rejected == report.rows > 0
