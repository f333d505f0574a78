"""A registered letter that has come: when it was posted, presented and received, its number, its scan."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from portal import clock
from portal.blobs import Document, keep
from portal.errors import Refused
from portal.scans import read_scan


class CameByPost:
    """The columns of a row that is such a letter; all days are Paris days."""

    posted_on: Mapped[date]  # as the postmark says
    first_presented_on: Mapped[date | None]
    received_on: Mapped[date]
    tracking: Mapped[str] = mapped_column(String(40), default="")

    @declared_attr
    def scan_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("document.id"))

    @declared_attr
    def scan(cls) -> Mapped[Document | None]:
        return relationship()

    def keep_scan(self, content: bytes, subject: Any, *, owner: Any, name: str) -> None:
        """Keep the scan with the record that it is about. Raises Refused for another kind of file."""
        scan = read_scan(content, field="scan")
        self.scan = keep(
            scan.content,
            owner=owner,
            subject=subject,
            kind="letter_scan",
            filename=f"{name}-{self.posted_on}.{scan.suffix}",
            media_type=scan.media_type,
        )


def check_days(posted_on: date, first_presented_on: date | None, received_on: date) -> None:
    """Raises Refused for days in the wrong order, and for a day to come."""
    if received_on > clock.today():
        raise Refused(_("Ce jour est à venir."), field="received_on")
    if received_on < (first_presented_on or posted_on):
        raise Refused(_("Une lettre est reçue après son envoi et sa présentation."), field="received_on")
