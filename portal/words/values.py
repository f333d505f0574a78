"""How values and units of the contracts are written on screens and in mails."""

from decimal import Decimal
from typing import Any, Protocol

from babel.numbers import format_decimal
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.i18n import eur, plain_day


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


_WORDS: dict[str, Any] = {  # choices of contract values; the rest is shown as its code
    "none": _l("rien"),
    "cost": _l("le coût seul"),
    "prorata": _l("au prorata"),
    "online": _l("en ligne"),
    "registered_letter": _l("lettre recommandée"),
    "letter": _l("lettre"),
    "email": _l("courriel"),
    "any": _l("tout moyen"),
    "reverse_charge": _l("autoliquidation"),
    "account": _l("compte client"),
    "provider": _l("ceux du prestataire"),
    "last_paid_day": _l("après le dernier jour payé"),
    "effective_day": _l("le jour de la fin"),
    "restitution": _l("à la restitution"),
    "none_with_number": _l("aucune, sur numéro de TVA"),
    "customer_space": _l("espace client"),
    "account_email": _l("courriel du compte"),
    "post": _l("courrier"),
    "letter_received": _l("réception de la lettre"),
    "yes": _l("oui"),
    "no": _l("non"),
    "price_of_the_day": _l("oui, au prix du jour"),
    "receivership": _l("redressement judiciaire"),
    "end_of_business": _l("cessation d'activité"),
    "competitor_control": _l("prise de contrôle par un concurrent"),
    "non_payment": _l("impayé"),
    "damage": _l("dommage à la solution"),
    "month": _l("le mois"),
    "commitment": _l("l'engagement"),
    "cheaper": _l("la fin la moins chère"),
    "early": _l("la sortie anticipée"),
    "same_period": _l("une nouvelle période"),
    "free": _l("sortie libre"),
    "notice": _l("préavis du contrat"),
    "last_day": _l("depuis le dernier jour de service"),
    "day_after": _l("depuis le lendemain de la fin"),
    "hand_over": _l("restitution"),
    "destroy": _l("destruction"),
}


class Valued(Protocol):
    """A value with its unit."""

    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> Any: ...


def value_text(value: Valued | None) -> str:
    """A contract's value with its unit, in the reader's language."""
    return written(value.unit, value.value) if value is not None else ""


def written(unit: str, value: Any) -> str:
    """A value of a contract or of a law with its unit; a choice without a word of ours keeps its code."""
    if value is None:
        return str(_("sans effet"))
    if unit == "flag":
        return str(_("oui") if value else _("non"))
    if unit == "list":
        return ", ".join(str(_WORDS.get(each, each)) for each in value)
    if unit == "cents":
        return eur(value)
    if unit == "date":
        return plain_day(value)
    if unit == "percent":
        return _percent(value)
    if unit == "basis_points":
        return _percent(Decimal(value) / 100)
    return _counted(unit, value) if isinstance(value, int) else str(_WORDS.get(value, value))
