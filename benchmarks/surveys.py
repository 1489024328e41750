"""Surveys on SQLite, durable: answers posted from forms at a steady rate, each by its own invitation.

Arrivals are open: a request is sent when its time has come, whether or not others are answered yet, and its time is
counted from then, so that a server that falls behind shows it. `python -m benchmarks.surveys PORT` drives one.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pyarrow as pa
import uvloop

from benchmarks import Row, at_least, at_most
from benchmarks.serving import facts, new_home, served
from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.listening.asking.surveys import LINK
from openchair.chair.state.records import Message
from openchair.cli.wiring import open_home
from openchair.listening.asking.survey import starter
from openchair.store.sql.state import SqlState

RATE, SECONDS, WARM_UP = 500, 15, 1000
CONNECTIONS = 64
RUNS = 3
ANSWERS = RATE * SECONDS + WARM_UP


def invited(home: Path, runs: int) -> list[list[str]]:
    """Paths of distinct invitations of distinct customers, ANSWERS of them for each run."""
    chair, now, many = open_home(home), datetime.now(UTC), ANSWERS * runs
    assert isinstance(chair.state, SqlState)
    names = [f"id:member-{n}" for n in range(many)]
    bases = [f"{n:032x}" for n in range(many)]
    known = pa.table({"identifier": names, "base_id": bases, "because": ["benchmark"] * many})
    chair.state.link(known, now)
    nps = chair.surveys.put(starter()[0], by=OWNER_AT_HOME).survey_id
    chair.surveys.open(nps, by=OWNER_AT_HOME)
    first = Message("", "survey", nps, "", LINK, "", "en", now, now, "given")
    messages = [replace(first, message_id=f"{n:016x}", customer_id=bases[n]) for n in range(many)]
    chair.state.add_messages(messages)
    surveys = chair.surveys
    paths = [surveys.path(one) for one in messages]
    chair.state.close()
    return [paths[n * ANSWERS : (n + 1) * ANSWERS] for n in range(runs)]


def _request(port: int, path: str, score: int) -> bytes:
    body = f"q.recommend={score}&language=en&once=18eb894737c8cd87&leave_empty="
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\nAccept-Language: ur,en;q=0.8\r\n"
    return f"{head}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def drive(port: int, paths: list[str]) -> dict[str, object]:
    """Post an answer by each path at RATE a second; the warm-up is not counted."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    seconds: list[float] = []
    other: dict[str, int] = {}

    async def post(place: int, due: float) -> None:
        reader, writer = await free.get()
        writer.write(_request(port, paths[place], place % 11))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        await reader.readexactly(length)
        free.put_nowait((reader, writer))
        seconds.append(time.perf_counter() - due)
        if not head.startswith(b"HTTP/1.1 303"):
            said = head.split(b"\r\n")[0].decode()
            other[said] = other.get(said, 0) + 1

    begun = time.perf_counter()
    work = []
    for place in range(len(paths)):
        due = begun + place / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        work.append(asyncio.create_task(post(place, due)))
    await asyncio.gather(*work)
    wall = time.perf_counter() - begun
    counted = sorted(seconds[WARM_UP:])
    return {
        "per_second": len(paths) / wall,
        "p50_ms": counted[len(counted) // 2] * 1000,
        "p99_ms": counted[int(len(counted) * 0.99)] * 1000,
        "other": other,
    }


def rows() -> list[Row]:
    """Answers a second and p99, medians of RUNS; answers move to history meanwhile, as they do in life."""
    seen = []
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(Path(folder) / "shop", turn_at="off")
        runs = invited(home, RUNS)
        with served(home) as server:
            for paths in runs:
                command = [sys.executable, "-m", "benchmarks.surveys", str(server.port)]
                given = json.dumps(paths).encode()
                done = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True)
                seen.append(json.loads(done.stdout))
        kept = facts(home, "answers")["answers"].num_rows
    refused = sum(sum(one["other"].values()) for one in seen)
    each = ", ".join(f"{one['p99_ms']:.0f}" for one in seen)
    return [
        at_least("survey answers, durable", median(s["per_second"] for s in seen), 0.98 * RATE, "answers/s"),
        at_most("survey answer, p99", median(s["p99_ms"] for s in seen), 50, "ms", f"{RUNS} runs: {each}"),
        Row("survey answer, p50", median(s["p50_ms"] for s in seen), "ms"),
        Row("survey answers lost", float(ANSWERS * RUNS - refused - kept), "answers", "<= 0", kept == ANSWERS * RUNS),
    ]


if __name__ == "__main__":
    gc.disable()  # what is measured is the server's time, not that of the generator's own collector
    print(json.dumps(uvloop.run(drive(int(sys.argv[1]), json.load(sys.stdin)))))
