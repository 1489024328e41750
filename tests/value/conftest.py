"""Customers whose truth is known, and the published ones of CDNOW."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cdnow:
    """The 2,357 customers in weeks: 39 weeks seen, 39 held out; repeat purchases and what they spent on them."""

    x: Array
    t_x: Array
    T: Array
    mean_spend: Array
    later: Array
    spent_later: Array


@pytest.fixture(scope="session")
def cdnow(shared_data: Path) -> Cdnow:
    orders = pq.read_table(shared_data / "cdnow" / "cdnow_sample_1_10.parquet")
    dates = [np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}", "D") for d in orders["date"].to_pylist()]
    day = np.array(dates).astype(np.int64)
    end = int(np.datetime64("1997-09-30", "D").astype(np.int64))
    buyers, buyer = np.unique(orders["sample_id"].to_numpy(), return_inverse=True)
    occasions, occasion = np.unique(buyer * 10**6 + day, return_inverse=True)  # orders of one day are one occasion
    spent = np.bincount(occasion, orders["dollar_value"].to_numpy())
    buyer, day = occasions // 10**6, occasions % 10**6
    n = len(buyers)
    first = np.full(n, day.max())
    np.minimum.at(first, buyer, day)
    repeat, later = (day <= end) & (day > first[buyer]), day > end
    last = first.copy()
    np.maximum.at(last, buyer[repeat], day[repeat])
    x = np.bincount(buyer[repeat], minlength=n).astype(float)
    total = np.bincount(buyer[repeat], spent[repeat], n)
    return Cdnow(
        x=x,
        t_x=(last - first) / 7,
        T=(end - first) / 7,
        mean_spend=np.divide(total, x, out=np.zeros(n), where=x > 0),
        later=np.bincount(buyer[later], minlength=n).astype(float),
        spent_later=np.bincount(buyer[later], spent[later], n),
    )


@pytest.fixture(scope="session")
def cdnow_summary(shared_data: Path) -> tuple[Array, Array, Array]:
    """The published triples of the same customers: times rounded to hundredths of a week."""
    rows = pq.read_table(shared_data / "cdnow" / "cdnow_customers_summary.parquet")
    x, t_x, T = (rows[name].to_numpy().astype(float) for name in ("frequency", "recency", "T"))
    return x, t_x, T


@dataclass(frozen=True)
class Shoppers:
    """Simulated customers: what is seen of them until T, and the truth of what they then buy and spend."""

    x: Array
    t_x: Array
    T: Array
    mean_spend: Array
    alive: NDArray[np.bool_]
    later: Array
    spent_later: Array


class Shop:
    """Simulated customers who buy as BG/NBD or MBG/NBD and spend as Gamma-Gamma, drawn purchase by purchase."""

    def __init__(self, buying: tuple[float, ...], spending: tuple[float, ...], first_may_be_last: bool = False) -> None:
        self.r, self.alpha, self.a, self.b = buying
        self.p, self.q, self.gamma = spending
        self.first_may_be_last = first_may_be_last

    def customers(self, T: Array, horizon: float, rng: np.random.Generator) -> Shoppers:
        n = len(T)
        rate, loss = rng.gamma(self.r, 1 / self.alpha, n), rng.beta(self.a, self.b, n)
        x, t_x, later = np.zeros(n), np.zeros(n), np.zeros(n)
        now, alive = np.zeros(n), np.ones(n, dtype=bool)
        active = np.arange(n)
        if self.first_may_be_last:
            alive[rng.random(n) < loss] = False
            active = active[alive]
        seen_alive = alive.copy()
        while len(active):
            now[active] += rng.exponential(1, len(active)) / rate[active]
            active = active[now[active] <= T[active] + horizon]
            seen = active[now[active] <= T[active]]
            x[seen] += 1
            t_x[seen] = now[seen]
            later[active[now[active] > T[active]]] += 1
            lost = rng.random(len(active)) < loss[active]
            seen_alive[active[lost & (now[active] <= T[active])]] = False
            active = active[~lost]
        nu = rng.gamma(self.q, 1 / self.gamma, n)
        spent, spent_later = (rng.gamma(self.p * np.maximum(k, 1)) / nu * (k > 0) for k in (x, later))
        return Shoppers(x, t_x, T, spent / np.maximum(x, 1), seen_alive, later, spent_later)


@pytest.fixture(scope="session")
def shop() -> type[Shop]:
    return Shop
