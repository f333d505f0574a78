"""A month worked out before it is billed: by customer, beside the month before, with what is odd about it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import force_locale
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, selectinload

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.held_back import check_addresses
from portal.billing.issue import sale_vat
from portal.billing.models import Invoice
from portal.billing.questions import questions_before
from portal.billing.rules import as_sold, totals
from portal.billing.run import Bill, bills_due, check_bill, customer_ids, last_day, month_of
from portal.billing.sale_vat import Sales
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import AWAY, Tenant, db
from portal.errors import PortalError, Unavailable
from portal.i18n import said
from portal.jobs.claims import said_of
from portal.journal import record
from portal.resellers.models import LegalEntity, issuers_of
from portal.sepa.models import usable_mandates

_TOGETHER = 50  # customers worked out in one savepoint


class PreviewState(StrEnum):
    WORKING = "preview_working"
    DONE = "preview_done"


class Odd(StrEnum):
    """What somebody should look at before the month is billed."""

    QUESTION = "question"  # something is undecided
    NO_WAY = "no_way"  # to be debited, and no mandate allows it
    MISSING = "missing"  # data are missing: this customer would be left out
    HALF_OFF = "half_off"  # more than half off what the month before billed
    GONE = "gone"  # billed the month before, nothing now


class RunPreview(Tenant, db.Model):
    """One month of one issuer, as it would be billed now; nothing was issued for it."""

    __tablename__ = "run_preview"

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), index=True)
    month: Mapped[str] = mapped_column(String(7))
    state: Mapped[PreviewState] = mapped_column(default=PreviewState.WORKING)
    customers: Mapped[int] = mapped_column(default=0)
    odd: Mapped[int] = mapped_column(default=0)
    debits: Mapped[int] = mapped_column(default=0)
    gross_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    before_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # what the month before billed

    legal_entity: Mapped[LegalEntity] = relationship()


class PreviewLine(Tenant, db.Model):
    """What one customer would be billed."""

    __tablename__ = "preview_line"
    __table_args__ = (Index("ix_preview_line_preview", "preview_id", "is_odd", "id"),)

    preview_id: Mapped[int] = mapped_column(ForeignKey("run_preview.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    before_cents: Mapped[int] = mapped_column(BigInteger)
    is_odd: Mapped[bool]
    odd: Mapped[list[str]] = mapped_column(JSON)
    why: Mapped[str] = mapped_column(String(500), default="")  # of what is missing

    preview: Mapped[RunPreview] = relationship()
    customer: Mapped[Customer] = relationship()


def ask_preview(entity: LegalEntity, month: str, *, by: Actor) -> RunPreview:
    """Have a month worked out, in the background. Raises Refused for a month that makes no sense."""
    month_of(month)
    preview = RunPreview(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        month=month,
        state=PreviewState.WORKING,
        customers=0,
        odd=0,
        debits=0,
        gross_cents=0,
        before_cents=0,
    )
    db.session.add(preview)
    db.session.flush()
    record(preview, "ask", by=by)
    jobs.enqueue("billing.preview", preview.uid, entity.organisation, unit="customers")
    return preview


@jobs.job("billing.preview")
def work_out(claim: jobs.Claim) -> None:
    """Killed anywhere it begins anew: it has issued nothing."""
    preview = db.session.scalars(select(RunPreview).where(RunPreview.uid == claim.ref)).one()
    db.session.execute(delete(PreviewLine).where(PreviewLine.preview_id == preview.id))
    preview.customers = preview.odd = preview.debits = preview.gross_cents = preview.before_cents = 0
    ids, until = customer_ids(preview.legal_entity, after=0), last_day(preview.month)
    asked = {each.customer_id for each in questions_before(preview.legal_entity, until)}
    for start in range(0, len(ids), _TOGETHER):
        some = ids[start : start + _TOGETHER]
        _work_out_some(preview, some, until, asked)
        db.session.flush()
        claim.progress(min(start + _TOGETHER, len(ids)), len(ids))
    preview.state = PreviewState.DONE


def _work_out_some(preview: RunPreview, ids: list[int], until: date, asked: set[int]) -> None:
    query = select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)
    found = list(
        db.session.scalars(query.options(joinedload(Customer.organisation), selectinload(Customer.contacts)))
    )
    issuers = issuers_of(found)
    own = [one for one in found if issuers[one.org_path].id == preview.legal_entity_id]
    before = _billed_before(preview, [one.id for one in own])
    worked = _worked_out(preview.legal_entity, own, until)
    for customer in own:
        gross, odd, why, debits = worked[customer.id]
        was = before.get(customer.id, 0)
        if customer.id in asked:
            odd.append(Odd.QUESTION)
        if was and not gross and Odd.MISSING not in odd:
            odd.append(Odd.GONE)
        elif was and abs(gross - was) * 2 > was and Odd.MISSING not in odd:
            odd.append(Odd.HALF_OFF)
        if gross or was or odd:
            _keep(preview, customer, gross, was, odd, why)
            preview.debits += debits


def _keep(preview: RunPreview, customer: Customer, gross: int, was: int, odd: list[Odd], why: str) -> None:
    db.session.add(
        PreviewLine(
            organisation=preview.legal_entity.organisation,
            preview_id=preview.id,
            customer_id=customer.id,
            gross_cents=gross,
            before_cents=was,
            is_odd=bool(odd),
            odd=[each.value for each in odd],
            why=why[:500],
        )
    )
    preview.customers += bool(gross)
    preview.odd += bool(odd)
    preview.gross_cents += gross
    preview.before_cents += was


Worked = tuple[int, list[Odd], str, int]  # cents, what is odd, why data are missing, debits


def _worked_out(entity: LegalEntity, customers: Sequence[Customer], until: date) -> dict[int, Worked]:
    """By the customer's id; where one breaks the others, each is worked out alone. Nothing of it is kept."""
    attempt = db.session.begin_nested()
    try:
        return _worked(entity, bills_due(list(customers), until), customers)
    except (Unavailable, *AWAY):
        raise
    except Exception as error:
        if len(customers) == 1:
            why = said(error) if isinstance(error, PortalError) else said_of(error)
            return {customers[0].id: (0, [Odd.MISSING], why, 0)}
        attempt.rollback()
        return {key: value for one in customers for key, value in _worked_out(entity, [one], until).items()}
    finally:
        if attempt.is_active:
            attempt.rollback()


