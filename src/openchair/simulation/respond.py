"""`respond`: what comes of decisions made for the sample shop's members, to close a loop on known truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.special import gammaincinv, ndtri

from openchair.core.errors import BadInput
from openchair.loyalty.actions import WAIT, Action, default
from openchair.simulation.buying import order_ids
from openchair.simulation.files import Facts, fact_ids, facts
from openchair.simulation.moved import COMES, HORIZON_DAYS, YEAR_DAYS, Members, Tired, Truth, truth_of
from openchair.simulation.people import choose_items
from openchair.simulation.telling import QUESTION, SURVEY
from openchair.simulation.truth import alive, members_of
from openchair.simulation.world import DAY_US, Floats, Ints, World, draws, world

# Ordinals beyond those of a simulated history, so that an outcome never takes the id of a fact there.
_BEYOND = 2**27
_SHARE_OPENED = 0.4
_SHARE_ANSWERED = 0.1
_HOUR_US = 3_600_000_000


def read_truth(out: Path) -> pa.Table:
    """The members' truth that `simulate` wrote beside the files in `out`. Raises BadInput where there is none."""
    path = out / "truth" / "customers.parquet"
    if not path.is_file():
        raise BadInput("folder", value=str(out), bound="must hold truth/customers.parquet", remedy="Simulate into it.")
    return pq.read_table(path)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was decided in order of time, and for whom: `row` in `known`, `number`; `action` is A for waiting."""

    seed: int
    truth: Truth
    decisions: pa.Table
    known: pa.Table
    row: Ints
    number: Ints
    action: Ints
    at_us: Ints
    end_us: int

    @property
    def acts(self) -> np.ndarray:
        return self.action < len(self.truth.actions)

    def chance(self, topic: int) -> Floats:
        return draws(self.seed, self.number, self.at_us // DAY_US, np.full(1, topic))

    def good(self) -> Floats:
        """(n,) points of satisfaction that each decision gives or, below 0, takes."""
        return np.append(self.truth.good, 0.0)[self.action]

    def told(
        self, kind: str, chosen: np.ndarray, at_us: Ints, columns: Mapping[str, object], ordinal: int = 0
    ) -> pa.Table:
        """Facts of the chosen rows, at their times, with the decision they come of."""
        who = np.flatnonzero(chosen & (at_us < self.end_us))
        shared = {
            "fact_id": fact_ids(self.seed, kind, self.number[who], _BEYOND + self.at_us[who] // DAY_US),
            "happened_at": at_us[who],
            "identifier": self.known["customer"].take(pa.array(self.row[who])),
        }
        own = {name: part[who] if isinstance(part, np.ndarray) else part for name, part in columns.items()}
        if kind in ("answers", "contacts"):
            own["decision_id"] = self.decisions["decision_id"].take(pa.array(who))
        return facts(kind, len(who), {**shared, **own})


def respond(
    truth: pa.Table,
    decisions: pa.Table,
    *,
    actions: Sequence[Action] | None = None,
    seed: int = 1,
    until: date | None = None,
) -> Facts:
    """What came of `decisions`: purchases, answers, opened mail, complaints and consents taken back, as facts by kind.

    truth: rows of truth/customers.parquet. decisions: all there have been, each with decision_id, customer (an
    identifier such as id:M000001), action (`wait` to do nothing) and decided_at (UTC). actions: the catalogue they are
    from, by default the one that comes with Openchair. Each member decided for buys on every day after their first
    decision, and the more for what moved them (simulation.moved); nobody leaves meanwhile. It ends before `until`, or
    HORIZON_DAYS after the last decision. Chances follow from seed, member and day, and are the same under every action:
    two policies are compared on equal luck, and a repeated call, with more decisions, gives the same facts and more.
    Raises BadInput for a member that the truth does not know, and an action that is in no catalogue.
    """
    catalogue = truth_of(default() if actions is None else actions, seed)
    ordered = decisions.sort_by([("decided_at", "ascending"), ("decision_id", "ascending")])
    row, action = _rows(truth, ordered), _actions(catalogue.actions, ordered)
    people, place = np.unique(row, return_inverse=True)
    known = truth.take(pa.array(people))
    number = pc.cast(pc.utf8_slice_codeunits(known["customer"], 4), pa.int64()).to_numpy()
    at_us = pc.cast(pc.cast(ordered["decided_at"], pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy()
    last = (until - date(1970, 1, 1)).days if until else int(at_us.max(initial=0)) // DAY_US + HORIZON_DAYS + 1
    decided = _Decided(seed, catalogue, ordered, known, place, number[place], action, at_us, last * DAY_US)
    members = members_of(known)
    found = [(np.zeros(0, np.int64), 0), *_bought(decided, members, number, last)]
    who = np.concatenate([rows for rows, _ in found])
    day = np.repeat([one for _, one in found], [len(rows) for rows, _ in found])
    return {
        "purchases": _orders(world(), seed, known.take(pa.array(who)), day),
        "answers": _answers(decided, members),
        "contacts": _opened(decided),
        "voices": _complaints(decided),
        "traits": _withdrawals(decided),
    }


def _bought(decided: _Decided, members: Members, number: Ints, last: int) -> Iterator[tuple[Ints, int]]:
    """(rows of members, day) of those who order, day by day from the one after the first decision."""
    truth, day_of = decided.truth, decided.at_us // DAY_US
    effects = truth.effects(members)
    lives = np.where(alive(decided.known), members.rate, 0.0)
    begins = np.full(len(members), last)
    np.minimum.at(begins, decided.row, day_of)
    first = int(day_of.min(initial=last))
    tired = Tired.none(truth, len(members), first)
    extra = np.zeros((len(members), HORIZON_DAYS))
    for day in range(first, last):
        buys = draws(decided.seed, number, np.full(1, day)) < np.clip(lives + extra[:, 0], 0, 0.95)
        yield np.flatnonzero(buys & (begins < day)), day
        extra = np.column_stack([extra[:, 1:], np.zeros(len(members))])
        # Whoever has two decisions on a day is moved by both, the second the less.
        todo = np.flatnonzero((day_of == day) & decided.acts)
        while len(todo):
            _, once = np.unique(decided.row[todo], return_index=True)
            now, todo = todo[once], np.delete(todo, once)
            who, did, tired = decided.row[now], decided.action[now], tired.on(day)
            share = effects[who, did] * tired.left(truth)[who, did] * truth.season(day)[did]
            extra[who] += (share * YEAR_DAYS * members.rate[who])[:, None] * COMES
            tired = tired.after(truth, who, did)


def _orders(shop: World, seed: int, who: pa.Table, day: Ints) -> pa.Table:
    """One order line for each member in `who` on that day."""
    number = pc.cast(pc.utf8_slice_codeunits(who["customer"], 4), pa.int64()).to_numpy()
    chance = [draws(seed, number, day, np.full(1, topic)) for topic in (1, 2, 3)]
    shape = shop.raw["spending"]["p"]
    mean_minor: Floats = np.asarray(who["mean_order_minor"])
    paid = np.maximum(np.round(gammaincinv(shape, chance[0]) / shape * mean_minor).astype(np.int64), 100)
    held = who["allergies"].combine_chunks().dictionary_encode()
    masks = np.array([_mask(shop, text) for text in held.dictionary.to_pylist()], dtype=np.int64)
    diets = pc.index_in(who["diet"], pa.array(shop.diets)).to_numpy().astype(np.int64)
    item = choose_items(shop, chance[1], masks[held.indices.to_numpy()] if len(masks) else diets, diets)
    at_us = day * DAY_US + 5 * _HOUR_US + np.floor(14 * _HOUR_US * chance[2]).astype(np.int64)
    return facts(
        "purchases",
        len(day),
        {
            "fact_id": fact_ids(seed, "purchases", number, _BEYOND + day),
            "happened_at": at_us,
            "identifier": who["customer"],
            "order_id": order_ids(number, day),
            "item_id": (item, shop.items.ids),
            "item_name": (item, shop.items.names),
            "category": (shop.items.category[item], shop.items.categories),
            "quantity": np.maximum(1, np.round(paid / shop.items.price_minor[item])),
            "amount_minor": paid,
            "currency": shop.raw["currency"],
        },
    )


def _answers(decided: _Decided, members: Members) -> pa.Table:
    """One in ten who got something answers the NPS question, the better for the good it did them."""
    score = np.asarray(decided.known["score"], dtype=np.float64)[decided.row]
    felt = score + decided.good() + ndtri(np.maximum(decided.chance(4), 1e-12))
    at_us = decided.at_us + np.floor((1 + 6 * decided.chance(5)) * DAY_US).astype(np.int64)
    asked = {"survey_id": SURVEY, "metric": "nps", "question": QUESTION}
    answers = decided.acts & (decided.chance(6) < _SHARE_ANSWERED)
    return decided.told("answers", answers, at_us, {**asked, "score": np.clip(np.round(felt), 0, 10)})


def _opened(decided: _Decided) -> pa.Table:
    """Two in five who got something open it within hours."""
    at_us = decided.at_us + np.floor((0.5 + 20 * decided.chance(8)) * _HOUR_US).astype(np.int64)
    opens = decided.acts & (decided.chance(7) < _SHARE_OPENED)
    at = np.minimum(decided.action, len(decided.truth.actions) - 1)
    ids, pillars = zip(*((one.id, one.pillar) for one in decided.truth.actions), strict=True)
    columns = {"action": np.array(ids)[at], "pillar": np.array(pillars)[at], "status": "opened"}
    return decided.told("contacts", opens, at_us, columns)


def _complaints(decided: _Decided) -> pa.Table:
    """Tickets of those whom an action harmed, and now and then of others."""
    said = np.array(world().raw["pressed"]["list"])
    complains = decided.acts & (decided.chance(9) < decided.truth.complaint[decided.action])
    text = said[(len(said) * decided.chance(10)).astype(np.int64)]
    return decided.told("voices", complains, _later(decided, 11), {"channel": "ticket", "text": text, "language": "en"})


def _withdrawals(decided: _Decided) -> pa.Table:
    """Consents to marketing that were taken back."""
    leaves = decided.acts & (decided.chance(12) < decided.truth.withdrawal[decided.action])
    no = {"name": "consent.marketing", "value": "no", "said_by": "customer"}
    return decided.told("traits", leaves, _later(decided, 13), no)


def _later(decided: _Decided, topic: int) -> Ints:
    """(n,) a time one to three weeks after each decision."""
    return decided.at_us + np.floor((7 + 14 * decided.chance(topic)) * DAY_US).astype(np.int64)


def _rows(truth: pa.Table, decisions: pa.Table) -> Ints:
    """The row of `truth` of each decision's member."""
    found = pc.index_in(decisions["customer"], value_set=truth["customer"].combine_chunks())
    strange = decisions["customer"].filter(pc.is_null(found))
    if len(strange):
        bound, remedy = "must be in the truth", "Decide for a member."
        raise BadInput("customer", value=strange[0].as_py(), bound=bound, remedy=remedy)
    return np.asarray(found, dtype=np.int64)


def _actions(actions: Sequence[Action], decisions: pa.Table) -> Ints:
    """The place of each decision's action, after the last for waiting."""
    names = [*(one.id for one in actions), WAIT]
    found = pc.index_in(decisions["action"], value_set=pa.array(names))
    strange = decisions["action"].filter(pc.is_null(found))
    if len(strange):
        bound, remedy = "must be in the catalogue", f"Name one of its actions, or {WAIT}."
        raise BadInput("action", value=strange[0].as_py(), bound=bound, remedy=remedy)
    return np.asarray(found, dtype=np.int64)


def _mask(shop: World, held: str) -> int:
    return sum(1 << shop.allergens.index(name) for name in held.split(", ") if name)
