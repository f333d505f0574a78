"""A verification of a vault without its key, and the monthly pack of evidence of a customer."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.engine.errors import EngineFault
from portal.engine.models import Vault
from portal.engine.port import Hashed
from portal.journal import SYSTEM, record

EVERY_DAYS = 30  # between the end of one verification of a vault and the beginning of the next
_NAMED = 50  # damaged objects that are kept by name; all of them are counted


class VerificationState(StrEnum):
    RUNNING = "verification_running"
    GOOD = "verification_good"
    DAMAGED = "verification_damaged"
    UNREADABLE = "verification_unreadable"  # the store gave a reason for which nothing can be said


class VaultVerification(Tenant, db.Model):
    """Every object of a vault hashed again: its name says what its content must hash to."""

    __tablename__ = "vault_verification"

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    state: Mapped[VerificationState] = mapped_column(default=VerificationState.RUNNING)
    ended_at: Mapped[datetime | None]
    objects: Mapped[int] = mapped_column(default=0)
    bytes_read: Mapped[int] = mapped_column(BigInteger, default=0)
    damaged: Mapped[int] = mapped_column(default=0)
    names: Mapped[list[str]] = mapped_column(JSON, default=list)  # of damaged ones, the first fifty
    fault: Mapped[str] = mapped_column(String(40), default="")

    vault: Mapped[Vault] = relationship()

    def count(self, part: list[Hashed]) -> None:
        """So many objects more were hashed."""
        bad = [one.name for one in part if not one.is_good]
        self.objects += len(part)
        self.bytes_read += sum(one.bytes for one in part)
        self.damaged += len(bad)
        self.names = [*self.names, *bad][:_NAMED]

    def end(self) -> None:
        """All of them were."""
        self.state = VerificationState.DAMAGED if self.damaged else VerificationState.GOOD
        self.ended_at = clock.now()
        record(self.vault, "verify", by=SYSTEM, objects=self.objects, damaged=self.damaged)

    def give_up(self, fault: EngineFault) -> None:
        """The store says something that time does not cure."""
        self.state, self.fault, self.ended_at = VerificationState.UNREADABLE, fault.value, clock.now()
        record(self.vault, "not_verified", by=SYSTEM, fault=fault.value)


class EvidencePack(Tenant, db.Model):
    """What a customer can show of her backups of a month, as one sealed paper."""

    __tablename__ = "evidence_pack"
    __table_args__ = (UniqueConstraint("customer_id", "month"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    month: Mapped[date]  # its first day
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))

    customer: Mapped[Customer] = relationship()
    document: Mapped[Document] = relationship()


def last_verification(vault: Vault, before: datetime | None = None) -> VaultVerification | None:
    """The newest that ended. before: an instant (UTC) before which it did."""
    query = select(VaultVerification).where(
        VaultVerification.vault_id == vault.id, VaultVerification.ended_at.is_not(None)
    )
    if before is not None:
        query = query.where(VaultVerification.ended_at < before)
    return db.session.scalars(query.order_by(VaultVerification.id.desc())).first()
