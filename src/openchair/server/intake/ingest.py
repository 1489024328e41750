"""Segment-compatible ingest: calls are acknowledged with 200 only after their commit is durable.

Plain ASGI and msgspec, because this is where a shop's whole traffic passes: a body is cut into events whose bytes are
kept as they came, each event is judged by itself, and one answer reports them all. See docs/ingest.md for the limits.
"""

import asyncio
import base64
import binascii
import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.ports import Envelope
from openchair.chair.views import Reject
from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.facts.segment import validate
from openchair.server.problems import Refused, problem

MANY = ("batch", "import")
CALLS = ("identify", "track", "page", "screen", "group", "alias")
EVENT_BYTES = 32 * 1024
BODY_BYTES = 4 * 1024 * 1024
BATCH_EVENTS = 2500
KEY_CHARACTERS = 100
WAITING_BYTES = 64 * 1024 * 1024
"""Bodies being read or waiting for their commit at one time; beyond it callers are told to come back."""


class Queue(Protocol):
    """Where acknowledged events go (store.inbox): the future is done when the commit is durable."""

    def submit(self, events: Sequence[Envelope]) -> "Future[list[bool]]": ...


class Result(msgspec.Struct, omit_defaults=True):
    """What became of one event: ok, duplicate or rejected, and then why."""

    messageId: str | None  # noqa: N815  # the name the clients send
    status: str
    reason: str | None = None


class Answer(msgspec.Struct):
    """The body of a 200."""

    success: bool
    results: list[Result]


class _Body(msgspec.Struct):
    """The parts of a body that are read here; everything else stays in the bytes."""

    batch: list[msgspec.Raw] | None = None
    writeKey: str | None = None  # noqa: N815
    sentAt: str | None = None  # noqa: N815
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


@dataclass(slots=True)
class Cut:
    """A body cut into events: what to keep, what is refused, and the result of each in the order sent."""

    events: list[Envelope]
    places: list[int]
    """The place among `results` of each of `events`."""
    results: list[Result]
    rejects: list[Reject]


_read_body = msgspec.json.Decoder(_Body).decode
_read_event = msgspec.json.Decoder(dict[str, Any]).decode
_write = msgspec.json.Encoder().encode


