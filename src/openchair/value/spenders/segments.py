"""A model of buying for each segment of a shop, however small: each leans on the whole shop as far as it must.

The logarithms of a segment's parameters are taken to differ from the shop's as Normal(0, spread): segments of few
customers stay near the shop, those of many go where their customers are. How much segments differ is not chosen but
learned from all of them: the spread of the highest marginal likelihood (empirical Bayes; Laplace's approximation).
That is how what is known of customers beside their purchases, a country or a first product, enters their value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from openchair.core.errors import FitFailed
from openchair.value import spender
from openchair.value.cases import same_length
from openchair.value.spender import Prior, Spender
from openchair.value.spenders import choosing
from openchair.value.spenders.choosing import Choice, Split

SPREADS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""E-folds by which segments may differ; with the least of them they are all the shop."""
FEWEST_AFTER = 200
"""Purchases held out of which a segment may choose a model of its own: fewer are judged with the whole shop."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What segments' own models foretold better than the shop's one, and which model each believes.

    lead: of the log-likelihood of what came, ahead of the shop's own model's; `error` is its standard error. spreads:
    as in `Segments`, learned from what was known before.
    """

    choices: Mapping[str, Choice]
    spreads: Mapping[str, float]
    lead: float
    error: float

    @property
    def pays(self) -> bool:
        """Whether segments have models of their own: a lead within its standard error is no lead."""
        return self.lead > self.error

    def __str__(self) -> str:
        """In a sentence.

        >>> print(Judged({"FR": None}, {}, 41.0, 9.5))
        Models by segment foretold better than one for all: 41.0 ahead in log-likelihood (standard error 9.5).
        """
        if self.pays:
            said, place = "Models by segment foretold better than one for all", "ahead"
        else:
            said, place = "One model for all foretold as well as models by segment", "ahead at best"
        return f"{said}: {self.lead:.1f} {place} in log-likelihood (standard error {self.error:.1f})."


@dataclass(frozen=True, slots=True)
class Segments:
    """Each segment's model; for each kind of model the shop's, and how far segments' parameters spread about it."""

    segments: Mapping[str, Spender]
    shops: Mapping[str, Spender]
    spreads: Mapping[str, float]


def choose(segment: ArrayLike, split: Split, whole: Choice | None = None) -> dict[str, Choice]:
    """The model to believe for each segment: its own choice where it has enough, else the whole shop's.

    segment: (n,) names of the split's rows. whole: the shop's choice where it is known already. Empty where not even
    the shop has a choice.
    """
    of = np.asarray(segment)
    whole = whole or choosing.choose(split)
    if whole is None:
        return {}
    bought = split.customers * (split.now[0] - split.before[0])
    found: dict[str, Choice] = {}
    for name in np.unique(of).tolist():
        own = choosing.choose(split.of(of == name)) if bought[of == name].sum() >= FEWEST_AFTER else None
        found[str(name)] = own or whole
    return found


def judge(segment: ArrayLike, split: Split, whole: Choice) -> Judged | None:
    """Whether segments' own models, leaning on the shop's, foretold the days held out better than the shop's.

    segment: (n,) names of the split's rows. whole: the shop's own choice. None where no model can be fitted to what was
    known before, and where all are in one segment: that is the shop, and ahead of itself by rounding alone.
    """
    of = np.asarray(segment)
    if len(np.unique(of)) < 2:
        return None
    choices = choose(of, split, whole)
    try:
        models = {name: choice.model for name, choice in choices.items()}
        found = fit(of, *split.before, split.customers, models)
        shop = spender.fit(*split.before, split.customers, whole.model)
    except FitFailed:
        return None
    lead = -choosing.foretold_by(shop, split)
    for name, model in found.segments.items():
        lead[of == name] += choosing.foretold_by(model, split.of(of == name))
    total, weights = float(split.customers @ lead), split.customers
    error = float(np.sqrt(weights @ (lead - total / weights.sum()) ** 2))
    return Judged(choices, found.spreads, total, error)


def fit(
    segment: ArrayLike,
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None = None,
    models: Mapping[str, str] | None = None,
    spreads: Mapping[str, float] | None = None,
) -> Segments:
    """The buying models of a shop's segments.

    segment: (n,) names. models: the name of a model for each segment, as `choose` found it; BG/NBD where left out.
    spreads: how far segments differ, by model, where that was learned before; else it is learned here. The rest is as
    in `spender.fit`, and so is what is raised; a segment in which nobody came back has the shop's model, a little less
    of buying.
    """
    of = np.asarray(segment)
    repeats, last, seen = (np.asarray(values, dtype=np.float64) for values in (x, t_x, T))
    counted = same_length(weights, x=repeats, segment=of)
    kinds = {str(name): (models or {}).get(str(name), "bg/nbd") for name in np.unique(of)}
    found: dict[str, Spender] = {}
    shops, spreads = {}, {}
    for model in sorted(set(kinds.values())):
        shop = spender.fit(repeats, last, seen, counted, model)
        rows = {name: of == name for name, kind in kinds.items() if kind == model}
        tried = {}
        known = (spreads or {}).get(model)
        for spread in SPREADS if known is None else (known,):
            prior = Prior(shop, spread)
            tried[spread] = {
                name: spender.fit(repeats[some], last[some], seen[some], counted[some], model, prior=prior)
                for name, some in rows.items()
            }
        best = max(tried, key=lambda s: sum(_marginal(shop, one, s) for one in tried[s].values()))
        shops[model], spreads[model] = shop, best
        found |= tried[best]
    return Segments(found, shops, spreads)


def _marginal(shop: Spender, found: Spender, spread: float) -> float:
    """The logarithm of a segment's likelihood with its parameters integrated out, but for a constant."""
    volume = float(np.linalg.slogdet(np.array(found.doubt))[1])
    k = len(found.params)
    return found.log_likelihood + Prior(shop, spread).of(found.values) + volume - k * float(np.log(spread))
