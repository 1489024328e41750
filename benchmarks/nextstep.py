"""What comes next in published event logs, as the journey foretells it: beside a baseline and what was published.

As Tax, Verenich, La Rosa & Dumas (CAiSE 2017) did: learned from the first two thirds of the cases in the order of the
file, held against the steps of the others from the third on. That a case ends may be foretold and is then wrong.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import ibis
import numpy as np
from numpy.typing import NDArray

from benchmarks import Row, at_least, not_measured
from openchair.core.estimate import Estimate
from openchair.journey.next import BASE, ENDS, Foretold, contexts, fit, foretold

LOGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "process_logs"
PUBLISHED = {"helpdesk": 0.7123, "bpi_12_w": 0.7600, "bpi_13_incidents": None}
"""Accuracy of the LSTM of Tax and others, where they give one."""


def held_out(log: Path) -> tuple[Foretold, Foretold]:
    """How well the last third of a log's cases is foretold from the others: as published, and every step and end.

    log: CaseID, ActivityID and a time.
    """
    engine = ibis.duckdb.connect()
    events = engine.read_parquet(log).mutate(line=ibis.row_number())
    cases = events.group_by("CaseID").agg(first=events.line.min())
    cases = cases.mutate(who=ibis.row_number().over(order_by=cases["first"]))
    kinds = events.select("ActivityID").distinct()
    kinds = kinds.mutate(code=ibis.row_number().over(order_by=kinds.ActivityID))
    steps = engine.create_table(
        "steps",
        events.join(cases, "CaseID").join(kinds, "ActivityID").select("who", "code", need=1, turn="line", at="line"),
    )
    steps = steps.mutate(
        end=ibis.ifelse(steps.turn == steps.turn.max().over(group_by=steps.who), "lost", ""), silence=0
    )
    codes, cases_all = (
        int(x) + 1 for x in engine.to_pyarrow(steps.agg(c=steps.code.max(), w=steps.who.max())).to_pylist()[0].values()
    )
    learned = 2 * round(cases_all / 3)

    def rows(of: ibis.Table) -> list[NDArray[np.int64]]:
        counted = engine.to_pyarrow(contexts(of))
        return [counted[name].to_numpy().astype(np.int64) for name in ("context", "waited", "follows", "n")]

    before, after = rows(steps.filter(steps.who < learned)), rows(steps.filter(steps.who >= learned))
    ahead = fit(*before, codes=codes)

    def told(chosen: Callable[[list[NDArray[np.int64]]], NDArray[np.bool_]]) -> Foretold:
        known, later = ([column[chosen(part)] for column in part] for part in (before, after))
        return foretold(ahead, *later, commonest=int(np.bincount(known[2], known[3]).argmax()))

    return told(lambda part: (part[0] >= BASE) & (part[2] != ENDS)), told(lambda part: part[3] > 0)


def rows() -> Iterator[Row]:
    """The share foretold, held against the baseline of always saying the commonest step."""
    for name, published in PUBLISHED.items():
        title = f"next step of {name}, the likeliest came"
        if not LOGS.is_dir():
            yield not_measured(title, "share", "the published event logs are not here")
            continue
        found, every = held_out(LOGS / f"{name}.parquet")
        assert isinstance(found.right, Estimate) and isinstance(found.commonest, Estimate)
        beside = (
            f"baseline {found.commonest.value:.3f}; published {published or 'none'}; chances off by {every.off:.3f}"
        )
        yield at_least(title, found.right.value, round(found.commonest.value, 3), "share", beside)
