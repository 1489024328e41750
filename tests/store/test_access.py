"""Who may come in: passwords, one-time links, sessions, keys, answers given before."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.store.sql import schema
from openchair.store.sql.state import SqlState

WORDS = "correct horse battery"


def expire(state: SqlState, table: object) -> None:
    with state._database.write() as connection:
        connection.execute(update(table).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_the_first_owner_comes_through_a_link_that_works_once(state: SqlState) -> None:
    """No default password: until the link is used there is nobody, and then it is worth nothing."""
    access = state.access
    assert not access.has_owner()
    token = access.invite("owner")
    offer = access.invited(token)
    assert offer is not None
    assert offer.role == "owner"
    user = access.accept(token, " Ada@Example.org ", "Ada", WORDS)
    assert (user.email, user.role, access.has_owner()) == ("ada@example.org", "owner", True)
    assert access.invited(token) is None
    with pytest.raises(NotAllowed, match="was used"):
        access.accept(token, "eve@example.org", "Eve", WORDS)


def test_a_link_expires_and_belongs_to_its_address(state: SqlState) -> None:
    """A link for one address makes no user of another, and an old one none at all."""
    token = state.access.invite("staff", "bob@example.org")
    with pytest.raises(NotAllowed):
        state.access.accept(token, "eve@example.org", "Eve", WORDS)
    expire(state, schema.invites)
    assert state.access.invited(token) is None
    with pytest.raises(NotAllowed):
        state.access.accept(token, "bob@example.org", "Bob", WORDS)


def test_only_the_right_password_opens_a_session(state: SqlState) -> None:
    """And the session is the user's until it ends, by signing out, by time, or by a new password."""
    access = state.access
    ada = access.add_user("ada@example.org", "Ada", WORDS, "owner")
    assert access.sign_in("ada@example.org", "wrong horse battery") is None
    assert access.sign_in("nobody@example.org", WORDS) is None
    token = access.sign_in(" ADA@example.org", WORDS)
    assert token is not None
    assert access.session_user(token) == ada
    assert access.session_user(token + "x") is None
    access.end_session(token)
    assert access.session_user(token) is None
    for end in (lambda: expire(state, schema.sessions), lambda: access.set_password("ada@example.org", WORDS + "!")):
        token = access.start_session(ada.user_id)
        end()
        assert access.session_user(token) is None
    assert access.sign_in("ada@example.org", WORDS) is None


def test_nothing_that_opens_a_door_is_kept(state: SqlState) -> None:
    """Neither password, token nor key can be read from the tables; passwords are argon2id with 19 MiB, t=2, p=1."""
    access = state.access
    user = access.add_user("ada@example.org", "Ada", WORDS)
    opens = [WORDS, access.start_session(user.user_id), access.invite(), access.create_key("till", ["ingest"])[1]]
    with state._database.read() as connection:
        for table in (schema.users, schema.sessions, schema.invites, schema.keys):
            text = repr(connection.execute(table.select()).all())
            assert not any(secret in text for secret in opens)
        hashed = connection.execute(schema.users.select()).one().password
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_users_are_kept_apart_and_one_owner_stays(state: SqlState) -> None:
    """One user an address; the only owner cannot be removed."""
    access = state.access
    access.add_user("ada@example.org", "Ada", WORDS, "owner")
    access.add_user("bob@example.org", "", WORDS)
    with pytest.raises(Conflict, match="here already"):
        access.add_user("Bob@example.org", "Bob", WORDS)
    with pytest.raises(Conflict, match="only owner"):
        access.remove_user("ada@example.org")
    token = access.sign_in("bob@example.org", WORDS)
    access.remove_user("bob@example.org")
    assert token is not None
    assert access.session_user(token) is None
    assert [user.email for user in access.users()] == ["ada@example.org"]
    with pytest.raises(NotFound):
        access.remove_user("bob@example.org")


@pytest.mark.parametrize(
    ("email", "password", "role"),
    [("ada", WORDS, "staff"), ("a b@example.org", WORDS, "staff"), ("a@b", "short", "staff"), ("a@b", WORDS, "king")],
)
def test_a_user_is_asked_for_what_is_missing(state: SqlState, email: str, password: str, role: str) -> None:
    """A bad address, a short password or an unknown role is refused, and the password is not repeated."""
    with pytest.raises(BadInput) as refused:
        state.access.add_user(email, "", password, role)
    assert password not in str(refused.value)


def test_a_key_does_what_it_was_made_for_until_it_is_revoked(state: SqlState) -> None:
    """Its secret is random beyond guessing and shown once; its last use is known to the minute."""
    access = state.access
    key, secret = access.create_key("till", ["ingest", "read"])
    assert secret.startswith(f"oc_{key.key_id}_")
    assert len(secret.split("_", 2)[2]) >= 22  # 128 bits in base 64
    assert access.keys()[0].last_used_at is None
    found = access.key(secret)
    assert found is not None
    assert found.scopes == {"ingest", "read"}
    used = access.keys()[0].last_used_at
    assert used is not None
    assert access.key(secret) is not None
    assert access.keys()[0].last_used_at == used
    assert access.key(secret[:-1]) is None
    access.revoke(key.key_id)
    assert access.key(secret) is None
    assert access.keys()[0].revoked_at is not None
    with pytest.raises(NotFound):
        access.revoke(key.key_id)


@pytest.mark.parametrize(("name", "scopes"), [("till", ["root"]), ("till", []), (" ", ["read"])])
def test_a_key_names_its_user_and_its_scopes(state: SqlState, name: str, scopes: list[str]) -> None:
    """An unknown scope, none at all or no name is refused."""
    with pytest.raises(BadInput):
        state.access.create_key(name, scopes)


def test_a_repeated_request_gets_the_answer_given_before(state: SqlState) -> None:
    """Per caller; the same key for another request is an error; a failed one may be tried again."""
    access = state.access
    assert access.begin("k1", "x", b"POST /a") is None
    again = access.begin("k1", "x", b"POST /a")
    assert again is not None
    assert again.status is None
    access.finish("k1", "x", 201, b"done")
    again = access.begin("k1", "x", b"POST /a")
    assert again is not None
    assert (again.status, again.body) == (201, b"done")
    assert access.begin("k2", "x", b"POST /a") is None
    with pytest.raises(Conflict, match="another request"):
        access.begin("k1", "x", b"POST /b")
    access.forget("k2", "x")
    assert access.begin("k2", "x", b"POST /b") is None
