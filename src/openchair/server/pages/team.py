"""Two pages over all customers: what they agreed to, and who of us looked at whom."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.core.errors import NotFound
from openchair.dossier.consent import PURPOSES, slot_of
from openchair.dossier.traits import said_of, signed
from openchair.server.pages.house import House, owner
from openchair.server.pages.render import render

LINES = 100
WORDS = 20
LONGEST = 300


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A word of consent as the page tells it: to what, whose word, and the words it was given to."""
    said, words = said_of(row), signed(row)
    purpose, channel = slot_of(row["name"]) or (row["name"], "any")
    return {
        "customer_id": row["customer_id"],
        "customer": row["customer"],
        "purpose": purpose,
        "channel": channel,
        "answer": said.value,
        "said": said,
        "wording": words.get("wording", ""),
        "language": words.get("language", ""),
    }


def team_routes(house: House) -> list[BaseRoute]:
    """Consents for everyone who signs in; Audit for owners."""
    chair = house.chair

    def consents(request: Request) -> Response:
        counts, recent = chair.people.consents(limit=WORDS)
        ordered = sorted(counts, key=lambda one: (PURPOSES.index(one.purpose), one.channel == "any"))
        return render(
            request,
            "consents.html",
            answered=[one for one in ordered if one.yes or one.no],
            silent=[one for one in ordered if not one.yes and not one.no],
            recent=[told(row) for row in recent],
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    def audit(request: Request) -> Response:
        owner(request)
        asked = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in ("customer", "who")}
        after = request.query_params.get("after", "")
        try:
            lines, more = chair.privacy.audit(**asked, limit=LINES, after=int(after) if after.isdecimal() else None)
        except NotFound:
            lines, more = (), False
        kept = {name: text for name, text in asked.items() if text}
        named = sorted({line.customer_id for line in lines if line.customer_id})
        return render(
            request,
            "audit.html",
            lines=lines,
            names={row["customer_id"]: row["name"] for row in chair.state.rows_of(named).to_pylist()},
            asked=asked,
            following="/audit?" + urlencode(kept | {"after": lines[-1].number}) if more else "",
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    return [Route("/consents", consents, name="consents"), Route("/audit", audit, name="audit")]
