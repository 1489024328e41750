"""The whole loop on a sample shop whose truth is known: twelve weeks of deciding, outcomes, and learning from them.

A policy decides once a week for thousands of members; what it does and what it could have done is held against the
truth of `openchair.simulation.moved`. All is simulated; luck is the same under every policy.

python -m benchmarks.loop [shops] [members]    this benchmark alone
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks import Row, at_least, at_most
from benchmarks.__main__ import table
from benchmarks.shop import BEGINS, Array, Ints, Shop
from openchair.decisions import guard, situation
from openchair.dossier import attention, consent
from openchair.dossier.stage import STAGES
from openchair.learning import outcomes
from openchair.learning.arms import HOLDOUT, LEARNED, Shares, arms_of
from openchair.learning.beliefs import Learned, held, learn_from
from openchair.learning.deciding import Held, decide
from openchair.loyalty.actions import default
from openchair.simulation.moved import UNSEEN, Truth, truth_of

SHOPS, MEMBERS, WEEKS = 20, 16_000, 12
ACTIONS = default()
WAITS = len(ACTIONS)
BAR = 0.85
"""The part of the oracle's gain that is to be reached once outcomes have taught something."""
FLOOR = 0.02
"""The exploration that is kept for ever."""
REFITS = (0, 1, 2, 4, 8)
"""Weeks of outcomes after which it is found out anew how far things differ."""
HARM_POINTS = 3.0
"""Points of a customer's own good that a complaint, or consent taken back, counts for."""
FRESH = 500_000
"""Added to a shop's seed: people drawn anew, whom the same truth moves."""
SINGLE = 0.5
"""The part of the oracle's gain that the best single action earns at most in a shop that is hard enough."""


@dataclass(frozen=True, slots=True)
class Week:
    """What was decided in a week, and what it truly was worth, (n,) each: action, channel and arm; gain, what it adds
    (nothing, if it harms and so must not be counted); best, the most that could have been added to those same members;
    spent, until the next."""

    action: Ints
    channel: NDArray[np.str_]
    arm: NDArray[np.int8]
    gain: Array
    best: Array
    spent: Array


Choosing = Callable[[Shop, int], tuple[Ints, NDArray[np.str_], NDArray[np.int8]]]
"""A policy: the shop and the week, then action, channel and arm of each member."""


def played(choosing: Choosing, truth: Truth, seed: int, n: int) -> list[Week]:
    """Twelve weeks of a policy."""
    shop, weeks = Shop(truth, seed, n), []
    for week in range(WEEKS):
        action, channel, arm = choosing(shop, week)
        gains, (open_, _) = np.column_stack([shop.gains(), np.zeros(n)]), reached(shop)
        best = np.where(open_, gains[:, :-1], 0.0).max(axis=1).clip(min=0)
        gain = gains[np.arange(n), action]
        gain = np.where(np.append(truth.good, 0.0)[action] < 0, np.minimum(gain, 0), gain)
        units = np.array([attention.WEIGHTS.get(one, 0.0) for one in channel.tolist()])
        told = shop.week(action, units)
        weeks.append(Week(action, channel, arm, gain, best, told["spent"]))
        if isinstance(choosing, Learning):
            choosing.told(told)
    return weeks


def reached(shop: Shop) -> tuple[NDArray[np.bool_], NDArray[np.str_]]:
    """(n, A) what the guard permits and does not harm, and by which channel."""
    found, place = situation.circumstances_of(shop.columns(), shop.today)
    reach = guard.reached(found, ACTIONS)
    names = np.array([[one.channels[min(k, len(one.channels) - 1)] for one in ACTIONS] for k in range(7)])
    channel = names[reach.channel, np.arange(WAITS)]
    return ((reach.codes == 0) & (shop.truth.good > 0))[place], channel[place]


def by(score: Callable[[Shop, NDArray[np.bool_]], Array]) -> Choosing:
    """The policy that does what has the highest score above 0, (n, A), of what is permitted and harms nobody."""
    discount = np.array([one.is_discount for one in ACTIONS])

    def choosing(shop: Shop, week: int) -> tuple[Ints, NDArray[np.str_], NDArray[np.int8]]:
        open_, channel = reached(shop)
        scored = np.where(open_, score(shop, open_), -np.inf)
        served = (scored[:, ~discount] > 0).any(axis=1)
        scored[np.ix_(served, discount)] = -np.inf
        action = np.where(scored.max(axis=1) > 0, scored.argmax(axis=1), WAITS)
        at = channel[np.arange(shop.n), np.minimum(action, WAITS - 1)]
        return action, np.where(action < WAITS, at, ""), np.zeros(shop.n, np.int8)

    return choosing


