"""What is typed about an assignment."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.forms import DayField, trim
from portal.linked.one_page import ConsentForm


class AssignmentForm(FlaskForm):
    to = StringField(
        _l("Cessionnaire : son nom exact, son SIREN ou une adresse de contact"),
        [DataRequired(_l("Dites à qui passe le contrat.")), Length(max=254)],
        filters=[trim],
    )
    effective_on = DayField(
        _l("Premier jour du cessionnaire"), [InputRequired(_l("Indiquez le jour du passage."))]
    )
    seen = HiddenField()  # the plan that was on the page


class DecisionForm(FlaskForm):
    frees = BooleanField(_l("Le cédant est libéré de ce qui naît à partir de ce jour (C. civ. 1216-1)"))
    seen = HiddenField()


class RefusalForm(FlaskForm):
    reason = StringField(
        _l("Pourquoi le contrat ne passe pas"),
        [DataRequired(_l("Dites pourquoi.")), Length(max=300)],
        filters=[trim],
    )


class SignForm(ConsentForm):
    seen = HiddenField()
