"""The monthly billing run: what is owed becomes invoices, and invoices become announced debits.

Some customers are one step, which is one transaction: killed anywhere, the run goes on with the next
customer, and nobody is billed twice. Where the data of one are broken, each has a transaction of her own.
"""

import time
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import structlog
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.chain import Chain, ForeseenChain
from portal.billing.held_back import check_addresses
from portal.billing.issue import freeze_invoice, prepare_invoice, thaw_invoice
from portal.billing.models import (
    BillingRun,
    Charge,
    Invoice,
    RunState,
    charges_due,
    pending_charges,
    run_begins,
)
from portal.billing.panels import invoices_begin
from portal.billing.questions import questions_before
from portal.billing.rules import due_on
from portal.billing.sale_vat import Sales
from portal.billing.skips import skip_customer, skips_of
from portal.catalogue.models import Method
from portal.customers.models import Contact, ContactRole, Customer
from portal.customers.recipients import look_up_recipients
from portal.customers.references import check_references, own_references, references_for
from portal.db import AWAY, db, within
from portal.errors import PortalError, Refused, Unavailable
from portal.jobs.claims import said_of
from portal.journal import SYSTEM, record
from portal.leaves import drop_leaves, leaves_together
from portal.mail import queue_mail
from portal.once import looking_up_once
from portal.paging import total_of
from portal.resellers.models import LegalEntity, issuers_of, next_numbers
from portal.sepa.models import Collection, Mandate, plan_first_collection, usable_mandates
from portal.sepa.rules import first_debit_day

log = structlog.get_logger()

TOGETHER = 24  # customers billed in one transaction: whoever issues an invoice by hand waits for its writing
_TRIES = 3  # to freeze them while somebody else may take a number
_ON_SQLITE = 5  # nobody else writes anything meanwhile
_GAP = 0.015  # seconds
_GRANTED_DAYS = 30  # to pay by wire, where no contract says otherwise (C. com. L441-10)


def month_of(month: str) -> date:
    """The first day of a month such as "2026-12". Raises Refused for another text, and one to come."""
    try:
        year, number = (int(part) for part in month.split("-"))
        first = date(year, number, 1)
    except ValueError as error:
        raise Refused(_("Écrivez le mois comme 2026-12."), field="month") from error
    if first > clock.today():
        raise Refused(_("Ce mois n'a pas commencé."), field="month")
    return first


def start_run(entity: LegalEntity, month: str, *, by: Actor, certain_only: bool = False) -> BillingRun:
    """Ask for the run of a month, such as "2026-12"; once it is done, a further one bills what was added.

    certain_only: bill what is certain, and leave what is undecided to a later run. Raises Refused for a
    month that has not begun, while a run of the month is under way, and while something is undecided that
    it would bill.
    """
    month_of(month)
    if not certain_only and (open_ := questions_before(entity, last_day(month))):
        raise Refused(
            ngettext(
                "%(num)d écart attend une décision : décidez, ou facturez ce qui est certain.",
                "%(num)d écarts attendent une décision : décidez, ou facturez ce qui est certain.",
                len(open_),
            ),
            field="certain",
        )
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
    ids = customer_ids(run.legal_entity, after=int(claim.cursor or 0))
    done, total = _progress(run.legal_entity, int(claim.cursor or 0), len(ids))
    run.state = RunState.RUNNING
    claim.step(total=total)
    together = TOGETHER if _locks_rows() else _ON_SQLITE
    for start in range(0, len(ids), together):
        for some in _billed(run, ids[start : start + together]):
            done += len(some)
            claim.step(cursor=str(some[-1]), done=done, total=total)
            _make_way()
    run.state, run.finished_at = RunState.DONE, clock.now()
    record(run, "finish", by=SYSTEM, invoices=run.invoices, skipped=total_of(skips_of(run)))


def _locks_rows() -> bool:
    return db.engine.dialect.name != "sqlite"


def _make_way() -> None:
    """SQLite has one writer, and whoever waits looks only now and then: a gap lets people in between."""
    if not _locks_rows():
        time.sleep(_GAP)


def _billed(run: BillingRun, ids: list[int]) -> Iterator[list[int]]:
    """Bill these customers in one transaction, or, where one of them breaks, each in one of her own.

    Yields at the end of each transaction, which the caller commits, the ids that are done.
    What breaks on one customer alone leaves her out, is told, and stops nobody else.
    """
    try:
        with looking_up_once():
            _bill(run, ids)
    except (Unavailable, *AWAY):
        raise  # the store or the database: nobody's data
    except Exception as error:
        db.session.rollback()
        if len(ids) == 1:
            log.exception("customer not billed", run=run.uid, customer=ids[0])
            skip_customer(run, ids[0], error.message if isinstance(error, PortalError) else said_of(error))
            yield ids
        else:
            for customer_id in ids:
                yield from _billed(run, [customer_id])
    else:
        yield ids


