"""Whom a survey goes to, as cases: nobody whom anything keeps out, and what keeps them out is counted."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.people.conftest import CUSTOMER, OWNER, STAFF
from tests.sending.conftest import PEOPLE, Asking

from openchair.chair.intake import own
from openchair.chair.listening.asking import picking
from openchair.chair.listening.asking.picking import KEPT_OUT, pick, thing_of
from openchair.chair.ports import CUSTOMER_COLUMNS
from openchair.chair.wheel.choose import LOOKED_AT
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.estimate import Unknown
from openchair.core.ids import digest
from openchair.core.settings import settings_of
from openchair.decisions import guard
from openchair.dossier import consent, rules
from openchair.listening.asking.survey import starter

NO_ADDRESS, WAITING, HOUSEHOLD = KEPT_OUT[-3:]
NOT_ASKED = "no consent for this purpose on this channel"


def test_everybody_is_asked_or_kept_out_for_a_reason(shop: Asking) -> None:
    """Twenty agreed; the others did not; nobody is lost, and looking changes nothing."""
    report = shop.chair.sending.plan("nps", limit=8)
    assert (report.eligible, report.chosen) == (20, 8)
    assert report.kept_out == {NOT_ASKED: 10}
    assert sum(report.by_part.values()) == 8
    assert isinstance(report.before, Unknown)
    assert report.expected is not None
    assert report.expected.n == pytest.approx(8 * 0.2)
    assert shop.messages() == {}
    assert shop.chair.sending.plan("nps", limit=8) == report


def test_each_reason_keeps_out(shop: Asking) -> None:
    """A wish for peace, a no, a recent contact, no address, a rule against writing: each is counted as what it is."""
    people = shop.chair.people
    people.attend("member-0", wish="nothing", by=CUSTOMER)
    people.agree("member-1", "research", "e-mail", "no", by=CUSTOMER)
    shop.contact("member-2", "e-mail")
    people.agree("member-26", "research", "e-mail", "yes", by=CUSTOMER)
    people.agree("member-3", "research", "any", "no", by=CUSTOMER)
    people.forbid("member-4", "no e-mail", by=CUSTOMER)
    report = shop.chair.sending.send("nps", by=OWNER, limit=30)
    assert report.eligible + sum(report.kept_out.values()) == PEOPLE
    assert report.kept_out == {
        "no e-mail": 1,
        NOT_ASKED: 12,
        "contacted too recently": 1,
        NO_ADDRESS: 1,
    }
    assert not {shop.id(n) for n in (0, 1, 2, 3, 4, 26)} & shop.messages().keys()


def test_one_of_a_household(shop: Asking) -> None:
    """Of a family only one is asked at a time, whichever way the tie was told."""
    for one, other in (("member-0", "member-1"), ("member-2", "member-1")):
        row = {"identifier": f"id:{one}", "other": f"id:{other}", "relation": "family"}
        event = own.envelope("ties", f"{one} {other}", shop.clock(), row)
        shop.chair.state.record([event], {"ties": own.table("ties", event)})
    report = shop.chair.sending.send("nps", by=OWNER, limit=30)
    family = {shop.id(n) for n in (0, 1, 2)}
    assert len(family & shop.messages().keys()) <= 2
    assert not {shop.id(0), shop.id(1)} <= shop.messages().keys()
    assert not {shop.id(1), shop.id(2)} <= shop.messages().keys()
    assert report.kept_out[HOUSEHOLD] >= 1


def test_who_waits_is_not_asked_again(shop: Asking) -> None:
    """A second run goes to others, and in the end to nobody."""
    shop.chair.sending.send("nps", by=OWNER, limit=8)
    first = set(shop.messages())
    again = shop.chair.sending.send("nps", by=OWNER, limit=30)
    assert again.kept_out[WAITING] == 8
    assert again.chosen == 12
    assert len(shop.messages()) == 20 > len(first)
    assert shop.chair.sending.send("nps", by=OWNER, limit=30).chosen == 0


def test_the_cool_down_is_the_surveys_own(shop: Asking) -> None:
    """Who was asked for NPS rests for 90 days from NPS, and after a week may be asked something else."""
    shop.chair.surveys.put(starter()[1], by=OWNER)
    other = starter()[1].id
    shop.chair.surveys.open(other, by=OWNER)
    shop.chair.sending.send("nps", by=OWNER, limit=20)
    assert shop.chair.delivering.deliver().sent == 20
    shop.clock.on(days=8)
    shop.chair.turn()
    assert shop.chair.sending.plan("nps", limit=30).kept_out["they had this idea from us not long ago"] == 20
    assert shop.chair.sending.plan(other, limit=30).eligible == 20
    shop.clock.on(days=83)
    shop.chair.turn()
    assert shop.chair.sending.plan("nps", limit=30).eligible == 20


def test_the_language_and_the_address_are_theirs(shop: Asking) -> None:
    """Each in the language they speak, else the survey's own; to the newest address that is theirs."""
    shop.clock.on(hours=1)
    shop.identify("member-1", email="new@example.org")
    shop.chair.turn()
    shop.chair.sending.send("nps", by=OWNER, limit=30)
    found = shop.messages()
    assert [found[shop.id(n)].language for n in range(4)] == ["en", "ur", "th", "en"]
    assert found[shop.id(1)].address == "new@example.org"
    assert found[shop.id(2)].address == "m2@example.org"


