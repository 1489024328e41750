"""Ways of choosing, judged by a log whose truth is known."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Unknown
from openchair.decisions.record import CandidateRecord, Record, RuledOutRecord
from openchair.learning.candidates import Policy, Rule, Rules
from openchair.learning.judging import Log, Ways, judge, log_of, modelled, moved
from openchair.loyalty.actions import WAIT, Action

STAGES = ("slipping", "steady")
TRUTH = {("slipping", "call"): 400.0, ("slipping", "mail"): 50.0, ("steady", "call"): -100.0, ("steady", "mail"): 150.0}
"""What each action brings, in minor units; waiting brings nothing."""
GAIN = {"call": 120.0, "mail": 100.0}
"""What was believed of them: alike in both stages, and wrong."""


def action(name: str, uplift: dict[str, float], **more: object) -> Action:
    plain = {"want": "is wanted", "relationship": "does it good", "experience": "respond", "channels": ("call",)}
    whole = {"id": name, "title": f"{name} them", "cost_minor": 0, "spacing_days": 0, **plain}
    return Action(**whole, uplift=uplift, uplift_sd=0.01, **more)  # type: ignore[arg-type]


ACTIONS = (
    action("call", {"slipping": 0.4}, pillar="service"),
    action("mail", {"steady": 0.2}, pillar="community"),
)


def records() -> dict[str, Record]:
    """Two situations; in `steady` a third action is ruled out."""
    made = {}
    for stage in STAGES:
        chances = {"call": 0.4, "mail": 0.3, WAIT: 0.3}
        candidates = [
            CandidateRecord(name, GAIN.get(name, 0.0), GAIN.get(name, 0.0) - 10, GAIN.get(name, 0.0) + 10, 5.0, chance)
            for name, chance in chances.items()
        ]
        out = (RuledOutRecord("visit", "too dear"),) if stage == "steady" else ()
        made[stage] = Record({"stage": stage, "value_minor": 1_000.0, "value_known": True}, tuple(candidates), out)
    return made


def log(rng: np.random.Generator, n: int = 4_000, noise: float = 300.0) -> Log:
    """Each customer has ten decisions, and spends as they please besides."""
    stage = rng.choice(STAGES, n)
    taken = rng.choice(["call", "mail", WAIT], n, p=[0.4, 0.3, 0.3])
    who = np.repeat(np.arange(n // 10), 10)
    taste = rng.normal(0, noise / 2, n // 10)[who]
    truth = np.array([TRUTH.get(both, 0.0) for both in zip(stage, taken, strict=True)])
    rows = {
        "customer_id": who.astype(str),
        "record_id": stage,
        "action": taken,
        "propensity": np.select([taken == "call", taken == "mail"], [0.4, 0.3], 0.3),
        "reward": truth + taste + rng.normal(0, noise, n),
    }
    return log_of(rows, records(), confidence=0.8)


def best(of: Log) -> np.ndarray:
    """The policy that knows the truth."""
    names = dict(zip(STAGES, ("call", "mail"), strict=True))
    return np.array([np.eye(len(of.names))[of.names.index(names[stage])] for stage in of.stage])


def ways(of: Log, present: Policy | None = None) -> Ways:
    return Ways(of, ACTIONS, outcomes=1_000.0, exploration=0.05, present=present or Policy())


def test_what_a_policy_would_bring_is_found() -> None:
    """The best policy brings 275 a decision, chance 83: every estimator but the model alone holds it in its interval,
    and that it beats the present one is sure."""
    held = np.zeros(4)
    for seed in range(20):
        of = log(np.random.default_rng(seed))
        told = judge(of, best(of), of.chance)
        each = (told.ips, told.snips, told.doubly_robust, told.switch)
        held += [isinstance(one, Estimate) and one.low <= 275 <= one.high for one in each]
        assert isinstance(told.better, Estimate) and told.better.low > 0
        assert told.better.low <= 275 - (0.4 * 150 + 0.3 * 100) <= told.better.high
        assert 100 < told.effective < 400
    assert (held >= 17).all(), held


def test_a_worse_policy_does_not_beat_the_present_one() -> None:
    """Writing to everyone brings less than the best there is; what is live is better than itself by nothing."""
    of = log(np.random.default_rng(1))
    mail = np.tile(np.eye(len(of.names))[of.names.index("mail")], (2, 1))
    told = judge(of, mail, best(of)).better
    assert isinstance(told, Estimate) and told.high < 0
    same = judge(of, of.chance, of.chance).better
    assert isinstance(same, Estimate) and (same.low, same.value, same.high) == (0, 0, 0)


def test_no_decision_foretells_itself() -> None:
    """Half of the customers are foretold by the other half alone."""
    of = log(np.random.default_rng(2), n=200)
    place, model = modelled(of)
    other = np.where(of.customer % 2 == 0, of.reward + 1e6, of.reward)
    moved_place, moved_model = modelled(Log(*(getattr(of, name) for name in ("situation", "action", "customer")), other,
                                            *(getattr(of, name) for name in Log.__slots__[4:])))  # fmt: skip
    even = of.customer % 2 == 0
    assert (model[place[even]] == moved_model[moved_place[even]]).all()
    assert (model[place[~even]] != moved_model[moved_place[~even]]).any()


def test_ways_to_compare_with() -> None:
    """Chances sum to 1, nothing ruled out has any, and each way is what its name says."""
    of = log(np.random.default_rng(3), n=400)
    told = ways(of)
    place = of.names.index
    every = {name: getattr(told, name)() for name in ("random", "single", "impersonal", "catalogue")}
    every["usual"], every["timid"] = told.by(Policy()), told.by(Policy("timid", hope=0, sharpness=0))
    for chances in every.values():
        assert chances.sum(axis=1) == pytest.approx(1) and (chances >= 0).all()
        assert (chances[:, place("visit")] == 0).all()
    assert (every["single"][:, place("call")] == 1).all()  # believed to be best everywhere
    assert every["random"][0, place("call")] == pytest.approx(1 / 3)
    assert every["timid"][0, place("mail")] == pytest.approx(every["timid"][0, place(WAIT)])
    assert every["impersonal"][0] == pytest.approx(every["impersonal"][1])
    believed = dict(zip(of.stage, every["catalogue"], strict=True))
    assert believed["slipping"][place("call")] > 0.5 and believed["steady"][place("mail")] > 0.5


def test_without_the_person_what_they_lean_to_does_not_count() -> None:
    """A customer who leans two steps to service was expected to gain by it; not personal, that is taken off again."""
    of = log(np.random.default_rng(7), n=400)
    leaning = [
        msgspec.structs.replace(one, situation={**one.situation, "leaning": {"service": 2}}) for one in of.records
    ]
    told = ways(replace(of, records=leaning))
    personal, plain = (told.by(Policy(personal=one)) for one in (True, False))
    assert (personal == plain).all()  # a step of nothing
    call = of.names.index("call")
    colder = replace(told, step=0.055).by(Policy(personal=False))  # 110 of a worth of 1,000 less
    assert (colder[:, call] < personal[:, call]).all()


def test_a_table_of_chances_is_judged() -> None:
    """The first rule that is about a situation holds; an action that was ruled out there gives its chance to waiting;
    where no rule is about it, what was done is done."""
    of = log(np.random.default_rng(4), n=400)
    rules = Rules("mine", (Rule({"stage": "steady"}, {"visit": 0.5, "mail": 0.25}),))
    steady = ways(of).rules(rules)[list(of.stage).index("steady")]
    assert steady[of.names.index("mail")] == 0.25 and steady[of.names.index(WAIT)] == pytest.approx(0.75)
    slipping = list(of.stage).index("slipping")
    assert (ways(of).rules(rules)[slipping] == of.chance[slipping]).all()
    for chances in ({"call": 1.1}, {"call": -0.1}, {"call": 0.6, "mail": 0.6}):
        with pytest.raises(BadInput, match="rule 1"):
            Rules("mine", (Rule({}, chances),))


def test_what_moves_customers_is_held_against_waiting() -> None:
    """Calls bring 150 on average over both stages; of actions never taken nothing is known."""
    inside = 0
    for seed in range(20):
        n, told = moved(log(np.random.default_rng(seed)), lambda name: name == "call")
        assert isinstance(told, Estimate) and 1_400 < n < 1_800
        inside += told.low <= 150 <= told.high
    assert inside >= 17
    assert isinstance(moved(log(np.random.default_rng(5)), lambda name: name == "visit")[1], Unknown)


def test_policies_out_of_bounds_are_refused() -> None:
    """By name, with the bound."""
    for wrong in ({"hope": 9.0}, {"sharpness": -1.0}, {"floor": 0.0}, {"name": ""}, {"name": "x" * 61}):
        with pytest.raises(BadInput, match="policy's"):
            Policy(**{"name": "mine", **wrong})  # type: ignore[arg-type]
