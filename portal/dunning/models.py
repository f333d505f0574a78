"""The settings of the ladder, and its letters, which are records."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.answers.rules.notices import notice_counts_on
from portal.billing.models import Invoice
from portal.blobs import Document, keep
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.dunning.rules import Cure, Ladder, Stage, counts_from
from portal.errors import Refused
from portal.resellers.models import LegalEntity
from portal.scans import read_scan
from portal.stateful import Stateful, step

SHIPPED = Ladder(reminder_days=5, second_days=15, formal_days=30, grace_days=8)


class DunningSetting(Tenant, db.Model):
    """How one legal entity reminds its late payers; without a row the shipped days, one by one."""

    __tablename__ = "dunning_setting"
    __table_args__ = (UniqueConstraint("legal_entity_id"),)
    seen_from_below: ClassVar[bool] = True  # what a customer does may change her next step

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    reminder_days: Mapped[int]  # days after the last day for paying
    second_days: Mapped[int]
    formal_days: Mapped[int]
    grace_days: Mapped[int]  # after a formal notice, where the contract names no delay
    end_days: Mapped[int | None]  # after the suspension the contract is ended; None: never
    by_itself: Mapped[bool]  # the portal sends; otherwise finance does, one by one

    legal_entity: Mapped[LegalEntity] = relationship()

    @property
    def ladder(self) -> Ladder:
        return Ladder(self.reminder_days, self.second_days, self.formal_days, self.grace_days, self.end_days)


def setting_of(entity: LegalEntity) -> DunningSetting | None:
    query = select(DunningSetting).where(DunningSetting.legal_entity_id == entity.id)
    return db.session.scalars(query).one_or_none()


def ladder_of(entity: LegalEntity) -> Ladder:
    found = setting_of(entity)
    return found.ladder if found is not None else SHIPPED


class LetterState(StrEnum):
    MAILED = "letter_mailed"  # by mail alone
    TO_POST = "letter_to_post"  # the contract wants a registered letter
    POSTED = "letter_posted"
    RECEIVED = "letter_received"
    RETURNED = "letter_returned"  # refused, or not fetched


L = LetterState


class LateLetter(Tenant, Stateful, db.Model):
    """A reminder or a formal notice to one customer, about one or several invoices."""

    __tablename__ = "late_letter"
    steps = {
        "post": step(L.TO_POST, to=L.POSTED),
        "present": step(L.POSTED, to=L.POSTED),
        "receive": step(L.POSTED, to=L.RECEIVED),
        "return": step(L.POSTED, to=L.RETURNED),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    kind: Mapped[Stage]  # the gravest of its lines
    state: Mapped[LetterState] = mapped_column(index=True)
    sent_on: Mapped[date]  # by mail
    clause: Mapped[str] = mapped_column(String(80), default="")
    is_registered: Mapped[bool]
    tracking: Mapped[str] = mapped_column(String(40), default="")
    posted_on: Mapped[date | None]
    first_presented_on: Mapped[date | None]
    received_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    customer: Mapped[Customer] = relationship()
    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship(foreign_keys=[document_id])
    scan: Mapped[Document | None] = relationship(foreign_keys=[scan_id])
    lines: Mapped[list["LateLetterLine"]] = relationship(
        back_populates="letter", order_by="LateLetterLine.id"
    )

    def counts_on(self, cure: Cure) -> date | None:
        """The day that it counts from under a contract; None while a registered letter is on its way."""
        return counts_from(
            cure,
            sent_on=self.sent_on,
            posted_on=self.posted_on,
            first_presented_on=self.first_presented_on,
            received_on=self.received_on,
            returned_on=self.returned_on,
        )

    def post(self, on: date, tracking: str, *, by: Actor) -> None:
        """A person has taken it to the post office. Raises Refused for another day than a past one."""
        if not self.sent_on <= on <= clock.today():
            raise Refused(_("La lettre part entre sa rédaction et aujourd'hui."), field="posted_on")
        self._take("post", by=by, on=on.isoformat(), reason=tracking)
        self.posted_on, self.tracking = on, tracking

    def follow(
        self, *, presented_on: date | None, received_on: date | None, returned_on: date | None, by: Actor
    ) -> None:
        """What the post office says became of it.

        Raises Refused for days in the wrong order or to come, for a letter both received and returned, and
        for one returned without the day of its first presentation, from which it then counts.

        Source: 004-40; 000-55, 001-15, 004-37.
        """
        self._check_order(presented_on, received_on, returned_on)
        self._take("receive" if received_on else "return" if returned_on else "present", by=by)
        self.first_presented_on, self.received_on, self.returned_on = presented_on, received_on, returned_on

    def _check_order(self, presented: date | None, received: date | None, returned: date | None) -> None:
        if not (presented or received or returned):
            raise Refused(_("Indiquez un jour."), field="first_presented_on")
        if received and returned:
            raise Refused(_("Une lettre est reçue, ou revient : pas les deux."), field="returned_on")
        if returned and not presented:
            raise Refused(_("Indiquez aussi le jour de sa présentation."), field="first_presented_on")
        days = {"first_presented_on": presented, "received_on": received, "returned_on": returned}
        for name, day in days.items():
            if day is not None and day > clock.today():
                raise Refused(_("Ce jour est à venir."), field=name)
            if day is not None and self.posted_on is not None:
                notice_counts_on(self.posted_on, day)
            if day is not None and presented is not None and day < presented:
                raise Refused(_("Ce jour précède la présentation."), field=name)

    def keep_scan(self, content: bytes) -> None:
        """The proof of posting or the receipt. Raises Refused for no PDF, JPEG or PNG."""
        scan = read_scan(content, field="scan")
        self.scan = keep(
            scan.content,
            owner=self.customer.organisation,
            subject=self,
            kind="letter_scan",
            filename=f"lettre-{self.sent_on}.{scan.suffix}",
            media_type=scan.media_type,
        )


class LateLetterLine(Tenant, db.Model):
    """One invoice of a letter, and what the letter says of it."""

    __tablename__ = "late_letter_line"
    __table_args__ = (UniqueConstraint("letter_id", "invoice_id"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("late_letter.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    stage: Mapped[Stage]
    owed_cents: Mapped[int] = mapped_column(BigInteger)
    is_over: Mapped[bool]  # paid since: should the payment come back, the ladder begins anew

    letter: Mapped[LateLetter] = relationship(back_populates="lines")
    invoice: Mapped[Invoice] = relationship()


class LatePayer(Tenant, db.Model):
    """What comes next for a late customer, kept for the day's list, and worked out anew every day."""

    __tablename__ = "late_payer"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)
    step: Mapped[str] = mapped_column(String(20))  # the name of a step
    due_on: Mapped[date] = mapped_column(index=True)

    customer: Mapped[Customer] = relationship()


