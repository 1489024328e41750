"""Tokens that nobody can make who does not know a secret of this home: an id and until when it is good, sealed.

A forged one fails before anything is looked up.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from openchair.chair.state import State

ID_BYTES = 8
_EXPIRY, _SECRET = 5, 32


@dataclass(frozen=True)
class Seals:
    """Seals under the secret that the state keeps as the note `name`; made when it is first needed."""

    state: State
    name: str

    def token(self, id: str, expires: datetime, about: str = "") -> str:
        """The token of an id (16 hexadecimal digits) until a time; it opens only with the same `about`."""
        signed = bytes.fromhex(id) + int(expires.timestamp()).to_bytes(_EXPIRY)
        return urlsafe_b64encode(signed + self._seal(signed, about)).decode()

    def opened(self, token: str, about: str = "") -> tuple[str, datetime] | None:
        """The id in a token and until when it is good; None for one that we did not make."""
        try:
            whole = urlsafe_b64decode(token.encode())
        except (Error, ValueError):
            return None
        signed, seal = whole[: ID_BYTES + _EXPIRY], whole[ID_BYTES + _EXPIRY :]
        if not hmac.compare_digest(seal, self._seal(signed, about)):
            return None
        return signed[:ID_BYTES].hex(), datetime.fromtimestamp(int.from_bytes(signed[ID_BYTES:]), UTC)

    def _seal(self, signed: bytes, about: str) -> bytes:
        return hmac.digest(self._secret, signed + about.encode(), "sha256")

    @cached_property
    def _secret(self) -> bytes:
        return bytes.fromhex(self.state.keep_note(self.name, secrets.token_hex(_SECRET)))
