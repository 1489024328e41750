"""The record of a situation: all that a decision in it rested on, as text that is kept and read back.

What the records of a catalogue have in common is their first line, so that neither to write it nor to pack it takes
time; the other says what is particular to the situation, by the actions in the catalogue's order.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from openchair.decisions.choice import Choice, Gains
from openchair.decisions.reasons import LIFTABLE, REASONS
from openchair.decisions.situation import Situations, fields_of
from openchair.loyalty.actions import WAIT, Action, Same, fingerprint


class CandidateRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An action that could have been drawn: its expected gain with its interval (minor units), the outcomes behind
    that, its chance, and how many times its gain counted (the focus map's weight)."""

    action: str
    gain: float
    low: float
    high: float
    n: float
    probability: float
    weight: float = 1.0

    @property
    def counts(self) -> float:
        """What it was compared by."""
        return self.gain * self.weight


class RuledOutRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An action that could not, and why; where that may change, if what, and what the action would then bring."""

    action: str
    reason: str
    if_only: str = ""
    gain: float = 0.0
    weight: float = 1.0

    @property
    def counts(self) -> float:
        """What it would have been compared by."""
        return self.gain * self.weight


R = TypeVar("R", CandidateRecord, RuledOutRecord)


class _Rows(Sequence[R]):
    """Many records of a kind by their columns, each made when it is asked for."""

    def __init__(self, kind: Any, *columns: NDArray[Any]) -> None:
        self._kind, self._columns = kind, columns

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[R]:
        return map(self._kind, *(column.tolist() for column in self._columns))

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return tuple(_Rows(self._kind, *(column[place] for column in self._columns)))
        return self._kind(*(column[place : place + 1 or None].item() for column in self._columns))

    def column(self, name: str) -> NDArray[Any]:
        """One field of each."""
        return self._columns[list(self._kind.__struct_fields__).index(name)]


def column(rows: Sequence[Any], name: str) -> NDArray[Any]:
    """One field of each of some records."""
    return rows.column(name) if isinstance(rows, _Rows) else np.array([getattr(one, name) for one in rows], dtype="O")


class Record(msgspec.Struct, frozen=True):
    """All that a decision in one situation rested on: what could have been drawn, best first, and what could not."""

    situation: dict[str, Any]
    candidates: Sequence[CandidateRecord]
    ruled_out: Sequence[RuledOutRecord]
    catalogue: str = ""
    """The fingerprint of the catalogue that it was chosen from (loyalty.actions)."""

    def find(self, action: str) -> CandidateRecord | None:
        """A candidate by its action."""
        return self.of(action) if action in column(self.candidates, "action").tolist() else None

    def of(self, action: str) -> CandidateRecord:
        """A candidate by its action, which is one."""
        place: int = column(self.candidates, "action").tolist().index(action)
        return self.candidates[place]

    def barred(self, words: Container[str]) -> RuledOutRecord | None:
        """The best of what was ruled out for a reason that may change, of those that these words say."""
        if_only, gain, weight = (column(self.ruled_out, name) for name in ("if_only", "gain", "weight"))
        counts, may = gain * weight, np.flatnonzero(if_only.astype(np.bool_)).tolist()
        best = max((place for place in may if if_only[place] in words), key=counts.__getitem__, default=None)
        return None if best is None else self.ruled_out[best]

    def reasons(self) -> dict[str, int]:
        """How many actions each reason was against, the most frequent first."""
        return dict(Counter(column(self.ruled_out, "reason").tolist()).most_common())


class _Frame(msgspec.Struct, frozen=True, dict=True):
    """What the records of a catalogue have in common, a line of its own: its actions, how many times each counts, and
    the reasons against by code, each with what would have had to be otherwise."""

    catalogue: str
    actions: tuple[str, ...]
    weights: tuple[float, ...]
    reasons: tuple[tuple[str, str], ...]

    @cached_property
    def names(self) -> NDArray[Any]:
        return np.array([*self.actions, WAIT], dtype=object)

    @cached_property
    def rank(self) -> NDArray[np.intp]:
        return self.names.astype("U").argsort(kind="stable").argsort()

    @cached_property
    def counted(self) -> NDArray[np.float64]:
        return np.array([*self.weights, *[1.0] * (len(self.names) - len(self.weights))])

    @cached_property
    def words(self) -> NDArray[Any]:
        return np.array(self.reasons, dtype=object)

    @cached_property
    def liftable(self) -> NDArray[np.bool_]:
        return np.asarray(self.words[:, 1] != "")


class _Rest(msgspec.Struct, frozen=True):
    """What a record says of its own situation, by the actions in the catalogue's order. codes: 0 for a candidate, else
    the reason. gain: of the candidates and of what a reason that may change ruled out. low, high, n: of the candidates.
    probability: of the candidates and of waiting, exact."""

    situation: dict[str, Any]
    codes: bytes
    gain: list[float]
    low: list[float]
    high: list[float]
    n: list[float]
    probability: list[float]


def texts_of(
    situations: Situations, actions: Sequence[Action], gains: Gains, choice: Choice, weights: Sequence[float] = ()
) -> list[str]:
    """The record of each of k situations, as `read` reads it: JSON of two lines, the first alike for all.

    weights: as in choice.choose.
    """
    line = _line(Same(actions), tuple(weights))
    liftable, figures, texts = _frame(line).liftable, (gains.low, gains.high, gains.n), []
    for i, codes in enumerate(choice.codes):
        open_ = codes == 0
        low, high, n = (part[i][open_].round(2).tolist() for part in figures)
        gain = gains.mean[i][open_ | liftable[codes]].round(2).tolist()
        chances = choice.probabilities[i][np.append(open_, True)].tolist()
        rest = _Rest(fields_of(situations, i), codes.astype(np.uint8).tobytes(), gain, low, high, n, chances)
        texts.append(line + msgspec.json.encode(rest)[1:].decode())
    return texts


def read(record: str) -> Record:
    """A record from its text; those of before it had two lines name each action with all that is said of it."""
    begins = record.find("\n") + 1
    if not begins:
        return _WHOLE.decode(record)
    frame, own = _frame(record[:begins]), _REST.decode("{" + record[begins:])
    codes = np.frombuffer(own.codes, np.uint8)
    open_ = np.append(np.flatnonzero(codes == 0), len(codes))
    out = codes.argsort(kind="stable")[len(open_) - 1 :]
    told = np.append((codes == 0) | frame.liftable[codes], False)
    gain, weight = np.zeros(len(told)), np.where(told, frame.counted, 1.0)
    gain[told] = own.gain
    order = np.lexsort((frame.rank[open_], -(gain * weight)[open_]))
    best = open_[order]
    figures = (np.array(part)[order] for part in ([*own.low, 0.0], [*own.high, 0.0], [*own.n, 0.0], own.probability))
    words = frame.words[codes[out]].T
    return Record(
        own.situation,
        _Rows(CandidateRecord, frame.names[best], gain[best], *figures, weight[best]),
        _Rows(RuledOutRecord, frame.names[out], *words, gain[out], weight[out]),
        frame.catalogue,
    )


_WHOLE, _REST = msgspec.json.Decoder(Record), msgspec.json.Decoder(_Rest)


@lru_cache(maxsize=16)
def _line(same: Same, weights: tuple[float, ...]) -> str:
    """The first line of records."""
    reasons = tuple((word, LIFTABLE.get(code, "")) for code, word in enumerate(REASONS))
    frame = _Frame(fingerprint(same.actions), tuple(one.id for one in same.actions), weights, reasons)
    return msgspec.json.encode(frame)[:-1].decode() + ",\n"


@lru_cache(maxsize=16)
def _frame(line: str) -> _Frame:
    """The first line of records as it is read, once for all of them."""
    return msgspec.json.decode(line[:-2] + "}", type=_Frame)
