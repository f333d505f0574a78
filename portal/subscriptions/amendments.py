"""Signed changes of one contract (avenants) and its special conditions; kept as signed, never changed."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.blobs import Document
from portal.db import Tenant, db
from portal.terms.stack import Amendment, Stack
from portal.terms.values import Value, amended_value, from_json


class AmendmentKind(StrEnum):
    AMENDMENT = "amendment"  # signed after the order; prevails from its day on
    CONDITIONS = "conditions"  # special conditions of the order; at the rank that the contract gives them


class SignedAmendment(Tenant, db.Model):
    """Values that both parties signed for one subscription, with the signed text where there is one."""

    __tablename__ = "amendment"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[AmendmentKind]
    label: Mapped[str] = mapped_column(String(140))  # "Avenant du 3 mars 2027"
    signed_on: Mapped[date]
    effective_on: Mapped[date]
    values: Mapped[dict[str, Any]] = mapped_column(JSON)  # {key: {value, clause}}
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    created_by: Mapped[str] = mapped_column(String(200))

    document: Mapped[Document | None] = relationship()

    def read_values(self) -> Mapping[str, Value]:
        return {
            key: amended_value(self.label, key, from_json(key, kept["value"]), kept["clause"])
            for key, kept in self.values.items()
        }

    def read(self) -> Amendment:
        return Amendment(self.label, self.signed_on, self.effective_on, self.read_values())


def with_amendments(stack: Stack, rows: Iterable[SignedAmendment]) -> Stack:
    """The contract with its special conditions at their rank and its amendments over everything."""
    rows = list(rows)
    conditions = [row.read() for row in rows if row.kind == AmendmentKind.CONDITIONS]
    amendments = [row.read() for row in rows if row.kind == AmendmentKind.AMENDMENT]
    return stack.with_conditions(conditions).amended(amendments) if rows else stack
