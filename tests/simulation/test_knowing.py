"""What the shop knows of its members: told by several, true where they declared it; the truth says who is who."""

import json
from collections.abc import Callable
from pathlib import Path

import phonenumbers
import pyarrow as pa
import pytest

from openchair.core.clock import quiet_hours, zone
from openchair.dossier import consent
from openchair.dossier.attention import WISHES
from openchair.dossier.rules import binds, rules_of, terms_of
from openchair.loyalty import actions
from openchair.simulation.cards import OWN_EMAIL, OWN_EMAILS
from openchair.simulation.shop import simulate
from openchair.simulation.world import world

Read = Callable[[str], pa.Table]
Ask = Callable[[str], pa.Table]

SAID = "select t.*, d.person, d.came_again, d.household, d.diet from traits t join truth d on d.customer = t.identifier"


def test_some_came_twice_and_the_truth_says_who(ask: Ask) -> None:
    """One in twenty-five is somebody who came earlier, in every way there is; a first record stands for itself."""
    counted = ask("select came_again, count(*) as n from truth group by came_again")
    ways = dict(zip(counted["came_again"].to_pylist(), counted["n"].to_pylist(), strict=True))
    first = ways.pop(None)
    assert set(ways) == set(world().doubles)
    assert 0.03 < sum(ways.values()) / (first + sum(ways.values())) < 0.05
    wrong = ask("""
        select a.customer from truth a join truth b on b.customer = a.person
        where (a.came_again is null) <> (a.person = a.customer) or b.person <> b.customer
        or (a.came_again is not null and (a.joined_on <= b.joined_on or a.allergies <> b.allergies or a.diet <> b.diet
        or a.need <> b.need or a.referred_by is not null))
    """)
    assert wrong.num_rows == 0


def test_only_two_ways_of_coming_twice_leave_an_identifier_in_common(ask: Ask) -> None:
    """An e-mail or phone on two cards is of one person who came again so; else it is the shop's own or a family's."""
    shared = ask(f"""
        select if(name = 'phone', regexp_replace(value, '[ -]', '', 'g'), value) as value,
        count(distinct person) as persons, count(distinct household) as homes, list(distinct came_again) as ways
        from ({SAID}) where name = 'email' or (name = 'phone' and value like '+%')
        group by 1 having count(distinct identifier) > 1
    """).to_pylist()
    assert [row["value"] for row in shared if row["persons"] > 2] == [OWN_EMAIL]
    families = [row for row in shared if row["persons"] == 2]
    assert len(families) == 2
    assert {row["homes"] for row in families} == {1}
    assert all({"same e-mail", "same phone"} & {*row["ways"]} for row in shared if row["persons"] == 1)
    ours = ask(f"select said_by from traits where value = '{OWN_EMAIL}'")["said_by"].to_pylist()
    assert ours == ["staff"] * OWN_EMAILS


def test_a_phone_in_common_is_spelt_so_that_it_can_be_told(ask: Ask) -> None:
    """Who came again with the same phone wrote it differently, and both name their country."""
    pairs = ask(f"""
        with told as ({SAID})
        select a.value as one, b.value as other from told b join told a on a.identifier = b.person
        where b.came_again = 'same phone' and a.name = 'phone' and b.name = 'phone'
    """).to_pylist()
    assert len(pairs) > 60
    for pair in pairs:
        assert pair["one"] != pair["other"]
        assert phonenumbers.parse(pair["one"]) == phonenumbers.parse(pair["other"])


def test_a_small_shop_shares_no_identifier_by_mistake(tmp_path: Path, asker: Callable[[Path], Ask], ask: Ask) -> None:
    """The shop's own e-mail and a family's phone stand in the cards of a shop of a thousand members or more."""
    simulate(300, tmp_path, end=ask("select max(joined_on) as day from truth")["day"][0].as_py())
    wrong = asker(tmp_path)(f"""
        with told as ({SAID})
        select value from told where name in ('email', 'phone') group by value having count(distinct person) > 1
    """)
    assert wrong.num_rows == 0


def test_families_live_together_and_colleagues_work_together(ask: Ask) -> None:
    """A family tie is of two people of one home, with its address and last name; a company tie of one company."""
    lives = f"""
        with told as ({SAID}), card as (
        select identifier, person, household, max(value) filter (name = 'last_name') as last_name,
        max(value) filter (name = 'address') as address, max(value) filter (name = 'company') as company,
        max(value) filter (name = 'city') as city from told group by all)
        select r.relation, a.household = b.household as home, a.last_name = b.last_name as named,
        a.address = b.address as housed, a.person = b.person as one,
        a.company = b.company and a.city = b.city as working
        from ties r join card a on a.identifier = r.identifier join card b on b.identifier = r.other
        where r.identifier not in (select customer from truth where handmade)
    """
    ties = ask(lives).to_pylist()
    by = {
        relation: [tie for tie in ties if tie["relation"] == relation] for relation in ("friend", "family", "company")
    }
    assert all(len(found) > 100 for found in by.values())
    assert not any(tie["one"] for tie in ties)
    assert all(tie["home"] and tie["named"] and tie["housed"] is not False for tie in by["family"])
    assert all(tie["working"] for tie in by["company"])


