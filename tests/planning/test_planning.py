"""The plan of a day: many answers at once, each judged, within budgets; taken back, put off, ranked again."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from tests.planning.conftest import CUSTOMER, NOON, OWNER, STAFF, Shop

from openchair.chair.ports import STANDING_COLUMNS
from openchair.chair.wheel import limits
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.decisions import budgets, guard
from openchair.decisions.reasons import HOUSEHOLD, REASONS


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["decision_id"] for row in rows]


def contacts(shop: Shop) -> Counter[str]:
    """Facts of contacts by status, as the inbox holds them."""
    rows = [msgspec.json.decode(one.body)["row"] for batch in shop.chair.state.inbox.batches(1000) for _, one in batch]
    return Counter(row["status"] for row in rows if "decision_id" in row)


def stand(shop: Shop, customer_ids: list[str], **said: Any) -> None:
    """Let a customer's row say something else, as if it had just been said."""
    rows = shop.chair.state.rows_of(customer_ids).select([*STANDING_COLUMNS]).to_pylist()
    shape = pa.schema(list(STANDING_COLUMNS.items()))
    shop.chair.state.restand(pa.Table.from_pylist([row | said for row in rows], shape))


def test_everything_is_approved_at_once_and_once(shop: Shop) -> None:
    """Each with its fact, and a second time nothing is left; the customers' attention is taken as if one by one."""
    waiting = shop.rows("proposed")
    assert len(waiting) > 10
    settled = shop.chair.planning.approve(by=STAFF, everything=True)
    assert (settled.marked, settled.deferred, settled.refused) == (len(waiting), {}, {})
    assert contacts(shop) == {"approved": len(waiting)}
    assert {row["decided_by"] for row in shop.rows("approved")} == {"sam"}
    assert shop.chair.planning.approve(by=STAFF, everything=True).asked == 0
    one = shop.rows("approved")[0]["customer_id"]
    row = shop.chair.state.customer(str(one))
    assert row is not None and row["contacted_on"] == NOON.date()


def test_what_is_expected_to_cost_more_is_said_to_be_tried(shop: Shop) -> None:
    """Of each decision and of an action's together; what is owed to somebody is not tried."""
    actions = {action.id: action for action in shop.chair.catalogue}
    assert actions["fix-before-asked"].owed and not actions["note-by-hand"].owed
    decided, _ = shop.chair.decisions(limit=1_000)
    for one in (*decided, *shop.chair.planning.report().groups):
        assert one.tried == (one.gain.value < 0 and not actions[one.action].owed)
    assert {one.tried for one in decided} == {True, False}


def test_what_very_many_take_of_attention_is_what_each_alone_would(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where very many are approved, what it takes is added to their rows; folded anew from all facts it is the same."""
    monkeypatch.setattr("openchair.chair.people.standing.FEW", 3)
    shop.chair.planning.approve(by=STAFF, everything=True)
    who = sorted({str(row["customer_id"]) for row in shop.rows("approved")})
    names = ["customer_id", "contacted_on", "attention_spent", "resting"]
    added = shop.chair.state.rows_of(who).select(names).to_pylist()
    for some in (who[start : start + 3] for start in range(0, len(who), 3)):
        shop.chair.restand(some)
    assert shop.chair.state.rows_of(who).select(names).to_pylist() == added


def test_each_is_judged_again(shop: Shop) -> None:
    """What was forbidden since is not approved, what does not fit their attention is put off; the others are."""
    waiting = shop.rows("proposed")
    never, later = ([str(row["customer_id"]) for row in part] for part in (waiting[:2], waiting[2:5]))
    stand(shop, never, attention_budget=0.0)
    stand(shop, later, attention_spent=6.0)
    settled = shop.chair.planning.approve(by=STAFF, everything=True)
    webhook = [row for row in waiting[:5] if row["channel"] == "webhook"]
    assert settled.marked == len(waiting) - 5 + len(webhook), "what waits until they look takes no attention"
    assert sum(settled.deferred.values()) + sum(settled.refused.values()) == 5 - len(webhook)
    assert set(settled.deferred) <= {"not enough of their attention is left"}


def test_what_a_rule_forbids_stays_as_it_was_and_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one answer of many it is counted with its reason; alone it is a conflict."""
    waiting = shop.rows("proposed")
    monkeypatch.setattr(guard, "against", lambda of, things: np.ones((len(of), len(things)), dtype=np.int16))
    settled = shop.chair.planning.approve(by=STAFF, everything=True)
    assert settled.marked == 0 and settled.refused == {f"must not be done: {REASONS[1]}": len(waiting)}
    assert ids(shop.rows("proposed")) == ids(waiting) and contacts(shop) == {}
    with pytest.raises(Conflict, match="must not be done"):
        shop.chair.mark(ids(waiting)[0], "approved", "sam")


def test_two_at_once_approve_nothing_twice(shop: Shop) -> None:
    """Whatever the order they come in: one fact a decision, and what one was too late for is said."""
    waiting = shop.rows("proposed")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: shop.chair.planning.approve(by=STAFF, decisions=ids(waiting)), range(4)))
    assert sum(one.marked for one in answers) == len(waiting)
    assert contacts(shop) == {"approved": len(waiting)}
    assert len(shop.rows("approved")) == len(waiting)


