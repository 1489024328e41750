"""Export, erasure to the last byte, retention."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, inspect, text
from tests.people.conftest import ADA, BEN, CUSTOMER, OWNER, STAFF, Clock, Shop

from openchair.cli.wiring import back_up, restore_home
from openchair.core.errors import NotAllowed, NotFound

SECRETS = (
    "ada@example.org",
    "Ada Byron",
    "id:ada",
    "Lahore Lions",
    "my own words",
    "07700900123",
    "+447700900123",
    "Byron",
)


def traces(home: Path, words: tuple[str, ...]) -> Iterator[str]:
    """Where any of the words still stands: in the bytes of any file, in decoded Parquet, in any cell of the state."""
    for file in sorted(p for p in home.rglob("*") if p.is_file()):
        try:
            told = file.read_bytes()
        except FileNotFoundError:  # SQLite takes its side files away with the last connection
            continue
        found = [w for w in words if w.encode() in told]
        if file.suffix == ".gz":
            found += [w for w in words if w.encode() in gzip.decompress(told)]
        if file.suffix == ".parquet":
            rows = str(pq.read_table(file).to_pylist())
            found += [w for w in words if w in rows]
        if found:
            yield f"{file.relative_to(home)}: {found}"
    if (home / "state.db").is_file():
        yield from cells(home / "state.db", words)


def cells(state: Path, words: tuple[str, ...]) -> Iterator[str]:
    """Where any of the words stands in a table of the state."""
    engine = create_engine(f"sqlite:///{state}")
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                found = [
                    w for w in words if any(w.encode() in (c if isinstance(c, bytes) else str(c).encode()) for c in row)
                ]
                if found:
                    yield f"table {table}: {found} in {row}"
    engine.dispose()


def fill(shop: Shop) -> None:
    """Ada is in every corner: traits, notes, a voice, a decision, a seat, a question, the audit, rejects, the inbox."""
    people = shop.chair.people
    shop.identify(ADA, phone="07700900123", anonymous_id="device-ada")
    people.say(ADA, "favourite team", "Lahore Lions", by=CUSTOMER)
    people.note(ADA, "Ada Byron likes Thursdays.", by=STAFF)
    people.agree(ADA, "marketing", "e-mail", "yes", by=CUSTOMER, wording="Ada Byron may be written to.")
    shop.send(
        {"type": "track", "userId": ADA, "event": "Product Reviewed",
         "properties": {"product_id": "fig", "review_id": "1", "review_body": "in my own words", "rating": 2}},
    )  # fmt: skip
    decision = shop.chair.decide(ADA, "checkout")
    people.ask_review(ADA, decision.decision_id, by=CUSTOMER, text="Ada Byron asks why")
    shop.chair.seats.link(ADA, by=STAFF)
    shop.clock.on(hours=1)
    shop.chair.turn()
    shop.send(
        {"type": "track", "userId": ADA, "event": "Order Completed", "properties": {"email": "ada@example.org"}},
        sync=False,
    )
    (shop.chair.home / "uploads").mkdir(exist_ok=True)
    (shop.chair.home / "uploads" / "waiting.csv").write_text("email\nada@example.org\n")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A file that names both, and a row about Ada that cannot be read."""
    file = tmp_path / "orders.csv"
    file.write_text(
        "Order,Email,Date,Item,Total\n1,ada@example.org,2026-01-05,Fig,9.00\n2,ben@example.org,2026-01-06,Fig,9.00\n"
        "3,ada@example.org,not a day,Fig,9.00\n",
        encoding="utf-8",
    )
    return file


