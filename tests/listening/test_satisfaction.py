"""CSAT and CES: shares and means with intervals that keep their promise, and silence while there is too little."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.scores.metric import METRICS, metric_of
from openchair.listening.scores.satisfaction import ces, csat

counts = st.integers(0, 5_000)


@given(counts, counts, counts)
def test_csat_lies_in_its_interval_and_both_on_the_scale(satisfied: int, neither: int, not_at_all: int) -> None:
    """Whatever the counts."""
    found = csat(satisfied, neither, not_at_all)
    if satisfied + neither + not_at_all < 10:
        assert isinstance(found, Unknown) and found.needed == 10 - satisfied - neither - not_at_all
    else:
        assert isinstance(found, Estimate) and 0 <= found.low <= found.value <= found.high <= 100


@pytest.mark.parametrize("truth", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("n", [20, 200])
def test_csat_covers_the_truth_about_as_often_as_it_says(truth: float, n: int) -> None:
    """4,000 simulated surveys: 95% intervals cover between 92% and 98% of the time."""
    drawn, times = np.unique(np.random.default_rng(3).binomial(n, truth, 4_000), return_counts=True)
    held = [isinstance(s := csat(int(k), 0, n - int(k)), Estimate) and s.low <= 100 * truth <= s.high for k in drawn]
    assert 0.92 <= np.average(held, weights=times) <= 0.98


@pytest.mark.parametrize(
    ("shares", "most"),
    [((0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3), 0.97), ([1 / 7] * 7, 0.97), ((0, 0, 0, 0, 0.05, 0.15, 0.8), 1.0)],
)
@pytest.mark.parametrize("n", [12, 100])
def test_ces_covers_the_truth_about_as_often_as_it_says(shares: tuple[float, ...], most: float, n: int) -> None:
    """2,000 simulated surveys: 95% intervals cover 93 to 97% of the time; near the end of the scale, rather more."""
    scores = np.arange(1, 8)
    truth = float(scores @ shares)
    drawn = np.random.default_rng(4).multinomial(n, shares, 2_000)
    held = [isinstance(s := ces(scores, row), Estimate) and s.low <= truth <= s.high for row in drawn]
    assert 0.93 <= np.mean(held) <= most


def test_ten_equal_answers_are_no_certainty() -> None:
    """All say 7: the interval stays on the scale and reaches below."""
    found = ces([7], [10])
    assert isinstance(found, Estimate) and (found.value, found.high) == (7, 7) and found.low < 6.8


@pytest.mark.parametrize(
    ("top", "satisfied", "dissatisfied"),
    [(2, [2], [1]), (3, [3], [1]), (4, [4], [1]), (5, [4, 5], [1, 2]), (7, [6, 7], [1, 2]), (10, [9, 10], [0, 1, 2])],
)
def test_csat_counts_the_top_two_boxes_of_the_surveys_own_scale(
    top: int, satisfied: list[int], dissatisfied: list[int]
) -> None:
    """Of scales of fewer than five, the top one."""
    scores = np.arange(0 if top == 10 else 1, top + 1, dtype=float)
    group = METRICS["csat"].group(scores, np.full_like(scores, top))
    assert scores[group == 1].tolist() == satisfied and scores[group == -1].tolist() == dissatisfied


def test_a_scale_is_what_a_survey_says_or_the_least_that_holds_its_answers() -> None:
    """CSAT is asked on 5, 7 or 10; CES on 7; NPS always on 10."""
    of = {name: metric_of(name).scale for name in METRICS}
    assert [of["csat"](None, greatest) for greatest in (1, 5, 6, 7, 8, 10)] == [5, 5, 7, 7, 10, 10]
    assert of["csat"](3, 3) == 3 and of["csat"](100, 4) == 5
    assert of["ces"](None, 4) == 7 and of["ces"](5, 5) == 5
    assert of["nps"](5, 5) == 10


def test_an_effort_asked_on_five_is_read_on_seven() -> None:
    """Ends meet ends, the middle the middle."""
    points = METRICS["ces"].points(np.array([1.0, 3.0, 5.0]), np.full(3, 5.0))
    assert points.tolist() == [1, 4, 7]


def test_what_is_no_score_is_refused() -> None:
    """The error names what was given, and an unknown metric those there are."""
    with pytest.raises(BadInput, match="1 to 7"):
        ces([8], [10])
    with pytest.raises(BadInput, match="nps, csat, ces"):
        metric_of("horoscope")
