"""A sample shop by arrays, in which weeks pass quickly: what benchmarks.loop plays on. All of it is simulated."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openchair.core.ids import digest
from openchair.dossier import attention, consent
from openchair.dossier import stage as stages
from openchair.dossier.rules import BIT, DECLARED, NONE, UNKNOWN
from openchair.simulation.buying import draw_orders
from openchair.simulation.moved import COMES, HIDDEN, HORIZON_DAYS, YEAR_DAYS, Members, Tired, Truth, seen_of
from openchair.simulation.people import draw_people, draw_wishes
from openchair.simulation.truth import WON_BACK
from openchair.simulation.world import World, draws, stream, world
from openchair.value.spend import Spend
from openchair.value.spender import Spender

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
BEGINS = date(2026, 7, 6)
EPOCH = date(1970, 1, 1)
STAGE_OF = np.array([0, 0, 1, 1, 2, 3, 1])
"""The truth's stage (new, active, slipping, gone) for each of dossier.stage's."""
BUYING = {"r": 2.0, "alpha": 40.0, "a": 0.4, "b": 20.0}
UNITS = 6.0
"""Units of attention that a member has in four weeks, unless they asked for less."""
HEARD = 0.85
"""The share of members who ever answered how likely they are to recommend the shop."""


def busy() -> World:
    """The sample shop's world with members who order every three weeks and seldom leave."""
    usual = world()
    return replace(usual, raw={**usual.raw, "buying": BUYING})


