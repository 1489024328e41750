"""A report of the primary customer under way: what is counted, until when, and the engine that counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from openchair.chair.listening.scores.measuring import weighable
from openchair.chair.ports import Engine
from openchair.core.estimate import Number, Unknown
from openchair.core.words import plural
from openchair.dossier.likeness import ROLES
from openchair.focus import buyers
from openchair.listening.scores.satisfaction import share
from openchair.value.growth import Periods

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

SIDES = ("side", "role", "account_type", "customer_type", "user_type", "type", "kind")
"""Traits that may say on which side of a market somebody is, the first that parts people counts."""
SEED = 5
_OWN = ("id", "first_name", "last_name", "name", "birth_date", "email", "phone", "number", "postcode", "address")
_PERSONAL = re.compile("|".join(f"({ROLES[role]})" for role in _OWN) + "|note", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Counted:
    """Facts until a moment. identities: identifier, customer_id. sales: lines that count, once each, with `day`.

    facts: with owners and days, by kind; raw: those of nobody too. who: buyers.people with stage, worth and half its
    interval. known: buyers.newest.
    """

    chair: "Chair"
    engine: Engine
    periods: Periods
    identities: ir.Table
    sales: ir.Table
    facts: Mapping[str, ir.Table]
    raw: Mapping[str, ir.Table]
    who: ir.Table
    known: ir.Table

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The result, row by row."""
        found: list[dict[str, Any]] = self.engine.rows(expression).to_pylist()
        return found


def kind(name: str) -> bool:
    """Whether a trait makes a kind of customer, rather than saying who somebody is or what binds.

    >>> kind("language"), kind("last_name"), kind("side"), kind("consent.profiling")
    (True, False, False, False)
    """
    return weighable(name) and name not in SIDES and not _PERSONAL.fullmatch(name)


def part(some: float, whole: float) -> Number:
    """A share of customers with its interval, or how many more would do."""
    fewest = buyers.FEWEST
    return (
        share(some, whole) if whole >= fewest else Unknown(plural(int(whole), "buyer", "buyers"), int(fewest - whole))
    )
