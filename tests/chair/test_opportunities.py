"""Opportunities as the team meets them: ranked from what was said and asked, written, gone back to, taken away."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.chair.test_voices import ADA, NOW, voices
from tests.cli.conftest import run

from openchair.chair.actor import CUSTOMER, OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.focus.opportunities.telling import opportunities as tell
from openchair.chair.focus.opportunities.telling import sheet as tell_sheet
from openchair.chair.markdown import markdown
from openchair.cli.wiring import init_home, open_home
from openchair.core.blocks import Empty, Quote, Table
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.core.ids import digest
from openchair.facts.kinds import schema


def answers() -> pa.Table:
    """Forty customers rate how much a need matters and how well it is met; five rate another."""
    rows: list[dict[str, Any]] = []
    for need, people in (("to know what is in it", 40), ("a louder box", 5)):
        for who in range(people):
            for asks, score in (("importance", 5 if who % 10 else 2), ("satisfaction", 5 if who % 5 == 0 else 2)):
                rows.append(
                    {"fact_id": digest(need, asks, str(who)), "source": "test", "received_at": NOW,
                     "happened_at": NOW - timedelta(days=3), "identifier": f"id:{who}", "survey_id": "needs",
                     "metric": "own", "score": float(score), "properties": json.dumps({"need": need, "asks": asks})}
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema("answers"))


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose customers spoke and were asked, after a turn."""
    home = tmp_path_factory.mktemp("spoken") / "shop"
    init_home(home, {"name": "Fig & Co", "currency": "EUR"})
    opened = replace(open_home(home), clock=lambda: NOW)
    opened.history.append("voices", voices())
    opened.history.append("answers", answers())
    opened.turn()
    opened.state.close()
    return home


@pytest.fixture
def chair(turned: Path, tmp_path: Path) -> Iterator[Chair]:
    """A copy of it that a test may change."""
    shutil.copytree(turned, tmp_path / "shop")
    opened = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    yield opened
    opened.state.close()


def test_needs_are_ranked_by_what_there_is_to_gain(chair: Chair) -> None:
    """What was asked of forty has 9 + (9 - 2) = 16; what was asked of five is not known and comes later."""
    view = chair.opportunities.report()
    first, *rest = view.opportunities
    assert (first.name, first.known_by, first.customers) == ("to know what is in it", "asked", 40)
    assert isinstance(first.score, Estimate)
    assert first.score.value == pytest.approx(16)
    assert first.score.low < 16 < first.score.high
    assert all(isinstance(one.score, Unknown) for one in rest)
    assert next(one.score for one in rest if one.name == "a louder box") == Unknown("5 answers", needed=25)
    told = tell(view)
    assert told.headline == "Work backwards from “to know what is in it”"
    assert [len(one.rows) for one in told.of(Table) if isinstance(one, Table)] == [len(view.opportunities)]


def test_what_was_heard_of_too_few_has_no_score(chair: Chair) -> None:
    """Twenty-four customers spoke: their needs are listed with their words, and the score is not known."""
    heard = [one for one in chair.opportunities.report().opportunities if one.known_by == "heard"]
    assert heard
    for one in heard:
        assert one.score == Unknown("24 answers", needed=6)
        assert one.quotes and one.customers >= 3


def test_a_sheet_is_drafted_written_and_gone_back_to(chair: Chair) -> None:
    """The draft is from the evidence; versions stay with who, when and why; an older one comes back as the newest."""
    key = next(one.key for one in chair.opportunities.report().opportunities if one.known_by == "heard")
    drafted = chair.opportunities.sheet(key)
    assert (drafted.number, drafted.versions) == (0, ())
    assert drafted.quote is not None
    assert drafted.name in drafted.sheet.headline
    one = chair.opportunities.write(key, {"headline": "Boxes <b>when</b> you are home"}, over=0, why="plainer", by=ADA)
    assert (one.sheet.headline, one.sheet.announcement) == (
        "Boxes <b>when</b> you are home",
        drafted.sheet.announcement,
    )
    two = chair.opportunities.write(key, {"headline": "Evenings only", "quote": ""}, over=one.number, by=ADA)
    assert two.quote is None
    assert [(v.by, v.at, v.why) for v in two.versions] == [("Ada", NOW, ""), ("Ada", NOW, "plainer")]
    assert chair.opportunities.sheet(key, one.number).sheet == one.sheet
    three = chair.opportunities.restore(key, one.number, by=OWNER_AT_HOME)
    assert (three.sheet, len(three.versions), three.versions[0].by) == (one.sheet, 3, OWNER_AT_HOME.name)
    assert next(o for o in chair.opportunities.report().opportunities if o.key == key).written
    text = markdown(tell_sheet(three, "EUR"))
    assert text.startswith("# Boxes \\<b\\>when\\</b\\> you are home")
    assert "## What must be true" in text


