"""n-grams, directions, themes, names, readings and sentiment: what is made of sentences."""

import json
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from openchair.core.errors import BadInput
from openchair.listening.voices import grams, naming, reading, sentiment, stems, themes
from openchair.listening.voices.embedding import LETTERS, Letters, Meanings, embedder_of, unit
from openchair.listening.voices.understanding import speech

SAID = {
    "delivery": [
        "The parcel came late",
        "Delivery took two weeks",
        "The courier never came",
        "My parcel arrived early",
    ],
    "price": ["Far too expensive", "The price went up again", "Cheaper elsewhere", "It costs more than it should"],
    "waste": ["Too much plastic", "I hate to throw food away", "Please recycle the plastic", "Less rubbish, please"],
}
TEXTS = [text for some in SAID.values() for text in some]
TOPIC = np.repeat(np.arange(3), 4)


# --- n-grams ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.text("ab ก! é🙂", max_size=12), max_size=6))
def test_equal_texts_are_counted_alike_in_any_company(texts: list[str]) -> None:
    """What is counted of a text depends on that text alone, and on nothing of its case."""
    together = grams.counts(texts)
    assert together.shape == (len(texts), grams.BUCKETS)
    for row, text in enumerate(texts):
        alone = grams.counts([text.upper()])
        assert (together[row] != alone).nnz == 0 or text.upper().casefold() != text.casefold()


def test_a_text_has_as_many_ngrams_as_it_has_places_for_them() -> None:
    """Of n letters, blanks around them counted, there are n - k + 1 of k letters; and each word, and each pair."""
    text = "abcdefgh ijk"
    n = len(text) + 2
    expected = sum(n - k + 1 for k in grams.LENGTHS) + 2 + 1
    assert grams.counts([text]).nnz == expected


@pytest.mark.slow
def test_counting_in_numpy_is_some_times_faster() -> None:
    """Of texts with many n-grams, side by side with scikit-learn which counts fewer, at least three times faster."""
    rng = np.random.default_rng(0)
    letters = np.array([*"aeinorstlucdmpก่าขนว دیرکاس"])
    words = ["".join(letters[rng.integers(0, len(letters), rng.integers(2, 9))]) for _ in range(8000)]
    texts = [" ".join(words[i] for i in rng.integers(0, len(words), 25)) for _ in range(5000)]
    seconds = []
    for count in (grams.counts, TfidfVectorizer(analyzer="char", ngram_range=(2, 5)).fit_transform):
        best = min(_timed(count, texts) for _ in range(2))
        seconds.append(best)
    print(f"ours {seconds[0]:.2f} s, scikit-learn {seconds[1]:.2f} s: {seconds[1] / seconds[0]:.1f} times")
    assert seconds[0] * 3 < seconds[1]


def _timed(count, texts) -> float:  # type: ignore[no-untyped-def]
    grams.plain.cache_clear()
    begun = time.process_time()
    count(texts)
    return time.process_time() - begun


def test_stems_are_found_at_the_beginning_of_words_and_in_thai_anywhere() -> None:
    """A stem does not stand inside another word, but in Thai, which has no blanks; _ asks for the whole word."""
    found = stems.pattern({"en": ["bin_", "cost"], "th": ["แพง"]})
    texts = ["the bin", "binding", "cabin", "costly", "accost", "มันแพงมาก", "BIN!"]
    assert stems.has(texts, {"x": found}).ravel().tolist() == [True, False, False, True, False, True, True]


# --- directions ------------------------------------------------------------------------------------------------------


def test_directions_are_of_length_one_and_the_same_each_time() -> None:
    """Rows have length 1 or say nothing; fitting the same texts again, in any order of calls, gives the same."""
    state = LETTERS.fit(TEXTS, ["en"] * len(TEXTS))
    vectors = LETTERS.vectors([*TEXTS, ""], ["en"] * 13, state)
    length = np.linalg.norm(vectors, axis=1)
    assert np.allclose(length[:-1], 1, atol=1e-5)
    assert length[-1] == pytest.approx(0, abs=1e-6) or length[-1] == pytest.approx(1, abs=1e-5)
    assert np.array_equal(LETTERS.vectors(TEXTS, [], LETTERS.fit(TEXTS, [])), vectors[:-1])


