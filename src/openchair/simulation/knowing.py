"""What the shop knows of members: traits, with who said each and who wrote it down, whether they agree or not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.buying import Scene
from openchair.simulation.cards import OWN_EMAIL
from openchair.simulation.files import facts
from openchair.simulation.people import WISHES
from openchair.simulation.world import LANGUAGES, Bools, Ints, World

_MINUTE_US = 60_000_000
# What a member writes for an allergen where its name alone would be read as more.
_WRITTEN = {"nuts": "tree nuts"}
_NEVER = ('["call"]', '["flowers"]', '["gifts"]')
_QUIET = ("21-8", "20-9", "22-7")


@dataclass(frozen=True, slots=True)
class Told:
    """One trait of the members who `has` it: its value, who said it and when; `signed` is its properties, or null."""

    name: str
    has: Bools
    value: pa.Array
    said_by: str
    at_us: Ints
    signed: pa.Array | None = None
    confidence: float = 1.0


def traits(scene: Scene) -> pa.Table:
    """What the shop was told. What was not declared has no trait: it is unknown."""
    told = [*_named(scene), *_agreed(scene), *_bound(scene), *_liked(scene)]
    rows = [np.flatnonzero(one.has) for one in told]
    place = np.concatenate(rows)
    kind = np.repeat(np.arange(len(told)), [len(row) for row in rows])
    silent = pa.nulls(len(scene.members), pa.string())

    def column(values: Sequence[pa.Array]) -> pa.Array:
        return pa.concat_arrays([value.take(pa.array(row)) for value, row in zip(values, rows, strict=True)])

    return facts(
        "traits",
        len(place),
        {
            "fact_id": scene.ids("traits", place, kind),
            "happened_at": np.concatenate([one.at_us[row] for one, row in zip(told, rows, strict=True)]),
            "identifier": (place, scene.members),
            "properties": column([silent if one.signed is None else one.signed for one in told]),
            "name": (kind, [one.name for one in told]),
            "value": column([one.value for one in told]),
            "said_by": (kind, [one.said_by for one in told]),
            "confidence": np.array([one.confidence for one in told])[kind],
        },
    )


def signed(**said: str) -> str:
    """The properties of a trait: who wrote it down (`by`), or the `wording` of a consent and its `language`."""
    return json.dumps(said, ensure_ascii=False)


def question(world: World, name: str, language: str) -> str:
    """The properties of an answer to the question for a consent, as it was asked in a language."""
    return signed(wording=world.raw["wordings"][name][language], language=language)


def _named(scene: Scene) -> list[Told]:
    """Who they are: the card in the books, and how to reach them."""
    people, joined_us = scene.people, _joined_us(scene)
    n, rng = len(people), scene.rng(5)
    card = {field: scene.cards[field].combine_chunks() for field in scene.cards.column_names if field != "country"}
    card = {"name": pc.binary_join_element_wise(card["first_name"], card["last_name"], " "), **card}
    ours = pc.equal(card["email"], OWN_EMAIL).fill_null(False).to_numpy(zero_copy_only=False)
    email = card.pop("email")
    held = email.is_valid().to_numpy(zero_copy_only=False)
    every = np.ones(n, dtype=bool)
    return [
        Told("side", every, _of(["member"], np.zeros(n, dtype=np.int64)), "shop", joined_us),
        *(
            Told(field, value.is_valid().to_numpy(zero_copy_only=False), value, "customer", joined_us)
            for field, value in card.items()
        ),
        Told("email", held & ~ours, email, "customer", joined_us),
        Told("email", held & ours, email, "staff", joined_us, _by(scene, rng)),
        Told("language", rng.random(n) < 0.8, _of(LANGUAGES, people.language), "customer", joined_us),
    ]


def _agreed(scene: Scene) -> list[Told]:
    """What they agreed to and took back, in which words, and how much they want to hear from us."""
    rng, wishes, joined_us = scene.rng(16), scene.wishes, _joined_us(scene)
    n, later_us = len(joined_us), _later_us(scene, rng)
    could = wishes.consent >= 0
    quiet = rng.random(n) < 0.03
    zones = [scene.world.raw["countries"][city[1]]["timezone"] for city in scene.world.raw["cities"]["list"]]

    def consent(name: str, has: Bools, yes: Ints | Bools, at_us: Ints) -> Told:
        answers = pa.array([question(scene.world, name, language) for language in LANGUAGES])
        words = answers.take(pa.array(scene.people.language))
        return Told(name, has, _of(["no", "yes"], yes.astype(np.int64)), "customer", at_us, words)

    marketing, none = "consent.email.marketing", np.zeros(n, dtype=np.int64)
    return [
        consent(marketing, could, np.maximum(wishes.consent, 0), joined_us),
        consent(marketing, wishes.withdrawn_us < scene.end_us, none, wishes.withdrawn_us),
        consent("consent.call.marketing", rng.random(n) < 0.1, rng.random(n) < 0.6, later_us),
        consent("consent.email.research", could & (rng.random(n) < 0.3), rng.random(n) < 0.8, joined_us),
        consent("consent.profiling", rng.random(n) < 0.03, none, later_us),
        Told("attention", wishes.wish >= 0, _of(WISHES, np.maximum(wishes.wish, 0)), "customer", wishes.wished_us),
        Told("quiet_hours", quiet, _of(_QUIET, rng.integers(0, len(_QUIET), n)), "customer", later_us),
        Told("timezone", quiet | (rng.random(n) < 0.03), _of(zones, scene.people.city), "customer", later_us),
    ]


def _bound(scene: Scene) -> list[Told]:
    """What must never be done to them: told by themselves, written down by the team, or wrongly inferred."""
    rng, world, people, joined_us = scene.rng(17), scene.world, scene.people, _joined_us(scene)
    n, later_us = len(people), _later_us(scene, rng)
    masks, mask_of = np.unique(people.allergies, return_inverse=True)
    allergies = pa.array([_declaration(world, int(mask)) for mask in masks]).take(pa.array(mask_of))
    called = ~people.allergies_declared & (people.allergies > 0) & (rng.random(n) < 0.3)
    vegetarian, vegan = (world.diets.index(diet) for diet in ("vegetarian", "vegan"))
    guessed = np.where(people.diet == vegetarian, vegan, vegetarian)
    wrong = people.diet_declared & (rng.random(n) < 0.05)
    never = _of(_NEVER, rng.integers(0, len(_NEVER), n))
    forbids = rng.random(n)
    return [
        Told("allergies", people.allergies_declared, allergies, "customer", joined_us),
        Told("allergies", called, allergies, "staff", later_us, _by(scene, rng)),
        Told("diet", people.diet_declared, _of(world.diets, people.diet), "customer", joined_us),
        Told("diet", wrong, _of(world.diets, guessed), "inferred", later_us, confidence=0.6),
        Told("never", forbids < 0.02, never, "customer", later_us),
        Told("never", forbids > 0.99, never, "staff", later_us, _by(scene, rng)),
        Told("age", people.young, _of(["16", "17"], rng.integers(0, 2, n)), "customer", joined_us),
    ]


def _liked(scene: Scene) -> list[Told]:
    """What they like and what their life is like: from several sources, which do not always agree."""
    rng, world, people = scene.rng(18), scene.world, scene.people
    n, later_us = len(people), _later_us(scene, rng)
    latest_us = later_us + ((scene.end_us - later_us) * rng.random(n)).astype(np.int64)
    flavours = pa.array(world.items.names)
    liked = [flavours.take(pa.array(people.favourites[:, k])) for k in range(3)]
    foods = [pc.binary_join_element_wise('["', flavour, '"]', "") for flavour in liked]
    two = pc.binary_join_element_wise('["', liked[0], '", "', liked[1], '"]', "")
    cultures = list(world.raw["cultures"].values())
    teams = [c["teams"][k % len(c["teams"])] for c in cultures for k in range(6)]
    team = people.culture * 6 + rng.integers(0, 6, n)
    fan, other_team = rng.random(n) < 0.15, np.where(team % 6 == 5, team - 5, team + 1)
    parent, children = rng.random(n) < 0.25, rng.integers(0, 3, n)
    eater, doubted = rng.random(n) < 0.2, rng.random((3, n)) < 0.12
    known, calls, companies = (world.raw[part]["list"] for part in ("notes", "calls", "companies"))
    notes = [_of(known, rng.integers(0, len(known), n)) for _ in range(2)]
    noted, rung = rng.random(n), rng.random(n) < 0.06
    best = _of(calls, rng.integers(0, len(calls), n))
    return [
        Told("favourite_team", fan, _of(teams, team), "staff", later_us, _by(scene, rng)),
        Told("favourite_team", fan & doubted[0], _of(teams, other_team), "customer", latest_us),
        Told("children", parent, _of(["1", "2", "3"], children), "customer", later_us),
        Told("children", parent & doubted[1], _of(["2", "3", "4"], children), "staff", latest_us, _by(scene, rng)),
        Told("favourite_foods", eater, pc.if_else(pc.equal(liked[0], liked[1]), foods[0], two), "customer", later_us),
        Told("favourite_foods", eater & doubted[2], foods[2], "inferred", latest_us, confidence=0.5),
        Told("best_time_to_call", rung, best, "staff", later_us, _by(scene, rng)),
        Told("company", people.company >= 0, _of(companies, np.maximum(people.company, 0)), "customer", later_us),
        Told("note", noted < 0.04, notes[0], "staff", later_us, _by(scene, rng)),
        Told("note", noted < 0.01, notes[1], "staff", latest_us, _by(scene, rng)),
    ]


def _joined_us(scene: Scene) -> Ints:
    return scene.first_us - 12 * _MINUTE_US


def _later_us(scene: Scene, rng: np.random.Generator) -> Ints:
    """(n,) some time after each joined."""
    joined_us = _joined_us(scene)
    room = np.maximum(scene.end_us - joined_us, 1)
    return joined_us + (room * rng.uniform(0.05, 0.95, len(joined_us))).astype(np.int64)


def _by(scene: Scene, rng: np.random.Generator) -> pa.Array:
    """(n,) properties with one of the team as who wrote it down."""
    team = [signed(by=name) for name in scene.world.raw["team"]["list"]]
    return _of(team, rng.integers(0, len(team), len(scene.members)))


def _declaration(world: World, mask: int) -> str:
    """What a member writes: a JSON list, or a plain none."""
    held = [f'"{_WRITTEN.get(name, name)}"' for bit, name in enumerate(world.allergens) if mask >> bit & 1]
    return f"[{', '.join(held)}]" if held else "none"


def _of(labels: Sequence[str], codes: Ints) -> pa.Array:
    return pa.array(labels).take(pa.array(codes))
