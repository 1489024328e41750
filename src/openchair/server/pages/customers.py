"""The list of customers: search, sort, page."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House
from openchair.server.pages.render import render

ORDERS = {"worth": "Worth", "recent": "Last order", "orders": "Orders", "name": "Name"}
PAGE = 50
LONGEST_SEARCH = 200


def customers_routes(house: House) -> list[BaseRoute]:
    """One page; the same address answers a person's browser and htmx."""

    def page(request: Request) -> Response:
        asked = request.query_params
        search = asked.get("search", "").strip()[:LONGEST_SEARCH]
        order = asked.get("order", "worth")
        order = order if order in ORDERS else "worth"
        after = asked.get("after") or None
        people, more = house.chair.customers(search=search, order=order, limit=PAGE, after=after)
        kept = {"search": search} if search else {}
        return render(
            request,
            "customers.html",
            people=people,
            scale=scale_of(customer.value for customer in people),
            search=search,
            order=order,
            orders={name: (label, "/customers?" + urlencode(kept | {"order": name})) for name, label in ORDERS.items()},
            first="/customers?" + urlencode(kept | {"order": order}) if after else "",
            following="/customers?" + urlencode(kept | {"order": order, "after": people[-1].customer_id})
            if more and people
            else "",
            page=PAGE,
            currency=house.chair.currency,
            simulated=house.chair.simulated,
            day=house.day,
        )

    return [Route("/customers", page, name="customers")]
