"""Scores in the API: what it answers is what its document says, and what cannot be asked is a 400."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.conftest import Shop
from tests.server.test_api import get, true_to
from tests.server.test_ingest import problem

from openchair.chair.listening.views import ScoreReport


def answered(number: int, score: object, **more: Any) -> dict[str, Any]:
    """A customer's answer, of yesterday, as a survey tool sends it."""
    properties = {"score": score, "survey_id": "spring", "metric": "nps"} | more
    return {
        "type": "track",
        "event": "Survey Question Answered",
        "userId": f"member-{number}",
        "messageId": f"answer-{number}-{score}",
        "timestamp": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        "properties": properties,
    }


def test_a_score_with_all_that_it_rests_on(shop: Shop) -> None:
    """Twelve answers sent, one of them twice, and one off the scale: counted once they are in history."""
    rows = [answered(i, score) for i, score in enumerate([10, 10, 10, 9, 9, 9, 8, 8, 7, 6, 3, 0])]
    assert shop.send(*rows, rows[0], answered(99, 11)).status_code == 200
    shop.chair.sync()
    shop.chair.turn()
    found = get(shop, "/reports/nps", "listening", by="survey", since=datetime.now(UTC).date().isoformat())
    true_to(ScoreReport, found)
    assert (found["n"], found["promoters"], found["passives"], found["detractors"]) == (12, 6, 3, 3)
    assert found["value"] == 25 and found["low"] < 25 < found["high"] and found["effective_n"] == 12
    assert found["parts"][0]["name"] == "spring" and found["change"]["changed"] is False
    empty = get(shop, "/reports/csat", "listening")
    true_to(ScoreReport, empty)
    assert empty["value"] is None and empty["needed"] == 10


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/reports/nps", {"from": "2026-01-01"}, "from"),
        ("/reports/nps", {"days": 0}, "days"),
        ("/reports/nps", {"days": "many"}, "days"),
        ("/reports/nps", {"by": "horoscope"}, "by"),
        ("/reports/nps", {"by": "x" * 301}, "by"),
        ("/reports/nps", {"since": "yesterday"}, "since"),
        ("/reports/nps", {"since": "2999-01-01"}, "since"),
        ("/reports/nps", {"as_of": "noon"}, "as-of"),
    ],
)
def test_what_cannot_be_asked_is_answered(shop: Shop, path: str, query: dict[str, Any], named: str) -> None:
    """The problem names the value, the bound and what to do."""
    answer = shop.client.get(f"/api/v1{path}", params=query, headers=shop.bearer("listening"))
    assert named in problem(answer, 400, "bad_input")["message"]
