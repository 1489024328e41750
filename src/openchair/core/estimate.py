"""Numbers that carry their uncertainty, and the honest absence of a number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval it is believed to lie in and the number of cases behind it.

    >>> Estimate(41.0, 36.0, 46.0, n=310)
    Estimate(value=41.0, low=36.0, high=46.0, n=310)
    """

    value: float
    low: float
    high: float
    n: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} is false: an estimate lies in its interval")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not enough is known to give a number; `needed` says how many more cases would do.

    >>> str(Unknown("too few answers", needed=7))
    'not enough data yet: too few answers, 7 more needed'
    """

    reason: str
    needed: int | None = None

    def __str__(self) -> str:
        more = f", {self.needed} more needed" if self.needed else ""
        return f"not enough data yet: {self.reason}{more}"


Number = Estimate | Unknown
"""What is shown where a figure may not be known."""
