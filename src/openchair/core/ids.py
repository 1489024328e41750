"""Identifiers: how facts name a customer, and ids that follow from what they stand for.

An *identifier* is `kind:value` as it came (`id:17850`, `email:ada@example.org`, `anon:9f..`); facts keep it for ever.
A *customer id* is what identifiers are mapped to at reading time. Ids are hashes of what they name, so reading the
same file twice, or on another engine, gives the same ids.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

IDENTIFIER_KINDS = ("id", "email", "anon", "phone")
SEPARATOR = "\x1f"


def digest(*parts: str) -> str:
    """32 hex digits that stand for `parts`; the engine makes the same with md5 over parts joined by U+001F.

    >>> digest("shop", "1001") == digest("shop", "1001"), len(digest("a"))
    (True, 32)
    """
    return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()


def identifier(kind: str, value: str) -> str:
    """The identifier of a customer as facts carry it; e-mails are compared without case or blanks around them.

    >>> identifier("email", " Ada@Example.org ")
    'email:ada@example.org'
    """
    if kind not in IDENTIFIER_KINDS:
        raise ValueError(f"identifier kind {kind!r} is not one of {', '.join(IDENTIFIER_KINDS)}")
    text = value.strip()
    return f"{kind}:{text.lower() if kind == 'email' else text}"


def uniforms(ids: NDArray[np.str_], *salt: str) -> NDArray[np.float64]:
    """One number in [0, 1) per id, the same for the same id and salt whatever the order or company of the others.

    ids: (n,) lower-case hexadecimal digests of at least 16 digits, all of one length. Gives (n,) with 53 random bits.

    >>> round(float(uniforms(np.array([digest("ada")]), "2026-11-22")[0]), 6)
    0.212079
    """
    if ids.size == 0:
        return np.zeros(0)
    letters = np.ascontiguousarray(ids.astype("S")).view(np.uint8).reshape(ids.size, -1)[:, -16:]
    nibbles = np.where(letters >= ord("a"), letters - ord("a") + 10, letters - ord("0")).astype(np.uint64)
    z: NDArray[np.uint64] = (nibbles << np.arange(60, -4, -4, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    # splitmix64's finaliser (Steele, Lea & Flood 2014): every bit of id and salt reaches every bit of the number.
    z = z + np.uint64(int(digest(*salt)[:16], 16))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)
