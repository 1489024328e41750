"""Surveys as customers meet them: what is recorded and when, what is not believed, what is too much, what is a trap."""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from string import Formatter
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from tests.server.conftest import Shop, browsing, order

from openchair.chair.actor import OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.listening.asking.survey import starter, written
from openchair.server.app import create_app, state_of
from openchair.server.pages.render import HERE
from openchair.server.survey import forms
from openchair.server.survey.routes import ANONYMOUS_A_MINUTE
from openchair.server.tongue import catalogue

BY = Actor("ada@example.org", "staff")
NPS = starter()[0]
LANGUAGES = NPS.languages
WORDS = "<script>alert(1)</script> \u202eevil\u202c 😀 اردو"


@pytest.fixture(scope="module")
def asking(busy_shop: Shop) -> Shop:
    """A shop whose three surveys are open, and one that is not."""
    for survey in starter():
        busy_shop.chair.surveys.put(survey, by=BY)
        busy_shop.chair.surveys.open(survey.id, by=BY)
    busy_shop.chair.surveys.put(replace_id(NPS, "draft"), by=BY)
    return busy_shop


def replace_id(survey: Any, id: str) -> Any:
    """A survey under another id."""
    return type(survey)(**{name: getattr(survey, name) for name in survey.__struct_fields__} | {"id": id})


@pytest.fixture
def door(asking: Shop) -> Iterator[httpx.Client]:
    """The door opened anew, so that no test meets another's tries."""
    with browsing(create_app(asking.chair, asking.access, asking.chair.settings)) as client:
        yield client


@pytest.fixture
def fresh(asking: Shop) -> Iterator[Callable[..., tuple[str, str]]]:
    """Makes an invitation of a customer who has none yet: their id and its path."""
    numbers = iter(range(MEMBERS_BEGIN[0], 150))

    def made(survey: str = "nps", language: str = "en") -> tuple[str, str]:
        who = f"member-{next(numbers)}"
        return who, asking.chair.surveys.link(survey, who, by=BY, language=language)

    yield made
    MEMBERS_BEGIN[0] = next(numbers)


MEMBERS_BEGIN = [0]


def said(chair: Chair, who: str) -> list[dict[str, Any]]:
    """A customer's answers, once all that waits is in history."""
    chair.sync()
    return chair.state.said("answers", chair.find(who))


def slip(page: httpx.Response) -> str:
    """What makes a form of the public link one visitor's."""
    return re.search('name="slip" value="([^"]+)"', page.text)[1]  # type: ignore[index]


def once(page: httpx.Response) -> str:
    """What makes a form sent twice one answer."""
    return re.search('name="once" value="([^"]+)"', page.text)[1]  # type: ignore[index]


def waiting(chair: Chair) -> int:
    """What was recorded and is not in history yet."""
    return chair.state.inbox.waiting()


# --- what is recorded, and when --------------------------------------------------------------------------------------


