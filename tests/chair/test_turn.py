"""A turn of the wheel: what goes in, who comes out, what is decided, and what came of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.chair.conftest import START, Shop, at, regulars

from openchair.chair.intake import own
from openchair.chair.intake.sync import sync
from openchair.chair.state.records import Mark
from openchair.chair.wheel import choose
from openchair.decisions.record import read
from openchair.dossier import rules
from openchair.learning import beliefs
from openchair.loyalty import actions

BY_ID = {action.id: action for action in actions.default()}
FIGURES = ("orders", "spent_minor", "value_minor", "value_low", "value_high", "p_alive", "expected_orders", "gap_days")


def figures(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """Every customer's figures, by name."""
    return {
        name: (row["customer_id"], row["stage"], *(row[f] for f in FIGURES)) for name, row in shop.customers().items()
    }


def test_before_anything_arrived_a_turn_finds_nobody_and_says_so(shop: Shop) -> None:
    """An empty shop turns without error, and makes nothing up."""
    report = shop.turn()
    assert (report.customers, report.decisions) == (0, 0)
    assert report.lenses[0].value is None and "10 more needed" in report.lenses[0].note


def test_too_few_regulars_have_no_value_and_the_turn_says_how_many_more_it_needs(shop: Shop) -> None:
    """A corner shop gets an honest blank, not a number."""
    rows = regulars(12)
    shop.write("purchases", *rows)
    report = shop.turn()
    assert report.customers == len({row["identifier"] for row in rows})
    assert all(row["value_minor"] is None for row in shop.customers().values())
    assert any("more needed" in f.text for f in report.findings)


