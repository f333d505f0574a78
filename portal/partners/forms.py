"""What is typed about a token."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.forms import TicksField, WholeNumberField, trim
from portal.partners.tokens import DAYS, MOST_DAYS


class TokenForm(FlaskForm):
    name = StringField(
        _l("Nom du jeton"),
        [InputRequired(_l("Nommez le système qui s'en sert.")), Length(max=60)],
        filters=[trim],
    )
    days = WholeNumberField(
        _l("Durée, en jours"),
        [
            InputRequired(_l("Indiquez un nombre de jours.")),
            NumberRange(1, MOST_DAYS, _l("Un jeton dure de 1 à 365 jours.")),
        ],
        default=DAYS,
    )
    scopes = TicksField(
        _l("Ce qu'il peut faire"), [InputRequired(_l("Choisissez au moins un droit, parmi les vôtres."))]
    )
