"""What actions are believed to bring: the prior where nothing was observed, the truth where much was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.decisions.situation import Situations
from openchair.dossier.stage import STAGES, STEADY
from openchair.learning.policy import LEAST, SUMS, Evidence, beliefs, evidence, gains
from openchair.loyalty.actions import WAIT, default

ACTIONS = default()
NOTE = [action.id for action in ACTIONS].index("note-by-hand")
PRIOR = ACTIONS[NOTE].uplift["steady"]


def situations(value_minor: list[float]) -> Situations:
    k = len(value_minor)
    return Situations(
        stage=np.full(k, STEADY, dtype=np.int8),
        value_minor=np.array(value_minor),
        value_known=np.ones(k, dtype=np.bool_),
        features=np.zeros(k, dtype=np.int64),
        arm=np.zeros(k, dtype=np.int8),
        leaning=np.zeros((k, 0), dtype=np.int8),
        codes=np.zeros((k, len(ACTIONS)), dtype=np.int16),
        weight=np.ones(k, dtype=np.int64),
    )


def seen(n: float, acted: float, waited: float, spread: float) -> Evidence:
    """n outcomes of the note and n of waiting in the steady stage, with means and a common spread."""
    arrays = Evidence.none(ACTIONS)
    for row, mean in ((NOTE, acted), (len(ACTIONS), waited)):
        arrays.n[row, STEADY] = n
        arrays.total[row, STEADY] = n * mean
        arrays.squares[row, STEADY] = n * (mean**2 + spread**2)
    return arrays


def sums(outcome: np.ndarray, worth: np.ndarray, propensity: np.ndarray) -> dict[str, float]:
    """What the state sums over settled decisions."""
    w = 1 / propensity
    each = (w, w**2, w * outcome / worth, w * (outcome / worth) ** 2, w / worth, w * outcome / worth**2, w / worth**2)
    return {name: float(values.sum()) for name, values in zip(SUMS, each, strict=True)}


def observed(rows: list[tuple[str, str, dict[str, float]]]) -> Evidence:
    columns = {name: np.array([row[2][name] for row in rows]) for name in SUMS}
    return evidence(ACTIONS, [row[0] for row in rows], [row[1] for row in rows], columns)


def test_margin_is_in_outcomes_as_it_is_in_worth() -> None:
    """A shop that keeps two fifths learns the same uplift from the same purchases as one that keeps all."""
    rng = np.random.default_rng(4)
    outcome, worth, propensity = rng.gamma(2, 500, 40), rng.gamma(2, 3_000, 40), rng.uniform(0.1, 0.9, 40)
    named = ([WAIT], [STAGES[STEADY]])
    whole, part = (
        evidence(ACTIONS, *named, {name: np.array([value]) for name, value in sums(outcome, v, propensity).items()}, m)
        for v, m in ((worth, 1.0), (0.4 * worth, 0.4))
    )
    for ours, theirs in zip((whole.n, whole.total, whole.squares), (part.n, part.total, part.squares), strict=True):
        assert ours == pytest.approx(theirs) and ours.any()


def test_without_outcomes_belief_is_the_catalogue() -> None:
    """n is 0, and mean and sd are the prior's."""
    for held in (beliefs(ACTIONS), beliefs(ACTIONS, Evidence.none(ACTIONS))):
        assert (held.n == 0).all()
        assert held.mean[NOTE, STEADY] == PRIOR
        assert held.sd[NOTE, STEADY] == ACTIONS[NOTE].uplift_sd


def test_gain_is_uplift_of_value_plus_flat_part_less_cost() -> None:
    """By hand: a note costs 1.20 and is believed to add 1.2% to what a customer is worth."""
    found = gains(situations([0.0, 10_000.0, 40_000.0]), ACTIONS)
    assert found.mean[:, NOTE].tolist() == pytest.approx([-120, 0, 360])
    assert found.sd[:, NOTE].tolist() == pytest.approx([0, 200, 800])
    assert (found.n == 0).all()


def test_prior_and_evidence_are_weighted_by_their_precisions() -> None:
    """By hand: prior .012 +- .02; difference .05 with variance .1^2 (1/50 + 1/50), times 50/49 for unknown means."""
    held = beliefs(ACTIONS, seen(50, 0.35, 0.30, 0.1))
    noise = 0.01 * 50 / 49 * (2 / 50)
    trust = 0.02**2 / (0.02**2 + noise)
    assert held.mean[NOTE, STEADY] == pytest.approx(PRIOR + trust * (0.05 - PRIOR))
    assert held.sd[NOTE, STEADY] == pytest.approx(0.02 * np.sqrt(1 - trust))
    assert held.n[NOTE, STEADY] == 50
    others = np.delete(held.n, NOTE, axis=0)
    assert (others == 0).all()


