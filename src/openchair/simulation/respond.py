"""`respond`: what comes of decisions made for the sample shop's members, to close a loop on known truth."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.special import gammaincinv, ndtri

from openchair.core.errors import BadInput
from openchair.simulation.buying import order_ids
from openchair.simulation.files import Facts, fact_ids, facts
from openchair.simulation.people import choose_items
from openchair.simulation.telling import QUESTION, SURVEY
from openchair.simulation.truth import HORIZON_DAYS, rate_under
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
    """What was decided, row by row, beside the truth of whom it was for; `pillar` is -1 where it was to wait."""

    seed: int
    decisions: pa.Table
    known: pa.Table
    number: Ints
    pillar: Ints
    at_us: Ints
    end_us: int

    def chance(self, topic: int) -> Floats:
        return draws(self.seed, self.number, self.at_us // DAY_US, np.full(1, topic))

    def told(self, kind: str, who: Ints, at_us: Ints, columns: dict[str, object]) -> pa.Table:
        """Facts of these rows, with the decision they come of."""
        rows = pa.array(who)
        shared = {
            "fact_id": fact_ids(self.seed, kind, self.number[who], _BEYOND + self.at_us[who] // DAY_US),
            "happened_at": at_us[who],
            "identifier": self.known["customer"].take(rows),
            "decision_id": self.decisions["decision_id"].take(rows),
        }
        return facts(kind, len(who), {**shared, **columns})


def respond(
    truth: pa.Table, decisions: pa.Table, *, seed: int = 1, days: int = HORIZON_DAYS, until: date | None = None
) -> Facts:
    """What came of `decisions`: purchases, answers and opened mail as facts by kind, in the kinds' own schemas.

    truth: rows of truth/customers.parquet. decisions: decision_id, customer (an identifier such as id:M000001), action,
    pillar (null where the decision was to wait) and decided_at (UTC). Each decided member buys on each of the `days`
    days after the decision with their rate under that pillar (see `true_gain`); nobody leaves meanwhile. Where
    decisions overlap the strongest counts. Facts on or after `until` are left out. Chances follow from seed, member and
    day, and are the same under every action, so two policies are compared on equal luck and a repeated call gives
    the same facts. Raises BadInput for a member or a pillar that the truth does not know.
    """
    shop = world()
    row = _rows(truth, decisions)
    pillar = _pillars(shop, decisions)
    known = truth.take(pa.array(row))
    number = pc.cast(pc.utf8_slice_codeunits(known["customer"], 4), pa.int64()).to_numpy()
    decided_us = pc.cast(pc.cast(decisions["decided_at"], pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy()
    end_us = (until - date(1970, 1, 1)).days * DAY_US if until else np.iinfo(np.int64).max
    rate = np.clip(rate_under(known, pillar, shop.pillars), 0, 0.95)
    day = decided_us[:, None] // DAY_US + np.arange(1, days + 1)
    buys = (draws(seed, number[:, None], day) < rate[:, None]) & ((day + 1) * DAY_US <= end_us)
    decision, step = np.nonzero(buys)
    decided = _Decided(seed, decisions, known, number, pillar, decided_us, end_us)
    # One order a member and day, however many decisions reach for it.
    _, once = np.unique(number[decision] << np.int64(32) | day[decision, step], return_index=True)
    return {
        "purchases": _orders(shop, seed, known.take(pa.array(decision[once])), day[decision[once], step[once]]),
        "answers": _answers(shop, decided),
        "contacts": _opened(decided),
    }


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


def _answers(shop: World, decided: _Decided) -> pa.Table:
    """One in ten who got something answers the NPS question: the better for having been moved by it."""
    moved = np.column_stack([np.asarray(decided.known[f"response_{p}"]) for p in shop.pillars])
    own = moved[np.arange(len(decided.number)), decided.pillar]
    felt = shop.raw["score"]["base"] + 4 * own + ndtri(decided.chance(4))
    at_us = decided.at_us + np.floor((1 + 6 * decided.chance(5)) * DAY_US).astype(np.int64)
    who = np.flatnonzero((decided.pillar >= 0) & (decided.chance(6) < _SHARE_ANSWERED) & (at_us < decided.end_us))
    asked = {"survey_id": SURVEY, "metric": "nps", "question": QUESTION}
    return decided.told("answers", who, at_us, {**asked, "score": np.clip(np.round(felt[who]), 0, 10)})


def _opened(decided: _Decided) -> pa.Table:
    """Two in five who got something open it within hours."""
    at_us = decided.at_us + np.floor((0.5 + 20 * decided.chance(8)) * _HOUR_US).astype(np.int64)
    who = np.flatnonzero((decided.pillar >= 0) & (decided.chance(7) < _SHARE_OPENED) & (at_us < decided.end_us))
    action, pillar = (decided.decisions[name].take(pa.array(who)) for name in ("action", "pillar"))
    return decided.told("contacts", who, at_us, {"action": action, "pillar": pillar, "status": "opened"})


def _rows(truth: pa.Table, decisions: pa.Table) -> Ints:
    """The row of `truth` of each decision's member."""
    found = pc.index_in(decisions["customer"], value_set=truth["customer"].combine_chunks())
    strange = decisions["customer"].filter(pc.is_null(found))
    if len(strange):
        raise BadInput(
            "customer", value=strange[0].as_py(), bound="must be in the truth", remedy="Decide for a member."
        )
    return np.asarray(found, dtype=np.int64)


def _pillars(shop: World, decisions: pa.Table) -> Ints:
    """The place of each decision's pillar, -1 for none."""
    found = pc.index_in(decisions["pillar"], value_set=pa.array(shop.pillars))
    strange = decisions["pillar"].filter(pc.and_(pc.is_null(found), pc.is_valid(decisions["pillar"])))
    if len(strange):
        bound = f"must be one of {', '.join(shop.pillars)}"
        raise BadInput("pillar", value=strange[0].as_py(), bound=bound, remedy="Name one of these, or null to wait.")
    return np.asarray(pc.fill_null(found, -1), dtype=np.int64)


def _mask(shop: World, held: str) -> int:
    return sum(1 << shop.allergens.index(name) for name in held.split(", ") if name)
