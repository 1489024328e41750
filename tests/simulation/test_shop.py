"""What `simulate` writes: labelled, in the native form, the same for the same seed, within bounds."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openchair.core.errors import BadInput
from openchair.facts.kinds import KINDS, check, schema
from openchair.simulation import shop
from openchair.simulation.shop import Summary, simulate

Read = Callable[[str], pa.Table]
END = date(2026, 7, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_the_kinds_own(folder: Path, kind: str) -> None:
    """A file's Arrow schema is the kind's, column for column, type for type, null for null."""
    assert pq.read_schema(folder / f"{kind}.parquet").remove_metadata() == schema(kind)


def test_everything_is_labelled_simulated(folder: Path, read: Read) -> None:
    """Every file says so in its metadata, every fact in its source, the manifest in plain words."""
    files = [*folder.rglob("*.parquet")]
    assert len(files) == len(KINDS) + 5
    for file in files:
        assert pq.read_metadata(file).metadata[b"openchair.simulated"] == b"true", file.name
    for kind in KINDS:
        assert read(kind)["source"].unique().to_pylist() == ["simulation"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["simulated"] is True
    assert [manifest[name] for name in ("seed", "customers", "version")] == [7, 20_000, 2]
    assert [manifest[name] for name in ("start", "end")] == ["2024-07-01", "2026-07-01"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_pass_the_checks_every_fact_passes(read: Read, kind: str) -> None:
    """Rows from the whole file, hand-made and generated ones, are valid facts of their kind."""
    table = read(kind)
    places = [*range(min(200, table.num_rows)), *range(200, table.num_rows, max(1, table.num_rows // 300))]
    for row in table.take(places).to_pylist():
        check(kind, row)


def test_fact_ids_are_unique_over_all_kinds(read: Read) -> None:
    ids = pa.concat_tables(read(kind).select(["fact_id"]) for kind in KINDS)
    assert len(ids["fact_id"].unique()) == ids.num_rows


def test_nothing_happens_outside_the_years_asked_for(read: Read) -> None:
    """The last fact is before `end`, midnight UTC, and the first not before the start."""
    for kind in KINDS:
        happened = read(kind)["happened_at"].to_numpy()
        assert np.datetime64("2024-07-01") <= happened.min() <= happened.max() < np.datetime64("2026-07-01"), kind


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    """Row for row in every file; another seed gives others."""
    _run(tmp_path / "a", seed=3)
    _run(tmp_path / "b", seed=3)
    _run(tmp_path / "c", seed=4)
    for file in (tmp_path / "a").rglob("*.parquet"):
        name = file.relative_to(tmp_path / "a")
        assert pq.read_table(file).equals(pq.read_table(tmp_path / "b" / name)), name
    one, other = (pq.read_table(tmp_path / run / "purchases.parquet") for run in "ac")
    assert not set(one["fact_id"].to_pylist()) & set(other["fact_id"].to_pylist())


def test_members_of_a_full_block_do_not_depend_on_how_many_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first block of a larger shop is the smaller shop; blocks are a constant and not a matter of memory."""
    monkeypatch.setattr(shop, "BLOCK", 500)
    small, large = _run(tmp_path / "small", customers=500), _run(tmp_path / "large", customers=1700)
    for kind in KINDS:
        first = pq.read_table(Path(small.out) / f"{kind}.parquet")
        assert first.equals(pq.read_table(Path(large.out) / f"{kind}.parquet").slice(0, first.num_rows)), kind


def test_an_earlier_shop_is_replaced_and_anything_else_left_alone(tmp_path: Path) -> None:
    _run(tmp_path / "shop", customers=300)
    again = _run(tmp_path / "shop", customers=100)
    assert len(pq.read_table(Path(again.out) / "truth/customers.parquet")) == 100
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letters.parquet").write_text("precious")
    with pytest.raises(BadInput, match="must be empty or hold an earlier sample shop"):
        _run(tmp_path / "mine")
    assert (tmp_path / "mine/letters.parquet").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"customers": 9}, "customers: got 9; must be from 10 to 100,000,000"),
        ({"years": 0.5}, "years: got 0.5; must be from 1 to 10"),
        ({"brands": 11}, "brands: got 11; must be from 12 to 25"),
        ({"seed": -1}, "seed: got -1; must be 0 or more"),
    ],
)
def test_an_argument_out_of_bounds_is_named(tmp_path: Path, arguments: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        simulate(**{"customers": 100, "out": tmp_path / "x", "end": END, **arguments})  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("customers", "years", "brands"), [(10, 1.0, 12), (60, 1.0, 25), (200, 3.5, 18)])
def test_small_shops_are_shops_too(tmp_path: Path, customers: int, years: float, brands: int) -> None:
    """Counts in the summary are those in the files, whatever the size, and progress ends at the whole."""
    told: list[tuple[int, int]] = []
    summary = simulate(
        customers, tmp_path, end=END, years=years, brands=brands, progress=lambda done, of: told.append((done, of))
    )
    assert told[-1] == (customers, customers)
    for kind in KINDS:
        assert summary.rows[kind] == pq.read_metadata(tmp_path / f"{kind}.parquet").num_rows, kind
    traits = pq.read_table(tmp_path / "traits.parquet", filters=[("name", "=", "side")])
    assert Counter(traits["value"].to_pylist()) == {"member": customers, "brand": brands}


_WEIGHED = """
import datetime as dt, resource, sys
from pathlib import Path
from openchair.simulation.shop import simulate
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
simulate(10, Path(sys.argv[1]) / "small", end=dt.date.fromisoformat(sys.argv[2]))
before, told = peak(), []
simulate(200_000, Path(sys.argv[1]) / "large", end=dt.date.fromisoformat(sys.argv[2]),
         progress=lambda done, of: told.append(peak() - before))
print(*told)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_shop(tmp_path: Path) -> None:
    """The peak of four blocks is hardly above that of two, weighed in a process of its own: in this one, memory
    that other cases have left behind would be weighed with it."""
    ran = subprocess.run(
        [sys.executable, "-c", _WEIGHED, str(tmp_path), END.isoformat()], capture_output=True, text=True, check=True
    )
    told = [int(one) for one in ran.stdout.split()]
    assert len(told) == 4
    assert told[3] < 1.2 * told[1] + 50e6, told
    assert told[3] < 1.0e9, told


def _run(out: Path, customers: int = 800, seed: int = 1) -> Summary:
    return simulate(customers, out, seed=seed, end=END)
