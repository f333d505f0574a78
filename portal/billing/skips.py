"""Customers that a billing run left out because their own data broke: who, why, and whether it is settled."""

from typing import Any

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.billing.models import BillingRun
from portal.customers.models import Customer
from portal.db import Tenant, db


class BillingSkip(Tenant, db.Model):
    """A customer that a run could not bill; a further run of the month tries her again."""

    __tablename__ = "billing_skip"
    __table_args__ = (UniqueConstraint("run_id", "customer_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("billing_run.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))

    customer: Mapped[Customer] = relationship()


def skip_customer(run: BillingRun, customer_id: int, reason: str) -> None:
    """Note, in the present transaction, that this customer was left out."""
    row = BillingSkip(organisation=run.legal_entity.organisation, run_id=run.id, customer_id=customer_id)
    row.reason = reason[:500]
    db.session.add(row)


def skips_of(run: BillingRun) -> Select[Any]:
    """Those that a run left out, in its own order."""
    return select(BillingSkip).where(BillingSkip.run_id == run.id)
