"""What members do besides buying: journeys with their friction, friends they bring; and what was sent to them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.buying import Scene, order_ids
from openchair.simulation.files import Facts, facts, within
from openchair.simulation.world import DAY_US, Bools, Ints

_MINUTE_US = 60_000_000
_HOUR_US = 60 * _MINUTE_US
# A visit's steps in order: name, moment, minutes before the order is completed. Detours come between.
_BEFORE = (
    ("Product Viewed", "recognise", 9.0),
    ("Product Added", "request", 7.0),
    ("Checkout Started", "request", 5.0),
)
_AFTER = (
    ("Payment Info Entered", "request", 1.0),
    ("Order Completed", "request", 0.0),
    ("Box Delivered", "respond", 0.0),
    ("Live Chat Conversation Started", "respond", -400.0),
)
_TRIP = 3
"""Steps of a detour gone back and forth: it, what is between, and it again."""
_SHARE_HARMLESS, _SHARE_STOPPED = 0.15, 0.5


@dataclass(frozen=True, slots=True)
class Visits:
    """Some of a block's visits to the shop: (v,) arrays, and the (v, s) steps of each.

    `order` is a place in Orders, -1 where nothing was bought. `rough` visits met the shop's friction. `done` says which
    of `steps` (name, moment) a visit took, at the time `at_us`.
    """

    place: Ints
    order: Ints
    item: Ints
    rough: Bools
    steps: tuple[tuple[str, str], ...]
    done: Bools
    at_us: Ints

    def detour(self, name: str) -> slice:
        """The columns of a detour's steps."""
        first = [step for step, _ in self.steps].index(name)
        return slice(first, first + _TRIP)


def draw_visits(scene: Scene) -> Visits:
    """Visits of three in five first orders and one in eight later ones, and some that end in nothing.

    Every detour is met now and then and harms nobody, but for the one that is this shop's friction: it goes back and
    forth, makes the visit three times as long, and ends half of those visits that end in nothing.
    """
    rng, chance, people, orders, boxes = scene.rng(4), scene.rng(19), scene.people, scene.orders, scene.boxes
    kept = np.flatnonzero(rng.random(len(orders.place)) < np.where(orders.first, 0.6, 0.12))
    left = np.flatnonzero(rng.random(len(people)) < 0.3)
    latest = np.minimum(people.joined[left] + 120, scene.end)
    open_days = (latest - people.joined[left]) * rng.random(len(left)) + 0.3
    left_us = people.joined[left] * DAY_US + np.round(DAY_US * open_days).astype(np.int64)
    completed_us = np.concatenate([orders.at_us[kept], left_us])
    n, bought = len(completed_us), np.arange(len(completed_us)) < len(kept)
    rough = np.concatenate([boxes.rough[kept], rng.random(len(left)) < _SHARE_STOPPED])
    frictions = scene.world.raw["frictions"]
    trips = [step for name, way in frictions.items() for step in (name, way["between"], name)]
    spread = zip(trips, np.linspace(4.5, 1.5, len(trips)), strict=True)
    table = (*_BEFORE, *((name, "request", minutes) for name, minutes in spread), *_AFTER)
    steps = tuple((name, moment) for name, moment, _ in table)
    checkout, paying, delivered = (len(_BEFORE) - 1, len(_BEFORE) + len(trips), len(table) - 2)
    done = np.ones((n, len(table)), dtype=bool)
    done[:, checkout + 1 : paying] = False
    done[:, checkout + 1 : paying : _TRIP] = chance.random((n, len(frictions))) < _SHARE_HARMLESS
    first = checkout + 1 + _TRIP * list(frictions).index(scene.friction)
    done[:, first : first + _TRIP] = rough[:, None]
    # A smooth visit without an order stops after looking, after adding, or somewhere from checkout to payment.
    reach = rng.choice([0, 1, checkout], n, p=[0.5, 0.3, 0.2])
    reach = np.where(reach == checkout, chance.integers(checkout, paying, n, endpoint=True), reach)
    reach = np.where(rough, first + _TRIP - 1, reach)
    done[~bought] &= np.arange(len(table)) <= reach[~bought, None]
    done[:, -1] &= chance.random(n) < np.where(rough, 0.25, 0.03)
    pace = rng.uniform(0.5, 2.5, (n, 1)) * (1 + 2 * rough[:, None])
    before = pace * [minutes for _, _, minutes in table]
    at_us = completed_us[:, None] - np.round(before * _MINUTE_US).astype(np.int64)
    at_us[: len(kept), delivered:] += np.round(boxes.wait_days[kept, None] * DAY_US).astype(np.int64)
    done &= at_us < scene.end_us
    place = np.concatenate([orders.place[kept], left])
    order = np.concatenate([kept, np.full(len(left), -1)])
    item = np.concatenate([scene.lines.main[kept], people.favourites[left, 0]])
    return Visits(place, order, item, rough, steps, done, at_us)


def steps(scene: Scene, visits: Visits) -> pa.Table:
    """The visits' journey steps."""
    row, slot = np.nonzero(visits.done)
    sort = np.argsort(visits.place[row], kind="stable")
    row, slot = row[sort], slot[sort]
    place, order, names = visits.place[row], visits.order[row], [name for name, _ in visits.steps]
    session = scene.ids("events", visits.place, np.arange(len(visits.place)))
    number, turn = scene.people.number[visits.place], np.where(visits.order < 0, 0, scene.orders.turn[visits.order])
    with_order = pa.array((slot >= names.index("Order Completed")) & (order >= 0))
    return facts(
        "steps",
        len(row),
        {
            "fact_id": scene.ids("steps", place, within(place)),
            "happened_at": visits.at_us[row, slot],
            "identifier": (place, scene.members),
            "name": (slot, names),
            "moment": (slot, [moment for _, moment in visits.steps]),
            "session_id": session.take(pa.array(row)),
            "item_id": (np.where(slot <= 1, visits.item[row], -1), scene.world.items.ids),
            "order_id": pc.if_else(
                with_order, order_ids(number, turn).take(pa.array(row)), pa.scalar(None, pa.string())
            ),
        },
    )


def stops(scene: Scene, visits: Visits) -> Ints:
    """(detours, 2) visits that took each detour, and those of them that ended there."""
    last = visits.done.shape[1] - 1 - visits.done[:, ::-1].argmax(1)
    counts = []
    for name in scene.world.raw["frictions"]:
        where = visits.detour(name)
        ended = (visits.order < 0) & (where.start <= last) & (last < where.stop)
        counts.append((visits.done[:, where].any(1).sum(), ended.sum()))
    return np.array(counts)


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
