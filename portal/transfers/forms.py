"""To whom a customer goes, and what each of the three types."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from portal.forms import trim
from portal.linked.code_field import CodeForm


class TransferForm(FlaskForm):
    taker = SelectField(_l("Nouveau revendeur"))


class ConsentForm(CodeForm):
    name = StringField(
        _l("Vos nom et fonction"),
        [DataRequired(_l("Indiquez votre nom.")), Length(max=140)],
        filters=[trim],
        render_kw={"autocomplete": "name"},
    )


class RefusalForm(FlaskForm):
    reason = StringField(_l("Pourquoi ?"), [Length(max=300)], filters=[trim])
