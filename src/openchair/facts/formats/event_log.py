"""Event logs of process mining: a row an activity of a case; each case is a customer, each activity a step.

The names are those of the XES standard (IEEE 1849) as tools write them into tables, and those of published logs.
Columns are compared as words, so `case:concept:name` and `Case Concept Name` are one.
"""

from collections.abc import Sequence

import ibis.expr.types as ir

from openchair.facts import cells
from openchair.facts.mapping import words_of
from openchair.facts.reading import Context, Format, Reading, as_json, facts, first_of, rejects

_CASE = ("case concept name", "case id", "caseid", "case")
_ACTIVITY = ("concept name", "activity id", "activityid", "activity name", "activity")
_TIME = ("time timestamp", "complete timestamp", "completetimestamp", "end timestamp", "timestamp")


def _found(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The column that has the first of these names."""
    by_words = {words_of(c): c for c in reversed(columns)}
    return next((by_words[name] for name in names if name in by_words), None)


def matches(columns: Sequence[str]) -> bool:
    """Whether a file has a case, an activity and a time.

    >>> matches(["CaseID", "ActivityID", "CompleteTimestamp"]), matches(["case:concept:name", "time:timestamp"])
    (True, False)
    """
    return all(_found(columns, names) for names in (_CASE, _ACTIVITY, _TIME))


def read(raw: ir.Table, context: Context) -> Reading:
    """Rows become steps of a customer named as the case; whatever else a row says is kept as properties.

    A row said twice is two steps. Equal times stay equal, whatever the order of the rows.
    """
    case, activity, time = (_found(raw.columns, names) or "" for names in (_CASE, _ACTIVITY, _TIME))
    case_id, name = cells.code(raw[case]), cells.code(raw[activity])
    moment, is_utc = cells.clock(raw[time], context.style.get(time.strip().lower(), "mdy"))
    reason = first_of(
        (case_id.isnull(), "no case"),
        (case_id.length() > 290, "the case's name is longer than 290 characters"),
        (name.isnull(), "no activity"),
        (name.length() > 300, "the activity's name is longer than 300 characters"),
        (moment.isnull(), "time " + cells.shown(raw[time]) + " is not a time that can be read"),
    )
    more = set(raw.columns) - {case, activity, time, "line"}
    steps = facts(
        raw,
        "steps",
        context,
        (case_id, name, moment.epoch_seconds()),
        reason.isnull(),
        happened_at=cells.instant(moment, is_utc, context.zone),
        identifier="id:" + case_id,
        name=name,
        **({"properties": as_json(raw, case, activity, time)} if more else {}),
    )
    return Reading({"steps": steps}, rejects(raw, reason), one_each=True)


FORMAT = Format(
    "event-log",
    "Event log of process mining",
    matches,
    read,
    ("case:concept:name", "concept:name", "time:timestamp"),
    doubtful=("completetimestamp", "complete timestamp", "timestamp", "time:timestamp", "end timestamp"),
)
