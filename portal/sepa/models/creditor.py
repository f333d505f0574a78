"""A legal entity as the creditor of a bank file or a mandate."""

from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Address, Creditor


def creditor_of(entity: LegalEntity) -> Creditor:
    address = Address(
        street=entity.street, postcode=entity.postcode, town=entity.town, country=entity.country
    )
    return Creditor(name=entity.name, iban=entity.iban, ics=entity.ics, address=address)
