"""Two records become one customer and two again, and what may not be joined is not."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.people.conftest import ADA, BEN, CUSTOMER, OWNER, STAFF, Clock, Shop

from openchair.chair.people.identifying import merge_id
from openchair.chair.people.seating import SeatRefused
from openchair.chair.views import Merge, Review
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound


def whole(shop: Shop, who: str) -> Any:
    """All that a dossier and a timeline say of somebody, but for decisions, which are as of a turn."""
    dossier = shop.chair.people.dossier(who, by=STAFF, timeline=True)
    return msgspec.to_builtins(replace(dossier, decisions=()))


def test_a_merge_joins_and_its_undoing_restores_exactly(shop: Shop) -> None:
    """Identifiers, timelines, traits with provenance, consents, rules, attention, standing: as before, for both."""
    people = shop.chair.people
    people.say(ADA, "favourite team", "Lions", by=STAFF)
    people.forbid(BEN, "no flowers", by=CUSTOMER)
    people.agree(BEN, "marketing", "e-mail", "no", by=CUSTOMER, wording="Do not write.", language="en")
    shop.contact(BEN, "letter")
    shop.chair.sync()
    before = whole(shop, ADA), whole(shop, BEN), shop.standing(ADA), shop.standing(BEN)
    merge = shop.chair.merging.merge(ADA, BEN, by=STAFF, why="He says so himself.")
    assert shop.chair.find(ADA) == shop.chair.find(BEN)
    one = shop.chair.people.dossier(ADA, by=STAFF, timeline=True)
    assert {"id:ada", "id:ben"} <= set(one.identifiers)
    assert [rule.term for rule in one.hard_rules] == ["no flowers"]
    assert "Lions" in {trait.value for trait in one.traits}
    assert shop.standing(BEN)["rules"] and len([e for e in one.timeline if e.title == "Ordered"]) == 6
    listed, _ = shop.chair.customers()
    assert len(listed) == 1
    shop.chair.merging.unmerge(merge.merge_id, by=STAFF, why="They were brothers.")
    assert (whole(shop, ADA), whole(shop, BEN), shop.standing(ADA), shop.standing(BEN)) == before
    assert len(shop.chair.customers()[0]) == 2


def test_a_turn_counts_the_merged_as_one_and_the_parted_as_two(shop: Shop) -> None:
    """Orders, worth and stage follow who is who."""
    shop.chair.merging.merge(ADA, BEN, by=STAFF)
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 1 and shop.standing(ADA)["orders"] == 6
    shop.chair.merging.unmerge(ADA, by=OWNER)
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 2 and shop.standing(ADA)["orders"] == shop.standing(BEN)["orders"] == 3


def test_what_cannot_be_is_refused(shop: Shop) -> None:
    """With themselves; already one by way of others; against somebody's word that they are two."""
    merging = shop.chair.merging
    shop.identify("cy", name="Cy Twombly")
    shop.order("cy", 10)
    shop.clock.on(hours=1)
    shop.chair.turn()
    with pytest.raises(BadInput):
        merging.merge(ADA, "ada@example.org", by=STAFF)
    merging.merge(ADA, BEN, by=STAFF)
    merging.merge(BEN, "cy", by=STAFF)
    with pytest.raises((BadInput, Conflict)):
        merging.merge(ADA, "cy", by=STAFF)
    merging.unmerge(merging.merges(status="merged", customer="cy")[0][0].merge_id, by=STAFF, why="Two people.")
    for left, right in ((ADA, "cy"), (BEN, "cy")):
        if shop.chair.find(left) != shop.chair.find(right):
            with pytest.raises(Conflict, match="apart"):
                merging.merge(left, right, by=STAFF)
    for kept in merging.merges(status="apart")[0]:
        assert merging.join(kept.merge_id, by=STAFF, why="After all.").status == "merged"
    merging.unmerge("cy", by=STAFF)
    with pytest.raises(NotFound):
        merging.unmerge("cy", by=STAFF)
    with pytest.raises(NotFound):
        merging.merge(ADA, "nobody", by=STAFF)
    with pytest.raises(NotAllowed):
        merging.merge(ADA, "cy", by=CUSTOMER)


