"""Ways of choosing: the one that is live, and others that might be.

All rest on the same beliefs about what an action brings, and differ in how boldly and how personally they act on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openchair.core.errors import BadInput

BOUNDS = {"hope": (0.0, 5.0), "sharpness": (0.0, 100.0), "floor": (0.01, 0.5)}
"""What each number of a policy may be, ends included."""
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Policy:
    """A way of choosing by inverse-gap weighting. Raises BadInput for a number out of BOUNDS.

    hope: standard deviations above what is expected at which an action is weighed; 0: what is expected. sharpness:
    times as sharp as usual: the larger, the less chance for what is not the best. floor: share of chances spread over
    what is permitted; None: the setting `exploration`. personal: whether what a customer's own outcomes say counts.

    >>> Policy("bold", hope=2).version
    'bold: hope 2'
    >>> Policy().version
    'usual'
    """

    name: str = "usual"
    hope: float = 1.0
    sharpness: float = 1.0
    floor: float | None = None
    personal: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= LONGEST:
            bound = f"has 1 to {LONGEST} characters"
            raise BadInput("policy's name", value=self.name[:80], bound=bound, remedy="Give it a short name.")
        for what, (low, high) in BOUNDS.items():
            given = getattr(self, what)
            if given is not None and not low <= given <= high:
                bound = f"must lie in [{low:g}, {high:g}]"
                raise BadInput(f"policy's {what}", value=given, bound=bound, remedy="Choose one within.")

    @property
    def version(self) -> str:
        """Its name with all in which it differs from the usual one: what a decision says it was taken by."""
        usual = {"hope": 1.0, "sharpness": 1.0, "floor": None}
        told = [f"{what} {getattr(self, what):g}" for what, one in usual.items() if getattr(self, what) != one]
        told += [] if self.personal else ["not personal"]
        return f"{self.name}: {', '.join(told)}" if told else self.name


USUAL = Policy()
"""The one that is live where none was ever promoted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """In situations whose fields are all as `when` says, these chances; what is left of 1 is for waiting."""

    when: Mapping[str, Any]
    chances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rules:
    """A way of choosing as a table of chances: the first rule that is about a situation holds. Raises BadInput.

    It can be judged by the log, and not go live: it knows nothing of customers, prices or what comes next.

    >>> Rules("calls", (Rule({"stage": "slipping"}, {"call": 0.5}),)).of({"stage": "slipping", "value_minor": 900})
    {'call': 0.5}
    """

    name: str
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        Policy(self.name)  # the same names
        for place, rule in enumerate(self.rules, start=1):
            parts = rule.chances.values()
            if not all(0 <= part <= 1 for part in parts) or sum(parts) > 1 + 1e-9:
                bound = "must each lie in [0, 1] and add up to 1 at most"
                what = f"chances of rule {place}"
                raise BadInput(what, value=dict(rule.chances), bound=bound, remedy="Leave the rest to waiting.")

    @property
    def version(self) -> str:
        """Its name, and what it is."""
        return f"{self.name}: a table of chances"

    def of(self, situation: Mapping[str, Any]) -> Mapping[str, float] | None:
        """The chances in a situation, by action; None where no rule is about it."""
        for rule in self.rules:
            if all(situation.get(name) == value for name, value in rule.when.items()):
                return rule.chances
        return None
