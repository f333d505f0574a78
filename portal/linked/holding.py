"""Link and record for a change: whoever comes second waits, then sees what the first one did."""

from typing import Any, TypeVar

from sqlalchemy import select

from portal.db import db
from portal.links import BadLink, LinkProblem, Purpose, SignedLink, open_link

Row = TypeVar("Row")


def hold(purpose: Purpose, token: str, model: type[Row]) -> tuple[SignedLink, Row]:
    """The link of this token and the record that it is about, held until the end of the transaction.

    Raises BadLink also for a link that was revoked while this request waited.
    """
    link = open_link(purpose, token)
    kind: Any = model
    query = select(kind).where(kind.uid == link.subject_uid).with_for_update(of=kind)
    row: Row = db.session.scalars(query.execution_options(populate_existing=True)).one()
    still_open(link)
    return link, row


def still_open(link: SignedLink) -> None:
    """Raises BadLink when somebody has revoked it since it was opened."""
    db.session.refresh(link)
    if link.revoked_at is not None:
        raise BadLink(LinkProblem.REVOKED)
