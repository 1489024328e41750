"""What the use cases need of the state to ask: surveys, and what waits to be sent to customers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from openchair.chair.listening.views import Invitation, SurveyState
from openchair.chair.state.outbox import Message as Message
from openchair.chair.state.outbox import Outbox
from openchair.listening.asking.survey import Survey


class Asking(Outbox, Protocol):
    """Surveys and the outbox."""

    def survey(self, survey_id: str) -> SurveyState | None:
        """One survey, with what became of it."""
        ...

    def surveys(self) -> list[SurveyState]:
        """All surveys by id, each with what became of it."""
        ...

    def definitions(self) -> list[Survey]:
        """What all surveys ask, by id, whatever became of them."""
        ...

    def put_survey(self, survey: SurveyState, *, over: int) -> bool:
        """Keep a survey in place of its version `over` (0: of none), and whether that was the one that was there."""
        ...

    def add_messages(self, messages: Sequence[Message]) -> None:
        """Put messages into the outbox; one whose id is known changes nothing."""
        ...

    def message(self, message_id: str) -> Message | None:
        """One message."""
        ...

    def invitation(self, message_id: str) -> Invitation | None:
        """A message that asks, as its customer's answer needs it; None where it is gone, or the survey is."""
        ...

    def mark_answered(self, at: Mapping[str, datetime]) -> None:
        """Remember when these messages were answered, the first time each."""
        ...
