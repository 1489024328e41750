"""Two pages over all customers: what they agreed to, and who of us looked at whom."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from openchair.core.errors import NotFound
from openchair.dossier.consent import PURPOSES, slot_of
from openchair.dossier.traits import said_of, signed
from openchair.server.pages.page import Page, Visit, version_of

LINES = 100
WORDS = 20


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


def _consents(at: Visit) -> Response:
    counts, recent = at.chair.people.consents(limit=WORDS)
    ordered = sorted(counts, key=lambda one: (PURPOSES.index(one.purpose), one.channel == "any"))
    return at.draw(
        "consents.html",
        answered=[one for one in ordered if one.yes or one.no],
        silent=[one for one in ordered if not one.yes and not one.no],
        recent=[told(row) for row in recent],
    )


def _audit(at: Visit) -> Response:
    """For owners."""
    _ = at.owner
    asked = {name: at.asked(name) for name in ("customer", "who")}
    try:
        lines, more = at.chair.privacy.audit(**asked, limit=LINES, after=version_of(at.asked("after")))
    except NotFound:
        lines, more = (), False
    named = sorted({line.customer_id for line in lines if line.customer_id})
    return at.draw(
        "audit.html",
        lines=lines,
        names={row["customer_id"]: row["name"] for row in at.chair.state.rows_of(named).to_pylist()},
        asked=asked,
        following=at.linked(**asked, after=lines[-1].number) if more else "",
    )


PAGES = (Page("/consents", _consents), Page("/audit", _audit))
