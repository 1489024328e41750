"""Cases by whose they are, and whom there is a reason to call: the same on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert
from tests.store.making import HOUR, NOW, facts, joined, linked, people

from openchair.chair.intake import own
from openchair.chair.views import Review
from openchair.store.sql.schema import readings, themes, users
from openchair.store.sql.state import SqlState

DAY = timedelta(days=1)
WEEK = date(2026, 2, 23)
SINCE = NOW - 14 * DAY


def answered(state: SqlState, *rows: dict[str, Any]) -> None:
    """Answers in the index; what a test leaves out is an NPS of 3 an hour ago."""
    whole = [{"fact_id": f"f{n}", "happened_at": NOW - HOUR, "text": None, **row} for n, row in enumerate(rows)]
    state.index("answers", facts("answers", *whole), [])


def opened(state: SqlState) -> list[str]:
    """The answers that would open a case now."""
    return [row["fact_id"] for row in state.unopened(SINCE, NOW, 100)]


def case(number: int = 1, **changed: Any) -> Review:
    plain = {"kind": "case", "subject": f"f{number}", "customer_id": "a", "text": "", "opened_at": NOW}
    plain |= {"opened_by": "the chair", "due_at": NOW + number * HOUR}
    return Review(**{"review_id": f"k{number}", **plain, **changed})


def known(state: SqlState, *ids: str, **columns: Any) -> None:
    """Customers with a row and an identifier each."""
    plain = {
        "orders": 5,
        "spent_minor": 9000,
        "value_minor": 100.0,
        "stage": "steady",
        "consents": 0,
        "sent_friends": 0,
    }
    state.replace_customers(people(*({"customer_id": one, "name": one, **plain, **columns} for one in ids)))
    state.link(linked(*((f"id:{one}", one) for one in ids)), NOW)


def test_the_low_answers_of_late_open_cases(state: SqlState) -> None:
    """NPS 0 to 6, CSAT and CES 1 and 2; not others, not older ones, not of nobody, not those ahead."""
    known(state, *"abcdefgh")
    answered(
        state,
        {"identifier": "id:a", "score": 6.0},
        {"identifier": "id:b", "score": 7.0},
        {"identifier": "id:c", "score": 2.0, "metric": "csat"},
        {"identifier": "id:d", "score": 2.0, "metric": "ces"},
        {"identifier": "id:e", "score": 3.0, "metric": "csat"},
        {"identifier": "id:f", "score": 1.0, "metric": "own"},
        {"identifier": "id:g", "score": 1.0, "happened_at": SINCE - HOUR},
        {"identifier": "id:h", "score": 1.0, "happened_at": NOW + HOUR},
        {"identifier": "id:nobody", "score": 1.0},
        {"identifier": "id:b", "score": -1.0},
    )
    assert opened(state) == ["f0", "f2", "f3"]
    assert [row["fact_id"] for row in state.unopened(SINCE, NOW, 2)] == ["f0", "f2"]


def test_words_come_from_the_answer_or_from_what_follows_it(state: SqlState) -> None:
    """A survey keeps a score and its words as two facts of one metric; another survey's words are not these."""
    known(state, "a", "b")
    answered(
        state,
        {"identifier": "id:a", "survey_id": "s"},
        {"identifier": "id:a", "survey_id": "s", "score": None, "text": "Late"},
        {"identifier": "id:b", "survey_id": "s"},
        {"identifier": "id:b", "survey_id": "other", "score": None, "text": "Fine"},
    )
    assert [(row["fact_id"], row["words"]) for row in state.unopened(SINCE, NOW, 9)] == [("f0", "Late"), ("f2", "")]


