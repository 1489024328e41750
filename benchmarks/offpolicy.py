"""Off-policy estimators against truth: logs of 30 actions, and handwritten digits as a bandit; mean relative error.

The first set-up is the one that obp 0.5.2 has published figures for; the second gives errors like its published ones,
and may differ in what is not written there. The draws are ours, so errors are alike only.

python -m benchmarks.offpolicy    this benchmark alone
"""

import numpy as np
from scipy.special import expit, softmax
from sklearn.datasets import load_digits
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, train_test_split

from benchmarks import Row, at_most
from benchmarks.__main__ import table
from openchair.core.estimate import Estimate
from openchair.learning import offpolicy

RUNS = 20
Learner = LogisticRegression | GradientBoostingClassifier
NAMES = ("direct method", "IPS", "SNIPS", "doubly robust")
PUBLISHED = {"30 actions": (0.0744, 0.0095, 0.0067, 0.0062), "digits": (0.4365, 0.0303, 0.0228, 0.0162)}


def rows() -> list[Row]:
    """Mean relative error of each estimator, which must lie within three standard errors of what is published."""
    found = []
    for name, one_run in (("30 actions", synthetic), ("digits", digits)):
        errors = np.array([one_run(np.random.default_rng(seed)) for seed in range(RUNS)])
        for who, mean, sd, published in zip(NAMES, errors.mean(0), errors.std(0, ddof=1), PUBLISHED[name], strict=True):
            # Both means are of twenty runs, so this is noise but for one in a thousand.
            bound = published + 3 * float(sd) * (2 / RUNS) ** 0.5
            found.append(at_most(f"{name}: {who}", float(mean), bound, "", f"published {published:.4f}"))
    return found


def synthetic(rng: np.random.Generator, n: int = 10_000, actions: int = 30, size: int = 5) -> list[float]:
    """Binary rewards, logistic in context and action; the log prefers worse actions.

    The policy judged was learnt where other actions were good, as in the published set-up.
    """

    def drawn() -> tuple[np.ndarray, ...]:
        context = rng.normal(size=(n, size))
        known, names = np.hstack([np.ones((n, 1)), context]), np.hstack([np.ones((actions, 1)), np.eye(actions)])
        at, of_action, cross = (rng.uniform(-1, 1, shape) for shape in (size + 1, actions + 1, (size + 1, actions + 1)))
        logit = (known @ at)[:, None] + names @ of_action + known @ cross @ names.T
        truth = expit((logit - logit.mean()) / logit.std())
        logging = softmax(-3 * truth, axis=1)
        taken = (logging.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
        chosen = np.arange(n), taken
        return context, truth, taken, rng.binomial(1, truth[chosen]).astype(float), logging[chosen]

    context, _, taken, rewards, chance = drawn()
    learner = logistic().fit(context, taken, sample_weight=rewards / chance)
    context, truth, taken, rewards, chance = drawn()
    policy = softmax(learner.predict_proba(context), axis=1)
    return judged(context, taken, rewards, chance, policy, float((truth * policy).sum(axis=1).mean()), logistic())


def digits(rng: np.random.Generator, kept: float = 0.4, judged_keeps: float = 0.9) -> list[float]:
    """Naming a digit is an action, being right the reward; two classifiers, each softened by chance."""
    pictures, labels = load_digits(return_X_y=True)
    seed = int(rng.integers(2**31))
    seen, shown, seen_labels, shown_labels = train_test_split(pictures, labels, test_size=0.7, random_state=seed)
    logged_by = logistic().fit(seen, seen_labels)
    judged_by = RandomForestClassifier(30, max_depth=5, min_samples_leaf=10, random_state=12345).fit(seen, seen_labels)
    logging = kept * np.eye(10)[logged_by.predict(shown)] + (1 - kept) / 10
    policy = judged_keeps * np.eye(10)[judged_by.predict(shown)] + (1 - judged_keeps) / 10
    taken = (logging.cumsum(axis=1) > rng.random(len(shown))[:, None]).argmax(axis=1)
    row = np.arange(len(shown))
    rewards = (taken == shown_labels).astype(float)
    weak = GradientBoostingClassifier(n_estimators=30, learning_rate=0.01, max_depth=5, min_samples_leaf=10)
    return judged(shown, taken, rewards, logging[row, taken], policy, float(policy[row, shown_labels].mean()), weak)


def logistic() -> LogisticRegression:
    """As published."""
    return LogisticRegression(C=100, max_iter=10_000)


def judged(
    context: np.ndarray,
    taken: np.ndarray,
    rewards: np.ndarray,
    chance: np.ndarray,
    policy: np.ndarray,
    truth: float,
    learner: Learner,
) -> list[float]:
    """Relative errors in the order of `NAMES`; the model of rewards is cross-fitted on three folds."""
    n, actions = policy.shape
    model, names = np.zeros_like(policy), np.eye(actions)
    for fit, apply in KFold(3, shuffle=True, random_state=12345).split(context):
        learner.fit(np.hstack([context[fit], names[taken[fit]]]), rewards[fit])
        for action in range(actions):
            here = np.hstack([context[apply], np.tile(names[action], (len(apply), 1))])
            model[apply, action] = learner.predict_proba(here)[:, 1]
    target = policy[np.arange(n), taken]
    told = (
        offpolicy.direct(model, policy),
        offpolicy.ips(rewards, chance, target),
        offpolicy.snips(rewards, chance, target),
        offpolicy.doubly_robust(rewards, chance, taken, policy, model),
    )
    return [abs(one.value - truth) / truth if isinstance(one, Estimate) else np.inf for one in told]


if __name__ == "__main__":
    print(table(rows()))
