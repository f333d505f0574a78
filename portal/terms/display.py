"""How values, units and findings of the contracts are written on screens and in mails."""

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal.i18n import eur, plain_day
from portal.terms.values import Value
from portal.wording import Cents, Sentence, Word


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


def value_text(value: Value | None) -> str:
    """A contract's value with its unit, in the reader's language; choices keep the word of the file."""
    if value is None:
        return ""
    if value.unit == "flag":
        return str(_("oui") if value.value else _("non"))
    if value.unit == "list":
        return ", ".join(value.value)
    if value.unit == "cents":
        return eur(value.value)
    if value.unit == "date":
        return plain_day(value.value)
    if value.unit == "percent":
        return _percent(value.value)
    if value.unit == "basis_points":
        return _percent(Decimal(value.value) / 100)
    return _counted(value.unit, value.value) if isinstance(value.value, int) else str(value.value)


def sentence_text(sentence: Sentence | str) -> str:
    """A sentence with its values, in the reader's language."""
    if isinstance(sentence, str):
        return sentence
    return str(_(sentence.template, **{name: _said(value) for name, value in sentence.values.items()}))


def _said(value: object) -> Any:
    if isinstance(value, Word):
        return _(value)
    if isinstance(value, Cents):
        return eur(value)
    return plain_day(value) if hasattr(value, "isoformat") else value  # type: ignore[arg-type]
