"""What came of decisions: each day counts once, and planted effects are found though it is decided anew each day."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decisions.conftest import DAY, columns

from openchair.decisions import features
from openchair.decisions.situation import circumstances_of
from openchair.dossier.stage import LAPSED, STEADY
from openchair.learning import beliefs
from openchair.learning.beliefs import Learned, effects_of, good_of, learn_from, start_of
from openchair.learning.effects import Leanings
from openchair.learning.outcomes import Log, came, ends, log_of
from openchair.loyalty.actions import default

ACTIONS = tuple(one for one in default() if not one.moments)[:8]
WINDOW, DAYS, WORTH = 28, 84, 40_000.0
HELPS, HURTS, ELSEWHERE = 0, 1, 2
"""Actions that add 4% to who is steady and 0 else; take 1%; add 4% to who has lapsed and 0 else."""


def code(stage: int) -> int:
    one = (np.array([part]) for part in (stage, 0, 11, 5, 0.0))
    return int(features.code_of(*one)[0])


def truth(action: np.ndarray, stage: np.ndarray) -> np.ndarray:
    share = np.zeros(action.shape)
    share[(action == HELPS) & (stage == STEADY)] = 0.04
    share[action == HURTS] = -0.01
    share[(action == ELSEWHERE) & (stage == LAPSED)] = 0.04
    return share


def shop(
    seed: int, n: int, every: int, noise: float = 1.0, sooner: bool = False, turns: int = DAYS
) -> tuple[Log, np.ndarray, np.ndarray]:
    """n customers decided for each `every` days for twelve weeks, with what they spent in each of their stretches.

    sooner: whoever has just spent much is given what helps, as a policy that looks at them would. turns: the day from
    which on effects are the opposite.
    """
    rng = np.random.default_rng(seed)
    stage = np.where(np.arange(n) % 2, STEADY, LAPSED)
    daily = WORTH / 365 * np.exp(rng.normal(0, 0.2, n))
    extra, spent = np.zeros((n, DAYS + WINDOW + 1)), np.zeros((n, DAYS))
    share = np.diff(came(np.arange(WINDOW + 1), np.full(WINDOW + 1, WINDOW)))
    rows: list[tuple[np.ndarray, ...]] = []
    for day in range(DAYS):
        due = np.flatnonzero((day + np.arange(n)) % every == 0)
        action = rng.integers(-1, len(ACTIONS), len(due))
        if sooner and day > 3:
            much = spent[due, day - 3 : day].sum(axis=1) > 3 * daily[due]
            action = np.where(much & (rng.random(len(due)) < 0.7), HELPS, action)
        rows.append((due, np.full(len(due), day), action))
        acts = action >= 0
        effect = truth(action, stage[due])[acts] * WORTH * (1 if day < turns else -1)
        extra[due[acts], day : day + WINDOW] += effect[:, None] * share
        mean = daily + extra[:, day]
        spent[:, day] = mean + noise * WORTH / 365 * np.sqrt(2) * rng.standard_t(5, n)
    customer, when, action = (np.concatenate(part) for part in zip(*rows, strict=True))
    m = len(customer)
    log = log_of(
        Log(
            customer.astype(np.int64), when.astype(np.int64), action.astype(np.int64),
            np.array([code(LAPSED), code(STEADY)])[customer % 2], np.full(m, WORTH), np.full(m, WORTH / 365),
            np.full(m, WINDOW),
        )
    )  # fmt: skip
    total = np.concatenate([np.zeros((n, 1)), spent.cumsum(axis=1)], axis=1)
    end = ends(log, DAYS)
    return log, total[log.customer, end] - total[log.customer, log.day], stage


def believed(learned: Learned, stage: int) -> tuple[np.ndarray, np.ndarray]:
    of = effects_of(ACTIONS, learned.ids, learned.worth, start_of(ACTIONS))
    mean, sd = of.at(features.matrix(np.array([code(stage)]), learned.typical))
    return mean[0], sd[0]


@lru_cache
def taught(every: int, sooner: bool) -> Learned:
    log, brought, _ = shop(3, 1_500, every, sooner=sooner)
    return learn_from(ACTIONS, log, brought, np.zeros(len(log)), until=DAYS)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 5), st.integers(5, 90))
def test_each_day_counts_once_at_most(seed: int, m: int, customers: int, until: int) -> None:
    """Stretches of a customer never overlap, end by then, and leave out no day that an action bears on."""
    rng = np.random.default_rng(seed)
    ints = [rng.integers(0, high, m) for high in (customers, 80)]
    log = log_of(
        Log(*ints, rng.integers(-1, 3, m), np.zeros(m, np.int64), np.ones(m), np.ones(m), rng.integers(1, 40, m))
    )
    end = ends(log, until)
    for one in range(customers):
        mine = log.customer == one
        start, over = log.day[mine], end[mine]
        counted = np.zeros(200, np.int64)
        for a, b in zip(start, over, strict=True):
            counted[a:b] += 1
        assert counted.max(initial=0) <= 1 and not counted[until:].any()
        for day, window, did in zip(start, log.window_days[mine], log.action[mine], strict=True):
            if did >= 0:
                assert counted[day : min(day + window, until)].all()


@pytest.mark.parametrize(("every", "sooner"), [(2, False), (7, False), (40, False), (7, True)])
def test_planted_effects_are_found_however_often_it_is_decided(every: int, sooner: bool) -> None:
    """With 14 windows open at once, weekly, or seldom; also where who has just spent is given what helps."""
    learned = taught(every, sooner)
    for stage in (STEADY, LAPSED):
        mean, sd = believed(learned, stage)
        flat = np.array([one.flat_minor for one in ACTIONS]) / WORTH
        true = truth(np.arange(len(ACTIONS)), np.full(len(ACTIONS), stage)) - flat
        assert (np.abs(mean - true) < 4 * sd + 0.002).all(), (stage, mean, true, sd)
        assert sd.max() < 0.03
    gap = believed(learned, STEADY)[0] - believed(learned, LAPSED)[0]
    assert gap[HELPS] > 0.01 > -0.01 > gap[ELSEWHERE]


def test_what_nobody_did_is_believed_as_the_catalogue_and_its_pillar_have_it() -> None:
    """Not seen at all: n is 0, and the catalogue's figures moved as its pillar's were."""
    log, brought, _ = shop(5, 600, 7)
    known = log.part(log.action != HELPS)
    learned = learn_from(ACTIONS, known, brought[log.action != HELPS], np.zeros(len(known)), until=DAYS)
    of = effects_of(ACTIONS, learned.ids, learned.worth, start_of(ACTIONS))
    assert of.n[HELPS] == 0 < of.n[HURTS]
    assert of.cov[HELPS, 0, 0] > of.cov[HURTS, 0, 0]
    none = beliefs.nothing(ACTIONS)
    assert none.outcomes == 0
    start = effects_of(ACTIONS, none.ids, none.worth, start_of(ACTIONS))
    assert start.mean == pytest.approx(start_of(ACTIONS)) and not start.n.any()


def test_harm_to_customers_is_found() -> None:
    """One action makes one in ten complain (5 points): it is known to harm, the others are not."""
    log, brought, _ = shop(6, 2_000, 7)
    rng = np.random.default_rng(6)
    complained = np.where(log.action == HURTS, rng.random(len(log)) < 0.2, rng.random(len(log)) < 0.002)
    learned = learn_from(ACTIONS, log, brought, -5.0 * complained, until=DAYS)
    of = effects_of(ACTIONS, learned.ids, learned.good, good_of(ACTIONS))
    mean, sd = of.at(learned.x[None])
    assert mean[0, HURTS] + 3 * sd[0, HURTS] < -0.1
    assert (np.delete(mean[0] + 2 * sd[0], HURTS) > -0.1).all()


def test_a_customers_own_leaning_is_found() -> None:
    """Who answers to a pillar far more than others is told apart, in whole steps; most are not."""
    log, brought, _ = shop(7, 400, 3, noise=0.3)
    service = np.array([one.pillar == ACTIONS[HELPS].pillar for one in ACTIONS])
    acts = (log.action >= 0) & service[np.maximum(log.action, 0)] & (log.customer < 20)
    more = np.zeros(len(log))
    for row in np.flatnonzero(acts):
        later = (log.customer == log.customer[row]) & (log.day >= log.day[row]) & (log.day < log.day[row] + WINDOW)
        end = ends(log, DAYS)
        window = np.full(len(log), WINDOW)
        more += (
            np.where(later, came(end - log.day[row], window) - came(log.day - log.day[row], window), 0) * 0.2 * WORTH
        )
    ids = columns(400)["customer_id"]
    learned = learn_from(
        ACTIONS, log, brought + more, np.zeros(len(log)), until=DAYS, customer_ids=ids.tolist(),
    )  # fmt: skip
    steps = learned.leanings.of(ids)
    place = ("products", "service", "community", "experiences", "plus").index(ACTIONS[HELPS].pillar)
    assert steps[:20, place].mean() > 4 * max(abs(steps[20:, place].mean()), 0.1)


def test_drift_is_noticed_and_what_is_old_forgotten() -> None:
    """Where effects turn into their opposite after seven weeks it is said, and what helped is not believed any more."""
    log, brought, _ = shop(8, 1_500, 7, turns=49)
    learned = learn_from(ACTIONS, log, brought, np.zeros(len(log)), until=DAYS)
    assert ACTIONS[HELPS].pillar in learned.drifted
    kept = learn_from(ACTIONS, log, brought, np.zeros(len(log)), until=DAYS, half_life_days=1e6)
    assert believed(learned, STEADY)[0][HELPS] < believed(kept, STEADY)[0][HELPS] - 0.004


def test_where_nothing_changes_drift_is_seldom_seen() -> None:
    """At most one shop of twelve."""
    seen = 0
    for seed in range(12):
        log, brought, _ = shop(20 + seed, 300, 7)
        spreads = beliefs.nothing(ACTIONS).worth.prior.spreads
        seen += bool(learn_from(ACTIONS, log, brought, np.zeros(len(log)), until=DAYS, spreads=spreads).drifted)
    assert seen <= 1


def test_what_was_learned_survives_being_kept() -> None:
    """Packed and unpacked it is the same, to the last bit, and so is its version; other beliefs have another."""
    learned = taught(7, False)
    again = beliefs.unpacked(beliefs.packed(learned))
    assert again.version == learned.version != beliefs.nothing(ACTIONS).version
    assert (again.worth.whole == learned.worth.whole).all() and again.worth.prior.spreads == learned.worth.prior.spreads
    assert isinstance(again.leanings, Leanings) and again.ids == learned.ids


def test_features_are_those_of_the_table() -> None:
    """As many numbers as the table has rows, the first always 1, and a code for every circumstance."""
    found, _ = circumstances_of(columns(2_000), DAY)
    x = features.matrix(found.features, 6.0)
    assert x.shape == (len(found), len(features.FEATURES)) and (x[:, 0] == 1).all()
    assert (x[:, 1:8].sum(axis=1) == 1).all() and 0 <= found.features.min() <= found.features.max() < features.CODES
