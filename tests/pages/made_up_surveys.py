"""What a made-up chair asks: a survey that was answered, one that waits to be opened, one nobody was asked yet."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from openchair.chair.actor import Actor
from openchair.chair.listening.views import SurveyState
from openchair.core.errors import Conflict, NotFound
from openchair.core.estimate import Estimate, Unknown
from openchair.listening.asking.survey import Survey, parse, starter

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOBODY = Unknown("nobody was asked", needed=1)


def kept(survey: Survey, status: str, **became: Any) -> SurveyState:
    return SurveyState(survey.id, 2, status, survey, NOW, "O’Brien <b>& Sons</b>", **{"response": NOBODY, **became})


def asked() -> dict[str, SurveyState]:
    nps, order, contact = starter()
    odd = parse(
        '{"id":"odd","metric":"own","language":"en","title":{"en":"<b>Odd</b>"},"why":{"en":"' + "a" * 180 + '"},'
        '"thanks":{"en":"<script>alert(1)</script>"},"questions":[{"key":"warm","kind":"scale","least":0,"most":10,'
        '"text":{"en":"How warm?"}},{"key":"which","kind":"choice","text":{"en":"Which?"},'
        '"options":[{"en":"This"},{"en":"That"}]}]}'
    )
    answered = {"sent": 1240, "answered": 402, "waiting": 12, "by_language": {"en": 230, "th": 92, "ur": 80}}
    response = Estimate(402 / 1240, 0.30, 0.35, 1240)
    states = [
        kept(nps, "live", response=response, **answered),
        kept(order, "draft"),
        kept(contact, "closed"),
        kept(odd, "live"),
    ]
    return {one.survey_id: one for one in states}


@dataclass
class MadeUpSurveys:
    """The use cases of surveys, over made-up ones."""

    those: dict[str, SurveyState] = field(default_factory=asked)
    did: list[tuple[str, ...]] = field(default_factory=list)

    def all(self) -> tuple[SurveyState, ...]:
        return tuple(self.those.values())

    def get(self, survey_id: str) -> SurveyState:
        if survey_id not in self.those:
            raise NotFound("survey", value=survey_id, bound="no survey has that id")
        return self.those[survey_id]

    def put(self, definition: Survey, *, by: Actor, over: int | None = None) -> SurveyState:
        before = self.those.get(definition.id)
        if over != (before.version if before else 0):
            raise Conflict("survey", value=definition.id, bound="was changed at the same time", remedy="Look again.")
        self.did.append(("put", definition.id, by.name))
        after = replace(before or kept(definition, "draft"), definition=definition, version=(over or 0) + 1)
        self.those[definition.id] = after
        return after

    def open(self, survey_id: str, *, by: Actor) -> SurveyState:
        self.did.append(("open", survey_id, by.name))
        self.those[survey_id] = replace(self.get(survey_id), status="live")
        return self.those[survey_id]

    def close(self, survey_id: str, *, by: Actor) -> SurveyState:
        self.did.append(("close", survey_id, by.name))
        self.those[survey_id] = replace(self.get(survey_id), status="closed")
        return self.those[survey_id]

    def link(self, survey_id: str, who: str, *, by: Actor, language: str = "") -> str:
        if who == "nobody":
            raise NotFound("customer", value=who, bound="no identifier is like that")
        self.did.append(("link", survey_id, who, by.name))
        return f"/survey/token-of-{who}"
