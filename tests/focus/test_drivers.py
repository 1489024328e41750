"""Drivers by known truth: planted ones are found in their order, and of nothing nothing is said."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.focus.conftest import NAMES, SLOPES, people, planted

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.focus import drivers

TRUE = drivers.lmg(planted())


def found(seed: int, n: int, missing: str = "", **more) -> drivers.Drivers:
    rng = np.random.default_rng(seed)
    told = drivers.find(people(rng, n, missing), NAMES, rng, **{"draws": 300, "confidence": 0.9} | more)
    assert isinstance(told, drivers.Drivers)
    return told


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["", "mcar", "mar"])
def test_intervals_hold_the_truth_as_often_as_they_say(missing):
    """Importance at nine in ten, also where answers are missing by chance or by what else was answered."""
    runs = [found(seed, 300, missing) for seed in range(40)]
    held = [
        one.importance.low <= TRUE[NAMES.index(one.name)] <= one.importance.high
        for run in runs for one in run.drivers
    ]  # fmt: skip
    assert np.mean(held) == pytest.approx(0.9, abs=0.06)
    ranked = [one.rank.low <= 1 + NAMES.index(one.name) <= one.rank.high for run in runs for one in run.drivers]
    assert np.mean(ranked) >= 0.9
    assert np.mean([run.drivers[0].name == "quality" for run in runs]) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["mcar", "mar"])
def test_nobody_is_dropped_and_nothing_is_bent_by_who_is_silent(missing):
    """The mean over many shops is the truth; leaving out whoever left anything out would be far off under MAR."""
    runs = [found(seed, 400, missing, draws=50) for seed in range(16)]
    assert all(run.n == 400 for run in runs)
    mean = np.mean([[_of(run, name).slope for name in NAMES] for run in runs], axis=0)
    true = SLOPES / np.sqrt(planted()[-1, -1])
    assert mean == pytest.approx(true, abs=0.04)


def _of(told: drivers.Drivers, name: str) -> drivers.Driver:
    return next(one for one in told.drivers if one.name == name)


def test_a_planted_order_is_recovered():
    """With enough people the drivers come in the order they were planted in."""
    assert [one.name for one in found(1, 4000).drivers] == list(NAMES)


def test_where_nothing_matters_nothing_is_important():
    """Over all drivers together, one shop in twenty may be told otherwise."""
    wrong = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        rows = people(rng, 100)
        rows[:, -1] = rng.normal(size=100)
        wrong += any(one.important for one in drivers.find(rows, NAMES, rng, draws=100).drivers)
    assert wrong <= 8


@pytest.mark.slow
def test_what_few_answered_is_held_against_few():
    """Nine in ten left five drivers out: a chance correlation of the few is not taken for that of all."""
    wrong = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = people(rng, 1000)
        rows[100:, :5], rows[:, -1] = np.nan, rng.random(1000) > 0.3
        rows = np.column_stack([rng.normal(size=(1000, 2)), rows])
        told = drivers.find(rows, ["all", "heard", *NAMES], rng, draws=60)
        wrong += any(one.important for one in told.drivers)
    assert wrong <= 4


def test_no_driver_is_important_whose_interval_says_otherwise():
    """Important means above what chance gives, with the interval's lower end too."""
    for seed in range(10):
        told = found(seed, 120)
        for one in told.drivers:
            assert not one.important or (one.importance.value > told.chance and one.importance.low > 0)


