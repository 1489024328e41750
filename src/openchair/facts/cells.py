"""Cells: what stands in a file's cell, typed or as text, read as code, number, money or time.

A cell that cannot be read is null; the format then rejects the row and says what stood there. Nothing is guessed from
one cell that depends on the whole column: whether 3/4 is in March or in April, and whether 1.234 is above a thousand,
is a *style* of the column (mapping.survey).
"""

from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from openchair.core.money import ODD_CURRENCIES, exponent
from openchair.facts import days

_SIGNS = r"(?:[A-Z]{3}|Rs\.?|kr\.?|zł|R\$|[€$£¥฿₹₨])"
_MONEY = (
    rf"^[(]?\s*[-−+]?\s*{_SIGNS}?\s*[-−+]?\s*([0-9][0-9.,'’\s\x{{a0}}\x{{202f}}]*|[.,][0-9]+)\s*{_SIGNS}?\s*[-−)]?$"
)
_PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$"
_POINT = r"^(\d*|\d{1,3}(,\d{3})+)(\.\d*)?$"
_COMMA = r"^(\d*|\d{1,3}(\.\d{3})+)(,\d*)?$"

_TIME = r"(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
_OFFSET = r"\s*(Z|z|UTC|GMT|[-+]\d{2}:?(?:\d{2})?)?$"
_CLOCK = rf"(?:[Tt ]\s*|,\s*){_TIME}\s*([AaPp])?\.?(?:[Mm]\.?)?"
_REST = rf"(?:{_CLOCK}{_OFFSET}|$)"
_YMD = rf"^((?:19|20|21)\d{{2}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_REST}"
_XYY = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.]((?:19|20|21)?\d{{2}}){_REST}"
_DAY_NAME = rf"^(?:[A-Za-z]{{3,9}},? )?(\d{{1,2}})[- ]([A-Za-z]{{3}})[a-z]*\.?[- ,]+((?:19|20|21)\d{{2}}){_REST}"
_NAME_DAY = rf"^([A-Za-z]{{3}})[a-z]*\.? (\d{{1,2}}),? ((?:19|20|21)\d{{2}}){_REST}"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_EARLIEST, _LATEST = "1900-01-01", "2200-01-01"
_SECONDS = r"^1?\d{9}(\.\d+)?$"
_MILLIS = r"^1?\d{12}$"
_SERIAL = r"^\d{5}(\.\d+)?$"
_COMPACT = r"^(19|20)\d{6}$"


def text(cell: ir.Value) -> ir.StringValue:
    """A cell as text without blanks around it; null when nothing is left."""
    return cell.cast("string").strip().nullif("")


def shown(cell: ir.Value) -> ir.StringValue:
    """A cell as a reason quotes it: short, and never null."""
    written = cell.cast("string").fill_null("")
    cut = ibis.ifelse(written.length() > 60, written.substr(0, 57) + "...", written)
    return ibis.ifelse(cut == "", "nothing", "'" + cut + "'")


def shown_number(value: ir.FloatingValue) -> ir.StringValue:
    """A number as a reason quotes it: -10, not -10.0."""
    return value.cast("string").re_replace(r"\.0$", "").fill_null("unknown")


def code(cell: ir.Value) -> ir.StringValue:
    """A cell that names something (an order, a customer): 17850.0, as spreadsheets write whole numbers, is 17850.

    A leading apostrophe, by which spreadsheets mark a number as text, is dropped.
    """
    if cell.type().is_integer():
        return cell.cast("string")
    written = text(cell)
    # The patterns cost far more than looking for the characters that could make them match.
    odd = written.startswith("'") | written.contains(".")
    return ibis.ifelse(odd, written.re_replace(r"^'(.)", r"\1").re_replace(r"^(-?\d+)\.0+$", r"\1"), written)


def number(cell: ir.Value, style: str = "point") -> ir.FloatingValue:
    """A cell as a finite number, with or without a currency sign, groups of thousands, or a minus in any place.

    style: `comma` when the column writes 1.234,56. Accountants' (3.00) is minus three.
    """
    if cell.type().is_numeric():
        wide = cell.cast("float64")
        return ibis.ifelse(wide.isnan() | wide.isinf(), ibis.null("float64"), wide)
    written = text(cell)
    digits = written.re_extract(_MONEY, 1).re_replace(r"['’\s\x{a0}\x{202f}]", "")
    if style == "comma":
        digits = ibis.ifelse(digits.re_search(_COMMA), digits.replace(".", "").replace(",", "."), ibis.null("string"))
    else:
        digits = ibis.ifelse(digits.re_search(_POINT), digits.replace(",", ""), ibis.null("string"))
    size = digits.nullif("").try_cast("float64")
    signed = ibis.ifelse(written.re_search(r"[-−]|^\("), -size, size)
    if style == "comma":
        return signed
    return ibis.ifelse(written.re_search(_PLAIN), written.try_cast("float64"), signed)


def minor(amount: ir.FloatingValue, currency: ir.StringValue | str) -> ir.IntegerValue:
    """Minor units of an amount in major units; null when beyond what is believable (10^15 minor units)."""
    units: float | ir.Value
    if isinstance(currency, str):
        units = float(10 ** exponent(currency))
    else:
        units = currency.cases(*[(c, float(10 ** exponent(c))) for c in ODD_CURRENCIES], else_=100.0)
    scaled = amount * units
    believable = scaled.abs() <= 1e15
    # 1.005 * 100 is 100.49999999999999, yet a cent and a half is what was written: so round in two steps.
    return ibis.ifelse(believable, scaled, ibis.null("float64")).round(6).round(0).cast("int64")


