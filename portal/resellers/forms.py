"""A reseller, its support contact and its contract, as typed; the verbs judge the numbers."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import EmailField, StringField, TelField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError

from portal.forms import DayField
from portal.mail import Mailable

_NO_ADDRESS = _l("Cette adresse e-mail n'est pas valable.")
_PHONE = re.compile(r"\+?(?:[\s.()/-]*\d){6,15}[\s.]*")


def _text(label: Any, longest: int, **keywords: Any) -> StringField:
    return StringField(label, [Optional(), Length(max=longest)], **keywords)


class ResellerForm(FlaskForm):
    """Who it is, and whom its customers ask."""

    name = StringField(_l("Nom"), [InputRequired(_l("Indiquez un nom.")), Length(max=140)])
    legal_name = _text(_l("Dénomination sociale"), 140)
    siren = _text(_l("SIREN"), 20)
    street = _text(_l("Numéro et rue"), 70)
    postcode = _text(_l("Code postal"), 16)
    town = _text(_l("Ville"), 35)
    support_email = EmailField(
        _l("Adresse e-mail du support"),
        [Optional(), Email(_NO_ADDRESS), Mailable(_NO_ADDRESS), Length(max=254)],
    )
    support_phone = TelField(_l("Téléphone du support"), [Optional(), Length(max=30)])
    support_hours = _text(_l("Horaires du support"), 140)

    def validate_support_phone(self, field: TelField) -> None:
        if not _PHONE.fullmatch(field.data):
            raise ValidationError(_("Un numéro de téléphone : des chiffres, et « + » devant l'indicatif."))

    def values(self, *names: str) -> dict[str, Any]:
        return {name: self[name].data or "" for name in names}


class ConditionsForm(ResellerForm):
    """With what the provider agrees with it."""

    territory = _text(_l("Territoire"), 140)
    contract_ends_on = DayField(_l("Dernier jour du contrat"), [Optional()])
    notes = TextAreaField(_l("Conditions et notes"), [Optional(), Length(max=4000)])


class ContractForm(FlaskForm):
    contract = FileField(
        _l("Contrat signé, en PDF"),
        [FileRequired(_l("Choisissez le fichier."))],
        render_kw={"accept": "application/pdf"},
    )
    contract_signed_on = DayField(_l("Signé le"), [InputRequired(_l("Indiquez le jour de la signature."))])


class StepForm(FlaskForm):
    reason = StringField(_l("Raison"), [Optional(), Length(max=300)])
