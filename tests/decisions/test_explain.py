"""Why: three sentences from what is known, what would have changed it, and a record that says all it rested on."""

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.decisions.conftest import DAY

from openchair.decisions import choice, explain, guard, reasons
from openchair.decisions import record as kept
from openchair.decisions.situation import circumstances_of, fields_of, ids, situations_of
from openchair.loyalty.actions import WAIT, default

ACTIONS = default()
BY_ID = {action.id: action for action in ACTIONS}
ROW: dict[str, Any] = {
    "stage": "slipping",
    "orders": 12,
    "last_on": date(2025, 4, 28),
    "gap_days": 19.2,
    "nps_score": None,
    "complained_on": None,
    "contacted_on": date(2025, 4, 12),
}


@pytest.fixture(scope="module")
def decided(customers: dict[str, Any]) -> tuple[Any, Any, Any, list[str]]:
    found, of = circumstances_of(customers, DAY)
    situations, _ = situations_of(found, of, guard.permitted(found, ACTIONS))
    mean = np.random.default_rng(1).normal(500, 400, situations.codes.shape)
    gains = choice.Gains(mean, np.full(mean.shape, 300.0), np.zeros(mean.shape))
    picked = choice.choose(gains, situations.codes)
    return situations, gains, picked, kept.texts_of(situations, ACTIONS, gains, picked)


def record(*candidates: tuple[str, float, float], out: tuple[kept.RuledOutRecord, ...] = (), n: float = 0.0) -> Any:
    """A record with (action, gain in cents, probability) each, best first."""
    rows = tuple(kept.CandidateRecord(a, g, g - 300, g + 300, n, p) for a, g, p in candidates)
    return kept.Record({"stage": "slipping", "value_minor": 13335.0, "value_known": True}, rows, out)


def told(chosen: str, of: Any, row: dict[str, Any] = ROW, **more: Any) -> tuple[str, str, str]:
    return explain.reasons_of(chosen, of, row, BY_ID, day=DAY, **more)


