"""What members say: survey answers whose score follows from known drivers, and words in three languages."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.simulation.buying import Scene
from openchair.simulation.files import facts, within
from openchair.simulation.living import Visits
from openchair.simulation.people import People
from openchair.simulation.world import DAY_US, LANGUAGES, Bools, Floats, Ints, World

SURVEY = "relationship"
QUESTION = "How likely are you to recommend us to a friend?"
_CHANNELS = ("review", "ticket", "chat", "call")
_GROUPS = ("drivers", "needs", "aspirations", "frictions")
_VARIANTS = 3
_SHARE_EASE = 0.25
_SHARE_TROUBLED = 0.03


@dataclass(frozen=True, slots=True)
class Sayings:
    """Sentences in one flat list: `at[language, topic, good, category, variant]` is a place in `sentences`.

    Topics are the drivers' (with taste and safety), then the needs, the aspirations and the frictions. Openings and
    closings: five for each mood of each language, the bad one first.
    """

    topics: tuple[str, ...]
    sentences: pa.Array
    at: Ints
    openings: pa.Array
    closings: pa.Array


@cache
def sayings(categories: tuple[str, ...]) -> Sayings:
    """All sentences of texts.toml with every kind of snack put in. categories: their names, `|` between languages."""
    raw = tomllib.loads(files("openchair.simulation").joinpath("texts.toml").read_text("utf-8"))
    english = raw["en"]
    topics = tuple(topic for group in _GROUPS for topic in english[group])
    sentences: list[str] = []
    at = np.zeros((len(LANGUAGES), len(topics), 2, len(categories), _VARIANTS), dtype=np.int64)
    for index in np.ndindex(at.shape):
        language, topic, good, category, variant = index
        spoken = raw[LANGUAGES[language]]
        group = next(g for g in _GROUPS if topics[topic] in english[g])
        said = spoken[group][topics[topic]]
        said = said["good" if good else "bad"] if isinstance(said, dict) else said
        at[index] = len(sentences)
        sentences.append(said[variant % len(said)].replace("{snack}", categories[category].split("|")[language]))
    parts = {
        part: pa.array([t for code in LANGUAGES for mood in ("bad", "good") for t in raw[code][part][mood]])
        for part in ("opening", "closing")
    }
    return Sayings(topics, pa.array(sentences), at, parts["opening"], parts["closing"])


def world_sayings(world: World) -> Sayings:
    """The sentences with this world's kinds of snack."""
    kinds = world.raw["categories"].values()
    return sayings(tuple("|".join(kind["name"][code] for code in LANGUAGES) for kind in kinds))


def ratings(scene: Scene, rng: np.random.Generator, order: Ints) -> Ints:
    """(n, drivers) 1 to 5 after these orders: each one's leaning, a mood common to all, chance, and how it went."""
    world, taste = scene.world, scene.people.taste[scene.orders.place[order]]
    felt = (
        world.driver_column("mean")
        + taste
        + 0.45 * rng.normal(size=(len(order), 1))
        + 0.7 * rng.normal(size=taste.shape)
    )
    felt[:, world.drivers.index("delivery")] -= 0.12 * (scene.boxes.wait_days[order] - 3)
    hurt = world.drivers.index(world.raw["frictions"][scene.friction]["driver"])
    felt[:, hurt] -= 1.4 * scene.boxes.rough[order]
    return np.asarray(np.clip(np.round(felt), 1, 5), dtype=np.int64)


def scores(world: World, rng: np.random.Generator, rated: Ints) -> Ints:
    """(n,) 0 to 10, by the drivers' weights of world.toml."""
    truth = world.raw["score"]
    mix: Floats = (rated - 3) @ world.driver_column("weight")
    felt = truth["base"] + truth["spread"] * mix + truth["noise"] * rng.normal(size=len(rated))
    return np.asarray(np.clip(np.round(felt), 0, 10), dtype=np.int64)


