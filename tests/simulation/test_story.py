"""The hand-made members: a story that holds together, whatever the seed and the end."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openchair.simulation.shop import simulate
from openchair.simulation.story import MEMBERS

Ask = Callable[[str], pa.Table]


def test_nadia_is_as_told(ask: Ask) -> None:
    """She buys every 19 days and it has been 34; four friends joined; yesterday she answered 6 and said why."""
    orders = ask("""
        select distinct happened_at::date as day, date '2026-07-01' - happened_at::date as ago
        from purchases where identifier = 'id:M000001' order by day
    """)
    ago = orders["ago"].to_pylist()
    assert ago[-1] == 34
    assert {earlier - later for earlier, later in pairwise(ago)} == {19}
    friends = ask(
        "select invitee from referrals where identifier = 'id:M000001' and status = 'bought' order by invitee"
    )
    assert friends["invitee"].to_pylist() == [f"id:M00000{k}" for k in (5, 6, 7, 8)]
    answer = ask("""
        select score, text, date '2026-07-01' - happened_at::date as ago from answers
        where identifier = 'id:M000001' and metric = 'nps' order by happened_at desc limit 1
    """).to_pylist()[0]
    assert (answer["score"], answer["ago"]) == (6.0, 1)
    assert answer["text"].startswith("I don't need more choice. I need someone to notice")
    told = ask("select name, value from traits where identifier = 'id:M000001' order by happened_at")
    traits = dict(zip(told["name"].to_pylist(), told["value"].to_pylist(), strict=True))
    assert traits["allergies"] == '["peanuts"]'
    assert traits["never"] == '["flowers"]'
    assert traits["children"] == "2"
    back_and_forth = ask("select count(*) as n from steps where identifier = 'id:M000001' and name like 'Box Changed%'")
    assert back_and_forth["n"].to_pylist() == [3]


def test_nobody_hand_made_eats_what_harms_them(ask: Ask, folder: Path) -> None:
    """What they buy is free of what they are allergic to, as for everyone."""
    items = pq.read_table(folder / "truth/items.parquet")
    held = dict(zip(items["item_id"].to_pylist(), items["allergens"].to_pylist(), strict=True))
    for member in MEMBERS:
        who = f"id:M{member['number']:06d}"
        for item in ask(f"select distinct item_id from purchases where identifier = '{who}'")["item_id"].to_pylist():
            assert not set(member["truth"]["allergies"]) & set(held[item].split(", ")), (who, item)


def test_letters_go_to_those_who_agreed(ask: Ask) -> None:
    """Nobody who said no to marketing, or was never asked, was sent the monthly letter - hand-made or not."""
    wrong = ask("""
        select c.identifier from contacts c anti join traits t on t.identifier = c.identifier
        and t.name = 'consent.email.marketing' and t.value = 'yes' and t.happened_at < c.happened_at
        where c.campaign = 'monthly letter'
    """)
    assert wrong.num_rows == 0


@pytest.mark.parametrize("end", [date(2024, 3, 1), date(2027, 1, 1)])
def test_the_story_moves_with_the_end(tmp_path: Path, end: date) -> None:
    """In a year's history early orders fall away, what is known of people stays, and yesterday is still yesterday."""
    simulate(20, tmp_path, seed=5, end=end, years=1)
    answers = pq.read_table(tmp_path / "answers.parquet", filters=[("identifier", "=", "id:M000001")]).to_pylist()
    assert (end - max(row["happened_at"] for row in answers).date()).days == 1
    names = pq.read_table(tmp_path / "traits.parquet", filters=[("name", "=", "name")])
    assert {member["name"] for member in MEMBERS} <= set(names["value"].to_pylist())
