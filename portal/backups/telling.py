"""A word about a key to both houses: the customer who uses it and the reseller who sold it."""

from typing import Any

from portal.backups.anomalies import staff_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.licensing.models import ActivationKey
from portal.mail import link, queue_mail


def tell_both(key: ActivationKey, template: str, staffs: str, **told: Any) -> None:
    """To the customer's technical contact, and to those of the reseller who look after her machines."""
    customer = key.customer
    told |= {"key": key, "page": link(f"/keys/{key.uid}"), "customer": customer}
    contact = customer.contact(ContactRole.TECHNICAL)
    owner, language = customer.organisation, customer.language
    queue_mail(contact, template, about=key, owner=owner, language=language, **told)
    with scope(EVERYTHING):
        for user in staff_of(customer):
            own = user.language or "fr"
            queue_mail(user, staffs, about=key, owner=user.organisation, language=own, **told)
        db.session.flush()
