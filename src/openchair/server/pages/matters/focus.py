"""Focus: the map, and the forms by which a person places a driver, puts it back, and says what there is to spend."""

from collections.abc import Mapping
from typing import Any

from openchair.chair.focus.drivers.figures import FocusReport
from openchair.chair.focus.drivers.telling import PATH
from openchair.chair.reports import REPORTS
from openchair.core.money import exponent
from openchair.focus.placing import TITLES
from openchair.loyalty.pillars import PILLARS
from openchair.server.pages.forms import Field
from openchair.server.pages.page import Form, Visit
from openchair.server.pages.report import page_of

_PILLARS: Mapping[str, str] = {pillar.id: pillar.title for pillar in PILLARS.values()}
_PLACED = (
    Field("driver", "Driver", "choice", to="name"),
    Field("place", "Place", "choice", words=TITLES),
    Field("why", "Why", needed=True),
    Field("pillar", "Pillars whose actions serve it; none ticked, none does", "many", words=_PILLARS, to="pillars"),
    Field("cost", "What a step better would cost, from 1, little, to 5", "whole", most=5),
    Field("hours", "Hours it takes in a week now", "number"),
    Field("money", "Money it takes in a week now", "money", to="money_minor"),
)
_SPENT = (
    Field("hours", "Hours", "number"),
    Field("money", "Money", "money", to="money_minor"),
    Field("contacts", "Contacts with customers", "number"),
)


def _around(at: Visit, view: FocusReport) -> Mapping[str, Any]:
    digits, given = exponent(at.chair.currency), view.totals
    money = None if given.money_minor is None else round(given.money_minor / 10**digits, digits)
    spent = {"hours": given.hours, "money": money, "contacts": given.contacts}
    return {
        "places": TITLES,
        "choices": {"driver": {one.name: one.title for one in view.map}},
        "values": {"spend": {name: value for name, value in spent.items() if value is not None}},
    }


PAGES = (
    page_of(
        REPORTS["focus"],
        PATH,
        "focus.html",
        (
            Form("move", lambda at: at.chair.focus.move(by=at.by, **at.values), fields=_PLACED),
            Form("undo", lambda at: at.chair.focus.undo(at.said("driver"), by=at.by)),
            Form("take", lambda at: at.chair.focus.take(by=at.by)),
            Form("spend", lambda at: at.chair.focus.spend(by=at.by, **at.values), fields=_SPENT),
        ),
        around=_around,
    ),
)
