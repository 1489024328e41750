"""Customers whose truth is known, and the published ones of CDNOW."""

from collections.abc import Mapping
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
    log_gaps: Array


class Shop:
    """Simulated customers who buy as a model says and spend as Gamma-Gamma, drawn purchase by purchase."""

    def __init__(self, buying: Mapping[str, float], spending: tuple[float, ...], model: str = "bg/nbd") -> None:
        self.buying = buying
        self.name, _, phases = model.partition("nbd")
        self.phases = int(phases.strip("-") or 1)
        self.p, self.q, self.gamma = spending
        self.seen: list[tuple[NDArray[np.intp], Array]] = []

    def events(self, T: Array, rng: np.random.Generator) -> tuple[NDArray[np.intp], Array]:
        """Every purchase until T, the first at 0: by whom, and when."""
        self.seen = [(np.arange(len(T)), np.zeros(len(T)))]
        self.customers(T, 0, rng)
        who, when = (np.concatenate(column) for column in zip(*self.seen, strict=True))
        return who, when

    def customers(self, T: Array, horizon: float, rng: np.random.Generator) -> Shoppers:
        n, by = len(T), self.buying
        rate = rng.gamma(by["r"], 1 / by["alpha"], n)
        loss = rng.beta(by["a"], by["b"], n) if "a" in by else np.zeros(n)
        end = rng.exponential(1, n) / rng.gamma(by["s"], 1 / by["beta"], n) if "s" in by else np.full(n, np.inf)
        x, t_x, later, log_gaps = np.zeros((4, n))
        now, alive = np.zeros(n), np.ones(n, dtype=bool)
        active = np.arange(n)
        if self.name == "mbg/":
            alive[rng.random(n) < loss] = False
            active = active[alive]
        seen_alive = alive & (end > T)
        while len(active):
            gap = rng.gamma(self.phases, 1, len(active)) / rate[active]
            now[active] += gap
            inside = now[active] <= np.minimum(T[active] + horizon, end[active])
            active, gap = active[inside], gap[inside]
            is_seen = now[active] <= T[active]
            seen = active[is_seen]
            self.seen.append((seen, now[seen]))
            x[seen] += 1
            t_x[seen] = now[seen]
            log_gaps[seen] += np.log(gap[is_seen])
            later[active[~is_seen]] += 1
            lost = rng.random(len(active)) < loss[active]
            seen_alive[active[lost & is_seen]] = False
            active = active[~lost]
        nu = rng.gamma(self.q, 1 / self.gamma, n)
        spent, spent_later = (rng.gamma(self.p * np.maximum(k, 1)) / nu * (k > 0) for k in (x, later))
        return Shoppers(x, t_x, T, spent / np.maximum(x, 1), seen_alive, later, spent_later, log_gaps)


@pytest.fixture(scope="session")
def shop() -> type[Shop]:
    return Shop