NOTHING = by(lambda shop, open_: np.full(open_.shape, -1.0))
ORACLE = by(lambda shop, open_: shop.gains())
"""Knows all of the truth, hidden drivers too, and takes what adds most today; it does not look ahead."""


def uniform(shop: Shop, open_: NDArray[np.bool_]) -> Array:
    """Anything permitted with equal chances, waiting too."""
    chance = np.random.default_rng((shop.seed, shop.day)).random((shop.n, WAITS + 1))
    return np.where(chance[:, :-1] > chance[:, -1:], chance[:, :-1], -1.0)


def alike(shop: Shop, open_: NDArray[np.bool_]) -> Array:
    """No personalisation, by the truth: what adds most to members on average, whoever they are."""
    return np.broadcast_to(shop.gains().mean(axis=0), open_.shape)


def informed(shop: Shop, open_: NDArray[np.bool_]) -> Array:
    """Who knows the truth, but of members only what can be seen of them: the best linear guess from it, stage by stage.

    Seen are stage, orders, their believed worth, a score where they gave one, and what was done with them.
    """
    of, stage = shop.members, np.eye(len(STAGES))[shop.stage]
    heard = np.where(np.isfinite(shop.nps), np.clip(shop.nps - 8.2, -2, 2), 0.0)
    seen = np.column_stack([heard, np.isfinite(shop.nps), of.seen[:, 1:]])
    x = np.column_stack([stage, *(stage[:, [k]] * seen for k in range(len(STAGES)))])
    weight = np.sqrt(of.year_minor)[:, None]
    guess = x @ np.linalg.lstsq(x * weight, shop.truth.effects(of) * weight, rcond=None)[0]
    left = shop.tired.on(shop.day).left(shop.truth) * shop.truth.season(shop.day)
    worth = shop.worth[:, None]
    year = x @ np.linalg.lstsq(x * np.sqrt(worth), of.year_minor / np.sqrt(shop.worth), rcond=None)[0] * shop.worth
    return guess * left * year[:, None] - shop.truth.cost_minor


class Learning:
    """Ours: decides by what it learned from what it did so far, in the arms that a shop has."""

    def __init__(self) -> None:
        self.logged: list[dict[str, Array]] = []
        self.came: list[dict[str, Array]] = []
        self.learned: Learned | None = None

    def __call__(self, shop: Shop, week: int) -> tuple[Ints, NDArray[np.str_], NDArray[np.int8]]:
        columns = shop.columns()
        now = self.held(shop)
        chosen = decide(columns, now, shop.today)
        self.logged.append(
            {
                "customer": np.arange(shop.n),
                "day": np.full(shop.n, shop.day),
                "action": np.where(chosen.action < WAITS, chosen.action, -1),
                "features": chosen.features,
                "worth_minor": np.asarray(columns["worth_minor"]),
                "daily_minor": np.asarray(columns["value_minor"]) / 365,
                "window_days": chosen.window_days,
                "score": shop.nps,
            }
        )
        return chosen.action, chosen.channels(now), chosen.seen.arm

    def told(self, came: dict[str, Array]) -> None:
        """What came in the week after it decided."""
        before = self.logged[-1]["score"]
        better = np.nan_to_num(came["score"] - before)
        came["good"] = better - HARM_POINTS * (came["complained"] + came["withdrew"])
        self.came.append(came)

    def held(self, shop: Shop) -> Held:
        """What is held to be true on a day, from all that came before it: weeks are the stretches.

        How far things differ is found out after so many weeks as REFITS has, and kept in between.
        """
        names = ("customer", "day", "action", "features", "worth_minor", "daily_minor", "window_days")
        none = np.zeros(0, np.int64)
        whole = {name: np.concatenate([none, *(one[name] for one in self.logged)]) for name in names}
        brought, good = (np.concatenate([np.zeros(0), *(one[what] for one in self.came)]) for what in ("spent", "good"))
        log = outcomes.Log(**whole)
        order = np.lexsort((log.day, log.customer))
        before = None if len(self.came) in REFITS else self.learned
        learned = learn_from(
            ACTIONS,
            log.part(order),
            brought[order],
            good[order],
            until=shop.day,
            customer_ids=shop.ids.tolist(),
            spreads=before.worth.prior.spreads if before else None,
        )
        self.learned = learned if self.came else None
        return held(learned, ACTIONS, exploration=FLOOR, seed=shop.seed)


