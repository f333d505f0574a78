"""What is typed about late payers."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length, Optional

from portal.euro_field import EuroField
from portal.forms import trim


class WaiverForm(FlaskForm):
    cents = EuroField(_l("Montant abandonné"), [Optional()], low=1)
    why = StringField(
        _l("Pourquoi"),
        [DataRequired(_l("Dites pourquoi le client en est dispensé.")), Length(max=300)],
        filters=[trim],
    )
