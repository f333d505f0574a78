"""Batches: debits claimed together for one file to the creditor's bank."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, String, func, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.blobs import Document
from portal.db import Tenant, db
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM, record
from portal.resellers.models import LegalEntity
from portal.sepa.debits import Scheme
from portal.sepa.models.collection import Collection, CollectionState
from portal.sepa.models.mandate import Mandate
from portal.stateful import Stateful, step

EXPORT = "sepa.export"  # kind of the task that writes the file
_CHUNK = 1000  # rows claimed per statement


class BatchState(StrEnum):
    FROZEN = "frozen"  # rows claimed, file being made
    EXPORTED = "exported"  # file stored


B = BatchState


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

    steps = {"export": step(B.FROZEN, to=B.EXPORTED)}

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"), index=True)
    scheme: Mapped[str] = mapped_column(String(4))
    state: Mapped[BatchState] = mapped_column(default=B.FROZEN)
    msg_id: Mapped[str] = mapped_column(String(35), unique=True)
    frozen_on: Mapped[date]
    count: Mapped[int]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))  # of the file
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[int] = mapped_column()

    legal_entity: Mapped[LegalEntity] = relationship()
    organisation: Mapped[Organisation] = relationship(foreign_keys="Batch.organisation_id")
    document: Mapped[Document | None] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    def lots(self) -> list[Lot]:
        query = (
            select(
                Collection.sequence_type, Collection.due_on,
                func.count(), func.sum(Collection.amount_cents),
            )
            .where(Collection.batch_id == self.id)
            .group_by(Collection.sequence_type, Collection.due_on)
            .order_by(Collection.due_on, Collection.sequence_type)
        )  # fmt: skip
        return [Lot(kind, day, count, int(cents)) for kind, day, count, cents in db.session.execute(query)]

    def finish(self, document: Document) -> None:
        """The file is stored: every row is handed in, and its mandate has been used."""
        self._take("export", by=SYSTEM, sha256=document.sha256, count=self.count)
        self.document, self.sha256 = document, document.sha256
        db.session.execute(
            update(Collection)
            .where(Collection.batch_id == self.id, Collection.state == CollectionState.FROZEN)
            .values(state=CollectionState.EXPORTED, version=Collection.version + 1)
            .execution_options(synchronize_session=False)
        )
        last_due = (
            select(func.max(Collection.due_on))
            .where(Collection.mandate_id == Mandate.id, Collection.state == CollectionState.EXPORTED)
            .correlate(Mandate)
            .scalar_subquery()
        )
        used = select(Collection.mandate_id).where(Collection.batch_id == self.id)
        db.session.execute(
            update(Mandate)
            .where(Mandate.id.in_(used))
            .values(last_presented_on=last_due)
            .execution_options(synchronize_session=False)
        )


def due_collections(entity: LegalEntity, scheme: Scheme, through: date) -> Any:
    """Query of what is announced and due up to a day, oldest first, with its mandates."""
    return (
        select(Collection)
        .join(Collection.mandate)
        .options(joinedload(Collection.mandate, innerjoin=True))
        .where(Collection.legal_entity_id == entity.id, Collection.state == CollectionState.ANNOUNCED)
        .where(Collection.due_on <= through, Mandate.scheme == scheme)
        .order_by(Collection.due_on, Collection.id)
    )


def freeze_batch(entity: LegalEntity, scheme: Scheme, through: date, by: Any) -> Batch:
    """Claim every announced debit due up to ``through`` that nothing stops; ask for its file.

    Rows with a problem stay announced: the cockpit says why. Raises Refused when nothing is left.

    Source: 003-49, 003-50.
    """
    db.session.refresh(entity, with_for_update=True)  # one freeze at a time for each creditor
    today = clock.today()
    query = due_collections(entity, scheme, through).with_for_update(of=Collection)
    rows = db.session.scalars(query, execution_options={"yield_per": _CHUNK})
    ready = [(row.id, row.amount_cents) for row in rows if row.problem(today) is None]
    if not ready:
        raise Refused(_("Aucun prélèvement à remettre jusqu'à cette date."))
    batch = Batch(
        organisation=db.session.get_one(Organisation, entity.organisation_id), legal_entity=entity,
        scheme=scheme, state=B.FROZEN, msg_id="", frozen_on=today, count=len(ready),
        total_cents=sum(cents for _id, cents in ready),
    )  # fmt: skip
    batch.msg_id = f"REM-{batch.uid.upper()}"
    db.session.add(batch)
    db.session.flush()  # the rows need the batch's id
    _claim(batch, [id_ for id_, _cents in ready])
    record(batch, "freeze", by=by, after=B.FROZEN.value, count=batch.count, total_cents=batch.total_cents)
    jobs.enqueue(EXPORT, batch.uid, batch.organisation, total=batch.count, unit="rows")
    return batch


def _claim(batch: Batch, ids: list[int]) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        result: Any = db.session.execute(
            update(Collection)
            .where(Collection.id.in_(chunk), Collection.state == CollectionState.ANNOUNCED)
            .values(state=CollectionState.FROZEN, batch_id=batch.id, version=Collection.version + 1)
            .execution_options(synchronize_session=False)
        )
        if result.rowcount != len(chunk):
            raise Conflict(_("Un prélèvement a changé entre-temps. Recommencez."))
    db.session.expire_all()
