"""The languages of customers' pages: texts from gettext catalogues, dates and numbers as each language writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from openchair.chair.people.seating import LANGUAGES
from openchair.server.pages.render import HERE

NAMES: Mapping[str, str] = {"en": "English", "ur": "اردو", "th": "ไทย"}
"""Each language in its own words."""
_REGIONS = {"en": "en_GB", "ur": "ur_PK", "th": "th_TH"}


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Translations by English text, of the seat and of surveys; English has none."""
    found: dict[str, str] = {}
    for file in sorted((HERE / "locale" / language).glob("*.po")):
        with file.open("rb") as opened:
            found |= {str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id and m.string}
    return found


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, and the zone its times are told in. Called with a text it gives the translation."""

    language: str
    zone: tzinfo

    @property
    def locale(self) -> Locale:
        """How the language writes dates and numbers."""
        return Locale.parse(_REGIONS[self.language])

    def __call__(self, text: str, **params: Any) -> Markup:
        """The text in this language, its {parameters} filled in: days, numbers and amounts as it writes them."""
        said = escape(self.plain(text))
        return said.format(**{name: self.told(value) for name, value in params.items()}) if params else said

    def plain(self, text: str, **params: str) -> str:
        """The text in this language as it is, for what is no page: mail, and what is kept."""
        said = catalogue(self.language).get(text, text)
        return said.format(**params) if params else said

    def written(self, value: Any) -> str:
        """A value of the copy of everything, as text."""
        return self.moment(value) if isinstance(value, datetime) else str(value)

    def told(self, value: Any) -> Any:
        """A value as it is written; text stays as it is, kept apart from the direction of what is around it."""
        if isinstance(value, datetime | date):
            return self.day(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return format_decimal(value, locale=self.locale)
        return value if isinstance(value, Markup) else Markup("<bdi>{}</bdi>").format(value)

    def day(self, at: date | datetime) -> str:
        """A day, or the day of a moment where the reader is.

        >>> from datetime import UTC
        >>> Tongue("en", UTC).day(date(2026, 11, 22)), Tongue("ur", UTC).day(date(2026, 11, 22))
        ('22 November 2026', '22 نومبر، 2026')
        """
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        return format_date(local, "long", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """A day with its time."""
        return format_datetime(at, "long", tzinfo=self.zone, locale=self.locale)

    def place(self, key: str) -> str:
        """A time zone by its place: Europe/London is London, or what this language calls it."""
        try:
            return get_timezone_location(key, locale=self.locale, return_city=True)
        except (LookupError, UnknownLocaleError):
            return key


def spoken(accepted: str) -> str:
    """The language to answer in, of an Accept-Language header.

    >>> spoken("th-TH,th;q=0.9,en;q=0.8"), spoken("fr"), spoken("")
    ('th', 'en', 'en')
    """
    wanted = [part.partition(";")[0].strip().replace("-", "_") for part in accepted.split(",")]
    return negotiate_locale([one for one in wanted if one], LANGUAGES) or LANGUAGES[0]