def test_a_customer_has_one_open_case_whatever_else_they_answer(state: SqlState) -> None:
    """The earliest low answer opens it; the others are part of it until it is closed, also after a merge."""
    known(state, "a", "b")
    late = {"received_at": NOW + 5 * HOUR}
    answered(
        state, {"identifier": "id:a"}, {"identifier": "id:a", "happened_at": NOW - 2 * HOUR}, {"identifier": "id:b"}
    )
    assert opened(state) == ["f1", "f2"]
    state.open_reviews([case(1)])
    assert opened(state) == ["f2"]
    state.put_merges([joined("a", "b")])
    assert opened(state) == []
    assert state.close_case("k1", "fixed", "ada", NOW + 2 * HOUR, "", [], {})
    assert opened(state) == []
    state.index("answers", facts("answers", {"fact_id": "f9", "identifier": "id:b", "score": 1.0, **late}), [])
    assert opened(state) == ["f9"]


def test_cases_come_with_answer_words_and_customer(state: SqlState) -> None:
    """The one that is due first comes first; of an owner, of nobody; in pages; other reviews are none."""
    known(state, "a", "b")
    answered(state, {"identifier": "id:a", "text": "Late"}, {"identifier": "id:a", "score": 2.0})
    state.open_reviews([case(3, owner="ada", customer_id="b"), case(1), case(2, owner="bob"), case(9, kind="merge")])
    rows, more = state.cases(closed=False, owner=None, limit=2, after=None)
    assert ([row["review_id"] for row in rows], more) == (["k1", "k2"], True)
    assert (rows[0]["score"], rows[0]["metric"], rows[0]["answered_at"]) == (2.0, "nps", NOW - HOUR)
    assert (rows[0]["words"], rows[0]["name"], rows[0]["who_id"]) == ("Late", "a", "a")
    assert (rows[1]["score"], rows[1]["answered_at"], rows[1]["metric"]) == (None, None, "")
    assert [row["review_id"] for row in state.cases(closed=False, owner=None, limit=2, after="k2")[0]] == ["k3"]
    assert [row["review_id"] for row in state.cases(closed=False, owner="", limit=9, after=None)[0]] == ["k1"]
    assert state.cases(closed=True, owner=None, limit=9, after=None) == ([], False)
    assert state.case("k9") is None


def test_a_case_is_closed_once_and_its_facts_with_it(state: SqlState) -> None:
    """Closed again nothing is kept, nor is a closed case given away; the next score after it is beside it."""
    known(state, "a", "b")
    answered(state, {"identifier": "id:x"}, {"identifier": "id:a"})
    state.open_reviews([case(1)])
    assert state.own_case("k1", "ada")
    said = own.envelope("contacts", "k", NOW, {"identifier": "id:a", "action": "case", "status": "answered"})
    kept = ([said], {"contacts": own.table("contacts", said)})
    assert state.close_case("k1", "fixed", "ada", NOW, "A new box", *kept)
    other = own.envelope("contacts", "l", NOW, {"identifier": "id:a", "action": "case", "status": "failed"})
    assert not state.close_case("k1", "explained", "bob", NOW, "", [other], {"contacts": own.table("contacts", other)})
    assert not state.own_case("k1", "bob")
    assert [row["status"] for row in state.said("contacts", "a")] == ["answered"]
    assert state.inbox.waiting() == 1
    after = ({"happened_at": NOW + HOUR, "score": 9.0, "metric": "csat"}, {"happened_at": NOW + 2 * HOUR, "score": 8.0})
    rows = [{"fact_id": f"g{n}", "identifier": "id:a", **one} for n, one in enumerate(after)]
    state.index("answers", facts("answers", *rows), [])
    (row,), _ = state.cases(closed=True, owner="ada", limit=9, after=None)
    assert (row["verdict"], row["why"], row["decided_by"], row["later_score"]) == ("fixed", "A new box", "ada", 8.0)
    (times,) = state.case_times(NOW - DAY)
    assert (times["score"], times["later_score"], times["decided_at"]) == (3.0, 8.0, NOW)
    assert state.case_times(NOW + DAY) == []


