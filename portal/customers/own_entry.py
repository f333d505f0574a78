"""The entry of a customer by herself: the fields and checks of the form of staff, with one contact."""

from flask_babel import lazy_gettext as _l
from wtforms import FormField

from portal.customers.forms import BillingContactForm, CustomerForm
from portal.customers.models import ContactRole
from portal.customers.particulars import PARTICULARS


class OwnEntryForm(CustomerForm):
    """Without what a seller decides, and without the buyer's references, which follow in her space."""

    billed_by = None
    terms = None
    space = None
    technical = None
    incident = None
    signatory = None
    requires_purchase_order = None
    requires_commitment_number = None
    requires_service_code = None
    billing = FormField(BillingContactForm, _l("Vous"))

    def contacts(self) -> dict[ContactRole, tuple[str, str, str]]:
        return dict.fromkeys(ContactRole, self.contact)

    @property
    def contact(self) -> tuple[str, str, str]:
        """Name, address and telephone of who types: every contact, until she names others."""
        typed = self.billing.form
        return typed.name.data, typed.email.data.strip().lower(), typed.phone.data or ""


for _each in PARTICULARS:
    if _each.length:
        setattr(OwnEntryForm, _each.name, None)
