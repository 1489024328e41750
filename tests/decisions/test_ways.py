"""The ways out: whatever is offered, sent, packed, asked or booked passes one guard, and nothing forbidden does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decisions.conftest import columns

from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.settings import settings_of
from openchair.decisions.guard import Thing, cleared, may_call, reached, thing_of
from openchair.decisions.reasons import (
    IDEA_RESTS,
    LATER,
    NO_CONSENT,
    NOT_PROFILED,
    NOTHING_LEFT,
    PEACE,
    REASONS,
    TOO_SOON,
)
from openchair.decisions.situation import circumstances_of
from openchair.decisions.ways import WAYS
from openchair.dossier.attention import WEIGHTS, Contact
from openchair.dossier.consent import PURPOSES, SLOTS, allows, no, yes
from openchair.dossier.rules import ALLERGENS, BIT, DIETS, FOOD_SAFETY, TERMS, Contents, terms_of
from openchair.loyalty.actions import Action, default

SETTINGS = settings_of(Path("/shop"), {}, {})
NOON = Moment(datetime(2025, 6, 1, 12, tzinfo=UTC), ZoneInfo("UTC"))
MAIL = yes("marketing", "e-mail")
ROW: dict[str, Any] = {
    "customer_id": "c", "rules": 0, "food_safety": "none", "consents": MAIL, "contacted_on": None,
    "attention_budget": 6.0, "attention_spent": 0.0, "resting": "", "quiet": "",
}  # fmt: skip
LETTER = Thing("letter", Contents(), "letter", "marketing")


def ask(way: str, *things: Thing, at: Moment = NOON, **row: Any) -> list[tuple[str, str]]:
    """Verdict and reason of each thing."""
    return [said[:2] for said in cleared(ROW | row, way, things, moment=at, settings=SETTINGS)]


def test_the_ways_out_are_these() -> None:
    """Adding one is deliberate: it must say what it is, and what it is held to."""
    assert tuple(WAYS) == (
        "decision", "plan", "box", "reply", "reorder", "automatic order", "survey", "call list",
    )  # fmt: skip
    assert all(way.what and (way.purpose is None or way.purpose in PURPOSES) for way in WAYS.values())


@pytest.mark.parametrize("way", WAYS)
def test_a_way_asks_for_what_it_needs(way: str) -> None:
    """What declares nothing is not for those of whom nothing is known, but words; some ways need a yes."""
    thing = Thing("x", channel="e-mail" if way in ("decision", "plan", "survey") else None)
    everything = sum(yes(*slot) for slot in SLOTS)
    verdict = ask(way, thing, food_safety="unknown", consents=everything)[0][0]
    assert verdict == ("clear" if WAYS[way].words else "never")
    assert ask(way, thing, consents=everything) == [("clear", "")]
    opt_in = way in ("decision", "plan", "survey", "automatic order")
    assert (ask(way, thing, consents=0)[0][0] == "never") is opt_in


@pytest.mark.parametrize(
    ("way", "thing", "row", "said"),
    [
        ("decision", LETTER, {}, ""),
        ("decision", LETTER, {"rules": BIT["no letters"]}, "no letters"),
        ("decision", LETTER, {"rules": BIT["under age"]}, "under age"),
        ("decision", LETTER, {"consents": no("marketing")}, NO_CONSENT),
        ("decision", LETTER, {"consents": no("profiling")}, NOT_PROFILED),
        ("decision", replace(LETTER, purpose="service"), {"consents": no("profiling")}, ""),
        ("decision", replace(LETTER, purpose=None), {"consents": no("marketing")}, NO_CONSENT),
        ("decision", LETTER, {"attention_budget": 0.0}, PEACE),
        ("reply", Thing("x", Contents(), "e-mail"), {"attention_budget": 0.0}, ""),
        ("reply", Thing("x", Contents(), "e-mail"), {"rules": BIT["no e-mail"]}, "no e-mail"),
        ("decision", LETTER, {"attention_spent": 5.5}, NOTHING_LEFT),
        ("decision", LETTER, {"attention_spent": 5.0}, ""),
        ("decision", LETTER, {"attention_budget": None}, NOTHING_LEFT),
        ("decision", LETTER, {"contacted_on": date(2025, 5, 26)}, TOO_SOON),
        ("decision", LETTER, {"contacted_on": date(2025, 5, 25)}, ""),
        ("decision", replace(LETTER, spacing_days=9), {"contacted_on": date(2025, 5, 25)}, TOO_SOON),
        ("decision", replace(LETTER, idea="tea"), {"resting": "soup,tea"}, IDEA_RESTS),
        ("reorder", Thing("bar", Contents(True, ("milk",))), {"rules": BIT["milk"]}, "never: milk"),
        ("automatic order", Thing("bar", Contents(True, ())), {"consents": MAIL}, NO_CONSENT),
        ("automatic order", Thing("bar", Contents(True, ())), {"consents": yes("automatic orders")}, ""),
        ("survey", Thing("nps", Contents(), "e-mail", "service"), {}, NO_CONSENT),
        ("survey", Thing("nps", Contents(), "e-mail"), {"consents": yes("research", "e-mail")}, ""),
        ("call list", Thing("x", Contents()), {"rules": BIT["no calls"]}, "no calls"),
        ("call list", Thing("x", Contents(), "letter"), {"rules": BIT["no calls"]}, "no calls"),
        ("call list", Thing("x", Contents()), {"attention_spent": 3.5}, NOTHING_LEFT),
        ("box", Thing("bar"), {"rules": BIT["vegan"]}, "vegan"),
        ("box", Thing("bar"), {"attention_spent": 6.0, "contacted_on": date(2025, 6, 1)}, ""),
    ],
)  # fmt: skip
def test_what_the_guard_says(way: str, thing: Thing, row: dict[str, Any], said: str | int) -> None:
    """Never for a rule, a consent or a wish; later for what passes with time; the first reason is told."""
    reason = REASONS[said] if isinstance(said, int) else said
    verdict = "later" if said in LATER else "never" if reason else "clear"
    assert ask(way, thing, **row) == [(verdict, reason)]


def test_quiet_hours_hold_up_what_disturbs_at_once() -> None:
    """A call at night waits until the morning of the customer; a letter, or a plan, does not disturb."""
    call = Thing("call", Contents(), "call", "service")
    night = Moment(datetime(2025, 6, 1, 17, tzinfo=UTC), ZoneInfo("UTC"))
    there = {"quiet": "Asia/Karachi"}
    said = cleared(ROW | there, "decision", [call, LETTER], moment=night, settings=SETTINGS)
    assert said == [("later", "these are their quiet hours", date(2025, 6, 2)), ("clear", "", None)]
    assert ask("plan", call, at=night, **there) == [("clear", "")]
    assert ask("decision", call, at=NOON, **there) == [("clear", "")]
    assert ask("decision", call, at=night, **there, rules=BIT["no calls"]) == [("never", "no calls")]


def test_what_does_not_fit_says_when_it_would() -> None:
    """The day after the spacing, or the first on which enough attention is free again, as far as contacts are known."""
    had = [Contact("a", "call", date(2025, 5, 10)), Contact("b", "person", date(2025, 5, 20))]
    row = ROW | {"contacted_on": date(2025, 5, 20), "attention_spent": 5.0, "resting": "tea"}
    things = [Thing("x", Contents(), "message", "service"), LETTER, Thing("t", Contents(), "letter", "service", "tea")]
    said = cleared(row | {"contacts": had}, "plan", things, moment=NOON, settings=SETTINGS)
    assert [until for _, _, until in said] == [date(2025, 6, 7), None, None]
    assert cleared(row, "plan", things, moment=NOON, settings=SETTINGS)[0][2] is None
    close = row | {"contacted_on": date(2025, 5, 30)}
    assert cleared(close, "plan", [LETTER], moment=NOON, settings=SETTINGS)[0][1:] == (
        "contacted too recently",
        date(2025, 6, 6),
    )


def test_what_is_no_way_no_channel_and_no_purpose_is_refused_in_words() -> None:
    """A road that nobody declared does not exist."""
    with pytest.raises(BadInput, match="way: got 'carrier pigeon'; one of decision, plan"):
        ask("carrier pigeon", LETTER)
    with pytest.raises(BadInput, match="channel: got 'fax'; one of person"):
        ask("reply", Thing("x", channel="fax"))
    with pytest.raises(BadInput, match="purpose: got 'fun'; one of marketing"):
        ask("reply", Thing("x", purpose="fun"))
    with pytest.raises(BadInput, match="must be given on the way decision"):
        ask("decision", Thing("x"))
    assert ask("decision") == []


contents = st.none() | st.builds(
    Contents,
    edible=st.booleans(),
    allergens=st.none() | st.lists(st.sampled_from(ALLERGENS), unique=True, max_size=3).map(tuple),
    suits=st.lists(st.sampled_from(DIETS), unique=True, max_size=2).map(tuple),
    alcohol=st.booleans(),
    gift=st.booleans(),
    flowers=st.booleans(),
)
things = st.builds(
    Thing,
    st.just("x"),
    contents,
    st.sampled_from(tuple(WEIGHTS)),
    st.sampled_from(("service", "marketing", "research", None)),
    st.sampled_from(("", "tea", "soup")),
    st.integers(0, 30),
)
rows = st.fixed_dictionaries(
    {
        "customer_id": st.just("c"),
        "rules": st.lists(st.sampled_from(TERMS), max_size=4).map(lambda terms: sum({BIT[term] for term in terms})),
        "food_safety": st.sampled_from(FOOD_SAFETY),
        "consents": st.lists(st.sampled_from([f(*slot) for slot in SLOTS for f in (yes, no)]), max_size=8).map(
            lambda bits: sum(set(bits))
        ),
        "contacted_on": st.none() | st.integers(0, 40).map(lambda days: NOON.day - timedelta(days=days)),
        "attention_budget": st.sampled_from([0.0, 3.0, 6.0]),
        "attention_spent": st.integers(0, 14).map(lambda half: half / 2),
        "resting": st.sampled_from(["", "tea", "soup,tea"]),
        "quiet": st.just(""),
    }
)


@given(rows, st.sampled_from(tuple(WAYS)), st.lists(things, max_size=6))
def test_nothing_forbidden_passes_on_any_way(row: dict[str, Any], way: str, some: list[Thing]) -> None:
    """Random rules, consents and things: what is cleared breaks none of them, as read off their plain meaning."""
    said = cleared(row, way, some, moment=NOON, settings=SETTINGS)
    named = set(terms_of(row["rules"]))
    for thing, (verdict, reason, _) in zip(some, said, strict=True):
        assert (verdict == "clear") == (reason == "")
        if verdict != "clear":
            continue
        holds = thing.contents or Contents(edible=not WAYS[way].words)
        if holds.edible:
            assert not named & {"other allergy", "other diet", "other rule"}
            assert not named & set(ALLERGENS if holds.allergens is None else holds.allergens)
            assert row["food_safety"] != "unknown" or holds.allergens == ()
            assert "vegan" not in named or "vegan" in holds.suits
            assert "halal" not in named or "halal" in holds.suits
        assert not (holds.alcohol and named & {"no alcohol", "halal", "under age"})
        assert not (holds.gift and "no gifts" in named) and not (holds.flowers and "no flowers" in named)
        forbidden = {"call": "no calls", "e-mail": "no e-mail", "letter": "no letters", "message": "no messages"}
        for channel in filter(None, (thing.channel, WAYS[way].channel)):
            assert forbidden.get(channel) not in named
            for purpose in filter(None, (thing.purpose, WAYS[way].purpose)):
                assert allows(row["consents"], purpose, channel)
                assert purpose == "service" or "under age" not in named
        if WAYS[way].counts and thing.channel != "webhook":
            assert row["attention_budget"] > 0
            assert row["attention_spent"] + WEIGHTS[str(thing.channel)] <= row["attention_budget"]
            assert not thing.idea or thing.idea not in row["resting"].split(",")


@given(rows, st.sampled_from(tuple(WAYS)), st.lists(things, min_size=1, max_size=6))
def test_many_things_are_judged_as_one_is(row: dict[str, Any], way: str, some: list[Thing]) -> None:
    """Company changes nothing: each thing gets the answer it would get alone."""
    together = cleared(row, way, some, moment=NOON, settings=SETTINGS)
    assert together == [cleared(row, way, [one], moment=NOON, settings=SETTINGS)[0] for one in some]


def rows_of(customers: dict[str, Any]) -> list[dict[str, Any]]:
    """Columns as rows with STANDING_COLUMNS, as the state gives them."""
    names = [name for name in ROW if name not in ("quiet",)]
    whole = zip(*(customers[name].tolist() for name in names), strict=True)
    return [dict(zip(names, values, strict=True)) | {"quiet": ""} for values in whole]


def test_a_turn_permits_nothing_that_would_not_be_cleared() -> None:
    """What the catalogue's choice lets through for 500 customers passes, thing by thing, as a plan for each of them."""
    customers = columns(500, seed=9)
    found, of = circumstances_of(customers, NOON.day)
    may = reached(found, default())
    passed = 0
    for row, mine, roads in zip(rows_of(customers), may.codes[of], may.channel[of].tolist(), strict=True):
        things = [thing_of(one, one.channels[road]) for one, road in zip(default(), roads, strict=True)]
        said = cleared(row, "plan", things, moment=NOON, settings=SETTINGS)
        for (verdict, reason, _), code in zip(said, mine, strict=True):
            assert code != 0 or verdict == "clear"
            # And what is held up for a rule, a consent or attention is held up for the same reason; bands are careful.
            assert verdict == "clear" or code == REASONS.index(reason) or reason == "contacted too recently"
            passed += code == 0
    assert passed > 500


