"""Commands run as a shop owner would run them, and a shop that has read its till's export and turned once."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from openchair.cli.main import app

TODAY = "2026-07-01"


def run(*words: object, home: Path | None = None, code: int = 0) -> Result:
    """Run a command and check its exit code."""
    front = ["--home", str(home)] if home else []
    result = CliRunner().invoke(app, [*front, *map(str, words)])
    assert result.exit_code == code, (words, result.exit_code, result.stdout, result.stderr, result.exception)
    return result


def told(*words: object, home: Path | None = None, code: int = 0) -> dict[str, Any]:
    """Run a command with --json and give what it said."""
    answer = json.loads(run(*words, "--json", home=home, code=code).stdout)
    assert isinstance(answer, dict)
    return answer


def till(file: Path) -> Path:
    """A till's export: 400 customers, semicolons, decimal commas, two rows that nobody could read."""
    rng = np.random.default_rng(5)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(["Order no", "Customer e-mail", "Order date", "Product", "Qty", "Total"])
        number = 0
        for who in range(400):
            day = date(2025, 7, 1) + timedelta(days=int(rng.integers(0, 150)))
            for _ in range(int(rng.geometric(0.3))):
                if day >= date(2026, 7, 1):
                    break
                number += 1
                amount = f"{rng.gamma(4, 9):.2f}".replace(".", ",")
                writer.writerow([f"A{number}", f"guest{who}@example.org", day.isoformat(), "Fig bar", 1, amount])
                day += timedelta(days=1 + int(rng.exponential(25)))
        writer.writerow(["A9998", "guest1@example.org", "some day", "Fig bar", 1, "9,00"])
        writer.writerow(["A9999", "guest2@example.org", "2026-06-01", "Fig bar", 1, "nine"])
    return file


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The till's export."""
    return till(tmp_path_factory.mktemp("till") / "orders.csv")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, orders: Path) -> Path:
    """A shop that has read the till's export and turned once."""
    shop = tmp_path_factory.mktemp("home") / "shop"
    run("init", shop, "--name", "Fig & Co", "--currency", "EUR", "--timezone", "Europe/London")
    run("import", orders, home=shop)
    run("turn", "--as-of", TODAY, home=shop)
    return shop
