"""Erased means gone: from every table, whoever wrote it where, and what stays is about no one. On both databases."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import LargeBinary, insert, select
from tests.store.making import DAY, NOW, answered, chosen, facts, joined, linked, listened, met, named, seat

from openchair.chair.ports import INDEXED_KINDS, Envelope
from openchair.chair.views import ImportReport, Reject, Review, TimelineEntry, TurnReport
from openchair.store.sql import schema
from openchair.store.sql.columns import Words
from openchair.store.sql.state import SqlState, open_state

GONE = ["anon:device-7f3", "email:zoë@exämple.org", "id:990017"]
WORDS = ["", " ", "Zoë Brontë", '12 Rue d\'Été "B"']
TRACES = ("device-7f3", "zoë@exämple.org", "990017", "zoë brontë", "rue d'été", "cust-zoe", "cust-old")
UNTOUCHED = {"notes", "messages", "imports", "situations", "users", "invites", "sessions", "keys"}
UNTOUCHED |= {"leases", "import_rejects", "indexed_files", "erased", "surveys", "models", "themes"}
"""Tables that hold nothing about a customer: words about the home, hashes, counts, the team, what is shared by many."""


def lines(state: SqlState, table: str) -> list[str]:
    """Every row of a table as text, with what is kept as bytes read as text too."""
    t = schema.metadata.tables[table]
    with state._database.read() as connection:
        rows = connection.execute(select(t)).mappings().all()
    return [
        " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row.values()) for row in rows
    ]


def traces(state: SqlState) -> dict[str, list[str]]:
    """What is left of the erased person, by table; JSON's ways of writing a letter undone."""
    left = {}
    for table in schema.metadata.tables:
        texts = [re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), line) for line in lines(state, table)]
        if found := [trace for trace in TRACES if any(trace.casefold() in text.casefold() for text in texts)]:
            left[table] = found
    return left


def own_fact(identifier: str) -> bytes:
    """One of our own facts about somebody, as it waits in the inbox."""
    plain = {"received_at": "2026-03-01T00:00:00Z", "happened_at": "2026-03-01T00:00:00Z", "source": "openchair"}
    row = {**plain, "fact_id": "f", "identifier": identifier, "name": "note", "value": "x", "said_by": "staff"}
    return json.dumps({"kind": "traits", "row": row}).encode()


