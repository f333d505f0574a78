"""The ticket: its states, its messages, the times for which the customer owed an answer."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import User
from portal.actor import Actor
from portal.backups.models import Machine
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.incidents.rules import fix_time, interruption_starts_at, interruption_time
from portal.journal import record
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription
from portal.tickets.kinds import CLAIMS, LONGEST, Side, Source, TicketKind, TicketState, Told

T = TicketState
ALIVE = (T.OPEN, T.ANSWERED, T.WAITING, T.INTERRUPTED, T.CONTESTED)
NOT_CLOSED = (*ALIVE, T.SOLVED)


class Ticket(Tenant, Stateful, db.Model):
    """One incident, question or claim of a customer."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "number"),
        Index("ix_ticket_state", "state", "id"),
        Index("ix_ticket_due", "due_at", "id"),
        Index("ix_ticket_number", "number"),
    )

    steps = {
        "answer": step(T.OPEN, T.CONTESTED, to=T.ANSWERED),
        "ask": step(T.OPEN, T.ANSWERED, T.INTERRUPTED, T.CONTESTED, to=T.WAITING),
        "resume": step(T.WAITING, T.SOLVED, to=T.ANSWERED),
        "resume_interrupted": step(T.WAITING, to=T.INTERRUPTED),
        "interrupt": step(T.OPEN, T.ANSWERED, T.CONTESTED, to=T.INTERRUPTED),
        "solve": step(*ALIVE, to=T.SOLVED),
        "close": step(T.SOLVED, to=T.CLOSED),
        "contest": step(T.CLOSED, to=T.CONTESTED),
    }

    number: Mapped[str] = mapped_column(String(35))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machine.id"), index=True)
    kind: Mapped[TicketKind]
    severity: Mapped[int | None]  # of the contract's own table
    subject: Mapped[str] = mapped_column(String(140))
    state: Mapped[TicketState]
    source: Mapped[Source]
    caller: Mapped[str] = mapped_column(String(70), default="")  # who telephoned
    caller_check: Mapped[str] = mapped_column(String(120), default="")  # number of the file called back
    known_on: Mapped[date | None]  # of a claim: received, or known
    posted_on: Mapped[date | None]  # of a claim by registered letter: its postmark
    wished_on: Mapped[date | None]  # of an audit or a penetration test
    confirmed_at: Mapped[datetime | None]  # in writing by the customer (004-13)
    answered_at: Mapped[datetime | None]  # first answer of the support
    interrupted_at: Mapped[datetime | None]  # the support found that the service is interrupted
    restored_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # the customer was told of the closing
    told_by: Mapped[Told | None]
    told_to: Mapped[str] = mapped_column(String(120), default="")
    contested_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]  # the next clock of the house that runs: lists and the duty filter on it
    missed: Mapped[list[str]] = mapped_column(JSON, default=list)  # clocks whose miss was told
    taken_by_id: Mapped[int | None] = mapped_column(index=True)  # of user_account
    taken_by: Mapped[str] = mapped_column(String(200), default="")
    report_text: Mapped[str] = mapped_column(Text, default="")
    report_uid: Mapped[str] = mapped_column(String(16), default="")
    reported_at: Mapped[datetime | None]
    follows_uid: Mapped[str] = mapped_column(String(16), default="")  # ticket closed for good before this one
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    subscription: Mapped[Subscription | None] = relationship()
    machine: Mapped[Machine | None] = relationship()
    messages: Mapped[list["TicketMessage"]] = relationship(order_by="TicketMessage.id")
    waits: Mapped[list["TicketWait"]] = relationship(order_by="TicketWait.id")

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return f"{self.number} · {self.subject}"

    @property
    def is_claim(self) -> bool:
        return self.kind in CLAIMS

    @property
    def is_over(self) -> bool:
        return self.state not in NOT_CLOSED

    @property
    def opened_on(self) -> date:
        return clock.paris_day(self.created_at)

    @property
    def waited(self) -> list[tuple[datetime, datetime]]:
        """Questions and answers; a question without an answer lasts until now."""
        return [(each.asked_at, each.answered_at or clock.now()) for each in self.waits]

    @property
    def report(self) -> Document | None:
        query = select(Document).where(Document.uid == self.report_uid)
        return db.session.scalars(query).one_or_none() if self.report_uid else None

    def interruption_began_at(self, minutes: int) -> datetime | None:
        """When the interruption counts from; None before it is confirmed in writing. Source: 004-13."""
        return interruption_starts_at(self.created_at, self.created_at, self.confirmed_at, minutes)

    def interruption(self, minutes: int) -> timedelta | None:
        """How long the service was interrupted, as the closing sets it. Source: 004-13, 004-16."""
        if self.restored_at is None:
            return None
        began = self.interruption_began_at(minutes)
        return (
            timedelta() if began and began > self.restored_at else interruption_time(began, self.restored_at)
        )

    @property
    def fix_took(self) -> timedelta | None:
        """From the ticket to the solution, without the customer's answer times. Source: 003-73."""
        if self.restored_at is None:
            return None
        return fix_time(self.created_at, max(self.restored_at, self.created_at), self.waited)

    # What is done

    def take(self, *, by: User) -> None:
        """Somebody sees to it from now on. Raises Refused when another one has it."""
        if self.is_over:
            raise Refused(_("Ce ticket est clos."))
        if self.taken_by_id not in (None, by.id):
            raise Refused(_("%(name)s s'en occupe déjà.", name=self.taken_by))
        self.taken_by_id, self.taken_by = by.id, by.label
        record(self, "take", by=by)

    def let_go(self, *, by: Actor) -> None:
        self.taken_by_id, self.taken_by = None, ""
        record(self, "let_go", by=by)

    def write(self, side: Side, text: str, *, by: Actor, key: str | None = None) -> "TicketMessage":
        """Add a message that both sides read. key: of a received mail, which counts once."""
        if not text.strip():
            raise Refused(_("Écrivez quelques mots."), field="text")
        message = TicketMessage(
            organisation=self.customer.organisation,
            side=side,
            text=text.strip()[:LONGEST],
            by_label=by.label[:200],
            message_key=key,
        )
        self.messages.append(message)
        db.session.flush()
        return message

    def answer(self, text: str, *, asks: bool, by: Actor) -> "TicketMessage":
        """The support writes: the first time it stops the clock of the first answer (003-70..72).

        asks: the customer owes an answer, and the clock of the solution stands still until then (003-73).
        """
        if self.state not in ALIVE:
            raise Refused(_("Ce ticket est clos."))
        message = self.write(Side.HOUSE, text, by=by)
        self.answered_at = self.answered_at or clock.now()
        if asks and self.state != T.WAITING:
            self._take("ask", by=by)
            self.waits.append(TicketWait(organisation=self.customer.organisation, asked_at=clock.now()))
        elif self.can("answer"):
            self._take("answer", by=by)
        return message

    def hear(self, text: str, *, by: Actor, key: str | None = None) -> "TicketMessage":
        """The customer writes: her wait ends, and what she telephoned is confirmed (004-13)."""
        if self.state == T.CLOSED:
            raise Refused(_("Ce ticket est clos."))
        message = self.write(Side.CUSTOMER, text, by=by, key=key)
        self._end_wait()
        if self.state == T.WAITING:
            self._take("resume_interrupted" if self.interrupted_at else "resume", by=by)
        elif self.state == T.SOLVED:
            self.restored_at = None
            self._take("resume", by=by)
        if self.source == Source.PHONE and self.confirmed_at is None:
            self.confirm(by=by)
        return message

    def _end_wait(self) -> None:
        for wait in self.waits:
            wait.answered_at = wait.answered_at or clock.now()

    def confirm(self, at: datetime | None = None, *, by: Actor) -> None:
        """The declaration is confirmed in writing. at: of an e-mail or a fax that came otherwise (004-13)."""
        if self.confirmed_at is not None:
            raise Refused(_("Cette déclaration est déjà confirmée."))
        when = at or clock.now()
        if not self.created_at <= when <= clock.now():
            raise Refused(_("La confirmation se situe entre l'appel et maintenant."), field="at")
        self.confirmed_at = when
        record(self, "confirm", by=by, at=when.isoformat())

    def interrupt(self, *, by: Actor) -> None:
        """The support has checked: the service is interrupted indeed (004 art. 9.01)."""
        self._take("interrupt", by=by)
        self.interrupted_at = self.interrupted_at or clock.now()
        self.answered_at = self.answered_at or clock.now()

    def solve(self, at: datetime | None = None, *, by: Actor) -> None:
        """The service is back. Raises Refused for an instant before the ticket or to come."""
        when = at or clock.now()
        if not self.created_at <= when <= clock.now():
            raise Refused(_("Le rétablissement se situe entre l'ouverture et maintenant."), field="at")
        self._end_wait()
        self._take("solve", by=by, at=when.isoformat())
        self.restored_at = when

    def close(self, told: Told, to: str, *, by: Actor) -> None:
        """The customer is told, the duration is set, the ticket is kept. Source: 004-16."""
        if told == Told.PHONE and not to.strip():
            raise Refused(_("Dites à qui la clôture a été annoncée."), field="to")
        self._take("close", by=by, told=told.value, to=to)
        self.closed_at, self.told_by, self.told_to = clock.now(), told, to.strip()[:120]

    def reopen(self, reason: str, *, by: Actor, key: str | None = None) -> "TicketMessage":
        """The closing is contested: the same ticket goes on. Source: 004-17."""
        self._take("contest", by=by)
        self.contested_at, self.closed_at, self.restored_at = clock.now(), None, None
        self.reported_at = None  # another closing asks for another report
        return self.write(Side.CUSTOMER, reason, by=by, key=key)


class TicketMessage(Tenant, db.Model):
    """What one side wrote to the other; never changed."""

    __tablename__ = "ticket_message"
    __table_args__ = (UniqueConstraint("message_key"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    side: Mapped[Side]
    text: Mapped[str] = mapped_column(Text)
    by_label: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(300), default="")  # of a received mail
    message_key: Mapped[str | None] = mapped_column(String(64))  # of customer and Message-ID: it counts once

    ticket: Mapped[Ticket] = relationship(back_populates="messages")

    @property
    def files(self) -> list[Document]:
        query = select(Document).where(Document.subject_uid == self.uid).order_by(Document.id)
        return list(db.session.scalars(query))


class TicketWait(Tenant, db.Model):
    """The support waits for the customer: from its question to her answer."""

    __tablename__ = "ticket_wait"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class TicketText(Tenant, db.Model):
    """A ready text of a house, for answers that come again and again."""

    __tablename__ = "ticket_text"

    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)


def find_ticket(uid: str) -> Ticket | None:
    return db.session.scalars(select(Ticket).where(Ticket.uid == uid)).one_or_none()
