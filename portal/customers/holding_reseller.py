"""A reseller stays while it has living customers."""

from flask_babel import ngettext
from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope, within
from portal.errors import Refused
from portal.resellers.reseller import Reseller, reseller_ending


def living_customers(reseller: Reseller) -> int:
    """How many customers it or a reseller below it serves; archived and merged ones are not among them."""
    query = select(func.count(Customer.id)).where(within(Customer, reseller.org_path))
    with scope(EVERYTHING):
        return db.session.scalar(query.where(Customer.archived_at.is_(None))) or 0


@reseller_ending.connect
def refuse_while_they_live(reseller: Reseller) -> None:
    """Raises Refused with their number."""
    if number := living_customers(reseller):
        raise Refused(
            ngettext(
                "Ce revendeur a encore %(num)d client en vie : un autre doit d'abord le servir.",
                "Ce revendeur a encore %(num)d clients en vie : un autre doit d'abord les servir.",
                number,
            )
        )