@pytest.mark.parametrize("seed", range(4))
def test_no_budget_is_ever_exceeded_by_what_is_approved(shop: Shop, seed: int) -> None:
    """Whatever is set, in whatever parts it is approved, by several at once: used never exceeds what there is."""
    rng, planning = np.random.default_rng(seed), shop.chair.planning
    given = {str(name): dict(zip(("day", "week"), np.sort(rng.integers(0, 12, 2)).tolist(), strict=True))
             for name in rng.choice(["e-mail", "letter", "webhook", "hours"], 2, replace=False)}  # fmt: skip
    planning.allow(given | {"money": {"day": float(rng.integers(0, 1500))}}, by=OWNER)
    waiting = ids(shop.rows("proposed"))
    rng.shuffle(waiting)
    parts = [part.tolist() for part in np.array_split(np.array(waiting), 5) if len(part)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda some: planning.approve(by=STAFF, decisions=some), parts))
    report = planning.report()
    assert all(one.used <= one.limit * (1 + 1e-9) for one in report.budgets)
    assert any(one.used > 0 for one in report.budgets) or not shop.rows("approved")
    put_off = shop.rows("deferred")
    assert put_off and all("budget of" in str(row["why"]) for row in put_off)
    approved = shop.rows("approved")
    for one in limits.standings(shop.chair.state, shop.chair.catalogue, NOON.date())[0]:
        if one.name == "money":
            by = {action.id: action.cost_minor for action in shop.chair.catalogue}
            assert one.used == sum(by[str(row["action"])] for row in approved)


def test_what_is_put_off_is_ranked_again_at_the_next_turn(shop: Shop) -> None:
    """With the reason kept until then."""
    shop.chair.planning.allow({"webhook": {"day": 3}}, by=OWNER)
    shop.chair.planning.approve(by=STAFF, everything=True)
    put_off = [row for row in shop.rows("deferred") if row["channel"] == "webhook"]
    assert len(put_off) > 3 and {row["why"] for row in put_off} == {"today's budget of contacts by webhook was used"}
    assert shop.chair.planning.report().deferred["today's budget of contacts by webhook was used"] == len(put_off)
    shop.turn(days=1)
    again = {row["customer_id"]: row["status"] for row in shop.rows()}
    assert set(again.values()) <= {"proposed", "deferred", "approved"}
    assert {row["customer_id"] for row in put_off} & set(again), "those who were put off are planned for again"
    assert sum(row["channel"] == "webhook" for row in shop.rows("proposed", "approved")) <= 3


def test_the_turn_plans_within_what_there_is(shop: Shop) -> None:
    """No more is proposed than fits, what chance drew beyond waits by lot, and prices say what one more would bring."""
    shop.chair.planning.allow({"webhook": {"day": 4}}, by=OWNER)
    shop.turn(days=1)
    planned = shop.rows("proposed", "approved")
    assert sum(row["channel"] == "webhook" for row in planned) <= 4
    told = shop.chair.turns(1)[0].models["plan"]
    assert told["bound_minor"] >= 0 and set(told["worth"]) <= {"webhook"}
    report = shop.chair.planning.report()
    assert next(one for one in report.budgets if one.name == "webhook").worth_minor == told["worth"].get("webhook")
    for row in shop.rows("deferred"):
        assert row["why"] == "today's budget of contacts by webhook was used" and row["decided_by"] is None


