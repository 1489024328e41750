"""Who is who: every identifier that the facts name is given its customer."""

import ibis
import ibis.expr.types as ir

from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.core.clock import Moment
from openchair.core.ids import SEPARATOR
from openchair.dossier import identity


def identify(state: State, engine: Engine, facts: dict[str, ir.Table], moment: Moment) -> ir.Table:
    """Map every identifier the facts name to a customer, keep what is new, and give the whole map."""
    known = state.identities()
    fresh = engine.rows(identity.mentioned(facts).anti_join(engine.share(known), "identifier"))
    links = engine.rows(identity.linked(facts["traits"]))
    moved = engine.share(identity.resolve(fresh, links, known))
    made = (ibis.literal("customer" + SEPARATOR) + moved.root).hexdigest("md5").substr(0, 20)
    new = engine.rows(
        moved.select(
            "identifier",
            base_id=moved.customer_id.fill_null(made),
            because=ibis.ifelse(moved.root == moved.identifier, "first seen", ibis.literal("tied to ") + moved.root),
        )
    )
    if new.num_rows:
        state.link(new, moment.now)
    return engine.share(state.identities() if new.num_rows else known)
