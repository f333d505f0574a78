"""Turn charges into a numbered, frozen invoice whose PDF follows, and note its payment."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.actor import Actor
from portal.billing.documents import invoice_draft
from portal.billing.models import Charge, Invoice, InvoiceLine, InvoiceState, Payment
from portal.billing.panels import Paper, invoice_mention
from portal.billing.rules import totals
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.customers.particulars import PRINTED
from portal.db import db
from portal.errors import Refused
from portal.jobs import insert_once
from portal.journal import record
from portal.papers import promise
from portal.resellers.models import LegalEntity, next_number


def issue_invoice(
    customer: Customer,
    entity: LegalEntity,
    charges: Sequence[Charge],
    *,
    method: Method,
    issued_on: date,
    due_on: date,
    by: Actor,
    paid_on: date | None = None,
    order_uid: str | None = None,
    urgent: bool = False,
) -> Invoice:
    """Issue one invoice for these charges, inside the present transaction.

    The number is taken last, because its counter stays locked until the commit; a rollback gives it back.
    What the PDF says is frozen here, and printed after the commit (urgent: somebody waits for it).
    ``paid_on`` makes the paid invoice of a wire (« facture acquittée », 000-20).
    Raises Refused when there is nothing to bill.
    """
    invoice = prepare_invoice(customer, entity, charges, method=method, issued_on=issued_on, due_on=due_on)
    invoice.order_uid = order_uid
    invoice.number = next_number(entity, "FA", issued_on.year)
    if paid_on is not None:
        invoice.pay(on=paid_on, by=by)
    freeze_invoice(invoice, customer, charges, by=by, urgent=urgent)
    db.session.flush()
    return invoice


def prepare_invoice(
    customer: Customer,
    entity: LegalEntity,
    charges: Sequence[Charge],
    *,
    method: Method,
    issued_on: date,
    due_on: date,
) -> Invoice:
    """An invoice with everything but its number; nothing is written yet, and no counter locked."""
    sums = totals([charge.priced for charge in charges])
    invoice = Invoice(
        organisation=customer.organisation,
        legal_entity_id=entity.id,
        customer_id=customer.id,
        issued_on=issued_on,
        due_on=due_on,
        net_cents=sums.net_cents,
        vat_cents=sums.vat_cents,
        gross_cents=sums.gross_cents,
        method=method,
        state=InvoiceState.ISSUED,
        parties=parties_of(customer, entity),
    )
    for position, (charge, net) in enumerate(zip(charges, sums.line_net_cents, strict=True), 1):
        invoice.lines.append(
            InvoiceLine(
                organisation=customer.organisation,
                position=position,
                label=charge.label,
                clause=charge.clause,
                quantity=charge.quantity,
                unit_cents=charge.unit_cents,
                includes_vat=charge.includes_vat,
                vat_basis_points=charge.vat_basis_points,
                net_cents=net,
            )
        )
    return invoice


def freeze_invoice(
    invoice: Invoice, customer: Customer, charges: Sequence[Charge], *, by: Actor, urgent: bool = False
) -> None:
    """Freeze what a numbered invoice says; it is written with the next flush."""
    with force_locale(customer.language):
        said = invoice_mention.shown(Paper(invoice, charges))
    invoice.document = promise(
        invoice_draft(invoice, customer.language, said),
        owner=customer.organisation,
        subject=invoice,
        kind="invoice",
        filename=f"{invoice.number}.pdf",
        urgent=urgent,
    )
    db.session.add(invoice)
    for charge in charges:
        charge.invoice = invoice
    record(invoice, "issue", by=by, number=invoice.number)


def note_payment(
    invoice: Invoice, *, received_on: date, reference: str, by: Actor, amount_cents: int | None = None
) -> None:
    """Write down the money that paid this invoice; the bank's reference counts once.

    amount_cents: what came in; the whole invoice unless it says less.
    Raises Refused when the same reference was already recorded.
    """
    amount = invoice.gross_cents if amount_cents is None else amount_cents
    payment = Payment(
        organisation=invoice.customer.organisation,
        legal_entity_id=invoice.legal_entity_id,
        invoice_id=invoice.id,
        method=invoice.method,
        amount_cents=amount,
        received_on=received_on,
        reference=reference,
    )
    columns = [column.key for column in Payment.__table__.columns if column.key != "id"]
    values = {name: getattr(payment, name) for name in columns}
    if not insert_once(Payment, values, ["legal_entity_id", "reference"]):
        raise Refused(_("Cette référence bancaire a déjà été enregistrée."), field="reference")
    record(invoice, "payment", by=by, reference=reference)


def parties_of(customer: Customer, entity: LegalEntity) -> dict[str, Any]:
    """Issuer and buyer as they are today: an issued invoice never follows a later change."""
    named = ("name", "street", "postcode", "town", "country")
    own = ("siren", "vat_number", "legal_form", "rcs_town", "email")
    issuer = {name: getattr(entity, name) for name in (*named, *own)}
    buyer = {name: getattr(customer, name) for name in (*named, *(each.name for each in PRINTED))}
    return {"issuer": issuer, "buyer": buyer | {"kind": customer.kind.value}}
