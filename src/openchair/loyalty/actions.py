"""Actions: what a business may do next for a customer, as data, and the catalogue they are written down in."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from openchair.core.errors import BadInput
from openchair.core.ids import digest
from openchair.dossier.rules import ALLERGENS, DIETS, Channel, Contents, Purpose
from openchair.loyalty import contradictions, plain
from openchair.loyalty.pillars import EXPERIENCE_IDS, PILLAR_IDS, PLUS, ExperienceId, PillarId, PlusKind

Stage = Literal["prospect", "new", "growing", "steady", "slipping", "lapsed", "returning"]
NpsGroup = Literal["unknown", "detractor", "passive", "promoter"]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$")]
Moment = Literal["daily", "checkout", "visit", "sign-up", "dispatch", "delivery", "return", "complaint", "contact",
                 "cancelling", "birthday", "anniversary"]  # fmt: skip
Sentence = Annotated[str, Meta(min_length=8, max_length=200)]
MOMENTS: tuple[Moment, ...] = get_args(Moment)
"""Occasions of a decision: the daily turn, and what a till, a page or a calendar tells us of."""
MOST = 2_000
"""Actions in a catalogue."""
WAIT = "wait"
"""The id of doing nothing: always a candidate, never in a catalogue."""


class Needs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must be true of a customer for an action to suit them; None does not matter."""

    min_orders: Annotated[int, Meta(ge=0, le=20)] = 0
    sender: bool | None = None
    complained: bool | None = None
    nps: tuple[NpsGroup, ...] = ()
    """Groups by their last answer; () is any."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a customer reads in one language: what the action is called to them, and what is written to them.

    {name} and {shop} stand for their name and ours. Empty lines around a body are no part of it.
    """

    title: Annotated[str, Meta(max_length=120)] = ""
    subject: Annotated[str, Meta(max_length=120)] = ""
    body: Annotated[str, Meta(max_length=2000)] = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "body", self.body.strip("\n"))


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One possible next best action.

    `want` and `relationship` are the parts of a sentence that say what the action does for what they want and for the
    relationship. `cost_minor` is all it costs us, time included, in the shop's own minor units (the catalogue that
    comes with Openchair is written for cents of a euro, dollar or pound). `uplift` is the share of a customer's
    12-month value that we believe it adds, by the stages it suits; `uplift_sd` how unsure that is; `flat_minor` what
    it adds whatever they are worth. All three are prior beliefs, which `learning.beliefs` replaces by what came of it.
    No contact of any kind may lie less than `spacing_days` back, and none with the same `idea` (left out: the action's
    id) less than `idea_days`. It goes by the first of `channels` that the guard permits, at any moment where `moments`
    is empty. `minutes` is the team's time, `capacity` how often it can be done in `capacity_days` (None: no limit),
    `undo_hours` how long it waits once it is approved, and can be taken back. Outcomes are counted for `window_days`
    (0: as the setting outcome_days says). `essential` is never withheld for the sake of proof. `good` is what we
    believe it does to the customer's own good, in points of satisfaction of 0 to 10, and `good_sd` how unsure that is.
    """

    id: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,40}$")]
    pillar: PillarId
    plus: PlusKind | None = None
    experience: ExperienceId
    title: Annotated[str, Meta(min_length=4, max_length=80)]
    want: Sentence
    relationship: Sentence
    channels: Annotated[tuple[Channel, ...], Meta(min_length=1, max_length=7)]
    moments: Annotated[tuple[Moment, ...], Meta(max_length=12)] = ()
    purpose: Purpose = "service"
    cost_minor: Annotated[int, Meta(ge=0, le=10**9)]
    spacing_days: Annotated[int, Meta(ge=0, le=90)]
    idea: Annotated[str, Meta(pattern="^([a-z][a-z0-9-]{1,40})?$")] = ""
    idea_days: Annotated[int, Meta(ge=0, le=365)] = 60
    uplift: dict[Stage, Annotated[float, Meta(ge=-1, le=1)]]
    uplift_sd: Annotated[float, Meta(gt=0, le=1)]
    flat_minor: Annotated[int, Meta(ge=-(10**9), le=10**9)] = 0
    good: Annotated[float, Meta(ge=-10, le=10)] = 0.0
    good_sd: Annotated[float, Meta(gt=0, le=10)] = 0.5
    window_days: Annotated[int, Meta(ge=0, le=365)] = 0
    minutes: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    capacity: Annotated[int, Meta(ge=1, le=10**7)] | None = None
    capacity_days: Literal[1, 7] = 1
    approve: bool = True
    undo_hours: Annotated[int, Meta(ge=0, le=24 * 90)] = 0
    essential: bool = False
    is_discount: bool = False
    contents: Contents = Contents()
    needs: Needs = Needs()
    texts: Annotated[dict[Language, Text], Meta(max_length=12)] = msgspec.field(default_factory=dict)

    @property
    def channel(self) -> Channel:
        """The channel it prefers."""
        return self.channels[0]

    @property
    def owed(self) -> bool:
        """Whether it is owed to customers: it is essential, or a remedy."""
        return self.essential or self.needs.complained is True


def parse(text: str) -> tuple[Action, ...]:
    """The actions of a catalogue in YAML, a list of them, sorted by id.

    Raises BadInput naming the action, the field, its value and what is allowed.
    """
    return of(plain.read(text))


def read(raw: bytes) -> tuple[Action, ...]:
    """The actions of a file in YAML. Raises BadInput as `parse` does, and for what is no text."""
    try:
        return parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as wrong:
        bound, remedy = "must be text in UTF-8", "Save it as text, in UTF-8."
        raise BadInput("catalogue", value=f"byte {wrong.start:,}", bound=bound, remedy=remedy) from None


def of(rows: object) -> tuple[Action, ...]:
    """The actions in the plain values that YAML or JSON hold, sorted by id. Raises BadInput as `parse` does."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST:
        bound = f"must be a list of 1 to {MOST:,} actions"
        held = f"{len(rows):,} actions" if isinstance(rows, list) else "nothing" if rows is None else "no list"
        raise BadInput("catalogue", value=held, bound=bound, remedy="Begin each action with `- id: its-name`.")
    actions = [_action(row, place) for place, row in enumerate(rows, start=1)]
    seen: set[str] = set()
    for action in actions:
        if action.id in seen or action.id == WAIT:
            bound = f"must be the id of one action only, and not {WAIT}"
            raise BadInput("catalogue, action id", value=action.id, bound=bound, remedy="Give it another id.")
        contradictions.refuse(action)
        seen.add(action.id)
    return sorted_by_id(actions)


