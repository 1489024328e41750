"""Learn to hear: what themes there are, how the shop's own ratings feel, and what persons corrected."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.state.records import ThemeRow
from openchair.core.clock import Moment
from openchair.core.ids import digest
from openchair.listening.voices import language, naming, reading, sentiment, themes
from openchair.listening.voices.embedding import Embedder, Letters, Vectors, unit
from openchair.listening.voices.sentiment import Head
from openchair.listening.voices.themes import Gathered
from openchair.listening.voices.understanding import Floats, Known, Places, Speech, known_of, speech, understand

MODEL, STATE, HEAD = "voices", "voices embedder", "voices sentiment"
SAMPLE, RATED_SAMPLE = 20_000, 12_000
"""Messages that themes, and directions, are found in; and rated ones that sentiment is learned from."""
EXEMPLARS = 20
"""Sentences of each old theme that are among them whatever chance says, so that none is lost."""
RATED, RATED_EACH = 200, 40
"""Rated messages, in all and of praise and of blame, from which sentiment is learned and not told by words."""
WAITING = 4_000
"""Sentences of no theme that may found one together."""
FOUNDING = 6
"""Times that a new theme must have been spoken of, by `naming.SPEAKERS` people at least."""
MOST = 2 * themes.MOST


def known(state: State, embedder: Embedder) -> Known | None:
    """What was learned so far; None where nothing was, or with another embedder."""
    body, kept = state.model(MODEL), state.model(STATE)
    if body is None or kept is None:
        return None
    centres = {one.theme_id: one.centroid for one in state.themes()}
    try:
        found = known_of(body, centres, kept, state.model(HEAD), embedder)
    except ValueError:  # centres of another embedder, whose themes were not gathered anew to the end
        return None
    return found if found.fingerprint == embedder.fingerprint else None


def learn(state: State, engine: Engine, said: ir.Table, embedder: Embedder, moment: Moment, total: int) -> Known:
    """Gather themes among a sample, name them, learn sentiment; keep all this, still to be read with."""
    old = {one.theme_id: one for one in state.themes()}
    sample = _sample(state, engine, said, bool(old))
    texts, which = _distinct(sample["text"].to_pylist())
    spoken = speech(texts, _hints(sample, which, len(texts)))
    heard = np.bincount(which, minlength=len(texts))
    weights = np.bincount(spoken.which, heard[spoken.owner].astype(float), len(spoken.texts)).astype(float)
    learned = embedder.fit(spoken.texts, spoken.languages)
    features = embedder.features(spoken.texts)
    vectors = embedder.vectors(spoken.texts, spoken.languages, learned, features)
    gathered = themes.gather(vectors, weights)
    before = _themes_before(state, sample, spoken, which) if old else [None] * len(spoken.texts)
    ids, gathered = _going_on(before, vectors, weights, gathered, spoken)
    theme, _close = gathered.nearest(vectors)
    head, taught = _sentiment(engine, said, embedder)
    found = Known(
        embedder.fingerprint, total, True, "", ids, gathered,
        np.zeros((len(ids), len(reading.READINGS))), np.zeros((vectors.shape[1], len(reading.READINGS))),
        learned, head, taught,
    )  # fmt: skip
    felt = understand(spoken.texts, spoken.languages, embedder, found, features)
    chances = reading.chances(felt.weights) * weights[:, None]
    placed = theme >= 0
    mix = np.zeros_like(found.mix)
    np.add.at(mix, theme[placed], chances[placed])
    found = replace(found, mix=mix)
    names = _named(spoken, theme, weights, _speakers(sample, spoken, which))
    rows = [
        ThemeRow(one, name or (old[one].name if one in old else ""), by_code, told, centre.tobytes(),
                 old[one].born_on if one in old else moment.day)
        for one, centre, (name, by_code, told) in zip(ids, gathered.centres, names, strict=True)
    ]  # fmt: skip
    state.put_themes(rows)
    state.put_models({MODEL: found.written(), STATE: learned, HEAD: head.written() if head else b""}, moment.now)
    return found


def settle(state: State, found: Known, moment: Moment) -> None:
    """Keep that all was read with what is known."""
    state.put_models({MODEL: found.written()}, moment.now)


def corrections(state: State) -> str:
    """What stands for all that persons corrected; empty while they corrected nothing."""
    rows = state.sentences(by_person=True)
    if not rows.num_rows:
        return ""
    told = zip(*(rows[name].to_pylist() for name in ("fact_id", "place", "reading")), strict=True)
    return digest(*sorted(f"{fact} {place} {what}" for fact, place, what in told))


def relearn(
    state: State, engine: Engine, said: ir.Table, embedder: Embedder, found: Known, corrected: str, moment: Moment
) -> Known:
    """Learn from what persons corrected; to be read with is what was said of late."""
    rows = state.sentences(by_person=True)
    texts = texts_of(engine, said, rows)
    have = [i for i, text in enumerate(texts) if text]
    blank = replace(found, taste=np.zeros_like(found.taste))
    some, codes = [texts[i] for i in have], [rows["language"][i].as_py() for i in have]
    felt = understand(some, codes, embedder, blank)
    told = np.array([reading.READINGS.index(rows["reading"][i].as_py()) for i in have], dtype=np.int64)
    taste = reading.learned(felt.vectors, felt.weights, told)
    changed = replace(found, taste=taste, corrected=corrected, pending=True)
    settle(state, changed, moment)
    return changed


def found(
    state: State, engine: Engine, said: ir.Table, embedder: Embedder, known: Known, since: datetime, moment: Moment
) -> int:
    """Found themes of sentences that fit none so far; gives how many."""
    rows = state.sentences(unplaced_since=since, limit=WAITING)
    if rows.num_rows < FOUNDING or len(known.ids) >= MOST:
        return 0
    texts, codes = texts_of(engine, said, rows), rows["language"].to_pylist()
    distinct: dict[tuple[str, str], int] = {}
    which = np.array([distinct.setdefault(one, len(distinct)) for one in zip(texts, codes, strict=True)])
    order = sorted(range(len(distinct)), key=lambda i: digest(*[*distinct][i]))
    rank = np.argsort(order)
    keys = [[*distinct][i] for i in order]
    which = rank[which]
    some, spoken = [text for text, _code in keys], [code for _text, code in keys]
    weights = np.bincount(which, minlength=len(keys)).astype(float)
    vectors = embedder.vectors(some, spoken, known.state)
    gathered = themes.gather(vectors, weights, fewest=FOUNDING)
    who = _people(rows["identifier"].to_pylist(), rows["fact_id"].to_pylist())
    speakers: list[set[int]] = [set() for _ in keys]
    for row, sentence in enumerate(which):
        speakers[sentence].add(who[row])
    theme, close = gathered.nearest(vectors)
    enough = [
        k for k in range(len(gathered.centres))
        if len(set().union(*(speakers[i] for i in np.flatnonzero(theme == k)), set())) >= naming.SPEAKERS
    ]  # fmt: skip
    if not enough:
        return 0
    narrowed = Gathered(gathered.centres[enough], max(known.gathered.radius, gathered.radius))
    theme, close = narrowed.nearest(vectors)
    names = _words(some, spoken, theme, weights, [sorted(one) for one in speakers], len(enough))
    ids = [_new_id(some, spoken, vectors, centre) for centre in narrowed.centres]
    new = [
        ThemeRow(one, name, by_code, told, centre.tobytes(), moment.day)
        for one, centre, (name, by_code, told) in zip(ids, narrowed.centres, names, strict=True)
    ]
    state.put_themes(new)
    here = theme[which] >= 0
    told = rows.filter(pa.array(here))
    placed = pa.array([ids[k] for k in theme[which][here]], pa.string())
    nearness = pa.array(np.round(close[which][here], 4))
    for name, column in (("theme_id", placed), ("closeness", nearness)):
        told = told.set_column(told.schema.get_field_index(name), name, column)
    state.add_readings(told, anew=True)
    return len(new)


def texts_of(engine: Engine, said: ir.Table, rows: pa.Table) -> list[str]:
    """The words of each sentence, read back from history; empty where the fact is gone."""
    ids = rows["fact_id"].unique()
    wanted = engine.share(pa.table({"fact_id": ids}))
    found = engine.rows(said.semi_join(wanted, "fact_id").select("fact_id", "text"))
    text = dict(zip(found["fact_id"].to_pylist(), found["text"].to_pylist(), strict=True))
    spans = zip(*(rows[name].to_pylist() for name in ("fact_id", "begins", "ends")), strict=True)
    return [text.get(fact, "")[begins:ends] for fact, begins, ends in spans]


def _sample(state: State, engine: Engine, said: ir.Table, old: bool) -> pa.Table:
    columns = said.select("fact_id", "identifier", "text", "language")
    found = engine.rows(columns.order_by("fact_id").limit(SAMPLE))
    if old:
        kept = engine.share(pa.table({"fact_id": pa.array(state.exemplars(EXEMPLARS), pa.string())}))
        more = engine.rows(columns.semi_join(kept, "fact_id"))
        found = pa.concat_tables([found, more])
        first = np.sort(np.unique(found["fact_id"].to_numpy(zero_copy_only=False).astype(str), return_index=True)[1])
        found = found.take(pa.array(first))
    return found


def _distinct(texts: Sequence[str]) -> tuple[list[str], Places]:
    """Texts once each in an order of their own, whichever came first; and which each is."""
    order = sorted(set(texts), key=digest)
    place = {text: i for i, text in enumerate(order)}
    return order, np.array([place[text] for text in texts], dtype=np.int64)


def _hints(sample: pa.Table, which: Places, n: int) -> list[str | None]:
    hints: list[str | None] = [None] * n
    for place, code in zip(which.tolist(), sample["language"].to_pylist(), strict=True):
        hints[place] = min(filter(None, (hints[place], code)), default=None)
    return hints


def _people(identifiers: Sequence[str | None], facts: Sequence[str]) -> list[int]:
    """Whoever said each as a number; what is nobody's counts as somebody's of its own."""
    place: dict[str, int] = {}
    return [place.setdefault(who or f" {fact}", len(place)) for who, fact in zip(identifiers, facts, strict=True)]


def _speakers(sample: pa.Table, spoken: Speech, which: Places) -> list[list[int]]:
    by_text: dict[int, set[int]] = defaultdict(set)
    people = _people(sample["identifier"].to_pylist(), sample["fact_id"].to_pylist())
    for text, who in zip(which.tolist(), people, strict=True):
        by_text[text].add(who)
    found: list[set[int]] = [set() for _ in spoken.texts]
    for sentence, owner in zip(spoken.which.tolist(), spoken.owner.tolist(), strict=True):
        found[sentence] |= by_text[owner]
    return [sorted(one) for one in found]


def _themes_before(state: State, sample: pa.Table, spoken: Speech, which: Places) -> list[str | None]:
    """The theme that each distinct sentence mostly had, "" for none; None where it was not read yet."""
    rows = state.sentences(of=sample["fact_id"].to_pylist())
    had = {
        (fact, place): theme
        for fact, place, theme in zip(*(rows[n].to_pylist() for n in ("fact_id", "place", "theme_id")), strict=True)
    }
    votes: list[Counter[str]] = [Counter() for _ in spoken.texts]
    begins, ends = np.searchsorted(spoken.owner, which), np.searchsorted(spoken.owner, which, side="right")
    for fact, first, last in zip(sample["fact_id"].to_pylist(), begins.tolist(), ends.tolist(), strict=True):
        for row in range(first, last):
            if (key := (fact, int(spoken.place[row]))) in had:
                votes[spoken.which[row]][had[key] or ""] += 1
    return [max(sorted(one), key=lambda theme: one[theme]) if one else None for one in votes]


def _going_on(
    before: Sequence[str | None], vectors: Vectors, weights: Floats, gathered: Gathered, spoken: Speech
) -> tuple[tuple[str, ...], Gathered]:
    """Ids of the gathered themes: old ones go on; one without an heir keeps its own sentences' centre, never merged."""
    theme, _close = gathered.nearest(vectors)
    ids = themes.heirs(before, theme, weights, len(gathered.centres))
    ids = [
        one or _new_id(spoken.texts, spoken.languages, vectors, centre)
        for one, centre in zip(ids, gathered.centres, strict=True)
    ]
    centres = [*gathered.centres]
    for lost in sorted({one for one in before if one} - {*ids}):
        own = np.array([one == lost for one in before])
        ids.append(lost)
        centres.append(unit((weights[own, None] * vectors[own]).sum(0, keepdims=True))[0])
    return tuple(ids), Gathered(np.array(centres, np.float32).reshape(-1, vectors.shape[1]), gathered.radius)


