"""What members do besides buying: journeys with their friction, traits they tell, friends they bring, mail."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.buying import Scene, order_ids
from openchair.simulation.files import Facts, facts, within
from openchair.simulation.world import DAY_US, LANGUAGES, Bools, Ints, World

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
# A session's steps in order: name, moment, minutes before the order is completed.
_STEPS = (
    ("Product Viewed", "recognise", 9.0),
    ("Product Added", "request", 7.0),
    ("Checkout Started", "request", 5.0),
    ("Box Changed After Noon", "request", 4.0),
    ("Product Removed", "request", 3.0),
    ("Box Changed After Noon", "request", 1.5),
    ("Order Completed", "request", 0.0),
    ("Box Delivered", "respond", 0.0),
)
# What a member writes for an allergen where its name alone would be read as more.
_WRITTEN = {"nuts": "tree nuts"}
_FRICTION = np.array([3, 4, 5])
_COMPLETED, _DELIVERED = 6, 7


def steps(scene: Scene) -> pa.Table:
    """Journey steps: of three in five first orders and one in eight later ones, and of visits that end in nothing."""
    rng, people, orders, lines, boxes = scene.rng(4), scene.people, scene.orders, scene.lines, scene.boxes
    kept = np.flatnonzero(rng.random(len(orders.place)) < np.where(orders.first, 0.6, 0.12))
    left = np.flatnonzero(rng.random(len(people)) < 0.3)
    latest = np.minimum(people.joined[left] + 120, scene.end)
    open_days = (latest - people.joined[left]) * rng.random(len(left)) + 0.3
    left_us = people.joined[left] * DAY_US + np.round(DAY_US * open_days).astype(np.int64)
    session_place = np.concatenate([orders.place[kept], left])
    completed_us = np.concatenate([orders.at_us[kept], left_us])
    n, bought = len(session_place), np.arange(len(session_place)) < len(kept)
    changed = np.concatenate([boxes.changed[kept], rng.random(len(left)) < 0.35])
    done = np.ones((n, len(_STEPS)), dtype=bool)
    done[:, _FRICTION] = changed[:, None]
    # A visit without an order stops after looking, after adding, or - where the box had to be changed - at the end.
    reach = np.where(changed, 5, rng.choice([0, 1, 2], n, p=[0.5, 0.3, 0.2]))
    done[~bought] &= np.arange(len(_STEPS)) <= reach[~bought, None]
    pace = rng.uniform(0.5, 2.5, (n, 1)) * (1 + 2 * changed[:, None])
    before = pace * [minutes for _, _, minutes in _STEPS]
    at_us = completed_us[:, None] - np.round(before * _MINUTE_US).astype(np.int64)
    at_us[: len(kept), _DELIVERED] += np.round(boxes.wait_days[kept] * DAY_US).astype(np.int64)
    done &= at_us < scene.end_us
    row, slot = np.nonzero(done)
    order = np.argsort(session_place[row], kind="stable")
    row, slot = row[order], slot[order]
    place = session_place[row]
    session = scene.ids("events", session_place, np.arange(n))
    turn = np.concatenate([orders.turn[kept], np.zeros(len(left), dtype=np.int64)])
    order_id = order_ids(people.number[session_place], turn)
    with_order = pa.array(slot >= _COMPLETED)
    looked_at = np.concatenate([lines.main[kept], people.favourites[left, 0]])
    with_item = np.where(slot <= 1, looked_at[row], -1)
    return facts(
        "steps",
        len(row),
        {
            "fact_id": scene.ids("steps", place, within(place)),
            "happened_at": at_us[row, slot],
            "identifier": (place, scene.members),
            "name": (slot, [name for name, _, _ in _STEPS]),
            "moment": (slot, [moment for _, moment, _ in _STEPS]),
            "session_id": session.take(pa.array(row)),
            "item_id": (with_item, scene.world.items.ids),
            "order_id": pc.if_else(with_order, order_id.take(pa.array(row)), pa.scalar(None, pa.string())),
        },
    )


def traits(scene: Scene) -> pa.Table:
    """What the shop was told. What was not declared has no trait: it is unknown."""
    rng, world, people, consent = scene.rng(5), scene.world, scene.people, scene.consent
    n = len(people)
    cards = {field: scene.cards[field].combine_chunks() for field in scene.cards.column_names}
    joined_us = scene.first_us - 12 * _MINUTE_US
    room = np.maximum(scene.end_us - joined_us, 1)
    later_us = joined_us + (room * rng.uniform(0.05, 0.95, n)).astype(np.int64)
    flavours = pa.array(world.items.names)
    liked = [flavours.take(pa.array(people.favourites[:, k])) for k in (0, 1)]
    one = pc.binary_join_element_wise('["', liked[0], '"]', "")
    two = pc.binary_join_element_wise('["', liked[0], '", "', liked[1], '"]', "")
    cultures = list(world.raw["cultures"].values())
    teams = pa.array([c["teams"][k % len(c["teams"])] for c in cultures for k in range(6)])
    notes = pa.array(world.raw["notes"]["list"])
    masks, mask_of = np.unique(people.allergies, return_inverse=True)
    declared = pa.array([_declaration(world, int(mask)) for mask in masks])
    every = np.ones(n, dtype=bool)
    team_of = people.culture * 6 + rng.integers(0, 6, n)
    # name, who has it, value, who said so, when
    table: list[tuple[str, Bools, pa.Array, str, Ints]] = [
        ("side", every, _same("member", n), "shop", joined_us),
        (
            "name",
            every,
            pc.binary_join_element_wise(cards["first_name"], cards["last_name"], " "),
            "customer",
            joined_us,
        ),
        ("email", every, cards["email"], "customer", joined_us),
        ("city", every, _of([c[0] for c in world.raw["cities"]["list"]], people.city), "customer", joined_us),
        ("language", rng.random(n) < 0.8, _of(LANGUAGES, people.language), "customer", joined_us),
        ("consent.email.marketing", consent >= 0, _of(["no", "yes"], np.maximum(consent, 0)), "customer", joined_us),
        ("allergies", people.allergies_declared, declared.take(pa.array(mask_of)), "customer", joined_us),
        ("diet", people.diet_declared, _of(world.diets, people.diet), "customer", joined_us),
        ("favourite_team", rng.random(n) < 0.15, teams.take(pa.array(team_of)), "staff", later_us),
        ("children", rng.random(n) < 0.25, _of(["1", "2", "3"], rng.integers(0, 3, n)), "customer", later_us),
        (
            "favourite_foods",
            rng.random(n) < 0.2,
            pc.if_else(pc.equal(*liked), one, two),
            "customer",
            later_us,
        ),
        ("note", rng.random(n) < 0.04, notes.take(pa.array(rng.integers(0, len(notes), n))), "staff", later_us),
    ]
    rows = [np.flatnonzero(has) for _, has, _, _, _ in table]
    place = np.concatenate(rows)
    kind = np.repeat(np.arange(len(table)), [len(r) for r in rows])
    return facts(
        "traits",
        len(place),
        {
            "fact_id": scene.ids("traits", place, kind),
            "happened_at": np.concatenate([when[r] for r, (*_, when) in zip(rows, table, strict=True)]),
            "identifier": (place, scene.members),
            "name": (kind, [name for name, *_ in table]),
            "value": pa.concat_arrays([v.take(pa.array(r)) for r, (_, _, v, _, _) in zip(rows, table, strict=True)]),
            "said_by": (kind, [who for _, _, _, who, _ in table]),
        },
    )


def contacts(scene: Scene) -> pa.Table:
    """The shop's monthly letter to those who want it: a few sent, some opened."""
    rng, people, consent = scene.rng(7), scene.people, scene.consent
    to = np.flatnonzero((consent == 1) & (rng.random(len(people)) < 0.6))
    first_us = scene.first_us[to]
    sent_us = first_us + ((scene.end_us - first_us) * rng.uniform(0.05, 0.98, len(to))).astype(np.int64)
    opened_us = sent_us + np.round(rng.exponential(9 * _HOUR_US, len(to))).astype(np.int64)
    opened = np.flatnonzero((rng.random(len(to)) < 0.35) & (opened_us < scene.end_us))
    place = np.concatenate([to, to[opened]])
    status = np.r_[np.zeros(len(to), dtype=np.int64), np.ones(len(opened), dtype=np.int64)]
    return facts(
        "contacts",
        len(place),
        {
            "fact_id": scene.ids("contacts", place, status),
            "happened_at": np.concatenate([sent_us, opened_us[opened]]),
            "identifier": (place, scene.members),
            "action": "monthly letter",
            "status": (status, ["sent", "opened"]),
            "channel": "e-mail",
            "campaign": "monthly letter",
        },
    )


