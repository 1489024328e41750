"""Tokens that nobody can make who does not know a secret of this home: an id and until when it is good, sealed.

A forged one fails before anything is looked up. And bodies signed as Standard Webhooks 1.0 says, ours and those to us.
"""

import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from openchair.chair.state import State

ID_BYTES = 8
_EXPIRY, _SECRET, _STAMP = 5, 32, 11
LATE_SECONDS = 300
"""How far the time that a body was signed at may lie from now."""


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


def signed(id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The three headers by which a body is known to be ours. secret: whsec_ and base64."""
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix("whsec_"))
    seal = hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{b64encode(seal).decode()}"}


def is_signed(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a body was signed with a secret, lately; none is where there is no secret."""
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not secret or not stamp.isdecimal() or len(stamp) > _STAMP or not stamp.isascii():
        return False
    at = datetime.fromtimestamp(int(stamp), UTC)
    ours = signed(id, at, body, secret)["webhook-signature"].encode()
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return abs((now - at).total_seconds()) <= LATE_SECONDS and any(hmac.compare_digest(ours, one) for one in given)