def _new_id(texts: Sequence[str], languages: Sequence[str], vectors: Vectors, centre: Vectors) -> str:
    """An id that follows from the sentence nearest to the centre."""
    nearest = int((vectors @ centre).argmax())
    return digest("theme", languages[nearest], texts[nearest])[:20]


def _named(
    spoken: Speech, theme: Places, weights: Floats, speakers: Sequence[Sequence[int]]
) -> list[tuple[str, dict[str, str], dict[str, tuple[str, ...]]]]:
    return _words(spoken.texts, spoken.languages, theme, weights, speakers, int(theme.max(initial=-1)) + 1)


def _words(
    texts: Sequence[str], languages: Sequence[str], theme: Places, weights: Floats,
    speakers: Sequence[Sequence[int]], k: int,
) -> list[tuple[str, dict[str, str], dict[str, tuple[str, ...]]]]:  # fmt: skip
    """For each theme its name, its names and its telling words by language."""
    told = naming.telling(texts, languages, theme, speakers)
    told += [{} for _ in range(k - len(told))]
    found = []
    for place, words in enumerate(told):
        spoken: dict[str, float] = defaultdict(float)
        for i in np.flatnonzero(theme == place).tolist():
            spoken[languages[i]] += float(weights[i])
        names = {code: ", ".join(some[: naming.IN_NAME]) for code, some in words.items()}
        found.append((naming.name(words, spoken), names, words))
    return found


