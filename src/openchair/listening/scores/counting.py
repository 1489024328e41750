"""The count half of scores: answers of a metric by day, by whom and by what else is known of them. Runs nothing."""

from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.dossier.traits import TRUST
from openchair.facts.days import local_day
from openchair.listening.scores.metric import TOP_MOST, Metric

STATED = r'"scale"\s*:\s*([0-9]+)'
"""Where the properties of an answer say the top of its scale."""


def scales(answers: ir.Table, metric: Metric) -> ir.Table:
    """By survey: the top of its scale as its answers say, and their greatest score. answers: facts of that kind."""
    asked = answers.filter(answers.metric == metric.name, answers.score.between(0, TOP_MOST))
    stated = asked.properties.re_extract(STATED, 1).nullif("").cast("float64")
    return asked.mutate(stated=stated).group_by("survey_id").agg(stated=_.stated.max(), greatest=_.score.max())


def given(answers: ir.Table, identities: ir.Table, tops: ir.Table, metric: Metric, zone: ZoneInfo) -> ir.Table:
    """Answers that count, with whose they are, their day and that of the same customer's next.

    answers: facts of that kind. identities: identifier, customer_id. tops: survey_id, top. `who` is the customer, or
    the answer itself where it is nobody's. Of a customer's answers on one day the last counts; ties fall to the greater
    fact id. Gives who, customer_id, fact_id, happened_at, survey_id, score, top, day, next_day.
    """
    asked = answers.filter(answers.metric == metric.name, answers.score.notnull()).inner_join(tops, "survey_id")
    least = ibis.ifelse(asked.top == TOP_MOST, 0, metric.bottom)
    asked = asked.filter(asked.score.between(least, asked.top)).left_join(identities, "identifier")
    asked = asked.mutate(
        who=ibis.coalesce(asked.customer_id, ibis.literal("fact ") + asked.fact_id),
        day=local_day(asked.happened_at, zone),
    ).select("customer_id", "fact_id", "happened_at", "survey_id", "score", "top", "who", "day")
    order = [asked.happened_at, asked.fact_id]
    following = asked.mutate(next_day=asked.day.lead().over(group_by=asked.who, order_by=order))
    return following.filter((following.next_day != following.day).fill_null(True))


def spans(given: ir.Table) -> ir.Table:
    """How many answers there are by day, day of the next, score and scale. given: with `weight`, in ten-thousandths.

    Weights are summed as integers, so that no engine's order of adding shows.
    """
    return counted(given, "day", "next_day")


def counted(given: ir.Table, *by: str) -> ir.Table:
    """How many answers there are by these columns, score and scale, in that order. given: as for `spans`."""
    keys = (*by, "score", "top")
    sums = given.group_by(keys).agg(n=_.count(), weight=_.weight.sum(), squares=(_.weight * _.weight).sum())
    return sums.order_by(keys)


def newest_trait(traits: ir.Table, name: str) -> ir.Table:
    """customer_id and the value of a trait that holds: the latest word of the source most to be trusted.

    traits: facts of that kind with owners. What the most trusted emptied is not known.
    """
    told = traits.filter(traits.name == name)
    trust = ibis.cases(*[(told.said_by == speaker, place) for place, speaker in enumerate(TRUST)], else_=-1)
    order = [ibis.desc(trust), ibis.desc(told.happened_at), ibis.desc(told.fact_id)]
    first = told.mutate(place=ibis.row_number().over(group_by=told.customer_id, order_by=order))
    return first.filter(first.place == 0, first.value.strip() != "").select("customer_id", part=first.value.strip())


def latest_before(given: ir.Table, facts: ir.Table, name: str) -> ir.Table:
    """fact_id of an answer and, as `part`, what the customer did last before it: the column `name` of other facts.

    facts: of any kind, with owners; those without `name` do not count.
    """
    others = facts.filter(facts[name].notnull()).select(
        "customer_id", other_at="happened_at", other_id="fact_id", part=name
    )
    pairs = given.inner_join(others, "customer_id").filter(_.other_at <= _.happened_at)
    place = ibis.row_number().over(
        group_by=pairs.fact_id, order_by=[ibis.desc(pairs.other_at), ibis.desc(pairs.other_id)]
    )
    return pairs.mutate(place=place).filter(_.place == 0).select("fact_id", "part")


def asked_and_answered(contacts: ir.Table, answers: ir.Table, metric: Metric, first: ir.TimestampScalar) -> ir.Table:
    """One row: how many customers were sent a survey since `first` (`asked`), and how many answered it (`answered`).

    contacts, answers: facts of those kinds with owners. A survey's action is `survey:` and its id. Surveys that only
    ever brought answers of another metric are left out.
    """
    others = answers.group_by("survey_id").agg(ours=(_.metric == metric.name).any()).filter(~_.ours)
    sent = contacts.filter(
        contacts.action.startswith("survey:"), contacts.status == "sent", contacts.happened_at >= first
    )
    sent = sent.mutate(survey_id=sent.action.substr(len("survey:"))).anti_join(others, "survey_id")
    sent = sent.group_by("customer_id", "survey_id").agg(sent_at=_.happened_at.min())
    replies = answers.select("customer_id", "survey_id", "happened_at")
    back = sent.inner_join(replies, ["customer_id", "survey_id"]).filter(_.happened_at >= _.sent_at)
    return sent.agg(asked=_.customer_id.nunique()).cross_join(back.agg(answered=_.customer_id.nunique()))
