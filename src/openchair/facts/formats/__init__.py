"""The formats files come in, one module each; FORMATS is tried in order, the most telling first."""

from collections.abc import Sequence

from openchair.facts.formats import complete_journey, uci_online_retail
from openchair.facts.reading import Format

FORMATS: tuple[Format, ...] = (uci_online_retail.FORMAT, *complete_journey.FORMATS)


def recognise(columns: Sequence[str]) -> Format | None:
    """The first format that knows a file with these columns; None when none does."""
    return next((f for f in FORMATS if f.matches(columns)), None)
