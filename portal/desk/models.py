"""A piece of work beside the plan: quoted, accepted, planned, done, checked, billed."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.rules.handover import reload_price_day
from portal.billing.models import add_charge
from portal.billing.rules import physical_medium_line
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.desk.prices import BY_THE_HOUR, Item, price_of
from portal.desk.rules import billed_cents, line_cents, price_day, work_cents
from portal.errors import Refused
from portal.journal import record
from portal.links import Purpose, revoke_links
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription

QUOTE_DAYS = 30  # for which a quote can be accepted


class WorkKind(StrEnum):
    RESTORE = "restore"
    RELOAD = "reload"  # of the data on the customer's new system
    MEDIUM = "medium"  # a copy on a physical medium
    INCIDENT = "incident"  # a ticket outside the scope; billed once its closing is accepted


class WorkState(StrEnum):
    OPEN = "work_open"
    QUOTED = "work_quoted"  # the customer has it
    ACCEPTED = "work_accepted"
    REFUSED = "work_refused"  # may be quoted again
    PLANNED = "work_planned"
    DONE = "work_done"
    CHECKED = "work_checked"  # with the customer
    BILLED = "work_billed"
    CLOSED = "work_closed"  # nothing to bill
    CANCELLED = "work_cancelled"


class Outcome(StrEnum):
    WHOLE = "whole"
    PARTIAL = "partial"
    FAILED = "failed"


W = WorkState
OVER = (W.BILLED, W.CLOSED, W.CANCELLED)


class WorkOrder(Tenant, Stateful, db.Model):
    """One piece of work for one customer, about one record: a restore request or a handover."""

    __tablename__ = "work_order"

    steps = {
        "quote": step(W.OPEN, W.QUOTED, W.REFUSED, to=W.QUOTED),
        "accept": step(W.QUOTED, to=W.ACCEPTED),
        "refuse": step(W.QUOTED, to=W.REFUSED),
        "plan": step(W.OPEN, W.ACCEPTED, W.PLANNED, to=W.PLANNED),
        "end": step(W.PLANNED, W.DONE, to=W.DONE),
        "check": step(W.DONE, to=W.CHECKED),
        "bill": step(W.CHECKED, to=W.BILLED),
        "close": step(W.CHECKED, to=W.CLOSED),
        "cancel": step(W.OPEN, W.QUOTED, W.ACCEPTED, W.REFUSED, W.PLANNED, to=W.CANCELLED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_uid: Mapped[str] = mapped_column(String(16), default="")
    kind: Mapped[WorkKind]
    subject_uid: Mapped[str] = mapped_column(String(16), index=True)
    what: Mapped[str] = mapped_column(String(200))
    clause: Mapped[str] = mapped_column(String(40), default="")  # that bills it
    asked_on: Mapped[date]  # of a reload: the day on which reversibility was notified
    is_accident: Mapped[bool] = mapped_column(default=False)  # travel is charged too
    state: Mapped[WorkState] = mapped_column(default=W.OPEN)
    quoted_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]  # last day (Paris) on which its quote can be accepted
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str] = mapped_column(String(254), default="")
    refused_why: Mapped[str] = mapped_column(String(300), default="")
    planned_at: Mapped[datetime | None]
    technician_id: Mapped[int | None]  # of user_account
    technician: Mapped[str] = mapped_column(String(200), default="")
    outcome: Mapped[Outcome | None]
    done_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[str] = mapped_column(String(200), default="")
    billed_cents: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    lines: Mapped[list["WorkLine"]] = relationship(order_by="WorkLine.id", cascade="all, delete-orphan")

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def quote_lines(self) -> list["WorkLine"]:
        return [line for line in self.lines if line.worked_on is None]

    @property
    def entries(self) -> list["WorkLine"]:
        return [line for line in self.lines if line.worked_on is not None]

    @property
    def quoted_cents(self) -> int:
        return self._cents(self.quote_lines)

    @property
    def worked_cents(self) -> int:
        return self._cents(self.entries)

    def _cents(self, lines: list["WorkLine"]) -> int:
        def of(*items: Item) -> int:
            return sum(line.cents for line in lines if line.item in items)

        labour, parts = of(Item.LABOUR, Item.RELOAD), of(Item.PARTS, Item.MEDIUM)
        return work_cents(labour, parts, of(Item.TRAVEL), accident=self.is_accident)

    @property
    def due_cents(self) -> int:
        """What is billed, net of VAT: the work at the prices of its day, at most an accepted quote."""
        quoted = self.quoted_cents if self.accepted_at else None
        return billed_cents(self.worked_cents, quoted, self.outcome or Outcome.WHOLE)

    @property
    def needs_quote(self) -> bool:
        return self.quoted_at is not None

    @property
    def is_late(self) -> bool:
        """Is the last day of its quote over?"""
        return self.valid_until is not None and clock.today() > self.valid_until

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def price_day(self, worked_on: date) -> date:
        """Source: 002-12, 002-21, 004-11, 004-34."""
        if self.kind == WorkKind.RELOAD:
            return reload_price_day(self.asked_on, worked_on)
        return price_day(worked_on, self.asked_on)

    def add_line(
        self,
        item: Item,
        quantity: int,
        *,
        worked_on: date | None = None,
        unit_cents: int | None = None,
        why: str = "",
        by: Actor,
    ) -> "WorkLine":
        """A line of the quote, or what was done on a day (Paris). quantity: minutes, or pieces.

        unit_cents: another price than the grid's, which needs its reason. Raises Refused without a price.
        """
        self._check_open(worked_on)
        usual = price_of(item, self.customer, self.price_day(worked_on or max(clock.today(), self.asked_on)))
        if unit_cents is not None and unit_cents != usual and not why.strip():
            raise Refused(_("Dites pourquoi ce prix n'est pas celui de la grille."), field="why")
        price = usual if unit_cents is None else unit_cents
        if item == Item.MEDIUM:
            physical_medium_line(self.what, quantity, price, includes_vat=False, vat_basis_points=2000)
        if price is None:
            sentence = _("La grille n'a pas de prix pour cela : fixez-le, ou donnez-en un.")
            raise Refused(sentence, field="price")
        line = WorkLine(
            organisation=self.customer.organisation,
            item=item,
            quantity=quantity,
            unit_cents=price,
            why=why.strip() if price != usual else "",
            worked_on=worked_on,
            entered_by=by.label,
        )
        self.lines.append(line)
        record(self, "enter" if worked_on else "price", by=by, item=item.value, quantity=quantity)
        return line

    def _check_open(self, worked_on: date | None) -> None:
        if worked_on is None and self.state not in (W.OPEN, W.REFUSED):
            raise Refused(_("Le devis est parti : ses lignes ne changent plus."))
        if worked_on is not None and self.state not in (W.PLANNED, W.DONE, W.CHECKED):
            raise Refused(_("Planifiez d'abord cette intervention."))
        if worked_on is not None and not self.asked_on <= worked_on <= clock.today():
            raise Refused(_("Le travail se situe entre la demande et aujourd'hui."), field="worked_on")

    def accept(self, *, by: Actor) -> None:
        """Raises Refused after the last day of the quote."""
        if self.is_late:
            raise Refused(_("Ce devis n'est plus valable : demandez-en un autre."))
        self._take("accept", by=by, cents=self.quoted_cents)
        self.accepted_at, self.accepted_by = clock.now(), by.label[:254]

    def refuse(self, why: str, *, by: Actor) -> None:
        self._take("refuse", by=by, reason=why)
        self.refused_why = why

    def plan(self, at: datetime, technician: Any, *, by: Actor) -> None:
        """A day and an hour, and who does it. Raises Refused for an hour that is over.

        Source: 002-10, 004-10.
        """
        if at < clock.now():
            raise Refused(_("Ce moment est passé."), field="at")
        self._take("plan", by=by, at=at.isoformat(), technician=technician.label)
        self.planned_at, self.technician_id, self.technician = at, technician.id, technician.label

    def end(self, outcome: Outcome, *, by: Actor) -> None:
        self._take("end", by=by, outcome=outcome.value)
        self.outcome, self.done_at = outcome, clock.now()

    def check(self, who: str, *, by: Actor) -> None:
        """Checked with the customer: who of hers said so. Source: 002-10, 004-10."""
        self._take("check", by=by, who=who)
        self.checked_at, self.checked_by = clock.now(), who

    def cancel(self, *, by: Actor) -> None:
        """Nothing is billed. Raises Refused once hours were entered: then it ends as partial or failed."""
        if self.entries:
            raise Refused(_("Des heures sont saisies : terminez-la comme partielle ou en échec."))
        self._take("cancel", by=by)
        revoke_links(Purpose.ACCEPT_WORK, self)

    def settle(self, *, by: Actor) -> int:
        """Bill what is due, once, or close it without; the cents. Raises Refused with nothing entered.

        Source: 001-22, 002-12, 002-14, 002-21, 004-11, 004-34.
        """
        if self.outcome != Outcome.FAILED and not self.entries:
            raise Refused(_("Saisissez d'abord ce qui a été fait : heures, pièces ou supports."))
        cents = self.due_cents
        self._take("bill" if cents else "close", by=by, cents=cents)
        self.billed_cents = cents
        return cents

    def drop(self, *, by: Actor) -> int:
        """Close it without a charge, whatever was entered; 0."""
        self._take("close", by=by)
        self.billed_cents = 0
        return 0

    def owe(self) -> None:
        """The charge, with what it is made of."""
        owed: dict[str, Any] = {
            "origin": f"work:{self.uid}",
            "clause": self.clause,
            "label": self.what[:300],
            "unit_cents": self.billed_cents,
            "includes_vat": False,
        }
        query = select(Subscription).where(Subscription.uid == self.subscription_uid)
        subscription = db.session.scalars(query).one_or_none()
        if subscription:
            subscription.owe(**owed)
        else:
            add_charge(self.customer, quantity=1, method=Method.WIRE, **owed)


class WorkLine(Tenant, db.Model):
    """A line of the quote, or, with its day, something that was done."""

    __tablename__ = "work_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    item: Mapped[Item]
    quantity: Mapped[int]  # minutes where the price is that of an hour
    unit_cents: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(200), default="")  # the price is not the grid's
    worked_on: Mapped[date | None]
    entered_by: Mapped[str] = mapped_column(String(200))

    @property
    def cents(self) -> int:
        return line_cents(self.quantity, self.unit_cents, by_the_hour=self.item in BY_THE_HOUR)


def open_work(
    customer: Customer, kind: WorkKind, subject_uid: str, what: str, *, by: Actor, **values: Any
) -> WorkOrder:
    """Begin a piece of work. Raises Refused while one of this kind about the same record is under way."""
    if (known := work_about(subject_uid, kind)) is not None and not known.is_over:
        raise Refused(_("Cette intervention existe déjà."))
    row = WorkOrder(
        organisation=customer.organisation,
        customer=customer,
        kind=kind,
        subject_uid=subject_uid,
        what=what,
        **{"asked_on": clock.today(), **values},
    )
    db.session.add(row)
    db.session.flush()
    record(row, "open", by=by)
    return row


def work_about(subject_uid: str, kind: WorkKind) -> WorkOrder | None:
    """The last piece of work of this kind about a record, unless it was cancelled."""
    query = select(WorkOrder).where(WorkOrder.subject_uid == subject_uid, WorkOrder.kind == kind)
    rows = db.session.scalars(query.where(WorkOrder.state != W.CANCELLED).order_by(WorkOrder.id)).all()
    return rows[-1] if rows else None


def last_day() -> date:
    return clock.today() + timedelta(days=QUOTE_DAYS)
