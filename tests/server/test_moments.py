"""Decisions for those who wait: bounded answers, only what is asked for, together as alone, and never lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks.decide import catalogue, furnish
from benchmarks.serving import new_home, new_key, served
from tests.server.conftest import SETTINGS, Shop, opened
from tests.server.test_api import post, problem

from openchair.chair.acting.moments import SHOWN
from openchair.chair.actor import OWNER_AT_HOME
from openchair.cli.wiring import init_home, open_home
from openchair.loyalty.actions import WAIT

ACTIONS, CUSTOMERS = 200, 120


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with 200 actions and 120 customers of all kinds, none of whom was decided for."""
    home = tmp_path_factory.mktemp("crowd") / "shop"
    init_home(home, SETTINGS)
    furnish(home, ACTIONS, CUSTOMERS)
    yield from opened(home)


def decided(shop: Shop, who: int, moment: str = "checkout", explain: str = "", **more: Any) -> Any:
    """The answer for one customer, which must be one."""
    path = f"/decisions{f'?explain={explain}' if explain else ''}"
    answer = post(shop, path, {"customer": f"member-{who}", "moment": moment, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_answer_is_bounded_and_all_of_it_can_be_had(crowd: Shop) -> None:
    """Of 200 actions 50 are named at most, and every reason says of how many; `explain=full` names each."""
    some, full = (decided(crowd, 1, explain=explain) for explain in ("", "full"))
    assert len(some["candidates"]) <= SHOWN and len(some["ruled_out"]) == SHOWN
    assert len(full["candidates"]) + len(full["ruled_out"]) == ACTIONS + 1
    assert abs(sum(one["probability"] for one in full["candidates"]) - 1) < 1e-9
    assert sum(some["excluded"].values()) == len(full["ruled_out"]) and some["excluded"] == full["excluded"]
    assert len(some["reasons"]) == 3 and some["would_change"] and some["policy"] and some["arm"]
    assert 0 < some["propensity"] <= 1 and (some["action"] == WAIT or "cost_minor" in some["parameters"])
    kept = crowd.client.get(f"/api/v1/decisions/{full['decision_id']}", headers=crowd.bearer("read"))
    assert kept.json() == full


def test_together_as_alone(crowd: Shop) -> None:
    """Sixty who ask at the same time, some of them twice, get what each would get alone: what was kept."""
    asked = [*range(10, 60), *range(10, 20)]
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda who: decided(crowd, who, "visit"), asked))
    for who, one in zip(asked, told, strict=True):
        alone = crowd.chair.decide(f"member-{who}", "visit")
        assert (one["decision_id"], one["action"]) == (alone.decision_id, alone.action)
        assert one["propensity"] == alone.propensity
    assert len({one["decision_id"] for one in told}) == 50
    assert len({one["action"] for one in told}) > 3


def test_only_what_is_asked_for(crowd: Shop) -> None:
    """Some actions, or those of a channel, or to wait; asked for others, it is chosen anew among them."""
    some = [one.id for one in catalogue(ACTIONS)][:40]
    for who in range(60, 80):
        one = decided(crowd, who, candidates=some)
        assert one["action"] in (*some, WAIT)
        # Whoever is left alone this quarter, or treated as all are, has other reasons; who that is depends on the date.
        assert one["arm"] in ("holdout", "single") or one["excluded"]["not among what was asked for"] > 0
        mailed = decided(crowd, who, "visit", channel="e-mail")
        assert mailed["action"] == WAIT or mailed["channel"] == "e-mail"
    first = next(one for who in range(60, 80) if (one := decided(crowd, who, candidates=some))["action"] != WAIT)
    who = int(first["customer"].rpartition(" ")[2])
    others = [one for one in some if one != first["action"]]
    again = decided(crowd, who, candidates=others)
    assert again["decision_id"] == first["decision_id"] and again["action"] in (*others, WAIT)
    assert decided(crowd, who, candidates=others) == again


