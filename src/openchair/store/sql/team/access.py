"""Who may come in: people with passwords and sessions, programs with keys, invitations, and answers given before.

Only hashes are kept: argon2id of passwords, SHA-256 of tokens and keys (random enough that no slow hash is needed).
"""

import hashlib
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openchair.chair.intake.own import SOURCE
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound, StorageFull
from openchair.store.sql.database import Database
from openchair.store.sql.rows import Tables
from openchair.store.sql.schema import idempotency, invites, keys, sessions, users

ROLES = ("owner", "staff")
SCOPES = (
    "ingest", "read", "write", "dossiers", "rules", "consents", "merges", "privacy", "seats",
    "audit", "listening", "surveys", "cases", "value", "outbox", "catalogue",
)  # fmt: skip
"""One for each part of what a key may do: to read dossiers is more than to read lists."""
KEY_PREFIX = "oc_"
SESSION_DAYS = 14
INVITE_HOURS = 48
KEPT_HOURS = 48
"""How long an answer is kept for a repeated Idempotency-Key; the promise is 24."""
USED_SECONDS = 60
"""How exactly the last use of a key is known; a row is not written for every request."""
KNOWN_SECONDS = 2.0
"""How long a key is believed without asking again."""

SHORTEST, LONGEST = 12, 256


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in."""

    user_id: str
    email: str
    name: str
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """A program's key, without its secret."""

    key_id: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invite:
    """What a one-time link offers."""

    role: str
    email: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """The answer that was given to an Idempotency-Key; `status` is None while the first request is still at work."""

    status: int | None
    body: bytes | None


