"""What is typed about a handover."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from portal.euro_field import EuroField
from portal.forms import DayField
from portal.reversibility.models import HandoverForm, Reason
from portal.words.readers import reads

REASONS = [
    SelectChoice(Reason.SWITCH, _l("Changer de fournisseur")),
    SelectChoice(
        Reason.IN_HOUSE, reads(_l("Reprendre mes données chez moi"), _l("Reprendre les données chez soi"))
    ),
    SelectChoice(Reason.COPY, _l("Recevoir une copie")),
    SelectChoice(Reason.DESTROY, _l("Détruire les données, sans copie")),
]


def _tidy(value: str | None) -> str:
    return " ".join((value or "").split())


class CaseForm(FlaskForm):
    vault = SelectField(_l("Coffre"))
    reason = RadioField(
        reads(_l("Que voulez-vous ?"), _l("Que veut le client ?")),
        choices=REASONS,
        validators=[InputRequired(_l("Choisissez une réponse."))],
    )
    received_on = DayField(
        _l("Demande reçue le"), [InputRequired(_l("Indiquez le jour de réception : les délais en partent."))]
    )
    form = RadioField(
        _l("Sous quelle forme ?"),
        default=HandoverForm.READABLE,
        validators=[Optional()],
        choices=[
            SelectChoice(
                HandoverForm.READABLE,
                reads(
                    _l("Fichiers lisibles, en archives ZIP (votre phrase secrète vous sera demandée)"),
                    _l("Fichiers lisibles, en archives ZIP (la phrase secrète sera demandée au client)"),
                ),
            ),
            SelectChoice(
                HandoverForm.TAR,
                _l(
                    "Idem en archives tar, pour Linux ou macOS : propriétaires, "
                    "droits, liens et attributs sont conservés"
                ),
            ),
            SelectChoice(
                HandoverForm.SEALED,
                _l("Dépôt chiffré, tel quel : toutes les versions, sans donner la phrase secrète"),
            ),
        ],
    )
    cost = EuroField(_l("Coût réel du transfert, hors taxes (en euros)"), default=0)


class QuoteForm(FlaskForm):
    amount_cents = EuroField(
        _l("Prix de la récupération, hors taxes (en euros)"), [InputRequired(_l("Indiquez un montant."))]
    )


class PaidForm(FlaskForm):
    on = DayField(_l("Reçu le"), [InputRequired(_l("Indiquez le jour du paiement."))])
    reference = StringField(
        _l("Référence bancaire"), [InputRequired(_l("Recopiez la référence du virement.")), Length(max=140)]
    )


class ShipForm(FlaskForm):
    medium = StringField(
        _l("Support"),
        [DataRequired(_l("Indiquez le support, par exemple « disque 2 To, n° 1234 ».")), Length(max=80)],
        filters=[_tidy],
    )
    tracking = StringField(
        _l("Transporteur et numéro de suivi"),
        [DataRequired(_l("Indiquez comment suivre l'envoi.")), Length(max=80)],
        filters=[_tidy],
    )
    on = DayField(_l("Expédié le"), [InputRequired(_l("Indiquez le jour de l'envoi."))])
    checked = BooleanField(
        _l("Les sommes de contrôle ont été vérifiées sur le support"),
        [InputRequired(_l("Vérifiez le support avant de l'envoyer : sha256sum -c SHA256SUMS."))],
    )
    encrypted = BooleanField(
        _l("Le support est chiffré, et son mot de passe part par un autre chemin"),
        [InputRequired(_l("Un support en clair ne part pas par transporteur."))],
    )


class TargetForm(FlaskForm):
    endpoint = StringField(
        _l("Adresse du stockage (S3)"),
        [DataRequired(_l("Indiquez l'adresse.")), Length(max=200)],
        filters=[_tidy],
        render_kw={"inputmode": "url", "autocomplete": "off"},
    )
    bucket = StringField(
        _l("Espace (bucket)"),
        [
            DataRequired(_l("Indiquez l'espace.")),
            Regexp(
                r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                message=_l("3 à 63 lettres minuscules, chiffres, points ou tirets."),
            ),
        ],
        filters=[_tidy],
        render_kw={"autocomplete": "off"},
    )
    prefix = StringField(
        _l("Dossier"),
        [
            Length(max=200),
            Regexp(
                r"[A-Za-z0-9_./-]*$", message=_l("Lettres sans accent, chiffres, points, tirets, barres.")
            ),
        ],
        filters=[_tidy],
        render_kw={"autocomplete": "off"},
    )
    access_key = StringField(
        _l("Clé d'accès"),
        [DataRequired(_l("Indiquez la clé d'accès.")), Length(max=128)],
        filters=[_tidy],
        render_kw={"autocomplete": "off"},
    )
    secret_key = PasswordField(
        _l("Clé secrète"),
        [InputRequired(_l("Indiquez la clé secrète.")), Length(max=256)],
        render_kw={"autocomplete": "off"},
    )


class AcceptanceForm(FlaskForm):
    when = RadioField(
        _l("Quand effacer les données du coffre ?"),
        validators=[InputRequired(_l("Choisissez quand les données doivent être effacées."))],
        choices=[SelectChoice("now", ""), SelectChoice("later", "")],
    )


class ContestForm(FlaskForm):
    reason = TextAreaField(
        _l("Que manque-t-il, ou qu'est-ce qui n'est pas lisible ?"),
        [InputRequired(_l("Dites ce qui manque ou ce qui n'est pas lisible.")), Length(max=2000)],
    )