def test_two_who_edit_the_same_sheet_do_not_overwrite_each_other(chair: Chair) -> None:
    """The second is told, and nothing of the first is lost."""
    key = chair.opportunities.report().opportunities[0].key
    chair.opportunities.write(key, {"headline": "Ada's"}, over=0, by=ADA)
    with pytest.raises(Conflict):
        chair.opportunities.write(key, {"headline": "Bob's"}, over=0, by=OWNER_AT_HOME)
    assert chair.opportunities.sheet(key).sheet.headline == "Ada's"


def test_a_person_says_whether_the_capability_is_held(chair: Chair) -> None:
    """Their word stands before the catalogue's, until they take it back."""
    key = chair.opportunities.report().opportunities[0].key

    def told() -> tuple[str, str, str]:
        one = next(o for o in chair.opportunities.report().opportunities if o.key == key)
        return one.capability, one.what, one.said_by

    before = told()
    chair.opportunities.capable(key, "held", "labels on every jar", by=ADA)
    assert told() == ("held", "labels on every jar", "Ada")
    chair.opportunities.capable(key, "", by=ADA)
    assert told() == before


def test_whoever_is_erased_is_quoted_no_more(chair: Chair) -> None:
    """A sheet names a sentence, and the sentence goes with the customer; the sheet stays."""
    key = next(one.key for one in chair.opportunities.report().opportunities if one.known_by == "heard")
    quote = chair.opportunities.sheet(key).quote
    assert quote is not None and quote.customer_id is not None
    kept = chair.opportunities.write(key, {"headline": "Kept"}, over=0, by=ADA)
    assert kept.quote is not None
    assert any(isinstance(one, Quote) for one in tell_sheet(kept, "EUR").of(Quote))
    chair.privacy.erase(quote.customer_id, by=OWNER_AT_HOME)
    after = chair.opportunities.sheet(key)
    assert (after.sheet.headline, after.quote) == ("Kept", None)


def test_what_makes_no_sheet_is_refused(chair: Chair) -> None:
    """Nothing is kept of what is too long, of no part, of nothing; customers do not write."""
    key = chair.opportunities.report().opportunities[0].key
    for written in ({"headline": " "}, {"announcement": "x" * 20_001}, {"title": "x"}):
        with pytest.raises(BadInput):
            chair.opportunities.write(key, written, over=0, by=ADA)
    with pytest.raises(BadInput):
        chair.opportunities.capable(key, "maybe", by=ADA)
    with pytest.raises(NotAllowed):
        chair.opportunities.write(key, {"headline": "x"}, over=0, by=CUSTOMER)
    for wrong in ("nothing", "need-'; DROP TABLE choices; --"):
        with pytest.raises(NotFound):
            chair.opportunities.sheet(wrong)
    with pytest.raises(NotFound):
        chair.opportunities.sheet(key, 99)
    with pytest.raises(NotFound):
        chair.opportunities.restore(key, 99, by=ADA)
    assert chair.state.choices("sheet", key) == []


def test_a_shop_where_nobody_spoke_says_what_is_lacking(tmp_path: Path) -> None:
    """Thirty customers are needed; the command line says so too."""
    init_home(tmp_path / "shop", {"currency": "EUR"})
    chair = replace(open_home(tmp_path / "shop"), clock=lambda: NOW)
    view = chair.opportunities.report()
    assert (view.opportunities, view.needed) == ((), 30)
    assert isinstance(tell(view).blocks[0], Empty)
    chair.state.close()
    assert json.loads(run("report", "opportunities", "--json", home=tmp_path / "shop").stdout)["needed"] == 30