def test_what_means_the_same_lies_nearer_across_languages() -> None:
    """A late parcel in four languages lies nearer to itself than to a price in the same language."""
    texts = ["The parcel came late.", "ڈبہ دیر سے پہنچا", "พัสดุมาช้ามาก", "A entrega atrasou", "The price is high",
             "قیمت زیادہ ہے", "ราคาแพง", "O preço subiu"]  # fmt: skip
    vectors = LETTERS.vectors(texts, ["en"] * 8, LETTERS.fit(texts, ["en"] * 8))
    alike = vectors @ vectors.T
    assert alike[:4, :4].min() > alike[:4, 4:].max()


@pytest.mark.parametrize("texts", [[], ["one"], ["", ""]])
def test_a_shop_of_hardly_a_word_is_fitted_too(texts: list[str]) -> None:
    """No text, one, and texts without a letter have directions of the same number."""
    state = LETTERS.fit(texts, ["en"] * len(texts))
    assert LETTERS.vectors(["a box"], ["en"], state).shape == (1, LETTERS.dimensions + len(stems.patterns("concepts")))


def test_a_models_languages_are_no_topics() -> None:
    """Each language's own mean is taken from a model's directions, so that the same thing said lies together."""
    rng = np.random.default_rng(1)
    means = {"en": rng.normal(size=8), "th": rng.normal(size=8)}
    things = rng.normal(size=(30, 8)) * 0.3

    def encode(texts: list[str]) -> np.ndarray:
        return np.array([means[t.split()[0]] + things[int(t.split()[1])] for t in texts], np.float32)

    model = Meanings("toy", encode, Letters(dimensions=1))
    texts = [f"{code} {i}" for code in means for i in range(30)]
    codes = [text.split()[0] for text in texts]
    vectors = model.vectors(texts, codes, model.fit(texts, codes))
    alike = unit(vectors[:, :8]) @ unit(vectors[:, :8]).T
    assert (alike[:30, 30:].argmax(1) == np.arange(30)).mean() == 1.0


def test_an_embedder_that_is_not_at_hand_says_so() -> None:
    """A model without an address is a BadInput; the default is always there."""
    assert embedder_of("letters") is LETTERS
    with pytest.raises(BadInput, match="embedder_url"):
        embedder_of("url")


# --- themes ----------------------------------------------------------------------------------------------------------


def test_what_points_the_same_way_is_gathered() -> None:
    """Three clouds around three directions give three themes, the heaviest first, and noise belongs to none."""
    rng = np.random.default_rng(2)
    centres = unit(rng.normal(size=(3, 40)))
    place = np.repeat([0, 1, 2], [60, 40, 20])
    cloud = unit(centres[place] + 0.05 * rng.normal(size=(120, 40)))
    gathered = themes.gather(cloud, np.ones(120))
    found, _ = gathered.nearest(cloud)
    assert len(gathered.centres) == 3
    assert [len(set(found[place == one])) for one in range(3)] == [1, 1, 1]
    assert np.bincount(found[found >= 0])[0] == 60
    assert (gathered.nearest(unit(rng.normal(size=(50, 40))))[0] == -1).all()


def test_gathering_nothing_gives_nothing() -> None:
    """No sentence, one sentence, and sentences that say nothing give no theme or one."""
    assert len(themes.gather(np.zeros((0, 5), np.float32), np.zeros(0)).centres) == 0
    assert len(themes.gather(np.zeros((9, 5), np.float32), np.ones(9)).centres) == 0
    assert len(themes.gather(unit(np.ones((1, 5))), np.array([7.0])).centres) == 1


