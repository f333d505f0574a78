"""The monthly billing run: what is owed becomes invoices, and invoices become announced debits.

One customer is one step is one transaction: killed anywhere, the run goes on with the next customer, and
nobody is billed twice.
"""

from calendar import monthrange
from datetime import date

import structlog
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.issue import issue_invoice
from portal.billing.models import BillingRun, Charge, Invoice, RunState, charges_due, pending_charges
from portal.billing.rules import due_on
from portal.billing.skips import skip_customer, skips_of
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer
from portal.db import AWAY, db, within
from portal.errors import PortalError, Refused, Unavailable
from portal.jobs.claims import said_of
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.paging import total_of
from portal.resellers.models import LegalEntity, issuer_for
from portal.sepa.models import Collection, Mandate, find_usable_mandate, plan_collection

log = structlog.get_logger()

_GRANTED_DAYS = 30  # to pay by wire, where no contract says otherwise (C. com. L441-10)


def start_run(entity: LegalEntity, month: str, *, by: Actor) -> BillingRun:
    """Ask for the run of a month, such as "2026-12"; once it is done, a further one bills what was added.

    Raises Refused for a month that has not begun, and while a run of the month is under way.
    """
    try:
        year, number = (int(part) for part in month.split("-"))
        first = date(year, number, 1)
    except ValueError as error:
        raise Refused(_("Écrivez le mois comme 2026-12."), field="month") from error
    if first > clock.today():
        raise Refused(_("Ce mois n'a pas commencé."), field="month")
    query = select(BillingRun).where(BillingRun.legal_entity_id == entity.id, BillingRun.month == month)
    runs = list(db.session.scalars(query))
    if any(run.state != RunState.DONE for run in runs):
        raise Refused(_("La facturation de ce mois est en cours."), field="month")
    run = BillingRun(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        month=month,
        part=len(runs) + 1,
        state=RunState.QUEUED,
        invoices=0,
        gross_cents=0,
        collections=0,
    )
    db.session.add(run)
    db.session.flush()
    record(run, "start", by=by)
    jobs.enqueue("billing.run", run.uid, entity.organisation, unit="customers")
    return run


def last_day(month: str) -> date:
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, monthrange(year, number)[1])


@jobs.job("billing.run")
def bill_month(claim: jobs.Claim) -> None:
    run = db.session.scalars(select(BillingRun).where(BillingRun.uid == claim.ref)).one()
    entity = run.legal_entity
    ids = _customer_ids(entity, after=int(claim.cursor or 0))
    done, total = _progress(entity, int(claim.cursor or 0), len(ids))
    run.state = RunState.RUNNING
    for position, customer_id in enumerate(ids, done + 1):
        _bill_or_skip(run, customer_id)
        claim.step(cursor=str(customer_id), done=position, total=total)
    run.state, run.finished_at = RunState.DONE, clock.now()
    record(run, "finish", by=SYSTEM, invoices=run.invoices, skipped=total_of(skips_of(run)))


def _bill_or_skip(run: BillingRun, customer_id: int) -> None:
    """One customer; what breaks on her alone leaves her out, is told, and stops nobody else."""
    try:
        customer = db.session.get(Customer, customer_id)
        if customer is not None and issuer_for(customer).id == run.legal_entity_id:
            for invoice in bill_customer(customer, run.legal_entity, last_day(run.month)):
                run.invoices += 1
                run.gross_cents += invoice.gross_cents
                run.collections += invoice.method == Method.DIRECT_DEBIT
            db.session.flush()
    except (Unavailable, *AWAY):
        raise  # the store or the database: nobody's data
    except Exception as error:
        db.session.rollback()
        log.exception("customer not billed", run=run.uid, customer=customer_id)
        skip_customer(run, customer_id, error.message if isinstance(error, PortalError) else said_of(error))


def _customer_ids(entity: LegalEntity, after: int) -> list[int]:
    query = select(Customer.id).where(within(Customer, entity.org_path), Customer.id > after)
    return list(db.session.scalars(query.order_by(Customer.id)))


def _progress(entity: LegalEntity, after: int, left: int) -> tuple[int, int]:
    query = select(db.func.count(Customer.id)).where(within(Customer, entity.org_path))
    done = db.session.scalar(query.where(Customer.id <= after)) or 0
    return done, done + left


def bill_customer(customer: Customer, entity: LegalEntity, until: date) -> list[Invoice]:
    """Invoice everything that a customer owes up to a day: one invoice per means of payment."""
    charges_due.send(None, customer=customer, until=until)
    pending = pending_charges(customer)
    invoices = []
    for method in Method:
        chosen = [charge for charge in pending if charge.method == method]
        if chosen:
            invoices.append(bill_charges(customer, entity, chosen, method))
    return invoices


def bill_charges(customer: Customer, entity: LegalEntity, charges: list[Charge], method: Method) -> Invoice:
    """Invoice these charges, announce the debit where there is a mandate, and send the invoice.

    What needs no number is looked up first: the counter is locked until the commit.
    """
    today = clock.today()
    mandate = find_usable_mandate(customer, entity, today) if method == Method.DIRECT_DEBIT else None
    recipient = customer.contact(ContactRole.BILLING).email
    invoice = issue_invoice(
        customer,
        entity,
        charges,
        method=method,
        issued_on=today,
        due_on=due_on(today, None, _GRANTED_DAYS),
        by=SYSTEM,
    )
    collection = _collect(mandate, entity, invoice) if method == Method.DIRECT_DEBIT else None
    queue_mail(
        recipient,
        "billing/mail_invoice.txt",
        about=invoice,
        owner=customer.organisation,
        language=customer.language,
        attach=[invoice.document] if invoice.document else [],
        invoice=invoice,
        collection=collection,
    )
    return invoice


def _collect(mandate: Mandate | None, entity: LegalEntity, invoice: Invoice) -> Collection | None:
    """Plan and announce the debit of an invoice; None, and a line in its timeline, without a mandate."""
    try:
        if mandate is not None:
            return plan_collection(
                mandate,
                amount_cents=invoice.gross_cents,
                reference=invoice.number,
                source_uid=invoice.uid,
                remittance=_("Facture %(number)s", number=invoice.number),
                notice_days=entity.notice_days,
                by=SYSTEM,
            )
    except Refused as refusal:  # the mandate lapses before the debit would fall due
        record(invoice, "no_mandate", by=SYSTEM, reason=refusal.message)
        return None
    record(invoice, "no_mandate", by=SYSTEM)
    return None
