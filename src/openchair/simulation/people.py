"""The hidden truth: who the members of a block are, before anything happens."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.loyalty.pillars import PILLAR_IDS
from openchair.simulation.world import FOUNDING_BRANDS, LANGUAGES, MARRIED, Bools, Floats, Ints, World, stream

FAVOURITES = 4
NAMES = 14
"""First names in each culture, and as many last names."""
WISHES = ("less", "important", "nothing")
"""What a member may ask of our attention, beside leaving it as it is."""
YOUNG = 0.005
"""Share of the members who are under age."""
_SHARE_TWICE = 0.04
_SHARE_AT_HOME = 0.03
_SHARE_COMPANY = 0.05
_SHARE_WITHDRAWN = 0.06
_SHARE_REFERRED = 0.24
_SHARE_TYPE_ONE = 0.6
_SHARE_DECLARED = 0.55


@dataclass(frozen=True, slots=True)
class People:
    """The members of a block in order of their number: (n,) arrays; codes index the lists of World.

    Days count from 1970-01-01. `allergies` are bit masks over World.allergens. `referrer` is a place in this block or
    -1, and always someone who joined on an earlier day. `taste` (n, drivers) is each one's own liking of a driver;
    `leaning` (n, pillars), about 0 with a spread of about 1, to a pillar. `rate` is purchases a day, `dropout` the
    chance to leave after a purchase.
    `person` is the place of the member who is the same person and came first, mostly one's own, and `how` (a place in
    World.doubles, or -1) in what way they came again; they share what a person has, but each orders on their own.
    `home` is the place of whom one lives with, mostly one's own.
    """

    number: Ints
    person: Ints
    how: Ints
    home: Ints
    company: Ints
    young: Bools
    joined: Ints
    rate: Floats
    dropout: Floats
    scale: Floats
    culture: Ints
    first_name: Ints
    last_name: Ints
    city: Ints
    language: Ints
    allergies: Ints
    diet: Ints
    diet_declared: Bools
    allergies_declared: Bools
    need: Ints
    aspiration: Ints
    leaning: Floats
    taste: Floats
    favourites: Ints
    referrer: Ints
    type_one: Bools

    def __len__(self) -> int:
        return len(self.number)


def draw_people(world: World, seed: int, block: int, numbers: Ints, start: int, end: int) -> People:
    """The members with these `numbers`, joining between the days `start` and `end` (exclusive), ever more of them."""
    rng = stream(seed, block, 0)
    n = len(numbers)
    buying, spending = world.raw["buying"], world.raw["spending"]
    joined = start + np.floor((end - start) * rng.random(n) ** 0.7).astype(np.int64)
    kin = stream(seed, block, 14)
    person, how, home = _kin(world, kin, joined)
    culture, city, language = (drawn[person[home]] for drawn in places(world, rng, n))
    allergies = np.zeros(n, dtype=np.int64)
    for bit, share in enumerate(world.shares("allergens")):
        allergies |= (rng.random(n) < share).astype(np.int64) << bit
    allergies = allergies[person]
    diet = pick(rng, world.shares("diets"), n)
    # Halal is much more common where the cultures are.
    halal = world.diets.index("halal")
    muslim = np.isin(culture, [list(world.raw["cultures"]).index(c) for c in ("pakistani", "arab")])
    diet = np.where(muslim & (rng.random(n) < 0.7), halal, np.where((diet == halal) & ~muslim, 0, diet))[person]
    pillars, drivers = len(PILLAR_IDS), len(world.drivers)
    need = pick(rng, world.shares("needs"), n)[person]
    # Each need leans on a pillar, so that what a customer says tells something about what moves them.
    lean = np.eye(pillars)[np.array([4, 0, 1, 0, 1])[need]]
    # Who is in the books already was not brought by anybody.
    referrer = np.where(how < 0, _referrers(rng, joined, city), -1)
    profile = np.repeat(allergies, FAVOURITES), np.repeat(diet, FAVOURITES)
    favourites = choose_items(world, rng.random(n * FAVOURITES), *profile)
    first_name, last_name = _names(world, kin, person, how, home)
    company = np.where(kin.random(n) < _SHARE_COMPANY, kin.integers(0, len(world.raw["companies"]["list"]), n), -1)
    return People(
        number=numbers,
        person=person,
        how=how,
        home=home,
        company=company[person],
        young=(kin.random(n) < YOUNG)[person],
        joined=joined,
        # A day holds one order at most, so a rate of a purchase a day is beyond what the shop can see.
        rate=np.clip(rng.gamma(buying["r"], 1 / buying["alpha"], n), 1e-9, 0.9),
        dropout=rng.beta(buying["a"], buying["b"], n),
        scale=rng.gamma(spending["q"], 1 / spending["gamma"], n),
        culture=culture,
        first_name=first_name,
        last_name=last_name,
        city=city,
        language=language,
        allergies=allergies,
        diet=diet,
        diet_declared=rng.random(n) < 0.6,
        allergies_declared=rng.random(n) < _SHARE_DECLARED,
        need=need,
        aspiration=np.where(rng.random(n) < 0.8, pick(rng, world.shares("aspirations"), n), -1)[person],
        leaning=(0.75 * rng.beta(1.6, 2.4, (n, pillars))[person] + 0.3 * lean - 0.36) / 0.2,
        taste=rng.normal(0, 0.6, (n, drivers))[person],
        favourites=favourites.reshape(n, FAVOURITES),
        referrer=referrer,
        type_one=(referrer >= 0) & (rng.random(n) < _SHARE_TYPE_ONE),
    )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the members of a block agree to and ask for: (n,) arrays.

    `consent` is their word on marketing by e-mail: 1 yes, 0 no, -1 never asked; `withdrawn_us` when a yes was taken
    back. `wish` is a place in WISHES or -1, said at `wished_us`. What did not happen has the time of the end.
    """

    consent: Ints
    withdrawn_us: Ints
    wish: Ints
    wished_us: Ints

    @property
    def silent_us(self) -> Ints:
        """(n,) the time from which they want no letters: they took their yes back, or asked for more than less."""
        return np.where(self.wish > 0, np.minimum(self.withdrawn_us, self.wished_us), self.withdrawn_us)