def fill(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Two people in every table: one to be erased, who is two merged records, and one who stays."""
    zoe = ("cust-zoe", "cust-zoe", "cust-old")
    state.link(linked(*zip(GONE, zoe, strict=True), ("id:17", "ben"), ("email:ben@x.org", "ben")), NOW)
    state.replace_customers(named("cust-zoe", "cust-old", "ben"))
    state.put_merges(
        [joined("cust-zoe", "cust-old"), joined("ben", "cust-old", "asked"), joined("ben", "eve", "apart")]
    )
    for kind in INDEXED_KINDS:
        mine = [{"fact_id": f"z{n}", "identifier": one} for n, one in enumerate(GONE)]
        mine += [{"fact_id": "zt", "identifier": "id:17", "other": GONE[0]}] if kind == "ties" else []
        state.index(kind, facts(kind, *mine, {"fact_id": "b", "identifier": "id:17"}), [f"{kind}.parquet"])
    made = [
        {"decision_id": f"{who}-{n}", "customer_id": who, "worth_minor": 100.0, "action": ("call", "wait")[n % 2]}
        for who in ("cust-zoe", "cust-old", "ben")
        for n in range(3)
    ]
    for n in range(3):
        some = [one for one in made if str(one["decision_id"]).endswith(str(n))]
        state.save_decisions(DAY + timedelta(days=n), "daily", met(("s1", "{}")), chosen(*some))
    answered(state, "cust-zoe-0", "approved", event("m1"))
    settled = ["cust-zoe-0", "cust-old-1", "ben-1"]
    outcome = {"decision_id": settled, "outcome_minor": [300, 50, 20], "outcome_at": pa.array([NOW] * 3, OUT)}
    state.set_outcomes(pa.table(outcome))
    asks = [("r1", "merge", "ben+cust-old", None, "One?"), ("r2", "decision", "cust-zoe-0", None, "Look")]
    asks += [("r3", "decision", "x", "cust-old", "Look"), ("r4", "identifier", GONE[1], "ben", "Shared")]
    asks += [("r5", "decision", "ben-1", "ben", "says zoë BRONTË told him"), ("r6", "decision", "ben-2", "ben", "Look")]
    state.open_reviews([Review(*one, NOW, "the customer") for one in asks])
    for number, who in enumerate(("cust-zoe", "cust-old", "ben")):
        state.add_seat(seat(f"s{number}", customer_id=who))
        state.log("ada", "said", who, f"allergies of {who}", NOW)
    state.log("ada", "merged", "ben", "with cust-old, he is Zoë Brontë", NOW)
    for said in ('{"quote": "Zoë Brontë waits"}', '{"quote": "somebody waits"}'):
        state.choose("sheet", "late", said, by="ada", at=NOW)
    voice = TimelineEntry(NOW, "voices", "Said", "Lovely figs, says ZOË BRONTË", "plain", "shop")
    for number, (who, said) in enumerate((("cust-old", voice), ("ben", voice), ("ben", None))):
        plain = TimelineEntry(NOW, "voices", "Said", "Lovely dates", "plain", "shop")
        report = TurnReport(f"t{number}", NOW, DAY, NOW, 3, 2, {}, (), {}, voice=said or plain, voice_of=who)
        state.save_turn(report)
    rows = ['{"Email": "ZOË@EXÄMPLE.ORG"}', json.dumps({"Name": WORDS[2]}), json.dumps({"Street": WORDS[3]})]
    rows += ["990017;5", '{"Name": "Ben", "n": "17"}', "Zoëlogy"]
    report = ImportReport("i1", "a.csv", "csv", "shop", NOW, 1.0, 6, 0, 6, 0, {})
    state.save_import(report, [Reject("a.csv", n, "no date", row) for n, row in enumerate(rows)])
    state.inbox.put([event("own", "openchair", own_fact(GONE[2])), event("bens", "openchair", own_fact("id:17"))])
    state.inbox.put([event("call", body=json.dumps({"type": "track", "event": "x", "userId": "990017"}).encode())])
    state.inbox.put([event("bad", body=b"zo\xc3\xab@ex\xc3\xa4mple.org is no JSON"), event("worse", body=b"nor this")])
    with state._database.write() as connection:
        for number, (who, one) in enumerate((("cust-zoe", GONE[0]), ("cust-old", GONE[1]), ("ben", "id:17"))):
            listened(connection, who, one, number)
        for n, body in enumerate((b'{"id": "990017"}', b'{"id": "17"}', None)):
            given = {"hash": bytes([n]) * 32, "fingerprint": b"f" * 32, "created_at": NOW, "status": 200, "body": body}
            connection.execute(insert(schema.idempotency).values(given))


OUT = pa.timestamp("us", tz="UTC")


def test_of_an_erased_person_no_table_holds_a_trace(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Neither what was theirs nor where others named them; and of the other person nothing is missing."""
    fill(state, event)
    assert set(traces(state)) == set(schema.metadata.tables) - UNTOUCHED, "a table that this test does not fill"
    state.bury(GONE, NOW)
    state.forget("cust-old", GONE, WORDS)
    assert traces(state) == {}
    assert state.identifiers_of("ben") == ["email:ben@x.org", "id:17"]
    assert state.customer("ben") is not None
    assert {kind: len(lines(state, f"facts_{kind}")) for kind in INDEXED_KINDS} == dict.fromkeys(INDEXED_KINDS, 1)
    assert [merge.merge_id for merge in state.merges()[0]] == ["ben+eve"]
    assert [one.review_id for one in state.reviews()[0]] == ["r6"]
    assert [len(state.seats_of(who)) for who in ("ben", "cust-old")] == [1, 0]
    assert [one.body for one in state.choices("sheet", "late")] == ['{"quote": "somebody waits"}']
    assert [reject.row for reject in state.rejects(None)] == ['{"Name": "Ben", "n": "17"}', "Zoëlogy"]
    waiting = [envelope.key for batch in state.inbox.batches(9) for _, envelope in batch]
    assert waiting == ["m1", "bens", "worse"]
    assert sorted(lines(state, "idempotency"))[0].count("17") == 1
    assert len(lines(state, "idempotency")) == 2
    voices = [turn.voice.detail if turn.voice else None for turn in state.turns(5)]
    assert sorted(map(str, voices)) == ["Lovely dates", "None", "None"]


def test_what_was_learned_from_the_erased_stays_about_no_one(state: SqlState, event: Callable[..., Envelope]) -> None:
    """Settled decisions under ids made of chance, in no list; what was not settled is gone."""
    fill(state, event)
    state.forget("cust-old", GONE, WORDS)
    with state._database.read() as connection:
        kept = connection.execute(select(schema.decisions)).mappings().all()
    strangers = [row for row in kept if row["customer_id"] != "ben"]
    assert [row["outcome_minor"] for row in sorted(strangers, key=lambda row: row["day"])] == [300, 50]
    assert len({row["customer_id"] for row in strangers}) == 2
    assert {row["decision_id"] for row in state.decisions()[0]} == {"ben-0", "ben-1", "ben-2"}


def test_the_audit_log_keeps_that_but_not_of_whom(state: SqlState, event: Callable[..., Envelope]) -> None:
    """A hash stands for the customer, the same in all their lines; details that name them are emptied."""
    fill(state, event)
    state.bury(GONE, NOW)
    (salt,) = state.erased()
    state.forget("cust-old", GONE, WORDS)
    told = [(line.act, line.customer_id, line.detail) for line in state.audit()[0]]
    nobody = hashlib.sha256(f"{salt}cust-old".encode()).hexdigest()
    assert told == [("merged", "ben", ""), ("said", "ben", "allergies of ben"), *[("said", nobody, "")] * 2]


def test_a_sqlite_file_holds_no_trace_in_its_free_pages(tmp_path: Path, event: Callable[..., Envelope]) -> None:
    """Byte by byte, in the file and beside it."""
    state = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    fill(state, event)
    assert any(b"990017" in path.read_bytes() for path in tmp_path.iterdir())
    state.bury(GONE, NOW)
    state.forget("cust-old", GONE, WORDS)
    state.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir()).lower()
    assert [trace for trace in TRACES if trace.encode() in kept] == []


