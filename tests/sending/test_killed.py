"""kill -9 between any two steps of delivery, on every road: nothing is lost, and an id tells what comes twice."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.mailbox import Mailbox
from tests.sending.conftest import Asking
from tests.sending.test_roads import ENDS, Other

from openchair.chair.wheel import clear

MOST = 22
"""Decisions made ready for each road: more than there are steps, at each of which one process is killed."""
MINUTES = 2
"""Between the times at which two are due: longer than a dead process's lease, or one who pulled."""
LEAST = {"mail": 14, "webhook": 14, "slack": 14, "file as csv": 16, "file as jsonl": 16, "none, pulled": 8}
DELIVERING = """
import os, signal, sys, json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
import openchair
from openchair.channels import mail, slack, webhook
from openchair.channels.folder import Folder
from openchair.chair.actor import OWNER_AT_HOME
from openchair.decisions import guard
from openchair.store.sql.state import SqlState
from tests.sending.conftest import ACTIONS

home, begin, minutes, most, *jobs = sys.argv[1:]
begin, minutes, most = datetime.fromisoformat(begin), int(minutes), int(most)
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
roads = {
    "Mail": lambda where: mail.Mail(where, "Shop"), "Slack": lambda where: slack.Slack(where, True),
    "Webhook": lambda where: webhook.Webhook(where, SECRET, True, lambda: begin),
    "Folder": lambda where: Folder(Path(where[0]), where[1], lambda: begin),
}

def watch(step):
    steps = [(SqlState, name) for name in ("lease", "due", "settle_message", "hand_over", "restand", "free")]
    steps += [(guard, "cleared"), (mail._Line, "_give"), (webhook, "posted"), (slack, "posted")]
    for owner, name in [*steps, (Folder, "_add"), (Path, "rename")]:
        def outer(*given, inner=getattr(owner, name), **named):
            step()
            found = inner(*given, **named)
            step()
            return found
        setattr(owner, name, outer)

def work(chair, channel, kind, where):
    if kind != "NoneType":
        chair.delivering.deliver()
        return
    for letter in chair.delivering.pull(channel, limit=10, seconds=30):
        with open(where, "a") as got:
            got.write(letter.message_id + "\\n")
        chair.delivering.report(letter.message_id, "sent", by=OWNER_AT_HOME)

def child(place, kill_at, channel, kind, where):
    now = [begin + timedelta(minutes=minutes * (place * most + kill_at))]
    given = {channel: roads[kind](where)} if kind in roads else {}
    chair = replace(openchair.open(home), clock=lambda: now[0], beginning=ACTIONS, channels=given)
    work(chair, channel, kind, where)  # what the one before it did not come to
    now[0] += timedelta(minutes=1)
    steps = count()
    watch(lambda: next(steps) == kill_at and os.kill(os.getpid(), signal.SIGKILL))
    work(chair, channel, kind, where)

for place, job in enumerate(map(json.loads, jobs)):
    for kill_at in range(most):
        pid = os.fork()
        if not pid:
            child(place, kill_at, *job)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
            break
    print(kill_at)
"""


@pytest.mark.slow
def test_killed_at_every_step(acting: Asking, tmp_path: Path, mailbox: tuple[Mailbox, str]) -> None:
    """For each step of each road one process is killed there: every decision arrives, is marked, is one contact.

    The other end tells what came twice by its id; in files nothing is twice at all.
    """
    begin, jobs, ends, got = acting.clock.now, [], {}, tmp_path / "got"
    with ExitStack() as stack:
        for name, make in ENDS.items():
            (tmp_path / name).mkdir()
            end: Other = make(stack, tmp_path / name, mailbox)
            ends[name] = end
            ids = [acting.decided(n, end.channel) for n in range(MOST)]
            clear.settle(acting.chair, clear.rows_of(acting.chair, ids), "approved", by="me")
            for n in range(MOST):
                due = begin + timedelta(minutes=MINUTES * (len(jobs) * MOST + n) + 1)
                one = acting.message(n, end.channel)
                assert acting.chair.state.hand_over(one, replace(one, due_at=due))
            where = next((getattr(end.road, part) for part in ("url", "folder") if hasattr(end.road, part)), got)
            whole = [str(where), end.road.format] if name.startswith("file") else str(where)  # type: ignore[union-attr]
            jobs.append(json.dumps([end.channel, type(end.road).__name__, whole]))
        ends["none, pulled"].ids = lambda: got.read_text().split()
        home = [str(acting.chair.home), begin.isoformat(), str(MINUTES), str(MOST)]
        command = [sys.executable, "-c", DELIVERING, *home, *jobs]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert (told.returncode, told.stderr) == (0, "")
        killed = dict(zip(ENDS, map(int, told.stdout.split()), strict=True))
        assert all(killed[name] >= least for name, least in LEAST.items()), killed
        assert len(killed) == len(LEAST)
        for name, end in ends.items():
            came = Counter(end.ids())
            due = [acting.message_id(n, end.channel) for n in range(killed[name] + 1)]
            assert {*came} == {*due}, name
            assert (max(came.values()) > 1) != end.once, (name, came)
            for n in range(killed[name] + 1):
                assert acting.status(n, end.channel) == ("sent", "sent"), (name, n)
                said = acting.chair.state.said("contacts", acting.id(n))
                statuses = [row["status"] for row in said if row["channel"] == end.channel]
                assert statuses == ["approved", "sent"], (name, n)