def listed(number: int, who: str, leader: str = "ada", **changed: Any) -> dict[str, Any]:
    plain = {"week": WEEK, "place": number, "reason": "silent", "because": "", "questions": "[]", "status": ""}
    return {"call_id": f"c{number}", "leader": leader, "customer_id": who, **plain, "done_at": None, **changed}


def test_calls_stand_in_order_and_end_once(state: SqlState) -> None:
    """By leader and place; reached is the last word, not reached is not; counts by week and leader."""
    known(state, *"abcd")
    state.put_calls([listed(2, "b"), listed(1, "a"), listed(3, "c", "bob")])
    state.put_calls([listed(1, "d", "bob")])
    state.put_calls([])
    assert [row["who_id"] for row in state.calls(WEEK)] == ["a", "b", "c"]
    assert [row["who_id"] for row in state.calls(WEEK, "bob")] == ["c"]
    assert state.calls(WEEK + 7 * DAY) == []
    assert (state.waiting_call(WEEK, "b"), state.waiting_call(WEEK, "d")) == ("c2", None)
    done = {"status": "not reached", "done_at": NOW}
    assert state.end_call({**listed(2, "b"), **done}, [], {})
    assert state.end_call({**listed(2, "b"), **done, "status": "reached"}, [], {})
    assert not state.end_call({**listed(2, "b"), **done}, [], {})
    assert state.end_call(listed(9, "d", "bob", place=0, reason="noted", **done), [], {})
    assert state.waiting_call(WEEK, "b") is None
    assert [row["call_id"] for row in state.calls(WEEK, "bob")] == ["c3", "c9"]
    assert state.call_counts(WEEK) == [
        {"week": WEEK, "leader": "ada", "listed": 2, "reached": 1, "tried": 1},
        {"week": WEEK, "leader": "bob", "listed": 1, "reached": 0, "tried": 1},
    ]
    assert state.call_counts(WEEK + 7 * DAY) == []
    kept = state.call("c2")
    assert kept is not None
    assert (kept["status"], kept["done_at"], kept["leader"]) == ("reached", NOW, "ada")
    assert state.call("c8") is None


def test_a_call_is_reached_once_whoever_says_so_at_the_same_time(state: SqlState) -> None:
    """One of many is kept, with its facts."""
    known(state, "a")
    state.put_calls([listed(1, "a")])

    def reach(number: int) -> bool:
        event = own.envelope(
            "contacts", f"e{number}", NOW, {"identifier": "id:a", "action": "call", "status": "answered"}
        )
        row = listed(1, "a", status="reached", done_at=NOW)
        return state.end_call(row, [event], {"contacts": own.table("contacts", event)})

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reach, range(12))) == 1
    assert len(state.said("contacts", "a")) == 1


def named(state: SqlState, reason: str, **more: Any) -> list[str]:
    """Whom a reason names, in its order."""
    return [r["customer_id"] for r in state.candidates(reason, now=NOW, week=WEEK, limit=50, **more)]


def test_champions_at_risk_have_spent_more_than_most_and_slip(state: SqlState) -> None:
    """Worth most first; those of whom no worth is known come last."""
    known(state, "a")
    rows: list[dict[str, Any]] = [
        {"stage": "slipping", "orders": 9, "spent_minor": 5000, "value_minor": 10.0},
        {"stage": "lapsed", "orders": 9, "spent_minor": 5000, "value_minor": 30.0},
        {"stage": "slipping", "orders": 9, "spent_minor": 5000, "value_minor": None},
        {"stage": "slipping", "orders": 9, "spent_minor": 10, "value_minor": 90.0},
        {"stage": "slipping", "orders": 2, "spent_minor": 5000, "value_minor": 90.0},
        {"stage": "steady", "orders": 9, "spent_minor": 5000, "value_minor": 90.0},
    ]
    state.replace_customers(people(*({"customer_id": "abcdef"[n], **row} for n, row in enumerate(rows))))
    assert named(state, "champion at risk") == ["b", "a", "c"]
    assert named(state, "champion at risk", after=1) == ["a", "c"]


