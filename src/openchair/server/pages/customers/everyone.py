"""The list of customers: search, sort, page."""

from starlette.responses import Response

from openchair.server.pages.drawing.bars import scale_of
from openchair.server.pages.page import Page, Visit

ORDERS = {"worth": "Worth", "recent": "Last order", "orders": "Orders", "name": "Name"}
PAGE = 50


def _customers(at: Visit) -> Response:
    """The same address answers a person's browser and htmx."""
    search, after = at.asked("search"), at.asked("after") or None
    order = at.asked("order") if at.asked("order") in ORDERS else "worth"
    people, more = at.chair.customers(search=search, order=order, limit=PAGE, after=after)
    following = at.linked(search=search, order=order, after=people[-1].customer_id) if more and people else ""
    return at.draw(
        "customers.html", people=people, scale=scale_of(customer.value for customer in people), search=search,
        order=order, orders={name: (label, at.linked(search=search, order=name)) for name, label in ORDERS.items()},
        first=at.linked(search=search, order=order) if after else "", following=following, page=PAGE,
    )  # fmt: skip


PAGES = (Page("/customers", _customers),)
