"""Commands of delivery: what waits for the team, what was given up, and sending it."""

from collections.abc import Callable
from typing import Annotated

import typer

from openchair.cli.output import Json, emit, told
from openchair.core.words import plural

outbox = typer.Typer(name="outbox", help="What goes out to customers, and what did not.", no_args_is_help=False)


@outbox.callback(invoke_without_command=True)
def shown(context: typer.Context, as_json: Json = False) -> None:
    """What waits to be done by hand, and what was given up, with why."""
    if context.invoked_subcommand:
        return
    from openchair.cli.wiring import open_home

    with told():
        delivering = open_home(context.obj).delivering
        by_hand, failed = delivering.by_hand(), delivering.failed()
    if as_json:
        emit({"by_hand": by_hand, "failed": failed})
        return
    typer.echo(f"{plural(len(by_hand), 'decision waits', 'decisions wait')} to be done by hand.")
    for one in by_hand:
        decision = one.decision
        typer.echo(f"  {one.message_id}  {one.channel:<8} {decision.customer}: {decision.title}")
    typer.echo(f"{plural(len(failed), 'message was', 'messages were')} given up.")
    for dead in failed:
        typer.echo(f"  {dead.message_id}  {dead.channel:<8} {dead.kind} {dead.subject}, {dead.tries} tries: {dead.why}")


@outbox.command("replay")
def replay(
    context: typer.Context,
    message_id: Annotated[str, typer.Argument(help="Only this one; left out: all that was given up.")] = "",
    as_json: Json = False,
) -> None:
    """Let what was given up wait again, as if it were new."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        again = open_home(context.obj).delivering.replay(message_id, by=OWNER_AT_HOME)
    if as_json:
        emit({"replayed": again})
    else:
        typer.echo(f"{plural(again, 'message waits', 'messages wait')} again.")


def deliver(
    context: typer.Context,
    replay: Annotated[bool, typer.Option("--replay", help="Try again what was given up, too.")] = False,
    as_json: Json = False,
) -> None:
    """Send what waits in the outbox and is due; a running server does so by itself."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        if replay:
            chair.delivering.replay(by=OWNER_AT_HOME)
        report = chair.delivering.deliver()
    if as_json:
        emit(report)
        return
    typer.echo(
        f"{report.sent:,} sent, {report.later:,} put off, {report.dropped:,} dropped, {report.failed:,} given up."
    )
    for reason, n in sorted(report.why.items(), key=lambda one: -one[1]):
        typer.echo(f"  {n:>7,}  {reason}")


COMMANDS: dict[str, Callable[..., None]] = {"deliver": deliver}
