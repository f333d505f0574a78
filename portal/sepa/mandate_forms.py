"""What is typed about a mandate after it was asked for: another account, another signatory, a scan."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, EmailField, FileField, HiddenField, StringField
from wtforms.validators import DataRequired, Email, Length, ValidationError

from portal.errors import Refused
from portal.i18n import said
from portal.sepa.forms import read_text, tidy
from portal.sepa.iban import parse_iban


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
            Length(max=254),
        ],
        filters=[tidy],
    )


class PaperForm(NewAccountForm):
    """What stands on a mandate that was signed by hand, and its scan."""

    iban = StringField(
        _l("IBAN écrit sur le mandat"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    holder = read_text(_l("Titulaire du compte"), _l("Indiquez le titulaire du compte."), 70)
    signed_on = DateField(_l("Signé le"), [DataRequired(_l("Indiquez le jour écrit sur le mandat."))])
    signer_name = read_text(_l("Nom du signataire"), _l("Indiquez qui a signé."), 70)
    signer_role = read_text(
        _l("Fonction du signataire"), _l("Indiquez sa fonction, par exemple « gérante »."), 70
    )
    scan = FileField(_l("Mandat numérisé"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})


class ImportForm(FlaskForm):
    file = FileField(_l("Fichier CSV"), render_kw={"accept": ".csv,text/csv"})
