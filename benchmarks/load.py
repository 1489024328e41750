"""A compact load generator: raw asyncio streams, bodies made beforehand, so that it costs little beside the server.

`python -m benchmarks.load HOST PORT KEY BATCHES EVENTS CONNECTIONS` prints one JSON line of what it saw.
"""

import asyncio
import base64
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop

WARM_UP_BATCHES = 50


@dataclass(slots=True)
class Seen:
    """Seconds each request took, in order of their ends, and the answers that were not 200."""

    seconds: list[float] = field(default_factory=list)
    other: dict[str, int] = field(default_factory=dict)


def body(batch: int, events: int) -> bytes:
    """One batch of journey events with the fields real clients send, every messageId its own."""
    calls = [
        {
            "type": "track",
            "event": "Product Viewed",
            "userId": f"member-{(batch * events + place) % 20_000}",
            "messageId": f"{batch:08x}-{place:04x}-4000-8000-{time.monotonic_ns() & 0xFFFFFFFFFFFF:012x}",
            "timestamp": "2026-03-01T10:20:30.456Z",
            "properties": {"product_id": f"snack-{place}", "name": "Chilli mango", "price": 3.5, "currency": "EUR"},
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "locale": "en-GB"},
            "integrations": {},
        }
        for place in range(events)
    ]
    return json.dumps({"batch": calls, "sentAt": "2026-03-01T10:20:31.000Z"}).encode()


def requests(key: str, batches: int, events: int) -> list[bytes]:
    """Whole HTTP requests, ready to be written."""
    secret = base64.b64encode(f"{key}:".encode()).decode()
    made = []
    for batch in range(batches):
        content = body(batch, events)
        head = (
            f"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        made.append(head.encode() + content)
    return made


async def _send(host: str, port: int, work: list[bytes], seen: Seen) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while work:
        request = work.pop()
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        seen.seconds.append(time.perf_counter() - begun)
        if not head.startswith(b"HTTP/1.1 200") or b'"rejected"' in answer or b'"duplicate"' in answer:
            said = head.split(b"\r\n")[0].decode()
            seen.other[said] = seen.other.get(said, 0) + 1
    writer.close()


async def drive(host: str, port: int, key: str, batches: int, events: int, connections: int) -> dict[str, object]:
    """Send all batches over so many connections; a short warm-up is not counted."""
    work = requests(key, batches + WARM_UP_BATCHES, events)
    warm = [work.pop() for _ in range(WARM_UP_BATCHES)]
    await asyncio.gather(*(_send(host, port, warm, Seen()) for _ in range(connections)))
    seen = Seen()
    begun = time.perf_counter()
    await asyncio.gather(*(_send(host, port, work, seen) for _ in range(connections)))
    wall = time.perf_counter() - begun
    ordered = sorted(seen.seconds)
    return {
        "events_per_second": len(ordered) * events / wall,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
        "requests": len(ordered),
        "other": seen.other,
    }


if __name__ == "__main__":
    host, port, key, batches, events, connections = sys.argv[1:]
    result = uvloop.run(drive(host, int(port), key, int(batches), int(events), int(connections)))
    print(json.dumps(result))
