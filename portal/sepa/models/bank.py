"""What the bank sent back: its files, and each thing that they say."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from blinker import Namespace
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.blobs import Document
from portal.db import Tenant, db
from portal.resellers.models import LegalEntity
from portal.sepa.formats.bank_values import BankEntry, CreditTransfer
from portal.sepa.models.collection import Collection
from portal.sepa.reactions import Reaction, make_reaction, reaction_for


class RecordState(StrEnum):
    MATCHED = "matched"  # belongs to a debit of ours; what follows is being done
    DONE = "done"
    UNMATCHED = "unmatched"  # nobody's yet: waits in the queue
    TO_REVIEW = "to_review"  # done, and somebody has to look
    DISMISSED = "dismissed"  # a person decided that nothing follows


# What a file held that is about none of our debits, or not yet: columns of its counts.
SKIPPED = ("not_booked", "other_account", "other_currency", "not_debit", "informational")


# Sent by a file that is being booked, with its SeenTransfers: who keeps them answers how many were new.
transfers_seen = Namespace().signal("transfers-seen")


# Sent by a file that is being booked, with its ``entries``: whoever has given transfers to the bank keeps
# what is said of them, and answers Answered.
orders_answered = Namespace().signal("orders-answered")
# Sent with the message identifiers of a status report: answers those of files of transfers of ours, and the
# number of the legal entity that gave each.
orders_given = Namespace().signal("orders-given")


class Answered(NamedTuple):
    """Places of the entries that are about transfers of ours, and how many of them were new."""

    places: set[int]
    new: int


class SeenTransfer(NamedTuple):
    """A transfer that came in, as the bank tells it; ``key`` is the same whatever file tells it again."""

    key: str
    entry: BankEntry
    transfer: CreditTransfer


class BankFile(Tenant, db.Model):
    """One file of the bank, imported once (fichier de la banque)."""

    __tablename__ = "bank_file"
    __table_args__ = (UniqueConstraint("legal_entity_id", "sha256"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    kind: Mapped[str] = mapped_column(String(10))  # camt.054
    message_id: Mapped[str] = mapped_column(String(140))
    filename: Mapped[str] = mapped_column(String(140))
    sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[str] = mapped_column(String(200))
    entries: Mapped[int] = mapped_column(default=0)
    matched: Mapped[int] = mapped_column(default=0)
    unmatched: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    not_booked: Mapped[int] = mapped_column(default=0, server_default="0")
    other_account: Mapped[int] = mapped_column(default=0, server_default="0")
    other_currency: Mapped[int] = mapped_column(default=0, server_default="0")
    not_debit: Mapped[int] = mapped_column(default=0, server_default="0")
    informational: Mapped[int] = mapped_column(default=0, server_default="0")
    transfers: Mapped[int] = mapped_column(default=0, server_default="0")  # that came in and were new
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    organisation: Mapped[Organisation] = relationship(foreign_keys="BankFile.organisation_id")
    legal_entity: Mapped[LegalEntity] = relationship()
    document: Mapped[Document | None] = relationship()


class BankRecord(Tenant, db.Model):
    """One thing that the bank says of one debit; the same one in two files counts once."""

    __tablename__ = "bank_record"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "key"),
        Index("ix_bank_record_queue", "legal_entity_id", "state"),
    )

    bank_file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[RecordState] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(10))  # accepted, settled, returned, duplicate
    reason: Mapped[str] = mapped_column(String(35), default="")
    detail: Mapped[str] = mapped_column(String(140), default="")
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    fee_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    booked_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(140), default="")
    end_to_end_id: Mapped[str] = mapped_column(String(35), default="")
    rum: Mapped[str] = mapped_column(String(35), default="")
    # What it is about: transaction, group (a lot, by its PmtInfId) or message (a whole file, by its MsgId).
    scope: Mapped[str] = mapped_column(String(11), default="transaction", server_default="transaction")
    message_id: Mapped[str] = mapped_column(String(35), default="", server_default="")
    lot: Mapped[str] = mapped_column(String(35), default="", server_default="")
    why: Mapped[str] = mapped_column(String(200), default="")  # why it waits for somebody
    done_at: Mapped[datetime | None]

    bank_file: Mapped[BankFile] = relationship()
    collection: Mapped[Collection | None] = relationship()


class ReactionSetting(Tenant, db.Model):
    """A creditor's own reaction to a reason, instead of the default one."""

    __tablename__ = "reaction_setting"
    __table_args__ = (UniqueConstraint("legal_entity_id", "code"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    code: Mapped[str] = mapped_column(String(4))
    reaction: Mapped[dict[str, Any]] = mapped_column(JSON)


def stopping_reason(entity: LegalEntity) -> str | None:
    """The bank's code of a return that stops this creditor's batches until somebody has closed it."""
    query = select(BankRecord.reason).where(BankRecord.legal_entity_id == entity.id)
    query = query.where(BankRecord.state == RecordState.TO_REVIEW, BankRecord.outcome == "returned")
    own = own_reactions(entity)
    for code in db.session.scalars(query.distinct().order_by(BankRecord.reason)):
        if reaction_for(code, own).stops:
            return code
    return None


def own_reactions(entity: LegalEntity) -> dict[str, Reaction]:
    """The reactions that this creditor has changed."""
    rows = db.session.scalars(select(ReactionSetting).where(ReactionSetting.legal_entity_id == entity.id))
    return {row.code: make_reaction(row.reaction) for row in rows}
