"""What other tools asked and heard: their exports as answers and voices, by one table of which column holds what.

Columns are compared as words, so `created_at`, `Created At` and `createdAt` are one. Who answered is known by an e-mail
address, else by the tool's own id of them, which is kept as a device's so that it is never taken for the shop's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.mapping import words_of
from openchair.facts.reading import (
    Context,
    Format,
    Reading,
    as_json,
    facts,
    first_of,
    parted,
    some_json,
    staged,
)

Names = tuple[str, ...]
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_RECOMMEND = r"(?i)\brecommend"
_WHOLE = r"^\d{1,2}$"
_METRICS: Mapping[str, tuple[str, int]] = {
    "nps": ("nps", 10),
    "csat": ("csat", 5),
    "ces": ("ces", 5),
    "ces7": ("ces", 7),
}
"""What tools call a kind of survey -> the metric, and the top of the scale that it is asked on."""
_ABOUT_THEM: Names = ("name", "first name", "last name", "your name", "phone", "phone number", "telephone")
"""Questions that ask who somebody is; what is said to them is kept beside the answers, not among them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns of a tool's export hold what: of several names the first that the file has.

    known_by: the columns it is recognised by. key: what names a row for ever. score_words: scores that are no numbers.
    channel: of the voices that its texts are; empty where a text belongs to an answer. rated: whether the score is
    the voice's rating, else it is an answer of its own, of the metric `metric_is`. kept: what goes along as properties;
    unread: what does not. asked: whether every column without a role is a question.
    """

    name: str
    title: str
    known_by: Names
    key: Names
    at: Names
    email: Names = ("email", "email address", "e mail")
    person: Names = ()
    survey: Names = ()
    metric: Names = ()
    score: Names = ()
    score_words: Mapping[str, float] | None = None
    texts: Names = ()
    kept: Names = ()
    unread: Names = ()
    channel: str = ""
    rated: bool = False
    asked: bool = False
    metric_is: str = "own"

    @property
    def roles(self) -> set[str]:
        """Every column that has one."""
        names = (*self.known_by, *self.key, *self.at, *self.email, *self.person, *self.survey, *self.metric)
        return {*names, *self.score, *self.texts, *self.kept, *self.unread, *_ABOUT_THEM}


SHAPES = (
    Shape(
        "delighted", "Delighted responses",
        known_by=("id", "survey type", "score", "comment", "created at"),
        key=("id", "response id"), at=("created at",), email=("email", "person email"), person=("person", "person id"),
        metric=("survey type",), score=("score",), texts=("comment",), kept=("permalink", "tags"),
    ),
    Shape(
        "typeform", "Typeform responses",
        known_by=("#", "start date utc", "submit date utc", "network id"),
        key=("#",), at=("submit date utc",), asked=True,
        kept=("response type", "stage date utc", "tags", "ending"),
    ),
    Shape(
        "surveymonkey", "SurveyMonkey responses",
        known_by=("respondent id", "collector id", "start date", "end date"),
        key=("respondent id",), at=("end date", "start date"), survey=("collector id",), asked=True,
        kept=("custom data 1",), unread=("ip address",),
    ),
    Shape(
        "google-reviews", "Google reviews",
        known_by=("review id", "star rating", "create time"),
        key=("review id",), at=("create time",), score=("star rating",), texts=("comment",), channel="review",
        rated=True,
        score_words={"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}, kept=("reviewer display name", "name"),
    ),
    Shape(
        "zendesk-tickets", "Zendesk tickets",
        known_by=("id", "status", "priority", "via", "created at", "satisfaction score"),
        key=("id",), at=("created at",), email=("requester email", "requester"), score=("satisfaction score",),
        score_words={"good": 5, "good with comment": 5, "bad": 1, "bad with comment": 1},
        texts=("subject", "description"), kept=("status", "priority", "via", "tags"), channel="ticket",
        metric_is="csat",
    ),
)  # fmt: skip


def _plain(header: str) -> str:
    return words_of(header) or header.strip()


def _cell(raw: ir.Table, names: Names) -> ir.Value:
    """The first column of one of these names; a column of nothing when the file lacks them."""
    have = {_plain(c): c for c in reversed(raw.columns) if c != "line"}
    return next((raw[have[name]] for name in names if name in have), ibis.null("string"))


def _read(shape: Shape, raw: ir.Table, context: Context) -> Reading:
    rows, problems = _common(shape, raw, context)
    questions = _questions(shape, raw.columns) if shape.asked else {}
    filled = [rows[c].notnull() for c in questions]
    if shape.asked:
        nothing = ~ibis.or_(*filled) if filled else ibis.literal(True)
        problems.append((nothing, "no question was answered"))
    else:
        odd = rows.score_cell.notnull() & rows.score.isnull()
        if shape.score_words is None:
            problems.append((odd, "score " + cells.shown(rows.score_cell) + " is not a number"))
        problems += [
            (
                (rows.metric == "nps") & ~(rows.score.between(0, 10) & (rows.score == rows.score.round(0))),
                "score " + cells.shown(rows.score_cell) + " is not a whole number from 0 to 10",
            ),
            (~rows.score.between(-100, 100), "score " + cells.shown(rows.score_cell) + " is beyond 100"),
            (rows.score.isnull() & rows.said.isnull(), "it holds neither a score nor words"),
        ]
    rejected, sound = parted(staged(rows.mutate(reason=first_of(*problems))))
    if shape.asked:
        return Reading({"answers": _answers_to(questions, sound, context)}, rejected)
    spoken = sound.said.notnull() if shape.channel else ibis.literal(False)
    scored = sound.score.notnull() & ~spoken if shape.rated else sound.score.notnull()
    found = {}
    if shape.channel:
        rating = sound.score if shape.rated else ibis.null("float64")
        found["voices"] = facts(
            sound, "voices", context, (sound.key, ibis.literal("voice")), spoken, **_base(sound),
            channel=ibis.literal(shape.channel), text=sound.said, rating=rating, conversation_id=sound.key,
        )  # fmt: skip
    words = ibis.null("string") if shape.channel else sound.said
    found["answers"] = facts(
        sound, "answers", context, (sound.key, ibis.literal("answer")), scored | words.notnull(), **_base(sound),
        survey_id=sound.survey, metric=sound.metric, question=ibis.literal("rating" if shape.rated else None, "string"),
        score=sound.score, text=words,
    )  # fmt: skip
    return Reading(found, rejected)


def _base(rows: ir.Table) -> dict[str, ir.Value]:
    return {"happened_at": rows.at, "identifier": rows.who, "properties": rows.kept}


def _common(shape: Shape, raw: ir.Table, context: Context) -> tuple[ir.Table, list[tuple[ir.BooleanValue, ir.Value]]]:
    """What every shape has, one row a row, with each question's cell as text; and what may be wrong with it."""
    when, date = ibis.null("timestamp"), _cell(raw, shape.at)
    is_utc: ir.BooleanValue = ibis.literal(False)
    for name in reversed([n for n in shape.at if n in map(_plain, raw.columns)]):
        header = next(c for c in raw.columns if _plain(c) == name)
        moment, utc = cells.clock(raw[header], context.style.get(header.lower(), "mdy"))
        is_utc = ibis.ifelse(moment.notnull(), utc | ibis.literal("utc" in name.split()), is_utc)
        when = moment.fill_null(when)
    address, person = cells.text(_cell(raw, shape.email)).lower(), cells.code(_cell(raw, shape.person))
    who = ibis.cases(
        (address.re_search(_ADDRESS), "email:" + address),
        (person.re_search(_ADDRESS), "email:" + person.lower()),
        (person.notnull(), f"anon:{shape.name} " + person),
        else_=ibis.null("string"),
    )
    score_cell = cells.text(_cell(raw, shape.score))
    score = cells.number(_cell(raw, shape.score))
    if shape.score_words:
        words = score_cell.lower()
        score = words.cases(*((w, ibis.literal(float(n))) for w, n in shape.score_words.items()), else_=score)
    told = cells.text(_cell(raw, shape.metric)).lower()
    metric = told.cases(*((one, metric) for one, (metric, _) in _METRICS.items()), else_=shape.metric_is)
    parts = [cells.text(_cell(raw, (name,))) for name in shape.texts]
    said = (
        ibis.literal("\n").join([p.fill_null("") for p in parts]).strip().nullif("") if parts else ibis.null("string")
    )
    kept = {n.replace(" ", "_"): c for n in (*shape.kept, *_ABOUT_THEM) if (c := _named(raw, n)) is not None}
    if shape.metric:
        kept["scale"] = told.cases(*((one, top) for one, (_, top) in _METRICS.items()), else_=ibis.null("int64"))
    rows = raw.select(
        line=raw.line,
        row=as_json(raw),
        key=cells.code(_cell(raw, shape.key)),
        who=who,
        at=cells.instant(when, is_utc, context.zone),
        at_cell=cells.shown(date),
        survey=cells.code(_cell(raw, shape.survey)).fill_null(shape.name),
        metric=metric,
        score=score,
        score_cell=score_cell,
        said=said,
        kept=some_json(**kept) if kept else ibis.null("string"),
        **{place: cells.text(raw[header]) for place, header in _columns(shape, raw.columns).items()},
    )
    rows = staged(rows)
    return rows, [
        (rows.key.isnull(), f"no {shape.key[0]}: it may be a second line of headers"),
        ((rows.key.length() > 280) | (rows.survey.length() > 290), "an id is longer than 280 characters"),
        (rows.who.length() > 300, "who answered is longer than 300 characters"),
        (rows.at.isnull(), "time " + rows.at_cell + " is not one that can be read"),
    ]


