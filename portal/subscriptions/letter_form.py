"""What is typed about a registered letter that has come."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.forms import DayField, trim


class ReceivedLetterForm(FlaskForm):
    posted_on = DayField(_l("Postée le (cachet)"), [InputRequired(_l("Recopiez le jour du cachet."))])
    first_presented_on = DayField(_l("Présentée la première fois le"), [Optional()])
    received_on = DayField(_l("Reçue le"), [InputRequired(_l("Indiquez le jour de sa réception."))])
    tracking = StringField(
        _l("Numéro du recommandé"),
        [DataRequired(_l("Recopiez le numéro du recommandé.")), Length(max=40)],
        filters=[trim],
    )
    scan = FileField(_l("Lettre numérisée"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})

    @property
    def scanned(self) -> bytes:
        return self.scan.data.read() if self.scan.data else b""
