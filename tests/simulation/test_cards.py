"""People who come again under another id: what is told of them differs as the truth says, and no more."""

from collections.abc import Callable

import duckdb
import phonenumbers
import pyarrow as pa
import pytest

from openchair.core.errors import BadInput
from openchair.simulation import simulate_people
from openchair.simulation.world import world

PEOPLE = 40_000
FIELDS = ("first_name", "last_name", "birth_date", "email", "phone", "address", "postcode", "city", "country")

Ask = Callable[[str], pa.Table]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """The answer to a question in SQL over `people`, and over `pairs`: a first record and one that came after it."""
    shop = duckdb.connect()
    shop.register("people", simulate_people(PEOPLE, duplicates=0.1, seed=5))
    columns = ", ".join(f"a.{name} as {name}, b.{name} as {name}_again" for name in FIELDS)
    shop.execute(f"create view pairs as select b.how, {columns} from people b join people a on a.id = b.person "
                 "where b.how is not null")  # fmt: skip
    return lambda question: shop.sql(question).to_arrow_table()


def test_a_share_of_the_records_is_of_people_who_are_in_it_already(ask: Ask) -> None:
    """One record in ten is a second one, in the shares of its stories; every first record stands for itself."""
    counted = ask("select how, count(*) as n from people group by how")
    found = dict(zip(counted["how"].to_pylist(), counted["n"].to_pylist(), strict=True))
    assert found.pop(None) == 0.9 * PEOPLE
    for story, share in zip(world().doubles, world().shares("doubles"), strict=True):
        assert found[story] == pytest.approx(share * 0.1 * PEOPLE, rel=0.2), story
    wrong = ask("select * from people a left join people b on b.id = a.person where b.how is not null or b.id is null")
    assert wrong.num_rows == 0
    assert ask("select count(distinct id) as n from people")["n"].to_pylist() == [PEOPLE]


@pytest.mark.parametrize("story", world().doubles)
def test_what_a_story_leaves_as_it_was_is_as_it_was(ask: Ask, story: str) -> None:
    """Where both cards have a field, it differs where the story says so and nowhere else, but for typos and dates."""
    new = world().raw["doubles"][story]["new"]
    for field in FIELDS:
        both = ask(f"select {field} = {field}_again as same from pairs where how = '{story}' and "
                   f"{field} is not null and {field}_again is not null")["same"].to_pylist()  # fmt: skip
        alike = sum(both) / len(both)
        if field in new:
            assert alike < 0.1, field
        elif field == "birth_date":
            assert 0.93 < alike <= 1
        elif story == "with a typo" and field in ("first_name", "last_name", "address"):
            assert 0.6 < alike < 0.75, field
        elif (story, field) != ("same phone", "phone"):
            assert alike == 1, field


def test_a_phone_is_the_same_however_it_is_spelt(ask: Ask) -> None:
    """Numbers are valid at home; who came again with the same one wrote it so that the world can tell."""
    for row in ask("select phone, country from people where phone is not null limit 2000").to_pylist():
        assert phonenumbers.is_valid_number(phonenumbers.parse(row["phone"], row["country"])), row
    same = ask("select phone, phone_again from pairs where how = 'same phone'").to_pylist()
    assert len(same) > 300
    for row in same:
        assert row["phone"] != row["phone_again"]
        assert phonenumbers.parse(row["phone"]) == phonenumbers.parse(row["phone_again"]), row


def test_an_email_or_phone_is_of_one_person_and_mail_at_nobodys_domain(ask: Ask) -> None:
    for field in ("email", "regexp_replace(phone, '[ -]', '', 'g')"):
        shared = ask(f"select {field} as it from people group by it having it <> '' and count(distinct person) > 1")
        assert shared.num_rows == 0
    domains = ask("select distinct split_part(email, '@', 2) as at from people where email is not null order by 1")
    assert domains["at"].to_pylist() == ["example.com", "example.net", "example.org"]


def test_a_typo_is_one_slip_of_the_hand(ask: Ask) -> None:
    """One letter left out, one too many, or two that changed places; never the first."""
    slips = ask("select last_name as was, last_name_again as now from pairs where how = 'with a typo' and "
                "last_name <> last_name_again")  # fmt: skip
    assert slips.num_rows > 50
    for row in slips.to_pylist():
        was, now = row["was"], row["now"]
        assert abs(len(was) - len(now)) <= 1
        assert was[0] == now[0]
        if len(was) == len(now):
            assert sorted(was) == sorted(now)


def test_the_same_arguments_give_the_same_people() -> None:
    assert simulate_people(500, seed=3).equals(simulate_people(500, seed=3))
    assert not simulate_people(500, seed=3).equals(simulate_people(500, seed=4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"n": 1}, "n: got 1; must be from 2"), ({"n": 9, "duplicates": 0.6}, "duplicates: got 0.6; must be from 0")],
)
def test_an_argument_out_of_bounds_is_named(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        simulate_people(**arguments)  # type: ignore[arg-type]