def test_what_cannot_be_sent_is_refused(shop: Asking) -> None:
    """A survey that is no draft of ours, a road that is not there, too many at once: each with what to do."""
    sending = shop.chair.sending
    with pytest.raises(NotFound):
        sending.plan("nothing", limit=1)
    with pytest.raises(BadInput, match="pigeon"):
        sending.plan("nps", limit=1, channel="pigeon")
    with pytest.raises(BadInput, match="webhook_url"):
        sending.send("nps", by=STAFF, limit=1, channel="webhook")
    for limit in (0, 100_001):
        with pytest.raises(BadInput, match="100,000"):
            sending.plan("nps", limit=limit)
    with pytest.raises(BadInput, match="stage"):
        sending.plan("nps", limit=1, by_strata="mood")
    shop.chair.surveys.close("nps", by=OWNER)
    with pytest.raises(Conflict, match="Open it first"):
        sending.send("nps", by=STAFF, limit=1)


def test_answers_so_far_steer(shop: Asking) -> None:
    """A part whose answers differ most is asked more than its share, and the interval expected is the narrower one."""
    for n in range(20):
        score = 9 if n % 2 else (10 if n % 4 else 0)
        shop.send(
            {"type": "track", "userId": f"member-{n}", "event": "Survey Question Answered",
             "properties": {"survey_type": "nps", "score": score}},
            sync=False,
        )  # fmt: skip
    shop.chair.sync()
    shop.chair.turn()
    report = shop.chair.sending.plan("nps", limit=20)
    assert not isinstance(report.before, Unknown)
    assert report.expected is not None
    assert report.before.n == 20
    assert report.expected.high - report.expected.low < report.before.high - report.before.low
    alone = shop.chair.sending.plan("nps", limit=20, by_strata="")
    assert alone.by_part == {"all": alone.chosen}


BITS = st.integers(0, 2 ** (2 * len(consent.SLOTS)) - 1)
ROWS = st.fixed_dictionaries(
    {
        "rules": st.integers(0, 2 ** len(rules.TERMS) - 1),
        "consents": st.one_of(BITS, st.just(consent.yes("research", "e-mail"))),
        "food_safety": st.sampled_from(rules.FOOD_SAFETY),
        "contacted_on": st.one_of(st.none(), st.dates(date(2026, 5, 1), date(2026, 7, 3))),
        "attention_budget": st.sampled_from((None, 0.0, 3.0, 6.0)),
        "attention_spent": st.sampled_from((None, 0.0, 2.0, 2.5, 3.0, 5.5, 6.0)),
        "resting": st.sampled_from((None, "", "asking-nps", "asking-csat,asking-nps", "asking-csat")),
        "stage": st.sampled_from(("new", "steady", "lapsed", None)),
        "orders": st.integers(0, 30),
        "worth_minor": st.one_of(st.none(), st.floats(0, 1e6)),
    }
)


class Nobody:
    """A state in which nothing waits and nobody is related."""

    def awaiting(self, kind: str) -> list[str]:
        return []

    def relatives(self) -> pa.Table:
        return pa.table({"left_id": pa.array([], pa.string()), "right_id": pa.array([], pa.string())})


@given(st.lists(ROWS, min_size=1, max_size=12), st.booleans())
def test_nobody_is_asked_whom_the_guard_refuses(rows: list[dict[str, object]], mailable: bool) -> None:
    """Whatever was forbidden, agreed and heard: who is picked among all is one whom the guard clears alone."""
    moment = Moment(datetime(2026, 7, 1, 12, tzinfo=UTC), ZoneInfo("UTC"))
    whole = [{**dict.fromkeys(LOOKED_AT), **row, "customer_id": digest(str(n))} for n, row in enumerate(rows)]
    shape = pa.schema([("customer_id", pa.string()), *((name, CUSTOMER_COLUMNS[name]) for name in LOOKED_AT)])
    table = pa.Table.from_pylist(whole, shape).append_column("mailable", pa.array([int(mailable)] * len(rows)))
    thing = thing_of(starter()[0], "e-mail")
    codes = picking._against(Nobody(), table, thing, moment, np.zeros(len(rows)))  # type: ignore[arg-type]
    settings = settings_of(Path("."), {}, {})
    for row, code in zip(whole, codes, strict=True):
        ((verdict, _, _),) = guard.cleared({**row, "quiet": ""}, "survey", [thing], moment=moment, settings=settings)
        assert verdict == "clear" or code != 0
        assert mailable or code != 0


def test_the_draw_is_by_seed_and_day(shop: Asking) -> None:
    """The same day and seed draw the same customers, another day others."""
    survey, chair = shop.chair.surveys.get("nps"), shop.chair

    def drawn(days: int) -> tuple[str, ...]:
        moment = chair.moment()
        later = Moment(moment.now + timedelta(days=days), moment.zone)
        return pick(chair.state, chair.settings, survey, "e-mail", 8, later, "stage").customer_ids

    assert drawn(0) == drawn(0)
    assert len({drawn(days) for days in range(4)}) > 1
