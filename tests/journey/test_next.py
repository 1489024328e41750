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
from openchair.journey.next import BASE, DEPTH, ENDS, coming, contexts, fit, foretold, standing

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
                found.append({**of, "end": ended if k + 1 == len(steps) else ""})
    return found[::-1]


SCHEMA = {"who": "int32", "need": "int32", "at": "int64", "turn": "int32", "code": "int8", "end": "string"}
STEPS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=3)
CUSTOMERS = st.lists(st.tuples(STEPS, st.sampled_from(["lost", "open"])), min_size=1, max_size=12)


@settings(max_examples=20)
@given(CUSTOMERS)
def test_contexts_are_what_was_before_and_what_followed(customers: list[Needs]) -> None:
    """Every step counts once with the next, of this need or another, or with the loss of the customer; the last steps
    of the others are where they stand."""
    table = ibis.memtable(rows(customers), schema=ibis.schema(SCHEMA))
    engine = ibis.duckdb.connect()
    seen: Counter[tuple[int, int]] = Counter()
    stand: Counter[int] = Counter()
    for needs, end in customers:
        steps = [code for need in needs for code in need]
        for k in range(len(steps)):
            context = context_of(steps[: k + 1])
            if k + 1 < len(steps):
                seen[context, steps[k + 1] + 1] += 1
            elif end == "open":
                stand[context] += 1
            else:
                seen[context, ENDS] += 1
    counted = engine.to_pyarrow(contexts(table)).to_pylist()
    assert {(row["context"], row["follows"]): row["n"] for row in counted} == seen
    assert {row["context"]: row["n"] for row in engine.to_pyarrow(standing(table)).to_pylist()} == stand


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 5), st.integers(1, 40)), min_size=1),
    st.randoms(use_true_random=False),
)
def test_chances_are_chances_whatever_the_order(drawn: list[tuple[int, int, int, int]], shuffle) -> None:  # type: ignore[no-untyped-def]
    """Each row sums to 1 and nothing is impossible, also after steps never seen; the order of counts is no matter."""
    counts: Counter[tuple[int, int]] = Counter()
    for last, before, follows, n in drawn:
        counts[last + BASE * before, follows] += n
    listed = [(context, follows, n) for (context, follows), n in counts.items()]
    one = fit(*np.array(listed).T, codes=5)
    shuffle.shuffle(listed)
    other = fit(*np.array(listed).T, codes=5)
    asked = np.array([c for c, _, _ in listed] + [4 + BASE * 4 + BASE**2 * 3])
    chances = one.of(asked)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert (chances > 0).all()
    np.testing.assert_allclose(chances, other.of(asked), rtol=1e-12)


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
    return list(np.array([(context, follows, m) for (context, follows), m in counted.items()]).T)


def test_a_known_truth_two_steps_deep_is_found_and_no_deeper() -> None:
    """Chances that follow from two steps are found; a third step says nothing, and is not heard."""
    rng = np.random.default_rng(5)
    truth = rng.dirichlet(np.full(4, 0.5), (4, 4))
    ahead = fit(*chain(rng, truth, 20_000), codes=4)
    asked = np.array([[b + 1 + BASE * (a + 1) for b in range(4)] for a in range(4)])
    found = ahead.of(asked.ravel())[:, 1:].reshape(4, 4, 4)
    assert np.abs(found - truth).max() < 0.06
    assert ahead.strengths[1] < 10 and min(ahead.strengths[2:]) > 500


def test_where_older_steps_say_nothing_shorter_contexts_are_as_good() -> None:
    """A truth of one step: on what was held out a deep model gives what came as much chance as the truth does."""
    rng = np.random.default_rng(6)
    first = rng.dirichlet(np.ones(4), 4)
    truth = np.broadcast_to(first, (4, 4, 4))
    ahead, later = fit(*chain(rng, truth, 2_000), codes=4), chain(rng, truth, 20_000)
    told = foretold(ahead, *later, commonest=1)
    exact = -(later[2] @ np.log2(first[later[0] % BASE - 1, later[1] - 1])) / later[2].sum()
    assert told.bits == pytest.approx(exact, abs=0.01)
    assert told.off < 0.02


def test_customers_are_told_by_what_is_likely_to_come() -> None:
    """By the step they stand at: a mean over what was before it, their loss among what may follow."""
    context = np.array([1 + BASE * 2, 1 + BASE * 2, 1 + BASE * 3, 3])
    follows, n = np.array([2, ENDS, ENDS, ENDS]), np.array([900, 100, 1000, 5])
    ahead = fit(context, follows, n, codes=3)
    learned = np.bincount(context % BASE, n, 4)
    first, second = coming(ahead, np.array([1 + BASE * 2, 1 + BASE * 3, 3]), np.array([30, 10, 4]), learned)
    assert (first.code, first.customers, first.follows, second.code, second.customers) == (0, 40, 1, 2, 4)
    assert isinstance(first.chance, Estimate) and isinstance(first.lost, Estimate)
    assert first.chance.value == pytest.approx(0.675, abs=0.01) and first.lost.value == pytest.approx(0.325, abs=0.01)
    assert second.follows is None and isinstance(second.chance, Unknown)


def test_too_few_steps_are_not_judged() -> None:
    """Below thirty held-out steps there is no share."""
    few = [np.array([1]), np.array([2]), np.array([9])]
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
