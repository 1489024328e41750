"""Off-policy estimators: the published formulas and software to the digit, known truth, and what they refuse."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.learning import offpolicy

Log = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]

LARGEST = 3.0

# What obp 0.5.7 gave once for `log(seed)`: IPW, SNIPW, DM, DR, SNDR, Switch-DR (lambda 3). It wants Python below 3.10
# and NumPy 1.23, so it cannot run beside Openchair; these are its figures, not its code.
OBP = {
    1: (43.000796013142626, 45.36207124473653, 48.66043904542517, 44.656071115365634, 44.43618181823382,
        44.077286447466626),
    2: (47.620220628754424, 48.6741579845987, 49.389840969089214, 47.681826633761666, 47.64402462258761,
        48.91323644035618),
    3: (53.67771975615631, 57.16155073000013, 49.17148187032748, 58.78495402518616, 59.40889468830349,
        51.070188176827024),
}  # fmt: skip


def log(seed: int, n: int = 500, actions: int = 6) -> Log:
    """Rewards, chances logged, actions, chances of the policy judged, and a model that is off by 20 an action."""
    rng = np.random.default_rng(seed)
    logging, policy = rng.dirichlet(np.full(actions, 1.5), n), rng.dirichlet(np.full(actions, 0.8), n)
    taken = (logging.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
    truth, row = rng.random((n, actions)), np.arange(n)
    rewards = truth[row, taken] * rng.exponential(100.0, n)
    return rewards, logging[row, taken], taken, policy, 100 * truth + rng.normal(0, 20, (n, actions))


def all_of(logged: Log) -> list[Number]:
    """Every estimator on one log, in the order of `OBP`."""
    rewards, chance, taken, policy, model = logged
    target = policy[np.arange(len(taken)), taken]
    return [
        offpolicy.ips(rewards, chance, target),
        offpolicy.snips(rewards, chance, target),
        offpolicy.direct(model, policy),
        offpolicy.doubly_robust(rewards, chance, taken, policy, model),
        offpolicy.self_normalised_doubly_robust(rewards, chance, taken, policy, model),
        offpolicy.switch_doubly_robust(rewards, chance, taken, policy, model, largest=LARGEST),
    ]


@pytest.mark.parametrize("seed", OBP)
def test_estimators_are_those_of_obp(seed: int) -> None:
    """On the same logs, to 1e-8."""
    assert [one.value for one in all_of(log(seed))] == pytest.approx(OBP[seed], abs=1e-8, rel=0)  # type: ignore[union-attr]


@given(st.integers(0, 10_000))
def test_estimators_are_the_papers_formulas(seed: int) -> None:
    """Row by row as in Saito and others (2021), on any log."""
    rewards, chance, taken, policy, model = logged = log(seed, n=60, actions=3)
    weights, ips, model_value, corrections, switched = [], [], [], [], []
    for i, action in enumerate(taken):
        weight = policy[i, action] / chance[i]
        weights.append(weight)
        ips.append(weight * rewards[i])
        model_value.append(sum(policy[i, a] * model[i, a] for a in range(3)))
        corrections.append(weight * (rewards[i] - model[i, action]))
        switched.append(corrections[-1] if weight <= LARGEST else 0.0)
    n, total = len(taken), sum(weights)
    expected = [
        sum(ips) / n,
        sum(ips) / total,
        sum(model_value) / n,
        sum(model_value) / n + sum(corrections) / n,
        sum(model_value) / n + sum(corrections) / total,
        sum(model_value) / n + sum(switched) / n,
    ]
    for found, wanted in zip(all_of(logged), expected, strict=True):
        assert isinstance(found, Unknown) or found.value == pytest.approx(wanted, abs=1e-8)


def test_intervals_cover_the_truth() -> None:
    """In 400 logs of known truth, 95% intervals hold it in 92 to 98 of 100; a wrong model's own interval does not."""
    rng, truth, logging, policy = (
        np.random.default_rng(8),
        np.array([20.0, 50.0, 80.0]),
        [0.6, 0.3, 0.1],
        [0.1, 0.3, 0.6],
    )
    model, target, n = np.tile([40.0, 40.0, 40.0], (800, 1)), np.tile(policy, (800, 1)), 800
    held = np.zeros(6)
    for _ in range(400):
        taken = rng.choice(3, n, p=logging)
        rewards = rng.exponential(truth[taken])
        told = all_of((rewards, np.array(logging)[taken], taken, target, model))
        held += [isinstance(one, Estimate) and one.low <= truth @ policy <= one.high for one in told]
    covered = dict(zip(("ips", "snips", "direct", "dr", "sndr"), held / 400, strict=False))
    assert covered.pop("direct") == 0
    assert all(0.92 <= share <= 0.98 for share in covered.values()), covered


