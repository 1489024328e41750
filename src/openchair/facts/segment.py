"""Segment calls into facts: the same for the inbox and for files of calls.

A call is judged by `validate` before it is acknowledged, so `facts_of` never fails on one that was: what cannot be read
as more is kept as an event. A fact's id follows from the source, the call's key and the fact's place within the call.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from openchair.core.errors import BadInput
from openchair.core.ids import digest, identifier
from openchair.facts import track
from openchair.facts.kinds import check
from openchair.facts.track import Facts, Row, cut, first, text_of

TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias", "merge", "import"})
EVENT_BYTES = 32 * 1024
KEY_CHARACTERS = 100
SPEAKERS = frozenset({"customer", "inferred"})
"""Whose word `context.said_by` may say the traits of an identify call are, when they are not the shop's record: the
customer's, who filled in a form, or a guess. What the team says is said where it is signed."""
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TIMES = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")


class _Named(msgspec.Struct):
    messageId: str | None = None  # noqa: N815  # the name the clients send


_key_in = msgspec.json.Decoder(_Named).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _refuse(what: str, value: object, bound: str, remedy: str) -> BadInput:
    return BadInput(what, value=value, bound=bound, remedy=remedy)


def validate(call: Mapping[str, Any]) -> None:
    """Raises BadInput saying why a decoded call cannot be acknowledged; nulls are as good as absent.

    >>> validate({"type": "track", "userId": "1", "event": "Hi"})
    """
    kind = call.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _refuse("type", kind, f"one of {', '.join(sorted(TYPES))}", "Name the kind of call.")
    user, anonymous = _id(call, "userId"), _id(call, "anonymousId")
    if not user and not anonymous and not (kind in ("alias", "merge") and _id(call, "previousId")):
        raise _refuse(
            "userId and anonymousId", None, "one of them must say whom it is about", "Send the shop's own id."
        )
    key = call.get("messageId")
    if key is not None and (not isinstance(key, str) or len(key) > KEY_CHARACTERS):
        raise _refuse("messageId", key, f"a text of at most {KEY_CHARACTERS} characters", "Shorten it.")
    for name in _TIMES:
        if (said := call.get(name)) is not None:
            _time(name, said)
    if kind == "track" and not (isinstance(call.get("event"), str) and call["event"].strip()):
        raise _refuse("event", call.get("event"), "a track call names its event", 'Send "event": "Order Completed".')
    if kind == "group" and not _id(call, "groupId"):
        raise _refuse("groupId", call.get("groupId"), "a group call names its group", "Send it.")
    if kind in ("alias", "merge") and not (_id(call, "previousId") and (user or anonymous)):
        raise _refuse("previousId", call.get("previousId"), "an alias names both ids", "Send userId and previousId.")
    if kind in ("alias", "merge") and (user or anonymous) == _id(call, "previousId"):
        bound = "an alias names two ids; nobody is merged with themselves"
        raise _refuse("previousId", call.get("previousId"), bound, "Send the id they had before, or no alias.")
    for name in ("properties", "traits", "context"):
        part = call.get(name)
        if part is not None and not isinstance(part, dict):
            raise _refuse(name, part, "an object", "Send {} or leave it out.")


def _id(call: Mapping[str, Any], name: str) -> str:
    """An id as text, whole numbers too; empty when absent."""
    said = call.get(name)
    if said is None:
        return ""
    if isinstance(said, str):
        shaped = said.strip()
    elif isinstance(said, int) and not isinstance(said, bool):
        shaped = str(said)
    else:
        raise _refuse(name, said, "text or a whole number", "Send it as text.")
    if len(shaped) > 290 or "\x00" in shaped:
        raise _refuse(name, shaped, "at most 290 characters, none of them NUL", "Send a shorter id.")
    return shaped


def _time(name: str, said: object) -> datetime:
    """A time in UTC: ISO 8601 text (without an offset: UTC), or seconds or milliseconds since 1970."""
    try:
        if isinstance(said, str):
            told = datetime.fromisoformat(said)
            when = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
        elif isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said):
            when = _EARLIEST + timedelta(seconds=said / 1000 if abs(said) >= 1e11 else said)
        else:
            raise ValueError
    except (ValueError, OverflowError):
        raise _refuse(name, said, "not an ISO 8601 time", "Send 2026-01-31T12:00:00Z.") from None
    if not _EARLIEST <= when < _LATEST:
        raise _refuse(name, said, "between 1970 and 2200", "Send the time it happened.")
    return when


def happened_at(call: Mapping[str, Any], received_at: datetime, *, live: bool = True) -> datetime:
    """When a call happened, with the sender's wrong clock put right: received - (sent - original).

    live: False for a call out of a file, which was sent long before it was read; its time is then taken as it stands.
    A call that says when its first receiver got it (receivedAt, in exports) is put right by that already.
    """
    said = {name: _time(name, call[name]) for name in _TIMES if call.get(name) is not None}
    stated = said.get("timestamp") or said.get("originalTimestamp")
    if "receivedAt" in said and "timestamp" in said:
        return said["timestamp"]
    original = said.get("originalTimestamp") or stated
    if original and "sentAt" in said and (live or "receivedAt" in said):
        received = said.get("receivedAt", received_at)
        moment = received - (said["sentAt"] - original)
        return moment if _EARLIEST <= moment < _LATEST else original
    return stated or said.get("sentAt") or received_at