def test_a_new_catalogue_is_chosen_from_at_once(crowd: Shop) -> None:
    """What was held in memory is made anew when the actions change."""
    decided(crowd, 90)
    few = catalogue(ACTIONS)[:5]
    crowd.chair.cataloguing.adopt(few, why="a test", by=OWNER_AT_HOME)
    one = decided(crowd, 91, explain="full")
    assert len(one["candidates"]) + len(one["ruled_out"]) == len(few) + 1
    crowd.chair.cataloguing.adopt(catalogue(ACTIONS), why="a test", by=OWNER_AT_HOME)
    assert sum(decided(crowd, 92)["excluded"].values()) > len(few)


def test_a_key_asks_once(crowd: Shop) -> None:
    """The same Idempotency-Key gives the same answer again, and is of no use for another question."""
    ask = {"customer": "member-95", "moment": "checkout"}
    first, again = (post(crowd, "/decisions", ask, **{"Idempotency-Key": "till-1"}) for _ in range(2))
    assert first.status_code == 200 and again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    other = post(crowd, "/decisions", ask | {"moment": "visit"}, **{"Idempotency-Key": "till-1"})
    problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("ask", "status", "code", "named"),
    [
        ({"customer": "nobody"}, 404, "not_found", "nobody"),
        ({"moment": "m" * 10_000}, 400, "bad_input", "checkout"),
        ({"moment": "full moon"}, 400, "bad_input", "full moon"),
        ({"channel": "pigeon"}, 400, "bad_input", "pigeon"),
        ({"candidates": []}, 400, "bad_input", "1 to 1,000"),
        ({"candidates": ["a"] * 1_001}, 400, "bad_input", "1 to 1,000"),
        ({"candidates": ["no-such-thing", "nor-this"]}, 422, "unknown_actions", "no-such-thing, nor-this"),
        ({"candidates": "ice"}, 400, "bad_input", "array"),
        ({"customer": ""}, 400, "bad_input", "length"),
        ({"customer": "x" * 300_000}, 413, "body_too_large", "bytes"),
    ],
)
def test_bad_questions_are_answered(crowd: Shop, ask: dict[str, Any], status: int, code: str, named: str) -> None:
    """Each says what was wrong and what is allowed, and nothing is kept."""
    answer = post(crowd, "/decisions", {"customer": "member-99"} | ask)
    assert named in problem(answer, status, code)["message"]
    assert not crowd.chair.decisions(who="member-99", acting=False)[0]


def test_one_bad_question_spoils_no_other(crowd: Shop) -> None:
    """Asked at the same time as others, it alone is refused."""
    asks = [{"customer": f"member-{who}" if who % 3 else "nobody"} for who in range(100, 112)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda ask: post(crowd, "/decisions", ask).status_code, asks))
    assert answers == [200 if who % 3 else 404 for who in range(100, 112)]


@pytest.mark.slow
def test_killed_while_it_answers_it_has_kept_whatever_it_said(tmp_path: Path) -> None:
    """kill -9 in the middle of a crowd: each decision that somebody was told is in the state, as it was told."""
    home = new_home(tmp_path / "shop", turn_at="off")
    key = new_key(home, "read", "write")
    furnish(home, 60, 400)
    told: list[dict[str, Any]] = []
    enough = threading.Event()

    def ask(part: int) -> None:
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
            for who in range(part, 400, 8):
                try:
                    answer = client.post("/api/v1/decisions", json={"customer": f"member-{who}"})
                except httpx.HTTPError:
                    return
                assert answer.status_code == 200, answer.text
                told.append(answer.json())
                if len(told) >= 60:
                    enough.set()

    with served(home) as server, ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, part) for part in range(8)]
        assert enough.wait(120)
        server.kill()
        for one in asking:
            one.result(60)
    chair = open_home(home)
    assert 60 <= len(told) < 400
    for one in told:
        kept = chair.decision(one["decision_id"])
        assert (kept.action, kept.propensity) == (one["action"], one["propensity"])
    chair.state.close()
