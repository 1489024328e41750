"""What is said of a customer, by whom, and that it binds as soon as it is said."""

from pathlib import Path

import pytest
from tests.people.conftest import ADA, BEN, CUSTOMER, OWNER, PROGRAM, STAFF, Shop

from openchair.chair.intake.own import SOURCE
from openchair.chair.views import Decision
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.decisions.guard import Thing
from openchair.dossier import consent
from openchair.dossier.rules import ALLERGIES_UNKNOWN, REASONS, Contents, terms_of
from openchair.loyalty.actions import MOMENTS

NUT_BAR = Thing("nut bar", Contents(edible=True, allergens=("nuts",)))
PLAIN = Thing("rice cake", Contents(edible=True, allergens=()))
MYSTERY = Thing("mystery box", Contents(edible=True))


def verdicts(shop: Shop, *things: Thing, way: str = "box") -> list[str]:
    """What the guard says of things for Ada."""
    return [one.verdict for one in shop.chair.people.clear(ADA, way, things, by=PROGRAM)]


def test_unknown_none_and_declared_are_three_states(shop: Shop) -> None:
    """Nothing edible of unknown contents goes to someone whose allergies nobody knows; what is free of all may."""
    people = shop.chair.people
    assert people.dossier(ADA, by=STAFF).food_safety == "unknown"
    assert verdicts(shop, NUT_BAR, PLAIN, MYSTERY) == ["never", "clear", "never"]
    people.say(ADA, "allergies", "none", by=CUSTOMER)
    assert people.dossier(ADA, by=STAFF).food_safety == "none"
    assert verdicts(shop, NUT_BAR, PLAIN, MYSTERY) == ["clear", "clear", "clear"]
    people.say(ADA, "allergies", "hazelnuts", by=CUSTOMER)
    assert people.dossier(ADA, by=STAFF).food_safety == "declared"
    assert verdicts(shop, NUT_BAR, PLAIN, MYSTERY) == ["never", "clear", "never"]


def test_staff_may_add_a_rule_and_not_lift_one(shop: Shop) -> None:
    """Only the customer, or an owner with a reason, may; a program may no more than staff."""
    people = shop.chair.people
    people.say(ADA, "allergies", "none", by=CUSTOMER)
    people.say(ADA, "allergies", "hazelnut", by=STAFF)
    people.forbid(ADA, "no calls", by=STAFF)
    assert verdicts(shop, NUT_BAR) == ["never"]
    for actor in (STAFF, PROGRAM):
        with pytest.raises(NotAllowed):
            people.lift(ADA, "nuts", by=actor, why="They said it is fine.")
        with pytest.raises(NotAllowed):
            people.say(ADA, "allergies", "none", by=actor)
    with pytest.raises(NotAllowed, match="reason"):
        people.lift(ADA, "nuts", by=OWNER)
    assert verdicts(shop, NUT_BAR) == ["never"]
    people.lift(ADA, "nuts", by=OWNER, why="Written by mistake into the wrong file.")
    said = people.clear(ADA, "box", [NUT_BAR], by=PROGRAM)[0]
    assert (said.verdict, said.reason) == ("never", REASONS[ALLERGIES_UNKNOWN])  # lifted is not yet "none"
    people.say(ADA, "allergies", "none", by=CUSTOMER)
    assert verdicts(shop, NUT_BAR) == ["clear"]
    people.forbid(ADA, "nuts", by=STAFF)
    people.lift(ADA, "nuts", by=CUSTOMER)
    assert verdicts(shop, NUT_BAR) == ["clear"]


def test_a_record_sent_again_does_not_bring_a_lifted_rule_back(shop: Shop) -> None:
    """The shop's system repeats what it always said; new words would bind again."""
    shop.identify(ADA, allergies="nuts")
    assert verdicts(shop, NUT_BAR) == ["never"]
    shop.clock.on(hours=1)
    shop.chair.people.say(ADA, "allergies", "none", by=CUSTOMER)
    shop.clock.on(days=2)
    shop.identify(ADA, allergies="nuts")
    assert verdicts(shop, NUT_BAR) == ["clear"]
    shop.identify(ADA, allergies="tree nuts and sesame")
    assert verdicts(shop, NUT_BAR) == ["never"]


