"""The promises of speed and memory, measured. `python -m benchmarks` runs the table in `__main__`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One promise and what was measured.

    measured: a number in `unit`. bound: the promise in words ("<= 8"), empty when nothing is promised.
    ok: whether the promise holds; None when it was not measured, and `note` says why.
    """

    name: str
    measured: float | None
    unit: str
    bound: str = ""
    ok: bool | None = True
    note: str = ""


def at_most(name: str, measured: float, bound: float, unit: str, note: str = "") -> Row:
    """A row that promises no more than `bound`.

    >>> at_most("import", 3.2, 8, "s").ok
    True
    """
    return Row(name, float(measured), unit, f"<= {bound:g}", bool(measured <= bound), note)


def at_least(name: str, measured: float, bound: float, unit: str, note: str = "") -> Row:
    """A row that promises no less than `bound`."""
    return Row(name, float(measured), unit, f">= {bound:g}", bool(measured >= bound), note)


def not_measured(name: str, unit: str, why: str) -> Row:
    """A row for what could not be measured here, and why."""
    return Row(name, None, unit, "", None, why)
