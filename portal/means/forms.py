"""What is chosen of the means of payment."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from portal.catalogue.models import Method
from portal.words.choices import METHODS


class MeansForm(FlaskForm):
    """seen: the first day that another means would pay, as it was on the page."""

    method = RadioField(
        _l("Nouveau moyen de paiement"),
        [InputRequired(_l("Choisissez un moyen de paiement."))],
        choices=[SelectChoice(each.value, METHODS[each.value]) for each in Method],
    )
    seen = HiddenField()
