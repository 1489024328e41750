"""Between turns: as near to learning anew as it is cheap, and no better for counting only those who bought."""

from dataclasses import replace

import numpy as np
import pytest
from tests.learning.test_outcomes import ACTIONS, WINDOW, WORTH, believed, code, truth

from openchair.dossier.stage import LAPSED, STEADY
from openchair.learning import online
from openchair.learning.beliefs import Learned, learn_from
from openchair.learning.outcomes import Log, came, ends, log_of

TURNED, LATER = 63, 5
"""The day of the last turn, and how many days after it what came is put in."""


class Shop:
    """Customers who buy on one day of five, decided for once a week; effects as in test_outcomes, or none."""

    def __init__(self, seed: int, n: int = 600, effects: float = 1.0) -> None:
        rng, days = np.random.default_rng(seed), TURNED + LATER
        self.n, stage = n, np.where(np.arange(n) % 2, STEADY, LAPSED)
        extra = np.zeros((n, days + WINDOW))
        self.share = np.diff(came(np.arange(WINDOW + 1), np.full(WINDOW + 1, WINDOW)))
        rows = []
        for day in range(days):
            due = np.flatnonzero((day + np.arange(n)) % 7 == 0)
            action = rng.integers(-1, len(ACTIONS), len(due))
            does = np.where(action >= 0, truth(action, stage[due]), 0.0) * effects * WORTH
            extra[due, day : day + WINDOW] += does[:, None] * self.share
            rows.append((due, np.full(len(due), day), action))
        every = (np.arange(n), np.full(n, TURNED), np.full(n, -1))
        self.rows = [np.concatenate(part).astype(np.int64) for part in zip(*rows, every, strict=True)]
        buys = rng.random((n, days)) < 0.2
        mean = WORTH / 365 + extra[:, :days]
        self.spent = np.concatenate([np.zeros((n, 1)), (5 * mean * buys).cumsum(axis=1)], axis=1)
        self.ids = [f"{one:016x}" for one in range(n)]

    def log(self, since: int, until: int) -> Log:
        customer, day, action = (part[(self.rows[1] >= since) & (self.rows[1] < until)] for part in self.rows)
        m, codes = len(day), np.array([code(LAPSED), code(STEADY)])
        constants = (np.full(m, WORTH), np.full(m, WORTH / 365), np.full(m, WINDOW))
        return log_of(Log(customer, day, action, codes[customer % 2], *constants))

    def brought(self, log: Log, end: np.ndarray) -> np.ndarray:
        return self.spent[log.customer, end.astype(np.int64)] - self.spent[log.customer, log.day]

    def batch(self, until: int, like: Learned | None = None) -> Learned:
        log = self.log(0, until)
        y = self.brought(log, ends(log, until))
        given = {"spreads": like.worth.prior.spreads} if like else {}
        return learn_from(ACTIONS, log, y, np.zeros(len(log)), until=until, customer_ids=self.ids, **given)

    def since(self, learned: Learned, until: float, only_buyers: bool = False) -> Learned:
        log = self.log(TURNED - WINDOW, TURNED + LATER)
        end = online.ends(log, learned, until)
        y = self.brought(log, end)
        if only_buyers:
            end = np.where(y > 0, end, log.day)
        nothing = online.Came(end, np.zeros(len(log)))
        return online.with_since(learned, ACTIONS, log, self.ids, online.Came(end, y), nothing)


def means(learned: Learned) -> np.ndarray:
    return np.concatenate([believed(learned, stage)[0] for stage in (STEADY, LAPSED)])


def test_it_is_near_to_learning_anew() -> None:
    """Days later beliefs are much nearer to those of another turn than the last turn's are, and as sure."""
    left, moved = 0.0, 0.0
    for seed in range(4):
        shop = Shop(seed)
        turned = shop.batch(TURNED)
        after, anew = shop.since(turned, TURNED + LATER), shop.batch(TURNED + LATER, turned)
        left += ((means(after) - means(anew)) ** 2).sum()
        moved += ((means(turned) - means(anew)) ** 2).sum()
        sure = [believed(one, STEADY)[1].mean() for one in (turned, after, anew)]
        assert sure[0] > sure[1] == pytest.approx(sure[2], rel=0.05)
        assert after.outcomes == pytest.approx(anew.outcomes, rel=0.01) and after.outcomes > turned.outcomes
    assert left < 0.15 * moved, (left, moved)


def test_whoever_did_not_buy_counts_too() -> None:
    """Where actions do nothing, what came since moves beliefs neither up nor down on average; counting buyers only
    would move them all up."""
    drifts = {True: [], False: []}
    for seed in range(12):
        shop = Shop(seed + 50, 300, effects=0.0)
        turned = shop.batch(TURNED)
        for only, drift in drifts.items():
            drift.append((means(shop.since(turned, TURNED + 2, only)) - means(turned)).mean())
    fair, unfair = (np.array(drifts[only]) for only in (False, True))
    assert abs(fair.mean()) < 3 * fair.std(ddof=1) / np.sqrt(len(fair))
    more = unfair - fair
    assert (more > 0).all() and more.mean() > 5 * more.std(ddof=1) / np.sqrt(len(more))


def test_where_nothing_is_known_yet_nothing_changes() -> None:
    """Until a moment before the turn's day; and what was never done before is learned of by the turn."""
    shop = Shop(7, 100)
    turned = shop.batch(TURNED)
    assert shop.since(turned, TURNED - 0.5).version == turned.version == shop.since(turned, TURNED).version
    assert shop.since(turned, TURNED + 0.25).version != turned.version
    known = shop.log(0, TURNED)
    few = known.part(known.action != 0)
    y = shop.brought(few, ends(few, TURNED))
    without = learn_from(ACTIONS, few, y, np.zeros(len(few)), until=TURNED, customer_ids=shop.ids)
    without = replace(without, ids=tuple("gone" if one == ACTIONS[0].id else one for one in without.ids))
    place = without.ids.index("gone") if "gone" in without.ids else 0
    after = shop.since(without, TURNED + LATER)
    assert after.worth.n[place] == without.worth.n[place] and after.outcomes > without.outcomes
