"""The hidden truth as tables: what learning is held against, and never reads."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openchair.loyalty.pillars import PILLAR_IDS
from openchair.simulation.buying import Scene
from openchair.simulation.moved import HIDDEN, YEAR_DAYS, Members, seen_of
from openchair.simulation.world import STAGES, Bools, Floats, Ints, World

_FELT = ("score", *(f"leaning_{pillar}" for pillar in PILLAR_IDS), *(f"hidden_{k + 1}" for k in range(HIDDEN)))
_NUMBERS = frozenset({"rate_per_day", "mean_order_minor", "orders", *_FELT})

WON_BACK = 0.05
"""The share of their old rate that a member who left still answers with to what is done."""


def stages(joined: Ints, last: Ints, rate: Floats, died: Bools, end: int) -> Ints:
    """(n,) places in STAGES at the day `end`: new, active, slipping (silent for 1.6 gaps and more), gone."""
    silent = (end - last) * rate > 1.6
    return np.select([died, end - joined < 30, silent], [3, 0, 2], 1).astype(np.int64)


def members_of(truth: pa.Table) -> Members:
    """The members in rows of truth/customers.parquet as `moved` sees them; of who left, WON_BACK of the rate."""
    column = {name: np.asarray(truth[name], dtype=np.float64) for name in truth.column_names if name in _NUMBERS}
    order, rate = column["mean_order_minor"], column["rate_per_day"] * np.where(alive(truth), 1.0, WON_BACK)
    return Members(
        stage=np.asarray(pc.index_in(truth["stage"], pa.array(STAGES)), dtype=np.int64),
        seen=seen_of(column["score"], column["orders"], YEAR_DAYS * rate * order),
        leaning=np.column_stack([column[f"leaning_{pillar}"] for pillar in PILLAR_IDS]),
        hidden=np.column_stack([column[f"hidden_{one}"] for one in range(1, HIDDEN + 1)]),
        rate=rate,
        order_minor=order,
    )


def alive(truth: pa.Table) -> Bools:
    """(n,) whether each member still is one."""
    return np.asarray(truth["died_on"].is_null())


def truth_table(scene: Scene) -> pa.Table:
    """truth/customers.parquet for a block: one row a member."""
    world, people, orders, members, end = scene.world, scene.people, scene.orders, scene.members, scene.end
    last = people.joined.copy()
    np.maximum.at(last, orders.place, orders.day)
    died = orders.died >= 0
    stage = stages(people.joined, last, people.rate, died, end)
    felt = (world.driver_column("mean") + people.taste - 3) @ world.driver_column("weight")
    hidden = scene.rng(22).normal(size=(len(people), HIDDEN))
    masks, mask_of = np.unique(people.allergies, return_inverse=True)
    held = [", ".join(a for bit, a in enumerate(world.allergens) if mask >> bit & 1) for mask in masks.tolist()]
    shape = world.raw["spending"]["p"]
    columns: dict[str, pa.Array] = {
        "customer": members,
        "rate_per_day": pa.array(people.rate),
        "dropout_p": pa.array(people.dropout),
        "joined_on": pa.array(people.joined.astype(np.int32)).cast(pa.date32()),
        "died_on": pa.array(orders.died.astype(np.int32), mask=~died).cast(pa.date32()),
        "orders": pa.array(np.bincount(orders.place, minlength=len(people))),
        "mean_order_minor": pa.array(100 * shape / people.scale),
        "stage": _words(STAGES, stage),
        "score": pa.array(world.raw["score"]["base"] + world.raw["score"]["spread"] * felt),
        **{f"leaning_{pillar}": pa.array(people.leaning[:, k]) for k, pillar in enumerate(PILLAR_IDS)},
        **{f"hidden_{k + 1}": pa.array(hidden[:, k]) for k in range(HIDDEN)},
        "need": _words(tuple(world.raw["needs"]), people.need),
        "aspiration": _words(tuple(world.raw["aspirations"]), people.aspiration),
        "allergies": pa.array(held).take(pa.array(mask_of)),
        "allergies_declared": pa.array(people.allergies_declared),
        "diet": _words(world.diets, people.diet),
        "diet_declared": pa.array(people.diet_declared),
        "referred_by": members.take(pa.array(people.referrer, mask=people.referrer < 0)),
        "referral_type": _words(
            ("type one", "type two"), np.where(people.referrer < 0, -1, 1 - people.type_one.astype(np.int64))
        ),
        "person": members.take(pa.array(people.person)),
        "came_again": _words(world.doubles, people.how),
        "household": members.take(pa.array(people.home)),
        "handmade": pa.array(np.zeros(len(people), dtype=bool)),
    }
    return pa.table(columns).cast(truth_schema())


def truth_schema() -> pa.Schema:
    """The columns of truth/customers.parquet: rates a day, money in minor units, scores 0 to 10."""
    text, number, flag = pa.string(), pa.float64(), pa.bool_()
    return pa.schema(
        [
            ("customer", text),
            ("rate_per_day", number),
            ("dropout_p", number),
            ("joined_on", pa.date32()),
            ("died_on", pa.date32()),
            ("orders", pa.int64()),
            ("mean_order_minor", number),
            ("stage", text),
            *((name, number) for name in _FELT),
            ("need", text),
            ("aspiration", text),
            ("allergies", text),
            ("allergies_declared", flag),
            ("diet", text),
            ("diet_declared", flag),
            ("referred_by", text),
            ("referral_type", text),
            ("person", text),
            ("came_again", text),
            ("household", text),
            ("handmade", flag),
        ]
    )


def truth_tables(world: World) -> dict[str, pa.Table]:
    """What holds for all: parameters, drivers' weights, items with what they hold."""
    items = world.items
    parameters = {
        **{f"buying.{k}": v for k, v in world.raw["buying"].items()},
        **{f"spending.{k}": v for k, v in world.raw["spending"].items()},
        **{f"score.{k}": v for k, v in world.raw["score"].items()},
    }
    return {
        "parameters": pa.table({"name": list(parameters), "value": list(parameters.values())}),
        "drivers": pa.table(
            {
                "driver": list(world.drivers),
                "weight": world.driver_column("weight"),
                "mean": world.driver_column("mean"),
            }
        ),
        "items": pa.table(
            {
                "item_id": list(items.ids),
                "name": list(items.names),
                "category": [items.categories[c] for c in items.category],
                "brand": [world.brands[b] for b in items.brand],
                "price_minor": items.price_minor,
                "allergens": [
                    ", ".join(a for bit, a in enumerate(world.allergens) if mask >> bit & 1) for mask in items.allergens
                ],
                "unfit": [", ".join(d for bit, d in enumerate(world.diets) if mask >> bit & 1) for mask in items.unfit],
            }
        ),
    }


def frictions_table(world: World, seed: int, stopped: Ints) -> pa.Table:
    """truth/frictions.parquet: a row a detour; whether it is the shop's friction, the driver it hurts, its excess.

    stopped: (detours, 2) visits that took it, and those that ended there. The friction's `excess` is the share that
    ended there beyond that of the other detours; theirs is 0.
    """
    names, planted = list(world.raw["frictions"]), world.friction(seed)
    is_it = np.array([name == planted for name in names])
    visits, ended = stopped.T
    usual = ended[~is_it].sum() / max(visits[~is_it].sum(), 1)
    return pa.table(
        {
            "step": names,
            "is_friction": is_it,
            "driver": [way["driver"] for way in world.raw["frictions"].values()],
            "visits": visits,
            "ended": ended,
            "excess": np.where(is_it, ended / np.maximum(visits, 1) - usual, 0.0),
        }
    )


def _words(labels: tuple[str, ...], codes: Ints) -> pa.Array:
    return pa.array(labels).take(pa.array(codes, mask=codes < 0))