def test_whoever_is_buried_is_known_by_hash_alone(state: SqlState) -> None:
    """With one salt a home; twice is once."""
    assert state.erased() == {}
    state.bury(["id:1", "id:2"], NOW)
    state.bury(["id:2", "id:3"], NOW)
    ((salt, hashes),) = state.erased().items()
    assert hashes == {hashlib.sha256(f"{salt}id:{n}".encode()).hexdigest() for n in (1, 2, 3)}
    assert len(salt) >= 32


@pytest.mark.parametrize("own", [True, False])
def test_tombstones_of_another_home_stand_beside_our_own(state: SqlState, own: bool) -> None:
    """Whoever they mean here is told; both salts go on counting; a home without any goes on with theirs."""
    state.link(linked(("id:1", "a"), ("email:a@x.org", "a"), ("id:2", "b")), NOW)
    if own:
        state.bury(["id:7"], NOW - timedelta(days=1))
    theirs = {name: hashlib.sha256(f"salt{name}".encode()).hexdigest() for name in ("id:1", "id:9")}
    assert state.tombstones("salt", theirs.values(), NOW) == ["id:1"]
    assert state.tombstones("salt", theirs.values(), NOW) == ["id:1"]
    erased = state.erased()
    assert erased["salt"] == set(theirs.values())
    assert len(erased) == 1 + own
    state.bury(["id:5"], NOW + timedelta(days=1))
    assert len(state.erased()) == 1 + own


def test_the_columns_that_may_name_somebody_are_texts_of_their_tables() -> None:
    """What erasure reads is there, and each of those tables has one column for a key."""
    from openchair.store.sql.who.erasure import NAMING

    for name, columns in NAMING.items():
        table = schema.metadata.tables[name]
        assert len(table.primary_key.columns) == 1
        assert all(isinstance(table.c[column].type, Words | LargeBinary) for column in columns)
