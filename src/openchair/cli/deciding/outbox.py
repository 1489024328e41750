"""Commands of delivery: what waits for the team, what was given up, and sending it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

outbox = typer.Typer(name="outbox", help="What goes out to customers, and what did not.", no_args_is_help=False)


@command(outbox)
def shown(chair: "Chair") -> Said:
    """What waits to be done by hand, and what was given up, with why."""
    delivering = chair.delivering
    by_hand, failed = delivering.by_hand(), delivering.failed()
    yield {"by_hand": by_hand, "failed": failed}
    yield f"{plural(len(by_hand), 'decision waits', 'decisions wait')} to be done by hand."
    for one in by_hand:
        decision = one.decision
        yield f"  {one.message_id}  {one.channel:<8} {decision.customer}: {decision.title}"
    yield f"{plural(len(failed), 'message was', 'messages were')} given up."
    for dead in failed:
        yield f"  {dead.message_id}  {dead.channel:<8} {dead.kind} {dead.subject}, {dead.tries} tries: {dead.why}"


@command(outbox, "replay")
def replay(
    chair: "Chair",
    message_id: Annotated[str, typer.Argument(help="Only this one; left out: all that was given up.")] = "",
) -> Said:
    """Let what was given up wait again, as if it were new."""

    again = chair.delivering.replay(message_id, by=BY)
    yield {"replayed": again}
    yield f"{plural(again, 'message waits', 'messages wait')} again."


@command()
def deliver(
    chair: "Chair",
    replay: Annotated[bool, typer.Option("--replay", help="Try again what was given up, too.")] = False,
) -> Said:
    """Send what waits in the outbox and is due; a running server does so by itself."""

    if replay:
        chair.delivering.replay(by=BY)
    report = chair.delivering.deliver()
    yield report
    yield f"{report.sent:,} sent, {report.later:,} put off, {report.dropped:,} dropped, {report.failed:,} given up."
    for reason, n in sorted(report.why.items(), key=lambda one: -one[1]):
        yield f"  {n:>7,}  {reason}"


COMMANDS: dict[str, Callable[..., None]] = {"deliver": deliver}