def sorted_by_id(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Actions in the order in which a catalogue holds them."""
    return tuple(sorted(actions, key=lambda action: action.id))


def written(actions: Iterable[Action]) -> str:
    """Actions as YAML, pillar by pillar, without what is as by default; `parse` gives them back."""
    ordered = sorted(actions, key=lambda action: (PILLAR_IDS.index(action.pillar), action.id))
    return plain.written(msgspec.to_builtins(ordered))


@cache
def default() -> tuple[Action, ...]:
    """The catalogue that comes with Openchair; it is part of the program as its code is."""
    starter = resources.files(__package__).joinpath("starter")
    return parse("\n".join(starter.joinpath(f"{pillar}.yaml").read_text(encoding="utf-8") for pillar in PILLAR_IDS))


class Same:
    """A catalogue, equal to itself alone: what follows from it is kept by this, for to compare two takes too long."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self.actions = actions if isinstance(actions, tuple) else tuple(actions)

    def __hash__(self) -> int:
        return id(self.actions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.actions is other.actions


def by_id(actions: Sequence[Action]) -> Mapping[str, Action]:
    """A catalogue by id; the same tuple is sorted out once."""
    return _by_id(Same(actions))


@lru_cache(maxsize=16)
def _by_id(same: Same) -> Mapping[str, Action]:
    return {action.id: action for action in same.actions}


def fingerprint(actions: Sequence[Action]) -> str:
    """A name that follows from what a catalogue says, so that a record can say from which one it was chosen."""
    return _fingerprint(Same(actions))


@lru_cache(maxsize=16)
def _fingerprint(same: Same) -> str:
    return digest("catalogue", msgspec.json.encode(same.actions).decode())[:12]


def discounts(actions: Iterable[Action]) -> tuple[str, ...]:
    """The ids of those that compete on price, whose share a report shows."""
    return tuple(action.id for action in actions if action.is_discount)


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "pillar": PILLAR_IDS,
    "plus": tuple(PLUS),
    "experience": EXPERIENCE_IDS,
    "channels": get_args(Channel),
    "moments": MOMENTS,
    "purpose": get_args(Purpose),
    "uplift": get_args(Stage),
    "needs.nps": get_args(NpsGroup),
    "contents.allergens": ALLERGENS,
    "contents.suits": DIETS,
}


def _action(row: Any, place: int) -> Action:
    """One action of the file."""
    name = row.get("id", f"number {place}") if isinstance(row, dict) else f"number {place}"
    try:
        return msgspec.convert(row, Action)
    except msgspec.ValidationError as wrong:
        message, _, where = str(wrong).partition(" - at ")
        path = re.sub(r"^`(key in )?\$\.?|`$|\[\.\.\.\]", "", where).replace("`", "").replace("key in $.", "")
        missing = re.search(r"required field `(\w+)`", message)
        field = ".".join(part for part in (path, missing[1] if missing else "") if part) or "fields"
        choices = next((given for key, given in _CHOICES.items() if field.startswith(key)), ())
        bound = "must be given" if missing else _in_words(message)
        if choices and message.startswith("Invalid enum"):
            bound = f"must be one of {', '.join(choices)}"
        value = None if missing else _value(row, path)
        remedy = "Correct it in the catalogue."
        raise BadInput(f"catalogue, action {name}, {field}", value=value, bound=bound, remedy=remedy) from wrong


_KINDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
          "object": "names with values", "null": "empty"}  # fmt: skip
_WORDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"`str` matching regex '\^\[a-z\]\{2.*", "a code of two or three small letters"),
    (r"`str` matching regex .*", "2 to 41 small letters, digits and hyphens, beginning with a letter"),
    (r"`(\w+)(?: \| null)?`", lambda found: _KINDS.get(found[1], f"“{found[1]}”")),
    (r"^Expected ", "must be "), (r", got ", ", not "),
    (r"text of length >= (\d+)", r"text of \1 characters or more"), (r" of length >= (\d+)", r" of \1 or more"),
    (r"text of length <= (\d+)", r"text of \1 characters or fewer"), (r" of length <= (\d+)", r" of \1 or fewer"),
    (r" >= ", " of at least "), (r" <= ", " of at most "), (r" > ", " above "), (r" < ", " below "),
)  # fmt: skip


def _in_words(message: str) -> str:
    """What msgspec says is wrong, for whoever never heard of it.

    >>> _in_words("Expected `int | null` >= 0"), _in_words("Expected `str` of length >= 4")
    ('must be a whole number of at least 0', 'must be text of 4 characters or more')
    >>> _in_words("Expected `array`, got `str`"), _in_words("Object contains unknown field `colour`")
    ('must be a list, not text', 'object contains unknown field “colour”')
    """
    for what, word in _WORDS:
        message = re.sub(what, word, message)
    return message[:1].lower() + message[1:]


def _value(row: Any, path: str) -> Any:
    """What stands at a path of the form a.b[2] in a row."""
    found = row
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal():
            found = found[int(part)]
    return found