def test_the_silent_never_said_a_word(state: SqlState) -> None:
    """No answer, no complaint, no sentence heard, not reached by telephone, on any record that is theirs."""
    known(state, *"abcdefg")
    answered(state, {"identifier": "id:b", "score": 9.0})
    with state._database.write() as connection:
        said = {"fact_id": "v", "place": 0, "kind": "voices", "happened_at": NOW, "channel": "review", "begins": 0}
        said |= {"ends": 4, "language": "en", "reading": "praise", "surety": 1.0, "read_by": "model", "sentiment": 0.5}
        connection.execute(insert(readings).values(identifier="id:c", **said))
    state.put_calls([listed(1, "d", status="reached", week=WEEK - 70 * DAY, done_at=NOW - 70 * DAY)])
    state.put_merges([joined("e", "b")])
    assert named(state, "silent") == ["a", "f", "g"]


def test_the_unhappy_of_late_are_called_unless_somebody_has_their_case(state: SqlState) -> None:
    """The newest first; with the score and the time of the latest."""
    known(state, *"abcd")
    answered(
        state,
        {"identifier": "id:a", "score": 1.0, "happened_at": NOW - 3 * DAY},
        {"identifier": "id:a", "score": 4.0, "happened_at": NOW - 2 * DAY},
        {"identifier": "id:b", "happened_at": NOW - DAY},
        {"identifier": "id:c", "happened_at": NOW - 29 * DAY},
        {"identifier": "id:d"},
    )
    state.open_reviews([case(4, customer_id="d", owner="ada"), case(2, customer_id="b")])
    rows = state.candidates("unhappy", now=NOW, week=WEEK, limit=9)
    assert [(row["customer_id"], row["found_n"]) for row in rows] == [("b", 3.0), ("a", 4.0)]
    assert rows[1]["found_at"] == NOW - 2 * DAY


def test_a_need_that_few_have_is_unusual(state: SqlState) -> None:
    """The rarest first, with its name and how many have it; what many need is not, nor what nobody needs."""
    known(state, *"abcdefgh")

    def spoke(who: str, theme: str, reading: str, number: int) -> dict[str, Any]:
        said = {"fact_id": f"v{number}", "place": 0, "kind": "voices", "happened_at": NOW, "channel": "review"}
        said |= {"begins": 0, "ends": 4, "language": "en", "surety": 1.0, "read_by": "model", "sentiment": 0.0}
        return {"identifier": f"id:{who}", "theme_id": theme, "reading": reading, **said}

    with state._database.write() as connection:
        for name in ("common", "rare", "rarer", "unnamed"):
            told = {
                "theme_id": name,
                "name": f"a {name} wish" if name != "unnamed" else "",
                "told": "{}",
                "centroid": b"",
                "born_on": WEEK,
                "named_by": "",
            }
            connection.execute(insert(themes).values(told))
        said = [
            ("abcdefg", "common", "need"),
            ("ab", "rare", "aspiration"),
            ("c", "rarer", "need"),
            ("h", "rarer", "pain"),
            ("h", "unnamed", "need"),
        ]
        rows = [(who, theme, reading) for some, theme, reading in said for who in some]
        connection.execute(insert(readings), [spoke(*row, number) for number, row in enumerate(rows)])
    rows = state.candidates("unusual need", now=NOW, week=WEEK, limit=9)
    found = [(row["customer_id"], row["found"], row["found_n"]) for row in rows]
    assert found == [("c", "a rarer wish", 1.0), ("a", "a rare wish", 2.0), ("b", "a rare wish", 2.0)]
    assert [row["has_need"] for row in rows] == [True] * 3
    chance = state.candidates("chance", now=NOW, week=WEEK, limit=99)
    assert [row["customer_id"] for row in chance if row["has_need"]] == [*"abcdefgh"]


