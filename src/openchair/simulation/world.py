"""The sample shop's world, read once from world.toml: population parameters, snacks, brands, cities, names."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SOURCE = "simulation"
SIMULATED = {b"openchair.simulated": b"true"}
LANGUAGES = ("en", "ur", "th")
STAGES = ("new", "active", "slipping", "gone")
SAME_EMAIL, SAME_PHONE, TYPED, MARRIED = "same e-mail", "same phone", "with a typo", "married"
FOUNDING_BRANDS = 12
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Items:
    """The shop's snacks, one row each: (m,) arrays and, for what forbids them, (m,) bit masks."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    category: Ints
    brand: Ints
    price_minor: Ints
    allergens: Ints
    unfit: Ints
    popularity: Floats


@dataclass(frozen=True, slots=True)
class World:
    """Everything about the sample shop that does not depend on how many customers it has."""

    raw: Mapping[str, Any]
    items: Items
    brands: tuple[str, ...]

    @property
    def drivers(self) -> tuple[str, ...]:
        return tuple(self.raw["drivers"])

    @property
    def allergens(self) -> tuple[str, ...]:
        return tuple(self.raw["allergens"])

    @property
    def diets(self) -> tuple[str, ...]:
        return tuple(self.raw["diets"])

    @property
    def doubles(self) -> tuple[str, ...]:
        return tuple(self.raw["doubles"])

    def friction(self, seed: int) -> str:
        """Which of world.toml's detours is the friction of the shop of this seed; they take turns."""
        detours = list(self.raw["frictions"])
        return str(detours[(seed - 1) % len(detours)])

    def shares(self, table: str) -> Floats:
        """The shares of a table of world.toml whose values are shares or have one, in its order."""
        rows = self.raw[table].values()
        return np.array([row["share"] if isinstance(row, dict) else row for row in rows], dtype=float)

    def driver_column(self, column: str) -> Floats:
        return np.array([row[column] for row in self.raw["drivers"].values()], dtype=float)


@cache
def world(brands: int = 25) -> World:
    """The sample shop with its first `brands` brands (12 to 25; the first twelve make every kind of snack)."""
    raw = tomllib.loads(files("openchair.simulation").joinpath("world.toml").read_text("utf-8"))
    chosen = raw["brands"]["list"][:brands]
    return World(raw, _items(raw, chosen), tuple(name for name, _ in chosen))


def _items(raw: Mapping[str, Any], brands: Sequence[tuple[str, str]]) -> Items:
    allergens, diets = list(raw["allergens"]), list(raw["diets"])
    rows: list[tuple[str, int, int, int, int, int]] = []
    for c, (category, kind) in enumerate(raw["categories"].items()):
        makers = [b for b, (_, made) in enumerate(brands) if made == category]
        for f, (name, price, holds, unfit) in enumerate(kind["flavours"]):
            # The first flavours are the founding brand's, so that every kind can be had from the first day.
            maker = makers[f * len(makers) // len(kind["flavours"])]
            rows.append((name, c, maker, price, _mask(holds, allergens), _mask(unfit, diets)))
    names, category_of, maker_of, price_minor, allergen_mask, unfit_mask = zip(*rows, strict=True)
    # A fixed, uneven popularity: every kind has its favourites, and some kinds sell more than others.
    rank = np.array([(7 * k) % len(rows) for k in range(len(rows))])
    return Items(
        ids=tuple(f"S{k + 1:03d}" for k in range(len(rows))),
        names=names,
        categories=tuple(raw["categories"]),
        category=np.array(category_of),
        brand=np.array(maker_of),
        price_minor=np.array(price_minor),
        allergens=np.array(allergen_mask),
        unfit=np.array(unfit_mask),
        popularity=1.0 / (4.0 + rank) ** 0.8,
    )


def _mask(words: Sequence[str], known: Sequence[str]) -> int:
    return sum(1 << known.index(word) for word in words)


def stream(seed: int, *key: int) -> np.random.Generator:
    """The random numbers of one topic of one block: the child of SeedSequence(seed) at `key`, as spawn would give."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def mix(z: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Distinct 64-bit numbers for distinct ones, scattered by `seed` (splitmix64's finaliser is a bijection)."""
    with np.errstate(over="ignore"):
        z = z + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % (1 << 64))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def draws(seed: int, *counters: NDArray[np.integer[Any]]) -> Floats:
    """Uniform numbers in [0, 1) that follow from the counters alone, so order and company change nothing."""
    z = np.zeros(np.broadcast_shapes(*(c.shape for c in counters)), dtype=np.uint64)
    for counter in counters:
        z = mix(z ^ counter.astype(np.uint64), seed)
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)
