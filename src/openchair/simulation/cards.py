"""What stands in a shop's books of a person, and what stands there once the same person has come again as another."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.core.errors import BadInput
from openchair.simulation.people import NAMES, People, pick, places
from openchair.simulation.world import (
    MARRIED,
    SAME_EMAIL,
    SAME_PHONE,
    SIMULATED,
    TYPED,
    Bools,
    Ints,
    World,
    stream,
    world,
)

OWN_EMAIL = "orders@sample-shop.example.com"
"""The shop's own address, which somebody of the team wrote into the cards of customers who have none."""
OWN_EMAILS, CROWD = 40, 1_000
_TYPED = ("first_name", "last_name", "address")
_SPELT = (0.35, 0.25, 0.10, 0.30)
_SHARE_REAL = 0.4
_SHARE_SWAPPED = 0.03
_BORN, _BORN_DAYS = np.datetime64("1942-01-01"), 24_000
_TOPIC = 2**20
_SCATTER = 7_368_787
"""Prime to ten: consecutive numbers times it differ in all their last digits, and no two are the same."""
_NOTHING = pa.scalar(None, pa.string())


def simulate_people(n: int, *, duplicates: float = 0.05, seed: int = 1) -> pa.Table:
    """A table of `n` records of people, some of them second records of somebody in it: for measuring identity.

    n: 2 to 10,000,000 rows. duplicates: the share of them that are second records, 0 to 0.5. All columns are strings:
    `id`; `person`, the true cluster (the id of the person's first record); `how` a second record came about (the
    doubles of world.toml), null for first ones; first_name, last_name, birth_date (ISO 8601), email, phone (in four
    spellings), address, postcode, city, country (ISO 3166), with the gaps of world.toml. Names follow nine cultures:
    four in ten are the 14 common ones of each, the others are made of two of them. Rows are sorted by id, which says
    nothing of who came first; the same arguments give the same table. A million rows take four seconds and 0.8 GB.
    Raises BadInput for an argument out of bounds.
    """
    for name, value, low, high in (("n", n, 2, 10_000_000), ("duplicates", duplicates, 0, 0.5)):
        if not low <= value <= high:
            raise BadInput(name, value=value, bound=f"must be from {low:,} to {high:,}", remedy="Give a number within.")
    shop, rng, number = world(), stream(seed, _TOPIC), np.arange(n)
    firsts = n - round(n * duplicates)
    how = np.where(number < firsts, -1, pick(rng, shop.shares("doubles"), n))
    person = np.where(how < 0, number, rng.integers(0, firsts, n))
    culture, city, _ = (drawn[person] for drawn in places(shop, rng, n))
    common = rng.integers(0, NAMES, (2, n)) * (NAMES + 1)
    first, last = np.where(rng.random((2, n)) < _SHARE_REAL, common, rng.integers(0, NAMES**2, (2, n)))
    last = np.where(how == shop.doubles.index(MARRIED), last, last[person])
    # Numbered and written in an order that says nothing of who came first.
    place = rng.permutation(n)
    cards = draw_cards(shop, rng, place, culture, city, first[person], last)
    cards = spell(shop, rng, come_again(shop, rng, cards, person, how), person, how)
    ids = pc.binary_join_element_wise("P", pc.utf8_lpad(pc.cast(pa.array(place), pa.string()), 8, "0"), "")
    told = pa.array(shop.doubles).take(pa.array(how, mask=how < 0))
    columns = {"id": ids, "person": ids.take(pa.array(person)), "how": told}
    columns |= dict(zip(cards.column_names, cards.columns, strict=True))
    return pa.table(columns).take(pc.sort_indices(ids)).replace_schema_metadata(SIMULATED)


