"""Someone unhappy is owed an answer: cases open by themselves, hold what is needed, and close with what was done."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.people.conftest import ADA, BEN, OWNER, STAFF, Clock, Shop
from tests.store.making import linked

from openchair.chair.intake import own
from openchair.chair.listening.views import Case
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.estimate import Estimate, Unknown

HOUR = timedelta(hours=1)


def answer(shop: Shop, who: str, score: float, text: str | None = None, *, days_ago: float = 0, **more: Any) -> None:
    """An answer as our own survey page records it, and what the next sync does with it."""
    at = shop.clock() - timedelta(days=days_ago)
    row = {"identifier": f"id:{who}", "survey_id": "ours", "metric": "nps", "score": score, "text": text, **more}
    event = own.envelope("answers", f"{who} {shop.clock().isoformat()}", at, row)
    shop.chair.state.record([event], {"answers": own.table("answers", event)})
    shop.chair.cases.open_new()


def the_case(shop: Shop) -> Case:
    (case,) = shop.chair.cases.waiting()
    return case


def voices(shop: Shop) -> list[dict[str, Any]]:
    """What history holds of kind voices."""
    shop.chair.sync()
    with shop.chair.reading() as engine:
        return list(engine.rows(engine.facts("voices")).to_pylist())


@pytest.mark.slow
def test_a_low_answer_opens_a_case_with_a_clock(shop: Shop) -> None:
    """From our own page or from another system's event; once, however often one looks; 48 hours from the answer."""
    answer(shop, ADA, 3, "Late again", days_ago=1)
    sent = {"type": "track", "userId": BEN, "event": "Survey Answered", "timestamp": shop.clock().isoformat()}
    shop.send({**sent, "properties": {"survey_id": "theirs", "metric": "nps", "score": 0}})
    first, second = shop.chair.cases.waiting()
    assert (first.customer.name, first.score, first.words, first.owner) == ("Ada Byron", 3.0, "Late again", "")
    assert first.due_at - first.answered_at == 48 * HOUR
    assert first.opened_at - first.answered_at > 23 * HOUR
    assert second.customer.name == "Ben Okri"
    assert not first.overdue
    assert shop.chair.cases.open_new() == 0
    shop.chair.turn()
    assert len(shop.chair.cases.waiting()) == 2
    shop.clock.on(hours=25)
    assert [one.overdue for one in shop.chair.cases.waiting()] == [True, False]
    assert shop.chair.cases.figures().overdue == 1


def test_a_past_that_is_imported_opens_nothing(shop: Shop, tmp_path: Path) -> None:
    """A file of two years of answers: only the unhappy of the last two weeks are owed one."""
    today = shop.clock.now
    days = [(today - timedelta(days=5 * n)).isoformat() for n in range(40)]
    rows = [f"f{n},web,{today.isoformat()},{day},id:{(ADA, BEN)[n % 2]},s,nps,2" for n, day in enumerate(days)]
    file = tmp_path / "answers.csv"
    head = "fact_id,source,received_at,happened_at,identifier,survey_id,metric,score"
    file.write_text("\n".join([head, *rows]))
    (report,) = shop.chair.listen([file], format="openchair-facts")
    assert report.facts == {"answers": 40}
    assert sorted(case.customer.name for case in shop.chair.cases.waiting()) == ["Ada Byron", "Ben Okri"]
    assert all(case.answered_at > today - timedelta(days=14) for case in shop.chair.cases.waiting())


def test_what_else_they_answer_joins_the_open_case(shop: Shop) -> None:
    """No second case while one is open; the next low answer after it is closed opens another."""
    answer(shop, ADA, 3, "Late")
    answer(shop, ADA, 1, "Still late")
    case = the_case(shop)
    assert (case.score, case.words) == (3.0, "Late")
    (since,) = shop.chair.cases.case(case.case_id, by=STAFF).since
    assert (since.title, since.detail) == ("Answered NPS 1", "“Still late”")
    shop.chair.cases.close(case.case_id, "fixed", by=STAFF)
    assert shop.chair.cases.waiting() == ()
    shop.clock.on(hours=1)
    answer(shop, ADA, 0)
    assert the_case(shop).case_id != case.case_id
    assert the_case(shop).words == ""


