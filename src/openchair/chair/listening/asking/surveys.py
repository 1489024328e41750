"""Surveys: made, opened and closed; invitations to them; and answers, checked and made into facts.

An invitation is a message of the outbox, reached by a token (`chair.sealing`); whoever has the public link of a survey
answers as nobody. Who is sent an invitation is `chair.listening.asking.sending`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from openchair.chair.acting.addressing import language_of
from openchair.chair.actor import Actor
from openchair.chair.intake import own
from openchair.chair.listening.views import Invitation, SurveyState
from openchair.chair.ports import Envelope
from openchair.chair.sealing import ID_BYTES, Seals
from openchair.chair.state.records import Message
from openchair.core.errors import Conflict, NotFound
from openchair.core.estimate import Unknown
from openchair.core.ids import digest
from openchair.listening.asking import answers as reading
from openchair.listening.asking.survey import Survey, parse
from openchair.listening.scores.satisfaction import share

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

SECRET = "survey_secret"  # noqa: S105  # the name of a note, not a secret
LINK = "link"
"""The channel of an invitation that was handed over as a link."""
SLIP_HOURS = 24
"""How long the form of a public link may be sent after it was shown."""


class SurveyRefused(NotFound):
    """No survey can be answered by this; `why` is forged, unknown, expired or closed."""

    def __init__(self, why: str) -> None:
        super().__init__("survey", bound=f"none can be answered by this ({why})", remedy="Ask the shop for a new link.")
        self.why = why


@dataclass(frozen=True)
class Surveys:
    """What a shop asks its customers."""

    chair: "Chair"

    # made

    def all(self) -> tuple[SurveyState, ...]:
        """All surveys by id, with what became of each."""
        return tuple(map(self._with_response, self.chair.state.surveys()))

    def get(self, survey_id: str) -> SurveyState:
        """One survey. Raises NotFound."""
        found = self.chair.state.survey(survey_id)
        if found is None:
            raise NotFound("survey", value=survey_id, bound="no survey has that id", remedy="List them to find it.")
        return self._with_response(found)

    def put(self, definition: Survey | str, *, by: Actor, over: int | None = None) -> SurveyState:
        """Keep a survey, new as a draft, else as its next version; the same again changes nothing.

        definition: a Survey, or JSON or TOML. over: the version that was edited; 0: it must be new; None: whichever is
        there. Raises BadInput; Conflict where another version is there by now, or its metric would change.
        """
        survey = parse(definition) if isinstance(definition, str) else definition
        before = self.chair.state.survey(survey.id)
        version = before.version if before else 0
        if over not in (None, version):
            remedy = "Look at it as it is now, then change it." if before else "Make it anew."
            raise Conflict("survey", value=survey.id, bound=f"is at version {version}, not {over}", remedy=remedy)
        if before is not None and before.definition == survey:
            return self._with_response(before)
        if before is not None and before.definition.metric != survey.metric:
            bound = f"asks for {before.definition.metric}, and its answers are counted as that"
            raise Conflict("survey metric", value=survey.metric, bound=bound, remedy="Make a survey with another id.")
        status = before.status if before else "draft"
        self._keep(SurveyState(survey.id, version + 1, status, survey, self.chair.clock(), by.name), version)
        by.did(self.chair, "changed survey", None, f"{survey.id}, version {version + 1}")
        return self.get(survey.id)

    def open(self, survey_id: str, *, by: Actor) -> SurveyState:
        """Let a survey be answered and sent. Raises NotFound, Conflict."""
        return self._become(survey_id, "live", by)

    def close(self, survey_id: str, *, by: Actor) -> SurveyState:
        """Let a survey be answered and sent no more; what was answered stays. Raises NotFound, Conflict."""
        return self._become(survey_id, "closed", by)

    # asked

    def link(self, survey_id: str, who: str, *, by: Actor, language: str = "") -> str:
        """The path of a new invitation, to be handed to a customer. Raises NotFound; Conflict unless it is live."""
        survey, customer_id, now = self.get(survey_id), self.chair.find(who), self.chair.clock()
        if survey.status != "live":
            bound = f"is {survey.status}: nobody could answer"
            raise Conflict("survey", value=survey_id, bound=bound, remedy="Open it first.")
        spoken = survey.definition.spoken(language, language_of(self.chair.state, customer_id))
        message_id = secrets.token_hex(ID_BYTES)
        message = Message(message_id, "survey", survey_id, customer_id, LINK, "", spoken, now, now, "given")
        self.chair.state.add_messages([message])
        self.chair.state.log(by.name, "made survey link", customer_id, survey_id, now)
        return self.path(message)

    def path(self, message: Message) -> str:
        """Where a message that asks is answered; good for the setting `survey_days` from when it was made."""
        expires = message.made_at + timedelta(days=self.chair.settings.survey_days)
        return f"/survey/{self._seals.token(message.message_id, expires)}"

    # answered

    def invitation(self, token: str) -> Invitation:
        """The invitation behind the token of a path. Raises SurveyRefused."""
        opened = self._seals.opened(token)
        if opened is None:
            raise SurveyRefused("forged")
        if opened[1] <= self.chair.clock():
            raise SurveyRefused("expired")
        found = self.chair.state.invitation(opened[0])
        if found is None:
            raise SurveyRefused("unknown")
        return _answerable(found)

    def visit(self, survey_id: str, slip: str = "") -> tuple[Invitation, str]:
        """Somebody unknown at the public link, and the slip by which what they send next is from the same one.

        slip: the one they were given; empty: they have just come. Raises SurveyRefused.
        """
        survey, now = self.chair.state.survey(survey_id), self.chair.clock()
        if survey is None:
            raise SurveyRefused("unknown")
        if not slip:
            slip = self._seals.token(secrets.token_hex(ID_BYTES), now + timedelta(hours=SLIP_HOURS), survey_id)
        opened = self._seals.opened(slip, survey_id)
        if opened is None or opened[1] <= now:
            raise SurveyRefused("forged" if opened is None else "expired")
        return _answerable(Invitation(opened[0], survey)), slip

    def record(
        self, of: Invitation, answers: Mapping[str, object], *, language: str = "", once: str = ""
    ) -> list[Envelope]:
        """The facts of some answers (by the key of their question), ready for the inbox; writes nothing itself.

        What was answered the same before gives none; what is answered anew is newer, and counts. once: of the form they
        come from, so that it sent twice is the same facts. Of an anonymous visitor the first answer to a question is
        the one that is kept. Raises BadInput.
        """
        survey, now = of.survey.definition, self.chair.clock()
        spoken = survey.spoken(language, of.language)
        events = []
        for one in reading.read(survey, answers, spoken):
            score, text, before = of.said.get(one.question.key, (None, None, ""))
            if before and (score, text) == (one.score, one.text):
                continue
            row = reading.row(survey, of.survey.version, one, spoken, invitation=of.invitation_id)
            content = [str(one.score), one.text or "", before, once] if of.identifier else []
            key = digest("answer", of.invitation_id, one.question.key, *content)
            events.append(own.envelope("answers", key, now, {"identifier": of.identifier, **row}))
        if events and of.identifier:
            told = msgspec.json.encode({"invitation": of.invitation_id}).decode()
            contact = {"identifier": of.identifier, "action": survey.action, "channel": of.channel}
            contact |= {"status": "answered", "properties": told}
            events.append(own.envelope("contacts", digest("answered", of.invitation_id), now, contact))
        return events

    def answer(self, survey_id: str, token: str, answers: Mapping[str, object], *, language: str = "") -> int:
        """Record answers to an invitation, durably; gives how many were new. Raises SurveyRefused, BadInput."""
        of = self.invitation(token)
        if of.survey.survey_id != survey_id:
            raise SurveyRefused("of another survey")
        events = self.record(of, answers, language=language)
        # The last of them says that the invitation was answered.
        return sum(self.chair.state.inbox.put(events)[:-1])

    @cached_property
    def _seals(self) -> Seals:
        return Seals(self.chair.state, SECRET)

    def _become(self, survey_id: str, status: str, by: Actor) -> SurveyState:
        before = self.get(survey_id)
        if before.status != status:
            self._keep(replace(before, status=status), before.version)
            by.did(self.chair, {"live": "opened survey", "closed": "closed survey"}[status], None, survey_id)
        return self.get(survey_id)

    def _keep(self, survey: SurveyState, over: int) -> None:
        if not self.chair.state.put_survey(survey, over=over):
            remedy = "Look at it as it is now."
            raise Conflict("survey", value=survey.survey_id, bound="was changed at the same time", remedy=remedy)

    def _with_response(self, survey: SurveyState) -> SurveyState:
        sure = self.chair.settings.confidence
        if not survey.sent:
            return replace(survey, response=Unknown("nobody was asked", needed=1))
        return replace(survey, response=share(min(survey.answered, survey.sent), survey.sent, confidence=sure))


def _answerable(found: Invitation) -> Invitation:
    if found.survey.status != "live":
        raise SurveyRefused("closed")
    return found
