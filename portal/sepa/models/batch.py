"""Batches: debits claimed together for one file to the creditor's bank."""

from collections import Counter
from collections.abc import Callable
from collections.abc import Collection as Several
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation, is_same_person
from portal.actor import Actor
from portal.blobs import Document
from portal.db import Tenant, db
from portal.deadlines import minus_target_days
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.sepa.models.collection import UNPRESENTED, Collection, CollectionState
from portal.sepa.models.mandate import Mandate
from portal.stateful import Stateful, step

EXPORT = "sepa.export"  # kind of the task that writes the file
_CHUNK = 1000  # mandates counted per statement
_IN_BATCH = (CollectionState.FROZEN, CollectionState.EXPORTED)


class BatchState(StrEnum):
    MAKING = "making"  # rows are being joined, some thousands at a time; nobody sees it
    GIVING_BACK = "giving_back"  # given up before it was whole: its rows become free, then it is gone
    FROZEN = "frozen"  # every row joined, file being made
    EXPORTED = "exported"  # file stored
    RELEASED = "released"  # a second person agrees that it leaves
    SENT = "sent"  # handed to the bank
    CANCELLED = "cancelled"  # its debits are free again, the file stays as a proof


B = BatchState
UNSEEN = (B.MAKING, B.GIVING_BACK)


@dataclass(frozen=True, slots=True)
class Lot:
    """Debits of one sequence type and one day, as counted by the database."""

    sequence_type: str
    due_on: date
    count: int
    total_cents: int


class Batch(Tenant, Stateful, db.Model):
    """One file of debits (remise): its rows, its message id and its instant never change."""

    __tablename__ = "batch"

    steps = {
        "freeze": step(B.MAKING, to=B.FROZEN),
        "give_up": step(B.MAKING, to=B.GIVING_BACK),
        "export": step(B.FROZEN, to=B.EXPORTED),
        "vouch": step(B.EXPORTED, to=B.EXPORTED),
        "release": step(B.EXPORTED, to=B.RELEASED),
        "send": step(B.RELEASED, to=B.SENT),
        "cancel": step(B.FROZEN, B.EXPORTED, B.RELEASED, to=B.CANCELLED),
    }

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), index=True)
    scheme: Mapped[str] = mapped_column(String(4))
    state: Mapped[BatchState] = mapped_column(default=B.FROZEN)
    msg_id: Mapped[str] = mapped_column(String(35), unique=True)
    frozen_on: Mapped[date]
    frozen_by_id: Mapped[int | None]  # the first of the two people; None while only the portal has acted
    sent_on: Mapped[date | None]
    left_on: Mapped[date | None]  # Paris day on which one person last took the file out
    count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))  # of the file
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()
    organisation: Mapped[Organisation] = relationship(foreign_keys="Batch.organisation_id")
    document: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @classmethod
    def visible_to(cls, actor: Any) -> Select[Any]:
        """Whole batches only."""
        return super().visible_to(actor).where(cls.state.not_in(UNSEEN))

    def shown_state(self) -> str:
        """State as a word for a batch."""
        feminine = {B.EXPORTED: "batch_exported", B.RELEASED: "batch_released", B.SENT: "batch_sent"}
        return feminine.get(self.state, self.state.value)

    def lots(self) -> list[Lot]:
        query = (
            select(
                Collection.sequence_type, Collection.due_on, func.count(), func.sum(Collection.amount_cents)
            )
            .where(Collection.batch_id == self.id)
            .group_by(Collection.sequence_type, Collection.due_on)
            .order_by(Collection.due_on, Collection.sequence_type)
        )
        return [Lot(kind, day, count, int(cents)) for kind, day, count, cents in db.session.execute(query)]

    def freeze(self, *, by: Actor) -> None:
        """Every row is joined."""
        self._take("freeze", by=by, count=self.count, total_cents=self.total_cents)
        for (batch_id, month), count in due_months([self.id]).items():
            row = BatchMonth(organisation=self.organisation, batch_id=batch_id, month=month, count=count)
            db.session.add(row)

    def give_up(self, *, by: Actor) -> None:
        """It will not become whole: a task frees its rows."""
        self._take("give_up", by=by, count=self.count)

    def finish(self, document: Document) -> None:
        """The file is stored: every row is in it."""
        self._take("export", by=SYSTEM, sha256=document.sha256, count=self.count)
        self.document, self.sha256 = document, document.sha256
        db.session.execute(
            update(Collection)
            .where(Collection.batch_id == self.id, Collection.state == CollectionState.FROZEN)
            .values(state=CollectionState.EXPORTED, version=Collection.version + 1)
            .execution_options(synchronize_session=False)
        )

    # Two people, then the bank

    @property
    def needs_two(self) -> bool:
        """Is it, with all that leaves for this creditor today, above what one person may take out alone?"""
        entity = self.legal_entity
        return self.total_cents + cents_leaving(entity, but=self) > entity.two_people_over_cents

    def may_leave(self) -> bool:
        """Can its file be downloaded now?"""
        if self.document_id is None or self.state == B.CANCELLED:
            return False
        return not self.needs_two or self.state in {B.RELEASED, B.SENT}

    def leave(self) -> None:
        """Somebody takes the file out; hold the creditor's row. Raises Refused where it may not leave.

        What two people let go counts by its state: nothing is written for it.
        """
        if not self.may_leave():
            raise Refused(why_it_stays(self))
        if self.state == B.EXPORTED:
            self.left_on = clock.today()

    def vouch(self, *, by: Actor) -> None:
        """Answer, as the first of two people, for a batch that the portal froze by itself."""
        if self.frozen_by_id is not None:
            raise Refused(_("Quelqu'un répond déjà de cette remise."))
        self._take("vouch", by=by)
        self.frozen_by_id = by.id

    def release(self, *, by: Actor) -> None:
        """Agree, as the second person, that the file leaves."""
        if by.id is None:
            raise Refused(_("Une remise est libérée par une personne, jamais par le portail."))
        if self.frozen_by_id is None:
            raise Refused(_("Le portail a figé cette remise : quelqu'un doit d'abord la relire."))
        if is_same_person(by, self.frozen_by_id):
            raise Refused(_("Vous avez figé ou relu cette remise : une deuxième personne doit la libérer."))
        self._take("release", by=by)

    def send(self, *, on: date, by: Actor) -> None:
        """Note the day on which the file was handed to the bank."""
        if not self.frozen_on <= on <= clock.today():
            raise Refused(_("La remise à la banque se situe entre le gel et aujourd'hui."), field="on")
        self._take("send", by=by, on=on.isoformat())
        self.sent_on = on

    def cancel(self, *, by: Actor) -> int:
        """Give the debits back before the file is sent; returns how many need a new date.

        The rows are announced again as they were; the file is kept, marked as cancelled. A later
        batch has ids of its own.
        """
        self._take("cancel", by=by, count=self.count)
        mandate_ids = select(Collection.mandate_id).where(Collection.batch_id == self.id)
        rows = list(db.session.scalars(mandate_ids.distinct()))
        late = self._late()
        if give_back(Collection.batch_id == self.id) != self.count:
            raise Conflict(_("La banque a déjà répondu pour cette remise : elle ne s'annule plus."))
        for start in range(0, len(rows), _CHUNK):
            count_presented(rows[start : start + _CHUNK])
        db.session.flush()
        db.session.expire_all()
        return late

    def _late(self) -> int:
        today, lead = clock.today(), self.legal_entity.lead_days
        late = [lot.count for lot in self.lots() if today > minus_target_days(lot.due_on, lead)]
        return sum(late)


