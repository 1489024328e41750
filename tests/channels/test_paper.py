"""A letter on paper, as cases."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from openchair.chair.ports import Letter
from openchair.channels.paper import html, plain

LETTER = Letter(
    message_id="0123456789abcdef",
    kind="survey",
    subject="nps",
    to="ada@example.org",
    language="en",
    title="Would you recommend us?",
    text="One question.",
    question="How likely are you to recommend us?",
    choices=tuple((str(n), f"https://shop.example/survey/t?score={n}&a=b") for n in range(11)),
    ends=("Not at all likely", "Extremely likely"),
    link=("Answer in your browser", "https://shop.example/survey/t"),
    leave=("No more questions by e-mail", "https://shop.example/survey/t/unsubscribe"),
    trap="https://shop.example/survey/t?trap=1",
    footer="You are a customer of ours.",
)


class Seen(HTMLParser):
    """Tags with what they carry, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [found for tag, found in self.tags if tag == name]


def test_eleven_scores_a_way_out_and_nothing_from_elsewhere() -> None:
    """Every score is a link, so is leaving; nothing is fetched, so nobody learns that it was read."""
    seen = Seen(html(LETTER, "Snack shop"))
    links = [one["href"] for one in seen.all("a")]
    assert [where for _, where in LETTER.choices] == links[:11]
    assert links[11:] == [LETTER.link[1], LETTER.leave[1], LETTER.trap]
    assert not {"img", "script", "link", "iframe", "video", "object"} & {tag for tag, _ in seen.tags}
    assert "url(" not in html(LETTER, "Snack shop")


def test_no_person_meets_the_trap() -> None:
    """It has no words, is not shown, and neither keyboard nor screen reader comes to it."""
    (trap,) = [one for one in Seen(html(LETTER, "x")).all("a") if one["href"] == LETTER.trap]
    assert trap["style"] == "display: none;"
    assert (trap["tabindex"], trap["aria-hidden"]) == ("-1", "true")
    assert LETTER.trap not in plain(LETTER)


@pytest.mark.parametrize(("language", "way"), [("en", "ltr"), ("ur", "rtl"), ("th", "ltr")])
def test_language_and_direction(language: str, way: str) -> None:
    """The page says which language it is in and which way it runs."""
    seen = Seen(html(replace(LETTER, language=language), "x"))
    assert (seen.all("html")[0]["lang"], seen.all("html")[0]["dir"]) == (language, way)


def test_words_are_words() -> None:
    """Whatever stands in a survey or in the shop's name is shown as it is, and executes nothing."""
    evil = '<script>alert("1")</script>'
    names = ("title", "text", "question", "footer")
    page = html(
        replace(LETTER, **dict.fromkeys(names, evil), ends=(evil, evil), link=(evil, "https://x.example")), evil
    )
    assert "<script" not in page
    assert Seen(page).words.count(evil) >= 7


def test_plain_text_says_all_of_it() -> None:
    """Who reads text alone has the question, what the ends of the scale mean, and both ways: to answer, to leave."""
    said = plain(LETTER)
    for words in (LETTER.text, LETTER.question, *LETTER.ends, LETTER.link[1], LETTER.leave[1], LETTER.footer):
        assert words in said


def test_a_question_without_scores() -> None:
    """What no click can answer is a question and a link."""
    page = Seen(html(replace(LETTER, choices=(), ends=("", "")), "x"))
    assert [one["href"] for one in page.all("a")] == [LETTER.link[1], LETTER.leave[1], LETTER.trap]
