"""The choice: exact chances, a floor under each, and a draw that follows them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openchair.core.errors import BadInput
from openchair.decisions.choice import Gains, choose, draw
from openchair.decisions.reasons import COSTS_MORE, LAST_RESORT

SHAPE = (6, 5)
gains_of_any_size = arrays(np.float64, SHAPE, elements=st.floats(-1e6, 1e9, allow_subnormal=False))
codes_of_any_kind = arrays(np.int16, SHAPE, elements=st.sampled_from([0, 0, 0, 5, 33]))


def gains(mean: np.ndarray) -> Gains:
    return Gains(mean, np.ones_like(mean), np.zeros_like(mean))


@given(gains_of_any_size, codes_of_any_kind, st.floats(0, 1e4), st.floats(0, 1))
def test_chances_are_a_distribution_with_a_floor(mean, codes, sharpness, floor) -> None:
    """They sum to 1, what is ruled out has none, and each candidate has at least its share of the floor."""
    chosen = choose(gains(mean), codes, sharpness=sharpness, floor=floor)
    chance, out = chosen.probabilities, chosen.codes != 0
    assert np.abs(chance.sum(axis=1) - 1).max() <= 1e-12
    assert (chance[:, :-1][out] == 0).all()
    candidates = 1 + (~out).sum(axis=1, keepdims=True)
    least = np.broadcast_to(floor / candidates, chance.shape)
    assert (chance[:, :-1] >= least[:, :-1] - 1e-12)[~out].all()
    assert (chance[:, -1] >= least[:, -1] - 1e-12).all()
    assert ((codes != 0) <= out).all()


@given(gains_of_any_size, codes_of_any_kind)
def test_what_costs_more_than_it_brings_is_never_done(mean, codes) -> None:
    """An action of negative gain is ruled out with its reason: never more likely than waiting."""
    chosen = choose(gains(mean), codes)
    harmful = (codes == 0) & (mean < 0)
    assert (chosen.codes[harmful] == COSTS_MORE).all()
    assert (chosen.probabilities[:, :-1][harmful] == 0).all()
    assert (chosen.codes[~harmful] == codes[~harmful]).all()


@given(gains_of_any_size, codes_of_any_kind, arrays(np.bool_, 5))
def test_a_discount_is_the_last_resort(mean, codes, discounts) -> None:
    """It has a chance only where nothing else that is permitted is expected to bring anything."""
    chosen = choose(gains(mean), codes, discounts=discounts)
    serves = ((codes == 0) & (mean > 0))[:, ~discounts].any(axis=1)
    assert (chosen.probabilities[:, :-1][serves][:, discounts] == 0).all()
    assert (chosen.codes[serves][:, discounts] != 0).all()
    plain = choose(gains(mean), codes)
    np.testing.assert_array_equal(chosen.probabilities[~serves], plain.probabilities[~serves])
    assert set(np.unique(chosen.codes[chosen.codes != plain.codes])) <= {LAST_RESORT}


@given(gains_of_any_size, codes_of_any_kind, st.integers(0, 4), st.floats(0, 1e9))
def test_more_gain_never_means_less_chance(mean, codes, action, more) -> None:
    """Raising what one action brings never lowers its chance, and never raises another's."""
    before = choose(gains(mean), codes).probabilities
    richer = mean.copy()
    richer[:, action] += more
    after = choose(gains(richer), codes).probabilities
    assert (after[:, action] >= before[:, action] - 1e-12).all()


@given(gains_of_any_size, codes_of_any_kind, st.integers(0, SHAPE[1] - 1), st.sampled_from([0.3, 0.6, 1.5]))
def test_a_weight_moves_chances_as_that_gain_would(mean, codes, action, weight) -> None:
    """A weight is the same as so many times the gain, opens nothing and rules out nothing; 1 each changes nothing."""
    weights = np.ones(SHAPE[1])
    assert (choose(gains(mean), codes, weights=weights).probabilities == choose(gains(mean), codes).probabilities).all()
    weights[action] = weight
    weighed = choose(gains(mean), codes, weights=weights)
    assert (weighed.probabilities == choose(gains(mean * weights), codes).probabilities).all()
    assert (weighed.codes == choose(gains(mean), codes).codes).all()


@given(gains_of_any_size, codes_of_any_kind)
def test_the_better_of_two_is_the_likelier(mean, codes) -> None:
    """Within a situation, chances are in the order of gains."""
    chosen = choose(gains(mean), codes)
    for row in range(SHAPE[0]):
        open_ = np.flatnonzero(chosen.codes[row] == 0)
        order = open_[np.argsort(mean[row, open_])]
        assert (np.diff(chosen.probabilities[row, order]) >= -1e-12).all()


@given(gains_of_any_size, codes_of_any_kind, st.permutations(range(5)), st.permutations(range(6)))
def test_the_order_of_actions_and_situations_changes_nothing(mean, codes, columns, rows) -> None:
    """Chances belong to the action, not to its place in the catalogue."""
    chance = choose(gains(mean), codes).probabilities
    columns, rows = np.array(columns), np.array(rows)
    turned = choose(gains(mean[rows][:, columns]), codes[rows][:, columns]).probabilities
    np.testing.assert_allclose(turned, chance[rows][:, [*columns, 5]], atol=1e-12)


