"""To whom a customer goes."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField


class TransferForm(FlaskForm):
    taker = SelectField(_l("Nouveau revendeur"))
