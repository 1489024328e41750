"""Numbers and lists as people say them."""

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError


def count(n: float) -> str:
    """A count with its thousands apart and a real minus sign.

    >>> count(541909), count(-3)
    ('541,909', '−3')
    """
    return f"{n:,.0f}".replace("-", "−")


def plural(n: int, one: str, many: str) -> str:
    """A count and its noun.

    >>> plural(1, "order", "orders"), plural(2500, "order", "orders")
    ('1 order', '2,500 orders')
    """
    return f"{count(n)} {one if n == 1 else many}"


def listed(words: Sequence[str]) -> str:
    """Words in a row.

    >>> listed(["stage"]), listed(["stage", "worth", "language"])
    ('stage', 'stage, worth and language')
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def ago(days: int) -> str:
    """How long since, in days.

    >>> ago(0), ago(1), ago(34)
    ('today', 'yesterday', '34 days ago')
    """
    return {0: "today", 1: "yesterday"}.get(days, f"{count(days)} days ago")


def tongue(code: str) -> str:
    """A language by its English name.

    >>> tongue("ur"), tongue("und"), tongue("x-home")
    ('Urdu', 'no language', 'x-home')
    """
    if code in ("", "und"):
        return "no language"
    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (ValueError, UnknownLocaleError):
        return code
