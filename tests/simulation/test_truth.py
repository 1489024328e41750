"""What was put into the sample shop can be found in what it wrote."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from openchair.dossier.rules import ALLERGENS, DIETS, rules_of, terms_of
from openchair.simulation.shop import simulate
from openchair.simulation.world import world
from openchair.value import spend, spender

Read = Callable[[str], pa.Table]
Ask = Callable[[str], pa.Table]
END = date(2026, 7, 1)

ORDERS = """
    select identifier, order_id, happened_at::date as day, sum(amount_minor) as paid_minor
    from purchases where not is_return and identifier not in (select customer from truth where handmade) group by all
"""


@pytest.mark.slow
def test_the_rates_put_in_are_found_by_the_model(tmp_path: Path, asker: Callable[[Path], Ask]) -> None:
    """BG/NBD fitted to the written orders of 100,000 members finds r, alpha, a and b, and both means within 2%.

    A day holds one order at most, so counts vary by rate x (1 - rate) a day where the model says rate: its parameters
    may be off by that share, the mean rate a day (3.5%), beside three standard errors.
    """
    simulate(100_000, tmp_path, seed=11, end=END)
    # A member can order on any whole day after the first and before the end: that many days were watched.
    cases = asker(tmp_path)(f"""
        with orders as ({ORDERS})
        select count(*) - 1 as x, max(day) - min(day) as t_x, date '{END}' - 1 - min(day) as T
        from orders group by identifier order by identifier
    """)
    x, t_x, T = (np.asarray(cases[c], dtype=float) for c in ("x", "t_x", "T"))
    watched = T > 0
    fitted = spender.fit(x[watched], t_x[watched], T[watched])
    buying = world().raw["buying"]
    daily = buying["r"] / buying["alpha"]
    for name, true in buying.items():
        allowed = daily * true + 3 * fitted.standard_errors[name]
        assert abs(fitted.params[name] - true) < allowed, (name, fitted.params, true)
    found = fitted.params
    assert found["r"] / found["alpha"] == pytest.approx(daily, rel=0.02)
    assert found["a"] / (found["a"] + found["b"]) == pytest.approx(buying["a"] / (buying["a"] + buying["b"]), rel=0.02)


def test_the_spending_put_in_is_found_by_the_model(ask: Ask) -> None:
    """Gamma-Gamma fitted to mean order values finds the population's mean order within 2%."""
    means = ask(f"""
        with orders as ({ORDERS})
        select count(*) as n, avg(paid_minor) / 100 as mean from orders group by identifier order by identifier
    """)
    fitted = spend.fit(np.asarray(means["n"], dtype=float), np.asarray(means["mean"]))
    p, q, gamma = (world().raw["spending"][name] for name in ("p", "q", "gamma"))
    assert fitted.params["p"] == pytest.approx(p, rel=0.05)
    assert fitted.params["q"] == pytest.approx(q, rel=0.05)
    assert fitted.params["gamma"] == pytest.approx(gamma, rel=0.1)
    assert fitted.params["p"] * fitted.params["gamma"] / (fitted.params["q"] - 1) == pytest.approx(
        p * gamma / (q - 1), rel=0.02
    )


def test_a_member_orders_once_a_day_at_most(ask: Ask) -> None:
    twice = ask(f"with o as ({ORDERS}) select identifier, day from o group by all having count(*) > 1")
    assert twice.to_pylist() == []


def test_who_left_buys_no_more(ask: Ask) -> None:
    """The last order of a member who left is on the day they left; the others' is the last the truth counts."""
    wrong = ask(f"""
        with seen as (select identifier, count(*) as n, min(day) as first, max(day) as last from ({ORDERS}) group by 1)
        select * from truth left join seen on customer = identifier where not handmade and
        (n is distinct from orders or first <> joined_on or (died_on is not null and last <> died_on))
    """)
    assert wrong.to_pylist() == []


def test_the_score_follows_from_the_drivers_as_weighted(ask: Ask) -> None:
    """Regressing NPS on the five ratings gives the weights put in, within three points of a hundred."""
    rated = ", ".join(f"max(score) filter (properties like '%{d}%') as {d}" for d in world().drivers)
    rows = ask(f"""
        select max(score) filter (metric = 'nps') as nps, {rated}
        from answers where survey_id = 'relationship' group by identifier, happened_at order by identifier, happened_at
    """)
    X = np.column_stack([*(np.asarray(rows[d]) for d in world().drivers), np.ones(rows.num_rows)])
    slopes = np.linalg.lstsq(X, np.asarray(rows["nps"]), rcond=None)[0][:-1]
    np.testing.assert_allclose(slopes / slopes.sum(), world().driver_column("weight"), atol=0.03)


