"""Words and numbers by which records are found, beside them, where both databases look them up."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Pathed, PathType, db


class SearchKey(Pathed, db.Model):
    """One word or number by which one record is found; it is as visible as the record.

    above: the path of the organisation over the record's own, which is the reseller of a customer: equality
    on it lets the index give a reseller's rows without reading those of others.
    """

    __tablename__ = "search_key"
    __table_args__ = (
        Index("ix_search_key_above", "kind", "above", "word", "subject_id"),
        Index("ix_search_key_subject", "kind", "subject_id"),
    )

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # the table of the record
    word: Mapped[str] = mapped_column(PathType, primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    above: Mapped[str] = mapped_column(PathType)
    org_path: Mapped[str] = mapped_column(PathType)
