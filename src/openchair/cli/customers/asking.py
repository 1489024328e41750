"""Commands that ask: surveys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, address, command
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.chair.listening.views import SurveyState

surveys = typer.Typer(name="surveys", help="What you ask your customers.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="The survey's id.")]


def _line(survey: "SurveyState") -> str:
    title = survey.definition.title[survey.definition.language]
    figures = f"{plural(survey.sent, 'customer', 'customers')} asked, {survey.answered} answered"
    return f"{survey.survey_id:<16} {survey.status:<7} version {survey.version:<3} {figures}. {title}"


@command(surveys, "list")
def list_surveys(chair: "Chair") -> Said:
    """All surveys, with how many were asked and answered."""
    found = chair.surveys.all()
    yield {"surveys": found}
    for one in found:
        yield _line(one)


@command(surveys, "show")
def show_survey(chair: "Chair", survey_id: Which) -> Said:
    """One survey: how it stands, or with --json all that it asks, as `put` reads it under `definition`."""
    yield (found := chair.surveys.get(survey_id))
    yield _line(found)


@command(surveys, "put")
def put_survey(
    chair: "Chair",
    file: Annotated[
        str, typer.Argument(help="A definition in TOML or JSON, or a survey that comes with Openchair: nps, ...")
    ],
) -> Said:
    """Keep a survey: a new one as a draft, else as its next version."""
    from openchair.core.errors import BadInput
    from openchair.listening.asking.survey import starter

    ours = {one.id: one for one in starter()}
    path = Path(file)
    if not path.is_file() and file not in ours:
        bound = f"is no file, and none of {', '.join(ours)}"
        raise BadInput("survey", value=file, bound=bound, remedy="Name a file, or one of these.")
    definition = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ours[file]
    yield (found := chair.surveys.put(definition, by=BY))
    yield _line(found)


@command(surveys, "open")
def open_survey(chair: "Chair", survey_id: Which) -> Said:
    """Let a survey be answered and sent."""
    yield (found := chair.surveys.open(survey_id, by=BY))
    yield _line(found)


@command(surveys, "close")
def close_survey(chair: "Chair", survey_id: Which) -> Said:
    """Let a survey be answered and sent no more; what was answered stays."""
    yield (found := chair.surveys.close(survey_id, by=BY))
    yield _line(found)


@command(surveys, "link")
def link_to_survey(
    chair: "Chair",
    survey_id: Which,
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    language: Annotated[str, typer.Option(help="Empty: the one they are known to speak.")] = "",
) -> Said:
    """A link by which one customer answers, to be handed to them."""

    path = chair.surveys.link(survey_id, who, by=BY, language=language)
    link = address(chair.settings) + path
    yield {"link": link}
    yield link


@command(surveys, "send")
def send_survey(
    chair: "Chair",
    survey_id: Which,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many customers to ask at most.")],
    channel: Annotated[str, typer.Option(help="e-mail or webhook.")] = "e-mail",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whom it would go to.")] = False,
) -> Said:
    """Ask those from whom most is learned; what goes out waits in the outbox until it is delivered."""

    if dry_run:
        report = chair.sending.plan(survey_id, channel=channel, limit=limit)
    else:
        report = chair.sending.send(survey_id, by=BY, channel=channel, limit=limit)
    yield report
    verb = "would be asked" if dry_run else "will be asked"
    yield f"{plural(report.chosen, 'customer', 'customers')} of {report.eligible:,} {verb}."
    for part, n in report.by_part.items():
        yield f"  {n:>7,}  {part}"
    for reason, n in sorted(report.kept_out.items(), key=lambda one: -one[1]):
        yield f"  {n:>7,}  are not: {reason}"