def answers(scene: Scene) -> pa.Table:
    """Surveys after one order in thirty: NPS, sometimes with words, and a rating of each driver."""
    rng, world, people, orders, boxes = scene.rng(9), scene.world, scene.people, scene.orders, scene.boxes
    asked = np.flatnonzero(rng.random(len(orders.place)) < 0.033)
    came_us = np.round((boxes.wait_days[asked] + rng.uniform(0.2, 3, len(asked))) * DAY_US).astype(np.int64)
    at_us = orders.at_us[asked] + came_us
    asked, at_us = asked[at_us < scene.end_us], at_us[at_us < scene.end_us]
    place = orders.place[asked]
    n, drivers = len(place), len(world.drivers)
    rated = ratings(scene, rng, asked)
    score = scores(world, rng, rated)
    good = score >= 8
    extreme = np.where(good, (rated + rng.random(rated.shape)).argmax(1), (rated + rng.random(rated.shape)).argmin(1))
    words = _said(world, rng, people, place, scene.lines.main[asked], extreme, good)
    talks = pa.array(rng.random(n) < 0.4)
    # The score first, then a row a driver; `slot` 0 is the score.
    row, slot = np.divmod(np.arange(n * (drivers + 1)), drivers + 1)
    text = pc.if_else(talks, words, pa.scalar(None, pa.string())).take(pa.array(row))
    is_score = pa.array(slot == 0)
    questions = [QUESTION, *(driver["question"] for driver in world.raw["drivers"].values())]
    named = pa.array([None, *(f'{{"driver": "{driver}"}}' for driver in world.drivers)], pa.string())
    return facts(
        "answers",
        len(row),
        {
            "fact_id": scene.ids("answers", place[row], within(place[row])),
            "happened_at": at_us[row],
            "identifier": (place[row], scene.members),
            "properties": named.take(pa.array(slot)),
            "survey_id": SURVEY,
            "metric": (np.minimum(slot, 1), ["nps", "own"]),
            "question": (slot, questions),
            "score": np.column_stack([score, rated]).ravel().astype(float),
            "text": pc.if_else(is_score, text, pa.scalar(None, pa.string())),
            "language": (np.where(slot == 0, people.language[place[row]], -1), LANGUAGES),
        },
    )


def ease(scene: Scene, visits: Visits) -> pa.Table:
    """One in four who ordered in a visit say how easy that was, from 1 to 7 (CES); the friction made it hard."""
    rng, completed = scene.rng(21), [name for name, _ in visits.steps].index("Order Completed")
    row = np.flatnonzero(visits.done[:, completed] & (rng.random(len(visits.place)) < _SHARE_EASE))
    at_us = visits.at_us[row, completed] + np.round(rng.uniform(60e6, 3_600e6, len(row))).astype(np.int64)
    row, at_us = row[at_us < scene.end_us], at_us[at_us < scene.end_us]
    sort = np.argsort(visits.place[row], kind="stable")
    row, at_us = row[sort], at_us[sort]
    place, felt = visits.place[row], 5.8 - 2.5 * visits.rough[row] + 0.9 * rng.normal(size=len(row))
    return facts(
        "answers",
        len(row),
        {
            "fact_id": scene.ids("answers", place, 2**20 + within(place)),
            "happened_at": at_us,
            "identifier": (place, scene.members),
            "properties": '{"scale": 7}',
            "survey_id": "ordering",
            "metric": "ces",
            "question": "How easy was it to order today?",
            "score": np.clip(np.round(felt), 1, 7),
        },
    )