def test_the_effective_sample_size_is_that_of_the_weights() -> None:
    """The policy that was logged has all rows; one that only ever does the rarer half has about half of them."""
    rewards, chance = np.ones(100), np.full(100, 0.5)
    same = offpolicy.ips(rewards, chance, chance)
    half = offpolicy.ips(rewards, chance, np.tile([0.0, 1.0], 50))
    assert isinstance(same, Estimate) and isinstance(half, Estimate)
    assert (same.n, half.n) == (100, pytest.approx(50))


@pytest.mark.parametrize("way", range(6))
def test_what_the_log_never_tried_is_not_known(way: int) -> None:
    """No weight at all is not a value of 0, and too little says how many more rows; the model alone does not ask."""
    rewards, chance, _, _, model = log(1, n=40, actions=2)
    taken, never = np.zeros(40, dtype=int), np.tile([0.0, 1.0], (40, 1))
    told = all_of((rewards, chance, taken, never, model))[way]
    assert isinstance(told, Estimate if way == 2 else Unknown)
    few = offpolicy.ips(rewards[:4], np.full(4, 0.5), np.full(4, 0.5))
    assert isinstance(few, Unknown) and few.needed == 6


def test_a_propensity_of_zero_names_its_row() -> None:
    """The first one, with the bound and the remedy."""
    chance = np.full(20, 0.5)
    chance[[7, 9]] = 0
    with pytest.raises(offpolicy.ZeroPropensity, match=r"row 7: got 0.0; must be above 0\. Log the chance") as caught:
        offpolicy.snips(np.ones(20), chance, chance)
    assert caught.value.row == 7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r, p, a, e, q: (r[1:], p, a, e, q), "logged"),
        (lambda r, p, a, e, q: (np.where(r == r[3], np.nan, r), p, a, e, q), "rewards, row 3"),
        (lambda r, p, a, e, q: (r, p + 1, a, e, q), "logged, row 0"),
        (lambda r, p, a, e, q: (r, -p, a, e, q), "logged, row 0"),
        (lambda r, p, a, e, q: (r, p, a + 2, e, q), "actions"),
        (lambda r, p, a, e, q: (r, p, a - 0.5, e, q), "actions"),
        (lambda r, p, a, e, q: (r, p, a, e * 0.9, q), "policy, row 0"),
        (lambda r, p, a, e, q: (r, p, a, e, q[:, :1]), "policy"),
        (lambda r, p, a, e, q: (r, p, a, e, q * np.inf), "expected, row 0"),
        (lambda r, p, a, e, q: (r[:0], p[:0], a[:0], e[:0], q[:0]), "expected"),
    ],
)
def test_a_log_that_cannot_be_is_refused(change: Callable[..., Log], said: str) -> None:
    """Shapes, what is not a number, chances that are none: by name and row."""
    with pytest.raises(BadInput, match=said):
        offpolicy.doubly_robust(*change(*log(1, n=30, actions=2)))