def _bill(run: BillingRun, ids: list[int]) -> None:
    query = select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)
    found = list(
        db.session.scalars(query.options(joinedload(Customer.organisation), selectinload(Customer.contacts)))
    )
    issuers = issuers_of(found)
    own = [one for one in found if issuers[one.org_path].id == run.legal_entity_id]
    bills = bills_due(own, last_day(run.month))
    check_addresses([bill.customer for bill in bills], run.legal_entity)
    for invoice, debit in _issue(bills, run.legal_entity):
        run.invoices += 1
        run.gross_cents += invoice.gross_cents
        run.collections += debit is not None
    db.session.flush()


def customer_ids(entity: LegalEntity, after: int) -> list[int]:
    """Those below an issuer, in the order in which they are billed; a later one may bill some of them."""
    run_begins.send(None, entity=entity)
    query = select(Customer.id).where(within(Customer, entity.org_path), Customer.id > after)
    return list(db.session.scalars(query.order_by(Customer.id)))


def _progress(entity: LegalEntity, after: int, left: int) -> tuple[int, int]:
    query = select(db.func.count(Customer.id)).where(within(Customer, entity.org_path))
    done = db.session.scalar(query.where(Customer.id <= after)) or 0
    return done, done + left


class Bill(NamedTuple):
    """What becomes one invoice; due_rule: what the contract of all its charges says of paying."""

    customer: Customer
    charges: list[Charge]
    method: Method
    due_rule: str | None = None


def check_bill(bill: Bill) -> None:
    """Raises Refused where the customer requires a reference on its paper that is not there."""
    check_references(bill.customer, references_for(bill.customer, own_references(bill.charges[0])))


def bill_customers(customers: list[Customer], entity: LegalEntity, until: date) -> list[Invoice]:
    """Invoice everything that these customers owe up to a day.

    What is paid by other means, is due by another rule, lies outside VAT or has other references of the
    buyer has an invoice of its own.
    """
    return bill_charges(bills_due(customers, until), entity)


def bills_due(customers: list[Customer], until: date) -> list[Bill]:
    """What these customers owe up to a day, their charges added; nothing is issued yet."""
    charges_due.send(None, customers=customers, until=until)
    own = {customer.id: customer for customer in customers}
    pending: dict[tuple[int, Method, bool, str, tuple[str, ...]], list[Charge]] = {}
    for charge in pending_charges(*customers):
        said = tuple(value or "" for value in own_references(charge).values())
        kind = charge.customer_id, charge.method, not charge.taxed, charge.due_rule or "", said
        pending.setdefault(kind, []).append(charge)
    return [
        Bill(own[kind[0]], charges, kind[1], kind[3] or None) for kind, charges in sorted(pending.items())
    ]


def bill_charges(bills: list[Bill], entity: LegalEntity) -> list[Invoice]:
    """Issue these invoices, announce the debits where there are mandates, and send the invoices."""
    return [invoice for invoice, _debit in _issue(bills, entity)]


def _issue(bills: list[Bill], entity: LegalEntity) -> list[tuple[Invoice, Collection | None]]:
    """Each invoice with its announced debit; what needs no number is looked up before the counter locks."""
    if not bills:
        return []
    with looking_up_once():
        return _issue_together(bills, entity)


def _issue_together(bills: list[Bill], entity: LegalEntity) -> list[tuple[Invoice, Collection | None]]:
    today = clock.today()
    for bill in bills:
        check_bill(bill)
    debited = [bill.customer for bill in bills if bill.method == Method.DIRECT_DEBIT]
    mandates = usable_mandates(debited, entity, today)
    dues = [due_of(bill, entity, today, mandates.get(bill.customer.id)) for bill in bills]
    recipients = [bill.customer.contact(ContactRole.BILLING) for bill in bills]
    sales = Sales(entity, today)
    invoices = [
        prepare_invoice(bill.customer, sales, bill.charges, method=bill.method, due_on=due)
        for bill, due in zip(bills, dues, strict=True)
    ]
    look_up_recipients(bill.customer for bill in bills)
    invoices_begin.send(None, charges=[charge for bill in bills for charge in bill.charges])
    drafts = [
        _Draft(bill, invoice, recipient, mandates.get(bill.customer.id))
        for bill, invoice, recipient in zip(bills, invoices, recipients, strict=True)
    ]
    with leaves_together(), db.session.no_autoflush:  # everything is written at once
        debits = _number(drafts, entity, today)
    return list(zip(invoices, debits, strict=True))


