"""Certificates of the provider, each with its paper; a renewal is another one, which follows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.blobs import Document, keep
from portal.customers.rules import Certificate, check_hds_sale, is_certificate_valid
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.scans import read_scan
from portal.terms.shipped import CONTRACTS
from portal.wording import N_

ALERT_DAYS = (90, 30)  # calendar days before the last day of validity (001-01)


class Standard(StrEnum):
    HDS = "HDS"  # hosting of health data
    ISO_27001 = "ISO 27001"


class HostingCertificate(Tenant, db.Model):
    """A certificate with its days of validity, both included, and the contracts whose service it covers."""

    __tablename__ = "hosting_certificate"
    seen_from_below: ClassVar[bool] = True

    standard: Mapped[Standard]
    number: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(300))  # activities and places, as the paper says them
    issued_by: Mapped[str] = mapped_column(String(140))
    referential: Mapped[int]  # version of the standard's referential: 2, or 2022
    valid_from: Mapped[date]
    valid_through: Mapped[date] = mapped_column(index=True)
    covers: Mapped[list[str]] = mapped_column(JSON)  # names of contracts in terms.shipped.CONTRACTS
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("hosting_certificate.id"), unique=True)
    withdrawn_on: Mapped[date | None]
    withdrawn_why: Mapped[str] = mapped_column(String(300), default="")
    told_on: Mapped[date | None]  # the last day on which the operators were told of its end

    document: Mapped[Document] = relationship()
    follows: Mapped["HostingCertificate | None"] = relationship(
        remote_side="HostingCertificate.id", back_populates="followed_by"
    )
    followed_by: Mapped["HostingCertificate | None"] = relationship(back_populates="follows", uselist=False)

    @property
    def fact(self) -> Certificate:
        return Certificate(
            self.standard.value, self.number, self.referential, self.valid_from, self.valid_through
        )

    @property
    def label(self) -> str:
        return f"{self.standard.value} {self.number}"

    @property
    def contracts(self) -> list[str]:
        """The contracts that it covers, by the names that customers know."""
        return [CONTRACTS[name][0] for name in self.covers if name in CONTRACTS]

    def shown_state(self) -> str:
        if self.withdrawn_on is not None:
            return "certificate_withdrawn"
        if is_certificate_valid(self.fact, clock.today()):
            return "certificate_valid"
        return "certificate_ended" if self.valid_through < clock.today() else "certificate_coming"

    def withdraw(self, why: str, *, by: Actor) -> None:
        """From today on nothing is sold under it. Raises Refused without a reason, or a second time.

        Source: 001-01, 002-22.
        """
        if self.withdrawn_on is not None:
            raise Refused(N_("Ce certificat est déjà retiré."))
        if not why.strip():
            raise Refused(N_("Dites pourquoi ce certificat est retiré."), field="why")
        self.withdrawn_on, self.withdrawn_why = clock.today(), why.strip()
        record(self, "withdraw", by=by, reason=self.withdrawn_why)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the paper says, as typed. covers: names of contracts."""

    standard: Standard
    number: str
    scope: str
    issued_by: str
    referential: int
    valid_from: date
    valid_through: date
    covers: tuple[str, ...]


def register_certificate(
    provider: Organisation,
    entry: Entry,
    paper: bytes,
    *,
    by: Actor,
    follows: HostingCertificate | None = None,
) -> HostingCertificate:
    """Enter a certificate with its PDF; ``follows``: the one that it renews.

    Raises Refused for another house than the provider's, days in the wrong order, a certificate that covers
    nothing, a number that is there already, one that was renewed before, and a file that is no PDF.

    Source: 001-01, 002-22.
    """
    if provider.kind != OrganisationKind.PROVIDER:
        raise Refused(N_("Seul le fournisseur tient ce registre."))
    if entry.valid_through < entry.valid_from:
        raise Refused(N_("Le dernier jour précède le premier."), field="valid_through")
    if not entry.covers:
        raise Refused(N_("Cochez au moins un contrat que ce certificat couvre."))
    same = select(HostingCertificate.id).where(
        HostingCertificate.standard == entry.standard, HostingCertificate.number == entry.number
    )
    if db.session.scalar(same) is not None:
        raise Refused(N_("Ce certificat est déjà dans le registre."), field="number")
    if follows is not None and (follows.followed_by is not None or follows.standard != entry.standard):
        raise Refused(N_("Ce certificat est déjà renouvelé, ou suit une autre norme."))
    row = HostingCertificate(
        organisation=provider,
        follows_id=follows.id if follows else None,
        withdrawn_why="",
        **{name: getattr(entry, name) for name in _WRITTEN},
        covers=list(entry.covers),
    )
    row.document = _kept(row, provider, paper)
    db.session.add(row)
    db.session.flush()
    record(row, "register", by=by, number=row.number, through=row.valid_through.isoformat())
    return row


_WRITTEN = ("standard", "number", "scope", "issued_by", "referential", "valid_from", "valid_through")


def _kept(row: HostingCertificate, provider: Organisation, paper: bytes) -> Document:
    scan = read_scan(paper, field="paper")
    if scan.suffix != "pdf":
        raise Refused(N_("Choisissez le certificat en PDF."), field="paper")
    return keep(
        scan.content,
        owner=provider,
        subject=row,
        kind="certificate",
        filename=f"certificat-{row.standard.value.replace(' ', '-')}-{row.valid_from}.pdf",
        media_type=scan.media_type,
    )


def standing(contract: str) -> list[HostingCertificate]:
    """The certificates that cover a contract and were not withdrawn, whatever their days."""
    query = select(HostingCertificate).where(HostingCertificate.withdrawn_on.is_(None))
    rows: Iterable[HostingCertificate] = db.session.scalars(query.order_by(HostingCertificate.id))
    return [row for row in rows if contract in row.covers]


def check_health_sale(contract: str, on: date, *, written_on_order: bool, clause: str) -> None:
    """May hosting of health data be sold under this contract that day? Raises Refused with the clause.

    Source: 001-01, 002-22, L10.
    """
    facts = [row.fact for row in standing(contract)]
    check_hds_sale(facts, on, written_on_order=written_on_order, clause=clause)


def certificate_for(contract: str, on: date) -> HostingCertificate | None:
    """The HDS certificate under which health data are hosted that day, the one that lasts longest."""
    valid = [row for row in standing(contract) if row.standard == Standard.HDS]
    valid = [row for row in valid if is_certificate_valid(row.fact, on)]
    return max(valid, key=lambda row: row.valid_through, default=None)
