"""What is made of texts with all that was learned: their distinct sentences, and what each of these means."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from openchair.listening.voices import language, reading, sentences, sentiment
from openchair.listening.voices.embedding import Embedder, Vectors
from openchair.listening.voices.sentiment import Head
from openchair.listening.voices.themes import Gathered

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SURE = 0.6
"""A language told less surely than this gives way to what the message itself says it is in."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The distinct sentences of some texts, and which stands where: row by row `owner` (the text), place and span."""

    texts: Sequence[str]
    languages: Sequence[str]
    which: Places
    owner: Places
    place: Places
    spans: Places
    """(rows, 2)"""


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned of a shop's voices."""

    fingerprint: str
    """Of the embedder it was learned with."""
    messages: int
    """How many there were at the last gathering of themes."""
    pending: bool
    """Whether something is still to be read with it that was read with what was known before."""
    corrected: str
    """Stands for the corrections that `taste` was learned from."""
    ids: tuple[str, ...]
    gathered: Gathered
    mix: Floats
    """(k, 6) chances of READINGS summed over each theme's sentences."""
    taste: Floats
    """(d, 6) what corrections add to the weights of READINGS."""
    state: bytes
    """The embedder's."""
    head: Head | None
    """Of sentiment; None while too few ratings were given."""
    taught: tuple[str, ...]
    """Languages that the head learned; others are felt by words."""

    def written(self) -> bytes:
        """To be kept, but for the centres, the embedder's state and the head, which have places of their own."""
        whole = io.BytesIO()
        np.savez(
            whole,
            fingerprint=np.array(self.fingerprint),
            messages=np.array(self.messages),
            pending=np.array(self.pending),
            corrected=np.array(self.corrected),
            ids=np.array(self.ids, dtype=np.str_),
            radius=np.array(self.gathered.radius),
            mix=self.mix,
            taste=self.taste.astype(np.float32),
            taught=np.array(self.taught, dtype=np.str_),
        )
        return whole.getvalue()


def known_of(body: bytes, centres: dict[str, bytes], state: bytes, head: bytes | None, embedder: Embedder) -> Known:
    """What was learned as it was kept. centres: float32 by theme id; themes founded since stand at the end."""
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        kept: dict[str, Any] = dict(arrays)
    ids = [one for one in kept["ids"].tolist() if one in centres]
    ids += sorted(set(centres) - set(ids))
    place = {one: i for i, one in enumerate(kept["ids"].tolist())}
    mix = np.array([kept["mix"][place[one]] if one in place else np.zeros(len(reading.READINGS)) for one in ids])
    d = len(kept["taste"])
    rows = [np.frombuffer(centres[one], dtype=np.float32) for one in ids]
    return Known(
        fingerprint=str(kept["fingerprint"]),
        messages=int(kept["messages"]),
        pending=bool(kept["pending"]),
        corrected=str(kept["corrected"]),
        ids=tuple(ids),
        gathered=Gathered(np.array(rows, dtype=np.float32).reshape(-1, d), float(kept["radius"])),
        mix=mix.reshape(-1, len(reading.READINGS)),
        taste=kept["taste"].astype(np.float64),
        state=state,
        head=sentiment.read(head, embedder) if head else None,
        taught=tuple(kept["taught"].tolist()),
    )


@dataclass(frozen=True, slots=True)
class Understood:
    """What distinct sentences mean: theme by place (-1: none), closeness, log weights of READINGS, sentiment."""

    vectors: Vectors
    theme: Places
    closeness: Floats
    weights: Floats
    sentiment: Floats


def speech(texts: Sequence[str], hints: Sequence[str | None]) -> Speech:
    """The distinct sentences of texts, in the order they come. hints: the language each text is said to be in."""
    whole, scripts = language.identify(texts), [language.script(text) for text in texts]
    owners, places, spans, parts, spoken = [], [], [], [], []
    for owner, text in enumerate(texts):
        code, sure = whole[owner]
        for place, (begins, ends) in enumerate(sentences.split(text)):
            part = text[begins:ends]
            owners.append(owner)
            places.append(place)
            spans.append((begins, ends))
            parts.append(part)
            # A sentence is in its message's language unless its letters are another's, or the message leaves it open.
            like = sure >= SURE and language.script(part) == scripts[owner]
            spoken.append(code if like else _told(part, hints[owner]))
    distinct: dict[tuple[str, str], int] = {}
    which = [distinct.setdefault(key, len(distinct)) for key in zip(parts, spoken, strict=True)]
    return Speech(
        texts=[text for text, _code in distinct],
        languages=[code for _text, code in distinct],
        which=np.array(which, dtype=np.int64),
        owner=np.array(owners, dtype=np.int64),
        place=np.array(places, dtype=np.int64),
        spans=np.array(spans, dtype=np.int64).reshape(-1, 2),
    )


def _told(part: str, hint: str | None) -> str:
    ((code, sure),) = language.identify([part])
    return code if sure >= SURE else hint or code


def understand(
    texts: Sequence[str],
    languages: Sequence[str],
    embedder: Embedder,
    known: Known,
    features: sparse.csr_matrix | None = None,
) -> Understood:
    """What distinct sentences mean, by all that is known. features: of these texts, if at hand."""
    features = embedder.features(texts) if features is None else features
    vectors = embedder.vectors(texts, languages, known.state, features)
    theme, closeness = known.gathered.nearest(vectors)
    felt = sentiment.by_words(texts)
    if known.head is not None:
        taught = np.isin(np.array(languages, dtype=np.str_), known.taught)
        felt = np.where(taught, known.head.score(texts, features), felt)
    weights = reading.in_company(reading.guess(texts, felt), theme, known.mix) + vectors @ known.taste
    return Understood(vectors, theme, closeness, weights, felt)
