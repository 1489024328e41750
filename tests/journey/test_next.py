"""What comes next: counted as it happened, learned where the truth is known, and held against published logs."""

from collections import Counter
from pathlib import Path

import ibis
import numpy as np
import pytest
from benchmarks.nextstep import PUBLISHED, held_out
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openchair.core.estimate import Estimate, Unknown
from openchair.journey.cutting import DAY_S
from openchair.journey.next import BASE, DEPTH, ENDS, SILENT_S, alike, coming, contexts, fit, foretold, standing

Ints = NDArray[np.int64]
Needs = tuple[list[list[int]], str]


def context_of(steps: list[int]) -> int:
    """The number that stands for the last steps of a need."""
    return sum((code + 1) * BASE**k for k, code in enumerate(steps[::-1][:DEPTH]))


def rows(customers: list[Needs]) -> list[dict[str, object]]:
    """Steps as the journey cuts them, for customers' needs and what became of the last, the last step first."""
    found = []
    for who, (needs, end) in enumerate(customers):
        for need, steps in enumerate(needs):
            ended = end if need + 1 == len(needs) else "back"
            turn = 0
            for k, code in enumerate(steps):
                turn += k > 0 and steps[k - 1] != code
                of = {"who": who, "need": need, "at": 100 * need + k, "turn": turn, "code": code}
                of["silence"] = SILENT_S[code] if k % 2 else 0
                found.append({**of, "end": ended if k + 1 == len(steps) else ""})
    return found[::-1]


SCHEMA = {
    "who": "int32",
    "need": "int32",
    "at": "int64",
    "turn": "int32",
    "code": "int8",
    "silence": "int32",
    "end": "string",
}
STEPS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=3)
CUSTOMERS = st.lists(st.tuples(STEPS, st.sampled_from(["lost", "open"])), min_size=1, max_size=12)


@settings(max_examples=20)
@given(CUSTOMERS)
def test_contexts_are_what_was_before_and_what_followed(customers: list[Needs]) -> None:
    """Every step counts once with the next, of this need or another, or with the loss of the customer, and with the
    silence after it; the last steps of the others are where they stand."""
    table = ibis.memtable(rows(customers), schema=ibis.schema(SCHEMA))
    engine = ibis.duckdb.connect()
    seen: Counter[tuple[int, int, int]] = Counter()
    stand: Counter[tuple[int, int]] = Counter()
    for needs, end in customers:
        steps = [(code, code + 1 if k % 2 else 0) for need in needs for k, code in enumerate(need)]
        for k, (_code, waited) in enumerate(steps):
            context = context_of([code for code, _waited in steps[: k + 1]])
            if k + 1 < len(steps):
                seen[context, waited, steps[k + 1][0] + 1] += 1
            elif end == "open":
                stand[context, waited] += 1
            else:
                seen[context, waited, ENDS] += 1
    counted = engine.to_pyarrow(contexts(table)).to_pylist()
    assert {(row["context"], row["waited"], row["follows"]): row["n"] for row in counted} == seen
    found = engine.to_pyarrow(standing(table)).to_pylist()
    assert {(row["context"], row["waited"]): row["n"] for row in found} == stand


@given(
    st.lists(st.tuples(*(st.integers(*ends) for ends in ((1, 5), (0, 5), (0, 9), (0, 5), (1, 40)))), min_size=1),
    st.randoms(use_true_random=False),
)
def test_chances_are_chances_whatever_the_order(drawn: list[tuple[int, ...]], shuffle) -> None:  # type: ignore[no-untyped-def]
    """Each row sums to 1 and nothing is impossible, also after steps never seen; the order of counts is no matter."""
    counts: Counter[tuple[int, int, int]] = Counter()
    for last, before, waited, follows, n in drawn:
        counts[last + BASE * before, waited, follows] += n
    listed = [(*key, n) for key, n in counts.items()]
    one = fit(*np.array(listed).T, codes=5)
    shuffle.shuffle(listed)
    other = fit(*np.array(listed).T, codes=5)
    asked = np.array([row[0] for row in listed] + [4 + BASE * 4 + BASE**2 * 3])
    for waited in (0, 5):
        chances = one.of(asked, np.full(len(asked), waited))
        np.testing.assert_allclose(chances.sum(axis=1), 1)
        assert (chances > 0).all()
        np.testing.assert_allclose(chances, other.of(asked, np.full(len(asked), waited)), rtol=1e-12)


def chain(rng: np.random.Generator, chances: NDArray[np.float64], n: int) -> list[Ints]:
    """Counts of steps that follow the last two by `chances` (k, k, k), as columns of contexts(..) two deep."""
    k = len(chances)
    steps = [0, 0]
    for _ in range(n):
        steps.append(int(rng.choice(k, p=chances[steps[-2], steps[-1]])))
    counted = Counter(
        (steps[i] + 1 + BASE * (steps[i - 1] + 1) + BASE**2 * (steps[i - 2] + 1), steps[i + 1] + 1)
        for i in range(2, len(steps) - 1)
    )
    return list(np.array([(context, 0, follows, m) for (context, follows), m in counted.items()]).T)


