"""The lot that proof rests on."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.ids import digest, uniforms
from openchair.learning.arms import ABOUT, ARMS, HOLDOUT, LEARNED, Shares, arms_of, quarter

IDS = np.array([digest("customer", str(k)) for k in range(40_000)])
DAY = date(2026, 2, 3)
SALT = ("1",)


def test_shares() -> None:
    """Each arm has its share of customers, within what chance allows."""
    shares = Shares(holdout=0.05, comparison=0.02)
    counts = np.bincount(arms_of(IDS, DAY, shares, SALT), minlength=len(ARMS))
    expected = shares.each * len(IDS)
    assert (np.abs(counts - expected) < 4 * np.sqrt(expected)).all()


def test_without_arms() -> None:
    """Where nobody is to be left out, nobody is."""
    assert (arms_of(IDS, DAY, Shares(0, 0), SALT) == LEARNED).all()


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 40))
def test_stable_within_a_quarter(day: date, later: int) -> None:
    """All through a quarter a customer has the same arm."""
    other = day + timedelta(days=later)
    same = (arms_of(IDS[:500], day, Shares(0.3, 0.1), SALT) == arms_of(IDS[:500], other, Shares(0.3, 0.1), SALT)).all()
    assert same == (quarter(day) == quarter(other))


def test_rotating() -> None:
    """Who was left alone in one quarter is so in the next no more often than anybody: nobody is left alone for ever."""
    shares = Shares(holdout=0.1)
    first, then = (arms_of(IDS, day, shares, SALT) == HOLDOUT for day in (DAY, date(2026, 4, 1)))
    again = int((first & then).sum())
    assert abs(again - first.sum() * 0.1) < 4 * np.sqrt(first.sum() * 0.1)


def test_independent_of_other_draws() -> None:
    """The lot has nothing to do with the draw of the action, nor with another shop's lot."""
    held = arms_of(IDS, DAY, Shares(holdout=0.2), SALT) == HOLDOUT
    for other in (uniforms(IDS, "1", DAY.isoformat(), "daily", "inverse-gap-1"), uniforms(IDS, "arm", "2")):
        assert abs(np.corrcoef(held, other)[0, 1]) < 4 / np.sqrt(len(IDS))
    elsewhere = arms_of(IDS, DAY, Shares(holdout=0.2), ("2",)) == HOLDOUT
    assert abs(np.corrcoef(held, elsewhere)[0, 1]) < 4 / np.sqrt(len(IDS))


def test_a_share_that_changes_moves_only_whom_it_must() -> None:
    """A larger holdout keeps whom it had; arms to compare with keep theirs."""
    small, large = (arms_of(IDS, DAY, Shares(share, 0.02), SALT) for share in (0.05, 0.2))
    moved = small != large
    assert (small[moved] == LEARNED).all() and (large[moved] == HOLDOUT).all()


def test_one_id_one_arm() -> None:
    """Those who are given one id share an arm, in any order and company."""
    arms = arms_of(np.concatenate([IDS[:100], IDS[:100][::-1]]), DAY, Shares(0.3, 0.1), SALT)
    assert (arms[:100] == arms[100:][::-1]).all()
    assert (arms[:7] == arms_of(IDS[:7], DAY, Shares(0.3, 0.1), SALT)).all()
    assert arms_of(IDS[:0], DAY, Shares(), SALT).shape == (0,)


def test_quarters() -> None:
    """Quarters begin in January, April, July and October."""
    assert [quarter(date(2026, month, 1))[-1] for month in range(1, 13)] == list("111222333444")


@pytest.mark.parametrize("shares", [(-0.1, 0.0), (0.5, -0.01), (0.9, 0.05), (float("nan"), 0.0)])
def test_impossible_shares(shares: tuple[float, float]) -> None:
    """Shares that leave nobody to decide for are refused."""
    with pytest.raises(BadInput, match="shares of the lot"):
        Shares(*shares)


def test_every_arm_has_words() -> None:
    """Each arm is said in words."""
    assert tuple(ABOUT) == ARMS
