"""The door of a creditor, and every file that has passed through it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.billing.credit_models import RefundFile
from portal.db import Tenant, db
from portal.journal import record
from portal.resellers.models import LegalEntity
from portal.sepa.models import Batch
from portal.sepa.models.bank import BankFile
from portal.stateful import Stateful, step


class DoorFileState(StrEnum):
    READY = "door_ready"  # its batch is handed over; the file is about to be moved into the outbox
    WRITTEN = "door_written"  # it lies in the outbox
    FETCHED = "door_fetched"  # the bank's software has taken it
    ARRIVING = "door_arriving"  # seen in the inbox; may still be growing
    BROKEN = "door_broken"  # cannot be read as it is; may become whole
    READ = "door_read"  # booked
    REFUSED = "door_refused"  # of somebody else, or too large: a person looks
    CLOSED = "door_closed"  # a person has looked
    GONE = "door_gone"  # was taken away before it could be read


S = DoorFileState


class BankDoor(Tenant, db.Model):
    """The folder of one legal entity, under the folder of this machine."""

    __tablename__ = "bank_door"

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), unique=True)
    folder: Mapped[str] = mapped_column(String(40), unique=True)  # one name, below BANK_DOOR_DIR
    is_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    fault: Mapped[str] = mapped_column(String(300), default="")  # why nothing passes
    fault_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.folder

    def set(self, folder: str, *, is_open: bool, by: Actor) -> None:
        """Open or shut it; what lies in the folder stays there."""
        if (self.folder, self.is_open) == (folder, is_open):
            return
        self.folder, self.is_open = folder, is_open
        self.fault, self.fault_since = "", None
        record(self, "open" if is_open else "shut", by=by, folder=folder)


class DoorFile(Tenant, Stateful, db.Model):
    """One file that left, or that came. A batch and a file of refunds leave once each."""

    __tablename__ = "door_file"
    __table_args__ = (Index("ix_door_file_open", "door_id", "state", "id"),)

    steps = {
        "write": step(S.READY, to=S.WRITTEN),
        "fetch": step(S.WRITTEN, to=S.FETCHED),
        "grow": step(S.ARRIVING, S.BROKEN, to=S.ARRIVING),
        "break_off": step(S.ARRIVING, to=S.BROKEN),
        "read": step(S.ARRIVING, to=S.READ),
        "refuse": step(S.ARRIVING, to=S.REFUSED),
        "close": step(S.BROKEN, S.REFUSED, to=S.CLOSED),
        "vanish": step(S.ARRIVING, S.BROKEN, to=S.GONE),
    }

    door_id: Mapped[int] = mapped_column(ForeignKey("bank_door.id"))
    state: Mapped[DoorFileState] = mapped_column()
    name: Mapped[str] = mapped_column(String(200))  # in the outbox or the inbox
    place: Mapped[str] = mapped_column(String(80), default="")  # while READY: its name among those that leave
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    changed_ns: Mapped[int] = mapped_column(BigInteger, default=0)  # its last change on the machine
    seen_at: Mapped[datetime]  # since when it has been like this
    sha256: Mapped[str] = mapped_column(String(64), default="")
    why: Mapped[str] = mapped_column(String(300), default="")
    is_moved: Mapped[bool] = mapped_column(default=False, server_default=false())  # out of the inbox
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), unique=True)
    refund_file_id: Mapped[int | None] = mapped_column(ForeignKey("refund_file.id"), unique=True)
    bank_file_id: Mapped[int | None] = mapped_column(ForeignKey("bank_file.id"), index=True)
    version: Mapped[int] = mapped_column()

    door: Mapped[BankDoor] = relationship()
    batch: Mapped[Batch | None] = relationship()
    refund_file: Mapped[RefundFile | None] = relationship()
    bank_file: Mapped[BankFile | None] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.name

    @property
    def is_outgoing(self) -> bool:
        return self.batch_id is not None or self.refund_file_id is not None

    def move_on(self, verb: str, *, by: Actor, **details: Any) -> None:
        """One of :attr:`steps`, with what is said of it."""
        self._take(verb, by=by, **details)

    def close(self, *, by: Actor) -> None:
        """Somebody has looked; it is moved aside."""
        self._take("close", by=by)
