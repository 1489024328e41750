"""The plan over the API: read, limited, answered once for its key, and what cannot be."""

from tests.server.conftest import Shop
from tests.server.test_api import get, post, problem, true_to

from openchair.chair.acting.planned import PlanReport
from openchair.chair.wheel.clear import Settled


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def test_the_plan_is_read_limited_and_answered(busy_shop: Shop) -> None:
    """By action, some, or all; each answer counts what became of how many, and is given once for its key."""
    true_to(PlanReport, get(busy_shop, "/plan"))
    waiting = {group["action"]: group["proposed"] for group in get(busy_shop, "/plan")["groups"]}
    one = next(action for action, n in waiting.items() if n)
    some = [d["decision_id"] for d in get(busy_shop, "/decisions", acting=True, limit=100)["data"]
            if d["action"] == one and d["status"] == "proposed"]  # fmt: skip
    limited = post(busy_shop, "/plan/budgets", {"budgets": {"hours": {"week": 200}}, "why": "two of us"})
    assert limited.status_code == 200, limited.text
    assert limited.json()["allowed"] == {"hours": {"day": None, "week": 200.0}}
    first = post(busy_shop, "/plan/approve", {"decisions": some[:1]}, **key("plan-1"))
    true_to(Settled, first.json())
    assert first.json()["marked"] + sum(first.json()["deferred"].values()) == 1
    again = post(busy_shop, "/plan/approve", {"decisions": some[:1]}, **key("plan-1"))
    assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
    let_be = post(busy_shop, "/plan/dismiss", {"action": one, "why": "no time"}).json()
    assert let_be["marked"] == waiting[one] - 1
    back = post(busy_shop, "/plan/undo", {"decisions": some[1:2]}).json()
    assert back["marked"] == len(some[1:2])
    everything = post(busy_shop, "/plan/approve", {"everything": True}).json()
    assert everything["status"] == "approved" and not get(busy_shop, "/plan")["groups"][0]["proposed"]


def test_what_cannot_be_is_a_problem(busy_shop: Shop) -> None:
    """Named, with what is allowed; nothing is changed by it."""
    for path, body, status, code in (
        ("/plan/approve", {}, 400, "bad_input"),
        ("/plan/approve", {"everything": True, "action": "call-and-listen"}, 400, "bad_input"),
        ("/plan/approve", {"decisions": ["nothing"]}, 404, "not_found"),
        ("/plan/approve", {"action": "nothing"}, 404, "not_found"),
        ("/plan/dismiss", {"everything": True, "why": "  "}, 400, "bad_input"),
        ("/plan/undo", {"decisions": []}, 400, "bad_input"),
        ("/plan/budgets", {"budgets": {"gold": {"day": 1}}}, 400, "bad_input"),
        ("/plan/budgets", {"budgets": {"call": {"day": -1}}}, 400, "bad_input"),
        ("/plan/budgets", {"budgets": {"call": {"year": 1}}}, 400, "bad_input"),
        ("/plan/budgets", {"budgets": {"call": {"day": "NaN"}}}, 400, "bad_input"),
    ):
        problem(post(busy_shop, path, body), status, code)
