"""Codes by which customers send friends: each follows from a customer and a secret of this home, and cannot be guessed.

Twelve hexadecimal digits: among ten million customers one guess in twenty-eight million meets a code.
"""

import ibis
import ibis.expr.types as ir

from openchair.core.ids import SEPARATOR, digest

DIGITS = 12


def code(secret: str, customer_id: str) -> str:
    """A customer's code, as it is shown; case, blanks and dashes do not matter where it is used.

    >>> code("secret", "ada")
    'F50B-472B-7B76'
    """
    digits = digest(secret, customer_id)[:DIGITS].upper()
    return "-".join(digits[at : at + 4] for at in range(0, DIGITS, 4))


def link(address: str, code: str) -> str:
    """The address with the code in it; empty where there is none. address: as of the setting referral_url."""
    return address.replace("{code}", code.replace("-", "").lower())


def of(secret: str, customer_id: ir.StringValue) -> ir.StringValue:
    """The digits of each customer's code, as `plain` gives them."""
    return (ibis.literal(secret + SEPARATOR) + customer_id).hexdigest("md5").substr(0, DIGITS)


def plain(text: ir.StringValue) -> ir.StringValue:
    """A text as a code is compared."""
    return text.lower().re_replace(r"[\s-]+", "")


def shaped(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a plain text may be a code."""
    return text.re_search(rf"^[0-9a-f]{{{DIGITS}}}$")