def draw_wishes(seed: int, block: int, asked: Bools, first_us: Ints, end_us: int) -> Wishes:
    """What members wish. asked: (n,) whether they could be asked. first_us: (n,) the time of their first order."""
    rng, n = stream(seed, block, 6), len(asked)
    consent = np.where(asked, rng.choice(np.array([1, 0, -1]), n, p=[0.55, 0.15, 0.30]), -1)
    wish = rng.choice(np.arange(-1, len(WISHES)), n, p=[0.95, 0.03, 0.012, 0.008])
    later = first_us + (np.maximum(end_us - first_us, 0) * rng.uniform(0.3, 0.98, (2, n))).astype(np.int64)
    withdrawn = np.where((consent == 1) & (rng.random(n) < _SHARE_WITHDRAWN), later[0], end_us)
    return Wishes(consent, withdrawn, wish, np.where(wish >= 0, later[1], end_us))


def choose_items(world: World, chance: Floats, allergies: Ints, diet: Ints, *, founding: bool = False) -> Ints:
    """An item for each row by popularity, among those that hold none of its allergens and suit its diet.

    chance: (n,) uniform in [0, 1). allergies: (n,) bit masks. diet: (n,) places in World.diets.
    """
    items = world.items
    profiles, row_profile = np.unique(allergies * len(world.diets) + diet, return_inverse=True)
    mask, bit = profiles // len(world.diets), 1 << (profiles % len(world.diets))
    fit = ((mask[:, None] & items.allergens) == 0) & ((bit[:, None] & items.unfit) == 0)
    if founding:
        fit &= items.brand < FOUNDING_BRANDS
    cumulative = np.cumsum(fit * items.popularity, axis=1)
    cumulative /= cumulative[:, -1:]
    # One search for all: each profile's distribution sits in its own unit interval.
    flat = (cumulative + np.arange(len(profiles))[:, None]).ravel()
    # A hair below 1, so that adding the profile's number cannot round into the next interval.
    draw = row_profile + chance * (1 - 2.0**-32)
    return np.asarray(np.searchsorted(flat, draw, side="right") % len(items.ids), dtype=np.int64)


