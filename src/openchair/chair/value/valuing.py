"""Value: what customers are worth as spenders and senders, who they are, who moves, and whether the foretold came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.special import ndtri

from openchair.chair.ports import Engine
from openchair.chair.value.reports import (
    Cell,
    Excluded,
    Mover,
    QuadrantShare,
    SegmentModel,
    Subscriptions,
    Valued,
    ValueReport,
)
from openchair.chair.value.worth import reckoned
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.value import lifetime, totals, worth
from openchair.value.calibration import Tenth
from openchair.value.senders import quadrants
from openchair.value.spenders import subscribing
from openchair.value.spenders.choosing import Trial

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.chair.views import TurnReport

GRID = 18
"""Cells along each side of the plane."""
TOP, TURNING, MOVERS = 12, 15, 8
"""How many of each are named."""
MOVED_DAYS = 28
"""The newest turn at least so long before the last is held against it, or the oldest there is."""
TURNS = 120
"""Turns looked back."""
NEAR_EVEN = 0.6
"""A chance between this and its complement is near even."""
SPENDER = ("value_minor", "value_low", "value_high")
SENDER = ("sender_minor", "sender_low", "sender_high")
WORTH = ("worth_minor", "worth_low", "worth_high")
_COLUMNS = (
    "customer_id", "name", "orders", "first_on", "last_on", "spent_minor", "segment", "subscribed",
    *SPENDER, *SENDER, *WORTH,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Valuing:
    """What a shop's customers are worth."""

    chair: "Chair"

    def report(self) -> ValueReport:
        """Everybody's value as the last turn scored it."""
        chair, last = self.chair, next(iter(self.chair.state.turns(1)), None)
        if last is None:
            return _nothing(chair, None, "the wheel has not turned yet", None)
        with chair.reading() as engine:
            everyone = engine.share(chair.state.placed(_COLUMNS))
            valued = engine.keep(everyone.filter(everyone.value_minor.notnull()))
            return _Looked(chair, engine, last, valued).told()


def _subscriptions(said: Mapping[str, Any] | None) -> Subscriptions | None:
    if not said:
        return None
    left = tuple(Excluded(subscribing.REASONS[reason], n) for reason, n in said["left_out"].items())
    return Subscriptions(said["subscriptions"], said["running"], left)