def why_it_stays(batch: Batch) -> str:
    """Why its file may not leave now, for people."""
    if batch.state == B.CANCELLED:
        return _("Cette remise est annulée : son fichier ne sort plus.")
    if batch.document_id is None:
        return _("Le fichier n'est pas encore fait.")
    if batch.total_cents > batch.legal_entity.two_people_over_cents:
        return _("Ce montant demande deux personnes : faites d'abord libérer la remise.")
    return _("Avec ce qui part aujourd'hui, il faut deux personnes : faites d'abord libérer la remise.")


class BatchMonth(Tenant, db.Model):
    """How many debits of a whole batch are due in a month.

    Written when the batch is frozen and never changed: none of its rows gets another day, and they leave it
    all together, when it is cancelled.
    """

    __tablename__ = "batch_month"
    __table_args__ = (
        UniqueConstraint("batch_id", "month"),
        Index("ix_batch_month_month", "month", "batch_id"),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    month: Mapped[date]  # its first day
    count: Mapped[int]


LeavesToo = Callable[[LegalEntity], int]
_LEAVES_TOO: list[LeavesToo] = []


def leaves_too(function: LeavesToo) -> LeavesToo:
    """Register what else leaves for a creditor in files of a higher room, in cents."""
    _LEAVES_TOO.append(function)
    return function


def cents_leaving(entity: LegalEntity, *, but: Batch) -> int:
    """What has left for this creditor on the present Paris day or was let go, beside one batch, in cents.

    A file that was taken out counts whatever became of its batch.
    """
    today = clock.today()
    left = or_(Batch.state == B.RELEASED, Batch.left_on == today, Batch.sent_on == today)
    query = select(func.coalesce(func.sum(Batch.total_cents), 0))
    query = query.where(Batch.legal_entity_id == entity.id, Batch.id != but.id, left)
    return int(db.session.scalar(query) or 0) + sum(each(entity) for each in _LEAVES_TOO)


def due_months(batch_ids: Several[int]) -> Counter[tuple[int, date]]:
    """By batch and first day of a month, how many of its debits are due then: counted from the debits."""
    query = select(Collection.batch_id, Collection.due_on, func.count()).where(
        Collection.batch_id.in_(batch_ids)
    )
    counts: Counter[tuple[int, date]] = Counter()
    if not batch_ids:
        return counts
    for batch_id, day, count in db.session.execute(query.group_by(Collection.batch_id, Collection.due_on)):
        counts[int(batch_id or 0), day.replace(day=1)] += count
    return counts


def count_presented(mandate_ids: Any) -> None:
    """Note when these mandates were last used; a mandate lapses without (003-80)."""
    last_due = (
        select(func.max(Collection.due_on))
        .where(Collection.mandate_id == Mandate.id, Collection.state.not_in(UNPRESENTED))
        .correlate(Mandate)
        .scalar_subquery()
    )
    db.session.execute(
        update(Mandate)
        .where(Mandate.id.in_(mandate_ids))
        .values(last_presented_on=last_due)
        .execution_options(synchronize_session=False)
    )


def give_back(which: Any) -> int:
    """Announce these rows of batches again as they were; returns how many were still free to go."""
    result: Any = db.session.execute(
        update(Collection)
        .where(which, Collection.state.in_(_IN_BATCH))
        .values(
            state=CollectionState.ANNOUNCED,
            batch_id=None,
            amendment=None,
            sequence_type="RCUR",
            version=Collection.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
