"""Sending: whom a survey goes to. What is chosen here waits in the outbox (`chair.acting.delivering`)."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openchair.chair.acting.addressing import addresses
from openchair.chair.actor import Actor
from openchair.chair.lease import SEND, held
from openchair.chair.listening.asking.picking import Picked, pick
from openchair.chair.listening.views import SendReport
from openchair.chair.sealing import ID_BYTES
from openchair.chair.state.records import Message
from openchair.core.errors import BadInput, Conflict

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

CHANNELS = ("e-mail", "webhook")
MOST = 100_000
"""Customers that one run may ask."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Whom a survey is sent to."""

    chair: "Chair"

    # made ready

    def plan(self, survey_id: str, *, channel: str = "e-mail", limit: int, by_strata: str = "stage") -> SendReport:
        """Whom a survey would be sent to, at most `limit` (1 to 100,000), and what keeps others out; sends nothing.

        by_strata: stage, or empty for parts of nothing. Raises BadInput, NotFound; Conflict unless the survey is live.
        """
        return self._pick(survey_id, channel, limit, by_strata).report

    def send(
        self, survey_id: str, *, by: Actor, channel: str = "e-mail", limit: int, by_strata: str = "stage"
    ) -> SendReport:
        """Put invitations of a survey into the outbox, for those whom `plan` would choose, all at once.

        Raises as `plan` does, BadInput for a channel that is not set up, Conflict while another survey is being sent.
        """
        if channel in CHANNELS and channel not in self.chair.channels:
            setting = {"e-mail": "smtp", "webhook": "webhook_url"}[channel]
            raise BadInput("channel", value=channel, bound="is not set up", remedy=f"Set {setting}.")
        with held(self.chair.state, SEND, self.chair.clock):
            picked = self._pick(survey_id, channel, limit, by_strata)
            self.chair.state.add_messages(self._messages(survey_id, channel, picked.customer_ids))
        by.did(self.chair, "sent survey", None, f"{survey_id}, {picked.report.chosen}")
        return picked.report

    def _pick(self, survey_id: str, channel: str, limit: int, by: str) -> Picked:
        if channel not in CHANNELS:
            raise BadInput("channel", value=channel, bound=f"one of {', '.join(CHANNELS)}", remedy="Name one of these.")
        if not 1 <= limit <= MOST:
            raise BadInput("limit", value=limit, bound=f"1 to {MOST:,}", remedy="Send the rest tomorrow.")
        survey = self.chair.surveys.get(survey_id)
        if survey.status != "live":
            bound = f"is {survey.status}: nobody could answer"
            raise Conflict("survey", value=survey_id, bound=bound, remedy="Open it first.")
        return pick(self.chair.state, self.chair.settings, survey, channel, limit, self.chair.moment(), by)

    def _messages(self, survey_id: str, channel: str, customer_ids: tuple[str, ...]) -> list[Message]:
        state, now = self.chair.state, self.chair.clock()
        survey = self.chair.surveys.get(survey_id).definition
        told = state.told(customer_ids, ("language", "locale")).to_pylist()
        said = {(row["customer_id"], row["name"]): row["value"] for row in told}
        theirs = addresses(state, customer_ids) if channel == "e-mail" else {}
        return [
            Message(
                message_id=secrets.token_hex(ID_BYTES),
                kind="survey",
                subject=survey_id,
                customer_id=one,
                channel=channel,
                address=theirs.get(one, ""),
                language=survey.spoken(*(said.get((one, name), "") for name in ("language", "locale"))),
                made_at=now,
                due_at=now,
                status="waiting",
            )
            for one in customer_ids
        ]
