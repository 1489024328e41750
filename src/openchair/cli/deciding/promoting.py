"""Commands of policies: which way of choosing is live, and which would bring more."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

policy = typer.Typer(name="policy", help="Which way of choosing is live, and which others would bring more.",
                     no_args_is_help=True)  # fmt: skip
Name = Annotated[str, typer.Argument(help="The candidate's name.")]
Why = Annotated[str, typer.Option("--why", help="Why; it is kept with who and when.")]


@command(policy, "list")
def list_policies(chair: "Chair") -> Said:
    """The policy that is live, and every other way of choosing, judged by the log of decisions."""
    from openchair.chair.learning.promoting import said

    live, judged = chair.promoting.live(), chair.promoting.judged()
    yield {"live": live, "version": live.version, "candidates": judged, "promoted": chair.promoting.promoted()}
    yield f"live: {live.version}"
    for one in judged:
        beside = "" if one.can_go_live else " (to compare with)"
        yield f"{one.version}{beside}: {said(one, chair.currency)}"
    if not judged:
        yield "Other ways of choosing are judged once 50 decisions are settled."


@command(policy, "propose")
def propose(
    chair: "Chair",
    file: Annotated[Path, typer.Argument(help="A candidate in JSON: a policy's numbers, or a table of chances.")],
) -> Said:
    """Propose a candidate, to be judged by the log from now on."""
    from openchair.core.errors import BadInput

    if not file.is_file():
        raise BadInput("candidate", value=str(file), bound="is no file", remedy="Name a file of JSON.")
    found = chair.promoting.propose(file.read_bytes(), by=BY)
    yield found
    yield f"{found.version} is judged from now on."


@command(policy, "take-back")
def take_back(chair: "Chair", name: Name) -> Said:
    """Judge a proposed candidate no more."""
    found = chair.promoting.take_back(name, by=BY)
    yield found
    yield f"{found.version} is judged no more."


@command(policy, "promote")
def promote(chair: "Chair", name: Name, why: Why = "") -> Said:
    """Let a candidate go live, where the log proves that it brings more."""
    found = chair.promoting.promote(name, why=why, by=BY)
    yield found
    yield f"live: {found.version}; {found.why}"


@command(policy, "back")
def back(chair: "Chair", why: Why = "") -> Said:
    """Go back to the policy that was live before."""
    found = chair.promoting.go_back(why=why, by=BY)
    yield found
    yield f"live: {found.version}; {found.why}"
