"""Who is told that a vault does not hold what it should."""

from typing import Any

from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.assurance.models import VaultVerification
from portal.backups.anomalies import staff_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.engine.models import mail_contact
from portal.mail import link, queue_mail


def tell_damage(row: VaultVerification) -> None:
    """The customer's incident contact, her reseller, and the operators of the provider, each once.

    Source: 000-44.
    """
    customer = row.vault.customer
    page = link(f"/vaults/{row.vault.uid}")
    told: dict[str, Any] = {"about": row.vault, "row": row, "page": page, "customer": customer}
    contact = mail_contact(customer, ContactRole.INCIDENT)
    owner, language = customer.organisation, customer.language
    queue_mail(contact, "assurance/mail_damage.txt", owner=owner, language=language, urgent=True, **told)
    with scope(EVERYTHING):
        reseller = db.session.get_one(Organisation, customer.reseller_id)
        query = select(User).where(User.role == Role.OPERATOR, User.works())
        operators = db.session.scalars(query.where(User.organisation_id == reseller.parent_id))
        for user in [*staff_of(customer), *operators]:
            house, own = user.organisation, user.language or "fr"
            queue_mail(user, "assurance/mail_damage_staff.txt", owner=house, language=own, **told)
        db.session.flush()
