"""The server is killed, and its disk fills up, while events come in: what was acknowledged is there, once."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from benchmarks.serving import Served, facts, new_home, new_key, served

from openchair.cli.wiring import settings_at
from openchair.store.sql.state import open_state

ROUNDS = 12
SENDERS = 6


@dataclass
class Told:
    """What senders know: events that were acknowledged, and those they cannot know of."""

    acknowledged: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    again: list[list[str]] = field(default_factory=list)
    """Batches without an answer, to be sent again."""


def body(names: Sequence[str]) -> bytes:
    """A batch of page views, one for each messageId."""
    calls = [{"type": "page", "userId": "u", "name": name, "messageId": name} for name in names]
    return json.dumps({"batch": calls}).encode()


async def _sender(client: httpx.AsyncClient, sender: str, told: Told, until: float) -> None:
    count = 0
    while time.monotonic() < until:
        count += 1
        names = told.again.pop() if told.again else [f"{sender}-{count}-{place}" for place in range(20)]
        try:
            answer = await client.post("/v1/batch", content=body(names))
            answer.raise_for_status()
        except httpx.HTTPError:
            told.unsure.update(names)
            told.again.append(names)
            return
        statuses = [result["status"] for result in answer.json()["results"]]
        assert set(statuses) <= {"ok", "duplicate"}
        told.acknowledged.update(names)


async def _send(server: Served, key: str, round_: int, told: Told, seconds: float) -> None:
    """Send from several connections; kill the server at a random moment in the midst of it."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=10) as client:
        until = time.monotonic() + seconds + 1
        sending = [asyncio.create_task(_sender(client, f"{round_}-{n}", told, until)) for n in range(SENDERS)]
        await asyncio.sleep(seconds)
        server.kill()
        await asyncio.gather(*sending)


@pytest.mark.slow
def test_kill_9_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """Killed a dozen times during ingest and sync: every acknowledged event is one fact, and no event is two."""
    chance = random.Random(7)
    home = new_home(tmp_path / "shop")
    key = new_key(home, "ingest")
    told = Told()
    for round_ in range(ROUNDS):
        with served(home, {"sync_seconds": "0.2"}) as server:
            asyncio.run(_send(server, key, round_, told, chance.uniform(0.1, 1.2)))
    names = facts(home, "steps")["steps"].column("name").to_pylist()
    found = [name.removeprefix("Page Viewed: ") for name in names]
    assert len(found) == len(set(found)), "an event was counted twice"
    assert told.acknowledged, "the rounds were too short to prove anything"
    assert told.acknowledged <= set(found), "an acknowledged event was lost"
    assert set(found) <= told.acknowledged | told.unsure


@pytest.mark.slow
def test_a_full_disk_is_said_and_passes(tmp_path: Path) -> None:
    """When files can no longer grow: 503 with Retry-After, reads go on; when they can, ingest goes on by itself."""
    home = new_home(tmp_path / "shop")
    key, reader = new_key(home, "ingest"), new_key(home, "read", name="reader")
    acknowledged: list[str] = []
    with served(home, {"sync_seconds": "0.5"}) as server:
        client = httpx.Client(base_url=server.url, timeout=30)
        send = {"Authorization": f"Bearer {key}"}

        def deliver(count: int) -> httpx.Response:
            names = [f"{count}-{place}" for place in range(100)]
            answer = client.post("/v1/batch", content=body(names), headers=send)
            if answer.status_code == 200:
                acknowledged.extend(names)
            return answer

        assert deliver(0).status_code == 200
        server.limit_files(max(path.stat().st_size for path in home.iterdir() if path.is_file()))
        refused = next(answer for answer in (deliver(count) for count in range(1, 500)) if answer.status_code != 200)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert {"code", "message"} <= set(refused.json())
        read = client.get("/api/v1/customers", headers={"Authorization": f"Bearer {reader}"})
        assert read.status_code == 200, read.text
        assert client.get("/sign-in").status_code == 200
        server.limit_files(-1)
        deadline = time.monotonic() + 60
        while (answer := deliver(1000)).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert answer.status_code == 200, answer.text
        client.close()
    names = facts(home, "steps")["steps"].column("name").to_pylist()
    found = [name.removeprefix("Page Viewed: ") for name in names]
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)


@pytest.mark.slow
def test_a_stopped_server_finishes_what_it_acknowledged(tmp_path: Path) -> None:
    """SIGTERM ends it in good order, and the next start finds all."""
    home = new_home(tmp_path / "shop")
    key = new_key(home, "ingest")
    with served(home) as server:
        answer = httpx.post(
            f"{server.url}/v1/batch", content=body(["a", "b"]), headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 200
        server.process.terminate()
        assert server.process.wait(20) in (0, -15)
    state = open_state(settings_at(home).state)
    assert state.inbox.waiting() in (0, 2)
    state.close()
    assert facts(home, "steps")["steps"].num_rows == 2
