"""Learning which action suits whom, beside MABWiser and Vowpal Wabbit: guess the class, be told only right or wrong.

Four data sets that come with scikit-learn, each customer once, in five random orders. Theirs are LinUCB
with alpha 1, the best over these sets together of those tried, and SquareCB, which weighs chances as ours does.

python -m benchmarks.policy    this benchmark alone
"""

import warnings
from collections.abc import Callable

import numpy as np
from mabwiser.mab import MAB, LearningPolicy
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.preprocessing import StandardScaler
from vowpalwabbit import Workspace

from benchmarks import Row, at_least
from benchmarks.__main__ import table
from openchair.decisions import choice
from openchair.learning.hierarchical import Prior, Spreads, alone, expected, hoped, learn, sums, update

SETS = {"iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer, "digits": load_digits}
ORDERS = 5
FLOOR = 0.005
"""The exploration that ours keeps for ever, and so what may be lost to the better of the two, which keep none."""
SPREADS = Spreads(noise=0.3, all=0.1, pillar=0.1, action=1.0, person=0.001)

Player = Callable[[np.ndarray, np.ndarray, int], float]


def ours(x: np.ndarray, right: np.ndarray, seed: int, floor: float = FLOOR) -> float:
    """The share guessed right: one pillar, hoped gains, inverse-gap weighting with its floor."""
    rng, actions = np.random.default_rng(seed), int(right.max()) + 1
    prior = Prior(np.zeros((actions, x.shape[1])), np.zeros(actions, np.int64), SPREADS)
    none = np.zeros(0, np.int64)
    belief = learn(prior, sums(prior, 1, none, none, x[:0], np.zeros(0)))
    nobody, open_, got = belief.people(1), np.zeros((1, actions), np.int16), 0.0
    for t, is_right in enumerate(right):
        gains, sharpness = hoped(expected(belief, x[[t]], nobody), t)
        chances = choice.choose(gains, open_, sharpness=sharpness, floor=floor).probabilities[
            0, :-1
        ]  # waiting is no answer
        action = int(rng.choice(actions, p=chances / chances.sum()))
        wide, z, n = alone(prior, np.array([action]), x[[t]])
        belief = update(belief, nobody, wide, z, np.array([float(action == is_right)]), n)
        got += action == is_right
    return got / len(right)


def in_a_shop(x: np.ndarray, right: np.ndarray, seed: int) -> float:
    """Ours, with as much exploration as decisions keep unless the setting says otherwise."""
    return ours(x, right, seed, choice.FLOOR)


def mabwiser(x: np.ndarray, right: np.ndarray, seed: int) -> float:
    """The same by MABWiser's LinUCB, told after each."""
    actions, got = int(right.max()) + 1, 0
    bandit = MAB(list(range(actions)), LearningPolicy.LinUCB(alpha=1.0), seed=seed)
    for t, is_right in enumerate(right):
        action = t if t < actions else bandit.predict(x[[t]])
        (bandit.partial_fit if t else bandit.fit)([action], [float(action == is_right)], x[[t]])
        got += action == is_right
    return got / len(right)


def vowpal(x: np.ndarray, right: np.ndarray, seed: int) -> float:
    """The same by Vowpal Wabbit's SquareCB."""
    rng, actions, got = np.random.default_rng(seed), int(right.max()) + 1, 0
    with Workspace(f"--cb_explore_adf --squarecb -q sa --quiet --random_seed {seed}") as learner:
        for t, is_right in enumerate(right):
            shared = "shared |s " + " ".join(f"{i}:{value:.6f}" for i, value in enumerate(x[t]))
            seen = [shared, *(f"|a a{one}" for one in range(actions))]
            chances = np.array(learner.predict(seen))
            action = int(rng.choice(actions, p=chances / chances.sum()))
            seen[1 + action] = f"0:{-float(action == is_right)}:{chances[action]} |a a{action}"
            learner.learn(seen)
            got += action == is_right
    return got / len(right)


def played(player: Player, name: str) -> np.ndarray:
    """The share that is guessed right in each random order."""
    x, right = SETS[name](return_X_y=True)
    x = StandardScaler().fit_transform(x) / np.sqrt(x.shape[1])
    x = np.column_stack([np.ones(len(x)), x])
    orders = [np.random.default_rng(seed).permutation(len(x)) for seed in range(ORDERS)]
    return np.array([player(x[order], right[order], seed) for seed, order in enumerate(orders)])


def rows() -> list[Row]:
    """Each set: ours, and what each of the two got; and what it costs to explore as much as a shop does."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # theirs
    found = []
    for name in SETS:
        mine, *others = (played(player, name).mean() for player in (ours, mabwiser, vowpal))
        note = f"MABWiser {others[0]:.3f}, Vowpal Wabbit {others[1]:.3f}"
        found.append(at_least(f"{name}: guessed right, told only right or wrong", mine, max(others) - FLOOR, "", note))
        found.append(Row("  with the exploration of a shop", float(played(in_a_shop, name).mean()), ""))
    return found


if __name__ == "__main__":
    print(table(rows()))
