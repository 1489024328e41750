"""Facts that Openchair itself makes: what a person decided, what we sent. They come in through the inbox like all."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import pyarrow as pa

from openchair.chair.intake.sync import ToFacts
from openchair.chair.ports import SOURCE as SOURCE
from openchair.chair.ports import Envelope
from openchair.chair.state import State
from openchair.core.ids import IDENTIFIER_KINDS, digest, identifier
from openchair.facts import segment
from openchair.facts.kinds import LINKS, check, schema

NAMING = ("identifier", "invitee", "other")
"""Columns of facts that name somebody."""
Erased = Mapping[str, frozenset[str]]
"""Hashes of erased identifiers by their salt (State.erased)."""


def envelope(kind: str, key: str, now: datetime, row: dict[str, Any]) -> Envelope:
    """A fact of ours ready for the inbox; the same key is the same fact. Raises BadInput for an ill-formed row."""
    whole = {"fact_id": digest(SOURCE, key), "source": SOURCE, "received_at": now, "happened_at": now, **row}
    check(kind, whole)
    return Envelope(key, SOURCE, now, msgspec.json.encode({"kind": kind, "row": whole}))


def named(identifiers: Sequence[str]) -> str:
    """The identifier that our own facts about a customer carry: the shop's own id, then an e-mail, then a device."""
    order = {kind: place for place, kind in enumerate(IDENTIFIER_KINDS)}
    return min(identifiers, key=lambda text: (order.get(text.partition(":")[0], len(order)), text))


def table(kind: str, *events: Envelope) -> pa.Table:
    """The facts in envelopes of ours, all of one kind, as history will hold them."""
    rows = [row for event in events for _, row in to_facts(event.body, SOURCE, event.key, event.received_at)]
    return pa.Table.from_pylist(rows, schema(kind))


class _Own(msgspec.Struct):
    kind: str
    row: dict[str, Any]


def to_facts(
    body: bytes, source: str, key: str, received_at: datetime, currency: str = "EUR"
) -> list[tuple[str, dict[str, Any]]]:
    """Facts in an envelope: ours as they are, everybody else's as Segment calls. Raises BadInput.

    currency: of amounts that do not say theirs.
    """
    if source != SOURCE:
        return list(segment.facts_of(body, source, key, received_at, currency=currency))
    own = msgspec.json.decode(body, type=_Own)
    times = {name: msgspec.convert(own.row[name], datetime) for name in ("received_at", "happened_at")}
    return [(own.kind, {**own.row, **times})]


def speaks_of(text: str, erased: Erased) -> bool:
    """Whether a text that could not be read as a fact holds an identifier of someone who had themselves erased."""
    words = {word.strip(" '") for word in _APART.split(text)} if erased else set()
    names = (identifier(kind, word) for word in words if word for kind in IDENTIFIER_KINDS)
    return _names(names, erased)


def _names(identifiers: Iterable[str], erased: Erased) -> bool:
    """Whether one of these identifiers is among the erased."""
    return any(sha256(f"{salt}{one}".encode()).hexdigest() in erased[salt] for one in identifiers for salt in erased)


_APART = re.compile(r"""["\s,;<>{}\[\]\\]+""")


def reader(state: State, currency: str) -> ToFacts:
    """`to_facts` for a shop: in its currency, and what people who had themselves erased still send dropped unread."""
    erased = state.erased()

    def kept(body: bytes, source: str, key: str, received_at: datetime) -> list[tuple[str, dict[str, Any]]]:
        facts = to_facts(body, source, key, received_at, currency)
        if not erased:
            return facts
        named = {str(row[n]) for _, row in facts for n in NAMING if row.get(n)}
        named |= {identifier(LINKS[r["name"]], r["value"]) for k, r in facts if k == "traits" and r["name"] in LINKS}
        return [] if _names(named, erased) else facts

    return kept