def split(body: bytes, call: str) -> tuple[str | None, dict[str, Any], list[bytes | memoryview]]:
    """The write key in a body, what it says of all its events, and each event's own bytes.

    call: the route's last word; `batch` and `import` hold many events under `batch`, the others are one.
    Raises Refused where nothing in it can be read, or it holds more than BATCH_EVENTS.
    """
    try:
        head, events = _split_fast(body)
    except msgspec.ValidationError as wrong:
        raise _unreadable(f"its envelope is not as expected: {wrong}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        head, events = _split_slowly(body)
    if call not in MANY:
        return head.writeKey, {}, [body]
    if events is None:
        raise _unreadable('it has no list "batch" of events')
    if len(events) > BATCH_EVENTS:
        raise Refused(
            413,
            "batch_too_long",
            "events in the batch",
            value=len(events),
            bound=f"at most {BATCH_EVENTS}",
            remedy="Send them in several batches.",
        )
    common = {"sentAt": head.sentAt, "context": head.context, "integrations": head.integrations}
    return head.writeKey, {name: value for name, value in common.items() if value}, events


def _split_fast(body: bytes) -> tuple[_Body, list[bytes | memoryview] | None]:
    head = _read_body(body)
    return head, None if head.batch is None else [memoryview(raw) for raw in head.batch]


def _split_slowly(body: bytes) -> tuple[_Body, list[bytes | memoryview] | None]:
    """As above for what is not quite JSON (NaN, half a surrogate pair), so that one bad event costs only itself.

    Python's own reader takes these; each event is then written again and judged by the strict reader.
    """
    try:
        whole = json.loads(body)
        if not isinstance(whole, dict):
            raise _unreadable("it is not an object")
        batch = whole.pop("batch", None)
        head = msgspec.convert({name: whole.get(name) for name in ("writeKey", "sentAt", "context")}, _Body)
        if batch is not None and not isinstance(batch, list):
            raise _unreadable('"batch" is not a list')
        return head, None if batch is None else [json.dumps(event).encode() for event in batch]
    except RecursionError:
        raise _unreadable("it is nested too deep") from None
    except msgspec.ValidationError as wrong:
        raise _unreadable(f"its envelope is not as expected: {wrong}") from None
    except ValueError as wrong:
        raise _unreadable(f"it is not JSON in UTF-8: {wrong}") from None


def _unreadable(why: str) -> Refused:
    return Refused(400, "bad_body", "the body", bound=why, remedy="Nothing was kept; mend it and send it again.")


def judge(
    events: Sequence[bytes | memoryview], common: dict[str, Any], call: str, source: str, received_at: datetime
) -> Cut:
    """Each event by itself: kept as it came, or refused with the reason.

    common: what the body says of all its events, added to those that do not say it themselves.
    An event without a messageId is known by its content and sending time; without a time each one counts.
    """
    cut = Cut([], [], [], [])
    shared = {name: b"," + _write(name) + b":" + _write(value) for name, value in common.items()}
    for place, raw in enumerate(events):
        named: object = None
        try:
            if len(raw) > EVENT_BYTES:
                raise BadInput("event", value=f"{len(raw)} bytes", bound=f"at most {EVENT_BYTES}", remedy="Split it.")
            event = _read_event(raw)
            named = event.get("messageId")
            missing = [text for name, text in shared.items() if event.get(name) is None]
            if event.get("type") is None and call not in MANY:
                event["type"] = call
                missing.append(b',"type":"' + call.encode() + b'"')
            validate(event)
            body = _without_key(event) if "writeKey" in event else _with(raw, missing)
            cut.events.append(Envelope(_key(named, event, raw, common), source, received_at, body))
            cut.places.append(place)
            cut.results.append(Result(named if isinstance(named, str) else None, "ok"))
        except (BadInput, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            reason = str(wrong) if isinstance(wrong, BadInput) else f"The event is not JSON in UTF-8: {wrong}."
            cut.results.append(Result(named if isinstance(named, str) else None, "rejected", reason))
            cut.rejects.append(Reject(f"/v1/{call}", place + 1, reason, _readable(raw)))
    return cut


def _key(named: object, event: dict[str, Any], raw: bytes | memoryview, common: dict[str, Any]) -> str:
    if isinstance(named, str) and named:
        if len(named) > KEY_CHARACTERS or "\x00" in named:
            raise BadInput(
                "messageId",
                value=named,
                bound=f"1 to {KEY_CHARACTERS} characters, none of them NUL",
                remedy="Shorten it.",
            )
        return named
    if named not in (None, ""):
        raise BadInput("messageId", value=named, bound="text", remedy="Send it as a string, or leave it out.")
    timed = event.get("timestamp") or event.get("originalTimestamp") or event.get("sentAt") or common.get("sentAt")
    return "content:" + digest(str(common.get("sentAt")), bytes(raw).decode()) if timed else f"single:{uuid4().hex}"


def _with(raw: bytes | memoryview, missing: Iterable[bytes]) -> bytes:
    """The event's own bytes with members put in before its closing brace; a repeated name's last value counts."""
    added = b"".join(missing)
    whole = bytes(raw)
    return whole.rstrip()[:-1] + added + b"}" if added else whole


def _without_key(event: dict[str, Any]) -> bytes:
    """A call that carried its own write key is kept without it: a secret does not belong in history."""
    return _write({name: value for name, value in event.items() if name != "writeKey"})


def _readable(raw: bytes | memoryview) -> str:
    """What of a refused event can be kept as text, whatever its bytes."""
    return bytes(raw[:EVENT_BYTES]).decode(errors="replace").replace("\x00", "\ufffd")


def key_of(authorization: str | None) -> str | None:
    """The key in an Authorization header: Basic with the key as user name, or Bearer.

    >>> key_of("Basic " + base64.b64encode(b"oc_1:").decode()), key_of("bearer oc_2"), key_of("Digest x")
    ('oc_1', 'oc_2', None)
    """
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user or password or None


def unzip(body: bytes, bound: int = BODY_BYTES) -> bytes:
    """A gzip or zlib body unpacked, at most `bound` bytes of it: a bomb costs no more than an honest body.

    >>> unzip(__import__("gzip").compress(b"{}"))
    b'{}'
    """
    reader = zlib.decompressobj(wbits=47)
    try:
        whole = reader.decompress(body, bound + 1)
    except zlib.error as wrong:
        raise Refused(400, "bad_gzip", "the gzip body", bound=str(wrong), remedy="Send it whole, or plain.") from None
    if len(whole) > bound:
        raise too_large(f"over {bound} once unpacked")
    if not reader.eof:
        raise Refused(400, "bad_gzip", "the gzip body", bound="it ends too early", remedy="Send it whole, or plain.")
    return whole


def too_large(size: object) -> Refused:
    """The refusal of a body beyond the bound."""
    return Refused(
        413,
        "body_too_large",
        "bytes in the body",
        value=size,
        bound=f"at most {BODY_BYTES}",
        remedy="Send smaller ones.",
    )


Authorise = Callable[[str | None, str], Awaitable[str]]
"""(key, scope) -> the source its events belong to; raises Refused with 401 or 403."""
KeepRejects = Callable[[str, datetime, Sequence[Reject]], Awaitable[None]]


@dataclass(slots=True)
class Counts:
    """What ingest has done since the start, for /metrics, and the bytes it holds now."""

    ok: int = 0
    duplicate: int = 0
    rejected: int = 0
    requests: int = 0
    refused: int = 0
    bytes_waiting: int = 0


@dataclass(frozen=True, slots=True)
class Ingest:
    """The routes under /v1 with what they need: keys, the queue, and a place for what was refused."""

    queue: Queue
    authorise: Authorise
    keep_rejects: KeepRejects
    counts: Counts

    def routes(self) -> list[BaseRoute]:
        """One route a call; `import` is a batch, `merge` is an alias by its older name."""
        names = (*CALLS, *MANY, "merge")
        return [Route(f"/v1/{name}", self._endpoint(name), methods=["POST"], name=f"v1_{name}") for name in names]

    def _endpoint(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        call = "alias" if name == "merge" else name

        async def endpoint(request: Request) -> Response:
            try:
                return await self._take(request, call)
            except Refused:
                self.counts.refused += 1
                raise

        return endpoint

    async def _take(self, request: Request, call: str) -> Response:
        counts = self.counts
        if counts.bytes_waiting > WAITING_BYTES:
            raise Refused(
                429,
                "busy",
                "bytes waiting to be kept",
                value=counts.bytes_waiting,
                bound=f"at most {WAITING_BYTES}",
                remedy="Nothing was kept; send it again after Retry-After.",
            )
        parts: list[bytes] = []
        try:
            body = await self._body(request, parts)
            key = key_of(request.headers.get("authorization"))
            source = await self.authorise(key, "ingest") if key else ""
            body = self._unpacked(request, body, parts)
            own_key, common, events = split(body, call)
            source = source or await self.authorise(own_key, "ingest")
            received_at = datetime.now(UTC)
            cut = judge(events, common, call, source, received_at)
            if cut.events:
                await self._commit(cut)
            if cut.rejects:
                await self.keep_rejects(source, received_at, cut.rejects)
        finally:
            counts.bytes_waiting -= sum(map(len, parts))
        self._count(cut)
        if cut.rejects and call not in MANY:
            refused = cut.results[0].reason or ""
            return problem(400, "rejected", refused, success=False, results=cut.results)
        return Response(_write(Answer(True, cut.results)), media_type="application/json")

    async def _commit(self, cut: Cut) -> None:
        new = await asyncio.wrap_future(self.queue.submit(cut.events))
        for place, is_new in zip(cut.places, new, strict=True):
            if not is_new:
                cut.results[place].status = "duplicate"

    async def _body(self, request: Request, parts: list[bytes]) -> bytes:
        """The body as sent. What of it is in memory is in `parts` and in the counts."""
        stated = request.headers.get("content-length", "")
        fits = not stated.isdigit() or int(stated) <= BODY_BYTES
        size = 0
        async for part in request.stream():
            size += len(part)
            fits = fits and size <= BODY_BYTES
            # What does not fit is read on for a while, so that the client hears 413 and not a broken pipe.
            if size > 8 * BODY_BYTES:
                break
            if fits:
                self._hold(part, parts)
        if not fits:
            raise too_large(stated or f"over {BODY_BYTES}")
        return b"".join(parts)

    def _unpacked(self, request: Request, body: bytes, parts: list[bytes]) -> bytes:
        packed = request.headers.get("content-encoding", "").lower()
        if packed in ("", "identity"):
            return body
        if packed not in ("gzip", "x-gzip", "deflate"):
            raise Refused(
                415, "bad_encoding", "Content-Encoding", value=packed, bound="gzip or none", remedy="Send it plain."
            )
        whole = unzip(body)
        self._hold(whole, parts)
        return whole

    def _hold(self, part: bytes, parts: list[bytes]) -> None:
        parts.append(part)
        self.counts.bytes_waiting += len(part)

    def _count(self, cut: Cut) -> None:
        kept = sum(result.status == "ok" for result in cut.results)
        self.counts.requests += 1
        self.counts.ok += kept
        self.counts.rejected += len(cut.rejects)
        self.counts.duplicate += len(cut.results) - kept - len(cut.rejects)