def test_the_erased_are_gone_to_the_last_byte(shop: Shop, orders: Path) -> None:
    """From every file and table of the home; also after the same file and the same events come again, and a turn."""
    shop.chair.listen([orders])
    fill(shop)
    own_id = shop.chair.find(ADA)
    assert len(list(traces(shop.chair.home, SECRETS))) > 8
    gone = shop.chair.privacy.erase(ADA, by=OWNER)
    assert gone["traits"] and gone["purchases"] >= 4
    assert list(traces(shop.chair.home, (*SECRETS, own_id, "device-ada"))) == []
    shop.chair.listen([orders])
    shop.clock.on(hours=1)
    shop.chair.turn()
    assert list(traces(shop.chair.home, (*SECRETS, own_id, "device-ada"))) == []
    shop.identify(ADA, email="ada@example.org", name="Ada Byron")
    shop.send({"type": "identify", "userId": "x", "traits": {"email": "ada@example.org"}, "timestamp": "2026-07-01"})
    shop.clock.on(hours=1)
    shop.chair.turn()
    assert list(cells(shop.chair.home / "state.db", (*SECRETS, own_id))) == []
    assert list(traces(shop.chair.home / "history", (*SECRETS, own_id))) == []
    with pytest.raises(NotFound):
        shop.chair.people.dossier(ADA, by=STAFF)
    assert shop.standing(BEN)["orders"] == 4


def test_a_merged_customer_is_erased_whole(shop: Shop) -> None:
    """Both records, whichever is named, and the row that joined them."""
    shop.chair.merging.merge(ADA, BEN, by=STAFF, why="Ada Byron says so")
    shop.chair.privacy.erase(BEN, by=CUSTOMER)
    assert list(traces(shop.chair.home, ("ada@example.org", "ben@example.org", "Okri", "Byron"))) == []


def test_an_older_backup_brings_nobody_back(shop: Shop, tmp_path: Path, opened: Callable[[Path, Clock], Shop]) -> None:
    """With the list of the erased beside it, a backup made before an erasure is restored without the person."""
    fill(shop)
    back_up(shop.chair.home, tmp_path / "before.tar.gz")
    shop.chair.privacy.erase(ADA, by=OWNER)
    erased = restore_home(tmp_path / "new", tmp_path / "before.tar.gz", shop.chair.home / "erased.txt")
    assert erased == 1
    assert list(traces(tmp_path / "new", SECRETS)) == []
    again = opened(tmp_path / "new", shop.clock)
    with pytest.raises(NotFound):
        again.chair.find(ADA)
    again.identify(ADA, email="ada@example.org")
    again.clock.on(hours=1)
    assert again.chair.turn().customers == 1 and again.standing(BEN)["orders"] == 3


def test_only_the_customer_and_owners_may_erase(shop: Shop) -> None:
    """Staff and programs may not."""
    with pytest.raises(NotAllowed):
        shop.chair.privacy.erase(ADA, by=STAFF)
    assert shop.chair.people.dossier(ADA, by=STAFF).identifiers


def test_a_copy_holds_everything_of_theirs_and_nothing_of_others(shop: Shop) -> None:
    """Every fact, every decision with its reasons, who looked."""
    fill(shop)
    copy = shop.chair.privacy.copy(ADA, by=CUSTOMER)
    told = str(copy)
    for word in ("ada@example.org", "Lahore Lions", "my own words", "Thursdays"):
        assert word in told
    assert "ben@example.org" not in told and "Okri" not in told
    assert len(copy["facts"]["purchases"]) == 3 and copy["decisions"][0]["reasons"]
    assert {line["who"] for line in copy["who_looked"]} >= {STAFF.name}


def test_kept_long_enough_is_let_go(home: Path, opened: Callable[[Path, Clock], Shop]) -> None:
    """A kind with a limit loses what is older, files and all; others keep everything."""
    with (home / "openchair.toml").open("a") as settings:
        settings.write('retention = "purchases=100, contacts=30"\n')
    shop = opened(home, Clock())
    shop.identify(ADA, email="ada@example.org")
    shop.order(ADA, 200, "Old figs")
    shop.order(ADA, 20, "New figs")
    shop.chair.turn()
    shop.contact(ADA, "letter", "long ago")
    shop.clock.on(days=60)
    assert shop.chair.privacy.retain(by=OWNER)["purchases"] == 1
    assert [w for w in ("Old figs", "New figs") if list(traces(home / "history", (w,)))] == ["New figs"]
    assert not shop.chair.state.said("contacts", shop.chair.find(ADA))