def _worked(entity: LegalEntity, bills: list[Bill], customers: Sequence[Customer]) -> dict[int, Worked]:
    today = clock.today()
    sales, mandates = Sales(entity, today), usable_mandates(customers, entity, today)
    found: dict[int, Worked] = {customer.id: (0, [], "", 0) for customer in customers}
    check_addresses([bill.customer for bill in bills], entity)
    for bill in bills:
        check_bill(bill)
        with force_locale(bill.customer.language):
            vat = sale_vat(bill.customer, sales, bill.charges)
        cents = totals([as_sold(charge.priced, vat) for charge in bill.charges]).gross_cents
        gross, odd, why, debits = found[bill.customer.id]
        if bill.method == Method.DIRECT_DEBIT and bill.customer.id not in mandates:
            odd = list(dict.fromkeys([*odd, Odd.NO_WAY]))
        elif bill.method == Method.DIRECT_DEBIT:
            debits += 1
        found[bill.customer.id] = (gross + cents, odd, why, debits)
    return found


def _billed_before(preview: RunPreview, ids: list[int]) -> dict[int, int]:
    """What the month before billed, in cents with VAT, by customer."""
    last = month_of(preview.month) - timedelta(days=1)
    query = select(Invoice.customer_id, func.sum(Invoice.gross_cents)).where(
        Invoice.customer_id.in_(ids),
        Invoice.legal_entity_id == preview.legal_entity_id,
        Invoice.issued_on.between(last.replace(day=1), last),
    )
    sums: dict[int, int] = defaultdict(int)
    for customer_id, cents in db.session.execute(query.group_by(Invoice.customer_id)):
        sums[customer_id] = int(cents)
    return sums


def latest_preview(entity: LegalEntity, month: str) -> RunPreview | None:
    query: Any = select(RunPreview).where(RunPreview.legal_entity_id == entity.id, RunPreview.month == month)
    found: RunPreview | None = db.session.scalars(query.order_by(RunPreview.id.desc())).first()
    return found
