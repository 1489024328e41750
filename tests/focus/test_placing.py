"""The focus map by its rules: no place is given away on weak evidence, effort adds up, and moving one moves effort."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openchair.core.errors import BadInput
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus import placing
from openchair.focus.placing import Evidence, Said


def of(name: str, low: float, share: float, high: float, performance: float, *, important: bool = True, **more):
    known: Number = Estimate(performance, performance, performance, 100)
    return Evidence(name, Estimate(share, low, high, 100), important, known, **more)


def places(*evidence: Evidence) -> dict[str, str]:
    return {name: place for name, (place, _) in placing.suggested(evidence).items()}


def test_each_corner_of_the_map():
    """What matters and is poor: excel. Matters and good: keep. Matters little: mediocre, and stop where it is good."""
    assert places(
        of("poor", 0.3, 0.4, 0.5, 0.5), of("good", 0.3, 0.4, 0.5, 0.9), of("small", 0.0, 0.05, 0.1, 0.4),
        of("gilded", 0.0, 0.05, 0.1, 0.95), of("unsure", 0.0, 0.1, 0.6, 0.4, important=False),
    ) == {"poor": "excel", "good": "keep", "small": "mediocre", "gilded": "stop", "unsure": "keep"}  # fmt: skip


def test_only_a_few_are_to_be_excellent_at():
    """Of many that matter, those where effort moves most: importance by room by cost."""
    many = [of(f"d{k}", 0.2, 0.25, 0.3, 0.2 + k / 20) for k in range(4)]
    assert [name for name, place in places(*many).items() if place == "excel"] == ["d0", "d1", "d2"]
    dear = [of("d0", 0.2, 0.25, 0.3, 0.2, cost=5), *many[1:]]
    assert [name for name, place in places(*dear).items() if place == "excel"] == ["d1", "d2", "d3"]


def test_what_is_not_known_keeps_its_place():
    """Neither an unknown importance nor a driver whose interval reaches an even share is given away."""
    unknown = Evidence("a", Unknown("few"), False, Unknown("few"))
    assert places(unknown, of("b", 0.1, 0.4, 0.9, 0.9)) == {"a": "keep", "b": "keep"}


shares = st.lists(st.floats(0.001, 1), min_size=1, max_size=12)


@given(shares, st.data())
def test_effort_adds_up_to_the_unit(weights, data):
    """Shares add up to 1 unless all stop; amounts add up to what there is, whatever it is."""
    known = [of(f"d{k}", w / 2, w, w, 0.5) for k, w in enumerate(weights)]
    at = {e.name: data.draw(st.sampled_from(placing.PLACES)) for e in known}
    found = placing.budget(at, known)
    assert sum(found.values()) == pytest.approx(0.0 if set(at.values()) == {"stop"} else 1.0)
    assert all(found[name] == 0 for name, place in at.items() if place == "stop")
    total = data.draw(st.integers(0, 10_000))
    if any(found.values()):
        assert sum(placing.parts(total, found).values()) == total


@given(shares.filter(lambda w: len(w) > 1))
def test_moving_a_driver_up_never_takes_effort_from_it(weights):
    """More is given to what one means to excel at, and less is left for the others."""
    known = [of(f"d{k}", w / 2, w, w, 0.5) for k, w in enumerate(weights)]
    at = {e.name: "keep" for e in known}
    before, after = placing.budget(at, known), placing.budget(at | {"d0": "excel"}, known)
    assert after["d0"] > before["d0"] and all(after[n] < before[n] for n in at if n != "d0")


@pytest.mark.parametrize(
    "body",
    [
        "{}x",
        '{"place": "shout"}',
        '{"cost": 9}',
        '{"hours": -1}',
        '{"hours": 1e13}',
        '{"surprise": 1}',
        '{"hours": "a"}',
    ],
)
def test_what_is_no_place_is_refused(body):
    """Nothing but what a driver can have is kept; the error says what is allowed."""
    with pytest.raises(BadInput):
        placing.read(Said, body)


def test_what_was_said_is_read_back():
    """A body is what it was made of."""
    one = Said("excel", ("service",), 2, 3.5, 1200.0)
    assert placing.read(Said, msgspec.json.encode(one).decode()) == one
