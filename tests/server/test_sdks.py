"""The clients people already have deliver to a running server as they are, each event exactly once."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from benchmarks.serving import Served, facts, new_home, new_key, served

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
INSTALLED = PROJECT / "build" / "node"
KINDS = ("purchases", "steps", "traits", "events")

SEGMENT = """
import sys
from datetime import UTC, datetime
import segment.analytics as client
client.write_key, client.host, client.sync_mode = sys.argv[2], sys.argv[1], False
client.gzip = True
client.on_error = lambda error, items: sys.exit(f"{error}: {items}")
"""
RUDDER = """
import sys
from datetime import UTC, datetime
import rudderstack.analytics as client
client.write_key, client.dataPlaneUrl = sys.argv[2], sys.argv[1]
client.on_error = lambda error, items: sys.exit(f"{error}: {items}")
"""
CALLS = """
name, when = sys.argv[3], datetime(2026, 3, 1, 10, 20, 30, tzinfo=UTC)
products = [{"product_id": "snack-1", "name": "Chilli mango", "price": 6.25, "quantity": 2}]
order = {"order_id": "order-" + name, "currency": "EUR", "total": 12.5, "products": products}
client.identify(name, {"email": name + "@example.org", "name": "Ada"}, timestamp=when)
client.track(name, "Product Viewed", {"product_id": "snack-1"}, timestamp=when)
client.track(name, "Order Completed", order, timestamp=when)
client.page(name, name="Home", timestamp=when)
client.group(name, "club-1", {"name": "Snack club"}, timestamp=when)
client.alias("before-" + name, name)
client.shutdown()
"""


@dataclass(frozen=True)
class Running:
    """A server with a key for ingest."""

    server: Served
    home: Path
    key: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all clients."""
    home = new_home(tmp_path_factory.mktemp("sdks") / "shop")
    key = new_key(home, "ingest")
    with served(home) as server:
        yield Running(server, home, key)


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """The Node clients, installed once under build/ by their lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("NO NODE: the Node clients of Segment and RudderStack were not tested, for node or npm is missing")
    stamp = INSTALLED / "installed-package-lock.json"
    lock = (HERE / "node" / "package-lock.json").read_text()
    if not stamp.is_file() or stamp.read_text() != lock:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / "node" / name, INSTALLED / name)
        # Not `npm ci`: it insists on optional native packages of other systems, which not every registry carries.
        command = [npm, "install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=INSTALLED, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"NO NODE CLIENTS: npm could not install them: {done.stderr.strip()[-200:]}")
        # npm has been seen to come back while files were still being written: ask Node until it can use them.
        load = (
            "const {Analytics} = require('@segment/analytics-node');"
            "new Analytics({writeKey: 'k', host: 'http://127.0.0.1:9'}).identify({userId: 'u'});"
            "const Rudder = require('@rudderstack/rudder-sdk-node');"
            "new (Rudder.default ?? Rudder)('k', {dataPlaneUrl: 'http://127.0.0.1:9'}).identify({userId: 'u'});"
            "process.exit(0)"
        )
        for _ in range(30):
            loaded = subprocess.run([node, "-e", load], cwd=INSTALLED, capture_output=True, text=True, check=False)
            if loaded.returncode == 0:
                break
            time.sleep(1)
        assert loaded.returncode == 0, loaded.stderr
        stamp.write_text(lock)
    return INSTALLED


def delivered_once(running: Running, name: str) -> None:
    """All six calls of a client became facts, once each."""
    found = {kind: table.to_pylist() for kind, table in facts(running.home, *KINDS).items()}
    mine = {kind: [row for row in rows if row["identifier"] == f"id:{name}"] for kind, rows in found.items()}
    assert [row["order_id"] for row in mine["purchases"]] == [f"order-{name}"]
    assert mine["purchases"][0]["amount_minor"] == 1250
    assert sorted(row["name"] for row in mine["steps"]) == ["Page Viewed: Home", "Product Viewed"]
    assert [row["name"] for row in mine["events"]] == ["Group Joined"]
    traits = [(row["name"], row["value"]) for row in mine["traits"]]
    assert ("email", f"{name}@example.org") in traits
    assert ("alias", f"before-{name}") in traits
    assert len([name for name, _ in traits if name == "alias"]) == 1
    ids = [row["fact_id"] for rows in mine.values() for row in rows]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "program"), [("segment-python", SEGMENT), ("rudder-python", RUDDER)])
def test_the_python_clients(running: Running, name: str, program: str) -> None:
    """segment-analytics-python by `host`, rudder-sdk-python by `dataPlaneUrl`; both with gzip."""
    command = [sys.executable, "-W", "ignore", "-c", program + CALLS, running.server.url, running.key, name]
    subprocess.run(command, timeout=60, check=True)
    delivered_once(running, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["segment", "rudder"])
def test_the_node_clients(running: Running, node_modules: Path, name: str) -> None:
    """@segment/analytics-node by `host`, @rudderstack/rudder-sdk-node by `dataPlaneUrl`."""
    command = ["node", str(HERE / "node" / "deliver.mjs"), name, running.server.url, running.key, str(node_modules)]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    delivered_once(running, name)


class Between(BaseHTTPRequestHandler):
    """Stands before the server: the first delivery is refused with 503, the second is kept but its answer is lost."""

    times = 0
    target = ""

    def do_POST(self) -> None:
        """Refuse, lose the answer, then let through."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).times += 1
        if type(self).times == 1:
            return self._answer(503, b'{"code": "storage_full", "message": "later"}')
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Encoding") if self.headers[name]}
        try:
            with urlopen(Request(self.target + self.path, body, headers)) as answer:
                told = answer.read()
        except HTTPError as wrong:
            return self._answer(wrong.code, wrong.read())
        return self._answer(503, b"{}") if type(self).times == 2 else self._answer(200, told)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "program"), [("segment-retries", SEGMENT), ("rudder-retries", RUDDER)])
def test_what_is_sent_again_counts_once(running: Running, name: str, program: str) -> None:
    """A 503, then a delivery whose answer is lost, then success: the client sends three times, the fact is one."""
    handler = type("Handler", (Between,), {"times": 0, "target": running.server.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as between:
        threading.Thread(target=between.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{between.server_address[1]}"
        command = [sys.executable, "-W", "ignore", "-c", program + CALLS, url, running.key, name]
        subprocess.run(command, timeout=120, check=True)
        between.shutdown()
    assert handler.times >= 3
    delivered_once(running, name)


def test_the_lock_file_names_no_registry() -> None:
    """It pins every package by its hash, and none by an address."""
    lock = json.loads((HERE / "node" / "package-lock.json").read_text())
    packages = [about for path, about in lock["packages"].items() if path]
    assert all("resolved" not in about for about in packages)
    assert all(about.get("integrity", "").startswith("sha") for about in packages)
