"""The bank profile of a creditor, as typed."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.errors import Refused
from portal.euro_field import EuroField
from portal.forms import WholeNumberField, trim
from portal.i18n import said
from portal.sepa.formats import epc
from portal.sepa.formats.iban import parse_iban


def _number(label: Any, low: int, high: int) -> WholeNumberField:
    between = _l("Un nombre entier de %(low)s à %(high)s.", low=low, high=high)
    return WholeNumberField(
        label, [InputRequired(between), NumberRange(low, high, between)], render_kw={"inputmode": "numeric"}
    )


class OwnAccountForm(FlaskForm):
    """What a reseller types of the account that its customers pay to."""

    iban = StringField(
        _l("IBAN du nouveau compte"),
        [InputRequired(_l("Indiquez l'IBAN.")), Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    bank_name = StringField(
        _l("Banque"), [DataRequired(_l("Indiquez la banque.")), Length(max=70)], filters=[trim]
    )

    def validate_iban(self, field: StringField) -> None:
        try:
            field.data = parse_iban(field.data)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from None


class CreditorForm(FlaskForm):
    ics = StringField(_l("Identifiant créancier (ICS)"), [Length(max=35)])
    iban = StringField(
        _l("IBAN du compte crédité"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    bank_name = StringField(_l("Banque"), [InputRequired(_l("Indiquez la banque.")), Length(max=70)])
    lead_days = _number(_l("Jours TARGET entre remise et débit"), 1, 10)
    cutoff_hour = _number(_l("Heure limite de remise, à Paris"), 1, 24)
    message_version = RadioField(
        _l("Version du fichier"),
        choices=[
            SelectChoice("08", "pain.008.001.08"),
            SelectChoice("02", _l("pain.008.001.02, sans adresse : seulement si la banque le demande")),
        ],
    )
    max_rows = _number(_l("Prélèvements par fichier, au plus"), 1, 1_000_000)
    max_bytes = _number(_l("Octets par fichier, au plus"), 10_000, 1_000_000_000)
    file_writer = RadioField(
        _l("Qui écrit le fichier"),
        choices=[
            SelectChoice("portal", _l("le portail")),
            SelectChoice("sepaxml", _l("la bibliothèque sepaxml, jusqu'à 1 000 prélèvements sans avenant")),
        ],
    )
    one_booking = BooleanField(_l("Un seul crédit par lot sur le relevé"))
    writes_first = BooleanField(_l("Marquer le premier prélèvement d'un mandat (FRST)"))
    hybrid_addresses = BooleanField(_l("Adresses hybrides : la rue sur une ligne libre"))
    two_people_over_cents = EuroField(
        _l("Deux personnes pour sortir le fichier au-dessus de (euros)"),
        [InputRequired(_l("Indiquez un montant."))],
    )
    freeze_day = WholeNumberField(
        _l("Jour du mois où le portail fige seul"),
        [Optional(), NumberRange(1, 31, _l("Un jour de 1 à 31, ou rien."))],
        render_kw={"inputmode": "numeric"},
    )

    def validate_ics(self, field: StringField) -> None:
        field.data = "".join((field.data or "").split()).upper()
        if field.data and (fault := epc.ics_fault(field.data)):
            raise ValidationError(_("Cet identifiant ne va pas : %(fault)s.", fault=_(fault)))

    def validate_iban(self, field: StringField) -> None:
        if not (field.data or "").strip():
            return  # the present account stays
        try:
            field.data = parse_iban(field.data)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from None
