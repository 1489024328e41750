"""Commands that keep a shop's data well: check, export, erase, backup, restore."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Json, Said, command, emit, progress, told
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


def check(context: typer.Context, as_json: Json = False) -> None:
    """Look whether all is well: settings, state, inbox, every table of history. Exit code 1 if something is not."""
    from openchair.cli.wiring import open_home
    from openchair.facts.kinds import KINDS

    with told():
        chair = open_home(context.obj)
        found: list[dict[str, Any]] = [
            {"what": "settings", "ok": True, "says": f"{chair.settings.name}, {chair.settings.timezone}"},
            {"what": "catalogue", "ok": True, "says": f"{len(chair.catalogue)} actions"},
            {"what": "inbox", "ok": True, "says": f"{chair.state.inbox.waiting():,} events wait for history"},
        ]
        engine = chair.engine()
        with progress() as step:
            for kind in KINDS:
                step(kind)
                facts = engine.facts(kind)
                row = engine.rows(facts.agg(rows=facts.count(), ids=facts.fact_id.nunique())).to_pylist()[0]
                twice = row["rows"] - row["ids"]
                says = f"{row['rows']:,} facts" + (f", {twice:,} of them twice" if twice else "")
                found.append({"what": kind, "ok": not twice, "says": says})
    if as_json:
        emit({"ok": all(f["ok"] for f in found), "checks": found})
    else:
        for f in found:
            typer.echo(f"{'ok ' if f['ok'] else 'BAD'}  {f['what']:<10} {f['says']}")
    if not all(f["ok"] for f in found):
        raise typer.Exit(1)


@command()
def export(
    chair: "Chair",
    out: Annotated[Path, typer.Option(help="The folder to write to; for any format but parquet the file.")],
    customer: Annotated[str, typer.Option(help="Only what is known of one customer.")] = "",
    format: Annotated[
        str,
        typer.Option(help="parquet; json: all of one customer to hand over; answers, voices: those for a spreadsheet."),
    ] = "parquet",
) -> Said:
    """Write all facts, or one customer's, as Parquet files that `import` reads again; or a document to hand over."""
    import msgspec

    if format not in ("parquet", "json", "calls", *_SHEETS) or (format == "json") > bool(customer):
        raise typer.BadParameter(
            f"parquet, calls, {', '.join(_SHEETS)}, or json together with --customer", param_hint="--format"
        )
    with progress() as step:
        if format == "json":
            whole = chair.privacy.copy(customer, by=BY)
            out.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2))
            counts = {kind: len(facts) for kind, facts in whole["facts"].items()}
        elif format == "calls":
            counts = {"customers": _calls(chair, out)}
        elif format in _SHEETS:
            chair.sync()
            counts = {format: _sheet(chair, out, format)}
        else:
            chair.sync()
            out.mkdir(parents=True, exist_ok=True)
            counts = _written(chair, out, customer, step)
    yield {"out": str(out), "facts": counts}
    yield f"Wrote {sum(counts.values()):,} {'customers' if format == 'calls' else 'facts'} to {out}"


def _calls(chair: "Chair", out: Path) -> int:
    """Customers whom nothing keeps from being called, with their numbers, as CSV; gives how many."""
    import csv

    from openchair.chair.intake.listen import harmless

    people = list(chair.people.call_list(by=BY))
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("customer_id", "name", "stage", "phone"))
        for one in people:
            known = [text.partition(":") for text in chair.state.identifiers_of(one.customer_id)]
            phones = " ".join(number for kind, _, number in known if kind == "phone")
            writer.writerow((one.customer_id, harmless(one.name), one.stage, harmless(phones)))
    return len(people)


_SHEETS = {
    "answers": ("happened_at", "identifier", "survey_id", "metric", "question", "score", "text", "language"),
    "voices": ("happened_at", "identifier", "channel", "text", "rating", "language", "conversation_id"),
}
"""Kinds of fact that are written for a spreadsheet, and their columns."""


def _sheet(chair: "Chair", out: Path, kind: str) -> int:
    """Facts of a kind as CSV, oldest first, in which no spreadsheet finds a formula; gives how many."""
    import csv

    from openchair.chair.intake.listen import harmless

    chair.state.log(BY.name, f"exported {kind}", None, "", chair.clock())
    engine, count = chair.engine(), 0
    facts = engine.facts(kind).order_by("happened_at", "fact_id").select(*_SHEETS[kind])
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_SHEETS[kind])
        for batch in engine.stream(facts):
            rows = batch.to_pylist()
            writer.writerows([harmless(v) if isinstance(v, str) else v for v in row.values()] for row in rows)
            count += len(rows)
    engine.close()
    return count


def _written(chair: "Chair", out: Path, customer: str, step: Callable[[str], None]) -> dict[str, int]:
    """Facts as one Parquet file a kind; gives how many of each."""
    import pyarrow.parquet as pq

    from openchair.facts.kinds import KINDS, schema

    def facts() -> Iterator[tuple[str, Iterable[Any]]]:
        if customer:
            yield from ((kind, table.to_batches()) for kind, table in chair.privacy.export(customer, by=BY))
        else:
            engine = chair.engine()
            yield from ((kind, engine.stream(engine.facts(kind))) for kind in KINDS)

    counts = {}
    for kind, batches in facts():
        step(kind)
        shape = schema(kind).with_metadata({"openchair.simulated": "true"} if chair.simulated else None)
        counts[kind] = 0
        with pq.ParquetWriter(out / f"{kind}.parquet", shape, compression="zstd") as file:
            for batch in batches:
                file.write_batch(batch.cast(schema(kind)).replace_schema_metadata(shape.metadata))
                counts[kind] += batch.num_rows
    return counts


@command()
def erase(
    chair: "Chair",
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> Said:
    """Erase one customer everywhere, for good: a later import of the same person is refused."""
    customer_id = chair.find(who)
    if not yes and not typer.confirm(f"Erase {who} from state and history? This cannot be undone", err=True):
        raise typer.Exit(1)
    with progress() as step:
        erased = chair.privacy.erase(customer_id, by=BY, progress=step)
    yield {"customer_id": customer_id, "facts": erased}
    yield f"Erased {sum(erased.values()):,} facts. If this person comes back by an old file, they stay erased."


@command()
def backup(home: Path, out: Annotated[Path, typer.Argument(help="The .tar.gz file to write.")]) -> Said:
    """Write settings, state and history to one file, while the server may go on."""
    from openchair.cli.wiring import back_up

    with progress() as step:
        step("backup")
        counts = back_up(home, out)
    yield {"file": str(out), "bytes": out.stat().st_size, "rows": counts}
    yield f"Wrote {out} ({out.stat().st_size / 1e6:.1f} MB)"


@command()
def restore(
    home: Path,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `backup` wrote.")],
    erased: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The shop's erased.txt: who was erased since stays erased."),
    ] = None,
) -> Said:
    """Make the shop of a backup in the folder named by --home, which must be new."""
    from openchair.cli.wiring import restore_home

    with progress() as step:
        step("restore")
        again = restore_home(home, file, erased)
    yield {"home": str(home), "erased_again": again}
    gone = f"; {plural(again, 'person', 'people')} erased since stayed erased" if again else ""
    yield f"Restored into {home}{gone}. Next: openchair --home {home} check"


COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "export": export,
    "erase": erase,
    "backup": backup,
    "restore": restore,
}
