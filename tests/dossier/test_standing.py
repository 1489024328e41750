"""Standing: who says a thing, and when, decides what it does; nothing but the right person's word lifts a rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.dossier import consent, rules
from openchair.dossier.consent import no, yes
from openchair.dossier.rules import DECLARED, NONE, UNKNOWN, Contents, blocked, terms_of
from openchair.dossier.standing import (
    Statement,
    binds,
    consents_in_force,
    fold,
    rules_in_force,
    standing_of,
    strand,
)
from openchair.dossier.traits import TRUST

START = datetime(2026, 1, 1, tzinfo=UTC)
MAIL = "consent.email.marketing"


def after(*said: str) -> Any:
    """The standing after sentences of the form `speaker: name = value`."""
    parts = [(speaker.strip(), *rest.partition("=")[::2]) for speaker, _, rest in (one.partition(":") for one in said)]
    return fold([Statement(name.strip(), value.strip(), speaker) for speaker, name, value in parts])


def row(number: int, name: str, value: str, said_by: str, **more: Any) -> dict[str, Any]:
    """A fact of kind traits, an hour later than the one before."""
    base = {"fact_id": f"f{number:03d}", "source": "crm", "identifier": "id:1", "properties": None, "confidence": 1.0}
    return {
        **base,
        "name": name,
        "value": value,
        "said_by": said_by,
        "happened_at": START + timedelta(hours=number),
    } | more


@pytest.mark.parametrize(
    ("said", "terms", "food"),
    [
        ([], "", UNKNOWN),
        (["shop: allergies = peanuts"], "peanuts", DECLARED),
        (["shop: allergies = peanuts", "customer: allergies = none"], "", NONE),
        (["shop: allergies = peanuts", "owner: allergies = milk"], "milk", DECLARED),
        (["customer: allergies = peanuts", "staff: allergies = none"], "peanuts", DECLARED),
        (["customer: allergies = peanuts", "staff: allergies ="], "peanuts", DECLARED),
        (["customer: allergies = peanuts", "shop: allergies = milk"], "peanuts,milk", DECLARED),
        (["customer: allergies = peanuts", "customer: allergies ="], "", UNKNOWN),
        (["customer: allergies = none", "staff: allergies = milk"], "milk", DECLARED),
        (["customer: allergies = none", "staff: allergies = milk", "customer: lift = milk"], "", UNKNOWN),
        (["customer: allergies = none", "shop: allergies ="], "", NONE),
        (["staff: allergies = none"], "", NONE),
        (["staff: allergies = none", "staff: allergies ="], "", UNKNOWN),
        (["inferred: allergies = none"], "", UNKNOWN),
        (["inferred: allergies = peanuts"], "peanuts", DECLARED),
        (["customer: allergies = none", "inferred: allergies = peanuts"], "", NONE),
        (["customer: diet = none", "inferred: allergies = peanuts"], "peanuts", DECLARED),
        (["customer: diet = gluten-free"], "gluten", UNKNOWN),
        (["shop: peanut allergy = yes", "customer: allergies = none"], "peanuts", DECLARED),
        (["shop: religion = Muslim", "customer: lift = no alcohol"], "halal", UNKNOWN),
        (["shop: diet = vegan", "shop: Dietary = vegan", "customer: lift = vegan"], "", UNKNOWN),
        (["shop: diet = vegan", "staff: lift = vegan"], "vegan", UNKNOWN),
        (["shop: diet = vegan", "shop: lift = vegan"], "vegan", UNKNOWN),
        (["shop: diet = vegan", "inferred: lift = vegan"], "vegan", UNKNOWN),
        (["shop: diet = vegan", "owner: lift = vegan"], "", UNKNOWN),
        (["shop: diet = vegan", "owner: lift = vegan", "staff: diet = vegan"], "vegan", UNKNOWN),
        (["shop: diet = vegan", "customer: lift = vegan", "inferred: diet = vegan"], "", UNKNOWN),
        (["shop: diet = vegan", "customer: lift = everything"], "vegan", UNKNOWN),
        (["customer: no_calls = yes", "customer: no_gifts = yes", "customer: no_calls = no"], "no gifts", UNKNOWN),
        (["customer: forbid = no calls", "customer: forbid = no gifts"], "no calls,no gifts", UNKNOWN),
        (["customer: forbid = nuts"], "nuts", DECLARED),
        (["staff: forbid = ring after six"], "other rule,no calls", UNKNOWN),
        (["shop: age = 16"], "under age", UNKNOWN),
        (["shop: age = 16 years", "customer: age = 19"], "", UNKNOWN),
    ],
)
def test_who_says_a_thing_decides_what_it_does(said: list[str], terms: str, food: int) -> None:
    """The customer and an owner replace and lift; the team and records add; a guess yields to the customer."""
    stands = after(*said)
    assert set(terms_of(stands.rules)) == set(filter(None, terms.split(",")))
    assert stands.food_safety == food


@pytest.mark.parametrize(
    ("said", "bits"),
    [
        ([f"shop: {MAIL} = yes"], yes("marketing", "e-mail")),
        ([f"inferred: {MAIL} = yes"], 0),
        ([f"inferred: {MAIL} = no"], no("marketing", "e-mail")),
        ([f"customer: {MAIL} = no", f"shop: {MAIL} = yes"], no("marketing", "e-mail")),
        ([f"customer: {MAIL} = no", f"owner: {MAIL} = yes"], no("marketing", "e-mail")),
        ([f"customer: {MAIL} = no", f"staff: {MAIL} ="], no("marketing", "e-mail")),
        ([f"customer: {MAIL} = no", f"customer: {MAIL} = yes"], yes("marketing", "e-mail")),
        ([f"customer: {MAIL} = no", f"customer: {MAIL} =", f"shop: {MAIL} = yes"], yes("marketing", "e-mail")),
        ([f"customer: {MAIL} = yes", f"shop: {MAIL} = no"], no("marketing", "e-mail")),
        ([f"shop: {MAIL} = no", f"staff: {MAIL} = yes"], yes("marketing", "e-mail")),
        ([f"shop: {MAIL} = yes", f"shop: {MAIL} = perhaps"], 0),
        ([f"shop: {MAIL} = no", f"shop: {MAIL} = perhaps"], no("marketing", "e-mail")),
        ([f"customer: {MAIL} = yes", f"shop: {MAIL} ="], yes("marketing", "e-mail")),
        ([f"customer: {MAIL} = yes", f"customer: {MAIL} ="], 0),
        (["customer: consent.marketing = no"], no("marketing")),
        (["customer: attention = important"], no("marketing") | no("research")),
        (["customer: attention = nothing", "staff: attention = normal"], no("marketing") | no("research")),
        (["staff: attention = nothing", "customer: attention = less"], 0),
        (["customer: attention = nothing", "customer: attention ="], 0),
        (["customer: attention = less", "staff: attention = nothing"], no("marketing") | no("research")),
        (["customer: attention = less", "shop: attention = important"], no("marketing") | no("research")),
        (["customer: attention = less", "inferred: attention = nothing"], 0),
        (["customer: attention = less", "staff: attention = nothing", "staff: attention ="], 0),
        (["customer: attention = less", "staff: attention = nothing", "customer: attention = less"], 0),
    ],
)  # fmt: skip
def test_a_no_of_the_customers_is_turned_by_nobody_else(said: list[str], bits: int) -> None:
    """The latest word holds, but what opens must be entitled to open, and a guess never agrees."""
    assert after(*said).consents == bits


def test_attention_and_quiet_are_the_word_of_whom_is_trusted_most() -> None:
    """The team may set them until the customer does; nonsense changes nothing; an empty value takes them back."""
    stands = after("staff: attention = less", "staff: quiet_hours = 20-9", "shop: timezone = Asia/Bangkok")
    assert (stands.wish, stands.quiet, stands.timezone) == ("less", "20-9", "Asia/Bangkok")
    stands = after("customer: quiet hours = 22:00-7:00", "staff: quiet_hours = 1-2", "customer: quiet_hours = soon")
    assert (stands.wish, stands.quiet, stands.timezone) == ("normal", "22-7", "")
    assert after("customer: quiet_hours = 22-7", "customer: quiet_hours =").quiet == ""


def test_a_record_that_repeats_itself_is_no_news() -> None:
    """An import after a lift does not bring the rule back; a record that says something new does, and so do others."""
    crm = [row(1, "allergies", "peanuts", "shop"), row(2, "lift", "peanuts", "customer")]
    assert standing_of([*crm, row(3, "allergies", "peanuts", "shop")]).rules == 0
    changed = [*crm, row(3, "allergies", "none", "shop"), row(4, "allergies", "peanuts", "shop")]
    assert standing_of(changed).rules == rules.BIT["peanuts"]
    assert standing_of([*crm, row(3, "allergies", "peanuts", "shop", source="web")]).rules == rules.BIT["peanuts"]
    assert standing_of([*crm, row(3, "allergies", "peanuts", "shop", identifier="id:2")]).rules == rules.BIT["peanuts"]
    assert standing_of([*crm, row(3, "allergies", "peanuts", "staff")]).rules == rules.BIT["peanuts"]


def test_rules_in_force_say_where_they_come_from() -> None:
    """The customer's word is shown before the team's; of equals, a record's first and a person's last."""
    said = [
        row(1, "allergies", "peanuts", "shop"),
        row(2, "allergies", "Peanuts, milk", "customer", properties='{"by": "the customer"}'),
        row(3, "allergies", "milk", "staff", properties='{"by": "Bo"}'),
        row(4, "no_calls", "yes", "staff", properties='{"by": "Bo"}'),
        row(5, "never", "calls", "staff", properties='{"by": "Ada", "why": "asked at the counter"}'),
    ]
    found = rules_in_force(reversed(said))
    assert [(one.term, one.text, one.said_by, one.by, one.fact_id) for one in found] == [
        ("peanuts", "never: peanuts", "customer", "the customer", "f002"),
        ("milk", "never: milk", "customer", "the customer", "f002"),
        ("no calls", "no calls", "staff", "Ada", "f005"),
    ]
    assert found[2].since == START + timedelta(hours=5)


def test_consents_in_force_keep_the_words_that_were_agreed_to() -> None:
    """Every slot is told; unknown is no answer, and what follows from it is told too."""
    words = '{"by": "the customer", "wording": "Yes, write to me.", "language": "en-1"}'
    said = [row(1, MAIL, "yes", "customer", properties=words), row(2, "attention", "important", "customer")]
    found = {(one.purpose, one.channel): one for one in consents_in_force(said)}
    assert tuple(found) == consent.SLOTS
    mail = found["marketing", "e-mail"]
    assert (mail.answer, mail.allowed, mail.wording, mail.language) == ("yes", False, "Yes, write to me.", "en-1")
    assert (found["marketing", "any"].answer, found["marketing", "any"].since) == ("no", START + timedelta(hours=2))
    assert (found["service", "call"].answer, found["service", "call"].allowed) == ("unknown", True)
    assert (found["profiling", "any"].answer, found["profiling", "any"].allowed) == ("unknown", False)


SAID = st.builds(
    Statement,
    st.sampled_from(["allergies", "Food allergies", "diet", "religion", "never", "no_calls", "peanut allergy", "age",
                     "lift", "forbid", MAIL, "consent.marketing", "consent.profiling", "attention", "timezone"]),
    st.sampled_from(["peanuts", "none", "", "milk, kiwi", "vegan", "yes", "no", "no calls", "Muslim", "9", "nothing",
                     "important", "normal", "unknown", "Asia/Karachi"]),
    st.sampled_from(TRUST),
)  # fmt: skip
HISTORY = st.lists(SAID, max_size=14)
ENTITLED = {"customer", "owner"}


@given(HISTORY, st.lists(SAID.filter(lambda one: one.said_by not in ENTITLED), max_size=6))
def test_nobody_but_the_customer_or_an_owner_ever_lifts_a_rule(before: list[Statement], more: list[Statement]) -> None:
    """Whatever the team, the records and the guesses add to a history, every rule in force stays in force."""
    first, then = fold(before), fold([*before, *more])
    assert then.rules & first.rules == first.rules
    assert not (first.food_safety == DECLARED and then.food_safety != DECLARED)


@given(HISTORY, st.lists(SAID.filter(lambda one: one.said_by != "customer"), max_size=6))
def test_nobody_but_the_customer_turns_their_no(before: list[Statement], more: list[Statement]) -> None:
    """Whoever else speaks, what the customer refused stays refused."""
    for slot in consent.SLOTS:
        name = ".".join(filter("any".__ne__, ("consent", slot[1], slot[0].replace(" ", "_"))))
        refused = [*before, Statement(name, "no", "customer"), *more]
        assert fold(refused).consents & no(*slot)


@given(HISTORY)
def test_unknown_is_never_safe(said: list[Statement]) -> None:
    """Nobody gets a thing to eat of undeclared contents unless somebody entitled to say so said there is no allergy."""
    stands = fold(said)
    if blocked(stands.rules, rules.FOOD_SAFETY[stands.food_safety], Contents(edible=True)) is None:
        assert stands.food_safety == NONE
        assert any(rules.rules_of(one.name, one.value)[1] == NONE and one.said_by != "inferred" for one in said)


@given(HISTORY, st.data())
def test_a_record_repeated_changes_nothing(said: list[Statement], data: st.DataObject) -> None:
    """Whatever a record says again on end, and in whatever order facts arrive, nothing follows from it."""
    rows = [row(n, one.name, one.value, one.said_by) for n, one in enumerate(said)]
    again = []
    for n, one in enumerate(rows):
        later = [other["happened_at"] for other in rows[n + 1 :] if other["name"] == one["name"]]
        until = min(later, default=START + timedelta(hours=99))
        if one["said_by"] in ("shop", "inferred") and data.draw(st.booleans()):
            again.append({**one, "fact_id": f"again{n}", "happened_at": until - timedelta(minutes=1)})
    shuffled = data.draw(st.permutations(rows + again))
    assert standing_of(shuffled) == standing_of(rows)


@given(HISTORY, st.randoms(use_true_random=False))
def test_statements_of_different_strands_do_not_touch_each_other(said: list[Statement], chance: Any) -> None:
    """A turn may sort a history by strand: what follows is the same."""
    sorted_ = sorted(said, key=lambda one: strand(one.name))
    one, two = fold(said), fold(sorted_)
    assert (one.rules, one.food_safety, one.consents) == (two.rules, two.food_safety, two.consents)
    assert (one.wish, one.quiet, one.timezone) == (two.wish, two.quiet, two.timezone)


@given(HISTORY)
def test_everything_in_force_goes_back_to_a_statement(said: list[Statement]) -> None:
    """Each rule, each consent and each wish has the place of a statement that binds."""
    stands = fold(said)
    for term in terms_of(stands.rules):
        assert binds(said[stands.origins[term]].name)
    for slot in consent.SLOTS:
        assert (slot in stands.origins) == bool(stands.consents & (yes(*slot) | no(*slot)))
    assert stands.wish == "normal" or said[stands.origins["attention"]].value == stands.wish
