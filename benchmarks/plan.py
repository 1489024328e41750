"""The daily plan: a million customers, forty actions, five budgets; and beside HiGHS where HiGHS can follow.

python -m benchmarks.plan    this benchmark alone
"""

import resource
import time

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from benchmarks import Row, at_most
from benchmarks.__main__ import table
from openchair.decisions.plan import Budget, plan

CUSTOMERS = 1_000_000
FOLLOWS = 10_000
ACTIONS = 40


def shop(n: int) -> tuple[np.ndarray, list[Budget], np.ndarray]:
    """Gains that differ from customer to customer, and money, hours and three channels for a part of them."""
    rng = np.random.default_rng(20260401)
    value, cost = rng.lognormal(9, 1, n), rng.uniform(20, 2_000, ACTIONS)
    gains = rng.normal(0.01, 0.02, (n, ACTIONS))
    gains += rng.normal(0, 0.01, ACTIONS)
    gains *= value[:, None]
    gains -= cost
    channel = rng.integers(0, 4, ACTIONS)
    budgets = [Budget("money", n * 100, cost), Budget("hours", n * 0.05, rng.uniform(0, 0.5, ACTIONS))]
    budgets += [Budget(f"channel {c}", n * 0.08 * (c + 1), (channel == c).astype(float)) for c in range(3)]
    return gains, budgets, rng.random(n)


def rows() -> list[Row]:
    """The promise, and both on ten thousand customers."""
    gains, budgets, ranks = shop(CUSTOMERS)
    begun, worked = time.perf_counter(), time.process_time()
    found = plan(gains, budgets, ranks)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    promised = [
        at_most("a million customers x 40 actions, 5 budgets", took, 60, "s", f"{worked:.1f} s of processor time"),
        at_most("  memory at its peak", memory, 4, "GB", "the gains themselves included"),
        at_most("  gap to the bound", 100 * found.gap, 0.1, "%"),
    ]
    gains, budgets, ranks = shop(FOLLOWS)
    begun = time.perf_counter()
    found = plan(gains, budgets, ranks)
    ours = time.perf_counter() - begun
    who, what = np.nonzero(gains > 0)
    once = sparse.csr_array((np.ones(len(who)), (who, np.arange(len(who)))), shape=(FOLLOWS, len(who)))
    uses = np.array([one.uses for one in budgets])[:, what]
    most = np.concatenate([np.ones(FOLLOWS), [one.limit for one in budgets]])
    begun = time.perf_counter()
    solved = linprog(-gains[who, what], A_ub=sparse.vstack([once, sparse.csr_array(uses)]), b_ub=most)
    theirs = time.perf_counter() - begun
    return [
        *promised,
        Row("ten thousand customers", ours, "s", note=f"HiGHS' linear program: {theirs:.1f} s"),
        at_most("  bound above HiGHS' optimum", 100 * abs(found.bound / -solved.fun - 1), 0.0002, "%"),
        at_most("  plan below HiGHS' optimum", 100 * (1 - found.gain / -solved.fun), 0.1, "%"),
    ]


if __name__ == "__main__":
    print(table(rows()))