def key_of(body: bytes) -> str:
    """What names a call in a file for ever within its source: its messageId, else a digest of its content."""
    try:
        said = _key_in(body).messageId
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    return said or "content:" + digest(body.decode(errors="replace"))


def facts_of(
    body: bytes, source: str, key: str, received_at: datetime, *, currency: str = "EUR", live: bool = True
) -> Facts:
    """The facts in one call: (kind, row) with every column that the kind requires.

    body: the call as JSON. key: what names it within its source. currency: of amounts that do not say theirs.
    Raises BadInput for a call that `validate` refuses.
    """
    try:
        call = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise _refuse("call", body[:80].decode(errors="replace"), f"JSON of one object: {wrong}", "Mend it.") from None
    validate(call)
    user, anonymous = _id(call, "userId"), _id(call, "anonymousId")
    base: Row = {
        "source": source,
        "received_at": received_at,
        "happened_at": happened_at(call, received_at, live=live),
        "identifier": identifier("id", user) if user else identifier("anon", anonymous) if anonymous else None,
    }
    found = _links(call, user, anonymous, base) + _said(call, base, key, currency)
    rows: Facts = []
    for kind, row in found:
        row.pop("_key", None)
        row["fact_id"] = digest(source, key, str(len(rows)))
        rows.append(_sound(kind, row, call))
    return rows


def _sound(kind: str, row: Row, call: Mapping[str, Any]) -> tuple[str, Row]:
    """The row if it is a legal fact of its kind; else the event that it was."""
    try:
        check(kind, row)
    except BadInput:
        common = ("fact_id", "source", "received_at", "happened_at", "identifier")
        name = str(call.get("event") or call.get("name") or call["type"])[:300]
        return "events", {**{n: row[n] for n in common}, "name": name, "properties": _json(call.get("properties"))}
    return kind, row


def _json(part: object) -> str | None:
    """An object as JSON text for `properties`; None when empty or too long to keep."""
    if not part:
        return None
    text = msgspec.json.encode(part).decode()
    return text if len(text) <= 20_000 else msgspec.json.encode({"cut": text[:9_000]}).decode()


def _trait(base: Row, name: str, value: str, said_by: str = "shop") -> tuple[str, Row]:
    return "traits", {**base, "name": name[:300], "value": value[:20_000], "said_by": said_by, "confidence": 1.0}


def _traits_in(call: Mapping[str, Any]) -> dict[str, Any]:
    """A call's traits; RudderStack puts them in its context."""
    context = call.get("context") or {}
    inside = context.get("traits") if isinstance(context, Mapping) else None
    return {**(inside if isinstance(inside, dict) else {}), **(call.get("traits") or {})}


def _links(call: Mapping[str, Any], user: str, anonymous: str, base: Row) -> Facts:
    """What a call says of who is who."""
    links: Facts = []
    if user and anonymous:
        links.append(_trait(base, "anonymous_id", anonymous))
    if user and _is_email(user):
        links.append(_trait(base, "email", identifier("email", user).removeprefix("email:")))
    email = (_traits_in(call) if call["type"] not in ("identify", "group") else {}).get("email")
    if isinstance(email, str) and _is_email(email):
        links.append(_trait(base, "email", identifier("email", email).removeprefix("email:")))
    if call["type"] in ("alias", "merge"):
        previous = _id(call, "previousId")
        links.append(_trait(base, "alias", previous))
        links.append(_trait(base, "anonymous_id", previous))  # it is not said which kind of id the previous one was
    return links


def _is_email(text: str) -> bool:
    name, at, host = text.strip().partition("@")
    return bool(name and at and "." in host and " " not in text)


def _said(call: Mapping[str, Any], base: Row, key: str, currency: str) -> Facts:
    kind = call["type"]
    if kind in ("alias", "merge"):
        return []
    properties = call.get("properties") or {}
    told: Row = {**base, "properties": _json(properties)}
    if kind in ("page", "screen"):
        name = first(call, "name") or first(properties, "title", "path", "url", "name") or kind
        view = {**told, "name": f"{kind.title()} Viewed: {name}"[:300], "moment": "recognise"}
        session = (call.get("context") or {}).get("sessionId")
        return [("steps", {**view, "session_id": cut(text_of(session)), "item_id": None, "order_id": None})]
    if kind in ("identify", "import") and not call.get("event"):
        traits = _traits_in(call)
        said_by = str((call.get("context") or {}).get("said_by"))
        said_by = said_by if said_by in SPEAKERS else "shop"
        rows = [
            _trait(base, name, value, said_by)
            for name, v in traits.items()
            if name and (value := _value(name, v)) is not None
        ]
        return rows or [("events", {**told, "name": "Identified"})]
    if kind == "group":
        group_id = _id(call, "groupId")
        group = {"groupId": group_id, "traits": call.get("traits") or {}}
        joined = ("events", {**base, "name": "Group Joined", "properties": _json(group)})
        return [_trait(base, "group", group_id), joined]
    return track.tracked(str(call["event"]).strip(), properties, {**told, "_key": key}, currency)


def _value(name: str, value: Any) -> str | None:
    if name.lower() == "email" and isinstance(value, str) and value.strip():
        return identifier("email", value).removeprefix("email:")
    return text_of(value)
