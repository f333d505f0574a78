"""What finance types about a debit or a batch."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.euro_field import EuroField
from portal.forms import DayField
from portal.sepa.fields import tidy


class FreezeForm(FlaskForm):
    entity = HiddenField(validators=[DataRequired()])
    scheme = HiddenField(validators=[DataRequired()])
    through = SelectField(_l("Échéances à remettre"), validate_choice=False)


class SentForm(FlaskForm):
    on = DayField(_l("Remise à la banque le"), [InputRequired(_l("Indiquez le jour de la remise."))])


class HoldForm(FlaskForm):
    reason = StringField(
        _l("Raison"),
        [DataRequired(_l("Dites pourquoi, par exemple « facture contestée ».")), Length(max=200)],
        filters=[tidy],
        render_kw={"maxlength": 200},
    )


class SplitForm(FlaskForm):
    first_cents = EuroField(_l("Première part, en euros"), [InputRequired(_l("Indiquez un montant."))])
    second_on = DayField(_l("Le reste le"), [InputRequired(_l("Indiquez le jour du reste."))])


class AmountForm(FlaskForm):
    amount_cents = EuroField(_l("Nouveau montant, en euros"), [InputRequired(_l("Indiquez un montant."))])
