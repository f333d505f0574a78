"""What is typed about new terms and new prices."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal.errors import Refused
from portal.euro_field import EuroField
from portal.forms import DayField, WholeNumberField
from portal.i18n import said
from portal.money import parse_euros

_GB = _l("Un nombre de Go, au moins 1.")


class RefusalForm(FlaskForm):
    written = BooleanField(_l("Ces nouvelles conditions sont refusées par écrit"))


class VolumeForm(FlaskForm):
    included_gb = WholeNumberField(
        _l("Volume compris pour une unité, en Go"),
        [Optional(), NumberRange(1, 10**9, _GB)],
        render_kw={"inputmode": "numeric"},
    )
    gb_month_cents = EuroField(
        _l("À la demande : prix d'un Go gardé un mois (en euros)"), [Optional()], low=1, high=100_000
    )


class GridForm(FlaskForm):
    up_to_gb = WholeNumberField(
        _l("Jusqu'à (en Go)"),
        [InputRequired(_GB), NumberRange(1, 10**9, _GB)],
        render_kw={"inputmode": "numeric"},
    )
    grid_cents = EuroField(
        _l("Prix de l'abonnement entier (en euros)"), [InputRequired(_l("Indiquez le prix."))], low=1
    )


class PriceForm(FlaskForm):
    price = StringField(
        _l("Nouveau prix unitaire (en euros)"), [InputRequired(_l("Indiquez le prix.")), Length(max=20)]
    )
    effective_on = DayField(_l("S'applique à partir du"), [InputRequired(_l("Indiquez le premier jour."))])

    cents = 0

    def validate_price(self, field: StringField) -> None:
        try:
            self.cents = parse_euros(field.data)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from refusal
        if self.cents <= 0:
            raise ValidationError(_l("Le prix est supérieur à zéro."))
