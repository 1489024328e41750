"""Commands that ask: surveys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.cli.output import Json, address, emit, told
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.listening.views import SurveyState

surveys = typer.Typer(name="surveys", help="What you ask your customers.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="The survey's id.")]


def _said(survey: "SurveyState", as_json: bool) -> None:
    if as_json:
        emit(survey)
        return
    title = survey.definition.title[survey.definition.language]
    figures = f"{plural(survey.sent, 'customer', 'customers')} asked, {survey.answered} answered"
    typer.echo(f"{survey.survey_id:<16} {survey.status:<7} version {survey.version:<3} {figures}. {title}")


@surveys.command("list")
def list_surveys(context: typer.Context, as_json: Json = False) -> None:
    """All surveys, with how many were asked and answered."""
    from openchair.cli.wiring import open_home

    with told():
        found = open_home(context.obj).surveys.all()
    if as_json:
        emit({"surveys": found})
        return
    for one in found:
        _said(one, False)


@surveys.command("show")
def show_survey(context: typer.Context, survey_id: Which, as_json: Json = False) -> None:
    """One survey: how it stands, or with --json all that it asks, as `put` reads it under `definition`."""
    from openchair.cli.wiring import open_home

    with told():
        _said(open_home(context.obj).surveys.get(survey_id), as_json)


@surveys.command("put")
def put_survey(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A definition in TOML or JSON, or a survey that comes with Openchair: nps, ...")
    ],
    as_json: Json = False,
) -> None:
    """Keep a survey: a new one as a draft, else as its next version."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home
    from openchair.core.errors import BadInput
    from openchair.listening.asking.survey import starter

    with told():
        ours = {one.id: one for one in starter()}
        path = Path(file)
        if not path.is_file() and file not in ours:
            bound = f"is no file, and none of {', '.join(ours)}"
            raise BadInput("survey", value=file, bound=bound, remedy="Name a file, or one of these.")
        definition = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ours[file]
        _said(open_home(context.obj).surveys.put(definition, by=OWNER_AT_HOME), as_json)


@surveys.command("open")
def open_survey(context: typer.Context, survey_id: Which, as_json: Json = False) -> None:
    """Let a survey be answered and sent."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        _said(open_home(context.obj).surveys.open(survey_id, by=OWNER_AT_HOME), as_json)


@surveys.command("close")
def close_survey(context: typer.Context, survey_id: Which, as_json: Json = False) -> None:
    """Let a survey be answered and sent no more; what was answered stays."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        _said(open_home(context.obj).surveys.close(survey_id, by=OWNER_AT_HOME), as_json)


@surveys.command("link")
def link_to_survey(
    context: typer.Context,
    survey_id: Which,
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    language: Annotated[str, typer.Option(help="Empty: the one they are known to speak.")] = "",
    as_json: Json = False,
) -> None:
    """A link by which one customer answers, to be handed to them."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        path = chair.surveys.link(survey_id, who, by=OWNER_AT_HOME, language=language)
    link = address(chair.settings) + path
    if as_json:
        emit({"link": link})
    else:
        typer.echo(link)


@surveys.command("send")
def send_survey(
    context: typer.Context,
    survey_id: Which,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many customers to ask at most.")],
    channel: Annotated[str, typer.Option(help="e-mail or webhook.")] = "e-mail",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whom it would go to.")] = False,
    as_json: Json = False,
) -> None:
    """Ask those from whom most is learned; what goes out waits in the outbox until it is delivered."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        if dry_run:
            report = chair.sending.plan(survey_id, channel=channel, limit=limit)
        else:
            report = chair.sending.send(survey_id, by=OWNER_AT_HOME, channel=channel, limit=limit)
    if as_json:
        emit(report)
        return
    verb = "would be asked" if dry_run else "will be asked"
    typer.echo(f"{plural(report.chosen, 'customer', 'customers')} of {report.eligible:,} {verb}.")
    for part, n in report.by_part.items():
        typer.echo(f"  {n:>7,}  {part}")
    for reason, n in sorted(report.kept_out.items(), key=lambda one: -one[1]):
        typer.echo(f"  {n:>7,}  are not: {reason}")
