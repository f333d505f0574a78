"""The assignment of one contract: from whom, to whom, from which day, and who has consented."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.blobs import Document
from portal.customers.models import Customer
from portal.db import Tenant, db
from portal.stateful import Stateful, step
from portal.subscriptions.models import Subscription


class Side(StrEnum):
    """Whose written request it takes."""

    TRANSFEROR = "transferor"  # the customer of today
    TRANSFEREE = "transferee"  # the one to come


class AssignmentState(StrEnum):
    ASKED = "assignment_asked"  # one of the two has yet to sign
    SUBMITTED = "assignment_submitted"  # both have signed, the provider decides
    AGREED = "assignment_agreed"  # waits for its day
    DONE = "assignment_done"
    REFUSED = "refused"  # by one of the two, or by the provider
    CANCELLED = "cancelled"
    LAPSED = "assignment_lapsed"  # nobody answered in time, or the contract could not pass on its day


A = AssignmentState
OPEN = (A.ASKED, A.SUBMITTED, A.AGREED)
_OPEN = text("state in ('assignment_asked', 'assignment_submitted', 'assignment_agreed')")


class ContractAssignment(Tenant, Stateful, db.Model):
    """One contract, from a customer to another; the row lies with the reseller of both."""

    __tablename__ = "contract_assignment"
    __table_args__ = (
        Index(
            "uq_contract_assignment_open",
            "subscription_id",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
    )

    steps = {
        "ask": step(A.ASKED, to=A.ASKED),
        "resend": step(A.ASKED, to=A.ASKED),
        "consent": step(A.ASKED, to=A.ASKED),
        "submit": step(A.ASKED, to=A.SUBMITTED),
        "agree": step(A.SUBMITTED, to=A.AGREED),
        "refuse": step(A.ASKED, A.SUBMITTED, to=A.REFUSED),
        "cancel": step(*OPEN, to=A.CANCELLED),
        "lapse": step(*OPEN, to=A.LAPSED),
        "carry_out": step(A.AGREED, to=A.DONE),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    transferor_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    transferee_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[AssignmentState] = mapped_column(default=A.ASKED, index=True)
    effective_on: Mapped[date] = mapped_column(index=True)  # first day of the transferee
    lapses_at: Mapped[datetime] = mapped_column(index=True)
    # By side: the address that was asked, who signed (name and function), when (UTC, as text), from where.
    consents: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    refusal_reason: Mapped[str | None] = mapped_column(String(300))
    decided_by: Mapped[str] = mapped_column(String(200), default="")  # for the provider
    decided_at: Mapped[datetime | None]
    frees: Mapped[bool] = mapped_column(default=False)  # the transferor owes nothing of later days (1216-1)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # the sealed deed
    version: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship()
    subscription: Mapped[Subscription] = relationship()
    transferor: Mapped[Customer] = relationship(foreign_keys=[transferor_id])
    transferee: Mapped[Customer] = relationship(foreign_keys=[transferee_id])
    document: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def party(self, side: Side) -> Customer:
        return self.transferor if side == Side.TRANSFEROR else self.transferee

    def has_signed(self, side: Side) -> bool:
        return "at" in self.consents.get(side, {})

    @property
    def is_signed(self) -> bool:
        return all(self.has_signed(side) for side in Side)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class RequestOf:
    """What the link of one side is about: a record of its own, so that a link closes no other's."""

    _SIGNS = {Side.TRANSFEROR: "f", Side.TRANSFEREE: "t"}

    def __init__(self, row: ContractAssignment, side: Side) -> None:
        self.uid = f"{row.uid[:15]}{self._SIGNS[side]}"

    @classmethod
    def find(cls, uid: str) -> tuple[ContractAssignment, Side]:
        """The assignment and the side of a link's subject, held. Raises NoResultFound."""
        side = next(side for side, sign in cls._SIGNS.items() if uid.endswith(sign))
        query = select(ContractAssignment).where(ContractAssignment.uid.startswith(uid[:15]))
        query = query.with_for_update(of=ContractAssignment).execution_options(populate_existing=True)
        return db.session.scalars(query).one(), side


def assignments_of(subscription: Subscription) -> list[ContractAssignment]:
    """The newest first."""
    query = select(ContractAssignment).where(ContractAssignment.subscription_id == subscription.id)
    return list(db.session.scalars(query.order_by(ContractAssignment.id.desc())))


def open_assignment(subscription: Subscription) -> ContractAssignment | None:
    query = select(ContractAssignment).where(
        ContractAssignment.subscription_id == subscription.id, ContractAssignment.state.in_(OPEN)
    )
    return db.session.scalars(query).one_or_none()


class WishState(StrEnum):
    OPEN = "asked"  # waits for the house
    TAKEN_UP = "running"  # became an assignment
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


W = WishState
_WISHED = text("state = 'asked'")


class AssignmentWish(Tenant, Stateful, db.Model):
    """A customer asks in her space that one of her contracts pass, and names who is to take it over.

    It lies with her; the house looks for the successor among its customers, and opens the assignment.

    Source: 004-44.
    """

    __tablename__ = "assignment_wish"
    __table_args__ = (
        Index(
            "uq_assignment_wish_open",
            "subscription_id",
            unique=True,
            postgresql_where=_WISHED,
            sqlite_where=_WISHED,
        ),
    )

    steps = {
        "ask": step(W.OPEN, to=W.OPEN),
        "take_up": step(W.OPEN, to=W.TAKEN_UP),
        "refuse": step(W.OPEN, to=W.REFUSED),
        "withdraw": step(W.OPEN, W.TAKEN_UP, to=W.WITHDRAWN),
    }

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    state: Mapped[WishState] = mapped_column(default=W.OPEN, index=True)
    effective_on: Mapped[date]  # first day of the successor
    successor: Mapped[str] = mapped_column(String(70))
    siren: Mapped[str] = mapped_column(String(9))
    contact: Mapped[str] = mapped_column(String(70))
    email: Mapped[str] = mapped_column(String(254))
    refusal_reason: Mapped[str] = mapped_column(String(300), default="")
    assignment_uid: Mapped[str] = mapped_column(String(16), default="")  # once it is taken up
    version: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship()
    subscription: Mapped[Subscription] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}


def open_wish(subscription: Subscription) -> AssignmentWish | None:
    query = select(AssignmentWish).where(
        AssignmentWish.subscription_id == subscription.id, AssignmentWish.state == W.OPEN
    )
    return db.session.scalars(query).one_or_none()


def last_wish(subscription: Subscription) -> AssignmentWish | None:
    """The newest of its present customer."""
    query = select(AssignmentWish).where(
        AssignmentWish.subscription_id == subscription.id,
        AssignmentWish.organisation_id == subscription.customer.organisation_id,
    )
    return db.session.scalars(query.order_by(AssignmentWish.id.desc())).first()
