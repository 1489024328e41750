"""`simulate`: the sample shop written as files in Openchair's native form, with its hidden truth beside them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from openchair.core.errors import BadInput
from openchair.facts.kinds import KINDS
from openchair.simulation import buying, knowing, living, story, telling
from openchair.simulation.files import Facts, Files
from openchair.simulation.people import draw_people
from openchair.simulation.truth import frictions_table, truth_table, truth_tables
from openchair.simulation.world import world

BLOCK = 50_000
"""Members drawn together. A constant and part of what a seed means: memory is bounded by it, results follow from it."""
_EPOCH = date(1970, 1, 1)
_MOST = 100_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: the folder, members, the first and the last day (exclusive), facts by kind."""

    out: str
    customers: int
    brands: int
    seed: int
    start: date
    end: date
    rows: dict[str, int]


def simulate(
    customers: int,
    out: Path,
    *,
    seed: int = 1,
    end: date,
    years: float = 2.0,
    brands: int = 25,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write a sample shop of `customers` members and `brands` brands into the folder `out`, up to `end` (UTC).

    customers: 10 to 100,000,000. years: of history, 1 to 10. brands: 12 to 25. `progress` is told (members done, all).
    One Parquet file a kind of fact, `manifest.json`, and `truth/`, which `import` does not read. The same arguments
    give the same rows, whatever the machine's memory. Raises BadInput for an argument out of bounds or a folder that
    holds something else.
    """
    for name, value, low, high in (
        ("customers", customers, 10, _MOST),
        ("years", years, 1, 10),
        ("brands", brands, 12, 25),
    ):
        if not low <= value <= high:
            raise BadInput(name, value=value, bound=f"must be from {low:,} to {high:,}", remedy="Give a number within.")
    if seed < 0:
        raise BadInput("seed", value=seed, bound="must be 0 or more", remedy="Give a whole number such as 1.")
    _make_room(out)
    shop = world(brands)
    end_day = (end - _EPOCH).days
    start_day = end_day - round(365.25 * years)
    start = _EPOCH + timedelta(days=start_day)
    with Files(out) as files:
        for kind, table in story.facts_of(shop, seed, start_day, end_day).items():
            files.write(kind, table)
        for name, table in truth_tables(shop).items():
            files.write(f"truth/{name}", table)
        files.write("truth/customers", story.truth(shop, end_day))
        done, stopped = len(story.MEMBERS), np.zeros((len(shop.raw["frictions"]), 2), dtype=np.int64)
        for block in range(-(-customers // BLOCK)):
            first, last = max(block * BLOCK, done) + 1, min((block + 1) * BLOCK, customers)
            people = draw_people(shop, seed, block, np.arange(first, last + 1), start_day, end_day)
            scene = buying.draw_scene(shop, seed, block, people, start_day, end_day)
            visits = living.draw_visits(scene)
            stopped += living.stops(scene, visits)
            for kind, table in _told(scene, visits).items():
                files.write(kind, table)
            files.write("truth/customers", truth_table(scene))
            done = last
            if progress:
                progress(done, customers)
        files.write("truth/frictions", frictions_table(shop, seed, stopped))
    summary = Summary(str(out), customers, brands, seed, start, end, {k: files.rows.get(k, 0) for k in KINDS})
    manifest = {
        "simulated": True,
        "seed": seed,
        "customers": customers,
        "brands": brands,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "version": shop.raw["version"],
        "rows": summary.rows,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return summary


def _told(scene: buying.Scene, visits: living.Visits) -> Facts:
    """All facts of a block."""
    return {
        "purchases": buying.purchases(scene),
        "steps": living.steps(scene, visits),
        "answers": _both(telling.answers(scene), telling.ease(scene, visits)),
        "voices": _both(telling.voices(scene), telling.troubles(scene, visits)),
        "traits": knowing.traits(scene),
        "contacts": living.contacts(scene),
        **living.friends(scene),
    }


def _both(one: pa.Table, other: pa.Table) -> pa.Table:
    return pa.concat_tables([one, other]).unify_dictionaries()


def _make_room(out: Path) -> None:
    """The folder, empty of an earlier shop; one that holds anything else is left alone."""
    held = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
    if held and "manifest.json" not in held:
        raise BadInput(
            "folder",
            value=str(out),
            bound="must be empty or hold an earlier sample shop",
            remedy="Name another folder.",
        )
    for file in [*out.glob("*.parquet"), *out.glob("truth/*.parquet"), *out.glob("manifest.json")]:
        file.unlink()
    out.mkdir(parents=True, exist_ok=True)