def test_a_theme_keeps_its_id_by_the_sentences_it_holds() -> None:
    """Clusters take the ids of the themes they share most with, one each; one that shares little is new."""
    old = ["a"] * 10 + ["b"] * 10 + [""] * 5
    new = np.array([1] * 9 + [0] + [0] * 10 + [2] * 5)
    assert themes.heirs(old, new, np.ones(25), 3) == ["b", "a", ""]
    split = np.array([0] * 5 + [1] * 5 + [2] * 10 + [-1] * 5)
    assert sorted(themes.heirs(old, split, np.ones(25), 3)) == ["", "a", "b"]
    assert themes.heirs([""] * 4, np.array([0, 0, 1, 1]), np.ones(4), 2) == ["", ""]


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_name_has_no_word_that_only_few_customers_used() -> None:
    """A telephone number, a person's name and a stop word stand in no name; what many said does."""
    texts = [f"The parcel was late, call Zebedee on 0300{i}" if i < 2 else f"The parcel was late {i}" for i in range(6)]
    texts += [f"Cheap price for {word} food" for word in ("good", "nice", "the")] * 2
    place = np.array([0] * 6 + [1] * 6)
    told = naming.telling(texts, ["en"] * 12, place, [[i] for i in range(12)])
    words = {word for one in told for word in one["en"]}
    assert "parcel" in told[0]["en"] and "price" in told[1]["en"]
    assert not words & {"zebedee", "call", "the", "for", "was", "03000"}


def test_one_customer_names_nothing_however_often_they_speak() -> None:
    """Who speaks a hundred times is one customer."""
    told = naming.telling(["secret word"] * 3, ["en"] * 3, np.zeros(3, int), [[7], [7], [7, 8]])
    assert told == [{}]
    assert naming.name({}, {}) == ""


def test_thai_is_cut_into_words_of_its_own() -> None:
    """No Thai name ends in a vowel that belongs to the next word, and words many use are found."""
    texts = [f"กล่อง{x}มาช้ามาก" for x in ("ขนม", "ถั่ว", "ผลไม้", "นม")] + [f"ราคา{x}แพงเกินไป" for x in ("ขนม", "ถั่ว", "นม")]
    told = naming.telling(texts, ["th"] * 7, np.array([0] * 4 + [1] * 3), [[i] for i in range(7)])
    words = [word for one in told for word in one.get("th", ())]
    assert "กล่อง" in told[0]["th"] and "ราคา" in told[1]["th"]
    assert not any(word[-1] in "เแโใไ" for word in words)


# --- readings --------------------------------------------------------------------------------------------------------

READ = [
    ("I need a box that comes when I am at home.", "need"),
    ("Please add more vegan snacks.", "want"),
    ("One day I hope to become a better cook.", "aspiration"),
    ("The courier never came and nobody answered.", "pain"),
    ("I love it, the best shop ever!", "praise"),
    ("The shop is in the High Street.", "other"),
    ("مجھے ایسا ڈبہ چاہیے جو وقت پر آئے", "need"),
    ("میرا خواب ہے کہ گھر صاف رہے", "aspiration"),
    ("پارسل نہیں ملا اور کوئی جواب نہیں آیا", "pain"),
    ("ฝันว่าสักวันจะมีร้านของตัวเอง", "aspiration"),
    ("ส่งช้าไป รอทั้งวันก็ไม่มา", "pain"),
    ("อร่อยมาก ประทับใจสุด ๆ", "praise"),
    ("Preciso de um lanche sem glúten", "need"),
    ("Meu pedido não chegou e ninguém responde", "pain"),
    ("Adorei, recomendo a todos", "praise"),
]


def test_ordinary_sentences_are_read_by_their_cues() -> None:
    """In four languages, wants, needs, aspirations, pains and praise are read as what they are."""
    texts = [text for text, _ in READ]
    best = reading.guess(texts, sentiment.by_words(texts)).argmax(1)
    assert [reading.READINGS[place] for place in best] == [what for _, what in READ]


def test_a_sentence_is_read_in_the_company_of_its_theme() -> None:
    """What says nothing by itself leans to what its theme is mostly said with; what is of no theme does not move."""
    mix = np.array([[0, 90, 0, 5, 0, 5], [0, 0, 0, 0, 0, 100]], dtype=float)
    flat = np.zeros((3, 6))
    moved = reading.in_company(flat, np.array([0, 1, -1]), mix)
    assert reading.READINGS[moved[0].argmax()] == "need" and reading.READINGS[moved[1].argmax()] == "other"
    assert not moved[2].any()


