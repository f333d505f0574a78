"""What the forms of orders and of quotes ask alike: means of payment, the buyer's own references."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, StringField
from wtforms.validators import Length, Optional

from portal.catalogue.models import Method
from portal.customers.references import LONGEST, REFERENCES
from portal.forms import trim

METHODS = [
    SelectChoice(Method.WIRE, _l("Virement, sur pro forma")),
    SelectChoice(Method.DIRECT_DEBIT, _l("Prélèvement SEPA")),
    SelectChoice(Method.CHEQUE, _l("Chèque, sur pro forma")),
    SelectChoice(Method.ADMINISTRATIVE_MANDATE, _l("Mandat administratif, sur pro forma")),
    SelectChoice(Method.CARD, _l("Carte bancaire, par un lien envoyé au client")),
]


def reference_field(name: str) -> StringField:
    return StringField(
        REFERENCES[name], [Optional(), Length(max=LONGEST)], filters=[trim, lambda text: text or None]
    )


class ReferencesForm(FlaskForm):
    """The buyer's own references of one purchase; what is empty follows the customer's."""

    purchase_order = reference_field("purchase_order")
    commitment_number = reference_field("commitment_number")
    service_code = reference_field("service_code")

    def values(self) -> dict[str, str | None]:
        return {name: self[name].data for name in REFERENCES}
