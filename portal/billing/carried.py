"""What customers owed, or had to their credit, under the system before: kept with its own numbers.

It is no invoice of the portal: it has no place in a series, and its document is where it was made.
"""

from datetime import date
from enum import StrEnum

from flask import g
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, case, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.customers.models import Customer
from portal.customers.panels import customer_panel, holding
from portal.db import Tenant, db
from portal.errors import Refused
from portal.paging import page_of
from portal.panels import Panel
from portal.stateful import Stateful, step
from portal.wording import N_


class BalanceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT = "credit"


class BalanceState(StrEnum):
    OWED = "balance_owed"
    SETTLED = "balance_settled"


class CarriedBalance(Tenant, Stateful, db.Model):
    """An open invoice or credit of the former system (solde repris)."""

    __tablename__ = "carried_balance"
    __table_args__ = (UniqueConstraint("customer_id", "kind", "number"),)

    steps = {"settle": step(BalanceState.OWED, to=BalanceState.SETTLED)}

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    kind: Mapped[BalanceKind]
    state: Mapped[BalanceState] = mapped_column(default=BalanceState.OWED)
    number: Mapped[str] = mapped_column(String(35))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)  # positive, of a credit too
    settled_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")  # mails that asked for it

    customer: Mapped[Customer] = relationship()

    def settle(self, *, on: date, by: Actor) -> None:
        """Paid, or used up. Raises Refused for a day to come."""
        if on > clock.today():
            raise Refused(N_("La date de réception est dans le futur."), field="on")
        self._take("settle", by=by, on=on.isoformat())
        self.settled_on = on


def carried_sums(customer_ids: list[int]) -> dict[int, int]:
    """What each of these owes on carried balances, in cents, credits taken off."""
    amount = case(
        (CarriedBalance.kind == BalanceKind.CREDIT, -CarriedBalance.gross_cents),
        else_=CarriedBalance.gross_cents,
    )
    query = select(CarriedBalance.customer_id, func.sum(amount)).where(
        CarriedBalance.customer_id.in_(customer_ids), CarriedBalance.state == BalanceState.OWED
    )
    return {key: int(cents) for key, cents in db.session.execute(query.group_by(CarriedBalance.customer_id))}


@customer_panel(rank=31)
def panel(customer: Customer) -> Panel | None:
    """Beside her invoices."""
    query = CarriedBalance.visible_to(g.actor).where(CarriedBalance.customer_id == customer.id)
    rows = page_of(query, CarriedBalance.state, CarriedBalance.id.desc(), size=5, name="balances")
    return Panel("billing/_carried_panel.html", {"balances": rows}) if rows else None


@holding(rank=31)
def carried(customer: Customer) -> str | None:
    query = select(CarriedBalance.number).where(
        CarriedBalance.customer_id == customer.id, CarriedBalance.state == BalanceState.OWED
    )
    number = db.session.scalars(query.order_by(CarriedBalance.id).limit(1)).first()
    return _("le solde repris %(number)s n'est pas réglé", number=number) if number else None