def test_a_rule_binds_the_lists_at_once(shop: Shop) -> None:
    """The row that plans look at is changed when the answer comes, and by the next turn the same."""
    shop.chair.people.forbid(ADA, "no calls", by=STAFF)
    at_once = shop.standing(ADA)["rules"]
    assert at_once
    shop.clock.on(minutes=5)
    shop.chair.turn()
    assert shop.standing(ADA)["rules"] == at_once


def test_what_is_said_while_a_turn_runs_outlives_it(shop: Shop) -> None:
    """The turn writes every row from facts before it began; the words said meanwhile bind all the same."""

    def saying(step: str) -> None:
        if step == "save":
            shop.chair.people.forbid(ADA, "no gifts", by=CUSTOMER)

    shop.clock.on(hours=1)
    shop.chair.turn(progress=saying)
    assert "no gifts" in terms_of(shop.standing(ADA)["rules"])


def test_what_comes_by_event_binds_when_it_is_read(shop: Shop) -> None:
    """Before any turn: the row, the guard and the dossier know it."""
    assert shop.standing(BEN)["food_safety"] == "unknown"
    shop.identify(BEN, allergies="sesame", **{"consent.email.marketing": "no"})
    assert shop.standing(BEN)["food_safety"] == "declared"
    dossier = shop.chair.people.dossier(BEN, by=STAFF)
    assert [rule.term for rule in dossier.hard_rules] == ["sesame"]
    said = {(one.purpose, one.channel): one for one in dossier.consents}
    assert said["marketing", "e-mail"].answer == "no" and said["marketing", "e-mail"].source == "web"
    assert said["research", "e-mail"].answer == "unknown" and not said["research", "e-mail"].allowed


def test_a_withdrawal_reaches_what_is_already_proposed(shop: Shop) -> None:
    """Whatever was proposed over a channel that is now closed is proposed no more, nor can it be approved."""
    people = shop.chair.people
    for purpose, channel in (("marketing", "e-mail"), ("service", "e-mail"), ("marketing", "message")):
        people.agree(ADA, purpose, channel, "yes", by=CUSTOMER, wording="Write to me.", language="en")
    shop.chair.turn()
    before = shop.chair.decide(ADA, "checkout")
    for term in ("no e-mail", "no letters", "no messages", "no calls", "no visits", "no gifts"):
        people.forbid(ADA, term, by=CUSTOMER)
    people.say(ADA, "allergies", "nuts", by=CUSTOMER)
    daily = shop.chair.decisions(who=ADA, acting=False)[0]
    proposed = {one.action: one.channel for one in daily if one.moment == "daily" and one.status == "proposed"}
    assert not set(proposed.values()) & {"e-mail", "letter", "message", "call", "person"}
    if before.channel in ("e-mail", "letter", "message", "call", "person"):
        with pytest.raises(Conflict, match="must not be done"):
            shop.chair.mark(before.decision_id, "approved", "sam")


def approved(shop: Shop, who: str) -> Decision:
    """Something approved for somebody who agreed to everything."""
    for purpose, channel in consent.SLOTS:
        shop.chair.people.agree(who, purpose, channel, "yes", by=CUSTOMER)
    shop.chair.people.say(who, "allergies", "none", by=CUSTOMER)
    shop.chair.turn()
    return shop.chair.mark(shop.chair.decisions(who=who)[0][0].decision_id, "approved", STAFF.name)


def test_a_withdrawal_stops_what_is_approved(shop: Shop) -> None:
    """It is dismissed by the guard, which says why, as a fact; what nothing speaks against stays approved."""
    chair, queued = shop.chair, approved(shop, ADA)
    other = approved(shop, BEN)
    chair.people.agree(BEN, "research", "call", "no", by=CUSTOMER)
    for purpose in ("marketing", "service"):
        chair.people.agree(ADA, purpose, "any", "no", by=CUSTOMER)
    stopped = chair.decision(queued.decision_id)
    assert (stopped.status, chair.decision(other.decision_id).status) == ("dismissed", "approved")
    last = chair.state.said("contacts", chair.find(ADA))[-1]
    assert (
        last["status"] == "dismissed" and '"by":"the guard"' in last["properties"] and "consent" in last["properties"]
    )
    with pytest.raises(Conflict, match="must not be done"):
        chair.mark(queued.decision_id, "approved", STAFF.name)


