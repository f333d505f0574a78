"""The directory of each issuer, the address of each customer, and what the directory has said."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, and_, false
from sqlalchemy.orm import Mapped, backref, foreign, mapped_column, relationship, remote

from portal import clock
from portal.actor import Actor
from portal.crypto.secrets import Sealed
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.eaddresses.rules import Known, Line, Standing, standing_of
from portal.resellers.models import LegalEntity
from portal.stateful import Stateful, step


class Way(StrEnum):
    OFF = "eaddress_off"
    FILES = "eaddress_files"  # CSV files that finance uploads or that its folder holds
    HTTP = "eaddress_http"


class EAddressDirectory(Tenant, db.Model):
    """How an issuer looks addresses up. Without a row, nothing is looked up."""

    __tablename__ = "eaddress_directory"

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), unique=True)
    way: Mapped[Way] = mapped_column(default=Way.OFF)
    folder: Mapped[str | None] = mapped_column(String(40), unique=True)  # one name, below EADDRESS_DIR
    address_sealed: Mapped[str | None] = mapped_column(Text)
    address = Sealed()
    token_sealed: Mapped[str | None] = mapped_column(Text)
    token = Sealed()
    holds_back: Mapped[bool] = mapped_column(default=False, server_default=false())  # from the monthly run
    failures: Mapped[int] = mapped_column(default=0)  # since the last answer
    failing_since: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(200), default="")
    next_at: Mapped[datetime | None]  # after a failure: not before
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.legal_entity.name


class EAddressLine(Tenant, db.Model):
    """A line of the directory, by its company; an empty address says that the company has none."""

    __tablename__ = "eaddress_line"
    __table_args__ = (UniqueConstraint("directory_id", "siren", "address"),)

    directory_id: Mapped[int] = mapped_column(ForeignKey("eaddress_directory.id"))
    siren: Mapped[str] = mapped_column(String(9))
    address: Mapped[str] = mapped_column(String(125))
    siret: Mapped[str] = mapped_column(String(14), default="")
    service: Mapped[str] = mapped_column(String(100), default="")
    platform: Mapped[str] = mapped_column(String(140), default="")
    valid_from: Mapped[date | None]
    valid_through: Mapped[date | None]
    seen_at: Mapped[datetime]  # of the answer that had it last
    source: Mapped[str] = mapped_column(String(200))  # of that answer
    gone_at: Mapped[datetime | None]  # of the first answer that had it no more

    @property
    def known(self) -> Known:
        line = Line(
            self.address, self.siret, self.service, self.platform, self.valid_from, self.valid_through
        )
        return Known(line, self.gone_at is not None)


class EAddress(Tenant, db.Model):
    """The address (BT-49) that a customer's e-invoices bear, and when the directory was asked about it."""

    __tablename__ = "eaddress"
    __table_args__ = (Index("ix_eaddress_asking", "directory_id", "asked_at", "id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), unique=True)
    directory_id: Mapped[int] = mapped_column(ForeignKey("eaddress_directory.id"))
    siren: Mapped[str] = mapped_column(String(9), index=True)  # asked about
    address: Mapped[str] = mapped_column(String(125))
    chosen_by: Mapped[str] = mapped_column(String(200), default="")  # "": the line of the SIREN, by default
    asked_at: Mapped[datetime | None]  # of the last question that was answered; None: as soon as possible
    answered_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(String(200), default="")  # of that answer

    customer: Mapped[Customer] = relationship(backref=backref("eaddress", uselist=False))
    directory: Mapped[EAddressDirectory] = relationship()
    lines: Mapped[list[EAddressLine]] = relationship(
        primaryjoin=lambda: and_(
            foreign(EAddress.directory_id) == remote(EAddressLine.directory_id),
            foreign(EAddress.siren) == remote(EAddressLine.siren),
        ),
        order_by="EAddressLine.address",
        uselist=True,
        viewonly=True,
    )

    @property
    def label(self) -> str:
        return self.address

    def standing(self) -> Standing:
        """Today."""
        known = [line.known for line in self.lines]
        return standing_of(self.address, known, clock.today(), answered=self.answered_at is not None)

    def shown_state(self) -> str:
        return self.standing().value


class FileState(StrEnum):
    ARRIVING = "eaddress_file_arriving"  # seen in the inbox; may still be growing
    READ = "eaddress_file_read"
    REFUSED = "eaddress_file_refused"  # a line is wrong: nothing of it counts
    CLOSED = "eaddress_file_closed"  # a person has looked
    GONE = "eaddress_file_gone"  # was taken away before it could be read


F = FileState


class EAddressFile(Tenant, Stateful, db.Model):
    """A file of lines: brought by a person, or found in the folder."""

    __tablename__ = "eaddress_file"
    __table_args__ = (Index("ix_eaddress_file_open", "directory_id", "state", "id"),)

    steps = {
        "read": step(F.ARRIVING, to=F.READ),
        "refuse": step(F.ARRIVING, to=F.REFUSED),
        "close": step(F.REFUSED, to=F.CLOSED),
        "vanish": step(F.ARRIVING, to=F.GONE),
    }

    directory_id: Mapped[int] = mapped_column(ForeignKey("eaddress_directory.id"))
    state: Mapped[FileState] = mapped_column(default=F.ARRIVING)
    name: Mapped[str] = mapped_column(String(200))
    brought_by: Mapped[str] = mapped_column(String(200), default="")  # "": by the folder
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    changed_ns: Mapped[int] = mapped_column(BigInteger, default=0)  # its last change on the machine
    seen_at: Mapped[datetime]  # since when it has been like this
    sha256: Mapped[str] = mapped_column(String(64), default="")
    line_count: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(String(300), default="")
    is_moved: Mapped[bool] = mapped_column(default=False, server_default=false())  # out of the inbox
    version: Mapped[int] = mapped_column()

    directory: Mapped[EAddressDirectory] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return self.name

    def move_on(self, verb: str, *, by: Actor, **details: Any) -> None:
        """One of :attr:`steps`, with what is said of it."""
        self._take(verb, by=by, **details)

    def close(self, *, by: Actor) -> None:
        """Somebody has looked: nothing more follows."""
        self._take("close", by=by)
