"""Money in minor units, ids that follow from what they name, moments in a shop's own day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.clock import Moment, moment_of, zone
from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate
from openchair.core.ids import digest, identifier, uniforms
from openchair.core.money import show, to_minor


@given(st.integers(-(10**14), 10**14))
def test_money_survives_the_way_to_text_and_back(minor: int) -> None:
    """No cent is lost between minor units and a decimal number."""
    assert to_minor(f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}", "EUR") == minor


@pytest.mark.parametrize("text", ["", "twelve", "nan", "inf", "1e99", "12,50"])
def test_what_is_not_a_plain_number_is_no_money(text: str) -> None:
    """A decimal comma or a word is an error to be mended, not a guess."""
    with pytest.raises(BadInput):
        to_minor(text, "EUR")


def test_a_small_debt_never_shows_as_minus_zero() -> None:
    """−€ 0 would puzzle everyone."""
    assert show(-4, "EUR") == "€ 0"


def test_joining_parts_differently_gives_a_different_id() -> None:
    """('ab', 'c') and ('a', 'bc') are not the same fact."""
    assert digest("ab", "c") != digest("a", "bc")


def test_an_identifier_keeps_a_shop_id_as_it_is_and_an_email_in_small_letters() -> None:
    """A17 and a17 may be two customers; Ada@ and ada@ are one."""
    assert identifier("id", "A17") == "id:A17"
    assert identifier("email", "Ada@Example.ORG") == "email:ada@example.org"


def test_chance_belongs_to_the_customer_and_not_to_the_row() -> None:
    """Leaving others out, or sorting them otherwise, changes nobody's number."""
    ids = np.array([digest(str(i))[:20] for i in range(5_000)])
    every = uniforms(ids, "2026-11-22", "v1")
    some = np.random.default_rng(1).permutation(5_000)[:1_000]
    assert np.array_equal(uniforms(ids[some], "2026-11-22", "v1"), every[some])


def test_chance_is_uniform_and_independent_between_days() -> None:
    """Kolmogorov-Smirnov distance and correlation stay within what 50,000 draws allow (1 in 10,000)."""
    ids = np.array([digest(str(i))[:20] for i in range(50_000)])
    one, two = uniforms(ids, "2026-11-22"), uniforms(ids, "2026-11-23")
    gap = np.abs(np.sort(one) - (np.arange(50_000) + 0.5) / 50_000).max()
    assert gap < 2.23 / np.sqrt(50_000)
    assert abs(np.corrcoef(one, two)[0, 1]) < 3.9 / np.sqrt(50_000)


def test_a_date_means_its_first_instant_in_the_shops_own_zone() -> None:
    """Karachi's 10 December begins at 19:00 UTC the day before."""
    moment = moment_of("2011-12-10", zone("Asia/Karachi"))
    assert moment.now == datetime(2011, 12, 9, 19, tzinfo=UTC)
    assert moment.day == date(2011, 12, 10)


@pytest.mark.parametrize("text", ["yesterday", "2011-13-01", "10/12/2011", "2011-12-10T25:00"])
def test_a_time_that_cannot_be_read_is_refused(text: str) -> None:
    """The message shows the two forms that work."""
    with pytest.raises(BadInput, match="2011-12-10"):
        moment_of(text, ZoneInfo("UTC"))


def test_a_moment_is_in_utc_and_an_estimate_inside_its_interval() -> None:
    """Two invariants that nothing may bend."""
    with pytest.raises(ValueError, match="UTC"):
        Moment(datetime(2011, 12, 10), ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="interval"):
        Estimate(5.0, 6.0, 7.0, n=3)