class _Draft(NamedTuple):
    """What becomes a numbered invoice, whom it is sent to, and whose debit may pay it."""

    bill: Bill
    invoice: Invoice
    recipient: Contact
    mandate: Mandate | None


def _number(drafts: list[_Draft], entity: LegalEntity, today: date) -> list[Collection | None]:
    """Freeze these invoices under the numbers that follow, and take the numbers: their debits.

    The counter is not held while they are frozen. Where somebody else took a number meanwhile, they are
    frozen once more; after that often, the counter is held.
    """
    for _try in range(_TRIES):
        foreseen = ForeseenChain(entity, "FA", today.year, len(drafts), on=today)
        debits = _freeze(drafts, foreseen.numbers, foreseen, entity)
        if foreseen.take():
            return debits
        drop_leaves()
        for draft in drafts:
            thaw_invoice(draft.invoice)
    numbers = next_numbers(entity, "FA", today.year, len(drafts))
    chain = Chain(entity, "FA", today.year, on=today)
    debits = _freeze(drafts, numbers, chain, entity)
    chain.keep()
    return debits


def _freeze(
    drafts: list[_Draft], numbers: list[str], chain: Chain, entity: LegalEntity
) -> list[Collection | None]:
    debits = []
    for (bill, invoice, recipient, mandate), number in zip(drafts, numbers, strict=True):
        invoice.number = number
        debit = _debit(bill, invoice, mandate, entity)
        # Also where it should have been debited: its paper says how to pay. A card is asked for apart.
        by_wire = debit is None and bill.method is not Method.CARD
        own = mandate if debit else None
        freeze_invoice(
            invoice, bill.customer, bill.charges, entity, chain, by=SYSTEM, by_wire=by_wire, mandate=own
        )
        _tell(bill, invoice, recipient, debit, entity)
        debits.append(debit)
    return debits


def due_of(bill: Bill, entity: LegalEntity, today: date, mandate: Mandate | None) -> date:
    """The day by which an invoice of today is to be paid: its contract's, never after the day of its debit.

    Where the contract is silent a debit falls due on its own first possible day, a card at once. Where the
    contract's day comes before that one, the issuer has chosen which of them the invoice names.

    Source: 000-34, 003-47, 003-50; C. com. L441-10.
    """
    debited_on = None
    if bill.method == Method.DIRECT_DEBIT and mandate is not None:
        debited_on = first_debit_day(today, entity.notice_days, entity.lead_days)
    if bill.due_rule is None and debited_on is not None:
        return debited_on
    if bill.due_rule is None and bill.method is Method.CARD:
        return today
    due = due_on(today, bill.due_rule, _GRANTED_DAYS)
    follows = debited_on is not None and entity.due_follows_debit
    return max(due, debited_on) if follows and debited_on else due


def _debit(bill: Bill, invoice: Invoice, mandate: Mandate | None, entity: LegalEntity) -> Collection | None:
    return _collect(mandate, entity, invoice) if bill.method == Method.DIRECT_DEBIT else None


def _tell(
    bill: Bill, invoice: Invoice, recipient: Contact, collection: Collection | None, entity: LegalEntity
) -> None:
    """Send the invoice; its debit was announced."""
    queue_mail(
        recipient,
        "billing/mail_invoice.txt",
        about=invoice,
        owner=bill.customer.organisation,
        language=bill.customer.language,
        attach=[invoice.document] if invoice.document else [],
        invoice=invoice,
        collection=collection,
        entity=entity,
    )


def _collect(mandate: Mandate | None, entity: LegalEntity, invoice: Invoice) -> Collection | None:
    """Plan and announce the debit of an invoice; None, and a line in its timeline, without a mandate."""
    try:
        if mandate is not None:
            return plan_first_collection(
                mandate,
                amount_cents=invoice.gross_cents,
                reference=invoice.number,
                source_uid=invoice.uid,
                remittance=_("Facture %(number)s", number=invoice.number),
                notice_days=entity.notice_days,
                not_before=invoice.due_on,
                by=SYSTEM,
            )
    except Refused as refusal:  # the mandate lapses before the debit would fall due
        record(invoice, "no_mandate", by=SYSTEM, reason=refusal.message)
        return None
    record(invoice, "no_mandate", by=SYSTEM)
    return None