def test_only_those_whom_one_may_call_are_on_the_list() -> None:
    """The list is what the guard clears, customer by customer."""
    people = rows_of(columns(300, seed=4))
    listed = may_call(people, moment=NOON, settings=SETTINGS)
    call = [Thing("call", Contents())]
    clear = [p for p in people if cleared(p, "call list", call, moment=NOON, settings=SETTINGS)[0][0] == "clear"]
    assert listed == clear and 0 < len(listed) < len(people)


def test_a_remedy_is_owed_and_every_action_is_a_thing() -> None:
    """What puts a complaint right, and all that is essential, goes out also when no attention is left; else nothing."""
    owed = [action.id for action in default() if thing_of(action).owed]
    assert owed == ["answer-same-day", "easy-return", "fix-before-asked", "say-it-is-late"]
    spent = {"attention_spent": 6.0, "consents": sum(yes(*slot) for slot in SLOTS)}
    for action in default():
        (said,) = ask("plan", thing_of(action), **spent)
        assert (said[0] == "clear") == (action.id in owed or action.channel == "webhook")


def test_ideas_rest_however_often_they_change_their_dress() -> None:
    """Two actions of one idea wait for each other."""
    dressed: list[Action] = [action for action in default() if action.idea == "their-usual"]
    assert len(dressed) == 2
    row = {"resting": "their-usual", "consents": MAIL}
    assert {ask("plan", thing_of(action), **row)[0][0] for action in dressed} == {"later"}
