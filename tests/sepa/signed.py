"""A mandate that the customer has signed, without going through the pages."""

from portal.customers.models import Customer
from portal.db import db
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models import Mandate, open_mandate, request_mandate
from portal.sepa.signing.documents import freeze_shown, sign_mandate

IBAN = "FR7630006000011234567890189"
VISITOR = {"ip": "192.0.2.7", "user_agent": "test", "language": "fr"}


def sign_now(customer: Customer, entity: LegalEntity, iban: str = IBAN) -> Mandate:
    """Sign the mandate that waits for this customer, or a new one."""
    mandate = open_mandate(customer, entity) or request_mandate(customer, entity, by=SYSTEM)[0]
    mandate.enter_account(iban=iban, name=customer.name[:70], address=mandate.address, visitor=VISITOR)
    freeze_shown(mandate)
    mandate.signer_name, mandate.signer_role = "Direction", "Gérance"
    mandate.signer_email = "contact@client.example"
    assert mandate.link
    sign_mandate(mandate, mandate.link, VISITOR)
    db.session.commit()
    return mandate
