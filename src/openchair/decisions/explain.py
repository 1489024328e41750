"""Why: a decision in the three terms of the engagement formula, and what would have changed it.

What the customer wants + the pillar + the relationship, each one sentence, and each said only from what is known: where
nobody has told us a wish, the sentence says so.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from openchair.core.money import show
from openchair.core.words import ago
from openchair.decisions.reasons import (
    BUDGET,
    COMPLAINT_FIRST,
    HELD_BACK,
    IDEA_RESTS,
    LIFTABLE,
    NO_CONSENT,
    NOT_PROFILED,
    NOTHING_LEFT,
    PEACE,
    REASONS,
    TOO_SOON,
)
from openchair.decisions.record import Record, column
from openchair.decisions.situation import COMPLAINT_DAYS
from openchair.dossier.stage import RHYTHM_ORDERS, days, every
from openchair.loyalty.actions import WAIT, Action
from openchair.loyalty.pillars import EXPERIENCES, PILLARS


def reasons_of(
    chosen: str,
    record: Record,
    customer: Mapping[str, Any],
    actions: Mapping[str, Action],
    *,
    day: date,
    wishes: Sequence[str] = (),
) -> tuple[str, str, str]:
    """Why this action, in three sentences: what they want, the pillar, the relationship.

    customer: their row (chair.ports.CUSTOMER_COLUMNS). actions: by id. wishes: what the customer has said they want,
    in words; nothing else is ever said to be a want.
    """
    action = actions.get(chosen)
    wants = _wants(customer, wishes, day)
    relationship = f"{_rhythm(customer, day)}; {_silence(customer, day)}"
    if action is None:
        return (_sentence(wants), _sentence(_why_wait(record)), _sentence(relationship))
    return (
        _sentence(f"{wants}; {action.want}"),
        _sentence(f"{PILLARS[action.pillar].title}, to {_AIM[action.experience]}; {_known(action, record)}"),
        _sentence(f"{relationship}; {action.relationship}"),
    )


def would_change_of(chosen: str, record: Record, actions: Mapping[str, Action], currency: str) -> str:
    """What would have had to be otherwise for another action to win, in one sentence."""
    mine, best = record.of(chosen), record.candidates[0]
    if best.counts > mine.counts:
        likely = mine.probability >= column(record.candidates, "probability").max()
        hoped = f"Tried, to learn what it brings: it may be {show(mine.high, currency)}"
        said = (
            hoped
            if likely and mine.high * mine.weight > best.high * best.weight
            else f"Chance chose this, to learn ({_share(mine.probability)})"
        )
        return f"{said}; by expectation alone it would have been {_named(best.action, actions)}."
    barred = record.barred(TOLD)
    if barred is not None and barred.counts > mine.counts:
        return f"It would have been {_named(barred.action, actions)} {barred.if_only}."
    other = next((one for one in record.candidates if one.action != chosen), None)
    if other is None:
        return "Nothing else was possible: every action was ruled out."
    if other.action == WAIT:
        gap = show(mine.gain, currency, cents=True)
        return f"We would have waited, were it expected to bring {gap} less."
    gap = show(mine.counts / other.weight - other.gain, currency, cents=True)
    return f"It would have been {_named(other.action, actions)}, were that expected to bring more than {gap} more."


TOLD: Mapping[str, str] = {
    "person": "We thought of seeing to something for you in person.",
    "parcel": "We thought of putting something in your next parcel.",
    "e-mail": "We thought of writing you an e-mail.",
    "call": "We thought of calling you.",
    "letter": "We thought of writing you a letter.",
    "message": "We thought of sending you a message.",
    "webhook": "We thought of having something ready for you.",
    WAIT: "We decided to leave you in peace this time.",
    "complained": "You told us that something was wrong; that was {since} days ago.",
    "complained the day before": "You told us the day before that something was wrong.",
    "complained the same day": "You told us the same day that something was wrong.",
    "score": "You gave us {score} of 10 when we last asked.",
    "rhythm": "You usually order every {days} days; it has been {since}.",
    "orders": "Orders from you so far: {orders}.",
    "touched": "We were last in touch {since} days ago.",
    "touched the day before": "We were last in touch the day before.",
    "touched the same day": "We were last in touch the same day.",
    "untouched": "We have not been in touch with you before.",
    "best": "It was expected to serve you best.",
    "chance": "Chance chose it among what suits you, so that we learn what helps.",
    "alone": "Nothing else was possible: your rules, what you agreed to or what suits you ruled it out.",
    LIFTABLE[NO_CONSENT]: "It might have been something else if you had agreed to hear from us that way.",
    LIFTABLE[NOT_PROFILED]: "It might have been something else if we were allowed to choose by what we know of you.",
    LIFTABLE[PEACE]: "It might have been something else if you had not asked to be left in peace.",
    LIFTABLE[TOO_SOON]: "It might have been something else if we had not been in touch so recently.",
    LIFTABLE[NOTHING_LEFT]: "It might have been something else if you had heard less from us of late.",
    LIFTABLE[IDEA_RESTS]: "It might have been something else if you had not had that idea from us of late.",
    LIFTABLE[COMPLAINT_FIRST]: "It might have been something else if your complaint were settled.",
    LIFTABLE[BUDGET]: "It might have been something else if we had had more time and means that day.",
    "otherwise": "It would have been something else only if that had been expected to serve you better.",
}
"""All that `told` says, in English, which is also the key of its translations."""


def told(
    chosen: str, record: Record, customer: Mapping[str, Any], actions: Mapping[str, Action], day: date
) -> tuple[tuple[str, Mapping[str, int]], ...]:
    """Why, for the customer's own eyes: sentences to be translated (TOLD), each with the numbers that stand in it.

    What was thought of, what was looked at, how it was chosen, and what would have changed it.
    """
    mine = record.find(chosen)
    action = actions.get(chosen)
    what = WAIT if chosen == WAIT else customer.get("channel") or (action.channel if action else "")
    said: list[tuple[str, Mapping[str, int]]] = [(what, {})] if what else []
    complained, score, gap = (customer.get(name) for name in ("complained_on", "nps_score", "gap_days"))
    orders, last, contacted = int(customer.get("orders") or 0), customer.get("last_on"), customer.get("contacted_on")
    if complained is not None and (day - complained).days <= COMPLAINT_DAYS:
        said.append(_since("complained", (day - complained).days))
    if score is not None and score == score:
        said.append(("score", {"score": round(score)}))
    if orders >= RHYTHM_ORDERS and last is not None and gap is not None and gap == gap:
        said.append(("rhythm", {"days": max(round(gap), 1), "since": max((day - last).days, 0)}))
    else:
        said.append(("orders", {"orders": orders}))
    said.append(("untouched", {}) if contacted is None else _since("touched", (day - contacted).days))
    barred = record.barred(TOLD)
    counts = mine.counts if mine else 0.0
    if len(record.candidates) == 1:
        said.append(("alone", {}))
    elif record.candidates[0].counts > counts:
        said.append(("chance", {}))
    else:
        said.append(("best", {}))
    said.append((barred.if_only if barred is not None and barred.counts > counts else "otherwise", {}))
    return tuple((TOLD[key], numbers) for key, numbers in said)


def _since(key: str, days: int) -> tuple[str, Mapping[str, int]]:
    """The sentence that says how long ago something was when it was decided."""
    near = {0: f"{key} the same day", 1: f"{key} the day before"}
    return near.get(max(days, 0), key), {"since": days} if days > 1 else {}


_AIM = dict(EXPERIENCES) | {
    "curate": "curate what is offered",
    "automate": "do it for them",
    "respond": "respond to desire",
    "coach": "coach behaviour",
}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _wants(customer: Mapping[str, Any], wishes: Sequence[str], day: date) -> str:
    """What is known of their wants: said wishes first, then a complaint or a score, then that we do not know."""
    if wishes:
        return f"wants {', '.join(wishes)}"
    complained = customer.get("complained_on")
    if complained is not None and (day - complained).days <= COMPLAINT_DAYS:
        return f"complained {ago((day - complained).days)}"
    score = customer.get("nps_score")
    heard = "" if score is None or score != score else f"gave {score:g} of 10 when last asked; "
    gap = customer.get("gap_days")
    orders = int(customer.get("orders") or 0)
    if orders >= RHYTHM_ORDERS and gap is not None and gap == gap:
        return f"{heard}orders about {every(gap)}, with no stated wishes yet"
    return f"{heard}{'one order' if orders == 1 else 'no order' if orders == 0 else f'{orders} orders'} so far, " + (
        "with no stated wishes yet"
    )


def _rhythm(customer: Mapping[str, Any], day: date) -> str:
    """Where they are in their life with us."""
    last, gap = customer.get("last_on"), customer.get("gap_days")
    orders = int(customer.get("orders") or 0)
    stage = str(customer.get("stage") or "prospect")
    if orders == 0 or last is None:
        return f"{stage}, no order yet"
    since = max((day - last).days, 0)
    if orders < RHYTHM_ORDERS or gap is None or gap != gap:
        return f"{stage}, last order {ago(since)}"
    return f"{stage}, last order {ago(since)} where {days(gap)} is usual"


def _silence(customer: Mapping[str, Any], day: date) -> str:
    """When we were last in touch."""
    contacted = customer.get("contacted_on")
    if contacted is None:
        return "no contact from us on record"
    return f"our last word was {ago(max((day - contacted).days, 0))}"


def _known(action: Action, record: Record) -> str:
    """How well it is known what the action brings, and whether its pillar moves this customer otherwise than others."""
    one = record.of(action.id)
    beside = "" if record.situation["value_known"] else ", for a customer whose value is a guess"
    leaning = record.situation.get("leaning", {}).get(action.pillar, 0)
    if leaning:
        beside += f"; it has moved this customer {'more' if leaning > 0 else 'less'} than others like them"
    beside += f"; the focus map counts it {one.weight:g} times" if one.weight != 1 else ""
    if one.n >= 1:
        return f"what it brings was learned from {one.n:.0f} outcomes{beside}"
    return f"what it brings is a prior belief, not yet learned from this shop's outcomes{beside}"


def _why_wait(record: Record) -> str:
    """Why nothing was done."""
    if REASONS[HELD_BACK] in record.reasons():
        return "nothing, on purpose: the lot left them alone this quarter, so that it can be seen whether deciding pays"
    if len(record.candidates) == 1:
        return "nothing: each action was ruled out, by a rule or because it would cost more than it brings"
    mine = record.of(WAIT)
    return f"nothing this time, by chance ({_share(mine.probability)}), so that we learn what happens without us"


def _share(probability: float) -> str:
    return f"{100 * probability:.0f} in 100" if probability >= 0.01 else "less than 1 in 100"


def _named(action: str, actions: Mapping[str, Action]) -> str:
    title = "to wait" if action == WAIT else actions[action].title if action in actions else action
    return title if action == WAIT else f"“{title}”"