def test_a_known_truth_two_steps_deep_is_found_and_no_deeper() -> None:
    """Chances that follow from two steps are found; a third step says nothing, and is not heard."""
    rng = np.random.default_rng(5)
    truth = rng.dirichlet(np.full(4, 0.5), (4, 4))
    ahead = fit(*chain(rng, truth, 20_000), codes=4)
    asked = np.array([[b + 1 + BASE * (a + 1) for b in range(4)] for a in range(4)])
    found = ahead.of(asked.ravel(), np.zeros(16, np.int64))[:, 1:].reshape(4, 4, 4)
    assert np.abs(found - truth).max() < 0.06
    assert ahead.strengths[2] < 10 and min(ahead.strengths[3:]) > 500


def test_where_older_steps_say_nothing_shorter_contexts_are_as_good() -> None:
    """A truth of one step: on what was held out a deep model gives what came as much chance as the truth does."""
    rng = np.random.default_rng(6)
    first = rng.dirichlet(np.ones(4), 4)
    truth = np.broadcast_to(first, (4, 4, 4))
    ahead, later = fit(*chain(rng, truth, 2_000), codes=4), chain(rng, truth, 20_000)
    told = foretold(ahead, *later, commonest=1)
    exact = -(later[3] @ np.log2(first[later[0] % BASE - 1, later[2] - 1])) / later[3].sum()
    assert told.bits == pytest.approx(exact, abs=0.01)
    assert told.off < 0.02


def test_the_longer_the_silence_the_likelier_is_loss() -> None:
    """Half go on after days as chance has it, a week on average; who is silent for so long still does so with the
    chance that is left, and whoever was not is as all are."""
    rng, n = np.random.default_rng(7), 20_000
    goes = rng.random(n) < 0.5
    days = np.where(goes, rng.exponential(7, n), 400)
    waited = np.searchsorted(SILENT_S, days * DAY_S, side="right")
    counted = Counter(zip(waited.tolist(), np.where(goes, 2, ENDS).tolist(), strict=True))
    ahead = fit(*np.array([(1, waited, follows, m) for (waited, follows), m in counted.items()]).T, codes=2)
    silent = np.arange(len(SILENT_S) + 1)
    left = 0.5 * np.exp(-np.array([0, *SILENT_S]) / (7 * DAY_S))
    found = ahead.of(np.ones(len(silent), np.int64), silent)
    np.testing.assert_allclose(found[:, 2], left / (left + 0.5), atol=0.015)
    np.testing.assert_allclose(found[:, ENDS], 0.5 / (left + 0.5), atol=0.015)


def test_customers_are_told_by_what_is_likely_to_come() -> None:
    """By the step they stand at: a mean over what was before it, their loss among what may follow."""
    context = np.array([1 + BASE * 2, 1 + BASE * 2, 1 + BASE * 3, 3])
    waited, follows, n = np.zeros(4, np.int64), np.array([2, ENDS, ENDS, ENDS]), np.array([900, 100, 1000, 5])
    ahead = fit(context, waited, follows, n, codes=3)
    stand = np.array([1 + BASE * 2, 1 + BASE * 3, 3]), np.zeros(3, np.int64)
    first, second = coming(ahead, *stand, np.array([30, 10, 4]), alike((context, waited, n), *stand))
    assert (first.code, first.customers, first.follows, second.code, second.customers) == (0, 40, 1, 2, 4)
    assert isinstance(first.chance, Estimate) and isinstance(first.lost, Estimate)
    assert first.chance.value == pytest.approx(0.675, abs=0.01) and first.lost.value == pytest.approx(0.325, abs=0.01)
    assert (first.chance.n, second.follows) == (2000, None) and isinstance(second.chance, Unknown)


def test_too_few_steps_are_not_judged() -> None:
    """Below thirty held-out steps there is no share."""
    few = [np.array([1]), np.array([0]), np.array([2]), np.array([9])]
    told = foretold(fit(*few, codes=2), *few, commonest=2)
    assert isinstance(told.right, Unknown) and isinstance(told.commonest, Unknown)


@pytest.mark.parametrize(("log", "right"), [("helpdesk", 0.694), ("bpi_12_w", 0.771), ("bpi_13_incidents", 0.570)])
def test_published_logs_are_foretold_better_than_by_the_commonest_step(
    shared_data: Path, log: str, right: float
) -> None:
    """By Tax and others' rules, on cases never seen, well above the baseline; and chances of all come as they say."""
    told, every = held_out(shared_data / "process_logs" / f"{log}.parquet")
    assert log in PUBLISHED
    assert isinstance(told.right, Estimate) and isinstance(told.commonest, Estimate)
    assert told.right.value == pytest.approx(right, abs=0.001)
    assert told.right.low > told.commonest.high
    assert every.off < 0.05
