"""Every report: read, told, written as Markdown and drawn as a page, with and without facts; and who may ask what."""

import json
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.pages.made_up_blocks import HOSTILE, TOLD

from openchair.chair.chair import Chair
from openchair.chair.markdown import markdown, plain
from openchair.chair.reports import OPTIONS, REPORTS, report_of
from openchair.cli.wiring import init_home, open_home
from openchair.core.blocks import Column, Empty, Lines, Quote, Scatter, Sentence, Table, Told, Waterfall, table_of
from openchair.core.errors import BadInput, NotFound
from openchair.server.pages.render import _pages
from openchair.store.sql.team.access import SCOPES

NAMES = {
    "day",
    "plan",
    "nps",
    "csat",
    "ces",
    "value",
    "growth",
    "audit",
    "journey",
    "focus",
    "primary",
    "opportunities",
    "learning",
}
PAGE = """{% from "_blocks.html" import blocks with context %}
<h1>{{ told.headline }}</h1>{{ blocks(told.blocks, told.currency) }}"""
_TAGS = (
    "a b bdi blockquote br button circle dd defs details div dl dt figure footer g h1 h2 h3 h4 h5 line li marker p "
    "path rect section span summary svg table tbody td text th thead time title tr ul"
)
TAGS = set(_TAGS.split())
parse = MarkdownIt("commonmark").enable("table")


def drawn(told: Told, way: str = "ltr") -> str:
    """What stands within the page of a told report."""
    return _pages().from_string(PAGE).render(told=told, day=date(2026, 7, 1), dir=way)


class Read(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value or "" for name, value in attrs if name == "href"}
        assert not {name for name, _value in attrs if name.startswith("on") or name == "style"}

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chair]:
    """A shop in which nothing ever happened."""
    home = Path(tmp_path_factory.mktemp("empty")) / "shop"
    init_home(home, {})
    yield open_home(home)


def test_the_reports_are_these() -> None:
    """Each has a scope that keys know, options that there are, and a line of help."""
    assert set(REPORTS) == NAMES
    for name, report in REPORTS.items():
        assert report.name == name and report.title and report.about and report.scope in SCOPES
        assert set(report.takes) <= set(OPTIONS)
    with pytest.raises(NotFound, match="horoscope"):
        report_of("horoscope")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_report_of_an_empty_shop_teaches(name: str, empty: Chair) -> None:
    """JSON is the view's own type; people see what would be here and the next step, on the page and as Markdown."""
    report = REPORTS[name]
    view = report.read(empty, report.asked({}))
    assert isinstance(view, report.view)
    assert json.loads(msgspec.json.encode(view))
    told = report.tell(view)
    assert told.name == name and told.headline and not told.simulated
    (nothing, *_more) = told.of(Empty)
    assert isinstance(nothing, Empty) and nothing.text and nothing.href.startswith("/")
    assert nothing.title in markdown(told) and nothing.title in drawn(told)


def test_a_report_takes_its_own_options_only() -> None:
    """Text becomes days and numbers; what is not for it, and what cannot be, is named with what would do."""
    growth, nps = REPORTS["growth"], REPORTS["nps"]
    assert growth.asked({"from": "2026-07-01", "by": "", "to": None}).start == date(2026, 7, 1)
    assert nps.asked({"days": "30"}).days == 30
    for report, given_, named in (
        (growth, {"days": "30"}, "It takes from, to, by"),
        (REPORTS["audit"], {"by": "stage"}, "no options"),
        (growth, {"from": "yesterday"}, "yesterday"),
        (nps, {"days": "many"}, "many"),
        (nps, {"days": 0}, "1 to 3,660"),
        (nps, {"moon": "full"}, "moon"),
    ):
        with pytest.raises(BadInput, match=named):
            report.asked(given_)


def test_every_kind_of_block_is_drawn_and_written() -> None:
    """Hostile names are text in both; every figure of a chart also stands in a table; no tag nobody knows."""
    page, text = Read(drawn(TOLD)), markdown(TOLD)
    assert page.tags <= TAGS, page.tags - TAGS
    assert HOSTILE in " ".join(page.said) and all(link[:1] in "/?#" for link in page.links)
    html = parse.render(text)
    assert "<script" not in html and "<a " not in html and "<em>" not in html
    for kind in (Waterfall, Scatter, Lines):
        for chart in TOLD.of(kind):
            assert len(table_of(chart).rows) and chart.title in text  # type: ignore[arg-type, union-attr]
    assert Read(drawn(TOLD, "rtl")).tags == page.tags


def test_a_flow_is_read_in_reading_direction() -> None:
    """From right to left the first lane stands on the right."""
    onwards, turned = drawn(TOLD), drawn(TOLD, "rtl")
    assert _x(onwards, "Recognise") < _x(onwards, "Repeat")
    assert _x(turned, "Recognise") > _x(turned, "Repeat")


def _x(page: str, lane: str) -> float:
    return float(page.partition(f'text-anchor="middle">{lane}<')[0].rpartition('x="')[2].partition('"')[0])


words = st.text(max_size=60)


@given(words)
def test_markdown_shows_text_as_it_stands(text: str) -> None:
    """Whatever somebody wrote is one paragraph of that text, nothing more; and nothing in it steers a terminal."""
    safe = plain(text)
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in safe)
    tokens = parse.parse(f"{safe}\n\n| {safe} |\n| --- |\n| {safe} |")
    inline = [one for token in tokens for one in token.children or ()]
    assert {one.type for one in inline} <= {"text"}
    assert {token.tag for token in tokens} <= {"p", "", "table", "thead", "tbody", "tr", "th", "td"}
    plainly = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
    assert {one.content for one in inline} <= {plainly}


@given(words, words, words)
def test_pages_show_text_as_it_stands(one: str, other: str, third: str) -> None:
    """In every place that a name may come to stand, it is text and opens no tag."""
    told = Told(
        "x",
        one,
        (
            Sentence(other),
            Table(one, (Column(other), Column(third, "count")), ((third, one), (one, 3)), note=other),
            Waterfall(third, ((one, 3.0, other), (other, -1.0, third))),
            Quote(one, other, "/customers/x"),
        ),
        "EUR",
    )
    page = Read(drawn(told))
    assert page.tags <= TAGS
    assert page.links <= {"/customers/x"}
