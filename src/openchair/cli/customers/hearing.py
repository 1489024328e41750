"""Commands that hear: themes, needs, and what a sentence is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.core.estimate import Number

Days = Annotated[int, typer.Option(help="The last days that count.")]
SHOWN = 15


@command()
def themes(
    chair: "Chair",
    theme_id: Annotated[str, typer.Argument(help="One theme; left out, all of them.")] = "",
    days: Days = 90,
    rename: Annotated[str, typer.Option(help="Give this theme a name that no turn changes.")] = "",
) -> Said:
    """What customers speak of, in their own words: themes, or one of them with its sentences."""

    voices = chair.voices
    if rename:
        voices.rename(theme_id, rename, by=BY)
    view = voices.theme(theme_id, days) if theme_id else voices.heard(days)
    yield view
    for theme in view.themes[:SHOWN] if hasattr(view, "themes") else (view,):
        yield f"{theme.theme_id}  {_share(theme.share):>14}  feels {theme.sentiment:+.1f}  {theme.name}"
        for quote in theme.quotes if theme_id else theme.quotes[:1]:
            yield f"    “{quote.text}” {quote.customer or 'somebody'}, {quote.reading}, {quote.fact_id} {quote.place}"


@command()
def needs(chair: "Chair", days: Days = 90) -> Said:
    """What customers need, want and hope for, with who said so and what it leads to."""
    view = chair.voices.heard(days)
    yield {"as_of": view.as_of, "days": view.days, "wishes": view.wishes}
    for wish in view.wishes:
        yield f"{wish.reading:<10} {plural(wish.customers, 'customer', 'customers'):>13}  {wish.name}"
        for quote in wish.quotes[:1]:
            yield f"    “{quote.text}” {quote.customer or 'somebody'}"
        if wish.leads_to:
            yield f"    They hope more than others for: {'; '.join(wish.leads_to)}"


@command()
def correct(
    chair: "Chair",
    fact_id: Annotated[str, typer.Argument(help="The fact that the sentence stands in.")],
    place: Annotated[int, typer.Argument(min=0, help="Which sentence of it, from 0.")],
    reading: Annotated[str, typer.Option(help="want, need, aspiration, pain, praise or other.")] = "",
    theme: Annotated[str, typer.Option(help="The theme it is of.")] = "",
) -> Said:
    """Say what a sentence is; it is kept, and learned from at the next turn."""

    chair.voices.correct(fact_id, place, reading=reading, theme_id=theme, by=BY)
    yield {"fact_id": fact_id, "place": place, "reading": reading, "theme_id": theme}
    yield "Kept; the next turn learns from it."


def _share(share: "Number") -> str:
    from openchair.core.estimate import Estimate

    return f"{share.value:.0%} of customers" if isinstance(share, Estimate) else "too few"


COMMANDS: dict[str, Callable[..., None]] = {"themes": themes, "needs": needs, "correct": correct}
