"""How learning is told: whether deciding pays, what moves whom, what it costs, and what might be better."""

from collections.abc import Iterator, Sequence
from datetime import date

from openchair.chair.learning.views import ArmLift, Judged, LearningReport
from openchair.core.blocks import Block, Column, Empty, Figure, Group, Line, Lines, Link, Sentence, Table, Told
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.figures import chance
from openchair.core.money import show
from openchair.core.words import listed, plural
from openchair.dossier.stage import STAGES
from openchair.learning.proof import FOREVER_DAYS, LEAST
from openchair.loyalty.pillars import PILLARS

QUESTION = "Does deciding pay?"
NAMES = {"single": "One for all", "random": "By chance", "impersonal": "Without the person", "holdout": "Left alone"}


def learning(view: LearningReport) -> Told:
    """Whether deciding pays, with its interval; or that it is not known, and how long that will take."""
    if view.unknown:
        about = (
            f"Of your customers {chance(view.holdout)}, drawn by lot anew each quarter, are left alone on purpose. "
            "What the others bring more than they do is what deciding brings."
        )
        why = f"{about} {view.unknown[:1].upper()}{view.unknown[1:]}."
        nothing = Empty("Nothing can be said yet", why, "Import orders", "/imports")
        return Told("learning", QUESTION, (nothing,), view.currency, view.simulated)
    blocks = (*_lift(view), *_arms(view), *_pillars(view), *_cost(view), *_candidates(view))
    return Told("learning", _headline(view), blocks, view.currency, view.simulated)


def _headline(view: LearningReport) -> str:
    if not isinstance(view.lift, Estimate):
        return f"{QUESTION} It cannot be known yet"
    value, low, high = (
        show(abs(x), view.currency, cents=True) for x in (view.lift.value, view.lift.low, view.lift.high)
    )
    if view.verdict == "pays":
        return f"Deciding pays: {value} more a customer in four weeks, {low} at least"
    if view.verdict == "costs":
        return f"Deciding does not pay: it costs {value} a customer in four weeks more than it brings, {high} at least"
    if view.verdict == "nothing" and isinstance(view.lift_share, Estimate):
        return f"Deciding does not pay: it brings {chance(max(view.lift_share.high, 0.0))} more at most"
    return f"{QUESTION} It is not known yet"


def _lift(view: LearningReport) -> Iterator[Block]:
    holdout = next((one for one in view.arms if one.arm == "holdout"), None)
    alone = holdout.customers if holdout else 0
    yield Sentence(
        f"{plural(view.customers, 'customer is', 'customers are')} decided for and {plural(alone, 'is', 'are')} left "
        "alone but for essential service, by a lot that is drawn anew each quarter. Both are counted by all they "
        f"brought in {plural(view.days, 'day', 'days')}, whatever was done for them.",
        "lead",
    )
    yield Sentence(_answer(view, holdout), "warning" if view.verdict != "pays" else "plain")
    if person := next((one for one in view.arms if one.arm == "impersonal"), None):
        said, holds = _person(person, view.currency)
        yield Sentence(said, "plain" if holds else "warning")
    if view.weeks and not any(one.done for one in view.weeks):
        nothing = "Nothing of what was decided was carried out in these weeks, so there is nothing that could pay."
        yield Sentence(f"{nothing} Approve some of it on the page Plan and approvals.", "warning")
    yield Figure("Lift, a customer in four weeks", view.lift, "cents", "after what was done cost")
    yield Figure("Lift, as a share", _percent(view.lift_share), "percent", "of what those left alone bring")
    yield Figure("Customers in the smaller group", view.n, "count", "each counted once a quarter")
    if holdout and holdout.detectable_minor is not None:
        yield Figure("Smallest lift seen now", holdout.detectable_minor, "cents", "a customer in four weeks")
    if any(isinstance(one.lift, Estimate) for one in view.looks):
        yield Lines(
            "How does the lift go, week by week?",
            _dated([one.day for one in view.looks]),
            (
                Line("decided for, more than left alone", *(
                    tuple(getattr(one.lift, end) if isinstance(one.lift, Estimate) else None for one in view.looks)
                    for end in ("value", "low", "high")
                )),
            ),
            "cents",
            note="A customer in four weeks, all weeks so far together, before what was done cost. The band may be "
            "looked at as often as one likes: in at most one shop of twenty does it ever leave the truth out.",
            x_title="Up to",
        )  # fmt: skip
    if view.waits:
        yield Table(
            "How long until an answer?",
            (Column("If deciding brings"), Column("Days from now", "days")),
            tuple((f"{chance(one.share)} more", _days(one.days)) for one in view.waits),
            note="At the pace so far: customers, what they bring, and how many are left alone.",
        )