def member_ids(numbers: Ints) -> pa.Array:
    """Identifiers such as id:M000001."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), 6, "0")
    return pc.binary_join_element_wise("id:M", digits, "")


def _kin(world: World, rng: np.random.Generator, joined: Ints) -> tuple[Ints, Ints, Ints]:
    """Who is in the books twice, in what way, and who lives with whom: `person`, `how` and `home` of People."""
    n, chance = len(joined), rng.random(len(joined))
    own = np.arange(n)
    # The first member of a block is only themselves, so that there is somebody to be kin of.
    chance[:1] = 1.0
    twice, lodging = chance < _SHARE_TWICE, (chance >= _SHARE_TWICE) & (chance < _SHARE_TWICE + _SHARE_AT_HOME)
    single = own[~twice & ~lodging]
    person, home = own.copy(), own.copy()
    for kin, rows in ((person, twice), (home, lodging)):
        whose = _someone_earlier(rng, single, own[rows], joined)
        kin[rows] = np.where(whose >= 0, whose, own[rows])
    return person, np.where(person != own, pick(rng, world.shares("doubles"), n), -1), home


def _names(world: World, rng: np.random.Generator, person: Ints, how: Ints, home: Ints) -> tuple[Ints, Ints]:
    """First and last names, codes of cards.names_at: those at home share the last, those who married have another."""
    first, last = rng.integers(0, NAMES, (2, len(person)))
    first = np.where(home == np.arange(len(person)), first, (first[home] + 1 + first % (NAMES - 1)) % NAMES)[person]
    married = (last[person] + 1 + last % (NAMES - 1)) % NAMES
    last = np.where(how == world.doubles.index(MARRIED), married, last[person[home]])
    return first * (NAMES + 1), last * (NAMES + 1)


def places(world: World, rng: np.random.Generator, n: int) -> tuple[Ints, Ints, Ints]:
    """Culture, city and language written in: where one lives says who one's neighbours are."""
    cities = world.raw["cities"]["list"]
    known = list(world.raw["cultures"])
    city = pick(rng, np.array([row[2] for row in cities]), n)
    living = np.array([[known.index(row[3][k % len(row[3])]) for k in range(60)] for row in cities])
    culture = living[city, rng.integers(0, 60, n)]
    language = np.array([LANGUAGES.index(c["language"]) for c in world.raw["cultures"].values()])[culture]
    writes = np.array([c["writes"] for c in world.raw["cultures"].values()])[culture]
    return culture, city, np.where(rng.random(n) < writes, language, 0)


def _referrers(rng: np.random.Generator, joined: Ints, city: Ints) -> Ints:
    """Who told whom: preferential by copying (Kleinberg et al. 1999) and mostly within the city; -1 for nobody.

    Each referred member points at someone uniformly chosen who joined earlier; half of the time the one who referred
    *that* member is taken instead, which gives the well-connected their larger share.
    """
    n = len(joined)
    everyone = np.arange(n)
    home = rng.random(n) < 0.8
    point = np.full(n, -1)
    point[~home] = _someone_earlier(rng, everyone, everyone[~home], joined)
    for c in np.unique(city):
        here = np.flatnonzero(city == c)
        point[here[home[here]]] = _someone_earlier(rng, here, here[home[here]], joined)
    referred = (rng.random(n) < _SHARE_REFERRED) & (point >= 0)
    copies = referred & (rng.random(n) < 0.5)
    target = np.where(referred, point, -1)
    # A copy takes its target's own referrer, which may be a copy too: follow until it is settled.
    final = np.where(copies, -2, target)
    for _ in range(64):
        open_rows = np.flatnonzero(final == -2)
        if not len(open_rows):
            break
        theirs = final[target[open_rows]]
        final[open_rows] = np.where(theirs == -1, target[open_rows], theirs)
    return np.where(final == -2, target, final)


def _someone_earlier(rng: np.random.Generator, among: Ints, asked: Ints, joined: Ints) -> Ints:
    """For each of `asked`, one of `among` who joined on an earlier day, or -1 where there is none."""
    order = among[np.argsort(joined[among], kind="stable")]
    earlier = np.searchsorted(joined[order], joined[asked], side="left")
    place = (rng.random(len(asked)) * earlier).astype(np.int64)
    return np.where(earlier > 0, order[place], -1)


def pick(rng: np.random.Generator, shares: Floats, n: int) -> Ints:
    return np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(n), side="right").astype(np.int64)
