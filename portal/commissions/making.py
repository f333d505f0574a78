"""A statement of commission: written once for a reseller, an issuer and a month, with what pays it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.billing.credit_models import Refund, RefundState
from portal.billing.issue import parties_of
from portal.commissions.earning import Gain, gains_of
from portal.commissions.models import CommissionLine, CommissionStatement
from portal.commissions.paper import statement_draft
from portal.commissions.rules import pay_by, settled
from portal.customers.models import Customer
from portal.db import db
from portal.deadlines import end_of_month
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.papers import promise
from portal.resellers.models import LegalEntity, next_number
from portal.resellers.reseller import Reseller
from portal.wholesale.buying import enter_buyer
from portal.wholesale.models import buyer_of

_SERIES = "CO"


def state_month(reseller: Reseller, month: date) -> list[CommissionStatement]:
    """What the provider's entities owe a reseller for a month that is over; nothing earned, no statement.

    month: its first day. A statement that exists is never made again; what it did not know is in the next.

    Source: C. com. L134-9, L134-10.
    """
    locked = select(Reseller).where(Reseller.id == reseller.id).with_for_update(of=Reseller)
    reseller = db.session.scalars(locked).one()
    query = select(LegalEntity).join(Organisation, Organisation.id == LegalEntity.organisation_id)
    query = query.where(Organisation.kind == OrganisationKind.PROVIDER).order_by(LegalEntity.id)
    found = []
    for entity in db.session.scalars(query):
        last = _last(reseller, entity)
        if last is not None and last.month >= month:
            continue
        if gains := gains_of(reseller.organisation, entity, end_of_month(month), last):
            found.append(_state(reseller, entity, month, gains, last.left_cents if last else 0))
    return found


def _last(reseller: Reseller, entity: LegalEntity) -> CommissionStatement | None:
    query = select(CommissionStatement).where(
        CommissionStatement.organisation_id == reseller.organisation_id,
        CommissionStatement.legal_entity_id == entity.id,
    )
    return db.session.scalars(query.order_by(CommissionStatement.month.desc())).first()


def _state(
    reseller: Reseller, entity: LegalEntity, month: date, gains: Sequence[Gain], carried: int
) -> CommissionStatement:
    sold, bought = sum(each.sold for each in gains), sum(each.bought for each in gains)
    payable, _left = settled(carried, sold - bought)
    customer = _buyer(reseller, entity)
    row = CommissionStatement(
        organisation=reseller.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        month=month,
        issued_on=clock.today(),
        sold_cents=sold,
        bought_cents=bought,
        carried_cents=carried,
        payable_cents=payable,
        lines=[_line(reseller, each) for each in gains],
    )
    row.number = next_number(entity, _SERIES, row.issued_on.year)
    row.refund = _owed(row, customer) if payable else None
    db.session.add(row)
    db.session.flush()
    row.document = promise(
        statement_draft(row, parties_of(customer, entity), customer.language),
        owner=reseller.organisation,
        subject=row,
        kind="commission",
        filename=f"{row.number}.pdf",
    )
    record(row, "issue", by=SYSTEM, number=row.number, cents=payable)
    _mail(row)
    return row


def _mail(row: CommissionStatement) -> None:
    """With its paper, to who runs the reseller."""
    query = select(User).where(
        User.organisation_id == row.organisation_id, User.role == Role.OWNER, User.works()
    )
    for owner in db.session.scalars(query.order_by(User.id)):
        queue_mail(
            owner,
            "commissions/mail_statement.txt",
            about=row,
            owner=row.organisation,
            language=owner.language or "fr",
            attach=[row.document] if row.document else [],
            statement=row,
            pay_by=max(pay_by(row.month), row.issued_on),
        )


def _line(reseller: Reseller, gain: Gain) -> CommissionLine:
    customer = gain.invoice.customer
    return CommissionLine(
        organisation=reseller.organisation,
        invoice_id=gain.invoice.id,
        invoice_number=gain.invoice.number,
        customer_id=customer.id,
        customer_name=customer.name,
        product_id=gain.product.id,
        product_name=gain.product.name,
        sold_cents=gain.sold,
        bought_cents=gain.bought,
    )


def _owed(row: CommissionStatement, customer: Customer) -> Refund:
    return Refund(
        organisation=customer.organisation,
        legal_entity_id=row.legal_entity_id,
        customer=customer,
        paper=row.number,
        cents=row.payable_cents,
        state=RefundState.OWED,
        due_by=max(pay_by(row.month), row.issued_on),
        clause="",
        version=1,
    )


def _buyer(reseller: Reseller, entity: LegalEntity) -> Customer:
    """The record that stands for the reseller with the provider; entered when there is none."""
    if known := buyer_of(reseller.organisation):
        return known.customer
    owner = select(User).where(User.organisation_id == reseller.organisation_id, User.role == Role.OWNER)
    person = db.session.scalars(owner.where(User.is_enabled).order_by(User.id)).first()
    identity = {name: getattr(reseller, name) for name in ("siren", "street", "postcode", "town", "country")}
    values = identity | {"name": reseller.legal_name or reseller.name, "vat_number": None}
    return enter_buyer(reseller.organisation, entity, values, person.email if person else "").customer