class PlanState(StrEnum):
    RUNNING = "plan_running"
    KEPT = "plan_kept"
    BROKEN = "plan_broken"
    ENDED = "plan_ended"  # replaced, or without object


PS = PlanState


class PaymentPlan(Tenant, Stateful, db.Model):
    """When the customer promises to pay an invoice: at once on a day, or by instalments that add up to it."""

    __tablename__ = "payment_plan"
    steps = {
        "agree": step(PS.RUNNING, to=PS.RUNNING),
        "receive": step(PS.RUNNING, to=PS.RUNNING),
        "keep": step(PS.RUNNING, to=PS.KEPT),
        "break": step(PS.RUNNING, to=PS.BROKEN),
        "end": step(PS.RUNNING, to=PS.ENDED),
    }

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[PlanState] = mapped_column(default=PS.RUNNING, index=True)
    said_by: Mapped[str] = mapped_column(String(200))  # who promised, for the customer
    ended_on: Mapped[date | None]

    invoice: Mapped[Invoice] = relationship()
    customer: Mapped[Customer] = relationship()
    instalments: Mapped[list["Instalment"]] = relationship(
        back_populates="plan", order_by="(Instalment.due_on, Instalment.id)"
    )

    def step_to(self, verb: str, *, by: Actor, **details: str | int) -> None:
        self._take(verb, by=by, **details)


class Instalment(Tenant, db.Model):
    __tablename__ = "instalment"

    plan_id: Mapped[int] = mapped_column(ForeignKey("payment_plan.id"), index=True)
    due_on: Mapped[date]
    cents: Mapped[int] = mapped_column(BigInteger)
    received_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(String(140), default="")

    plan: Mapped[PaymentPlan] = relationship(back_populates="instalments")
