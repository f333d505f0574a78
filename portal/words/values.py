"""How values and units of the contracts are written on screens and in mails."""

from decimal import Decimal
from typing import Any, Protocol

from babel.numbers import format_decimal
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal.i18n import eur, plain_day
from portal.words.value_words import value_word


def _counted(unit: str, count: int) -> str:
    words = {
        "days": lambda: ngettext("%(num)d jour", "%(num)d jours", count),
        "business_days": lambda: ngettext("%(num)d jour ouvré", "%(num)d jours ouvrés", count),
        "weeks": lambda: ngettext("%(num)d semaine", "%(num)d semaines", count),
        "months": lambda: ngettext("%(num)d mois", "%(num)d mois", count),
        "years": lambda: ngettext("%(num)d an", "%(num)d ans", count),
        "hours": lambda: ngettext("%(num)d heure", "%(num)d heures", count),
        "business_hours": lambda: ngettext("%(num)d heure ouvrée", "%(num)d heures ouvrées", count),
        "minutes": lambda: ngettext("%(num)d minute", "%(num)d minutes", count),
    }
    return str(words[unit]()) if unit in words else str(count)


def _percent(number: Decimal) -> str:
    return f"{format_decimal(number, format='0.############', locale=get_locale())}\u00a0%"


class Valued(Protocol):
    """A value with its unit."""

    @property
    def key(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> Any: ...


def value_text(value: Valued | None) -> str:
    """A contract's value with its unit, in the reader's language."""
    return written(value.unit, value.value, value.key) if value is not None else ""


def written(unit: str, value: Any, key: str = "") -> str:
    """A value of a contract or of a law with its unit; key: its own, for words that differ by it."""
    if value is None:
        return str(_("sans effet"))
    if unit == "flag":
        return str(_("oui") if value else _("non"))
    if unit == "list":
        return ", ".join(str(value_word(key, each)) for each in value)
    if unit == "cents":
        return eur(value)
    if unit == "date":
        return plain_day(value)
    if unit == "percent":
        return _percent(value)
    if unit == "basis_points":
        return _percent(Decimal(value) / 100)
    return _counted(unit, value) if isinstance(value, int) else str(value_word(key, value))
