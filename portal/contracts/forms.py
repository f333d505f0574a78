"""What is typed about new terms and new prices."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.errors import Refused
from portal.i18n import said
from portal.money import parse_euros


class RefusalForm(FlaskForm):
    written = BooleanField(_l("Le client refuse par écrit ces nouvelles conditions"))


class PriceForm(FlaskForm):
    price = StringField(
        _l("Nouveau prix unitaire (en euros)"), [InputRequired(_l("Indiquez le prix.")), Length(max=20)]
    )
    effective_on = DateField(_l("S'applique à partir du"), [InputRequired(_l("Indiquez le premier jour."))])

    cents = 0

    def validate_price(self, field: StringField) -> None:
        try:
            self.cents = parse_euros(field.data)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from refusal
        if self.cents <= 0:
            raise ValidationError(_l("Le prix est supérieur à zéro."))
