"""Whether deciding pays, from decisions in the state and purchases in history to what a person reads."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import update
from tests.chair.conftest import Shop
from tests.store.making import chosen, linked, met, named

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.learning.counting import BEFORE_DAYS, LOOK_DAYS, UNIT_DAYS, Counted, count
from openchair.chair.learning.living import live_policy
from openchair.chair.learning.promoting import beats
from openchair.chair.learning.views import LearningReport
from openchair.chair.markdown import markdown
from openchair.chair.reports import REPORTS
from openchair.chair.wheel.choose import held_of
from openchair.cli.wiring import init_home, open_home
from openchair.core.blocks import Lines
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.learning.arms import ARMS, HOLDOUT, LEARNED, Shares, arms_of
from openchair.learning.candidates import Policy
from openchair.learning.proof import LEAST, course
from openchair.store.sql.schema import decisions

BEGIN = date(2026, 2, 10)
SALT = ("1",)


def people(n: int) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.array(sorted(digest("learning", str(k)) for k in range(n)))


def decide(
    shop: Shop, ids: np.ndarray[Any, Any], day: date, shares: Shares, action: str = "wait", homes: Any = None
) -> None:
    """The daily decisions of a day, each in its arm by lot."""
    arms = arms_of(ids if homes is None else homes, day, shares, SALT)
    rows = (
        {"customer_id": who, "decision_id": f"{day}{who}", "action": action, "arm": ARMS[arm]}
        for who, arm in zip(ids.tolist(), arms.tolist(), strict=True)
    )
    shop.state.save_decisions(day, "daily", met(("s1", json.dumps(RECORD))), chosen(*rows))


def known(shop: Shop, ids: np.ndarray[Any, Any], homes: np.ndarray[Any, Any] | None = None) -> None:
    shop.state.link(linked(*((f"id:{who}", who) for who in ids.tolist())), datetime(2026, 1, 1, tzinfo=UTC))
    rows = named(*ids.tolist())
    place = rows.schema.get_field_index("household")
    shop.state.replace_customers(rows.set_column(place, "household", pa.array(ids if homes is None else homes)))


def counted(shop: Shop, bought: dict[tuple[str, date], int], today: date, margin: float = 1.0) -> Counted | None:
    """The lots of a shop in which these customers spent so much on these days."""
    rows = [{"customer_id": who, "day": day, "spent_minor": minor} for (who, day), minor in bought.items()]
    schema = pa.schema([("customer_id", pa.string()), ("day", pa.date32()), ("spent_minor", pa.int64())])
    engine = shop.engine()
    try:
        return count(shop.state, engine, engine.share(pa.Table.from_pylist(rows, schema)), today, margin)
    finally:
        engine.close()


def test_sums_are_those_of_each_customer_in_their_arm(shop: Shop) -> None:
    """Counted in the engine as one would by hand: two quarters, newcomers, days before, and every look; a household
    that was drawn together is one case, from its first member's day on, of what they brought on average."""
    rng, ids, shares = np.random.default_rng(3), people(60), Shares(0.3, 0.1)
    homes = np.where(np.arange(60) < 24, ids[np.arange(60) // 3 * 3], ids)
    known(shop, ids, homes)
    enters = {who: BEGIN + timedelta(days=int(day)) for who, day in zip(ids, rng.integers(0, 30, 60), strict=True)}
    for day in sorted({*enters.values(), date(2026, 4, 1)}):
        here = np.array([enters[who] <= day for who in ids])
        decide(shop, ids[here], day, shares, homes=homes[here])
    today = date(2026, 4, 20)
    bought = {
        (who, BEGIN + timedelta(days=int(day))): int(rng.integers(1, 9_000))
        for who in ids.tolist()
        for day in rng.integers(-120, 69, 12)
    }
    found = counted(shop, bought, today, margin=0.5)
    assert found is not None and found.begins == BEGIN and found.to <= today
    for lot, (start, until) in enumerate(((date(2026, 1, 1), date(2026, 4, 1)), (date(2026, 4, 1), found.to))):
        members = {home: ids[homes == home].tolist() for home in dict.fromkeys(homes.tolist())}
        arms = arms_of(np.array([*members]), start, shares, SALT)
        entered = [max(min(enters[who] for who in some), start) for some in members.values()]
        sizes = [sum(len(some) for some, of in zip(members.values(), arms, strict=True) if of == k) for k in range(5)]
        assert lot == 0 or found.customers == tuple(sizes)
        for look in range(len(found.times[lot])):
            end = min(start + timedelta(days=LOOK_DAYS * (look + 1)), until)
            for arm in range(len(ARMS)):
                cases = []
                for some, day, of in zip(members.values(), entered, arms, strict=True):
                    if of == arm and day < end:
                        after, before = (
                            sum(minor for (w, d), minor in bought.items() if w in some and a <= d < b) * 0.5 / len(some)
                            for a, b in ((day, end), (day - timedelta(days=BEFORE_DAYS), day))
                        )
                        cases.append((after, before * UNIT_DAYS / BEFORE_DAYS))
                y, x = np.array(cases).reshape(-1, 2).T
                sums = found.sums[lot][arm]
                so_far = [getattr(sums, name)[: look + 1].sum() for name in sums.__slots__]
                assert so_far == pytest.approx([len(y), y.sum(), x.sum(), y @ y, x @ x, y @ x])
            times = [(end - day).days / UNIT_DAYS for day in entered if day < end]
            assert found.times[lot][look] == pytest.approx(np.mean(times) if times else 0)


def test_nothing_to_count_yet(shop: Shop) -> None:
    """Before anybody was decided for, or bought since, there are no lots."""
    assert counted(shop, {}, BEGIN) is None
    ids = people(5)
    known(shop, ids)
    decide(shop, ids, BEGIN, Shares())
    assert counted(shop, {(ids[0], BEGIN - timedelta(days=150)): 100}, BEGIN) is None


OWNER = Actor("ada", "owner")


def opened(home: Path, ids: np.ndarray[Any, Any], day: date, **settings: object) -> Chair:
    """A shop with these customers, at the end of a day."""
    init_home(home, {"currency": "EUR", **{name: str(value) for name, value in settings.items()}})
    chair = open_home(home)
    known(Shop(chair.state, chair.history, chair.settings), ids)
    return replace(chair, clock=lambda: datetime(day.year, day.month, day.day, 23, tzinfo=UTC))


def buy(chair: Chair, rows: list[tuple[str, date, int]]) -> None:
    """Purchases of customers on days, in minor units."""
    Shop(chair.state, chair.history, chair.settings).write(
        "purchases",
        *(
            {"identifier": f"id:{who}", "amount_minor": minor, "fact_id": digest(who, str(day), str(minor)),
             "happened_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC)}
            for who, day, minor in rows
        ),
    )  # fmt: skip


def spending(
    ids: np.ndarray[Any, Any], shares: Shares, effect: float, seed: int, weeks: int = 11
) -> list[tuple[str, date, int]]:
    """Thirteen weeks before the lot and so many after it: by taste, and `effect` times as much where decided for."""
    rng, taste = np.random.default_rng(seed), np.random.default_rng(seed + 1).normal(8, 0.4, len(ids))
    rows = []
    for week in range(-13, weeks):
        day = BEGIN + timedelta(days=7 * week + 3)
        learned = arms_of(ids, day, shares, SALT) == LEARNED
        spent = np.exp(taste + rng.normal(0, 0.4, len(ids))) * np.where(learned & (week >= 0), effect, 1)
        rows += [(who, day, int(minor)) for who, minor in zip(ids.tolist(), spent, strict=True) if minor > 2_600]
    return rows


def reported(home: Path, effect: float, n: int = 600, weeks: int = 11, **more: Any) -> tuple[Chair, LearningReport]:
    """The report of a shop that was decided for so many weeks, with this effect."""
    shares, ids = Shares(0.5, 0.1) if n > 100 else Shares(), people(n)
    today = BEGIN + timedelta(days=7 * weeks)
    chair = opened(home, ids, today, holdout=shares.holdout, comparison=shares.comparison, **more)
    for day in (BEGIN, date(2026, 4, 1)):
        decide(Shop(chair.state, chair.history, chair.settings), ids, day, shares)
    buy(chair, spending(ids, shares, effect, seed=4, weeks=weeks))
    return chair, chair.learning.report()


def test_a_lift_that_is_there_is_found_and_told(tmp_path: Path) -> None:
    """Those decided for spend a third more: the report says so in money and as a share, week by week, in JSON and in
    words; and that looking at the person is what does it."""
    _chair, view = reported(tmp_path / "shop", 1.33)
    assert isinstance(view.lift, Estimate) and view.lift.low > 0 and view.verdict == "pays"
    assert isinstance(view.lift_share, Estimate) and view.lift_share.low < 0.4 and view.lift_share.high > 0.33
    assert view.n > LEAST and {one.arm for one in view.arms} == set(ARMS[1:])
    first, last = ([one.lift for one in view.looks if isinstance(one.lift, Estimate)][k] for k in (0, -1))
    assert last.high - last.low < first.high - first.low
    assert [wait.days for wait in view.waits if wait.share == 0.2] == [0]
    told = REPORTS["learning"].tell(view)
    assert told.headline.startswith("Deciding pays") and len(told.of(Lines)) >= 1
    shown = json.loads(msgspec.json.encode(view))
    assert {"lift", "n", "discounts", "customer_first"} <= set(shown) and shown["lift"]["low"] > 0
    assert "Deciding pays" in markdown(told)


def test_a_shop_whose_decisions_do_nothing_is_told_so(tmp_path: Path) -> None:
    """No lift is claimed; what deciding can bring at most is said; costs of what was done count against it."""
    chair, view = reported(tmp_path / "shop", 1.0)
    assert isinstance(view.lift, Estimate) and view.lift.low < 0 < view.lift.high and view.verdict == "unknown"
    told = REPORTS["learning"].tell(view)
    assert "not known yet" in told.headline and "cannot be told from chance" in markdown(told)
    dear = max(chair.catalogue, key=lambda one: one.cost_minor)
    ids = people(600)
    for day in range(1, 12):
        when = BEGIN + timedelta(days=day)
        decide(Shop(chair.state, chair.history, chair.settings), ids, when, Shares(0.5, 0.1), dear.id)
    with chair.state._database.write() as connection:
        connection.execute(update(decisions).where(decisions.c.action == dear.id).values(status="sent"))
        connection.execute(update(decisions).where(decisions.c.arm == "holdout").values(status="proposed"))
    costly = chair.learning.report()
    assert costly.verdict == "costs" and costly.arms[0].cost_minor > 0
    assert REPORTS["learning"].tell(costly).headline.startswith("Deciding does not pay")


def test_a_small_shop_is_told_how_long_it_takes(tmp_path: Path) -> None:
    """Of 50 customers two or three are left alone: nothing is told of a lift, but how long each lift would take."""
    _chair, view = reported(tmp_path / "shop", 1.5, n=50)
    assert isinstance(view.lift, Unknown) and view.verdict == "unknown" and 0 < view.n < LEAST
    assert isinstance(view.arms[0].days_more, int) and view.arms[0].days_more > 365
    waits = {wait.share: wait.days for wait in view.waits}
    assert isinstance(waits[0.02], Unknown)
    told = REPORTS["learning"].tell(view)
    assert "cannot be known yet" in told.headline and "more days" in markdown(told)


@pytest.mark.parametrize("size", [1, 4])
def test_nothing_is_seen_where_nothing_is(shop: Shop, size: int) -> None:
    """A/A: customers of ten shops whose decisions do nothing, looked at every week for two quarters: not one sees a
    lift; also where they are households whose members spend as one, who would pass for four times as many."""
    ids, shares, alarms = people(160 * size), Shares(0.5, 0), 0
    homes = ids[np.arange(len(ids)) // size * size]
    known(shop, ids, homes)
    for day in (BEGIN, date(2026, 4, 1)):
        decide(shop, ids, day, shares, homes=homes)
    for seed in range(10):
        spent = spending(ids[::size], shares, 1.0, seed, weeks=20)
        bought = {(who, day): minor for home, day, minor in spent for who in ids[homes == home].tolist()}
        found = counted(shop, bought, BEGIN + timedelta(days=140))
        assert found is not None
        looks = course(found.against(HOLDOUT))
        alarms += bool((np.abs(looks.effect) > looks.half).any())
    assert alarms == 0


RECORD = {
    "situation": {"stage": "steady", "value_minor": 1_000.0, "value_known": True},
    "candidates": [
        {"action": name, "gain": gain, "low": gain - 1, "high": gain + 1, "n": 9.0, "probability": 1 / 3}
        for name, gain in (("note-by-hand", 400.0), ("call-and-listen", 100.0), ("wait", 0.0))
    ],
    "ruled_out": [],
}


def logged(chair: Chair, brings: dict[str, int], n: int = 600) -> None:
    """So many settled decisions, each action as likely as the others, which bring so much in minor units."""
    rng, ids = np.random.default_rng(6), people(n)
    taken = rng.choice(["note-by-hand", "call-and-listen", "wait"], n)
    rows = [
        {"customer_id": who, "decision_id": f"log{who}", "action": of, "propensity": 1 / 3, "expected_minor": 0.0}
        for who, of in zip(ids.tolist(), taken.tolist(), strict=True)
    ]
    known(Shop(chair.state, chair.history, chair.settings), ids)
    chair.state.save_decisions(BEGIN, "daily", met(("s1", json.dumps(RECORD))), chosen(*rows))
    spent = rng.normal(0, 50, n) + [brings.get(of, 0) for of in taken]
    when = [chair.clock()] * n
    settled = {"decision_id": [row["decision_id"] for row in rows], "outcome_minor": spent.astype(int).tolist()}
    chair.state.set_outcomes(pa.table({**settled, "outcome_at": pa.array(when, pa.timestamp("us", tz="UTC"))}))


@pytest.fixture
def proved(tmp_path: Path) -> Chair:
    """A shop whose log shows that what is believed best is best, so that leaving less to chance brings more."""
    chair = opened(tmp_path / "shop", people(1), BEGIN + timedelta(days=40))
    logged(chair, {"note-by-hand": 400, "call-and-listen": -400})
    return chair


def test_a_policy_goes_live_once_the_log_proves_it(proved: Chair) -> None:
    """Sharper beats the usual one; gentler does not and is refused, as is a table of chances; one can go back; all
    of it is kept with who, when and why."""
    judged = {one.name: one for one in proved.promoting.judged()}
    assert beats(judged["sharper"]) and not beats(judged["gentler"]) and not judged["one for all"].can_go_live
    with pytest.raises(Conflict, match="not proved to bring more than usual"):
        proved.promoting.promote("gentler", by=OWNER)
    live = proved.promoting.promote("sharper", why="it pays", by=OWNER)
    assert proved.promoting.live() == live_policy(proved.state) == Policy("sharper", sharpness=4.0)
    assert (live.by, live.version) == ("ada", "sharper: sharpness 4") and live.why.startswith("it pays (")
    assert "usual" in {one.name for one in proved.promoting.judged()}
    assert proved.promoting.go_back(by=OWNER).version == "usual" == proved.promoting.live().version
    assert [one.version for one in proved.promoting.promoted()] == ["usual", "sharper: sharpness 4"]
    told = markdown(REPORTS["learning"].tell(sold(proved)))
    assert "Would another way of choosing bring more?" in told and "it pays" in told


def test_candidates_are_proposed_in_json(proved: Chair) -> None:
    """A policy's numbers or a table of chances; what is neither is refused by name; what was proposed is taken back."""
    promoting = proved.promoting
    promoting.propose('{"name": "sharpest", "sharpness": 50}', by=OWNER)
    rules = {"name": "notes", "rules": [{"when": {"stage": "steady"}, "chances": {"note-by-hand": 1.0}}]}
    promoting.propose(json.dumps(rules), by=OWNER)
    judged = {one.name: one for one in promoting.judged()}
    assert beats(judged["sharpest"]) and judged["sharpest"].proposed_by == "ada"
    notes = judged["notes"]
    assert isinstance(notes.ips, Estimate) and notes.ips.low < 395 < notes.ips.high and beats(notes)
    with pytest.raises(BadInput, match="can be judged and not go live"):
        promoting.promote("notes", by=OWNER)
    promoting.take_back("notes", by=OWNER)
    assert "notes" not in {one.name for one in promoting.judged()}
    for wrong in ("[]", "{", '{"name": "x", "hope": "much"}', '{"name": "x", "hope": 9}', '{"rules": []}'):
        with pytest.raises(BadInput):
            promoting.propose(wrong, by=OWNER)
    for name in ("notes", "nobody"):
        with pytest.raises(NotFound):
            promoting.take_back(name, by=OWNER)
        with pytest.raises(NotFound):
            promoting.promote(name, by=OWNER)
    with pytest.raises(NotAllowed):
        promoting.propose('{"name": "mine"}', by=Actor("bo", "staff"))


def test_by_rule_what_is_proved_goes_live_by_itself(proved: Chair) -> None:
    """Only where the setting says so, and once: the policy then live is beaten by none."""
    now = proved.clock()
    assert proved.promoting.by_rule(now) is None
    ruled = replace(proved, settings=replace(proved.settings, promote="by rule"))
    live = ruled.promoting.by_rule(now)
    assert live is not None and live.by == "the rule" and live.version.startswith("sharper")
    assert ruled.promoting.by_rule(now) is None and len(ruled.promoting.promoted()) == 1


def test_a_log_that_proves_nothing_promotes_nothing(tmp_path: Path) -> None:
    """Actions that bring nothing: no candidate beats the policy that is live, and no rule promotes one."""
    chair = opened(tmp_path / "shop", people(1), BEGIN + timedelta(days=40), promote="by rule")
    assert chair.promoting.judged() == ()
    logged(chair, {})
    assert chair.promoting.by_rule(chair.clock()) is None
    assert not any(beats(one) for one in chair.promoting.judged() if one.can_go_live)


def sold(chair: Chair) -> LearningReport:
    """The report of a shop that also sold something."""
    buy(chair, [(who, BEGIN + timedelta(days=1), 500) for who in people(20).tolist()])
    return chair.learning.report()


def test_what_is_live_decides(proved: Chair) -> None:
    """What deciding rests on holds the policy that went live, and says so in its version."""
    before = held_of(proved.state, proved.catalogue, proved.settings)
    proved.promoting.promote("sharper", by=OWNER)
    after = held_of(proved.state, proved.catalogue, proved.settings)
    assert (before.policy.sharpness, after.policy.sharpness) == (1.0, 4.0)
    assert after.version == f"{before.version}; sharper: sharpness 4"
