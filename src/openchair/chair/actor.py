"""Who acts on a dossier, and with what right."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from openchair.chair.chair import Chair


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: `name` is what facts and the audit log remember of them.

    A program (an API key) may do what staff may. Only the customer, or an owner with a reason, may lift a hard rule.
    """

    name: str
    role: Literal["customer", "owner", "staff", "program"]

    @property
    def said_by(self) -> str:
        """Whose word a trait is that they set."""
        return "staff" if self.role == "program" else self.role

    def did(self, chair: "Chair", act: str, customer_id: str | None = None, detail: str = "") -> None:
        """Let the audit log say what they did, now."""
        chair.state.log(self.name, act, customer_id, detail, chair.clock())


OWNER_AT_HOME = Actor("command line", "owner")
"""Whoever can open the home's folder owns the shop."""
CUSTOMER = Actor("the customer", "customer")
