"""Commands that bring facts in: init, import, simulate, demo."""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openchair.cli.output import Json, Said, command, emit, progress, told

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.chair.views import Reject


@command()
def init(
    home: Path,
    folder: Annotated[Path | None, typer.Argument(help="The folder to make; left out: that of --home.")] = None,
    name: Annotated[str, typer.Option(help="What the shop is called.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code; left out: that of most purchases.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA name, such as Asia/Karachi.")] = "",
) -> Said:
    """Make the folder of a new shop."""
    from openchair.cli.wiring import init_home

    home = folder or home
    given = {k: v for k, v in {"name": name, "currency": currency, "timezone": timezone}.items() if v}
    yield {"home": str(home), "settings": str(init_home(home, given))}
    yield f"Made {home}. Next: openchair --home {home} import orders.csv --dry-run"


@command()
def import_(
    chair: "Chair",
    home: Path,
    paths: Annotated[
        list[Path], typer.Argument(exists=True, help="Files or folders: CSV, Parquet, Excel, JSON lines.")
    ],
    map: Annotated[list[str] | None, typer.Option("--map", help="field=Column, as often as needed.")] = None,
    format: Annotated[str, typer.Option(help="The format's name, where guessing it fails.")] = "",
    source: Annotated[str, typer.Option(help="What to call where the facts come from.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the mapping and the first rows; keep nothing.")
    ] = False,
    rejects: Annotated[Path | None, typer.Option(help="Write every rejected row with its reason to this CSV.")] = None,
) -> Said:
    """Read files of orders, customers, answers or events into facts. Reading one twice changes nothing."""
    mapping = {}
    for pair in map or []:
        field, equals, column = pair.partition("=")
        if not equals or not field.strip() or not column.strip():
            raise typer.BadParameter(f"{pair!r} is not field=Column; write --map customer=Email", param_hint="--map")
        mapping[field.strip()] = column.strip()
    if dry_run:
        yield from _previews([chair.preview(p, mapping=mapping, format=format) for p in chair.readable(paths)])
        return
    with progress() as step:
        reports = chair.listen(paths, mapping=mapping, format=format, source=source, progress=step)
    if rejects:
        written = _write(rejects, (one for r in reports for one in chair.rejects(r.import_id)))
    totals = {k: sum(getattr(r, k) for r in reports) for k in ("rows", "accepted", "rejected", "duplicates")}
    yield {**totals, "seconds": round(sum(r.seconds for r in reports), 3), "files": reports}
    for r in reports:
        facts = ", ".join(f"{n:,} {kind}" for kind, n in r.facts.items() if n) or "nothing new"
        yield (
            f"{r.file}: {r.rows:,} rows read as {r.format} in {r.seconds:.1f} s: {r.accepted:,} accepted,"
            f" {r.rejected:,} rejected, {r.duplicates:,} known already ({facts})"
        )
    if rejects:
        yield f"{written:,} rejected rows with their reasons are in {rejects}"
    elif totals["rejected"]:
        yield "See why with --rejects rejected.csv"
    if totals["accepted"]:
        yield f"Next: openchair --home {home} turn"


def _write(path: Path, rejects: "Iterable[Reject]") -> int:
    """Rejected rows as a CSV file; gives how many."""
    from openchair.chair.intake.listen import csv_of

    written = -1  # the header is no reject
    with path.open("w", encoding="utf-8", newline="") as out:
        for line in csv_of(rejects):
            out.write(line)
            written += 1
    return written


def _previews(previews: list[Any]) -> Said:
    yield previews if len(previews) != 1 else previews[0]
    for seen in previews:
        yield f"{seen.file}: read as {seen.format}"
        for field, column in seen.mapping.items():
            yield f"  {field:<12} <- {column}"
        if seen.missing:
            yield f"  missing: {', '.join(seen.missing)}; name its column with --map {seen.missing[0]}=..."
        for row in seen.rows:
            yield ("  " + ", ".join(f"{name} {value}" for name, value in row.items() if value is not None))
        for doubt in seen.doubts:
            yield f"  in doubt: {doubt}"
        for reject in seen.rejected:
            yield f"  line {reject.line} would be rejected: {reject.reason}"


@command()
def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    customers: Annotated[
        int, typer.Option(min=10, max=100_000_000, help="How many members the sample shop has.")
    ] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same shop.")] = 1,
    end: Annotated[str, typer.Option(help="The day the story ends; today by default.")] = "",
    years: Annotated[float, typer.Option(min=1, max=10, help="How long the story is.")] = 2.0,
) -> Said:
    """Write the sample shop: a snack-box marketplace with known hidden truth. Everything in it is simulated."""
    from openchair.simulation import simulate as make

    try:
        last = date.fromisoformat(end) if end else date.today()  # noqa: DTZ011  # the day on the wall is meant
    except ValueError:
        raise typer.BadParameter(f"{end!r} is not a date; write 2026-11-22", param_hint="--end") from None
    with progress() as step:
        summary = make(
            customers, out, seed=seed, end=last, years=years, progress=lambda done, of: step(f"{done:,} of {of:,}")
        )
    yield summary
    yield f"Simulated {customers:,} members into {out}. Next: openchair import {out}"


def demo(
    context: typer.Context,
    data: Annotated[
        str, typer.Option(help="sample-shop (simulated) or complete-journey (real households).")
    ] = "sample-shop",
    customers: Annotated[int, typer.Option(min=100, help="Members of the sample shop.")] = 2_000,
    weeks: Annotated[
        int, typer.Option(min=0, max=52, help="Weeks of the sample shop's life that pass first, decided and answered.")
    ] = 8,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Left out: the setting's, or any free one where that is taken.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve the pages when the wheel has turned.")] = True,
    folder: Annotated[Path, typer.Option(help="Where to build it.")] = Path("demo"),
    as_json: Json = False,
) -> None:
    """Build a shop, let simulated weeks pass, turn the wheel, serve it and print the address."""
    from openchair.cli.demo import build

    with told():
        with progress() as step:
            home, report = build(folder, data, customers, step, weeks, lambda line: typer.echo(line, err=True))
        if as_json:
            emit(report)
        else:
            typer.echo(f"{report.customers:,} customers; for {report.decisions:,} of them there is something to do.")
        if serve:
            from openchair.cli.wiring import open_home
            from openchair.server.run import free_port
            from openchair.server.run import serve as run

            chair = open_home(home)
            run(chair, port=free_port(chair.settings) if port is None else port)


COMMANDS: dict[str, Callable[..., None]] = {"demo": demo, "init": init, "import": import_, "simulate": simulate}
