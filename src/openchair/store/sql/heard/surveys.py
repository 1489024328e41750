"""Surveys, and what waits to be sent to customers, in the state's database."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, case, func, select, update

from openchair.chair.intake.own import named
from openchair.chair.listening.views import Invitation, SurveyState
from openchair.listening.asking.survey import Survey, parse, written
from openchair.store.sql.rows import Tables, insertion, pieces
from openchair.store.sql.schema import identities, indexed, outbox
from openchair.store.sql.schema import surveys as _surveys

_answers = indexed["answers"]
_read = lru_cache(maxsize=256)(parse)
_AT_ONCE = 500
GONE_OUT = ("sent", "given")
"""Statuses of messages that their customers have."""

_ASKED = (
    select(outbox, *(_surveys.c[name] for name in ("version", "definition", "changed_at", "changed_by")))
    .add_columns(_surveys.c.status.label("survey_status"), identities.c.identifier)
    .join(_surveys, _surveys.c.survey_id == outbox.c.subject)
    # By the base, so that a merge that is taken back later leaves the answer with whom it was asked of.
    .join(identities, identities.c.base_id == outbox.c.customer_id)
    .where(outbox.c.message_id == bindparam("message_id"), outbox.c.kind == "survey")
)
_SAID = (
    select(_answers.c.fact_id, _answers.c.score, _answers.c.text, _answers.c.properties)
    .where(_answers.c.identifier == bindparam("identifier"), _answers.c.survey_id == bindparam("survey_id"))
    .order_by(_answers.c.happened_at, _answers.c.fact_id)
)


class _Properties(msgspec.Struct):
    question: str = ""
    invitation: str = ""


class Asking(Tables):
    """Surveys, and messages that ask."""

    def survey(self, survey_id: str) -> SurveyState | None:
        """One survey, with what became of it."""
        with self._database.read() as connection:
            row = connection.execute(select(_surveys).where(_surveys.c.survey_id == survey_id)).first()
            return _state(row, _counts(connection, survey_id)) if row else None

    def surveys(self) -> list[SurveyState]:
        """All surveys by id, each with what became of it."""
        with self._database.read() as connection:
            counts = _counts(connection)
            rows = connection.execute(select(_surveys).order_by(_surveys.c.survey_id))
            return [_state(row, counts) for row in rows]

    def definitions(self) -> list[Survey]:
        """What all surveys ask, by id, whatever became of them."""
        found = self._values(select(_surveys.c.definition).order_by(_surveys.c.survey_id))
        return [_read(one) for one in found]

    def put_survey(self, survey: SurveyState, *, over: int) -> bool:
        """Keep a survey in place of its version `over` (0: of none), and whether that was the one that was there."""
        row = {name: getattr(survey, name) for name in _surveys.c.keys() if name != "definition"}  # noqa: SIM118
        row["definition"] = written(survey.definition)
        here = (_surveys.c.survey_id == survey.survey_id, _surveys.c.version == over)
        with self._database.write() as connection:
            put = update(_surveys).where(*here) if over else insertion(connection, _surveys).on_conflict_do_nothing()
            return connection.execute(put.values(row).returning(_surveys.c.survey_id)).first() is not None

    def invitation(self, message_id: str) -> Invitation | None:
        """A message that asks, as its customer's answer needs it; None where it is gone, or the survey is."""
        with self._database.read() as connection:
            rows = connection.execute(_ASKED, {"message_id": message_id}).all()
            if not rows:
                return None
            first, who = rows[0], named([row.identifier for row in rows])
            said = connection.execute(_SAID, {"identifier": who, "survey_id": first.subject}).all()
        about = (first.subject, first.version, first.survey_status, _read(first.definition), first.changed_at)
        survey = SurveyState(*about, first.changed_by)
        return Invitation(message_id, survey, first.language, who, first.channel, dict(_newest(message_id, said)))

    def mark_answered(self, at: Mapping[str, datetime]) -> None:
        """Remember when these messages were answered, the first time each."""
        mark = update(outbox).where(outbox.c.message_id == bindparam("id"), outbox.c.answered_at.is_(None))
        rows = [{"id": message_id, "when": when} for message_id, when in sorted(at.items())]
        # In pieces, so that an answer that comes meanwhile waits for one of them only.
        for some in pieces(rows, _AT_ONCE):
            with self._database.write() as connection:
                connection.execute(mark.values(answered_at=bindparam("when")), list(some))


def _newest(message_id: str, rows: Iterable[Any]) -> Iterator[tuple[str, tuple[float | None, str | None, str]]]:
    for row in rows:
        about = msgspec.json.decode(row.properties or "{}", type=_Properties)
        if about.invitation == message_id:
            yield about.question, (row.score, row.text, row.fact_id)


def _counts(connection: Connection, survey_id: str = "") -> dict[str, list[Row[Any]]]:
    """By survey: invitations by language, how many went out, wait and were answered."""
    one = {name: func.sum(case((condition, 1), else_=0)).label(name) for name, condition in _BECAME.items()}
    query = select(outbox.c.subject, outbox.c.language, *one.values()).where(outbox.c.kind == "survey")
    if survey_id:
        query = query.where(outbox.c.subject == survey_id)
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query.group_by(outbox.c.subject, outbox.c.language).order_by(outbox.c.language)):
        found.setdefault(row.subject, []).append(row)
    return found


_BECAME = {
    "sent": outbox.c.status.in_(GONE_OUT),
    "waiting": outbox.c.status == "waiting",
    "answered": outbox.c.answered_at.is_not(None),
}


def _state(row: Row[Any], counts: Mapping[str, list[Row[Any]]]) -> SurveyState:
    those = counts.get(row.survey_id, [])
    return SurveyState(
        **{**row._mapping, "definition": _read(row.definition)},
        **{name: sum(getattr(one, name) for one in those) for name in _BECAME},
        by_language={one.language: one.answered for one in those if one.answered},
    )
