"""Surveys and their invitations in the state: the same on SQLite and PostgreSQL."""

from dataclasses import replace

import msgspec
from tests.store.making import HOUR, NOW, joined, linked

from openchair.chair.intake import own
from openchair.chair.listening.views import Invitation, SurveyState
from openchair.chair.state.records import Message
from openchair.listening.asking.survey import starter
from openchair.store.sql.state import SqlState

NPS = SurveyState("nps", 1, "live", starter()[0], NOW, "ada")


def message(number: int, customer_id: str = "a", **changed: object) -> Message:
    base = Message(f"{number:016x}", "survey", "nps", customer_id, "link", "", "ur", NOW, NOW, "given")
    return replace(base, **changed)  # type: ignore[arg-type]


def said(state: SqlState, invitation: str, score: float, hours: int = 0) -> str:
    about = msgspec.json.encode({"question": "recommend", "invitation": invitation}).decode()
    row = {"identifier": "id:a", "survey_id": "nps", "metric": "nps", "score": score, "properties": about}
    event = own.envelope("answers", f"{invitation} {score}", NOW + hours * HOUR, row)
    facts = own.table("answers", event)
    state.record([event], {"answers": facts})
    return str(facts["fact_id"][0])


def test_a_survey_replaces_the_version_that_was_edited_and_no_other(state: SqlState) -> None:
    """Two who edit the same version: the second is told so."""
    assert state.survey("nps") is None
    assert state.put_survey(NPS, over=0)
    assert not state.put_survey(NPS, over=0)
    assert state.survey("nps") == NPS
    second = replace(NPS, version=2, definition=starter()[1], changed_by="bob")
    assert state.put_survey(second, over=1)
    assert not state.put_survey(replace(second, changed_by="eve"), over=1)
    assert state.surveys() == [second]


def test_what_became_of_a_survey_is_counted(state: SqlState) -> None:
    """Sent and handed over are asked; each invitation counts once as answered, in its language, the first time."""
    state.put_survey(NPS, over=0)
    state.put_survey(replace(NPS, survey_id="quiet"), over=0)
    sent = [message(1), message(2, status="sent"), message(3, language="th"), message(4, status="waiting")]
    state.add_messages([*sent, message(5, status="failed")])
    state.add_messages([message(1, status="failed"), message(6, kind="reminder", subject="other")])
    state.add_messages([])
    state.mark_answered({sent[0].message_id: NOW + HOUR, sent[2].message_id: NOW, "nobody": NOW})
    state.mark_answered({sent[0].message_id: NOW + 2 * HOUR})
    state.mark_answered({})
    became = state.survey("nps")
    assert became is not None
    assert (became.sent, became.waiting, became.answered, became.by_language) == (3, 1, 2, {"th": 1, "ur": 1})
    assert [(one.survey_id, one.sent) for one in state.surveys()] == [("nps", 3), ("quiet", 0)]
    assert state.message(sent[0].message_id) == replace(sent[0], answered_at=NOW + HOUR)
    assert state.message("nobody") is None


def test_an_invitation_knows_whose_it_is_and_what_was_said_by_it(state: SqlState) -> None:
    """Who answers is named as its customer's own facts are, also after a merge; only its own answers are its."""
    state.put_survey(NPS, over=0)
    state.link(linked(("email:ada@example.org", "a"), ("id:a", "a"), ("id:b", "b")), NOW)
    state.add_messages([message(1), message(2), message(3, "gone"), message(4, subject="gone")])
    known = Invitation(message(1).message_id, NPS, "ur", "id:a", "link")
    assert state.invitation(known.invitation_id) == known
    said(state, known.invitation_id, 3)
    newest = said(state, known.invitation_id, 9, hours=1)
    said(state, message(2).message_id, 5, hours=2)
    state.put_merges([joined("a", "b")])
    found = state.invitation(known.invitation_id)
    assert found == replace(known, said={"recommend": (9.0, None, newest)})
    assert [state.invitation(f"{n:016x}") for n in (3, 4, 9)] == [None, None, None]


def test_a_word_is_kept_once(state: SqlState) -> None:
    """Whoever asks gets the one that was first."""
    assert [state.keep_note("secret", word) for word in ("a", "b")] == ["a", "a"]