def test_what_was_decided_for_an_occasion_is_decided_anew_once_it_is_forbidden(shop: Shop) -> None:
    """The same occasion gives the same decision, but none that a rule speaks against by now; others keep theirs."""
    chair = shop.chair
    for who in (ADA, BEN):
        chair.people.agree(who, "marketing", "e-mail", "yes", by=CUSTOMER)
    chair.turn()
    moment = next(m for m in MOMENTS if {chair.decide(who, m).channel for who in (ADA, BEN)} == {"e-mail"})
    first, other = (chair.decide(who, moment) for who in (ADA, BEN))
    assert chair.decide(ADA, moment) == first
    chair.people.forbid(ADA, "no e-mail", by=CUSTOMER)
    again = chair.decide(ADA, moment)
    assert again.decision_id == first.decision_id and again.channel != "e-mail"
    assert chair.decision(other.decision_id) == other


def test_what_was_approved_long_ago_is_taken_to_be_done(shop: Shop) -> None:
    """A withdrawal says nothing of what happened before it."""
    queued = approved(shop, ADA)
    shop.clock.on(days=8)
    shop.chair.turn()
    shop.chair.people.agree(ADA, "service", "any", "no", by=CUSTOMER)
    shop.chair.people.agree(ADA, "marketing", "any", "no", by=CUSTOMER)
    assert shop.chair.decision(queued.decision_id).status == "approved"


def test_what_a_customer_stopped_nobody_approves(shop: Shop) -> None:
    """Nor does anybody say of it that it was sent."""
    decision = approved(shop, ADA)
    shop.chair.people.veto(ADA, decision.decision_id, by=CUSTOMER)
    for status in ("approved", "sent", "dismissed"):
        with pytest.raises(Conflict, match="stopped by the customer"):
            shop.chair.mark(decision.decision_id, status, STAFF.name)
    assert shop.chair.decision(decision.decision_id).status == "vetoed"


def test_a_decision_of_one_record_outlives_its_merge(shop: Shop) -> None:
    """What becomes of it is a fact of that record, also when the merge is taken back; others' decisions stay."""
    chair = shop.chair
    for who in (ADA, BEN):
        chair.people.agree(who, "marketing", "e-mail", "yes", by=CUSTOMER)
    chair.turn()
    decided = {who: chair.decide(who, "checkout") for who in (ADA, BEN)}
    apart = {chair.find(who): who for who in (ADA, BEN)}
    merge = chair.merging.merge(ADA, BEN, by=STAFF)
    for who, decision in decided.items():
        assert chair.mark(decision.decision_id, "dismissed", STAFF.name).status == "dismissed", who
    chair.merging.unmerge(merge.merge_id, by=STAFF)
    for customer_id, who in apart.items():
        contacts = chair.state.said("contacts", customer_id)
        assert [one["decision_id"] for one in contacts] == [decided[who].decision_id]


def test_a_dossier_says_who_said_what_and_when(shop: Shop) -> None:
    """The customer's word before the team's before the shop's; every value before; disagreement is marked."""
    people = shop.chair.people
    people.say(ADA, "city", "Karachi", by=STAFF)
    shop.clock.on(minutes=1)
    people.say(ADA, "favourite team", "Lahore Lions", by=CUSTOMER)
    people.note(ADA, "Prefers mornings. ہمیشہ", by=STAFF)
    dossier = people.dossier(ADA, by=STAFF)
    traits = {trait.name: trait for trait in dossier.traits}
    assert (traits["city"].value, traits["city"].said_by, traits["city"].by) == ("Karachi", "staff", STAFF.name)
    assert traits["city"].conflict and [one.value for one in traits["city"].earlier] == ["Lahore"]
    assert traits["favourite team"].group == "likes" and traits["favourite team"].source == SOURCE
    assert [(note.text, note.author) for note in dossier.notes] == [("Prefers mornings. ہمیشہ", STAFF.name)]
    people.say(ADA, "city", "", by=CUSTOMER)
    assert "city" not in {trait.name for trait in people.dossier(ADA, by=STAFF).traits}