def test_looking_records_nothing(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """A link with a score in it chooses that score, however often it is opened; a wrong one chooses nothing."""
    asking.chair.sync()
    _, path = fresh()
    for score in ("9", "0", "10"):
        page = door.get(f"{path}?score={score}")
        assert f'value="{score}" checked' in page.text
        assert door.head(f"{path}?score={score}").status_code in (200, 405)
    for wrong in ("11", "-1", "x", "٩٩٩", "", "9" * 500):
        assert " checked" not in door.get(path, params={"score": wrong}).text
    assert door.get(f"{path}?given=9&thanks=1&kept=1&language=zz").status_code == 200
    assert waiting(asking.chair) == 0


def test_an_answer_is_durable_before_it_is_thanked(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """The score is recorded at the first step; what follows depends on it, and is recorded by itself."""
    who, path = fresh(language="ur")
    answer = door.post(path, data={"q.recommend": "3", "once": once(door.get(path))})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?given=3")
    assert waiting(asking.chair) == 2
    following = door.get(answer.headers["location"])
    assert "ہمیں سب سے پہلے کیا ٹھیک کرنا چاہیے؟" in following.text
    assert "آپ کو سب سے اچھا کیا لگا؟" not in following.text
    ended = door.post(path, data={"q.put_right": WORDS, "given": "3", "language": "ur"})
    assert ended.headers["location"] == f"{path}?{urlencode({'language': 'ur', 'thanks': 1})}"
    assert NPS.thanks["ur"] in door.get(ended.headers["location"]).text
    score, words = said(asking.chair, who)
    assert (score["survey_id"], score["metric"], score["score"], score["language"]) == ("nps", "nps", 3.0, "ur")
    assert score["question"] == NPS.questions[0].text["ur"]
    assert (words["text"], words["score"], words["metric"]) == (WORDS, None, "nps")
    about = json.loads(words["properties"])
    assert (about["question"], about["version"]) == ("put_right", 1)
    assert about["invitation"] == json.loads(score["properties"])["invitation"]
    contacts = asking.chair.state.said("contacts", asking.chair.find(who))
    assert [(one["action"], one["status"], one["channel"]) for one in contacts] == [("survey:nps", "answered", "link")]


def test_the_same_again_changes_nothing_and_another_is_newer(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """Sent twice, or said again days later, it is one fact; changed and changed back, the newest counts."""
    who, path = fresh()
    first = {"q.recommend": "9", "once": "a"}
    for form in (first, first, {"q.recommend": "4", "once": "b"}, {"q.recommend": "9", "once": "c"}):
        assert door.post(path, data=form).status_code == 303
    assert [one["score"] for one in said(asking.chair, who)] == [9.0, 4.0, 9.0]
    door.post(path, data={"q.recommend": "9", "once": "d"})
    assert [one["score"] for one in said(asking.chair, who)] == [9.0, 4.0, 9.0]
    door.post(path, data={"q.recommend": "10", "once": "e"})
    assert said(asking.chair, who)[-1]["score"] == 10.0
    assert len(asking.chair.state.said("contacts", asking.chair.find(who))) == 1


def test_a_fresh_answer_is_in_the_dossier_after_the_next_sync(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """On the timeline, and counted with its survey."""
    who, path = fresh("after-contact")
    before = asking.chair.surveys.get("after-contact")
    door.post(path, data={"q.easy": "2"})
    asking.chair.sync()
    titles = [entry.title for entry in asking.chair.people.timeline(who, by=BY)]
    assert titles[:2] in (["Answered CES 2", "Answered by us"], ["Answered by us", "Answered CES 2"])
    after = asking.chair.surveys.get("after-contact")
    assert (after.sent, after.answered) == (before.sent, before.answered + 1)
    assert after.response is not None


@pytest.mark.parametrize("survey", [one.id for one in starter()])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_survey_is_light_and_whole_in_every_language(
    survey: str, language: str, asking: Shop, door: httpx.Client
) -> None:
    """Under 30 KB with all it loads, nothing from elsewhere, no script; each step in the one language."""
    definition = asking.chair.surveys.get(survey).definition
    low, high = definition.bounds(definition.questions[0]) or (0, 0)
    for given in ("", *range(low, high + 1)):
        page = door.get(f"/survey/open/{survey}?language={language}&given={given}")
        assert f'<html lang="{language}" dir="{"rtl" if language == "ur" else "ltr"}">' in page.text
        loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        assert len(page.content) + sum(len(door.get(one).content) for one in loaded) < 30_000
        assert not re.search(r'<script|style=|src="(?!/)|href="(?![/?#])', page.text)
        for question in definition.first if given == "" else definition.following(int(given)):
            assert html.escape(question.text[language]) in page.text


# --- who is believed -------------------------------------------------------------------------------------------------


def test_a_link_that_is_none_of_ours_opens_nothing(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """Forged, cut, another's, of a seat: one page, which says nothing of the inside; and nothing is recorded."""
    who, path = fresh()
    seat = asking.chair.seats.link(who, by=BY).rpartition("/")[2]
    asking.chair.sync()
    for wrong in (
        path[:-4] + "AAAA",
        path[:-1],
        path + "x",
        f"/survey/{seat}",
        "/survey/nothing",
        "/survey/%00",
        "/survey/é",
    ):
        for answer in (door.get(wrong), door.post(wrong, data={"q.recommend": "9"})):
            assert answer.status_code == 404
            assert "There is no survey here" in answer.text
    assert waiting(asking.chair) == 0


def test_what_is_over_says_so(asking: Shop, fresh: Any) -> None:
    """Too old, closed or not open yet: it says so, and records nothing."""
    _, path = fresh()
    chair = asking.chair
    later = replace(chair, clock=lambda: chair.clock() + timedelta(days=chair.settings.survey_days + 1))
    with browsing(create_app(later, asking.access, chair.settings)) as door:
        assert "The time for answering is over" in door.get(path).text
        assert door.post(path, data={"q.recommend": "9"}).status_code == 410
        assert [door.get(f"/survey/open/{one}").status_code for one in ("draft", "none")] == [410, 404]
        thai = door.get("/survey/open/draft", headers={"Accept-Language": "th"})
        assert catalogue("th")["The time for answering is over"] in thai.text
    assert waiting(chair) == 0


def test_a_public_answer_is_nobody_s(asking: Shop, door: httpx.Client) -> None:
    """It names no one, also where someone is named; the first one of a form stands, and it says so."""
    chair = asking.chair
    chair.sync()
    here = "/survey/open/after-order"
    visitor = slip(door.get(f"{here}?customer=member-1&user=member-1"))
    form = {"q.satisfied": "1", "slip": visitor, "identifier": "id:member-1", "customer": "member-1"}
    first = door.post(here, data=form)
    assert "kept" not in first.headers["location"]
    assert waiting(chair) == 1
    changed = door.post(here, data={**form, "q.satisfied": "5"})
    assert "kept=1" in changed.headers["location"]
    assert "Your first answer stands" in door.get(changed.headers["location"]).text
    assert waiting(chair) == 1
    door.post(here, data={"q.about": "1", "slip": visitor, "given": "1"})
    ((_, one), (_, two)) = next(chair.state.inbox.batches(10))
    rows = [json.loads(event.body)["row"] for event in (one, two)]
    assert [row["identifier"] for row in rows] == [None, None]
    assert [(row["metric"], row["text"]) for row in rows] == [("csat", None), ("own", "The delivery")]
    assert len({json.loads(row["properties"])["invitation"] for row in rows}) == 1
    for wrong in ("", "x", slip(door.get("/survey/open/nps"))):
        answer = door.post(here, data={**form, "slip": wrong} if wrong else {"q.satisfied": "1"})
        assert answer.status_code == (404 if wrong else 303)
    chair.sync()


def test_a_frame_believes_an_invitation_and_nothing_else(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """Only the frame may stand in other pages; who is named in its address without our seal is nobody."""
    who, path = fresh()
    token = path.rpartition("/")[2]
    frame = "/survey/frame/nps"
    page = door.get(frame, params={"invitation": token})
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert page.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "frame-ancestors 'none'" in door.get(path).headers["content-security-policy"]
    assert door.post(frame, data={"q.recommend": "8", "invitation": token}).status_code == 303
    assert [one["score"] for one in said(asking.chair, who)] == [8.0]
    for untrue in ("member-7", path[:-4], fresh("after-order")[1].rpartition("/")[2]):
        anonymous = door.get(frame, params={"invitation": untrue})
        assert "Nobody knows who you are" in anonymous.text
        assert (
            door.post(frame, data={"q.recommend": "1", "slip": slip(anonymous), "invitation": untrue}).status_code
            == 303
        )
    chair = asking.chair
    assert chair.sync() == {"answers": 3}
    script = door.get("/survey/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"


def test_other_sites_send_nothing_for_a_customer(door: httpx.Client, fresh: Any) -> None:
    """A form of another page is refused before it is read."""
    _, path = fresh()
    away = {"Origin": "https://elsewhere.example"}
    assert door.post(path, data={"q.recommend": "9"}, headers=away).status_code == 403


# --- what is too much, and what is a trap ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [
    {"q.recommend": "11"}, {"q.recommend": "-1"}, {"q.recommend": "9.5"}, {"q.recommend": ""}, {}, {"q.nobody": "9"},
    {"q.recommend": "<script>"}, {"q.recommend": "\x00"}, {"q.liked": "a" * 20_001, "given": "9"}, {"q.": "1"},
])  # fmt: skip
def test_what_cannot_be_an_answer_comes_back_as_it_was(
    form: dict[str, str], asking: Shop, door: httpx.Client, fresh: Any
) -> None:
    """400 with the reason and all that was typed; nothing is recorded, nothing cut."""
    asking.chair.sync()
    _, path = fresh()
    answer = door.post(path, data=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert form.get("q.liked", "") in answer.text
    assert "<script>" not in answer.text
    assert waiting(asking.chair) == 0


@pytest.mark.parametrize(("body", "status"), [
    (b"q.liked=" + b"a" * 1_000_000, 413), (b"q.liked=" + b"a" * 9_000_000, 413), (b"&".join([b"a=1"] * 200), 400),
    (b"\xff\xfe\x00%%%zz=&&&==", 400), (b'{"q.recommend": 9}', 400), (b"", 400),
    (b"q.recommend=9&q.liked=%ff%fe%00%ed%a0%80", 303), (b"q.recommend=%d9%a9", 303),
])  # fmt: skip
def test_whatever_is_sent_there_is_an_answer(
    body: bytes, status: int, asking: Shop, door: httpx.Client, fresh: Any
) -> None:
    """Never a failure of the server; what is half text is kept as far as it is."""
    who, path = fresh()
    answer = door.post(path, content=body)
    assert answer.status_code == status
    scores = [one["score"] for one in said(asking.chair, who) if one["score"] is not None]
    assert scores == ([9.0] if status == 303 else [])


def test_one_address_does_not_fill_the_score(asking: Shop, door: httpx.Client) -> None:
    """Nobody's answers are limited by address; those of customers who were asked are not."""
    here = "/survey/open/nps"
    for _ in range(ANONYMOUS_A_MINUTE):
        assert door.post(here, data={"q.recommend": "0"}).status_code == 303
    late = door.post(here, data={"q.recommend": "0"})
    assert (late.status_code, late.headers["retry-after"]) == (429, "60")
    assert "Nothing was recorded" in late.text
    asking.chair.sync()


def test_a_trap_is_thanked_and_not_counted(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """Whoever fills in the field nobody sees, or follows the link nobody sees, is kept apart with the reason."""
    chair = asking.chair
    chair.sync()
    _, path = fresh()
    filled = door.post(path, data={"q.recommend": "0", forms.HONEYPOT: "https://spam.example"})
    assert (filled.status_code, NPS.thanks["en"] in filled.text) == (200, True)
    who, path = fresh()
    page = door.get(path)
    trap = html.unescape(re.search(r'href="([^"]+trap=1)"', page.text)[1])  # type: ignore[index]
    door.get(trap)
    followed = door.post(path, data={"q.recommend": "1", "once": "a"})
    assert (followed.status_code, NPS.thanks["en"] in followed.text) == (200, True)
    assert waiting(chair) == 0
    kept = {one.reason: json.loads(one.row) for one in chair.rejects() if one.file == "survey/nps"}
    assert [*kept] == [
        "filled in the field that nobody sees: https://spam.example", "followed the link that nobody sees",
    ]  # fmt: skip
    assert kept["followed the link that nobody sees"]["answers"] == {"recommend": "1"}
    with browsing(create_app(chair, asking.access, chair.settings)) as customer:
        assert customer.post(path, data={"q.recommend": "9"}).status_code == 303
    assert [one["score"] for one in said(chair, who)] == [9.0]


def test_whoever_was_erased_cannot_be_asked_by_an_old_link(asking: Shop, door: httpx.Client, fresh: Any) -> None:
    """The link opens nothing any more."""
    who, path = fresh()
    asking.chair.privacy.erase(who, by=OWNER_AT_HOME)
    assert door.post(path, data={"q.recommend": "9"}).status_code == 404


# --- the use cases and their other faces -----------------------------------------------------------------------------


def test_a_survey_is_edited_by_one_at_a_time(shop: Shop) -> None:
    """Versions count up; the same again changes nothing; its metric stays; what is not open cannot be linked."""
    surveys = shop.chair.surveys
    assert surveys.put(NPS, by=BY).version == 1
    assert surveys.put(NPS, by=BY, over=1).version == 1
    with pytest.raises(Conflict, match="version 1, not 0"):
        surveys.put(NPS, by=BY, over=0)
    with pytest.raises(Conflict, match="asks for nps"):
        surveys.put(replace_id(starter()[1], "nps"), by=BY)
    with pytest.raises(NotFound):
        surveys.open("none", by=BY)
    shop.send(order(1, "m1", 1))
    shop.chair.turn()
    with pytest.raises(Conflict, match="is draft"):
        surveys.link("nps", "m1", by=BY)
    assert [surveys.open("nps", by=BY).status, surveys.close("nps", by=BY).status] == ["live", "closed"]
    acts = [line.act for line in shop.chair.privacy.audit()[0]]
    assert {"changed survey", "opened survey", "closed survey"} <= set(acts)
    with pytest.raises(BadInput):
        surveys.put("{", by=BY)


def test_the_api_makes_asks_and_records(shop: Shop) -> None:
    """Put, open, link, answer by token, close; wrong ones say why, and a key of another part may not."""
    client, key = shop.client, shop.bearer("surveys")
    shop.send(order(1, "m1", 1))
    shop.chair.turn()
    definition = json.loads(written(NPS))
    here = "/api/v1/surveys/nps"
    assert client.put(here, json={"definition": definition}, headers=shop.bearer("read")).status_code == 403
    made = client.put(here, json={"definition": definition, "over": 0}, headers=key)
    assert (made.status_code, made.json()["version"], made.json()["definition"]["id"]) == (200, 1, "nps")
    assert client.put(here, json={"definition": definition, "over": 7}, headers=key).status_code == 409
    wrong = client.put(here, json={"definition": {**definition, "metric": "love"}}, headers=key)
    assert (wrong.status_code, "survey metric" in wrong.json()["message"]) == (400, True)
    assert client.put("/api/v1/surveys/x-y", json={"definition": definition}, headers=key).status_code == 400
    assert client.post(f"{here}/links", json={"customer": "m1"}, headers=key).status_code == 409
    assert client.post(f"{here}/open", headers=key).json()["status"] == "live"
    link = client.post(f"{here}/links", json={"customer": "m1", "language": "th"}, headers=key)
    assert link.status_code == 201
    token = link.json()["link"].rpartition("/")[2]
    body = {"token": token, "answers": {"recommend": 10, "liked": "ดี"}}
    told = [client.post(f"{here}/answers", json=body, headers=key) for _ in range(2)]
    assert [one.json() for one in told] == [{"recorded": 2}, {"recorded": 0}]
    for answers in ({"recommend": 11}, {"recommend": "\ud800"}, {"liked": "a" * 30_000}, {"liked": "a" * 1_000_000}):
        answer = client.post(f"{here}/answers", content=json.dumps({**body, "answers": answers}), headers=key)
        assert answer.status_code == 400
    assert client.post(f"{here}/answers", json={**body, "token": token[:-3]}, headers=key).status_code == 404
    shop.chair.sync()
    kept = shop.chair.state.said("answers", shop.chair.find("m1"))
    assert {(one["score"], one["text"]) for one in kept} == {(10.0, None), (None, "ดี")}
    listed = client.get("/api/v1/surveys", headers=key).json()["data"]
    assert [(one["survey_id"], one["sent"], one["answered"]) for one in listed] == [("nps", 1, 1)]
    assert client.get(here, headers=key).json()["by_language"] == {"th": 1}
    assert client.post(f"{here}/close", headers=key).json()["status"] == "closed"
    assert client.post(f"{here}/answers", json=body, headers=key).status_code == 404


# --- languages -------------------------------------------------------------------------------------------------------


def spoken() -> set[str]:
    """Every text around a survey, from its templates and its code."""
    options = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}
    sources: list[tuple[Any, Any, dict[str, str]]] = [
        (babel_extract, path, options) for path in (HERE / "templates" / "survey").glob("*.html")
    ]
    sources += [("python", path, {}) for path in (HERE / "survey").glob("*.py")]
    found = {forms.CHOOSE, forms.TOO_LONG}
    for method, path, given in sources:
        with path.open("rb") as opened:
            messages = extract(method, opened, {"_": (1,), "plain": (1,), "tongue": (1,)}, options=given)
            found |= {text if isinstance(text, str) else text[0] for _, text, _, _ in messages}
    return found


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_text_around_a_survey_is_translated(language: str) -> None:
    """None is missing, none is left over, each has its parameters; what the seat says too stands there alone."""
    said_here = spoken()
    assert len(said_here) > 20
    assert sorted(said_here - set(catalogue(language))) == []
    known = {}
    for name in ("seat", "survey"):
        with (HERE / "locale" / language / f"{name}.po").open("rb") as opened:
            known[name] = {str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id}
    assert not known["seat"].keys() & known["survey"].keys()
    assert sorted(known["survey"].keys() - said_here) == []

    def named(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field}

    assert [text for text, there in known["survey"].items() if not there.strip() or named(text) != named(there)] == []


def test_a_language_we_do_not_speak_is_framed_in_english_and_marked_so(shop: Shop) -> None:
    """A survey may be in any language; the words around it then say that they are English."""
    texts = {"pt": "Olá"}
    own = {"id": "own", "metric": "own", "language": "pt", "title": texts, "why": texts, "thanks": texts,
           "questions": [{"key": "how", "kind": "scale", "text": texts}]}  # fmt: skip
    shop.chair.surveys.put(json.dumps(own), by=BY)
    shop.chair.surveys.open("own", by=BY)
    page = shop.client.get("/survey/open/own").text
    assert '<html lang="pt" dir="ltr">' in page
    assert '<span lang="en" dir="ltr">Send my answer</span>' in page
    assert state_of(shop.chair).survey("own") is not None
