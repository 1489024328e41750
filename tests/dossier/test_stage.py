"""Life-cycle stages follow each customer's own rhythm."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.dossier.stage import STAGES, headline, own_gap, stages

NAN = float("nan")


@pytest.mark.parametrize(
    ("orders", "since", "gap", "more", "stage"),
    [
        (0, NAN, NAN, {}, "prospect"),
        (1, 5, NAN, {}, "new"),
        (1, 60, NAN, {}, "slipping"),
        (1, 300, NAN, {}, "lapsed"),
        (2, 10, 30, {}, "growing"),
        (12, 20, 19, {}, "steady"),
        (12, 34, 19, {}, "slipping"),
        (12, 34, 60, {}, "steady"),
        (12, 34, 19, {"p_alive": 0.1}, "lapsed"),
        (12, 10, 19, {"p_alive": 0.1}, "steady"),
        (12, 200, 19, {}, "lapsed"),
        (16, 10, 19, {"first_half_orders": 4}, "growing"),
        (16, 10, 19, {"first_half_orders": 8}, "steady"),
        (8, 5, 40, {"last_gap_days": 220}, "returning"),
        (8, 5, 40, {"last_gap_days": 50}, "steady"),
        (2, 5, 250, {"last_gap_days": 250}, "returning"),
    ],
)
def test_stage_of_a_customer(orders: int, since: float, gap: float, more: dict[str, float], stage: str) -> None:
    """Silence counts in the customer's own gaps; the same 34 days are late for one and early for another."""
    arrays = {name: [value] for name, value in more.items()}
    assert STAGES[stages([orders], [since], [gap], 30.0, **arrays)[0]] == stage


def test_whoever_buys_in_bursts_slips_later_than_whoever_buys_like_clockwork() -> None:
    """Thirty orders, one every ten days on average, and 25 days of silence: for one unheard of, for the other usual."""
    found = stages([30, 30], [25, 25], [10, 10], 10.0, gap_sd_days=[1.0, 14.0])
    assert [STAGES[i] for i in found] == ["slipping", "steady"]
    for days, stage in ((25, "steady"), (45, "slipping"), (90, "lapsed")):
        assert STAGES[stages([30], [days], [10], 10.0, gap_sd_days=[14.0])[0]] == stage


def test_few_orders_say_little_of_a_rhythm() -> None:
    """Two orders a day apart do not make a daily buyer: the gap is shrunk to the shop's, less with every order."""
    few, many = own_gap([2, 40], [1.0, 1.0], 30.0)
    assert few == pytest.approx(61 / 3)
    assert many == pytest.approx(99 / 41)


@given(st.integers(0, 60), st.floats(0, 500), st.floats(0, 2000), st.floats(0, 1000))
def test_longer_silence_never_brings_a_customer_nearer(orders: int, gap: float, since: float, longer: float) -> None:
    """From in rhythm to slipping to lapsed there is no way back but an order."""
    rank = {"slipping": 1, "lapsed": 2}
    now, later = (STAGES[i] for i in stages([orders] * 2, [since, since + longer], [gap] * 2, 30.0))
    assert rank.get(later, 0) >= rank.get(now, 0)


def test_a_shop_where_nobody_came_back_has_stages_too() -> None:
    """Without any gap in the shop a plain one is taken, and nothing is NaN."""
    assert [STAGES[i] for i in stages([1, 1], [10, 400], [NAN, NAN], NAN)] == ["new", "lapsed"]


def test_order_changes_nothing() -> None:
    """A customer's stage does not depend on who else is there."""
    rng = np.random.default_rng(5)
    orders, since, gap = rng.integers(0, 30, 500), rng.integers(0, 300, 500), rng.uniform(1, 90, 500)
    turned = rng.permutation(500)
    assert (stages(orders, since, gap, 30.0)[turned] == stages(orders[turned], since[turned], gap[turned], 30.0)).all()


@pytest.mark.parametrize("wrong", [0.0, -3.0, float("inf")])
def test_an_impossible_gap_is_refused_in_words(wrong: float) -> None:
    """The error names the value and the bound."""
    with pytest.raises(BadInput, match="above 0 days"):
        stages([1], [1], [1], wrong)


def test_columns_of_two_lengths_are_refused() -> None:
    """Nothing is broadcast by accident."""
    with pytest.raises(BadInput, match="days_since"):
        stages([1, 2], [1], [1, 1], 30.0)


def test_a_headline_says_only_what_is_known() -> None:
    """No rhythm from one order, no friends where there are none."""
    one = headline("new", first_on=date(2025, 5, 1), days_since=1, gap_days=None, orders=1, sent_friends=1)
    assert one == "New, with us since May 2025. One order, yesterday. Sent 1 friend."
    two = headline("lapsed", first_on=date(2025, 5, 1), days_since=373, gap_days=1.0, orders=2)
    assert two == "Lapsed, with us since May 2025. Two orders, the last 373 days ago."
