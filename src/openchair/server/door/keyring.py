"""Who calls: a scoped key or a signed-in person; and an Idempotency-Key's promise to act once."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from openchair.chair.actor import Actor
from openchair.core.errors import Conflict
from openchair.server.intake.ingest import key_of
from openchair.server.problems import Refused
from openchair.store.sql.team.access import Access, Key, User

FRESH_SECONDS = 3.0
"""How long a key's check is remembered: within this a revoked key stops."""
REMEMBERED = 4096
"""Keys remembered at most, so that a flood of guesses fills no memory."""
PROGRAMS_ONLY = frozenset({"ingest"})
"""Scopes that no signed-in person has."""
OWNERS_ONLY = frozenset({"privacy", "audit"})
"""Scopes that of those who sign in only an owner has."""


Act = Callable[[], Response]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `actor` is whom facts and the audit log remember; `id` tells idempotency keys of callers apart."""

    id: str
    actor: Actor


@dataclass(slots=True)
class Keyring:
    """Keys checked against state, each remembered for a few seconds."""

    access: Access
    _seen: dict[bytes, tuple[float, Key | None]] = field(default_factory=dict)

    def remembered(self, secret: str) -> tuple[bool, Key | None]:
        """Whether the key was checked a moment ago, and what came of it."""
        found = self._seen.get(hashlib.sha256(secret.encode()).digest())
        if found is None or time.monotonic() - found[0] > FRESH_SECONDS:
            return False, None
        return True, found[1]

    def fresh(self, request: Request) -> bool:
        """Whether who calls can be told without asking state."""
        secret = key_of(request.headers.get("authorization"))
        return not secret or self.remembered(secret)[0]

    def check(self, secret: str) -> Key | None:
        """The key behind a secret, or None; asks state unless it did a moment ago."""
        known, key = self.remembered(secret)
        if known:
            return key
        key = self.access.key(secret)
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[hashlib.sha256(secret.encode()).digest()] = (time.monotonic(), key)
        return key

    async def source(self, secret: str | None, scope: str) -> str:
        """The source an ingest key stands for. Raises Refused with 401 or 403."""
        if not secret:
            raise _unknown_key()
        known, key = self.remembered(secret)
        if not known:
            key = await run_in_threadpool(self.check, secret)
        return _allowed(key, scope).name

    def caller(self, request: Request, scope: str) -> Caller:
        """Who calls the API: by key, or else by session. Raises Refused with 401 or 403."""
        secret = key_of(request.headers.get("authorization"))
        if secret:
            key = _allowed(self.check(secret), scope)
            return Caller(f"key:{key.key_id}", Actor(f"key {key.name}", "program"))
        user = request.state.user
        if user is None:
            raise _unknown_key()
        if scope in PROGRAMS_ONLY or (scope in OWNERS_ONLY and user.role != "owner"):
            raise _not_for(scope)
        return Caller(f"user:{user.user_id}", actor_of(user))

    def once(
        self, caller: Caller, key: str | None, request: Request, body: str, act: Callable[[], Response]
    ) -> Response:
        """The answer of `act`, done once for an Idempotency-Key: repeated, it is given again and nothing is done.

        An answer that failed is not kept, so that the same key may try again.
        """
        if key is None:
            return act()
        fingerprint = f"{request.method} {request.url.path}\n{body}".encode()
        try:
            given = self.access.begin(caller.id, key, fingerprint)
        except Conflict as other:
            raise Refused(422, "idempotency_key_reused", str(other).rstrip(".")) from None
        if given is not None and given.status is None:
            raise Conflict(
                "Idempotency-Key", value=key, bound="its first request is still at work", remedy="Wait for it."
            )
        if given is not None:
            again = Response(given.body, given.status or 200, media_type="application/json")
            again.headers["Idempotent-Replayed"] = "true"
            return again
        try:
            answer = act()
        except BaseException:
            self.access.forget(caller.id, key)
            raise
        self.access.finish(caller.id, key, answer.status_code, bytes(answer.body))
        return answer


def actor_of(user: User) -> Actor:
    """A signed-in person as the use cases know them."""
    return Actor(user.email, "owner" if user.role == "owner" else "staff")


def _allowed(key: Key | None, scope: str) -> Key:
    if key is None:
        raise _unknown_key()
    if scope not in key.scopes:
        raise _not_for(scope)
    return key


def _unknown_key() -> Refused:
    return Refused(
        401,
        "unknown_key",
        "key",
        bound="none was sent, or it is unknown or revoked",
        remedy="Send it as Bearer or as Basic user name; make one with: openchair keys.",
    )


def _not_for(scope: str) -> Refused:
    return Refused(
        403, "not_allowed", "scope", value=scope, bound="this caller does not have it", remedy="Use a key that does."
    )
