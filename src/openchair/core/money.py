"""Money is an integer number of minor units with a currency; a float never holds a balance."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from openchair.core.errors import BadInput

# ISO 4217 currencies whose minor unit is not a hundredth.
_NO_CENTS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_MILLS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_NO_CENTS.split(), 0) | dict.fromkeys(_MILLS.split(), 3)
ODD_CURRENCIES = tuple(_EXPONENTS)
"""Currencies whose minor unit is not a hundredth, for expressions that the engine runs."""

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "THB": "฿", "PKR": "Rs"}


def exponent(currency: str) -> int:
    """Digits after the point in a currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def check_currency(code: str) -> str:
    """An ISO 4217 code in capitals.

    >>> check_currency(" gbp")
    'GBP'
    """
    shaped = code.strip().upper()
    if len(shaped) != 3 or not shaped.isalpha() or not shaped.isascii():
        raise BadInput(
            "currency", value=code, bound="an ISO 4217 code has three letters", remedy="Write EUR, USD, GBP."
        )
    return shaped


def to_minor(amount: str | int | float | Decimal, currency: str) -> int:
    """Minor units of an amount in major units, half to even; refuses what is not a finite number.

    >>> to_minor("12.50", "EUR"), to_minor(1200, "JPY"), to_minor(-3.0, "USD")
    (1250, 1200, -300)
    """
    try:
        exact = Decimal(str(amount).strip())
        if not exact.is_finite() or abs(exact) >= Decimal(10) ** 15:
            raise InvalidOperation
    except InvalidOperation:
        raise BadInput(
            "amount", value=amount, bound="a plain decimal number below 10^15", remedy="Write 12.50."
        ) from None
    return int((exact * 10 ** exponent(currency)).quantize(Decimal(1), ROUND_HALF_EVEN))


def show(minor: float, currency: str, *, cents: bool = False) -> str:
    """Money as a person reads it: whole units unless `cents`, thin groups of three, a real minus sign.

    >>> show(123456, "EUR"), show(-250, "GBP", cents=True), show(99, "CHF", cents=True)
    ('€ 1,235', '−£ 2.50', 'CHF 0.99')
    """
    digits = exponent(currency)
    major = abs(minor) / 10**digits
    body = f"{major:,.{digits if cents else 0}f}"
    sign = "−" if minor < 0 and body.strip("0.,") else ""
    return f"{sign}{_SYMBOLS.get(currency, currency)} {body}"