def _named(raw: ir.Table, name: str) -> ir.StringValue | None:
    header = next((c for c in raw.columns if _plain(c) == name), None)
    return None if header is None else cells.text(raw[header])


def _columns(shape: Shape, columns: Sequence[str]) -> dict[str, str]:
    """A plain name -> the column of each question."""
    asked = [c for c in columns if c != "line" and _plain(c) not in shape.roles] if shape.asked else []
    return {f"q{place}": header for place, header in enumerate(asked)}


def _questions(shape: Shape, columns: Sequence[str]) -> dict[str, str]:
    """A plain name -> the question. A column without one goes on with the question before it: a choice of several."""
    named, last = {}, ""
    for place, header in _columns(shape, columns).items():
        last = last if last and re.fullmatch(r"column \d+", header) else header
        named[place] = last
    return named


def _answers_to(questions: Mapping[str, str], rows: ir.Table, context: Context) -> ir.Table:
    """One answer a question that was answered: a number as its score, anything else as its words."""
    asked = [*questions.values()]
    # Which of a question's columns it is, so that a question that is added later changes no other's id.
    nth = {place: str(asked[:n].count(question)) for n, (place, question) in enumerate(questions.items())}
    common = rows.select("line", "key", "who", "at", "kept", "survey", *questions)
    long = common.pivot_longer(list(questions), names_to="place", values_to="cell")
    question, number = (long.place.cases(*names.items(), else_=ibis.null("string")) for names in (questions, nth))
    long = staged(long.mutate(question=question, number=number, score=cells.number(long.cell)))
    long = long.filter(long.cell.notnull())
    within = long.score.between(-100, 100).fill_null(False)
    nps = long.question.re_search(_RECOMMEND) & long.cell.re_search(_WHOLE) & (long.score <= 10)
    return facts(
        long, "answers", context, (long.key, long.question, long.number), ibis.literal(True), **_base(long),
        survey_id=long.survey, metric=ibis.ifelse(nps.fill_null(False), "nps", "own"), question=long.question,
        score=ibis.ifelse(within, long.score, ibis.null("float64")),
        text=ibis.ifelse(within, ibis.null("string"), long.cell),
    )  # fmt: skip


def _format(shape: Shape) -> Format:
    wanted = set(shape.known_by)
    return Format(
        shape.name,
        shape.title,
        lambda columns: wanted <= {_plain(c) for c in columns},
        lambda raw, context: _read(shape, raw, context),
        shape.known_by,
        doubtful=("end date", "start date", "created at", "created_at", "submit date (utc)"),
    )


FORMATS = tuple(map(_format, SHAPES))
