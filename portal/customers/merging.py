"""One customer who was entered twice: the records of the double become those of the one who stays."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, Table, and_, exists, or_, select, update

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Contact, Customer
from portal.db import Base, db
from portal.errors import Refused
from portal.journal import record

# What stays with the double: who she was, and what is kept once for each customer.
_HERS = {
    "organisation",
    "customer",
    "contact",
    "customer_word",
    "eaddress",
    "customer_change",
    "report_choice",
    "month_figure",
    "billing_skip",
    "late_payer",
}


def doubles_of(customer: Customer) -> Select[Any]:
    """Living customers of the same reseller with the same SIREN, the same folded name, or the same e-mail."""
    emails = [contact.email for contact in customer.contacts]
    same = [Customer.name_folded == customer.name_folded, Customer.contacts.any(Contact.email.in_(emails))]
    if customer.siren:
        same.append(Customer.siren == customer.siren)
    return select(Customer).where(
        Customer.reseller_id == customer.reseller_id,
        Customer.id != customer.id,
        Customer.archived_at.is_(None),
        or_(*same),
    )


def merge(kept: Customer, gone: Customer, *, by: Actor) -> None:
    """Give all that ``gone`` has to ``kept``: contracts, keys, vaults, mandates, invoices, people.

    Documents that were issued keep the words that they bear. The double is put away and names who stays.
    Raises Refused for customers of two resellers, or one that is put away already.
    """
    if kept.id == gone.id or kept.reseller_id != gone.reseller_id:
        raise Refused(_("On ne réunit que deux fiches d'un même revendeur."))
    nodes = [kept.organisation_id, gone.organisation_id]
    order = select(Organisation.id).where(Organisation.id.in_(nodes)).order_by(Organisation.id)
    db.session.execute(order.with_for_update())
    db.session.refresh(gone)
    db.session.refresh(kept)
    if gone.archived_at is not None or kept.archived_at is not None:
        raise Refused(_("Une fiche archivée ne se réunit pas : sortez-la d'abord des archives."))
    gone.archived_at, gone.merged_into_id = clock.now(), kept.id
    record(gone, "merge_into", by=by, into=kept.name)
    record(kept, "merge", by=by, double=gone.name)
    db.session.flush()
    for table in Base.metadata.tables.values():
        if table.name not in _HERS:
            _give(table, kept, gone)
    db.session.expire_all()


def _give(table: Table, kept: Customer, gone: Customer) -> None:
    if "customer_id" in table.c:
        mine = table.c.customer_id == gone.id
        if table.name == "terms_notice":  # each was told of a version once
            other = table.alias()
            known = and_(other.c.customer_id == kept.id, other.c.terms_version_id == table.c.terms_version_id)
            mine = and_(mine, ~exists().where(known))
        db.session.execute(update(table).where(mine).values(customer_id=kept.id))
    if "organisation_id" in table.c and "org_path" in table.c:
        place = {"organisation_id": kept.organisation_id, "org_path": kept.org_path}
        db.session.execute(update(table).where(table.c.organisation_id == gone.organisation_id).values(place))
    elif "org_path" in table.c:
        rows = update(table).where(table.c.org_path == gone.org_path)
        db.session.execute(rows.values(org_path=kept.org_path))
