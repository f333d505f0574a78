"""A legal entity, as typed; its verbs judge the values (portal.sepa.models.entity)."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.forms import WholeNumberField
from portal.sepa.models.entity import IDENTITY, SERIES

_MISSING = _l("Indiquez cette valeur.")
SERIES_WORDS = {
    "FA": _l("factures (FA)"),
    "AV": _l("avoirs (AV)"),
    "CMD": _l("commandes (CMD)"),
    "PF": _l("pro forma (PF)"),
    "RUM": _l("mandats (RUM)"),
    "CR": _l("certificats de restitution"),
    "CE": _l("certificats d'effacement"),
}


def _text(label: Any, longest: int, **keywords: Any) -> StringField:
    return StringField(label, [InputRequired(_MISSING), Length(max=longest)], **keywords)


class IdentityForm(FlaskForm):
    name = _text(_l("Dénomination"), 70)
    legal_form = _text(_l("Forme et capital"), 60)
    siren = _text(_l("SIREN"), 20)
    rcs_town = _text(_l("Ville du RCS"), 60)
    vat_number = _text(_l("Numéro de TVA"), 20)
    street = _text(_l("Numéro et rue"), 70)
    postcode = _text(_l("Code postal"), 16)
    town = _text(_l("Ville"), 35)
    country = _text(_l("Pays (deux lettres)"), 2, default="FR")
    email = _text(_l("Adresse e-mail de facturation"), 254)
    mandate_prefix = _text(_l("Début des références de mandat (RUM)"), 10)

    def identity(self) -> dict[str, Any]:
        return {name: self[name].data for name in IDENTITY}


class EntityForm(IdentityForm):
    ics = StringField(_l("Identifiant créancier (ICS)"), [Length(max=50)])
    iban = _text(_l("IBAN du compte crédité"), 60, render_kw={"autocomplete": "off", "spellcheck": "false"})
    bank_name = _text(_l("Banque"), 70)

    def values(self) -> dict[str, Any]:
        bank = {name: self[name].data for name in ("ics", "iban", "bank_name")}
        return self.identity() | bank


class SeriesForm(FlaskForm):
    prefix = SelectField(_l("Série"), choices=[SelectChoice(name, SERIES_WORDS[name]) for name in SERIES])
    year = WholeNumberField(
        _l("Année"),
        [InputRequired(_MISSING), NumberRange(2000, 2199, _l("Une année de 2000 à 2199."))],
        render_kw={"inputmode": "numeric"},
    )
    last = WholeNumberField(
        _l("Dernier numéro donné ailleurs"),
        [InputRequired(_MISSING), NumberRange(0, 999_999, _l("Un numéro de 0 à 999 999."))],
        render_kw={"inputmode": "numeric"},
    )