def test_situations_stand_for_their_rows() -> None:
    """Many rows alike: policy and model once a situation give what they give once a row, to the bit."""
    rng = np.random.default_rng(11)
    rewards, chance, taken, policy, model = log(11, n=60, actions=3)
    place = rng.integers(0, 5, 60)
    whole = all_of((rewards, chance, taken, policy[place], model[place]))
    alike = [
        offpolicy.direct(model[:5], policy[:5], place),
        offpolicy.doubly_robust(rewards, chance, taken, policy[:5], model[:5], place),
        offpolicy.self_normalised_doubly_robust(rewards, chance, taken, policy[:5], model[:5], place),
    ]
    assert alike == whole[2:5]
    with pytest.raises(BadInput, match="situations"):
        offpolicy.doubly_robust(rewards, chance, taken, policy[:5], model[:5], place + 4)


def test_rows_of_one_customer_are_one_case() -> None:
    """Each row ten times over tells nothing more: with clusters the interval stays, without it is three times as
    narrow."""
    rng = np.random.default_rng(12)
    rewards, chance, target = rng.exponential(1, 400), np.full(400, 0.5), rng.choice([0.3, 0.7], 400)
    plain = offpolicy.ips(rewards, chance, target)
    again = [np.tile(one, 10) for one in (rewards, chance, target)]
    clustered, naive = offpolicy.ips(*again, clusters=np.tile(np.arange(400), 10)), offpolicy.ips(*again)
    for told in (plain, clustered, naive):
        assert isinstance(told, Estimate)
    assert (clustered.value, clustered.low, clustered.n) == pytest.approx((plain.value, plain.low, plain.n))
    assert naive.high - naive.low == pytest.approx((plain.high - plain.low) / np.sqrt(10), rel=0.01)


def test_a_policy_is_compared_row_by_row() -> None:
    """The policy that was logged is better than itself by nothing, and surely so; the log's own noise is left out."""
    rng = np.random.default_rng(13)
    rewards, chance = 100 + rng.normal(0, 1, 500), rng.choice([0.4, 0.6], 500)
    same = offpolicy.ips(rewards, chance, chance, over=rewards)
    assert isinstance(same, Estimate) and (same.value, same.low, same.high) == (0, 0, 0)
    with pytest.raises(BadInput, match="over"):
        offpolicy.ips(rewards, chance, chance, over=rewards[1:])


def test_an_interval_for_many_looks_holds_at_all_of_them() -> None:
    """Two policies as good as each other, looked at after every forty rows: one is seen to be better in at most 5 of
    100 logs, where an interval for one look sees so in more than 15."""
    rng = np.random.default_rng(14)
    alarms = np.zeros(2)
    for _ in range(120):
        rewards, taken = rng.exponential(1, 2_000), rng.integers(0, 2, 2_000)
        target = np.where(taken == 1, 0.8, 0.2)
        seen = np.zeros(2, dtype=bool)
        for n in range(200, 2_001, 40):
            rows = (rewards[:n], np.full(n, 0.5), target[:n])
            often = offpolicy.ips(*rows, over=rewards[:n], tuned_for=1 / np.sqrt(1_000))
            once = offpolicy.ips(*rows, over=rewards[:n])
            seen |= [isinstance(one, Estimate) and not one.low <= 0 <= one.high for one in (often, once)]
        alarms += seen
    assert alarms[0] <= 6 and alarms[1] > 18, alarms


def test_the_example_in_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a plain file of decisions, as it stands there."""
    rng = np.random.default_rng(15)
    columns = {"reward": rng.exponential(1, 300), "chance_logged": np.full(300, 0.5)}
    columns |= {"chance_other": rng.choice([0.2, 0.8], 300), "customer": rng.integers(0, 60, 300).astype(str)}
    csv.write_csv(pa.table(columns), tmp_path / "log.csv")
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "learning.md").read_text(encoding="utf-8")
    example = page.partition("**On any log**")[2].partition("\n\n")[2].partition("\n\nEqual")[0]
    code = dedent(example).replace("print", "told.append")
    told: list[Number] = []
    exec(code, {"told": told})
    assert len(told) == 3 and all(isinstance(one, Estimate) for one in told)
