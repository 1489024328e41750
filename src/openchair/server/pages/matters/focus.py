"""Focus: the map, and the forms by which a person places a driver, puts it back, and says what there is to spend."""

from collections.abc import Mapping
from typing import Any

from openchair.chair.focus.drivers.telling import PATH
from openchair.chair.reports import REPORTS
from openchair.core.errors import BadInput
from openchair.core.money import exponent, to_minor
from openchair.focus.placing import TITLES
from openchair.loyalty.pillars import PILLARS
from openchair.server.pages.page import Form, Visit
from openchair.server.pages.report import page_of


def _around(at: Visit) -> Mapping[str, Any]:
    digits = exponent(at.chair.currency)
    return {
        "places": TITLES,
        "pillars": {pillar.id: pillar.title for pillar in PILLARS.values()},
        "major": lambda minor: round(minor / 10**digits, digits),
    }


def _money(at: Visit) -> float | None:
    text = at.said("money").strip()
    return to_minor(text, at.chair.currency) if text else None


def _cost(at: Visit) -> int | None:
    number = at.number("cost")
    if number is None:
        return None
    if number != number or number % 1:
        raise BadInput("cost", value=at.said("cost"), bound="a whole number from 1 to 5", remedy="Write 3.")
    return int(number)


def _move(at: Visit) -> object:
    takes: dict[str, Any] = {"hours": at.number("hours"), "money_minor": _money(at), "cost": _cost(at)}
    return at.chair.focus.move(
        at.said("driver"), at.said("place"), why=at.said("why"), by=at.by, pillars=tuple(at.ticked("pillar")), **takes
    )


def _spend(at: Visit) -> object:
    given = {"hours": at.number("hours"), "contacts": at.number("contacts"), "money_minor": _money(at)}
    return at.chair.focus.spend(by=at.by, why=at.said("why"), **given)


PAGES = (
    page_of(
        REPORTS["focus"],
        PATH,
        "focus.html",
        (
            Form("move", _move),
            Form("undo", lambda at: at.chair.focus.undo(at.said("driver"), by=at.by)),
            Form("take", lambda at: at.chair.focus.take(by=at.by)),
            Form("spend", _spend),
        ),
        around=_around,
    ),
)