def _dated(days: Sequence[date]) -> tuple[str, ...]:
    """Days as they stand under a chart: with the year where there are several."""
    year = " %Y" if len({one.year for one in days}) > 1 else ""
    return tuple(f"{one.day} {one:%b{year}}" for one in days)


def _percent(share: Number) -> Number:
    if isinstance(share, Unknown):
        return share
    return Estimate(100 * share.value, 100 * share.low, 100 * share.high, share.n)


def _days(days: int | Unknown) -> int | str:
    return f"more than {FOREVER_DAYS // 365} years" if isinstance(days, Unknown) else days or "now"


def _answer(view: LearningReport, holdout: ArmLift | None) -> str:
    if holdout is None:
        return "Nobody is left alone, so there is nobody to compare with."
    if isinstance(view.lift, Unknown):
        more = f" {_soon(holdout.days_more)}" if isinstance(holdout.days_more, int) else ""
        return (
            f"{plural(holdout.n, 'customer was', 'customers were')} left alone so far, each counted once a quarter; "
            f"below {LEAST} nothing can be told of what people spend.{more}"
        )
    if view.verdict == "pays":
        return "The whole interval lies above nothing, so this is not chance."
    if view.verdict == "costs":
        return (
            "The whole interval lies below nothing: what is done costs more than it brings. Do less, or other things."
        )
    if view.verdict == "nothing":
        return "If deciding does anything for what customers bring, it is less than that. It does not pay."
    soon = (
        _soon(holdout.days_more)
        if isinstance(holdout.days_more, int)
        else f"Not known when: {holdout.days_more.reason}."
    )
    return f"The interval holds nothing as well as a gain: it cannot be told from chance yet. {soon}"


def _person(arm: ArmLift, currency: str) -> tuple[str, bool]:
    """Whether looking at the person pays, in a sentence; and whether nothing speaks against it."""
    asked = "Whether it pays to look at the person cannot be"
    if not isinstance(arm.lift, Estimate):
        told = f"{plural(arm.n, 'customer was', 'customers were')} chosen for without"
        return f"{asked} known yet: {told}, and below {LEAST} nothing can be told.", True
    value, low, high = (show(abs(x), currency, cents=True) for x in (arm.lift.value, arm.lift.low, arm.lift.high))
    if arm.lift.low > 0:
        return f"Looking at the person pays: {value} more a customer in four weeks than without, {low} at least.", True
    if arm.lift.high < 0:
        brings = f"a customer brings {value} more in four weeks, {high} at least"
        return f"Looking at the person does not pay: without, {brings}.", False
    soon = f" {_soon(arm.days_more)}" if isinstance(arm.days_more, int) else ""
    return f"{asked} told from chance yet.{soon}", True


def _soon(days: int) -> str:
    return f"At the present pace it takes about {plural(days, 'more day', 'more days')}."


def _arms(view: LearningReport) -> Iterator[Block]:
    others = [one for one in view.arms if one.arm != "holdout"]
    if others:
        columns = (
            Column("Held against"), Column("Customers", "count"), Column("As learned brings more", "cents", drawn=True),
            Column("As a share", "percent"), Column("Costs more", "cents"), Column("Days until told from none", "days"),
        )  # fmt: skip
        yield Table(
            "Is it looking at the person that pays?",
            columns,
            tuple(
                (
                    Link(NAMES[one.arm], note=one.about), one.customers, one.lift,
                    None if isinstance(one.lift, Unknown) else _percent(one.share), one.cost_minor,
                    _days(one.days_more),
                )
                for one in others
            ),
            note=f"A customer in four weeks. {chance(view.comparison)} of customers are in each, by the same lot.",
        )  # fmt: skip


