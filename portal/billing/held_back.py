"""Leaves out of a monthly run whose electronic address is wrong, where the issuer wants that."""

from collections.abc import Iterable

from portal import clock
from portal.billing.einvoices import is_einvoicing
from portal.customers.models import Customer
from portal.eaddresses.queries import held_back
from portal.errors import Refused
from portal.resellers.models import LegalEntity
from portal.wording import N_


def check_addresses(customers: Iterable[Customer], entity: LegalEntity) -> None:
    """Raises Refused, with the first one's name, where one of them is held back; mostly nobody is.

    Source: CGI art. 289 (the invoice is due): the issuer chooses it, and it is off by default.
    """
    if not is_einvoicing(entity, clock.today()):
        return
    own = {customer.id: customer for customer in customers}
    for customer_id in held_back(own.values(), entity):
        raise Refused(
            N_("L'adresse électronique de %(name)s est à régler d'abord."), name=own[customer_id].name
        )
