"""The primary customer: sides of the market, segments of buyers, who picks the shop, and whom to serve first."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from openchair.chair.actor import Actor
from openchair.chair.focus.customer.counted import Counted, part
from openchair.chair.focus.customer.naming import called
from openchair.chair.focus.customer.picking import picks, target
from openchair.chair.focus.customer.segmenting import segmented
from openchair.chair.focus.customer.sides import sides
from openchair.chair.focus.customer.views import Confirmed, Leading, PrimaryReport, Recommendation, Segment
from openchair.chair.listening.scores.measuring import weighable
from openchair.chair.ports import Engine
from openchair.chair.state.records import Choice
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, NotAllowed
from openchair.core.estimate import Estimate, Unknown
from openchair.core.money import show
from openchair.core.words import count
from openchair.dossier.stage import STAGES
from openchair.facts.days import local_day
from openchair.focus import buyers, leading
from openchair.value import growth
from openchair.value.growth import Periods

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DAYS, FEWEST_DAYS = 365, 28
"""Length of the later period where history reaches twice as far, else half of it; a shorter half is nothing."""
CONDITIONS, LONGEST, LONGEST_WHY = 6, 300, 2_000
_KINDS = ("purchases", "traits", "steps", "answers", "voices", "referrals", "events")
_PLACED = ("customer_id", "stage", "worth_minor", "worth_low", "worth_high")


@dataclass(frozen=True, slots=True)
class Primary:
    """Who picks this shop, and whom it is for. Counting may take a while, so it has an engine of its own."""

    chair: "Chair"

    def report(self) -> PrimaryReport:
        """Sides, segments, the target against who buys, who came back and why, and the one customer to serve first."""
        now = self.chair.moment()
        moment = Moment(max(now.now, self.chair.now_or_last()), now.zone)
        with closing(self.chair.engine()) as engine:
            counted = _counted(self.chair, engine, moment)
            return _nothing(self.chair, counted) if isinstance(counted, int) else _told(counted)

    def declare(self, conditions: Mapping[str, str], *, why: str = "", by: Actor) -> Choice:
        """Say whom the shop is for: traits, or the stage, and the value each must have. Raises BadInput, NotAllowed."""
        _of_the_team(by)
        plain = {name.strip(): value.strip() for name, value in conditions.items() if name.strip() or value.strip()}
        if not 1 <= len(plain) <= CONDITIONS:
            bound = f"has 1 to {CONDITIONS} conditions"
            raise BadInput("target", value=len(plain), bound=bound, remedy="Say language = en, for example.")
        for name, value in plain.items():
            if not (1 <= len(name) <= LONGEST and 1 <= len(value) <= LONGEST):
                bound = f"a name and a value of 1 to {LONGEST} characters"
                raise BadInput("condition", value=f"{name} = {value}"[:80], bound=bound, remedy="Say both.")
            if name != "stage" and not weighable(name):
                bound = "says who somebody is, or what binds, and makes no kind of customer"
                raise BadInput("condition", value=name, bound=bound, remedy="Name another trait.")
            if name == "stage" and value not in STAGES:
                raise BadInput("stage", value=value, bound=f"one of {', '.join(STAGES)}", remedy="Choose one of these.")
        return self._kept("target", plain, why, by)

    def confirm(self, name: str, *, recommended: str = "", why: str = "", by: Actor) -> Choice:
        """Choose the primary customer: a segment of the report, or whoever an owner knows better.

        recommended: whom the report recommended when the owner read it. Raises BadInput, NotAllowed.
        """
        _of_the_team(by)
        if by.role == "staff":
            raise NotAllowed("primary customer", value=by.name, bound="is for an owner to choose", remedy="Ask one.")
        if not 1 <= len(name.strip()) <= LONGEST or len(recommended) > LONGEST:
            bound = f"a name of 1 to {LONGEST} characters"
            raise BadInput("primary customer", value=name[:80], bound=bound, remedy="Choose one of the segments.")
        return self._kept("primary", {"name": name.strip(), "recommended": recommended.strip()}, why, by)

    def chosen(self) -> Confirmed | None:
        """Whom an owner chose; None while nobody did."""
        choice = self.chair.state.chosen("primary").get("")
        return Confirmed(**json.loads(choice.body), by=choice.by, at=choice.at, why=choice.why) if choice else None

    def _kept(self, kind: str, said: Mapping[str, str], why: str, by: Actor) -> Choice:
        if len(why) > LONGEST_WHY:
            bound = f"has at most {LONGEST_WHY:,} characters"
            raise BadInput("reason", value=f"{len(why):,} characters", bound=bound, remedy="Give a shorter one.")
        now, body = self.chair.clock(), json.dumps(said, ensure_ascii=False)
        self.chair.state.log(by.name, f"chose the {kind}", None, body, now)
        return self.chair.state.choose(kind, "", body, by=by.name, at=now, why=why.strip())


def conditions_of(text: str) -> dict[str, str]:
    """Conditions as a person writes them. Raises BadInput.

    >>> conditions_of("language = en, stage = steady")
    {'language': 'en', 'stage': 'steady'}
    """
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    for name, equals, _value in pairs:
        if not equals:
            bound = "a trait, an equals sign and a value"
            raise BadInput("condition", value=name.strip()[:80], bound=bound, remedy="Write language = en.")
    return {name.strip(): value.strip() for name, _equals, value in pairs}


def _of_the_team(by: Actor) -> None:
    if by.role == "customer":
        raise NotAllowed("focus", value=by.name, bound="is for the team to choose", remedy="Ask them.")


def _counted(chair: "Chair", engine: Engine, moment: Moment) -> Counted | int:
    """What is counted, or how many more days of history would do."""
    identities = engine.share(chair.state.identities()).select("identifier", "customer_id")
    raw = {kind: (t := engine.facts(kind)).filter(t.happened_at < moment.now) for kind in _KINDS}
    raw = {kind: t.mutate(day=local_day(t.happened_at, moment.zone)) for kind, t in raw.items()}
    lines = raw["purchases"].left_join(identities, "identifier").drop("identifier_right")
    lines = growth.judged(lines, chair.currency)
    sold = lines.filter(lines.reason == "", ~lines.is_return)
    ends = engine.rows(sold.agg(first=sold.day.min(), last=sold.day.max())).to_pylist()[0]
    periods = _periods(ends["first"], ends["last"], moment.day)
    if isinstance(periods, int):
        return periods
    looked_at = sold.filter(sold.day <= periods.to).select(*buyers.COLUMNS)
    sales = engine.keep(looked_at.distinct(on="fact_id", keep="first"))
    placed = engine.share(chair.state.placed(_PLACED))
    people = buyers.people(sales, periods).left_join(placed, "customer_id", rname="{name}_placed")
    half = (people.worth_high - people.worth_low) / 2
    who = engine.keep(people.mutate(worth=people.worth_minor, half=half, stage=people.stage.fill_null("")))
    facts = {kind: owned(t, identities) for kind, t in raw.items()}
    known = engine.keep(buyers.newest(facts["traits"]))
    return Counted(chair, engine, periods, identities, sales, facts, raw | {"lines": lines}, who, known)


def _periods(first: date | None, last: date | None, today: date) -> Periods | int:
    """The last year and the one before it, or halves of a shorter history; or how many more days would do."""
    if first is None or last is None:
        return 2 * FEWEST_DAYS
    end = max(min(last, today - timedelta(days=1)), first)
    seen = (end - first).days + 1
    length = min(DAYS, seen // 2)
    return Periods(end - timedelta(days=length - 1), end) if length >= FEWEST_DAYS else 2 * FEWEST_DAYS - seen


def _told(counted: Counted) -> PrimaryReport:
    chair, periods = counted.chair, counted.periods
    found_sides, leads = sides(counted)
    parts, no_segments, agreement = segmented(counted)
    found, looked_at = picks(counted)
    best = _recommended(parts, leads, periods, chair.currency)
    confirmed = Primary(chair).chosen()
    judged = counted.rows(counted.who.agg(n=counted.who.judged.sum(), back=counted.who.back.sum()))[0]
    left = counted.rows(growth.excluded(counted.raw["lines"], periods.before, periods.to))
    return PrimaryReport(
        currency=chair.currency,
        since=periods.since,
        to=periods.to,
        days=periods.days,
        buyers=sum(one.customers for one in parts),
        sides=found_sides,
        leading=leads,
        caveat=leading.CAVEAT,
        segments=parts,
        no_segments=no_segments,
        agreement=agreement,
        target=target(counted),
        came_back=part(judged["back"], judged["n"]),
        picks=found,
        looked_at=looked_at,
        recommendation=best,
        confirmed=confirmed,
        changed=_changed(confirmed, best),
        excluded=tuple((row["reason"], row["lines"]) for row in left),
        simulated=chair.simulated,
    )


def _recommended(
    parts: Sequence[Segment], leads: Sequence[Leading], periods: Periods, currency: str
) -> Recommendation | None:
    """Whoever is worth most together; None while no turn has told what anybody is worth."""
    valued = [(one.worth, one) for one in parts if isinstance(one.worth, Estimate)]
    if not valued:
        return None
    (worth, best), *rest = sorted(valued, key=lambda pair: -pair[0].value)
    moved = best.moved if isinstance(best.moved, Estimate) else Estimate(0.0, 0.0, 0.0, n=0)
    by = show(abs(moved.value), currency)
    sure = f"grew by {by}" if moved.low > 0 else f"shrank by {by}" if moved.high < 0 else ""
    led = next((f" {one.verdict}, by {one.by}." for one in leads if one.verdict.startswith(one.first)), "")
    return Recommendation(
        name=best.name,
        sure=all(worth.low > other.high for other, _part in rest),
        value=f"Worth {show(worth.value, currency)} over 12 months, {best.worth_share or 0:.0%} of all buyers’ worth.",
        growth=f"Their revenue {sure or 'changed by no more than chance may'} against the {count(periods.days)} days"
        f" before; {count(best.new_after)} came new, before {count(best.new_before)}.",
        dependency=f"They bring {best.revenue_share:.0%} of revenue, as if {count(best.alike)} equal customers did."
        + led,
    )


def _changed(confirmed: Confirmed | None, best: Recommendation | None) -> str:
    if confirmed is None or best is None or best.name in (confirmed.name, confirmed.recommended):
        return ""
    return f"Since it was confirmed the figures have come to speak for another: {called(best.name)}."


def _nothing(chair: "Chair", needed: int) -> PrimaryReport:
    reason = "the history is too short"
    return PrimaryReport(
        chair.currency, None, None, 0, 0, (), (), leading.CAVEAT, (), "", None, None, Unknown(reason), (), 0, None,
        Primary(chair).chosen(), "", (), reason, needed, chair.simulated,
    )  # fmt: skip
