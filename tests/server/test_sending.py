"""A survey is sent over HTTP: with the scope surveys, looked at first, once for one idempotency key."""

from dataclasses import replace

import pytest
from tests.server.conftest import Shop, browsing

from openchair.chair.actor import OWNER_AT_HOME
from openchair.listening.asking.survey import starter
from openchair.server.app import create_app


class Road:
    """A channel that nothing comes through here."""

    target = "nowhere"

    def send(self, letter: object) -> None:
        """Nothing is delivered in these tests."""


@pytest.fixture(scope="module")
def live(busy_shop: Shop) -> Shop:
    """The shop with a live survey and three members who agreed to be asked."""
    for n in range(3):
        busy_shop.chair.people.say(f"member-{n}", "email", f"m{n}@example.org", by=OWNER_AT_HOME)
        busy_shop.chair.people.agree(f"member-{n}", "research", "e-mail", "yes", by=OWNER_AT_HOME)
    busy_shop.chair.sync()
    busy_shop.chair.turn()
    busy_shop.chair.surveys.put(starter()[0], by=OWNER_AT_HOME)
    busy_shop.chair.surveys.open("nps", by=OWNER_AT_HOME)
    return busy_shop


def test_looked_at_and_refused(live: Shop) -> None:
    """A dry run counts; without a road, a key, a scope or a sensible number it is refused with its reason."""
    where = "/api/v1/surveys/nps/send"
    bearer = live.bearer("surveys")
    seen = live.client.post(where, json={"limit": 2, "dry_run": True}, headers=bearer).json()
    assert (seen["eligible"], seen["chosen"]) == (3, 2)
    assert sum(seen["kept_out"].values()) == 147
    assert set(seen["expected"]) == {"value", "low", "high", "n"}
    refused = live.client.post(where, json={"limit": 2}, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")
    assert "smtp" in refused.text
    assert live.client.post(where, json={"limit": 0}, headers=bearer).status_code == 400
    assert live.client.post(where, json={"limit": 1, "channel": "pigeon"}, headers=bearer).status_code == 400
    assert live.client.post(where, json={"limit": 2}, headers=live.bearer("read")).status_code == 403
    assert live.client.post(where.replace("nps", "none"), json={"limit": 2}, headers=bearer).status_code in (400, 404)


def test_sent_once_for_a_key(live: Shop) -> None:
    """The same request again gives the same answer and asks nobody else."""
    chair = replace(live.chair, channels={"e-mail": Road()})
    with browsing(create_app(chair, live.access, chair.settings)) as client:
        headers = live.bearer("surveys") | {"Idempotency-Key": "one"}
        first = client.post("/api/v1/surveys/nps/send", json={"limit": 1}, headers=headers)
        again = client.post("/api/v1/surveys/nps/send", json={"limit": 1}, headers=headers)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len(chair.state.awaiting("survey")) == 1
