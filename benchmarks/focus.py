"""Drivers: all subsets of fifteen and of twenty, two hundred by sampling, a thousand draws of twelve; and a peer's way.

python -m benchmarks.focus    this benchmark alone
"""

import time
from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np

from benchmarks import Row, at_least, at_most
from benchmarks.__main__ import table
from openchair.focus import drivers


def rows() -> list[Row]:
    """Each promise once."""
    rng = np.random.default_rng(20260301)
    people = {p: rng.normal(size=(2_000, p + 1)) @ rng.normal(size=(p + 1, p + 1)) for p in (12, 15, 20, 200)}
    cov = {p: np.cov(answers, rowvar=False) for p, answers in people.items()}
    found = [at_most(f"LMG of {p} drivers, exact", spent(lambda p=p: drivers.lmg(cov[p])), bound, "s")
             for p, bound in ((15, 0.5), (20, 5.0))]  # fmt: skip
    begun = time.process_time()
    sampled = drivers.lmg_sampled(cov[200], 1_000, rng)
    note = f"largest standard error {sampled.error.max():.4f} of R2 {sampled.value.sum():.3f}"
    found.append(Row("LMG of 200 drivers, 1,000 orders", time.process_time() - begun, "s", note=note))
    names = [f"d{k}" for k in range(12)]
    seconds = spent(lambda: drivers.find(people[12], names, rng, draws=1_000))
    found.append(at_most("1,000 draws of 12 drivers, 2,000 people", seconds, 10, "s"))
    some = people[12].copy()
    some[:, :12][rng.random((2_000, 12)) < 0.05] = np.nan
    seconds = spent(lambda: drivers.find(some, names, rng, draws=1_000))
    found.append(Row("the same with a twentieth of answers missing", seconds, "s"))
    naive = one_by_one(cov[12])
    slow, quick = spent(lambda: one_by_one(cov[12])), spent(lambda: drivers.lmg(cov[12]))
    found.append(
        at_most("LMG of 12 against a regression a subset", float(abs(naive - drivers.lmg(cov[12])).max()), 1e-9, "")
    )
    found.append(at_least("times as fast as that", slow / quick, 20, "x"))
    return found


def spent(work: Callable[[], object]) -> float:
    """Seconds of this process's own work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def one_by_one(cov: np.ndarray) -> np.ndarray:
    """LMG as packages for relative importance find it: a regression for each subset, in a loop."""
    p = len(cov) - 1
    r2 = {(): 0.0}
    for size in range(1, p + 1):
        for some in combinations(range(p), size):
            rows = list(some)
            slopes = np.linalg.solve(cov[np.ix_(rows, rows)], cov[rows, p])
            r2[some] = float(slopes @ cov[rows, p] / cov[p, p])
    shares = np.zeros(p)
    for some, explained in r2.items():
        for one in set(range(p)) - set(some):
            weight = 1 / (p * comb(p - 1, len(some)))
            shares[one] += weight * (r2[tuple(sorted((*some, one)))] - explained)
    return shares


if __name__ == "__main__":
    print(table(rows()))
