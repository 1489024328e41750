"""What happened to one customer, newest first, counted in history."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import ibis
from ibis import _

from openchair.chair.ports import Engine
from openchair.chair.views import TimelineEntry
from openchair.core.money import show
from openchair.dossier.traits import plain
from openchair.facts.kinds import KINDS, LINKS

Row = Mapping[str, Any]
Told = tuple[str, str, str]
"""title, detail, tone (ours, hurt or plain)"""

LATEST = 60
"""Things that happened which a dossier shows; the rest is in history."""


def timeline(engine: Engine, identifiers: list[str], until: datetime) -> tuple[TimelineEntry, ...]:
    """The latest things that happened to a customer, newest first."""
    entries: list[TimelineEntry] = []
    for kind in KINDS:
        facts = engine.facts(kind)
        theirs = facts.filter(facts.identifier.isin(identifiers), facts.happened_at < until)
        if kind == "purchases":
            theirs = theirs.group_by("order_id", "is_return", "currency", "source").agg(
                happened_at=_.happened_at.max(),
                amount_minor=_.amount_minor.sum(),
                lines=_.count(),
                item=_.item_name.argmax(_.amount_minor.abs()),
                item_id=_.item_id.argmax(_.amount_minor.abs()),
            )
        if kind == "traits":
            theirs = theirs.filter(theirs.said_by == "customer", theirs.name.notin(list(LINKS)))
        rows = engine.rows(theirs.order_by(ibis.desc("happened_at"), "source").limit(LATEST)).to_pylist()
        entries += [told(kind, row) for row in _GATHER.get(kind, list)(rows)]
    entries.sort(key=lambda e: e.happened_at, reverse=True)
    return tuple(entries[:LATEST])


def told(kind: str, row: Row) -> TimelineEntry:
    """A fact as a thing that happened."""
    title, detail, tone = _TELL[kind](row)
    return TimelineEntry(row["happened_at"], kind, title, detail, tone, row["source"])


def _purchase(row: Row) -> Told:
    more = f" and {row['lines'] - 1} more" if row["lines"] > 1 else ""
    item = row["item"] or row["item_id"] or "an order"
    money = show(abs(row["amount_minor"]), row["currency"], cents=True)
    return ("Returned" if row["is_return"] else "Ordered"), f"{item}{more}, {money}", "plain"


def _sittings(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers given in one sitting as two rows at most: the named metric, and all the others together."""
    sittings: dict[Any, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda r: (r["metric"] == "own", r["question"] or "")):
        sittings.setdefault((row["survey_id"], row["happened_at"]), []).append(row)
    told = []
    for first, *others in sittings.values():
        told.append(first)
        said = [f"{o['question'] or o['survey_id']} {o['score']:g}" for o in others if o["score"] is not None]
        if said:
            told.append({**first, "metric": "own", "score": None, "text": None, "question": " · ".join(said)})
    return told


def _walks(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps of one day and journey as one row, each step with how often it was taken, in the order first taken."""
    walks: dict[Any, list[dict[str, Any]]] = {}
    for row in reversed(rows):
        walks.setdefault((row["happened_at"].date(), row["session_id"], row["source"]), []).append(row)
    told = []
    for steps in walks.values():
        times = Counter(step["name"] for step in steps)
        told.append({**steps[-1], "name": ", ".join(f"{n} {times[n]} times" if times[n] > 1 else n for n in times)})
    return told


def _answer(row: Row) -> Told:
    named = "" if row["metric"] == "own" else f" {row['metric'].upper()}"
    score = "" if row["score"] is None else f" {row['score']:g}"
    words = f"“{row['text']}”" if row["text"] else (row["question"] or "")
    hurt = row["metric"] == "nps" and row["score"] is not None and row["score"] <= 6
    return f"Answered{named}{score}", words, "hurt" if hurt else "plain"


def _voice(row: Row) -> Told:
    stars = "" if row["rating"] is None else f", {row['rating']:g} of 5"
    hurt = row["channel"] == "ticket" or (row["rating"] is not None and row["rating"] <= 2)
    return f"{row['channel'].capitalize()}{stars}", f"“{row['text']}”", "hurt" if hurt else "plain"


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


_GATHER: Mapping[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {"answers": _sittings, "steps": _walks}
"""Kinds of which several facts make one thing that happened."""

_TELL: Mapping[str, Callable[[Row], Told]] = {
    "purchases": _purchase,
    "steps": lambda r: (r["name"], r["item_id"] or "", "plain"),
    "answers": _answer,
    "voices": _voice,
    "referrals": lambda r: (f"Sent a friend: {r['status']}", r["invitee"].partition(":")[2], "plain"),
    "ties": lambda r: (f"Tied to a {r['relation']}", r["other"].partition(":")[2], "plain"),
    "contacts": lambda r: (f"{r['status'].capitalize()} by us", _words(r["action"]), "ours"),
    "traits": lambda r: ("Told us", f"{_words(r['name'])}: {plain(r['value'])}", "plain"),
    "events": lambda r: (r["name"], "", "plain"),
}
