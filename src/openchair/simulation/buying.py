"""What members buy: orders by BG/NBD a day at a time, spending by Gamma-Gamma, baskets within allergies and diets."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.cards import OWN_EMAIL, books
from openchair.simulation.files import fact_ids, facts, within
from openchair.simulation.people import FAVOURITES, People, Wishes, choose_items, draw_wishes, member_ids
from openchair.simulation.world import DAY_US, FOUNDING_BRANDS, Bools, Floats, Ints, World, stream

_SHARE_RETURNED = 0.02
_HOUR_US = 3_600_000_000
_MOST_LINES = 6
_LEAST_LINE_MINOR = 600


@dataclass(frozen=True, slots=True)
class Orders:
    """A block's orders by member and day: (k,) arrays; `place` is the member's in the block, `turn` 0 for the first.

    `paid_minor` is the order's total, `at_us` its time. `died` (n,) is the day after whose order a member left, or -1.
    """

    place: Ints
    turn: Ints
    day: Ints
    at_us: Ints
    paid_minor: Ints
    died: Ints

    @property
    def first(self) -> Bools:
        flags: Bools = self.turn == 0
        return flags


@dataclass(frozen=True, slots=True)
class Lines:
    """A block's order lines, order by order: (l,) arrays; `order` is a place in Orders, `item` one in Items.

    `main` (k,) is the item each order is spoken of by.
    """

    order: Ints
    item: Ints
    quantity: Floats
    paid_minor: Ints
    main: Ints


@dataclass(frozen=True, slots=True)
class Boxes:
    """How each order went: (k,) `wait_days` until its box came, and whether it was `rough`: met the friction."""

    wait_days: Floats
    rough: Bools


@dataclass(frozen=True, slots=True)
class Scene:
    """A block of members with what happened to them; what is told of it takes its chances from `rng(topic)`.

    `members` (n,) are identifiers. `cards` has a row a member: what the books hold of them (simulation.cards).
    """

    world: World
    seed: int
    block: int
    end: int
    people: People
    cards: pa.Table
    orders: Orders
    lines: Lines
    boxes: Boxes
    members: pa.Array
    wishes: Wishes

    @property
    def end_us(self) -> int:
        return self.end * DAY_US

    @property
    def friction(self) -> str:
        """The step that loses and slows more of this shop's customers than it should."""
        return self.world.friction(self.seed)

    @property
    def first_us(self) -> Ints:
        """(n,) the time of each member's first order."""
        return self.orders.at_us[self.orders.first]

    def rng(self, topic: int) -> np.random.Generator:
        return stream(self.seed, self.block, topic)

    def ids(self, kind: str, place: Ints, ordinal: Ints) -> pa.Array:
        """The ids of facts of a kind, by whose they are and which of theirs."""
        return fact_ids(self.seed, kind, self.people.number[place], ordinal)


def draw_scene(world: World, seed: int, block: int, people: People, start: int, end: int) -> Scene:
    """What happens to `people`."""
    orders = draw_orders(world, seed, block, people, end)
    lines = draw_lines(world, seed, block, people, orders, listing_days(world, start, end))
    cards, first_us = books(world, seed, block, people), orders.at_us[orders.first]
    asked = pc.not_equal(cards["email"], OWN_EMAIL).fill_null(False).to_numpy() & ~people.young
    wishes = draw_wishes(seed, block, asked, first_us, end * DAY_US)
    boxes = draw_boxes(seed, block, orders)
    return Scene(world, seed, block, end, people, cards, orders, lines, boxes, member_ids(people.number), wishes)


def draw_orders(world: World, seed: int, block: int, people: People, end: int) -> Orders:
    """Every order before the day `end`.

    A member of rate q orders on any later day with chance q, so the days between orders are geometric with mean 1/q:
    the daily form of BG/NBD's exponential, with the same expected count and at most one order a day. After each order
    but the first the member leaves with chance `dropout`. Fader, Hardie & Lee (2005).
    """
    rng = stream(seed, block, 1)
    places, days, turns = [np.arange(len(people))], [people.joined], [np.zeros(len(people), dtype=np.int64)]
    died = np.full(len(people), -1)
    alive, last = places[0], people.joined
    while len(alive):
        gap = np.ceil(np.log1p(-rng.random(len(alive))) / np.log1p(-people.rate[alive]))
        day = last + np.maximum(gap, 1).astype(np.int64)
        alive, day = alive[day < end], day[day < end]
        places.append(alive)
        days.append(day)
        turns.append(np.full(len(alive), len(turns)))
        leaves = rng.random(len(alive)) < people.dropout[alive]
        died[alive[leaves]] = day[leaves]
        alive, last = alive[~leaves], day[~leaves]
    place = np.concatenate(places)
    order = np.argsort(place, kind="stable")
    place, day, turn = place[order], np.concatenate(days)[order], np.concatenate(turns)[order]
    shape = world.raw["spending"]["p"]
    paid = rng.gamma(shape, 1 / people.scale[place])
    # Between five in the morning and seven in the evening UTC, so that the day is the same from New York to Karachi.
    second = 5 * 3600 + np.floor(14 * 3600 * rng.beta(2.2, 2.0, len(place))).astype(np.int64)
    paid_minor = np.maximum(np.round(100 * paid).astype(np.int64), 100)
    return Orders(place, turn, day, day * DAY_US + second * 1_000_000, paid_minor, died)