def test_a_record_holds_every_action_once(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """Candidates with interval, evidence and exact chance, best first; the others with the guard's reason."""
    situations, gains, picked, records = decided
    places = {action.id: place for place, action in enumerate(ACTIONS)}
    for i in range(0, len(situations), 97):
        read, codes = kept.read(records[i]), picked.codes[i]
        figures = [part[i].round(2).tolist() for part in (gains.mean, gains.low, gains.high, gains.n)]
        chances = picked.probabilities[i].tolist()
        candidates = [
            kept.CandidateRecord(action.id, *(part[place] for part in figures), chances[place])
            for place, action in enumerate(ACTIONS)
            if codes[place] == 0
        ]
        candidates.append(kept.CandidateRecord(WAIT, 0.0, 0.0, 0.0, 0.0, chances[-1]))
        assert list(read.candidates) == sorted(candidates, key=lambda one: (-one.gain, one.action))
        assert sum(one.probability for one in read.candidates) == pytest.approx(1, abs=1e-12)
        out = [
            kept.RuledOutRecord(name, reasons.REASONS[code], *lifted)
            for name, place in sorted(places.items(), key=lambda one: (codes[one[1]], one[1]))
            if (code := codes[place])
            for lifted in [(reasons.LIFTABLE[code], figures[0][place]) if code in reasons.LIFTABLE else ()]
        ]
        assert list(read.ruled_out) == out
        assert read.situation == json.loads(records[i])["situation"] == fields_of(situations, i)


def test_a_record_as_it_was_kept_before_reads_the_same(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """Records used to name each action with all that is said of it: those are kept, and tell what they told."""
    for text in decided[3][::97]:
        now = kept.read(text)
        whole = kept.Record(now.situation, tuple(now.candidates), tuple(now.ruled_out), now.catalogue)
        before = kept.read(msgspec.json.encode(whole).decode())
        assert (before.situation, before.catalogue) == (now.situation, now.catalogue)
        assert (tuple(before.candidates), tuple(before.ruled_out)) == (whole.candidates, whole.ruled_out)
        assert before.reasons() == now.reasons() == Counter(one.reason for one in now.ruled_out)
        assert before.barred(explain.TOLD) == now.barred(explain.TOLD)
        assert (before.candidates[0], before.ruled_out[-1]) == (now.candidates[0], now.ruled_out[-1])
        assert tuple(before.ruled_out[3:9]) == now.ruled_out[3:9]


def test_situations_are_named_by_what_they_are(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """No two situations of a day have one id, and another day gives others."""
    records = decided[3]
    today = ids(records, "2025-06-01")
    assert len(set(today)) == len(records)
    assert not set(today) & set(ids(records, "2025-06-02"))


def test_every_situation_can_be_explained(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """Whatever was drawn, there are three full sentences, and one on what would have changed it."""
    for text in decided[3][::97]:
        read = kept.read(text)
        for candidate in read.candidates:
            sentences = (*told(candidate.action, read), explain.would_change_of(candidate.action, read, BY_ID, "EUR"))
            assert len(sentences) == 4
            for sentence in sentences:
                assert sentence[0].isupper() or not sentence[0].isalpha()
                assert sentence.endswith(".")
                assert "nan" not in sentence.split()
                assert "None" not in sentence


def test_the_three_terms_of_the_formula() -> None:
    """What they want, the pillar and how well it is known what it brings, and the relationship."""
    wants, pillar, relationship = told("call-and-listen", record(("call-and-listen", 400, 0.9), (WAIT, 0, 0.1)))
    assert wants.startswith("Orders about every 19 days, with no stated wishes yet; asking is the only way")
    assert pillar == (
        "Customer service, to respond to desire; what it brings is a prior belief, "
        "not yet learned from this shop's outcomes."
    )
    assert relationship.startswith(
        "Slipping, last order 34 days ago where 19 days is usual; our last word was 50 days ago; a voice"
    )


@pytest.mark.parametrize(
    ("known", "wishes", "said"),
    [
        ({}, ("less to decide", "figs"), "Wants less to decide, figs;"),
        ({"complained_on": date(2025, 5, 29)}, (), "Complained 3 days ago;"),
        ({"complained_on": date(2024, 5, 29)}, (), "Orders about every 19 days"),
        ({"nps_score": 6.0}, (), "Gave 6 of 10 when last asked; orders about every 19 days"),
        (
            {"nps_score": float("nan"), "gap_days": float("nan"), "orders": 1},
            (),
            "One order so far, with no stated wishes",
        ),
        ({"orders": 0, "last_on": None, "gap_days": None, "stage": "prospect"}, (), "No order so far, with no stated"),
    ],
)
def test_no_want_is_ever_invented(known: dict[str, Any], wishes: tuple[str, ...], said: str) -> None:
    """A want is something the customer said; without one the sentence tells what is known and that no more is."""
    sentence = told("call-and-listen", record(("call-and-listen", 400, 0.9)), ROW | known, wishes=wishes)[0]
    assert sentence.startswith(said)


def test_what_was_learned_is_told_from_what_is_believed() -> None:
    """A figure that rests on outcomes says on how many."""
    sentence = told("call-and-listen", record(("call-and-listen", 400, 0.9), n=310))[1]
    assert "learned from 310 outcomes" in sentence
    assert "prior" not in sentence


def test_waiting_says_why() -> None:
    """By chance, to have something to compare with, or because nothing else was possible."""
    assert "by chance (10 in 100)" in told(WAIT, record(("call-and-listen", 400, 0.9), (WAIT, 0, 0.1)))[1]
    assert told(WAIT, record((WAIT, 0, 1.0)))[1].startswith("Nothing: each action was ruled out")


def tried(probability: float) -> kept.Record:
    """A call that is expected to bring less than it costs and may bring more, beside waiting."""
    call = kept.CandidateRecord("call-and-listen", -100, -400, 200, 0, probability)
    waits = kept.CandidateRecord(WAIT, 0, 0, 0, 0, 1 - probability)
    return kept.Record(record((WAIT, 0, 1.0)).situation, (waits, call), ())


BARRED = kept.RuledOutRecord("before-it-runs-out", "no consent", "if they had agreed to it", 900.0)


@pytest.mark.parametrize(
    ("chosen", "of", "said"),
    [
        (
            "call-and-listen",
            record(("call-and-listen", 400, 0.8), ("usual-order-ready", 359, 0.1), (WAIT, 0, 0.1)),
            "It would have been “Have their usual order ready to confirm”, were that expected to bring "
            "more than € 0.41 more.",
        ),
        (
            "usual-order-ready",
            record(("call-and-listen", 400, 0.8), ("usual-order-ready", 359, 0.1), (WAIT, 0, 0.1)),
            "Chance chose this, to learn (10 in 100); by expectation alone it would have been “Call, and listen”.",
        ),
        (
            "call-and-listen",
            tried(0.9),
            "Tried, to learn what it brings: it may be € 2; by expectation alone it would have been to wait.",
        ),
        (
            "call-and-listen",
            tried(0.02),
            "Chance chose this, to learn (2 in 100); by expectation alone it would have been to wait.",
        ),
        (
            "call-and-listen",
            record(("call-and-listen", 400, 0.9), (WAIT, 0, 0.1), out=(BARRED,)),
            "It would have been “A word before it runs out” if they had agreed to it.",
        ),
        (
            "call-and-listen",
            record(("call-and-listen", 400, 0.9), (WAIT, 0, 0.1)),
            "We would have waited, were it expected to bring € 4.00 less.",
        ),
        (WAIT, record((WAIT, 0, 1.0)), "Nothing else was possible: every action was ruled out."),
    ],
)  # fmt: skip
def test_what_would_have_changed_it(chosen: str, of: Any, said: str) -> None:
    """The counterfactual that is nearest, in one sentence; hard rules are never put to the question."""
    assert explain.would_change_of(chosen, of, BY_ID, "EUR") == said


def test_hard_rules_are_not_offered_as_what_might_change(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """No record says "if they were not allergic"."""
    said = {one.reason for text in decided[3][::50] for one in kept.read(text).ruled_out if one.if_only}
    assert said <= {reasons.REASONS[code] for code in reasons.LIFTABLE}
    assert not np.isin(list(reasons.LIFTABLE), range(1, 10)).any()


def seen(chosen: str, of: Any, row: dict[str, Any] = ROW) -> list[str]:
    """What the customer reads."""
    return [text.format(**numbers) for text, numbers in explain.told(chosen, of, row, BY_ID, DAY)]


def test_customers_read_why_in_the_second_person() -> None:
    """What was thought of, what was looked at, how it was chosen, what would have changed it."""
    of = record(("call-and-listen", 400, 0.9), (WAIT, 0, 0.1), out=(BARRED,))
    assert seen("call-and-listen", of) == [
        "We thought of calling you.",
        "You usually order every 19 days; it has been 34.",
        "We were last in touch 50 days ago.",
        "It was expected to serve you best.",
        "It might have been something else if you had agreed to hear from us that way.",
    ]
    new = ROW | {"orders": 1, "contacted_on": None, "nps_score": 9.0, "complained_on": date(2025, 5, 30)}
    assert seen(WAIT, record((WAIT, 0, 1.0)), new)[1:] == [
        "You told us that something was wrong; that was 2 days ago.",
        "You gave us 9 of 10 when we last asked.",
        "Orders from you so far: 1.",
        "We have not been in touch with you before.",
        "Nothing else was possible: your rules, what you agreed to or what suits you ruled it out.",
        "It would have been something else only if that had been expected to serve you better.",
    ]


def test_customers_read_only_what_has_a_translation(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """Whatever was chosen, every sentence is one of the few of TOLD, its numbers are given, and no rule is named."""
    for text in decided[3][::97]:
        read = kept.read(text)
        for candidate in read.candidates:
            for sentence, numbers in explain.told(candidate.action, read, ROW, BY_ID, DAY):
                assert sentence in explain.TOLD.values()
                assert "{" not in sentence.format(**numbers)
    assert len(set(explain.TOLD.values())) == len(explain.TOLD) <= 30
    assert {reasons.LIFTABLE[code] for code in reasons.LIFTABLE} <= set(explain.TOLD)
    assert {action.channel for action in ACTIONS} <= set(explain.TOLD)


@pytest.mark.parametrize(
    ("days", "sentences"),
    [
        (0, ("You told us the same day that something was wrong.", "We were last in touch the same day.")),
        (1, ("You told us the day before that something was wrong.", "We were last in touch the day before.")),
        (
            2,
            (
                "You told us that something was wrong; that was {since} days ago.",
                "We were last in touch {since} days ago.",
            ),
        ),
    ],
)
def test_a_customer_is_told_of_days_as_people_say_them(days: int, sentences: tuple[str, str]) -> None:
    """The same day, the day before, two days ago; never one days."""
    row = ROW | dict.fromkeys(("complained_on", "contacted_on"), DAY - timedelta(days=days))
    said = dict(explain.told(WAIT, record((WAIT, 0, 1.0)), row, BY_ID, DAY))
    assert {text: said.get(text) for text in sentences} == dict.fromkeys(sentences, {"since": days} if days > 1 else {})


def test_a_weight_of_the_focus_map_is_said_and_counted(decided: tuple[Any, Any, Any, list[str]]) -> None:
    """Gains are told in money as expected; what won by its weight is no chance, and the sentence says the weight."""
    situations, gains, _, plain = decided
    weights = [1.5 if action.pillar == "service" else 1.0 for action in ACTIONS]
    picked = choice.choose(gains, situations.codes, weights=weights)
    records = kept.texts_of(situations, ACTIONS, gains, picked, weights)
    for before, after in zip(plain[::97], map(kept.read, records[::97]), strict=True):
        assert {one.action: one.gain for one in kept.read(before).candidates} == {
            one.action: one.gain for one in after.candidates
        }
        assert [one.counts for one in after.candidates] == sorted(
            (one.counts for one in after.candidates), reverse=True
        )
    heavy, light = BY_ID["call-and-listen"], BY_ID["note-by-hand"]
    rows = tuple(
        kept.CandidateRecord(action, gain, gain, gain, 0.0, chance, weight)
        for action, gain, chance, weight in (
            (heavy.id, 800, 0.9, 1.5),
            (light.id, 1000, 0.08, 1.0),
            (WAIT, 0, 0.02, 1.0),
        )
    )
    of = kept.Record({"stage": "slipping", "value_minor": 13335.0, "value_known": True}, rows, ())
    assert "the focus map counts it 1.5 times" in told(heavy.id, of)[1] and "focus map" not in told(light.id, of)[1]
    assert explain.would_change_of(heavy.id, of, BY_ID, "EUR").endswith("more than € 2.00 more.")
    assert explain.would_change_of(light.id, of, BY_ID, "EUR").startswith("Chance chose this")


@pytest.mark.parametrize(("steps", "word"), [(2, "more"), (-1, "less")])
def test_the_pillar_says_whether_it_moves_this_customer(steps: int, word: str) -> None:
    """Where their own outcomes say so; of another pillar it is not said."""
    of = record(("call-and-listen", 500.0, 0.9), (WAIT, 0.0, 0.1), n=12.0)
    for pillar, said in (("service", True), ("community", False)):
        of.situation["leaning"] = {pillar: steps}
        told_ = told("call-and-listen", of)[1]
        assert (f"; it has moved this customer {word} than others like them" in told_) == said
        assert "was learned from 12 outcomes" in told_


def test_who_is_left_alone_by_lot_is_told_so() -> None:
    """The holdout's wait is no chance and no rule."""
    out = (kept.RuledOutRecord("call-and-listen", reasons.REASONS[reasons.HELD_BACK]),)
    assert "the lot left them alone this quarter" in told(WAIT, record((WAIT, 0.0, 1.0), out=out))[1]