def books(world: World, seed: int, block: int, people: People) -> pa.Table:
    """What the shop has written down of the members of a block: a card each (see `draw_cards`), with its gaps.

    In a shop of CROWD members and more, two families of the first block have one phone, and 40 members (fewer where
    fewer have no e-mail address) stand there with the shop's own.
    """
    rng, own = stream(seed, block, 15), np.arange(len(people))
    who = people.number, people.culture, people.city, people.first_name, people.last_name
    cards = draw_cards(world, rng, *who)
    shared = {field: cards[field].take(pa.array(people.home)) for field in ("address", "postcode")}
    cards = pa.table(dict(zip(cards.column_names, cards.columns, strict=True)) | shared)
    cards = spell(world, rng, come_again(world, rng, cards, people.person, people.how), people.person, people.how)
    columns = {name: cards[name].combine_chunks() for name in cards.column_names}
    columns["birth_date"] = pc.if_else(pa.array(people.young), _NOTHING, columns["birth_date"])
    if block == 0 and len(people) >= CROWD:
        abroad = pc.starts_with(columns["phone"], "+").fill_null(False).to_numpy(zero_copy_only=False)
        family = np.flatnonzero((people.home != own) & abroad[people.home])[:2]
        phones = columns["phone"].take(pa.array(people.home))
        columns["phone"] = pc.if_else(pa.array(np.isin(own, family)), phones, columns["phone"])
        without = np.flatnonzero(columns["email"].is_null())[:OWN_EMAILS]
        columns["email"] = pc.if_else(pa.array(np.isin(own, without)), OWN_EMAIL, columns["email"])
    return pa.table(columns)


def draw_cards(
    world: World, rng: np.random.Generator, number: Ints, culture: Ints, city: Ints, first_name: Ints, last_name: Ints
) -> pa.Table:
    """A card a row without gaps: names, birth_date, email, phone (as at home), address, postcode, city, country.

    number: (n,) unique, so that e-mail addresses are, and phones among a million. first_name, last_name: (n,) codes of
    `names_at`. E-mail addresses are at the domains that are nobody's (RFC 2606). No range of telephone numbers is
    nobody's and large enough: these have a valid form and must not be rung.
    """
    n, cities, countries = len(number), world.raw["cities"]["list"], world.raw["countries"]
    first, last = names_at(world, "first", culture, first_name), names_at(world, "last", culture, last_name)
    local = pc.replace_substring(pc.ascii_lower(pc.binary_join_element_wise(first, last, ".")), " ", "")
    domain = pa.array(["example.org", "example.com", "example.net"]).take(pa.array(number % 3))
    country = np.array([list(countries).index(row[1]) for row in cities])[city]
    patterns = {part: [land[part] for land in countries.values()] for part in ("postcode", "mobile")}
    postcode = _filled(patterns["postcode"], country, rng.integers(0, 10**12, n))
    streets = pa.array([f"{a} {b}" for a in world.raw["streets"]["first"] for b in world.raw["streets"]["second"]])
    house = pc.cast(pa.array(1 + np.floor(rng.exponential(40, n)).astype(np.int64)), pa.string())
    born = _BORN + (_BORN_DAYS * rng.beta(1.3, 1.2, n)).astype("timedelta64[D]")
    return pa.table(
        {
            "first_name": first,
            "last_name": last,
            "birth_date": pc.cast(pa.array(born), pa.string()),
            "email": pc.binary_join_element_wise(local, ".", pc.cast(pa.array(number), pa.string()), "@", domain, ""),
            "phone": _filled(patterns["mobile"], country, number * _SCATTER),
            "address": pc.binary_join_element_wise(
                house, streets.take(pa.array(rng.integers(0, len(streets), n))), " "
            ),
            "postcode": pc.if_else(pc.equal(postcode, ""), _NOTHING, postcode),
            "city": pa.array([row[0] for row in cities]).take(pa.array(city)),
            "country": pa.array(list(countries)).take(pa.array(country)),
        }
    )


def come_again(world: World, rng: np.random.Generator, cards: pa.Table, person: Ints, how: Ints) -> pa.Table:
    """The cards, where whoever comes again (`how` >= 0) is written as on their `person`'s card, but for what is new.

    person: (n,) places. how: (n,) places in World.doubles, -1 for a first card. A typo leaves a letter out, doubles it
    or swaps it with the next; now and then day and month of birth change places.
    """
    columns, own = {}, np.arange(len(how))
    for field in cards.column_names:
        new = np.array([field in again["new"] for again in world.raw["doubles"].values()] + [True])
        columns[field] = cards[field].combine_chunks().take(pa.array(np.where(new[how], own, person)))
    typed = np.where(how == world.doubles.index(TYPED), rng.integers(0, len(_TYPED), len(how)), -1)
    for k, field in enumerate(_TYPED):
        columns[field] = _changed(columns[field], typed == k, lambda text: _misspelt(rng, text))
    born = pc.cast(columns["birth_date"], pa.date32())
    swapped = (how >= 0) & (rng.random(len(how)) < _SHARE_SWAPPED) & (pc.day(born).to_numpy() <= 12)
    columns["birth_date"] = _changed(
        columns["birth_date"], swapped, lambda text: pc.strftime(pc.cast(text, pa.date32()), "%Y-%d-%m")
    )
    return pa.table(columns)


