"""How a sentence feels, -1 to 1: by a head that learned from ratings, else by everyday words of praise and blame."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from openchair.core.errors import BadInput
from openchair.listening.voices import stems
from openchair.listening.voices.embedding import Embedder
from openchair.listening.voices.grams import BUCKETS

Floats = NDArray[np.float64]

STRENGTH = 5.0
"""Inverse of the penalty on weights (scikit-learn's C); between 2 and 10 little changes."""
MEANT = 1.5
"""How much a language model's directions weigh beside n-grams."""
SIGNS = {"neg": -1.0, "pos": 1.0}
"""What a class says of sentiment; others say nothing."""


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic regression on an embedder's features, one against the rest for each class."""

    embedder: Embedder
    classes: tuple[str, ...]
    rarity: NDArray[np.float32]
    """(BUCKETS,) weight of each n-gram, 0 for those that training hardly saw."""
    middle: NDArray[np.float32]
    """(m,) mean of what else the features have."""
    scale: float
    weights: NDArray[np.float32]
    """(BUCKETS + m, classes), of two classes only the second."""
    level: Floats

    def chances(self, texts: Sequence[str], features: sparse.csr_matrix | None = None) -> Floats:
        """(n, classes) that sum to 1. features: of these texts, if at hand."""
        given = self.embedder.features(texts) if features is None else features
        rows = _prepared(given, self.rarity, self.middle, self.scale)
        yes = 1 / (1 + np.exp(-np.clip(rows @ self.weights + self.level, -30, 30)))
        if len(self.classes) == 2:
            return np.column_stack([1 - yes, yes])
        return np.asarray(yes / yes.sum(1, keepdims=True), dtype=np.float64)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest class of each text."""
        return [self.classes[place] for place in self.chances(texts).argmax(1)]

    def score(self, texts: Sequence[str], features: sparse.csr_matrix | None = None) -> Floats:
        """(n,) -1 to 1: chances times what each class says (SIGNS)."""
        signs = np.array([SIGNS.get(one, 0.0) for one in self.classes])
        return np.asarray(self.chances(texts, features) @ signs, dtype=np.float64)

    def written(self) -> bytes:
        """To be kept, without the embedder."""
        whole = io.BytesIO()
        np.savez_compressed(
            whole,
            classes=np.array(self.classes),
            rarity=self.rarity.astype(np.float16),
            middle=self.middle,
            scale=np.array(self.scale),
            weights=self.weights.astype(np.float16),
            level=self.level,
        )
        return whole.getvalue()


def read(body: bytes, embedder: Embedder) -> Head:
    """A head as `written` gives it, on the same embedder."""
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        known: dict[str, Any] = dict(kept)
    return Head(
        embedder,
        tuple(known["classes"].tolist()),
        known["rarity"].astype(np.float32),
        known["middle"],
        float(known["scale"]),
        known["weights"].astype(np.float32),
        known["level"],
    )


def train(texts: Sequence[str], labels: Sequence[str], embedder: Embedder, *, strength: float = STRENGTH) -> Head:
    """A head that tells texts apart as the labels do; any classes, two or more.

    Raises BadInput where there are fewer than two. The same texts in the same order give the same head.
    """
    from sklearn.linear_model import LogisticRegression

    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise BadInput("labels", value=classes, bound="must be of two classes or more", remedy="Add texts of another.")
    features = embedder.features(texts)
    seen = np.bincount(features.indices[features.indices < BUCKETS], minlength=BUCKETS)
    rarity = np.where(seen >= 2, np.log((1 + len(texts)) / (1 + seen)) + 1, 0).astype(np.float32)
    meant = features[:, BUCKETS:]
    middle = np.asarray(meant.mean(0), dtype=np.float32).ravel()
    spread = np.linalg.norm(meant.toarray() - middle, axis=1).mean() if meant.shape[1] else 1.0
    scale = MEANT / max(float(spread), 1e-9)
    rows = _prepared(features, rarity, middle, scale)
    told = np.array(labels)
    wanted = classes[1:] if len(classes) == 2 else classes
    fitted = [
        LogisticRegression(C=strength, solver="liblinear", random_state=0, max_iter=300).fit(rows, told == one)
        for one in wanted
    ]
    weights = np.column_stack([one.coef_.ravel() for one in fitted]).astype(np.float32)
    level = np.array([one.intercept_[0] for one in fitted])
    return Head(embedder, classes, rarity, middle, scale, weights, level)


def _prepared(
    features: sparse.csr_matrix, rarity: NDArray[np.float32], middle: NDArray[np.float32], scale: float
) -> sparse.csr_matrix:
    """n-grams weighted by their rarity, each row of length 1; beside them what else there is, about its mean."""
    counted = features[:, :BUCKETS] if features.shape[1] > BUCKETS else features
    weighted = counted.copy()
    weighted.data = weighted.data * rarity[weighted.indices]
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    weighted.data /= np.repeat(np.where(length > 0, length, 1), np.diff(weighted.indptr)).astype(np.float32)
    if features.shape[1] == BUCKETS:
        return weighted
    meant = (features[:, BUCKETS:].toarray() - middle) * np.float32(scale)
    return sparse.hstack([weighted, sparse.csr_matrix(meant)], format="csr")


def by_words(texts: Sequence[str]) -> Floats:
    """(n,) -1 to 1 by everyday words of praise and blame (feelings.toml); 0 where there are none.

    >>> [round(float(felt), 2) for felt in by_words(["Great, I love it!", "Not good.", "The box."])]
    [0.67, -0.5, 0.0]
    """
    counted = stems.counted(texts, _felt())
    good, bad, turned, spoilt = counted.T
    better, worse = np.maximum(good - turned, 0) + spoilt, np.maximum(bad - spoilt, 0) + turned
    return np.asarray((better - worse) / (better + worse + 1.0), dtype=np.float64)


def _felt() -> Mapping[str, str]:
    """Patterns of praise, of blame, and of each turned around by a word before it (in Urdu after)."""
    told = stems.words("feelings")
    within = r"[^.,!?]{0,14}?"
    found = {name: stems.pattern(told[name]) for name in ("good", "bad")}
    for name in ("good", "bad"):
        turns = []
        for code, nots in told["not"].items():
            one, other = (
                stems.pattern({code: [word.rstrip("_") for word in nots]}),
                stems.pattern({code: told[name][code]}),
            )
            gap = "" if code == "th" else within
            turns.append(f"(?:{other}){within}(?:{one})" if code == "ur" else f"(?:{one}){gap}(?:{other})")
        found[f"not {name}"] = "|".join(turns)
    return found
