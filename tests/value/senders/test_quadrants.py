"""Which quadrant a customer belongs to, and how surely."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openchair.value.senders.quadrants import QUADRANTS, above, membership

money = st.floats(0, 1e7)


@given(money, money, money, money)
@example(0.0, 0.0, 5e-324, 1.0)
def test_everybody_belongs_somewhere(value: float, down: float, up: float, cut: float) -> None:
    """The four chances add up to one, whatever the figures."""
    spends = above([value], [value - down], [value + up], cut, 0.8)
    found = membership(spends, [0.3])
    assert found.shape == (1, len(QUADRANTS)) and found.sum() == pytest.approx(1) and (found >= 0).all()


def test_the_interval_says_how_surely() -> None:
    """At the cut it is even; at an end of an eight-in-ten interval, one in ten is beyond it."""
    assert above([100, 100, 100], [60, 60, 60], [200, 200, 200], 100, 0.8)[0] == pytest.approx(0.5)
    assert above([100], [60], [200], 60, 0.8)[0] == pytest.approx(0.9)
    assert above([100], [60], [200], 200, 0.8)[0] == pytest.approx(0.1)
    assert above([100, 0], [100, 0], [100, 0], 50, 0.8).tolist() == [1.0, 0.0]


def test_more_of_either_makes_a_champion_likelier() -> None:
    """The chance of champion rises with both; of a miser it falls."""
    found = membership(np.linspace(0, 1, 11), np.linspace(0, 1, 11))
    assert (np.diff(found[:, 0]) > 0).all() and (np.diff(found[:, 3]) < 0).all()