def spell(world: World, rng: np.random.Generator, cards: pa.Table, person: Ints, how: Ints) -> pa.Table:
    """The cards as they come to be written: phones in one of four spellings, and gaps where nobody asked.

    Who comes again with the same e-mail or phone has it on both cards, the phone with its country's code on both.
    """
    n, countries = len(how), world.raw["countries"].values()
    kept = {}
    for field, again in (("email", SAME_EMAIL), ("phone", SAME_PHONE)):
        rows = np.flatnonzero(how == world.doubles.index(again))
        kept[field] = np.isin(np.arange(n), np.concatenate([rows, person[rows]]))
    spelling = np.where(kept["phone"], how >= 0, rng.choice(4, n, p=_SPELT))
    land = pc.index_in(cards["country"].combine_chunks(), pa.array(list(world.raw["countries"])))
    code, home = (pa.array([row[part] for row in countries]).take(land) for part in ("code", "home"))
    number = cards["phone"].combine_chunks()
    plain, dashed = (pc.replace_substring(number, " ", by) for by in ("", "-"))
    ways = (("+", code, plain), ("+", code, " ", number), ("+", code, "-", dashed), (home, number))
    phone = pc.choose(pa.array(spelling), *(pc.binary_join_element_wise(*way, "") for way in ways))
    columns = dict(zip(cards.column_names, cards.columns, strict=True)) | {"phone": phone}
    for field, share in world.raw["gaps"].items():
        gone = pa.array((rng.random(n) < share) & ~kept.get(field, np.zeros(n, dtype=np.bool_)))
        columns[field] = pc.if_else(gone, _NOTHING, columns[field])
    return pa.table(columns)


def names_at(world: World, which: str, culture: Ints, code: Ints) -> pa.Array:
    """Names by culture and code, `first` or `last`: a * NAMES + b is the a-th's beginning with the b-th's end.

    >>> names_at(world(), "last", np.array([0, 0]), np.array([0, 1])).to_pylist()
    ['Rehman', 'Rehik']
    """
    pool = []
    for people in world.raw["cultures"].values():
        cuts = [(name, name.find(" ") if " " in name else -(-len(name) // 2)) for name in people[which]]
        pool += [one[:at] + other[cut:] for one, at in cuts for other, cut in cuts]
    return pa.array(pool).take(pa.array(culture * NAMES**2 + code))


def _filled(patterns: list[str], which: Ints, number: Ints) -> pa.Array:
    """Each row's pattern with a digit of its number, from the last on, for every # and as a letter for every @."""
    signs = np.array(patterns).view(np.uint32).reshape(len(patterns), -1)[which]
    digit, letter = signs == ord("#"), signs == ord("@")
    place = np.maximum(np.cumsum(digit | letter, axis=1) - 1, 0)
    drawn = number[:, None] // 10**place % 10
    return _texts(np.select([digit, letter], [ord("0") + drawn, ord("A") + 2 * drawn], signs).astype(np.uint32))


def _misspelt(rng: np.random.Generator, text: pa.Array) -> pa.Array:
    """Each text with one letter after its first left out, doubled, or swapped with the one before."""
    texts = np.array(text.to_pylist(), dtype=np.str_)
    signs = np.pad(texts.view(np.uint32).reshape(len(text), texts.itemsize // 4), ((0, 0), (0, 1)))
    slot = np.arange(signs.shape[1])
    length = (signs > 0).sum(1)
    at = 1 + np.floor((length - 1) * rng.random(len(text))).astype(np.int64)[:, None]
    out, twice = slot + (slot >= at), slot - (slot > at)
    swapped = slot + (slot == at - 1) - (slot == at)
    # The first letter stays where it is.
    slip = np.minimum(rng.integers(0, 3, (len(text), 1)), at)
    source = np.choose(slip, [out, twice, swapped])
    return _texts(np.take_along_axis(signs, np.minimum(source, signs.shape[1] - 1), 1))


def _texts(signs: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> pa.Array:
    """(n, w) code points, 0 after the last, as n strings."""
    return pa.array(np.ascontiguousarray(signs).view(f"U{signs.shape[1]}").ravel(), pa.string())


def _changed(texts: pa.Array, where: Bools, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """The texts with some of them changed."""
    rows = pa.array(where)
    return pc.replace_with_mask(texts, rows, change(texts.filter(rows)))
