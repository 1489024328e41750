"""A language model behind an OpenAI-compatible address: meanings of sentences, and proposals in words.

Customers' sentences are sent there; so it is off until an address is set. Nothing that it answers is believed: sizes,
shapes and lengths are checked, and no redirect is followed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from openchair.chair.ports import Unreachable
from openchair.channels.reach import Private, connected

SECONDS = 60.0
"""The longest any step of a question may take."""
MOST_BYTES = 32 * 1024 * 1024
"""The longest answer read."""
MOST_DIMENSIONS, LARGEST = 8_192, 1e6
"""Of a vector, and of any number in it."""
AT_ONCE = 64
WORDS = 200
"""Tokens of a proposal at most."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model at one address, that ends in /v1. private: whether it may lie in a private network."""

    url: str
    name: str
    key: str
    private: bool

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) for n texts. Raises Unreachable, also for an answer of another shape."""
        parts = [self._embedded(texts[i : i + AT_ONCE]) for i in range(0, len(texts), AT_ONCE)]
        if len({part.shape[1] for part in parts}) > 1:
            raise self._wrong("gave vectors of several lengths")
        return np.vstack(parts) if parts else np.zeros((0, 1), np.float32)

    def answer(self, system: str, user: str) -> str:
        """What the model says to a question. Raises Unreachable."""
        asked = {
            "model": self.name,
            "temperature": 0,
            "max_tokens": WORDS,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        }
        told = self._asked("chat/completions", asked)
        try:
            return str(told["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError):
            raise self._wrong("gave no message") from None

    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        told = self._asked("embeddings", {"model": self.name, "input": list(texts), "encoding_format": "float"})
        try:
            rows = sorted(told["data"], key=lambda row: row["index"])
            found = np.array([row["embedding"] for row in rows], dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            raise self._wrong("gave no vectors") from None
        if found.ndim != 2 or len(found) != len(texts) or not 1 <= found.shape[1] <= MOST_DIMENSIONS:
            raise self._wrong(f"gave {found.shape} for {len(texts)} texts")
        if not (np.abs(found) <= LARGEST).all():
            raise self._wrong("gave what is no number of a vector")
        return found.astype(np.float32)

    def _asked(self, what: str, body: dict[str, Any]) -> Any:
        headers = {"content-type": "application/json", "user-agent": "openchair"}
        headers |= {"authorization": f"Bearer {self.key}"} if self.key else {}
        path = f"{urlsplit(self.url).path.rstrip('/')}/{what}"
        try:
            connection = connected(self.url, private=self.private, seconds=SECONDS)
            try:
                connection.request("POST", path, msgspec.json.encode(body), headers)
                answered = connection.getresponse()
                raw = answered.read(MOST_BYTES + 1)
            finally:
                connection.close()
        except Private as wrong:
            raise Unreachable("model", bound=str(wrong).rstrip(".")) from None
        except (OSError, HTTPException) as wrong:
            raise self._wrong(str(wrong) or "did not answer") from None
        if answered.status != 200:
            raise self._wrong(f"answered {answered.status}")
        if len(raw) > MOST_BYTES:
            raise self._wrong(f"answered more than {MOST_BYTES} bytes")
        try:
            return msgspec.json.decode(raw)
        except msgspec.DecodeError:
            raise self._wrong("answered no JSON") from None

    def _wrong(self, bound: str) -> Unreachable:
        return Unreachable("model", value=f"{self.name} at {self.url}", bound=bound, remedy="Check its settings.")