def test_corrections_are_learned_from_and_reach_the_like() -> None:
    """After a person read twenty sentences of a kind that cues get wrong, most others of that kind are read rightly."""
    rng = np.random.default_rng(4)
    kinds = unit(rng.normal(size=(2, 60)))
    place = rng.integers(0, 2, 240)
    vectors = unit(kinds[place] + 0.08 * rng.normal(size=(240, 60)))
    guessed = np.tile([0, 0, 0, 1.0, 0, 1.5], (240, 1))
    truth = np.where(place == 0, reading.READINGS.index("need"), reading.READINGS.index("other"))
    rates = []
    for n in (0, 4, 12, 40):
        taste = reading.learned(vectors[:n], guessed[:n], truth[:n])
        found = (guessed[200:] + vectors[200:] @ taste).argmax(1)
        rates.append(float((found == truth[200:]).mean()))
    print("accuracy on the like after 0, 4, 12 and 40 corrections:", rates)
    assert rates == sorted(rates)
    assert rates[0] < 0.7 and rates[-1] > 0.95


def test_a_lift_says_how_sure_it_is() -> None:
    """The lift of a few customers has a wide interval, of many a narrow one; of nobody there is none."""
    few, many = reading.lift(3, 4, 6, 40), reading.lift(300, 400, 600, 4000)
    assert few and many and few.low < many.low < many.value < many.high < few.high
    assert reading.lift(0, 0, 5, 10) is None


# --- sentiment -------------------------------------------------------------------------------------------------------


def test_a_head_learns_any_classes_and_is_kept_as_bytes() -> None:
    """Three classes of sentences are told apart, by a head read back from what was kept as by the first."""
    rng = np.random.default_rng(0)
    words = {"pos": ["great", "lovely", "fresh"], "neg": ["broken", "late", "stale"], "ask": ["when", "where", "how"]}
    labels = [str(one) for one in rng.choice([*words], 300)]
    texts = [f"the {rng.choice(words[one])} box {rng.integers(1000)}" for one in labels]
    head = sentiment.train(texts[:200], labels[:200], LETTERS)
    assert np.mean([a == b for a, b in zip(head.predict(texts[200:]), labels[200:], strict=True)]) > 0.95
    kept = sentiment.read(head.written(), LETTERS)
    assert np.allclose(kept.chances(texts[200:]), head.chances(texts[200:]), atol=0.01)
    assert np.allclose(head.chances(texts).sum(1), 1)
    score = dict(zip(labels, head.score(texts), strict=True))
    assert score["neg"] < score["ask"] < score["pos"] and -1 <= score["neg"] <= score["pos"] <= 1


def test_a_head_of_one_class_is_refused() -> None:
    """There is nothing to tell apart."""
    with pytest.raises(BadInput, match="two classes"):
        sentiment.train(["a", "b"], ["pos", "pos"], LETTERS)


@pytest.mark.parametrize(
    ("good", "bad"),
    [("Great, thank you!", "Never again, it was broken."), ("بہت اچھا ہے", "یہ اچھا نہیں ہے"), ("อร่อยมาก", "ไม่อร่อยเลย"),
     ("Gostei muito", "Não gostei"), ("No problem at all", "Not good")],
)  # fmt: skip
def test_words_of_praise_and_blame_tell_without_ratings(good: str, bad: str) -> None:
    """In four languages, with a `not` that turns them around."""
    felt = sentiment.by_words([good, bad, "The box."])
    assert felt[0] > 0 > felt[1] and felt[2] == 0


# --- the whole -------------------------------------------------------------------------------------------------------


def test_speech_is_each_distinct_sentence_once() -> None:
    """Sentences said in several texts are one, and every text knows which of them it has, and where."""
    texts = ["It came late. Thank you.", "Thank you.", "ขอบคุณค่ะ It came late."]
    said = speech(texts, [None, None, None])
    assert Counter(said.texts).most_common(1)[0][1] == 1
    found = [said.texts[i] for i in said.which]
    spans = [texts[owner][begins:ends] for owner, (begins, ends) in zip(said.owner, said.spans, strict=True)]
    assert found == spans
    assert json.dumps(sorted(set(said.languages))) == '["en", "th"]'
