"""Pick: everyone whom nothing keeps from being asked, and of those the ones from whom most is learned.

The guard judges distinct circumstances, however many customers are in them; counting answers is the state's work.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from openchair.chair.listening.scores.measuring import DAYS
from openchair.chair.listening.views import SendReport, SurveyState
from openchair.chair.state import State
from openchair.chair.wheel.choose import columns_of
from openchair.core.clock import Moment
from openchair.core.errors import BadInput, Conflict
from openchair.core.estimate import Number, Unknown
from openchair.core.ids import uniforms
from openchair.core.settings import Settings
from openchair.decisions import guard
from openchair.decisions.reasons import REASONS
from openchair.decisions.situation import circumstances_of
from openchair.learning.deciding import LOOKED_AT
from openchair.listening.asking.sampling import Allocation, Parts, allocate, drawn
from openchair.listening.asking.survey import Survey
from openchair.listening.nps import too_few
from openchair.listening.scores.metric import METRICS

WAY = "survey"
STRATA = ("stage", "")
"""What the customers are parted by; empty: nothing, they are all alike."""
RESPONSE_DAYS = 3
"""Who was asked less long ago may answer yet, and is not counted as one who did not."""
RESPONSE_YEAR = 365
_NO_ADDRESS, _WAITING, _HOUSEHOLD = range(len(REASONS), len(REASONS) + 3)
KEPT_OUT = (
    *REASONS,
    "no address of theirs is known on this channel",
    "a survey waits to be sent to them already",
    "somebody of their household is asked instead",
)
"""Why somebody is not asked, by code: what the guard says, then what only asking looks at."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Who is to be asked, by customer id, and the report of it."""

    customer_ids: tuple[str, ...]
    report: SendReport


def thing_of(survey: Survey, channel: str) -> guard.Thing:
    """A survey as a thing on its way."""
    return guard.Thing(survey.action, channel=channel, purpose="research", idea=survey.idea)


def pick(
    state: State, settings: Settings, survey: SurveyState, channel: str, limit: int, moment: Moment, by: str
) -> Picked:
    """Whom to ask, at most `limit`, parted `by` one of STRATA. Raises BadInput; Conflict before the first turn."""
    if by not in STRATA:
        raise BadInput("strata", value=by, bound=f"one of {', '.join(filter(None, STRATA))}", remedy="Name one.")
    table = state.everyone(("customer_id", *LOOKED_AT))
    if not table.num_rows:
        raise Conflict("customers", value=0, bound="no turn has seen anybody yet", remedy="Turn the wheel first.")
    salt = (str(settings.seed), survey.survey_id, moment.day.isoformat())
    ids = table["customer_id"].to_numpy(zero_copy_only=False).astype("U")
    codes = _against(state, table, thing_of(survey.definition, channel), moment, uniforms(ids, *salt))
    names, part = _parts(table, by)
    free = codes == 0
    counts = np.array([np.bincount(part[mask], minlength=len(names)) for mask in (np.full(len(part), True), free)])
    found = _allocated(state, survey.definition, names, by, counts, limit, moment, settings.confidence)
    able = np.flatnonzero(free)
    chosen = able[drawn(ids[able], part[able], found.ask, *salt)]
    asked = np.bincount(part[chosen], minlength=len(names))
    kinds, many = np.unique(codes[~free], return_counts=True)
    has_score, answers = survey.definition.metric in METRICS, round(found.before.n)
    before: Number = (too_few(answers) or found.before) if has_score else Unknown("own questions have no score")
    report = SendReport(
        survey_id=survey.survey_id,
        eligible=int(free.sum()),
        chosen=len(chosen),
        kept_out={KEPT_OUT[kind]: int(n) for kind, n in zip(kinds, many, strict=True)},
        before=before,
        expected=found.after if has_score else None,
        by_part={str(name): int(n) for name, n in zip(names, asked, strict=True) if n},
    )
    return Picked(tuple(ids[chosen].tolist()), report)


def _against(
    state: State, table: pa.Table, thing: guard.Thing, moment: Moment, chance: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(n,) what keeps each customer from being asked: 0, or a place in KEPT_OUT."""
    circumstances, place = circumstances_of(columns_of(table), moment.day)
    codes = guard.against(circumstances, guard.judged([thing], WAY))[:, 0].astype(np.int64)[place]
    who = table["customer_id"].combine_chunks()
    if thing.channel == "e-mail":
        codes = np.where((codes == 0) & (table["mailable"].to_numpy() == 0), _NO_ADDRESS, codes)
    waits = pc.is_in(who, value_set=pa.array(state.awaiting("survey"), pa.string()))
    codes = np.where((codes == 0) & waits.to_numpy(zero_copy_only=False), _WAITING, codes)
    pairs = state.relatives()
    ends = [pc.index_in(pairs[end], value_set=who).combine_chunks() for end in pairs.column_names]
    known = pc.and_(*(end.is_valid() for end in ends)).to_numpy(zero_copy_only=False)
    left, right = (end.fill_null(0).to_numpy().astype(np.int64)[known] for end in ends)
    both = (codes[left] == 0) & (codes[right] == 0)
    # Of two, the one whom chance would ask first.
    codes[np.where(chance[left] > chance[right], left, right)[both]] = _HOUSEHOLD
    return codes


def _parts(table: pa.Table, by: str) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the parts, and (n,) which of them each customer is of."""
    if not by:
        return ["all"], np.zeros(table.num_rows, dtype=np.int64)
    coded = table[by].combine_chunks().dictionary_encode(null_encoding="encode")
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _allocated(
    state: State, survey: Survey, names: list[str], by: str, counts: NDArray[np.int64], limit: int, moment: Moment,
    confidence: float,
) -> Allocation:  # fmt: skip
    """How many to ask of each part. counts: (2, k) customers, and those who may be asked."""
    place = {name: n for n, name in enumerate(names)}

    def of(row: dict[str, object]) -> int:
        return place.get(str(row["part"]), 0) if by else 0

    values, answers = np.array([0.0, 1.0]), np.zeros((len(names), 2), dtype=np.int64)
    bounds = survey.bounds(survey.questions[0])
    column = by or "stage"
    if survey.metric in METRICS and bounds is not None:
        least, most = bounds
        scale = np.arange(least, most + 1, dtype=np.float64)
        points = METRICS[survey.metric].points(scale, np.full(len(scale), float(most)))
        values, kind = np.unique(points, return_inverse=True)
        answers = np.zeros((len(names), len(values)), dtype=np.int64)
        for row in state.scored(survey.metric, column, moment.now - timedelta(days=DAYS)).to_pylist():
            answers[of(row), kind[int(np.clip(round(row["score"]), least, most)) - least]] += row["n"]
    alike = [one.id for one in state.definitions() if one.metric == survey.metric]
    since, until = (moment.now - timedelta(days=days) for days in (RESPONSE_YEAR, RESPONSE_DAYS))
    asked = np.zeros((2, len(names)), dtype=np.int64)
    for row in state.responded(alike, column, since, until).to_pylist():
        asked[:, of(row)] += (row["asked"], row["answered"])
    parts = Parts(counts[0], counts[1], answers, asked[0], asked[1])
    return allocate(parts, values.tolist(), limit, confidence=confidence)
