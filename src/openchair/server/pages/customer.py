"""One customer on one sheet: what to do next and why, what happened, what they are worth, what is known."""

from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.views import Decision, Dossier, RuledOut, Trait
from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House
from openchair.server.pages.render import render
from openchair.server.pages.today import SETTLED, WAIT

SHOWN_AT_FIRST = 12
ALLERGIES = {
    "unknown": ("unsaid", "allergies not known"),
    "none": ("", "no allergies, as far as they said"),
}
# The engagement formula: what the customer wants + the pillars of loyalty + the relationship.
TERMS = ("what they want", "why this way", "between us")


def next_best(dossier: Dossier) -> Decision | None:
    """The newest decision, when there is one."""
    return max(dossier.decisions, key=lambda decision: decision.day, default=None)


def by_reason(ruled_out: Sequence[RuledOut]) -> list[tuple[str, list[RuledOut]]]:
    """Actions that were not possible, gathered by reason, the most frequent first."""
    frequent = Counter(one.reason for one in ruled_out).most_common()
    return [(reason, [one for one in ruled_out if one.reason == reason]) for reason, _ in frequent]


def standing(trait: Trait) -> tuple[bool, bool]:
    """Where a trait stands on the page: what the team noted first, the record of consents last."""
    return trait.name.startswith("consent."), trait.said_by != "staff"


def customer_routes(house: House) -> list[BaseRoute]:
    """The page of one customer, by customer id or anything they are known by."""

    def page(request: Request) -> Response:
        dossier = house.chair.dossier(request.path_params["who"])
        best = next_best(dossier)
        return render(
            request,
            "customer.html",
            dossier=dossier,
            customer=dossier.customer,
            best=best,
            terms=TERMS,
            waits=best is not None and best.action == WAIT,
            traits=sorted((trait for trait in dossier.traits if trait.name != "name"), key=standing),
            ruled_out=by_reason(best.ruled_out) if best else [],
            earlier=[decision for decision in dossier.decisions if decision is not best],
            allergies=ALLERGIES.get(dossier.food_safety),
            timeline=dossier.timeline[:SHOWN_AT_FIRST],
            rest=dossier.timeline[SHOWN_AT_FIRST:],
            scale=scale_of([dossier.customer.value]),
            currency=house.chair.currency,
            simulated=dossier.simulated,
            day=house.day,
            zone=house.zone,
            settled=SETTLED,
            here=request.url.path,
        )

    return [Route("/customers/{who}", page, name="customer")]
