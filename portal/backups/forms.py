"""What is typed about the watch of a machine and about a review."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from portal.forms import WholeNumberField

_NUMBER = _l("Un nombre d'heures entre 1 et 744.")


class WatchForm(FlaskForm):
    schedule_hours = WholeNumberField(
        _l("Une sauvegarde toutes les (heures)"), [InputRequired(_NUMBER), NumberRange(1, 744, _NUMBER)]
    )
    is_watched = BooleanField(_l("Surveiller cette machine"))


class ReviewForm(FlaskForm):
    note = TextAreaField(
        _l("Ce qui a été vu et décidé"), [DataRequired(_l("Écrivez une note.")), Length(max=2000)]
    )