def draw_lines(world: World, seed: int, block: int, people: People, orders: Orders, listed: Ints) -> Lines:
    """What is in each order. listed: the day each brand's snacks came to the shop."""
    rng = stream(seed, block, 2)
    items = world.items
    # A small order is not cut into lines of a few cents.
    room = np.clip(orders.paid_minor // _LEAST_LINE_MINOR, 1, _MOST_LINES)
    lines = np.minimum(1 + rng.poisson(1.1, len(orders.place)), room)
    order = np.repeat(np.arange(len(orders.place)), lines)
    who = orders.place[order]
    usual = rng.random(len(order)) < 0.6
    item = choose_items(world, rng.random(len(order)), people.allergies[who], people.diet[who])
    pick = (within(order) + rng.integers(0, FAVOURITES, len(orders.place))[order]) % FAVOURITES
    item = np.where(usual, people.favourites[who, pick], item)
    early = listed[items.brand[item]] > orders.day[order]
    late = who[early]
    chance = rng.random(len(late))
    item[early] = choose_items(world, chance, people.allergies[late], people.diet[late], founding=True)
    # A snack is on one line of an order only.
    order, item = np.divmod(np.unique(order * len(items.ids) + item), len(items.ids))
    paid = _split(orders.paid_minor, order, items.price_minor[item] * rng.gamma(12, 1 / 12, len(order)))
    quantity = np.maximum(1, np.round(paid / items.price_minor[item]))
    return Lines(order, item, quantity, paid, item[_starts(order)])


def draw_boxes(seed: int, block: int, orders: Orders) -> Boxes:
    """The first box is slow and sometimes very slow; some orders of the afternoon meet the shop's friction."""
    rng = stream(seed, block, 3)
    k = len(orders.place)
    wait = np.where(orders.first, rng.lognormal(np.log(5.5), 0.55, k), rng.lognormal(np.log(2.0), 0.35, k))
    afternoon = orders.at_us % DAY_US >= 12 * _HOUR_US
    return Boxes(wait, afternoon & (rng.random(k) < 0.25))


def purchases(scene: Scene) -> pa.Table:
    """Order lines and returns as facts."""
    rng, world, people = scene.rng(12), scene.world, scene.people
    items, orders, lines = world.items, scene.orders, scene.lines
    order, item = lines.order, lines.item
    quantity, paid, who = lines.quantity, lines.paid_minor, orders.place[lines.order]
    returned = np.flatnonzero(rng.random(len(order)) < _SHARE_RETURNED)
    back_us = orders.at_us[order[returned]] + np.floor(DAY_US * rng.uniform(2, 9, len(returned))).astype(np.int64)
    returned, back_us = returned[back_us < scene.end_us], back_us[back_us < scene.end_us]
    row = np.concatenate([np.arange(len(order)), returned])
    back = np.arange(len(row)) >= len(order)
    sign = np.where(back, -1, 1)
    when = np.concatenate([orders.at_us[order], back_us])
    by_member = np.argsort(who[row], kind="stable")
    row, back, sign, when = row[by_member], back[by_member], sign[by_member], when[by_member]
    return facts(
        "purchases",
        len(row),
        {
            "fact_id": scene.ids("purchases", who[row], within(who[row])),
            "happened_at": when,
            "identifier": (who[row], scene.members),
            "order_id": order_ids(people.number[orders.place], orders.turn).take(pa.array(order[row])),
            "item_id": (item[row], items.ids),
            "item_name": (item[row], items.names),
            "category": (items.category[item[row]], items.categories),
            "quantity": sign * quantity[row],
            "amount_minor": sign * paid[row],
            "currency": world.raw["currency"],
            "is_return": back,
            "country": (people.city[who[row]], [city[1] for city in world.raw["cities"]["list"]]),
        },
    )


def listing_days(world: World, start: int, end: int) -> Ints:
    """The day each brand's snacks come to the shop: the founding ones at once, others two months after members came."""
    later = np.arange(1, len(world.brands) - FOUNDING_BRANDS + 1) / (len(world.brands) - FOUNDING_BRANDS + 1)
    # Members' joining days are start + (end - start) * u^0.7; brands follow that growth with a lag.
    days = start + np.floor((end - start) * later**0.7).astype(np.int64) + 60
    return np.concatenate([np.full(FOUNDING_BRANDS, start), np.minimum(days, end - 1)])


def order_ids(number: Ints, turn: Ints) -> pa.Array:
    """Ids such as O-000001-3: whose order, and which of theirs."""
    whose = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 6, "0")
    return pc.binary_join_element_wise("O", whose, pc.cast(pa.array(turn + 1), pa.string()), "-")


def _split(total: Ints, order: Ints, weight: Floats) -> Ints:
    """Whole minor units for each line, in proportion to `weight` and adding up to the order's total exactly."""
    sums = np.bincount(order, weight, len(total))
    edges = np.round(total[order] * np.minimum(_running(order, weight) / sums[order], 1)).astype(np.int64)
    last = np.r_[order[1:] != order[:-1], True]
    edges[last] = total[order[last]]
    before = np.where(_starts(order), 0, np.r_[0, edges[:-1]])
    return np.asarray(edges - before, dtype=np.int64)


def _starts(order: Ints) -> Bools:
    return np.asarray(np.r_[True, order[1:] != order[:-1]], dtype=np.bool_)


def _running(order: Ints, weight: Floats) -> Floats:
    """The running sum of `weight` within each order."""
    total = np.cumsum(weight)
    starts = np.flatnonzero(_starts(order))
    before = np.r_[0.0, total[starts[1:] - 1]]
    return np.asarray(total - np.repeat(before, np.diff(np.r_[starts, len(order)])), dtype=np.float64)
