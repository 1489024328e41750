"""A turn of the wheel: sync what arrived, know everyone anew, choose for everyone, say what was found."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.chair.focus.drivers.mapping import look, watched
from openchair.chair.intake.referring import refer
from openchair.chair.intake.sync import ToFacts, sync
from openchair.chair.listening.voices.hear import hear
from openchair.chair.ports import Engine, History, NotSent, Progress
from openchair.chair.state import State
from openchair.chair.views import TurnReport
from openchair.chair.wheel import choose, findings, know, rationed
from openchair.chair.wheel.learn import learn, settle
from openchair.core.clock import Moment
from openchair.core.ids import digest
from openchair.core.settings import Settings
from openchair.learning.deciding import DAILY
from openchair.listening.voices.embedding import LETTERS, Embedder
from openchair.loyalty.actions import Action


@dataclass
class Stopwatch:
    """Seconds by step, in order."""

    timer: Callable[[], float]
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    _step: str = ""
    _since: float = 0.0

    def step(self, name: str) -> None:
        """End the step under way and begin the next; an empty name ends the last."""
        now = self.timer()
        if self._step:
            self.seconds[self._step] = round(now - self._since, 3)
        self._step, self._since = name, now
        if name:
            self.progress(name)


def turn(
    state: State,
    history: History,
    engine: Engine,
    settings: Settings,
    catalogue: tuple[Action, ...],
    to_facts: ToFacts,
    moment: Moment,
    started_at: datetime,
    timer: Callable[[], float],
    progress: Progress,
    embedder: Embedder = LETTERS,
) -> TurnReport:
    """Turn the wheel once for a moment. The same facts, moment and seed give the same decisions."""
    watch = Stopwatch(timer, progress)
    last = next(iter(state.turns(1)), None)
    watch.step("sync")
    sync(state, history, to_facts=to_facts)
    watch.step("count")
    facts = know.facts_until(engine, moment)
    if refer(state, engine, history, facts, started_at):
        facts = know.facts_until(engine, moment)
    currency = settings.currency or usual_currency(engine, facts["purchases"]) or state.note("currency") or "EUR"
    state.set_note("currency", currency)
    watch.step("know")
    known = know.know(state, engine, facts, moment, currency, catalogue, settings)
    watch.step("hear")
    try:
        heard = asdict(hear(state, engine, facts, embedder, moment, progress))
    except NotSent as wrong:  # a model elsewhere does not answer: customers are decided for all the same
        heard = {"unknown": str(wrong)}
    watch.step("focus")
    focus = look(engine, state, facts, known.identities, moment, currency, catalogue, settings)
    watch.step("learn")
    settle(state, engine, known.days, moment)
    told = learn(state, engine, facts, known.days, known.identities, catalogue, settings, moment)
    watch.step("decide")
    laid = rationed.lay(state, catalogue, settings, moment)
    chosen = choose.for_everyone(state, engine, known.customers, catalogue, settings, moment, laid, told)
    watch.step("save")
    customers = state.replace_customers(engine.stream(known.customers))
    state.save_decisions(moment.day, DAILY, chosen.situations, chosen.decisions)
    laid.keep(chosen.put_off, moment.now)
    watch.step("tell")
    summary = findings.summarise(engine, known.customers)
    learned = {"spender": known.value, "sender": known.sender}
    voice, voice_of = findings.voice(engine, facts["answers"], facts["voices"], known.identities, moment)
    report = TurnReport(
        turn_id=digest("turn", moment.now.isoformat(), started_at.isoformat())[:20],
        as_of=moment.now,
        day=moment.day,
        started_at=started_at,
        customers=customers,
        decisions=chosen.acting,
        seconds=watch.seconds,
        findings=(
            *findings.found(engine, facts["purchases"], summary, learned, last, currency),
            *watched(focus, last, moment.day),
        ),
        models={
            **learned,
            "policy": {**chosen.learned, "drifted": list(told.drifted)},
            "plan": dict(chosen.planned),
            "voices": heard,
            "focus": focus,
        },
        arrived=findings.arrived(engine, facts, last),
        lenses=findings.lenses(engine, facts, known.customers, known.identities, summary, moment, currency),
        voice=voice,
        voice_of=voice_of,
    )
    watch.step("")
    state.save_turn(report)
    engine.release()
    return report


def usual_currency(engine: Engine, purchases: ir.Table) -> str | None:
    """The currency of most purchases; None before there are any. Ties fall to the first in the alphabet."""
    counts = purchases.group_by("currency").agg(n=_.count()).order_by(ibis.desc("n"), "currency").limit(1)
    found = engine.rows(counts)["currency"].to_pylist()
    return found[0] if found else None