def currency(cell: ir.Value, default: str) -> ir.StringValue:
    """An ISO 4217 code in capitals; the default where the cell is empty, null where it is something else."""
    written = text(cell).upper()
    return ibis.cases(
        (written.isnull(), default), (written.re_search(r"^[A-Z]{3}$"), written), else_=ibis.null("string")
    )


def clock(cell: ir.Value, style: str = "mdy") -> tuple[ir.TimestampValue, ir.BooleanValue]:
    """A cell as a time without zone, and whether that time is already UTC (the cell said so, or counts from 1970)."""
    kind = cell.type()
    if kind.is_timestamp() and kind.timezone:
        return _sane(cell.cast("timestamp('UTC')").cast("timestamp")), ibis.literal(True)
    if kind.is_timestamp() or kind.is_date():
        return _sane(cell.cast("timestamp")), ibis.literal(False)
    written = text(cell)
    moment, offset = _dated(written, style)
    counted = ibis.cases(
        (written.re_search(_SECONDS), written.try_cast("float64")),
        (written.re_search(_MILLIS), written.try_cast("float64") / 1000),
        else_=ibis.null("float64"),
    )
    serial = ibis.ifelse(written.re_search(_SERIAL), written.try_cast("float64"), ibis.null("float64"))
    serial_seconds = ((serial - 25569) * 86400).round(0)
    from_numbers = counted.fill_null(serial_seconds).cast("int64").as_timestamp("s")
    # The patterns let no year through before 1900 or after 2199.
    return moment.fill_null(from_numbers.cast("timestamp")), offset.notnull() | counted.notnull()


def instant(moment: ir.TimestampValue, is_utc: ir.BooleanValue, zone: ZoneInfo) -> ir.TimestampValue:
    """The UTC time of what `clock` read, in a shop whose clocks show `zone`."""
    if zone.key == "UTC":
        return moment.cast("timestamp('UTC')")
    return ibis.ifelse(is_utc, moment.cast("timestamp('UTC')"), days.instant(moment, zone))


def _sane(moment: ir.TimestampValue) -> ir.TimestampValue:
    return ibis.ifelse(
        moment.between(ibis.timestamp(f"{_EARLIEST} 00:00:00"), ibis.timestamp(f"{_LATEST} 00:00:00")),
        moment,
        ibis.null("timestamp"),
    )


def _dated(written: ir.StringValue, style: str) -> tuple[ir.TimestampValue, ir.IntegerValue]:
    """A written date as a time (an offset already taken off) and that offset in minutes; both null if unreadable."""
    day, month = (1, 2) if style == "dmy" else (2, 1)

    def part(pattern: str, group: int) -> ir.StringValue:
        return written.re_extract(pattern, group)

    shapes = {
        _YMD: _iso(part(_YMD, 1), part(_YMD, 2), part(_YMD, 3)),
        _XYY: _iso(_year(part(_XYY, 3)), part(_XYY, month), part(_XYY, day)),
        _COMPACT: _iso(written.substr(0, 4), written.substr(4, 2), written.substr(6, 2)),
        _DAY_NAME: _iso(part(_DAY_NAME, 3), _month(part(_DAY_NAME, 2)), part(_DAY_NAME, 1)),
        _NAME_DAY: _iso(part(_NAME_DAY, 3), _month(part(_NAME_DAY, 1)), part(_NAME_DAY, 2)),
    }
    date = ibis.cases(*[(written.re_search(p), iso) for p, iso in shapes.items()], else_=ibis.null("string"))
    rest = _CLOCK + _OFFSET
    hours = written.re_extract(rest, 1).nullif("").fill_null("00:00")
    half = written.re_extract(rest, 2).lower()
    hour = hours.split(":")[0].try_cast("int64")
    shift = ibis.cases(((half == "p") & (hour < 12), 720), ((half == "a") & (hour == 12), -720), else_=0)
    zone = written.re_extract(rest, 3).nullif("")
    sign = ibis.ifelse(zone.startswith("-"), -1, 1)
    digits = zone.re_replace(r"[^0-9]", "")
    offset = ibis.ifelse(
        zone.re_search(r"^[-+]"),
        sign * (digits.substr(0, 2).cast("int64") * 60 + digits.substr(2, 2).nullif("").fill_null("0").cast("int64")),
        0,
    )
    offset = ibis.ifelse(zone.notnull(), offset, ibis.null("int64"))
    moment = (date + " " + hours).try_cast("timestamp")
    return moment + (shift - offset.fill_null(0)).as_interval("m"), offset


def _iso(year: ir.StringValue, month: ir.StringValue, day: ir.StringValue) -> ir.StringValue:
    return year + "-" + month + "-" + day


def _year(written: ir.StringValue) -> ir.StringValue:
    century = ibis.ifelse(written >= "70", "19", "20")
    return ibis.ifelse(written.length() == 2, century + written, written)


def _month(written: ir.StringValue) -> ir.StringValue:
    return written.lower().cases(*[(name, str(n)) for n, name in enumerate(_MONTHS, 1)], else_="0")