class Shop:
    """n members in whom a truth is at work. Luck follows from seed, member and day, the same whatever is done."""

    def __init__(self, truth: Truth, seed: int, n: int) -> None:
        usual, day = busy(), (BEGINS - EPOCH).days
        people = draw_people(usual, seed, 0, np.arange(1, n + 1), day - 730, day)
        orders = draw_orders(usual, seed, 0, people, day)
        self.truth, self.seed, self.n, self.day, self.number = truth, seed, n, day, people.number
        self.ids = np.array([digest("member", str(seed), str(one)) for one in range(n)])
        self._lives(usual, people, orders)
        self._wishes(usual, people)
        actions = truth.actions
        self.idea_names, idea = np.unique([one.idea or one.id for one in actions], return_inverse=True)
        self.idea, self.idea_days = idea, np.array([one.idea_days for one in actions])
        self.contacted, self.complained = (np.full(n, np.datetime64("NaT"), "datetime64[D]") for _ in range(2))
        self.rests_until = np.zeros((n, len(self.idea_names)), np.int64)
        self.contacts = np.zeros((n, attention.ATTENTION_DAYS // 7))
        self.tired = Tired.none(truth, n, day)
        self.extra = np.zeros((n, HORIZON_DAYS + 7))
        self.late: list[tuple[int, NDArray[np.bool_], NDArray[np.bool_]]] = []

    def _lives(self, usual: World, people: Any, orders: Any) -> None:
        """What members bought, would answer and are believed to be worth."""
        n, score = self.n, usual.raw["score"]
        self.alive = orders.died < 0
        self.rate = people.rate * np.where(self.alive, 1.0, WON_BACK)
        self.order_minor = 100 * usual.raw["spending"]["p"] / people.scale
        self.orders, self.first = np.bincount(orders.place, minlength=n), people.joined
        self.last = people.joined.copy()
        np.maximum.at(self.last, orders.place, orders.day)
        self.spent = np.bincount(orders.place, orders.paid_minor, n)
        felt = (usual.driver_column("mean") + people.taste - 3) @ usual.driver_column("weight")
        self.score = score["base"] + score["spread"] * felt
        self.leaning, self.hidden = people.leaning, stream(self.seed, 0, 22).normal(size=(n, HIDDEN))
        rng = stream(self.seed, 0, 31)
        told = np.clip(np.round(self.score + score["noise"] * rng.normal(size=n)), 0, 10)
        self.nps = np.where(rng.random(n) < HEARD, told, np.nan)
        buys = Spender("bg/nbd", usual.raw["buying"])
        pays = Spend({**usual.raw["spending"], "gamma": 100 * usual.raw["spending"]["gamma"]})
        age = self.day - people.joined
        ahead = buys.expected(YEAR_DAYS, self.orders - 1, self.last - people.joined, age)
        self.worth = ahead * pays.expected(self.orders, self.spent / self.orders)

    def _wishes(self, usual: World, people: Any) -> None:
        """Rules, consents and the attention they have for us."""
        n, rng = self.n, stream(self.seed, 0, 32)
        wishes = draw_wishes(self.seed, 0, ~people.young, np.zeros(n, np.int64), 1)
        self.consents = np.where(wishes.consent == 1, consent.yes("marketing", "e-mail"), 0)
        self.consents |= np.where(wishes.consent == 0, consent.no("marketing", "e-mail"), 0)
        self.consents |= np.where(rng.random(n) < 0.2, consent.yes("marketing", "call"), 0)
        self.consents |= np.where(rng.random(n) < 0.03, consent.no("profiling"), 0)
        shares = [attention.WISHES[wish].share for wish in ("normal", "less", "important", "nothing")]
        self.budget = UNITS * np.array(shares)[wishes.wish + 1]
        self.young, self.no_gifts = people.young, rng.random(n) < 0.03
        self.rules = np.where(self.no_gifts, BIT["no gifts"], 0) | np.where(people.young, BIT["under age"], 0)
        self.declared = people.allergies_declared
        self.allergies = {name: people.allergies >> bit & 1 > 0 for bit, name in enumerate(usual.allergens)}
        for name, has in self.allergies.items():
            self.rules |= np.where(self.declared & has, BIT[name], 0)
        self.food_safety = np.where(self.declared, np.where(people.allergies > 0, DECLARED, NONE), UNKNOWN)
        self.sent_friends = np.bincount(people.referrer[people.referrer >= 0], minlength=n)

    @property
    def today(self) -> date:
        """The day it is."""
        return EPOCH + timedelta(days=int(self.day))

    @property
    def stage(self) -> NDArray[np.int8]:
        """(n,) by what they bought so far."""
        gap = np.where(self.orders > 1, (self.last - self.first) / np.maximum(self.orders - 1, 1), np.nan)
        return stages.stages(self.orders, self.day - self.last, gap, float(np.nanmedian(gap)))

    @property
    def members(self) -> Members:
        """As the truth sees them."""
        seen = seen_of(self.score, self.orders, self.worth)
        return Members(STAGE_OF[self.stage], seen, self.leaning, self.hidden, self.rate, self.order_minor)

    def columns(self) -> dict[str, NDArray[Any]]:
        """What deciding looks at."""
        rests = (self.rests_until > self.day) @ (1 << np.arange(len(self.idea_names), dtype=np.int64))
        sets, which = np.unique(rests, return_inverse=True)
        texts = [",".join(name for bit, name in enumerate(self.idea_names) if one >> bit & 1) for one in sets.tolist()]
        return {
            "customer_id": self.ids,
            "stage": self.stage,
            "orders": self.orders.astype(np.float64),
            "spent_minor": self.spent,
            "value_minor": self.worth,
            "worth_minor": self.worth,
            "rules": self.rules,
            "food_safety": self.food_safety,
            "consents": self.consents,
            "nps_score": self.nps,
            "sent_friends": self.sent_friends,
            "complained_on": self.complained,
            "contacted_on": self.contacted,
            "attention_budget": self.budget,
            "attention_spent": self.contacts[:, :-1].sum(axis=1),
            "resting": np.array(texts, dtype=object)[which],
        }

    def effects(self) -> Array:
        """(n, A) the share of a year's worth that each action would truly add if it were done today."""
        left = self.tired.on(self.day).left(self.truth)
        return self.truth.effects(self.members) * left * self.truth.season(self.day)

    def gains(self) -> Array:
        """(n, A) that in minor units, less its cost."""
        return self.effects() * self.members.year_minor[:, None] - self.truth.cost_minor

    def week(self, action: Ints, units: Array) -> dict[str, Array]:
        """Seven days pass after these decisions (A to wait), which take so much attention: what came of them, (n,).

        spent: minor units. score: an answer, NaN where there is none. complained, withdrew: 1 where they did, for what
        was decided two weeks before.
        """
        truth, who = self.truth, np.flatnonzero(action < len(self.truth.actions))
        did, today = action[who], np.datetime64(self.today, "D")
        share = self.effects()[who, did]
        self.extra[who, :HORIZON_DAYS] += (share * YEAR_DAYS * self.rate[who])[:, None] * COMES
        self.tired = self.tired.on(self.day).after(truth, who, did)
        self.contacts = np.column_stack([units, self.contacts[:, :-1]])
        self.contacted[units > 0] = today
        self.rests_until[who, self.idea[did]] = self.day + self.idea_days[did]
        chance = [draws(self.seed, self.number, np.full(1, self.day), np.full(1, topic)) for topic in (50, 51, 52, 53)]
        self.late.append((self.day + 14, chance[0] < truth.complaint[action], chance[1] < truth.withdrawal[action]))
        good = np.append(truth.good, 0.0)[action]
        said = np.clip(np.round(self.score + good + 2 * chance[3] - 1), 0, 10)
        said = np.where((chance[2] < 0.1) & (action < len(truth.actions)), said, np.nan)
        spent = self._buy()
        self.extra = np.column_stack([self.extra[:, 7:], np.zeros((self.n, 7))])
        self.day += 7
        self.nps = np.where(np.isnan(said), self.nps, said)
        complained, withdrew = np.zeros((2, self.n))
        for _, bad, gone in [one for one in self.late if one[0] == self.day]:
            self.complained[bad] = np.datetime64(self.today, "D")
            self.consents = self.consents | np.where(gone, consent.no("marketing", "any"), 0)
            complained, withdrew = bad.astype(np.float64), gone.astype(np.float64)
        return {"spent": spent, "score": said, "complained": complained, "withdrew": withdrew}

    def _buy(self) -> Array:
        """(n,) what they spend in the seven days from today."""
        spent = np.zeros(self.n)
        rate = np.clip((self.rate * self.alive)[:, None] + self.extra[:, :7], 0, 0.95)
        for step in range(7):
            day = np.full(1, self.day + step)
            buys = draws(self.seed, self.number, day) < rate[:, step]
            spent += np.where(buys, self.order_minor * (0.4 + 1.2 * draws(self.seed, self.number, day, day)), 0.0)
            self.orders, self.last = self.orders + buys, np.where(buys, day, self.last)
        self.spent = self.spent + spent
        return spent
