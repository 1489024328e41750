"""The formats files come in, one module each; FORMATS is tried in order, the most telling first."""

from collections.abc import Sequence

from openchair.facts.formats import (
    asked,
    calls,
    complete_journey,
    event_log,
    native,
    orders,
    shopify_customers,
    shopify_orders,
    stripe_subscriptions,
    uci_online_retail,
)
from openchair.facts.reading import Format

FORMATS: tuple[Format, ...] = (
    native.FORMAT,
    calls.FORMAT,
    uci_online_retail.FORMAT,
    shopify_orders.FORMAT,
    shopify_customers.FORMAT,
    stripe_subscriptions.FORMAT,
    *complete_journey.FORMATS,
    *asked.FORMATS,
    event_log.FORMAT,
    orders.FORMAT,
)


def recognise(columns: Sequence[str]) -> Format | None:
    """The first format that knows a file with these columns; None when none does."""
    return next((f for f in FORMATS if f.matches(columns)), None)


def closest(columns: Sequence[str]) -> str:
    """The format whose columns come nearest, in a sentence that says what it lacks; empty when nothing is near."""
    have = {c.strip().casefold() for c in columns}
    rated = [(sum(c.casefold() in have for c in f.columns) / len(f.columns), f) for f in FORMATS if f.columns]
    share, best = max(rated, key=lambda pair: pair[0])
    lacking = [c for c in best.columns if c.casefold() not in have]
    return f"Closest to {best.title}, which also has {', '.join(lacking)}." if share >= 0.5 and lacking else ""
