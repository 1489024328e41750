"""Learning together: planted truth is found, little evidence is shrunk, and no order or batching changes anything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from openchair.core.errors import BadInput
from openchair.decisions.choice import SHARPNESS, Gains, choose
from openchair.learning.hierarchical import (
    Belief,
    Prior,
    Spreads,
    Sums,
    alone,
    expected,
    fitted,
    hoped,
    learn,
    sums,
    update,
)

SPREADS = Spreads(noise=1.0, all=0.3, pillar=0.5, action=0.2, person=0.4)
PILLAR = np.array([0, 0, 0, 1, 1, 2])


def prior(d: int = 3, spreads: Spreads = SPREADS) -> Prior:
    return Prior(np.full((len(PILLAR), d), 0.1), PILLAR, spreads)


def world(seed: int, n: int, customers: int, held: Prior, actions: int | None = None) -> dict[str, np.ndarray]:
    """A truth drawn from the prior, and n outcomes of it of the first actions."""
    rng = np.random.default_rng(seed)
    number, d = held.mean.shape
    theta = held.mean + (held.root @ rng.normal(size=number * d)).reshape(number, d)
    own = rng.normal(0, held.spreads.person, (customers, held.pillars))
    customer, action = rng.integers(0, customers, n), rng.integers(0, actions or number, n)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, d - 1))])
    y = (x * theta[action]).sum(axis=1) + own[customer, PILLAR[action]] + rng.normal(0, held.spreads.noise, n)
    return {"theta": theta, "own": own, "customer": customer, "action": action, "x": x, "y": y}


def seen(held: Prior, of: dict[str, np.ndarray], customers: int, rows: slice | np.ndarray = slice(None)) -> Sums:
    return sums(held, customers, *(of[name][rows] for name in ("customer", "action", "x", "y")))


def same(one: Belief, other: Belief, tolerance: float) -> bool:
    pairs = ((one.mean, other.mean), (one.cov, other.cov), (one.n, other.n), (one.evidence, other.evidence))
    return all(np.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in pairs)


def test_the_posterior_is_that_of_the_whole_normal_model() -> None:
    """By the textbook: condition the joint normal of all effects, customers' too, on every outcome one by one."""
    held, customers = prior(2), 5
    of = world(1, 40, customers, held)
    number, d = held.mean.shape
    design = np.zeros((40, number * d + customers * 3))
    for j in range(40):
        a, i = of["action"][j], of["customer"][j]
        design[j, a * d : (a + 1) * d] = of["x"][j]
        design[j, number * d + i * 3 + PILLAR[a]] = 1
    before = np.zeros((design.shape[1],) * 2)
    before[: number * d, : number * d] = held.root @ held.root.T
    before[number * d :, number * d :] = np.eye(customers * 3) * 0.4**2
    mean = np.concatenate([held.mean.ravel(), np.zeros(customers * 3)])
    of_y = design @ before @ design.T + np.eye(40)
    weight = before @ design.T @ np.linalg.inv(of_y)
    after, cov = mean + weight @ (of["y"] - design @ mean), before - weight @ design @ before
    found = learn(held, seen(held, of, customers))
    assert found.mean.ravel() == pytest.approx(after[: number * d])
    assert found.cov == pytest.approx(cov[: number * d, : number * d])
    assert found.evidence == pytest.approx(multivariate_normal(design @ mean, of_y).logpdf(of["y"]))
    x = np.random.default_rng(2).normal(size=(customers, d))
    told = expected(found, x, seen(held, of, customers).people)
    for i in range(customers):
        for a in range(number):
            one = np.zeros(len(mean))
            one[a * d : (a + 1) * d], one[number * d + i * 3 + PILLAR[a]] = x[i], 1
            assert told.mean[i, a] == pytest.approx(one @ after)
            assert told.sd[i, a] == pytest.approx(np.sqrt(one @ cov @ one))


def test_without_outcomes_belief_is_the_prior() -> None:
    """Mean, spread and number; and there is nothing to fit spreads by."""
    held = prior()
    nothing = seen(held, world(1, 0, 4, held), 4)
    found = learn(held, nothing)
    assert (found.mean == held.mean).all() and not found.n.any() and found.evidence == 0
    assert found.cov == pytest.approx(held.root @ held.root.T)
    assert fitted(held, nothing) is held
    told = expected(found, np.array([[1.0, 0, 0]]), found.people(1))
    assert told.mean == pytest.approx(np.full((1, 6), 0.1))
    assert told.sd == pytest.approx(np.full((1, 6), np.sqrt(0.3**2 + 0.5**2 + 0.2**2 + 0.4**2)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 80), st.integers(1, 8))