def test_a_case_suggests_what_puts_it_right_within_their_rules(shop: Shop) -> None:
    """What is made for complaints first; where a rule forbids it, the next best service and why; never a discount."""
    answer(shop, ADA, 2)
    case = the_case(shop)
    assert case.remedy == "Put it right and tell them it is done, before they ask again"
    assert "should not have to say it twice" in case.because
    shop.chair.people.forbid(ADA, "no visits", by=STAFF)
    other = the_case(shop)
    assert other.remedy not in ("", case.remedy)
    assert f"Not “{case.remedy}”:" in other.because
    titles = {action.title: action for action in shop.chair.catalogue}
    assert titles[other.remedy].purpose == "service"
    assert not titles[other.remedy].is_discount
    assert shop.chair.cases.case(case.case_id, by=STAFF).remedy == other.remedy


def test_a_case_of_somebody_no_turn_has_seen_has_a_remedy_too(shop: Shop) -> None:
    """A newcomer's rules bind as everyone's; they are called by what they are known by."""
    shop.chair.state.link(linked(("id:cyd", "c0ffee")), shop.clock())
    assert shop.chair.state.customer("c0ffee") is None
    answer(shop, "cyd", 1)
    first = the_case(shop)
    assert (first.customer.name, first.customer.stage) == ("cyd", "prospect")
    assert first.because
    shop.chair.people.forbid("cyd", "no letters", by=STAFF)
    assert "letter" not in next((a.channel for a in shop.chair.catalogue if a.title == the_case(shop).remedy), "")


def test_closing_keeps_what_was_done_and_said_as_facts(shop: Shop) -> None:
    """A contact that counts, the customer's words as a voice, both signed; they bind at once."""
    answer(shop, ADA, 3)
    case = the_case(shop)
    shop.chair.cases.own(case.case_id, " sam@shop.example ", by=OWNER)
    assert the_case(shop).owner == "sam@shop.example"
    assert shop.chair.cases.waiting(owner="sam@shop.example")
    assert shop.chair.cases.waiting(owner="") == ()
    words = "<script>alert(1)</script> مہربانی 🙂"
    done = shop.chair.cases.close(case.case_id, "fixed", by=STAFF, done="A new box", channel="call", words=words)
    assert (done.verdict, done.done, done.closed_by, done.remedy) == ("fixed", "A new box", STAFF.name, "")
    (contact,) = shop.chair.state.said("contacts", shop.chair.find(ADA))
    assert (contact["action"], contact["channel"], contact["status"]) == ("case", "call", "answered")
    assert STAFF.name in contact["properties"]
    assert shop.standing(ADA)["attention_spent"] == 3.0
    (voice,) = voices(shop)
    assert (voice["channel"], voice["text"], voice["identifier"]) == ("call", words, f"id:{ADA}")
    shop.clock.on(days=3)
    answer(shop, ADA, 9)
    (closed,), _ = shop.chair.cases.cases(closed=True)
    assert closed.later_score == 9.0


@pytest.mark.parametrize(("verdict", "statuses"), [("not reached", ["failed"]), ("no answer wanted", [])])
def test_who_was_not_reached_was_not_contacted(shop: Shop, verdict: str, statuses: list[str]) -> None:
    """It takes nothing of their attention."""
    answer(shop, ADA, 3)
    shop.chair.cases.close(the_case(shop).case_id, verdict, by=STAFF)
    assert [row["status"] for row in shop.chair.state.said("contacts", shop.chair.find(ADA))] == statuses
    assert shop.standing(ADA)["attention_spent"] == 0.0


def test_what_cannot_be_closed_is_refused_in_words(shop: Shop) -> None:
    """An unknown case, one closed already, an unknown verdict or channel, words too long: nothing is kept."""
    answer(shop, ADA, 3)
    case, close = the_case(shop).case_id, shop.chair.cases.close
    for wrong, bound in (
        ({"verdict": "forgotten"}, "one of fixed"),
        ({"channel": "pigeon"}, "one of"),
        ({"words": "x" * 1_000_000}, "at most 20,000 characters"),
        ({"done": "x" * 2001}, "at most 2,000 characters"),
    ):
        with pytest.raises(BadInput, match=bound):
            close(case, by=STAFF, **{"verdict": "fixed", **wrong})
    with pytest.raises(NotFound, match="never opened"):
        close("nothing", "fixed", by=STAFF)
    with pytest.raises(BadInput, match="not answered here"):
        shop.chair.merging.settle(case, "merge", by=STAFF)
    with pytest.raises(BadInput, match="200 characters"):
        shop.chair.cases.own(case, "x" * 300, by=STAFF)
    assert voices(shop) == []
    close(case, "fixed", by=STAFF, words="x" * 20_000)
    for again in (lambda: close(case, "fixed", by=STAFF), lambda: shop.chair.cases.own(case, "ada", by=STAFF)):
        with pytest.raises(Conflict, match="closed already"):
            again()
    assert [len(voice["text"]) for voice in voices(shop)] == [20_000]