def test_referrals_are_a_forest_told_in_order(read: Read, ask: Ask) -> None:
    """Nobody is brought by two members or by themselves, by any road, and invited comes before joined, then bought."""
    truth = read("truth/customers")
    bought = ask("select invitee, identifier from referrals where status = 'bought'")
    by = dict(zip(bought["invitee"].to_pylist(), bought["identifier"].to_pylist(), strict=True))
    assert len(by) == bought.num_rows > 0.2 * truth.num_rows
    known = dict(zip(truth["customer"].to_pylist(), truth["referred_by"].to_pylist(), strict=True))
    assert by == {who: referrer for who, referrer in known.items() if referrer}
    for start in by:
        seen, at = {start}, by.get(start)
        while at:
            assert at not in seen, f"{start} brought themselves"
            seen.add(at)
            at = by.get(at)
    late = ask("""
        select invitee from referrals group by invitee, identifier having
        max(happened_at) filter (status = 'invited') > min(happened_at) filter (status = 'joined')
        or max(happened_at) filter (status = 'joined') > min(happened_at) filter (status = 'bought')
    """)
    assert late.to_pylist() == []


def test_the_well_connected_bring_more_and_friends_live_near(ask: Ask) -> None:
    """Preferential attachment gives a long tail; homophily keeps most referrals within a city."""
    brought = ask("select count(*) as n from referrals where status = 'bought' group by identifier")
    counts = np.asarray(brought["n"])
    assert counts.max() >= 8 > 3 * counts.mean()
    near = ask("""
        with city as (select identifier, value from traits where name = 'city')
        select avg((a.value = b.value)::int) as share from referrals r join city a on a.identifier = r.identifier
        join city b on b.identifier = r.invitee where status = 'bought'
    """)["share"][0].as_py()
    assert near > 0.6


def test_nobody_buys_what_they_must_not_eat(read: Read) -> None:
    """No order line holds an allergen its buyer has, or is unfit for their diet, declared to the shop or not."""
    purchases, truth, items = read("purchases"), read("truth/customers"), read("truth/items")
    held = {i: _words(a) for i, a in zip(items["item_id"].to_pylist(), items["allergens"].to_pylist(), strict=True)}
    unfit = {i: _words(d) for i, d in zip(items["item_id"].to_pylist(), items["unfit"].to_pylist(), strict=True)}
    people = {
        row["customer"]: (_words(row["allergies"]), row["diet"])
        for row in truth.select(["customer", "allergies", "diet"]).to_pylist()
    }
    pairs = purchases.select(["identifier", "item_id"]).group_by(["identifier", "item_id"]).aggregate([]).to_pylist()
    assert len(pairs) > truth.num_rows
    for pair in pairs:
        allergies, diet = people[pair["identifier"]]
        assert not allergies & held[pair["item_id"]], pair
        assert diet not in unfit[pair["item_id"]], pair


def test_a_declaration_says_the_truth_and_silence_says_nothing(read: Read, ask: Ask) -> None:
    """The dossier's own reading of each `allergies` trait is the member's true list; half declared nothing at all.

    What the team wrote down is of members who declared nothing themselves, and true as well.
    """
    told = ask("select identifier, value, said_by from traits where name = 'allergies'").to_pylist()
    people = {row["customer"]: row for row in read("truth/customers").to_pylist()}
    for row in told:
        who = people[row["identifier"]]
        mask, _ = rules_of("allergies", row["value"])
        assert set(terms_of(mask)) == _words(who["allergies"]), row
        assert who["allergies_declared"] == (row["said_by"] == "customer")
    declared = sum(row["said_by"] == "customer" for row in told)
    assert declared == sum(row["allergies_declared"] for row in people.values())
    assert 0.4 < declared / len(people) < 0.7
    assert len(told) > declared


def test_a_snack_is_sold_from_the_day_its_brand_lists_it(read: Read, ask: Ask) -> None:
    """The list of items is told as events without a customer; some makers have not declared what a snack holds."""
    events = read("events")
    assert events["identifier"].null_count == events.num_rows == len(world().items.ids)
    early = ask("""
        select count(*) as n from purchases p join events e on e.properties->>'item_id' = p.item_id
        where p.happened_at < e.happened_at
    """)
    assert early["n"].to_pylist() == [0]
    silent = ask("select count(*) as n from events where json_type(properties->'allergens') = 'NULL'")
    assert silent["n"].to_pylist() == [6]


def test_the_worlds_words_are_the_houses(read: Read) -> None:
    """Allergens and diets are those the other rooms know."""
    assert set(world().allergens) <= set(ALLERGENS)
    assert set(world().diets) <= {*DIETS, "none"}
    assert world().driver_column("weight").sum() == pytest.approx(1)
    assert read("truth/drivers")["driver"].to_pylist() == list(world().drivers)


def _words(text: str) -> set[str]:
    return {word for word in text.split(", ") if word}
