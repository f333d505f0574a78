"""What is typed about a restore."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from portal.forms import DayField, trim
from portal.restore_requests.kinds import Cause, Holder, RestoreKind, Scope, Urgency
from portal.words.readers import reads

CAUSES = [
    SelectChoice(Cause.LOST_BY_USER, _l("Fichier supprimé ou écrasé par un utilisateur")),
    SelectChoice(Cause.MALWARE, _l("Virus ou rançongiciel")),
    SelectChoice(
        Cause.CUSTOMER_EQUIPMENT, reads(_l("Panne de votre matériel"), _l("Panne du matériel du client"))
    ),
    SelectChoice(Cause.HOSTED_EQUIPMENT, _l("Panne du matériel hébergé par le fournisseur")),
    SelectChoice(Cause.RESTORE_TEST, _l("Essai de restauration")),
    SelectChoice(Cause.THIRD_PARTY, _l("Accident, ou dommage causé par un tiers")),
    SelectChoice(Cause.OTHER, _l("Autre cause")),
]
KINDS = [
    SelectChoice(RestoreKind.SIMPLE, _l("Simple : un fichier")),
    SelectChoice(RestoreKind.COMPLEX, _l("Complexe : plusieurs fichiers, une machine, une base de données")),
]


class RequestForm(FlaskForm):
    what = TextAreaField(
        _l("Que faut-il retrouver ?"),
        [
            InputRequired(_l("Dites ce qui manque, avec le nom du fichier si vous le connaissez.")),
            Length(max=2000),
        ],
    )
    lost_on = DayField(_l("Jour de la perte"), [Optional()])
    cause = SelectField(_l("Cause"), choices=CAUSES)
    kind = RadioField(_l("Restauration"), choices=KINDS, default=RestoreKind.SIMPLE)


SCOPES = [
    SelectChoice(Scope.FILE, _l("Un fichier")),
    SelectChoice(Scope.FILES, _l("Plusieurs fichiers, ou un dossier")),
    SelectChoice(Scope.MACHINE, _l("Une machine entière")),
    SelectChoice(Scope.DATABASE, _l("Une base de données")),
]
URGENCIES = [
    SelectChoice(Urgency.NOW, _l("Le travail est arrêté")),
    SelectChoice(Urgency.TODAY, _l("Aujourd'hui")),
    SelectChoice(Urgency.NORMAL, _l("Sans urgence")),
]
HOLDERS = [
    SelectChoice(Holder.HERSELF, _l("La personne au téléphone, ou à côté d'elle")),
    SelectChoice(Holder.AWAY, _l("Quelqu'un d'absent")),
    SelectChoice(Holder.SHEET, _l("La feuille de secours")),
    SelectChoice(Holder.RESELLER, _l("Le revendeur")),
    SelectChoice(Holder.LOST, _l("Personne : elle est perdue")),
    SelectChoice(Holder.UNKNOWN, _l("On ne sait pas")),
]


class CallForm(FlaskForm):
    """What a call tells in under a minute; the vault's customer is known."""

    vault = SelectField(_l("Coffre"), validate_choice=True)
    caller = RadioField(
        _l("Qui appelle ?"),
        validators=[InputRequired(_l("Dites qui appelle, parmi les contacts du dossier."))],
    )
    called_back = BooleanField(_l("Je l'ai rappelée au numéro du dossier, ou reconnue"))
    what = TextAreaField(
        _l("Que faut-il retrouver ?"),
        [
            InputRequired(_l("Dites ce qui manque, avec le nom du fichier si vous le connaissez.")),
            Length(max=2000),
        ],
    )
    scope = SelectField(_l("C'est"), choices=SCOPES)
    cause = SelectField(_l("Cause"), choices=CAUSES)
    holder = SelectField(_l("Qui a la phrase secrète ?"), choices=HOLDERS, default=Holder.UNKNOWN)
    urgency = SelectField(_l("Urgence"), choices=URGENCIES, default=Urgency.NORMAL)
    lost_on = DayField(_l("Jour de la perte"), [Optional()])
    ticket = StringField(
        _l("Numéro du ticket"),
        [Optional(), Regexp(r"TK-\d{4}-\d{6}$", message=_l("Un numéro comme TK-2026-000123."))],
        filters=[trim],
    )


class BillingForm(FlaskForm):
    billed = RadioField(
        _l("Cette restauration est-elle facturée ?"),
        choices=[SelectChoice("yes", _l("Oui, au prix du jour")), SelectChoice("no", _l("Non"))],
        validators=[InputRequired(_l("Répondez par oui ou par non."))],
    )
    price = StringField(_l("Prix du jour, hors taxes (en euros)"), [Length(max=20)])
    why = StringField(_l("Pourquoi un autre prix que la grille ?"), [Length(max=200)])