def test_a_question_is_answered_once(shop: Shop) -> None:
    """A proposed pair waits for a person; its verdict is done, recorded with who and why, and can be undone."""
    left, right = sorted((shop.chair.find(ADA), shop.chair.find(BEN)))
    asked = Merge(merge_id(left, right), left, right, "model", "alike", 0.8, (), "asked", shop.clock())
    shop.chair.state.put_merges([asked])
    question = Review("r1", "merge", asked.merge_id, left, "Are these one?", shop.clock(), "the server")
    shop.chair.state.open_reviews([question])
    assert shop.chair.find(ADA) != shop.chair.find(BEN)
    with pytest.raises(BadInput):
        shop.chair.merging.settle("r1", "perhaps", by=STAFF)
    done = shop.chair.merging.settle("r1", "merge", by=STAFF, why="Same voice.")
    assert (done.verdict, done.decided_by, done.why) == ("merge", STAFF.name, "Same voice.")
    assert shop.chair.find(ADA) == shop.chair.find(BEN)
    assert not shop.chair.merging.reviews()[0]
    with pytest.raises(Conflict):
        shop.chair.merging.settle("r1", "apart", by=STAFF)
    shop.chair.merging.unmerge(asked.merge_id, by=STAFF)
    assert shop.chair.find(ADA) != shop.chair.find(BEN)


def test_an_exact_link_is_a_merge_that_stays_undone(shop: Shop) -> None:
    """Two shop ids with one e-mail are one customer at the next turn; once taken apart they stay apart."""
    shop.identify(BEN, email="ada@example.org")
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 1
    shop.chair.merging.unmerge(ADA, by=STAFF, why="They share a mailbox.")
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 2


def test_whom_one_keeps_apart_is_apart_though_a_third_is_one_with_both(shop: Shop) -> None:
    """Three records of one mailbox: two are parted, and with whom the third belongs is asked, not guessed."""
    for who in (BEN, "cy"):
        shop.identify(who, email="ada@example.org")
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 1
    merging, state = shop.chair.merging, shop.chair.state
    bases = dict(zip(*(state.identities()[name].to_pylist() for name in ("identifier", "base_id")), strict=True))
    link = shop.chair.seats.link("cy", by=STAFF)
    merging.unmerge(merge_id(bases["id:ada"], bases["id:ben"]), by=STAFF, why="Two people.")
    assert len({shop.chair.find(who) for who in (ADA, BEN, "cy")}) == 3
    asked, _ = merging.merges(status="asked")
    assert len(asked) == 2 and {one.subject for one in merging.reviews()[0]} == {one.merge_id for one in asked}
    with pytest.raises(SeatRefused):
        shop.chair.seats.look(link.rpartition("/")[2])
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 3
    one, other = asked
    assert merging.join(one.merge_id, by=STAFF).status == "merged"
    with pytest.raises(Conflict, match="apart"):
        merging.join(other.merge_id, by=STAFF)
    merging.unmerge(one.merge_id, by=STAFF)
    merging.join(other.merge_id, by=STAFF)
    assert len({shop.chair.find(who) for who in (ADA, BEN, "cy")}) == 2


def test_one_telephone_is_one_customer_however_it_is_spelled(
    begun: Path, tmp_path: Path, opened: Callable[[Path, Clock], Shop]
) -> None:
    """The shop's country completes a number; one of another first name is asked about: families share it."""
    home = Path(shutil.copytree(begun, tmp_path / "begun"))
    with (home / "openchair.toml").open("a") as settings:
        settings.write('country = "PK"\n')
    shop = opened(home, Clock())
    shop.identify(ADA, phone="0300 1234567")
    shop.identify("ada-again", phone="+92 300 1234567", first_name="ADA")
    shop.identify(BEN, phone="0092 300 1234567")
    shop.clock.on(hours=1)
    assert shop.chair.turn().customers == 2
    assert shop.chair.find("0300-1234567") == shop.chair.find("+92 (300) 1234567")
    assert shop.chair.find(ADA) == shop.chair.find("ada-again") != shop.chair.find(BEN)
    asked, _ = shop.chair.merging.merges(status="asked")
    assert asked and all("telephone" in one.because for one in asked)


def test_the_shops_own_mailbox_ties_nobody_and_is_told(shop: Shop) -> None:
    """One question to the team, once, however many turns there are."""
    for n in range(12):
        shop.identify(f"guest{n}", email="orders@shop.example")
    for _ in range(2):
        shop.clock.on(hours=1)
        assert shop.chair.turn().customers == 14
    asked, _ = shop.chair.merging.reviews(kind="identifier")
    assert [one.subject for one in asked] == ["email:orders@shop.example"] and "12" in asked[0].text
