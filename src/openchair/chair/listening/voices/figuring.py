"""Figures of voices: shares of customers, what is at stake, how themes move, what needs lead to, who has which."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from math import sqrt
from typing import Any

from openchair.chair.listening.views import Change, Point
from openchair.chair.state import State
from openchair.core.clock import Moment
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.sequential import half_width
from openchair.core.words import plural
from openchair.listening.scores.satisfaction import share
from openchair.listening.voices.reading import lift

NEEDS = 6
"""Needs and aspirations that a dossier names, those said most."""
_SAID = {"need": "Needs", "want": "Wants", "aspiration": "Hopes for"}
FEWEST = 10
"""Customers who spoke before a share is told."""
BEFORE_DAYS = 56
"""Days before a change with which the days after it are compared."""
SETTLING_DAYS = 14
LADDER = 3
"""Aspirations that a need is said to lead to, those with the greatest lift."""
TOGETHER = 3
"""Customers who must have spoken of both."""
ALPHA = 0.05


def needs_of(state: State, customer_id: str) -> tuple[str, ...]:
    """What a customer needs, wants and hopes for, in words, the most said first; empty where nothing was heard."""
    found = [row for row in state.wishes_of(customer_id) if row["name"]]
    return tuple(
        f"{_SAID[row['reading']]}: {row['name']} ({plural(row['times'], 'time', 'times')}, last on"
        f" {row['last'].date().isoformat()})"
        for row in found[:NEEDS]
    )


def share_of(customers: float, everyone: int) -> Number:
    """The share of those who spoke that spoke of something, with its interval."""
    if everyone < FEWEST:
        return Unknown("too few customers spoke", needed=FEWEST - everyone)
    return share(customers, everyone)


def stake(row: Mapping[str, Any] | None, which: str) -> Number:
    """What customers are expected to spend in 12 months, minor units. which: `ill` for those who spoke ill, or "".

    Each one's own interval, as if they erred apart: squared half widths are summed.
    """
    prefix = f"{which}_" if which else ""
    if row is None or not row[which or "customers"]:
        return Estimate(0.0, 0.0, 0.0, n=0)
    valued = int(row[f"{prefix}valued"])
    if not valued:
        return Unknown("no value is known of those who spoke", needed=1)
    value, half = float(row[f"{prefix}value"]), sqrt(float(row[f"{prefix}spread"]))
    return Estimate(value, max(value - half, 0.0), value + half, n=valued)


def weekly(state: State, since: datetime, moment: Moment) -> dict[str, tuple[Point, ...]]:
    """The share of speaking customers by theme and week, oldest first."""
    number = max((moment.now - since).days // 7, 1)
    days = [moment.day - timedelta(days=7 * back) for back in range(number, 0, -1)]
    begins = [datetime.combine(day, time.min, moment.zone) for day in days]
    rows = state.heard_by(begins[0], moment.now, weeks=begins)
    spoke: dict[tuple[str | None, str], int] = {(row.get("theme_id"), row["week"]): row["customers"] for row in rows}
    keys = {day: at.date().isoformat() for day, at in zip(days, begins, strict=True)}
    themes = {theme for theme, _week in spoke if theme}
    return {
        theme: tuple(_point(day, spoke.get((theme, keys[day]), 0), spoke.get((None, keys[day]), 0)) for day in days)
        for theme in themes
    }


def _point(day: date, customers: int, everyone: int) -> Point:
    found = share_of(customers, everyone)
    if isinstance(found, Unknown):
        return Point(day, None, None, None, everyone)
    return Point(day, found.value, found.low, found.high, everyone)


def since_when(day: date) -> date:
    """The day after which themes are looked at for change: the first of this month, or of the last while this is young.

    >>> since_when(date(2026, 11, 22)), since_when(date(2026, 11, 9))
    (datetime.date(2026, 11, 1), datetime.date(2026, 10, 1))
    """
    first = day.replace(day=1)
    return first if (day - first).days >= SETTLING_DAYS else since_when(first - timedelta(days=1))


def changes(state: State, moment: Moment, themes: Sequence[str]) -> dict[str, Change]:
    """Whether each theme is spoken of more or less than before, in points of a hundred customers who spoke.

    The interval of the difference holds for all themes and at all days together.
    """
    since = since_when(moment.day)
    at = datetime.combine(since, time.min, moment.zone)
    spans = [
        {row.get("theme_id"): row["customers"] for row in state.heard_by(*span)}
        for span in ((at - timedelta(days=BEFORE_DAYS), at), (at, moment.now))
    ]
    before, after = (span.get(None, 0) for span in spans)
    if min(before, after) < FEWEST:
        return {}
    found = {}
    for theme in themes:
        old, new = (span.get(theme, 0) for span in spans)
        found[theme] = _change(since, old, before, new, after, ALPHA / max(len(themes), 1))
    return found


def _change(since: date, old: int, before: int, new: int, after: int, alpha: float) -> Change:
    p, q = (old + 1) / (before + 2), (new + 1) / (after + 2)
    error = sqrt(p * (1 - p) / (before + 2) + q * (1 - q) / (after + 2))
    aimed = sqrt(2 * p * (1 - p) / (before + 2))
    half = 100 * float(half_width(error, tuned_for=aimed, alpha=alpha))
    moved = 100 * (q - p)
    difference = Estimate(moved, moved - half, moved + half, n=before + after)
    return Change(since, _hundred(share(old, before)), _hundred(share(new, after)), difference, abs(moved) > half)


def _hundred(one: Estimate) -> Estimate:
    return Estimate(100 * one.value, 100 * one.low, 100 * one.high, n=one.n)


def wanted(pairs: Sequence[Mapping[str, Any]], everyone: int) -> dict[tuple[str, str], list[str]]:
    """For each (theme, reading) the aspirations that the same customers speak of more than others, greatest lift first.

    pairs: rows of `heard_together`. One is named where the whole interval of its lift is above 1.
    """
    count = {(r["one"], r["one_reading"], r["other"], r["other_reading"]): r["customers"] for r in pairs}
    found: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for (one, reading, other, other_reading), both in count.items():
        if other_reading != "aspiration" or (one, reading) == (other, other_reading) or both < TOGETHER:
            continue
        told = lift(
            both, count[one, reading, one, reading], count[other, other_reading, other, other_reading], everyone
        )
        if told is not None and told.low > 1:
            found[one, reading].append((-told.value, other))
    return {key: list(dict.fromkeys(theme for _lift, theme in sorted(some)))[:LADDER] for key, some in found.items()}
