"""Attention: one budget over every kind of contact, quiet hours where the customer is, the first day that fits."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.settings import settings_of
from openchair.dossier import attention, rules
from openchair.dossier.attention import ATTENTION_DAYS, Contact, contacts_of, first_fit, fits, quiet_hours, spent
from openchair.dossier.standing import Standing

DAY = date(2026, 6, 1)
UTC_ZONE = ZoneInfo("UTC")
SETTINGS = settings_of(Path("/shop"), {}, {})


def fact(
    hour: int, status: str, decision: str | None = "d1", action: str = "call-and-listen", channel: Any = "call"
) -> Any:
    """A fact of kind contacts, so many hours before the day."""
    at = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(hours=hour)
    named = {"decision_id": decision, "action": action, "channel": channel, "status": status}
    return {**named, "happened_at": at, "fact_id": f"{999 - hour:03d}{status}"}


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ([fact(50, "approved"), fact(30, "sent"), fact(29, "delivered"), fact(5, "opened"), fact(4, "answered")], [30]),
        ([fact(50, "approved")], [50]),
        ([fact(50, "approved"), fact(40, "dismissed")], []),
        ([fact(50, "approved"), fact(40, "deferred"), fact(30, "approved")], [30]),
        ([fact(50, "approved"), fact(40, "vetoed")], []),
        ([fact(50, "sent"), fact(40, "vetoed")], [50]),
        ([fact(50, "sent"), fact(40, "failed")], []),
        ([fact(50, "sent"), fact(40, "opened"), fact(30, "failed")], [50]),
        ([fact(50, "dismissed")], []),
        ([fact(50, "opened"), fact(26, "opened")], [26]),
        ([fact(99, "sent", None), fact(98, "opened", None), fact(50, "sent", None), fact(2, "opened", None)], [99, 50]),
        ([fact(99, "sent", None, "may letter"), fact(50, "sent", None, "june letter")], [99, 50]),
    ],
)  # fmt: skip
def test_a_contact_counts_once_whatever_becomes_of_it(facts: list[Any], days: list[int]) -> None:
    """On the day it was last approved or sent; not at all if it was stopped before it reached them."""
    expected = [(datetime(2026, 6, 1, tzinfo=UTC) - timedelta(hours=hours)).date() for hours in days]
    assert [one.day for one in contacts_of(reversed(facts), UTC_ZONE)] == expected


def test_a_contact_belongs_to_the_shops_own_day() -> None:
    """What was sent at eleven at night in Karachi was sent that day."""
    late = fact(6, "sent")
    assert late["happened_at"].isoformat() == "2026-05-31T18:00:00+00:00"
    assert contacts_of([late], ZoneInfo("Asia/Karachi"))[0].day == date(2026, 5, 31)
    assert contacts_of([late], ZoneInfo("Asia/Bangkok"))[0].day == date(2026, 6, 1)


def test_every_channel_has_a_weight() -> None:
    """An action cannot be on a channel that costs nothing by oversight."""
    assert set(attention.WEIGHTS) == set(rules.Channel.__args__)
    assert not attention.DISTURBING - set(attention.WEIGHTS)


@pytest.mark.parametrize(
    ("wish", "budget", "left"),
    [("normal", 6.0, 2.0), ("less", 3.0, 0.0), ("important", 3.0, 0.0), ("nothing", 0.0, 0.0)],
)
def test_the_customer_can_turn_the_budget_down(wish: str, budget: float, left: float) -> None:
    """What was spent stays spent, and what is left is never below nothing."""
    facts = [fact(50, "sent", "a"), fact(50, "sent", "b", channel="e-mail"), fact(24 * 28, "sent", "old")]
    moment = Moment(datetime(2026, 6, 1, 9, tzinfo=UTC), UTC_ZONE)
    found = attention.of(Standing(wish=wish, timezone="Asia/Karachi"), facts, moment=moment, settings=SETTINGS)
    assert (found.budget, found.spent, found.left, found.contacts) == (budget, 4.0, left, 2)
    assert (found.wish, found.quiet, found.timezone) == (wish, "21-8", "Asia/Karachi")


contacts = st.lists(
    st.builds(
        Contact,
        st.just("a"),
        st.sampled_from([*attention.WEIGHTS, None]),
        st.integers(-60, 0).map(lambda days: DAY + timedelta(days=days)),
    ),
    max_size=12,
)
units = st.sampled_from(sorted(attention.WEIGHTS.values()))
budgets = st.integers(0, 16).map(lambda half: half / 2)


@given(budgets, contacts, units)
def test_the_first_day_that_fits_is_the_first(budget: float, had: list[Contact], takes: float) -> None:
    """It fits on that day and on none before; where it never fits, it would not fit an empty calendar either."""
    first = first_fit(budget, had, takes, DAY)
    if first is None:
        assert takes > budget
        return
    assert fits(budget, had, takes, first)
    assert not any(fits(budget, had, takes, DAY + timedelta(days=n)) for n in range((first - DAY).days))


@given(contacts)
def test_attention_comes_back_after_four_weeks(had: list[Contact]) -> None:
    """Every contact is paid for on its own day and for 27 more."""
    assert spent(had, DAY + timedelta(days=ATTENTION_DAYS)) == 0
    assert spent(had, DAY) == sum(
        attention.weight_of(one.channel) for one in had if (DAY - one.day).days < ATTENTION_DAYS
    )


@given(
    st.integers(0, 23),
    st.integers(0, 23),
    st.integers(0, 47),
    st.sampled_from(["UTC", "Asia/Karachi", "Asia/Kathmandu"]),
)
def test_quiet_hours_are_the_hours_between(begin: int, end: int, passed: int, where: str) -> None:
    """In the customer's own zone, over midnight too; and they end at the hour said."""
    now = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=45 * passed)
    until = attention.quiet_at(now, f"{begin}-{end} {where}", "21-8", UTC_ZONE)
    hour = now.astimezone(ZoneInfo(where)).hour
    quiet = {(begin + n) % 24 for n in range((end - begin) % 24)}
    assert (until is not None) == (hour in quiet)
    if until is not None:
        assert now < until <= now + timedelta(hours=24)
        assert (until.astimezone(ZoneInfo(where)).hour, until.astimezone(ZoneInfo(where)).minute) == (end, 0)


def test_what_a_customer_did_not_say_is_the_shops() -> None:
    """Their zone with the shop's hours, their hours in the shop's zone, or no quiet at all."""
    night = datetime(2026, 1, 1, 18, tzinfo=UTC)  # 23 in Karachi
    assert attention.quiet_at(night, "Asia/Karachi", "21-8", UTC_ZONE) is not None
    assert attention.quiet_at(night, "", "21-8", UTC_ZONE) is None
    assert attention.quiet_at(night, "17-19", "21-8", UTC_ZONE) == datetime(2026, 1, 1, 19, tzinfo=UTC)
    assert attention.quiet_at(night, "0-0 Asia/Karachi", "21-8", UTC_ZONE) is None
    assert attention.quiet_at(night, "Asia/Karachi", "off", UTC_ZONE) is None


@pytest.mark.parametrize("text", ["", "9", "21-25", "noon-8", "21:30-8", "-1-5"])
def test_hours_that_are_none_are_refused_in_words(text: str) -> None:
    """The error says what to write; in a fact such a value says nothing."""
    with pytest.raises(BadInput, match="Write 21-8"):
        quiet_hours(text)
    assert attention.read("quiet hours", text) is None
