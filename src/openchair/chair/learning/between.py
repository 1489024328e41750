"""Between turns: what came since the last one is put into what decisions rest on, a few minutes after it came.

It is worked out anew each time from what the turn learned and from facts, so it matters neither how often, nor whether
it was ended in the middle: nothing counts twice, and the next turn learns as if there had been none of it.
"""

from contextlib import closing
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from openchair.chair.learning.learning import bought
from openchair.chair.lease import LEARN, held
from openchair.chair.ports import Engine
from openchair.chair.state.records import SINCE
from openchair.chair.wheel.know import facts_until
from openchair.chair.wheel.learn import MODEL, believed, learn_since, number_of
from openchair.core.clock import Moment
from openchair.learning.beliefs import Learned, packed, unpacked

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

HEARD = ("purchases", "answers", "voices", "traits")
"""Kinds of fact that beliefs are learned from."""


def update(chair: "Chair") -> Learned | None:
    """Let what is decided from now on rest on what has come since the last turn, too; None where nothing new has.

    Raises Conflict while another does.
    """
    last, body = next(iter(chair.state.turns(1)), None), chair.state.model(MODEL)
    if last is None or body is None:
        return None
    learned, moment = unpacked(body), Moment(chair.now_or_last(), chair.moment().zone)
    with held(chair.state, LEARN, chair.clock), closing(chair.engine()) as engine:
        facts = facts_until(engine, moment)
        spent, *said = (_newest(engine, facts[kind], moment) for kind in HEARD)
        known = spent, max(spent, *said)
        if known[1] <= learned.until:
            return None
        day = moment.day - timedelta(days=number_of(moment.day) - learned.until)
        told = learn_since(
            chair.state,
            engine,
            facts,
            bought(chair, engine, moment, datetime.combine(day, time(), moment.zone)),
            engine.share(chair.state.identities()).select("identifier", "customer_id"),
            chair.catalogue,
            chair.settings,
            moment,
            learned,
            known,
        )
        before = believed(chair.state)
        if before is not None and told.version == before.version:
            return None
        chair.state.put_models({SINCE: last.turn_id.encode() + b"\n" + packed(told)}, chair.clock())
    return told


def _newest(engine: Engine, facts: ir.Table, moment: Moment) -> float:
    """When the newest of these facts happened, as a day with its part that has passed; 0 where there are none."""
    at: datetime | None = engine.rows(facts.agg(at=facts.happened_at.max()))["at"][0].as_py()
    if at is None:
        return 0.0
    here = at.astimezone(moment.zone)
    return number_of(here.date()) + (here.hour * 3600 + here.minute * 60 + here.second + 1) / 86_400