def _pillars(view: LearningReport) -> Iterator[Block]:
    if not view.pillars:
        return
    yield Table(
        "Which pillar moves customers?",
        (
            Column("Pillar"), Column("Decisions", "count"), Column("Came of each", "cents", drawn=True),
            Column("Believed in 12 months", "cents", drawn=True),
        ),
        tuple((one.title, one.decisions, one.effect, one.believed) for one in view.pillars),
        note="What came of a decision, more than of waiting where both were possible, whether or not it was "
        "carried out; for one look. What is believed is of the best action of the pillar, on average.",
    )  # fmt: skip
    stages = [stage for stage in STAGES if any(stage in one.by_stage for one in view.pillars)]
    yield Group(
        "By where they are in their life with you",
        (
            Table(
                "Which pillar is believed to move whom?",
                (Column("Stage"), *(Column(one.title, "cents") for one in view.pillars)),
                tuple((stage, *(one.by_stage.get(stage) for one in view.pillars)) for stage in stages),
                note="What the best possible action of a pillar is believed to bring in 12 months, on average; nothing "
                "where none is possible.",
            ),
        ),
        folded=True,
    )


def _cost(view: LearningReport) -> Iterator[Block]:
    if view.discounts is not None:
        of = view.discounts
        share = (
            f"{chance(of.spent_share)} of all that was spent" if of.spent_share is not None else "nothing was spent yet"
        )
        yield Figure("Spent on discounts", of.spent_minor, "money", share)
    if view.customer_first is not None:
        first = view.customer_first
        note = f"of gain expected in 12 months, in the last turn; {show(first.mean_minor, view.currency)} on average"
        yield Figure("Given up for the customer’s own good", first.last_minor, "money", note)
    if view.explored is not None:
        yield Figure("Left to chance, to learn", view.explored, "share", "of choices were not for the best known")
    if view.drift:
        moved = listed([PILLARS[one].title if one in PILLARS else one for one in view.drift])
        yield Sentence(f"Times have changed: of late, other came of {moved} than was expected.", "warning")
    weeks = [one for one in view.weeks if one.acting]
    if weeks:
        yield Lines(
            "Does everyone get the same, and is it discounts?",
            _dated([one.begins for one in weeks]),
            (
                Line("the most common action", tuple(one.same for one in weeks)),
                Line("discounts", tuple(one.discounts for one in weeks)),
                Line("carried out", tuple(one.done for one in weeks)),
            ),
            "share",
            note="Shares of the decisions to do something, by week, of those decided for as learned. All of them are "
            "counted, so there is no interval.",
            x_title="Week of",
        )


def _candidates(view: LearningReport) -> Iterator[Block]:
    live = f"Live is “{view.policy}”, promoted {view.promotion}."
    if not view.candidates:
        yield Sentence(f"{live} Other ways of choosing are judged once 50 decisions are settled.", "note")
    else:
        beaten = [one for one in view.candidates if one.can_go_live and _beats(one)]
        says = (
            f"{plural(len(beaten), 'way is', 'ways are')} proved to bring more."
            if beaten
            else "None is proved to bring more."
        )
        yield Table(
            "Would another way of choosing bring more?",
            (
                Column("Way of choosing"), Column("More than the present one", "cents", drawn=True),
                Column("Would bring", "cents"), Column("Tried on", "count"),
            ),
            tuple((_named(one), one.better, one.doubly_robust, round(one.effective)) for one in view.candidates),
            note=f"{live} {says} A decision, less what was expected anyway, by the "
            f"{plural(view.logged, 'decision', 'decisions')} settled so far. The first interval may be looked at as "
            "often as one likes. “Tried on” counts customers for whom the log did what it would do.",
        )  # fmt: skip
        each = ("ips", "snips", "direct", "doubly_robust", "switch")
        titles = ("IPS", "SNIPS", "Model alone", "Doubly robust", "Switch")
        yield Group(
            "Every estimate of it",
            (
                Table(
                    "What would each have brought a decision?",
                    (Column("Way of choosing"), *(Column(title, "cents") for title in titles)),
                    tuple((_named(one), *(getattr(one, name) for name in each)) for one in view.candidates),
                    note="Each with its 95% interval, for one look.",
                ),
            ),
            folded=True,
        )
    if view.promoted:
        yield Table(
            "What went live, and who said so?",
            (Column("Policy"), Column("By"), Column("On"), Column("Why")),
            tuple((one.version, one.by, one.at.date(), one.why) for one in view.promoted),
        )


def _beats(one: Judged) -> bool:
    return isinstance(one.better, Estimate) and one.better.low > 0


def _named(one: Judged) -> Link:
    by = f"proposed by {one.proposed_by}" if one.proposed_by else "" if one.can_go_live else "to compare with"
    return Link(one.version, note=by)