class Settled(Learning):
    """What was learned by then, put to work as ever in another draw of members, and nothing learned any more."""

    def __init__(self, learned: Learned) -> None:
        super().__init__()
        self.learned = learned

    def held(self, shop: Shop) -> Held:
        """The same, whatever comes."""
        assert self.learned is not None
        return held(self.learned, ACTIONS, exploration=FLOOR, seed=shop.seed)

    def told(self, came: dict[str, Array]) -> None:
        """Nothing is made of what comes."""


def afterwards(ours: Learning, truth: Truth, seed: int, n: int) -> dict[str, Array]:
    """What a member brings in each of twelve weeks, (WEEKS,), to people drawn anew from the same truth, none of whom
    any policy has seen: by what was learned in the twelve weeks before, by the oracle, and by who sees what can be."""
    end = Shop(truth, seed, n)
    end.day += 7 * WEEKS
    ours.held(end)
    assert ours.learned is not None
    policies = {"learned": Settled(ours.learned), "oracle": ORACLE, "informed": by(informed)}
    weeks = {name: played(one, truth, seed + FRESH, n) for name, one in policies.items()}
    free = weeks["learned"][0].arm == LEARNED
    return {name: np.array([week.gain[free].mean() for week in of]) for name, of in weeks.items()}


# --- rules, from outside ---------------------------------------------------------------------------------------------


def violations(shop: Shop, weeks: list[Week]) -> dict[str, int]:
    """How often a rule, a consent, attention or the holdout was not kept: said anew from what members were like at the
    beginning and what was decided, and not by the guard. shop: as it began."""
    found = dict.fromkeys(("rules", "consent", "attention", "holdout"), 0)
    n = shop.n
    units, ideas = np.zeros((n, 3)), dict[str, Ints]()
    last = np.full(n, -10_000)
    for number, week in enumerate(weeks):
        day = shop.day
        for place in np.unique(week.action[week.action < WAITS]):
            action, who = ACTIONS[place], np.flatnonzero(week.action == place)
            held, owed = action.contents, action.essential or action.needs.complained is True
            # Rules: nothing to eat that is or may be forbidden, no gifts to who wants none, nothing for the young.
            bad = shop.no_gifts[who] & held.gift
            bad |= shop.young[who] & (held.alcohol or action.purpose != "service")
            if held.edible and held.allergens != ():
                declared = np.any([shop.allergies[name][who] for name in held.allergens or shop.allergies], axis=0)
                bad |= ~shop.declared[who] | declared
            found["rules"] += int(bad.sum())
            # Consent: marketing by e-mail or a call needs a yes; a no stands.
            for name in np.unique(week.channel[who]):
                by_it = who[week.channel[who] == name]
                if action.purpose == "marketing":
                    told = shop.consents[by_it]
                    wrong = (told & consent.no("profiling")) > 0
                    if name in ("e-mail", "call", "message"):
                        wrong |= (told & consent.yes("marketing", name)) == 0
                        wrong |= (told & consent.no("marketing", name)) > 0
                    found["consent"] += int((wrong | (told & consent.no("marketing", "any") > 0)).sum())
                takes = attention.WEIGHTS[name]
                over = (units[by_it].sum(axis=1) + takes > shop.budget[by_it]) & (takes > 0)
                gap = max(action.spacing_days, 7 if action.purpose == "marketing" else 0)
                early = (day - last[by_it] < gap) & (takes > 0)
                found["attention"] += 0 if owed else int((over | early).sum())
            idea = action.idea or action.id
            had = ideas.setdefault(idea, np.full(n, -10_000))
            found["attention"] += int((day - had[who] < action.idea_days).sum())
            had[who] = day
            found["holdout"] += 0 if action.essential else int((week.arm[who] == HOLDOUT).sum())
        takes_now = np.array([attention.WEIGHTS.get(one, 0.0) for one in week.channel.tolist()])
        units = np.column_stack([takes_now, units[:, :2]])
        last = np.where(takes_now > 0, day, last)
        lot = arms_of(shop.ids, BEGINS + timedelta(days=7 * number), Shares(), (str(shop.seed),))
        found["holdout"] += int((lot != week.arm).sum())
        shop.week(week.action, takes_now)
    return found