def test_chance_draws_from_a_point_on_and_senders_are_named(state: SqlState) -> None:
    """Buyers only; of senders those whom history named; ties are known from either end."""
    known(state, *"abcd")
    tie = {"fact_id": "t", "identifier": "id:a", "other": "id:b", "relation": "friend", "received_at": NOW}
    state.index("ties", facts("ties", tie), [])
    assert named(state, "chance", chance="b") == ["b", "c", "d"]
    assert named(state, "chance", chance="") == ["a", "b", "c", "d"]
    assert sorted(named(state, "new sender", among=("d", "b", "gone"))) == ["b", "d"]
    assert named(state, "new sender") == []
    rows = state.candidates("chance", now=NOW, week=WEEK, limit=9)
    assert [row["has_ties"] for row in rows] == [True, True, False, False]


def test_nobody_is_named_who_was_called_of_late_or_stands_on_a_list(state: SqlState) -> None:
    """By a list, by a note, by whatever was done by telephone under any name; also on another record of theirs."""
    known(state, *"abcdefg", contacted_on=NOW.date())
    state.put_calls(
        [
            listed(1, "a"),
            listed(2, "b", week=WEEK - 7 * DAY, status="not reached", done_at=NOW - 7 * DAY),
            listed(3, "c", week=WEEK - 7 * DAY),
            listed(4, "d", week=WEEK - 35 * DAY, status="reached", done_at=NOW - 29 * DAY),
        ]
    )
    done = [("e", "Phone", "answered", 3), ("f", "e-mail", "answered", 3), ("g", "call", "failed", 3)]
    rows = [
        {"fact_id": who, "identifier": f"id:{who}", "action": "x", "channel": by, "status": status,
         "happened_at": NOW - days * DAY}
        for who, by, status, days in done
    ]  # fmt: skip
    state.index("contacts", facts("contacts", *rows), [])
    assert named(state, "chance") == ["c", "d", "f", "g"]
    state.put_merges([joined("a", "c")])
    assert named(state, "chance") == ["d", "f", "g"]


def test_an_erased_customer_leaves_no_case_and_no_call(state: SqlState) -> None:
    """Rows of the team about them go with them."""
    known(state, "a", "b")
    state.open_reviews([case(1), case(2, customer_id="b")])
    state.put_calls([listed(1, "a"), listed(2, "b")])
    state.forget("a", ["id:a"], [])
    assert state.case("k1") is None
    assert [row["review_id"] for row in state.cases(closed=False, owner=None, limit=9, after=None)[0]] == ["k2"]
    assert [row["call_id"] for row in state.calls(WEEK)] == ["c2"]


def test_whoever_reached_a_customer_last_has_their_case(state: SqlState) -> None:
    """By telephone, on a list or not; not whoever only tried."""
    known(state, "a", "b")
    answered(state, {"identifier": "id:a"}, {"identifier": "id:b"})
    ended = {"status": "reached", "week": WEEK - 70 * DAY}
    state.put_calls(
        [
            listed(1, "a", "ada", **ended, done_at=NOW - 70 * DAY),
            listed(2, "a", "bob", **ended, done_at=NOW - 60 * DAY),
            listed(3, "a", "eve", **ended | {"status": "skipped"}, done_at=NOW - 50 * DAY),
        ]
    )
    assert [(row["base_id"], row["owner"]) for row in state.unopened(SINCE, NOW, 9)] == [("a", "bob"), ("b", "")]


def test_leaders_are_those_who_sign_in(state: SqlState) -> None:
    """By e-mail, in order."""
    assert state.leaders() == []
    with state._database.write() as connection:
        for email in ("zoe@example.org", "ada@example.org"):
            who = {"user_id": email, "email": email, "name": "", "role": "staff", "password": "", "created_at": NOW}
            connection.execute(insert(users).values(who))
    assert state.leaders() == ["ada@example.org", "zoe@example.org"]
