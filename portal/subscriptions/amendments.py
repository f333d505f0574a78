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

Kept = dict[str, Any]  # special conditions, as an order keeps them until its contract begins


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


def kept_conditions(
    label: str, signed_on: date, values: Mapping[str, Kept], document: Document | None = None
) -> Kept:
    """Special conditions for the ``conditions`` of an order.

    values: {key: {value, clause}} as a signed amendment has them. signed_on: Paris day.
    """
    text = document.id if document else None
    return {"label": label, "signed_on": signed_on.isoformat(), "values": dict(values), "document_id": text}


def signed_conditions(kept: Kept | None, *, owner: Any, starts_on: date) -> list[SignedAmendment]:
    """What an order keeps, as conditions of the contract that begins on a day."""
    if not kept:
        return []
    row = SignedAmendment(
        organisation=owner,
        kind=AmendmentKind.CONDITIONS,
        label=kept["label"],
        signed_on=date.fromisoformat(kept["signed_on"]),
        effective_on=starts_on,
        values=kept["values"],
        document_id=kept["document_id"],
        created_by=kept["label"],
    )
    return [row]


def with_kept(stack: Stack, kept: Kept | None) -> Stack:
    """The contract with the special conditions of an order at their rank.

    Source: 000-03, 001-03, 003-03, 004-01.
    """
    if not kept:
        return stack
    signed_on = date.fromisoformat(kept["signed_on"])
    values = {
        key: amended_value(kept["label"], key, from_json(key, each["value"]), each["clause"])
        for key, each in kept["values"].items()
    }
    return stack.with_conditions([Amendment(kept["label"], signed_on, signed_on, values)])


def with_amendments(stack: Stack, rows: Iterable[SignedAmendment]) -> Stack:
    """The contract with its special conditions at their rank and its amendments over everything."""
    rows = list(rows)
    conditions = [row.read() for row in rows if row.kind == AmendmentKind.CONDITIONS]
    amendments = [row.read() for row in rows if row.kind == AmendmentKind.AMENDMENT]
    return stack.with_conditions(conditions).amended(amendments) if rows else stack
