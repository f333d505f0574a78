"""One version of an agreement with one customer, under one of her contracts."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blobs import Document
from portal.customers.models import Customer
from portal.customers.proofs import WithProof
from portal.db import Tenant, db
from portal.stateful import Stateful, step
from portal.terms.shipped import CONTRACTS
from portal.wording import N_


class AgreementState(StrEnum):
    PREPARED = "agreement_prepared"  # written, nobody has been asked to sign
    SENT = "agreement_sent"
    SIGNED = "agreement_signed"
    REFUSED = "agreement_refused"
    REPLACED = "agreement_replaced"  # by a version that says something else
    OVER = "agreement_over"  # the contract has ended before anybody signed


A = AgreementState
WAITING = (A.PREPARED, A.SENT, A.REFUSED)
LIVE = (*WAITING, A.SIGNED)


class ProcessingAgreement(Tenant, WithProof, Stateful, db.Model):
    """What stands in it is kept as it was written; another content is another version."""

    __tablename__ = "processing_agreement"
    __table_args__ = (UniqueConstraint("customer_id", "contract", "number"),)

    steps = {
        "send": step(*WAITING, to=A.SENT),
        "sign": step(A.SENT, to=A.SIGNED),
        "refuse": step(A.SENT, to=A.REFUSED),
        "replace": step(*LIVE, to=A.REPLACED),
        "close": step(*WAITING, to=A.OVER),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    contract: Mapped[str] = mapped_column(String(40))  # its name in the library
    number: Mapped[int]
    language: Mapped[str] = mapped_column(String(2))
    sha256: Mapped[str] = mapped_column(String(64))  # of the content
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_on: Mapped[date]
    state: Mapped[AgreementState] = mapped_column(default=A.PREPARED, index=True)
    sent_on: Mapped[date | None]
    signed_on: Mapped[date | None]
    proof_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    customer: Mapped[Customer] = relationship()
    proof: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}

    label = N_("accord sur les données")

    @property
    def contract_label(self) -> str:
        return CONTRACTS[self.contract][0]

    @property
    def mark(self) -> str:
        """What a page shows and its form sends back: this version and no other."""
        return f"{self.uid}:{self.sha256}"


def versions_of(customer: Customer, contract: str) -> list[ProcessingAgreement]:
    """The newest first."""
    query = select(ProcessingAgreement).filter_by(customer_id=customer.id, contract=contract)
    return list(db.session.scalars(query.order_by(ProcessingAgreement.number.desc())))
