"""What the debtor types on a phone: the account, the consent, the code, who signs in her place."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, Length, ValidationError

from portal.customers.countries import countries
from portal.errors import Refused
from portal.i18n import said
from portal.mail import Mailable
from portal.sepa.fields import read_text, tidy
from portal.sepa.formats.iban import parse_iban
from portal.sepa.formats.values import Address


class AccountForm(FlaskForm):
    iban = StringField(
        _l("IBAN du compte à débiter"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    holder = read_text(
        _l("Titulaire du compte"), _l("Indiquez le titulaire du compte."), 70, autocomplete="organization"
    )
    street = read_text(
        _l("Numéro et rue"), _l("Indiquez le numéro et la rue."), 70, autocomplete="address-line1"
    )
    postcode = read_text(_l("Code postal"), _l("Indiquez le code postal."), 16, autocomplete="postal-code")
    town = read_text(_l("Ville"), _l("Indiquez la ville."), 35, autocomplete="address-level2")
    country = SelectField(_l("Pays"), render_kw={"autocomplete": "country"})

    def __init__(self, *args: Any, kept_iban: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = kept_iban
        self.country.choices = countries()

    def validate_iban(self, field: StringField) -> None:
        if self._kept and not (field.data or "").strip():
            field.data = self._kept
            return
        try:
            field.data = parse_iban((field.data or "").replace("\0", ""))
        except Refused as refusal:
            raise ValidationError(said(refusal)) from None

    def address(self) -> Address:
        return Address(
            street=self.street.data,
            postcode=self.postcode.data,
            town=self.town.data,
            country=self.country.data,
        )


class ConsentForm(FlaskForm):
    shown = HiddenField()  # fingerprint of the document on the page
    authorise = BooleanField(
        _l("J'autorise ce créancier à prélever mon compte, selon le texte ci-dessus"),
        [DataRequired(_l("Cochez cette case pour autoriser les prélèvements."))],
    )
    entitled = BooleanField(
        _l("J'ai le pouvoir d'engager le titulaire du compte"),
        [DataRequired(_l("Cochez cette case : sans pouvoir, la signature ne vaut rien."))],
    )
    signer_name = read_text(
        _l("Votre prénom et votre nom"), _l("Indiquez votre nom."), 70, autocomplete="name"
    )
    signer_role = read_text(
        _l("Votre fonction"),
        _l("Indiquez votre fonction, par exemple « gérante »."),
        70,
        autocomplete="organization-title",
    )


class RefusalForm(FlaskForm):
    reason = TextAreaField(
        _l("Pourquoi refusez-vous ?"),
        [DataRequired(_l("Dites en quelques mots pourquoi.")), Length(max=300)],
        filters=[tidy],
        render_kw={"rows": 3, "maxlength": 300},
    )


class NewAccountForm(FlaskForm):
    iban = StringField(
        _l("IBAN du nouveau compte"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )

    def validate_iban(self, field: StringField) -> None:
        try:
            field.data = parse_iban((field.data or "").replace("\0", ""))
        except Refused as refusal:
            raise ValidationError(said(refusal)) from None


class ChangeConsentForm(FlaskForm):
    shown = HiddenField()  # fingerprint of the document on the page
    agree = BooleanField(
        _l("Je demande que les prélèvements passent sur ce nouveau compte ; le titulaire est le même"),
        [DataRequired(_l("Cochez cette case pour changer de compte."))],
    )
    signer_name = read_text(
        _l("Votre prénom et votre nom"), _l("Indiquez votre nom."), 70, autocomplete="name"
    )
    signer_role = read_text(
        _l("Votre fonction"),
        _l("Indiquez votre fonction, par exemple « gérante »."),
        70,
        autocomplete="organization-title",
    )


class DelegationForm(FlaskForm):
    """Who may sign in the place of the person who got the link."""

    name = read_text(_l("Son prénom et son nom"), _l("Indiquez le nom de cette personne."), 70)
    role = read_text(_l("Sa fonction"), _l("Indiquez sa fonction, par exemple « gérante »."), 70)
    email = EmailField(
        _l("Son adresse e-mail"),
        [
            DataRequired(_l("Indiquez l'adresse e-mail de cette personne.")),
            Email(_l("Cette adresse e-mail n'est pas valable.")),
            Mailable(_l("Cette adresse e-mail n'est pas valable.")),
            Length(max=254),
        ],
        filters=[tidy],
    )
