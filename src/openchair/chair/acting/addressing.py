"""Addressing: where a customer is reached by e-mail, and in which language."""

from collections.abc import Sequence

from openchair.chair.state import State
from openchair.core.ids import identifier


def addresses(state: State, customer_ids: Sequence[str]) -> dict[str, str]:
    """The e-mail address of each of these customers who has one: the one told last, else the first of theirs."""
    said = {row["customer_id"]: row["value"] for row in state.told(customer_ids, ("email",)).to_pylist()}
    theirs: dict[str, list[str]] = {}
    for row in state.addressed(customer_ids).to_pylist():
        theirs.setdefault(row["customer_id"], []).append(row["identifier"])
    newest = {one: identifier("email", said.get(one, "")) for one in theirs}
    chosen = {one: newest[one] if newest[one] in known else min(known) for one, known in theirs.items()}
    return {one: address.removeprefix("email:") for one, address in chosen.items()}


def language_of(state: State, customer_id: str) -> str:
    """The language that a customer is known to speak, as it was said; empty where nothing was."""
    rows = reversed(state.said("traits", customer_id))
    return next((str(row["value"]) for row in rows if row["name"] in ("language", "locale") and row["value"]), "")