def voices(scene: Scene) -> pa.Table:
    """Reviews, tickets, chats and calls after one order in twenty-eight; a quarter speak of a need or an aspiration."""
    rng, world, people, orders, boxes = scene.rng(10), scene.world, scene.people, scene.orders, scene.boxes
    spoken = np.flatnonzero(rng.random(len(orders.place)) < 0.036)
    after_us = np.round((boxes.wait_days[spoken] + rng.exponential(2, len(spoken))) * DAY_US).astype(np.int64)
    at_us = orders.at_us[spoken] + after_us
    spoken, at_us = spoken[at_us < scene.end_us], at_us[at_us < scene.end_us]
    place = orders.place[spoken]
    n, topics = len(place), world_sayings(world).topics
    rated = ratings(scene, rng, spoken)
    theme = rng.integers(0, 7, n)
    feeling = np.column_stack([rated, np.clip(rated.mean(1)[:, None] + rng.normal(0, 1, (n, 2)), 1, 5)])
    good = feeling[np.arange(n), theme] >= 3.5
    deeper = rng.random(n)
    first_need = topics.index(next(iter(world.raw["needs"])))
    topic = np.where(deeper < 0.15, first_need + people.need[place], theme)
    first_wish = first_need + len(world.raw["needs"])
    wishes = (deeper > 0.9) & (people.aspiration[place] >= 0)
    topic = np.where(wishes, first_wish + people.aspiration[place], topic)
    # Praise is written as a review; trouble more often as a ticket or a call.
    channel = np.where(good, rng.choice(4, n, p=[0.8, 0.05, 0.1, 0.05]), rng.choice(4, n, p=[0.35, 0.45, 0.12, 0.08]))
    review = channel == 0
    rating = np.clip(np.round(feeling[np.arange(n), theme] + rng.normal(0, 0.3, n)), 1, 5)
    conversation = scene.ids("contacts", place, 2**20 + within(place))
    return facts(
        "voices",
        n,
        {
            "fact_id": scene.ids("voices", place, within(place)),
            "happened_at": at_us,
            "identifier": (place, scene.members),
            "channel": (channel, _CHANNELS),
            "text": _said(world, rng, people, place, scene.lines.main[spoken], topic, good),
            "language": (people.language[place], LANGUAGES),
            "rating": pa.array(rating, mask=~review),
            "item_id": (np.where(review, scene.lines.main[spoken], -1), world.items.ids),
            "conversation_id": pc.if_else(pa.array(~review), conversation, pa.scalar(None, pa.string())),
        },
    )


def troubles(scene: Scene, visits: Visits) -> pa.Table:
    """Tickets, chats and calls of one in thirty whose visit met the friction, bought or not, soon after it."""
    rng, trip = scene.rng(20), visits.detour(scene.friction)
    row = np.flatnonzero(visits.done[:, trip].all(1) & (rng.random(len(visits.place)) < _SHARE_TROUBLED))
    at_us = visits.at_us[row, trip.stop - 1] + np.round(rng.exponential(DAY_US / 4, len(row))).astype(np.int64)
    row, at_us = row[at_us < scene.end_us], at_us[at_us < scene.end_us]
    sort = np.argsort(visits.place[row], kind="stable")
    row, at_us = row[sort], at_us[sort]
    place, n = visits.place[row], len(row)
    topic = np.full(n, world_sayings(scene.world).topics.index(scene.friction))
    bad = np.zeros(n, dtype=np.bool_)
    return facts(
        "voices",
        n,
        {
            "fact_id": scene.ids("voices", place, 2**20 + within(place)),
            "happened_at": at_us,
            "identifier": (place, scene.members),
            "channel": (rng.choice([1, 2, 3], n, p=[0.6, 0.25, 0.15]), _CHANNELS),
            "text": _said(scene.world, rng, scene.people, place, visits.item[row], topic, bad),
            "language": (scene.people.language[place], LANGUAGES),
            "conversation_id": scene.ids("contacts", place, 2**21 + within(place)),
        },
    )


def _said(
    world: World, rng: np.random.Generator, people: People, place: Ints, item: Ints, topic: Ints, good: Bools
) -> pa.Array:
    """A few sentences on each row's topic, in the member's own language, about the snack they bought."""
    spoken = world_sayings(world)
    n, language = len(place), people.language[place]
    category = world.items.category[item]
    middle = spoken.at[language, topic, good.astype(np.int64), category, rng.integers(0, _VARIANTS, n)]
    mood = (language * 2 + good) * 5
    deeper = topic >= 7
    opening = spoken.openings.take(pa.array(mood + rng.integers(0, 5, n)))
    closing = spoken.closings.take(pa.array(mood + rng.integers(0, 5, n)))
    silent = pa.array(deeper | (rng.random(n) < 0.25))
    parts = (
        pc.if_else(silent, "", opening),
        spoken.sentences.take(pa.array(middle)),
        pc.if_else(pa.array(deeper), "", closing),
    )
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, " "))
