"""What staff types about a mandate: asked for, signed on paper, revoked, confirmed, suspended, imported."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.forms import DayField
from portal.sepa.fields import read_text, tidy
from portal.sepa.signing.forms import NewAccountForm


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
    received_on = DayField(
        _l("Demande reçue le"), [InputRequired(_l("Indiquez le jour de réception, par exemple 23/11/2026."))]
    )
    notice_months = RadioField(
        _l("Prend effet"),
        coerce=int,
        default=1,
        choices=[SelectChoice(1, _l("après un mois de préavis")), SelectChoice(0, _l("tout de suite"))],
    )


class ConfirmationForm(FlaskForm):
    on = DayField(_l("Confirmé par la banque le"), [InputRequired(_l("Indiquez le jour de confirmation."))])


class SuspensionForm(FlaskForm):
    reason = StringField(
        _l("Raison, ou code de la banque"),
        [DataRequired(_l("Dites pourquoi le mandat est suspendu.")), Length(max=300)],
        filters=[tidy],
        render_kw={"maxlength": 300},
    )


class PaperForm(NewAccountForm):
    """What stands on a mandate that was signed by hand, and its scan."""

    iban = StringField(
        _l("IBAN écrit sur le mandat"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    holder = read_text(_l("Titulaire du compte"), _l("Indiquez le titulaire du compte."), 70)
    signed_on = DayField(_l("Signé le"), [DataRequired(_l("Indiquez le jour écrit sur le mandat."))])
    signer_name = read_text(_l("Nom du signataire"), _l("Indiquez qui a signé."), 70)
    signer_role = read_text(
        _l("Fonction du signataire"), _l("Indiquez sa fonction, par exemple « gérante »."), 70
    )
    scan = FileField(_l("Mandat numérisé"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})


class AgreementForm(NewAccountForm):
    """The second person types the account of the paper once more, without seeing what was typed first."""

    iban = StringField(
        _l("IBAN lu sur le papier"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class ReturnForm(FlaskForm):
    """Why a paper that a colleague has typed is not agreed to."""

    reason = read_text(_l("Ce qui ne va pas"), _l("Dites ce qui ne va pas."), 200)


class ImportForm(FlaskForm):
    file = FileField(_l("Fichier CSV"), render_kw={"accept": ".csv,text/csv"})