def test_of_a_household_one_is_acted_on(shop: Shop) -> None:
    """Whom the turn would act on, tied at random into families and firms: one of each at most, and the page says so."""
    busy = [shop.chair.state.customer(str(row["customer_id"])) for row in shop.rows()]
    guests = [int(str(row["name"]).partition("@")[0].removeprefix("guest")) for row in busy if row]
    for start in range(0, len(guests) - 2, 3):
        shop.tie(*guests[start : start + 3], relation=("family", "company")[start % 2])
    shop.turn(days=1)
    home = {shop.chair.find(f"guest{guest}@example.org"): place // 3 for place, guest in enumerate(guests)}
    acted = Counter(home[str(row["customer_id"])] for row in shop.rows() if row["customer_id"] in home)
    assert acted and max(acted.values()) == 1
    assert shop.chair.planning.report().at_home > 0
    beside = [who for who, one in home.items() if one in acted and who not in {r["customer_id"] for r in shop.rows()}]
    told = shop.chair.decisions(day=shop.chair.turns(1)[0].day, who=beside[0], acting=False)[0][0]
    assert told.action == "wait" and told.propensity == 1.0
    assert REASONS[HOUSEHOLD] in {one.reason for one in told.ruled_out}


def test_a_household_is_drawn_together(shop: Shop) -> None:
    """Members of families and firms share an arm all through a quarter, in the plan and in the moment; who becomes one
    household within a quarter keeps the arm they had, and is drawn together from the next on."""
    shop.chair = replace(shop.chair, settings=replace(shop.chair.settings, holdout=0.4, comparison=0.1))
    homes = [range(start, start + 3) for start in range(0, 120, 3)]
    for place, home in enumerate(homes):
        since = None if place >= 20 else NOON - timedelta(days=30)
        shop.tie(*home, relation=("family", "company")[place % 2], since=since)

    def arms() -> list[set[str]]:
        day = shop.chair.turns(1)[0].day
        of = {row["customer_id"]: row["arm"] for row in shop.chair.state.lots(day, day + timedelta(days=1)).to_pylist()}
        return [{of[shop.chair.find(f"guest{guest}@example.org")] for guest in home} for home in homes]

    shop.turn(days=1)
    first = arms()
    assert {len(home) for home in first[:20]} == {1} and len(set.union(*first[:20])) > 2
    assert max(len(home) for home in first[20:]) > 1
    for home, arm in zip(homes[:5], first, strict=False):
        told = {shop.chair.decide(f"guest{guest}@example.org", "checkout").arm for guest in home}
        assert told == arm
    shop.turn(days=60)
    assert arms() == first
    shop.turn(days=40)
    assert {len(home) for home in arms()} == {1} and arms()[:20] != first[:20]


def test_whoever_is_approved_first_is_the_one_of_a_household(shop: Shop) -> None:
    """Ties that came since the turn hold as somebody is approved: the other waits, until the first is taken back."""
    one, other = shop.rows("proposed")[:2]
    guests = [int(str(row["name"]).partition("@")[0].removeprefix("guest")) for row in (one, other)]
    shop.tie(*guests)
    shop.chair.planning.approve(by=STAFF, decisions=ids([one]))
    settled = shop.chair.planning.approve(by=STAFF, decisions=ids([other]))
    assert settled.marked == 0 and settled.deferred == {REASONS[HOUSEHOLD]: 1}
    shop.chair.mark(ids([one])[0], "dismissed", "sam")
    assert shop.chair.planning.approve(by=STAFF, decisions=ids([other])).marked == 1


def test_answers_are_taken_back(shop: Shop) -> None:
    """A no at any time, a yes as long as its action can be undone; then it waits again, and takes nothing."""
    planning = shop.chair.planning
    hours = {action.id: action.undo_hours for action in shop.chair.catalogue}
    waiting = shop.rows("proposed")
    undone = msgspec.structs.replace
    free = replace(shop.chair, beginning=tuple(undone(one, undo_hours=2) for one in shop.chair.catalogue))
    no, yes = ids(waiting)[:2], ids(waiting)[2:5]
    assert planning.dismiss(by=STAFF, decisions=no, why="they are on holiday").marked == 2
    assert {row["why"] for row in shop.rows("dismissed")} == {"they are on holiday"}
    free.planning.approve(by=STAFF, decisions=yes)
    shop.clock.now += timedelta(hours=1)
    back = free.planning.undo(by=STAFF, decisions=[*no, *yes])
    assert back.marked == 5 and not shop.rows("approved") and not shop.rows("dismissed")
    assert limits.standings(shop.chair.state, free.catalogue, NOON.date())[1][2] == 0
    free.planning.approve(by=STAFF, decisions=yes)
    shop.clock.now += timedelta(hours=3)
    late = free.planning.undo(by=STAFF, decisions=yes)
    assert late.marked == 0 and set(late.refused) == {"can be taken back for 2 hours, and that is over"}
    never = [one for one in shop.rows("approved") if not hours[str(one["action"])]]
    if never:
        said = planning.undo(by=STAFF, decisions=ids(never)[:1])
        assert said.refused == {"cannot be taken back": 1}


def test_a_decision_of_another_day_is_refused(shop: Shop) -> None:
    """Its place was taken by the plan of the last turn; what was approved then is not approved again."""
    waiting = ids(shop.rows("proposed"))
    shop.chair.planning.approve(by=STAFF, decisions=waiting[:1])
    shop.turn(days=1)
    settled = shop.chair.planning.approve(by=STAFF, decisions=waiting[:3])
    day = shop.chair.turns(1)[0].day
    old = f"is of {NOON.date()}, and the plan of {day} is in its place"
    assert settled.marked == 0 and settled.refused == {"was approved already": 1, old: 2}
    with pytest.raises(Conflict, match="is in its place"):
        shop.chair.mark(waiting[1], "approved", "sam")
    shop.clock.now -= timedelta(days=40)
    assert shop.chair.planning.approve(by=STAFF, decisions=waiting[:3]).marked == 0, "whatever the clock says"


def test_what_needs_nobody_s_yes_is_approved_by_the_turn(shop: Shop) -> None:
    """Within budgets; the others wait."""
    webhook = [one.id for one in shop.chair.catalogue if one.channel == "webhook"]
    actions = tuple(msgspec.structs.replace(one, approve=one.id not in webhook) for one in shop.chair.catalogue)
    chair = replace(shop.chair, beginning=actions)
    chair.planning.allow({"webhook": {"week": 5}}, by=OWNER)
    settled = chair.planning.begin()
    assert settled is not None and settled.marked == 5 and sum(settled.deferred.values()) > 0
    assert {(row["action"] in webhook, row["decided_by"]) for row in shop.rows("approved")} == {(True, "the plan")}
    assert all(row["action"] not in webhook for row in shop.rows("proposed"))
    shop.clock.now += timedelta(days=1)
    assert chair.planning.begin() is None, "of a day that has passed nothing goes out by itself"


def test_what_is_done_by_hand_is_said_to_be_done(shop: Shop) -> None:
    """It is a contact then, and can be taken back no more."""
    chair, one = shop.chair, next(row for row in shop.rows("proposed") if row["channel"] == "letter")
    chair.planning.approve(by=STAFF, decisions=[str(one["decision_id"])])
    assert chair.planning.done(by=STAFF, decisions=[str(one["decision_id"])]).marked == 1
    assert contacts(shop) == {"approved": 1, "sent": 1}
    assert chair.planning.report().groups[-1].gone + chair.planning.report().groups[0].gone >= 1
    again = chair.planning.dismiss(by=STAFF, decisions=[str(one["decision_id"])], why="no")
    assert again.refused == {"was sent already": 1}


BAD: dict[str, Callable[[Shop], object]] = {
    "must be some decisions, one action, or everything": lambda shop: shop.chair.planning.approve(by=STAFF),
    "must be 1 to 50,000": lambda shop: shop.chair.planning.approve(by=STAFF, decisions=[]),
    "must have 1 to 500 characters": lambda shop: shop.chair.planning.dismiss(by=STAFF, everything=True, why=" "),
    "one of money": lambda shop: shop.chair.planning.allow({"gold": {"day": 1}}, by=OWNER),
    "must be a number from 0": lambda shop: shop.chair.planning.allow({"call": {"day": -1}}, by=OWNER),
}


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_is_refused(shop: Shop, said: str) -> None:
    """Naming the value, the bound and the remedy; nothing is changed."""
    before = shop.rows()
    with pytest.raises(BadInput, match=said) as refused:
        BAD[said](shop)
    assert refused.value.remedy and shop.rows() == before
    assert not limits.chosen(shop.chair.state)


def test_a_budget_below_what_was_used_is_refused(shop: Shop) -> None:
    """And the other ones hold on; whoever is no owner sets none."""
    planning = shop.chair.planning
    planning.approve(by=STAFF, everything=True)
    used = sum(row["channel"] == "webhook" for row in shop.rows("approved"))
    assert used > 1
    with pytest.raises(BadInput, match=f"must not be less than was used already, {used}"):
        planning.allow({"webhook": {"week": used - 1}}, by=OWNER)
    with pytest.raises(NotAllowed):
        planning.allow({"webhook": {"week": 90}}, by=STAFF)
    assert planning.allow({"webhook": {"week": used}}, by=OWNER, why="enough").allowed == {
        "webhook": budgets.Allowed(week=float(used))
    }


def test_unknown_decisions_and_actions_are_not_found(shop: Shop) -> None:
    """A decision to wait is none to be approved; customers do not answer the plan."""
    planning = shop.chair.planning
    waits = shop.chair.decisions(day=NOON.date(), acting=False, limit=400)[0]
    resting = next(one.decision_id for one in waits if one.action == "wait")
    for unknown in ("nothing", resting):
        with pytest.raises(NotFound, match="was never taken"):
            planning.approve(by=STAFF, decisions=[unknown])
    with pytest.raises(NotFound, match="not in the catalogue"):
        planning.approve(by=STAFF, action="nothing")
    with pytest.raises(NotAllowed):
        planning.approve(by=CUSTOMER, everything=True)