def test_the_order_of_arrival_changes_nothing(new_shop: Callable[[], Shop]) -> None:
    """The same facts, moment and seed give the same figures and the same decisions."""
    rows = regulars()
    one, two = new_shop(), new_shop()
    one.write("purchases", *rows)
    order = np.random.default_rng(0).permutation(len(rows))
    two.write("purchases", *[rows[i] for i in order[: len(rows) // 2]])
    two.write("purchases", *[rows[i] for i in order[len(rows) // 2 :]])
    one.turn(), two.turn()
    assert figures(one) == figures(two)
    keep = ("decision_id", "action", "propensity", "gain_minor")
    assert {n: [d[k] for k in keep] for n, d in one.decisions().items()} == {
        n: [d[k] for k in keep] for n, d in two.decisions().items()
    }


def test_what_happens_after_the_moment_does_not_count(new_shop: Callable[[], Shop]) -> None:
    """A turn as of a day in the past knows nothing of what came later."""
    rows = regulars()
    then, now = new_shop(), new_shop()
    then.write("purchases", *[r for r in rows if r["happened_at"] < at(90).now])
    now.write("purchases", *rows)
    then.turn(90), now.turn(90)
    assert figures(then) == figures(now)


@pytest.mark.slow
def test_a_refund_never_raises_a_customers_value(new_shop: Callable[[], Shop]) -> None:
    """Whether a part or all of it goes back, the customer is worth no more than before."""
    rows, refund_of = regulars(), regulars()[0]
    values = []
    for part in (0.0, 0.5, 1.0):
        shop = new_shop()
        shop.write("purchases", *rows)
        if part:
            back = -int(part * refund_of["amount_minor"])
            later = refund_of["happened_at"] + timedelta(hours=2)
            shop.write("purchases", {"identifier": refund_of["identifier"], "happened_at": later, "amount_minor": back})
        shop.turn()
        values.append(shop.customers()["C0000"]["value_minor"])
    assert values[0] >= values[1] >= values[2]


def test_one_decision_a_customer_drawn_with_the_chance_its_record_says(shop: Shop) -> None:
    """Everyone has one, waiting included; its propensity is the probability in the record, and those sum to 1."""
    shop.write("purchases", *regulars())
    report = shop.turn()
    decisions = shop.decisions()
    assert set(decisions) == set(shop.customers())
    assert report.decisions == sum(d["action"] != "wait" for d in decisions.values()) > 0
    for d in decisions.values():
        record = read(d["record"])
        chances = {c.action: c.probability for c in record.candidates}
        assert d["propensity"] == pytest.approx(chances[d["action"]], abs=1e-12)
        assert sum(chances.values()) == pytest.approx(1.0, abs=1e-9)
        assert not set(chances) & {r.action for r in record.ruled_out}
        # What is believed to cost more than it brings is done to learn, where it may well be worth it, or by lot.
        assert d["gain_high"] >= 0 or d["arm"] == "random"


def test_deciding_again_for_some_gives_what_the_turn_gave(shop: Shop) -> None:
    """The same rows on the same day draw the same; a rule said since takes away what it forbids."""
    shop.write("purchases", *regulars())
    shop.turn()
    before = {d["customer_id"]: d for d in shop.decisions().values()}
    rows = shop.state.rows_of(sorted(before)[:40])
    again = choose.for_these(shop.state, rows, actions.default(), shop.settings, at(180)).decisions.to_pylist()
    keep = ("decision_id", "action", "propensity", "gain_minor")
    assert [[d[k] for k in keep] for d in again] == [[before[d["customer_id"]][k] for k in keep] for d in again]
    shut = sum(rules.BIT[term] for term in ("no calls", "no letters", "no e-mail", "no visits"))
    forbidden = rows.set_column(rows.schema.get_field_index("rules"), "rules", pa.array([shut] * rows.num_rows))
    then = choose.for_these(shop.state, forbidden, actions.default(), shop.settings, at(180)).decisions.to_pylist()
    ways = [{BY_ID[d["action"]].channel for d in some if d["action"] != "wait"} for some in (again, then)]
    assert ways[1] <= {"parcel", "webhook"} and ways[0] - ways[1]


@pytest.mark.slow
def test_nobody_allergic_is_offered_what_holds_the_allergen_or_declares_nothing(shop: Shop) -> None:
    """All regulars say they must not have peanuts: whatever edible is chosen declares its contents without them."""
    shop.write("purchases", *regulars())
    names = {row["identifier"] for row in regulars()}
    shop.write("traits", *[{"identifier": i, "name": "allergies", "value": "Peanuts"} for i in names])
    for day in range(180, 186):
        shop.turn(day)
        for d in shop.decisions(day).values():
            if d["action"] != "wait" and BY_ID[d["action"]].contents.edible:
                declared = BY_ID[d["action"]].contents.allergens
                assert declared is not None and "peanuts" not in declared


@pytest.mark.slow
def test_without_consent_nobody_gets_marketing_by_mail_or_call(shop: Shop) -> None:
    """Unknown is no for what needs opting in; a yes opens it."""
    shop.write("purchases", *regulars())
    asking = {"e-mail", "call", "message"}
    needing = {a.id for a in actions.default() if a.purpose == "marketing" and set(a.channels) <= asking}
    assert needing
    for day in range(180, 184):
        shop.turn(day)
        assert not needing & {d["action"] for d in shop.decisions(day).values()}


def test_a_second_turn_of_the_day_keeps_what_a_person_has_approved(shop: Shop) -> None:
    """And gives the same decisions to everyone else."""
    shop.write("purchases", *regulars())
    shop.turn()
    before = shop.decisions()
    someone = next(d for d in before.values() if d["action"] != "wait")
    now = at(180).now
    event = own.envelope(
        "contacts", "k1", now,
        {"identifier": "id:" + someone["name"], "action": someone["action"], "status": "approved",
         "decision_id": someone["decision_id"]},
    )  # fmt: skip
    told = {"contacts": own.table("contacts", event)}
    said = Mark(someone["decision_id"], "proposed", "approved", "", event)
    shop.state.mark([said], told, by="ada@example.org", at=now)
    shop.turn()
    after = shop.decisions()
    assert after[someone["name"]]["status"] == "approved"
    assert {n: d["action"] for n, d in after.items() if n != someone["name"]} == {
        n: d["action"] for n, d in before.items() if n != someone["name"]
    }


def test_an_approval_is_a_fact_and_its_outcome_is_joined_to_the_decision(shop: Shop) -> None:
    """What the customer spent in the 28 days from the decision on stands beside it, and the policy learns from it."""
    shop.write("purchases", *regulars())
    shop.turn()
    someone = next(d for d in shop.decisions().values() if d["action"] != "wait")
    identifier, now = "id:" + someone["name"], at(180).now
    row = {
        "identifier": identifier,
        "action": someone["action"],
        "status": "approved",
        "decision_id": someone["decision_id"],
    }
    event = own.envelope("contacts", "k", now, row)
    told = {"contacts": own.table("contacts", event)}
    said = Mark(someone["decision_id"], "proposed", "approved", "", event)
    shop.state.mark([said], told, by="ada@example.org", at=now)
    assert sync(shop.state, shop.history, to_facts=own.to_facts) == {"contacts": 1}
    engine = shop.engine()
    kept = engine.rows(engine.facts("contacts")).to_pylist()
    assert [(f["decision_id"], f["status"], f["source"]) for f in kept] == [
        (someone["decision_id"], "approved", "openchair")
    ]
    for day, amount in ((181, 1_000), (207, 200), (208, 5_000)):
        shop.write(
            "purchases", {"identifier": identifier, "happened_at": START + timedelta(days=day), "amount_minor": amount}
        )
    shop.turn(210)
    assert shop.state.decision(someone["decision_id"])["outcome_minor"] == 1_200
    learned = beliefs.unpacked(shop.state.model("decisions"))
    assert learned.worth.n[learned.ids.index(someone["action"])] == pytest.approx(1)
    assert learned.worth.n.sum() == pytest.approx(1)
    assert shop.customers()[someone["name"]]["contacted_on"] == at(180).day


def test_devices_mails_and_shop_ids_that_belong_together_are_one_customer(shop: Shop) -> None:
    """Purchases under three identifiers add up once a trait ties them; the name said last is shown."""
    for i, identifier in enumerate(("id:7", "email:ada@example.org", "anon:x")):
        shop.write(
            "purchases", {"identifier": identifier, "amount_minor": 100, "happened_at": START + timedelta(days=i)}
        )
    shop.turn()
    assert len(shop.customers()) == 3
    shop.write("traits", {"identifier": "id:7", "name": "email", "value": "Ada@example.org"})
    shop.write("traits", {"identifier": "anon:x", "name": "user_id", "value": "7"})
    for i, name in enumerate(("Ada", "Ada Byron")):
        later = START + timedelta(days=i)
        shop.write("traits", {"identifier": "id:7", "name": "name", "value": name, "happened_at": later})
    shop.turn()
    (ada,) = shop.customers().values()
    assert (ada["name"], ada["orders"], ada["spent_minor"]) == ("Ada Byron", 3, 300)
    assert {shop.state.find(t) for t in ("7", "ada@example.org", "x")} == {ada["customer_id"]}


def test_purchases_without_a_name_or_in_another_currency_are_told_and_in_nobodys_value(shop: Shop) -> None:
    """Nothing is left out in silence."""
    shop.write("purchases", *regulars())
    plain = figures_after(shop)
    shop.write("purchases", {"amount_minor": 5_000}, {"identifier": "id:C0001", "amount_minor": 99, "currency": "USD"})
    report = shop.turn()
    assert {n: v for n, v in figures(shop).items() if n in plain} == plain
    said = " ".join(f"{f.text} {f.note}" for f in report.findings)
    assert (
        "€ 50 was bought by people we cannot name" in said
        and "1 order line in nobody's value: not in EUR, and there is no rate" in said
    )


def figures_after(shop: Shop) -> dict[str, tuple[Any, ...]]:
    """Figures after a turn."""
    shop.turn()
    return figures(shop)


def test_the_score_comes_from_each_customers_newest_answer_of_the_last_quarter(shop: Shop) -> None:
    """Twelve people answer; one of them twice, and one long ago."""
    day = START + timedelta(days=170)
    for i in range(12):
        shop.write(
            "answers", {"identifier": f"id:{i}", "survey_id": "s", "metric": "nps", "score": 10.0, "happened_at": day}
        )
    again = {"identifier": "id:0", "survey_id": "s", "metric": "nps", "happened_at": day + timedelta(days=1)}
    shop.write("answers", again | {"score": 3.0, "text": "The box came a week late, again."})
    shop.write(
        "answers", {"identifier": "id:99", "survey_id": "s", "metric": "nps", "score": 0.0, "happened_at": START}
    )
    report = shop.turn()
    assert report.lenses[0].value == pytest.approx(100 * (11 - 1) / 12)
    assert report.voice is not None and report.voice.detail.startswith("The box came")
    assert shop.state.find("id:0") == report.voice_of