def _sentiment(engine: Engine, said: ir.Table, embedder: Embedder) -> tuple[Head | None, tuple[str, ...]]:
    """A head from the shop's own ratings, and the languages it learned; None while these are too few."""
    rated = said.filter(said.rating.abs() >= 0.5).select("text", "rating", "fact_id")
    rows = engine.rows(rated.order_by("fact_id").limit(RATED_SAMPLE))
    labels = np.where(rows["rating"].to_numpy() > 0, "pos", "neg")
    if not _teaching(labels):
        return None, ()
    texts = rows["text"].to_pylist()
    codes = np.array([code for code, _sure in language.identify(texts)])
    marks = {code: labels[codes == code] for code in np.unique(codes).tolist()}
    enough = [code for code, some in marks.items() if _teaching(some)]
    # A head of letters alone has nothing to say of languages it did not learn; one of meanings has.
    if not isinstance(embedder, Letters):
        enough = sorted(set(codes.tolist()))
    return (sentiment.train(texts, labels.tolist(), embedder), tuple(enough)) if enough else (None, ())


def _teaching(labels: NDArray[np.str_]) -> bool:
    """Whether there are ratings enough to learn from."""
    return len(labels) >= RATED and min((labels == one).sum() for one in ("pos", "neg")) >= RATED_EACH