def test_with_many_outcomes_the_truth_wins() -> None:
    """A million on either side leave nothing of a wrong prior."""
    held = beliefs(ACTIONS, seen(1e6, 0.25, 0.30, 0.1))
    assert held.mean[NOTE, STEADY] == pytest.approx(-0.05, abs=1e-3)
    assert held.sd[NOTE, STEADY] < 1e-3


@given(st.floats(0, LEAST - 0.01), st.floats(-1, 1))
def test_too_few_outcomes_change_nothing(n: float, mean: float) -> None:
    """One lucky customer is no evidence."""
    held = beliefs(ACTIONS, seen(n, mean, 0.0, 0.1))
    assert held.mean[NOTE, STEADY] == PRIOR
    assert (held.n == 0).all()


@given(st.floats(2, 1e6), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.001, 1))
def test_belief_lies_between_prior_and_observation(n: float, acted: float, waited: float, spread: float) -> None:
    """And is never less sure than the prior was."""
    held = beliefs(ACTIONS, seen(n, acted, waited, spread))
    low, high = sorted((PRIOR, acted - waited))
    assert low - 1e-6 <= held.mean[NOTE, STEADY] <= high + 1e-6
    assert held.sd[NOTE, STEADY] <= ACTIONS[NOTE].uplift_sd


def test_chances_that_differ_are_weighed_out() -> None:
    """Known truth: the rich are acted on more often and spend more anyway; the effect is found, not riches."""
    rng = np.random.default_rng(4)
    n, effect = 200_000, 0.04
    rich = rng.random(n) < 0.5
    worth = np.where(rich, 40_000.0, 10_000.0)
    chance = np.where(rich, 0.8, 0.2)
    acted = rng.random(n) < chance
    share = np.where(rich, 0.5, 0.1) + effect * acted + rng.normal(0, 0.05, n)
    propensity = np.where(acted, chance, 1 - chance)
    rows = [
        (name, "steady", sums((share * worth)[mine], worth[mine], propensity[mine]))
        for name, mine in (("note-by-hand", acted), (WAIT, ~acted))
    ]
    held = beliefs(ACTIONS, observed(rows))
    assert held.mean[NOTE, STEADY] == pytest.approx(effect, abs=3 * held.sd[NOTE, STEADY] + 0.002)
    assert abs((share[acted].mean() - share[~acted].mean()) - effect) > 0.2


def test_the_flat_part_is_not_counted_twice() -> None:
    """What an action brings whatever the customer is worth is taken off before the share is learned."""
    thanks = next(action for action in ACTIONS if action.id == "thank-the-sender")
    worth, propensity = np.array([10_000.0, 20_000.0]), np.array([0.5, 0.5])
    rows = [("thank-the-sender", "steady", sums(0.1 * worth + thanks.flat_minor, worth, propensity))]
    found = observed(rows)
    place = ACTIONS.index(thanks)
    assert found.n[place, STEADY] == pytest.approx(2)
    assert found.total[place, STEADY] == pytest.approx(0.2)
    assert found.squares[place, STEADY] == pytest.approx(0.02)


def test_what_is_no_longer_in_the_catalogue_is_left_out() -> None:
    """A retired action, and a decision without a stage, teach nothing and break nothing."""
    one = sums(np.array([100.0]), np.array([1000.0]), np.array([0.5]))
    found = observed([("retired", "steady", one), ("note-by-hand", "", one), (WAIT, "steady", one)])
    assert found.n.sum() == 1
    assert found.n.shape == (len(ACTIONS) + 1, len(STAGES))


def test_an_interval_covers_at_its_rate() -> None:
    """If uplifts are drawn from the prior, so many of the posterior's intervals hold the truth."""
    rng = np.random.default_rng(6)
    covered = []
    for _ in range(600):
        truth = rng.normal(PRIOR, ACTIONS[NOTE].uplift_sd)
        acted, waited = rng.normal(0.3 + truth, 0.1, 40), rng.normal(0.3, 0.1, 40)
        worth, half = np.ones(40) * 1e4, np.full(40, 0.5)
        rows = [
            ("note-by-hand", "steady", sums(acted * worth, worth, half)),
            (WAIT, "steady", sums(waited * worth, worth, half)),
        ]
        found = gains(situations([10_000.0]), ACTIONS, beliefs(ACTIONS, observed(rows)), 0.9)
        covered.append(found.low[0, NOTE] <= truth * 1e4 - 120 <= found.high[0, NOTE])
    assert np.mean(covered) == pytest.approx(0.9, abs=0.04)
