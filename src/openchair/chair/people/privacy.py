"""Privacy: everything of one customer given to them, or erased for good; facts that have been kept long enough go."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from openchair.chair import tell
from openchair.chair.actor import Actor
from openchair.chair.lease import HEAVY, held
from openchair.chair.ports import INDEXED_KINDS, Progress
from openchair.chair.views import Audited
from openchair.core.errors import NotAllowed
from openchair.core.settings import retention_of
from openchair.facts.kinds import KINDS

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

TELLING = frozenset({"name", "first_name", "last_name", "phone", "address", "street", "email"})
"""Traits whose values name one person: rows that were refused and hold them go with the person."""
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is a customer's by right."""

    chair: "Chair"

    def export(self, who: str, *, by: Actor) -> Iterator[tuple[str, pa.Table]]:
        """Every fact about one customer, kind by kind. Raises NotFound."""
        customer_id = self.chair.find(who)
        by.did(self.chair, "exported", customer_id)
        self.chair.sync()
        identifiers = self.chair.state.identifiers_of(customer_id)
        with self.chair.reading() as engine:
            for kind in KINDS:
                facts = engine.facts(kind)
                yield kind, engine.rows(facts.filter(facts.identifier.isin(identifiers)).order_by("happened_at"))

    def copy(self, who: str, *, by: Actor) -> dict[str, Any]:
        """Everything of one customer as one document: the dossier, every fact, every decision with its reasons."""
        customer_id = self.chair.find(who)
        facts = {kind: table.to_pylist() for kind, table in self.export(customer_id, by=by)}
        dossier = tell.dossier(self.chair, customer_id, (), self.chair.moment())
        decisions: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            some, more = self.chair.decisions(who=customer_id, acting=False, limit=AT_ONCE, after=after)
            decisions += [asdict(one) for one in some]
            if not more:
                break
            after = some[-1].decision_id
        looked, _ = self.chair.state.audit(customer_id=customer_id, limit=AT_ONCE)
        return {
            "shop": self.chair.settings.name,
            "made_at": self.chair.clock(),
            "dossier": asdict(dossier) | {"decisions": None},
            "facts": facts,
            "decisions": decisions,
            "who_looked": [asdict(line) for line in looked],
        }

    def erase(self, who: str, *, by: Actor, progress: Progress = lambda step: None) -> dict[str, int]:
        """Erase a customer everywhere, for good; gives how many facts of each kind went. Safe to repeat.

        What stays is a salted hash of each identifier. Raises NotFound, NotAllowed for all but the customer and owners,
        Conflict while a turn or an import runs.
        """
        if by.role not in ("customer", "owner"):
            raise NotAllowed("erasure", value=by.name, bound="is for the customer or an owner", remedy="Ask an owner.")
        chair = self.chair
        customer_id = chair.find(who)
        identifiers = chair.state.identifiers_of(customer_id)
        # No import may run meanwhile: it has looked up who is erased, and would write what is being taken away.
        with held(chair.state, HEAVY, chair.clock):
            progress("state")
            chair.state.bury(identifiers, chair.clock())
            chair.keep_tombstones()
            said = chair.state.said("traits", customer_id)
            words = sorted({row["value"] for row in said if row["name"] in TELLING and len(row["value"]) > 4})
            chair.sync()
            gone = {}
            for kind in KINDS:
                progress(kind)
                gone[kind] = chair.history.erase(kind, identifiers)
            chair.state.forget(customer_id, identifiers, words)
            chair.catch_up()
        # Whose dossier it was is no longer said: only that somebody was erased, by whom and when.
        chair.state.log(by.name, "erased", None, "", chair.clock())
        return {kind: number for kind, number in gone.items() if number}

    def erase_again(self, salt: str, hashes: Iterable[str], *, by: Actor) -> int:
        """Erase whoever these tombstones mean, once an older backup is restored; gives how many there were."""
        chair = self.chair
        known = chair.state.tombstones(salt, hashes, chair.clock())
        customers = chair.state.speakers(known)
        for customer_id in customers:
            self.erase(customer_id, by=by)
        return len(customers)

    def retain(self, *, by: Actor, progress: Progress = lambda step: None) -> dict[str, int]:
        """Let go of facts that were kept as long as the setting `retention` allows; gives how many of each kind."""
        chair, gone = self.chair, {}
        for kind, days in retention_of(chair.settings.retention).items():
            progress(kind)
            since = chair.clock() - timedelta(days=days)
            with held(chair.state, HEAVY, chair.clock):
                gone[kind] = chair.history.retain(kind, since)
                if kind in INDEXED_KINDS:
                    chair.state.drop(kind, since)
                chair.catch_up()
            chair.state.log(by.name, "let go", None, f"{gone[kind]} {kind} before {since:%Y-%m-%d}", chair.clock())
        return gone

    def audit(
        self, customer: str = "", who: str = "", limit: int = 100, after: int | None = None
    ) -> tuple[tuple[Audited, ...], bool]:
        """Who looked at or changed what, newest first, from a cursor on, and whether more follow."""
        customer_id = self.chair.find(customer) if customer else ""
        found, more = self.chair.state.audit(customer_id=customer_id, who=who, limit=limit, after=after)
        return tuple(found), more