def test_what_only_hurts_when_bad_is_told_from_what_only_delights():
    """Penalty and reward are found where they were planted, with the intervals of the straight driver alike."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1500, 3))
    y = np.minimum(x[:, 0], 0) + np.maximum(x[:, 1], 0) + 0.5 * x[:, 2] + rng.normal(size=1500) / 2
    told = drivers.find(np.column_stack([x, y]), ["basic", "delight", "straight"], rng, draws=300)
    shapes = {one.name: one.shape for one in told.drivers}
    assert shapes == {"basic": "hurts when bad", "delight": "delights when good", "straight": "both ways"}


def test_equal_people_count_as_often_as_they_are():
    """A row with a count is that many people."""
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 6, (80, 4)).astype(float)
    times = rng.integers(1, 4, 80)
    once = drivers.find(rows, list("abc"), np.random.default_rng(1), counts=times, draws=50)
    each = drivers.find(np.repeat(rows, times, axis=0), list("abc"), np.random.default_rng(1), draws=50)
    assert once.n == each.n
    assert [(a.name, round(a.importance.value, 9), a.mean) for a in once.drivers] == [
        (a.name, round(a.importance.value, 9), pytest.approx(a.mean)) for a in each.drivers
    ]


def test_stated_stands_beside_derived():
    """What people say matters and what goes with the outcome are shown side by side, with how far they agree."""
    told = found(2, 400, stated={"quality": 5.0, "service": 4.0, "price": 3.0, "place": 2.0})
    assert told.agreement == pytest.approx(1.0)
    assert _of(told, "price").stated == 3.0 and _of(told, "noise").stated is None


def test_too_little_is_unknown():
    """Fewer than thirty answers, an outcome that never varies, drivers nobody answered: said, not guessed."""
    rng = np.random.default_rng(0)
    few = drivers.find(people(rng, 29), NAMES, rng)
    assert few == Unknown("29 answers", needed=1)
    same = people(rng, 50)
    same[:, -1] = 7
    assert isinstance(drivers.find(same, NAMES, rng), Unknown)
    rows = people(rng, 200)
    rows[:180, 0], rows[180:, 1], rows[:, 2] = np.nan, np.nan, 1.0
    told = drivers.find(rows, NAMES, rng, draws=50)
    assert set(told.left) == {"quality", "price"} and {one.name for one in told.drivers} == {
        "service",
        "place",
        "noise",
    }


def test_answers_of_any_shape_give_finite_figures():
    """Few at the ends of a scale, twins, sums of others, ones and zeros, answers missing: never a crash, never NaN."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.choice([1.0, 2.0, 3.0], (45, 4), p=[0.25, 0.5, 0.25])
        x = np.column_stack([x, x[:, 0], x[:, 1] + x[:, 2], rng.random(45) < 0.3])
        y = np.round(x[:, 0] + rng.normal(size=45))
        if seed % 2:
            x[rng.random(x.shape) < 0.1] = np.nan
        told = drivers.find(np.column_stack([x, y]), list("abcdefg"), rng, draws=400)
        assert isinstance(told, drivers.Drivers)
        for one in told.drivers:
            figures = [one.importance, one.rank, one.goes_with, *(n for n in (one.hurts, one.delights))]
            for number in figures:
                assert isinstance(number, Unknown) or np.isfinite([number.value, number.low, number.high]).all()


@pytest.mark.parametrize(
    ("rows", "names", "more"),
    [(np.ones((40, 3)), ["a"], {}), (np.full((40, 2), np.inf), ["a"], {}), (np.ones((40, 3)), ["a", "a"], {}),
     (np.ones((40, 2)), ["a"], {"draws": 3}), (np.ones((40, 2)), ["a"], {"counts": [0.5] * 40}),
     (np.ones((40, 2)), ["a"], {"confidence": 1.0})],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(rows, names, more):
    """Nothing is guessed from a wrong shape."""
    with pytest.raises(BadInput):
        drivers.find(rows, names, np.random.default_rng(0), **more)


def survey(path, columns: list[str]) -> np.ndarray:
    rows = np.column_stack([pq.read_table(path)[name].to_numpy() for name in columns]).astype(float)
    return np.where(rows == -99, np.nan, rows)


@pytest.mark.slow
def test_advertisers_satisfaction(shared_data):
    """customerSat (Rossi, Gilula & Allenby, 2001): two of nine attributes lead, and surely so."""
    names = [f"q{k}" for k in range(2, 11)]
    rows = survey(shared_data / "satisfaction_surveys/bayesm_customerSat.parquet", [*names, "q1"])
    told = drivers.find(rows, names, np.random.default_rng(0), outcome="q1", draws=400)
    assert told.r2.value == pytest.approx(0.7167, abs=5e-5)
    assert {one.name for one in told.drivers[:2]} == {"q4", "q6"}
    assert all(one.rank.high <= 2 for one in told.drivers[:2]) and all(one.rank.low >= 3 for one in told.drivers[2:])
    assert [one.name for one in told.drivers[-2:]] == ["q10", "q9"]


def test_recommendation_goes_with_liking_more_than_with_competence(shared_data):
    """corp_rep: loyalty follows sympathy far more than competence, as in Schwaiger (2004) and Hair et al. (2017)."""
    names = [f"{kind}_{k}" for kind in ("like", "comp") for k in (1, 2, 3)]
    rows = survey(shared_data / "satisfaction_surveys/seminr_corp_rep_data.parquet", [*names, "cusl_1"])
    told = drivers.find(rows, names, np.random.default_rng(0), outcome="cusl_1")
    assert isinstance(told.r2, Estimate) and told.n == 341
    liking = sum(one.importance.value for one in told.drivers if one.name.startswith("like"))
    assert liking > 2 * (told.r2.value - liking)
    assert told.drivers[0].name == "like_1" and told.drivers[0].important
