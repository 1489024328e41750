"""The catalogue: every pillar is served without asking for opt-in, and a wrong file is refused in words."""

from collections import Counter
from pathlib import Path

import pytest

from openchair.core.errors import BadInput
from openchair.dossier.consent import NEEDS_OPT_IN
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import default, discounts, parse
from openchair.loyalty.pillars import EXPERIENCES, PILLARS

ONE = """
[[action]]
id = "note"
pillar = "experiences"
experience = "respond"
title = "A note by hand"
want = "somebody knows their name"
relationship = "no machine sends it"
channels = ["parcel"]
cost_minor = 120
spacing_days = 14
uplift = { steady = 0.01 }
uplift_sd = 0.02
"""


def test_the_default_catalogue_serves_every_pillar() -> None:
    """At least two actions a pillar, and in each pillar one that may be done for people who never opted in."""
    actions = default()
    assert 14 <= len(actions) <= 20
    assert all(count >= 2 for count in Counter(action.pillar for action in actions).values())
    assert {action.pillar for action in actions} == set(PILLARS)
    assert {action.experience for action in actions} == set(EXPERIENCES)
    free = {action.pillar for action in actions if (action.purpose, action.channel) not in NEEDS_OPT_IN}
    assert free == set(PILLARS)


def test_discounts_are_the_last_resort() -> None:
    """One in the whole catalogue, for those who have lapsed, and marked as what it is."""
    bought = [action for action in default() if action.is_discount]
    assert discounts(default()) == tuple(action.id for action in bought) == ("come-back-voucher",)
    assert set(bought[0].uplift) == {"lapsed"}


def test_every_stage_but_a_stranger_has_something() -> None:
    """No stage is left without an action."""
    assert {stage for action in default() for stage in action.uplift} == set(STAGES)


def test_the_order_of_the_file_does_not_matter() -> None:
    """Actions come sorted by id, so a moved block changes no decision."""
    two = ONE.replace('"note"', '"another-note"')
    assert parse(ONE + two) == parse(two + ONE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"experiences"', '"price"', "note, pillar: got 'price'; must be one of products, service"),
        ('title = "A note by hand"\n', "", "note, title: must be given"),
        ("cost_minor = 120", "cost_minor = -1", "note, cost_minor: got -1; expected `int` >= 0"),
        ("steady = 0.01", "happy = 0.01", "must be one of prospect, new"),
        ("steady = 0.01", "steady = 7.0", "expected `float` <= 1"),
        ("steady = 0.01", "", "note, uplift: got {}; must name one stage or more"),
        ("uplift_sd = 0.02", "uplift_sd = 0.0", "note, uplift_sd: got 0.0; expected `float` > 0"),
        ("cost_minor", "colour = 1\ncost_minor", "unknown field `colour`"),
        ("cost_minor", 'contents = { edible = true, allergens = ["peanut"] }\ncost_minor', "must be one of gluten"),
        ("cost_minor", 'contents = { allergens = ["milk"] }\ncost_minor', "belongs to what is edible"),
        ("cost_minor", 'needs = { nps = ["happy"] }\ncost_minor', "must be one of unknown, detractor"),
        ('"note"', '"wait"', "and not wait"),
        ('"note"', '"Not A Slug"', "Not A Slug, id: got 'Not A Slug'"),
        ("[[action]]", "[[actions]]", "must hold \\[\\[action\\]\\] tables"),
        ("[[action]]", "[[action", "must be TOML"),
    ],
)
def test_a_wrong_catalogue_is_refused_in_words(old: str, new: str, message: str) -> None:
    """The error names the action, the field, the value, the bound and the remedy."""
    with pytest.raises(BadInput, match=message):
        parse(ONE.replace(old, new, 1))


def test_an_id_is_one_actions_own() -> None:
    """Two actions of one id cannot be told apart in the log."""
    with pytest.raises(BadInput, match="one action only"):
        parse(ONE + ONE)


def test_the_page_lists_every_action() -> None:
    """docs/decisions.md shows the catalogue as it is: title, channel, whether it needs opting in."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "decisions.md").read_text(encoding="utf-8")
    for action in default():
        opt_in = "yes" if (action.purpose, action.channel) in NEEDS_OPT_IN else "no"
        assert f"| {action.title} | {action.channel} | {opt_in} |" in page
