"""A personal data breach, whom it touches, and by what each of them was told of it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.blobs import Document
from portal.customers.models import Customer
from portal.customers.rules import BREACH_BLOCKS, missing_blocks
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.privacy.rules import authority_due_at
from portal.stateful import Stateful, step
from portal.terms.law import statute_for
from portal.wording import N_


class BreachState(StrEnum):
    OPEN = "breach_open"
    TOLD = "breach_told"
    CLOSED = "breach_closed"
    DROPPED = "breach_dropped"


S = BreachState
LIVE = (S.OPEN, S.TOLD)
_AUTHORITY = "personal_data.authority_notice_hours"


class Breach(Tenant, Stateful, db.Model):
    """Personal data were lost, changed or seen by who should not. What is told of it has four parts."""

    __tablename__ = "data_breach"
    __table_args__ = (Index("ix_data_breach_known", "state", "known_at", "id"),)

    steps = {
        "tell": step(S.OPEN, S.TOLD, to=S.TOLD),
        "close": step(S.TOLD, to=S.CLOSED),
        "drop": step(S.OPEN, to=S.DROPPED),
    }

    name: Mapped[str] = mapped_column(String(140))  # for the house itself
    known_at: Mapped[datetime]
    nature: Mapped[str] = mapped_column(Text, default="")
    contact: Mapped[str] = mapped_column(Text, default="")
    consequences: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[BreachState] = mapped_column(default=S.OPEN)
    authority_at: Mapped[datetime | None]  # it was notified
    authority_reference: Mapped[str] = mapped_column(String(80), default="")
    authority_why: Mapped[str] = mapped_column(String(500), default="")  # it is not, or later than it should
    why: Mapped[str] = mapped_column(String(500), default="")  # closed with something missing, or dropped
    closed_at: Mapped[datetime | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # the sealed log
    version: Mapped[int] = mapped_column()

    document: Mapped[Document | None] = relationship()
    updates: Mapped[list["BreachUpdate"]] = relationship(
        back_populates="breach", order_by="BreachUpdate.number"
    )

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def authority_due_at(self) -> datetime:
        """Source: L8 (regulation (EU) 2016/679, art. 33 (1))."""
        rule = statute_for(_AUTHORITY, on=clock.paris_day(self.known_at), customer="business")
        return authority_due_at(self.known_at, rule.value if rule else 0)

    @property
    def parts(self) -> dict[str, str]:
        """What is written now, by part."""
        return {name: getattr(self, name) for name in BREACH_BLOCKS}

    @property
    def missing_parts(self) -> list[str]:
        return missing_blocks([self.parts])

    def check_live(self) -> None:
        """Raises Refused once it is closed, or was dropped."""
        if not self.is_live:
            raise Refused(N_("Cette violation est close : son journal est scellé."))

    def write(self, parts: dict[str, str], *, by: Actor) -> None:
        """Keep what is known so far; it leaves with the next notice.

        Source: 003-58, regulation (EU) 2016/679, art. 33 (3).
        """
        self.check_live()
        for name in BREACH_BLOCKS:
            setattr(self, name, parts[name].strip())
        record(self, "write", by=by)

    def note_authority(self, at: datetime | None, reference: str, why: str, *, by: Actor) -> None:
        """The authority was notified at an instant under a reference, or is not for a reason.

        Raises Refused without either, for an instant before the discovery or to come, and for a late
        notification without its reasons.

        Source: regulation (EU) 2016/679, art. 33 (1).
        """
        self.check_live()
        if at is None and not why:
            raise Refused(
                N_("Indiquez le jour et l'heure, ou pourquoi l'autorité n'est pas saisie."), field="at"
            )
        if at is not None:
            at = at.astimezone(UTC)
            _check_past(at, self.known_at, field="at")
            if not reference:
                raise Refused(N_("Indiquez la référence que l'autorité a donnée."), field="reference")
            if at > self.authority_due_at and not why:
                raise Refused(
                    N_("Après 72 heures, la notification dit les motifs du retard (RGPD, art. 33)."),
                    field="why",
                )
        self.authority_at, self.authority_reference, self.authority_why = at, reference if at else "", why
        said = {"told_at": at.isoformat()} if at else {}
        record(self, "note_authority", by=by, reference=reference, reason=why, **said)


class BreachCustomer(Tenant, db.Model):
    """A customer whom a breach touches."""

    __tablename__ = "data_breach_customer"
    __table_args__ = (UniqueConstraint("breach_id", "customer_id"),)

    breach_id: Mapped[int] = mapped_column(ForeignKey("data_breach.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    found_by: Mapped[str] = mapped_column(String(200))  # the house or vault through which it was chosen

    breach: Mapped[Breach] = relationship()
    customer: Mapped[Customer] = relationship()


class BreachUpdate(Tenant, db.Model):
    """One notice as it was sent: the first one, or a later one that says more. Never changed."""

    __tablename__ = "data_breach_update"
    __table_args__ = (UniqueConstraint("breach_id", "number"),)

    breach_id: Mapped[int] = mapped_column(ForeignKey("data_breach.id"), index=True)
    number: Mapped[int]
    nature: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    consequences: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    by_label: Mapped[str] = mapped_column(String(200))

    breach: Mapped[Breach] = relationship(back_populates="updates")

    @property
    def parts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in BREACH_BLOCKS}


class BreachNotice(Tenant, db.Model):
    """One customer was written to; the mail says when it left, and what the relay answered."""

    __tablename__ = "data_breach_notice"
    __table_args__ = (UniqueConstraint("update_id", "customer_id"),)

    update_id: Mapped[int] = mapped_column(ForeignKey("data_breach_update.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    mail_uid: Mapped[str] = mapped_column(String(16), index=True)

    update: Mapped[BreachUpdate] = relationship()


class BreachCall(Tenant, db.Model):
    """One call to a customer: when, with whom, by whom, and whether she was reached."""

    __tablename__ = "data_breach_call"

    breach_id: Mapped[int] = mapped_column(ForeignKey("data_breach.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    called_at: Mapped[datetime]
    spoken_with: Mapped[str] = mapped_column(String(140))
    is_reached: Mapped[bool]
    by_label: Mapped[str] = mapped_column(String(200))

    customer: Mapped[Customer] = relationship()


def open_breach(owner: Organisation, name: str, known_at: datetime, *, by: Actor) -> Breach:
    """Begin its clocks. known_at: when the house learnt of it, aware. Raises Refused for one to come.

    Source: 001-40, 003-58, regulation (EU) 2016/679, art. 33.
    """
    known_at = known_at.astimezone(UTC)
    if known_at > clock.now():
        raise Refused(N_("La découverte n'est pas dans l'avenir."), field="known_at")
    row = Breach(organisation=owner, name=name, known_at=known_at, state=S.OPEN)
    for part in (*BREACH_BLOCKS, "authority_reference", "authority_why", "why"):
        setattr(row, part, "")
    db.session.add(row)
    db.session.flush()
    record(row, "open", by=by, known_at=known_at.isoformat())
    return row


def _check_past(at: datetime, since: datetime, *, field: str) -> None:
    if at > clock.now():
        raise Refused(N_("Cet instant est dans l'avenir."), field=field)
    if at < since:
        raise Refused(N_("Cet instant précède la découverte."), field=field)


def note_call(
    breach: Breach, customer: Customer, called_at: datetime, spoken_with: str, *, reached: bool, by: Actor
) -> BreachCall:
    """A call that took place; called_at: aware. One that reached nobody counts as a try only.

    Raises Refused for a customer whom the breach does not touch, and for an instant that cannot be.

    Source: 001-40.
    """
    breach.check_live()
    called_at = called_at.astimezone(UTC)
    _check_past(called_at, breach.known_at, field="called_at")
    if reached and not spoken_with:
        raise Refused(N_("Indiquez à qui vous avez parlé."), field="spoken_with")
    row = BreachCall(
        organisation=customer.organisation,
        breach_id=breach.id,
        customer_id=customer.id,
        called_at=called_at,
        spoken_with=spoken_with,
        is_reached=reached,
        by_label=by.label,
    )
    db.session.add(row)
    record(breach, "call", by=by, customer=customer.name, spoken_with=spoken_with or "–", reached=reached)
    return row