# --- side by side ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """One shop: what each policy added for a member in each week, minor units, over those for whom ours decides freely.

    gain: by policy, (WEEKS,). regret: (WEEKS,) how much less ours added than it could have to its own members. brought:
    by policy, what they really spent more than with nothing, less costs, in the twelve weeks. harmful: (WEEKS,) the
    share of ours that harms. broken: see `violations`. again: how often the truth was drawn anew. could: by policy,
    (WEEKS,) the most that could have been added in each week to its members as they then were. after: see `afterwards`.
    """

    gain: dict[str, Array]
    regret: Array
    brought: dict[str, float]
    harmful: Array
    broken: dict[str, int]
    again: int
    could: dict[str, Array]
    after: dict[str, Array]


def single(truth: Truth, seed: int, n: int) -> list[Week]:
    """What the best single action earns: of those that add most at once, and most as often as they may be repeated."""
    shop = Shop(truth, seed, n)
    once = np.where(reached(shop)[0], shop.gains(), 0.0).mean(axis=0)
    often = np.array([1 + 0.5 * (min(WEEKS, 7 * WEEKS / max(one.idea_days, 7)) - 1) for one in ACTIONS])
    likely = {*once.argsort()[-2:].tolist(), *(once * often).argsort()[-2:].tolist()}
    return max(
        (
            played(by(lambda _, o, one=one: np.where(np.arange(WAITS) == one, 1.0, -1.0)), truth, seed, n)
            for one in likely
        ),
        key=total,
    )


def total(weeks: list[Week]) -> float:
    """What was added to a member in all."""
    return float(sum(week.gain.mean() for week in weeks))


def drawn(seed: int, n: int, unseen: float) -> tuple[Truth, list[Week], list[Week], int]:
    """The truth of a shop, what the oracle and the best single action earn in it, and how often it was drawn anew.

    In a shop that is hard the best single action earns at most half of what the oracle does. Where it earns more, the
    truth is drawn again, whatever any other policy would have made of it.
    """
    for again in range(100):
        truth = truth_of(ACTIONS, seed + 1000 * again, unseen)
        best, one = played(ORACLE, truth, seed, n), single(truth, seed, n)
        free = arms_of(Shop(truth, seed, n).ids, BEGINS, Shares(), (str(seed),)) == LEARNED
        earned, could = (sum(week.gain[free].sum() for week in of) for of in (one, best))
        if earned <= SINGLE * could:
            break
    return truth, best, one, again


def compared(seed: int, n: int = MEMBERS, unseen: float = UNSEEN) -> Compared:
    """Every policy in the shop of a seed, on equal luck."""
    truth, oracle, one, again = drawn(seed, n, unseen)
    learning = Learning()
    weeks = {
        "learned": played(learning, truth, seed, n),
        "oracle": oracle,
        "informed": played(by(informed), truth, seed, n),
        "single": one,
        "alike": played(by(alike), truth, seed, n),
        "uniform": played(by(uniform), truth, seed, n),
    }
    nothing, ours = played(NOTHING, truth, seed, n), weeks["learned"]
    free = ours[0].arm == LEARNED
    could = {name: np.array([week.best[free].mean() for week in of]) for name, of in weeks.items()}
    cost = np.append(truth.cost_minor, 0.0)

    def brought(of: list[Week]) -> float:
        more = [week.spent - none.spent - cost[week.action] for week, none in zip(of, nothing, strict=True)]
        return float(np.sum(more, axis=0)[free].mean())

    return Compared(
        gain={name: np.array([week.gain[free].mean() for week in of]) for name, of in weeks.items()},
        regret=np.array([(week.best - week.gain)[free].mean() for week in ours]),
        brought={name: brought(of) for name, of in weeks.items()},
        harmful=np.array([(np.append(truth.good, 0.0)[week.action[free]] < 0).mean() for week in ours]),
        broken=violations(Shop(truth, seed, n), ours),
        again=again,
        could=could,
        after=afterwards(learning, truth, seed, n),
    )


def interval(each: Array) -> tuple[float, float, float]:
    """The mean over shops, and its 95% interval by Student's t."""
    half = stats.t.ppf(0.975, len(each) - 1) * stats.sem(each)
    return float(each.mean()), float(each.mean() - half), float(each.mean() + half)


