"""Spender value: CDNOW beside `lifetimes` in the same process, and a million simulated customers fitted and scored.

python -m benchmarks.value    this benchmark alone
"""

import resource
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks import Row, at_least, at_most, not_measured
from benchmarks.__main__ import table
from openchair.value import horizon, spend, spender

Array = NDArray[np.float64]

CUSTOMERS = 1_000_000
BUYING = {"r": 0.55, "alpha": 6.0, "a": 0.8, "b": 2.5}
SPENDING = {"p": 6.25, "q": 3.74, "gamma": 15.44}
REPEATS = 5


def rows() -> list[Row]:
    """The million first: what `lifetimes` loads is not to be counted as its memory."""
    return [*million(), *cdnow_fit(), *million_beside_lifetimes()]


def cdnow_fit() -> list[Row]:
    """Models on the 2,357 customers of CDNOW beside `lifetimes`, each the median of some fits after one to warm up."""
    package = find_spec("lifetimes")
    if package is None or package.origin is None:
        return [not_measured("CDNOW: fit of BG/NBD", "ms", "lifetimes is not installed, whose wheel carries the data")]
    file = Path(package.origin).parent / "datasets" / "cdnow_customers_summary_with_transactions.csv"
    x, t_x, T, mean = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(1, 2, 3, 4)).T
    found = []
    with warnings.catch_warnings():  # lifetimes 0.11.3 is older than pandas 3; its results are sound
        warnings.simplefilter("ignore")
        import lifetimes

        fitters = {
            "bg/nbd": lifetimes.BetaGeoFitter,
            "mbg/nbd": lifetimes.ModifiedBetaGeoFitter,
            "pareto/nbd": lifetimes.ParetoNBDFitter,
        }
        for model, fitter in fitters.items():
            theirs = _milliseconds(lambda fitter=fitter: fitter().fit(x, t_x, T))
            ours = _milliseconds(lambda model=model: spender.fit(x, t_x, T, model=model))
            fitted = spender.fit(x, t_x, T, model=model)
            their_params = dict(fitter().fit(x, t_x, T).params_)
            gained = fitted.log_likelihood - spender.Spender(model, their_params).log_density(x, t_x, T).sum()
            name = model.upper()
            bound_ms = 500 if model == "pareto/nbd" else 50
            by_them = f"  times as long by lifetimes {version('lifetimes')}"
            ahead = "  log-likelihood above that of lifetimes"
            found += [
                at_most(f"CDNOW: fit of {name}", ours, bound_ms, "ms", f"log-likelihood {fitted.log_likelihood:.2f}"),
                at_least(by_them, theirs / ours, 5, "", f"{theirs:,.0f} ms"),
                at_least(ahead, gained, -1e-6, "", "at the parameters each finds"),
            ]
        again = x > 0
        their_spend = _milliseconds(lambda: lifetimes.GammaGammaFitter().fit(x[again], mean[again]))
    our_spend = _milliseconds(lambda: spend.fit(x, mean))
    note = f"{their_spend / our_spend:.0f} times as long by lifetimes"
    return [*found, Row("CDNOW: fit of Gamma-Gamma", our_spend, "ms", note=note), _beside_pymc(x, t_x, T)]


def _beside_pymc(x: Array, t_x: Array, T: Array) -> Row:
    """The fit of BG/NBD by pymc-marketing, where it is installed: its point of highest posterior density."""
    name = "CDNOW: fit of BG/NBD by pymc-marketing"
    if find_spec("pymc_marketing") is None:
        return not_measured(name, "ms", "pymc-marketing is not installed")
    import pandas as pd
    from pymc_marketing.clv import BetaGeoModel

    customers = pd.DataFrame({"customer_id": np.arange(len(x)), "frequency": x, "recency": t_x, "T": T})
    return Row(name, _milliseconds(lambda: BetaGeoModel(customers).fit(method="map")), "ms")


def million_beside_lifetimes() -> list[Row]:
    """BG/NBD on a million simulated customers by both, once each: lifetimes takes minutes."""
    if find_spec("lifetimes") is None:
        return [not_measured("a million simulated customers: fit by lifetimes", "s", "lifetimes is not installed")]
    x, t_x, T, _ = simulated(CUSTOMERS, np.random.default_rng(20260301))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter

        begun = time.perf_counter()
        their_params = dict(BetaGeoFitter().fit(x, t_x, T).params_)
        theirs = time.perf_counter() - begun
    begun = time.perf_counter()
    fitted = spender.fit(x, t_x, T)
    ours = time.perf_counter() - begun
    gained = fitted.log_likelihood - spender.Spender("bg/nbd", their_params).log_density(x, t_x, T).sum()
    return [
        at_least("a million simulated customers: times as long by lifetimes", theirs / ours, 20, "", f"{theirs:.0f} s"),
        at_least("  log-likelihood above that of lifetimes", gained, -1e-3, "", "at the parameters each finds"),
    ]


def million() -> list[Row]:
    """Simulated customers who first bought at any day of the last year and a half; scored for the next 52 weeks."""
    rng = np.random.default_rng(20260301)
    x, t_x, T, mean = simulated(CUSTOMERS, rng)
    begun, worked = time.perf_counter(), time.process_time()
    buying = spender.fit(x, t_x, T)
    fitted = time.perf_counter()
    money = spend.fit(x, mean)
    spent = time.perf_counter()
    found = horizon.predict(buying, money, 52, x, t_x, T, mean, x)
    scored, worked = time.perf_counter(), time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
    params = ", ".join(f"{name} {value:.3f}" for name, value in buying.params.items())
    busy = f"{worked:.1f} s of processor time; found {params}"
    return [
        at_most("a million simulated customers: fit and score", scored - begun, 10, "s", busy),
        Row("  fit of BG/NBD", fitted - begun, "s"),
        Row("  fit of Gamma-Gamma", spent - fitted, "s"),
        Row("  value and interval of each", scored - spent, "s", note=f"mean value {found.value.mean():.2f}"),
        at_most("a million simulated customers: peak memory", peak, 2, "GB", "the simulation included"),
    ]


def simulated(n: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """x, t_x, T in weeks and mean spend of customers who buy as BG/NBD and spend as Gamma-Gamma, seen day by day."""
    T = rng.integers(1, 547, n) / 7
    rate, loss = rng.gamma(BUYING["r"], 1 / BUYING["alpha"], n), rng.beta(BUYING["a"], BUYING["b"], n)
    x, t_x, now = np.zeros(n), np.zeros(n), np.zeros(n)
    active = np.arange(n)
    while len(active):
        now[active] += rng.exponential(1, len(active)) / rate[active]
        active = active[now[active] <= T[active]]
        x[active] += 1
        t_x[active] = now[active]
        active = active[rng.random(len(active)) >= loss[active]]
    t_x = np.minimum(np.ceil(t_x * 7) / 7, T)
    nu = rng.gamma(SPENDING["q"], 1 / SPENDING["gamma"], n)
    mean = rng.gamma(SPENDING["p"] * np.maximum(x, 1)) / nu / np.maximum(x, 1)
    return x, t_x, T, np.where(x > 0, mean, 0.0)


def _milliseconds(work: Callable[[], object]) -> float:
    """The median time of a call, after one to warm up."""
    work()
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times) * 1e3


if __name__ == "__main__":
    print(table(rows()))
