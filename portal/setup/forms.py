"""The price of an offer that a contract names, as typed."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.euro_field import EuroField
from portal.forms import WholeNumberField

_GB = _l("Un nombre de Go, au moins 1.")


class OfferForm(FlaskForm):
    price = EuroField(_l("Prix unitaire (en euros)"), [InputRequired(_l("Indiquez le prix."))])
    included_gb = WholeNumberField(
        _l("Volume compris pour une unité, en Go"),
        [Optional(), NumberRange(1, 10**9, _GB)],
        render_kw={"inputmode": "numeric"},
    )
    gb_month_cents = EuroField(
        _l("À la demande : prix d'un Go gardé un mois (en euros)"), [Optional()], low=1, high=100_000
    )