def test_a_shop_in_yen_explores_as_one_in_euros() -> None:
    """Multiplying all money by a hundred changes no chance."""
    mean, codes = np.array([[100.0, 400.0, 350.0, 20.0]]), np.zeros((1, 4), np.int16)
    euros, yen = (choose(gains(mean * unit), codes).probabilities for unit in (1, 100))
    np.testing.assert_allclose(euros, yen, rtol=1e-12)


def test_inverse_gap_weighting_by_hand() -> None:
    """Gains 100 and 50, waiting 0, sharpness 10: 1/(3 + 10 x .5), 1/(3 + 10 x 1), and the rest for the best."""
    chance = choose(gains(np.array([[100.0, 50.0]])), np.zeros((1, 2), np.int16), sharpness=10, floor=0).probabilities[
        0
    ]
    np.testing.assert_allclose(chance, [1 - 1 / 8 - 1 / 13, 1 / 8, 1 / 13], rtol=1e-15)


def test_with_nothing_permitted_we_wait() -> None:
    """Certainty: the chance of waiting is 1, also where there is no action at all."""
    assert choose(gains(np.array([[5.0, -1.0]])), np.array([[4, 0]], np.int16)).probabilities.tolist() == [[0, 0, 1]]
    assert choose(gains(np.zeros((2, 0))), np.zeros((2, 0), np.int16)).probabilities.tolist() == [[1], [1]]


@given(gains_of_any_size, codes_of_any_kind, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30))
def test_what_is_ruled_out_is_never_drawn(mean, codes, numbers) -> None:
    """Whatever the number, also the largest below 1, what is drawn had a chance, and it is the one that is logged."""
    chosen = choose(gains(mean), codes)
    u = np.array([*numbers, 0.0, np.nextafter(1, 0)])
    for situation in range(SHAPE[0]):
        inverse = np.full(len(u), situation)
        action, propensity = draw(chosen.probabilities, inverse, u)
        assert (propensity > 0).all()
        assert (propensity == chosen.probabilities[situation, action]).all()


def test_a_number_just_below_one_draws_what_has_a_chance() -> None:
    """Rounding in the sums never falls through to a last column without a chance."""
    chance = np.array([[0.1] * 10 + [0.0, 0.0]])
    assert draw(chance, np.zeros(1, np.int64), np.array([np.nextafter(1, 0)]))[0].tolist() == [9]


def test_frequencies_match_propensities() -> None:
    """Over 400,000 draws each action comes as often as was logged, within four standard errors."""
    rng = np.random.default_rng(11)
    chance = choose(gains(rng.normal(50, 80, (4, 6))), np.zeros((4, 6), np.int16)).probabilities
    inverse = np.repeat(np.arange(4), 100_000)
    action, _ = draw(chance, inverse, rng.random(len(inverse)))
    seen = np.stack([np.bincount(action[inverse == k], minlength=7) / 100_000 for k in range(4)])
    error = np.sqrt(chance * (1 - chance) / 100_000)
    assert (np.abs(seen - chance) <= 4 * error + 1e-12).all()


def test_the_order_of_customers_changes_nothing() -> None:
    """A customer's draw follows from their own number and situation."""
    rng = np.random.default_rng(2)
    chance = choose(gains(rng.normal(50, 80, (4, 6))), np.zeros((4, 6), np.int16)).probabilities
    inverse, u, turned = rng.integers(0, 4, 1000), rng.random(1000), rng.permutation(1000)
    assert (draw(chance, inverse, u)[0][turned] == draw(chance, inverse[turned], u[turned])[0]).all()


def test_many_situations_are_chosen_as_one_is() -> None:
    """Working in blocks changes nothing: the chances of a situation do not depend on the others."""
    mean = np.random.default_rng(8).normal(0, 100, (70_000, 3))
    codes = np.zeros(mean.shape, np.int16)
    chance = choose(gains(mean), codes).probabilities
    for row in (0, 65_535, 65_536, 69_999):
        alone = choose(gains(mean[row : row + 1]), codes[row : row + 1]).probabilities
        np.testing.assert_array_equal(alone[0], chance[row])


def test_impossible_settings_are_refused_in_words() -> None:
    """Each error names the value and the bound."""
    one, codes = gains(np.ones((1, 1))), np.zeros((1, 1), np.int16)
    with pytest.raises(BadInput, match="floor: got 1\\.5; must be from 0 to 1"):
        choose(one, codes, floor=1.5)
    with pytest.raises(BadInput, match="sharpness: got -1"):
        choose(one, codes, sharpness=-1)
    with pytest.raises(BadInput, match="gain of action 0 in situation 0: got nan"):
        choose(gains(np.full((1, 1), np.nan)), codes)
