"""Real word of mouth: do the friends somebody brought say who will bring more, better than how many know them does?"""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from openchair.value.senders import sending
from openchair.value.senders.sending import Sending

STUDIES = {"medInnovations": r"net[123]_\d", "brfarmers": r"net\d\d", "kfamily": r"net[1-8]\d"}
"""Doctors and a new drug, farmers and hybrid corn, families and planning; and the columns with whom they named."""

FIGURES = {
    "brfarmers": (0.541, 0.311, 0.631, 0.612),
    "kfamily": (0.276, 0.068, 0.387, 0.365),
    "medInnovations": (0.532, 0.326, 0.650, 0.666),
}
"""Rank correlations with whom each brought later: degree, count model, ties yet to be won, the last two multiplied."""


class Study:
    """Until half of those who ever adopt have; then the rest is held out. Whoever is named tells who named them."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        rows = pq.read_table(folder / f"{name}.parquet")
        place, when = (rows[c].to_numpy(zero_copy_only=False).astype(float) for c in ("commun", "toa"))
        who = rows["id"].to_numpy(zero_copy_only=False).astype(float)
        number = {key: i for i, key in enumerate(zip(place.tolist(), who.tolist(), strict=True))}
        ties = set()
        for column in (c for c in rows.column_names if re.fullmatch(STUDIES[name], c)):
            for i, named in enumerate(rows[column].to_pylist()):
                j = number.get((place[i], float(named or 0)))
                if j is not None and j != i:
                    ties.add((j, i))
        self.teller, self.hearer = np.array(sorted(ties)).T
        self.adopted = np.where(when < when.max(), when, np.inf)  # the last period stands for never
        ever = np.sort(self.adopted[np.isfinite(self.adopted)])
        self.half = float(ever[len(ever) // 2])
        self.early = np.flatnonzero(self.adopted <= self.half)

    def brought(self, since: float, until: float) -> NDArray[np.int64]:
        """Adopters of a time by who was the latest to adopt before them, among those they named."""
        told, heard = self.adopted[self.teller], self.adopted[self.hearer]
        may = np.flatnonzero((told < heard) & (heard > since) & (heard <= until))
        may = may[np.lexsort((self.teller[may], -told[may], self.hearer[may]))]
        _, first = np.unique(self.hearer[may], return_index=True)
        return np.bincount(self.teller[may[first]], minlength=len(self.adopted))[self.early]

    def rank(self, guess: NDArray[np.float64]) -> float:
        later = self.brought(self.half, np.finfo(float).max)
        return float(spearmanr(guess, later).statistic)


@pytest.fixture(scope="module", params=sorted(STUDIES))
def study(request: pytest.FixtureRequest, shared_data: Path) -> Study:
    return Study(shared_data / "diffusion_of_innovations", request.param)


def test_how_many_know_somebody_says_more_than_whom_they_brought(study: Study) -> None:
    """docs/value.md says plainly: counts of the past alone do not beat degree; with who is yet to be won, they do."""
    years = study.half - study.adopted[study.early] + 0.5
    past = study.brought(-np.inf, study.half)
    found = sending.fit(past, years, np.zeros(len(years), int), 1, np.ones(len(years)))
    assert isinstance(found, Sending)
    _, mean = found.ahead(past, years, np.zeros(len(years), int))
    degree = np.bincount(study.teller, minlength=len(study.adopted))[study.early]
    open_ = study.adopted[study.hearer] > study.half
    left = np.bincount(study.teller[open_], minlength=len(study.adopted))[study.early]
    guesses = (degree.astype(np.float64), mean, left.astype(np.float64), mean * left)
    by_degree, by_count, by_left, by_both = (study.rank(guess) for guess in guesses)
    assert by_count < by_degree < min(by_left, by_both)
    assert (by_degree, by_count, by_left, by_both) == pytest.approx(FIGURES[study.name], abs=0.005)
