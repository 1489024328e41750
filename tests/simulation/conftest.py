"""One sample shop for all tests of the room: 20,000 members, two years, seed 7."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openchair.simulation.shop import simulate

END = date(2026, 7, 1)
CUSTOMERS = 20_000

Read = Callable[[str], pa.Table]
Ask = Callable[[str], pa.Table]


def _asker(folder: Path) -> Ask:
    """SQL over the files in `folder`."""
    shop = duckdb.connect()
    for file in folder.glob("*.parquet"):
        shop.execute(f"create view {file.stem} as from '{file}'")
    shop.execute(f"create view truth as from '{folder}/truth/customers.parquet'")
    return lambda question: shop.sql(question).to_arrow_table()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shop")
    simulate(CUSTOMERS, out, seed=7, end=END)
    return out


@pytest.fixture(scope="session")
def asker() -> Callable[[Path], Ask]:
    """What makes an `ask` of any shop's folder."""
    return _asker


@pytest.fixture(scope="session")
def ask(folder: Path) -> Ask:
    """The answer to a question in SQL over the shop's files; `truth` is truth/customers."""
    return _asker(folder)


@pytest.fixture(scope="session")
def read(folder: Path) -> Read:
    """The rows of one of the shop's files, by name."""
    return lambda name: pq.read_table(folder / f"{name}.parquet")
