"""What the signer types on a phone, and what staff types about mandates and batches."""

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from portal.errors import Refused
from portal.euro_field import EuroField
from portal.i18n import said
from portal.sepa.countries import SEPA_IBAN_LENGTHS
from portal.sepa.debits import Address
from portal.sepa.iban import parse_iban
from portal.sepa.latin import has_letters, to_latin


def tidy(value: str | None) -> str:
    return " ".join((value or "").replace("\0", "").split())


def read_text(label: Any, missing: Any, longest: int, **kw: Any) -> StringField:
    return StringField(label, [DataRequired(missing), _Readable(longest)], filters=[tidy], render_kw=kw)


class _Readable:
    """Fits the bank file once reduced to the characters that banks carry."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, form: Any, field: Any) -> None:
        latin = to_latin(field.data)
        if not has_letters(latin):
            raise ValidationError(_("Écrivez en lettres latines : la banque n'en lit pas d'autres."))
        if max(len(latin), len(field.data)) > self._longest:
            raise ValidationError(_("%(n)d caractères au plus.", n=self._longest))


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
        names = Locale.parse(str(get_locale() or "fr")).territories
        choices = [SelectChoice(code, names.get(code, code)) for code in SEPA_IBAN_LENGTHS]
        self.country.choices = sorted(choices, key=lambda choice: to_latin(choice.label))

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


class CodeForm(FlaskForm):
    code = StringField(
        _l("Code à 6 chiffres"),
        [DataRequired(_l("Tapez le code reçu par e-mail.")), Length(max=20)],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 20},
    )


class RefusalForm(FlaskForm):
    reason = TextAreaField(
        _l("Pourquoi refusez-vous ?"),
        [DataRequired(_l("Dites en quelques mots pourquoi.")), Length(max=300)],
        filters=[tidy],
        render_kw={"rows": 3, "maxlength": 300},
    )


class MandateForm(FlaskForm):
    scheme = RadioField(
        _l("Type de mandat"),
        default="CORE",
        choices=[
            SelectChoice("CORE", _l("CORE : tous les clients, remboursable 8 semaines")),
            SelectChoice("B2B", _l("B2B : entre entreprises, à faire confirmer par la banque du client")),
        ],
    )


class RevocationForm(FlaskForm):
    received_on = DateField(
        _l("Demande reçue le"), [InputRequired(_l("Indiquez le jour de réception, par exemple 23/11/2026."))]
    )
    notice_months = RadioField(
        _l("Prend effet"),
        coerce=int,
        default=1,
        choices=[SelectChoice(1, _l("après un mois de préavis")), SelectChoice(0, _l("tout de suite"))],
    )


class ConfirmationForm(FlaskForm):
    on = DateField(_l("Confirmé par la banque le"), [InputRequired(_l("Indiquez le jour de confirmation."))])


class FreezeForm(FlaskForm):
    entity = HiddenField(validators=[DataRequired()])
    scheme = HiddenField(validators=[DataRequired()])
    through = SelectField(_l("Échéances à remettre"), validate_choice=False)


class SentForm(FlaskForm):
    on = DateField(_l("Remise à la banque le"), [InputRequired(_l("Indiquez le jour de la remise."))])


class SuspensionForm(FlaskForm):
    reason = StringField(
        _l("Raison, ou code de la banque"),
        [DataRequired(_l("Dites pourquoi le mandat est suspendu.")), Length(max=300)],
        filters=[tidy],
        render_kw={"maxlength": 300},
    )


class HoldForm(FlaskForm):
    reason = StringField(
        _l("Raison"),
        [DataRequired(_l("Dites pourquoi, par exemple « facture contestée ».")), Length(max=200)],
        filters=[tidy],
        render_kw={"maxlength": 200},
    )


class SplitForm(FlaskForm):
    first_cents = EuroField(_l("Première part, en euros"), [InputRequired(_l("Indiquez un montant."))])
    second_on = DateField(_l("Le reste le"), [InputRequired(_l("Indiquez le jour du reste."))])


class AmountForm(FlaskForm):
    amount_cents = EuroField(_l("Nouveau montant, en euros"), [InputRequired(_l("Indiquez un montant."))])
