"""How values are written: counts, shares, money, changes, with their intervals."""

from collections.abc import Callable, Mapping
from datetime import date
from math import floor, isfinite, log10

from openchair.core.blocks import Cell, Link, Unit
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.money import show
from openchair.core.words import count


def chance(probability: float) -> str:
    """A probability or share in percent, never rounded to never or always.

    >>> chance(0.714), chance(0.0004), chance(0.9999), chance(-0.001)
    ('71%', 'under 1%', 'over 99%', '0%')
    """
    if 0 < probability < 0.01:
        return "under 1%"
    if 0.99 < probability < 1:
        return "over 99%"
    return f"{probability:.0%}".replace("-0%", "0%").replace("-", "−")


def digits(value: float) -> str:
    """A number to two digits that count, or to all before its point.

    >>> digits(1.0), digits(-1.243), digits(0.0456), digits(1234.5), digits(9.96), digits(5)
    ('1.0', '−1.2', '0.046', '1,234', '10', '5')
    """
    if isinstance(value, int):
        return count(value)
    size = floor(log10(abs(float(f"{value:.1e}")))) if value and isfinite(value) else 0
    return f"{value:,.{max(0, 1 - size)}f}".replace("-", "−")


def signed(shown: str) -> str:
    """What is written, with a plus where it is above nothing.

    >>> signed("€ 3"), signed("−€ 3"), signed("€ 0")
    ('+€ 3', '−€ 3', '€ 0')
    """
    return f"+{shown}" if shown[:1] != "−" and set(shown) & set("123456789") else shown


_WRITTEN: Mapping[Unit, Callable[[float, str], str]] = {
    "text": lambda value, currency: digits(value),
    "count": lambda value, currency: count(value),
    "number": lambda value, currency: digits(value),
    "share": lambda value, currency: chance(value),
    "percent": lambda value, currency: signed(f"{digits(value)}%"),
    "money": show,
    "change": lambda value, currency: signed(show(value, currency)),
    "cents": lambda value, currency: signed(show(value, currency, cents=True)),
    "points": lambda value, currency: count(value).replace("−0", "0"),
    "days": lambda value, currency: f"{count(value) if abs(value) >= 10 else digits(value)} days",
}


def written(value: float, unit: Unit, currency: str) -> str:
    """A bare value in its unit.

    >>> written(-123456, "change", "EUR"), written(0.5, "share", ""), written(41.2, "points", "")
    ('−€ 1,235', '50%', '41')
    """
    return _WRITTEN[unit](value, currency)


def ends(number: Estimate, unit: Unit, currency: str) -> str:
    """The interval of an estimate; once where both ends are written alike.

    >>> ends(Estimate(18600.0, 6200.0, 31000.0, n=12), "money", "EUR"), ends(Estimate(0.2, 0.1, 0.4, n=12), "count", "")
    ('€ 62 to € 310', '0')
    """
    return " to ".join(dict.fromkeys(written(end, unit, currency) for end in (number.low, number.high)))


def interval(number: Number, unit: Unit, currency: str) -> str:
    """A number with its interval, or why there is none."""
    if isinstance(number, Unknown):
        return str(number)
    return f"{written(number.value, unit, currency)} ({ends(number, unit, currency)})"


def cell(value: Cell, unit: Unit, currency: str) -> str:
    """Any value of a table as plain text; nothing where nothing belongs.

    >>> cell(date(2026, 7, 1), "text", ""), cell(Link("box", note="new"), "text", ""), cell(0.5, "share", "")
    ('1 July 2026', 'box (new)', '50%')
    """
    if value is None:
        return ""
    if isinstance(value, Estimate | Unknown):
        return interval(value, unit, currency)
    if isinstance(value, Link):
        return " ".join(filter(None, (value.text, value.note and f"({value.note})")))
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return written(value, unit, currency) if isinstance(value, int | float) else value
