"""Turn charges into a numbered, frozen invoice whose PDF follows, and note its payment."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal.actor import Actor
from portal.billing.chain import Chain, invoice_values
from portal.billing.closings import open_day, refuse_closed
from portal.billing.documents import invoice_draft
from portal.billing.einvoices import einvoice_of
from portal.billing.models import Charge, Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from portal.billing.panels import Paper, invoice_mention
from portal.billing.rules import as_sold, totals
from portal.billing.sale_vat import UNTAXED, Sales, lies_outside
from portal.billing.vat import Vat, is_sold_into_the_union
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.customers.particulars import PRINTED
from portal.customers.references import own_references, references_for
from portal.db import db
from portal.errors import Refused
from portal.jobs import insert_once
from portal.journal import record
from portal.papers import promise
from portal.resellers.models import LegalEntity, next_number
from portal.sepa.models import Mandate


def issue_invoice(
    customer: Customer,
    entity: LegalEntity,
    charges: Sequence[Charge],
    *,
    method: Method,
    issued_on: date,
    due_on: date,
    by: Actor,
    vat: Vat | None = None,
    paid_on: date | None = None,
    order_uid: str | None = None,
    references: Sequence[tuple[str, str]] = (),
    urgent: bool = False,
) -> Invoice:
    """Issue one invoice for these charges, inside the present transaction.

    The number is taken last, because its counter stays locked until the commit; a rollback gives it back.
    What the PDF says is frozen here, and printed after the commit (urgent: somebody waits for it).
    ``vat``: as the order was sold; otherwise it is decided now. ``paid_on`` makes the paid invoice of a wire
    (« facture acquittée », 000-20).
    Raises Refused when there is nothing to bill.
    """
    invoice = prepare_invoice(
        customer, Sales(entity, issued_on), charges, method=method, due_on=due_on, vat=vat
    )
    invoice.order_uid = order_uid
    invoice.number = next_number(entity, "FA", issued_on.year)
    chain = Chain(entity, "FA", issued_on.year, on=issued_on)
    if paid_on is not None:
        invoice.pay(on=paid_on, by=by)
    freeze_invoice(invoice, customer, charges, entity, chain, by=by, references=references, urgent=urgent)
    chain.keep()
    db.session.flush()
    return invoice


def prepare_invoice(
    customer: Customer,
    sales: Sales,
    charges: Sequence[Charge],
    *,
    method: Method,
    due_on: date,
    vat: Vat | None = None,
) -> Invoice:
    """An invoice with everything but its number; nothing is written yet, and no counter locked.

    vat: as it was decided before; otherwise it is decided now. Raises Refused where it cannot be.
    """
    vat = vat or sale_vat(customer, sales, charges)
    lines = [as_sold(charge.priced, vat) for charge in charges]
    sums, outside = totals(lines), lies_outside(customer, sales.on)
    is_union = is_sold_into_the_union(customer.country, vat, outside_territory=outside)
    invoice = Invoice(
        organisation=customer.organisation,
        legal_entity_id=sales.entity.id,
        customer_id=customer.id,
        issued_on=sales.on,
        due_on=due_on,
        net_cents=sums.net_cents,
        vat_cents=sums.vat_cents,
        gross_cents=sums.gross_cents,
        method=method,
        state=InvoiceState.ISSUED,
        parties=parties_of(customer, sales.entity) | named_references(customer, charges),
        union_country=customer.country if is_union else None,
    )
    whole = zip(charges, lines, sums.line_net_cents, strict=True)
    for position, (charge, line, net) in enumerate(whole, 1):
        invoice.lines.append(
            InvoiceLine(
                organisation=customer.organisation,
                position=position,
                label=line.label,
                clause=charge.clause,
                quantity=line.quantity,
                unit_cents=line.unit_cents,
                includes_vat=line.includes_vat,
                vat_basis_points=line.vat_basis_points,
                vat_category=line.category,
                vat_mention=vat.mention,
                vat_country=vat.country,
                net_cents=net,
            )
        )
    return invoice


def sale_vat(customer: Customer, sales: Sales, charges: Sequence[Charge]) -> Vat:
    """The VAT of charges that become one invoice: all of them are sales, or none is (EN 16931, BR-O-11)."""
    taxed = {charge.taxed for charge in charges}
    if len(taxed) > 1:
        raise Refused(_("Une somme hors champ de la TVA demande une facture à part."))
    return sales.vat_of(customer, [charge.priced for charge in charges]) if taxed == {True} else UNTAXED


def freeze_invoice(
    invoice: Invoice,
    customer: Customer,
    charges: Sequence[Charge],
    payee: LegalEntity,
    chain: Chain,
    *,
    by: Actor,
    references: Sequence[tuple[str, str]] = (),
    by_wire: bool | None = None,
    urgent: bool = False,
    mandate: Mandate | None = None,
) -> None:
    """Freeze what a numbered invoice says; it is written with the next flush.

    chain: of its series, kept by the caller. references: of the papers that came before, with their names
    in the customer's language. by_wire: how it is to be paid, where that is not its means of payment.
    mandate: whose debit will pay it.
    """
    wired = invoice.method.is_sent if by_wire is None else by_wire
    with force_locale(customer.language):
        paper = Paper(invoice, charges)
        said = invoice_mention.shown(paper)
        einvoice = einvoice_of(paper, customer, payee, by_wire=wired, mandate=mandate)
    invoice.document = promise(
        invoice_draft(invoice, customer.language, payee, references, said, by_wire=wired),
        owner=customer.organisation,
        subject=invoice,
        kind="invoice",
        filename=f"{invoice.number}.pdf",
        urgent=urgent,
        einvoice=einvoice,
    )
    chain.join(invoice, invoice_values(invoice))
    db.session.add(invoice)
    for charge in charges:
        charge.invoice = invoice
    record(invoice, "issue", by=by, number=invoice.number)


def thaw_invoice(invoice: Invoice) -> None:
    """Forget the paper of an invoice that is not written yet: it is frozen again under another number."""
    document = invoice.document
    if document is not None:
        db.session.expunge(document.paper)
        db.session.expunge(document)
        invoice.document = None


def note_payment(
    invoice: Invoice,
    *,
    received_on: date,
    reference: str,
    by: Actor,
    amount_cents: int | None = None,
    kind: PaymentKind = PaymentKind.RECEIVED,
    reverses: Payment | None = None,
    of_the_bank: bool = False,
) -> None:
    """Write down money of this invoice; the bank's reference counts once.

    amount_cents: what came in, or went back (negative); the whole invoice unless it says so. reverses: the
    payment that was a mistake; its reference may then be noted anew, with a number behind it.
    of_the_bank: its file says the day, so that what falls into a closed month is booked on the first open
    day, and the bank's day is kept beside.
    Raises Refused when the same reference was already recorded, and for a day of a closed month.
    """
    booked_on = open_day(invoice.legal_entity_id, received_on) if of_the_bank else received_on
    refuse_closed(invoice.legal_entity_id, booked_on, field="on")
    amount = invoice.gross_cents if amount_cents is None else amount_cents
    payment = Payment(
        organisation=invoice.customer.organisation,
        legal_entity_id=invoice.legal_entity_id,
        invoice_id=invoice.id,
        method=invoice.method,
        amount_cents=amount,
        received_on=booked_on,
        bank_on=received_on if booked_on != received_on else None,
        reference=_free_reference(invoice, reference),
        kind=kind,
        reverses_id=reverses.id if reverses else None,
        prev_hash="",
        hash="",
    )
    columns = [column.key for column in Payment.__table__.columns if column.key != "id"]
    values = {name: getattr(payment, name) for name in columns}
    if not insert_once(Payment, values, ["legal_entity_id", "reference"]):
        raise Refused(_("Cette référence bancaire a déjà été enregistrée."), field="reference")
    record(invoice, "payment", by=by, reference=reference)


def _free_reference(invoice: Invoice, reference: str) -> str:
    """The reference, or with a number behind it where the payment that had it was reversed."""
    tried, number = reference, 1
    while True:
        taken = select(Payment.id).where(
            Payment.legal_entity_id == invoice.legal_entity_id, Payment.reference == tried
        )
        reversed_ = select(Payment.reverses_id).where(Payment.reverses_id.in_(taken))
        if db.session.scalar(reversed_) is None:
            return tried
        number += 1
        tried = f"{reference[:130]} ({number})"


def named_references(customer: Customer, charges: Sequence[Charge]) -> dict[str, dict[str, str]]:
    """The buyer's own references of charges that become one invoice, as its parties keep them."""
    found = references_for(customer, own_references(charges[0])) if charges else {}
    return {"references": found} if found else {}


def parties_of(customer: Customer, entity: LegalEntity) -> dict[str, Any]:
    """Issuer and buyer as they are today: an issued invoice never follows a later change."""
    named = ("name", "street", "postcode", "town", "country")
    own = ("siren", "vat_number", "legal_form", "rcs_town", "email")
    issuer = {name: getattr(entity, name) for name in (*named, *own)}
    buyer = {name: getattr(customer, name) for name in (*named, *(each.name for each in PRINTED))}
    return {"issuer": issuer, "buyer": buyer | {"kind": customer.kind.value}}