class Access(Tables):
    """Users, sessions, invitations, keys and idempotency over one Database. Reads the clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody: str | None = None
        self._known: dict[bytes, tuple[Key, datetime]] = {}
        self._lock = threading.Lock()

    # People

    def has_owner(self) -> bool:
        """Whether anyone owns this home yet; if not, the server prints an invitation when it starts."""
        return bool(self._value(_OWNERS))

    def users(self) -> list[User]:
        """Everyone who may sign in, by e-mail."""
        return self._made(User, select(*_USER).order_by(users.c.email))

    def add_user(self, email: str, name: str, password: str, role: str = "staff") -> User:
        """A new user. Raises BadInput, or Conflict for an e-mail that has one."""
        with self._database.write() as connection:
            return self._add(connection, email, name, password, role)

    def remove_user(self, email: str) -> None:
        """Remove a user and their sessions. Raises NotFound, and Conflict for the only owner."""
        with self._database.write() as connection:
            row = _found(connection, email)
            if row.role == "owner" and connection.scalar(_OWNERS) == 1:
                raise Conflict("user", value=email, bound="is the only owner", remedy="Invite another owner first.")
            connection.execute(delete(sessions).where(sessions.c.user_id == row.user_id))
            connection.execute(delete(users).where(users.c.user_id == row.user_id))

    def set_password(self, email: str, password: str) -> None:
        """A new password; every session of the user ends. Raises NotFound, BadInput."""
        hashed = self._hasher.hash(_password(password))
        with self._database.write() as connection:
            user_id = _found(connection, email).user_id
            connection.execute(update(users).where(users.c.user_id == user_id).values(password=hashed))
            connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def sign_in(self, email: str, password: str) -> str | None:
        """A session's token for the right password, else None; takes as long for an e-mail that nobody has."""
        row = self._row(select(users).where(users.c.email == email.strip().lower()))
        hashed = row["password"] if row else self._anyone()
        if len(password) > LONGEST or not self._right(hashed, password) or row is None:
            return None
        return self.start_session(row["user_id"])

    def start_session(self, user_id: str) -> str:
        """A token for SESSION_DAYS; only its hash is kept."""
        now = datetime.now(UTC)
        return self._token(sessions, now + timedelta(days=SESSION_DAYS), user_id=user_id, created_at=now)

    def session_user(self, token: str) -> User | None:
        """Whose session a token is; None when it has expired, was ended, or never was."""
        query = select(*_USER).join(sessions, sessions.c.user_id == users.c.user_id)
        return self._one(User, query.where(*_holds(sessions, token)))

    def end_session(self, token: str) -> None:
        """Sign out."""
        self._change(delete(sessions).where(sessions.c.hash == _hash(token)))

    # Invitations

    def invite(self, role: str = "staff", email: str | None = None) -> str:
        """The token of a one-time link that makes a user; good for INVITE_HOURS."""
        _one_of("role", role, ROLES)
        until = datetime.now(UTC) + timedelta(hours=INVITE_HOURS)
        return self._token(invites, until, role=role, email=_email(email) if email else None)

    def invited(self, token: str) -> Invite | None:
        """What a link offers; None when it was used, has expired or never was."""
        return self._one(Invite, select(*_INVITE).where(*_holds(invites, token)))

    def accept(self, token: str, email: str, name: str, password: str) -> User:
        """Use a link to become a user. Raises NotAllowed for a link that is no longer good, BadInput, Conflict."""
        with self._database.write() as connection:
            offer = connection.execute(select(*_INVITE).where(*_holds(invites, token))).first()
            if offer is None or (offer.email is not None and offer.email != _email(email)):
                bound = "was used, has expired or is another's"
                raise NotAllowed("invitation", bound=bound, remedy="Ask for a new one.")
            connection.execute(delete(invites).where(invites.c.hash == _hash(token)))
            return self._add(connection, email, name, password, offer.role)

    # Keys

    def create_key(self, name: str, scopes: Iterable[str]) -> tuple[Key, str]:
        """A key and its secret, which is shown this once. Raises BadInput for a scope that is not in SCOPES."""
        wanted = frozenset(scopes)
        for scope in wanted or {""}:
            _one_of("scope", scope, SCOPES)
        if not name.strip():
            raise BadInput("name of the key", value=name, bound="must not be empty", remedy="Say who will use it.")
        if name.strip().casefold() == SOURCE:
            raise BadInput("name of the key", value=name, bound="is the name of our own facts", remedy="Take another.")
        key_id, now = secrets.token_hex(4), datetime.now(UTC)
        secret = f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
        key = Key(key_id, name.strip(), wanted, now, None, None)
        row = {"key_id": key_id, "hash": _hash(secret), "name": key.name, "scopes": " ".join(sorted(wanted))}
        self._change(insert(keys).values(row | {"created_at": now}))
        return key, secret

    def key(self, secret: str) -> Key | None:
        """The key behind a secret; None when it is unknown or revoked.

        Known keys are remembered for KNOWN_SECONDS, so a revocation by another process may take that long to be seen.
        """
        hashed, now = _hash(secret), datetime.now(UTC)
        known = self._known.get(hashed)
        if known is not None and now < known[1]:
            return known[0]
        key = self._one(_key, select(*_KEY).where(keys.c.hash == hashed, keys.c.revoked_at.is_(None)))
        if key is None:
            self._known.pop(hashed, None)
            return None
        if key.last_used_at is None or (now - key.last_used_at).total_seconds() >= USED_SECONDS:
            # A full disk stops nobody from reading.
            with suppress(StorageFull):
                self._change(update(keys).where(keys.c.hash == hashed).values(last_used_at=now))
        self._known[hashed] = (key, now + timedelta(seconds=KNOWN_SECONDS))
        return key

    def keys(self) -> list[Key]:
        """All keys, newest first, the revoked ones too."""
        return self._made(_key, select(*_KEY).order_by(keys.c.created_at.desc()))

    def revoke(self, key_id: str) -> None:
        """A key is good no more. Raises NotFound."""
        good = update(keys).where(keys.c.key_id == key_id, keys.c.revoked_at.is_(None))
        if not self._change(good.values(revoked_at=datetime.now(UTC))):
            raise NotFound("key", value=key_id, bound="is not here or was revoked", remedy="See openchair keys.")
        self._known.clear()

    # Answers given before

    def begin(self, who: str, key: str, fingerprint: bytes) -> Given | None:
        """Claim an Idempotency-Key for a request; None when it is new, else the answer given before.

        who: whose key it is (a key id or user id). fingerprint: the request itself; the same key with another request
        raises Conflict.
        """
        now = datetime.now(UTC)
        hashed, mark = _hash(f"{who}\x1f{key}"), hashlib.sha256(fingerprint).digest()
        with self._database.write() as connection:
            connection.execute(delete(idempotency).where(idempotency.c.created_at <= now - timedelta(hours=KEPT_HOURS)))
            row = connection.execute(select(idempotency).where(idempotency.c.hash == hashed)).first()
            if row is None:
                connection.execute(insert(idempotency).values(hash=hashed, fingerprint=mark, created_at=now))
                return None
        if row.fingerprint != mark:
            raise Conflict("Idempotency-Key", value=key, bound="was used for another request", remedy="Make a new one.")
        return Given(row.status, row.body)

    def finish(self, who: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer that every repetition gets."""
        those = update(idempotency).where(idempotency.c.hash == _hash(f"{who}\x1f{key}"))
        self._change(those.values(status=status, body=body))

    def forget(self, who: str, key: str) -> None:
        """Let a failed request be tried again with the same key."""
        self._change(delete(idempotency).where(idempotency.c.hash == _hash(f"{who}\x1f{key}")))

    def _token(self, table: Table, until: datetime, **row: Any) -> str:
        """A new secret good until a time, of which only the hash is kept; those that are good no more go."""
        token = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= datetime.now(UTC)))
            connection.execute(insert(table).values(row | {"hash": _hash(token), "expires_at": until}))
        return token

    def _add(self, connection: Connection, email: str, name: str, password: str, role: str) -> User:
        _one_of("role", role, ROLES)
        user = User(uuid4().hex, _email(email), name.strip() or _email(email), role, datetime.now(UTC))
        row = asdict(user) | {"password": self._hasher.hash(_password(password))}
        try:
            connection.execute(insert(users).values(row))
        except IntegrityError:
            remedy = "Sign in, or set the password."
            raise Conflict("user", value=email, bound="is here already", remedy=remedy) from None
        return user

    def _right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _anyone(self) -> str:
        with self._lock:
            self._nobody = self._nobody or self._hasher.hash(secrets.token_urlsafe(16))
            return self._nobody


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _email(text: str) -> str:
    mail = text.strip().lower()
    name, _, host = mail.rpartition("@")
    if not name or not host or len(mail) > 254 or any(c.isspace() for c in mail):
        raise BadInput("e-mail", value=text, bound="must be name@host", remedy="Correct it.")
    return mail


def _password(text: str) -> str:
    if not SHORTEST <= len(text) <= LONGEST:
        bound = f"must have {SHORTEST} to {LONGEST} characters"
        raise BadInput("password", bound=bound, remedy="A few unusual words are best.")
    return text


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadInput(what, value=value, bound=f"one of {', '.join(allowed)}", remedy="Name one of these.")


def _holds(table: Table, token: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.hash == _hash(token), table.c.expires_at > datetime.now(UTC)


def _found(connection: Connection, email: str) -> Row[Any]:
    row = connection.execute(select(users).where(users.c.email == _email(email))).first()
    if row is None:
        raise NotFound("user", value=email, bound="is not here", remedy="See openchair users.")
    return row


def _key(*, scopes: str, **row: Any) -> Key:
    return Key(**row, scopes=frozenset(scopes.split()))


_OWNERS = select(func.count()).select_from(users).where(users.c.role == "owner")
_USER, _KEY, _INVITE = (
    [table.c[one.name] for one in fields(record)] for table, record in ((users, User), (keys, Key), (invites, Invite))
)
