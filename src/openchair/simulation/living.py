"""What members do besides buying: journeys with their friction, friends they bring; and what was sent to them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.buying import Scene, order_ids
from openchair.simulation.files import Facts, facts, within
from openchair.simulation.world import DAY_US, Bools, Ints

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


def contacts(scene: Scene) -> pa.Table:
    """The shop's monthly letter to those who want it, some opened; and what was sent in the last four weeks."""
    rng, wishes, world = scene.rng(7), scene.wishes, scene.world
    first_us, silent_us, n = scene.first_us, wishes.silent_us, len(scene.members)
    letter_us = first_us + ((scene.end_us - first_us) * rng.uniform(0.05, 0.98, n)).astype(np.int64)
    opened_us = letter_us + np.round(rng.exponential(9 * _HOUR_US, n)).astype(np.int64)
    lettered = (wishes.consent == 1) & (rng.random(n) < 0.6) & (letter_us < silent_us)
    opened = lettered & (rng.random(n) < 0.35) & (opened_us < scene.end_us)
    table: list[tuple[Bools, Ints, str, str, str, str]] = [
        (lettered, letter_us, "monthly letter", "sent", "", "e-mail"),
        (opened, opened_us, "monthly letter", "opened", "", "e-mail"),
    ]
    lately = rng.random(n) < 0.12
    for action, pillar, channel, invited in world.raw["sent"]["list"]:
        days, minutes = rng.integers(2, 28, n), rng.integers(9 * 60, 15 * 60, n)
        sent_us = scene.end_us - days * DAY_US + minutes * _MINUTE_US
        welcome = sent_us < silent_us if invited else (wishes.wish < 1)
        sent = lately & (rng.random(n) < 0.4) & (first_us < sent_us) & welcome & ((wishes.consent == 1) | (not invited))
        table += [
            (sent, sent_us, action, "sent", pillar, channel),
            (sent, sent_us + 20 * _HOUR_US, action, "delivered", pillar, channel),
        ]
    rows = [np.flatnonzero(row[0]) for row in table]
    place, kind = np.concatenate(rows), np.repeat(np.arange(len(table)), [len(row) for row in rows])
    _, at_us, action, status, pillar, channel = zip(*table, strict=True)
    return facts(
        "contacts",
        len(place),
        {
            "fact_id": scene.ids("contacts", place, kind),
            "happened_at": np.concatenate([at[row] for at, row in zip(at_us, rows, strict=True)]),
            "identifier": (place, scene.members),
            "action": (kind, action),
            "status": (kind, status),
            "pillar": (np.where(kind < 2, -1, kind), pillar),
            "channel": (kind, channel),
            "campaign": (np.where(kind < 2, 0, -1), ["monthly letter"]),
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
    return {"referrals": referrals, "ties": _ties(scene, rng, came)}


def _ties(scene: Scene, rng: np.random.Generator, came: Ints) -> pa.Table:
    """Who knows whom: half of those who were brought and who brought them, neighbours, those at home, colleagues."""
    people, own = scene.people, np.arange(len(scene.members))
    knows = came[rng.random(len(came)) < 0.5]
    shuffled = rng.permutation(own)
    homes = np.flatnonzero(people.home != own)
    pairs = [(knows, people.referrer[knows]), (homes, people.home[homes])]
    for share, key in (
        (0.08, people.city),
        (0.5, np.where(people.company < 0, -1, people.city * 100 + people.company)),
    ):
        near = shuffled[np.argsort(key[shuffled], kind="stable")]
        one, other = near[:-1], near[1:]
        met = (key[one] == key[other]) & (key[one] >= 0) & (rng.random(len(one)) < share)
        met &= people.person[one] != people.person[other]
        pairs.append((one[met], other[met]))
    one, other = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    slot = np.repeat(np.arange(len(pairs)), [len(ends) for ends, _ in pairs])
    return facts(
        "ties",
        len(one),
        {
            "fact_id": scene.ids("ties", one, slot),
            "happened_at": np.maximum(scene.first_us[one], scene.first_us[other]) + _HOUR_US,
            "identifier": (one, scene.members),
            "other": scene.members.take(pa.array(other)),
            "relation": (slot, ["friend", "family", "friend", "company"]),
            "strength": np.round(rng.uniform(0.3, 1.0, len(one)), 2),
        },
    )
