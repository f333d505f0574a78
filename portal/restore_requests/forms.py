"""What is typed about a restore."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms import DayField
from portal.restore_requests.models import Cause, RestoreKind
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


class BillingForm(FlaskForm):
    billed = RadioField(
        _l("Cette restauration est-elle facturée ?"),
        choices=[SelectChoice("yes", _l("Oui, au prix du jour")), SelectChoice("no", _l("Non"))],
        validators=[InputRequired(_l("Répondez par oui ou par non."))],
    )
    price = StringField(_l("Prix du jour, hors taxes (en euros)"), [Length(max=20)])
