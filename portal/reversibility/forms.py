"""What is typed about a handover."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.reversibility.models import Reason

REASONS = [
    SelectChoice(Reason.SWITCH, _l("Changer de fournisseur")),
    SelectChoice(Reason.IN_HOUSE, _l("Reprendre les données chez soi")),
    SelectChoice(Reason.COPY, _l("Recevoir une copie")),
    SelectChoice(Reason.DESTROY, _l("Détruire les données, sans copie")),
]


class CaseForm(FlaskForm):
    vault = SelectField(_l("Coffre"))
    reason = RadioField(
        _l("Que veut le client ?"), choices=REASONS, validators=[InputRequired(_l("Choisissez une réponse."))]
    )
    received_on = DateField(
        _l("Demande reçue le"), [InputRequired(_l("Indiquez le jour de réception : les délais en partent."))]
    )
    cost = StringField(_l("Coût réel du transfert, hors taxes (en euros)"), [Length(max=20)], default="0")


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