def friends(scene: Scene) -> Facts:
    """Who brought whom (invited, joined, bought; some never came), and who knows whom."""
    rng, people, members, first_us = scene.rng(8), scene.people, scene.members, scene.first_us
    n = len(people)
    came = np.flatnonzero(people.referrer >= 0)
    by = people.referrer[came]
    before_us = np.floor(DAY_US * rng.uniform(0.5, 12, len(came))).astype(np.int64)
    asked_us = np.maximum(first_us[by] + _HOUR_US, first_us[came] - before_us)
    hopeful = np.flatnonzero(rng.random(n) < 0.12)
    hoped_us = first_us[hopeful] + ((scene.end_us - first_us[hopeful]) * rng.random(len(hopeful))).astype(np.int64)
    invitee = members.take(pa.array(came))
    stranger = pc.binary_join_element_wise(
        "email:friend.of.", pc.cast(pa.array(people.number[hopeful]), pa.string()), "@example.net", ""
    )
    status = np.repeat([0, 1, 2, 0], [len(came)] * 3 + [len(hopeful)])
    slot = np.repeat([0, 1, 2, 3], [len(came)] * 3 + [len(hopeful)])
    place = np.concatenate([by, by, by, hopeful])
    keyed = np.concatenate([came, came, came, hopeful])
    referrals = facts(
        "referrals",
        len(place),
        {
            "fact_id": scene.ids("referrals", keyed, slot),
            "happened_at": np.concatenate([asked_us, first_us[came] - 10 * _MINUTE_US, first_us[came], hoped_us]),
            "identifier": (place, scene.members),
            "invitee": pa.concat_arrays([invitee, invitee, invitee, stranger]),
            "status": (status, ["invited", "joined", "bought"]),
        },
    )
    knows = came[rng.random(len(came)) < 0.5]
    shuffled = rng.permutation(n)
    neighbours = shuffled[np.argsort(people.city[shuffled], kind="stable")]
    pairs = np.flatnonzero((people.city[neighbours[1:]] == people.city[neighbours[:-1]]) & (rng.random(n - 1) < 0.08))
    one = np.concatenate([knows, neighbours[pairs]])
    other = np.concatenate([people.referrer[knows], neighbours[pairs + 1]])
    relation = np.r_[np.zeros(len(knows), dtype=np.int64), rng.integers(0, 3, len(pairs))]
    met_us = np.maximum(first_us[one], first_us[other]) + _HOUR_US
    ties = facts(
        "ties",
        len(one),
        {
            "fact_id": scene.ids("ties", one, np.repeat([0, 1], [len(knows), len(pairs)])),
            "happened_at": met_us,
            "identifier": (one, scene.members),
            "other": members.take(pa.array(other)),
            "relation": (relation, ["friend", "family", "company"]),
            "strength": np.round(rng.uniform(0.3, 1.0, len(one)), 2),
        },
    )
    return {"referrals": referrals, "ties": ties}


def _declaration(world: World, mask: int) -> str:
    """What a member writes: a JSON list, or a plain none."""
    held = [f'"{_WRITTEN.get(name, name)}"' for bit, name in enumerate(world.allergens) if mask >> bit & 1]
    return f"[{', '.join(held)}]" if held else "none"


def _same(text: str, n: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(n, dtype=np.int64)))


def _of(labels: "list[str] | tuple[str, ...]", codes: Ints) -> pa.Array:
    return pa.array(labels).take(pa.array(codes))
