"""The account that a refund goes to: one that was entered for it, else that of the customer's mandate."""

from datetime import date, timedelta
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import Refund
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.sepa.formats.iban import mask, parse_iban
from portal.sepa.models import Mandate
from portal.sepa.models.amendment import AmendmentKind, MandateAmendment

QUIET_DAYS = 7  # an account that is newer waits: whoever took over a mailbox has no week


class RefundAccount(Tenant, db.Model):
    """An account for a customer's refunds; the last one entered counts."""

    __tablename__ = "refund_account"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    iban_sealed: Mapped[str] = mapped_column(String(300))
    iban = Sealed()
    holder: Mapped[str] = mapped_column(String(70))
    since: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(200))

    customer: Mapped[Customer] = relationship()


class Account(NamedTuple):
    """Where a refund goes, and since which Paris day it goes there."""

    iban: str
    holder: str
    since: date
    refused_on: date | None = None  # the bank could not pay there

    @property
    def masked(self) -> str:
        return mask(self.iban)

    @property
    def usable_from(self) -> date:
        return self.since + timedelta(QUIET_DAYS)

    @property
    def is_usable(self) -> bool:
        return self.refused_on is None and self.usable_from <= clock.today()


def enter_account(customer: Customer, iban: str, holder: str, *, by: Actor) -> RefundAccount:
    """Raises Refused beside the field for an account that is none."""
    row = RefundAccount(organisation=customer.organisation, customer_id=customer.id, since=clock.today())
    row.iban, row.holder, row.entered_by = parse_iban(iban), holder.strip()[:70], by.label
    if not row.holder:
        raise Refused(_("Indiquez le titulaire du compte."), field="holder")
    db.session.add(row)
    db.session.flush()
    record(customer, "refund_account", by=by, account=mask(row.iban))
    return row


def account_of(customer: Customer) -> Account | None:
    """None where the portal knows no account of the customer."""
    entered = select(RefundAccount).where(RefundAccount.customer_id == customer.id)
    row = db.session.scalars(entered.order_by(RefundAccount.id.desc())).first()
    if row is not None:
        return _told(customer, row.iban, row.holder, row.since)
    signed = select(Mandate).where(Mandate.customer_id == customer.id, Mandate.signed_on.is_not(None))
    for mandate in db.session.scalars(signed.order_by(Mandate.id.desc())):
        if mandate.iban and mandate.signed_on:
            return _told(customer, mandate.iban, mandate.debtor_name, _known_since(mandate))
    return None


def _told(customer: Customer, iban: str, holder: str, since: date) -> Account:
    """With the day on which the bank refused it, unless it was entered again since."""
    query = select(func.max(Refund.account_refused_on)).where(Refund.customer_id == customer.id)
    refused_on = db.session.scalar(query)
    return Account(iban, holder, since, refused_on if refused_on and since < refused_on else None)


def _known_since(mandate: Mandate) -> date:
    changed = select(MandateAmendment.created_at).where(
        MandateAmendment.mandate_id == mandate.id, MandateAmendment.kind == AmendmentKind.ACCOUNT
    )
    last = db.session.scalar(changed.order_by(MandateAmendment.id.desc()).limit(1))
    signed = mandate.signed_on or clock.today()
    return max(signed, clock.paris_day(last)) if last else signed
