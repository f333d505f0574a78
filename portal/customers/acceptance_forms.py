"""The acceptance of a contract: what staff send or record, and what the signatory types on her phone."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from portal.forms import DayField, trim

_ORDER = ("product", "quantity", "volume_gb", "method", "health")


class RequestForm(FlaskForm):
    """Which contract a customer is asked to accept, and the order that waits for it."""

    terms = HiddenField()
    product = HiddenField()
    quantity = HiddenField()
    volume_gb = HiddenField()
    health = HiddenField()
    method = HiddenField()

    def order(self) -> dict[str, Any]:
        """What had been typed into the order form."""
        return {name: self[name].data for name in _ORDER if self[name].data}


class PaperForm(RequestForm):
    """What stands on a contract that was signed by hand, and its scan."""

    shown = HiddenField()
    signer = StringField(
        _l("Signé par (nom et fonction)"),
        [DataRequired(_l("Indiquez qui a signé.")), Length(max=140)],
        filters=[trim],
    )
    signed_on = DayField(_l("Signé le"), [DataRequired(_l("Indiquez le jour écrit sur le papier."))])
    scan = FileField(_l("Contrat numérisé"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})


class ReversalForm(FlaskForm):
    reason = StringField(_l("Raison"), [DataRequired(), Length(max=300)], filters=[trim])