@pytest.mark.parametrize("name", ["favourite_team", "children", "favourite_foods", "diet"])
def test_sources_disagree_on_some_and_agree_on_most(ask: Ask, name: str) -> None:
    """Of those of whom two speak, they say different things; of most only one speaks."""
    spoken = ask(f"select count(distinct said_by) as mouths, count(distinct value) as values from traits "
                 f"where name = '{name}' group by identifier").to_pylist()  # fmt: skip
    several = [row for row in spoken if row["mouths"] > 1]
    assert 20 < len(several) < 0.2 * len(spoken)
    assert sum(row["values"] > 1 for row in several) > 0.8 * len(several)


def test_what_was_inferred_of_a_diet_is_wrong_and_what_they_say_is_right(ask: Ask) -> None:
    """Each inferred diet is doubtful and contradicted by the member's own word, which is the truth."""
    diets = ask(f"select said_by, value, diet, confidence from ({SAID}) where name = 'diet'").to_pylist()
    inferred = [row for row in diets if row["said_by"] == "inferred"]
    assert len(inferred) > 100
    assert all(row["value"] != row["diet"] and row["confidence"] < 1 for row in inferred)
    assert all(row["value"] == row["diet"] for row in diets if row["said_by"] == "customer")


def test_what_the_team_wrote_down_is_signed(ask: Ask) -> None:
    """Every note, and every other word of staff, names one of the team."""
    said = ask("select name, properties from traits where said_by = 'staff'").to_pylist()
    assert {"note", "allergies", "never", "favourite_team", "children", "best_time_to_call"} <= {
        r["name"] for r in said
    }
    assert {json.loads(row["properties"])["by"] for row in said} == set(world().raw["team"]["list"])


def test_prohibitions_are_read_by_the_dossier(ask: Ask) -> None:
    """Never call, no flowers, no gifts and under age: each is told of some, and is the rule it is meant to be."""
    found = ask("select distinct name, value from traits where name in ('never', 'age')").to_pylist()
    assert all(binds(row["name"]) for row in found)
    terms = {term for row in found for term in terms_of(rules_of(row["name"], row["value"])[0])}
    assert terms == {"no calls", "no flowers", "no gifts", "under age"}
    wrong = ask("select t.identifier from traits t join contacts c using (identifier) "
                "where t.name = 'age' and c.campaign is not null")  # fmt: skip
    assert wrong.num_rows == 0


def test_consents_keep_the_words_they_were_given_to(ask: Ask) -> None:
    """Each names a purpose the house knows, its wording and the wording's language; a yes may be taken back."""
    said = ask("select distinct name, value, properties from traits where name like 'consent.%'").to_pylist()
    for row in said:
        assert consent.slot_of(row["name"]) in consent.SLOTS
        assert consent.answer_of(row["value"]) == row["value"]
        told = json.loads(row["properties"])
        assert told["wording"] == world().raw["wordings"][row["name"]][told["language"]]
    assert {json.loads(row["properties"])["language"] for row in said} == {"en", "ur", "th"}
    refused = ask("select count(*) as n from traits where name = 'consent.profiling' and value = 'no'")["n"][0].as_py()
    assert refused > 200
    words = ask("""
        select list(value order by happened_at) as words from traits where name = 'consent.email.marketing'
        group by identifier having count(*) > 1
    """)["words"].to_pylist()
    assert len(words) > 200
    assert {tuple(row) for row in words} == {("yes", "no")}


def test_attention_and_quiet_hours_are_asked_for_by_a_few(ask: Ask) -> None:
    """Wishes, hours and time zones are such as the house can keep."""
    names = ("attention", "quiet_hours", "timezone")
    said = ask(f"select name, value, count(*) as n from traits where name in {names} group by all").to_pylist()
    told = {name: {row["value"]: row["n"] for row in said if row["name"] == name} for name in names}
    assert set(told["attention"]) == set(WISHES) - {"normal"}
    assert all(quiet_hours(hours) for hours in told["quiet_hours"])
    assert all(zone(where) for where in told["timezone"])
    assert all(sum(told[name].values()) < 0.1 * 20_000 for name in names)


def test_what_was_sent_lately_was_welcome(ask: Ask) -> None:
    """Actions of the catalogue, in the last four weeks, by its channels; none by e-mail to those who did not agree."""
    sent = ask("""
        select action, channel, pillar, count(*) as n, min(happened_at) as first from contacts
        where status = 'sent' and campaign is null
        and identifier not in (select customer from truth where handmade) group by all
    """).to_pylist()
    known = {action.id: action for action in actions.default()}
    for row in sent:
        action = known[row["action"]]
        assert (row["channel"], row["pillar"]) == (action.channel, action.pillar)
        assert f"{row['first']:%Y-%m-%d}" >= "2026-06-03"
    assert len(sent) == len(world().raw["sent"]["list"])
    wrong = ask("""
        with agreed as (
        select identifier, max(happened_at) filter (value = 'no') as until, bool_or(value = 'yes') as yes from traits
        where name = 'consent.email.marketing' group by identifier)
        select c.identifier from contacts c left join agreed a using (identifier)
        where c.channel = 'e-mail' and c.status = 'sent' and (a.yes is not true or c.happened_at > a.until)
    """)
    assert wrong.num_rows == 0