def test_every_reading_and_change_is_logged(shop: Shop) -> None:
    """Who, what, whose, when; newest first."""
    people = shop.chair.people
    people.dossier(ADA, by=STAFF)
    people.timeline(ADA, by=PROGRAM)
    people.forbid(ADA, "no gifts", by=STAFF)
    lines, more = shop.chair.privacy.audit(customer=ADA)
    assert [(line.who, line.act) for line in lines] == [
        (STAFF.name, "said forbid"), (PROGRAM.name, "read timeline"), (STAFF.name, "read dossier"),
    ]  # fmt: skip
    assert not more and {line.customer_id for line in lines} == {shop.chair.find(ADA)}
    assert not shop.chair.privacy.audit(customer=BEN)[0]


def test_a_decision_is_told_by_the_catalogue_it_was_chosen_from(shop: Shop) -> None:
    """Also once its action has changed or is gone, with the same reasons; but nobody can approve it any more."""
    chair = shop.chair
    chair.turn()
    before = next(one for moment in MOMENTS if (one := chair.decide(ADA, moment)).action != "wait")
    chair.cataloguing.retire(before.action, why="we do not do this any more", by=OWNER)
    after = chair.decision(before.decision_id)
    assert (after.title, after.reasons, after.pillar) == (before.title, before.reasons, before.pillar)
    told, _ = chair.seats.decided(chair.find(ADA), limit=5)
    assert {one.decision.title for one in told if one.decision.decision_id == before.decision_id} == {before.title}
    with pytest.raises(Conflict, match="is in the catalogue no more"):
        chair.mark(before.decision_id, "approved", STAFF.name)


def test_a_veto_is_an_outcome(shop: Shop) -> None:
    """The decision is not done; it is a contact fact, and nobody else's decision can be refused."""
    for purpose, channel in (("marketing", "e-mail"), ("service", "e-mail"), ("service", "message")):
        shop.chair.people.agree(ADA, purpose, channel, "yes", by=CUSTOMER)
    decision = next(one for moment in MOMENTS if (one := shop.chair.decide(ADA, moment)).action != "wait")
    with pytest.raises(NotFound):
        shop.chair.people.veto(BEN, decision.decision_id, by=CUSTOMER)
    assert shop.chair.people.veto(ADA, decision.decision_id, by=CUSTOMER, why="No, thank you.").status == "vetoed"
    shop.chair.sync()
    shop.clock.on(minutes=1)
    happened = shop.chair.people.timeline(ADA, by=STAFF)
    assert "Vetoed" in {one.title.partition(" ")[0] for one in happened if one.kind == "contacts"}
    shop.chair.people.ask_review(ADA, decision.decision_id, by=CUSTOMER, text="Why me?")
    asked, _ = shop.chair.merging.reviews(kind="decision")
    assert [(one.subject, one.text) for one in asked] == [(decision.decision_id, "Why me?")]
    settled = shop.chair.merging.settle(asked[0].review_id, "upheld", by=STAFF, why="It was about your parcel.")
    assert settled.verdict == "upheld" and not shop.chair.merging.reviews(kind="decision")[0]


def test_attention_that_is_spent_defers_and_never_loses(shop: Shop) -> None:
    """Once the budget is used up things wait, with a day on which they fit; then they are clear again."""
    call = Thing("a call", Contents(), channel="call", purpose="service")
    people = shop.chair.people
    spent = 0
    while verdicts(shop, call, way="decision") == ["clear"] and spent < 30:
        spent += 1
        shop.contact(ADA, "call")
        shop.clock.on(hours=1)
    assert 0 < spent < 30
    said = people.clear(ADA, "decision", [call], by=PROGRAM)[0]
    assert said.verdict == "later" and said.until is not None and said.until > shop.clock().date()
    assert people.dossier(ADA, by=STAFF).attention.contacts == spent
    shop.clock.on(days=(said.until - shop.clock().date()).days)
    assert verdicts(shop, call, way="decision") == ["clear"]


