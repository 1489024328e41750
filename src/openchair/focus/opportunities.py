"""Opportunities: needs that matter and are not met, ranked; and a first draft of working backwards from one.

The score is importance plus what satisfaction lacks of it, I + max(I - S, 0), both from 0 to 10 (Ulwick 2002, 2005).
Where a survey asked, both are tenths of the share who ticked the two highest steps. Else they are heard: importance is
how many speak of a need against the need most spoken of, satisfaction the share of those who speak of its theme without
speaking ill of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.words import count, listed, plural

Floats = NDArray[np.float64]

FEWEST = 30
"""Answers, or customers who spoke, below which nothing is said of a need."""
DRAWS = 4_000
SCALE = 5
"""The highest step of a question that does not say it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A need's importance and satisfaction, 0 to 10, and its opportunity score, 0 to 20."""

    importance: Number
    satisfaction: Number
    score: Number


def scored(
    wanted: tuple[float, float], met: tuple[float, float], answers: float, most: float, rng: np.random.Generator,
    confidence: float = 0.95,
) -> Scored:  # fmt: skip
    """The score of a need from two shares, each a part and a whole; intervals by draws of what the shares may be.

    answers: of how many customers anything is known. most: the share that is as important as can be, 1 where they were
    asked.

    >>> rng = np.random.default_rng(1)
    >>> scored((80, 100), (30, 100), 100, 1.0, rng).score.value
    13.0
    """
    if answers < FEWEST:
        unknown = Unknown(plural(int(answers), "answer", "answers"), needed=int(FEWEST - answers))
        return Scored(unknown, unknown, unknown)
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    pairs = ((wanted, most), (met, 1.0))
    shares = [np.minimum(10 * rng.beta(p + 0.5, n - p + 0.5, DRAWS) / top, 10) for (p, n), top in pairs]
    values = [np.array([min(10 * p / n / top, 10.0)]) for (p, n), top in pairs]
    counts = (wanted[1], met[1], min(wanted[1], met[1]))
    triples = zip((*values, score(*values)), (*shares, score(*shares)), counts, strict=True)
    return Scored(*(_within(float(value[0]), np.quantile(drawn, tails), n) for value, drawn, n in triples))


def score(importance: Floats, satisfaction: Floats) -> Floats:
    """Ulwick's opportunity score.

    >>> score(np.array([8.0, 5.0]), np.array([3.0, 9.0])).tolist()
    [13.0, 5.0]
    """
    return np.asarray(importance + np.maximum(importance - satisfaction, 0))


def _within(value: float, ends: Floats, n: float) -> Estimate:
    return Estimate(value, min(float(ends[0]), value), max(float(ends[1]), value), n=n)


def asked(answers: ir.Table) -> ir.Table:
    """need, asks (importance or satisfaction), n, top: who answered, and who ticked one of the two highest steps.

    answers: facts of that kind with owners, whose properties say `"need": "..", "asks": ".."` and, where it is not
    SCALE, `"scale": n`. Each customer's newest counts.
    """
    said = answers.filter(answers.score.notnull(), answers.properties.notnull()).mutate(
        need=_.properties.re_extract(r'"need"\s*:\s*"([^"]+)"', 1).nullif(""),
        asks=_.properties.re_extract(r'"asks"\s*:\s*"(importance|satisfaction)"', 1).nullif(""),
        scale=_.properties.re_extract(r'"scale"\s*:\s*([0-9]{1,3})', 1).nullif("").cast("float64").fill_null(SCALE),
    )
    about = said.filter(said.need.notnull(), said.asks.notnull(), said.score.between(0, said.scale))
    order = [ibis.desc(about.happened_at), ibis.desc(about.fact_id)]
    place = ibis.row_number().over(group_by=[about.customer_id, about.need, about.asks], order_by=order)
    newest = about.mutate(place=place).filter(_.place == 0)
    top = (newest.score >= newest.scale - 1).cast("int64")
    return newest.group_by("need", "asks").agg(n=_.count().cast("int64"), top=top.sum().cast("int64")).order_by("need")


# --- working backwards ----------------------------------------------------------------------------------------------

FIELDS: Mapping[str, str] = {
    "headline": "Headline",
    "announcement": "Announcement",
    "questions": "Questions and answers",
    "must_be_true": "What must be true",
    "first_test": "First test",
}
"""The parts of a sheet that are written, and what they are called."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that is written as if the need were met, before anything is built. quote: the sentence of a customer that
    stands in it, as its fact and place; empty for none."""

    headline: str
    announcement: str
    questions: str
    must_be_true: str
    first_test: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a draft is made of: who the shop is, what the need is called, who has it and how it is met now."""

    shop: str
    name: str
    reading: str
    customers: int
    everyone: int
    worth: str
    met: str
    leads_to: Sequence[str]
    held: str
    """The action that may meet it; empty where there is none."""
    quote: str


SPEAKS = {"need": "need", "want": "want", "aspiration": "hope for"}


def draft(known: Evidence) -> Sheet:
    """A first draft in plain sentences from what is known; a person makes it true."""
    speaks = SPEAKS.get(known.reading, "need")
    people = plural(known.customers, "customer", "customers")
    hope = f" It brings them nearer to what they hope for: {listed(known.leads_to)}." if known.leads_to else ""
    arm = min(known.customers // 2, 400)
    few = f"Ask other customers whether it matters to them, until {2 * FEWEST} say that it does. "
    return Sheet(
        headline=f"{known.shop} answers what customers {speaks}: {known.name}",
        announcement=f"{people} told us that they {speaks} this: {known.name}. From today {known.shop} meets it, "
        f"without their having to ask again.{hope}",
        questions="\n\n".join(
            (
                f"Who asked for it?\n{people} of {count(known.everyone)} who said anything.",
                f"How well is it met today?\n{known.met}",
                f"What is it worth?\n{known.worth}",
                f"What do we have for it?\n{known.held or 'Nothing in the catalogue: the capability is lacking.'}",
                "Why would it fail?\nTo be written by whoever knows.",
            )
        ),
        must_be_true="\n".join(
            (
                f"More customers {speaks} it than the {count(known.customers)} who said so.",
                "They would notice within four weeks that it is met.",
                "We can do it as well as we say." if known.held else "We can learn or buy the capability.",
                "It costs less than the customers it keeps are worth.",
            )
        ),
        first_test=f"{few if arm < FEWEST else ''}Of those for whom it matters, offer it to {count(max(arm, FEWEST))} "
        "drawn by lot and hold back as many. After four weeks compare who bought again and what they say. Stop where "
        "the interval of the difference leaves out anything worth the cost.",
        quote=known.quote,
    )
