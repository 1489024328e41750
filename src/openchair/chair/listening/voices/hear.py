"""Hear: what was said and not read yet is split, told apart by language, placed in themes and read. A step of a turn.

What models learned is kept, so that a sentence is read alike whenever it comes. Themes are gathered anew only when four
times as much was said as at the last gathering, or with another embedder; each then goes on under its own id.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from openchair.chair.listening.voices import learn
from openchair.chair.ports import Engine, Progress
from openchair.chair.state import State
from openchair.chair.state.records import READING_COLUMNS
from openchair.core.clock import Moment
from openchair.listening.voices import reading
from openchair.listening.voices.embedding import Embedder
from openchair.listening.voices.understanding import Known, speech, understand

GROWN = 4
"""Themes are gathered anew when so many times as many messages were said."""
RECENT_DAYS = 90
"""Days whose sentences are read anew after a correction, and may found a theme together."""
AT_ONCE = 5_000
"""Messages read, and kept, together: after a kill what was kept before stays."""
_MODEL = "model"
_SHAPE = pa.schema(list(READING_COLUMNS.items()))


@dataclass(frozen=True, slots=True)
class HearReport:
    """What was heard now: messages and sentences; themes there are and those founded; whether all was learned anew."""

    messages: int
    sentences: int
    themes: int
    founded: int
    anew: bool


def spoken(facts: dict[str, ir.Table]) -> ir.Table:
    """Everything said in words: reviews, tickets, chats, calls, and answers with a text. rating: -1 to 1, or null."""
    voices, answers = facts["voices"], facts["answers"]
    common = ("fact_id", "identifier", "happened_at", "text", "language")
    rated = ((voices.rating - 3) / 2).clip(-1, 1)
    felt = ibis.cases(
        (answers.metric == "nps", (answers.score >= 9).ifelse(1.0, (answers.score <= 6).ifelse(-1.0, 0.0))),
        (answers.metric == "csat", ((answers.score - 3) / 2).clip(-1, 1)),
        (answers.metric == "ces", ((answers.score - 4) / 3).clip(-1, 1)),
    )
    both = ibis.union(
        voices.select(*common, kind=ibis.literal("voices"), channel=voices.channel, rating=rated.cast("float64")),
        answers.filter(answers.text.notnull()).select(
            *common, kind=ibis.literal("answers"), channel=ibis.literal("survey"), rating=felt.cast("float64")
        ),
    )
    return both.filter(both.text.strip() != "")


def hear(
    state: State, engine: Engine, facts: dict[str, ir.Table], embedder: Embedder, moment: Moment,
    progress: Progress = lambda step: None,
) -> HearReport:  # fmt: skip
    """Read everything said up to a moment that was not read yet. Doing it again changes nothing."""
    said = spoken(facts)
    total = int(engine.rows(said.agg(n=_.count()))["n"][0].as_py())
    known = learn.known(state, embedder)
    anew = known is None or known.pending or total >= GROWN * max(known.messages, 1)
    if total == 0:
        return HearReport(0, 0, len(state.themes()), 0, False)
    since = moment.now - timedelta(days=RECENT_DAYS)
    if known is None or anew:
        progress("learn themes")
        known = learn.learn(state, engine, said, embedder, moment, total)
    corrected = learn.corrections(state)
    changed = corrected != known.corrected
    if changed:
        known = learn.relearn(state, engine, said, embedder, known, corrected, moment)
    todo = said
    if not anew:
        unread = said.anti_join(engine.share(state.heard()), "fact_id")
        todo = ibis.union(unread, said.filter(said.happened_at >= since), distinct=True) if changed else unread
    messages = count = 0
    for batch in _batches(engine, todo):
        progress("read sentences")
        rows = read(batch, embedder, known)
        state.add_readings(rows, anew=anew or changed)
        messages, count = messages + batch.num_rows, count + rows.num_rows
    founded = 0 if anew or not count else learn.found(state, engine, said, embedder, known, since, moment)
    if known.pending or changed:
        learn.settle(state, replace(known, pending=False), moment)
    return HearReport(messages, count, len(state.themes()), founded, anew)


def _batches(engine: Engine, todo: ir.Table) -> Iterator[pa.Table]:
    """Messages, those with the same words together so that these are read once."""
    held: list[pa.RecordBatch] = []
    for batch in engine.stream(todo.order_by("text", "fact_id")):
        for begins in range(0, batch.num_rows, AT_ONCE):
            held.append(batch.slice(begins, AT_ONCE))
            if sum(some.num_rows for some in held) >= AT_ONCE:
                yield pa.Table.from_batches(held)
                held = []
    if held:
        yield pa.Table.from_batches(held)


def read(batch: pa.Table, embedder: Embedder, known: Known) -> pa.Table:
    """The rows of readings of some messages. batch: columns of `spoken`."""
    texts, rating = batch["text"].to_pylist(), batch["rating"].to_numpy(zero_copy_only=False)
    distinct: dict[str, int] = {}
    which = np.array([distinct.setdefault(text, len(distinct)) for text in texts], dtype=np.int64)
    first = np.unique(which, return_index=True)[1]
    hints = batch["language"].to_pylist()
    said = speech([*distinct], [hints[i] for i in first])
    found = understand(said.texts, said.languages, embedder, known)
    # One row a message and sentence: the sentences of a text, as often as it was said.
    begins = np.searchsorted(said.owner, which)
    times = np.searchsorted(said.owner, which, side="right") - begins
    message = np.repeat(np.arange(len(which)), times)
    row = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times) + np.repeat(begins, times)
    sentence = said.which[row]
    rated = np.nan_to_num(rating[message].astype(np.float64))
    weights = reading.felt(found.weights[sentence], reading.RATED * rated)
    chances = reading.chances(weights)
    best = chances.argmax(1)
    ids = pa.array([*known.ids, None], pa.string())
    spans = said.spans[row]
    columns = {
        "identifier": batch["identifier"].combine_chunks().fill_null("").take(pa.array(message)),
        "fact_id": batch["fact_id"].take(pa.array(message)),
        "place": pa.array(said.place[row]),
        "kind": batch["kind"].take(pa.array(message)),
        "happened_at": batch["happened_at"].take(pa.array(message)),
        "channel": batch["channel"].take(pa.array(message)),
        "begins": pa.array(spans[:, 0]),
        "ends": pa.array(spans[:, 1]),
        "language": pa.array(said.languages, pa.string()).take(pa.array(sentence)),
        "theme_id": ids.take(pa.array(np.where(found.theme >= 0, found.theme, len(known.ids))[sentence])),
        "closeness": pa.array(np.round(found.closeness[sentence], 4)),
        "reading": pa.array(reading.READINGS).take(pa.array(best)),
        "surety": pa.array(np.round(chances[np.arange(len(best)), best], 4)),
        "read_by": pa.array([_MODEL] * len(row), pa.string()),
        "sentiment": pa.array(np.round(found.sentiment[sentence], 4)),
    }
    return pa.table(columns).cast(_SHAPE)