def _nothing(chair: "Chair", day: date | None, why: str, needed: int | None) -> ValueReport:
    return ValueReport(
        chair.currency, day, 0, {}, None, chair.settings.margin, chair.settings.yearly_rate, {}, (), (), (), (), None,
        (), (), "", "", "", (), (), why, needed, chair.simulated,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Looked:
    """A report under way: the last turn, the engine, and the customers with a spender value."""

    chair: "Chair"
    engine: Engine
    last: "TurnReport"
    valued: ir.Table

    def told(self) -> ValueReport:
        chair, valued = self.chair, self.valued
        learned, confidence = self.last.models.get("spender", {}), chair.settings.confidence
        middle = dict(self.last.models.get("sender", {}).get("middle") or {})
        span = valued.value_high - valued.value_low
        sums = self.rows(
            valued.agg(
                n=_.count(),
                year=_.value_minor.round().cast("int64").sum(),
                squares=(span * span).sum(),
                sent=_.sender_minor.round().cast("int64").sum(),
            )
        )[0]
        if not sums["n"]:
            why = str(learned.get("unknown", "nobody bought yet"))
            return _nothing(chair, self.last.day, why, None)
        terms = {name: float(learned.get(name, getattr(chair.settings, name))) for name in ("margin", "yearly_rate")}
        since, risen, fallen = self.moved()
        cut = {name: middle.get(name) for name in ("spender", "sender")}
        return ValueReport(
            currency=chair.currency,
            day=self.last.day,
            customers=sums["n"],
            totals=self.totals(learned, sums, terms),
            sender_total_minor=sums["sent"],
            margin=terms["margin"],
            yearly_rate=terms["yearly_rate"],
            middle=cut,
            quadrants=self.quadrants(cut, confidence),
            cells=self.cells(),
            top=self.named(valued.order_by(ibis.desc("worth_minor"), "customer_id").limit(TOP), cut),
            turning=self.turning(cut, confidence),
            since=since,
            risen=risen,
            fallen=fallen,
            model=str(learned.get("model", "")),
            chosen=str(learned.get("chosen", "")),
            segmented=str(learned.get("segmented", "")),
            tried=msgspec.convert(learned.get("tried", []), tuple[Trial, ...]),
            calibration=msgspec.convert(learned.get("calibration", []), tuple[Tenth, ...]),
            simulated=chair.simulated,
            segments=tuple(
                SegmentModel(name, one["customers"], one["model"], one["chosen"])
                for name, one in sorted(learned.get("segments", {}).items(), key=lambda part: -part[1]["customers"])
            ),
            subscriptions=_subscriptions(learned.get("subscriptions")),
        )

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.engine.rows(expression).to_pylist()
        return found

    def columns(self, expression: ir.Table) -> dict[str, NDArray[Any]]:
        found = self.engine.rows(expression)
        return {name: found[name].to_numpy(zero_copy_only=False) for name in found.column_names}

    def totals(
        self, learned: Mapping[str, Any], sums: Mapping[str, Any], terms: Mapping[str, float]
    ) -> Mapping[str, Number]:
        """Spender value of all, at every horizon: customers drawn by their share of the money, evenly along it."""
        step, confidence = max(sums["year"] // totals.POINTS, 1), self.chair.settings.confidence
        money = self.valued.mutate(whole=self.valued.value_minor.round().cast("int64"))
        upto = money.whole.sum().over(order_by=[money.value_minor, money.customer_id], rows=(None, 0))
        times = (upto // step - (upto - money.whole) // step).cast("int64")
        drawn = self.rows(
            money.mutate(times=times).filter(_.times >= 1).order_by("value_minor", "customer_id").drop("whole")
        )
        points = [row for row in drawn for _time in range(row["times"])]
        bought = [row for row in points if row["subscribed"] is None]
        paid = [_paid(row, learned, self.last.day, confidence) for row in points if row["subscribed"] is not None]
        z = float(ndtri((1 + confidence) / 2))
        return totals.totals(
            worth.told(learned) if "params" in learned else Unknown(str(learned.get("unknown", "no turn learned it"))),
            _cases(bought, self.last.day),
            np.array([one for one in paid if one[0] > 0]).reshape(-1, len(lifetime.HORIZONS)).T,
            float(sums["year"]),
            float(np.sqrt(sums["squares"])) / (2 * z) / max(sums["year"], 1),
            sums["n"],
            confidence,
            **terms,
        )

    def quadrants(self, cut: Mapping[str, float | None], confidence: float) -> tuple[QuadrantShare, ...]:
        """How many belong to each; none while nothing is known of sending. Chances are of the distinct cases."""
        if None in cut.values():
            return ()
        some = self.valued.filter(self.valued.sender_minor.notnull())
        distinct = self.columns(some.group_by(*SPENDER, *SENDER).agg(n=_.count(), worth_minor=_.worth_minor.sum()))
        belongs, n = quadrants.membership(*_sides(distinct, cut, confidence)), distinct["n"]
        likeliest = belongs.argmax(axis=1)
        z = float(ndtri((1 + confidence) / 2))
        found = []
        for k, name in enumerate(quadrants.QUADRANTS):
            chance, theirs = belongs[:, k], likeliest == k
            mean, half = float(n @ chance), z * float(np.sqrt(n @ (chance * (1 - chance))))
            count = int(n[theirs].sum())
            found.append(
                QuadrantShare(
                    name,
                    count,
                    Estimate(mean, max(mean - half, 0.0), mean + half, n=int(n.sum())),
                    float(n[theirs] @ chance[theirs]) / count if count else None,
                    float(distinct["worth_minor"][theirs].sum()),
                )
            )
        return tuple(found)

    def cells(self) -> tuple[Cell, ...]:
        """Everybody in a grid that is even in square roots."""
        some = self.valued.filter(self.valued.sender_minor.notnull())
        most = self.rows(some.agg(x=some.value_minor.max(), y=some.sender_minor.max()))[0]
        at = {
            name: ibis.least((some[column] / (most[name] or 1.0)).sqrt() * GRID, GRID - 1).floor().cast("int64")
            for name, column in (("x", "value_minor"), ("y", "sender_minor"))
        }
        counted = some.mutate(**at).group_by("x", "y")
        found = counted.agg(n=_.count(), spends=_.value_minor.mean(), sends=_.sender_minor.mean()).order_by("x", "y")
        return tuple(Cell(row["n"], row["spends"], row["sends"]) for row in self.rows(found))

    def turning(self, cut: Mapping[str, float | None], confidence: float) -> tuple[Valued, ...]:
        """Those worth most of whom it is near even whether they spend more than the middle, or send more."""
        sides = [
            _near(self.valued, triple, middle, confidence)
            for triple, middle in zip((SPENDER, SENDER), cut.values(), strict=True)
            if middle is not None
        ]
        if len(sides) < len(cut):
            return ()
        near = self.valued.filter(sides[0] | sides[1])
        return self.named(near.order_by(ibis.desc("worth_minor"), "customer_id").limit(TURNING), cut)

    def named(self, some: ir.Table, cut: Mapping[str, float | None]) -> tuple[Valued, ...]:
        """A few customers, in their order, each with the likeliest quadrant."""
        rows = self.rows(some)
        known = [row["sender_minor"] is not None and None not in cut.values() for row in rows]
        column = {name: np.array([row[name] or 0.0 for row in rows]) for name in (*SPENDER, *SENDER)}
        sides = _sides(column, cut, self.chair.settings.confidence)
        even = (np.abs(sides - 0.5) <= NEAR_EVEN - 0.5).T.tolist()
        return tuple(
            Valued(
                row["customer_id"], row["name"] or row["customer_id"], _number(row, SPENDER), _number(row, SENDER),
                _number(row, WORTH), quadrants.QUADRANTS[int(chances.argmax())] if sure else "",
                float(chances.max()) if sure else 0.0, _EVEN[spends, sends] if sure else "",
            )
            for row, chances, sure, (spends, sends) in zip(rows, quadrants.membership(*sides), known, even, strict=True)
        )  # fmt: skip

    def moved(self) -> tuple[date | None, tuple[Mover, ...], tuple[Mover, ...]]:
        """Since which turn, and whose worth rose and fell most since then."""
        days = sorted({turn.day for turn in self.chair.state.turns(TURNS) if turn.day < self.last.day})
        if not days:
            return None, (), ()
        far = [day for day in days if day <= self.last.day - timedelta(days=MOVED_DAYS)]
        since = far[-1] if far else days[0]
        before = self.engine.share(self.chair.state.worths(since)).rename(before_minor="worth_minor")
        both = self.valued.inner_join(before, "customer_id")
        both = both.mutate(change=both.worth_minor - both.before_minor)
        risen = both.filter(both.change > 0).order_by(ibis.desc("change"), "customer_id").limit(MOVERS)
        fallen = both.filter(both.change < 0).order_by("change", "customer_id").limit(MOVERS)
        return since, self.movers(risen), self.movers(fallen)

    def movers(self, some: ir.Table) -> tuple[Mover, ...]:
        return tuple(
            Mover(row["customer_id"], row["name"] or row["customer_id"], row["before_minor"], _number(row, WORTH),
                  row["last_on"])
            for row in self.rows(some)
        )  # fmt: skip


def _cases(rows: Sequence[Mapping[str, Any]], day: date) -> dict[str, NDArray[Any]]:
    """Customers' counts as `worth.ahead` wants them."""
    return {
        "orders": np.array([row["orders"] for row in rows]),
        "spent_minor": np.array([row["spent_minor"] for row in rows]),
        "segment": np.array([row["segment"] for row in rows]),
        "recency_days": np.array([(row["last_on"] - row["first_on"]).days for row in rows]),
        "age_days": np.array([max((day - row["first_on"]).days, 1) for row in rows]),
    }


def _paid(row: Mapping[str, Any], learned: Mapping[str, Any], day: date, confidence: float) -> list[float]:
    """What a subscriber is worth at every horizon."""
    found = reckoned(row, learned, day, confidence).values()
    return [one.value if isinstance(one, Estimate) else 0.0 for one in found]


def _number(row: Mapping[str, Any], triple: Sequence[str]) -> Number:
    value, low, high = (row[name] for name in triple)
    return Unknown("nothing is known of sending") if value is None else Estimate(value, low, high, n=row["orders"])


def _sides(
    column: Mapping[str, NDArray[Any]], cut: Mapping[str, float | None], confidence: float
) -> NDArray[np.float64]:
    """(2, n) the chances of spending and of sending more than the middle customer."""
    sides = []
    for triple, middle in zip((SPENDER, SENDER), cut.values(), strict=True):
        value, low, high = (column[name] for name in triple)
        sides.append(quadrants.above(value, low, high, middle or 0.0, confidence))
    return np.stack(sides)


_EVEN = {(False, False): "", (True, False): "spending", (False, True): "sending", (True, True): "both"}


def _near(table: ir.Table, triple: Sequence[str], cut: float, confidence: float) -> ir.BooleanValue:
    """Whether it is near even that a value is above the cut: the terms of `quadrants.above`, for the engine."""
    value, low, high = (table[name] for name in triple)
    arm = ibis.ifelse(value > cut, value - low, high - value) / float(ndtri((1 + confidence) / 2))
    near: ir.BooleanValue = (arm > 0) & ((value - cut).abs() <= float(ndtri(NEAR_EVEN)) * arm)
    return near