def test_whoever_looked_at_a_case_or_closed_it_is_in_the_log(shop: Shop) -> None:
    """By name, with what was done."""
    answer(shop, ADA, 3)
    case = the_case(shop).case_id
    shop.chair.cases.case(case, by=STAFF)
    shop.chair.cases.close(case, "explained", by=OWNER, done="The courier was on strike")
    lines, _ = shop.chair.privacy.audit(customer=ADA, who="", limit=10)
    acts = {(line.who, line.act, line.detail) for line in lines}
    assert (STAFF.name, "read case", "") in acts
    assert (OWNER.name, "closed case: explained", "The courier was on strike") in acts


def test_an_erased_customer_has_no_case(shop: Shop) -> None:
    """Neither open nor closed, and none opens again from what history held."""
    answer(shop, ADA, 3)
    shop.chair.privacy.erase(ADA, by=OWNER)
    assert shop.chair.cases.waiting() == ()
    assert shop.chair.cases.open_new() == 0


def test_a_case_follows_its_customer_through_a_merge_and_back(shop: Shop) -> None:
    """It is the case of whoever the record belongs to now."""
    answer(shop, BEN, 3)
    merge = shop.chair.merging.merge(ADA, BEN, by=STAFF)
    assert the_case(shop).customer.customer_id == shop.chair.find(ADA)
    answer(shop, ADA, 2)
    assert len(shop.chair.cases.waiting()) == 1
    shop.chair.merging.unmerge(merge.merge_id, by=STAFF)
    shop.chair.cases.open_new()
    assert sorted(one.customer.name for one in shop.chair.cases.waiting()) == ["Ada Byron", "Ben Okri"]


def test_how_the_loop_closes_is_not_known_of_few(shop: Shop) -> None:
    """Counts are given; figures say how many more they need."""
    answer(shop, ADA, 3)
    shop.chair.cases.close(the_case(shop).case_id, "fixed", by=STAFF)
    figures = shop.chair.cases.figures()
    assert (figures.open, figures.overdue, figures.closed) == (0, 0, 1)
    assert figures.hours_to_close == Unknown("1 case", needed=9)
    assert figures.in_time == Unknown("1 case", needed=9)
    assert isinstance(figures.later, Unknown)


@pytest.mark.slow
def test_how_the_loop_closes(shop: Shop) -> None:
    """Twenty cases: closed after 1 to 60 hours, half of them scored again, five open and overdue."""
    people = [f"p{n}" for n in range(20)]
    for who in people:
        shop.identify(who, email=f"{who}@example.org")
    shop.chair.turn()
    for who in people:
        answer(shop, who, 4)
    began = shop.clock.now
    for n, case in enumerate(shop.chair.cases.waiting()[:15]):
        shop.clock.now = began + (1 + 4 * n) * HOUR
        shop.chair.cases.close(case.case_id, "fixed", by=STAFF)
    for who in people[:15]:
        answer(shop, who, 7 + people.index(who) % 2)
    shop.clock.now = began + 70 * HOUR
    figures = shop.chair.cases.figures()
    assert (figures.open, figures.overdue, figures.closed) == (5, 5, 15)
    assert isinstance(figures.hours_to_close, Estimate)
    assert figures.hours_to_close.value == pytest.approx(37, abs=0.1)
    assert isinstance(figures.in_time, Estimate)
    assert figures.in_time.value == 12 / 20
    assert isinstance(figures.later, Estimate)
    assert figures.later.value == pytest.approx((8 * 3 + 7 * 4) / 15)


def test_whoever_reached_them_last_is_asked_first(shop: Shop) -> None:
    """The case goes to the last caller, and to nobody where there is none."""
    shop.chair.calls.note(ADA, "reached", by=STAFF, leader="lea@shop.example")
    answer(shop, ADA, 3)
    answer(shop, BEN, 3)
    assert [(one.customer.name, one.owner) for one in shop.chair.cases.waiting()] == [
        ("Ada Byron", "lea@shop.example"),
        ("Ben Okri", ""),
    ]


def test_opening_is_the_same_from_two_processes(shop: Shop, opened: Callable[[Path, Clock], Shop]) -> None:
    """Another server over the same home finds nothing left to open."""
    other = opened(shop.chair.home, Clock())
    answer(shop, ADA, 3)
    shop.chair.sync()
    assert other.chair.cases.open_new() == 0
    assert [one.case_id for one in other.chair.cases.waiting()] == [the_case(shop).case_id]
