"""Noting: what was said and done when somebody of the team spoke with a customer, as facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from openchair.chair import tell
from openchair.chair.intake import own
from openchair.chair.ports import Envelope
from openchair.chair.views import Customer
from openchair.core.errors import BadInput, NotFound
from openchair.core.ids import digest

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

LONGEST = 20_000
"""Characters of a customer's words, as facts keep them (facts.kinds)."""
Row = Mapping[str, Any]


def text_of(what: str, text: str, longest: int = LONGEST) -> str:
    """A text without blanks around it. Raises BadInput for one that is too long to be kept."""
    text = text.strip()
    if len(text) > longest:
        bound = f"at most {longest:,} characters"
        raise BadInput(what, value=f"{len(text):,} characters", bound=bound, remedy="Keep what matters most.")
    return text


def kept(
    chair: "Chair", customer_id: str, key: str, now: datetime, said: Mapping[str, str], *,
    contact: Mapping[str, str] | None = None, words: str = "",
) -> tuple[list[Envelope], dict[str, pa.Table]]:  # fmt: skip
    """Facts of a conversation: the contact, where there was one, and the customer's words as the caller heard them.

    said: who noted it, and what else belongs to both. Raises NotFound for a customer nothing can be said of.
    """
    names: Sequence[str] = chair.state.identifiers_of(customer_id)
    if not names:
        raise NotFound("customer", value=customer_id, bound="is not here any more", remedy="Nothing was kept.")
    signed = msgspec.json.encode({name: text for name, text in said.items() if text}).decode()
    about = {"identifier": own.named(names), "properties": signed}
    # What is said of one call or case is of one contact, as what is said of one decision is.
    rows: dict[str, Row] = {"contacts": {**contact, "decision_id": key}} if contact else {}
    rows |= {"voices": {"channel": "call", "text": words}} if words else {}
    events = {
        kind: own.envelope(kind, digest(kind, key, now.isoformat()), now, {**about, **row})
        for kind, row in rows.items()
    }
    return list(events.values()), {kind: own.table(kind, event) for kind, event in events.items()}


def person(chair: "Chair", row: Row) -> Customer:
    """Whom a row of a case or a call is about; one no turn has seen is called by what they are known by."""
    customer_id = row["who_id"]
    if row["orders"] is not None:
        return tell.customer({**row, "customer_id": customer_id})
    return tell.newcomer(customer_id, chair.state.identifiers_of(customer_id), ())
