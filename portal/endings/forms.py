"""What is typed to end a contract as its provider."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.euro_field import EuroField
from portal.forms import DayField, trim

_SCANS = {"accept": "application/pdf,image/jpeg,image/png"}


class EndingForm(FlaskForm):
    cause = SelectField(_l("Cause"))
    facts = TextAreaField(
        _l("Faits, tels que le client les lira"),
        [DataRequired(_l("Dites ce qui s'est passé.")), Length(max=2000)],
        filters=[lambda text: text.strip() if text else text],
    )
    since_on = DayField(_l("Dernière utilisation, ou début de la force majeure"), [Optional()])
    stops_on = DayField(_l("Service retiré le"), [Optional()])
    by_itself = BooleanField(_l("Mettre fin sans autre confirmation, une fois le délai passé"))


class PostedForm(FlaskForm):
    posted_on = DayField(_l("Postée le"), [InputRequired(_l("Indiquez le jour du dépôt à la poste."))])
    tracking = StringField(
        _l("Numéro du recommandé"),
        [DataRequired(_l("Recopiez le numéro du recommandé.")), Length(max=40)],
        filters=[trim],
    )
    scan = FileField(_l("Preuve de dépôt numérisée"), render_kw=_SCANS)


class FollowedForm(FlaskForm):
    first_presented_on = DayField(_l("Présentée la première fois le"), [Optional()])
    received_on = DayField(_l("Reçue le"), [Optional()])
    returned_on = DayField(_l("Refusée ou non réclamée, revenue le"), [Optional()])
    scan = FileField(_l("Accusé de réception numérisé"), render_kw=_SCANS)


class DropForm(FlaskForm):
    why = StringField(
        _l("Pourquoi la procédure s'arrête"),
        [DataRequired(_l("Dites pourquoi.")), Length(max=300)],
        filters=[trim],
    )


class WornForm(FlaskForm):
    number = StringField(
        _l("Numéro de la facture du fournisseur"),
        [DataRequired(_l("Recopiez le numéro de la facture.")), Length(max=40)],
        filters=[trim],
    )
    invoiced_on = DayField(_l("Datée du"), [InputRequired(_l("Indiquez la date de la facture."))])
    cents = EuroField(
        _l("Montant hors taxes"), [InputRequired(_l("Indiquez le montant."))], low=1, high=10_000_000
    )
    paper = FileField(_l("La facture, que le client recevra"), render_kw=_SCANS)
