"""The hand-made first members, the brands on the other side of the market, and the list of what the shop sells."""

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from openchair.loyalty.pillars import PILLAR_IDS
from openchair.simulation.buying import listing_days
from openchair.simulation.files import Facts, defaults, fact_ids, facts, within
from openchair.simulation.knowing import question, signed
from openchair.simulation.moved import HIDDEN
from openchair.simulation.telling import QUESTION, SURVEY
from openchair.simulation.truth import stages, truth_schema
from openchair.simulation.world import DAY_US, STAGES, World

Row = dict[str, Any]

_BRANDS_FROM = 2**31
_ITEMS_FROM = _BRANDS_FROM + 1_000
_BRAND_VOICES = 6
# What happened before the start is left out; what the shop knows of a person is dated at the start instead.
_KNOWLEDGE = frozenset({"traits", "referrals", "ties"})


@cache
def _members() -> tuple[Row, ...]:
    text = files("openchair.simulation").joinpath("story.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["member"])


MEMBERS = _members()


def facts_of(world: World, seed: int, start: int, end: int) -> Facts:
    """All facts of the hand-made members, the brands and the items, by kind; the last is before `end`."""
    rows: dict[str, list[Row]] = {}
    told = [pair for member in MEMBERS for pair in _member(world, member, end)]
    for kind, row in [*told, *_market(world, start, end)]:
        if row["happened_at"] < start * DAY_US:
            if kind not in _KNOWLEDGE:
                continue
            row = {**row, "happened_at": start * DAY_US + 5 * DAY_US // 24}
        if row["happened_at"] < end * DAY_US:
            rows.setdefault(kind, []).append(row)
    return {kind: _table(seed, kind, found) for kind, found in rows.items()}


def truth(world: World, end: int) -> pa.Table:
    """Their rows of truth/customers.parquet."""
    rows = [_truth(world, member, end) for member in MEMBERS]
    return pa.Table.from_pylist(rows, schema=truth_schema())


def _member(world: World, member: Row, end: int) -> Iterator[tuple[str, Row]]:
    """The facts of one hand-made member, as (kind, row)."""
    joined = member["orders"][0]["from"]

    def fact(ago: float, **columns: object) -> Row:
        at_us = end * DAY_US - round(ago * DAY_US)
        return {"key": member["number"], "identifier": _id(member["number"]), "happened_at": at_us, **columns}

    parts = zip(("first_name", "last_name"), member["name"].split(), strict=True)
    yield "traits", fact(joined, name="side", value="member", said_by="shop")
    for name, value in (*parts, *((field, member[field]) for field in ("name", "email", "city"))):
        yield "traits", fact(joined, name=name, value=value, said_by="customer")
    tongue = next(value for _, name, value, *_ in member["traits"] if name == "language")
    for ago, name, value, said_by, *by in member["traits"]:
        words = signed(by=by[0]) if by else question(world, name, tongue) if name in world.raw["wordings"] else None
        sure = 0.6 if said_by == "inferred" else 1.0
        yield "traits", fact(ago, name=name, value=value, said_by=said_by, properties=words, confidence=sure)
    for ago, line in _lines(world, member):
        yield "purchases", fact(ago, currency=world.raw["currency"], country=member["country"], **line)
    for ago, name, moment in member["steps"]:
        yield "steps", fact(ago, name=name, moment=moment, session_id=f"V{member['number']:06d}-{int(ago)}")
    for ago, score, text, language, rated in member["answers"]:
        about = {"survey_id": SURVEY, "language": language if text else None, "text": text or None}
        yield "answers", fact(ago, metric="nps", question=QUESTION, score=float(score), **about)
        for driver, rating in zip(world.drivers, rated, strict=True):
            asked, named = world.raw["drivers"][driver]["question"], json.dumps({"driver": driver})
            answer = {"metric": "own", "question": asked, "score": float(rating), "properties": named}
            yield "answers", fact(ago, survey_id=SURVEY, **answer)
    for ago, channel, rating, language, text in member["voices"]:
        stars = float(rating) if rating else None
        yield "voices", fact(ago, channel=channel, rating=stars, language=language, text=text)
    for ago, action, pillar, status in member["contacts"]:
        campaign = None if pillar else action
        told = {"pillar": pillar or None, "status": status, "channel": "e-mail", "campaign": campaign}
        yield "contacts", fact(ago, action=action, **told)
    for friend in (MEMBERS[number - 1] for number in member["friends"]):
        came = friend["orders"][0]["from"]
        for days, status in ((4.0, "invited"), (0.1, "joined"), (-0.75, "bought")):
            yield "referrals", fact(came + days, invitee=_id(friend["number"]), status=status)
    for other, relation, strength in member["ties"]:
        met = min(joined, MEMBERS[other - 1]["orders"][0]["from"]) - 0.9
        yield "ties", fact(met, other=_id(other), relation=relation, strength=strength)


def _lines(world: World, member: Row) -> Iterator[tuple[float, Row]]:
    """Order lines, oldest order first, each with how many days ago it was."""
    items, number = world.items, 0
    for spell in member["orders"]:
        for ago in range(spell["from"], spell["to"] - 1, -spell["every"]):
            number += 1
            for item, quantity, amount_minor in spell["lines"]:
                k = items.ids.index(item)
                yield (
                    ago - spell["hour"] / 24,
                    {
                        "order_id": f"O-{member['number']:06d}-{number}",
                        "item_id": item,
                        "item_name": items.names[k],
                        "category": items.categories[items.category[k]],
                        "quantity": float(quantity),
                        "amount_minor": amount_minor,
                    },
                )


def _market(world: World, start: int, end: int) -> Iterator[tuple[str, Row]]:
    """The brands' own facts, and what the shop lists: an event an item, with what its maker declares it holds."""
    listed = listing_days(world, start, end)
    said = tomllib.loads(files("openchair.simulation").joinpath("texts.toml").read_text("utf-8"))["brands"]["topics"]
    for b, brand in enumerate(world.brands):
        who = {"key": _BRANDS_FROM + b, "identifier": f"id:B{b + 1:03d}"}
        day_us = int(listed[b]) * DAY_US
        address = f"hello@{''.join(c for c in brand.lower() if c.isalnum())}.example.com"
        for name, value in (("side", "brand"), ("name", brand), ("email", address)):
            yield "traits", {**who, "happened_at": day_us, "name": name, "value": value, "said_by": "shop"}
        yield "steps", {**who, "happened_at": day_us, "name": "Brand Joined", "moment": "request"}
        for k in range(_BRAND_VOICES):
            at_us = day_us + (20 + 53 * k + 7 * (b % 7)) * DAY_US + 10 * DAY_US // 24
            ticket = {"channel": "ticket", "language": "en", "text": said[(b + k) % len(said)]}
            yield "voices", {**who, "happened_at": at_us, **ticket}
            yield "steps", {**who, "happened_at": at_us - DAY_US // 48, "name": "Figures Viewed", "moment": "repeat"}
    items = world.items
    for k, item in enumerate(items.ids):
        day_us = int(listed[items.brand[k]]) * DAY_US
        # Every twentieth maker is silent on what is in it: undeclared, which is not the same as free of it.
        holds = [a for bit, a in enumerate(world.allergens) if items.allergens[k] >> bit & 1] if k % 20 != 19 else None
        listing = {
            "item_id": item,
            "name": items.names[k],
            "brand": world.brands[items.brand[k]],
            "category": items.categories[items.category[k]],
            "price_minor": int(items.price_minor[k]),
            "currency": world.raw["currency"],
            "allergens": holds,
            "not_for": [d for bit, d in enumerate(world.diets) if items.unfit[k] >> bit & 1],
        }
        properties = json.dumps(listing, ensure_ascii=False)
        yield "events", {"key": _ITEMS_FROM + k, "happened_at": day_us, "name": "Item Listed", "properties": properties}


def _truth(world: World, member: Row, end: int) -> Row:
    known, spell = member["truth"], member["orders"][0]
    agos = sorted({ago for ago, _ in _lines(world, member)})
    paid = sum(line["amount_minor"] for _, line in _lines(world, member))
    joined, last = np.array([end - spell["from"]]), np.array([end - member["orders"][-1]["to"]])
    rate = 1 / spell["every"]
    stage = stages(joined, last, np.array([rate]), np.array([False]), end)[0]
    referrer = next((m["number"] for m in MEMBERS if member["number"] in m["friends"]), None)
    needs, wishes = list(world.raw["needs"]), list(world.raw["aspirations"])
    return {
        "customer": _id(member["number"]),
        "rate_per_day": rate,
        "dropout_p": known["dropout"],
        "joined_on": int(joined[0]),
        "died_on": None,
        "orders": len(agos),
        "mean_order_minor": paid / len(agos),
        "stage": STAGES[stage],
        "score": float(member["answers"][-1][1]) if member["answers"] else world.raw["score"]["base"],
        **{f"leaning_{p}": r for p, r in zip(PILLAR_IDS, known["leaning"], strict=True)},
        **{f"hidden_{one + 1}": 0.0 for one in range(HIDDEN)},
        "need": needs[known["need"]],
        "aspiration": wishes[known["aspiration"]] if known["aspiration"] >= 0 else None,
        "allergies": ", ".join(known["allergies"]),
        "allergies_declared": known["declared"],
        "diet": known["diet"],
        "diet_declared": known["diet_declared"],
        "referred_by": _id(referrer) if referrer else None,
        "referral_type": None if referrer is None else "type one" if member["number"] % 2 else "type two",
        "person": _id(member["number"]),
        "came_again": None,
        "household": _id(member["number"]),
        "handmade": True,
    }


def _table(seed: int, kind: str, rows: list[Row]) -> pa.Table:
    rows = sorted(rows, key=lambda row: int(row["key"]))
    keys = np.array([row["key"] for row in rows], dtype=np.int64)
    names = {name for row in rows for name in row} - {"key", "happened_at"}
    unsaid = defaults(kind)
    columns = {name: pa.array([row.get(name, unsaid.get(name)) for row in rows]) for name in names}
    happened = np.array([row["happened_at"] for row in rows], dtype=np.int64)
    return facts(
        kind, len(rows), {**columns, "fact_id": fact_ids(seed, kind, keys, within(keys)), "happened_at": happened}
    )


def _id(number: int) -> str:
    return f"id:M{number:06d}"