def test_one_outcome_at_a_time_is_all_at_once(seed: int, n: int, customers: int) -> None:
    """To 1e-9, whatever the order, and whichever parts are summed first."""
    held = prior()
    of = world(seed, n, customers, held)
    whole = learn(held, seen(held, of, customers))
    order = np.random.default_rng(seed).permutation(n)
    online, people = learn(held, seen(held, of, customers, order[:0])), seen(held, of, customers, order[:0]).people
    for j in order:
        mine = people.of(of["customer"][[j]])
        x, z, one = alone(held, of["action"][[j]], of["x"][[j]])
        online = update(online, mine, x, z, of["y"][[j]], one)
        people += seen(held, of, customers, np.array([j])).people
    assert same(online, whole, 1e-9)
    parts = seen(held, of, customers, order[: n // 2]) + seen(held, of, customers, order[n // 2 :])
    assert same(learn(held, parts), whole, 1e-9)


@pytest.mark.parametrize("many", [40, 700])
def test_outcomes_of_many_customers_at_once_are_as_one_by_one(many: int) -> None:
    """In any parts, and whatever is known of these customers: to 1e-9 what learning from all of it gives."""
    held = prior()
    before, after = world(5, 900, many, held), world(6, many, many, held)
    after["customer"] = np.random.default_rng(7).permutation(many)
    known = seen(held, before, many)
    people, (x, z, n) = known.people.of(after["customer"]), alone(held, after["action"], after["x"])
    online = update(learn(held, known), people, x, z, after["y"], n)
    assert same(online, learn(held, known + seen(held, after, many)), 1e-9)


def test_planted_effects_are_found() -> None:
    """With 20,000 outcomes each effect is within .15 of the truth, and customers' own follow theirs."""
    held = prior()
    of = world(3, 20_000, 400, held)
    all_ = seen(held, of, 400)
    found = learn(held, all_)
    assert np.abs(found.mean - of["theta"]).max() < 0.15
    told = expected(found, np.tile([1.0, 0, 0], (400, 1)), all_.people)
    own = told.mean - found.mean[:, 0]
    assert np.corrcoef(own[:, [0, 3, 5]].ravel(), of["own"].ravel())[0, 1] > 0.8


def test_intervals_cover_at_their_rate() -> None:
    """Where truth comes from the prior, 80% intervals hold it 80 times in 100: over actions, customers and worlds."""
    held, inside = prior(), []
    for seed in range(100):
        of = world(seed, 60, 10, held)
        all_ = seen(held, of, 10)
        x = np.tile([1.0, 0.5, -0.5], (10, 1))
        told = expected(learn(held, all_), x, all_.people)
        truth = x @ of["theta"].T + of["own"][:, PILLAR]
        inside.append(((told.low <= truth) & (truth <= told.high)).mean())
    assert np.mean(inside) == pytest.approx(0.8, abs=0.03)


def test_a_new_action_starts_from_its_pillar() -> None:
    """Of the last action of pillar 1 nothing was seen: it is believed to be as its pillar's other, less surely."""
    held = Prior(np.zeros((4, 1)), np.array([0, 0, 1, 1]), Spreads(1.0, 0.01, 1.0, 0.3, 0.01))
    n = 4_000
    action, rng = np.arange(n) % 3, np.random.default_rng(4)
    y = np.array([-1.0, -1.0, 2.0])[action] + rng.normal(size=n)
    found = learn(held, sums(held, n, np.arange(n), action, np.ones((n, 1)), y))
    assert found.mean[:, 0] == pytest.approx([-1, -1, 1.83, 1.83 * 1 / 1.09], abs=0.2)
    assert np.sqrt(np.diag(found.cov))[3] > 0.3 > 5 * np.sqrt(np.diag(found.cov))[2]
    assert found.n[3] == 0


def test_few_outcomes_are_drawn_to_the_pillar_and_many_are_not() -> None:
    """An action seen to bring 3 in one that otherwise brings 0: the more often, the nearer to 3."""
    held = Prior(np.zeros((3, 1)), np.zeros(3, np.int64), Spreads(1.0, 0.1, 0.1, 0.5, 0.1))
    means = []
    for n in (1, 10, 1_000):
        action = np.concatenate([np.zeros(500, np.int64), np.ones(500, np.int64), np.full(n, 2)])
        y = np.where(action == 2, 3.0, 0.0)
        found = learn(held, sums(held, len(y), np.arange(len(y)), action, np.ones((len(y), 1)), y))
        means.append(found.mean[2, 0])
    assert 0 < means[0] < 1 < means[1] < means[2]
    assert means[2] == pytest.approx(3, abs=0.05)


def test_spreads_are_found_from_the_outcomes() -> None:
    """Planted noise and differences between customers, from guesses three times off; the evidence never falls."""
    wide = Prior(np.zeros((6, 3)), PILLAR, SPREADS)
    of = world(6, 6_000, 300, wide)
    guess = Prior(wide.mean, PILLAR, Spreads(3.0, 0.1, 0.17, 0.6, 0.13))
    all_ = seen(wide, of, 300)
    found = fitted(guess, all_)
    assert found.spreads.noise == pytest.approx(1.0, rel=0.05)
    assert found.spreads.person == pytest.approx(0.4, rel=0.15)
    assert 0.05 < found.spreads.action < 0.5
    assert learn(found, all_).evidence > learn(guess, all_).evidence


def test_chances_follow_exactly_from_what_is_believed() -> None:
    """Inverse-gap weighting reads it as it is: chances sum to 1, each has its floor, the best the largest."""
    held = prior()
    of = world(8, 500, 20, held)
    all_ = seen(held, of, 20)
    told = expected(learn(held, all_), np.tile([1.0, 0, 0], (20, 1)), all_.people)
    codes = np.where(told.mean < 0, 9, 0).astype(np.int16)
    chances = choose(told, codes, floor=0.06).probabilities
    assert chances.sum(axis=1) == pytest.approx(1)
    assert (chances[:, :-1][codes == 0] >= 0.06 / 7).all() and (chances[:, -1] >= 0.06 / 7).all()
    best = np.column_stack([np.where(codes == 0, told.mean, -np.inf), np.zeros(20)]).argmax(axis=1)
    assert (chances.argmax(axis=1) == best).all()


def test_what_is_not_known_is_tried_before_what_is_known_to_be_bad() -> None:
    """Of two actions expected to bring half of the best, the unsure one is likelier; less so as outcomes come in."""
    told = Gains(np.array([[10.0, 5.0, 5.0, -9.0]]), np.array([[1.0, 1.0, 4.0, 2.0]]), np.zeros((1, 4)))
    open_ = np.zeros((1, 4), np.int16)
    sharpnesses, chances = [], []
    for outcomes in (0, 1_000):
        gains, sharpness = hoped(told, outcomes)
        sharpnesses.append(sharpness)
        chances.append(choose(gains, open_, sharpness=sharpness).probabilities[0])
    for early in chances:
        assert early.sum() == pytest.approx(1) and early.min() >= 0.02 / 5
        assert early[0] > early[2] > early[1] > early[3] == early[4]
    assert chances[1][2] < chances[0][2] and sharpnesses[0] == SHARPNESS < sharpnesses[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_outcome_is_a_number(bad: float) -> None:
    """One that is none is refused, summed or on its own, before anything is made of it."""
    held, one = prior(1), np.zeros(1, np.int64)
    with pytest.raises(BadInput, match=f"^outcome: got {bad}; must be finite"):
        sums(held, 1, one, one, np.ones((1, 1)), np.array([bad]))
    belief = learn(held, sums(held, 1, one[:0], one[:0], np.ones((0, 1)), np.zeros(0)))
    with pytest.raises(BadInput, match=f"^features of an outcome: got {bad}"):
        x, z, n = alone(held, one, np.array([[bad]]))
        update(belief, belief.people(1), x, z, np.ones(1), n)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_spreads_are_above_zero(bad: float) -> None:
    """The error says so."""
    with pytest.raises(BadInput, match="finite numbers above 0"):
        prior(spreads=Spreads(bad, 1, 1, 1, 1))
