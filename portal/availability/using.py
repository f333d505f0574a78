"""Granted credits are used by the next invoices of their subscription, and lapse after their year."""

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import and_, or_, select

from portal import clock
from portal.actor import Actor
from portal.availability.credits import CreditState, ServiceCredit, charge_marks
from portal.billing.balance import position_of
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import Part, issue_credit_note, rest_of
from portal.billing.models import Charge, Invoice, InvoiceState
from portal.db import db
from portal.deadlines import add_months
from portal.incidents.credits import usable_credit_cents
from portal.money import vat_of


def use_credit(credit: ServiceCredit, *, by: Actor) -> None:
    """Take it off the open invoices of the same subscription that were issued since it was granted.

    Each invoice once: the credit note's origin names both. Nothing that was paid is given back in money.

    Source: 003-30.
    """
    for invoice in _invoices(credit):
        open_cents = max(position_of(invoice).rest, 0) * invoice.net_cents // max(invoice.gross_cents, 1)
        left = min(_usable(credit), open_cents)  # what was paid already is never owed back for it
        parts = _parts(credit, invoice, left)
        if not parts:
            continue
        taken = sum(part.net_cents for part in parts)
        with force_locale(credit.customer.language):
            issue_credit_note(
                invoice,
                parts,
                origin=f"sla:{credit.uid}:{invoice.uid}",
                reason=CreditReason.SERVICE_CREDIT,
                clause=credit.subscription.terms.get("sla.credit_months").clause,
                note=_("Disponibilité de %(month)s", month=f"{credit.month:%m/%Y}"),
                by=by,
            )
        credit.use(taken, by=by)


def _usable(credit: ServiceCredit) -> int:
    months = credit.subscription.terms.number("sla.credit_months")
    account = credit.subscription.uid
    if credit.granted_on is None or credit.state is not CreditState.GRANTED:
        return 0
    return usable_credit_cents(
        credit.left_cents, credit.granted_on, months, clock.today(), account=account, order_account=account
    )


def _invoices(credit: ServiceCredit) -> list[Invoice]:
    marks = [Charge.origin.startswith(mark, autoescape=True) for mark in charge_marks(credit.subscription)]
    mine = select(Charge.invoice_id).where(Charge.customer_id == credit.customer_id, or_(*marks))
    query = select(Invoice).where(
        Invoice.id.in_(mine), Invoice.state == InvoiceState.ISSUED, Invoice.issued_on >= credit.granted_on
    )
    return list(db.session.scalars(query.order_by(Invoice.issued_on, Invoice.id)))


def _parts(credit: ServiceCredit, invoice: Invoice, left: int) -> list[Part]:
    """So much of the lines of this subscription, in cents without VAT."""
    query = select(Charge.origin).where(Charge.invoice_id == invoice.id).order_by(Charge.id)
    origins, parts = list(db.session.scalars(query)), []
    marks = tuple(charge_marks(credit.subscription))
    for rest in rest_of(invoice):
        if left <= 0 or not origins[rest.line.position - 1].startswith(marks):
            continue
        net = min(left, rest.net_cents)
        vat = rest.vat_cents if net == rest.net_cents else vat_of(net, rest.line.vat_basis_points)
        left -= net
        if net:
            parts.append(Part(rest.line, net, min(vat, rest.vat_cents)))
    return parts


def lapse_old(*, by: Actor) -> None:
    """A granted credit ends with its last day, an undecided one a year after it was proposed.

    Source: 003-30.
    """
    today, state = clock.today(), ServiceCredit.state
    query = select(ServiceCredit).where(
        or_(
            and_(state == CreditState.GRANTED, ServiceCredit.usable_through < today),
            and_(state == CreditState.PROPOSED, ServiceCredit.proposed_on < add_months(today, -12)),
        )
    )
    for credit in db.session.scalars(query.order_by(ServiceCredit.id)):
        credit.lapse(by=by)


def granted() -> list[ServiceCredit]:
    query = select(ServiceCredit).where(ServiceCredit.state == CreditState.GRANTED)
    return list(db.session.scalars(query.order_by(ServiceCredit.id)))