def shares(shops: list[Compared], policy: str, weeks: slice) -> Array:
    """(shops,) the part of the oracle's gain that a policy has in some weeks."""
    return np.array([one.gain[policy][weeks].sum() / one.gain["oracle"][weeks].sum() for one in shops])


def of_possible(shops: list[Compared], policy: str, weeks: slice) -> Array:
    """(shops,) the part that a policy has, in some weeks, of the most that could have been added to its own members."""
    return np.array([one.gain[policy][weeks].sum() / one.could[policy][weeks].sum() for one in shops])


def falls(shops: list[Compared]) -> float:
    """The p-value of Page's test that regret falls from week to week, each shop a row."""
    return float(stats.page_trend_test(-np.array([one.regret for one in shops])).pvalue)


def rows(shops: int = SHOPS, members: int = MEMBERS) -> list[Row]:
    """What each policy earns of the oracle's gain over nothing, by week and in all; what must hold."""
    each = [compared(seed, members) for seed in range(1, shops + 1)]
    found = []
    for name in ("learned", "informed", "single", "alike", "uniform"):
        for what, weeks in (
            ("in twelve weeks", slice(None)),
            ("from week 5 on", slice(4, None)),
            ("in the last four", slice(-4, None)),
            ("in week 12", slice(-1, None)),
        ):
            mean, low, high = interval(shares(each, name, weeks))
            note = f"95% {low:.3f} to {high:.3f}"
            promised = name == "learned" and what in ("in the last four", "in week 12")
            label = f"{name}: share of the oracle's gain {what}"
            found.append(at_least(label, mean, BAR, "", note) if promised else Row(label, mean, "", note=note))
        mean, low, high = interval(of_possible(each, name, slice(-4, None)))
        label = f"{name}: share of what could be added in the last four weeks to its members as they then were"
        found.append(Row(label, mean, "", note=f"95% {low:.3f} to {high:.3f}"))
    for name in ("learned", "informed"):
        mean, low, high = interval(np.array([one.after[name].sum() / one.after["oracle"].sum() for one in each]))
        note = f"95% {low:.3f} to {high:.3f}"
        label = f"{name}: share of the oracle's gain among people drawn anew, nothing learned any more"
        found.append(at_least(label, mean, BAR, "", note) if name == "learned" else Row(label, mean, "", note=note))
    for name in ("single", "uniform"):
        more = np.array([one.gain["learned"].sum() - one.gain[name].sum() for one in each])
        mean, low, high = interval(more)
        found.append(
            at_least(
                f"learned less {name}: lower end, a member", low, 0, "cents", f"{mean:.0f}, 95% {low:.0f} to {high:.0f}"
            )
        )
    most, anew = float(shares(each, "single", slice(None)).max()), sum(one.again for one in each)
    note = f"truths drawn anew: {anew}"
    found.append(
        at_most("best single action: part of the oracle's gain, in the shop it suits best", most, SINGLE, "", note)
    )
    found += [at_most(f"violations of {name}", sum(one.broken[name] for one in each), 0, "") for name in each[0].broken]
    found.append(at_most("regret falls week by week: p of Page's trend test", falls(each), 0.001, ""))
    for week in range(WEEKS):
        gain, best = (np.mean([one.gain[name][week] for one in each]) for name in ("learned", "oracle"))
        regret, harm = np.mean([one.regret[week] for one in each]), np.mean([one.harmful[week] for one in each])
        note = f"oracle {best:.0f}, regret {regret:.0f}, harmful {100 * harm:.1f}%"
        found.append(Row(f"  week {week + 1}: learned adds to a member", float(gain), "cents", note=note))
    for name in each[0].brought:
        mean, low, high = interval(np.array([one.brought[name] for one in each]))
        found.append(
            Row(
                f"  {name}: really brought in twelve weeks, a member",
                mean,
                "cents",
                note=f"95% {low:.0f} to {high:.0f}",
            )
        )
    return found


if __name__ == "__main__":
    print(table(rows(*(int(one) for one in sys.argv[1:]))))
