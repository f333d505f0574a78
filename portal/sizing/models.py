"""The sizing sheet of an order, each saving printed anew, and the hand-over, once."""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.actor import Actor
from portal.blobs import Document
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.mail import Addressee, queue_mail
from portal.sizing.papers import print_handover, print_sheet
from portal.subscriptions.models import Order, OrderState
from portal.terms.values import Value

FIELDS, LIMIT = "order.fields", "backup.change_rate_basis_points"


class Mode(StrEnum):
    """Where the copies lie."""

    REMOTE = "remote"
    BOTH = "both"


class Place(StrEnum):
    """How the hand-over was given."""

    ON_SITE = "on_site"
    REMOTELY = "remotely"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was agreed in the study before the order.

    source_gb: volume to protect, in GB. daily_change_basis_points: of the files, each day, in hundredths of a
    per cent. history_days: for how long a version is kept. schedule: when backups run.
    """

    machines: int
    source_gb: int
    daily_change_basis_points: int
    history_days: int
    schedule: str
    mode: Mode
    recipient_name: str
    recipient_email: str


class Sizing(Tenant, db.Model):
    """Of one order (fiche de dimensionnement); the journal keeps what stood there before."""

    __tablename__ = "sizing"

    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), unique=True)
    machines: Mapped[int]
    source_gb: Mapped[int]
    daily_change_basis_points: Mapped[int]
    history_days: Mapped[int]
    schedule: Mapped[str] = mapped_column(String(200))
    mode: Mapped[Mode]
    recipient_name: Mapped[str] = mapped_column(String(70))  # who runs it at the customer's
    recipient_email: Mapped[str] = mapped_column(String(254))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))  # the sheet as last saved
    handed_over_on: Mapped[date | None]
    handed_over_by: Mapped[str] = mapped_column(String(200), default="")
    handed_over_how: Mapped[Place | None]
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    order: Mapped[Order] = relationship()
    document: Mapped[Document | None] = relationship(foreign_keys=[document_id])
    receipt: Mapped[Document | None] = relationship(foreign_keys=[receipt_id])

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def exceeded(self) -> Value | None:
        """The limit of daily changes that this sheet goes beyond, with its clause.

        Source: 002-05, 004-07.
        """
        limit = self.order.terms.find(LIMIT)
        beyond = limit is not None and self.daily_change_basis_points > int(limit.value)
        return limit if beyond else None


def asks_for_sizing(order: Order) -> Value | None:
    """The clause by which volume and settings are written on an order; None where it needs no sheet.

    Source: 002-03, 004-09.
    """
    return order.terms.find(FIELDS)


def sizing_of(order: Order) -> Sizing | None:
    return db.session.scalars(select(Sizing).where(Sizing.order_id == order.id)).one_or_none()


def write_sheet(order: Order, sheet: Sheet, *, by: Actor) -> Sizing:
    """Keep the sheet of an order and print it. Raises Refused where its contract asks for none, and after
    the hand-over.

    Source: 002-03, 002-04, 004-09.
    """
    if asks_for_sizing(order) is None:
        raise Refused(_("Le contrat de cette commande ne demande pas de dimensionnement."))
    row = sizing_of(order)
    if row is not None and row.handed_over_on is not None:
        raise Refused(_("Le service a été remis : cette fiche ne change plus."))
    values = {each.name: getattr(sheet, each.name) for each in fields(sheet)}
    if row is None:
        row = Sizing(organisation=order.customer.organisation, order=order, **values)
        db.session.add(row)
        changed = {}
    else:
        changed = {
            name: [str(getattr(row, name)), str(value)]
            for name, value in values.items()
            if getattr(row, name) != value
        }
        for name, value in values.items():
            setattr(row, name, value)
    db.session.flush()
    row.document = print_sheet(row)
    record(order, "size", by=by, changed=changed)
    return row


def hand_over(row: Sizing, on: date, how: Place, *, by: Actor) -> None:
    """The service was explained to who runs it: dated, printed, and sent to her with the sheet.

    on: Paris day. Raises Refused before the order is delivered, for a day before it or to come, and twice.

    Source: 002-03, 004-09.
    """
    order = row.order
    if row.handed_over_on is not None:
        raise Refused(_("Le service a déjà été remis."))
    if order.state != OrderState.DELIVERED:
        raise Refused(_("Le service se remet une fois la commande livrée."))
    if on > clock.today():
        raise Refused(_("Ce jour est dans le futur."), field="handed_over_on")
    if on < order.ordered_on:
        raise Refused(_("Ce jour précède la commande."), field="handed_over_on")
    row.handed_over_on, row.handed_over_by, row.handed_over_how = on, by.label, how
    row.receipt = print_handover(row)
    record(order, "hand_over", by=by, on=on.isoformat(), to=row.recipient_name)
    db.session.flush()
    queue_mail(
        Addressee(row.recipient_email, row.recipient_name),
        "sizing/mail_handover.txt",
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        attach=[each for each in (row.receipt, row.document) if each],
        order=order,
        sizing=row,
        customer=order.customer,
    )
