"""One record of every kind that an address can name, all of the house's own reseller."""

from datetime import date

from portal.billing.models import Invoice
from portal.billing.run import start_run
from portal.blobs import Document
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection, freeze_batch
from portal.subscriptions.models import Subscription
from portal.subscriptions.place import place_order, record_wire
from tests.builders import House, a_customer, work
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product, a_product


def a_world(house: House) -> dict[str, str]:
    """The public ids by the beginning of the addresses that carry them."""
    entity = db.session.scalars(db.select(LegalEntity)).one()
    customer = a_customer(house.reseller)
    order = place_order(customer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    payer = a_customer(house.reseller, name="Payeur", siren=None, accepted="dropcloud")
    place_order(payer, a_monthly_product(house), 1, Method.DIRECT_DEBIT, by=SYSTEM)
    mandate = sign_now(payer, entity)
    run = start_run(entity, "2026-11", by=SYSTEM)
    work()
    collection = db.session.scalars(db.select(Collection)).one()
    ids = {
        "/customers/": customer.uid,
        "/orders/": order.uid,
        "/subscriptions/": db.session.scalars(db.select(Subscription)).first().uid,
        "/billing/invoices/": db.session.scalars(db.select(Invoice)).first().uid,
        "/billing/runs/": run.uid,
        "/documents/": db.session.scalars(db.select(Document)).first().uid,
        "/outbox/": db.session.scalars(db.select(Mail)).first().uid,
        "/sepa/mandates/": mandate.uid,
        "/sepa/collections/": collection.uid,
    }
    batch = freeze_batch(entity, "CORE", date(2026, 12, 31), SYSTEM)
    db.session.commit()
    return ids | {"/sepa/batches/": batch.uid, "/sepa/mandates/new/": customer.uid}
