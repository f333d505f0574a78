"""What a reseller types to onboard a customer."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren, siret, tva
from wtforms import (
    BooleanField,
    EmailField,
    FormField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TelField,
)
from wtforms import Form as PlainForm
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional, ValidationError

from portal.customers.changes import Why
from portal.customers.countries import (
    POSTCODES,
    countries,
    has_siren,
    has_vat_shape,
    is_european_vat,
    territory_of,
)
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.customers.particulars import PARTICULARS
from portal.forms import DayField, trim
from portal.mail import Mailable
from portal.resellers.billers import BillingMode

_NO_ADDRESS = _l("Cette adresse e-mail n'est pas valable.")
KINDS = [
    SelectChoice(CustomerKind.BUSINESS, _l("Entreprise")),
    SelectChoice(CustomerKind.CONSUMER, _l("Particulier")),
    SelectChoice(
        CustomerKind.NON_PROFESSIONAL, _l("Association ou autre personne morale non professionnelle")
    ),
    SelectChoice(CustomerKind.PUBLIC_BODY, _l("Organisme public")),
]


def _digits(value: str | None) -> str | None:
    return "".join(c for c in value if c.isalnum()).upper() if value else value


def _or_none(value: str | None) -> str | None:
    return value or None


def _required(message: Any) -> DataRequired:
    """Something that is seen: blanks alone are nothing."""
    return DataRequired(message)


def _is_yes(value: Any) -> bool:
    return value in ("yes", True)


_BILLERS = [
    SelectChoice("", _l("selon la règle du revendeur")),
    SelectChoice(BillingMode.PROVIDER, _l("le fournisseur ; le revendeur garde sa marge")),
    SelectChoice(BillingMode.RESELLER, _l("le revendeur lui-même ; le fournisseur lui facture ses achats")),
]
_PHONE = re.compile(r"\+?(?:[\s.()/-]*\d){6,15}[\s.]*")


class ContactForm(PlainForm):
    name = StringField(_l("Nom"), [Optional(), Length(max=70)], filters=[trim])
    email = EmailField(
        _l("Adresse e-mail"), [Optional(), Email(_NO_ADDRESS), Mailable(_NO_ADDRESS), Length(max=254)]
    )
    phone = TelField(_l("Téléphone"), [Optional(), Length(max=30)], filters=[trim])

    def validate_phone(self, field: TelField) -> None:
        if not _PHONE.fullmatch(field.data):
            raise ValidationError(_("Un numéro de téléphone : des chiffres, et « + » devant l'indicatif."))


class BillingContactForm(ContactForm):
    name = StringField(
        _l("Nom"),
        [_required(_l("Indiquez le nom du contact de facturation.")), Length(max=70)],
        filters=[trim],
    )
    email = EmailField(
        _l("Adresse e-mail"),
        [
            _required(_l("Indiquez l'adresse e-mail de facturation.")),
            Email(_NO_ADDRESS),
            Mailable(_NO_ADDRESS),
            Length(max=254),
        ],
    )


class CustomerForm(FlaskForm):
    """A field that is named like a column of the customer is that column; plain particulars follow below."""

    kind = RadioField(_l("Type de client"), choices=KINDS, default=CustomerKind.BUSINESS, coerce=CustomerKind)
    name = StringField(
        _l("Raison sociale ou nom"),
        [_required(_l("Indiquez le nom du client.")), Length(max=70)],
        filters=[trim],
    )
    siren = StringField(_l("SIREN"), [Length(max=18)], filters=[_digits, _or_none])
    siret = StringField(_l("SIRET"), [Optional(), Length(max=18)], filters=[_digits, _or_none])
    vat_number = StringField(_l("Numéro de TVA"), [Optional(), Length(max=20)], filters=[_digits, _or_none])
    street = StringField(
        _l("Numéro et rue"), [_required(_l("Indiquez le numéro et la rue.")), Length(max=70)], filters=[trim]
    )
    postcode = StringField(
        _l("Code postal"), [_required(_l("Indiquez le code postal.")), Length(max=16)], filters=[trim]
    )
    town = StringField(_l("Ville"), [_required(_l("Indiquez la ville.")), Length(max=35)], filters=[trim])
    country = SelectField(_l("Pays"), choices=countries, default="FR")
    language = SelectField(
        _l("Langue des e-mails"),
        choices=[SelectChoice("fr", "Français"), SelectChoice("en", "English")],
        default="fr",
    )
    health_data = RadioField(
        _l("Des données de santé seront-elles sauvegardées ?"),
        choices=[SelectChoice("no", _l("Non")), SelectChoice("yes", _l("Oui"))],
        validators=[InputRequired(_l("Répondez par oui ou par non."))],
        coerce=_is_yes,
    )
    requires_purchase_order = BooleanField(_l("son numéro de bon de commande"))
    requires_commitment_number = BooleanField(_l("un numéro d'engagement (Chorus Pro)"))
    requires_service_code = BooleanField(_l("un code service (Chorus Pro)"))
    billing = FormField(BillingContactForm, _l("Facturation"))
    technical = FormField(ContactForm, _l("Technique"))
    incident = FormField(ContactForm, _l("Incidents"))
    signatory = FormField(ContactForm, _l("Signataire"))
    billed_by = RadioField(_l("Qui facture ce client"), choices=_BILLERS, default="")
    terms = SelectField(_l("Contrat à faire accepter"))
    space = BooleanField(_l("Inviter le signataire dans son espace"), default=True)

    def validate_siren(self, field: StringField) -> None:
        needed = self.kind.data in {CustomerKind.BUSINESS, CustomerKind.PUBLIC_BODY}
        if not field.data:
            if needed and has_siren(self.country.data):
                raise ValidationError(_("Le SIREN est obligatoire pour ce type de client."))
            return
        if len(field.data) == 14 and siret.is_valid(field.data) and not self.siret.data:
            field.data, self.siret.data = field.data[:9], field.data  # of an establishment: both are known
        if len(field.data) != 9 or not field.data.isdigit():
            raise ValidationError(
                _("Un SIREN compte 9 chiffres ; vous en avez saisi %(n)d.", n=len(field.data))
            )
        if not siren.is_valid(field.data):
            raise ValidationError(_("Ce SIREN n'existe pas : sa clé de contrôle est fausse."))

    def validate_postcode(self, field: StringField) -> None:
        shape, example = POSTCODES.get(self.country.data, ("", ""))
        if shape and field.data and not re.fullmatch(shape, field.data):
            raise ValidationError(
                _("Ce code postal n'a pas la forme de ce pays, par exemple %(example)s.", example=example)
            )

    def validate_siret(self, field: StringField) -> None:
        if not field.data:
            return
        if not siret.is_valid(field.data):
            raise ValidationError(_("Ce SIRET n'est pas valable : 14 chiffres avec une clé juste."))
        if self.siren.data and not field.data.startswith(self.siren.data):
            raise ValidationError(_("Ce SIRET n'appartient pas au SIREN saisi."))

    def validate_vat_number(self, field: StringField) -> None:
        if not field.data:
            return
        if is_european_vat(field.data):
            field.data = field.data.replace("GR", "EL", 1) if field.data.startswith("GR") else field.data
            if not has_vat_shape(field.data):
                raise ValidationError(_("Ce numéro de TVA n'a pas la forme de celui de cet État."))
            return  # whether it is in use is asked of the register
        if not field.data.startswith("FR"):
            return  # outside of the Union, each state has its own
        try:
            tva.validate(field.data)
        except NumberError:
            raise ValidationError(_("Ce numéro de TVA français n'est pas valable.")) from None
        if self.siren.data and field.data[4:] != self.siren.data:
            raise ValidationError(_("Ce numéro de TVA n'appartient pas au SIREN saisi."))

    def validate_country(self, field: SelectField) -> None:
        """A territory writes France, and has another VAT: its postcode tells."""
        field.data = territory_of(field.data, self.postcode.data or "")

    def contacts(self) -> dict[ContactRole, tuple[str, str, str]]:
        """The four contacts; one left empty is the billing contact."""
        default = self.billing.form
        result = {}
        for role in ContactRole:
            typed = getattr(self, role.value).form
            chosen = typed if typed.email.data else default
            name = typed.name.data or default.name.data
            result[role] = (name, chosen.email.data, chosen.phone.data or "")
        return result

    def values(self) -> dict[str, Any]:
        """The columns of a customer."""
        columns = Customer.__table__.columns
        return {field.name: field.data for field in self if field.name in columns}


for _each in PARTICULARS:
    if _each.length:
        checks = [Optional(), Length(max=_each.length)]
        setattr(CustomerForm, _each.name, StringField(_each.label, checks, filters=[trim, _or_none]))


class EditForm(CustomerForm):
    """A customer who is known: the same checks, and why something changes."""

    billed_by = None
    terms = None
    space = None
    why = RadioField(
        _l("Pourquoi cela change"),
        choices=[
            SelectChoice(Why.TYPO, _l("Correction d'une erreur de saisie")),
            SelectChoice(Why.NEW, _l("Le client a changé : nouveau nom, nouvelle adresse, autre contact")),
        ],
        default=Why.TYPO,
        coerce=Why,
    )
    effective_on = DayField(_l("Depuis le"), [InputRequired(_l("Indiquez depuis quel jour."))])
    paper = FileField(_l("Papier qui le dit"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})