def test_they_can_turn_attention_down(shop: Shop) -> None:
    """Less, only the important, nothing: the guard and the dossier follow at once."""
    offer = Thing("an offer", Contents(), channel="letter", purpose="marketing")
    people = shop.chair.people
    assert verdicts(shop, offer, way="decision") == ["clear"]
    full = people.dossier(ADA, by=STAFF).attention.budget
    people.attend(ADA, by=CUSTOMER, wish="less", quiet="20-9", timezone="Asia/Karachi")
    attention = people.dossier(ADA, by=STAFF).attention
    assert 0 < attention.budget < full
    assert (attention.wish, attention.quiet, attention.timezone) == ("less", "20-9", "Asia/Karachi")
    people.attend(ADA, by=CUSTOMER, wish="nothing")
    assert verdicts(shop, offer, way="decision") != ["clear"]
    for wrong in ({"wish": "loud"}, {"quiet": "25-3"}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(BadInput):
            people.attend(ADA, by=CUSTOMER, **wrong)


def test_the_team_passes_on_that_they_want_less_and_never_that_they_want_more(shop: Shop) -> None:
    """A word on the telephone holds as one at the seat does, where it asks for less."""
    people = shop.chair.people
    people.attend(ADA, by=CUSTOMER, wish="less")
    people.attend(ADA, by=PROGRAM, wish="normal")
    assert people.dossier(ADA, by=STAFF).attention.wish == "less"
    people.attend(ADA, by=STAFF, wish="nothing")
    assert (people.dossier(ADA, by=STAFF).attention.wish, shop.standing(ADA)["attention_budget"]) == ("nothing", 0)
    people.attend(ADA, by=CUSTOMER, wish="normal")
    assert people.dossier(ADA, by=STAFF).attention.wish == "normal"
    with pytest.raises(NotFound):
        people.attend("nobody", by=STAFF)


def test_the_list_of_calls_leaves_out_whoever_must_not_be_called(shop: Shop) -> None:
    """By a rule, or by a no."""
    people = shop.chair.people
    everyone = {one.customer_id for one in people.call_list(by=STAFF)}
    assert everyone == {shop.chair.find(ADA), shop.chair.find(BEN)}
    people.forbid(ADA, "no calls", by=CUSTOMER)
    assert {one.customer_id for one in people.call_list(by=STAFF)} == {shop.chair.find(BEN)}
    people.agree(BEN, "service", "call", "no", by=CUSTOMER)
    assert not list(people.call_list(by=STAFF))


def test_wrong_words_name_what_is_allowed(shop: Shop) -> None:
    """No such customer, term, consent, way."""
    people = shop.chair.people
    with pytest.raises(NotFound):
        people.dossier("nobody", by=STAFF)
    with pytest.raises(BadInput, match="peanuts"):
        people.forbid(ADA, "kryptonite", by=STAFF)
    with pytest.raises(BadInput, match="marketing by e-mail"):
        people.agree(ADA, "marketing", "pigeon", "yes", by=STAFF)
    with pytest.raises(BadInput):
        people.agree(ADA, "marketing", "e-mail", "maybe", by=STAFF)
    with pytest.raises(BadInput):
        people.clear(ADA, "pigeon", [PLAIN], by=PROGRAM)
    with pytest.raises(BadInput):
        people.note(ADA, "  ", by=STAFF)


def test_rules_of_a_file_bind_when_it_is_read(shop: Shop, tmp_path: Path) -> None:
    """An import of customers with a diet or a no needs no turn to bind."""
    file = tmp_path / "customers.csv"
    header = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Accepts SMS Marketing,Phone,Total Spent,"
    header += "Total Orders,Note,Tax Exempt,Tags"
    file.write_text(f"{header}\n'ben,Ben,Okri,ben@example.org,no,no,,0,0,,no,\n", encoding="utf-8")
    shop.chair.listen([file], format="shopify-customers")
    said = {(one.purpose, one.channel): one.answer for one in shop.chair.people.dossier(BEN, by=STAFF).consents}
    assert said["marketing", "e-mail"] == "no"
    assert shop.standing(BEN)["consents"]
